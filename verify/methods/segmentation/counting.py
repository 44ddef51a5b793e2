"""How many segmentations there are, and all of them, where they are few."""

from __future__ import annotations

import math
from itertools import pairwise

from verify.methods.guards import refuse, whole_number
from verify.methods.segmentation.checks import check_lattice
from verify.methods.segmentation.lattice import Lattice


def count_segmentations(lattice: Lattice) -> int:
    """The number of segmentations, exactly: integers have no limit, whatever the length of the text.

    The product over the stretches between cuts, which keeps the numbers small.

    >>> count_segmentations(build_lattice(b"a" * 10, UnigramModel({b"a": 0.0, b"aa": 0.0})))
    89
    """
    check_lattice(lattice)
    starts, pointers = lattice.start.tolist(), lattice.indptr.tolist()
    factors = []
    for low, high in pairwise(lattice.cuts.tolist()):
        if pointers[high + 1] - pointers[low + 1] == 1:
            continue  # one token
        counts = [0] * (high - low + 1)
        counts[0] = 1
        for e in range(low + 1, high + 1):
            counts[e - low] = sum(counts[starts[k] - low] for k in range(pointers[e], pointers[e + 1]))
        factors.append(counts[-1])
    while len(factors) > 1:  # pairs of like size: a running product of a long text would be quadratic
        factors = [math.prod(factors[i : i + 2]) for i in range(0, len(factors), 2)]
    return factors[0] if factors else 1


def enumerate_segmentations(lattice: Lattice, limit: int = 200_000) -> list[tuple[tuple[int, ...], float]]:
    """(ends, score) of every segmentation; the score is the sum of the log-weights, correctly rounded.

    Depth first, the longest first token first. ValueError: there are more than `limit`; the message says how many.

    >>> [ends for ends, _ in enumerate_segmentations(build_lattice(b"aa", UnigramModel({b"a": 0.0, b"aa": 0.0})))]
    [(2,), (1, 2)]
    """
    check_lattice(lattice)
    limit = whole_number("limit", limit, 0)
    count = count_segmentations(lattice)
    if count > limit:
        refuse(f"there are {count} segmentations", f"at most limit={limit} are listed", "raise limit, or sample")
    leaving: list[list[tuple[int, float]]] = [[] for _ in range(lattice.n + 1)]
    coreachable = [False] * lattice.n + [True]
    for k in range(len(lattice.start) - 1, -1, -1):
        s, e = int(lattice.start[k]), int(lattice.end[k])
        if coreachable[e]:  # all edges from e come later in the order of ends, and have been seen
            coreachable[s] = True
            leaving[s].append((e, float(lattice.logw[k])))
    found: list[tuple[tuple[int, ...], float]] = []
    ends: list[int] = []
    scores: list[float] = []
    waiting = [iter(leaving[0])] if lattice.n else []
    if not waiting:
        return [((), 0.0)]
    while waiting:
        edge = next(waiting[-1], None)
        if edge is None:
            waiting.pop()
            if ends:
                ends.pop()
                scores.pop()
            continue
        ends.append(edge[0])
        scores.append(edge[1])
        if edge[0] == lattice.n:
            found.append((tuple(ends), math.fsum(scores)))
            ends.pop()
            scores.pop()
        else:
            waiting.append(iter(leaving[edge[0]]))
    return found
