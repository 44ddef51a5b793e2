"""Balls: outward at every precision, sharper with each look."""

import math
from fractions import Fraction
from itertools import islice, pairwise

import flint
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from verify.evidence import Basis, ball, sharper

TINY, LARGEST = math.nextafter(0.0, 1.0), math.nextafter(math.inf, 0.0)


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**40), st.integers(2, 200))
@example(1, 3, 2)
def test_a_ball_encloses_its_quotient_at_any_precision(a, b, bits):
    e = next(sharper(lambda: flint.arb(a) / b, bits=bits))
    assert Fraction(e.low) <= Fraction(a, b) <= Fraction(e.high)
    assert (e.basis, e.effort, e.risk) == (Basis.BALL, bits, 0.0)


def test_a_midpoint_without_its_radius_would_be_convicted():
    look = next(sharper(lambda: (flint.arb(1) / 3).mid(), bits=20))
    assert not Fraction(look.low) <= Fraction(1, 3) <= Fraction(look.high)


@pytest.mark.parametrize(
    ("m", "exponent"), [(1, 1024), (-1, 1024), (3, 10**12), (1, -1075), (-1, -1075), (-3, -(10**12))]
)
def test_a_number_beyond_the_floats_stays_on_its_side(m, exponent):
    e = ball(flint.arb(m) * flint.arb(2) ** exponent)
    ends = (LARGEST, math.inf) if exponent > 0 else (0.0, TINY)
    assert (e.low, e.high) == (ends if m > 0 else (-ends[1], -ends[0]))


@pytest.mark.parametrize("bits", [64, 65536, 140000])
def test_a_long_mantissa_is_not_taken_for_a_small_number(bits):
    e = next(sharper(flint.arb.pi, bits=bits))
    assert (e.low, e.high) == (math.pi, math.nextafter(math.pi, 4))  # the float lies below pi


def test_a_ball_that_is_not_finite_says_nothing():
    for x in (flint.arb(1) / 0, flint.arb("nan"), flint.arb("inf")):
        assert (ball(x).low, ball(x).high) == (-math.inf, math.inf)


def test_each_look_is_sharper_and_the_precision_is_left_as_it_was():
    before = flint.ctx.prec
    looks = list(islice(sharper(lambda: flint.arb(2).sqrt() ** 2 - 2, bits=16), 6))
    assert [look.effort for look in looks] == [16, 32, 64, 128, 256, 512]
    assert all(look.low <= 0 <= look.high for look in looks)
    assert all(b.high - b.low < a.high - a.low for a, b in pairwise(looks))
    with pytest.raises(ZeroDivisionError):
        next(sharper(lambda: 1 // 0, bits=1000))
    assert flint.ctx.prec == before
