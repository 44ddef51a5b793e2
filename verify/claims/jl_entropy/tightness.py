"""Entry 7: the union bound, nearly tight for a simplex and idle for a line; what no dimension beats; what PCA forgets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import JL_PRACTICE, JL_THEORY, JL_WELCH
from verify.evidence import (
    Enclosure,
    at_least,
    at_most,
    exact,
    exactly,
    gap,
    probability,
    sup_distance,
    total_variation,
)
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
        low, high = distortion(points, jl.project(jl.sample_projection("gaussian", k, points.shape[1], rng), points))
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


role("jl_entropy.welch_dimension_lower_bound", numbers="n_vectors: int, mu: float in (0, 1); an int")(
    jl.welch_dimension_lower_bound
)


@mutant("jl_entropy.welch_dimension_lower_bound", slip="the first order only")
def first_order(n_vectors: int, mu: float) -> int:
    return math.ceil(n_vectors / (1 + mu * mu * (n_vectors - 1)))


@mutant("jl_entropy.welch_dimension_lower_bound", slip="mu^p for mu^(2p)")
def single_power(n_vectors: int, mu: float) -> int:
    return jl.welch_dimension_lower_bound(n_vectors, math.sqrt(mu))


@claim(
    id="jl_entropy.union-bound-tightness.welch",
    title="No set of vectors does better than Welch's inequalities of all orders",
    statement=r"\mu^{2p} \ge \frac{1}{N - 1} \Big( \frac{N}{\binom{d + p - 1}{p}} - 1 \Big) \quad \forall\, p",
    source=JL_WELCH.at("the bounds of all orders"),
    role="jl_entropy.welch_dimension_lower_bound",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="inequalities of fractions: all at d, and not all at d - 1"),
    cases=grid(n=(512,), mu=("1/10", "3/10", "1/2")) + grid(n=(6, 28, 10**5), mu=("9/20",)),
    quantity="sides of the statement that are wrong",
)
def welch_by_fractions(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, mu = case.n, Fraction(float(Fraction(case.mu)))

    def possible(d: int) -> bool:
        orders = range(1, 40 if d > 1 else 2)
        return all(mu ** (2 * p) * (n - 1) >= Fraction(n, math.comb(d + p - 1, p)) - 1 for p in orders)

    d = bound(n, float(mu))
    yield exact(int(not possible(d)) + int(d > 1 and possible(d - 1)))


@claim(
    id="jl_entropy.union-bound-tightness.bracket",
    title="Random directions come within a factor of what is possible",
    statement=r"d_{\mathrm{Welch}}(N, \mu) \le d_{\mathrm{opt}} \le d_\mu(N): \qquad \text{icosahedron: } N = 6,\ d = "
    r"3,\ \mu = \tfrac1{\sqrt5}",
    source=JL_WELCH.at("the bounds of all orders"),
    role="jl_entropy.welch_dimension_lower_bound",
    evidence=Evidence.EXACT,
    region=exactly(
        0,
        because="the six axes of the icosahedron, computed, are equiangular at 1/sqrt 5 and reach the bound; others "
        "lie between",
    ),
    quantity="facts that are wrong",
)
def icosahedron(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    phi = (1 + math.sqrt(5)) / 2
    axes = np.array([(0, 1, phi), (0, 1, -phi), (1, phi, 0), (1, -phi, 0), (phi, 0, 1), (-phi, 0, 1)])
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    largest = float(np.abs(axes @ axes.T - np.eye(6)).max())
    facts = [bound(6, largest + 1e-12) == 3, gap(largest, 5**-0.5) < 1e-12]
    facts += [bound(512, mu) <= jl.coherence_dimension(512, mu) for mu in (0.1, 0.3, 0.5)]
    # beyond the first order: 28 lines in R^7 at 1/3 are equiangular, and no 28 fit into R^6
    facts.append(bound(28, 1 / 3 + 1e-12) == 7)
    facts.append(bound(512, 0.5) == 7)
    yield exact(facts.count(False))


@role("jl_entropy.principal_projection", numbers="X (n, D), k: int; the projected points (n, k)")
def principal_projection(X: Any, k: int) -> Any:
    """The first k principal components."""
    centred = X - X.mean(axis=0)
    return centred @ np.linalg.svd(centred, full_matrices=False)[2][:k].T


@mutant("jl_entropy.principal_projection", slip="the first k coordinates, and one more")
def one_component_more(X: Any, k: int) -> Any:
    return principal_projection(X, k + 1)


@mutant("jl_entropy.principal_projection", slip="whitened: every component is given the same variance")
def whitened(X: Any, k: int) -> Any:
    Y = principal_projection(X, k + 1)
    return Y / Y.std(axis=0)


@claim(
    id="jl_entropy.union-bound-tightness.pca",
    title="PCA has no promise for a pair: it explains 99.999 % and merges two points",
    statement=r"X = \{\pm 100\, e_i\}_{i \le k} \cup \{\pm \tfrac12 e_{k+1}\}: \quad \|x - x'\| = 1, \quad \|P_k x - "
    r"P_k x'\| < 10^{-10}",
    source=JL_PRACTICE.at("PCA is usually more precise"),
    role="jl_entropy.principal_projection",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10, because="rounding of a singular vector, eps, times the largest coordinate 100, with a factor 4000"
    ),
    cases=grid(k=(5, 20)),
    quantity="distance of the pair after projection",
    refutes="PCA is more precise than a random projection, for every pair.",
)
def pca_merges(pca: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    k = case.k
    X = np.zeros((2 * k + 2, k + 3))
    X[np.arange(2 * k), np.arange(2 * k) // 2] = np.where(np.arange(2 * k) % 2, -100.0, 100.0)
    X[2 * k :, k] = -0.5, 0.5
    Y = pca(X, k)
    explained = np.square(Y - Y.mean(axis=0)).sum() / np.square(X - X.mean(axis=0)).sum()
    yield exact(float(np.linalg.norm(Y[-1] - Y[-2])) if explained > 0.99999 else 1.0)


@claim(
    id="jl_entropy.union-bound-tightness.real",
    title="Real word vectors: a pair is distorted with the exact law, whatever the data",
    statement=r"\frac{\|A x_i - A x_j\|^2}{\|x_i - x_j\|^2} \sim \tfrac1k \chi^2_k \quad \text{for any data}",
    source=JL_PRACTICE.at("word vectors"),
    role="jl_entropy.sample_projection",
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.08,
        because="less than a tenth of what a missing sqrt(k) does; one pair a projection, so that draws are "
        "independent",
    ),
    cases=grid(k=(16,), kind=("gaussian",)).full(k=(16, 64), kind=("gaussian", "rademacher", "sparse")),
    quantity="distance between the draws' law and chi-square",
)
def distortion_on_words(sample: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import gammainc

    from verify.data import word_vectors

    vectors = word_vectors().vectors[259:].astype(float)

    def draw(generator: np.random.Generator, size: int) -> Any:
        i = generator.integers(len(vectors), size=size)
        j = (i + generator.integers(1, len(vectors), size=size)) % len(vectors)  # another word
        found = np.empty(size)
        for index in range(size):
            difference = vectors[i[index]] - vectors[j[index]]
            image = sample(case.kind, case.k, vectors.shape[1], generator) @ difference
            found[index] = image @ image / (difference @ difference)
        return found

    yield from sup_distance(draw, lambda x: gammainc(case.k / 2, case.k * x / 2), rng, case.risk, first=2048)


@claim(
    id="jl_entropy.union-bound-tightness.real-projections",
    title="Real word vectors: whole projections at the exact dimension embed them at least every second time",
    statement=r"P\big(\text{all distances of 64 words within } \tfrac12\big) \ge \tfrac12, \qquad k = k^*(64, "
    r"\tfrac12, \tfrac12)",
    source=JL_PRACTICE.at("word vectors"),
    role=("jl_entropy.union_dimension", "jl_entropy.pairwise_distortion"),
    evidence=Evidence.STATISTICAL,
    region=at_least(
        0.5,
        because="the union bound; pairs of one projection are dependent, whole projections are not, and those are "
        "counted",
    ),
    cases=grid(n=(32,)).full(n=(64, 256)),
    quantity="probability that a projection is an embedding",
)
def projections_of_words(dimension: Any, distortion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from verify.data import word_vectors

    vectors = word_vectors().vectors
    words = rng.choice(np.arange(259, len(vectors)), case.n, replace=False)
    points, k = vectors[words].astype(float), dimension(case.n, EPS, 0.5)
    yield from probability(
        lambda generator, size: embeds(generator, size, points, k, distortion), rng, case.risk, first=256
    )


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
