"""Attention through m positive features, given by their logarithms: linear in the number of tokens, and always safe."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, as_given, finite_array, real_array, refuse, whole_number
from verify.methods.numerics import rescaled

ROWS = 256  # rows of a block: features of a block stay in cache
RANGE = {8: 600.0, 4: 60.0}  # exponents, by item size, that stay far from overflow even after a sum over features
LARGEST = {8: 1e30, 4: 1e3}  # values that may meet them as they are; larger ones are scaled by a power of two


class _Moments(NamedTuple):
    """What keys leave behind, for each feature: the largest log-feature, sum_j e^(l_j - pivot) >= 1, the mean value."""

    pivot: Array
    mass: Array
    mean: Array


def linear_attention(
    log_q: ArrayLike, log_k: ArrayLike, V: ArrayLike, *, causal: bool = False, block_size: int = 256
) -> Array:
    """Attention with the weights sum_i exp(log_q[a, i] + log_k[j, i]) of key j for query a, divided by their sum.

    Shapes: log_q (n_q, m), log_k (n, m), V (n, d_v), result (n_q, d_v); float32 if all are float32, else float64.
    With `causal` query i sees the keys up to i, and n_q = n.

    Each feature is a soft cell of keys: it keeps its pivot a_i = max_j log_k[j, i], its mass u_i = sum_j e^(log_k - a),
    and the mean of its values under these weights. A query is then a softmax over features,

        softmax_i(log_q + a_i + log u_i) . mean_i,

    so that nothing overflows, every denominator (the masses and the softmax's own) is at least 1, and each output is a
    convex combination of rows of V, whatever the scale of the features. O((n_q + n) m (d_v + 1)) operations, 2 exps
    for each feature of a token and 0 for a pair of tokens.

    The causal form goes in blocks of `block_size`: earlier blocks through their moments, the block itself through its
    own pairs. Later keys of a block enter its scales, never its sums; where they would take the scales of an earlier
    query out of the range of floats the block is halved, down to single tokens if need be. `block_size=1` is the
    recurrence token by token, whose output i is made of tokens up to i alone, bit for bit.

    ValueError: shapes, entries that are not finite or so large that a sum of four overflows, block_size < 1, `causal`
    with n_q != n. TypeError: complex input.

    Source: Katharopoulos et al. 2020 (the recurrence); Choromanski et al. 2020, arXiv 2009.14794.

    >>> linear_attention([[0.0, 2000.0]], [[0.0, -2000.0], [0.0, 0.0]], [[1.0], [3.0]]).tolist()
    [[3.0]]
    """
    lq, lk, v = _checked(log_q, log_k, V)
    (v,), exponent = rescaled(v, least=0, most=LARGEST[v.itemsize])
    size = whole_number("block_size", block_size, 1)
    if not causal:
        return np.asarray(_restored(_answered(lq, _absorbed(None, lk, v)), exponent))
    if len(lq) != len(lk):
        refuse(f"{len(lq)} queries and {len(lk)} keys", "causal attention pairs them", "give as many, or causal=False")
    out = np.empty(v.shape, v.dtype)
    m = lk.shape[1]
    past = _Moments(np.full(m, -np.inf, v.dtype), np.zeros(m, v.dtype), np.zeros((m, v.shape[1]), v.dtype))
    earlier = np.tri(min(size, len(v)), dtype=v.dtype)
    for start in range(0, len(v), size):
        rows = slice(start, start + size)
        past = _causal_block(past, lq[rows], lk[rows], v[rows], earlier, out[rows])
    return np.asarray(_restored(out, exponent))


class LinearAttentionState:
    """Keys and values absorbed so far, in O(m d_v) numbers however many they were; the streaming `linear_attention`.

    `update` absorbs further keys, `query` answers from all keys so far. `pivot`, `mass` (m,) and `mean` (m, d_v) are
    None before the first update; each mass is at least 1.

    >>> state = LinearAttentionState()
    >>> state.update([[0.0]], [[1.0]])
    >>> state.update([[0.0]], [[3.0]])
    >>> state.query([[5.0]]).tolist()
    [[2.0]]
    """

    def __init__(self) -> None:
        self._moments: _Moments | None = None

    @property
    def pivot(self) -> Array | None:
        """The largest log-feature of a key so far, (m,)."""
        return None if self._moments is None else self._moments.pivot.copy()

    @property
    def mass(self) -> Array | None:
        """sum_j exp(log_k[j] - pivot), (m,)."""
        return None if self._moments is None else self._moments.mass.copy()

    @property
    def mean(self) -> Array | None:
        """The mean of the values under the weights exp(log_k), (m, d_v)."""
        return None if self._moments is None else self._moments.mean.copy()

    def update(self, log_k: ArrayLike, V: ArrayLike) -> None:
        """Absorb keys log_k (n, m) with their values V (n, d_v). ValueError: shapes, entries that are not finite."""
        lk, v = _checked_keys(log_k, V)
        if self._moments is not None and (lk.shape[1], v.shape[1]) != self._moments.mean.shape:
            refuse(
                f"{lk.shape[1]} features and values of length {v.shape[1]}",
                f"this state holds (m, d_v) = {self._moments.mean.shape}", "start another state",
            )  # fmt: skip
        past = self._moments
        values = (v,) if past is None else (v, past.mean)
        (v, *mean), exponent = rescaled(*values, least=0, most=LARGEST[v.itemsize])
        absorbed = _absorbed(past and past._replace(mean=mean[0]), lk, v)
        self._moments = absorbed._replace(mean=_restored(absorbed.mean, exponent))

    def query(self, log_q: ArrayLike) -> Array:
        """Attention of log_q (n_q, m) over all keys so far, (n_q, d_v). ValueError: shapes, or no keys yet."""
        if self._moments is None:
            refuse("the state has no keys", "attention over no keys has no value", "update it first")
        lq = _log_features("log_q", log_q, ("n_q", len(self._moments.pivot)))
        return _answered(as_given(log_q, lq), self._moments)


def _restored(x: Array, exponent: int) -> Array:
    """2^exponent x, exactly."""
    return np.ldexp(x, exponent) if exponent else x


def _absorbed(past: _Moments | None, lk: Array, v: Array) -> _Moments:
    """The moments of earlier keys and these; two exps a feature and call beyond one for each entry of lk, at most."""
    pivot = lk.max(axis=0)
    if past is None:
        mass, total = np.zeros_like(pivot), np.zeros((len(pivot), v.shape[1]), v.dtype)
    else:
        pivot = np.maximum(past.pivot, pivot)
        mass = past.mass * np.exp(past.pivot - pivot)
        total = mass[:, None] * past.mean
    room = np.empty((min(ROWS, len(lk)), len(pivot)), lk.dtype)
    for start in range(0, len(lk), ROWS):
        rows = slice(start, min(start + ROWS, len(lk)))
        weights = np.subtract(lk[rows], pivot, out=room[: rows.stop - start])
        np.exp(weights, out=weights)
        mass = mass + weights.sum(axis=0)
        total = total + weights.T @ v[rows]
    return _Moments(pivot, mass, total / mass[:, None])


def _answered(lq: Array, keys: _Moments) -> Array:
    level = keys.pivot + np.log(keys.mass)  # log sum_j e^log_k
    out = np.empty((len(lq), keys.mean.shape[1]), np.result_type(lq, keys.mean))
    room = np.empty((min(ROWS, len(lq)), len(level)), out.dtype)
    for start in range(0, len(lq), ROWS):
        rows = slice(start, min(start + ROWS, len(lq)))
        weights = np.add(lq[rows], level, out=room[: rows.stop - start])
        weights -= weights.max(axis=1, keepdims=True)
        np.exp(weights, out=weights)
        out[rows] = (weights @ keys.mean) / weights.sum(axis=1, keepdims=True)
    return out


def _causal_block(past: _Moments, lq: Array, lk: Array, v: Array, earlier: Array, out: Array) -> _Moments:
    """Write the outputs of a block and return the moments after it; `earlier` has ones where the key is not later."""
    pivot = np.maximum(past.pivot, lk.max(axis=0))
    # Query i knows pivots that lie between those of the block's first query and `pivot`; with the latter its sums are
    # too small by e^rise at most, and e^rise is put back on all rows, so that every denominator is at least 1.
    rise = float((pivot - np.maximum(past.pivot, lk[0])).max())
    if rise > RANGE[lk.itemsize]:
        half = len(lq) // 2
        past = _causal_block(past, lq[:half], lk[:half], v[:half], earlier, out[:half])
        return _causal_block(past, lq[half:], lk[half:], v[half:], earlier, out[half:])
    left = lq + pivot
    left -= left.max(axis=1, keepdims=True) - lk.dtype.type(rise)
    right = lk - pivot
    np.exp(left, out=left)
    np.exp(right, out=right)
    pairs = left @ right.T
    pairs *= earlier[: len(lq), : len(lq)]
    mass = past.mass * np.exp(past.pivot - pivot)
    total = right.T @ v
    total += mass[:, None] * past.mean
    left *= mass  # the history's share of each query, feature by feature
    denominator = left.sum(axis=1, keepdims=True)
    denominator += pairs.sum(axis=1, keepdims=True)
    numerator = left @ past.mean
    numerator += pairs @ v
    np.divide(numerator, denominator, out=out)
    mass = mass + right.sum(axis=0)
    return _Moments(pivot, mass, total / mass[:, None])


def _checked(log_q: ArrayLike, log_k: ArrayLike, V: ArrayLike) -> tuple[Array, Array, Array]:
    lk, v = _checked_keys(log_k, V)
    lq = as_given(log_q, _log_features("log_q", log_q, ("n_q", lk.shape[1])))
    dtype = np.result_type(lq, lk)
    return lq.astype(dtype, copy=False), lk.astype(dtype, copy=False), v.astype(dtype, copy=False)


def _checked_keys(log_k: ArrayLike, V: ArrayLike) -> tuple[Array, Array]:
    lk = as_given(log_k, _log_features("log_k", log_k, ("n", "m")))
    v = as_given(V, finite_array("V", V, (len(lk), "d_v"), single=True))
    dtype = np.result_type(lk, v)
    return lk.astype(dtype, copy=False), v.astype(dtype, copy=False)


def _log_features(name: str, value: ArrayLike, shape: tuple[int | str, ...]) -> Array:
    """Finite, and small enough for sums of a few of them to be finite too; one way through memory for both."""
    x = real_array(name, value, shape, single=True)
    largest = float(np.finfo(x.dtype).max) / 8
    blocks = (x[start : start + ROWS] for start in range(0, len(x), ROWS))
    if not all(block.min() >= -largest and block.max() <= largest for block in blocks):
        finite_array(name, x)  # names the entry that is not finite
        refuse(f"{name} leaves +-{largest:.3g}", "sums of log-features must stay finite", "scale the inputs down")
    return x
