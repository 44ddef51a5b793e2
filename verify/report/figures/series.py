"""One series as SVG: its curve, and its sample for the key.

Series of a kind are told apart by marker, dashes or hatching first, by colour second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from verify.engine.record import SeriesRecord
from verify.report.figures import paths
from verify.report.figures.paths import Points, dense
from verify.report.figures.scale import Floats, Scale, floats

COLOURS = (("var(--accent)", "accent"), ("currentColor", "ink"))  # the alarm colour is kept for verdicts
DASHES = ("48 21", "16 21", "91 26 20 26", "143 39")
MARKERS = ("disc", "cross", "wedge", "box", "gem")  # drawn once a page, in marks.svg
HATCHES = ("", "slant", "stipple")
SAMPLE = 200  # length of a sample in the key


@dataclass(frozen=True)
class Drawn:
    """A series with its sample, which starts at the origin, and the points that words should not cover."""

    body: str
    sample: str
    points: Points
    behind: bool = False


def draw(series: SeriesRecord, k: int, again: int, x: Scale, y: Scale) -> Drawn | None:
    """The k-th series of its figure, the `again`-th of its kind; None where it has no point. Notes are not drawn here."""
    colour, name = COLOURS[k % 2]
    if series.kind in ("vline", "hline"):
        return _rules(series, x, y)
    data = _columns(series)
    if not len(data):
        return None
    across, up = x.at(data[:, 0]), y.at(data[:, 1])
    if y.log and series.kind == "dots":
        up = np.where(data[:, 1] > 0, up, np.nan)  # a curve falls to the floor, a dot has no place there
    points = np.column_stack([across, up])
    points = points[np.isfinite(points).all(axis=1)]
    match series.kind:
        case "dots":
            marker = _marker(again, name, hollow=again % 2 == 1)
            return Drawn(_marked(marker, paths.dots(across, up)), _marked(marker, f"M{SAMPLE // 2} 0h0"), points)
        case "band":
            sample = f"M0 -40H{SAMPLE}V40H0z"
            band = paths.area(across, up, y.at(data[:, 2]))
            return Drawn(_filled(band, colour, again, name), _filled(sample, colour, again, name), points, behind=True)
        case "bars":
            left, right = (x.at(edge) for edge in _edges(data[:, 0], log=x.log))
            foot = np.full(len(data), float(y.at(y.low if y.log else 0.0)))
            pen = f'fill="{colour}" fill-opacity=".3" stroke="{colour}" stroke-width="8"'
            bars = paths.boxes(left, right, foot, up)
            return Drawn(_path(bars, pen), _path(f"M0 -40H{SAMPLE}V40H0z", pen), points, behind=True)
        case "dashed":
            pen = _pen(colour, 13) + f' stroke-dasharray="{DASHES[again % len(DASHES)]}"'
            return Drawn(_path(paths.curve(across, up), pen), _path(f"M0 0H{SAMPLE}", pen), dense(points))
    many = np.count_nonzero(np.isnan(up)) > 8  # a bundle of curves under one label, parted by gaps
    pen = _pen(colour, 7 if many else 13 if series.kind == "steps" else 15)
    body = _path((paths.steps if series.kind == "steps" else paths.curve)(across, up), pen)
    sample = _path(f"M0 0H{SAMPLE}", pen)
    if again:
        marker, every = _marker(again, name, hollow=True), max(1, len(data) // 8)
        body += _marked(marker, paths.dots(across[::every], up[::every]))
        sample += _marked(marker, f"M{SAMPLE // 2} 0h0")
    return Drawn(body, sample, dense(points))


def places(series: SeriesRecord, side: str) -> Floats:
    """All values of a series on one side, `x` or `y`, for the limits of the axis."""
    if series.kind in ("vline", "hline"):
        here = "x" if series.kind == "vline" else "y"
        return floats(series.x or series.y if here == "x" else series.y or series.x) if side == here else floats(())
    data = _columns(series)
    if side == "x":
        return np.concatenate(_edges(data[:, 0], log=False)) if series.kind == "bars" else data[:, 0]
    if series.kind == "bars":
        return np.append(data[:, 1], 0.0)
    return data[:, 1:].ravel() if series.kind == "band" else data[:, 1]


def _columns(series: SeriesRecord) -> Floats:
    """(n, 3): x, y and the other edge, as far as both x and y go; the other edge is 0 where it is not given."""
    n = min(len(series.x), len(series.y))
    edge = series.y2[:n] if len(series.y2) >= n else (0.0,) * n
    return np.column_stack([floats(series.x[:n]), floats(series.y[:n]), floats(edge)])


def _rules(series: SeriesRecord, x: Scale, y: Scale) -> Drawn | None:
    """Straight lines across the axes."""
    upright = series.kind == "vline"
    along, across = (x, y) if upright else (y, x)
    at = along.at(places(series, "x" if upright else "y"))
    whole = np.rint(at[np.isfinite(at)]).astype(int)
    if not whole.size:
        return None
    a, b = round(across.start), round(across.stop)
    pen = _pen("currentColor", 8) + f' stroke-dasharray="{"8 13" if upright else "51 13 8 13"}"'
    body = "".join(f"M{p} {a}V{b}" if upright else f"M{a} {p}H{b}" for p in whole.tolist())
    ends = [(p, q) if upright else (q, p) for p in whole.tolist() for q in (a, b)]
    return Drawn(_path(body, pen), _path(f"M0 0H{SAMPLE}", pen), dense(np.array(ends, dtype=float)))


def _edges(x: Floats, *, log: bool) -> tuple[Floats, Floats]:
    """Left and right ends of bars: four fifths of the narrowest gap, on a logarithmic axis as wide as their place allows."""
    places = np.unique(x[np.isfinite(x) & ((x > 0) if log else True)])
    if log:
        ratio = float(np.min(places[1:] / places[:-1], initial=np.inf)) if len(places) > 1 else 2.0
        half = np.abs(x) * min(0.8 * (ratio - 1) / ratio, 0.8) / 2
    else:
        half = np.full(len(x), 0.4 * float(np.min(np.diff(places))) if len(places) > 1 else 0.4)
    return x - half, x + half


def _pen(colour: str, wide: int) -> str:
    return f'fill="none" stroke="{colour}" stroke-width="{wide}"'


def _path(d: str, pen: str) -> str:
    return f'<path d="{d}" {pen}/>' if d else ""


def _filled(d: str, colour: str, again: int, name: str) -> str:
    """A faint area; the second and third of a figure are hatched."""
    plain = _path(d, f'fill="{colour}" fill-opacity=".18"')
    hatch = HATCHES[again % len(HATCHES)]
    return plain + (_path(d, f'fill="url(#{hatch}-{name})"') if hatch else "")


def _marker(again: int, name: str, *, hollow: bool) -> str:
    shape = MARKERS[again % len(MARKERS)]
    return f"{shape}{'' if hollow or shape == 'cross' else '-full'}-{name}"


def _marked(marker: str, d: str) -> str:
    return f'<path fill="none" style="marker:url(#{marker})" d="{d}"/>' if d else ""
