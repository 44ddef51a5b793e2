"""What the regression is for a critic that knows the time: the loss of action matching, and mistakes with it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from verify.claims import mutant, role
from verify.claims.reflow_wgan import polynomials as poly


def with_time(coupling: poly.FiniteCoupling, start: int = 0, end: int = 1) -> poly.FiniteCoupling:
    """The time as a third coordinate, 0 at x0 and 1 at x1."""

    def lifted(x: poly.Points, t: int) -> poly.Points:
        return np.column_stack([x, np.full(len(x), Fraction(t), object)])

    return poly.FiniteCoupling(lifted(coupling.x0, start), lifted(coupling.x1, end), coupling.weights)


def half_squared_slope(D: poly.Polynomial, coupling: poly.FiniteCoupling) -> Fraction:
    """1/2 E|grad D|^2, the gradient in space alone."""
    parts = [poly.derivative(D, k) for k in range(2)]
    pairs = zip(coupling.x0, coupling.x1, strict=True)
    squares = [[poly.mean_square(poly.along(part, start, end)) for part in parts] for start, end in pairs]
    return poly.mean(coupling, [x + y for x, y in squares]) / 2


def drift(D: poly.Polynomial, coupling: poly.FiniteCoupling) -> Fraction:
    """E of the integral over t of the derivative of D in time."""
    change = poly.derivative(D, 2)
    pairs = zip(coupling.x0, coupling.x1, strict=True)
    return poly.mean(coupling, [poly.integral(poly.along(change, start, end)) for start, end in pairs])


@role(
    "reflow_wgan.action_matching_loss",
    numbers="D: a polynomial in (x, y, t), a finite coupling: fractions; a Fraction",
)
def action_matching_loss(D: poly.Polynomial, coupling: poly.FiniteCoupling) -> Fraction:
    """1/2 E|grad D|^2 + E D(x0, 0) - E D(x1, 1) + E ∫ ∂_t D dt: what the regression is for a critic that knows the time."""
    timed = with_time(coupling)
    return half_squared_slope(D, timed) - poly.mean(timed, poly.rise(D, timed)) + drift(D, timed)


@mutant("reflow_wgan.action_matching_loss", slip="the derivative in time left out, as if the critic did not know it")
def time_derivative_dropped(D: poly.Polynomial, coupling: poly.FiniteCoupling) -> Fraction:
    timed = with_time(coupling)
    return half_squared_slope(D, timed) - poly.mean(timed, poly.rise(D, timed))


@mutant("reflow_wgan.action_matching_loss", slip="both ends taken at time 0")
def both_at_time_zero(D: poly.Polynomial, coupling: poly.FiniteCoupling) -> Fraction:
    timed, frozen = with_time(coupling), with_time(coupling, end=0)
    return half_squared_slope(D, timed) - poly.mean(frozen, poly.rise(D, frozen)) + drift(D, timed)
