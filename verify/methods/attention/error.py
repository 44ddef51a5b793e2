"""The error of normalised attention with random features, to leading order in their number, from Q, K, V alone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.attention.softmax import checked_qkv, softmax_attention
from verify.methods.guards import Array, real_number, refuse
from verify.methods.numerics import logsumexp, rescaled


def output_error_constants(Q: ArrayLike, K: ArrayLike, V: ArrayLike) -> tuple[Array, Array]:
    """(mse (n_q,), bias (n_q, d_v)): limits of m E|o^ - o|^2 and m (E o^ - o) as the number m of features grows.

    o^ is the attention output of positive features with m independent projections N(0, I), o the exact one. It is a
    ratio of two means, so with p = softmax(q . k_j), G_ij = exp((q + k_i) . (q + k_j)):

        mse = sum_ij p_i p_j G_ij (v_i - o) . (v_j - o),      bias = - sum_ij p_i p_j G_ij (v_i - o).

    In this form they would overflow early and lose digits. They are computed as sum_ij w_i w_j R_ij ... with
    w_i = p_i exp(|q + k_i|^2 / 2) and the Gaussian kernel R_ij = exp(-|k_i - k_j|^2 / 2), which has ones on its
    diagonal; a constant beyond the floats is inf. O(n_q n^2 d_v) operations and O((n_q + n)(n + d_v)) memory, in float64;
    the result is float32 if Q, K and V are.

    Shapes: Q (n_q, d), K (n, d), V (n, d_v). ValueError: shapes, entries that are not finite, |q + k|^2 that overflows.

    >>> mse, bias = output_error_constants([[0.0]], [[0.0], [0.0]], [[1.0], [3.0]])
    >>> mse.tolist(), abs(bias).tolist()  # equal keys: whatever the features, both weigh the same
    ([0.0], [[0.0]])
    """
    q, k, v = checked_qkv(Q, K, V)
    log_mse, size, top = _log_constants(q, k, v)
    with np.errstate(over="ignore", invalid="ignore"):
        # 0 stays 0 where the scale is beyond the floats
        bias = np.where(size == 0, 0.0, size * np.exp(2 * top)[:, None])
        return np.exp(log_mse).astype(v.dtype), bias.astype(v.dtype)


def _log_constants(Q: Array, K: Array, V: Array) -> tuple[Array, Array, Array]:
    """(log mse, bias e^(-2 top), top), where e^top is the largest weight w of each query."""
    q, k, v = (x.astype(np.float64, copy=False) for x in (Q, K, V))
    with np.errstate(over="ignore"):
        norms, query_norms = np.sum(k * k, axis=1), np.sum(q * q, axis=1, keepdims=True)
        if not np.isfinite(4 * (norms.max() + query_norms.max())):
            refuse("|q + k|^2 overflows", "the exponents must be finite", "scale Q and K down")
    kernel = k @ k.T
    kernel -= norms / 2
    kernel -= norms[:, None] / 2
    np.minimum(kernel, 0.0, out=kernel)  # -|k_i - k_j|^2 / 2, which rounding may have made positive
    np.exp(kernel, out=kernel)
    logits = q @ k.T
    log_p = logits - logsumexp(logits, keepdims=True)
    log_w = log_p + logits + norms / 2 + query_norms / 2
    top = log_w.max(axis=1)
    weights = np.exp(log_w - top[:, None])
    outputs = np.exp(log_p) @ v
    log_mse, bias = np.empty(len(q)), np.empty((len(q), v.shape[1]))
    for a, (w, o) in enumerate(zip(weights, outputs, strict=True)):
        centred = w[:, None] * (v - o)
        spread = kernel @ centred
        with np.errstate(divide="ignore"):
            log_mse[a] = np.log(max(float(np.sum(centred * spread)), 0.0)) + 2 * top[a]
        bias[a] = -(w @ spread)
    return log_mse, bias, top


def features_needed(Q: ArrayLike, K: ArrayLike, V: ArrayLike, error: float) -> int:
    """How many random features m bring the RMS output error down to `error` times the RMS output, to leading order.

    m = mean mse / (error^2 mean |o|^2) over the queries, rounded up, at least 1, with `output_error_constants`. It is a
    forecast, not a bound: below the m at which the 1/m law sets in, errors differ from it. The answer may be
    astronomical, which is then the finding.

    ValueError: error <= 0, outputs that are all zero, a number beyond the floats; also shapes and entries.

    >>> features_needed([[0.0]], [[-0.5], [0.5]], [[1.0], [3.0]], 0.1)
    7
    """
    wanted = real_number("error", error, above=0)
    q, k, v = checked_qkv(Q, K, V)
    (v,), _ = rescaled(
        v, least=0.5, most=1
    )  # the answer does not depend on its unit, and its squares may leave the floats
    log_mse, _, _ = _log_constants(q, k, v)
    outputs = softmax_attention(q, k, v).astype(np.float64)
    power = float(np.mean(np.sum(outputs * outputs, axis=1)))
    if power == 0.0:
        refuse("all outputs are 0", "an error relative to them needs one that is not", "give other values V")
    log_m = float(logsumexp(log_mse)) - math.log(len(log_mse)) - 2 * math.log(wanted) - math.log(power)
    if log_m > math.log(np.finfo(float).max):
        refuse(f"e^{log_m:.0f} features would be needed", "the number must fit a float", "scale Q and K down")
    return max(1, math.ceil(math.exp(log_m)))
