"""Entry 5, the distance itself: the squared 2-Wasserstein distance of two normal laws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, equivalent, grid, mutant, role
from verify.claims.self_consuming.instances import Floats
from verify.claims.sources import GELBRICH
from verify.evidence import Enclosure, at_most, exact, gap, worst
from verify.methods import self_consuming
from verify.methods.numerics import bures_distance2
from verify.methods.self_consuming import frechet_distance

SOURCE = GELBRICH.at("the formula for normal laws")

role("self_consuming.frechet_distance", numbers="mean (…, d), chol (…, d, d), twice; W₂² (…)")(
    self_consuming.frechet_distance
)


@mutant("self_consuming.frechet_distance", slip="the root: W₂ in place of W₂²")
def not_squared(mean1: Floats, chol1: Floats, mean2: Floats, chol2: Floats) -> Any:
    return np.sqrt(frechet_distance(mean1, chol1, mean2, chol2))


@mutant(
    "self_consuming.frechet_distance", slip="the factors are compared entry by entry, which is a bound and no distance"
)
def distance_of_factors(mean1: Floats, chol1: Floats, mean2: Floats, chol2: Floats) -> Any:
    moved = np.square(np.asarray(mean1) - mean2).sum(axis=-1)
    return moved + np.square(np.asarray(chol1) - chol2).sum(axis=(-2, -1))


@mutant(
    "self_consuming.frechet_distance", slip="by roots of covariances: half of the digits are gone where one is singular"
)
def by_roots(mean1: Floats, chol1: Floats, mean2: Floats, chol2: Floats) -> Any:
    a, b = (np.asarray(c) @ np.asarray(c).mT for c in (chol1, chol2))
    return np.square(np.asarray(mean1) - mean2).sum(axis=-1) + bures_distance2(a, b)


@equivalent("self_consuming.frechet_distance", because="a distance is symmetric")
def other_way_round(mean1: Floats, chol1: Floats, mean2: Floats, chol2: Floats) -> Any:
    return frechet_distance(mean2, chol2, mean1, chol1)


@claim(
    id="self_consuming.frechet-drift.transport",
    title="The distance agrees with an independent transport library",
    statement=r"W_2^2 = \|\mu_1 - \mu_2\|^2 + \|C_1\|_F^2 + \|C_2\|_F^2 - 2 \|C_1^\top C_2\|_*",
    source=SOURCE,
    role="self_consuming.frechet_distance",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10, because="POT takes roots of matrices of condition below 1e4: some 1e4 × d² eps; ours a few eps"
    ),
    cases=grid(d=(1, 3, 8), draws=(5,)).full(draws=(100,)),
    quantity="relative difference to POT",
)
def against_pot(distance: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import ot

    parts = []
    for _ in range(case.draws):
        means = rng.normal(size=(2, case.d))
        factors = np.tril(rng.normal(size=(2, case.d, case.d)), -1) + 2 * np.eye(case.d)
        covariances = factors @ factors.mT
        known = ot.gaussian.bures_wasserstein_distance(means[0], means[1], covariances[0], covariances[1]) ** 2
        parts.append(exact(gap(distance(means[0], factors[0], means[1], factors[1]), known) / known))
    yield worst(parts)


@claim(
    id="self_consuming.frechet-drift.collapsed",
    title="A collapsed covariance costs no digits",
    statement=r"C_2 = c\,x e_1^\top: \quad W_2^2 = \|C_1\|_F^2 + c^2 \|x\|^2 - 2 c \|C_1^\top x\|",
    source=SOURCE,
    role="self_consuming.frechet_distance",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-14,
        because="sums of d² squares, one singular value: some 40 eps; roots of covariances are off by the root of eps",
    ),
    cases=grid(d=(2, 5), draws=(10,)),
    quantity="relative difference to the formula for rank one",
)
def rank_one(distance: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    parts = []
    for _ in range(case.draws):
        chol1 = np.tril(rng.normal(size=(case.d, case.d)))
        x = rng.normal(size=case.d)
        chol2 = np.zeros((case.d, case.d))
        chol2[:, 0] = x
        known = np.square(chol1).sum() + x @ x - 2 * np.linalg.norm(chol1.T @ x)
        zero = np.zeros(case.d)
        parts.append(exact(gap(distance(zero, chol1, zero, chol2), known) / np.square(chol1).sum()))
    yield worst(parts)
