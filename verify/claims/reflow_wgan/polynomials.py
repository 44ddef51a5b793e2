"""Polynomial critics on finite couplings of the plane, in fractions: nothing here is rounded."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

Polynomial = dict[tuple[int, ...], Fraction]  # exponents of the variables: coefficient
Points = Any  # object arrays (N, d) of fractions
Line = list[Fraction]  # coefficients of 1, t, t^2, ...


class FiniteCoupling(NamedTuple):
    """Pairs of points with their masses."""

    x0: Points
    x1: Points
    weights: Any


def random_coupling(rng: np.random.Generator, starts: int = 4, ends: int = 3) -> FiniteCoupling:
    """All pairs of `starts` x `ends` points with coordinates k/3, the masses multiples of a common unit."""
    x0, x1 = (fractions(rng.integers(-6, 7, (n, 2)), 3) for n in (starts, ends))
    mass = rng.integers(1, 9, starts * ends)
    return FiniteCoupling(np.repeat(x0, ends, axis=0), np.tile(x1, (starts, 1)), fractions(mass, int(mass.sum())))


def fractions(numerators: Any, denominator: int) -> Any:
    """An object array of fractions."""
    return np.vectorize(lambda k: Fraction(int(k), denominator), otypes=[object])(numerators)


def random_polynomial(rng: np.random.Generator, degree: int, variables: int = 2) -> Polynomial:
    """All monomials up to a degree, coefficients k/2, the leading ones not 0."""
    exponents = [e for e in np.ndindex(*[degree + 1] * variables) if sum(e) <= degree]
    drawn = {e: Fraction(int(rng.integers(-5, 6)), 2) for e in exponents}
    return {e: c if c or sum(e) < degree else Fraction(1, 2) for e, c in drawn.items()}


def value(D: Polynomial, x: Points) -> Any:
    """D at points (N, d), shape (N,)."""
    total: Any = x[:, 0] * 0
    for powers, c in D.items():
        total = total + c * np.prod([x[:, k] ** p for k, p in enumerate(powers)], axis=0)
    return total


def derivative(D: Polynomial, k: int) -> Polynomial:
    """The partial derivative in variable k."""
    return {(*e[:k], e[k] - 1, *e[k + 1 :]): c * e[k] for e, c in D.items() if e[k]}


def gradient(D: Polynomial, x: Points) -> Points:
    """grad D at points (N, d)."""
    return np.stack([value(derivative(D, k), x) for k in range(x.shape[1])], axis=1)


def along(D: Polynomial, start: Any, end: Any) -> Line:
    """t -> D((1 - t) start + t end), by its coefficients."""
    total: Line = [Fraction(0)]
    for powers, c in D.items():
        term: Line = [c]
        for k, p in enumerate(powers):
            for _ in range(p):
                term = times(term, [start[k], end[k] - start[k]])
        total = plus(total, term)
    return total


def slope_along(D: Polynomial, start: Any, end: Any) -> Line:
    """t -> <grad D(x_t), end - start>, the derivative of `along`."""
    return [k * c for k, c in enumerate(along(D, start, end))][1:] or [Fraction(0)]


def lines(D: Polynomial, coupling: FiniteCoupling) -> list[Line]:
    """t -> <grad D(x_t), x1 - x0> for every pair."""
    return [slope_along(D, start, end) for start, end in zip(coupling.x0, coupling.x1, strict=True)]


def rise(D: Polynomial, coupling: FiniteCoupling) -> Any:
    """D(x1) - D(x0) for every pair."""
    return value(D, coupling.x1) - value(D, coupling.x0)


def mean(coupling: FiniteCoupling, values: Iterable[Fraction]) -> Fraction:
    """The mean over pairs."""
    return sum((w * v for w, v in zip(coupling.weights, values, strict=True)), Fraction(0))


def times(a: Line, b: Line) -> Line:
    """The product of two polynomials in t."""
    made = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            made[i + j] += x * y
    return made


def plus(a: Line, b: Line) -> Line:
    """The sum of two polynomials in t."""
    size = max(len(a), len(b))
    return [
        x + y for x, y in zip(a + [Fraction(0)] * (size - len(a)), b + [Fraction(0)] * (size - len(b)), strict=True)
    ]


def integral(a: Line, low: Any = 0, high: Any = 1) -> Fraction:
    """The integral of a polynomial in t."""
    return sum(
        (c * (Fraction(high) ** (k + 1) - Fraction(low) ** (k + 1)) / (k + 1) for k, c in enumerate(a)), Fraction(0)
    )


def mean_square(a: Line) -> Fraction:
    """The integral over [0, 1] of the square of a polynomial in t."""
    return integral(times(a, a))


def at(a: Line, t: Any) -> Fraction:
    """A polynomial in t at one time."""
    return sum((c * Fraction(t) ** k for k, c in enumerate(a)), Fraction(0))


def errors(D: Polynomial, start: Any, end: Any) -> list[Line]:
    """t -> grad D(x_t) - (x1 - x0), by coordinates; a third one, the time, is not regressed."""
    return [plus(along(derivative(D, k), start, end), [start[k] - end[k]]) for k in range(2)]


def regression(D: Polynomial, coupling: FiniteCoupling) -> Fraction:
    """E 1/2 |grad D(x_t) - (x1 - x0)|^2, t uniform."""
    pairs = zip(coupling.x0, coupling.x1, strict=True)
    return mean(coupling, [sum(map(mean_square, errors(D, start, end)), Fraction(0)) for start, end in pairs]) / 2


def half_square_distance(coupling: FiniteCoupling) -> Fraction:
    """E 1/2 |x1 - x0|^2."""
    return Fraction(coupling.weights @ np.sum((coupling.x1 - coupling.x0) ** 2, axis=1)) / 2
