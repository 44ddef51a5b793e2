"""The commands gate and diff: exit codes, files before the code, one line for a bad request, nothing computed twice."""

import json
import subprocess
import sys
from functools import partial

import msgspec
import pytest

import verify.engine.run
from verify.cli import main
from verify.engine.record import SCHEMA

replace = msgspec.structs.replace
FLOAT = ("toy.square-of-a-float", "draws=10", "reference")


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Call the command in an empty folder: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)

    def called(*args):
        with pytest.raises(SystemExit) as end:
            main([str(arg) for arg in args])
        said = capsys.readouterr()
        return end.value.code or 0, said.out, said.err

    return called


@pytest.fixture
def saved(tmp_path, toys, baseline):
    """run.json and reports/baseline.json of the toys."""
    toys.save(tmp_path / "run.json")
    baseline.save(tmp_path / "reports" / "baseline.json")
    return tmp_path


@pytest.fixture
def quick(monkeypatch):
    """Let the gate's own run be one of the toys; counts how often something was executed."""
    executed = []
    settled = verify.engine.drive.Driver._settled
    monkeypatch.setattr(
        verify.engine.drive.Driver, "_settled", lambda self, f, work: executed.append(work) or settled(self, f, work)
    )
    judge = partial(verify.engine.run.run, modules=("toy_claims",))
    monkeypatch.setattr(verify.engine.run, "run", lambda *args, jobs=None, **how: judge(*args, jobs=0, **how))
    return executed


def test_an_unchanged_run_is_0(call, saved):
    code, out, _ = call("gate", "run.json")
    assert code == 0
    assert out.splitlines()[0].startswith(
        "gate: nothing worse, gone or loosened; 5 same, against reports/baseline.json"
    )
    assert out.splitlines()[1].startswith("4 claims, 5 trials planned")


def test_every_file_is_written_before_the_code_is_decided(call, saved, baseline, change):
    change(baseline, "claims", FLOAT[0], most=1e-16).save(saved / "reports" / "baseline.json")
    code, out, _ = call(
        "gate", "run.json", "--json", "f.json", "--markdown", "f.md", "--junit", "f.xml", "--html", "f.html", "--github"
    )
    assert code == 1
    assert out.startswith("loosened  toy.square-of-a-float  region [0, 1e-16] -> [0, 1e-15]")
    assert "::error title=loosened" in out
    assert json.loads((saved / "f.json").read_text())["exit_code"] == 1
    assert "# 1 finding since the baseline" in (saved / "f.md").read_text()
    assert 'failures="1"' in (saved / "f.xml").read_text()
    assert "1 finding since the baseline." in (saved / "f.html").read_text()


def test_json_on_standard_output_is_json_alone(call, saved):
    code, out, err = call("gate", "run.json", "--json", "-")
    assert json.loads(out)["exit_code"] == code == 0
    assert "gate: nothing worse" in err


def test_no_baseline_says_what_to_type(call, toys, tmp_path):
    toys.save(tmp_path / "run.json")
    code, _, err = call("gate", "run.json")
    assert code == 2
    assert err == "verify: reports/baseline.json: no baseline; verify gate --update makes one\n"


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b"\x00\xff", b'{"schema": "two"}', b"9" * 10_000])
def test_a_hostile_baseline_is_one_line_and_2(call, saved, data):
    (saved / "reports" / "baseline.json").write_bytes(data)
    code, out, err = call("gate", "run.json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("verify: reports/baseline.json: ")


def test_a_hostile_run_is_one_line_and_2(call, saved):
    (saved / "run.json").write_bytes(b'{"schema": %d, "trials": [[[' % SCHEMA)
    code, _, err = call("gate", "run.json")
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.parametrize("field", ["schema", "profile", "seed"])
def test_a_baseline_of_something_else_is_3_and_its_files_are_written(call, saved, baseline, field):
    value = {"schema": SCHEMA + 1, "profile": "full", "seed": 1}[field]
    replace(baseline, **{field: value}).save(saved / "reports" / "baseline.json")
    code, out, _ = call("gate", "run.json", "--json", "f.json", "--html", "f.html")
    assert code == 3
    assert out.startswith("not comparable  ")
    assert field in out.splitlines()[0]
    assert json.loads((saved / "f.json").read_text())["exit_code"] == 3


def test_a_saved_run_is_gated_without_measuring_or_importing_a_claim(saved):
    code = (
        "import sys\nfrom verify.cli import main\n"
        "try: main(['gate', 'run.json'])\n"
        "except SystemExit as end: assert not end.code\n"
        "print(*[name for name in sys.modules if name.startswith(('verify.claims', 'verify.methods', 'scipy', 'jinja2'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=saved)
    assert done.stdout.splitlines()[-1] == ""


def test_without_a_run_the_quick_profile_runs(call, saved, quick):
    code, out, _ = call("gate")
    assert code == 0
    assert "5 same" in out
    assert quick


def test_what_a_run_of_this_code_did_is_not_done_again(call, saved, quick):
    verify.engine.run.run(journal=saved / "latest" / "journal.jsonl")
    quick.clear()
    code, out, err = call("gate", "--reuse", "latest")
    assert (code, quick, err) == (0, [], "")
    assert "5 same" in out


def test_what_a_run_of_other_code_did_is_not_reused(call, saved, quick, monkeypatch):
    journal = saved / "latest" / "journal.jsonl"
    verify.engine.run.run(journal=journal)
    theirs = journal.read_bytes()
    monkeypatch.setattr(verify.engine.run, "code_fingerprint", lambda files: "other code")
    quick.clear()
    code, _, err = call("gate", "--reuse", "latest")
    assert code == 0
    assert "runs anew" in err
    assert "another code" in err
    assert quick
    assert journal.read_bytes() == theirs


def test_a_folder_without_a_journal_runs_anew(call, saved, quick):
    code, _, err = call("gate", "--reuse", "nowhere")
    assert code == 0
    assert "no journal" in err


def test_an_update_says_what_it_accepts_and_the_gate_passes_then(call, saved, baseline, change):
    change(baseline, "claims", FLOAT[0], most=1e-16).save(saved / "reports" / "baseline.json")
    code, out, _ = call("gate", "run.json", "--update")
    assert code == 0
    assert out.splitlines()[0] == (
        "accept  loosened  toy.square-of-a-float  region [0, 1e-16] -> [0, 1e-15]  the region was widened"
    )
    assert call("gate", "run.json")[0] == 0


def test_a_first_update_makes_a_baseline_and_an_old_schema_is_replaced(call, saved, baseline):
    path = saved / "reports" / "baseline.json"
    for data in (None, b'{"schema": 1}'):
        path.unlink()
        if data:
            path.write_bytes(data)
        code, out, _ = call("gate", "run.json", "--update")
        assert code == 0
        assert out.startswith("accept  everything anew: ")
        assert "accept  new  toy.square-rate  holds" in out
        assert path.read_bytes() == baseline.encode()


@pytest.mark.parametrize("value", ["1", "true", "yes"])
def test_an_update_is_refused_in_ci(call, saved, baseline, monkeypatch, value):
    monkeypatch.setenv("CI", value)
    path = saved / "reports" / "baseline.json"
    path.write_bytes(b"as it was")
    code, out, err = call("gate", "run.json", "--update")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "CI is set" in err
    assert path.read_bytes() == b"as it was"


def test_waivers_of_the_current_folder_count(call, saved, baseline, change, toys):
    trials = tuple(replace(t, verdict="fails") if t.claim == FLOAT[0] else t for t in toys.trials)
    replace(toys, trials=trials).save(saved / "run.json")
    assert call("gate", "run.json")[0] == 1
    (saved / "pyproject.toml").write_text(
        f'[[tool.verify.waivers]]\nclaim = "{FLOAT[0]}"\nverdict = "fails"\nreason = "known"\nuntil = 9999-01-01\n'
    )
    code, out, _ = call("gate", "run.json")
    assert code == 1
    assert out.startswith("loosened  toy.square-of-a-float  expects fails until 9999-01-01")
    assert call("gate", "run.json", "--update")[0] == 0
    code, out, _ = call("gate", "run.json")
    assert code == 0
    assert "waived  toy.square-of-a-float" in out


def test_a_bad_waiver_is_one_line_and_2(call, saved):
    (saved / "pyproject.toml").write_text("[tool.verify]\nwaivers = 3\n")
    code, _, err = call("gate", "run.json")
    assert (code, err.count("\n")) == (2, 1)


def test_no_colour_where_no_terminal_looks_on_and_none_where_it_is_unwanted(call, saved, baseline, change, monkeypatch):
    change(baseline, "claims", FLOAT[0], most=1e-16).save(saved / "reports" / "baseline.json")
    assert "\x1b" not in call("gate", "run.json")[1]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert call("gate", "run.json")[1].startswith("\x1b[31mloosened")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in call("gate", "run.json")[1]


def test_diff_shows_two_runs_side_by_side_and_decides_nothing(call, saved, baseline, change):
    replace(change(baseline, "trials", FLOAT, verdict="fails"), profile="full").save(saved / "then.json")
    code, out, _ = call("diff", "then.json", "run.json", "--markdown", "d.md", "--html", "d.html", "--json", "d.json")
    assert code == 0
    assert "better  toy.square-of-a-float  draws=10  fails -> holds" in out
    assert "not comparable  profile full -> quick" in out
    assert "diff: 1 not comparable, 1 better, 4 same, against then.json" in out.splitlines()
    assert out.splitlines()[-2].startswith("then  4 claims, 5 of 5 trials settled")
    assert "fails → holds" in (saved / "d.md").read_text()
    assert 'id="change"' in (saved / "d.html").read_text()
    assert call("diff", "run.json", "then.json", "--html", "d.html")[0] == 2  # a baseline has no page
    (saved / "old.json").write_text('{"schema": 1}')
    assert call("diff", "old.json", "run.json")[0] == 3
