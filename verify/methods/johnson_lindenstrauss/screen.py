"""All pairs seen in single precision with a proven error: which of them can be the least or the most distorted."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from verify.methods.guards import Array

UNIT = 2.0**-24  # roundoff of single precision
FAR = 0.25  # a squared distance is trusted whose error is at most this share of it
MOST = 1024  # pairs of a tile that are looked at again; with more, double precision at once is cheaper
SIZES = (1e-60, 1e60)  # of the largest entry: scales and their squares stay far from the ends of double precision


class Copy(NamedTuple):
    """Points (n, D) less their mean, times a power of two so that no entry exceeds 2, in single precision; |x|^2 (n,)."""

    points: Array
    squares: Array
    scale: float


class Screen:
    """Bounds on the distortions of a tile of pairs, from single precision.

    Let a be the centred x rounded to single precision, u = 2^-24, g the computed <a_i, a_j>, s_i the rounded |x_i|^2.
    Whatever the order of the sum, |g - <x_i, x_j>| <= (D + 3) u |x_i| |x_j|, and three roundings more make
    |(s_i - 2 g) + s_j - |x_i - x_j|^2| <= (D + 8) u (s_i + s_j), up to terms of order (D u)^2.

    Source: Higham 2002, section 3.1.
    """

    def __init__(self, before: Copy, after: Copy) -> None:
        self._before, self._after = before, after
        self._unit = (after.scale / before.scale) ** 2  # of a ratio of scaled distances

    @staticmethod
    def of(X: Array, Y: Array) -> Screen | None:
        """The screen of X (n, D) and its images Y (n, k); None where single precision can say nothing."""
        before, after = _copy(X), _copy(Y)
        return None if before is None or after is None else Screen(before, after)

    def candidates(self, rows: slice, columns: slice, low: float, high: float) -> tuple[Array, Array] | None:
        """Places (i, j) in the tile of all pairs that may lie below `low`, or the tile's own least, or above `high`.

        None: too many of them, or two points too near each other to tell.
        """
        before, error = _distances(self._before, rows, columns)
        nearest = float(before.min())
        if not error <= FAR * nearest:
            return None
        after, slack = _distances(self._after, rows, columns)
        ratio = np.divide(after, before, out=after)
        # |ratio - true| <= a ratio + b: numerator and denominator within their errors, and one rounding
        a, b = error / (nearest - error) + 4 * UNIT, 2 * slack / (nearest - error)
        least, most = float(ratio.min()), float(ratio.max())
        low = min(low * self._unit, least * (1 + a) + b)
        high = max(high * self._unit, most * (1 - a) - b)
        below, above = (low + b) / (1 - a), (high - b) / (1 + a)
        if least > below and most < above:
            return _NONE
        i, j = np.nonzero((ratio <= below) | (ratio >= above))
        if rows == columns:
            i, j = i[i != j], j[i != j]
        return None if len(i) > MOST else (i, j)


_NONE = (np.empty(0, int), np.empty(0, int))


def _copy(Z: Array) -> Copy | None:
    centre = Z.mean(axis=0)
    largest = max(float((Z.max(axis=0) - centre).max()), float((centre - Z.min(axis=0)).max()), 0.0)
    if not SIZES[0] < largest < SIZES[1] or Z.shape[1] * UNIT > 0.01:
        return None
    scale = 2.0 ** -np.frexp(largest)[1]
    points, squares = np.empty(Z.shape, np.float32), np.empty(len(Z), np.float32)
    for start in range(0, len(Z), 256):
        some = slice(start, start + 256)
        part = (Z[some] - centre) * scale
        points[some], squares[some] = part, np.einsum("id,id->i", part, part)
    return Copy(points, squares, scale)


def squared_distances(X: Array, Z: Array, x2: Array, z2: Array) -> Array:
    """|x_i|^2 - 2 <x_i, z_j> + |z_j|^2, in the precision of X."""
    gram = X @ Z.T
    gram *= -2
    gram += x2[:, None]
    gram += z2
    return np.asarray(gram)


def _distances(copy: Copy, rows: slice, columns: slice) -> tuple[Any, float]:
    """Squared distances of a tile, and a bound on the error of each. A point and itself stand for another pair."""
    s, t = copy.squares[rows], copy.squares[columns]
    d2 = squared_distances(copy.points[rows], copy.points[columns], s, t)
    if rows == columns:
        np.fill_diagonal(d2, d2[0, 1])
    # 1 % for terms of second order, and what underflows below entries of 2
    bound = 1.01 * (copy.points.shape[1] + 8) * UNIT * (float(s.max()) + float(t.max())) + 1e-36
    return d2, bound
