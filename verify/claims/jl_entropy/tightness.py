"""Entry 7, first part: the union bound, nearly tight for a simplex and idle for a line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import JL_THEORY
from verify.evidence import Enclosure, answered, at_least, at_most, exact, gap, probability, total_variation
from verify.methods import johnson_lindenstrauss as jl

SOURCE = JL_THEORY.at("the union over pairs")
EPS = 0.5

role(
    "jl_entropy.pairwise_distortion", numbers="X (n, D), Y (n, k): arrays; (least, largest) ratio of squared distances"
)(jl.pairwise_distortion)


@mutant(
    "jl_entropy.pairwise_distortion", slip="each point is paired with itself too: a distance of 0 over 0 counts as 0"
)
def with_diagonal(X: Any, Y: Any) -> tuple[float, float]:
    low, high = jl.pairwise_distortion(X, Y)
    return min(low, 0.0), high


@mutant("jl_entropy.pairwise_distortion", slip="distances for their squares")
def unsquared(X: Any, Y: Any) -> tuple[float, float]:
    low, high = jl.pairwise_distortion(X, Y)
    return math.sqrt(low), math.sqrt(high)


@mutant("jl_entropy.pairwise_distortion", slip="neighbours in the list only")
def neighbours_only(X: Any, Y: Any) -> tuple[float, float]:
    ratios = np.square(np.diff(Y, axis=0)).sum(axis=1) / np.square(np.diff(X, axis=0)).sum(axis=1)
    return float(ratios.min()), float(ratios.max())


@mutant("jl_entropy.pairwise_distortion", slip="the Gram matrix without centring: close pairs lose their digits")
def not_centred(X: Any, Y: Any) -> tuple[float, float]:
    i, j = np.triu_indices(len(X), 1)
    before, after = (np.diag(G)[i] + np.diag(G)[j] - 2 * G[i, j] for G in (X @ X.T, Y @ Y.T))
    return float((after / before).min()), float((after / before).max())


@mutant("jl_entropy.union_dimension", slip="the article's 24 log N / eps^2 called exact")
def article_called_exact(n_points: int, eps: float, failure_prob: float) -> int:
    return jl.article_dimension(n_points, eps)


def embeds(rng: np.random.Generator, size: int, points: Any, k: int, distortion: Any = jl.pairwise_distortion) -> Any:
    """Of `size` Gaussian projections, which keep all squared distances of the points within EPS."""
    found = []
    for _ in range(size):
        low, high = answered(
            distortion(points, jl.project(jl.sample_projection("gaussian", k, points.shape[1], rng), points))
        )
        found.append(low > 1 - EPS and high < 1 + EPS)
    return np.array(found)


@claim(
    id="jl_entropy.union-bound-tightness",
    title="At the exact dimension for probability 1/2, a projection of a simplex succeeds at least that often",
    statement=r"P\big(\text{all distances within } \epsilon\big) \ge 1 - \tbinom N2\, T(k^*, \epsilon) \ge \tfrac12",
    source=SOURCE,
    role=("jl_entropy.union_dimension", "jl_entropy.pairwise_distortion"),
    evidence=Evidence.STATISTICAL,
    region=at_least(
        0.5, because="the union bound itself; the truth is about 0.61 (independent pairs would give exp(-1/2))"
    ),
    cases=grid(n=(32,)).full(n=(32, 64, 256)),
    quantity="probability that a projection is an embedding",
)
def simplex_succeeds(dimension: Any, distortion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    k, points = dimension(case.n, EPS, 0.5), np.eye(case.n)
    yield from probability(
        lambda generator, size: embeds(generator, size, points, k, distortion), rng, case.risk, first=512
    )


@claim(
    id="jl_entropy.union-bound-tightness.below",
    title="At four fifths of that dimension it fails more often than not: the union bound is nearly tight",
    statement=r"k = \lfloor 0.8\, k^* \rfloor: \quad P\big(\text{all distances within } \epsilon\big) \le \tfrac12",
    source=SOURCE,
    role=("jl_entropy.union_dimension", "jl_entropy.pairwise_distortion"),
    evidence=Evidence.STATISTICAL,
    region=at_most(0.5, because="the dimension at which the probability is 1/2 lies within a fifth below k*"),
    cases=grid(n=(64,)).full(n=(64, 256)),
    quantity="probability that a projection is an embedding",
)
def simplex_fails_below(dimension: Any, distortion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    k, points = int(0.8 * dimension(case.n, EPS, 0.5)), np.eye(case.n)
    yield from probability(
        lambda generator, size: embeds(generator, size, points, k, distortion), rng, case.risk, first=256
    )


@claim(
    id="jl_entropy.union-bound-tightness.pairs",
    title="Least and largest distortion are those of the pairs, close ones included",
    statement=r"\Big[\min_{i<j}, \max_{i<j}\Big] \frac{\|y_i - y_j\|^2}{\|x_i - x_j\|^2}",
    source=SOURCE,
    role="jl_entropy.pairwise_distortion",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-11,
        because="differences of points that agree in the first 1e-4 of their length carry eps 1e4 = 2.2e-12, with a "
        "factor 4",
    ),
    cases=grid(points=("normal", "far_from_0", "close_pairs")),
    quantity="largest relative error of the two",
)
def pairs_one_by_one(distortion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    X = rng.normal(size=(60, 12))
    if case.points == "far_from_0":
        X = X + 2.0**20
    if case.points == "close_pairs":
        X[30:] = X[:30] + 1e-4 * rng.normal(size=(30, 12))
    Y = X @ rng.normal(size=(12, 5))
    ratios = [np.square(Y[i] - Y[:i]).sum(axis=1) / np.square(X[i] - X[:i]).sum(axis=1) for i in range(1, len(X))]
    every = np.concatenate(ratios)
    yield exact(gap(np.divide(distortion(X, Y), (every.min(), every.max())), 1.0))


@role("jl_entropy.collinear_failure", numbers="tail of one pair, n points: floats; a probability")
def collinear_failure(tail: float, n: int) -> float:
    """The tail of one pair: all points of a line are stretched by the same factor."""
    return tail


@mutant("jl_entropy.collinear_failure", slip="pairs taken for independent: 1 - (1 - T)^(N - 1)")
def independent_pairs(tail: float, n: int) -> float:
    return -math.expm1((n - 1) * math.log1p(-tail))


@mutant("jl_entropy.collinear_failure", slip="the union bound taken for the probability")
def union_as_probability(tail: float, n: int) -> float:
    return min(1.0, math.comb(n, 2) * tail)


@claim(
    id="jl_entropy.union-bound-tightness.line",
    title="Points on a line fail together, however many they are: log N is a worst case",
    statement=r"x_i = t_i u: \quad P\big(\text{some distance is distorted by } \epsilon\big) = T(k, \epsilon) \quad "
    r"\text{for every } N",
    source=SOURCE,
    role="jl_entropy.collinear_failure",
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.2, because="T(24, 1/2) = 0.075; independent pairs would give 0.98, so that half the difference is 0.45"
    ),
    cases=grid(n=(2, 50), k=(24,)),
    quantity="distance between the stated and the drawn law of failure",
)
def line_fails_together(failure: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    direction = np.ones((1, 4)) / 2
    points = np.linspace(0, 1, case.n)[:, None] * direction
    stated = failure(sum(jl.norm_distortion_tail(case.k, EPS)), case.n)

    def fails(generator: np.random.Generator, size: int) -> Any:
        return (~embeds(generator, size, points, case.k)).astype(int)

    yield from total_variation(fails, [1 - stated, stated], rng, case.risk, first=512)


@figure(of="jl_entropy.union-bound-tightness")
def success_against_dimension() -> Figure:
    n, draws = 32, 150
    needed = jl.union_dimension(n, EPS, 0.5)
    rng = np.random.default_rng(9588)
    dims = np.unique((np.linspace(0.5, 1.4, 10) * needed).astype(int))
    fine = np.arange(dims[0], dims[-1] + 1)
    tau = np.array([math.comb(n, 2) * sum(jl.norm_distortion_tail(int(k), EPS)) for k in fine])
    drawn = [float(embeds(rng, draws, np.eye(n), int(k)).mean()) for k in dims]
    return Figure(
        f"Projections of a simplex of {n} points that succeed",
        "The true probability lies above the union bound and a little above exp(−τ), as if the pairs were nearly "
        "independent.",
        "dimension k",
        "probability",
        (
            series(f"drawn, {draws} projections a point", dims, drawn, kind="dots"),
            series("exp(−τ)", fine, np.exp(-tau), kind="dashed"),
            series("union bound 1 − τ", fine, np.maximum(0, 1 - tau)),
            series("k* for 1/2", x=(needed,), kind="vline"),
        ),
    )
