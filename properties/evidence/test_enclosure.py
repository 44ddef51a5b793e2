"""Enclosures hold their number whatever type it has, and combining them keeps what they promise."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from verify.evidence import Basis, Enclosure, NotANumber, exact, least, worst

numbers = st.floats(allow_nan=False)
fractions = st.fractions() | st.builds(
    lambda a, k: Fraction(a, 7) * Fraction(10) ** k, st.integers(), st.integers(-400, 400)
)


def holds(e, x):
    """Whether the rational x lies in it, with no rounding at either end."""
    return (e.low == -math.inf or Fraction(e.low) <= x) and (e.high == math.inf or x <= Fraction(e.high))


@given(fractions | st.decimals(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63 - 1).map(np.int64))
@example(Fraction(10) ** 400)
@example(Fraction(-1, 10**400))
@example(np.uint64(2**64 - 1))
@example(Decimal("0.1"))
def test_a_number_lies_in_an_enclosure_no_wider_than_two_neighbouring_floats(x):
    e = exact(x)
    assert holds(e, Fraction(x) if isinstance(x, (Fraction, Decimal)) else int(x))
    assert e.high in (e.low, math.nextafter(e.low, math.inf))
    assert type(e.low) is type(e.high) is float


def test_rounding_to_nearest_would_be_convicted():
    assert not holds(Enclosure(1 / 3, 1 / 3), Fraction(1, 3))


@given(st.lists(st.tuples(numbers, numbers).map(sorted), min_size=1), st.data())
def test_the_worst_and_the_least_enclose_the_extremes(ends, data):
    parts = [Enclosure(*e) for e in ends]
    points = [data.draw(st.floats(*e), label="a point of the part") for e in ends]
    assert worst(parts).low <= max(points) <= worst(parts).high
    assert least(parts).low <= min(points) <= least(parts).high


@pytest.mark.parametrize("combine", [worst, least])
def test_risks_add_up_the_weakest_basis_stays_and_nothing_is_refused(combine):
    both = combine([Enclosure(0, 1, 0.25, Basis.SAMPLE, 10), Enclosure(0, 1, 0.5, Basis.SAMPLE, 20), exact(1)])
    assert (both.risk, both.effort, both.basis) == (0.75, 30, Basis.SAMPLE)
    with pytest.raises(ValueError, match="no parts"):
        combine([])


@pytest.mark.parametrize(("low", "high", "risk"), [(1, 0, 0), (0, 1, 1), (0, 1, -0.1), (0, 1, math.nan)])
def test_an_impossible_enclosure_is_refused(low, high, risk):
    with pytest.raises(ValueError, match="but"):
        Enclosure(low, high, risk)


@pytest.mark.parametrize(("low", "high"), [(math.nan, 1), (0, math.nan), (math.nan, math.nan)])
def test_a_quantity_that_is_nan_has_no_enclosure(low, high):
    with pytest.raises(NotANumber, match="NaN"):
        Enclosure(low, high)
