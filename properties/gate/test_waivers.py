"""A waiver accepts a known failure until a day, is itself a finding when it is new, and never outlives its claim."""

from datetime import date, timedelta

import msgspec
import pytest

from verify.gate.compare import compare
from verify.gate.waivers import BadWaiver, read_waivers

replace = msgspec.structs.replace
FLOAT = ("toy.square-of-a-float", "draws=10", "reference")
TODAY = date(2026, 11, 25)
GOOD = """
[[tool.verify.waivers]]
claim = "toy.square-of-a-float"
verdict = "fails"
reason = "the fix is under way"
until = 2027-01-31
"""


@pytest.fixture
def failing(baseline, change):
    return change(baseline, "trials", FLOAT, verdict="fails")


def waived(side, waiver):
    return replace(side, waivers=(waiver,))


def test_without_a_waiver_a_failure_fails_and_with_one_in_the_baseline_it_does_not(failing, waiver, findings):
    same = waived(failing, waiver())
    assert compare(failing, failing, today=TODAY).exit_code == 1
    assert findings(same, same) == []
    assert compare(same, same, today=TODAY).exit_code == 0
    assert compare(same, same, today=TODAY).waived == {FLOAT[0]}


def test_a_waiver_that_was_added_is_loosened_and_what_it_waives_has_moved(baseline, failing, waiver, findings):
    assert findings(baseline, waived(failing, waiver())) == [
        ("loosened", "waiver", FLOAT[0], ""),
        ("moved", "verdict", *FLOAT[:2]),
    ]
    assert compare(baseline, waived(failing, waiver()), today=TODAY).exit_code == 1


def test_a_waiver_that_was_stretched_is_loosened_and_one_that_was_cut_is_not(failing, waiver, findings):
    longer, shorter = (waived(failing, waiver(until=day)) for day in (date(2027, 6, 1), date(2026, 12, 1)))
    assert findings(shorter, longer) == [("loosened", "waiver", FLOAT[0], "")]
    assert findings(longer, shorter) == []


def test_an_expired_waiver_is_a_finding_and_waives_nothing(failing, waiver, findings):
    same = waived(failing, waiver(until=TODAY))
    assert findings(same, same, today=TODAY) == []
    tomorrow = TODAY + timedelta(days=1)
    assert findings(same, same, today=tomorrow) == [("loosened", "waiver", FLOAT[0], "")]
    assert compare(same, same, today=tomorrow).exit_code == 1
    assert "expired" in compare(same, same, today=tomorrow).findings[0].says


@pytest.mark.parametrize("case", ["holds again", "another verdict", "no such claim"])
def test_a_waiver_that_matches_nothing_is_a_finding(baseline, failing, waiver, findings, case):
    side, made = {
        "holds again": (baseline, waiver()),
        "another verdict": (failing, waiver(verdict="undecided")),
        "no such claim": (baseline, waiver(claim="toy.gone")),
    }[case]
    same = waived(side, made)
    assert findings(same, same) == [("loosened", "waiver", made.claim, "")]
    assert "matches n" in compare(same, same, today=TODAY).findings[0].says


def test_a_waiver_that_was_lifted_is_better(failing, baseline, waiver, findings):
    assert findings(waived(failing, waiver()), baseline) == [
        ("better", "verdict", *FLOAT[:2]),
        ("better", "waiver", FLOAT[0], ""),
    ]


def test_a_waived_error_does_not_make_the_code_3(baseline, change, waiver):
    same = waived(change(baseline, "trials", FLOAT, verdict="error"), waiver(verdict="error"))
    assert compare(same, same, today=TODAY).exit_code == 0


def test_waivers_are_read_from_pyproject(tmp_path, waiver):
    path = tmp_path / "pyproject.toml"
    assert read_waivers(path) == ()
    path.write_text("[project]\nname = 'x'\n")
    assert read_waivers(path) == ()
    path.write_text(GOOD)
    assert read_waivers(path) == (waiver(),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[tool.verify.waivers]]\nclaim = 'a.b'\n", "missing required field"),
        (GOOD.replace("fails", "holds"), "holds"),
        (GOOD.replace("2027-01-31", "'soon'"), "until"),
        (GOOD.replace("reason", "because"), "because"),
        (GOOD.replace("the fix is under way", " "), "may not be empty"),
        (GOOD + GOOD, "waived twice"),
        ("[tool.verify]\nwaivers = 3\n", "waiver is spelled"),
        ("[tool.verify]\nwaivers = [3]\n", "no table"),
        ("[tool]\nverify = 3\n", "waiver is spelled"),
        ("[[[", "waiver is spelled"),
        ("\udcff", "waiver is spelled"),
    ],
)
def test_a_waiver_that_cannot_be_read_says_how_one_is_spelled(tmp_path, text, words):
    path = tmp_path / "pyproject.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(BadWaiver, match=words) as refused:
        read_waivers(path)
    assert "pyproject.toml" in str(refused.value)
