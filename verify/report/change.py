"""Then and now: what became of a run since another one, drawn like the strips. Pale is then, full is now.

The rows come from whoever compared the two runs; here they only find their places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from verify.report.axis import Axis, axis
from verify.report.numbers import interval
from verify.report.strip import MARK, Band, Bar, Mark, band

HEIGHT = 28
ABOVE, MIDDLE, BELOW = 8.0, 14.0, 20.0
Ends = tuple[float, float]


@dataclass(frozen=True)
class Spot:
    """A verdict with the enclosure that decided, on its side of the comparison."""

    low: float
    high: float
    verdict: str


@dataclass(frozen=True)
class Plot:
    """The picture of a row. `dashed` is where the region used to end."""

    height: int
    band: Band
    dashed: tuple[float, ...]
    then: Drawn | None
    now: Drawn | None
    words: str


@dataclass(frozen=True)
class Drawn:
    """An enclosure as a bar, or as a mark where it is narrower than one."""

    verdict: str
    bar: Bar | None
    mark: Mark | None


@dataclass(frozen=True)
class Change:
    """A row of the comparison. `anchor` says that `where` has a place on the page."""

    word: str
    sign: str
    bad: bool
    where: str
    anchor: bool
    brief: str
    says: str
    plot: Plot | None = None


@dataclass(frozen=True)
class Changes:
    """The comparison as the page shows it: a sentence, the rows worst first, and margins of mutants as they were."""

    sentence: str
    bad: bool
    rows: tuple[Change, ...]
    margins: Mapping[tuple[str, str], float] = field(default_factory=dict)


def plot(then: Spot | None, now: Spot | None, before: Ends | None, after: Ends | None) -> Plot | None:
    """Both enclosures on one axis with the region as it is, and broken lines where it ended before."""
    region = after or before
    spots = [spot for spot in (then, now) if spot]
    if region is None or not spots:
        return None
    ends = [*region, *(before or ())]
    scale = axis([end for spot in spots for end in (spot.low, spot.high)], ends)
    here = band(scale, *region)
    gone = () if before is None or before == region else band(scale, *before).edges
    alone = then is None or now is None
    words = "; ".join(
        f"{when} {interval(spot.low, spot.high)}, {spot.verdict}"
        for when, spot in (("then", then), ("now", now))
        if spot
    )
    return Plot(
        HEIGHT,
        here,
        tuple(x for x in gone if x not in here.edges),
        _drawn(then, scale, MIDDLE if alone else ABOVE) if then else None,
        _drawn(now, scale, MIDDLE if alone else BELOW) if now else None,
        words,
    )


def _drawn(spot: Spot, scale: Axis, y: float) -> Drawn:
    a, b = scale.at(spot.low), scale.at(spot.high)
    if b - a < MARK:
        return Drawn(spot.verdict, None, Mark(round((a + b) / 2, 2), y, False))
    hollow = spot.verdict in ("undecided", "error")
    bar = Bar(a, round(b - a, 2), y - 2.5, 5, 1.0, hollow)
    # a bar alone would say failure by its colour only
    mark = Mark(round((a + b) / 2, 2), y, True) if spot.verdict == "fails" else None
    return Drawn(spot.verdict, bar, mark)


def rest(rows: Sequence[Change], most: int) -> tuple[Change, ...]:
    """The first rows, and one that says how many there was no room for."""
    if len(rows) <= most:
        return tuple(rows)
    words = f"{len(rows) - most} more rows"
    return (*rows[:most], Change("", "", False, "", False, words, "they stand in the JSON of the gate"))
