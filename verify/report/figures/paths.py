"""Curves as the `d` of an SVG path: whole numbers, each relative to the one before, and no point that nobody sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from verify.report.figures.scale import Floats

UNSEEN = 0.6  # tenths of a point: less than a tenth of a pixel at the width of the page

Points = NDArray[np.float64]  # (n, 2)


def curve(x: Floats, y: Floats) -> str:
    """A polyline through the points; a place that is not finite leaves a gap."""
    return "".join(_relative(thinned(part)) for part in _runs(np.column_stack([x, y])))


def dots(x: Floats, y: Floats) -> str:
    """The points as the corners of one path, at which SVG draws its markers; of points on one place one is enough."""
    points = np.column_stack([x, y])
    points = np.rint(points[np.isfinite(points).all(axis=1)])
    return _relative(points[np.sort(np.unique(points, axis=0, return_index=True)[1])])


def steps(x: Floats, y: Floats) -> str:
    """A staircase that keeps each value up to the next place."""
    return curve(np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1])


def area(x: Floats, low: Floats, high: Floats) -> str:
    """What lies between two curves over the same places."""
    points = np.column_stack([x, low, high])
    parts = []
    for part in _runs(points):
        rim = np.concatenate([thinned(part[:, [0, 1]]), thinned(part[:, [0, 2]])[::-1]])
        parts.append(_relative(rim) + "z")
    return "".join(parts)


def boxes(left: Floats, right: Floats, low: Floats, high: Floats) -> str:
    """Rectangles."""
    corners = np.rint(np.column_stack([left, right, low, high]))
    rows = corners[np.isfinite(corners).all(axis=1)].astype(int)
    return "".join(f"M{a} {c}H{b}V{d}H{a}z" for a, b, c, d in rows)


def rings(polygons: Iterable[tuple[Points, Iterable[int]]]) -> str:
    """Polygons with holes: each is its points and where its rings begin and end."""
    parts = []
    for points, offsets in polygons:
        ends = list(offsets)
        parts += [_relative(thinned(points[a:b])) + "z" for a, b in pairwise(ends)]
    return "".join(parts)


def thinned(points: Points) -> Points:
    """Without the points that lie on the line between their neighbours to less than what can be seen.

    Douglas and Peucker: keep the point that is farthest from the chord, and look again on both sides of it.
    """
    keep = np.zeros(len(points), dtype=bool)
    keep[[0, -1]] = True
    stack = [(0, len(points) - 1)]
    while stack:
        a, b = stack.pop()
        if b - a < 2:
            continue
        inner, chord = points[a + 1 : b] - points[a], points[b] - points[a]
        length = float(np.hypot(*chord))
        # the ends of a closed curve coincide: there the distance is from the point
        off = np.abs(inner @ (chord[1], -chord[0])) / length if length > UNSEEN else np.hypot(inner[:, 0], inner[:, 1])
        far = a + 1 + int(np.argmax(off))
        if off[far - a - 1] > UNSEEN:
            keep[far] = True
            stack += [(a, far), (far, b)]
    return points[keep]


def dense(points: Points) -> Points:
    """Points along a curve, near enough to each other that words which cross it meet some."""
    if not len(points):
        return points
    along = np.append(0.0, np.cumsum(np.hypot(*np.diff(points, axis=0).T)))
    where = np.arange(0.0, along[-1] + 60.0, 60.0)  # a letter is about 60 wide
    return np.column_stack([np.interp(where, along, points[:, 0]), np.interp(where, along, points[:, 1])])


def _runs(points: Points) -> Iterator[Points]:
    """The stretches without a gap."""
    finite = np.isfinite(points).all(axis=1)
    edges = np.flatnonzero(np.diff(finite.astype(int), prepend=0, append=0))
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        yield points[a:b]


def _relative(points: Points) -> str:
    """`M` and then lines, relative to the rounded place before, so that roundings do not add up."""
    if not len(points):
        return ""
    whole = np.rint(points).astype(int)
    pairs = [f"{x} {y}" for x, y in np.diff(whole, axis=0).tolist()]
    first = f"M{whole[0, 0]} {whole[0, 1]}"
    # a path of one point draws nothing but its marker
    return (first + ("l" + " ".join(pairs) if pairs else "h0")).replace(" -", "-")
