"""Exact samples of segmentations: forward sums first, then a walk back through them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.methods.guards import Array, generator, whole_number
from verify.methods.segmentation.band import forward_pass
from verify.methods.segmentation.checks import check_alpha, check_lattice
from verify.methods.segmentation.lattice import Lattice

Bits = NDArray[np.bool_]

BLOCK = 1 << 14  # nodes whose sums are made together: they stay in the cache
WALKERS = 1 << 18  # that go in lock step at most: their arrays stay small
LONG = 2048  # bytes between two cuts from which on a few walkers go alone
FEW = 64


def sample_segmentations(lattice: Lattice, alpha: float, size: int, rng: np.random.Generator) -> Bits:
    """Independent segmentations with P(w) = p(w)^alpha / Z as boundary bits (size, n + 1).

    Forward filtering, backward sampling: from e = n choose the token before e by q(s | e) = exp(F_s + alpha logw - F_e)
    until s = 0, with one uniform a token. The law is exact, for the choices telescope to p(w)^alpha / Z. At cut nodes
    every segmentation has a boundary, so all stretches between cuts, of all samples, are walked at the same time. In a
    long stretch without cuts a few samples draw a token for every node at once and then follow these pointers.

    The tables for one alpha stay with the lattice, so that a second call costs only its draws.
    TypeError: rng is no numpy.random.Generator, size no integer. ValueError: size < 0; alpha < 0, nan, infinite, or so
    large that alpha times a score is no float.

    Source: Scott 2002; Kudo 2018 (arXiv 1804.10959), section 3.3.

    >>> lattice = build_lattice(b"ab", UnigramModel({b"a": 0.0, b"b": 0.0, b"ab": 0.0}))
    >>> sample_segmentations(lattice, 1.0, 3, np.random.default_rng(0)).shape
    (3, 3)
    """
    alpha = check_alpha(alpha, check_lattice(lattice))
    size, rng = whole_number("size", size, 0), generator(rng)
    cumulative = conditional_sums(lattice, alpha)
    cuts = lattice.cuts
    bits = np.zeros((size, lattice.n + 1), bool)
    bits[:, cuts] = True
    length = np.diff(cuts)
    alone = length > (LONG if size < FEW else lattice.n)
    together = cuts[1:][~alone]
    rows = max(1, WALKERS // max(1, len(together)))
    for low in range(0, size, rows):
        _in_lock_step(lattice, cumulative, bits[low : low + rows], together, rng)
    for k in np.flatnonzero(alone).tolist():
        for row in bits:
            _by_pointers(lattice, cumulative, row, int(cuts[k]), int(cuts[k + 1]), rng)
    return bits


def conditional_sums(lattice: Lattice, alpha: float) -> Array:
    """Running sums of q(s | e) over the edges of each end node (E,); the first that attains the total is set to 1.

    A uniform is below 1, so that edge or one before it is chosen whatever rounding did to the total, and never one of
    probability 0 behind it.
    """
    remembered = lattice.memo.get("sums")
    if remembered is not None and remembered[0] == alpha:
        return remembered[1]  # type: ignore[no-any-return]
    cumulative = forward_pass(lattice, alpha)[1].copy()
    for low in range(0, lattice.n + 1, BLOCK):
        _sum_rows(cumulative, lattice.indptr[low : low + BLOCK + 1])
    cumulative.setflags(write=False)
    lattice.memo["sums"] = alpha, cumulative
    return cumulative


def _sum_rows(q: Array, indptr: NDArray[np.int64]) -> None:
    """Running sums of q[indptr[i] : indptr[i + 1]] for all i, in place."""
    degree = np.diff(indptr)
    last = indptr[1:] - 1
    at, end = indptr[:-1][degree > 1], last[degree > 1]
    while len(at):  # the second edges of all nodes, then the third ones
        at = at + 1
        q[at] += q[at - 1]
        more = at < end
        at, end = at[more], end[more]
    total = np.repeat(q[last[degree > 0]], degree[degree > 0])
    row = q[indptr[0] : indptr[-1]]
    row[row >= total] = 1.0


def _choose(cumulative: Array, first: Any, u: Array) -> Any:
    """For each walker the first edge, from `first` on, whose running sum exceeds its uniform."""
    edge = first
    behind = np.flatnonzero(cumulative[edge] <= u)
    while len(behind):
        edge[behind] += 1
        behind = behind[cumulative[edge[behind]] <= u[behind]]
    return edge


def _in_lock_step(
    lattice: Lattice, cumulative: Array, bits: Bits, ends: NDArray[np.int64], rng: np.random.Generator
) -> None:
    """Walk from each of `ends`, in every row, back to the cut before it."""
    flat, width = bits.reshape(-1), bits.shape[1]
    row = np.repeat(np.arange(len(bits)) * width, len(ends))
    node = np.tile(ends, len(bits))
    while len(node):
        edge = _choose(cumulative, lattice.indptr[node], rng.random(len(node)))
        node = lattice.start[edge].astype(np.int64)
        place = row + node
        on = np.flatnonzero(~flat[place])  # a boundary that stands already is the cut before
        flat[place[on]] = True
        row, node = row[on], node[on]


def _by_pointers(lattice: Lattice, cumulative: Array, row: Bits, low: int, high: int, rng: np.random.Generator) -> None:
    """Walk from node `high` to `low`: draw the last token before every node of a block, then follow."""
    node = high
    while node > low:
        first = max(low, node - 8 * LONG)
        nodes = np.arange(first + 1, node + 1)
        nodes = nodes[lattice.indptr[nodes + 1] > lattice.indptr[nodes]]
        pointer = np.zeros(node - first, np.int64)
        edge = _choose(cumulative, lattice.indptr[nodes], rng.random(len(nodes)))
        pointer[nodes - first - 1] = lattice.start[edge]
        jump, visited = pointer.tolist(), []
        while node > first:
            node = jump[node - first - 1]
            visited.append(node)
        row[visited] = True
