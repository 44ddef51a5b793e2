"""Entropy and varentropy of a softmax, with a small relative error at every temperature.

With m the largest score, s = sum of exp(x_j - m) and t = sum of (m - x_j) exp(x_j - m) over all entries but one copy of
the maximum, the entropy is H = log(1 + s) + t / (1 + s). Both terms are nonnegative, so nothing cancels, even at
H = 1e-300. `parts` computes (m, s, t) of a block of rows; `stream` merges such triples.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, refuse

BLOCK = 16384  # scores at a time: their gaps and exponentials stay in the second-level cache
FAR = -750.0  # exp(-750) is exactly 0: a masked entry, and the maximum that is left out, add 0 rather than 0 * inf


def softmax_entropy(x: ArrayLike, axis: int = -1, where: ArrayLike | None = None) -> Any:
    """H = -sum_i p_i log p_i of p = softmax(x) along `axis`, in nats; the axis is removed, and one row gives a float.

    Entries that are -inf, or False in the boolean `where` (which broadcasts), have no part. The relative error is about
    (4 + G) 2^-53, where G is the largest gap to the maximum that matters; a single entry gives exactly 0. Contributions
    beyond a gap of 745 underflow. Neither p nor any other array of the size of x is built (a mask costs one such array).

    ValueError: nan, +inf, an empty axis, a row with nothing left. TypeError: complex or bool scores, a mask that is not
    boolean.

    >>> math.isclose(softmax_entropy([0.0, 0.0, 0.0, -np.inf]), math.log(3))
    True
    """
    rows, shape = score_rows(x, axis, where)
    if len(rows) == 1:
        _, one_s, one_t = long_row(rows[0])
        return np.full(shape, math.log1p(one_s) + one_t / (1 + one_s))[()]
    _, s, t = parts(rows, strict=True)
    return np.asarray(np.log1p(s) + t / (1 + s)).reshape(shape)[()]


def softmax_varentropy(x: ArrayLike, axis: int = -1, where: ArrayLike | None = None) -> Any:
    """V = Var_p(log p) = sum_i p_i (x_i - sum_j p_j x_j)^2 of p = softmax(x) along `axis`, in square nats.

    It is -dH/dlog(beta) at x = beta s. Computed in two passes, the second centred on the mean, so that it is accurate
    where it is small. Arguments, masks and errors as in `softmax_entropy`.

    >>> math.isclose(softmax_varentropy([0.0, np.log(3.0)]), 3 / 16 * np.log(3.0) ** 2)
    True
    """
    rows, shape = score_rows(x, axis, where)
    top, s, t = parts(rows, strict=True)
    squares = np.empty(len(rows))
    for i, row in enumerate(rows):
        squares[i] = 0.0
        for start in range(0, len(row), BLOCK):
            gaps = np.maximum(row[start : start + BLOCK] - top[i], FAR)
            weights = np.exp(gaps)
            gaps += t[i] / (1 + s[i])  # log p is centred at -t / (1 + s) below the maximum
            squares[i] += weights @ (gaps * gaps)
    return np.asarray(squares / (1 + s)).reshape(shape)[()]


def parts(rows: Array, *, strict: bool = False) -> tuple[Array, Array, Array]:
    """(m, s, t) of each row (rows, n), in float64; m = -inf and s = t = 0 where a row has no entry.

    `strict` refuses such a row. ValueError: nan or +inf.
    """
    n = rows.shape[1]
    m, s, t = np.empty(len(rows)), np.empty(len(rows)), np.empty(len(rows))
    if 4 * n > BLOCK:
        for i, row in enumerate(rows):
            m[i], s[i], t[i] = long_row(row, strict=strict)
        return m, s, t
    step = BLOCK // n
    for start in range(0, len(rows), step):
        some = slice(start, start + step)
        m[some], s[some], t[some] = block_parts(rows[some], strict=strict)
    return m, s, t


def block_parts(scores: Array, *, strict: bool = False, masked: bool = True, overwrite: bool = False) -> Any:
    """(m, s, t) of the rows of a block that fits the cache. Without `masked` no gap to the largest score is infinite.

    `overwrite` allows the gaps x - m to be written where the scores, float64, are.
    """
    maxima = np.arange(len(scores)), scores.argmax(axis=1)  # nan counts as the largest
    top = checked(scores[maxima], strict)
    with np.errstate(over="ignore"):  # a gap beyond the floats weighs nothing
        gaps = np.subtract(scores, np.where(top == -np.inf, 0.0, top)[:, None], out=scores if overwrite else None)
    if masked:
        np.maximum(gaps, FAR, out=gaps)
    gaps[maxima] = FAR  # one copy of the maximum is left out
    weights = np.exp(gaps)
    return top, weights.sum(axis=1), -np.vecdot(weights, gaps)


def long_row(row: Array, *, strict: bool = True) -> tuple[float, float, float]:
    """(m, s, t) of one row, block by block."""
    first = int(row.argmax())
    top = row[first]
    if not (-np.inf < top < np.inf):
        checked(np.array([top]), strict)
        return -math.inf, 0.0, 0.0
    s = t = 0.0
    for start in range(0, len(row), BLOCK):
        with np.errstate(over="ignore"):  # a gap beyond the floats weighs nothing
            gaps = np.subtract(row[start : start + BLOCK], top, dtype=np.float64)
        np.maximum(gaps, FAR, out=gaps)
        if start <= first < start + BLOCK:
            gaps[first - start] = FAR  # one copy of the maximum is left out
        weights = np.exp(gaps)
        s += float(weights.sum())
        t -= float(weights @ gaps)
    return float(top), s, t


def checked(top: Array, strict: bool) -> Array:
    """Maxima of rows in float64: nan and +inf show in them; so does a row with no entry, if that is not allowed."""
    if not (top < np.inf).all():
        refuse("scores contain nan or +inf", "scores are finite or -inf", "repair them before the call")
    if strict and (empty := top == -np.inf).any():
        found = f"row {int(np.argmax(empty))} has no score above -inf"
        refuse(found, "a softmax needs one entry", "leave out rows that are all masked")
    return np.asarray(top, np.float64)


def score_rows(x: ArrayLike, axis: int, where: ArrayLike | None) -> tuple[Array, tuple[int, ...]]:
    """x as a matrix whose rows are the distributions, -inf where masked, and the shape without the axis."""
    scores = real_scores("x", x)
    if scores.ndim == 0:
        refuse("x has no axis", "scores are an array", "give at least one dimension")
    if where is not None:
        mask = np.asarray(where)
        if mask.dtype != bool:
            refuse(f"where has dtype {mask.dtype}", "a mask is boolean", "True keeps an entry", TypeError)
        scores = np.where(mask, scores, -np.inf)
    if axis not in (-1, scores.ndim - 1):
        scores = np.moveaxis(scores, axis, -1)
    n = scores.shape[-1]
    if n == 0:
        refuse(f"x has shape {np.shape(x)}", "a softmax needs one entry", "leave empty rows out")
    return scores.reshape(-1, n), scores.shape[:-1]


def real_scores(name: str, x: ArrayLike) -> Array:
    """Real scores: float32 and float64 stay, other numbers become float64. Sums are always taken in float64."""
    scores = np.asarray(x)
    if scores.dtype == np.float64 or scores.dtype == np.float32:
        return scores
    if scores.dtype.kind not in "iuf":
        refuse(f"{name} has dtype {scores.dtype}", "real scores are needed", "convert them to float64", TypeError)
    return scores.astype(np.float64)
