"""Constants of one generation as balls (flint.arb), in the working precision."""

from __future__ import annotations

from fractions import Fraction
from typing import Any


def exact_ball(x: Fraction) -> Any:
    """A fraction as a ball."""
    from flint import arb, fmpq

    return arb(fmpq(x.numerator, x.denominator))


def half_degrees(n: int) -> Any:
    """ν/2, ν = n − 1."""
    return exact_ball(Fraction(n - 1, 2))


def drift_ball(n: int) -> Any:
    """ψ(ν/2) − ln(ν/2), ν = n − 1."""
    half = half_degrees(n)
    return half.digamma() - half.log()


def c4_ball(n: int) -> Any:
    """sqrt(2/ν) Γ((ν + 1)/2) / Γ(ν/2), ν = n − 1."""
    half = half_degrees(n)
    return half_degrees(n + 1).gamma() / (half.gamma() * half.sqrt())
