"""Enclosures round outward, regions round inward, and judging is set inclusion."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.evidence import (
    Basis,
    CountingArray,
    Enclosure,
    Region,
    Verdict,
    accepted,
    at_least,
    at_most,
    ball,
    exact,
    exactly,
    gap,
    least,
    peak_bytes,
    settle,
    sharper,
    slope,
    within,
    worst,
)

numbers = st.floats(allow_nan=False)
fractions = st.fractions() | st.builds(lambda a, b, k: Fraction(a, b) * Fraction(10) ** k,
                                       st.integers(), st.integers(1, 10**6), st.integers(-400, 400))  # fmt: skip


def between(low, high):
    return Region(low, high, "a test")


@given(fractions)
def test_a_rational_lies_in_its_enclosure_and_one_float_wide_at_most(x):
    e = exact(x)
    assert Fraction(e.low) <= x if math.isfinite(e.low) else e.low < 0
    assert Fraction(e.high) >= x if math.isfinite(e.high) else e.high > 0
    assert e.high in (e.low, math.nextafter(e.low, math.inf))
    assert e.basis is Basis.RATIONAL


@given(st.integers(-(10**400), 10**400))
def test_an_integer_lies_in_its_enclosure(n):
    e = exact(n)
    assert e.low == -math.inf or int(Fraction(e.low)) <= n
    assert e.high == math.inf or Fraction(e.high) >= n


@given(fractions)
def test_region_ends_round_inward(x):
    if abs(x) < 10**300:
        assert Fraction(at_least(x, because="a test").least) >= x
        assert Fraction(within(-(10**301), x, because="a test").most) <= x


def test_a_decimal_string_means_the_rational_it_spells():
    assert Fraction(at_most("0.1", because="a test").most) <= Fraction(1, 10)
    assert Fraction(at_least("0.1", because="a test").least) >= Fraction(1, 10)


def test_exactly_wants_a_float():
    with pytest.raises(ValueError, match="no float equals"):
        exactly(Fraction(1, 3), because="a test")


@pytest.mark.parametrize("because", ["", "  "])
def test_a_region_says_why(because):
    with pytest.raises(ValueError, match="because"):
        at_most(1, because=because)


@given(numbers, numbers, numbers, numbers)
def test_judging_is_set_inclusion(a, b, c, d):
    (low, high), (first, last) = sorted((a, b)), sorted((c, d))
    verdict = between(first, last).judge(Enclosure(low, high))
    inside, disjoint = first <= low and high <= last, high < first or last < low
    assert verdict is (Verdict.HOLDS if inside else Verdict.FAILS if disjoint else Verdict.UNDECIDED)


@given(*4 * (st.floats(-1e100, 1e100),))
def test_a_margin_is_positive_exactly_where_the_verdict_is_fails(a, b, c, d):
    (low, high), (first, last) = sorted((a, b)), sorted((c, d))
    e, region = Enclosure(low, high), between(first, last)
    far = max(first - high, low - last)
    if not 0 < far < 1e-200:  # a margin may underflow
        assert (region.margin(e) > 0) == (region.judge(e) is Verdict.FAILS)


@pytest.mark.parametrize(
    ("low", "high", "risk"), [(1, 0, 0), (math.nan, 1, 0), (0, math.nan, 0), (0, 1, 1), (0, 1, -1)]
)
def test_an_impossible_enclosure_is_refused(low, high, risk):
    with pytest.raises(ValueError, match="but"):
        Enclosure(low, high, risk)


@given(st.lists(st.tuples(numbers, numbers).map(sorted), min_size=1))
def test_the_worst_encloses_the_largest_whatever_the_parts_are(ends):
    parts = [Enclosure(*e) for e in ends]
    for share in (0.0, 1.0):  # any choice of points, here the two extremes
        points = [e.low if share == 0 else e.high for e in parts]
        assert worst(parts).low <= max(points) <= worst(parts).high
        assert least(parts).low <= min(points) <= least(parts).high


def test_risks_add_up_and_the_weakest_basis_stays():
    both = worst([Enclosure(0, 1, 1e-3, Basis.SAMPLE, 10), exact(Fraction(1, 2))])
    assert both.risk == 1e-3
    assert both.basis is Basis.SAMPLE


def test_settling_stops_at_the_first_decision():
    looks = [Enclosure(-1, 1), Enclosure(0, 0.5), Enclosure(5, 6)]
    outcome = settle(iter(looks), between(0, 1))
    assert (outcome.verdict, len(outcome.looks)) == (Verdict.HOLDS, 2)
    assert settle(iter(looks), between(0, 1), most=1).verdict is Verdict.UNDECIDED


def test_nothing_measured_is_an_error():
    assert settle([], between(0, 1)).verdict is Verdict.ERROR
    assert settle([0.5], between(0, 1)).verdict is Verdict.ERROR


@given(numbers, numbers)
def test_the_digest_depends_on_every_end(a, b):
    low, high = sorted((a, b))
    digest = settle([Enclosure(low, high)], between(0, 1)).digest
    if high != math.inf:
        assert digest != settle([Enclosure(low, math.nextafter(high, math.inf))], between(0, 1)).digest


@given(st.integers(-50, 50), st.integers(1, 50), st.integers(2, 60))
def test_a_ball_rounds_outward_at_any_precision(a, b, bits):
    import flint

    e = next(sharper(lambda: flint.arb(a) / b, bits=bits))
    assert Fraction(e.low) <= Fraction(a, b) <= Fraction(e.high)
    assert e.basis is Basis.BALL


def test_a_ball_that_is_not_finite_says_nothing():
    import flint

    e = ball(flint.arb(1) / flint.arb(0))
    assert (e.low, e.high) == (-math.inf, math.inf)


def test_sharper_balls_are_narrower_and_leave_the_precision_as_it_was():
    import flint

    before = flint.ctx.prec
    looks = sharper(lambda: flint.arb.pi() - flint.arb("3.14159265358979"), bits=20)
    first, second = next(looks), next(looks)
    assert second.high - second.low < first.high - first.low
    assert flint.ctx.prec == before


def test_a_nan_is_infinitely_far_and_so_is_another_shape():
    assert gap([1.0, math.nan], [1.0, 2.0]) == math.inf
    assert gap(np.ones(3), np.ones(2)) == math.inf
    assert gap(math.inf, math.inf) == 0.0
    assert gap(1 + 1j, 1.0) == 1.0
    assert gap([], []) == 0.0


def test_only_the_promised_error_counts_as_a_refusal():
    def half_strict(x):
        if x < 0:
            raise ValueError
        if x == 0:
            raise ZeroDivisionError

    assert accepted(half_strict, [(-1,), (0,), (1,)], ValueError) == 2


def test_peak_memory_sees_an_allocation():
    assert peak_bytes(np.ones, 10**6) >= 8 * 10**6
    assert peak_bytes(np.ones, 10) < 10**5


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_the_slope_of_a_line_is_its_slope(a, b):
    x = np.array([0.0, 1.0, 3.0])
    assert abs(slope(x, a * x + b) - a) <= 1e-14 * (
        1 + abs(a) + abs(b)
    )  # a dozen roundings of numbers below 20, over 4.7


def test_a_slope_needs_two_points_and_a_broken_curve_has_none():
    with pytest.raises(ValueError, match="two distinct"):
        slope([1.0, 1.0], [1.0, 2.0])
    assert slope([1.0, 2.0], [1.0, math.nan]) == math.inf


def test_counting_arrays_count_through_views_and_out():
    x = CountingArray.of(np.ones((2, 3)))
    y = x[:, :2] @ np.ones((2, 4))
    np.exp(y, out=y)
    assert x.counts == {"multiply_adds": 16, "exps": 8}
