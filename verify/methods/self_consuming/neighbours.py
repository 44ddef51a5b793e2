"""Precision, recall, density and coverage from k nearest neighbours, in blocks of the distance matrix."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, finite_array, refuse, whole_number
from verify.methods.numerics import rescaled

SAFE = 1e100  # largest coordinates from 1/SAFE to SAFE: their squares, and those of differences far below, are floats
ENTRIES = 2**19  # of a block of the distance matrix: 4 MiB
PAIRS = 2**20  # numbers in the differences of pairs that are looked at again


class KnnMetrics(NamedTuple):
    """Shares of points, and a mean number of balls over k."""

    precision: float
    recall: float
    density: float
    coverage: float


def knn_metrics(real: ArrayLike, fake: ArrayLike, k: int) -> KnnMetrics:
    """Precision and recall of Kynkäänniemi et al., density and coverage of Naeem et al., for real (N, d), fake (M, d).

    The ball of a point reaches to its k-th nearest neighbour in its own set, itself excluded. Precision: the share of
    fakes in some real ball. Recall: the share of reals in some fake ball. Density: how many real balls a fake lies in,
    on average, over k. Coverage: the share of reals whose own ball holds a fake.

    Ties count as inside (distance <= radius), so a set has precision 1 against its copy even if points coincide; other
    implementations use <, which differs on ties only. Comparisons are those of squared distances summed from
    differences, in float64: matrix products only sort out the pairs that are clear beyond their rounding error. The
    unit does not matter: very large or small coordinates are first scaled by a power of two. Memory is
    O(block x max(N, M)) plus the inputs.

    ValueError: k < 1, k >= min(N, M), different dimensions, empty or not finite.

    Source: Kynkäänniemi et al. 2019; Naeem et al. 2020.

    >>> found = knn_metrics([[0.0], [1.0], [3.0]], [[0.5], [9.0], [9.5], [10.0]], 1)
    >>> found.precision, found.density, round(found.coverage, 3)
    (0.25, 0.5, 0.667)
    """
    x, y = finite_array("real", real, ("N", "d")), finite_array("fake", fake, ("M", "d"))
    if x.shape[1] != y.shape[1]:
        refuse(f"real has d={x.shape[1]}, fake d={y.shape[1]}", "both need one dimension", "compare like with like")
    k = whole_number("k", k, 1)
    if k >= min(len(x), len(y)):
        refuse(f"k={k}", f"k is below min(N, M) = {min(len(x), len(y))}", "take fewer neighbours or more points")
    (x, y), _ = rescaled(x, y, least=1 / SAFE, most=SAFE)
    x_radius, y_radius = squared_radii(x, k), squared_radii(y, k)
    centre = y.mean(axis=0)
    left, right = _sides(x - centre, y - centre)
    recalled = covered = balls = 0
    precise = np.zeros(len(y), bool)
    rows = max(1, ENTRIES // len(y))
    buffer = np.empty((min(rows, len(x)), len(y)))
    for start in range(0, len(x), rows):
        here = slice(start, start + rows)
        D = np.matmul(left[here], right, out=buffer[: len(x[here])])
        slack = _slack(left[here], right)
        inside = _inside(D, x_radius[here, None], slack, x[here], y)
        balls += int(np.count_nonzero(inside))
        precise |= inside.any(axis=0)
        covered += int(np.count_nonzero(inside.any(axis=1)))
        recalled += int(np.count_nonzero(_inside(D, y_radius, slack, x[here], y).any(axis=1)))
    n, m = len(x), len(y)
    return KnnMetrics(int(np.count_nonzero(precise)) / m, recalled / n, balls / (k * m), covered / n)


def squared_radii(x: Array, k: int) -> Array:
    """The squared distance of every row of x (N, d) to its k-th nearest other row, shape (N,)."""
    centred = x - x.mean(axis=0)  # a collapsed cloud keeps its digits
    left, right = _sides(centred, centred)
    radii = np.empty(len(x))
    rows = max(1, ENTRIES // len(x))
    buffer = np.empty((min(rows, len(x)), len(x)))
    for start in range(0, len(x), rows):
        here = slice(start, start + rows)
        size = len(x[here])
        D = np.matmul(left[here], right, out=buffer[:size])
        D[np.arange(size), start + np.arange(size)] = np.inf
        nearest = np.partition(D, k - 1, axis=1)[:, k - 1]
        # whoever may be the k-th by true distance is within twice the rounding error of the k-th found
        near = (nearest + 2 * _slack(left[here], right))[:, None] >= D
        if np.count_nonzero(near) > 8 * k * size:  # masses of ties: one row after the other
            for row in range(size):
                others = np.flatnonzero(near[row])
                d2 = pair_distances(x, np.full(len(others), start + row), x, others)
                radii[start + row] = np.partition(d2, k - 1)[k - 1]
            continue
        i, j = np.nonzero(near)
        d2 = pair_distances(x, start + i, x, j)
        order = np.lexsort((d2, i))
        firsts = np.searchsorted(i, np.arange(size))
        radii[here] = d2[order][firsts + k - 1]
    return radii


def pair_distances(x: Array, i: Array, y: Array, j: Array) -> Array:
    """|x_i - y_j|² for pairs of rows, from their differences: symmetric, and 0 for equal rows."""
    step = max(1, PAIRS // x.shape[1])
    if len(i) <= step:
        return np.asarray(np.square(x[i] - y[j]).sum(axis=1))
    return np.concatenate([pair_distances(x, i[s : s + step], y, j[s : s + step]) for s in range(0, len(i), step)])


def _inside(D: Array, radius: Array, slack: float, x: Array, y: Array) -> Array:
    """|x_i - y_j|² <= radius, from approximate D and, where that is not clear, from differences."""
    inside = radius + slack >= D
    doubtful = inside & (radius - slack <= D)
    if doubtful.any():
        i, j = np.nonzero(doubtful)
        inside[i, j] = pair_distances(x, i, y, j) <= np.broadcast_to(radius, D.shape)[i, j]
    return inside


def _sides(x: Array, y: Array) -> tuple[Array, Array]:
    """(N, d + 2) and (d + 2, M) whose product is |x|² + |y|² - 2 x·y: one matrix product and no pass after it."""
    x_norm, y_norm = (np.einsum("nd,nd->n", z, z)[:, None] for z in (x, y))
    left = np.hstack([-2 * x, x_norm, np.ones_like(x_norm)])
    return left, np.ascontiguousarray(np.hstack([y, np.ones_like(y_norm), y_norm]).T)


def _slack(left: Array, right: Array) -> float:
    """A bound on the error of the products and of `pair_distances` together, as eps (|x|² + |y|²) times a count.

    With u = eps / 2: d + 2 products that sum to at most 2 (|x|² + |y|²) in size err by 2 (d + 2) u of it, the norms by
    d u, differences by (d + 2) u |x - y|², at most twice that; centring moves each point by u of its size, which
    changes distances by 4 u. Together less than (5 d + 16) u (|x|² + |y|²).
    """
    d = left.shape[1] - 2
    return float(3 * (d + 4) * np.finfo(float).eps * (left[:, -2].max() + right[-1].max()))
