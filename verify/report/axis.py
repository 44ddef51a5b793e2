"""Axes of strips: where a value stands, in per cent of the width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from verify.report.numbers import number

FIRST, LAST = 1.5, 98.5  # marks at the ends stay whole
AFTER_BREAK = 14.0


@dataclass(frozen=True)
class Tick:
    """A labelled place."""

    x: float
    text: str


@dataclass(frozen=True)
class Axis:
    """Linear over [low, high], or logarithmic with a place for zero left of a break."""

    low: float
    high: float
    log: bool
    zero: bool
    ticks: tuple[Tick, ...]

    def at(self, value: float) -> float:
        """The position of a value, clipped to the axis."""
        return round(_place(value, self.low, self.high, log=self.log, zero=self.zero), 2)


def _place(value: float, low: float, high: float, *, log: bool, zero: bool) -> float:
    if log:
        if value <= 0:
            return FIRST
        left = AFTER_BREAK if zero else FIRST
        share = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
        return left + (LAST - left) * min(1.0, max(0.0, share)) if math.isfinite(value) else LAST
    if math.isinf(value):
        return LAST if value > 0 else FIRST
    return FIRST + (LAST - FIRST) * min(1.0, max(0.0, (value - low) / (high - low)))


def axis(values: Sequence[float], ends: Sequence[float]) -> Axis:
    """An axis on which all finite values and region ends have a place.

    Logarithmic where nothing is negative and the positive ones span more than two decades.
    """
    # beyond 1e300 nothing is told apart, and differences stay finite
    finite = [max(-1e300, min(v, 1e300)) for v in (*values, *ends) if math.isfinite(v)] or [0.0, 1.0]
    positive = [v for v in finite if v > 0]
    if min(finite) >= 0 and positive and max(positive) > 100 * min(positive):
        zero = min(finite) == 0 or any(v <= 0 for v in values)
        low = 10.0 ** max(-320, math.floor(math.log10(min(positive)) - 1e-9))
        high = 10.0 ** min(308, math.ceil(math.log10(max(positive)) + 0.3))
        low = max(low, 1e-307)
        return Axis(low, high, True, zero, _log_ticks(low, high, zero))
    low, high = min(finite), max(finite)
    pad = 0.08 * (high - low) or 0.5 * abs(high) or 1.0
    low, high = (0.0 if low == 0 and min(finite) == 0 and high > 0 else low - pad), high + pad
    return Axis(low, high, False, False, _linear_ticks(low, high))


def _log_ticks(low: float, high: float, zero: bool) -> tuple[Tick, ...]:
    first, last = round(math.log10(low)), round(math.log10(high))
    step = max(1, math.ceil((last - first) / 6))
    places = [10.0**k for k in range(first, last + 1, step)]
    ticks = [Tick(round(_place(v, low, high, log=True, zero=zero), 2), number(v)) for v in places]
    return (Tick(FIRST, "0"), *ticks) if zero else tuple(ticks)


def _linear_ticks(low: float, high: float) -> tuple[Tick, ...]:
    raw = (high - low) / 5
    unit = 10.0 ** math.floor(math.log10(raw))
    step = unit * next(m for m in (1, 2, 5, 10) if m * unit >= raw)
    first = math.ceil(low / step - 1e-9)
    places = [k * step for k in range(first, first + 12) if k * step <= high + 1e-9 * step]
    digits = max(4, math.ceil(math.log10(max(abs(low), abs(high)) / step)) + 1)
    return tuple(Tick(round(_place(v, low, high, log=False, zero=False), 2), number(v, digits)) for v in places)
