"""Every row at a hundredth of its size: ours equals the peer. The harness times what it says it times."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.emo import ROWS
from benchmarks.harness import Missing, Row, Table, Work, environment, measure


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.work)
def test_ours_equals_the_peer_at_a_hundredth_of_the_size(row):
    timed = measure(row, scale=0.01, seconds=0.0)
    assert timed.ours_s is not None
    assert (timed.ratio_peer is None) == (not row.peer)


def test_a_row_whose_peer_disagrees_is_no_row():
    with pytest.raises(AssertionError, match="differ by 1"):
        measure(Row("x", "", "other", "", lambda scale: Work(lambda: 1.0, lambda: 2.0, tolerance=0.5)), seconds=0.0)


def test_a_missing_peer_is_a_row_that_says_so(tmp_path):
    def build(scale):
        raise Missing("needs the package nobody-has")

    table = Table(environment(), [measure(Row("x", "fast", "nobody-has", "", build))])
    assert "nobody-has" in table.text()
    table.save(tmp_path / "t.json")
    row = json.loads((tmp_path / "t.json").read_text())["rows"][0]
    assert row["ours_s"] is None
    assert row["note"] == "needs the package nobody-has"


def test_memory_and_time_are_of_our_call():
    timed = measure(Row("x", "", "", "", lambda scale: Work(lambda: len(bytearray(10**7)))), seconds=0.0)
    assert timed.peak_bytes >= 10**7
    assert timed.ours_s >= 0
    assert timed.ratio_limit is None
