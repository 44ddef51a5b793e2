"""Five ways to make a suite say less, done to its source: each is exit 1, and the first line names it."""

import pytest

from verify.cli import main

EDITS = {
    "loosen one region": [('region=at_most(1e-15, because="one', 'region=at_most(1e-14, because="one')],
    "weaken one mutant": [("return 2 * x", "return x * x * (1 + 2**-20)")],
    "drop one case": [("cases=grid(n=(3, 5)).full(n=(3, 5, 7))", "cases=grid(n=(3,))")],
    "swap one method for a slightly wrong one": [
        ("    return x * x\n", "    return x * x + (4e-16 if isinstance(x, np.ndarray) else 0)\n")
    ],
    "swap one method for a wrong one": [
        ("    return x * x\n", "    return x * x + (1e-9 if isinstance(x, np.ndarray) else 0)\n")
    ],
    "raise one risk": [("risk=1e-9", "risk=1e-6")],
}
FIRST_LINE = {
    "loosen one region": "loosened  toy.square-of-a-float  region [0, 1e-15] -> [0, 1e-14]",
    "weaken one mutant": "worse  toy.square/twice  margin ",
    "drop one case": "gone  toy.square-of-a-fraction  n=5  was planned in the baseline, is not planned now",
    "swap one method for a slightly wrong one": "worse  toy.square-of-a-float  draws=10  0 -> 4.44089e-16",
    "swap one method for a wrong one": "worse  toy.square-of-a-float  draws=10  holds -> fails",
    "raise one risk": "loosened  toy.square-hits  risk 1e-09 -> 1e-06",
}


@pytest.fixture
def gated(tmp_path, baseline, capsys, monkeypatch):
    """Gate a run against the toys: (exit code, lines)."""
    monkeypatch.chdir(tmp_path)

    def gate(run):
        baseline.save(tmp_path / "baseline.json")
        run.save(tmp_path / "run.json")
        with pytest.raises(SystemExit) as end:
            main(["gate", str(tmp_path / "run.json"), "--baseline", str(tmp_path / "baseline.json")])
        return end.value.code, capsys.readouterr().out.splitlines()

    return gate


@pytest.mark.parametrize("deed", list(EDITS))
def test_the_gate_closes_and_names_it_first(deed, edited, gated):
    code, lines = gated(edited(*EDITS[deed]))
    assert code == 1
    assert lines[0].startswith(FIRST_LINE[deed])
    assert (
        sum(not line.startswith((" ", "moved", "better")) for line in lines) == 3
    )  # one finding, and two lines of counts


def test_the_unchanged_tree_passes_twice_in_a_row(edited, gated):
    for _ in range(2):
        code, lines = gated(edited())
        assert code == 0
        assert lines[0].startswith("gate: nothing worse, gone or loosened; 5 same, against ")
