"""One dimension, where the time-averaged velocity, the dual Sobolev norm and the best penalised critic are closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, exact_or_finite, real_number, refuse

Function = Callable[[Array], Any]


def averaged_velocity_1d(x: ArrayLike, F0: Function, F1: Function, pbar: Function) -> Array:
    """(F0 - F1) / pbar at x (N,): the minimiser of the regression among velocities that do not know the time.

    F0, F1 are the distribution functions of x0 and x1, pbar the density of x_t with t uniform on [0, 1]: vectorised
    callables. Where pbar = 0 and F0 = F1 nothing passes, and the velocity is 0. Exact on ints and Fractions.

    ValueError: pbar negative, or 0 where F0 and F1 differ; shapes, nan or infinite entries. TypeError: complex input.

    Source: Su 2023, archive 9668, without the time; Mroueh 2018.

    >>> averaged_velocity_1d([0.5], lambda x: 1.0 + 0 * x, lambda x: 0 * x, lambda x: 0.5 + 0 * x).tolist()
    [2.0]
    """
    return _parts(x, F0, F1, pbar)[2]


def dual_sobolev_1d(F0: Function, F1: Function, pbar: Function, *, low: float, high: float) -> float:
    """H = integral over [low, high] of (F0 - F1)^2 / pbar: the squared weighted dual Sobolev norm of p1 - p0.

    Twice the best value of the 0-centred critic with weight 1/2. W1^2 <= H <= E|x1 - x0|^2 of the coupling. Adaptive,
    to about 1e-12 relative.

    ValueError: what `averaged_velocity_1d` refuses; low >= high. RuntimeError: the integral does not converge.

    Source: Mroueh 2018; Peyre 2018 on the relation to W2.

    >>> dual_sobolev_1d(lambda x: 1.0 + 0 * x, lambda x: 0 * x, lambda x: 0.5 + 0 * x, low=0.0, high=2.0)
    4.0
    """

    def density(x: Array) -> Array:
        flux, _, velocity = _parts(x, F0, F1, pbar)
        return np.asarray(flux * velocity)

    return _integral(density, low, high)


def penalized_critic_1d(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> tuple[Function, float]:
    """(slope, value) of the critic that maximises E D(x1) - E D(x0) - weight E (|D'(x_t)| - center)^2 on the line.

    With v the time-averaged velocity the best slope is D' = sign(v) (center + |v| / (2 weight)). The slope is a
    callable on (N,); the value is its objective, integrated over [low, high], outside of which F0 = F1 is assumed.
    Where v = 0 any sign is best for a positive centre, and + is returned.

    ValueError: weight <= 0, center < 0, what `dual_sobolev_1d` refuses. RuntimeError: as there.

    Source: Gulrajani et al. 2017, proposition 1, asks for |D'| = 1; the penalty does not reach it.

    >>> step = lambda x: 1.0 + 0 * x, lambda x: 0 * x, lambda x: 0.5 + 0 * x
    >>> slope, value = penalized_critic_1d(*step, 1.0, 10.0, low=0.0, high=2.0)
    >>> round(float(slope(np.array([1.0]))[0]), 12), round(value, 12)
    (1.1, 2.1)
    """
    real_number("weight", weight, above=0)
    real_number("center", center, least=0)

    def best(v: Array) -> Array:
        return np.asarray(np.where(v < 0, -1.0, 1.0) * (center + np.abs(v) / (2 * weight)))

    def slope(x: ArrayLike) -> Array:
        return best(averaged_velocity_1d(x, F0, F1, pbar))

    def objective(x: Array) -> Array:
        flux, density, velocity = _parts(x, F0, F1, pbar)
        D = best(velocity)
        return np.asarray(D * flux - weight * density * (np.abs(D) - center) ** 2)

    return slope, _integral(objective, low, high)


def _parts(x: ArrayLike, F0: Function, F1: Function, pbar: Function) -> tuple[Array, Array, Array]:
    """(F0 - F1, pbar, their quotient) at x; where nothing passes, 0 / 1 stands for 0 / 0."""
    points = exact_or_finite("x", x, ("N",))
    flux = _values("F0", F0, points) - _values("F1", F1, points)
    density = _values("pbar", pbar, points)
    still = (density == 0) & (flux == 0)
    if ((density <= 0) & ~still).any():
        at = points[(density <= 0) & ~still][0]
        refuse(f"pbar is not positive at {at}", "what passes a point has a density there", "check F0, F1 and pbar")
    return flux, density, np.asarray(flux / np.where(still, 1, density))


def _values(name: str, function: Function, points: Array) -> Array:
    return exact_or_finite(name, function(points), (len(points),))


def _integral(function: Callable[[Array], Array], low: float, high: float) -> float:
    """Adaptive quadrature of a function on arrays."""
    from scipy.integrate import cubature

    if not -np.inf < low < high < np.inf:
        refuse(f"low={low}, high={high}", "a finite interval has low < high", "cut where F0 - F1 is below rounding")
    found = cubature(
        lambda x: function(x[:, 0]), [low], [high], rule="gk21", rtol=1e-12, atol=1e-13, max_subdivisions=500
    )
    if not found.error <= 1e-10 * abs(found.estimate) + 1e-12:
        raise RuntimeError(
            f"the integral is known to {float(found.error):.1e} only, after {found.subdivisions} bisections"
        )
    return float(found.estimate)
