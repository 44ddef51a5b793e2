"""What a map did to all distances of a point set: its least and its largest distortion."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, check_shape, finite_array, refuse, whole_number
from verify.methods.johnson_lindenstrauss.screen import Screen, squared_distances
from verify.methods.numerics import rescaled

CLOSE = 1e-4  # a squared distance below this share of the squared norms has lost four of its digits in the Gram matrix


def pairwise_distortion(X: ArrayLike, Y: ArrayLike, *, tile: int = 512) -> tuple[float, float]:
    """(least, largest) |y_i - y_j|^2 / |x_i - x_j|^2 over all pairs of X (n, D) and their images Y (n, k).

    A map is an eps-embedding of X if both lie in (1 - eps, 1 + eps). Tiles of pairs are seen in single precision, with
    a proven error; the few that may be extreme are computed by differences in double precision. Where the error does
    not tell pairs apart, as with an isometry or with points that nearly coincide, Gram matrices in double precision
    choose instead, to a relative accuracy of about 1e-11. Extra memory is a centred copy of both sets and a few tiles.
    Pairs that coincide in both sets are left out; one that coincides in X alone is infinitely distorted.

    ValueError: not finite, different numbers of rows, fewer than two rows, no two points of X differ and none of Y.

    >>> pairwise_distortion([[0.0], [1.0], [3.0]], [[0.0], [2.0], [3.0]])
    (0.25, 4.0)
    """
    before, after = finite_array("X", X, ("n", "D")), finite_array("Y", Y, ("n", "k"))
    n = len(before)
    check_shape("Y", after, (n, "k"))
    ((before,), down), ((after,), up) = (rescaled(Z, least=1e-100, most=1e100) for Z in (before, after))
    tile = whole_number("tile", tile, 1)
    screen, gram = Screen.of(before, after), None
    low, high = np.inf, -np.inf
    for i in range(0, n, tile):
        for j in range(i, n, tile):
            if i == j and min(tile, n - i) == 1:
                continue  # a tile of one point has no pair
            rows, columns = slice(i, i + tile), slice(j, j + tile)
            places = screen.candidates(rows, columns, low, high) if screen else None
            if places is None:  # and so it will be with most other tiles
                screen, gram = None, gram or _Gram(before, after)
                places = gram.extremes(rows, columns)
            found = _by_differences(before[rows], before[columns], after[rows], after[columns], *places)
            low, high = min([low, *found]), max([high, *found])
    if low > high:
        refuse(f"X has {n} rows and no two that differ", "a distortion takes a distance", "give distinct points")
    with np.errstate(over="ignore"):
        low, high = (float(np.ldexp(ratio, 2 * (up - down))) for ratio in (low, high))
    return low, high


def _by_differences(X: Array, X2: Array, Y: Array, Y2: Array, rows: Array, columns: Array) -> list[float]:
    """The ratios of some pairs, without those that coincide in both sets; infinite where only the x do."""
    x, y = ((A[rows] - B[columns]) for A, B in ((X, X2), (Y, Y2)))
    before, after = (np.einsum("pd,pd->p", z, z) for z in (x, y))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = after / before
    return [float(value) for value in ratio[~np.isnan(ratio)]]


class _Gram:
    """The same choice in double precision, from Gram matrices of centred copies."""

    def __init__(self, X: Array, Y: Array) -> None:
        self._sets = [(Z, np.einsum("id,id->i", Z, Z)) for Z in (X - X.mean(axis=0), Y - Y.mean(axis=0))]

    def extremes(self, rows: slice, columns: slice) -> tuple[Array, Array]:
        """Places (i, j) in the tile of the least and the largest ratio; none if all pairs coincide."""
        ratio = self._ratios(rows, columns)
        places = [int(ratio.argmin()), int(ratio.argmax())]
        if np.isnan(ratio.flat[places[0]]):  # argmin stops at the first nan
            places = [] if np.isnan(ratio).all() else [int(np.nanargmin(ratio)), int(np.nanargmax(ratio))]
        return np.divmod(np.array(places, int), ratio.shape[1])

    def _ratios(self, rows: slice, columns: slice) -> Array:
        """The ratios of one tile; nan for pairs that coincide in both sets. Close ones are computed by differences."""
        sets = self._sets
        before, after = (squared_distances(Z[rows], Z[columns], z2[rows], z2[columns]) for Z, z2 in sets)
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
            np.fill_diagonal(after, np.nan)  # a point and itself are no pair
        return after
