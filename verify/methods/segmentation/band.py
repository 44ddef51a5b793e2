"""Sums over the paths of a lattice as triangular systems with a band, solved by LAPACK block by block.

F_e = sum over edges (s, e) of w(s, e) F_s is (I - N) F = e_0, where N has no more diagonals than the longest edge has
bytes. Its solution by substitution adds products of nonnegative numbers only, so nothing cancels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.methods.guards import Array
from verify.methods.segmentation.lattice import Lattice

BLOCK = 4096
SMALLEST = 32  # below that many nodes a block is left to logarithms
SAFE = 1e200
LARGEST = 1 << 23  # entries of a band; with very long tokens it is wider, nearly empty, and would fill the memory


def forward_pass(lattice: Lattice, alpha: float) -> tuple[Array, Array]:
    """(log F (n + 1,), q (E,)): F_e sums p^alpha over the paths from 0 to e; q(s | e) = F_s p^alpha / F_e.

    A block works with F e^(c (e - a)) / F_a, a being the node before it and c the decay of the block before. One
    whose values leave [1e-200, 1e200] is halved, and the smallest are summed in logarithms. q is made of numbers of
    one block, so that it is as accurate at the end of a long text as at its start.
    """
    remembered = lattice.memo.get("forward")
    if remembered is not None and remembered[0] == alpha:
        return remembered[1]  # type: ignore[no-any-return]
    n = lattice.n
    log_f = np.full(n + 1, -np.inf)
    log_f[0] = 0.0
    q = np.empty(len(lattice.start))
    local = log_f.copy()  # relative to `base`, for the last nodes that edges can still reach back to
    band = _Band()
    base, rate, low, block = 0.0, 0.0, 1, BLOCK
    while low <= n:
        high = min(low + block, n + 1)
        edges = slice(int(lattice.indptr[low]), int(lattice.indptr[high]))
        width = int((lattice.end[edges] - lattice.start[edges]).max(initial=1))
        if not _by_band(band, lattice, alpha, low, high, edges, width, rate, local, q):
            if block > SMALLEST:
                block //= 2
                continue
            _by_logarithms(lattice, alpha, low, high, local, q)
        log_f[low:high] = base + local[low:high]
        recent = slice(max(0, high - lattice.model.m), high)
        top = local[recent].max()
        rate = -float(top) / (high - low) if top > -math.inf else 0.0
        base += top
        local[recent] -= top
        low, block = high, min(BLOCK, 2 * block)
    log_f.setflags(write=False)
    q.setflags(write=False)
    lattice.memo["forward"] = alpha, (log_f, q)
    return log_f, q


def _by_band(
    band: _Band, lattice: Lattice, alpha: float, low: int, high: int, edges: slice, width: int, rate: float,
    local: Array, q: Array,
) -> bool:  # fmt: skip
    """Fill `local` and `q` of nodes low..high-1; False, with nothing written, where floats do not suffice."""
    first = max(0, low - width)
    s, e = lattice.start[edges], lattice.end[edges]
    with np.errstate(over="ignore"):
        weight = np.exp(alpha * lattice.logw[edges] + rate * (e - s))
        known = np.exp(local[first:low] + rate * np.arange(first + 1 - low, 1))
    right = np.zeros(high - first)
    right[: low - first] = known
    row = s - first
    f = band.solve(row, e - s, weight, right, width)
    there = f[lattice.reachable[first:high]]
    with np.errstate(invalid="ignore"):
        if not (there.min() > 1 / SAFE and there.max() < SAFE and weight.max(initial=0.0) < SAFE):
            return False
    with np.errstate(divide="ignore"):
        local[low:high] = np.log(f[low - first :]) - rate * np.arange(1, high - low + 1)
        inverse = 1 / f
    inverse[f == 0] = 0.0
    q[edges] = weight * f[row] * inverse[e - first]
    return True


def _by_logarithms(lattice: Lattice, alpha: float, low: int, high: int, local: Array, q: Array) -> None:
    """As `_by_band`, one node at a time, for weights of any size."""
    for e in range(low, high):
        edges = slice(int(lattice.indptr[e]), int(lattice.indptr[e + 1]))
        terms = alpha * lattice.logw[edges] + local[lattice.start[edges]]
        top = float(terms.max(initial=-np.inf))
        if top == -math.inf:
            local[e], q[edges] = top, 0.0
            continue
        weights = np.exp(terms - top)
        total = weights.sum()
        local[e] = top + math.log(total)
        q[edges] = weights / total


class _Band:
    """Solves systems with a unit lower triangular band, in one array that stays zero between two of them."""

    def __init__(self) -> None:
        from scipy.linalg import lapack

        self._solve = lapack.dtbtrs
        self._zeros = np.zeros(0)

    def solve(
        self, row: Any, length: Any, weight: Array, right: Array, width: int, *, transposed: bool = False
    ) -> Array:
        """y with y_e = right_e + sum of weight(s, e) y_s, or its transpose; row = s, from the first node of `right` on.

        The edges come in the order of their ends.
        """
        size = len(right) * (width + 1)
        if size > LARGEST:
            return _edge_by_edge(row, length, weight, right, transposed=transposed)
        if len(self._zeros) < size:
            self._zeros = np.zeros(size)
        flat = self._zeros[:size]
        place = row.astype(np.int64) * (width + 1) + length
        flat[place] = -weight
        band = flat.reshape(-1, width + 1)  # LAPACK's band storage, transposed: band[s, e - s]; it reads no diagonal
        trans = "T" if transposed else "N"
        y, _ = self._solve(band.T, right[:, None], uplo="L", trans=trans, diag="U")
        flat[place] = 0.0
        return np.asarray(y[:, 0])


def _edge_by_edge(row: Any, length: Any, weight: Array, right: Array, *, transposed: bool) -> Array:
    """As `_Band.solve`, by plain substitution."""
    y = right.tolist()
    edges = zip(row.tolist(), (row + length).tolist(), weight.tolist(), strict=True)
    if transposed:
        for s, e, w in reversed(list(edges)):
            y[s] += w * y[e]
    else:
        for s, e, w in edges:
            y[e] += w * y[s]
    return np.array(y)


def _blocks(lattice: Lattice) -> Iterator[tuple[int, int, slice, int]]:
    """(low, high, edges that end in low..high-1, their longest) of all blocks."""
    for low in range(1, lattice.n + 1, BLOCK):
        high = min(low + BLOCK, lattice.n + 1)
        edges = slice(int(lattice.indptr[low]), int(lattice.indptr[high]))
        yield low, high, edges, int((lattice.end[edges] - lattice.start[edges]).max(initial=1))


def expectations(lattice: Lattice, q: Array, reward: Array) -> Array:
    """y (n + 1,) with y_e = sum over edges of q(s | e) (y_s + reward): the mean of a sum over the path from 0 to e."""
    y, band = np.zeros(lattice.n + 1), _Band()
    for low, high, edges, width in _blocks(lattice):
        first = max(0, low - width)
        s, e = lattice.start[edges], lattice.end[edges]
        right = np.zeros(high - first)
        right[: low - first] = y[first:low]
        right += np.bincount(e - first, q[edges] * reward[edges], high - first)
        y[low:high] = band.solve(s - first, e - s, q[edges], right, width)[low - first :]
    return y


def visits(lattice: Lattice, q: Array) -> Array:
    """v (n + 1,): the probability that a path from n, which goes back from e to s with q(s | e), visits a node."""
    v, band = np.zeros(lattice.n + 1), _Band()
    v[-1] = 1.0
    for low, high, edges, width in reversed(list(_blocks(lattice))):
        first = max(0, low - width)
        s, e = lattice.start[edges], lattice.end[edges]
        v[first:high] = band.solve(s - first, e - s, q[edges], v[first:high], width, transposed=True)
    return v
