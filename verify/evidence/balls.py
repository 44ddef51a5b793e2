"""Balls: enclosures from interval arithmetic, sharper with every look (python-flint)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from verify.evidence.enclosure import Basis, Enclosure, above, below


def ball(x: Any) -> Enclosure:
    """The enclosure of a real ball (`flint.arb`), its ends rounded outward to floats.

    A ball that is not finite says nothing: it encloses the whole line and stays UNDECIDED.
    """
    import flint

    if not x.is_finite():
        return Enclosure(-math.inf, math.inf, basis=Basis.BALL, effort=flint.ctx.prec)
    low, high = (end.man_exp() for end in (x.lower(), x.upper()))
    return Enclosure(below(_dyadic(*low)), above(_dyadic(*high)), basis=Basis.BALL, effort=flint.ctx.prec)


def _dyadic(mantissa: Any, exponent: Any) -> Fraction:
    """mantissa 2^exponent, short of the exponents at which a Fraction would not fit into memory."""
    m, e = int(mantissa), int(exponent)
    size = m.bit_length() + e  # |x| < 2^size; a long mantissa has a low exponent and need not be small
    if size > 4096:
        return Fraction((m > 0) - (m < 0)) * 2**4096  # beyond every float either way
    if size < -4096:  # below every float: what stays is the side of zero it lies on
        return Fraction((m > 0) - (m < 0), 2**4096)
    return Fraction(m) * Fraction(2) ** e


def sharper(compute: Callable[[], Any], *, bits: int = 64) -> Iterator[Enclosure]:
    """Look after look at the same ball, the working precision doubling from `bits`."""
    import flint

    while True:
        with flint.ctx.workprec(bits):
            look = ball(compute())
        yield look
        bits *= 2
