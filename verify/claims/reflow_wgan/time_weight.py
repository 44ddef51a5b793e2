"""What the step from the regression to the critic costs when the times are not uniform: a defect in closed form."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from verify.claims import mutant, role
from verify.claims.reflow_wgan import polynomials as poly


@role(
    "reflow_wgan.time_weight_defect", numbers="E_w[t], E_w[t^2], E d'Q d at x0, E D'''[d, d, d]: fractions; a Fraction"
)
def time_weight_defect(mean: Fraction, square: Fraction, curvature: Fraction, third: Fraction) -> Fraction:
    """E_w<grad D(x_t), x1 - x0> - E[D(x1) - D(x0)] of a cubic critic, the times weighted by w with E_w[1] = 1."""
    return (mean - Fraction(1, 2)) * curvature + (square - Fraction(1, 3)) * third / 2


@mutant("reflow_wgan.time_weight_defect", slip="any weight with mean 1/2 taken as good: the third derivative left out")
def mean_time_suffices(mean: Fraction, square: Fraction, curvature: Fraction, third: Fraction) -> Fraction:
    return (mean - Fraction(1, 2)) * curvature


@mutant("reflow_wgan.time_weight_defect", slip="the step taken as an equality for every weight of the times")
def always_equal(mean: Fraction, square: Fraction, curvature: Fraction, third: Fraction) -> Fraction:
    return Fraction(0)


@mutant("reflow_wgan.time_weight_defect", slip="the sign of the defect")
def defect_reversed(mean: Fraction, square: Fraction, curvature: Fraction, third: Fraction) -> Fraction:
    return -time_weight_defect(mean, square, curvature, third)


class Times(NamedTuple):
    """How times are weighted: E_w[t], E_w[t^2], and E_w of any polynomial in t."""

    mean: Fraction
    square: Fraction
    average: Callable[[poly.Line], Fraction]


def fixed(t: Fraction) -> Times:
    """All times are one time."""
    return Times(t, t * t, lambda line: poly.at(line, t))


WEIGHTS = {
    "uniform": Times(Fraction(1, 2), Fraction(1, 3), poly.integral),
    "half": fixed(Fraction(1, 2)),
    "zero": fixed(Fraction(0)),
    "2t": Times(
        Fraction(2, 3), Fraction(1, 2), lambda line: poly.integral(poly.times(line, [Fraction(0), Fraction(2)]))
    ),
}


def measured_defect(D: poly.Polynomial, coupling: poly.FiniteCoupling, times: Times) -> Fraction:
    """E_w<grad D(x_t), x1 - x0> - E[D(x1) - D(x0)], from the definition."""
    along = poly.mean(coupling, map(times.average, poly.lines(D, coupling)))
    return along - poly.mean(coupling, poly.rise(D, coupling))


def derivative_along(D: poly.Polynomial, coupling: poly.FiniteCoupling, order: int) -> Fraction:
    """E D^(order)[d, ..., d] at x0 with d = x1 - x0, from its partial derivatives."""
    delta, total = coupling.x1 - coupling.x0, coupling.weights * 0
    for variables in product(range(2), repeat=order):
        partial = reduce(poly.derivative, variables, D)
        total = total + poly.value(partial, coupling.x0) * np.prod([delta[:, k] for k in variables], axis=0)
    return poly.mean(coupling, total)


def predicted_defect(formula: Any, D: poly.Polynomial, coupling: poly.FiniteCoupling, times: Times) -> Fraction:
    """What a formula for the defect of a cubic critic says."""
    second, third = (derivative_along(D, coupling, order) for order in (2, 3))
    return formula(times.mean, times.square, second, third)  # type: ignore[no-any-return]
