"""The exact law of what a streaming sampler returns, by following every outcome of every competition."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from verify.methods.guards import one_of, refuse
from verify.methods.segmentation.checks import check_alpha, check_lattice, exact_weights
from verify.methods.segmentation.competition import ORDERS, RULES, Arrivals, Outcome, fractions, logarithms
from verify.methods.segmentation.lattice import Lattice

Path: TypeAlias = tuple[int, ...]
Law: TypeAlias = dict[Path, Any]
Compete: TypeAlias = Callable[[list[int], list[Any]], Outcome]  # edges, what their starts hand on


def streaming_law(
    lattice: Lattice, alpha: float, rule: str = "reservoir", order: str = "longest", *, exact: bool = False
) -> dict[Path, Any]:
    """{ends: probability} of what `sample_streaming` returns.

    What duel and half hand on depends on the path that was kept, so choices at different nodes are not independent: a
    state is what each node that is still needed has kept. States can be as many as products of numbers of candidates,
    which confines these two rules to short texts. What the other two hand on is one number a node, whatever was kept.

    `exact` needs a whole alpha and a model of exact weights, and returns Fractions.

    ValueError: alpha < 0, nan or infinite; an unknown rule or order; scores that leave the range of floats.

    >>> model = UnigramModel.from_probabilities({b"a": Fraction(1, 2), b"b": Fraction(1, 2), b"ab": Fraction(1, 4)})
    >>> streaming_law(build_lattice(b"ab", model), 1, exact=True)
    {(2,): Fraction(1, 2), (1, 2): Fraction(1, 2)}
    """
    check_lattice(lattice)
    one_of("rule", rule, tuple(RULES))
    one_of("order", order, ORDERS)
    if exact:
        powers, weights, numbers = exact_weights(lattice, alpha), exact_weights(lattice, 1), fractions(int(alpha))
    else:
        alpha = check_alpha(alpha, lattice)
        powers, weights, numbers = (alpha * lattice.logw).tolist(), lattice.logw.tolist(), logarithms(alpha)

    def compete(edges: list[int], values: list[Any]) -> Outcome:
        return RULES[rule](numbers, Arrivals(values, [weights[k] for k in edges], [powers[k] for k in edges]))

    follow = _follow_states if rule in ("duel", "half") else _follow_nodes
    law = follow(lattice, order, numbers.one, compete)
    if math.isnan(sum(law.values())):
        refuse(f"alpha={alpha}", f"scores are floats; by the rule {rule} some are not", "lower alpha, or exact=True")
    return law


def _arriving(lattice: Lattice, order: str) -> Iterator[tuple[int, list[int]]]:
    """(node, its candidates in the order of their arrival), for all nodes that some path from 0 comes to."""
    from_somewhere, indptr = lattice.reachable[lattice.start].tolist(), lattice.indptr.tolist()
    for e in np.flatnonzero(lattice.reachable)[1:].tolist():
        edges = [k for k in range(indptr[e], indptr[e + 1]) if from_somewhere[k]]
        yield e, edges if order == "longest" else edges[::-1]


def _follow_nodes(lattice: Lattice, order: str, one: Any, compete: Compete) -> Law:
    """The law of the path that each node keeps, where a node hands on the same value for all of them."""
    starts = lattice.start.tolist()
    value = {0: one}
    laws: dict[int, Law] = {0: {(): 1}}
    for e, edges in _arriving(lattice, order):
        law, handed_on = compete(edges, [value[starts[k]] for k in edges])
        value[e] = handed_on[0]
        laws[e] = {
            (*path, e): q * p for k, q in zip(edges, law, strict=True) if q for path, p in laws[starts[k]].items()
        }
    return laws[lattice.n]


def _follow_states(lattice: Lattice, order: str, one: Any, compete: Compete) -> Law:
    """A path is the integer with the bits of its boundaries; a state is the path of each node of `window`."""
    last_use = np.zeros(lattice.n + 1, np.int64)
    last_use[lattice.start] = lattice.end
    last_use[-1] = lattice.n + 1
    starts = lattice.start.tolist()
    window = [0]
    value = {1: one}  # what a path hands on
    states: dict[tuple[int, ...], Any] = {(1,): 1}
    for e, edges in _arriving(lattice, order):
        place = {node: i for i, node in enumerate(window)}
        arriving = [place[starts[k]] for k in edges]
        staying = [i for i, node in enumerate(window) if last_use[node] > e]
        outcomes: dict[tuple[int, ...], list[tuple[int, Any]]] = {}
        after: dict[tuple[int, ...], Any] = {}
        for state, probability in states.items():
            paths = tuple([state[i] for i in arriving])
            if paths not in outcomes:
                law, handed_on = compete(edges, [value[path] for path in paths])
                longer = [path | 1 << e for path in paths]
                value.update(zip(longer, handed_on, strict=True))
                outcomes[paths] = [(path, share) for path, share in zip(longer, law, strict=True) if share]
            stay = tuple([state[i] for i in staying])
            for path, share in outcomes[paths]:
                key = (*stay, path)
                after[key] = after.get(key, 0) + probability * share
        states = after
        window = [window[i] for i in staying] + [e]
    law_of_paths: Law = {}
    for state, probability in states.items():
        ends = tuple(e for e in range(1, lattice.n + 1) if state[-1] >> e & 1)
        law_of_paths[ends] = law_of_paths.get(ends, 0) + probability
    return law_of_paths
