"""The enclosure strip: an enclosure meets a region, one row a case, all rows on one axis.

Positions are per cent of the width and sizes are pixels, so the marks keep their size on every screen. All arithmetic is
done here; the template only prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verify.engine.record import ClaimRecord, TrialRecord
from verify.report.axis import Axis, Tick, axis
from verify.report.numbers import interval, number

MARK = 1.2  # per cent: narrower than this, an enclosure is a mark
MOST_ROWS = 12


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
class Row:
    """One case."""

    key: str
    verdict: str
    value: str
    words: str
    height: int
    bars: tuple[Bar, ...]
    mark: float | None
    worst: bool
    reason: str


@dataclass(frozen=True)
class Strip:
    """All cases of a claim on one axis. `band` is (x, width); `edges` are the finite ends; fades are open ends."""

    rows: tuple[Row, ...]
    more: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    band: tuple[float, float]
    fade: tuple[float, float] | None
    edges: tuple[float, ...]
    label: str
    log: bool
    broken: bool

    @property
    def worst(self) -> Row:
        """The row of the worst case."""
        return next((row for row in self.rows if row.worst), self.rows[0])


def strip(claim: ClaimRecord, trials: Sequence[TrialRecord]) -> Strip:
    """The strip of a claim; beyond twelve cases, the eight nearest to the edge come first and the rest unfold."""
    values = [float(end) for trial in trials for look in trial.trail for end in look]
    least, most = float(claim.region.least), float(claim.region.most)
    scale = axis(values, (least, most))
    rows = [_row(trial, scale, worst=trial.case == claim.worst) for trial in trials]
    first = rows
    if len(rows) > MOST_ROWS:
        nearest = {t.case for t in sorted(trials, key=lambda t: (t.verdict == "holds", float(t.room)))[:8]}
        first = [row for row in rows if row.key in nearest]
    # the 0 that `at_most` starts from is no line that anything could cross
    ends = [end for end in (least, most) if end not in (float("-inf"), float("inf"))]
    edges = tuple(scale.at(end) for end in ends if not (end == 0.0 and most > 0.0))
    left = scale.at(least) if edges and least in ends and (least != 0.0 or most == 0.0) else 0.0
    right = scale.at(most) if most in ends else 100.0
    fade = (88.0, 12.0) if most == float("inf") else None
    width = (min(right, 88.0) if fade else right) - left
    return Strip(
        tuple(first),
        tuple(row for row in rows if row not in first),
        scale.ticks,
        (left, round(max(width, 0.0), 2)),
        fade,
        edges,
        claim.quantity + (", logarithmic" if scale.log else ""),
        scale.log,
        scale.log and scale.zero,
    )


def _row(trial: TrialRecord, scale: Axis, *, worst: bool) -> Row:
    looks = [(scale.at(float(low)), scale.at(float(high))) for low, high in trial.trail]
    wide = [(a, b) for a, b in looks if b - a >= MARK]
    hollow = trial.verdict in ("undecided", "error")
    bars = tuple(
        Bar(a, round(b - a, 2), 3.5 + 6 * k, 5 if k == len(wide) - 1 else 3, round(0.22 + 0.78 * (k + 1) / len(wide), 2),
            hollow and k == len(wide) - 1)
        for k, (a, b) in enumerate(wide)
    )  # fmt: skip
    mark = None
    if looks and looks[-1][1] - looks[-1][0] < MARK:
        mark = round((looks[-1][0] + looks[-1][1]) / 2, 2)
    value = interval(trial.enclosure.low, trial.enclosure.high) if trial.enclosure else "no number"
    height = max(22, 10 + 6 * len(wide))
    return Row(
        trial.case or "the only case", trial.verdict, value, f"{trial.case or 'the only case'}: {value}, {trial.verdict}",
        height, bars, mark, worst, trial.reason,
    )  # fmt: skip


@dataclass(frozen=True)
class Dot:
    """A mutant's margin on the axis of its claim."""

    slip: str
    name: str
    x: float
    text: str


def margins(mutants: Sequence[tuple[str, str, float]]) -> tuple[tuple[Dot, ...], tuple[Tick, ...]]:
    """(dots, ticks) of (name, slip, margin), on one axis; an infinite margin stands at its end."""
    values = [m for _, _, m in mutants]
    finite = [m for m in values if m < float("inf")] or [1.0]
    # a linear axis starts at no margin at all, so that lengths compare
    scale = axis(values, [0.0] if max(finite) <= 100 * min(finite) else [])
    dots = tuple(
        Dot(slip, name, scale.at(margin), number("inf" if margin == float("inf") else margin))
        for name, slip, margin in mutants
    )
    return dots, scale.ticks
