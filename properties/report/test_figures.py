"""Figures: points lie where their numbers say, none is lost that could be seen, and words do not cover each other."""

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.engine import record as r
from verify.report.figures import svg
from verify.report.figures.paths import UNSEEN, curve, dots, thinned
from verify.report.figures.picture import WIDTH, arranged
from verify.report.figures.scale import Scale, limits, ticks
from verify.report.figures.words import Box, Ground, short, width

PLACES = st.lists(st.tuples(*[st.floats(0, 4000)] * 2), min_size=1, max_size=60).map(np.array)
ENDS = st.tuples(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6)).map(lambda pair: (pair[0], pair[0] + pair[1]))
POSITIVE = st.tuples(st.floats(1e-12, 1e12), st.floats(1.01, 1e12)).map(lambda pair: (pair[0], pair[0] * pair[1]))


def figure(*series, **changes):
    plain = {"claim": "toy.a", "title": "A", "says": "B", "x": "n", "y": "error", "x_log": False, "y_log": False}
    return r.FigureRecord(**plain | changes, series=series)


def series(kind, x, y, label="one", y2=()):
    return r.SeriesRecord(label=label, kind=kind, x=tuple(x), y=tuple(y), y2=tuple(y2))


def corners(d):
    """The corners of a path of M and l."""
    numbers = [int(n) for n in re.findall(r"-?\d+", d.replace("h0", ""))]
    return np.cumsum(np.reshape(numbers, (-1, 2)), axis=0)


def boxes_of(text, size):
    """Where the words of a group of one letter size stand, rotation left aside."""
    root = ElementTree.fromstring(text)
    groups = [g for g in root.iter("g") if g.get("font-size") == str(size)]
    for word in (t for g in groups for t in g.iter("text") if t.get("x")):
        x, y = float(word.get("x")), float(word.get("y"))
        yield Box(x, y - 0.8 * size, x + width(word.text, size), y + 0.2 * size)


@given(PLACES)
def test_thinning_moves_the_curve_by_less_than_can_be_seen(points):
    kept = thinned(points)
    assert (kept[0] == points[0]).all()
    assert (kept[-1] == points[-1]).all()
    for point in points:
        distances = [_distance(point, a, b) for a, b in pairwise(kept)]
        assert min([*distances, math.hypot(*(point - kept[0]))]) <= 2 * UNSEEN + 1e-9


def _distance(point, a, b):
    chord = b - a
    share = np.clip((point - a) @ chord / max(chord @ chord, 1e-300), 0, 1)
    return math.hypot(*(point - a - share * chord))


@given(PLACES)
def test_a_path_rounds_each_corner_once(points):
    found = corners(curve(points[:, 0], points[:, 1]))
    assert (found == np.rint(thinned(points))).all()


@given(PLACES)
def test_of_dots_in_one_place_one_is_drawn_and_no_place_is_lost(points):
    found = corners(dots(points[:, 0], points[:, 1]))
    assert sorted(map(tuple, found)) == sorted({tuple(row) for row in np.rint(points).astype(int).tolist()})


def test_a_place_without_a_number_leaves_a_gap():
    assert curve(np.array([0, 1, np.nan, 3, 9.0]), np.array([0, 9, 5.0, 0, 9])).count("M") == 2


@given(ENDS, st.integers(2, 9))
def test_ticks_are_few_and_lie_on_a_linear_axis(ends, most):
    found = ticks(*ends, log=False, most=most)
    assert 1 <= len(found.places) <= most + 1
    slack = 1e-6 * (ends[1] - ends[0])
    assert all(ends[0] - slack <= v <= ends[1] + slack for v in found.places)
    assert len(found.texts) == len(found.places)


@given(POSITIVE, st.integers(3, 9))
def test_a_logarithmic_axis_has_a_tick_that_is_read_however_short_it_is(ends, most):
    found = ticks(*ends, log=True, most=most)
    assert 1 <= len(found.places) <= 2 * most
    assert all(ends[0] * (1 - 1e-6) <= v <= ends[1] * (1 + 1e-6) for v in (*found.places, *found.between))


@given(st.lists(st.floats(allow_nan=False), max_size=9), st.booleans())
def test_every_finite_value_has_its_place_in_order(values, log):
    shown = np.array([v for v in values if abs(v) < 1e300 and (v > 1e-300 or not log)])
    low, high = limits(shown, log=log)
    places = Scale(low, high, log, 0.0, 1000.0).at(np.sort(shown))
    assert (places >= -1e-6).all()
    assert (places <= 1000 + 1e-6).all()
    assert (np.diff(places) >= -1e-9).all()


def test_a_curve_that_reaches_zero_falls_to_the_floor_of_a_logarithmic_axis():
    scale = Scale(0.01, 1.0, True, 100.0, 0.0)
    assert scale.at([1.0, 0.1, 0.0]) == pytest.approx([0.0, 50.0, 100.0])


def test_equal_units_are_as_long_across_as_up():
    axes = arranged(figure(series("line", [0, 3], [0, 1]), equal=True), 0)
    assert np.diff(axes.x.at([0, 1])) == pytest.approx(-np.diff(axes.y.at([0, 1])))


@pytest.mark.parametrize("log", [False, True])
def test_a_single_point_or_none_has_axes(log):
    for x, y in (((), ()), ((2.0,), (3.0,)), ((2.0, 2.0), (0.0, 0.0)), (("inf",), ("-inf",))):
        for kind in ("line", "dots", "steps", "bars", "band", "dashed", "note"):
            ElementTree.fromstring(svg(figure(series(kind, x, y), x_log=log, y_log=log), 1))


def test_notes_cover_neither_each_other_nor_the_values_of_contour_lines():
    x = tuple(np.linspace(0, 1, 9).tolist())
    field = r.FieldRecord(label="height", x=x, y=x, z=tuple(tuple(a + b for a in x) for b in x), levels=(0.5, 1.0))
    notes = [series("note", [0.5], [0.5], "in the middle"), series("note", [0.52], [0.5], "beside it")]
    text = str(svg(figure(*notes, field=field), 1))
    words = list(boxes_of(text, 85))
    assert len(words) == 2
    assert not words[0].meets(words[1])
    values = re.findall(r"translate\((\d+) (\d+)\)rotate\((-?\d+)\)", text)
    assert len(values) == 2
    for left, top, _ in values:
        here = Box(float(left) - 40, float(top) - 40, float(left) + 40, float(top) + 40)
        assert not any(here.meets(word) for word in words)


def test_words_go_where_they_cover_no_curve():
    above = np.column_stack([np.full(50, 540.0), np.linspace(300, 480, 50)])
    box = Ground(Box(0, 0, 1000, 1000), [], [above]).beside(500, 500, "word", 85)
    assert not np.any((above > (box.left, box.top)).all(axis=1) & (above < (box.right, box.bottom)).all(axis=1))


def test_a_key_that_is_too_wide_for_one_line_takes_more_and_pushes_the_axes_down():
    few, many = (
        str(svg(figure(*(series("line", [0, 1], [0, k], f"series number {k}") for k in range(n))), 1)) for n in (2, 9)
    )
    heights = [int(re.search(rf'viewBox="0 0 {WIDTH} (\d+)"', text).group(1)) for text in (few, many)]
    assert heights[0] < heights[1]


def test_series_of_a_kind_differ_in_more_than_colour():
    text = str(svg(figure(*(series("dots", [0, 1], [0, k], str(k)) for k in range(5))), 1))
    assert len({shape.split("-")[0] for shape in re.findall(r"url\(#([a-z-]+)\)", text)}) == 5


def test_every_marker_and_hatch_is_on_the_page(sample):
    from verify.report.html import render

    page = render(msgspec.structs.replace(sample, figures=sample.figures[:1]))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(re.findall(r'id="([^"]+)"', page))


@given(st.text())
def test_a_label_is_short_and_can_be_written(label):
    assert len(short(label, 40)) <= 40
    ElementTree.fromstring(svg(figure(series("note", [1], [1], label), x=label, y=label, title="A"), 1))
