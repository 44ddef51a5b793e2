"""The rows of the EMO loss and of Sinkhorn's iteration."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Row, Work
from verify.methods.earth_mover import cosine_cost, emo_loss, sinkhorn_log
from verify.methods.numerics import softmax


def pooled(scale: float, dtype: Any) -> Work:
    """B x V logits against V x d embeddings; the limit is one matrix product, one softmax, one pass for the norms."""
    rows, classes, d = max(2, int(256 * scale)), max(8, int(32_000 * scale)), 256
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(rows, classes)).astype(dtype)
    embeddings = rng.normal(size=(classes, d)).astype(dtype)
    targets = rng.integers(classes, size=rows)

    def limit() -> Any:
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        np.einsum("vd,vd->v", embeddings, embeddings)
        return weights @ embeddings

    return Work(partial(emo_loss, logits, targets, embeddings), limit=limit)


def against_pot(scale: float, classes: int) -> Work:
    """A batch of 64 rows by the closed form, and one by one by POT's network simplex."""
    import ot

    rows = max(2, int(64 * scale))
    rng = np.random.default_rng(0)
    logits, embeddings = rng.normal(size=(rows, classes)), rng.normal(size=(classes, 64))
    targets = rng.integers(classes, size=rows)
    cost, p, eye = np.ascontiguousarray(cosine_cost(embeddings)), softmax(logits), np.eye(classes)

    def peer() -> Any:
        return np.array([ot.emd2(p[b], eye[t], cost) for b, t in enumerate(targets)])

    # n products and as many sums on either side, of numbers at most 2
    return Work(partial(emo_loss, logits, targets, embeddings), peer, tolerance=4 * classes * 2.3e-16)


def sinkhorn(scale: float, *, log: bool) -> Work:
    """Both to a marginal error of 1e-9; a small ε leaves only logarithms."""
    import ot

    n = max(8, int(512 * scale))
    rng = np.random.default_rng(0)
    cost = rng.uniform(0, 1, (n, n))
    p, q = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n))
    reg = 1e-3 if log else 0.05
    tol = 1e-6 if log else 1e-9

    def peer() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(
                ot.sinkhorn2(
                    p, q, cost, reg, method="sinkhorn_log" if log else "sinkhorn", stopThr=tol, numItermax=100_000
                )
            )

    def ours() -> Any:
        return sinkhorn_log(p, q, cost, reg, tol=tol, max_iter=100_000).cost

    # plans whose marginals differ by tol cost the same up to tol times the largest potential: max C + ε log n
    return Work(ours, peer, tolerance=20 * tol + 1e-12)


ROWS = [
    Row("EMO, 256 x 32k classes, d = 256, float64", "at most 1.2x the limit", "", "GEMM + softmax + norms",
        partial(pooled, dtype=np.float64)),
    Row("EMO, 256 x 32k classes, d = 256, float32", "at most 1.2x the limit", "", "GEMM + softmax + norms",
        partial(pooled, dtype=np.float32)),
    Row("EMO, 64 rows, V = 64", "at least 60x the peer", "ot.emd2", "", partial(against_pot, classes=64)),
    Row("EMO, 64 rows, V = 1024", "at least 300x the peer", "ot.emd2", "", partial(against_pot, classes=1024)),
    Row("Sinkhorn, n = 512, ε = 0.05", "at least 1.2x the peer", "ot.sinkhorn", "", partial(sinkhorn, log=False)),
    Row("Sinkhorn, n = 512, ε = 0.001", "at least 2x the peer", "ot.sinkhorn_log", "", partial(sinkhorn, log=True)),
]  # fmt: skip
