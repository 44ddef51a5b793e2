"""Runs to draw: one that holds, and one in which everything goes wrong under a hostile name."""

import msgspec
import pytest

import verify

HOSTILE = "<script>alert(\"x\")</script> & 'quotes' `ticks` | " + "long" * 500


@pytest.fixture(scope="session")
def good():
    return verify.run(["emo.escape-time", "emo.cosine-cost-not-a-metric"], jobs=0)


@pytest.fixture(scope="session")
def bad(good):
    """Every verdict, a survivor, an idle claim, a rejected variant, and hostile text in every field that is shown."""
    replace = msgspec.structs.replace
    verdicts = ("fails", "error", "undecided", "skipped", "holds")
    claims = tuple(
        replace(c, title=HOSTILE, refutes=HOSTILE, quantity=HOSTILE, verdict=verdicts[k % 5], worst=None,
                region=replace(c.region, because=HOSTILE), source=replace(c.source, place=HOSTILE))
        for k, c in enumerate(good.claims)
    )  # fmt: skip
    of = {c.id: c.verdict for c in claims}
    trials = tuple(
        replace(t, verdict=of[t.claim], reason=HOSTILE, subject=HOSTILE,
                enclosure=None if of[t.claim] == "error" else t.enclosure, trail=() if of[t.claim] == "error" else t.trail)
        for t in good.trials
    )  # fmt: skip
    return replace(
        good,
        claims=claims,
        trials=trials,
        mutants=tuple(replace(m, slip=HOSTILE) for m in good.mutants),
        survivors=(HOSTILE,),
        idle_claims=(HOSTILE,),
        equivalents=tuple(replace(e, because=HOSTILE, rejected_by=(good.claims[0].id,)) for e in good.equivalents),
        systems=tuple(replace(s, title=HOSTILE, finding=HOSTILE) for s in good.systems),
        sources=tuple(replace(s, title=HOSTILE, authors=HOSTILE, where=HOSTILE) for s in good.sources),
        figures=tuple(replace(f, title=HOSTILE, says=HOSTILE, x=HOSTILE, y=HOSTILE) for f in good.figures),
        subjects={HOSTILE: HOSTILE},
        environment={"python": HOSTILE, "packages": {HOSTILE: HOSTILE}, "date": HOSTILE},
    )
