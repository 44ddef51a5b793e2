"""Figures as inline SVG: one picture for dark and light, because lines and words take the colour of the page."""

from __future__ import annotations

import re
from html import escape
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from verify.engine.record import FigureRecord, SeriesRecord
from verify.report.numbers import number

INK, ACCENT, ALARM = "#010203", "#040506", "#070809"  # stand-ins, replaced in the SVG text below
COLOURS = {INK: "currentColor", ACCENT: "var(--accent)", ALARM: "var(--alarm)"}
STYLES = ("-", "--", ":", "-.")
MARKERS = "ox^sd"


def svg(figure: FigureRecord, place: int) -> Markup:
    """The figure as one <svg> with title and description; `place` keeps ids of several figures on a page apart."""
    import io

    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: Any = {
        "svg.fonttype": "none", "svg.hashsalt": f"figure-{place}", "font.size": 9.5, "axes.edgecolor": INK,
        "axes.labelcolor": INK, "text.color": INK, "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False,
        "axes.spines.right": False, "axes.linewidth": 0.6, "legend.frameon": False, "mathtext.default": "regular",
        "axes.unicode_minus": True, "text.parse_math": False,
    }  # fmt: skip
    with matplotlib.rc_context(settings):
        drawn = Figure(figsize=(6.6, 3.6), layout="constrained")
        FigureCanvasSVG(drawn)
        axes = drawn.add_subplot()
        axes.set_xscale("log" if figure.x_log else "linear")
        axes.set_yscale("log" if figure.y_log else "linear")
        for side, log in ((axes.xaxis, figure.x_log), (axes.yaxis, figure.y_log)):
            if log:  # not 10^{k} as TeX: plain text is what a reader can search and copy
                side.set_major_formatter(lambda value, _: number(value))
                side.set_minor_formatter("")
        axes.set_xlabel(figure.x)
        axes.set_ylabel(figure.y)
        for k, series in enumerate(figure.series):
            _draw(axes, series, k)
        if len(figure.series) > 1:
            axes.legend(fontsize=8.5)
        out = io.StringIO()
        drawn.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return Markup(_inline(out.getvalue(), figure, place))  # its texts were escaped by matplotlib and here


def _draw(axes: Any, series: SeriesRecord, k: int) -> None:
    """Curves are told apart by line style and marker first, by colour second."""
    x, y, y2 = ([float(v) for v in values] for values in (series.x, series.y, series.y2))
    colour, style, marker = (ACCENT, INK, ALARM)[k % 3], STYLES[k % 4], MARKERS[k % 5]
    label = series.label or "_"
    match series.kind:
        case "line" | "dashed":
            axes.plot(x, y, style if series.kind == "line" else "--", color=colour, lw=1.4, label=label)
        case "dots":
            axes.plot(x, y, marker, color=colour, ms=3.2, mew=0.9, label=label, mfc="none" if k % 2 else colour)
        case "band":
            axes.fill_between(x, y, y2, color=colour, alpha=0.18, lw=0, label=label)
        case "steps":
            axes.step(x, y, style, where="post", color=colour, lw=1.4, label=label)
        case "bars":
            axes.bar(x, y, width=0.8 * min((b - a for a, b in pairwise(x)), default=1.0), color=colour,
                     alpha=0.7, label=label)  # fmt: skip
        case "vline" | "hline":
            for place in x if series.kind == "vline" else y:
                (axes.axvline if series.kind == "vline" else axes.axhline)(
                    place, color=INK, lw=0.8, ls=":", label=label
                )


def _inline(text: str, figure: FigureRecord, place: int) -> str:
    text = text[text.index("<svg") :]
    for stand_in, colour in COLOURS.items():
        text = text.replace(stand_in, colour)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>f{place}-", text)
    text = re.sub(r'<svg[^>]*?(viewBox="[^"]*")[^>]*>', rf'<svg \1 role="img" aria-labelledby="f{place}-t f{place}-d">'
                  f'<title id="f{place}-t">{escape(figure.title)}</title><desc id="f{place}-d">{escape(figure.says)}</desc>',
                  text, count=1, flags=re.S)  # fmt: skip
    return re.sub(r'\s(xmlns(:xlink)?|version)="[^"]*"', "", text).replace("xlink:href", "href").strip()
