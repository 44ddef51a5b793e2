"""The README does what it says: every system is in it, and its tour runs and prints its numbers."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import verify
from verify.claims.catalogue import catalogue

TEXT = (Path(__file__).parents[1] / "README.md").read_text()
TOUR = TEXT.partition("## A tour")[2].partition("\n## ")[0]


def test_every_system_is_in_the_table():
    named = re.findall(r"^\| `([a-z_]+)` \|", TEXT, re.M)
    assert sorted(named) == sorted(catalogue().systems)


def test_the_one_line_commands_print_what_their_comments_say():
    lines = TOUR.split("```sh\n")[1].split("```")[0].strip().splitlines()
    commands = [line for line in lines if line.startswith("python -c ")]
    expected = [line.rsplit(": ", 1)[1].split()[0] for line in lines if line.startswith("#")]
    assert len(commands) == len(expected) == 2
    for command, number in zip(commands, expected, strict=True):
        program = [sys.executable, *shlex.split(command)[1:]]
        printed = subprocess.run(program, capture_output=True, text=True, check=True).stdout
        assert number in re.sub(r"(\.\d{4})\d*", r"\1", printed), printed


def test_the_tour_runs_as_it_stands(capsys):
    code = TOUR.split("```python\n")[1].split("```")[0]
    exec(compile(code, "the tour", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.startswith("193\n")
    assert "{'\\n': Fraction(1, 1)} {' ': Fraction(3, 5), '\\n': Fraction(2, 5)}" in printed
    assert re.search(r"\[25\.60\d*, 12\.60\d*\]", printed)


def test_the_version_is_that_of_the_package():
    assert f"## {verify.__version__}" in (Path(__file__).parents[1] / "CHANGELOG.md").read_text()
