"""The toys as a run and as a baseline, and what it takes to change one thing in them."""

import importlib
import sys
from datetime import date
from pathlib import Path

import msgspec
import pytest

from verify.claims import declare
from verify.engine.record import Counts
from verify.engine.run import run
from verify.gate.baseline import baseline_of
from verify.gate.compare import compare
from verify.gate.waivers import Waiver

TOYS = Path(__file__).parent.parent / "engine" / "toys"
TODAY = date(2026, 11, 25)


@pytest.fixture(scope="session")
def toys():
    """A run of the toys, as it really went."""
    sys.path.insert(0, str(TOYS))
    return run(modules=("toy_claims",), jobs=0)


@pytest.fixture(scope="session")
def baseline(toys):
    return baseline_of(toys)


@pytest.fixture(scope="session")
def findings():
    """(word, kind, where, case) of all findings that two baselines have."""

    def found(then, now, today=TODAY, **how):
        return [(f.word.value, f.kind, f.where, f.case) for f in compare(then, now, today=today, **how).findings]

    return found


def recounted(side):
    """With the counts that its lists have."""
    verdicts = [trial.verdict for trial in side.trials]
    skipped, errors = verdicts.count("skipped"), verdicts.count("error")
    counts = Counts(
        claims=len(side.claims), planned=len(verdicts), settled=len(verdicts) - skipped - errors, skipped=skipped,
        errors=errors, mutants=len(side.mutants), caught=sum(m.caught_by is not None for m in side.mutants),
    )  # fmt: skip
    return msgspec.structs.replace(side, counts=counts)


@pytest.fixture(scope="session")
def change():
    """A baseline in which one line is another: change(baseline, "trials", address, verdict="fails")."""

    def changed(side, part, name, **fields):
        def key(line):
            return line.address if part == "trials" else line.claim if part == "waivers" else line.id

        assert name in map(key, getattr(side, part))
        lines = (msgspec.structs.replace(x, **fields) if key(x) == name else x for x in getattr(side, part))
        return recounted(msgspec.structs.replace(side, **{part: tuple(lines)}))

    return changed


@pytest.fixture(scope="session")
def without():
    """A baseline without some lines: without(baseline, "mutants", "toy.square/twice")."""

    def left(side, part, name):
        kept = tuple(
            line
            for line in getattr(side, part)
            if name not in (getattr(line, "id", None), getattr(line, "address", None), getattr(line, "claim", None))
        )
        assert len(kept) < len(getattr(side, part))
        return recounted(msgspec.structs.replace(side, **{part: kept}))

    return left


@pytest.fixture(scope="session")
def waiver():
    def made(claim="toy.square-of-a-float", verdict="fails", until=date(2027, 1, 31), reason="the fix is under way"):
        return Waiver(claim=claim, verdict=verdict, reason=reason, until=until)

    return made


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """Run the toys after an edit of their source: edited(("what stands there", "what shall stand there"))."""

    def again(*edits, **how):
        text = (TOYS / "toy_claims.py").read_text()
        for old, new in edits:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the toys"
            text = text.replace(old, new)
        name = f"toys_edited_{len(sys.modules)}_{abs(hash((tmp_path, edits)))}"
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(declare, "DECLARED", declare.Registry())
        importlib.invalidate_caches()
        return run(modules=(name,), jobs=0, **how)

    return again
