"""The independent coupling: an upper bound of the earth mover distance, and how far it is off."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.earth_mover.cost import unit_rows
from verify.methods.guards import Array, finite_array, probabilities
from verify.methods.numerics import factor_fidelity


class GapTerms(NamedTuple):
    """What the independent cosine cost is made of, and the bound of its gap; see `demd_gap_terms`."""

    mean_part: float
    spread_p: float
    spread_q: float
    fidelity: float


def demd(p: ArrayLike, q: ArrayLike, cost: ArrayLike) -> float:
    """p^T C q, the cost of the independent coupling ("differentiable EMD"): never below the earth mover distance.

    Shapes: p (n,), q (m,), cost (n, m). The two are equal iff C[i, j] + C[k, l] = C[i, l] + C[k, j] for all i, k in
    the support of p and j, l in that of q. Not a discrepancy: demd(p, p) is positive unless p sits on one direction.

    ValueError: p or q not probabilities, cost not finite, shapes.

    Source: Ren, Wu, Zhu 2023, arXiv 2310.04691.

    >>> demd([0.5, 0.5], [0.5, 0.5], [[0, 1], [1, 0]])
    0.5
    """
    p, q = probabilities("p", p), probabilities("q", q)
    return float(p @ finite_array("cost", cost, (len(p), len(q))) @ q)


def demd_gap_terms(p: ArrayLike, q: ArrayLike, embeddings: ArrayLike) -> GapTerms:
    """The parts of `demd` under the cosine cost, with u = e / |e|, mean m_p = sum_i p_i u_i, covariance S_p; q too.

    - mean_part = |m_p - m_q|^2 / 2
    - spread_p = (1 - |m_p|^2) / 2 = tr S_p / 2, and spread_q
    - fidelity = tr (S_p^1/2 S_q S_p^1/2)^1/2

    The first three add up to demd(p, q, C), and demd - fidelity <= EMD <= demd: the gap is the largest trace of
    Cov(u, u') over couplings, which the fidelity bounds. Shapes: p (n,), q (n,), embeddings (n, d).

    ValueError: p or q not probabilities, embeddings not finite or of norm zero, shapes.

    Source: Gelbrich 1990 for the bound.

    >>> demd_gap_terms([1.0, 0.0], [0.0, 1.0], [[1.0, 0.0], [-1.0, 0.0]])
    GapTerms(mean_part=2.0, spread_p=0.0, spread_q=0.0, fidelity=0.0)
    """
    p, q = probabilities("p", p), probabilities("q", q)
    n = len(p)
    q = probabilities("q", q, (n,))
    U = unit_rows(finite_array("embeddings", embeddings, (n, "d")))
    mean_p, mean_q = p @ U, q @ U
    factor_p, factor_q = _covariance_factor(p, U - mean_p), _covariance_factor(q, U - mean_q)
    return GapTerms(
        mean_part=float(np.sum((mean_p - mean_q) ** 2)) / 2,
        spread_p=float(np.sum(factor_p**2)) / 2,
        spread_q=float(np.sum(factor_q**2)) / 2,
        fidelity=float(factor_fidelity(factor_p, factor_q)),
    )


def _covariance_factor(p: Array, centred: Array) -> Array:
    """R with R^T R = sum_i p_i x_i x_i^T and at most d rows: no covariance is formed and no root of it taken."""
    return np.asarray(np.linalg.qr(np.sqrt(p)[:, None] * centred, mode="r"))
