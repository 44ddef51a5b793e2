"""What a map did to all distances of a point set: its least and its largest distortion."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, check_shape, finite_array, refuse, whole_number

CLOSE = 1e-4  # a squared distance below this share of the squared norms has lost four of its digits in the Gram matrix


def pairwise_distortion(X: ArrayLike, Y: ArrayLike, *, tile: int = 512) -> tuple[float, float]:
    """(least, largest) |y_i - y_j|^2 / |x_i - x_j|^2 over all pairs of X (n, D) and their images Y (n, k).

    A map is an eps-embedding of X if both lie in (1 - eps, 1 + eps). Squared distances come from tiles of the Gram
    matrices of centred copies: extra memory is those copies and a few tiles. Pairs that are so close that the Gram
    matrix has lost digits are computed again by differences, and so are the two extremes: relative accuracy is about
    1e-11. Pairs that coincide in both sets are left out; one that coincides in X alone is infinitely distorted.

    ValueError: not finite, different numbers of rows, fewer than two rows, no two points of X differ and none of Y.

    >>> pairwise_distortion([[0.0], [1.0], [3.0]], [[0.0], [2.0], [3.0]])
    (0.25, 4.0)
    """
    before, after = finite_array("X", X, ("n", "D")), finite_array("Y", Y, ("n", "k"))
    n = len(before)
    check_shape("Y", after, (n, "k"))
    tile = whole_number("tile", tile, 1)
    sets = [(Z, np.einsum("id,id->i", Z, Z)) for Z in (before - before.mean(axis=0), after - after.mean(axis=0))]
    low, high = (np.inf, 0, 0), (-np.inf, 0, 0)
    for i in range(0, n, tile):
        doubled = [-2 * Z[i : i + tile] for Z, _ in sets]
        for j in range(i, n, tile):
            if i == j and min(tile, n - i) == 1:
                continue  # a tile of one point has no pair
            ratio = _ratios(sets, doubled, slice(i, i + tile), slice(j, j + tile))
            positions = int(ratio.argmin()), int(ratio.argmax())
            if np.isnan(ratio.flat[positions[0]]):  # argmin stops at the first nan
                positions = _some(ratio)
            for position in positions:
                a, b = divmod(position, ratio.shape[1])
                found = (float(ratio[a, b]), i + a, j + b)
                low, high = min(low, found), max(high, found)
    if low > high:
        refuse(f"X has {n} rows and no two that differ", "a distortion takes a distance", "give distinct points")
    return _by_differences(before, after, low), _by_differences(before, after, high)


def _some(ratio: Array) -> Any:
    """Where the extremes are, of those that are not nan."""
    return () if np.isnan(ratio).all() else (int(np.nanargmin(ratio)), int(np.nanargmax(ratio)))


def _ratios(sets: list[tuple[Array, Array]], doubled: list[Array], rows: slice, columns: slice) -> Array:
    """The ratios of one tile; nan for pairs that coincide in both sets."""
    before, after = (_distances(D, Z[columns], z2[rows], z2[columns]) for D, (Z, z2) in zip(doubled, sets, strict=True))
    close = np.zeros(before.shape, bool)
    for d2, (_, z2) in zip((before, after), sets, strict=True):
        if d2.min() < CLOSE * (z2[rows].max() + z2[columns].max()):
            close |= d2 < CLOSE * (z2[rows, None] + z2[columns])
    a, b = np.nonzero(close)
    for start in range(0, len(a), 1024):
        some = slice(start, start + 1024)
        for d2, (Z, _) in zip((before, after), sets, strict=True):
            difference = Z[rows][a[some]] - Z[columns][b[some]]
            d2[a[some], b[some]] = np.einsum("pd,pd->p", difference, difference)
    with np.errstate(invalid="ignore", divide="ignore"):
        np.divide(after, before, out=after)
    if rows == columns:
        np.fill_diagonal(after, after[0, 1])  # a point and itself are no pair: another one in their place
    return after


def _distances(doubled: Array, Z: Array, left2: Array, right2: Array) -> Array:
    """|z_i|^2 + |z_j|^2 - 2 <z_i, z_j>, of rows that were multiplied by -2 and of columns."""
    gram = doubled @ Z.T
    gram += left2[:, None]
    gram += right2
    return np.asarray(gram)


def _by_differences(X: Array, Y: Array, found: tuple[float, int, int]) -> float:
    value, i, j = found
    x, y = X[i] - X[j], Y[i] - Y[j]
    below = float(x @ x)
    return float(y @ y) / below if below else value
