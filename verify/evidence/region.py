"""Regions: where a claim says that its quantity lies, and why the ends are where they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from verify.evidence.enclosure import Enclosure, above, below


class Verdict(StrEnum):
    """What became of a trial; the first three are decisions, the last two say that there is none."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "undecided"
    ERROR = "error"
    SKIPPED = "skipped"


WORST_FIRST = (Verdict.FAILS, Verdict.ERROR, Verdict.UNDECIDED, Verdict.SKIPPED, Verdict.HOLDS)


def worst_verdict(verdicts: list[Verdict]) -> Verdict:
    """The verdict of a claim from those of its trials: it holds if all hold."""
    return next((v for v in WORST_FIRST if v in verdicts), Verdict.ERROR)


@dataclass(frozen=True, slots=True)
class Region:
    """The interval [least, most], ends included, with the reason for its ends."""

    least: float
    most: float
    because: str

    def __post_init__(self) -> None:
        if not self.least <= self.most:
            raise ValueError(f"region [{self.least}, {self.most}], but least <= most and neither may be NaN")
        if not self.because.strip():
            raise ValueError("because='', but a region says where its ends come from")

    def judge(self, enclosure: Enclosure) -> Verdict:
        """Set inclusion: inside HOLDS, disjoint FAILS, overlapping UNDECIDED."""
        if self.least <= enclosure.low and enclosure.high <= self.most:
            return Verdict.HOLDS
        if enclosure.high < self.least or self.most < enclosure.low:
            return Verdict.FAILS
        return Verdict.UNDECIDED

    def margin(self, enclosure: Enclosure) -> float:
        """Distance from the enclosure to the region in its `unit`: positive exactly where judge says FAILS."""
        below_by = self._units(self.least, enclosure.high, self.least)
        above_by = self._units(enclosure.low, self.most, self.most)
        return max(0.0, below_by, above_by)

    def room(self, enclosure: Enclosure) -> float:
        """How far inside the nearest end is, in the same unit; negative exactly where the enclosure sticks out."""
        rooms = []
        if self.least > -math.inf:
            rooms.append(self._units(enclosure.low, self.least, self.least))
            # the 0 of `at_most` is no bound that a size can come near to
            if self.least == 0.0 < self.most and rooms[0] >= 0.0:
                rooms.clear()
        if self.most < math.inf:
            rooms.append(self._units(self.most, enclosure.high, self.most))
        return min(rooms, default=math.inf)

    def _units(self, a: float, b: float, end: float) -> float:
        """a - b in units of the region, 0 only where a = b: equal infinities are no NaN, a tiny difference is no 0."""
        if a == b:
            return 0.0
        difference = a - b
        if math.isinf(difference):
            return difference
        width = self.most - self.least
        unit = width if 0.0 < width < math.inf else abs(end) or 1.0
        return difference / unit or math.copysign(math.nextafter(0.0, 1.0), difference)


def at_most(most: Any, *, because: str) -> Region:
    """[0, most]: for sizes, which are never negative."""
    return Region(0.0, below(_number(most)), because)


def at_least(least: Any, *, because: str) -> Region:
    """[least, infinity)."""
    return Region(above(_number(least)), math.inf, because)


def within(least: Any, most: Any, *, because: str) -> Region:
    """[least, most]."""
    return Region(above(_number(least)), below(_number(most)), because)


def exactly(value: Any, *, because: str) -> Region:
    """The one point `value`, which must be a float: a region that rounds inward would hold nothing else."""
    number = _number(value)
    if below(number) != above(number):
        raise ValueError(f"exactly({value}), but no float equals it: state the difference against exactly(0)")
    return Region(float(number), float(number), because)


def _number(x: Any) -> Any:
    """A decimal string means the rational it spells."""
    return Fraction(x) if isinstance(x, str) else x
