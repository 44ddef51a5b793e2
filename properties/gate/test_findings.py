"""Every kind of finding is provoked by one change, and is the only one; a run that did not change has none."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.engine.record import real
from verify.evidence import Verdict
from verify.gate.compare import compare
from verify.gate.finding import BADNESS, FAILING, KINDS, SIGN, Finding, Word

replace = msgspec.structs.replace
FLOAT = ("toy.square-of-a-float", "draws=10", "reference")
FRACTION = ("toy.square-of-a-fraction", "n=3", "reference")
HITS = ("toy.square-hits", "", "reference")
RATE = ("toy.square-rate", "", "reference")


def test_an_unchanged_run_has_no_finding(baseline, findings):
    assert findings(baseline, baseline) == []


def test_the_eight_words_have_a_sign_each_and_three_of_them_fail():
    assert [word.value for word in Word] == [
        "worse", "gone", "loosened", "not comparable", "moved", "new", "better", "same",
    ]  # fmt: skip
    assert len(set(SIGN.values())) == 8
    assert {"worse", "gone", "loosened"} == FAILING


@pytest.mark.parametrize("before", list(Verdict))
@pytest.mark.parametrize("after", list(Verdict))
def test_a_verdict_that_changed_is_worse_or_better(baseline, findings, change, before, after):
    then = change(baseline, "trials", FLOAT, verdict=before.value)
    now = change(baseline, "trials", FLOAT, verdict=after.value)
    worse = BADNESS[after] > BADNESS[before] or after is Verdict.SKIPPED
    word = "worse" if worse else "better"
    assert findings(then, now) == ([] if before is after else [(word, "verdict", *FLOAT[:2])])


def test_a_certified_number_that_lies_elsewhere_is_worse_where_the_edge_is_nearer(baseline, findings, change):
    wide = change(baseline, "claims", FRACTION[0], least=-1.0, most=1.0)
    middle, outer = (change(wide, "trials", FRACTION, low=x, high=x + 0.1, digest=str(x)) for x in (0.0, 0.5))
    assert findings(middle, outer) == [("worse", "enclosure", *FRACTION[:2])]
    assert findings(outer, middle) == [("better", "enclosure", *FRACTION[:2])]


def test_a_sampled_number_that_moved_beyond_chance_is_a_finding_and_one_within_chance_is_none(
    baseline, findings, change
):
    then = change(baseline, "trials", HITS, low=0.45, high=0.5, digest="a")
    beyond = change(baseline, "trials", HITS, low=0.55, high=0.59, digest="b")
    within = change(baseline, "trials", HITS, low=0.49, high=0.56, digest="c")
    assert findings(then, beyond) == [("worse", "enclosure", *HITS[:2])]
    assert findings(then, within) == [("moved", "digest", *HITS[:2])]


@pytest.mark.parametrize(
    ("high", "expected"),
    [
        (0.5e-15, [("worse", "edge", *FLOAT[:2])]),
        (0.05e-15, [("moved", "digest", *FLOAT[:2])]),
        (0.0, []),
    ],
)
def test_rounding_that_came_nearer_to_the_edge_by_a_tenth_of_the_bound_is_worse(
    baseline, findings, change, high, expected
):
    then = change(baseline, "trials", FLOAT, low=0.0, high=0.0)
    now = change(baseline, "trials", FLOAT, low=high, high=high)
    assert findings(then, now) == expected
    assert findings(now, then) == [("better" if word == "worse" else word, *rest) for word, *rest in expected]


def test_a_slope_that_came_nearer_to_the_edge_is_worse(baseline, findings, change):
    then, now = (change(baseline, "trials", RATE, low=x, high=x) for x in (2.0, 2.004))
    assert findings(then, now) == [("worse", "edge", *RATE[:2])]


def test_a_claim_that_vanished_is_one_finding_whatever_it_had(baseline, findings, without):
    now = without(without(baseline, "trials", FRACTION), "trials", (FRACTION[0], "n=5", "reference"))
    now = without(now, "claims", FRACTION[0])
    assert findings(baseline, now) == [("gone", "claim", FRACTION[0], "")]
    assert findings(now, baseline) == [("new", "claim", FRACTION[0], "")]


def test_a_case_that_vanished_is_a_finding_and_a_new_one_is_new(baseline, findings, without):
    fewer = without(baseline, "trials", FRACTION)
    assert findings(baseline, fewer) == [("gone", "case", *FRACTION[:2])]
    assert findings(fewer, baseline) == [("new", "case", *FRACTION[:2])]


def test_a_new_case_or_claim_that_does_not_hold_is_worse(baseline, findings, without, change):
    now = change(baseline, "trials", FRACTION, verdict="fails")
    then = without(baseline, "trials", FRACTION)
    assert findings(then, now) == [("worse", "verdict", *FRACTION[:2])]
    then = without(without(then, "trials", (FRACTION[0], "n=5", "reference")), "claims", FRACTION[0])
    assert findings(then, now) == [("worse", "verdict", FRACTION[0], "")]


def test_a_mutant_that_vanished_survives_or_is_hardly_caught_is_a_finding(baseline, findings, without, change):
    name = "toy.square/twice"
    margin = float(next(m for m in baseline.mutants if m.id == name).margin)
    fewer = without(baseline, "mutants", name)
    survives = change(baseline, "mutants", name, caught_by=None, margin=None)
    assert findings(baseline, fewer) == [("gone", "mutant", name, "")]
    assert findings(fewer, baseline) == [("new", "mutant", name, "")]
    assert findings(fewer, survives) == [("worse", "survivor", name, "")]
    assert findings(baseline, survives) == [("worse", "survivor", name, "")]
    assert findings(survives, baseline) == [("better", "survivor", name, "")]
    for share, expected in (
        (0.49, [("worse", "margin", name, "")]),
        (0.51, []),
        (2.1, [("better", "margin", name, "")]),
    ):
        assert findings(baseline, change(baseline, "mutants", name, margin=share * margin)) == expected


def test_a_sampled_margin_shrank_only_where_no_draw_explains_it(baseline, findings, change):
    name = "toy.square/twice"
    then = change(baseline, "mutants", name, margin=1.0, reach=3.0)
    assert findings(then, change(baseline, "mutants", name, margin=0.1, reach=0.6)) == []
    assert findings(then, change(baseline, "mutants", name, margin=0.1, reach=0.4)) == [("worse", "margin", name, "")]


def test_a_claim_that_lets_a_mutant_pass_is_a_finding_and_one_that_comes_later_is_not(baseline, findings, change):
    name = "toy.square/twice"
    old = next(m for m in baseline.mutants if m.id == name).caught_by
    passes = change(baseline, "mutants", name, caught_by=RATE[0], passed=(old,))
    later = change(baseline, "mutants", name, caught_by=RATE[0], passed=())
    assert findings(baseline, passes) == [("worse", "catcher", name, "")]
    assert findings(baseline, later) == [("moved", "catcher", name, "")]


def test_a_harmless_variant_that_vanished_or_is_rejected_is_a_finding(baseline, findings, without, change):
    name = "toy.square/power"
    rejected = change(baseline, "equivalents", name, rejected_by=(RATE[0],))
    fewer = without(baseline, "equivalents", name)
    assert findings(baseline, fewer) == [("gone", "equivalent", name, "")]
    assert findings(fewer, baseline) == [("new", "equivalent", name, "")]
    assert findings(baseline, rejected) == [("worse", "rejected", name, "")]
    assert findings(rejected, baseline) == [("better", "rejected", name, "")]


def test_a_claim_that_catches_nothing_any_more_is_a_finding(baseline, findings):
    idle = replace(baseline, idle_claims=(RATE[0],))
    assert findings(baseline, idle) == [("worse", "idle", RATE[0], "")]
    assert findings(idle, baseline) == [("better", "idle", RATE[0], "")]


@given(down=st.floats(-1, 1), up=st.floats(-1, 1))
def test_a_region_that_ends_farther_out_anywhere_is_loosened(baseline, findings, change, down, up):
    then = change(baseline, "claims", FLOAT[0], least=-2.0, most=2.0)
    now = change(baseline, "claims", FLOAT[0], least=-2.0 - down, most=2.0 + up)
    if (now_least := -2.0 - down) == -2.0 and 2.0 + up == 2.0:
        assert findings(then, now) == []
    else:
        word = "loosened" if now_least < -2.0 or 2.0 + up > 2.0 else "better"
        assert findings(then, now) == [(word, "region", FLOAT[0], "")]


def test_a_risk_that_was_raised_is_loosened_and_named_once(baseline, findings, change):
    raised = replace(change(baseline, "claims", HITS[0], risk=1e-6), risk=1e-6)
    assert findings(baseline, raised) == [("loosened", "risk", HITS[0], "")]
    assert findings(raised, baseline) == [("better", "risk", HITS[0], "")]


def test_a_trial_that_spends_more_than_its_claim_may_is_loosened(baseline, findings, change):
    assert findings(baseline, change(baseline, "trials", HITS, risk=0.01)) == [("loosened", "risk", *HITS[:2])]


def test_a_risk_budget_that_grew_is_loosened(baseline, findings):
    assert findings(baseline, replace(baseline, risk=2 * baseline.risk)) == [("loosened", "budget", "the run", "")]
    assert findings(replace(baseline, risk=2 * baseline.risk), baseline) == []


@pytest.mark.parametrize("name", ["claims", "planned", "settled", "mutants", "caught"])
def test_counts_that_shrank_without_a_reason_are_a_finding(baseline, findings, name):
    fewer = replace(baseline.counts, **{name: getattr(baseline.counts, name) - 1})
    assert findings(baseline, replace(baseline, counts=fewer)) == [("gone", "counts", "the run", "")]
    assert findings(replace(baseline, counts=fewer), baseline) == []


def test_weaker_evidence_is_loosened(baseline, findings, change):
    weaker = change(baseline, "claims", FRACTION[0], evidence="exact")
    assert findings(baseline, weaker) == [("loosened", "evidence", FRACTION[0], "")]
    assert findings(weaker, baseline) == [("better", "evidence", FRACTION[0], "")]


def test_another_basis_and_other_bits_are_moved_and_fail_nothing(baseline, findings, change):
    assert findings(baseline, change(baseline, "trials", FLOAT, basis="balls")) == [("moved", "basis", *FLOAT[:2])]
    assert findings(baseline, change(baseline, "trials", FLOAT, digest="0")) == [("moved", "digest", *FLOAT[:2])]


OUTWARD = st.floats(1e-9, 1e9) | st.just(float("inf"))
OTHERS = {
    "verdict": lambda t: st.sampled_from(["fails", "undecided", "error", "skipped"]),
    "low": lambda t: OUTWARD.map(lambda x: real(float(t.low) - x)),
    "high": lambda t: OUTWARD.map(lambda x: real(float(t.high) + x)),
    "risk": lambda t: st.floats(1e-5, 0.5),
    "basis": lambda t: st.sampled_from(sorted({"rationals", "balls", "floating point", "samples"} - {t.basis})),
    "digest": lambda t: st.text(max_size=20),
    "case": lambda t: st.text(min_size=1, max_size=20).filter(lambda case: case not in ("n=3", "n=5", "draws=10")),
    "subject": lambda t: st.text(min_size=1, max_size=20).filter(lambda name: name != "reference"),
}
TELLS = {
    "verdict": {("worse", "verdict")},
    "low": {("moved", "digest"), ("worse", "edge")},
    "high": {("moved", "digest"), ("worse", "edge")},
    "risk": {("loosened", "risk")},
    "basis": {("moved", "basis")},
    "digest": {("moved", "digest")},
}
BACK = {("worse", "verdict"): ("better", "verdict"), ("worse", "edge"): ("better", "edge"),
        ("loosened", "risk"): ("moved", "digest")}  # fmt: skip


@pytest.mark.parametrize("field", list(OTHERS))
@given(data=st.data())
def test_one_field_of_one_trial_gives_one_finding_whichever_side_it_is_on(baseline, findings, change, field, data):
    trial = data.draw(st.sampled_from(baseline.trials), label="trial")
    value = data.draw(OTHERS[field](trial), label=field)
    other = change(baseline, "trials", trial.address, **{field: value})
    for then, now in ((baseline, other), (other, baseline)):
        found = findings(then, now)
        if field in ("case", "subject"):
            old = trial.case if then is baseline else value
            assert [finding[:2] for finding in found] == [("gone", "case"), ("new", "case")]
            assert {finding[2] for finding in found} == {trial.claim}
            assert field == "subject" or found[0][3] == old
        else:
            told = TELLS[field] if now is other else {BACK.get(tell, tell) for tell in TELLS[field]}
            assert len(found) == 1
            assert found[0][:2] in told
            assert found[0][2:] == trial.address[:2]


def test_findings_come_worst_first_whatever_their_order(baseline, change, without):
    now = change(baseline, "trials", FLOAT, verdict="fails")
    now = change(now, "trials", RATE, verdict="undecided")
    now = change(now, "claims", HITS[0], risk=1e-6)
    now = change(now, "trials", HITS, digest="0")
    now = without(now, "mutants", "toy.square/twice")
    found = compare(baseline, now, today=date(2026, 1, 1)).findings
    assert [(f.word.value, f.now) for f in found[:2]] == [("worse", "fails"), ("worse", "undecided")]
    assert [f.word.value for f in found[2:]] == ["gone", "loosened", "moved"]


def test_every_kind_has_a_rank():
    for kind in KINDS:
        assert Finding(word=Word.MOVED, kind=kind, where="x").order[1] == KINDS.index(kind)
