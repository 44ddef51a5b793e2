"""A figure as one <svg>: a key, axes with ticks at round numbers, curves, and words where they cover least."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape

import numpy as np
from markupsafe import Markup

from verify.engine.record import FigureRecord
from verify.report.figures.field import PATCH, Field
from verify.report.figures.key import Key
from verify.report.figures.paths import dense
from verify.report.figures.scale import Floats, Scale, Ticks, floats, limits, ticks
from verify.report.figures.series import Drawn, draw, places
from verify.report.figures.words import LINE, LONGEST, Box, Ground, short, text, width

WIDTH, HEIGHT, TALLEST, LEAST = 4180, 1800, 3000, 1500  # of the whole, and of the axes; tall only for equal units
SIZE, NOTE = 100, 85  # of letters
TICK = 35
FEW, MANY = 7, 8  # ticks, at most: up, and across
GAP = 45  # between the key, the name of y, and the axes


@dataclass(frozen=True)
class Axes:
    """Where data stand, and what stands along the axes."""

    x: Scale
    y: Scale
    across: Ticks
    up: Ticks

    @property
    def box(self) -> Box:
        """The area between the axes."""
        return Box(self.x.start, self.y.stop, self.x.stop, self.y.start)


def svg(figure: FigureRecord, place: int) -> Markup:
    """The figure with its title and description; `place` keeps ids of several figures on a page apart."""
    labels = [figure.field.label] if figure.field else []
    labels += [series.label for series in figure.series if series.kind != "note"]
    if len(figure.series) + (figure.field is not None) < 2:
        labels = []  # one thing alone needs no key
    key = Key(labels, WIDTH)
    top = key.height + GAP
    axes = arranged(figure, top + GAP + (LINE if figure.y else 0))

    drawn = _drawn(figure, axes)
    field = Field(figure.field, axes.x, axes.y) if figure.field else None
    curves, lines = [made.points for _, made in drawn], [dense(line) for _, line in field.lines] if field else []
    ground = Ground(axes.box, [], curves + lines)
    notes = _notes(figure, axes, ground)
    ground = Ground(axes.box, ground.taken, curves)  # values of contour lines stand on their lines
    samples = [(figure.field.label, PATCH)] if figure.field else []
    samples += [(label, made.sample) for label, made in drawn]
    bottom = round(axes.y.start) + TICK + LINE + (LINE if figure.x else 0) + 20
    title, says = escape(figure.title), escape(figure.says)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {bottom}" font-size="{SIZE}" role="img" aria-labelledby="f{place}-t f{place}-d">',
        f'<title id="f{place}-t">{title}</title><desc id="f{place}-d">{says}</desc>',
        field.shades() if field else "",
        *(made.body for behind in (True, False) for _, made in drawn if made.behind is behind),
        field.contours(ground) if field else "",
        _lines(axes),
        _words(figure, axes, top),
        notes,
        key.drawn(samples),
        "</svg>",
    ]
    return Markup("\n".join(part for part in parts if part))  # its texts were escaped here and in field.py


def _drawn(figure: FigureRecord, axes: Axes) -> list[tuple[str, Drawn]]:
    """The series that have a place, with their labels."""
    drawn = []
    seen: Counter[str] = Counter()
    for k, series in enumerate(figure.series):
        made = draw(series, k, seen[series.kind], axes.x, axes.y) if series.kind != "note" else None
        seen[series.kind] += 1
        if made:
            drawn.append((series.label, made))
    return drawn


def arranged(figure: FigureRecord, top: int) -> Axes:
    """The axes below `top`, with room for the words beside them."""
    xs, ys = (_values(figure, side) for side in "xy")
    bars = any(series.kind == "bars" for series in figure.series)
    tight = figure.field is not None
    xlim = limits(xs, log=figure.x_log, tight=tight)
    ylim = limits(ys, log=figure.y_log, tight=tight, floor=0.0 if bars else None)
    up = ticks(*ylim, log=figure.y_log, most=FEW)
    start, stop = max((width(words, SIZE) for words in up.texts), default=0.0) + TICK + 40, WIDTH - 120.0
    high = float(HEIGHT)
    if figure.equal and not (figure.x_log or figure.y_log):
        xlim, ylim, stop, high = _equal(xlim, ylim, start, stop)
        up = ticks(*ylim, log=False, most=FEW)
    x = Scale(*xlim, figure.x_log, start, stop)
    return Axes(x, Scale(*ylim, figure.y_log, top + high, float(top)), _across(x), up)


def _values(figure: FigureRecord, side: str) -> Floats:
    parts = [places(series, side) for series in figure.series]
    if figure.field:
        parts.append(floats(figure.field.x if side == "x" else figure.field.y))
    return np.concatenate([np.empty(0), *parts])


def _equal(
    xlim: tuple[float, float], ylim: tuple[float, float], start: float, stop: float
) -> tuple[tuple[float, float], tuple[float, float], float, float]:
    """One unit as long across as up: the axes take the shape of the data, and room is added where that is extreme."""
    wide, tall = xlim[1] - xlim[0], ylim[1] - ylim[0]
    unit = min((stop - start) / wide, TALLEST / tall)
    if unit * wide < LEAST:
        xlim, wide = _widened(xlim, LEAST / unit)
    if unit * tall < LEAST:
        ylim, tall = _widened(ylim, LEAST / unit)
    return xlim, ylim, start + unit * wide, unit * tall


def _widened(ends: tuple[float, float], length: float) -> tuple[tuple[float, float], float]:
    middle = (ends[0] + ends[1]) / 2
    return (middle - length / 2, middle + length / 2), length


def _across(x: Scale) -> Ticks:
    """As many ticks along x as have room for their words."""
    for most in range(MANY, 1, -1):
        found = ticks(x.low, x.high, log=x.log, most=most)
        at = x.at(found.places)
        wide = np.array([width(words, SIZE) for words in found.texts])
        if (np.diff(at) > (wide[1:] + wide[:-1]) / 2 + 60).all():
            break
    return found


def _lines(axes: Axes) -> str:
    """The two axes with their ticks."""
    left, foot = round(axes.x.start), round(axes.y.start)
    d = [f"M{left} {round(axes.y.stop)}V{foot}H{round(axes.x.stop)}"]
    for at, long in ((axes.across.places, TICK), (axes.across.between, TICK // 2)):
        d += [f"M{p:.0f} {foot}v{long}" for p in axes.x.at(at)]
    for at, long in ((axes.up.places, TICK), (axes.up.between, TICK // 2)):
        d += [f"M{left} {p:.0f}h-{long}" for p in axes.y.at(at)]
    return f'<path d="{"".join(d)}" fill="none" stroke="currentColor" stroke-width="6"/>'


def _words(figure: FigureRecord, axes: Axes, top: int) -> str:
    """The values along the axes, the name of x below and that of y above, where it is read without turning the head."""
    left, foot = axes.x.start, axes.y.start
    xs = zip(axes.x.at(axes.across.places), axes.across.texts, strict=True)
    ys = zip(axes.y.at(axes.up.places), axes.up.texts, strict=True)
    across = "".join(text(p, foot + TICK + 95, words) for p, words in xs)
    up = "".join(text(left - TICK - 20, p + 35, words) for p, words in ys)
    named = [f'<g text-anchor="middle">{across}', "</g>", f'<g text-anchor="end">{up}</g>']
    if figure.x:
        named.insert(1, text((left + axes.x.stop) / 2, foot + TICK + 95 + LINE, short(figure.x)))
    if figure.y:
        named.append(text(0, top + 75, short(figure.y)))
    return "".join(named)


def _notes(figure: FigureRecord, axes: Axes, ground: Ground) -> str:
    """Words at points, each beside its point where it covers least."""
    texts = []
    for series in figure.series:
        if series.kind != "note":
            continue
        words = short(series.label, LONGEST // 2)
        for x, y in zip(axes.x.at(series.x), axes.y.at(series.y), strict=False):
            if np.isfinite([x, y]).all():
                box = ground.beside(float(x), float(y), words, NOTE)
                texts.append(text(box.left, box.bottom - 0.25 * NOTE, words))
    # a rim of paper keeps the words readable where they must cross a curve
    rim = 'stroke="var(--paper)" stroke-width="36" stroke-opacity=".8" stroke-linejoin="round" paint-order="stroke"'
    return f'<g font-size="{NOTE}" {rim}>{"".join(texts)}</g>' if texts else ""
