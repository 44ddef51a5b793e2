"""The judges are judged: each maker of enclosures holds what it promises, and this very test convicts those that do not."""

import math
from itertools import islice

import numpy as np
import pytest

from verify.evidence import (
    Basis,
    Enclosure,
    bounded_mean,
    clopper_pearson,
    median,
    probability,
    sup_distance,
    total_variation,
    worst,
    worst_looks,
)
from verify.evidence.sampling import SLACK

RISK, LOOKS = 0.05, 4
CELLS = np.array([0.5, 0.3, 0.15, 0.05])


def cells(rng, n):
    return rng.choice(4, n, p=CELLS)


def atoms(x):
    """P(X <= x) for X uniform on 0, 1, 2, 3."""
    return np.clip(np.floor(np.asarray(x)) + 1, 0, 4) / 4


# maker -> (looks at a quantity, its true value); a slice of each family of laws
HONEST = {
    "probability": (lambda rng, risk: probability(lambda r, n: r.random(n) < 0.1, rng, risk, first=32), 0.1),
    "certain event": (lambda rng, risk: probability(lambda r, n: np.ones(n, bool), rng, risk, first=32), 1.0),
    "sup distance to itself": (lambda rng, risk: sup_distance(lambda r, n: r.random(n), lambda x: x, rng, risk, first=32), 0.0),
    "sup distance to another law": (
        lambda rng, risk: sup_distance(lambda r, n: r.random(n) ** 2, lambda x: x, rng, risk, first=32), 0.25,
    ),
    "sup distance with atoms": (
        lambda rng, risk: sup_distance(
            lambda r, n: r.integers(0, 4, n), atoms, rng, risk, before=lambda x: atoms(np.asarray(x) - 0.5), first=32
        ), 0.0,
    ),
    "total variation": (lambda rng, risk: total_variation(cells, np.full(4, 0.25), rng, risk, first=32), 0.3),
    "total variation outside": (
        lambda rng, risk: total_variation(lambda r, n: cells(r, n) - 1, CELLS[1:] / 0.5, rng, risk, first=32), 0.5,
    ),
    "median": (lambda rng, risk: median(lambda r, n: r.exponential(size=n), rng, risk, first=32), math.log(2)),
    "median with ties": (lambda rng, risk: median(lambda r, n: r.integers(0, 3, n), rng, risk, first=32), 1.0),
    "bounded mean": (lambda rng, risk: bounded_mean(lambda r, n: r.random(n) ** 2, 0, 1, rng, risk, first=32), 1 / 3),
    "bounded mean, skewed": (
        lambda rng, risk: bounded_mean(lambda r, n: 2.0 * (r.random(n) < 0.02) - 1, -1, 1, rng, risk, first=32), -0.96,
    ),
    "worst of two": (
        lambda rng, risk: worst_looks(
            *(probability(lambda r, n, p=p: r.random(n) < p, rng, risk / 2, first=32) for p in (0.2, 0.4))
        ), 0.4,
    ),
}  # fmt: skip


def wald(rng, risk):
    """The textbook interval p ± z √(p q / n), at a probability near 0."""
    hits = n = 0
    for size in (16, 16, 32, 64):
        hits, n = hits + int((rng.random(size) < 0.02).sum()), n + size
        p = hits / n
        yield Enclosure(
            p - 1.96 * math.sqrt(p * (1 - p) / n), p + 1.96 * math.sqrt(p * (1 - p) / n), risk, Basis.SAMPLE
        )


def narrow_dkw(rng, risk):
    """A third of the width that the theorem gives."""
    for look in islice(sup_distance(lambda r, n: r.random(n) ** 2, lambda x: x, rng, risk, first=32), LOOKS):
        middle, half = (look.low + look.high) / 2, (look.high - look.low) / 6
        yield Enclosure(middle - half, middle + half, look.risk, Basis.SAMPLE)


def unpaid_looks(rng, risk):
    """The whole risk at each of many looks."""
    hits = n = 0
    for _ in range(60):
        hits, n = hits + int((rng.random(20) < 0.3).sum()), n + 20
        yield clopper_pearson(hits, n, risk)


DISHONEST = {"Wald": (wald, 0.02), "narrow DKW": (narrow_dkw, 0.25), "unpaid looks": (unpaid_looks, 0.3)}


def misses(maker, truth, *, looks, runs=600):
    """How many of many independent runs have any look that misses the truth."""
    rng = np.random.default_rng(20231013)
    return sum(
        any(not e.low <= truth <= e.high for e in islice(maker(rng, RISK), looks)) for _ in range(runs)
    ), runs  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_all_looks_together_miss_at_most_as_often_as_promised(name):
    maker, truth = HONEST[name]
    k, n = misses(maker, truth, looks=LOOKS)
    # the machinery itself decides: the miss rate is not provably above the promise
    assert clopper_pearson(k, n, 1e-9).low <= RISK


@pytest.mark.parametrize("name", DISHONEST)
def test_a_maker_that_promises_too_much_is_convicted(name):
    maker, truth = DISHONEST[name]
    k, n = misses(maker, truth, looks=60)
    assert clopper_pearson(k, n, 1e-9).low > RISK


@pytest.mark.parametrize("name", HONEST)
def test_the_risk_of_all_looks_adds_up_to_less_than_the_whole(name):
    maker, _ = HONEST[name]
    assert sum(e.risk for e in islice(maker(np.random.default_rng(1), 1e-9), 8)) <= 1e-9


@pytest.mark.parametrize("name", [name for name in HONEST if name != "worst of two"])
def test_looks_become_sharper(name):
    maker, _ = HONEST[name]
    looks = list(islice(maker(np.random.default_rng(2), 1e-6), 9))
    assert looks[-1].high - looks[-1].low < 0.5 * (looks[0].high - looks[0].low)


UNIFORM = (lambda r, n: r.random(n), lambda x: x)
MAKERS = {
    "probability": lambda rng, risk, **how: probability(lambda r, n: r.random(n) < 0.5, rng, risk, **how),
    "sup_distance": lambda rng, risk, **how: sup_distance(*UNIFORM, rng, risk, **how),
    "total_variation": lambda rng, risk, **how: total_variation(cells, CELLS, rng, risk, **how),
    "median": lambda rng, risk, **how: median(UNIFORM[0], rng, risk, **how),
    "bounded_mean": lambda rng, risk, **how: bounded_mean(UNIFORM[0], 0, 1, rng, risk, **how),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("risk", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_a_risk_outside_0_1_is_refused(name, risk):
    with pytest.raises(ValueError, match="risk"):
        next(MAKERS[name](np.random.default_rng(0), risk))


@pytest.mark.parametrize("name", MAKERS)
def test_no_draws_are_refused(name):
    with pytest.raises(ValueError, match="first=0"):
        next(MAKERS[name](np.random.default_rng(0), 0.1, first=0))


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(hits, n):
    with pytest.raises(ValueError, match="hits"):
        clopper_pearson(hits, n, 0.05)


def test_a_batch_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="shape"):
        next(probability(lambda r, n: r.random((n, 2)) < 0.5, np.random.default_rng(0), 0.1))


def test_a_law_that_is_none_is_refused():
    for law in ([0.5, 0.6], [-0.5, 1.5], [], [[1.0]]):
        with pytest.raises(ValueError, match="law"):
            next(total_variation(cells, law, np.random.default_rng(0), 0.1))


def test_a_draw_outside_its_stated_range_is_refused():
    for draw in (lambda r, n: r.random(n) + 0.5, lambda r, n: np.full(n, np.nan)):
        with pytest.raises(ValueError, match="outside its stated range"):
            next(bounded_mean(draw, 0, 1, np.random.default_rng(0), 0.1))
    with pytest.raises(ValueError, match="range"):
        next(bounded_mean(UNIFORM[0], 1, 1, np.random.default_rng(0), 0.1))


def test_a_nan_draw_has_left_every_law():
    look = next(sup_distance(lambda r, n: np.where(np.arange(n) == 3, np.nan, r.random(n)), lambda x: x,
                             np.random.default_rng(0), 0.1))  # fmt: skip
    assert (look.low, look.high) == (1.0, 1.0)
    assert next(median(lambda r, n: np.full(n, np.nan), np.random.default_rng(0), 0.1)).low == math.inf


def test_clopper_pearson_is_exact_at_the_ends():
    # with no hits the upper end p solves (1 - p)^n = risk / 2
    # and goes outward by at most the allowance for the inverse beta function
    assert 0 <= clopper_pearson(0, 100, 0.05).high - (1 - 0.025 ** (1 / 100)) <= 1.01 * SLACK
    assert 0 <= 0.025 ** (1 / 100) - clopper_pearson(100, 100, 0.05).low <= 1.01 * SLACK


def test_the_worst_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no parts"):
        worst([])
