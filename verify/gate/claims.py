"""Claims, then and now: what vanished, what is new, and what a claim allows itself."""

from __future__ import annotations

from collections.abc import Iterator

from verify.engine.record import plural
from verify.evidence import Verdict
from verify.gate.baseline import Baseline, ClaimLine
from verify.gate.finding import Finding, Word, pairs
from verify.gate.trials import allowed

KINDS_OF_EVIDENCE = ("certified", "exact", "rate", "statistical")  # what a change to the right gives up


def compare_claims(then: Baseline, now: Baseline) -> Iterator[Finding]:
    """What became of each claim as a whole; its cases speak for themselves."""
    verdicts = now.verdicts
    cases = {side: [trial.claim for trial in which.trials] for side, which in (("then", then), ("now", now))}
    for old, new in pairs(then.claims, now.claims, lambda claim: claim.id):
        if old and new:
            yield from _terms(old, new)
        elif old:
            says = f"the claim and its {plural(cases['then'].count(old.id), 'case')} were in the baseline"
            yield Finding(word=Word.GONE, kind="claim", where=old.id, says=says)
        elif new:
            verdict, says = verdicts[new.id], plural(cases["now"].count(new.id), "case")
            holds = verdict in (Verdict.HOLDS, Verdict.SKIPPED)
            word, kind = (Word.NEW, "claim") if holds else (Word.WORSE, "verdict")
            says = f"a new claim, {says}" + ("" if holds else ", does not hold")
            yield Finding(word=word, kind=kind, where=new.id, now=verdict.value, says=says)


def _terms(old: ClaimLine, new: ClaimLine) -> Iterator[Finding]:
    """What a claim allows itself: its region, its evidence, its risk."""
    if (old.least, old.most) != (new.least, new.most):
        wider = float(new.least) < float(old.least) or float(new.most) > float(old.most)
        word, says = (Word.LOOSENED, "the region was widened") if wider else (Word.BETTER, "the region is narrower")
        yield Finding(
            word=word, kind="region", where=new.id, then=f"region {allowed(old)}", now=allowed(new), says=says
        )
    if old.evidence != new.evidence:
        weaker = _grade(new) > _grade(old)
        word, says = (Word.LOOSENED, "weaker evidence") if weaker else (Word.BETTER, "stronger evidence")
        yield Finding(
            word=word, kind="evidence", where=new.id, then=f"evidence {old.evidence}", now=new.evidence, says=says
        )
    elif old.risk != new.risk:
        word, says = (Word.LOOSENED, "the risk was raised") if new.risk > old.risk else (Word.BETTER, "a smaller risk")
        risks = (f"risk {old.risk:.3g}", f"{new.risk:.3g}")
        yield Finding(word=word, kind="risk", where=new.id, then=risks[0], now=risks[1], says=says)


def _grade(claim: ClaimLine) -> int:
    known = claim.evidence in KINDS_OF_EVIDENCE
    return KINDS_OF_EVIDENCE.index(claim.evidence) if known else len(KINDS_OF_EVIDENCE)
