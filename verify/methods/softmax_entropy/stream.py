"""Entropy of a softmax whose scores come in blocks, in any order: a state of three numbers a row, and attention by it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, finite_array, refuse, whole_number
from verify.methods.softmax_entropy.kernel import FAR, block_parts, parts, real_scores

Triple = tuple[Array, Array, Array]
LARGE = 1e300  # scores that are bounded by it are finite, and need no look
QUERIES = 256  # rows of a block of scores: with 512 keys it takes 1 MiB


@dataclass(frozen=True, slots=True)
class SoftmaxEntropyState:
    """(m, s, t) of the scores seen so far, each of shape `rows`: see `verify.methods.softmax_entropy.kernel`.

    States are values: `update` and `merge` return new ones. Merging is associative and commutative up to rounding.

    >>> halves = SoftmaxEntropyState.empty().update([0.0, 1.0]).merge(SoftmaxEntropyState.empty().update([2.0]))
    >>> float(halves.entropy()) == float(SoftmaxEntropyState.empty().update([0.0, 1.0, 2.0]).entropy())
    True
    """

    m: Array
    s: Array
    t: Array

    @classmethod
    def empty(cls, rows: int | tuple[int, ...] = ()) -> SoftmaxEntropyState:
        """No scores yet, for an array of rows of this shape."""
        return cls(np.full(rows, -np.inf), np.zeros(rows), np.zeros(rows))

    def update(self, block: ArrayLike) -> SoftmaxEntropyState:
        """With the scores `block`, shape rows + (b,); -inf has no part. ValueError: nan, +inf, another shape."""
        scores = real_scores("block", block)
        if scores.ndim == 0 or scores.shape[:-1] != self.m.shape:
            refuse(f"block has shape {scores.shape}", f"{(*self.m.shape, 'b')} is needed", "keys are the last axis")
        if scores.shape[-1] == 0:
            return self
        m, s, t = parts(scores.reshape(-1, scores.shape[-1]))
        rows = self.m.shape
        return self.merge(SoftmaxEntropyState(m.reshape(rows), s.reshape(rows), t.reshape(rows)))

    def merge(self, other: SoftmaxEntropyState) -> SoftmaxEntropyState:
        """The state of both sets of scores together. ValueError: states of different shapes."""
        if self.m.shape != other.m.shape:
            refuse(f"states of shapes {self.m.shape} and {other.m.shape}", "shapes must agree", "merge row by row")
        return SoftmaxEntropyState(*merged((self.m, self.s, self.t), (other.m, other.s, other.t)))

    def entropy(self) -> Array:
        """H of shape `rows`, in nats. ValueError: a row without a score."""
        if (np.asarray(self.m) == -np.inf).any():
            refuse("a row has no score above -inf", "a softmax needs one entry", "update the state first")
        return np.asarray(np.log1p(self.s) + self.t / (1 + self.s))[()]

    def logsumexp(self) -> Array:
        """log sum exp of shape `rows`; -inf for a row without a score."""
        return np.asarray(self.m + np.log1p(self.s))[()]


def merged(a: Triple, b: Triple) -> Triple:
    """(m, s, t) of the union; where a has the larger maximum, with f = exp(m_b - m_a):

    s = s_a + f (1 + s_b),  t = t_a + f (t_b + (m_a - m_b)(1 + s_b)).
    """
    swap = b[0] > a[0]
    m, s, t, m2, s2, t2 = (np.where(swap, y, x) for x, y in zip((*a, *b), (*b, *a), strict=True))
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.where(m2 == -np.inf, -FAR, np.minimum(m - m2, -FAR))  # an empty side weighs nothing
    weight = np.exp(-gap)
    return m, s + weight * (1 + s2), t + weight * (t2 + gap * (1 + s2))


def attention_entropy(Q: ArrayLike, K: ArrayLike, scale: ArrayLike, *, block: int = 512, causal: bool = False) -> Array:
    """Entropy of each row of softmax(scale Q K^T), in nats, shape (m,), without building a row.

    Q (m, d) meets K (n, d) in blocks of `block` keys, or more where the queries are few: there is memory for
    256 x `block` scores, whatever n is. `scale` is a number, or one for each query (m,). `causal`: query i sees keys 0..i, and m <= n.

    ValueError: not finite, shapes that do not fit, block < 1, scores that overflow.

    >>> Q = np.zeros((2, 3))
    >>> bool(np.allclose(attention_entropy(Q, np.ones((5, 3)), 1.0), np.log(5)))
    True
    >>> attention_entropy(Q, np.ones((5, 3)), 1.0, causal=True).round(6).tolist()
    [0.0, 0.693147]
    """
    Q, K = finite_array("Q", Q, ("m", "d")), real_scores("K", K)
    if K.ndim != 2 or K.shape[1] != Q.shape[1] or not len(K):
        refuse(f"Q has shape {Q.shape} and K {K.shape}", "(m, d) and (n, d) are needed", "keys are rows, like queries")
    block = whole_number("block", block, 1)
    factor = finite_array("scale", scale)
    if factor.shape not in ((), (len(Q),)):
        refuse(f"scale has shape {factor.shape}", f"a number or ({len(Q)},) is needed", "give one scale a query")
    if causal and len(Q) > len(K):
        refuse(f"{len(Q)} queries and {len(K)} keys", "query i of a causal row sees keys 0..i", "give as many keys")
    scaled = Q * np.broadcast_to(factor, len(Q))[:, None]
    H = np.empty(len(Q))
    for start in range(0, len(Q), QUERIES):
        rows = scaled[start : start + QUERIES]
        keys = K[: start + len(rows)] if causal else K
        wide = block * min(16, QUERIES // len(rows))
        s, t = _stream(rows, keys, wide, start if causal else None)[1:]
        H[start : start + QUERIES] = np.log1p(s) + t / (1 + s)
    return H


def _stream(rows: Array, keys: Array, block: int, first: int | None) -> Triple:
    """(m, s, t) of rows @ keys.T; row i sees keys up to first + i, if that is given."""
    state: Triple = (np.full(len(rows), -np.inf), np.zeros(len(rows)), np.zeros(len(rows)))
    buffer = np.empty(len(rows) * min(block, len(keys)))
    largest = float(np.abs(rows).max(initial=0.0)) * rows.shape[1]
    for j in range(0, len(keys), block):
        some = keys[j : j + block]
        scores = buffer[: len(rows) * len(some)].reshape(len(rows), len(some))
        safe = largest * float(np.abs(some).max(initial=0.0)) < LARGE  # false for nan
        np.matmul(rows, some.T.astype(np.float64, copy=False), out=scores)
        if not safe and not scores.min() > -np.inf:
            refuse("scores contain nan or -inf", "Q, K and their products are finite", "check K, or scale it")
        masked = not safe
        if first is not None and j + len(some) > first + 1:
            masked = True
            hidden = np.arange(j, j + len(some)) > (first + np.arange(len(rows)))[:, None]
            scores[hidden] = -np.inf
        state = merged(state, block_parts(scores, masked=masked, overwrite=True))
    return state
