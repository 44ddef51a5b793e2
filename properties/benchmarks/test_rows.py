"""Every row at a hundredth of its size: ours equals the peer. The harness times what it says it times."""

import json
import math
from dataclasses import asdict

import pytest

from benchmarks import emo, harness
from benchmarks.harness import Goal, Missing, Row, Table, Work, environment, every_row, measure, optional

ROWS = every_row()


def row(goal=None, **calls):
    return Row("x", goal, None, None, lambda scale: Work(**calls))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.work)
def test_ours_equals_the_peer_at_a_hundredth_of_the_size(row):
    timed = measure(row, scale=0.01, seconds=0.0)
    assert timed.ours_s is not None
    missing = "is not installed" in (timed.note or "")  # peers of the extra `bench` are no part of the tests
    assert (timed.ratio_peer is None) == (row.peer is None or missing)
    assert (timed.ratio_limit is None) == (row.limit is None)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.work)
def test_every_row_compares_ours_with_something(row):
    work = row.build(0.01)
    assert work.peer or work.check
    assert 0 < work.tolerance < 1e-3


@pytest.mark.parametrize("other", ["peer", "check"])
@pytest.mark.parametrize("answer", [2.0, math.nan])
def test_a_row_whose_peer_disagrees_is_no_row(other, answer):
    with pytest.raises(AssertionError, match=f"the {other} differ by"):
        measure(row(ours=lambda: 1.0, tolerance=0.5, **{other: lambda: answer}), seconds=0.0)


def test_a_missing_peer_is_a_row_that_says_so_and_still_times_ours():
    timed = measure(row(Goal(2, "peer"), ours=lambda: 1.0, peer=lambda: optional("nobody_has")), seconds=0.0)
    assert timed.ours_s is not None
    assert timed.peer_s is timed.ratio_peer is None
    assert timed.goal == "at least 2x the peer: not measured"
    assert "nobody_has is not installed" in Table(environment(), [timed]).text()


def test_without_pot_every_row_is_still_there(monkeypatch):
    def absent(package):
        raise Missing(f"{package} is not installed")

    monkeypatch.setattr("benchmarks.emo.optional", absent)
    for row in emo.ROWS:
        timed = measure(row, scale=0.01, seconds=0.0)
        assert timed.ours_s is not None
        assert ("ot is not installed" in (timed.note or "")) == (row.peer is not None)


def test_a_row_that_cannot_be_built_says_so():
    def build(scale):
        raise Missing("needs the package nobody-has")

    timed = measure(Row("x", None, "nobody-has", None, build))
    assert (timed.ours_s, timed.note) == (None, "needs the package nobody-has")


def test_ratios_are_of_medians_and_turns_are_taken(monkeypatch):
    clock, turns = [0.0], []

    def call(name, durations):
        seconds = iter([0.0, *durations, 0.0])  # the first call warms up, the last weighs memory

        def run():
            clock[0] += next(seconds)
            turns.append(name)
            return 1.0

        return run

    monkeypatch.setattr(harness.time, "process_time", lambda: clock[0])
    calls = {"ours": call("ours", [1, 9, 2]), "peer": call("peer", [6, 5, 90]), "limit": call("limit", [0.5, 1, 70])}
    timed = measure(row(Goal(3, "peer"), **calls), seconds=0.0)
    assert (timed.ours_s, timed.peer_s, timed.limit_s) == (2, 6, 1)
    assert (timed.ratio_peer, timed.ratio_limit) == (3, 2)
    assert [turns[i] for i in (3, 6, 9)] == ["ours", "peer", "limit"]


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (Goal(3, "peer"), "at least 3x the peer: met"),
        (Goal(3.5, "peer"), "at least 3.5x the peer: missed"),
        (Goal(2, "limit"), "at most 2x the limit: met"),
        (Goal(1.2, "limit"), "at most 1.2x the limit: missed"),
    ],
)
def test_a_goal_that_is_missed_is_said_and_nothing_is_raised(monkeypatch, goal, words):
    clock = [0.0]

    def takes(seconds):
        def run():
            clock[0] += seconds
            return 1.0

        return run

    monkeypatch.setattr(harness.time, "process_time", lambda: clock[0])
    timed = row(goal, ours=takes(2.0), peer=takes(6.0), limit=takes(1.0))
    assert measure(timed, seconds=0.0).goal == words
    assert measure(timed, scale=0.5, seconds=0.0).goal == str(goal)


def test_memory_is_of_our_call():
    timed = measure(row(ours=lambda: len(bytearray(10**7)), limit=lambda: len(bytearray(10**8))), seconds=0.0)
    assert 10**7 <= timed.peak_bytes < 10**8


def test_the_json_is_the_table_and_what_is_absent_is_null(tmp_path):
    table = Table(environment(0.5), [measure(row(ours=lambda: 1.0), seconds=0.0)])
    table.save(tmp_path / "new" / "t.json")
    stored = json.loads((tmp_path / "new" / "t.json").read_text())
    assert stored == asdict(table)
    assert set(stored["environment"]) >= {"blas", "architecture", "threads", "python", "numpy", "machine", "scale"}
    assert [key for key, value in stored["rows"][0].items() if value is None] == [
        "goal", "peer", "limit", "peer_s", "limit_s", "ratio_peer", "ratio_limit", "note",
    ]  # fmt: skip
