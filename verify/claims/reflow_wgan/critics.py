"""The best penalised critic on the line, the mistakes that are made with it, and three pairs of normal laws to judge it on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from verify.claims import equivalent, mutant, role
from verify.claims.reflow_wgan.averaged import law_of, mean_density_of
from verify.claims.reflow_wgan.instances import Floats, line_mixture
from verify.methods import rectified_flow as rf

Function = Callable[[Floats], Any]
Critic = tuple[Function, float]

role(
    "reflow_wgan.penalized_critic_1d",
    numbers="callables F0, F1, pbar, centre, weight, the interval; (slope callable, value float)",
)(rf.penalized_critic_1d)

GRID_POINTS = np.linspace(-20, 20, 4001)


def summed(values: Floats) -> float:
    """The trapezoidal rule on the grid, at whose ends all integrands vanish."""
    return float(np.sum(values) * (GRID_POINTS[1] - GRID_POINTS[0]))


@equivalent(
    "reflow_wgan.penalized_critic_1d", because="the value in closed form, c W1 + H / 4λ, in place of a quadrature"
)
def value_in_closed_form(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> Critic:
    slope, _ = rf.penalized_critic_1d(F0, F1, pbar, center, weight, low=low, high=high)
    H = rf.dual_sobolev_1d(F0, F1, pbar, low=low, high=high)
    # with weight 1/2 and centre 1 the value is W1 + H/2
    first = rf.penalized_critic_1d(F0, F1, pbar, 1.0, 0.5, low=low, high=high)[1] - H / 2
    return slope, center * first + H / (4 * weight)


@mutant("reflow_wgan.penalized_critic_1d", slip="H / 2λ in place of H / 4λ")
def half_lambda(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> Critic:
    slope, value = rf.penalized_critic_1d(F0, F1, pbar, center, weight, low=low, high=high)
    return slope, value + rf.dual_sobolev_1d(F0, F1, pbar, low=low, high=high) / (4 * weight)


@mutant("reflow_wgan.penalized_critic_1d", slip="centre 0 with weight λ presented as WGAN-GP")
def centred_at_zero(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> Critic:
    return rf.penalized_critic_1d(F0, F1, pbar, 0.0, weight, low=low, high=high)


@mutant("reflow_wgan.penalized_critic_1d", slip="W1 reported as the critic's value, with slopes of length 1")
def distance_for_value(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> Critic:
    exact_slope, value = rf.penalized_critic_1d(F0, F1, pbar, center, weight, low=low, high=high)
    H = rf.dual_sobolev_1d(F0, F1, pbar, low=low, high=high)
    return (lambda x: center * np.sign(exact_slope(x))), value - H / (4 * weight)


@mutant("reflow_wgan.penalized_critic_1d", slip="the penalty on |D'|² − 1: the square of the norm")
def squared_norm(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> Critic:
    def slope(x: Floats) -> Floats:
        v = np.asarray(rf.averaged_velocity_1d(x, F0, F1, pbar))
        s = center + np.abs(v) + 0.1
        for _ in range(60):  # Newton on |v| = 4 λ s (s² - c²)
            s = s - (4 * weight * s * (s**2 - center**2) - np.abs(v)) / (4 * weight * (3 * s**2 - center**2) + 1e-12)
        return np.asarray(np.where(v < 0, -1, 1) * s)

    D = slope(GRID_POINTS)
    flux, p = F0(GRID_POINTS) - F1(GRID_POINTS), pbar(GRID_POINTS)
    return slope, summed(D * flux - weight * p * (D**2 - center**2) ** 2)


@mutant("reflow_wgan.penalized_critic_1d", slip="a weight of any sign taken: a penalty that rewards")
def any_weight(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> Critic:
    return rf.penalized_critic_1d(F0, F1, pbar, abs(center), abs(weight) or 1.0, low=low, high=high)


PAIRS = {
    "shifted": ((0.0, 1.0), (1.5, 0.7)),  # mean and deviation of generator and data
    "wide": ((0.0, 1.0), (0.0, 2.0)),
    "moved": ((0.0, 1.0), (-1.0, 1.0)),
}
INTERVAL: dict[str, Any] = {"low": -20.0, "high": 20.0}


def laws(name: str) -> tuple[Function, Function, Function]:
    """(F0, F1, p̄) of a pair of normal laws."""
    (m, s), (n, r) = PAIRS[name]
    mix0, mix1 = line_mixture((1.0, m, s)), line_mixture((1.0, n, r))
    return law_of(mix0), law_of(mix1), mean_density_of(mix0, mix1)


@cache
def distances(name: str) -> tuple[float, float]:
    """(W1, H): W1 = E|N(n - m, (r - s)²)| of matched quantiles, H by a trapezoidal rule."""
    from scipy.special import ndtr

    (m, s), (n, r) = PAIRS[name]
    shift, spread = n - m, abs(r - s)
    w1 = abs(shift)
    if spread:
        z = shift / spread
        w1 = spread * np.sqrt(2 / np.pi) * np.exp(-z * z / 2) + shift * (1 - 2 * ndtr(-z))
    F0, F1, pbar = laws(name)
    flux = F0(GRID_POINTS) - F1(GRID_POINTS)
    density = pbar(GRID_POINTS)
    return float(w1), summed(flux**2 / np.maximum(density, 1e-200))
