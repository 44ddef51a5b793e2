"""Entry 7, third part: in practice: what PCA forgets, and what a random projection does to real word vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.jl_entropy.tightness import EPS, embeds
from verify.claims.sources import JL_PRACTICE
from verify.evidence import Enclosure, at_least, at_most, exact, probability, sup_distance


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
