"""The command: exit codes, files, one-line errors, and what other programs read."""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import msgspec
import pytest

import verify
from verify.cli import main

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def call(*args):
    with pytest.raises(SystemExit) as end:
        main([str(a) for a in args])
    return end.value.code or 0


def test_a_run_writes_every_file_and_says_the_same_counts_everywhere(tmp_path, capsys):
    assert call("run", "emo.escape-time", "--out", tmp_path / "out") == 0
    counts = capsys.readouterr().out.splitlines()[-1]
    assert counts.startswith("4 claims, ")
    out = tmp_path / "out"
    saved = verify.load(out / "run.json")
    assert saved.summary == counts
    assert counts in (out / "index.html").read_text()
    assert counts in (out / "summary.md").read_text()
    assert 'tests="4"' in (out / "junit.xml").read_text()


def test_json_on_standard_output_is_json_alone(capsys):
    assert call("run", "emo.escape-time.rate", "--json", "-", "--no-mutants") == 0
    assert json.loads(capsys.readouterr().out)["counts"]["claims"] == 1


def test_jobs_change_no_byte_outside_the_environment(tmp_path):
    runs = []
    for jobs in (1, 2):
        assert call("run", "emo.escape-time", "emo.zero*", "--jobs", jobs, "--json", tmp_path / f"{jobs}") == 0
        plain = json.loads((tmp_path / f"{jobs}").read_text())
        del plain["environment"]
        runs.append(json.dumps(plain))
    assert runs[0] == runs[1]


def test_resume_without_out_uses_the_hidden_journal(tmp_path, capsys):
    assert call("run", "emo.escape-time", "--no-mutants") == 0
    assert call("run", "emo.escape-time", "--no-mutants", "--resume") == 0
    assert (tmp_path / ".verify" / "journal.jsonl").is_file()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("run", "emo.escape-tme"), "did you mean 'emo.escape-time'"),
        (("rnu",), "did you mean 'run'"),
        (("run", "--profile", "slow"), "slow"),
        (("run", "--jobs", "0"), "--jobs"),
        (("run", "emo", "--case", "n"), "NAME=VALUE"),
        (("run", "emo.escape-time", "--case", "s0=7"), "s0=-2"),
        (("run", "emo", "--subject", "emo.demd=nowhere:f"), "cannot import nowhere"),
        (("run", "emo", "--subject", "emo.dmd=math:fsum"), "did you mean 'emo.demd'"),
        (("run", "emo", "--resume"), "no journal"),
        (("show", "emo.dmd"), "did you mean 'emo.demd'"),
        (("report", "absent.json", "--html", "-"), "absent.json"),
        (("list", "--jsno"), "--jsno"),
    ],
)
def test_a_bad_request_is_one_line_and_exit_code_2(args, words, capsys):
    assert call(*args) == 2
    said = capsys.readouterr().err
    assert said.startswith("verify: ")
    assert said.count("\n") == 1
    assert words in said


def test_nothing_selected_is_3():
    assert call("run", "nothing.*") == 3


def test_a_file_that_is_no_run_is_refused_in_one_line(tmp_path, capsys):
    (tmp_path / "run.json").write_text('{"schema": 99}')
    assert call("report", tmp_path / "run.json", "--html", "-") == 2
    assert "schema 99" in capsys.readouterr().err


def test_the_example_subject_holds_and_its_hasty_sister_fails(tmp_path, capsys):
    mine = f"emo.demd={ROOT / 'examples' / 'my_subject.py'}"
    assert call("run", "emo", "--subject", f"{mine}:demd") == 0
    capsys.readouterr()
    assert call("run", "emo", "--subject", f"{mine}:hasty_demd", "--html", tmp_path / "page.html") == 1
    said = capsys.readouterr().out
    assert "FAILS" in said
    assert "again     verify run emo." in said
    assert "hasty_demd" in said
    page = (tmp_path / "page.html").read_text()
    assert "hasty_demd" in page
    assert "One fails." in page
    assert "n=100" in page


def test_a_subject_from_the_current_folder(tmp_path):
    (tmp_path / "mylib_of_this_test.py").write_text("def demd(p, q, cost):\n    return float(p @ cost @ q)\n")
    assert call("run", "emo", "--subject", "emo.demd=mylib_of_this_test:demd") == 0


def test_list_and_show_say_what_the_contract_says(capsys):
    assert call("list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    keys = {"id", "system", "title", "statement", "source", "evidence", "role", "refutes", "region", "cases", "mutants"}
    for claim in listed:
        assert keys <= set(claim)
        assert set(claim["region"]) == {"least", "most", "because"}
        assert set(claim["cases"]) == {"quick", "full"}
    assert call("show", "emo.demd") == 0
    assert "zero_on_equals" in capsys.readouterr().out
    assert call("show", "emo.escape-time") == 0
    assert "allowed" in capsys.readouterr().out


def test_list_begins_with_a_table_of_the_systems_that_says_how_to_see_more(capsys):
    assert call("list") == 0
    head, *rows, counts, more = capsys.readouterr().out.splitlines()
    systems = verify.catalogue().systems
    assert head.split() == ["system", "claims", "cases", "(full)", "mutants"]
    assert [row.split()[0] for row in rows] == list(systems)
    assert [sum(int(row.split()[k]) for row in rows) for k in (1, 4)] == [
        int(word.split()[0]) for word in counts.split(", ")[1:]
    ]
    assert "--all" in more
    assert call("list", "--all") == 0
    assert len([line for line in capsys.readouterr().out.splitlines() if re.match(r"  \S", line)]) == len(
        verify.catalogue().claims
    )


def test_a_selection_lists_its_claims_and_counts_the_mutants_of_their_roles_alone(capsys):
    assert call("list", "emo.escape-time") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "4 claims, 4 mutants"
    assert call("list", "nothing.*") == 3


def test_the_mutants_command_writes_its_three_keys(capsys):
    assert call("mutants", "emo.line-transport", "--json", "-") == 0
    assert set(json.loads(capsys.readouterr().out)) == {"mutants", "survivors", "idle_claims"}


def test_the_schema_describes_a_saved_run(capsys):
    assert call("schema") == 0
    assert "TrialRecord" in json.loads(capsys.readouterr().out)["$defs"]


def test_python_gives_the_same_run_as_the_command(tmp_path):
    assert call("run", "emo.escape-time.rate", "--json", tmp_path / "a.json") == 0
    run = verify.run("emo.escape-time.rate")
    run.save(tmp_path / "b.json")
    a, b = (msgspec.to_builtins(verify.load(tmp_path / name)) for name in ("a.json", "b.json"))
    assert {**a, "environment": {}} == {**b, "environment": {}}
    assert "emo.demd" in verify.catalogue().roles


def test_the_system_of_the_contributing_page_runs_as_it_stands(tmp_path, monkeypatch):
    text = (ROOT / "CONTRIBUTING.md").read_text()
    code = text.split("```python\n", 1)[1].split("```", 1)[0]
    (tmp_path / "averages_of_the_page.py").write_text(textwrap.dedent(code))
    monkeypatch.syspath_prepend(tmp_path)
    run = verify.run(modules=("averages_of_the_page",), jobs=0)
    assert run.exit_code == 0, run.summary
    assert run.counts.caught == run.counts.mutants == 1


def test_the_plugin_judges_a_users_function(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        textwrap.dedent("""
        from verify.pytest_plugin import parametrize_with_claims

        def wrong(p, q, cost):
            return 0.0

        @parametrize_with_claims("emo", subject={"emo.demd": wrong})
        def test_mine(trial):
            trial.check()
        """)
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path / "test_mine.py")],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "measured" in done.stdout
    assert "emo.zero-one-cost-is-total-variation.excess[n=2,draws=20]" in done.stdout


def test_python_dash_m_and_the_version():
    done = subprocess.run([sys.executable, "-m", "verify", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"verify {verify.__version__}\n"
