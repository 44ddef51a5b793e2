"""Entry 8, one law against itself: density and coverage have known means."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.self_consuming.instances import Floats
from verify.claims.sources import LOOP_COVERAGE
from verify.evidence import Enclosure, bounded_mean, exact, exactly, within


@claim(
    id="self_consuming.knn-precision-recall.density",
    title="Between two samples of one law the density is one on average",
    statement=r"\mathbb{E}[\text{density}] = 1",
    source=LOOP_COVERAGE.at("section 3.2"),
    role="self_consuming.knn_metrics",
    evidence=Evidence.STATISTICAL,
    region=within(
        0.95,
        1.05,
        because="a quarter of what one neighbour more or less changes at k = 5; on the line no point lies in more "
        "than 2k balls, so the density is at most 2",
    ),
    cases=grid(N=(100,), M=(100,), k=(5,)),
    quantity="mean density of Student t₃ data, d = 1",
)
def density_is_one(knn_metrics: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def densities(rng: np.random.Generator, size: int) -> Floats:
        pairs = ((rng.standard_t(3, (case.N, 1)), rng.standard_t(3, (case.M, 1))) for _ in range(size))
        return np.array([min(knn_metrics(*pair, case.k).density, 2.0) for pair in pairs])

    yield from bounded_mean(densities, 0.0, 2.0, rng, case.risk, first=512)


@role("self_consuming.null_coverage", numbers="N, M, k: integers; E[coverage] as a Fraction")
def null_coverage(N: int, M: int, k: int) -> Fraction:
    """1 − Π_{j<k} (N − 1 − j) / (N + M − 1 − j) for two samples of one continuous law."""
    missed = Fraction(1)
    for j in range(k):
        missed *= Fraction(N - 1 - j, N + M - 1 - j)
    return 1 - missed


@mutant("self_consuming.null_coverage", slip="neighbours drawn with replacement")
def with_replacement(N: int, M: int, k: int) -> Fraction:
    return 1 - Fraction(N - 1, N + M - 1) ** k


@mutant("self_consuming.null_coverage", slip="the point itself counts among its neighbours")
def itself_included(N: int, M: int, k: int) -> Fraction:
    return 1 - Fraction(comb(N, k), comb(N + M, k))


@claim(
    id="self_consuming.knn-precision-recall.coverage",
    title="Coverage of one law by itself is a matter of counting",
    statement=r"\mathbb{E}[\text{coverage}] = 1 - \prod_{j < k} \frac{N - 1 - j}{N + M - 1 - j}",
    source=LOOP_COVERAGE.at("lemma 2"),
    role="self_consuming.null_coverage",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0,
        because="every order of real and fake points by distance is equally likely; they are enumerated, in fractions",
    ),
    cases=grid(N=(4, 6), M=(3, 5), k=(1, 2, 3)),
    quantity="|formula − share of the orders whose first k points are not all real|",
)
def coverage_by_counting(null_coverage: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    others = case.N - 1 + case.M
    orders = list(itertools.combinations(range(others), case.N - 1))  # where the real points stand
    missed = sum(set(range(case.k)) <= set(order) for order in orders)
    yield exact(abs(null_coverage(case.N, case.M, case.k) - (1 - Fraction(missed, len(orders)))))


@claim(
    id="self_consuming.knn-precision-recall.measured-coverage",
    title="The measured coverage has this mean",
    statement=r"\mathbb{E}[\text{coverage}] = 1 - \prod_{j < k} \frac{N - 1 - j}{N + M - 1 - j}",
    source=LOOP_COVERAGE.at("lemma 2"),
    role=("self_consuming.knn_metrics", "self_consuming.null_coverage"),
    evidence=Evidence.STATISTICAL,
    region=within(-0.045, 0.045, because="half of what one neighbour more changes at k = 3: from 0.76 to 0.85"),
    cases=grid(N=(100,), M=(60,), k=(3,), d=(3,)).full(d=(1, 3)),
    quantity="mean coverage of Student t₃ data − formula",
)
def measured_coverage(knn_metrics: Any, formula: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    expected = float(formula(case.N, case.M, case.k))

    def surplus(rng: np.random.Generator, size: int) -> Floats:
        pairs = ((rng.standard_t(3, (case.N, case.d)), rng.standard_t(3, (case.M, case.d))) for _ in range(size))
        return np.array([knn_metrics(*pair, case.k).coverage - expected for pair in pairs])

    yield from bounded_mean(surplus, -expected, 1 - expected, rng, case.risk, first=512)
