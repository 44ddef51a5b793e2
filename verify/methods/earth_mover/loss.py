"""The earth mover loss of a batch against class labels: of logits in three forms, of probabilities, and its gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.earth_mover.cost import cost_columns, half_squared_chords, row_norms, unit_rows
from verify.methods.guards import (
    MASS_TOLERANCE,
    Array,
    class_indices,
    finite_array,
    first_bad,
    one_of,
    real_array,
    refuse,
    summable_costs,
)
from verify.methods.numerics import softmax


def emo_loss(
    logits: ArrayLike,
    targets: ArrayLike,
    embeddings: ArrayLike,
    *,
    form: Literal["pooled", "columns", "stable"] = "pooled",
    reduction: Literal["none", "mean", "sum"] = "none",
    mask: ArrayLike | None = None,
) -> Array:
    """L = sum_i p_i (1 - cos(e_i, e_t)) with p = softmax(logits), for each row of a batch.

    With a one-hot target there is one transport plan only, so this is the exact earth mover distance from p to the
    label. Shapes: logits (B, V), targets (B,) integers, embeddings (V, d). Returns (B,), or one number for "mean" and
    "sum"; float32 if logits and embeddings are float32, else float64.

    All forms take O(B V d) operations. They differ in memory and in accuracy where the prediction is nearly certain:

    - "pooled": 1 - <sum_i p_i u_i, u_t> with u = e / |e|, streamed over blocks of classes; extra memory O(B d) only.
      The absolute error is some roundings of 1, so nothing is left of a loss below that.
    - "columns": the B cost columns and the probabilities at full size; extra memory O(B V + V d).
    - "stable": costs |u_i - u_t|^2 / 2, exactly 0 at the target, so that all terms are positive and the *relative*
      error is some roundings, however small the loss. Streamed; slower where many embeddings are close to the target.

    `mask` (B,) is boolean, True keeps a row. A row that is left out is not looked at (its target may be -100, its
    logits nan); it counts neither in the mean nor in the sum, and its entry under reduction "none" is 0.

    ValueError: logits, or embeddings, that are nan or infinite; zero-norm embeddings; shapes; the mean of no rows.
    IndexError: a target outside [0, V). TypeError: targets that are not integers, a mask that is not boolean, complex
    input.

    Source: Su 2023, archive 9797; Ren, Wu, Zhu 2023, arXiv 2310.04691.

    >>> emo_loss([[0.0, np.log(3.0)]], [0], [[1.0, 0.0], [0.0, 2.0]]).round(12).tolist()
    [0.75]
    """
    z = real_array("logits", logits, ("B", "V"), single=True)
    E = real_array("embeddings", embeddings, (z.shape[1], "d"), single=True)
    rows = _kept_rows(mask, len(z))
    t = _one_a_row("targets", targets, len(z))
    t = class_indices("targets", t[rows], z.shape[1])
    one_of("form", form, _FORMS)
    one_of("reduction", reduction, ("none", "mean", "sum"))
    if reduction == "mean" and len(t) == 0:
        refuse("mask keeps no row", "the mean of no losses is undefined", "skip the batch, or use reduction='sum'")

    dtype = np.result_type(z, E)
    top = _finite_tops(z, rows).astype(dtype, copy=False)
    losses = _FORMS[form](partial(_weights, z, rows, top), t, E, dtype)
    if reduction == "mean":
        return np.asarray(losses.mean())[()]
    if reduction == "sum":
        return np.asarray(losses.sum())[()]
    if mask is None:
        return losses
    spread = np.zeros(len(z), losses.dtype)
    spread[rows] = losses
    return spread


def pooled_loss(p: ArrayLike, targets: ArrayLike, units: ArrayLike) -> Array:
    """L = 1 - <sum_i p_i u_i, u_t> of probabilities and unit embeddings that stand ready: one matrix product.

    Shapes: p (B, V), targets (B,) integers, units (V, d); returns (B,), float32 if p and units are, else float64. For
    a model that has its softmax already and keeps its embeddings normalised; `emo_loss` starts from logits.

    ValueError: entries of p that are negative, nan or infinite; a row of p, or the square of a row of units, that does
    not sum to 1 within 1e-8 (float32: 1e-5); shapes. IndexError, TypeError: targets that are no classes.

    >>> pooled_loss([[0.25, 0.75]], [0], [[1.0, 0.0], [0.0, 1.0]]).tolist()
    [0.75]
    """
    weights = real_array("p", p, ("B", "V"), single=True)
    U = real_array("units", units, (weights.shape[1], "d"), single=True)
    t = class_indices("targets", _one_a_row("targets", targets, len(weights)), len(U))
    dtype = np.result_type(weights, U)
    tolerance = MASS_TOLERANCE if dtype == np.float64 else 1e-5
    if not weights.min() >= 0:
        first_bad("p", weights, ~(weights >= 0), "probabilities are not negative", "apply the softmax first")
    remedy = "divide by the sum, or use emo_loss"
    with np.errstate(over="ignore"):  # what overflows is refused
        masses, squares = weights @ np.ones(len(U), dtype), np.vecdot(U, U)
    _sums_to_one("the sum of p", masses, tolerance, remedy)
    _sums_to_one("the squared norm of units", squares, tolerance, "divide by the norm, or use emo_loss")
    return np.asarray(1 - np.vecdot(weights @ U, U[t]))


def _sums_to_one(name: str, totals: Array, tolerance: float, remedy: str) -> None:
    first_bad(name, totals, ~(np.abs(totals - 1) <= tolerance), f"1 within {tolerance} is needed", remedy)


def emo_grad(logits: ArrayLike, targets: ArrayLike, cost_columns: ArrayLike) -> Array:
    """The gradient g_j = p_j (c_j - sum_i p_i c_i) of sum_i p_i c_i with respect to the logits, p = softmax(logits).

    Shapes: logits (B, n), targets (B,) integers, cost_columns (n, B), where column b holds the costs of moving from
    each class to targets[b]; the gradient is (B, n), float64. Its rows sum to 0. The cost of the most probable class
    is subtracted first, which changes nothing in exact arithmetic, and keeps all digits where the prediction is
    nearly certain.

    ValueError: nan or infinite entries, costs beyond 1e300, shapes. IndexError, TypeError: targets that are no classes.

    >>> emo_grad([[0.0, 0.0]], [0], [[0.0], [1.0]]).tolist()
    [[-0.25, 0.25]]
    """
    z = finite_array("logits", logits, ("B", "n"))
    B, n = z.shape
    cost = summable_costs("cost_columns", cost_columns, (n, B)).T
    class_indices("targets", _one_a_row("targets", targets, B), n)
    p = softmax(z)
    cost = cost - np.take_along_axis(cost, p.argmax(axis=1)[:, None], axis=1)
    return np.asarray(p * (cost - np.einsum("bn,bn->b", p, cost)[:, None]))


def _kept_rows(mask: ArrayLike | None, size: int) -> slice | Array:
    """The rows that count, as an index; all of them as a slice, so that no logits are copied."""
    if mask is None:
        return slice(None)
    keep = _one_a_row("mask", mask, size)
    if keep.dtype != np.bool_:
        remedy = "compare, as in targets >= 0"
        refuse(f"mask has dtype {keep.dtype}", "a mask is boolean, True keeps", remedy, TypeError)
    return np.flatnonzero(keep)


def _one_a_row(name: str, value: ArrayLike, size: int) -> Array:
    array = np.asarray(value)
    if array.shape != (size,):
        refuse(f"{name} has shape {array.shape}", f"({size},) is needed", "give one entry for each row of logits")
    return array


def _finite_tops(logits: Array, rows: slice | Array) -> Array:
    """The largest logit of each row that counts; the extremes also show whether all of them are finite."""
    top, low = logits.max(axis=1)[rows], logits.min(axis=1)[rows]
    bad = ~(np.isfinite(top) & np.isfinite(low))
    if bad.any():
        i = np.arange(len(logits))[rows][bad][0]
        j = np.flatnonzero(~np.isfinite(logits[i]))[0]
        remedy = "leave the class out, or the row by a mask"
        refuse(f"logits[{i}, {j}]={logits[i, j]}", "every logit must be finite", remedy)
    return np.asarray(top)


def _weights(logits: Array, rows: slice | Array, top: Array, width: int) -> Iterator[tuple[slice, Array]]:
    """exp(z - max z) of one block of classes after the other, each in the same buffer."""
    buffer = np.empty((len(top), width), top.dtype)
    for start in range(0, logits.shape[1], width):
        block = slice(start, min(start + width, logits.shape[1]))
        weights = buffer[:, : block.stop - start]
        with np.errstate(over="ignore"):  # logits further apart than the largest float: the smaller one weighs nothing
            np.subtract(logits[rows, block], top[:, None], out=weights)
        yield block, np.exp(weights, out=weights)


Blocks = Callable[[int], Iterator[tuple[slice, Array]]]  # block width -> the blocks and their weights


def _pooled(blocks: Blocks, targets: Array, E: Array, dtype: np.dtype[Any]) -> Array:
    B, d = len(targets), E.shape[1]
    # Live at once: pooled and the product added to it, B d each, and a block of weights: 2 B d, or 16 kB for small d.
    width = max(2 * d, 2048 // max(B, 1))
    total, pooled = np.zeros(B, dtype), np.zeros((B, d), dtype)
    for block, weights in blocks(width):
        total += weights.sum(axis=1)
        e = E[block].astype(dtype, copy=False)
        weights /= row_norms(e, block.start)  # scales the weights: no normalised copy of the embeddings
        pooled += weights @ e
    pooled /= total[:, None]
    return np.asarray(1 - np.einsum("bd,bd->b", pooled, unit_rows(E[targets].astype(dtype, copy=False))))


def _columns(blocks: Blocks, targets: Array, E: Array, dtype: np.dtype[Any]) -> Array:
    ((_, weights),) = blocks(len(E))
    weights /= weights.sum(axis=1, keepdims=True)
    U = unit_rows(E.astype(dtype, copy=False))
    return np.asarray(np.einsum("bv,vb->b", weights, cost_columns(U, targets)))


def _stable(blocks: Blocks, targets: Array, E: Array, dtype: np.dtype[Any]) -> Array:
    total, moved = np.zeros(len(targets), dtype), np.zeros(len(targets), dtype)
    U_t = unit_rows(E[targets].astype(dtype, copy=False))
    for block, weights in blocks(1024):
        cost = half_squared_chords(unit_rows(E[block].astype(dtype, copy=False), block.start), U_t)
        here = np.flatnonzero((targets >= block.start) & (targets < block.stop))
        cost[targets[here] - block.start, here] = 0
        total += weights.sum(axis=1)
        moved += np.einsum("bv,vb->b", weights, cost)
    return np.asarray(moved / total)


_FORMS = {"pooled": _pooled, "columns": _columns, "stable": _stable}
