"""Chance alone makes no finding: runs under 200 seeds, each compared with each, and margins that differ tenfold."""

import itertools
import sys
from datetime import date
from pathlib import Path

import pytest

from verify.engine.run import run
from verify.gate.baseline import baseline_of
from verify.gate.compare import compare

TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def runs():
    sys.path.insert(0, str(Path(__file__).parent / "toys"))
    return [baseline_of(run(modules=("toy_sampled",), jobs=0, seed=seed)) for seed in range(200)]


def test_runs_under_200_seeds_have_no_finding_against_each_other(runs):
    kinds = set()
    for then, now in itertools.combinations(runs, 2):
        found = compare(then, now, today=TODAY, strict=False)
        assert found.failing == ()
        kinds |= {(finding.word.value, finding.kind) for finding in found.findings}
    assert kinds == {("not comparable", "seed")}


def test_the_margins_of_these_runs_would_have_cried_wolf(runs):
    """The test above is no empty one: judged by their ends alone, margins fall below half again and again."""
    margins = [float(mutant.margin) for one in runs for mutant in one.mutants if mutant.id == "sampled.uniform/root"]
    assert min(margins) < 0.1 * max(margins)
    assert len({mutant.caught_by for one in runs for mutant in one.mutants}) > 1


def test_another_seed_is_refused(runs):
    found = compare(runs[0], runs[1], today=TODAY)
    assert [(f.word.value, f.kind, f.change) for f in found.findings] == [("not comparable", "seed", "seed 0 -> 1")]
    assert found.exit_code == 3


def test_the_reach_of_a_sampled_margin_is_never_below_it(runs):
    """None stands for a point; the enclosure of a sample is none."""
    for one in runs[:20]:
        for mutant in one.mutants:
            assert float(mutant.reach) > float(mutant.margin) > 0
