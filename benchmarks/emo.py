"""The rows of the EMO loss and of Sinkhorn's iteration."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Goal, Row, Work, optional
from verify.methods.earth_mover import cosine_cost, emo_loss, pooled_loss, sinkhorn_log
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

    def check() -> Any:
        cost = cosine_cost(embeddings.astype(np.float64), targets)
        return np.einsum("bv,vb->b", softmax(logits.astype(np.float64)), cost)

    # Blocks of 2 d classes, their sum, a norm and a last product of length d, the logits' own rounding: each factor of
    # a sum that Cauchy-Schwarz keeps below 1.
    tolerance = (4 * d + classes / (2 * d) + 32) * float(np.finfo(dtype).eps)
    return Work(partial(emo_loss, logits, targets, embeddings), limit=limit, check=check, tolerance=tolerance)


def ready(scale: float, dtype: Any) -> Work:
    """Probabilities and unit embeddings stand ready; the limit is the one matrix product."""
    rows, classes, d = max(2, int(256 * scale)), max(8, int(32_000 * scale)), 256
    rng = np.random.default_rng(0)
    p, units = softmax(rng.normal(size=(rows, classes))).astype(dtype), rng.normal(size=(classes, d))
    units = (units / np.linalg.norm(units, axis=1, keepdims=True)).astype(dtype)
    targets = rng.integers(classes, size=rows)

    def check() -> Any:
        return np.einsum("bv,vb->b", p.astype(float), cosine_cost(units.astype(float), targets))

    # as for `pooled`; probabilities rounded to `dtype` sum to 1 within its eps
    tolerance = (4 * d + classes / (2 * d) + 32) * float(np.finfo(dtype).eps)
    return Work(partial(pooled_loss, p, targets, units), limit=lambda: p @ units, check=check, tolerance=tolerance)


def against_pot(scale: float, classes: int, *, logits_given: bool) -> Work:
    """A batch of 256 rows by the closed form, and one by one by POT's network simplex.

    POT is handed probabilities and the cost matrix. Ours is handed probabilities and unit embeddings; or, the harder
    case, it starts from logits and raw embeddings all the same.
    """
    rows = max(2, int(256 * scale))
    rng = np.random.default_rng(0)
    logits, embeddings = rng.normal(size=(rows, classes)), rng.normal(size=(classes, 64))
    targets = rng.integers(classes, size=rows)
    units = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    cost, p, eye = np.ascontiguousarray(cosine_cost(embeddings)), softmax(logits), np.eye(classes)

    def peer() -> Any:
        ot = optional("ot")
        return np.array([ot.emd2(p[b], eye[t], cost) for b, t in enumerate(targets)])

    # n products and as many sums on either side, of numbers at most 2
    ours = partial(emo_loss, logits, targets, embeddings) if logits_given else partial(pooled_loss, p, targets, units)
    return Work(ours, peer, tolerance=4 * classes * 2.3e-16)


def sinkhorn(scale: float, *, reg: float, log: bool) -> Work:
    """As many sweeps of either as ours needs: POT stops by another norm, looked at every tenth sweep."""
    n = max(8, int(512 * scale))
    rng = np.random.default_rng(0)
    cost = rng.uniform(0, 1, (n, n))
    p, q = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n))
    tol = 1e-6 if log else 1e-9
    sweeps = sinkhorn_log(p, q, cost, reg, tol=tol, max_iter=100_000).iterations

    def peer() -> Any:
        method = "sinkhorn_log" if log else "sinkhorn"
        ot = optional("ot")
        return float(ot.sinkhorn2(p, q, cost, reg, method=method, stopThr=0, numItermax=sweeps, warn=False))

    def ours() -> Any:
        return sinkhorn_log(p, q, cost, reg, tol=tol, max_iter=100_000).cost

    # plans whose marginals differ by tol cost the same up to tol times the largest potential: max C + ε log n
    return Work(ours, peer, tolerance=20 * tol + 1e-12, note=f"{sweeps} sweeps")


FORMULA = "GEMM + softmax + norms"

ROWS = [
    Row("EMO, 256 x 32k classes, d = 256, float64", Goal(1.2, "limit"), None, FORMULA,
        partial(pooled, dtype=np.float64)),
    Row("EMO, 256 x 32k classes, d = 256, float32", Goal(1.2, "limit"), None, FORMULA,
        partial(pooled, dtype=np.float32)),
    Row("EMO of probabilities, 256 x 32k, d = 256, float64", Goal(1 / 0.85, "limit"), None, "GEMM",
        partial(ready, dtype=np.float64)),
    Row("EMO of probabilities, 256 x 32k, d = 256, float32", Goal(1 / 0.85, "limit"), None, "GEMM",
        partial(ready, dtype=np.float32)),
    Row("EMO of probabilities, 256 rows, V = 64", Goal(60, "peer"), "ot.emd2", None,
        partial(against_pot, classes=64, logits_given=False)),
    Row("EMO of probabilities, 256 rows, V = 1024", Goal(300, "peer"), "ot.emd2", None,
        partial(against_pot, classes=1024, logits_given=False)),
    Row("EMO of logits, 256 rows, V = 64", None, "ot.emd2", None, partial(against_pot, classes=64, logits_given=True)),
    Row("EMO of logits, 256 rows, V = 1024", None, "ot.emd2", None,
        partial(against_pot, classes=1024, logits_given=True)),
    Row("Sinkhorn, n = 512, ε = 0.05", Goal(1.2, "peer"), "ot.sinkhorn", None, partial(sinkhorn, reg=0.05, log=False)),
    Row("Sinkhorn, n = 512, ε = 0.01", Goal(1.2, "peer"), "ot.sinkhorn", None, partial(sinkhorn, reg=0.01, log=False)),
    Row("Sinkhorn, n = 512, ε = 0.001", Goal(2, "peer"), "ot.sinkhorn_log", None,
        partial(sinkhorn, reg=0.001, log=True)),
]  # fmt: skip
