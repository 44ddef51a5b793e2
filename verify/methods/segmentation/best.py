"""The best segmentation (Viterbi), and the n best ones by lazy evaluation."""

from __future__ import annotations

import heapq
import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from verify.methods.guards import Array, whole_number
from verify.methods.segmentation.checks import check_lattice
from verify.methods.segmentation.lattice import Lattice

PORTION = 1 << 16  # bytes
LONG = 16  # bytes between two cuts from which on a stretch is searched node by node: few are, and levels cost calls


def viterbi(lattice: Lattice) -> tuple[NDArray[np.int32], float]:
    """(ends, score) of the segmentation with the largest sum of log-weights.

    Of equally good candidates for the last token before a node, the first in the order of the lattice wins: the
    longest. The score is the sum over the path, correctly rounded.

    Source: Viterbi 1967.

    >>> ends, score = viterbi(build_lattice(b"aab", UnigramModel({b"a": -1.0, b"b": -1.0, b"ab": -1.5})))
    >>> ends.tolist(), score
    ([1, 3], -2.5)
    """
    _, pointer = best_scores(check_lattice(lattice))
    edges = _follow(lattice, pointer)
    return lattice.end[edges], math.fsum(lattice.logw[edges].tolist())


def best_scores(lattice: Lattice) -> tuple[Array, NDArray[np.int64]]:
    """(score, edge) of the best path from the cut before each node to it; -inf and -1 where no path comes.

    Cuts divide the text, so all short stretches between them are searched at once, level by level.
    """
    score = np.full(lattice.n + 1, -np.inf)
    pointer = np.full(lattice.n + 1, -1, np.int64)
    is_cut = np.zeros(lattice.n + 1, bool)
    is_cut[lattice.cuts] = True
    score[is_cut] = 0.0
    length = np.diff(lattice.cuts)
    # the distance of nodes 1..n from the cut before them, 0 where the stretch is long
    level = np.arange(1, lattice.n + 1) - np.repeat(lattice.cuts[:-1], length)
    level[np.repeat(length > LONG, length)] = 0
    # portions that begin and end at cuts, and stay in the cache
    portions = np.append(lattice.cuts[:-1][np.diff(lattice.cuts[:-1] // PORTION, prepend=-1) > 0], lattice.n)
    for low, high in pairwise(portions.tolist()):
        _level_by_level(lattice, low + 1, level[low:high], is_cut, score, pointer)
    for k in np.flatnonzero(length > LONG).tolist():
        _node_by_node(lattice, int(lattice.cuts[k]), int(lattice.cuts[k + 1]), score, pointer)
    return score, pointer


def _level_by_level(lattice: Lattice, first: int, level: Any, is_cut: Any, score: Array, pointer: Any) -> None:
    """The nodes from `first` on that have a level, those of one level together."""
    degree = np.diff(lattice.indptr[first : first + len(level) + 1])
    nodes = np.flatnonzero((level > 0) & (degree > 0))
    level = level[nodes].astype(np.uint16)
    nodes = nodes[np.argsort(level, kind="stable")] + first
    levels = np.append(0, np.cumsum(np.bincount(level)))
    for low, high in pairwise(levels.tolist()):
        at = nodes[low:high]
        edge = lattice.indptr[at]
        last = lattice.indptr[at + 1] - 1
        best = score[lattice.start[edge]] + lattice.logw[edge]
        chosen = edge.copy()
        on = np.flatnonzero(edge < last)
        while len(on):  # the second candidate of each node, then the third
            edge[on] += 1
            k = edge[on]
            value = score[lattice.start[k]] + lattice.logw[k]
            better = value > best[on]
            won = on[better]
            best[won], chosen[won] = value[better], k[better]
            on = on[k < last[on]]
        pointer[at] = chosen
        score[at] = np.where(is_cut[at], 0.0, best)  # the next stretch begins anew


def _node_by_node(lattice: Lattice, low: int, high: int, score: Array, pointer: Any) -> None:
    pointers = lattice.indptr[low : high + 2].tolist()
    edges = slice(pointers[1], pointers[-1])
    starts, weights = lattice.start[edges].tolist(), lattice.logw[edges].tolist()
    best, chosen = [0.0], [-1]
    first = pointers[1]
    for e in range(1, high - low + 1):
        top, which = -math.inf, -1
        for k in range(pointers[e] - first, pointers[e + 1] - first):
            value = best[starts[k] - low] + weights[k]
            if value > top:
                top, which = value, k + first
        best.append(top)
        chosen.append(which)
    score[low + 1 : high] = best[1:-1]
    pointer[low + 1 : high + 1] = chosen[1:]


def _follow(lattice: Lattice, pointer: NDArray[np.int64]) -> NDArray[np.int64]:
    """The edges of the path to n, in order."""
    bits = np.zeros(lattice.n + 1, bool)
    node = lattice.cuts[1:]
    while len(node) > 32:
        bits[node] = True
        node = lattice.start[pointer[node]].astype(np.int64)
        node = node[~bits[node] & (node > 0)]
    for e in node.tolist():
        while e and not bits[e]:
            bits[e] = True
            e = int(lattice.start[pointer[e]])
    return np.asarray(pointer[np.flatnonzero(bits)])


class Best(NamedTuple):
    """Segmentations (ends, score), best first, and how many candidate scores were computed to find them."""

    paths: list[tuple[tuple[int, ...], float]]
    evaluated: int


def nbest_segmentations(lattice: Lattice, n: int) -> list[tuple[tuple[int, ...], float]]:
    """(ends, score) of the n segmentations with the largest scores, best first; all of them if there are fewer.

    ValueError: n < 1.

    Source: Huang and Chiang 2005, algorithm 3.

    >>> lattice = build_lattice(b"ab", UnigramModel({b"a": -1.0, b"b": -1.0, b"ab": -1.5}))
    >>> nbest_segmentations(lattice, 5)
    [((2,), -1.5), ((1, 2), -2.0)]
    """
    return lazy_nbest(lattice, n).paths


def lazy_nbest(lattice: Lattice, n: int) -> Best:
    """As `nbest_segmentations`, with the number of candidates evaluated: at most E + n K, K the tokens of a longest path.

    The r-th best path to a node is asked for only when a better node needs it, and then it costs one new candidate.
    """
    check_lattice(lattice)
    n = whole_number("n", n, 1)
    if not lattice.n:
        return Best([((), 0.0)], 0)
    search = _Search(lattice)
    goal = lattice.n
    while len(search.ranked[goal]) < n and search.extend(goal):
        pass
    paths = [search.path(goal, rank) for rank in range(len(search.ranked[goal]))]
    paths.sort(key=lambda path: -path[1])  # as rounded once; sums along the way may tie differently
    return Best(paths, search.evaluated)


class _Search:
    """For each node, the ranked paths found so far and a heap of candidates (-score, edge, rank at the edge's start)."""

    def __init__(self, lattice: Lattice) -> None:
        self.start = lattice.start.tolist()
        self.end = lattice.end.tolist()
        self.logw = lattice.logw.tolist()
        self.indptr = lattice.indptr.tolist()
        self.ranked: list[list[tuple[float, int, int]]] = [[] for _ in range(lattice.n + 1)]
        self.ranked[0] = [(0.0, -1, -1)]
        self.heap: list[list[tuple[float, int, int]]] = [[] for _ in range(lattice.n + 1)]
        self.evaluated = 0
        for e in range(1, lattice.n + 1):
            self._first(e)

    def _first(self, e: int) -> None:
        """All candidates of rank 0 of a node, once: the best becomes its first path."""
        heap = self.heap[e]
        for k in range(self.indptr[e], self.indptr[e + 1]):
            if self.ranked[self.start[k]]:
                self._push(e, k, 0)
        if heap:
            self.ranked[e].append(heapq.heappop(heap))

    def _push(self, e: int, k: int, rank: int) -> None:
        self.evaluated += 1
        heapq.heappush(self.heap[e], (self.ranked[self.start[k]][rank][0] - self.logw[k], k, rank))

    def extend(self, node: int) -> bool:
        """Find the next best path to `node`; False if there is none. A stack of its own: texts are long."""
        size = len(self.ranked[node])
        stack = [(node, False)]
        while stack:
            e, asked = stack.pop()
            if e == 0:  # only the empty path leads there
                continue
            _, k, rank = self.ranked[e][-1]
            s = self.start[k]
            if len(self.ranked[s]) == rank + 1 and not asked:
                stack += [(e, True), (s, False)]
                continue
            if len(self.ranked[s]) > rank + 1:
                self._push(e, k, rank + 1)
            if self.heap[e]:
                self.ranked[e].append(heapq.heappop(self.heap[e]))
        return len(self.ranked[node]) > size

    def path(self, node: int, rank: int) -> tuple[tuple[int, ...], float]:
        ends, weights = [], []
        while node:
            _, k, rank = self.ranked[node][rank]
            ends.append(node)
            weights.append(self.logw[k])
            node = self.start[k]
        return tuple(reversed(ends)), math.fsum(weights)
