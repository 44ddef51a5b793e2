"""The rows of projections, distortions and softmax entropies."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Goal, Row, Work, optional
from verify.methods import johnson_lindenstrauss as jl
from verify.methods import softmax_entropy as se


def distortion(scale: float) -> Work:
    """All pairs of n points in 1024 dimensions and their images in 256; the limit is the two Gram matrices, upper half."""
    n = max(40, int(4096 * scale))
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 1024))
    Y = jl.project(jl.sample_projection("gaussian", 256, 1024, rng), X)

    def peer() -> Any:
        distance = optional("scipy.spatial.distance")
        ratios = distance.pdist(Y, "sqeuclidean") / distance.pdist(X, "sqeuclidean")
        return np.array([ratios.min(), ratios.max()])

    def limit() -> Any:
        for Z in (X, Y):
            for i in range(0, n, 512):
                for j in range(i, n, 512):
                    Z[i : i + 512] @ Z[j : j + 512].T

    # sums of 1024 squares on either side, and the Gram matrix's cancellation of a factor 2
    return Work(lambda: np.array(jl.pairwise_distortion(X, Y)), peer, limit, tolerance=1e-11)


def sparse_projection(scale: float) -> Work:
    """n points of 1024 dimensions to 256, with the matrix of scikit-learn's transformer in both hands."""
    n = max(20, int(8192 * scale))
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 1024))
    A = jl.sample_projection("sparse", 256, 1024, rng, 32.0)

    def peer() -> Any:
        module = optional("sklearn.random_projection")
        transformer = module.SparseRandomProjection(256, dense_output=True)
        transformer.components_, transformer.n_components_ = A, 256
        transformer.n_features_in_ = 1024
        return transformer.transform(X)

    def check() -> Any:
        return X @ A.toarray().T

    # 32 products on either side, in another order
    return Work(partial(jl.project, A, X), peer, check=check, tolerance=1e-12)


def certificate(scale: float) -> Work:
    """A proof of minimality; the check is the answer in floating point."""
    n = max(10, int(10**6 * scale))

    def check() -> Any:
        return float(jl.union_dimension(n, 0.1, 1 / n))

    return Work(
        lambda: float(jl.certify_union_dimension(n, "0.1", Fraction(1, n)).dim), check=check, tolerance=1e-9,
        note="goal of the sheet: 50 ms",
    )  # fmt: skip


def scipy_entropy(x: Any) -> Any:
    return optional("scipy.stats").entropy(optional("scipy.special").softmax(x, axis=-1), axis=-1)


def one_row(scale: float, n: int) -> Work:
    """A row of scores that are there; the limit is exp of them."""
    x = np.random.default_rng(0).normal(size=max(10, int(n * scale)))
    # p log p of rounded p, and sums of n terms: log n (n eps)^(1/2) with room
    return Work(partial(se.softmax_entropy, x), partial(scipy_entropy, x), partial(np.exp, x), tolerance=1e-11)


def attention(scale: float, queries: int, keys: int) -> Work:
    """Queries against keys, d = 64; the limit is the product and one exp of every score, by blocks of 512 keys."""
    m, n = max(2, int(queries * scale)), max(100, int(keys * scale))
    rng = np.random.default_rng(0)
    Q, K = rng.normal(size=(m, 64)), rng.normal(size=(n, 64))

    def limit() -> Any:
        for j in range(0, n, 512):
            scores = Q @ K[j : j + 512].T
            np.exp(scores, out=scores)

    def peer() -> Any:
        rows = max(1, int(3e6 / n))  # as many rows at a time as 24 MB hold
        return np.concatenate([scipy_entropy(Q[i : i + rows] @ K.T / 8) for i in range(0, m, rows)])

    return Work(partial(se.attention_entropy, Q, K, 0.125), peer, limit, tolerance=1e-10)


def matching(scale: float) -> Work:
    """The scale of a wanted entropy for n rows of n scores; the peer solves row by row with Brent's method."""
    n = max(20, int(1000 * scale))
    s = np.random.default_rng(0).normal(size=(n, n))
    target = 0.6 * math.log(n)

    def check() -> Any:
        return np.full(n, target)

    return Work(
        lambda: se.softmax_entropy(se.entropy_matching_scale(s, target)[:, None] * s),
        limit=lambda: [np.exp(s) for _ in range(6)], check=check, tolerance=1e-9, note="goal of the sheet: 0.1 s",
    )  # fmt: skip


def oracle(scale: float) -> Work:
    """One mean entropy at log n = 25; there the annealed value is exact to e^(4 - 25), relative."""

    def ours() -> Any:
        return se.expected_softmax_entropy(25.0, "gaussian", sigma=2.0).H

    def check() -> Any:
        return se.annealed_entropy("gaussian", log_n=25.0, sigma=2.0)

    return Work(ours, check=check, tolerance=1e-7, note="goal of the sheet: 30 ms")


ROWS = [
    Row("distortion, 4096 points, 1024 to 256", Goal(8, "peer"), "scipy pdist", "GEMM, upper half", distortion),
    Row("sparse projection, 8192 points, 1024 to 256", Goal(2, "peer"), "scikit-learn", None, sparse_projection),
    Row("certified dimension, 10^6 points", None, None, None, certificate),
    Row("softmax entropy, 10^6 scores", Goal(2.5, "limit"), "scipy entropy(softmax)", "exp", partial(one_row, n=10**6)),
    Row("softmax entropy, 10^3 scores", Goal(8, "peer"), "scipy entropy(softmax)", "exp", partial(one_row, n=10**3)),
    Row("attention entropy, 256 x 10^5", Goal(3, "peer"), "scipy dense", "GEMM + exp", partial(attention, queries=256, keys=10**5)),
    Row("attention entropy, 8 x 10^6", Goal(2, "limit"), "scipy dense", "GEMM + exp", partial(attention, queries=8, keys=10**6)),
    Row("matching scale, 1000 x 1000", Goal(2, "limit"), None, "six exp", matching),
    Row("oracle, log n = 25", None, None, None, oracle),
]  # fmt: skip
