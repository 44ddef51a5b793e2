"""The recipe of docs/gate.md, followed in a repository that has nothing but a function of its own."""

import re
import shlex
from pathlib import Path

import click
import pytest

from verify.cli import cli, main

ROOT = Path(__file__).parent.parent.parent
RIGHT = "def demd(p, q, cost):\n    return float(p @ cost @ q)\n"
HASTY = "def demd(p, q, cost):\n    return float(p @ cost @ q) + 2e-14 * float(cost.max())\n"
WRONG = "def demd(p, q, cost):\n    return float(q @ cost @ q)\n"
CLAIM = "emo.zero-one-cost-is-total-variation.excess"


def commands():
    """Every command of this suite that the recipe and the workflow tell people to type."""
    for name in ("docs/gate.md", ".github/workflows/verify.yml"):
        text = (ROOT / name).read_text().replace("run: >\n          ", "run: ")
        text = re.sub(r"\n +--", " --", text)
        for line in re.findall(r"^(?: *(?:run: )?|# +)(verify .*)$", text, flags=re.M):
            yield pytest.param(shlex.split(line, comments=True), id=f"{name}: {line[:60]}")


@pytest.mark.parametrize("words", list(commands()))
def test_a_command_of_the_recipe_is_one(words):
    command = cli.commands[words[1]]
    command.make_parser(click.Context(command)).parse_args(words[2:])


def test_the_recipe_tells_commands():
    assert len(list(commands())) >= 9


def test_the_recipe_works_as_it_stands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    codes = []

    def call(*args):
        with pytest.raises(SystemExit) as end:
            main(list(args))
        return end.value.code or 0, capsys.readouterr().out

    def judged(source):
        (tmp_path / "mylib.py").write_text(source)
        run = ["run", CLAIM, "--subject", "emo.demd=mylib.py:demd", "--json", "reports/latest/run.json", "--jobs", "1"]
        codes.append(call(*run)[0])
        return call("gate", "reports/latest/run.json")

    assert judged(RIGHT)[0] == 2  # no baseline yet
    assert call("gate", "reports/latest/run.json", "--update")[0] == 0
    assert judged(RIGHT)[0] == 0
    code, out = judged(HASTY)
    assert (code, codes) == (1, [0, 0, 0])  # all claims hold, and yet the gate closes
    assert out.startswith(f"worse  {CLAIM}  ")
    assert "nearer to the edge" in out
    code, out = judged(WRONG)
    assert code == 1
    assert f"worse  {CLAIM}" in out.splitlines()[0]
    assert out.splitlines()[0].split("  (and")[0].endswith("holds -> fails")
    assert f"again  verify run {CLAIM} --case" in out
    assert "--subject emo.demd=mylib.py:demd" in out
