"""A field as bands of one colour, denser where it is larger, with its contour lines and their values."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from verify.engine.record import FieldRecord
from verify.report.figures import paths
from verify.report.figures.paths import Points
from verify.report.figures.scale import Floats, Scale, floats, round_numbers
from verify.report.figures.words import Box, Ground, width
from verify.report.numbers import number

PATCH = '<path d="M0-40H200V40H0z" fill="var(--accent)" fill-opacity=".35"/>'  # its sample in the key
SIZE = 80  # of the values on contour lines
PALE, RANGE = 0.04, 0.5  # how dense the lowest band is, and how much denser the highest


class Field:
    """The bands, and the contour lines with room for their values; both are empty where nothing is finite."""

    def __init__(self, field: FieldRecord, x: Scale, y: Scale) -> None:
        from contourpy import FillType, LineType, contour_generator

        z = np.array([[np.nan if v is None else float(v) for v in row] for row in field.z], ndmin=2)
        z = floats(z)
        self.bands: list[str] = []
        self.lines: list[tuple[float, Points]] = []
        if np.isnan(z).all() or min(z.shape) < 2:
            return
        low, high = float(np.nanmin(z)), float(np.nanmax(z))
        levels = sorted(set(floats(field.levels).tolist())) or (round_numbers(low, high, 7) if low < high else (low,))
        # contours are drawn where they stand on the page, so that they are straight between nodes there
        across, up = np.meshgrid(x.at(field.x), y.at(field.y))
        contours: Any = contour_generator(  # what it returns depends on the two types below
            across, up, np.ma.masked_invalid(z), fill_type=FillType.OuterOffset, line_type=LineType.Separate
        )
        beyond = high + abs(high) + (high - low) + 1.0
        starts = [low - abs(low) - 1.0, *(level for level in levels if low < level)]
        self.bands = [
            paths.rings(zip(*contours.filled(start, beyond), strict=True)) for start in starts if start < high
        ]
        self.lines = [(level, line) for level in levels for line in contours.lines(level)]

    def shades(self) -> str:
        """Each band lies on those below it, so that no seam shows; together they are as dense as they should."""
        dense = [PALE + RANGE * k / (len(self.bands) + 1) for k in range(len(self.bands))]
        before = [0.0, *dense]
        return "".join(
            f'<path d="{band}" fill-rule="evenodd" fill="var(--accent)" fill-opacity="{1 - (1 - now) / (1 - then):.3f}"/>'
            for band, now, then in zip(self.bands, dense, before, strict=False)
        )

    def contours(self, ground: Ground) -> str:
        """The lines, interrupted for their values where these cover least."""
        drawn, texts = [], []
        for level, line in self.lines:
            parts, text = _labelled(line, number(level), ground)
            drawn += [paths.curve(part[:, 0], part[:, 1]) for part in parts]
            texts.append(text)
        pen = 'fill="none" stroke="currentColor" stroke-width="5" stroke-opacity=".6"'
        words = f'<g font-size="{SIZE}" text-anchor="middle">{"".join(texts)}</g>' if any(texts) else ""
        return f'<path d="{"".join(drawn)}" {pen}/>{words}' if drawn else ""


def _labelled(line: Points, text: str, ground: Ground) -> tuple[list[Points], str]:
    """The line cut for its value, and the value along it; a line too short or too crowded stays whole and has none."""
    along = np.append(0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T)))
    half, length = width(text, SIZE) / 2 + 20, float(along[-1])
    if length < 6 * half:
        return [line], ""
    best: tuple[float, float, Floats, float] | None = None
    for middle in np.linspace(1.2 * half, length - 1.2 * half, 25):
        ends = _at(line, along, np.array([middle - half, middle, middle + half]))
        (dx, dy), centre = ends[2] - ends[0], ends[1]
        chord = float(np.hypot(dx, dy))
        angle = float(np.degrees(np.arctan2(dy, dx)))
        angle = (angle + 90) % 180 - 90  # never upside down
        wide, high = abs(dx) / 2 + 30, abs(dy) / 2 + 45
        box = Box(centre[0] - wide, centre[1] - high, centre[0] + wide, centre[1] + high)
        # bends are hard to write along; the middle reads best
        cost = ground.cost(box) + 200 * (1 - chord / (2 * half)) + 3 * abs(middle / length - 0.5)
        if best is None or cost < best[0]:
            best = (cost, float(middle), centre, angle)
            taken = box
    assert best is not None
    cost, middle, centre, angle = best
    if cost >= 1e4:  # on other words, or half outside
        return [line], ""
    ground.taken.append(taken)
    before, after = _at(line, along, np.array([middle - half, middle + half]))
    cut = [np.vstack([line[along < middle - half], before]), np.vstack([after, line[along > middle + half]])]
    place = f"translate({centre[0]:.0f} {centre[1]:.0f})rotate({angle:.0f})"
    return cut, f'<text transform="{place}" y="{0.35 * SIZE:.0f}">{escape(text)}</text>'


def _at(line: Points, along: Floats, where: Floats) -> Points:
    """Points of a line at lengths along it."""
    return np.column_stack([np.interp(where, along, line[:, 0]), np.interp(where, along, line[:, 1])])
