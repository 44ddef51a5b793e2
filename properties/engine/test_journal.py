"""Nothing finished is lost: a run that was killed goes on where it stopped, with the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from verify.engine import drive
from verify.engine.journal import ForeignJournal
from verify.engine.run import run

TOYS = str(Path(__file__).parent / "toys")


def counted(monkeypatch):
    """Count the units that are really executed."""
    done = []
    settled = drive.Driver._settled
    monkeypatch.setattr(drive.Driver, "_settled", lambda self, f, work: done.append(work) or settled(self, f, work))
    return done


def test_a_finished_run_is_resumed_without_any_work(toys, tmp_path, settled, monkeypatch):
    first = run(modules=toys, jobs=0, journal=tmp_path / "j")
    done = counted(monkeypatch)
    again = run(modules=toys, jobs=0, journal=tmp_path / "j", resume=True)
    assert done == []
    assert settled(first) == settled(again)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_journal_is_completed_and_no_trial_is_repeated(toys, tmp_path, settled, monkeypatch, share):
    path = tmp_path / "j"
    first = run(modules=toys, jobs=0, journal=path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    kept = max(0, path.read_bytes().count(b"\n") - 1)
    done = counted(monkeypatch)
    again = run(modules=toys, jobs=0, journal=path, resume=True)
    assert settled(first) == settled(again)
    assert len(done) == whole.count(b"\n") - 1 - kept


def test_kill_9_in_the_middle_then_resume_gives_the_bytes_of_an_unbroken_run(toys, tmp_path, settled):
    path = tmp_path / "j"
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from verify.engine.run import run\n"
        "if __name__ == '__main__':\n"
        "    slow = lambda *a: __import__('time').sleep(0.05)\n"
        "    run(modules=('toy_claims',), jobs=1, journal=sys.argv[2], progress=slow)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, TOYS, str(path)], start_new_session=True)
    deadline = time.monotonic() + 60
    while not (path.exists() and path.read_bytes().count(b"\n") >= 4) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = path.read_bytes().count(b"\n")
    assert kept >= 4
    assert settled(run(modules=toys, jobs=0, journal=path, resume=True)) == settled(run(modules=toys, jobs=0))


def test_a_journal_of_another_run_is_refused(toys, tmp_path):
    run(modules=toys, jobs=0, journal=tmp_path / "j", mutants=False)
    with pytest.raises(ForeignJournal, match="another seed"):
        run(modules=toys, jobs=0, journal=tmp_path / "j", resume=True, seed=1)
    with pytest.raises(ForeignJournal, match="no journal"):
        run(modules=toys, jobs=0, journal=tmp_path / "none", resume=True)
    (tmp_path / "j").write_bytes(b'{"not": "a header"}\n')
    with pytest.raises(ForeignJournal, match="not a journal"):
        run(modules=toys, jobs=0, journal=tmp_path / "j", resume=True)
