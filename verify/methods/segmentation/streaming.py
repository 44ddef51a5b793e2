"""Samplers that decide at once, as candidates arrive, and the exact laws of what they return.

A candidate is a token that ends at node e; it competes with the one that e has kept so far. Rules:

- duel: x is the score of a whole path; the newcomer wins with probability sigma(alpha (x - x_kept)) (Su, archive 9768).
- half: the newcomer wins with its share of all that arrived at e, but the kept path's own score goes on.
- nested: the sum goes on, as it should, but alpha is applied to it again at every node.
- reservoir: the newcomer wins with its share e^x / Z, x = alpha logw + log Z_s, and log Z goes on (Su, archive 9811).

Only the last draws from p(w)^alpha / Z.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.methods.segmentation.checks import (
    check_alpha,
    check_choice,
    check_lattice,
    check_rng,
    exact_weights,
)
from verify.methods.segmentation.lattice import Lattice

RULES = ("reservoir", "duel", "half", "nested")
ORDERS = ("longest", "shortest")
Path = tuple[int, ...]


def sample_streaming(
    lattice: Lattice, alpha: float, rng: np.random.Generator, rule: str = "reservoir", order: str = "longest"
) -> NDArray[np.int32]:
    """The ends (K,) of one segmentation from one pass over the E edges, by one of the rules above.

    One uniform an edge. The first candidate of a node is accepted surely, since a uniform is below 1.

    TypeError: rng is no numpy.random.Generator. ValueError: alpha < 0, nan or infinite; an unknown rule or order.

    >>> lattice = build_lattice(b"ab", UnigramModel({b"a": 0.0, b"b": 0.0}))
    >>> sample_streaming(lattice, 1.0, np.random.default_rng(0)).tolist()
    [1, 2]
    """
    check_lattice(lattice)
    alpha, rng = check_alpha(alpha), check_rng(rng)
    check_choice("rule", rule, RULES)
    step = -1 if check_choice("order", order, ORDERS) == "shortest" else 1
    starts, indptr = lattice.start.tolist(), lattice.indptr.tolist()
    logw, uniforms = lattice.logw.tolist(), rng.random(len(starts)).tolist()
    value = [0.0] + [-math.inf] * lattice.n  # what a node hands on: the score of its path, or the log of a sum
    pointer = [-1] * (lattice.n + 1)
    for e in range(1, lattice.n + 1):
        total = kept = -math.inf
        for k in range(indptr[e], indptr[e + 1])[::step]:
            if (before := value[starts[k]]) == -math.inf:
                continue
            if rule == "reservoir":
                x = share = before + alpha * logw[k]
            else:
                x = before + logw[k]
                share = alpha * x
            if rule == "duel":
                accepted = uniforms[k] < _share(share, _add(share, alpha * kept if pointer[e] >= 0 else -math.inf))
            else:
                total = _add(total, share)
                accepted = uniforms[k] < _share(share, total)
            if accepted:
                pointer[e], kept = starts[k], x
        value[e] = kept if rule in ("duel", "half") else total
    ends = []
    node = lattice.n
    while node:
        ends.append(node)
        node = pointer[node]
    return np.array(ends[::-1], np.int32)


def streaming_law(
    lattice: Lattice, alpha: float, rule: str = "reservoir", order: str = "longest", *, exact: bool = False
) -> dict[Path, Any]:
    """{ends: probability} of what `sample_streaming` returns, by following every outcome of every competition.

    A state is what each node that is still needed has kept, with the probability that it has; the choices at different
    nodes are not taken to be independent, for those of the duel are not. For short texts: states can be as many as
    products of numbers of candidates. `exact` needs a whole alpha and a model of exact weights, and returns Fractions.

    >>> model = UnigramModel.from_probabilities({b"a": Fraction(1, 2), b"b": Fraction(1, 2), b"ab": Fraction(1, 4)})
    >>> streaming_law(build_lattice(b"ab", model), 1, exact=True)
    {(1, 2): Fraction(1, 2), (2,): Fraction(1, 2)}
    """
    check_lattice(lattice)
    check_choice("rule", rule, RULES)
    check_choice("order", order, ORDERS)
    numbers: _Numbers
    if exact:
        powers = exact_weights(lattice, alpha)
        numbers = _Fractions(int(alpha))
        weights = exact_weights(lattice, 1)
    else:
        alpha = check_alpha(alpha)
        numbers = _Logarithms(alpha)
        weights = lattice.logw.tolist()
        powers = (alpha * lattice.logw).tolist()
    return _follow_states(lattice, _RULES[rule], numbers, weights, powers, order)


def _follow_states(
    lattice: Lattice, rule: Callable[..., Any], numbers: Any, weights: Any, powers: Any, order: str
) -> dict[Path, Any]:
    last_use = np.zeros(lattice.n + 1, np.int64)
    last_use[lattice.start] = lattice.end
    last_use[-1] = lattice.n + 1
    starts, indptr = lattice.start.tolist(), lattice.indptr.tolist()
    # a state maps nodes to (path, value); as a key it is a tuple of (node, path, value), by node
    states: dict[tuple[tuple[int, Path, Any], ...], Any] = {((0, (), numbers.one),): 1}
    for e in range(1, lattice.n + 1):
        edges = range(indptr[e], indptr[e + 1])[:: -1 if order == "shortest" else 1]
        after: dict[tuple[tuple[int, Path, Any], ...], Any] = {}
        for state, probability in states.items():
            nodes = {node: (path, value) for node, path, value in state}
            arriving = [k for k in edges if starts[k] in nodes]
            stay = tuple(kept for kept in state if last_use[kept[0]] > e)
            if not arriving:
                after[stay] = after.get(stay, 0) + probability
                continue
            values = [nodes[starts[k]][1] for k in arriving]
            law, handed_on = rule(numbers, values, [weights[k] for k in arriving], [powers[k] for k in arriving])
            for k, share, value in zip(arriving, law, handed_on, strict=True):
                if share:
                    key = (*stay, (e, (*nodes[starts[k]][0], e), value))
                    after[key] = after.get(key, 0) + probability * share
        states = after
    law_of_paths: dict[Path, Any] = {}
    for state, probability in states.items():
        path = state[-1][1]
        law_of_paths[path] = law_of_paths.get(path, 0) + probability
    return law_of_paths


class _Logarithms:
    """Weights as logarithms."""

    one = 0.0

    def __init__(self, alpha: float) -> None:
        self._alpha = alpha

    def times(self, a: float, b: float) -> float:
        return a + b

    def plus(self, a: float, b: float) -> float:
        return _add(a, b)

    def share(self, part: float, whole: float) -> float:
        return _share(part, whole)

    def power(self, a: float) -> float:
        return self._alpha * a


class _Fractions:
    """Weights as they are."""

    one = Fraction(1)

    def __init__(self, alpha: int) -> None:
        self._alpha = alpha

    def times(self, a: Fraction, b: Fraction) -> Fraction:
        return a * b

    def plus(self, a: Fraction, b: Fraction) -> Fraction:
        return a + b

    def share(self, part: Fraction, whole: Fraction) -> Fraction:
        return part / whole

    def power(self, a: Fraction) -> Fraction:
        return a**self._alpha


_Numbers = _Logarithms | _Fractions


def _duel(numbers: Any, values: list[Any], weights: list[Any], powers: list[Any]) -> tuple[list[Any], list[Any]]:
    """(law of the candidate that is kept last, value that each hands on)."""
    scores = [numbers.times(value, weight) for value, weight in zip(values, weights, strict=True)]
    law: list[Any] = []
    arrived: list[Any] = []
    for x in map(numbers.power, scores):
        both = [numbers.plus(x, y) for y in arrived]
        won = sum(q * numbers.share(x, z) for q, z in zip(law, both, strict=True)) if law else 1
        # not 1 - the newcomer's share, which would lose the digits of small chances
        law = [q * numbers.share(y, z) for q, y, z in zip(law, arrived, both, strict=True)] + [won]
        arrived.append(x)
    return law, scores


def _half(numbers: Any, values: list[Any], weights: list[Any], powers: list[Any]) -> tuple[list[Any], list[Any]]:
    scores = [numbers.times(value, weight) for value, weight in zip(values, weights, strict=True)]
    law, _ = _shares(numbers, [numbers.power(x) for x in scores])
    return law, scores


def _reservoir(numbers: Any, values: list[Any], weights: list[Any], powers: list[Any]) -> tuple[list[Any], list[Any]]:
    law, total = _shares(numbers, [numbers.times(value, power) for value, power in zip(values, powers, strict=True)])
    return law, [total] * len(law)


def _nested(numbers: Any, values: list[Any], weights: list[Any], powers: list[Any]) -> tuple[list[Any], list[Any]]:
    again = [numbers.power(numbers.times(value, weight)) for value, weight in zip(values, weights, strict=True)]
    law, total = _shares(numbers, again)
    return law, [total] * len(law)


def _shares(numbers: Any, parts: list[Any]) -> tuple[list[Any], Any]:
    """Every newcomer wins with its share of what has arrived: in the end each has its share of the whole."""
    total = parts[0]
    law = [1]
    for part in parts[1:]:
        before, total = total, numbers.plus(total, part)
        law = [q * numbers.share(before, total) for q in law] + [numbers.share(part, total)]
    return law, total


_RULES = {"duel": _duel, "half": _half, "reservoir": _reservoir, "nested": _nested}


def _add(a: float, b: float) -> float:
    """log(e^a + e^b)."""
    high, low = (a, b) if a >= b else (b, a)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def _share(part: float, whole: float) -> float:
    return math.exp(min(part - whole, 0.0))
