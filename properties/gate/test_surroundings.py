"""A baseline from elsewhere is compared through enclosures, and the gate says so; one about something else is refused."""

from datetime import date

import msgspec
import pytest

from verify.gate.compare import compare
from verify.gate.trials import ROUNDING

replace = msgspec.structs.replace
TODAY = date(2026, 11, 25)
FLOAT = ("toy.square-of-a-float", "draws=10", "reference")
FRACTION = ("toy.square-of-a-fraction", "n=3", "reference")
HITS = ("toy.square-hits", "", "reference")
RATE = ("toy.square-rate", "", "reference")
KERNELS, STREAMS, INPUTS = (("not comparable", kind, "the run", "") for kind in ("kernels", "streams", "inputs"))


@pytest.fixture(scope="module")
def elsewhere(baseline):
    """The same run under another NumPy, where every digest is another."""
    return replace(
        baseline,
        arithmetic=baseline.arithmetic | {"numpy": "2.2.0", "cpu": "another one"},
        trials=tuple(replace(trial, digest="of another machine") for trial in baseline.trials),
    )


def test_another_numpy_is_said_and_fails_nothing(baseline, elsewhere, findings):
    assert findings(elsewhere, baseline) == [KERNELS]
    found = compare(elsewhere, baseline, today=TODAY)
    assert found.exit_code == 0
    told = found.findings[0]
    assert "numpy 2.2.0" in told.then
    assert "enclosures are compared, digests are not" in told.says
    assert found.same == len(baseline.trials)


def test_other_streams_are_said_and_fail_nothing(elsewhere, baseline, findings):
    then = replace(elsewhere, fingerprint="another")
    assert findings(then, baseline) == [STREAMS, KERNELS]


def test_other_real_inputs_are_said(baseline, findings):
    then = replace(baseline, inputs={"words": "a"})
    now = replace(baseline, inputs={"words": "b"}, trials=tuple(replace(t, digest="d") for t in baseline.trials))
    assert findings(then, now) == [INPUTS]
    assert findings(replace(then, inputs={}), replace(now, trials=then.trials)) == []  # not installed there


def test_elsewhere_a_sampled_number_beyond_chance_is_still_worse(elsewhere, change, baseline, findings):
    then = change(elsewhere, "trials", HITS, low=0.45, high=0.5)
    now = change(baseline, "trials", HITS, low=0.55, high=0.59)
    assert findings(then, now) == [("worse", "enclosure", *HITS[:2]), KERNELS]
    assert findings(replace(then, fingerprint="x"), now) == [("worse", "enclosure", *HITS[:2]), STREAMS, KERNELS]


def test_elsewhere_a_certified_number_is_still_compared_unless_its_instance_may_be_another(
    elsewhere, change, baseline, findings
):
    wide = (change(side, "claims", FRACTION[0], least=-1.0, most=1.0) for side in (elsewhere, baseline))
    then, now = (change(s, "trials", FRACTION, low=x, high=x) for s, x in zip(wide, (0.0, 0.5), strict=True))
    assert findings(then, now) == [("worse", "enclosure", *FRACTION[:2]), KERNELS]
    assert findings(replace(then, fingerprint="x"), now) == [STREAMS, KERNELS, ("moved", "enclosure", *FRACTION[:2])]


def test_elsewhere_rounding_moves_but_a_change_beyond_rounding_is_worse(elsewhere, change, baseline, findings):
    then = change(elsewhere, "trials", FLOAT, low=0.0, high=0.0)
    now = change(baseline, "trials", FLOAT, low=0.9e-15, high=0.9e-15)
    assert findings(then, now) == [KERNELS, ("moved", "edge", *FLOAT[:2])]
    then, now = (change(side, "claims", FLOAT[0], most=10 * ROUNDING) for side in (then, now))
    now = change(now, "trials", FLOAT, low=2 * ROUNDING, high=2 * ROUNDING)
    assert findings(then, now) == [("worse", "edge", *FLOAT[:2]), KERNELS]


def test_elsewhere_a_slope_is_still_compared(elsewhere, change, baseline, findings):
    now = change(baseline, "trials", RATE, low=2.005, high=2.005)
    assert findings(elsewhere, now) == [("worse", "edge", *RATE[:2]), KERNELS]


@pytest.mark.parametrize(
    ("field", "value", "change"),
    [
        ("schema", 1, "schema 1 -> "),
        ("profile", "full", "profile full -> quick"),
        ("seed", 7, "seed 7 -> 0"),
        ("selection", ("emo",), "selection emo -> everything"),
        ("subjects", {"toy.square": "mine:square"}, "subjects toy.square=mine:square -> reference"),
        ("mutants_tried", False, "no mutants tried -> mutants tried"),
    ],
)
def test_a_baseline_of_something_else_is_refused_and_never_passed(baseline, field, value, change):
    found = compare(replace(baseline, **{field: value}), baseline, today=TODAY)
    assert [finding.word for finding in found.findings] == ["not comparable"]
    assert found.findings[0].change.startswith(change)
    assert found.exit_code == 3


def test_a_failure_weighs_more_than_a_refusal(baseline, change):
    then = replace(baseline, seed=7)
    assert compare(then, change(baseline, "trials", FLOAT, verdict="fails"), today=TODAY).exit_code == 1
    assert compare(then, change(baseline, "trials", FLOAT, verdict="undecided"), today=TODAY).exit_code == 3


def test_side_by_side_another_subject_is_compared_all_the_same(baseline, change):
    theirs = replace(
        change(baseline, "trials", FLOAT, verdict="fails"),
        subjects={"toy.square": "mine:square"},
        trials=tuple(
            replace(t, subject="mine:square") for t in change(baseline, "trials", FLOAT, verdict="fails").trials
        ),
    )
    found = compare(baseline, theirs, today=TODAY, strict=False)
    assert [(f.word.value, f.kind) for f in found.findings] == [("worse", "verdict"), ("not comparable", "subjects")]


@pytest.mark.parametrize(
    ("verdict", "code"), [("holds", 0), ("skipped", 0), ("undecided", 1), ("error", 3), ("fails", 1)]
)
def test_what_the_baseline_had_too_still_decides_the_exit_code(baseline, change, findings, verdict, code):
    same = change(baseline, "trials", FLOAT, verdict=verdict)
    assert findings(same, same) == []
    assert compare(same, same, today=TODAY).exit_code == code


def test_a_survivor_an_idle_claim_and_a_rejected_variant_fail_though_the_baseline_had_them(baseline, change):
    for same in (
        change(baseline, "mutants", "toy.square/twice", caught_by=None),
        change(baseline, "equivalents", "toy.square/power", rejected_by=(RATE[0],)),
        replace(baseline, idle_claims=(RATE[0],)),
    ):
        found = compare(same, same, today=TODAY)
        assert (found.findings, found.exit_code) == ((), 1)


def test_a_run_of_nothing_is_3(baseline):
    empty = replace(baseline, claims=(), trials=(), mutants=(), equivalents=())
    assert compare(empty, empty, today=TODAY).exit_code == 3
