"""Soft assignment to codewords: the bridge between positive random features and quantised keys."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.attention import linear_attention
from verify.methods.guards import Array, finite_array, real_number, refuse
from verify.methods.numerics import logsumexp


def soft_vq_attention(
    Q: ArrayLike,
    K: ArrayLike,
    V: ArrayLike,
    C: ArrayLike,
    *,
    tau: float,
    log_prior: ArrayLike | None = None,
    normalise_keys: bool = True,
    query_scale: float = 1.0,
) -> Array:
    """Attention with the weights sum_y e^(q.c_y) p(y | k), p(y | k) = softmax_y(-|k - c_y|^2 / (2 tau) + log_prior_y).

    Each key is spread over the codewords near it. As tau falls it goes to its nearest codeword alone (equal shares, if
    several are nearest), which is `vq_attention`. With many codewords drawn from N(0, s^2 I) it is
    softmax(kappa Q K^T) V with kappa = s^2 / (s^2 + tau): halved logits at s = tau = 1; `query_scale` multiplies Q, so
    1 / kappa brings back the whole. Without `normalise_keys` p is not divided by its sum over y.

    Shapes: Q (n_q, d), K (n, d), V (n, d_v), C (c, d), log_prior (c,), finite; result (n_q, d_v), float32 if Q, K, V
    and C are. ValueError: shapes, entries that are not finite, tau <= 0, exponents that overflow.

    Source: Su 2023, archive 9862 (the analogy); the limit is elementary.

    >>> soft_vq_attention([[0.0]], [[1.0], [2.0]], [[1.0], [3.0]], [[5.0], [6.0]], tau=0.5).tolist()
    [[2.0]]
    """
    q = finite_array("Q", Q, ("n_q", "d"), single=True)
    k = finite_array("K", K, ("n", q.shape[1]), single=True)
    book = finite_array("C", C, ("c", q.shape[1]), single=True)
    tau = real_number("tau", tau, above=0)
    scale = real_number("query_scale", query_scale)
    # |k|^2 is the same for every y: it is left out where p is normalised
    with np.errstate(over="ignore", invalid="ignore"):
        log_p = k @ book.T
        log_p -= np.sum(book * book, axis=1) / 2
        if not normalise_keys:
            log_p -= np.sum(k * k, axis=1, keepdims=True) / 2
        log_p /= tau
    if not np.isfinite(log_p).all():
        refuse(f"|k - c|^2 / (2 tau) overflows at tau={tau}", "it must be finite", "scale K and C down, or raise tau")
    if log_prior is not None:
        log_p += finite_array("log_prior", log_prior, (len(book),)).astype(log_p.dtype)
    if normalise_keys:
        log_p -= logsumexp(log_p, keepdims=True)
    return linear_attention(scale * (q @ book.T), log_p, V)
