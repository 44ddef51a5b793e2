"""Settling stops at the first decision, pulls no look in vain, and never passes what was not measured."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.evidence import Basis, Enclosure, Region, Verdict, settle

UNIT = Region(0.0, 1.0, "a test")
VAGUE, INSIDE, OUTSIDE = Enclosure(-1, 2, 0.25, Basis.SAMPLE, 10), Enclosure(0, 1), Enclosure(2, 3)


@given(st.lists(st.sampled_from([VAGUE, INSIDE, OUTSIDE]), min_size=1, max_size=6), st.integers(1, 8))
def test_the_first_decision_counts_and_no_look_is_pulled_after_it(looks, most):
    rest = iter(looks)
    outcome = settle(rest, UNIT, most=most)
    decided = [look is not VAGUE for look in looks[:most]]
    used = decided.index(True) + 1 if any(decided) else min(most, len(looks))
    assert (outcome.looks, list(rest)) == (tuple(looks[:used]), looks[used:])
    assert outcome.verdict is UNIT.judge(looks[used - 1])


@pytest.mark.parametrize("looks", [[], [0.5], [VAGUE, None], [True]])
def test_what_was_not_measured_is_an_error_with_a_reason(looks):
    outcome = settle(looks, UNIT)
    assert outcome.verdict is Verdict.ERROR
    assert (type(looks[-1]).__name__ if looks else "nothing") in outcome.reason


@given(st.floats(-1e300, 1e300), st.floats(0, 1e300), st.floats(0, 0.5))
def test_the_digest_depends_on_every_bit_of_every_look(low, wide, risk):
    look = Enclosure(low, low + wide, risk)
    changed = [
        replace(look, low=math.nextafter(look.low, -math.inf)),
        replace(look, high=math.nextafter(look.high, math.inf)),
        replace(look, risk=math.nextafter(risk, 1.0)),
    ]
    assert len({settle([e], UNIT).digest for e in [look, *changed]}) == 4
    assert settle([VAGUE, look], UNIT).digest != settle([look], UNIT).digest
