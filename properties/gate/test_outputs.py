"""The same findings in the terminal, as JSON, Markdown, JUnit, annotations and on the page."""

import json
import re
from datetime import date
from xml.etree import ElementTree

import msgspec
import pytest

from verify.gate import files
from verify.gate.baseline import baseline_of
from verify.gate.compare import compare, incomparable
from verify.gate.junit import as_junit
from verify.gate.page import changes
from verify.gate.text import accepted, lines, nothing, painter
from verify.report.change import Spot, plot
from verify.report.html import render

replace = msgspec.structs.replace
TODAY = date(2026, 11, 25)
FLOAT = ("toy.square-of-a-float", "draws=10", "reference")
FRACTION = ("toy.square-of-a-fraction", "n=3", "reference")
HITS = ("toy.square-hits", "", "reference")
RATE = ("toy.square-rate", "", "reference")
STEER = "\x1b[31m\nevil\x00::error::%0A|<script>alert(1)</script>"


@pytest.fixture(scope="module")
def bad(toys):
    """The toys in which a claim fails, as a run."""
    trials = tuple(
        replace(t, verdict="fails", enclosure=replace(t.enclosure, low=0.5, high=0.5), reason="no luck")
        if t.claim == FLOAT[0] else t
        for t in toys.trials
    )  # fmt: skip
    claims = tuple(replace(c, verdict="fails") if c.id == FLOAT[0] else c for c in toys.claims)
    return replace(toys, trials=trials, claims=claims)


@pytest.fixture(scope="module")
def found(baseline, bad, change, without):
    """A comparison with each of the eight words."""
    then = change(baseline, "trials", HITS, basis="balls")
    then = replace(change(then, "claims", RATE[0], least=1.995), seed=0)
    then = without(then, "trials", (FRACTION[0], "n=5", "reference"))
    then = replace(then, mutants=(*then.mutants, replace(then.mutants[0], id="toy.square/old")))
    then = replace(then, inputs={"words": "a"}, idle_claims=(HITS[0],))
    now = replace(baseline_of(bad), inputs={"words": "b"})
    return compare(then, now, today=TODAY)


@pytest.fixture(scope="module")
def crowd(baseline):
    """400 claims that vanished, with hostile names of 1,000 characters."""
    ids = [f"toy.{k:03d}-{STEER}" + "長" * 1000 for k in range(400)]
    claims = tuple(replace(baseline.claims[0], id=id) for id in ids)
    return compare(replace(baseline, claims=(*baseline.claims, *claims)), baseline, today=TODAY)


def test_the_words_come_worst_first(found):
    words = list(dict.fromkeys(finding.word.value for finding in found.findings))
    assert words == ["worse", "gone", "loosened", "not comparable", "moved", "new", "better"]
    assert found.tally["same"] == 2
    assert sum(found.tally.values()) == len(found.findings) + 2


def test_the_terminal_says_what_where_and_what_to_type(found, bad):
    said = lines(found, bad, "reports/baseline.json")
    assert said[0] == "worse  toy.square-of-a-float  draws=10  holds -> fails"
    assert said[1] == "    now 0.5, allowed [0, 1e-15]; no luck"
    assert said[2] == "    again  verify run toy.square-of-a-float --case draws=10"
    assert said[3].startswith("gone  toy.square/old  ")
    assert said[-1].startswith("gate: 1 worse, 1 gone, 1 loosened, 1 not comparable, ")
    assert said[-1].endswith("against reports/baseline.json")


def test_colour_is_for_those_who_want_it(found, bad):
    assert "\x1b" not in "".join(lines(found, bad, "b"))
    painted = lines(found, bad, "b", painter(colour=True))
    assert painted[0].startswith("\x1b[31m")
    assert sum("\x1b" in line for line in painted) == len(found.failing)


def test_what_steers_a_terminal_is_shown_not_obeyed(crowd):
    for line in lines(crowd, None, STEER):
        assert line.isprintable()
        assert len(line) < 2000


def test_a_crowd_fits_one_screen_and_is_counted(crowd):
    said = lines(crowd, None, "b")
    assert len(said) < 40
    assert "... and 390 more findings that fail the gate" in said


def test_many_cases_of_a_claim_are_one_line(baseline):
    then = replace(baseline, trials=tuple(replace(t, verdict="fails") for t in baseline.trials))
    said = lines(compare(baseline, then, today=TODAY), None, "b")
    assert any(line.endswith("n=3  holds -> fails  (and 1 more case)") for line in said)


def test_a_failure_that_the_baseline_had_is_said(baseline, change):
    same = change(baseline, "trials", FLOAT, verdict="fails")
    assert lines(compare(same, same, today=TODAY), None, "b")[0] == (
        "fails  toy.square-of-a-float  draws=10  as in the baseline"
    )


def test_a_new_claim_that_fails_is_not_said_to_be_in_the_baseline(baseline, change, without):
    then = without(without(baseline, "trials", FLOAT), "claims", FLOAT[0])
    said = lines(compare(then, change(baseline, "trials", FLOAT, verdict="fails"), today=TODAY), None, "b")
    assert said[0] == "worse  toy.square-of-a-float  fails"
    assert not any("as in the baseline" in line for line in said)


def test_an_update_says_every_line_that_it_accepts(found, baseline):
    said = accepted(found)
    assert len(said) == len(found.findings)
    assert said[0].startswith("accept  worse  toy.square-of-a-float  draws=10  holds -> fails")
    anew = accepted(compare(nothing(baseline), baseline, today=TODAY))
    assert {line.split("  ")[1] for line in anew} == {"new", "loosened"}
    assert len(anew) == len(baseline.claims) + len(baseline.mutants) + len(baseline.equivalents) + 1


def test_json_has_all_findings_the_tally_and_the_code(found):
    plain = json.loads(files.as_json(found, "b"))
    assert plain["exit_code"] == 1
    assert plain["tally"]["worse"] == 1
    assert [(f["word"], f["where"]) for f in plain["findings"]] == [(f.word.value, f.where) for f in found.findings]
    assert plain["findings"][0]["fails"] is True
    assert set(plain["findings"][0]) == {"word", "kind", "where", "case", "then", "now", "says", "fails"}


def test_markdown_says_the_findings_in_a_table(found, bad):
    text = files.as_markdown(found, bad, "reports/baseline.json")
    assert text.startswith("# 3 findings since the baseline\n")
    assert bad.summary in text
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(found.findings)
    assert rows[0].startswith("| ▼ worse | toy.square\\-of\\-a\\-float draws=10 |")
    assert "holds → fails" in rows[0]


def test_markdown_of_a_crowd_stays_below_60_kb_and_renders_nothing_of_others(crowd):
    text = files.as_markdown(crowd, None, STEER)
    assert len(text.encode()) < 60_000
    assert re.search(r"and \d+ more\.", text)
    assert "<script" not in text


def test_markdown_of_a_pass_says_so(baseline, toys):
    text = files.as_markdown(compare(baseline, baseline, today=TODAY), toys, "b")
    assert text.startswith("# Nothing got worse\n")


def test_annotations_are_worst_first_at_most_ten_and_break_no_line(found, bad, crowd):
    said = files.github(found, bad)
    assert len(said) == 3
    assert said[0].startswith("::error title=worse toy.square-of-a-float draws=10::holds -> fails; ")
    assert "verify run toy.square-of-a-float --case draws=10" in said[0]
    many = files.github(crowd, None)
    assert len(many) == 10
    assert all("\n" not in line and line.count("::") == 2 for line in many)


def test_junit_has_a_testcase_a_claim_with_its_numbers_then_and_now(found, bad):
    suite = ElementTree.fromstring(as_junit(found, bad))
    names = [case.get("name") for case in suite.findall("testcase")]
    assert names[:4] == sorted(claim.id for claim in bad.claims)
    assert names[4:] == ["toy.square/old"]
    assert int(suite.get("tests")) == len(names)
    assert int(suite.get("failures")) == len(suite.findall(".//failure")) == 3
    case = suite.find("testcase[@name='toy.square-of-a-float']")
    values = {p.get("name"): p.get("value") for p in case.find("properties")}
    assert (values["high"], values["then_high"], values["most"], values["then_most"]) == (
        "0.5",
        "0.0",
        "1e-15",
        "1e-15",
    )
    assert case.find("failure").get("message") == "worse  toy.square-of-a-float  draws=10  holds -> fails"


def test_junit_fails_what_the_baseline_had_too(baseline, toys, change):
    same = change(baseline, "mutants", "toy.square/twice", caught_by=None)
    same = change(same, "trials", FLOAT, verdict="undecided")
    suite = ElementTree.fromstring(as_junit(compare(same, same, today=TODAY), toys))
    failed = {case.get("name") for case in suite.findall("testcase") if case.find("failure") is not None}
    assert failed == {"toy.square/twice", FLOAT[0]}


def test_junit_survives_hostile_names(crowd, toys):
    suite = ElementTree.fromstring(as_junit(crowd, toys))
    assert int(suite.get("tests")) == 404


def test_a_refusal_stands_in_every_output(baseline, toys):
    for found in (
        compare(replace(baseline, profile="full"), baseline, today=TODAY),
        incomparable(baseline, "schema 1, but this version compares schema 2", today=TODAY),
    ):
        assert found.exit_code == 3
        assert lines(found, toys, "b")[0].startswith("not comparable  ")
        assert files.as_markdown(found, toys, "b").startswith("# Not comparable\n")
        assert len(files.github(found, toys)) == 1
        suite = ElementTree.fromstring(as_junit(found, toys))
        assert [case.get("name") for case in suite.findall("testcase") if case.find("failure") is not None] == [
            "the run"
        ]
        assert json.loads(files.as_json(found, "b"))["exit_code"] == 3
        assert "Not comparable with the baseline." in render(toys, changes=changes(found, toys))


def test_the_page_shows_what_changed_then_and_now(found, bad):
    page = render(bad, changes=changes(found, bad))
    block = page[page.index('id="change"') : page.index("</table>", page.index('id="change"'))]
    order = re.findall(r"</i>([a-z ]+)</td>", block)
    assert list(dict.fromkeys(order)) == [
        "worse",
        "gone",
        "loosened",
        "not comparable",
        "moved",
        "new",
        "better",
        "same",
    ]
    assert 'href="#toy.square-of-a-float"' in block
    assert "then 0, holds; now 0.5, fails" in block
    assert 'stroke-dasharray="2 3"' in block
    assert "3 findings since the baseline." in page
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))


def test_a_page_without_a_baseline_has_no_such_block(bad):
    page = render(bad)
    assert 'id="change"' not in page
    assert 'class="ring"' not in page


def test_margins_of_the_baseline_are_rings(found, bad):
    page = render(bad, changes=changes(found, bad))
    assert page.count('class="ring"') == 2
    assert "Ring: the baseline." in page


def test_hostile_names_are_shown_on_the_page_and_run_nothing(crowd, toys):
    page = render(toys, changes=changes(crowd, toys))
    assert "<script>alert" not in page
    assert "380 more rows" in page


def test_a_plot_has_a_place_for_each_side_and_none_without_a_region():
    assert plot(Spot(0, 1, "holds"), None, None, None) is None
    assert plot(None, None, (0, 1), (0, 1)) is None
    both = plot(Spot(0.0, 0.4, "holds"), Spot(0.9, 0.9, "fails"), (0.0, 0.5), (0.0, 0.6))
    assert both.then.bar.y < both.now.mark.y
    assert len(both.dashed) == 1
    assert both.words == "then [0, 0.4], holds; now 0.9, fails"
    alone = plot(Spot(0.0, 0.4, "undecided"), None, (0.0, 0.5), None)
    assert alone.now is None
    assert alone.then.bar.hollow
