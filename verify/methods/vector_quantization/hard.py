"""Attention over quantised keys: exact, and linear in the number of tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, as_given, finite_array, first_bad, refuse, whole_number
from verify.methods.vector_quantization.codebook import Codes, cell_sums

ROWS = 256  # queries of a block


class VQCache:
    """How many keys of each code were absorbed, and the means of their values: c (d_v + 1) numbers, however many keys.

    `counts` (c,) int64 and `means` (c, d_v), 0 for codes without keys. Means instead of sums, so that no sum grows with
    the text. ValueError: sizes below 1.

    >>> cache = VQCache(2, 1)
    >>> cache.absorb([1, 1], [[1.0], [3.0]])
    >>> cache.counts.tolist(), cache.means.tolist()
    ([0, 2], [[0.0], [2.0]])
    """

    def __init__(self, c: int, d_v: int, dtype: Any = np.float64) -> None:
        self.counts = np.zeros(whole_number("c", c, 1), np.int64)
        self.means: Array = np.zeros((len(self.counts), whole_number("d_v", d_v, 1)), dtype)

    def absorb(self, codes: ArrayLike, V: ArrayLike) -> None:
        """Take in keys with these codes (n,) and values V (n, d_v). Errors as in `vq_attention`."""
        z = checked_codes(codes, len(self.counts))
        v = finite_array("V", V, (len(z), self.means.shape[1]), single=True)
        self._absorb(z, as_given(V, v))

    def _absorb(self, codes: Codes, v: Array) -> None:
        used, added, sums = cell_sums(codes, v)
        before = self.counts[used]
        total = (before + added).astype(self.means.dtype)[:, None]
        self.means[used] = (before.astype(self.means.dtype)[:, None] * self.means[used] + sums) / total
        self.counts[used] = before + added

    @property
    def log_counts(self) -> Array:
        """log n_y, -inf for codes without keys: what a code adds to its logit."""
        with np.errstate(divide="ignore"):
            return np.log(self.counts).astype(self.means.dtype)


def vq_attention(
    Q: ArrayLike,
    codes: ArrayLike,
    C: ArrayLike,
    V: ArrayLike,
    *,
    causal: bool = False,
    block_size: int = 128,
    bias: ArrayLike | None = None,
) -> Array:
    """softmax(Q K^T) V for the quantised keys K = C[codes], without ever forming it: softmax(Q C^T + log n_y) . mean_y.

    Shapes: Q (n_q, d), codes (n,) integers in [0, c), C (c, d), V (n, d_v), result (n_q, d_v); float32 if Q, C and V
    are. Any codes will do, not only the nearest. Codes without keys have no weight.

    With `causal` (n_q = n) query i sees the keys up to i: earlier blocks of `block_size` through their counts and means
    (`VQCache`), its own block key by key. `bias` (block_size + 1,), causal only, is added to the logits at the lags
    0, ..., block_size; the block before is then read key by key too. O(n (c + block_size)(d + d_v)) operations.

    ValueError: shapes, entries that are not finite, logits that overflow, codes outside [0, c), block_size < 1, a bias
    without `causal`, `causal` with n_q != n. TypeError: codes that are not integers, complex input.

    Source: Lingle 2023, arXiv 2309.16354, theorem 3.7.

    >>> vq_attention([[0.0]], [0, 0, 1], [[5.0], [7.0], [900.0]], [[0.0], [3.0], [6.0]]).round(12).tolist()
    [[3.0]]
    """
    q = finite_array("Q", Q, ("n_q", "d"), single=True)
    book = finite_array("C", C, ("c", q.shape[1]), single=True)
    z = checked_codes(codes, len(book))
    v = finite_array("V", V, (len(z), "d_v"), single=True)
    dtype = np.result_type(q, book, v)
    q, book, v = (as_given(given, x).astype(dtype, copy=False) for given, x in ((Q, q), (C, book), (V, v)))
    size = whole_number("block_size", block_size, 1)
    lags = None if bias is None else finite_array("bias", bias, (size + 1,)).astype(dtype)
    if lags is not None and not causal:
        refuse("a bias without causal=True", "lags are those of a causal order", "add causal=True")
    if causal and len(q) != len(z):
        refuse(f"{len(q)} queries and {len(z)} keys", "causal attention pairs them", "give as many, or causal=False")
    with np.errstate(over="ignore", invalid="ignore"):  # logits that overflow are met where they show
        return _causal(q, z, book, v, size, lags) if causal else _all_keys(q, z, book, v)


def _all_keys(q: Array, z: Codes, book: Array, v: Array) -> Array:
    cache = VQCache(len(book), v.shape[1], v.dtype)
    cache._absorb(z, v)
    level, means = cache.log_counts, cache.means
    out = np.empty((len(q), v.shape[1]), v.dtype)
    for start in range(0, len(q), ROWS):
        rows = slice(start, start + ROWS)
        weights = q[rows] @ book.T
        weights += level
        weights -= _finite(weights.max(axis=1, keepdims=True))
        np.exp(weights, out=weights)
        out[rows] = (weights @ means) / weights.sum(axis=1, keepdims=True)
    return out


def _causal(q: Array, z: Codes, book: Array, v: Array, size: int, lags: Array | None) -> Array:
    n, back = len(q), 0 if lags is None else size  # how many keys before the block are read one by one
    cache = VQCache(len(book), v.shape[1], v.dtype)
    out = np.empty(v.shape, v.dtype)
    absorbed = 0
    for start in range(0, n, size):
        stop = min(start + size, n)
        first = max(0, start - back)
        if first > absorbed:
            cache._absorb(z[absorbed:first], v[absorbed:first])
            absorbed = first
        block = q[start:stop]
        far = block @ book.T
        far += cache.log_counts
        near = block @ book[z[first:stop]].T
        lag = np.arange(start, stop)[:, None] - np.arange(first, stop)
        if lags is not None:
            near += np.where(lag <= size, lags[np.clip(lag, 0, size)], 0)
        near[lag < 0] = -np.inf
        top = _finite(np.maximum(far.max(axis=1, keepdims=True), near.max(axis=1, keepdims=True)))
        far -= top
        near -= top
        np.exp(far, out=far)
        np.exp(near, out=near)
        total = far @ cache.means
        total += near @ v[first:stop]
        total /= far.sum(axis=1, keepdims=True) + near.sum(axis=1, keepdims=True)
        out[start:stop] = total
    cache._absorb(z[absorbed:], v[absorbed:])  # so that it holds the text, as it would for whoever goes on with it
    return out


def _finite(top: Array) -> Array:
    """The largest logit of each row, unless one of them left the floats."""
    if not np.isfinite(top).all():
        refuse("Q C^T overflows", "the logits must be finite", "scale Q or C down")
    return top


def checked_codes(codes: ArrayLike, c: int) -> Codes:
    """Integers (n,) in [0, c), n >= 1. TypeError: other than integers. ValueError: outside, another shape."""
    z = np.asarray(codes)
    if z.dtype.kind not in "iu":
        refuse(f"codes have dtype {z.dtype}", "codes are integers", "convert with astype(int)", TypeError)
    if z.ndim != 1 or z.size == 0:
        refuse(f"codes have shape {z.shape}", "(n,) is needed, not empty", "give one code a key")
    first_bad("codes", z, (z < 0) | (z >= c), f"codes lie in 0 to {c - 1}", "they number the rows of C")
    return z.astype(np.int64, copy=False)
