"""The page shows hostile text and runs none of it, loads nothing, and has a place for every claim."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.report.axis import axis
from verify.report.html import render, sentence
from verify.report.junit import junit
from verify.report.markdown import summary
from verify.report.maths import maths, prose
from verify.report.numbers import interval, number, region


class Page(HTMLParser):
    """Tags, ids and what would be fetched or run."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.ids, self.fetched, self.handlers, self.open = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "srcset", "data", "action") or (
                name in ("href", "xlink:href") and not value.startswith("#") and value != "data:,"
            ):
                self.fetched.append(value)
            if name.startswith("on"):
                self.handlers.append(name)


@pytest.mark.parametrize("which", ["good", "bad"])
def test_the_page_loads_nothing_and_runs_one_script(which, request):
    text = render(request.getfixturevalue(which))
    page = Page(text)
    assert page.fetched == []
    assert page.handlers == []
    assert page.tags.count("script") == 1
    assert "default-src 'none'" in text
    assert not re.search(r"url\((?!#)", text)
    assert "@import" not in text


@pytest.mark.parametrize("which", ["good", "bad"])
def test_every_claim_has_an_anchor_and_no_id_stands_twice(which, request):
    run = request.getfixturevalue(which)
    ids = Page(render(run)).ids
    assert {claim.id for claim in run.claims} <= set(ids)
    assert len(ids) == len(set(ids))


def test_hostile_text_is_shown_not_executed(bad):
    text = render(bad)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_every_link_inside_the_page_has_its_place(good):
    text = render(good)
    ids = set(Page(text).ids)
    assert set(re.findall(r'href="#([^"]+)"', text)) <= ids


def test_the_counts_line_stands_in_every_output(good):
    assert good.summary in render(good)
    assert good.summary in summary(good)


def test_the_same_run_gives_the_same_page(good):
    assert render(good) == render(good)


def test_a_figure_takes_the_colours_of_the_page_and_is_read_aloud(good):
    text = render(good)
    drawn = re.findall(r"<svg [^>]*aria-labelledby=.*?</svg>", text, flags=re.S)
    assert len(drawn) == len(good.figures)
    for one in drawn:
        assert "<title" in one
        assert "<desc" in one
        assert "currentColor" in one
        assert not re.search(r"#(000000|ffffff|010203|040506|070809)\b", one)
        assert "black" not in one
        ElementTree.fromstring(one.replace("href=", "href="))


def test_the_sentence_says_how_the_run_went(good, bad):
    assert sentence(good) == [("", f"All {len(good.claims)} claims hold.")]
    words = " ".join(text for _, text in sentence(bad))
    assert "fail" in words
    assert "undecided" in words
    assert "skipped" in words
    assert "One mutant survives." in words


def test_an_empty_run_says_so(good):
    empty = msgspec.structs.replace(
        good, claims=(), trials=(), mutants=(), figures=(), tables=(), systems=(), equivalents=()
    )
    assert "Nothing was selected." in render(empty)


@pytest.mark.parametrize("which", ["good", "bad"])
def test_junit_is_well_formed_and_counts(which, request):
    run = request.getfixturevalue(which)
    suite = ElementTree.fromstring(junit(run))
    assert int(suite.get("tests")) == len(run.claims) + len(run.survivors) + len(run.idle_claims)
    assert int(suite.get("failures")) == len(suite.findall(".//failure"))
    assert {p.get("name") for p in suite.find("testcase/properties")} >= {"verdict", "least", "most", "risk"}


def test_junit_survives_characters_that_xml_cannot_write(good):
    claims = tuple(msgspec.structs.replace(c, verdict="fails") for c in good.claims)
    trials = tuple(msgspec.structs.replace(t, verdict="fails", reason="\x00\x1b[31m\ufffe") for t in good.trials)
    ElementTree.fromstring(junit(msgspec.structs.replace(good, claims=claims, trials=trials)))


def test_the_summary_stays_below_60_kb_and_has_no_markup_of_others(bad):
    many = msgspec.structs.replace(
        bad, trials=bad.trials * 200, survivors=bad.survivors * 500, systems=bad.systems * 100
    )
    text = summary(many)
    assert len(text.encode()) < 60_000
    outside = re.sub(r"^(`{3,})\n.*?^\1$", "", text, flags=re.M | re.S)
    assert "<script" not in outside


@given(st.lists(st.floats(allow_nan=False), max_size=20), st.lists(st.floats(allow_nan=False), max_size=2))
def test_positions_lie_on_the_strip_in_the_order_of_their_values(values, ends):
    scale = axis(values, ends)
    places = [scale.at(v) for v in sorted(values)]
    assert all(0 <= place <= 100 for place in places)
    assert places == sorted(places)
    assert all(0 <= tick.x <= 100 for tick in scale.ticks)


@given(st.floats(allow_nan=False))
def test_a_number_is_never_empty_and_keeps_its_sign(x):
    text = number(x)
    assert text
    assert text.startswith("−") == (x < 0)


def test_numbers_as_people_read_them():
    assert number(2e-15) == "2.0·10⁻¹⁵"
    assert number(1e-13) == "10⁻¹³"
    assert number("inf") == "∞"
    assert number(-1.5) == "−1.5"
    assert number(9999.6) == "10000"
    assert number(940, 2) == "940"
    assert interval(0.01812, 0.04021) == "[0.01812, 0.04021]"
    assert interval(1.99995000041, 1.99995000041) == "1.99995"
    assert interval(0.47647267118, 0.47647267119) == "0.476472671"
    assert region(0.0, 1e-13) == "at most 10⁻¹³"
    assert region(0.01, "inf") == "at least 0.01"
    assert region(0.0, 0.0) == "exactly 0"


def test_a_formula_that_does_not_convert_is_shown_as_written():
    assert maths(r"\undefined{<b>") == r"<code>\undefined{&lt;b&gt;</code>".replace("&gt;", "") or "<code>" in maths(
        r"\undefined{<b>"
    )
    assert "<b>" not in maths(r"\undefined{<b>")
    assert str(prose("a < b and $x^2$")).startswith("a &lt; b and <math")
