"""The change of variables that leaves attention as it is and makes its random features as accurate as possible."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, finite_array, real_number, refuse
from verify.methods.numerics import geometric_mean, spd_sqrt


def optimal_gauge(Q: ArrayLike, K: ArrayLike, *, ridge: float = 0.0) -> tuple[Array, Array]:
    """(M (d, d), b (d,)): with Q M^-1 and (K - b) M^T attention is unchanged, and the mean |q + k|^2 is least.

    Softmax attention does not see a common shift of all keys, nor (Q M^-1)(K M^T)^T = Q K^T; the variance of random
    features, driven by t = |q + k|^2, does. First the shift b = mean q + mean k, which lowers the mean of t by |b|^2;
    then, with the second moments S_Q of q and S_K of k - b, the symmetric positive definite M for which G = M^2 is the
    optimal transport map from N(0, S_K) to N(0, S_Q), the solution of G S_K G = S_Q. It attains the least value
    mean |q|^2 + mean |k|^2 = 2 tr (S_K^1/2 S_Q S_K^1/2)^1/2.

    Shapes: Q (n_q, d), K (n, d); computed in float64, and float32 if Q and K are. With `ridge` > 0 the second moments
    get ridge times their mean eigenvalue added to the diagonal: attention is unchanged, the value nearly the least.

    ValueError: shapes, entries that are not finite, ridge < 0, singular second moments without a ridge.

    Source: Gelbrich 1990 (the map); the restriction to a gauge is elementary.

    >>> M, b = optimal_gauge([[4.0], [-4.0]], [[0.0], [2.0]])
    >>> M.tolist(), b.tolist()  # keys -1 and 1 about b, then twice as large, queries half
    ([[2.0]], [1.0])
    """
    q = finite_array("Q", Q, ("n_q", "d"), single=True)
    k = finite_array("K", K, ("n", q.shape[1]), single=True)
    dtype = np.result_type(q, k)
    q, k = q.astype(np.float64, copy=False), k.astype(np.float64, copy=False)
    ridge = real_number("ridge", ridge, least=0)
    b = q.mean(axis=0) + k.mean(axis=0)
    S_Q, S_K = _second_moment("Q", q, ridge), _second_moment("K", k - b, ridge)
    inverse = np.linalg.inv(S_K)
    M = spd_sqrt(geometric_mean((inverse + inverse.T) / 2, S_Q))
    return M.astype(dtype, copy=False), b.astype(dtype, copy=False)


def _second_moment(name: str, x: Array, ridge: float) -> Array:
    d = x.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        moment = x.T @ x / len(x)
    if not np.isfinite(moment).all():
        refuse(f"the second moment of {name} overflows", "it must be finite", f"scale {name} down")
    moment[np.diag_indices(d)] += ridge * np.trace(moment) / d
    values = np.linalg.eigvalsh(moment)
    if not values[0] > 4 * d * np.finfo(float).eps * values[-1]:  # as far as rounding can tell
        refuse(f"the second moment of {name} is singular", "the map needs its inverse", "give ridge=1e-6 or so")
    return np.asarray(moment)
