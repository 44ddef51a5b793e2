"""The axes of a figure: limits with a little room, ticks at round numbers, positions in tenths of a point."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from verify.report.numbers import number

ROOM = 0.04  # of the length of the data, left free at either end
HUGE = 1e300  # beyond it there is no place to draw

Floats = NDArray[np.float64]


def floats(values: ArrayLike) -> Floats:
    """Floats that an axis can hold; what is infinite leaves a gap, as there is no place to draw it."""
    x = np.asarray(values, dtype=float)
    return np.where(np.abs(x) < HUGE, x, np.nan)


@dataclass(frozen=True)
class Scale:
    """From data in [low, high] to positions in [start, stop]; logarithmic or linear."""

    low: float
    high: float
    log: bool
    start: float
    stop: float

    def at(self, values: ArrayLike) -> Floats:
        """Positions. On a logarithmic axis what is not positive lies at its low end."""
        x = floats(values)
        if self.log:
            x = np.log(np.where(x <= self.low, self.low, x))
        a, b = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        return np.asarray(self.start + (self.stop - self.start) * (x / (b - a) - a / (b - a)))


def limits(values: Floats, *, log: bool, tight: bool = False, floor: float | None = None) -> tuple[float, float]:
    """(low, high) of an axis that holds all finite values.

    tight: no room at the ends, as for a field that fills its axes. floor: where bars stand; there the axis ends.
    """
    x = values[np.isfinite(values) & ((values > 0) if log else True)]
    if not x.size:
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = float(x.min()), float(x.max())
    if log:
        grow = math.exp(ROOM * (math.log(high) - math.log(low))) if low < high else 2.0
        return (low, high) if tight and low < high else (max(low / grow, 1e-307), min(high * grow, 1e307))
    room = ROOM * (high - low) if low < high else 0.5 * abs(high) or 0.5
    if tight and low < high:
        return low, high
    return (low if low == floor != high else low - room), (high if high == floor != low else high + room)


@dataclass(frozen=True)
class Ticks:
    """Labelled places, and places between them that have a short tick and no words."""

    places: tuple[float, ...]
    texts: tuple[str, ...]
    between: tuple[float, ...]


def ticks(low: float, high: float, *, log: bool, most: int) -> Ticks:
    """At most about `most` round numbers in [low, high]."""
    if log and high / low > 4:
        return _log_ticks(low, high, most)
    places = round_numbers(low, high, most)
    step = places[1] - places[0] if len(places) > 1 else abs(high) or 1.0
    digits = max(4, math.ceil(math.log10(max(abs(low), abs(high)) / step)) + 1)
    return Ticks(places, tuple(number(v, digits) for v in places), ())


def round_numbers(low: float, high: float, most: int) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten in [low, high], at most `most` + 1."""
    raw = (high - low) / most
    unit = 10.0 ** math.floor(math.log10(raw))
    step = unit * next(m for m in (1, 2, 5, 10) if m * unit >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(k * step for k in range(first, last + 1))


def _log_ticks(low: float, high: float, most: int) -> Ticks:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first >= 2:
        step = math.ceil((last - first + 1) / most)
        decades = range(first, last + 1)
        shown = [k for k in decades if k % step == 0]
        between = list(_mantissas(low, high, range(2, 10))) if step == 1 else [10.0**k for k in decades if k % step]
        return _labelled([10.0**k for k in shown], between)
    fine, coarse = (list(_mantissas(low, high, m)) for m in ((1, 2, 5), (1, 3)))
    every = list(_mantissas(low, high, range(1, 10)))
    shown_values = fine if len(fine) <= most else coarse
    return _labelled(shown_values, [v for v in every if v not in shown_values])


def _mantissas(low: float, high: float, digits: range | tuple[int, ...]) -> Iterator[float]:
    """m 10^k in [low, high] for every m of `digits`."""
    for k in range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1):
        yield from (v for m in digits if low * (1 - 1e-9) <= (v := float(f"{m}e{k}")) <= high * (1 + 1e-9))


def _labelled(places: list[float], between: list[float]) -> Ticks:
    return Ticks(tuple(places), tuple(number(v) for v in places), tuple(between))
