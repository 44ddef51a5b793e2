"""The findings as rows of the page: then and now on one axis."""

from __future__ import annotations

from verify.engine.record import Run, plural
from verify.gate.baseline import ClaimLine, TrialLine, by_claim
from verify.gate.compare import Comparison
from verify.gate.files import arrow, says
from verify.gate.finding import SIGN, Finding, Word
from verify.gate.text import by_place, clean
from verify.report.change import Change, Changes, Ends, Spot, plot, rest

MOST_ROWS = {Word.WORSE: 60}
MOST_OTHER_ROWS = 20
PICTURED = ("verdict", "enclosure", "edge", "claim", "case", "region", "basis", "digest")
Side = dict[str, tuple[ClaimLine, list[TrialLine]]]


def changes(found: Comparison, run: Run) -> Changes:
    """The comparison as rows of the page, each trial then and now on one axis."""
    sides: list[Side] = [by_claim(side) if side else {} for side in (found.then, found.now)]
    anchors = {claim.id for claim in run.claims}
    rows: list[Change] = []
    for word in Word:
        mine = [pair for pair in by_place(found.findings) if pair[0].word is word]
        rows += rest([_row(f, more, sides, anchors) for f, more in mine], MOST_ROWS.get(word, MOST_OTHER_ROWS))
    if found.same:
        what = "verdict, region and risk as in the baseline"
        rows.append(Change(Word.SAME, SIGN[Word.SAME], False, plural(found.same, "trial"), False, "", what))
    n = len(by_place(found.failing))
    sentence = f"{plural(n, 'finding')} since the baseline." if n else "Nothing got worse."
    if found.refused:
        sentence = "Not comparable with the baseline."
    before = (
        {(m.id, m.caught_by): float(m.margin or 0) for m in found.then.mutants if m.caught_by} if found.then else {}
    )
    return Changes(sentence, bool(n or found.refused), tuple(rows), before)


def _row(finding: Finding, more: int, sides: list[Side], anchors: set[str]) -> Change:
    spots, regions = zip(*(_then_or_now(side, finding) for side in sides), strict=True)
    picture = plot(*spots, *regions) if finding.kind in PICTURED else None
    brief = "; ".join(part for part in (finding.case.replace(",", " "), arrow(finding)) if part)
    where, brief, what = map(clean, (finding.where, brief, says(finding, more)))
    return Change(finding.word, SIGN[finding.word], finding.fails, where, where in anchors, brief, what, picture)


def _then_or_now(side: Side, finding: Finding) -> tuple[Spot | None, Ends | None]:
    """The enclosure and the region of a finding's case on one side; a finding about a whole claim shows its widest hull."""
    if finding.where not in side:
        return None, None
    claim, trials = side[finding.where]
    region = (float(claim.least), float(claim.most))
    whole = finding.kind in ("region", "claim")
    shown = [t for t in trials if (whole or t.case == finding.case) and t.low is not None and t.high is not None]
    if not shown:
        return None, region
    low, high = min(float(t.low or 0) for t in shown), max(float(t.high or 0) for t in shown)
    verdicts = [trial.verdict for trial in shown]
    worst = next((v for v in ("fails", "error", "undecided", "skipped") if v in verdicts), "holds")
    return Spot(low, high, worst), region
