"""Judging is set inclusion; region ends round inward, and each region says where they come from."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from verify.evidence import Enclosure, Region, Verdict, at_least, at_most, exactly, within

numbers = st.floats(allow_nan=False) | st.sampled_from([0.0, 1.0, -1.0])
intervals = st.tuples(numbers, numbers).map(sorted)
TINY, INF = math.nextafter(0.0, 1.0), math.inf


@given(intervals, intervals)
@example((0.0, INF), (INF, INF))
@example((INF, INF), (0.0, 1.0))
@example((0.0, 1e300), (-TINY, -TINY))
@example((0.0, 1.0), (-1.0, 0.5))
def test_judging_is_inclusion_a_margin_means_fails_and_room_means_holds(ends, enclosure):
    region, e = Region(*ends, because="a test"), Enclosure(*enclosure)
    inside = ends[0] <= e.low and e.high <= ends[1]
    disjoint = e.high < ends[0] or ends[1] < e.low
    assert region.judge(e) is (Verdict.HOLDS if inside else Verdict.FAILS if disjoint else Verdict.UNDECIDED)
    assert (region.margin(e) > 0) == disjoint
    assert (region.room(e) >= 0) == inside


@given(
    st.fractions() | st.builds(lambda a, k: Fraction(a, 7) * Fraction(10) ** k, st.integers(), st.integers(-400, 300))
)
def test_region_ends_round_inward(x):
    least = at_least(x, because="a test").least
    most = within(-INF, x, because="a test").most if abs(x) < 10**300 else -INF
    assert least == INF or Fraction(least) >= x
    assert most == -INF or Fraction(most) <= x


@pytest.mark.parametrize("x", ["0.1", "1/3", "1e-400", Decimal("0.1"), 2**53 + 1])
def test_a_decimal_means_the_rational_it_spells(x):
    assert Fraction(at_most(x, because="a test").most) <= Fraction(x) <= Fraction(at_least(x, because="a test").least)


@pytest.mark.parametrize("x", [Fraction(1, 3), "0.1", 2**53 + 1, 10**400, math.nan])
def test_exactly_wants_a_float(x):
    with pytest.raises(ValueError, match="no float equals"):
        exactly(x, because="a test")


@pytest.mark.parametrize("make", [at_most, at_least, exactly])
def test_a_region_says_why(make):
    with pytest.raises(ValueError, match="because"):
        make(1, because=" ")
    with pytest.raises(TypeError, match="because"):
        make(1)


@pytest.mark.parametrize(("least", "most"), [(1, 0), (math.nan, 1), (0, math.nan), ("0.1", "0.1")])
def test_an_empty_region_is_refused(least, most):
    with pytest.raises(ValueError, match="least <= most"):
        within(least, most, because="a test")
