"""The enclosure strip: an enclosure meets a region, one row a case, all rows on one axis.

Positions are per cent of the width and sizes are pixels, so the marks keep their size on every screen. All arithmetic is
done here; the template only prints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from verify.engine.record import ClaimRecord, TrialRecord
from verify.report.axis import Axis, Tick, axis
from verify.report.numbers import interval, number

MARK = 1.2  # per cent: narrower than this, an enclosure is a mark
MOST_ROWS = 12
FIRST_ROWS = 8
MOST_LOOKS = 6  # the last ones: a row stays a row, however often somebody looked
FADE = 12.0  # per cent: how far an open end takes to fade
SHADE = {"holds": 0, "skipped": 1, "undecided": 2, "error": 3, "fails": 4}


@dataclass(frozen=True)
class Bar:
    """A look as a bar."""

    x: float
    width: float
    y: float
    height: int
    ink: float
    hollow: bool


@dataclass(frozen=True)
class Mark:
    """A shape on the strip; `ground` is set where it lies on a bar and needs paper below it."""

    x: float
    y: float
    ground: bool


@dataclass(frozen=True)
class Row:
    """One case. `subject` is empty for the reference."""

    case: str
    key: str
    subject: str
    verdict: str
    value: str
    words: str
    height: int
    bars: tuple[Bar, ...]
    mark: Mark | None
    worst: bool
    reason: str


@dataclass(frozen=True)
class Band:
    """The region: the solid part from `x`, and an open end on either side that fades out (x, width), or None."""

    x: float
    width: float
    left: tuple[float, float] | None
    right: tuple[float, float] | None
    edges: tuple[float, ...]


@dataclass(frozen=True)
class Strip:
    """All cases of a claim on one axis; `more` are the rows that unfold."""

    rows: tuple[Row, ...]
    more: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    band: Band
    label: str
    broken: bool
    worst: Row

    @property
    def mini(self) -> Row:
        """The worst case for the line of a folded claim: only its last look, in the middle."""
        bars = tuple(Bar(b.x, b.width, 8.5, 5, 1.0, b.hollow) for b in self.worst.bars[-1:])
        mark = self.worst.mark and Mark(self.worst.mark.x, 11.0, self.worst.mark.ground)
        w = self.worst
        return Row(w.case, w.key, w.subject, w.verdict, w.value, w.words, 22, bars, mark, w.worst, w.reason)


def strip(claim: ClaimRecord, trials: Sequence[TrialRecord]) -> Strip:
    """The strip of a claim; beyond twelve rows, the eight nearest to the edge come first and the rest unfold."""
    values = [end for trial in trials for look in _looks(trial) for end in look]
    least, most = float(claim.region.least), float(claim.region.most)
    scale = axis(values, (least, most))
    ordered = sorted(range(len(trials)), key=lambda k: _urgency(trials[k], claim))
    worst = ordered[0] if trials else -1
    rows = [_row(trial, scale, worst=k == worst) for k, trial in enumerate(trials)]
    shown = set(ordered[:FIRST_ROWS] if len(rows) > MOST_ROWS else ordered)
    return Strip(
        tuple(row for k, row in enumerate(rows) if k in shown),
        tuple(row for k, row in enumerate(rows) if k not in shown),
        scale.ticks,
        band(scale, least, most),
        claim.quantity + (", logarithmic" if scale.log else ""),
        scale.log and scale.zero,
        rows[worst] if rows else Row("", "no case", "", claim.verdict, "no number", "no case", 22, (), None, False, ""),
    )


def band(scale: Axis, least: float, most: float) -> Band:
    """Where the region lies on the axis: edges at its finite ends, a fade at an open one."""
    # the 0 that `at_most` starts from is no line that anything could cross
    closed = math.isfinite(least) and not (least == 0.0 < most)
    edges = tuple(scale.at(end) for end, there in ((least, closed), (most, math.isfinite(most))) if there)
    x = scale.at(least) if closed else 0.0
    end = scale.at(most) if math.isfinite(most) else 100.0
    left = right = None
    if least == -math.inf:
        wide = round(min(FADE, end), 2)
        left, x = (0.0, wide), wide
    if most == math.inf:
        start = round(max(x, 100.0 - FADE), 2)
        right, end = (start, round(100.0 - start, 2)), start
    return Band(x, round(max(end - x, 0.0), 2), left, right, edges)


def _urgency(trial: TrialRecord, claim: ClaimRecord) -> tuple[int, bool, float]:
    """Sorts the worst first: by verdict, then the case that the run calls the worst, then by room."""
    return -SHADE.get(trial.verdict, 4), trial.case != claim.worst, float(trial.room)


def _looks(trial: TrialRecord) -> list[tuple[float, float]]:
    """The last looks as numbers; a trial without a trail shows its enclosure."""
    looks = [(float(low), float(high)) for low, high in trial.trail]
    if not looks and trial.enclosure is not None:
        looks = [(float(trial.enclosure.low), float(trial.enclosure.high))]
    return looks[-MOST_LOOKS:]


def _row(trial: TrialRecord, scale: Axis, *, worst: bool) -> Row:
    looks = [(scale.at(low), scale.at(high)) for low, high in _looks(trial)]
    wide = [(a, b) for a, b in looks if b - a >= MARK]
    narrow = bool(looks) and looks[-1][1] - looks[-1][0] < MARK
    hollow = trial.verdict in ("undecided", "error")
    bars = tuple(
        Bar(a, round(b - a, 2), 3.5 + 6 * k, 5 if last else 3, round(0.22 + 0.78 * (k + 1) / len(wide), 2), hollow and last)
        for k, (a, b) in enumerate(wide)
        for last in [k == len(wide) - 1 and not narrow]
    )  # fmt: skip
    height = max(22, 10 + 6 * (len(wide) + (narrow and bool(wide))))
    if len(bars) == 1 and not narrow:
        only = bars[0]
        bars = (Bar(only.x, only.width, height / 2 - 2.5, only.height, only.ink, only.hollow),)
    mark = None
    if narrow:
        mark = Mark(round((looks[-1][0] + looks[-1][1]) / 2, 2), height - 7.0 if wide else height / 2, False)
    elif bars and trial.verdict == "fails":  # a bar alone would say failure by its colour only
        mark = Mark(round(bars[-1].x + bars[-1].width / 2, 2), bars[-1].y + 2.5, True)
    value = interval(trial.enclosure.low, trial.enclosure.high) if trial.enclosure else "no number"
    key = trial.case or "the only case"
    subject = "" if trial.subject == "reference" else trial.subject
    words = f"{key}{', subject ' + subject if subject else ''}: {value}, {trial.verdict}"
    return Row(trial.case, key, subject, trial.verdict, value, words, height, bars, mark, worst, trial.reason)


@dataclass(frozen=True)
class Dot:
    """A mutant's margin on the axis of its claim; `ring` is where it stood in the baseline."""

    slip: str
    name: str
    x: float
    text: str
    ring: float | None


def margins(
    mutants: Sequence[tuple[str, str, float]], before: Sequence[float | None] = ()
) -> tuple[tuple[Dot, ...], tuple[Tick, ...]]:
    """(dots, ticks) of (name, slip, margin), on one axis; an infinite margin stands at its end.

    before: the margin of each in the baseline, or None.
    """
    rings = tuple(before) or (None,) * len(mutants)
    values = [m for _, _, m in mutants] + [m for m in rings if m is not None]
    finite = [m for m in values if m < math.inf] or [1.0]
    # a linear axis starts at no margin at all, so that lengths compare
    scale = axis(values, [0.0] if max(finite) <= 100 * min(finite) else [])
    dots = tuple(
        Dot(slip, name, scale.at(margin), number(margin), None if ring is None else scale.at(ring))
        for (name, slip, margin), ring in zip(mutants, rings, strict=True)
    )
    return dots, scale.ticks
