"""Waivers, then and now: which count, and which were added, stretched, or outlived their claim."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from verify.gate.baseline import Baseline
from verify.gate.finding import Finding, Word
from verify.gate.waivers import Waiver


def active(now: Baseline, today: date) -> dict[str, Waiver]:
    """The waivers that match: not expired, and the claim has the verdict that was expected."""
    verdicts = now.verdicts
    return {w.claim: w for w in now.waivers if today <= w.until and verdicts.get(w.claim) == w.verdict}


def excused(finding: Finding, waiver: Waiver | None) -> Finding:
    """A verdict that got worse, as its claim's waiver expects, has only moved."""
    if waiver is None or finding.kind != "verdict" or not finding.fails:
        return finding
    return msgspec.structs.replace(finding, word=Word.MOVED, says=f"waived until {waiver.until}: {waiver.reason}")


def compare_waivers(then: Baseline, now: Baseline, today: date) -> Iterator[Finding]:
    """Waivers that give more leave than the baseline had, and those that say nothing true any more."""
    verdicts = now.verdicts
    known = {waiver.claim: waiver for waiver in then.waivers}
    for waiver in now.waivers:
        old = known.pop(waiver.claim, None)
        found = verdicts.get(waiver.claim)
        expects = f"expects {waiver.verdict} until {waiver.until}"
        says = ""
        if today > waiver.until:
            says = f"the waiver expired: {waiver.reason}"
        elif found is None:
            says = "the waiver matches no claim of the run"
        elif found != waiver.verdict:
            says = f"the waiver matches nothing: the claim is now {found.value}"
        elif old is None or old.verdict != waiver.verdict or old.until < waiver.until:
            says = f"a waiver was {'added' if old is None else 'stretched'}: {waiver.reason}"
        if says:
            was = f"{old.verdict} until {old.until}" if old else ""
            yield Finding(word=Word.LOOSENED, kind="waiver", where=waiver.claim, then=was, now=expects, says=says)
    for old in known.values():
        was = f"expected {old.verdict} until {old.until}"
        yield Finding(word=Word.BETTER, kind="waiver", where=old.claim, then=was, says="the waiver was lifted")
