"""Nearest codewords and Lloyd's iteration."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from verify.methods.guards import Array, as_given, finite_array, generator, refuse, whole_number

ROWS = 512  # keys of a block: their scores against all codewords stay in cache

Codes = NDArray[np.int64]


def vq_assign(K: ArrayLike, C: ArrayLike) -> tuple[Codes, Array]:
    """(codes int64 (n,), dist2 (n,)): the nearest codeword of each key and its squared distance.

    Ties go to the lowest index. The search maximises k . c - |c|^2 / 2 with one matrix product; where several codewords
    are within its rounding of the best, their distances are computed again as sums of squares, so that codewords that
    are equal, or mirror images about a key, tie exactly. The distances returned are sums of squares, never negative, and
    inf beyond the floats.

    Shapes: K (n, d), C (c, d); dist2 is float32 if both are, else float64. ValueError: shapes, entries, products of K
    and C that overflow.

    >>> codes, dist2 = vq_assign([[0.0], [2.9]], [[1.0], [-1.0], [3.0]])
    >>> codes.tolist(), dist2.round(9).tolist()
    ([0, 2], [1.0, 0.01])
    """
    k, c = checked_keys(K, C)
    with np.errstate(over="ignore"):  # a codeword beyond the floats is near no key within them
        half = np.sum(c * c, axis=1) / 2
    codes = np.empty(len(k), np.int64)
    d = k.shape[1]
    # products and sums of d terms, of either operand's size, twice
    unit = 4 * (d + 2) * float(np.finfo(k.dtype).eps)
    reach = float(half.max()) ** 0.5
    for start in range(0, len(k), ROWS):
        rows = slice(start, min(start + ROWS, len(k)))
        with np.errstate(over="ignore", invalid="ignore"):
            scores = k[rows] @ c.T
            scores -= half
        best = scores.max(axis=1, keepdims=True)
        if not np.isfinite(best).all():
            refuse("k . c - |c|^2 / 2 overflows", "the scores of codewords must be finite", "scale K and C down")
        slack = unit * (reach * np.sqrt(np.sum(k[rows] * k[rows], axis=1, keepdims=True)) + reach * reach)
        near = np.asarray(scores >= best - slack)
        codes[rows] = near.argmax(axis=1)
        for row in np.flatnonzero(near.sum(axis=1) > 1):
            tied = np.flatnonzero(near[row])
            codes[start + row] = tied[np.argmin(_squares(k[start + row], c[tied]))]
    return codes, np.asarray(_squares(k, c[codes]))


def lloyd(
    K: ArrayLike,
    c: int,
    rng: np.random.Generator,
    *,
    iters: int = 25,
    init: Literal["sample", "kmeans++"] | ArrayLike = "sample",
) -> tuple[Array, Array]:
    """(codebook (c, d), history (iters + 1,)): each step moves every codeword to the mean of the keys nearest to it.

    `history[i]` is the mean squared distance of the keys to their codewords after i steps; it never increases. A
    codeword without keys stays where it is. `init`: "sample", c different keys; "kmeans++", keys drawn one after the
    other with probability proportional to the squared distance to the codewords so far; or an array (c, d).

    ValueError: shapes, entries, c < 1, iters < 0, an unknown `init`, "sample" with c > n. TypeError: sizes.

    Source: Lloyd 1982; Arthur and Vassilvitskii 2007 (k-means++).

    >>> lloyd([[0.0], [2.0], [9.0]], 2, np.random.default_rng(0), iters=3, init=[[0.0], [9.0]])[0].tolist()
    [[1.0], [9.0]]
    """
    k = finite_array("K", K, ("n", "d"), single=True)
    c, iters = whole_number("c", c, 1), whole_number("iters", iters, 0)
    codebook = _initial(k, c, generator(rng), init)
    history = np.empty(iters + 1)
    codes, dist2 = vq_assign(k, codebook)
    history[0] = dist2.mean(dtype=np.float64)
    for step in range(iters):
        used, counts, sums = cell_sums(codes, k)
        codebook[used] = sums / counts[:, None]
        codes, dist2 = vq_assign(k, codebook)
        history[step + 1] = dist2.mean(dtype=np.float64)
    return codebook, history


def cell_sums(codes: Codes, values: Array) -> tuple[Codes, Codes, Array]:
    """(codes that occur, how often, the sums of their rows of `values`): n d_v additions, whatever the codebook."""
    order = np.argsort(codes, kind="stable")
    ranked = codes[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    counts = np.diff(np.append(starts, len(ranked)))
    return ranked[starts], counts, np.add.reduceat(values[order], starts, axis=0)


def checked_keys(K: ArrayLike, C: ArrayLike) -> tuple[Array, Array]:
    """Finite K (n, d) and C (c, d) of one dtype; arrays that count are still counting."""
    k = finite_array("K", K, ("n", "d"), single=True)
    c = finite_array("C", C, ("c", k.shape[1]), single=True)
    dtype = np.result_type(k, c)
    return as_given(K, k).astype(dtype, copy=False), as_given(C, c).astype(dtype, copy=False)


def _initial(k: Array, c: int, rng: np.random.Generator, init: object) -> Array:
    if isinstance(init, str):
        if init == "sample":
            if c > len(k):
                refuse(f"c={c} with {len(k)} keys", "a sample has no key twice", 'ask for fewer, or init="kmeans++"')
            return np.array(k[rng.choice(len(k), c, replace=False)])
        if init == "kmeans++":
            return _spread_out(k, c, rng)
        refuse(f"init={init!r}", "init is sample, kmeans++ or an array", "choose one of them")
    return np.array(finite_array("init", init, (c, k.shape[1])), k.dtype)  # type: ignore[arg-type]


def _spread_out(k: Array, c: int, rng: np.random.Generator) -> Array:
    codebook = np.empty((c, k.shape[1]), k.dtype)
    codebook[0] = k[rng.integers(len(k))]
    dist2 = _squares(k, codebook[0]).astype(np.float64)
    for i in range(1, c):
        total = dist2.sum()
        # all keys are codewords already: any key will do
        chosen = rng.choice(len(k), p=dist2 / total) if total > 0 else rng.integers(len(k))
        codebook[i] = k[chosen]
        np.minimum(dist2, _squares(k, codebook[i]), out=dist2)
    return codebook


def _squares(k: Array, c: Array) -> Array:
    difference = k - c
    with np.errstate(over="ignore"):
        return np.asarray(np.sum(difference * difference, axis=-1))
