"""The kill matrix, then and now: mutants that survive or are hardly caught, and checks that catch nothing."""

from __future__ import annotations

from collections.abc import Iterator

from verify.engine.record import Real
from verify.gate.baseline import Baseline, ClaimLine, MutantLine
from verify.gate.finding import Finding, Word, pairs


def compare_mutants(then: Baseline, now: Baseline) -> Iterator[Finding]:
    """What became of each mutant."""
    before, after = ({claim.id: claim for claim in side.claims} for side in (then, now))
    chance = {id for id, claim in before.items() if claim.evidence == "statistical" and then.seed != now.seed}
    units = {id for id, claim in before.items() if id in after and _region(claim) != _region(after[id])}
    for old, new in pairs(then.mutants, now.mutants, lambda mutant: mutant.id):
        if old and new:
            found = _mutant(old, new, chance, units)
            if found:
                yield found
        elif old:
            says = "the mutant was tried in the baseline, is not tried now"
            yield Finding(word=Word.GONE, kind="mutant", where=old.id, says=says)
        elif new and new.caught_by is None:
            yield Finding(word=Word.WORSE, kind="survivor", where=new.id, says="a new mutant survives")
        elif new:
            yield Finding(word=Word.NEW, kind="mutant", where=new.id, says=f"caught by {new.caught_by}")


def _region(claim: ClaimLine) -> tuple[Real, Real]:
    return claim.least, claim.most


def _mutant(old: MutantLine, new: MutantLine, chance: set[str], units: set[str]) -> Finding | None:
    """What became of a mutant. Margins are compared by what is certain: the most that it may be now.

    `chance` are claims that met other draws, `units` are claims whose region, the unit of their margins, is another.
    """
    if new.caught_by is None:
        if old.caught_by is None:
            return None
        says = f"the mutant survives; {old.caught_by} caught it"
        return Finding(word=Word.WORSE, kind="survivor", where=new.id, then="caught", now="survives", says=says)
    if old.caught_by is None:
        says = f"by {new.caught_by}"
        return Finding(word=Word.BETTER, kind="survivor", where=new.id, then="survives", now="caught", says=says)
    if old.caught_by != new.caught_by:
        then, now = f"caught by {old.caught_by}", new.caught_by
        if old.caught_by in chance:
            return None  # which claim catches it first is chance
        if old.caught_by in new.passed:
            says = f"{old.caught_by} does not catch it any more"
            return Finding(word=Word.WORSE, kind="catcher", where=new.id, then=then, now=now, says=says)
        says = "another claim comes first"
        return Finding(word=Word.MOVED, kind="catcher", where=new.id, then=then, now=now, says=says)
    if new.caught_by in units:
        return None
    then, now = f"margin {_margin(old)}", _margin(new)
    if _most(new) < 0.5 * float(old.margin or 0.0):
        says = f"the margin of {new.caught_by} fell below half"
        return Finding(word=Word.WORSE, kind="margin", where=new.id, then=then, now=now, says=says)
    if float(new.margin or 0.0) > 2 * _most(old):
        says = f"{new.caught_by} tells it from the reference by more than twice as much"
        return Finding(word=Word.BETTER, kind="margin", where=new.id, then=then, now=now, says=says)
    return None


def _most(mutant: MutantLine) -> float:
    """The most that the margin may be."""
    return float((mutant.margin if mutant.reach is None else mutant.reach) or 0.0)


def _margin(mutant: MutantLine) -> str:
    low, high = float(mutant.margin or 0.0), _most(mutant)
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def compare_variants(then: Baseline, now: Baseline) -> Iterator[Finding]:
    """Harmless variants and claims that catch nothing: a check of the checks."""
    for old, new in pairs(then.equivalents, now.equivalents, lambda variant: variant.id):
        if old and not new:
            says = "the harmless variant was tried in the baseline, is not tried now"
            yield Finding(word=Word.GONE, kind="equivalent", where=old.id, says=says)
        elif new and set(new.rejected_by) - set(old.rejected_by if old else ()):
            says = f"{', '.join(new.rejected_by)} rejects a harmless variant"
            yield Finding(word=Word.WORSE, kind="rejected", where=new.id, then="spared", now="rejected", says=says)
        elif old and new and set(old.rejected_by) - set(new.rejected_by):
            yield Finding(word=Word.BETTER, kind="rejected", where=new.id, then="rejected", now="spared")
        elif new and not old:
            yield Finding(word=Word.NEW, kind="equivalent", where=new.id, says="a harmless variant, spared")
    for claim in sorted(set(now.idle_claims) - set(then.idle_claims)):
        says = "the claim fails no mutant, so it has not shown that it can fail"
        yield Finding(word=Word.WORSE, kind="idle", where=claim, now="catches nothing", says=says)
    for claim in sorted(set(then.idle_claims) - set(now.idle_claims)):
        if any(line.id == claim for line in now.claims):
            yield Finding(word=Word.BETTER, kind="idle", where=claim, then="catches nothing", now="catches a mutant")
