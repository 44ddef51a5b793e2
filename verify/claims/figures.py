"""Figures and tables as data, so that a report shows them without any claim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["line", "dashed", "dots", "band", "steps", "bars", "vline", "hline", "note"]

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: x, y (and y2, the other edge of a band). A rule (`vline`, `hline`) has its places in x or in y.

    A `note` writes its label at each of its points.
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    y2: tuple[float, ...] = ()
    kind: Kind = "line"


@dataclass(frozen=True, slots=True)
class Field:
    """A quantity over the plane, shaded darker where it is larger: z[i][j] at x[j], y[i]; NaN where it is not defined.

    `levels` are the values at which shades change and contour lines run; by default a handful of round ones.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    z: tuple[tuple[float, ...], ...]
    label: str
    levels: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Anything iterable is taken, arrays too; numbers become Python floats."""
        for name in ("x", "y", "levels"):
            object.__setattr__(self, name, tuple(float(value) for value in getattr(self, name)))
        object.__setattr__(self, "z", tuple(tuple(float(value) for value in row) for row in self.z))
        if len(self.z) != len(self.y) or any(len(row) != len(self.x) for row in self.z):
            raise ValueError(f"field {self.label!r}: z needs {len(self.y)} rows of {len(self.x)} values, one a point")


@dataclass(frozen=True, slots=True)
class Figure:
    """One set of axes. `says` is the finding in words, read to those who do not see it.

    `equal`: a unit is as long on both axes.
    """

    title: str
    says: str
    x: str
    y: str
    series: tuple[Series, ...]
    x_log: bool = False
    y_log: bool = False
    field: Field | None = None
    equal: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column heads. `says` is the finding in words. Numbers are rounded by the report, never here."""

    title: str
    says: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table {self.title!r}: a row has {len(row)} cells, but there are {len(self.columns)} columns"
                )


def series(
    label: str, x: Iterable[float] = (), y: Iterable[float] = (), y2: Iterable[float] = (), *, kind: Kind = "line"
) -> Series:
    """A curve from anything iterable; numbers become Python floats."""
    a, b, c = (tuple(float(value) for value in values) for values in (x, y, y2))
    if (kind not in ("vline", "hline") and len(a) != len(b)) or (c and len(c) != len(b)):
        raise ValueError(f"series {label!r}: {len(a)} x, {len(b)} y and {len(c)} y2 do not go together")
    return Series(label, a, b, c, kind)
