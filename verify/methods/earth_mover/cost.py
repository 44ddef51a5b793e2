"""The cost of confusing two classes, from the angle between their embeddings."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, check_shape, class_indices, finite_array, refuse


def cosine_cost(embeddings: ArrayLike, targets: ArrayLike | None = None) -> Array:
    """C[i, j] = 1 - cos(e_i, e_j): moving mass from class i to class j, or to class targets[j].

    Shapes: embeddings (n, d), targets (B,) integers; the cost is (n, n), or (n, B). It lies in [0, 2] and is exactly
    0 where the two classes are one. It is no metric: half the squared chord breaks the triangle inequality.

    ValueError: nan, infinite or zero-norm embedding rows, wrong shapes. TypeError, IndexError: targets that are no
    classes.

    Source: Su 2023, archive 9797.

    >>> cosine_cost([[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0]], targets=[0]).ravel().tolist()
    [0.0, 1.0, 2.0]
    """
    E = finite_array("embeddings", embeddings, ("n", "d"))
    t = np.arange(len(E)) if targets is None else class_indices("targets", targets, len(E))
    check_shape("targets", t, ("B",))
    return cost_columns(unit_rows(E), t)


def cost_columns(U: Array, targets: Array) -> Array:
    """The (n, B) cosine costs of unit rows U (n, d), in their precision."""
    cost = U @ U[targets].T
    np.subtract(1, cost, out=cost)
    np.clip(cost, 0, 2, out=cost)
    cost[targets, np.arange(len(targets))] = 0
    return cost


def half_squared_chords(U: Array, V: Array) -> Array:
    """|u_i - v_j|^2 / 2 of unit rows U (n, d), V (m, d), shape (n, m): the cosine cost with no cancellation.

    1 - <u, v> loses no digits while <u, v> <= 1/2; only the closer pairs are worth the slower sum of squares.
    """
    cosine = U @ V.T
    cost = np.asarray(1 - cosine)
    for j in np.flatnonzero((cosine > 0.5).any(axis=0)):
        close = np.flatnonzero(cosine[:, j] > 0.5)
        chord = U[close] - V[j]
        cost[close, j] = np.einsum("id,id->i", chord, chord) / 2
    return cost


def unit_rows(E: Array, first: int = 0) -> Array:
    """Rows of E divided by their norms, a new array."""
    return np.asarray(E / row_norms(E, first)[:, None])


def row_norms(E: Array, first: int = 0) -> Array:
    """Euclidean norms of the rows of E, without a temporary of the size of E; `first` numbers the rows in messages."""
    limits = np.finfo(E.dtype)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squares = np.einsum("id,id->i", E, E)
        if not ((squares > limits.tiny / limits.eps) & (squares < np.inf)).all():  # out of range, or E is bad
            scale = np.abs(E).max(axis=1)
            scale[scale == 0] = 1
            return _checked(scale * np.sqrt(np.sum((E / scale[:, None]) ** 2, axis=1)), limits.tiny, first)
    return np.asarray(np.sqrt(squares))


def _checked(norms: Array, smallest: float, first: int) -> Array:
    bad = np.flatnonzero(~((norms >= smallest) & (norms < np.inf)))
    if len(bad):
        found = f"embeddings[{first + bad[0]}] has norm {norms[bad[0]]}"
        refuse(found, "a direction needs a finite norm above zero", "drop the class or give it an embedding")
    return norms
