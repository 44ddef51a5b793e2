"""Enclosures: an interval that holds one real quantity, except with a stated risk."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from numbers import Rational, Real
from typing import Any


class Basis(StrEnum):
    """What the numbers of an enclosure were made with."""

    RATIONAL = "rationals"  # integers, counts and fractions: no rounding before the last step
    BALL = "balls"  # interval arithmetic at a stated precision
    FLOAT = "floating point"
    SAMPLE = "samples"


CERTIFYING = frozenset({Basis.RATIONAL, Basis.BALL})


class NotANumber(ValueError):
    """What is measured, or an answer that it depends on, is NaN: a wrong answer, not a failure of the measurement."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """The quantity lies in [low, high], except with probability at most `risk`.

    Only this package makes enclosures; a claim calls a maker (`exact`, `ball`, `probability`, ...), which rounds
    outward and knows its basis. `effort` is what was spent: draws for a sample, bits for a ball, else 0.

    NotANumber: an end is NaN. ValueError: low > high, or risk outside [0, 1).
    """

    low: float
    high: float
    risk: float = 0.0
    basis: Basis = Basis.FLOAT
    effort: int = 0

    def __post_init__(self) -> None:
        if math.isnan(self.low) or math.isnan(self.high):
            raise NotANumber(f"the measured quantity is NaN: enclosure [{self.low}, {self.high}]")
        if not self.low <= self.high:
            raise ValueError(f"enclosure [{self.low}, {self.high}], but low <= high")
        if not 0.0 <= self.risk < 1.0:
            raise ValueError(f"risk={self.risk}, but a risk lies in [0, 1)")


def below(x: Real | Fraction) -> float:
    """The largest float that is not above the number x: an integer, a fraction, a decimal, a float of any width."""
    return _rounded(x, -math.inf)


def above(x: Real | Fraction) -> float:
    """The least float that is not below the number x."""
    return _rounded(x, math.inf)


def _rounded(x: Any, towards: float) -> float:
    if isinstance(x, float) or x != x or abs(x) == math.inf:
        return float(x)
    ratio = (x.numerator, x.denominator) if isinstance(x, Rational) else x.as_integer_ratio()
    x = Fraction(*map(int, ratio))
    try:
        nearest = float(x)
    except OverflowError:  # beyond the floats
        if (towards > 0) == (x > 0):
            return towards
        return math.copysign(math.nextafter(math.inf, 0.0), -towards)
    # float() of a rational rounds to nearest; step over only where that went to the wrong side
    wrong = Fraction(nearest) > x if towards < 0 else Fraction(nearest) < x
    return math.nextafter(nearest, towards) if wrong else nearest


def exact(x: Any) -> Enclosure:
    """The point enclosure of a computed number; its basis follows from its type.

    Integers, booleans and fractions are rational (and round outward to floats); a float stands for itself, and says
    that it was made in floating point; a wider float and a decimal round outward too. A NaN is refused: what a subject
    returned passes through `gap` first.

    >>> exact(Fraction(1, 3)).low < Fraction(1, 3) < exact(Fraction(1, 3)).high
    True
    """
    if hasattr(x, "item"):  # a NumPy scalar, or an array of one element
        x = x.item()
    return Enclosure(below(x), above(x), basis=Basis.RATIONAL if isinstance(x, Rational) else Basis.FLOAT)


def worst(parts: Iterable[Enclosure]) -> Enclosure:
    """The enclosure of the largest of several quantities of one kind; their risks add up."""
    return _combined(parts, max)


def least(parts: Iterable[Enclosure]) -> Enclosure:
    """The enclosure of the smallest of several quantities of one kind; their risks add up."""
    return _combined(parts, min)


def _combined(parts: Iterable[Enclosure], pick: Any) -> Enclosure:
    parts = list(parts)
    if not parts:
        raise ValueError("no parts, but the worst of nothing is not a quantity")
    bases = {part.basis for part in parts}
    basis = next(b for b in (Basis.SAMPLE, Basis.FLOAT, Basis.BALL, Basis.RATIONAL) if b in bases)  # weakest first
    return Enclosure(
        pick(part.low for part in parts),
        pick(part.high for part in parts),
        math.fsum(part.risk for part in parts),
        basis,
        sum(part.effort for part in parts) if basis is Basis.SAMPLE else max(part.effort for part in parts),
    )
