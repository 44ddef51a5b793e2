"""The same run in four outputs: counts in each, nothing lost in silence, and nothing of others as markup."""

import re
import subprocess
import sys
from xml.etree import ElementTree

import msgspec
import pytest

from verify.engine.message import message_of
from verify.report.figures import svg
from verify.report.html import render, sentence
from verify.report.junit import junit
from verify.report.markdown import plain, summary


@pytest.fixture(scope="module")
def page(sample, timings):
    return render(sample, benchmarks=timings)


@pytest.fixture(scope="module")
def crowd(sample):
    """400 failing claims with ids of 1,000 characters that take several bytes each."""
    ids = [f"toy.{k}-" + "長" * 1000 for k in range(400)]
    replace = msgspec.structs.replace
    claim = next(c for c in sample.claims if c.verdict == "fails")
    trial = next(t for t in sample.trials if t.verdict == "fails")
    return replace(
        sample,
        claims=tuple(replace(claim, id=id, system="toy") for id in ids),
        trials=tuple(replace(trial, claim=id, reason="長" * 5000) for id in ids),
        survivors=tuple(ids),
        idle_claims=tuple(ids),
        systems=tuple(replace(s, title=id) for s in sample.systems for id in ids),
        subjects=dict.fromkeys(ids, "mylib:f"),
        figures=(),
        tables=(),
    )


def test_the_counts_line_stands_in_page_markdown_and_junit(sample, page):
    assert sample.summary in page
    assert sample.summary in summary(sample)
    assert sample.summary in junit(sample)


def test_the_summary_of_a_crowd_stays_below_60_kb_and_says_what_it_left_out(crowd):
    text = summary(crowd)
    assert len(text.encode()) < 60_000
    assert crowd.summary in text
    assert re.search(r"and \d+ more\.", text)
    assert "| system |" in text


def test_failures_come_before_systems_in_the_summary(sample):
    text = summary(sample)
    assert text.index(sample.summary) < text.index("toy.slope") < text.index("Survivors") < text.index("| system |")


def test_markdown_of_others_is_shown_not_rendered():
    assert plain("[a](b) <i>\r\n# *x* | `y`") == r"\[a\]\(b\) &lt;i\> \# \*x\* \| \`y\`"


def test_every_kind_of_trouble_is_a_failing_testcase(sample):
    suite = ElementTree.fromstring(junit(sample))
    names = {case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None}
    assert names >= {
        "toy.slope",
        "toy.wide-failure",
        "toy.looks",
        "shared.role/lost",
        "toy.below-two",
        "toy.role/fused",
    }
    assert suite.find(".//testcase[@name='toy.broken']/error") is not None
    assert suite.find(".//testcase[@name='toy.no-data']/skipped").get("message") == "the vectors are not installed"
    assert int(suite.get("tests")) == len(suite.findall("testcase"))


def test_junit_says_what_was_measured_allowed_and_what_to_type_next(sample):
    suite = ElementTree.fromstring(junit(sample))
    text = suite.find(".//testcase[@name='toy.slope']/failure").text
    trial = next(trial for trial in sample.trials if trial.claim == "toy.slope")
    assert text == message_of(sample, trial)
    assert all(word in text for word in ("measured", "allowed", "again", "verify run toy.slope"))


def test_the_page_names_another_subject_above_and_in_its_case(page):
    assert page.count("mylib:entropy") >= 3
    assert "In place of <code>toy.role</code>" in page


def test_only_cited_references_are_listed(page):
    assert "On toys" in page
    assert "Never cited" not in page


def test_every_link_of_the_page_has_its_place(page):
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))


def test_a_mutant_of_no_system_still_stands_in_the_matrix(page):
    assert "belongs to no system" in page
    assert "survives" in page


def test_only_claims_that_spent_risk_stand_in_the_ledger(page):
    ledger = page[page.index('class="ledger"') : page.index("</table>")]
    assert re.findall(r'href="#([^"]+)"', ledger) == ["toy.looks", "other.sampled"]


def test_the_command_repeats_the_worst_case_even_where_the_run_names_none(page):
    assert "verify run toy.wide-failure --case n=4 --profile full" in page


def test_a_refuted_statement_is_struck_through_and_the_truth_follows(page):
    article = page[page.index('id="toy.at-least"') :]
    assert article.index("<del>") < article.index("In truth") < article.index('<div class="stmt"')


def test_whatever_scrolls_can_be_reached_by_keys_and_has_a_name(page):
    for tag in re.findall(r'<div class="(?:scroll|stmt)"[^>]*>', page):
        assert 'tabindex="0"' in tag
        assert "aria-label" in tag


def test_the_speed_table_escapes_its_notes(page):
    assert "&lt;b&gt;" in page
    assert "time over ours" in page


def test_the_same_sample_gives_the_same_bytes(sample, timings, page):
    assert render(sample, benchmarks=timings) == page
    assert junit(sample) == junit(sample)
    assert summary(sample) == summary(sample)


def test_figures_of_every_kind_share_no_id_and_take_the_colours_of_the_page(sample):
    drawn = [str(svg(figure, place)) for place, figure in enumerate(sample.figures)]
    ids = [id for text in drawn for id in re.findall(r'\bid="([^"]+)"', text)]
    assert len(ids) == len(set(ids))
    for text in drawn:
        assert text.count("<title") == text.count("<desc") == 1
        assert "currentColor" in text
        assert "viewBox" in text
        assert not re.search(r"#0[0-9a-f]{5}\b|\bblack\b|<svg[^>]*\s(width|height)=", text)
        assert all(f">{kind}<" in text for kind in ("line", "dots", "vline", "note", "height"))
        ElementTree.fromstring(text)


def test_a_figure_survives_infinite_values_and_empty_series(sample):
    figure = sample.figures[0]
    series = tuple(msgspec.structs.replace(s, y=("inf",) * len(s.y)) for s in figure.series)
    empty = msgspec.structs.replace(series[0], x=(), y=(), label="_hidden")
    ElementTree.fromstring(str(svg(msgspec.structs.replace(figure, series=(*series, empty)), 0)))


def test_a_field_without_a_finite_value_leaves_its_axes_empty(sample):
    figure = sample.figures[0]
    blank = msgspec.structs.replace(figure.field, z=((None,) * 4,) * 3)
    ElementTree.fromstring(str(svg(msgspec.structs.replace(figure, field=blank), 0)))


def test_a_chapter_opens_with_its_picture_which_is_not_shown_again(page):
    chapter = page.partition('id="toy"')[2].partition('id="other"')[0]
    assert chapter.count("Numbers are rounded by the page.") == 1
    assert chapter.index("Numbers are rounded by the page.") < chapter.index('id="toy.many-cases"')
    assert chapter.count("Its picture stands at the head of the chapter.") == 1


def test_a_table_shows_words_escaped_and_numbers_rounded(page):
    assert "<td>&lt;i&gt;</td>" in page
    assert all(f'<td class="r">{cell}</td>' in page for cell in ("1,234,567", "0.3333", "10⁻¹²"))


def test_the_sentence_counts_in_one_manner(sample):
    words = [text for _, text in sentence(sample)]
    assert words[0] == "5 of 10 claims hold."
    assert "One harmless variant is rejected." in words


def test_importing_the_report_is_light():
    code = (
        "import sys, verify.report; print([m for m in ('jinja2', 'matplotlib', 'verify.claims') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "jinja2" not in found
    assert "matplotlib" not in found


def test_a_missing_extra_says_what_to_type(monkeypatch, sample):
    from verify.report import MissingExtra

    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtra, match=r"pip install 'kexue-verify\[report\]'"):
        render(sample)


def test_rows_of_a_strip_share_one_ground_that_is_written_once(page):
    grounds = re.findall(r'<g id="(s-\d+)">', page)
    used = re.findall(r'<use href="#(s-\d+)"/>', page)
    assert len(grounds) == len(set(grounds))
    assert set(used) <= set(grounds)
    assert len(used) >= 14  # the fifteen cases of one claim


def test_a_table_of_mutants_has_the_claims_of_its_role_alone_under_their_numbers(page):
    table = page[page.index("<caption>toy.role</caption>") :].partition("</table>")[0]
    assert re.findall(r'<th scope="col"><a href="#([^"]+)" aria-label="(\d+),', table)[0] == ("toy.many-cases", "1")
    assert "other.exact" not in table
    cells = [row.count("<td") for row in table.split("<tbody>")[1].split("</tr>") if "<tr>" in row]
    assert cells == [table.count('<th scope="col"><a') + 1] * 2
