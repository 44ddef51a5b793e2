"""The judges are judged: a sampled enclosure misses as seldom as it promises, and this court convicts those that do not."""

import math
from fractions import Fraction
from itertools import islice
from math import comb

import flint
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.evidence import (
    Basis,
    Enclosure,
    bounded_mean,
    clopper_pearson,
    median,
    probability,
    sup_distance,
    total_variation,
    worst_looks,
)
from verify.evidence.sampling import SLACK

RISK, LOOKS, RNG = 0.05, 4, np.random.default_rng
CELLS = np.array([0.5, 0.3, 0.15, 0.05])
FEW = {"first": 32}


def uniform(rng, n):
    return rng.random(n)


def identity(x):
    return x


def cells(rng, n):
    return rng.choice(4, n, p=CELLS)


def many(rng, n):
    return rng.integers(0, 64, n)


def dice(rng, n):
    return rng.integers(0, 4, n)


def atoms(x):
    """P(X <= x) for X uniform on 0, 1, 2, 3."""
    return np.clip(np.floor(np.asarray(x)) + 1, 0, 4) / 4


def before_atoms(x):
    """P(X < x)."""
    return np.clip(np.ceil(np.asarray(x)), 0, 4) / 4


def event(p):
    return lambda rng, n: rng.random(n) < p


def fixed(maker, *args, **how):
    """The maker as a function of (rng, risk) alone."""
    return lambda rng, risk: maker(*args, rng, risk, **FEW | how)


def worst_event(*ps):
    return lambda rng, risk: worst_looks(*(probability(event(p), rng, risk / len(ps), **FEW) for p in ps))


# maker -> (looks at a quantity, its true value); a slice of each family of laws
HONEST = {
    "probability": (fixed(probability, event(0.1)), 0.1),
    "probability of a rare event, from one draw on": (fixed(probability, event(0.01), first=1), 0.01),
    "probability of the certain": (fixed(probability, event(1.0)), 1.0),
    "probability of the impossible": (fixed(probability, event(0.0)), 0.0),
    "sup distance to itself": (fixed(sup_distance, uniform, identity), 0.0),
    "sup distance to another law": (fixed(sup_distance, lambda r, n: r.random(n) ** 2, identity), 0.25),
    "sup distance with atoms": (fixed(sup_distance, dice, atoms, before=before_atoms), 0.0),
    "sup distance of a loaded die": (
        fixed(sup_distance, lambda r, n: np.minimum(dice(r, n), 2), atoms, before=before_atoms), 0.25,
    ),
    "sup distance of a constant": (fixed(sup_distance, lambda r, n: np.full(n, 0.7), identity), 0.7),
    "total variation of few cells": (fixed(total_variation, cells, np.full(4, 0.25)), 0.3),
    "total variation of few cells to itself": (fixed(total_variation, cells, CELLS), 0.0),
    "total variation of many cells": (fixed(total_variation, many, np.full(64, 1 / 64)), 0.0),
    "total variation of many cells to a half": (
        fixed(total_variation, lambda r, n: r.integers(0, 32, n), np.full(64, 1 / 64)), 0.5,
    ),
    "total variation outside the cells": (fixed(total_variation, lambda r, n: cells(r, n) - 1, CELLS[1:] / 0.5), 0.5),
    "total variation between the cells": (fixed(total_variation, lambda r, n: dice(r, n) / 2, [0.5, 0.5]), 0.5),
    "median": (fixed(median, lambda r, n: r.exponential(size=n)), math.log(2)),
    "median with ties": (fixed(median, lambda r, n: r.integers(0, 3, n)), 1.0),
    "median of a fair coin": (fixed(median, lambda r, n: r.integers(0, 2, n)), 0.0),
    "median where a third is NaN": (fixed(median, lambda r, n: np.where(r.random(n) < 1 / 3, np.nan, r.random(n))), 0.75),
    "bounded mean": (fixed(bounded_mean, lambda r, n: r.random(n) ** 2, 0, 1), 1 / 3),
    "bounded mean of the skewed": (fixed(bounded_mean, lambda r, n: 2.0 * (r.random(n) < 0.02) - 1, -1, 1), -0.96),
    "bounded mean at the end of its range": (fixed(bounded_mean, lambda r, n: np.full(n, 3.0), -2, 3), 3.0),
    "worst of two": (worst_event(0.2, 0.4), 0.4),
    "worst of eight alike": (worst_event(*8 * (0.5,)), 0.5),
}  # fmt: skip


def wald(rng, risk):
    """The textbook interval p ± z √(p q / n), at a probability near 0."""
    hits = n = 0
    for size in (16, 16, 32, 64):
        hits, n = hits + int((rng.random(size) < 0.02).sum()), n + size
        half = 1.96 * math.sqrt(hits * (n - hits) / n**3)
        yield Enclosure(hits / n - half, hits / n + half, risk, Basis.SAMPLE)


def a_third(maker):
    """The looks of `maker`, a third as wide."""

    def narrow(rng, risk):
        for look in maker(rng, risk):
            middle, half = (look.low + look.high) / 2, (look.high - look.low) / 6
            yield Enclosure(middle - half, middle + half, look.risk, Basis.SAMPLE)

    return narrow


def unpaid_looks(rng, risk):
    """The whole risk at each of many looks."""
    hits = n = 0
    for _ in range(60):
        hits, n = hits + int((rng.random(20) < 0.3).sum()), n + 20
        yield clopper_pearson(hits, n, risk)


def no_mean(rng, risk):
    """How far the distance moves, but not how far it lies from 0 in the mean."""
    tally = np.zeros(64)
    for k, size in enumerate((32, 32, 64, 128), 1):
        tally += np.bincount(many(rng, size), minlength=64)
        n = tally.sum()
        distance, half = 0.5 * np.abs(tally / n - 1 / 64).sum(), math.sqrt(math.log(2**k / risk) / (2 * n))
        yield Enclosure(distance - half, distance + half, risk / 2**k, Basis.SAMPLE)


def central_limit(rng, risk):
    """mean ± z s / √n for a skewed variable: no hit, no width."""
    x = np.empty(0)
    for size in (32, 32, 64, 128):
        x = np.concatenate([x, rng.random(size) < 0.02])
        half = 2.5 * x.std() / math.sqrt(len(x))
        yield Enclosure(x.mean() - half, x.mean() + half, risk, Basis.SAMPLE)


def unsplit(rng, risk):
    """The largest of forty probabilities, each enclosed at the whole risk."""
    for looks in zip(*(probability(event(0.5), rng, risk, **FEW) for _ in range(40)), strict=True):
        yield Enclosure(max(e.low for e in looks), max(e.high for e in looks), looks[0].risk, Basis.SAMPLE)


DISHONEST = {
    "Wald": (wald, 0.02),
    "unpaid looks": (unpaid_looks, 0.3),
    "a third of DKW": (a_third(HONEST["sup distance to another law"][0]), 0.25),
    "atoms without `before`": (fixed(sup_distance, dice, atoms), 0.0),
    "total variation without its mean": (no_mean, 0.0),
    "a third of the median": (a_third(HONEST["median"][0]), math.log(2)),
    "a mean by the central limit theorem": (central_limit, 0.02),
    "worst with unsplit risk": (unsplit, 0.5),
}


@pytest.mark.parametrize("name", HONEST)
def test_any_of_several_looks_misses_at_most_as_often_as_promised(name, miss_rate):
    assert miss_rate(*HONEST[name], RISK, looks=LOOKS).low <= RISK


@pytest.mark.parametrize("name", DISHONEST)
def test_a_maker_that_promises_too_much_is_convicted(name, miss_rate):
    assert miss_rate(*DISHONEST[name], RISK, looks=60 if name == "unpaid looks" else LOOKS).low > RISK


@pytest.mark.parametrize("name", HONEST)
def test_looks_double_their_draws_and_state_risks_that_add_up_to_no_more_than_the_whole(name):
    looks = list(islice(HONEST[name][0](RNG(1), 1e-9), 8))
    assert sum(Fraction(e.risk) for e in looks) <= Fraction(1e-9)
    assert [e.effort for e in looks] == [looks[0].effort * 2**k for k in range(8)]
    for e in looks:
        assert (type(e.low), type(e.high), type(e.risk), type(e.effort)) == (float, float, float, int)
        assert e.basis is Basis.SAMPLE


@pytest.mark.parametrize(
    "name", [name for name in HONEST if name != "median of a fair coin"]
)  # every x in [0, 1] is one
def test_sixty_four_times_the_draws_halve_the_width_at_least(name):
    looks = list(islice(HONEST[name][0](RNG(2), 1e-6), 9))
    narrow, wide = looks[-1].high - looks[-1].low, looks[2].high - looks[2].low
    assert wide == math.inf or narrow <= wide / 2  # an eighth by the square-root law, less what the look's risk costs


# exact arithmetic in place of simulation


def below_count(hits, n, p):
    """P(Bin(n, p) < hits) for a rational p, in integers."""
    a, b = p.numerator, p.denominator
    return Fraction(sum(comb(n, k) * a**k * (b - a) ** (n - k) for k in range(hits)), b**n)


counts = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
risks = st.floats(1e-300, 0.999) | st.sampled_from([0.05, 1e-10, 1e-10 / 2**20])


@given(counts, risks)
def test_the_exact_tail_at_either_end_is_at_most_half_the_risk_and_hardly_less(counted, risk):
    hits, n = counted
    e, half = clopper_pearson(hits, n, risk), Fraction(risk) / 2
    loosened = Fraction(1 + 4 * SLACK)
    if hits:
        assert 1 - below_count(hits, n, Fraction(e.low)) <= half
        assert 1 - below_count(hits, n, Fraction(e.low) * loosened) >= half
    if hits < n:
        assert below_count(hits + 1, n, Fraction(e.high)) <= half
        # the upper end is a float near 1, so it is loose by some of those besides the allowance for its distance to 1
        nearer = 1 - (1 - Fraction(e.high)) * loosened - Fraction(1, 2**51)
        assert nearer <= 0 or below_count(hits + 1, n, nearer) >= half


@pytest.mark.parametrize("n", [10**3, 2**20, 2**27])
@pytest.mark.parametrize("share", [0.0, 1e-3, 0.5, 0.999])
@pytest.mark.parametrize("risk", [0.05, 1e-10, 1e-18])
def test_the_tail_at_either_end_is_at_most_half_the_risk_for_many_draws(n, share, risk):
    """I_p(hits, n - hits + 1) = P(Bin(n, p) >= hits), in balls; the other tail is the same after a change of sides."""
    hits = round(share * n) or 1
    e = clopper_pearson(hits, n, risk)
    before, flint.ctx.prec = flint.ctx.prec, 256
    try:
        half = flint.arb(risk) / 2
        assert flint.arb(e.low).beta_lower(hits, n - hits + 1, regularized=True) <= half
        assert (1 - flint.arb(e.high)).beta_lower(n - hits, hits + 1, regularized=True) <= half
    finally:
        flint.ctx.prec = before


@given(st.integers(1, 300), risks)
def test_the_median_lies_between_the_innermost_order_statistics_that_the_risk_allows(n, risk):
    e = next(median(lambda rng, size: rng.permutation(size) + 1.0, RNG(n), risk, first=n))
    half = Fraction(risk) / 4  # the first look has half the risk, either side half of that
    k = 0 if e.low == -math.inf else int(e.low)
    assert e.high == (n + 1 - k if k else math.inf)
    assert below_count(k, n, Fraction(1, 2)) <= half
    assert 2 * k >= n or below_count(k + 1, n, Fraction(1, 2)) * Fraction(1 + 4 * SLACK) > half


@given(st.integers(1, 200), st.floats(1e-300, 0.999), st.integers(0, 2**20))
def test_dkw_rounds_outward(n, risk, seed):
    """Draws are dyadic and the law is the identity, so the distance is a rational; the width is a ball."""
    draws = RNG(seed).integers(0, 2**20, n) / 2**20
    e = next(sup_distance(lambda rng, size: draws, identity, RNG(0), risk, first=n))
    x = sorted(map(Fraction, draws))
    distance = max(max(Fraction(i + 1, n) - x[i], x[i] - Fraction(i, n)) for i in range(n))
    distance = flint.arb(flint.fmpq(distance.numerator, distance.denominator))
    width = ((4 / flint.arb(risk)).log() / (2 * n)).sqrt()
    assert e.low == 0.0 or flint.arb(e.low) <= distance - width
    assert e.high == 1.0 or flint.arb(e.high) >= distance + width


@pytest.mark.parametrize("value", [-2.0, 3.0])
def test_the_mean_stays_in_its_range(value):
    e = next(bounded_mean(lambda rng, n: np.full(n, value), -2, 3, RNG(0), 0.1))
    assert -2 <= e.low <= value <= e.high <= 3


# what is refused

MAKERS = {
    "probability": lambda draw, risk, **how: probability(draw or event(0.5), RNG(0), risk, **how),
    "sup_distance": lambda draw, risk, **how: sup_distance(draw or uniform, identity, RNG(0), risk, **how),
    "total_variation": lambda draw, risk, **how: total_variation(draw or cells, CELLS, RNG(0), risk, **how),
    "median": lambda draw, risk, **how: median(draw or uniform, RNG(0), risk, **how),
    "bounded_mean": lambda draw, risk, **how: bounded_mean(draw or uniform, 0, 1, RNG(0), risk, **how),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("risk", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_a_risk_outside_0_1_is_refused(name, risk):
    with pytest.raises(ValueError, match="risk="):
        next(MAKERS[name](None, risk))


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("first", [0, -1])
def test_no_draws_are_refused(name, first):
    with pytest.raises(ValueError, match=f"first={first}"):
        next(MAKERS[name](None, 0.1, first=first))


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("wrong", [lambda n: np.ones((n, 2), bool), lambda n: np.ones(n - 1, bool), lambda n: True])
def test_a_batch_of_another_shape_is_refused(name, wrong):
    with pytest.raises(ValueError, match="shape"):
        next(MAKERS[name](lambda rng, n: wrong(n), 0.1))


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (-1, 5), (6, 5), (math.nan, 5)])
def test_impossible_counts_are_refused(hits, n):
    with pytest.raises(ValueError, match="hits="):
        clopper_pearson(hits, n, 0.05)


@pytest.mark.parametrize("kind", [float, int, object])
def test_a_hit_that_is_no_boolean_is_refused(kind):
    with pytest.raises(ValueError, match="a hit is a boolean"):
        next(probability(lambda rng, n: np.ones(n, kind), RNG(0), 0.1))


@pytest.mark.parametrize("law", [[0.5, 0.6], [0.5, 0.4], [-0.5, 1.5], [], [[1.0]], 1.0, [math.nan, 1.0]])
def test_a_law_that_is_none_is_refused(law):
    with pytest.raises(ValueError, match="law"):
        next(total_variation(cells, law, RNG(0), 0.1))


@pytest.mark.parametrize(
    ("value", "words"), [(-0.01, "outside its"), (1.01, "outside its"), (math.inf, "outside its"), (math.nan, "is NaN")]
)
def test_a_draw_outside_its_stated_range_is_refused(value, words):
    with pytest.raises(ValueError, match=words):
        next(bounded_mean(lambda rng, n: np.where(np.arange(n) == 3, value, 0.5), 0, 1, RNG(0), 0.1))


@pytest.mark.parametrize(("low", "high"), [(1, 1), (1, 0), (math.nan, 1), (0, math.inf), (-1e308, 1e308)])
def test_a_range_that_is_none_is_refused(low, high):
    with pytest.raises(ValueError, match="low="):
        next(bounded_mean(uniform, low, high, RNG(0), 0.1))


# what a subject returned is its answer, even NaN


@pytest.mark.parametrize("cdf", [identity, lambda x: np.searchsorted([0.0, 0.5], x, side="right") / 2])
def test_a_nan_draw_has_left_every_law_even_one_that_takes_nan_for_a_number(cdf):
    looks = sup_distance(lambda rng, n: np.where(np.arange(n) < 2, np.nan, rng.random(n)), cdf, RNG(0), 0.1)
    assert [(e.low, e.high) for e in looks] == [(1.0, 1.0)]


def test_draws_that_are_mostly_nan_have_an_infinite_median():
    e = next(median(lambda rng, n: np.where(rng.random(n) < 0.9, np.nan, 0.0), RNG(0), 0.1))
    assert (e.low, e.high) == (math.inf, math.inf)


def test_nan_is_a_cell_of_its_own():
    e = next(total_variation(lambda rng, n: np.full(n, np.nan), CELLS, RNG(0), 0.1))
    assert e.low > 0.9
    assert e.high == 1.0
