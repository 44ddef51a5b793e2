"""Figures as data: series with labels, so that a report draws them without any claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["line", "dashed", "dots", "band", "steps", "bars", "vline", "hline"]


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: x, y (and y2, the other edge of a band). A rule (`vline`, `hline`) has its places in x or in y."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    y2: tuple[float, ...] = ()
    kind: Kind = "line"


@dataclass(frozen=True, slots=True)
class Figure:
    """One set of axes. `says` is the finding in words, read to those who do not see it."""

    title: str
    says: str
    x: str
    y: str
    series: tuple[Series, ...]
    x_log: bool = False
    y_log: bool = False


def series(
    label: str, x: Iterable[float] = (), y: Iterable[float] = (), y2: Iterable[float] = (), *, kind: Kind = "line"
) -> Series:
    """A curve from anything iterable; numbers become Python floats."""
    a, b, c = (tuple(float(value) for value in values) for values in (x, y, y2))
    if (kind not in ("vline", "hline") and len(a) != len(b)) or (c and len(c) != len(b)):
        raise ValueError(f"series {label!r}: {len(a)} x, {len(b)} y and {len(c)} y2 do not go together")
    return Series(label, a, b, c, kind)
