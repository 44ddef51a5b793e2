"""The loss of a critic with a gradient penalty on the lines between real and generated samples."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import (
    MASS_TOLERANCE,
    Array,
    check_shape,
    exact_or_finite,
    is_exact,
    real_number,
    refuse,
    whole_number,
)


def critic_objective(
    D: Callable[[Array], Array],
    grad_D: Callable[[Array], Array],
    pairs: tuple[ArrayLike, ArrayLike],
    weights: ArrayLike,
    penalty_center: Any = 0,
    penalty_weight: Any = 0.5,
    nodes: int = 16,
) -> Any:
    """E D(x0) - E D(x1) + penalty_weight E (|grad D(x_t)| - penalty_center)^2, x_t = (1 - t) x0 + t x1, t uniform.

    Minimised by the critic; x0 are generated samples, x1 real ones. pairs = (x0, x1), each (N, d), with weights (N,)
    that sum to 1. D maps (M, d) to (M,), grad_D maps (M, d) to (M, d). The integral over t is a Gauss-Legendre sum of
    `nodes` points, exact for polynomials in t of degree 2 nodes - 1. A float.

    Where pairs and weights are ints and Fractions the nodes are equally spaced, exact up to degree nodes - 1, and the
    result is a Fraction if D is a polynomial with such coefficients; the centre must then be 0, as norms are roots.

    ValueError: weights that do not sum to 1 or are negative, penalty_weight <= 0, penalty_center < 0, nodes < 1,
    shapes, of what D and grad_D return too, nan or infinite entries. TypeError: complex input, nodes that are no integer.

    Source: Gulrajani et al. 2017 (centre 1, weight 10); Su 2023, archive 9668 (centre 0, weight 1/2).

    >>> critic_objective(lambda x: 3 * x[:, 0], lambda x: 3 + 0 * x, ([[0]], [[1]]), [1], penalty_weight=Fraction(1, 2))
    Fraction(3, 2)
    """
    start = exact_or_finite("x0", _objects(pairs[0]), ("N", "d"))
    end = exact_or_finite("x1", _objects(pairs[1]), ("N", "d"))
    if start.shape != end.shape:
        refuse(f"x1 has shape {end.shape}", f"that of x0, {start.shape}, is needed", "give one x1 for each x0")
    mass = exact_or_finite("weights", _objects(weights), (len(start),))
    _check(mass, penalty_center, penalty_weight, nodes)
    rational = all(a.dtype == object for a in (start, end, mass))
    if rational and penalty_center != 0:
        refuse(f"penalty_center={penalty_center}", "exact input needs centre 0, as a norm is a root", "give floats")
    if not rational:
        start, end, mass = (a.astype(np.float64) for a in (start, end, mass))
    penalty = 0
    for t, weight in _equal_nodes(nodes) if rational else _gauss_nodes(nodes):
        gradient = _values("grad_D(x)", grad_D(start + t * (end - start)), start.shape)
        squares = np.sum(gradient * gradient, axis=1)
        penalty += weight * (mass @ (squares if penalty_center == 0 else (np.sqrt(squares) - penalty_center) ** 2))
    fall = _values("D(x0)", D(start), mass.shape) - _values("D(x1)", D(end), mass.shape)
    value = mass @ fall + penalty_weight * penalty
    return value if rational and is_exact(value) else float(value)


@cache
def _gauss_nodes(n: int) -> tuple[tuple[float, float], ...]:
    x, w = np.polynomial.legendre.leggauss(n)
    return tuple(zip(((x + 1) / 2).tolist(), (w / 2).tolist(), strict=True))


@cache
def _equal_nodes(n: int) -> tuple[tuple[Fraction, Fraction], ...]:
    """Newton-Cotes: equally spaced nodes from 0 to 1, weights that integrate every polynomial of degree < n."""
    x = [Fraction(k, n - 1) for k in range(n)] if n > 1 else [Fraction(1, 2)]
    weights = []
    for k, node in enumerate(x):  # the integral of the Lagrange polynomial, from its coefficients
        coefficients = [Fraction(1)]
        for other in x[:k] + x[k + 1 :]:
            shifted, scaled = [Fraction(0), *coefficients], [*coefficients, Fraction(0)]
            coefficients = [(a - other * b) / (node - other) for a, b in zip(shifted, scaled, strict=True)]
        weights.append(sum((c / (power + 1) for power, c in enumerate(coefficients)), Fraction(0)))
    return tuple(zip(x, weights, strict=True))


def _objects(value: ArrayLike) -> ArrayLike:
    """Integers are exact: as Python's own, they meet the same path as fractions."""
    array = np.asarray(value)
    return array.astype(object) if array.dtype.kind in "iu" else array


def _values(name: str, value: Any, shape: tuple[int, ...]) -> Array:
    """What a callable returned, if it has the shape that it must have."""
    array = np.asarray(value)
    check_shape(name, array, shape)
    return array


def _check(mass: Array, center: Any, weight: Any, nodes: int) -> None:
    if (mass < 0).any() or abs(mass.sum() - 1) > MASS_TOLERANCE:
        allowed = f"they are not negative and sum to 1 within {MASS_TOLERANCE}"
        refuse(f"weights sum to {mass.sum()}", allowed, "divide by the sum")
    real_number("penalty_weight", weight, above=0)
    real_number("penalty_center", center, least=0)
    whole_number("nodes", nodes, 1)
