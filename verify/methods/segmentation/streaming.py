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
from collections.abc import Callable
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

    What duel and half hand on depends on the path that was kept, so choices at different nodes are not independent: a
    state is what each node that is still needed has kept. States can be as many as products of numbers of candidates,
    which confines these two rules to short texts. What the other two hand on is one number a node, whatever was kept.

    `exact` needs a whole alpha and a model of exact weights, and returns Fractions.

    >>> model = UnigramModel.from_probabilities({b"a": Fraction(1, 2), b"b": Fraction(1, 2), b"ab": Fraction(1, 4)})
    >>> streaming_law(build_lattice(b"ab", model), 1, exact=True)
    {(2,): Fraction(1, 2), (1, 2): Fraction(1, 2)}
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
    follow = _follow_states if rule in ("duel", "half") else _follow_nodes
    return follow(lattice, _RULES[rule], numbers, weights, powers, order)


def _follow_nodes(
    lattice: Lattice, rule: Callable[..., Any], numbers: Any, weights: Any, powers: Any, order: str
) -> dict[Path, Any]:
    """The law of the path that each node keeps, where a node hands on the same value for all of them."""
    starts, indptr = lattice.start.tolist(), lattice.indptr.tolist()
    value = {0: numbers.one}
    laws: dict[int, dict[Path, Any]] = {0: {(): 1}}
    for e in np.flatnonzero(lattice.reachable)[1:].tolist():
        edges = [k for k in range(indptr[e], indptr[e + 1]) if starts[k] in laws]
        if order == "shortest":
            edges.reverse()
        arriving = [value[starts[k]] for k in edges]
        law, handed_on = rule(numbers, arriving, [weights[k] for k in edges], [powers[k] for k in edges])
        value[e] = handed_on[0]
        laws[e] = {
            (*path, e): q * p for k, q in zip(edges, law, strict=True) if q for path, p in laws[starts[k]].items()
        }
    return laws[lattice.n]


def _follow_states(
    lattice: Lattice, rule: Callable[..., Any], numbers: Any, weights: Any, powers: Any, order: str
) -> dict[Path, Any]:
    """A path is the integer with the bits of its boundaries; a state is the path of each node of `window`."""
    last_use = np.zeros(lattice.n + 1, np.int64)
    last_use[lattice.start] = lattice.end
    last_use[-1] = lattice.n + 1
    starts, indptr = lattice.start.tolist(), lattice.indptr.tolist()
    window = [0]
    value = {1: numbers.one}  # what a path hands on
    states: dict[tuple[int, ...], Any] = {(1,): 1}
    for e in np.flatnonzero(lattice.reachable)[1:].tolist():
        place = {node: i for i, node in enumerate(window)}
        edges = [k for k in range(indptr[e], indptr[e + 1]) if starts[k] in place]
        if order == "shortest":
            edges.reverse()
        arriving = [place[starts[k]] for k in edges]
        staying = [i for i, node in enumerate(window) if last_use[node] > e]
        w, p = [weights[k] for k in edges], [powers[k] for k in edges]
        outcomes: dict[tuple[int, ...], list[tuple[int, Any]]] = {}
        after: dict[tuple[int, ...], Any] = {}
        for state, probability in states.items():
            paths = tuple([state[i] for i in arriving])
            if paths not in outcomes:
                law, handed_on = rule(numbers, [value[path] for path in paths], w, p)
                longer = [path | 1 << e for path in paths]
                value.update(zip(longer, handed_on, strict=True))
                outcomes[paths] = [(path, share) for path, share in zip(longer, law, strict=True) if share]
            stay = tuple([state[i] for i in staying])
            for path, share in outcomes[paths]:
                key = (*stay, path)
                after[key] = after.get(key, 0) + probability * share
        states = after
        window = [window[i] for i in staying] + [e]
    law_of_paths: dict[Path, Any] = {}
    for state, probability in states.items():
        ends = tuple(e for e in range(1, lattice.n + 1) if state[-1] >> e & 1)
        law_of_paths[ends] = law_of_paths.get(ends, 0) + probability
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
