"""The three parallel prefix trees as plans: which elements are combined at which level, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from verify.methods.guards import refuse, whole_number

Indices = NDArray[np.intp]
TREES = ("sklansky", "kogge_stone", "odd_even")


class ScanCost(NamedTuple):
    """How often the associative operation is applied in all, and along the longest chain."""

    applications: int
    depth: int


def tree_plan(T: int, method: str) -> Iterator[tuple[Indices, Indices]]:
    """Levels (later, earlier) of places: every x[later] becomes x[later] after x[earlier], all of a level at once.

    Sklansky: the right half of each block takes over the last element of the left half. Kogge-Stone: every element
    takes over the one 1, 2, 4, ... places before it. Odd/even (Brent and Kung): up over blocks, and down again.

    Sources: Sklansky 1960; Kogge and Stone 1973; Brent and Kung 1982.
    """
    places = np.arange(T)
    strides = [1 << level for level in range((T - 1).bit_length())]
    if method == "sklansky":
        for k in strides:
            later = places[(places & k) != 0]
            yield later, (later & ~(k - 1)) - 1
    elif method == "kogge_stone":
        for k in strides:
            yield places[k:], places[:-k]
    else:
        for k in strides:
            later = places[2 * k - 1 :: 2 * k]
            yield later, later - k
        for k in reversed(strides):
            later = places[3 * k - 1 :: 2 * k]
            yield later, later - k


def scan_cost(T: int, method: str) -> ScanCost:
    """Applications of the associative operation, and the longest chain of them, in a scan of T elements.

    `method` is "loop", "sklansky", "kogge_stone" or "odd_even". For T = 2^L with L >= 2 these are
    (T - 1, T - 1), (T L / 2, L), (T L - T + 1, L) and (2 T - 2 - L, 2 L - 2). Each application to matrices costs
    2 d^3 + 2 d^2 operations; a step of the recurrence itself costs 2 d^2.

    TypeError: T is no integer. ValueError: T < 1, or an unknown method.

    Sources: as for the trees; Snir 1986 for applications + depth >= 2 T - 2.

    >>> scan_cost(16, "odd_even")
    ScanCost(applications=26, depth=6)
    """
    T = whole_number("T", T, 1)
    if method == "loop":
        return ScanCost(T - 1, T - 1)
    if method not in TREES:
        refuse(f"method={method!r}", f"costs are known for 'loop' and {', '.join(TREES)}", "choose one of them")
    depth: Any = np.zeros(T, np.intp)
    applications = 0
    for later, earlier in tree_plan(T, method):
        applications += len(later)
        depth[later] = np.maximum(depth[later], depth[earlier]) + 1
    return ScanCost(applications, int(depth.max()))
