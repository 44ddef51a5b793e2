"""Strips: positions lie on the strip in the order of the numbers, and shapes say what colours repeat."""

import math

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from verify.engine import record as r
from verify.report.speed import seconds, speed
from verify.report.strip import MOST_ROWS, margins, strip

NUMBERS = st.floats(allow_nan=False)
PAIRS = st.tuples(NUMBERS, NUMBERS).map(lambda pair: tuple(sorted(pair)))


def claim_of(region):
    return r.ClaimRecord(
        id="toy.claim", system="toy", title="", statement="x", source=r.Cited(key="toy", place=""), evidence="exact",
        role="toy.role", roles=("toy.role",), quantity="x", refutes=None, verdict="holds", worst=None, risk=0.0,
        region=r.Allowed(least=r.real(region[0]), most=r.real(region[1]), because="it is"),
    )  # fmt: skip


def trial_of(case, trail, verdict):
    trail = tuple((r.real(low), r.real(high)) for low, high in trail)
    return r.TrialRecord(
        claim="toy.claim", case=case, subject="reference", verdict=verdict, looks=len(trail), trail=trail,
        enclosure=r.Interval(low=trail[-1][0], high=trail[-1][1]), basis="", effort=0, margin=0.0, room=0.0, digest="",
        reason="",
    )  # fmt: skip


TRIALS = st.lists(
    st.tuples(st.lists(PAIRS, min_size=1, max_size=9), st.sampled_from(("holds", "fails", "undecided"))),
    min_size=1,
    max_size=4,
)


@given(TRIALS, PAIRS)
def test_everything_on_a_strip_lies_between_its_ends(trials, region):
    drawn = strip(claim_of(region), [trial_of(f"n={k}", trail, v) for k, (trail, v) in enumerate(trials)])
    places = [drawn.band.x, drawn.band.x + drawn.band.width, *drawn.band.edges, *(tick.x for tick in drawn.ticks)]
    for fade in (drawn.band.left, drawn.band.right):
        places += [] if fade is None else [fade[0], sum(fade)]
    for row in drawn.rows:
        places += [place for bar in row.bars for place in (bar.x, bar.x + bar.width)]
        places += [row.mark.x] if row.mark else []
        assert all(0 <= bar.y <= row.height - bar.height for bar in row.bars)
    assert all(-0.01 <= place <= 100.01 for place in places)
    assert drawn.band.width >= 0


@given(st.lists(PAIRS, min_size=2, max_size=6), PAIRS)
def test_marks_stand_in_the_order_of_their_values(looks, region):
    points = sorted(low for low, _ in looks)
    drawn = strip(claim_of(region), [trial_of(f"n={k}", [(x, x)], "holds") for k, x in enumerate(points)])
    places = [row.mark.x for row in drawn.rows]
    assert places == sorted(places)


@given(TRIALS, PAIRS)
def test_a_failure_always_has_its_cross(trials, region):
    drawn = strip(claim_of(region), [trial_of(f"n={k}", trail, "fails") for k, (trail, _) in enumerate(trials)])
    assert all(row.mark is not None for row in drawn.rows)


def test_an_open_end_fades_and_has_no_edge():
    above = strip(claim_of((0.5, math.inf)), [trial_of("", [(0.6, 0.7)], "holds")]).band
    below = strip(claim_of((-math.inf, 0.5)), [trial_of("", [(0.3, 0.4)], "holds")]).band
    assert above.right
    assert not above.left
    assert below.left
    assert not below.right
    assert len(above.edges) == len(below.edges) == 1


def test_a_region_that_starts_near_the_right_end_fades_from_its_edge_on():
    band = strip(claim_of((1.0, math.inf)), [trial_of("", [(0.0, 0.0)], "fails")]).band
    assert band.right[0] >= band.edges[0]


def test_zero_has_its_place_left_of_the_break():
    trials = [trial_of(f"x={x}", [(x, x)], "holds") for x in (0.0, 1e-15, 1e-9)]
    drawn = strip(claim_of((0.0, 1e-6)), trials)
    assert drawn.broken
    assert drawn.ticks[0].text == "0"
    assert drawn.rows[0].mark.x < 7.5 < drawn.rows[1].mark.x


def test_many_cases_show_the_worst_and_unfold_the_rest(sample):
    trials = [trial for trial in sample.trials if trial.claim == "toy.many-cases"]
    claim = next(claim for claim in sample.claims if claim.id == "toy.many-cases")
    drawn = strip(claim, trials)
    assert len(trials) > MOST_ROWS
    assert (len(drawn.rows), len(drawn.more)) == (8, 7)
    assert drawn.worst in drawn.rows
    assert drawn.worst.case == claim.worst


def test_the_worst_case_is_shown_even_if_the_run_names_none():
    trials = [trial_of("a=1", [(0.1, 0.1)], "holds"), trial_of("a=2", [(9.0, 9.0)], "fails")]
    assert strip(claim_of((0.0, 1.0)), trials).worst.case == "a=2"


def test_looks_go_from_faint_to_solid_and_only_the_last_is_hollow(sample):
    claim = next(claim for claim in sample.claims if claim.id == "toy.looks")
    row = strip(claim, [trial for trial in sample.trials if trial.claim == claim.id]).rows[0]
    inks = [bar.ink for bar in row.bars]
    assert inks == sorted(inks)
    assert inks[-1] == 1.0
    assert [bar.hollow for bar in row.bars] == [False, False, False, True]


def test_a_claim_without_trials_still_has_a_strip():
    assert strip(claim_of((0.0, 1.0)), []).worst.value == "no number"


def test_another_subject_is_named_in_words(sample):
    trials = [trial for trial in sample.trials if trial.claim == "toy.at-least"]
    claim = next(claim for claim in sample.claims if claim.id == "toy.at-least")
    assert [row.subject for row in strip(claim, trials).rows] == ["", "mylib:entropy"]
    assert "subject mylib:entropy" in strip(claim, trials).rows[1].words


@given(st.lists(st.floats(min_value=0, allow_nan=False), min_size=1, max_size=6))
def test_margins_stand_in_order(values):
    dots, _ = margins([("name", "slip", value) for value in sorted(values)])
    assert [dot.x for dot in dots] == sorted(dot.x for dot in dots)


def test_the_peer_stands_right_of_ours_and_the_limit_left(timings):
    table = speed(timings)
    limit, peer = table.rows[0].bars
    assert limit[0] < table.one == peer[0]
    assert table.rows[0].peer == "5.7×"
    assert table.rows[1].bars == table.rows[2].bars == ()
    assert table.rows[2].ours == "–"


def test_no_benchmarks_make_no_table():
    assert speed(None) is None
    assert speed({"rows": []}) is None


def test_seconds_in_the_unit_that_reads_best():
    assert [seconds(x) for x in (0.94, 0.041, 62e-5, 3e-9, None, 0.0)] == [
        "0.94 s",
        "41 ms",
        "0.62 ms",
        "3 ns",
        "–",
        "–",
    ]


def test_drawing_leaves_the_run_as_it_was(sample):
    before = msgspec.json.encode(sample)
    for claim in sample.claims:
        strip(claim, [trial for trial in sample.trials if trial.claim == claim.id])
    assert msgspec.json.encode(sample) == before
