"""Figures as inline SVG: one picture for dark and light, because lines and words take the colour of the page."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from verify.engine.record import FieldRecord, FigureRecord, Real, SeriesRecord
from verify.report.numbers import number

INK, ACCENT, NOTE = "#010203", "#040506", "#070809"  # stand-ins, replaced in the SVG text below
COLOURS = {  # the alarm colour is kept for verdicts; a rim of paper keeps a note readable where it crosses a curve
    INK: "currentColor",
    ACCENT: "var(--accent)",
    NOTE: "currentColor; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round",
}
DASHES: tuple[Any, ...] = ("--", (0, (1.2, 1.6)), (0, (7, 2, 1.5, 2)), (0, (11, 3)))
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
LONGEST = 80  # characters of a label; a longer one would squeeze the axes away
MARKERS = "ox^sd"


MANY = 16  # figures that are worth the start of processes


def svgs(figures: Sequence[FigureRecord], jobs: int = 1) -> list[Markup | None]:
    """`svg` of each, by `jobs` processes where there are many: a figure takes a fifth of a second."""
    if jobs == 1 or len(figures) < MANY:
        return [_drawn(figure, place) for place, figure in enumerate(figures, 1)]
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        return list(pool.map(_drawn, figures, range(1, len(figures) + 1), chunksize=4))


def _drawn(figure: FigureRecord, place: int) -> Markup | None:
    return svg(figure, place) if figure.series or figure.field else None


def svg(figure: FigureRecord, place: int) -> Markup:
    """The figure as one <svg> with title and description; `place` keeps ids of several figures on a page apart."""
    import io

    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: Any = {
        "svg.fonttype": "none", "svg.hashsalt": f"figure-{place}", "font.size": 10, "axes.edgecolor": INK,
        "axes.labelcolor": INK, "text.color": INK, "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False,
        "axes.spines.right": False, "axes.linewidth": 0.6, "legend.frameon": False, "mathtext.default": "regular",
        "font.sans-serif": ["DejaVu Sans"], "axes.unicode_minus": True, "text.parse_math": False,
    }  # fmt: skip
    with matplotlib.rc_context(settings):
        drawn = Figure(figsize=(5.8, 3.4), facecolor="none", layout="constrained")
        axes = drawn.add_subplot(facecolor="none")
        axes.set_xscale("log" if figure.x_log else "linear")
        axes.set_yscale("log" if figure.y_log else "linear")
        for side, log in ((axes.xaxis, figure.x_log), (axes.yaxis, figure.y_log)):
            if log:  # not 10^{k} as TeX: plain text is what a reader can search and copy
                side.set_major_formatter(lambda value, _: number(value))
                side.set_minor_formatter("")
        axes.set_xlabel(_short(figure.x))
        axes.set_ylabel(_short(figure.y, LONGEST // 2))
        if figure.equal:
            axes.set_aspect("equal", adjustable="datalim")
        seen: Counter[str] = Counter()
        keys = [] if figure.field is None else [(_shade(axes, figure.field), _short(figure.field.label, LONGEST // 2))]
        for k, series in enumerate(figure.series):
            handle = _draw(axes, series, k, seen[series.kind], log=figure.x_log)
            seen[series.kind] += 1
            if handle is not None and series.label and series.kind != "note":
                keys.append((handle, _short(series.label, LONGEST // 2)))
        if len(figure.series) + (figure.field is not None) > 1 and keys:
            # above the axes, where it covers no curve; handles by hand, as labels that begin with "_" are left out
            columns = max(1, min(len(keys), 90 // (8 + max(len(label) for _, label in keys))))
            drawn.legend(*zip(*keys, strict=True), loc="outside upper left", ncols=columns, fontsize=9)
        out = io.StringIO()
        # not `savefig`, which draws twice where there is a layout: it lays out once more for other formats
        canvas: Any = FigureCanvasSVG(drawn)
        canvas.print_svg(out, metadata={"Date": None, "Creator": None})
    return Markup(_inline(out.getvalue(), figure, place))  # its texts were escaped by matplotlib and here


def _draw(axes: Any, series: SeriesRecord, k: int, again: int, *, log: bool) -> Any:
    """One curve, and its handle for the legend. `again` counts the curves of its kind before it.

    Curves of a kind are told apart by marker or dashes first, by colour second.
    """
    x, y, y2 = (_numbers(values) for values in (series.x, series.y, series.y2))
    if series.kind in ("vline", "hline"):
        rule = axes.axvline if series.kind == "vline" else axes.axhline
        dots = (":", "-.")[series.kind == "hline"]
        rules = [rule(place, color=INK, lw=0.8, ls=dots) for place in (x or y if series.kind == "vline" else y or x)]
        return rules[0] if rules else None
    n = min(len(x), len(y))
    if not n:
        return None
    x, y = x[:n], y[:n]
    colour, marker = (ACCENT, INK)[k % 2], MARKERS[again % 5]
    marked = {"marker": marker, "ms": 4, "mfc": "none", "markevery": max(1, n // 8)} if again else {}
    match series.kind:
        case "note":
            words = _short(series.label, LONGEST // 2)
            axes.update_datalim(list(zip(x, y, strict=True)))  # words alone do not stretch the axes
            axes.autoscale_view()
            return [
                axes.annotate(words, p, (4, 3), textcoords="offset points", size=8.5, color=NOTE)
                for p in zip(x, y, strict=True)
            ]
        case "dots":
            return axes.plot(x, y, marker, color=colour, ms=3.4, mew=0.9, mfc="none" if again % 2 else colour)[0]
        case "band":
            edge = y2[:n] if len(y2) >= n else [0.0] * n
            hatch = ("", "////", "....")[again % 3]
            return axes.fill_between(x, y, edge, fc=(colour, 0.18), ec=(colour, 0.5), lw=0, hatch=hatch)
        case "steps":
            return axes.step(x, y, where="post", color=colour, lw=1.3, **marked)[0]
        case "bars":
            return axes.bar(x, y, width=_widths(x, log=log), fc=(colour, 0.3), ec=colour, lw=0.8, zorder=0.5)
        case "dashed":
            return axes.plot(x, y, ls=DASHES[again % 4], color=colour, lw=1.3)[0]
        case _:
            return axes.plot(x, y, color=colour, lw=1.5, **marked)[0]


def _shade(axes: Any, field: FieldRecord) -> Any:
    """Bands of one colour, denser where the field is larger, with its contour lines and their values."""
    import numpy as np
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

    x, y = _numbers(field.x), _numbers(field.y)
    z = np.array([[math.nan if v is None else float(v) for v in row] for row in field.z])
    z[~(np.abs(z) < 1e300)] = math.nan
    if np.isnan(z).all() or min(z.shape) < 2:
        return Patch(fc="none")
    low, high = float(np.nanmin(z)), float(np.nanmax(z))
    levels = sorted(set(_numbers(field.levels))) or [float(v) for v in MaxNLocator(7).tick_values(low, high)]
    bands = sorted({min(low, levels[0]), *levels, max(high, levels[-1])})
    shades = [(ACCENT, 0.04 + 0.5 * k / len(bands)) for k in range(len(bands) - 1)]
    masked = np.ma.masked_invalid(z)
    axes.contourf(x, y, masked, levels=bands, colors=shades)
    lines = axes.contour(x, y, masked, levels=levels, colors=[INK], linewidths=0.5, alpha=0.6)
    axes.clabel(lines, fmt=number, fontsize=8)
    return Patch(fc=(ACCENT, 0.35), ec="none")


def _numbers(values: tuple[Real, ...]) -> list[float]:
    """Floats that an axis can hold; what is infinite leaves a gap, as there is no place to draw it."""
    return [v if abs(v) < 1e300 else math.nan for v in map(float, values)]


def _widths(x: list[float], *, log: bool) -> list[float]:
    """Bars as wide as four fifths of the narrowest gap; on a logarithmic axis as wide as their place allows."""
    if log:
        ratio = min((b / a for a, b in pairwise(sorted(x)) if 0 < a < b), default=2.0)
        return [abs(v) * min(0.8 * (ratio - 1) / ratio, 0.8) for v in x]
    return [0.8 * min((b - a for a, b in pairwise(sorted(x)) if b > a), default=1.0)] * len(x)


def _short(text: str, most: int = LONGEST) -> str:
    """A label on one line, of a length that leaves room for the curves; without characters that XML cannot write."""
    text = UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))
    return text if len(text) <= most else text[: most - 1] + "…"


def _inline(text: str, figure: FigureRecord, place: int) -> str:
    text = text[text.index("<svg") :]
    for stand_in, colour in COLOURS.items():
        text = text.replace(stand_in, colour)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>f{place}-", text)
    text = re.sub(r'<svg[^>]*?(viewBox="[^"]*")[^>]*>', rf'<svg \1 role="img" aria-labelledby="f{place}-t f{place}-d">'
                  f'<title id="f{place}-t">{escape(figure.title)}</title><desc id="f{place}-d">{escape(figure.says)}</desc>',
                  text, count=1, flags=re.S)  # fmt: skip
    text = re.sub(r'\s(xmlns(:xlink)?|version)="[^"]*"', "", text).replace("xlink:href", "href")
    return _compact(text).strip()


def _compact(text: str) -> str:
    """The same drawing in half of the bytes: hundredths of a point, no rotation by 0, no font that the page overrides."""
    text = re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", text)
    text = re.sub(r"font-family: [^;\"]*; ?", "", text)
    text = re.sub(r"(?<=[\s\"(-])(\d+)\.(\d{2})\d+", r"\1.\2", text)
    return re.sub(r"\s*\n\s*", "\n", text)
