"""Exact softmax attention, block by block, and how far a change of the logits can move it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, as_given, finite_array, first_bad, real_array, refuse

QUERIES, KEYS = 256, 512  # a tile of logits stays in the cache of one core


def softmax_attention(
    Q: ArrayLike, K: ArrayLike, V: ArrayLike, *, causal: bool = False, bias: ArrayLike | None = None
) -> Array:
    """softmax(Q K^T + bias) V: each output is the mean of the rows of V under the softmax over the keys.

    Shapes: Q (n_q, d), K (n, d), V (n, d_v), bias (n_q, n), added to the logits, where -inf means "never". With
    `causal` query i sees the keys up to i, and n_q = n. Any scale, such as d^-1/2, is already part of Q and K.
    Returns (n_q, d_v); float32 if Q, K and V are float32, else float64.

    Queries go in blocks of 256, keys in blocks of 512 with a running maximum, so memory is O(n_q d_v) and every
    denominator is at least 1. One exp for each logit that is not masked by a whole block, and one more for each row and
    each block of keys after the first.

    ValueError: shapes, entries that are not finite, `causal` with n_q != n, a bias that is nan or +inf or forbids a
    query every key. TypeError: complex or other than numbers.

    >>> softmax_attention([[0.0]], [[1.0], [2.0]], [[1.0], [3.0]]).tolist()
    [[2.0]]
    """
    q, k, v = checked_qkv(Q, K, V)
    if causal and len(q) != len(k):
        refuse(f"{len(q)} queries and {len(k)} keys", "causal attention pairs them", "give as many, or causal=False")
    b = None if bias is None else _checked_bias(bias, len(q), len(k), causal)
    out = np.empty((len(q), v.shape[1]), v.dtype)
    room = np.empty((min(QUERIES, len(q)), min(KEYS, len(k))), v.dtype)
    for start in range(0, len(q), QUERIES):
        rows = slice(start, min(start + QUERIES, len(q)))
        seen = rows.stop if causal else len(k)
        with np.errstate(over="ignore", invalid="ignore"):  # logits that overflow are met where they show
            first, forbidden = start if causal else None, None if b is None else b[rows]
            out[rows] = _attend(q[rows], k[:seen], v[:seen], first, forbidden, room)
    return out


def _attend(q: Array, k: Array, v: Array, first: int | None, bias: Array | None, room: Array) -> Array:
    """One block of queries over all keys; `first` is the position of the first query where attention is causal.

    `room` takes one tile of logits after the other: new memory for each would cost a seventh of the time.
    """
    top: Array | None = None
    mass = total = np.empty(0)
    for start in range(0, len(k), KEYS):
        keys = slice(start, min(start + KEYS, len(k)))
        logits = np.matmul(q, k[keys].T, out=room[: len(q), : keys.stop - start])
        if bias is not None:
            logits += bias[:, keys]
        if first is not None and keys.stop > first:
            later = np.arange(keys.start, keys.stop) > np.arange(first, first + len(q))[:, None]
            logits[later] = -np.inf
        here = logits.max(axis=1, keepdims=True)
        if not (here < np.inf).all():  # nan or +inf
            refuse("Q K^T overflows", "the logits must be finite", "scale Q or K down")
        if start or bias is not None or not (here > -np.inf).all():  # a row whose keys all weigh nothing so far
            here = np.where(np.isneginf(here), q.dtype.type(np.finfo(q.dtype).min), here)
        if top is None:
            logits -= here
            np.exp(logits, out=logits)
            top, mass, total = here, logits.sum(axis=1, keepdims=True), logits @ v[keys]
        else:
            new = np.maximum(top, here)
            logits -= new
            np.exp(logits, out=logits)
            shrink = np.exp(top - new)
            mass = mass * shrink + logits.sum(axis=1, keepdims=True)
            total = total * shrink + logits @ v[keys]
            top = new
    if not mass.all():
        refuse("Q K^T overflows, or a bias does", "a query needs a finite logit", "scale Q, K or the bias down")
    return np.asarray(total / mass)


def checked_qkv(Q: ArrayLike, K: ArrayLike, V: ArrayLike) -> tuple[Array, Array, Array]:
    """Finite Q (n_q, d), K (n, d), V (n, d_v) of one dtype; arrays that count are still counting."""
    q = finite_array("Q", Q, ("n_q", "d"), single=True)
    k = finite_array("K", K, ("n", q.shape[1]), single=True)
    v = finite_array("V", V, (len(k), "d_v"), single=True)
    dtype = np.result_type(q, k, v)
    q, k, v = as_given(Q, q), as_given(K, k), as_given(V, v)
    return q.astype(dtype, copy=False), k.astype(dtype, copy=False), v.astype(dtype, copy=False)


def _checked_bias(bias: ArrayLike, n_q: int, n: int, causal: bool) -> Array:
    b = real_array("bias", bias, (n_q, n), single=True)
    first_bad("bias", b, np.isnan(b) | np.isposinf(b), "finite numbers and -inf are allowed", "repair it")
    allowed = np.isfinite(b)
    if causal:
        allowed = np.tril(allowed)
    if not allowed.any(axis=1).all():
        row = int(np.argmin(allowed.any(axis=1)))
        refuse(f"bias[{row}] leaves query {row} no key", "one must be left", "leave that query out")
    return b


def softmax_tv_bound(delta: ArrayLike) -> Array:
    """tanh(osc(delta) / 4), osc = max - min along the last axis: how far softmax(z + delta) can be from softmax(z).

    Total variation, for every z; sharp: two logits +-e/2 that change places are exactly that far. Times the diameter of
    the rows of V it bounds the change of an attention output. Shapes: delta (..., n), result (...).

    ValueError: no entries, or entries that are not finite.

    >>> softmax_tv_bound([[1.0, 1.0], [0.0, 0.0]]).tolist()
    [0.0, 0.0]
    """
    d = finite_array("delta", delta, single=True)
    if d.ndim == 0 or d.shape[-1] == 0:
        refuse(f"delta has shape {d.shape}", "(..., n) is needed, not empty", "give one difference a key")
    with np.errstate(over="ignore"):  # beyond the floats the bound is 1
        oscillation = d.max(axis=-1) - d.min(axis=-1)
    return np.asarray(np.tanh(oscillation / 4))[()]
