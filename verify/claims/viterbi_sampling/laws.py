"""The law of a streaming sampler as a role, with the mistakes that several entries are about, and what laws are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeAlias

import numpy as np

from verify.claims import mutant, role, series
from verify.claims.figures import Series
from verify.claims.viterbi_sampling.instances import Law
from verify.methods import segmentation
from verify.methods.segmentation import Lattice

role(
    "viterbi_sampling.streaming_law",
    numbers="Lattice, alpha, rule, order, exact; {ends (tuple): probability, a float or a Fraction}",
)(segmentation.streaming_law)


WrongLaw: TypeAlias = Callable[[Lattice, Any, str, bool], Law]  # lattice, alpha, order, exact


def only(*rules: str) -> Callable[[WrongLaw], Callable[..., Law]]:
    """Makes the wrong law of some rules a subject: for any other rule it is the reference."""

    def of_rules(wrong: WrongLaw) -> Callable[..., Law]:
        @wraps(wrong)
        def law(
            lattice: Lattice, alpha: Any, rule: str = "reservoir", order: str = "longest", *, exact: bool = False
        ) -> Law:
            if rule in rules:
                return wrong(lattice, alpha, order, exact)
            return segmentation.streaming_law(lattice, alpha, rule, order, exact=exact)

        return law

    return of_rules


@mutant("viterbi_sampling.streaming_law", slip="the duel's law is taken to be the target")
@only("duel")
def softmax_for_duel(lattice: Lattice, alpha: Any, order: str, exact: bool) -> Law:
    return segmentation.streaming_law(lattice, alpha, "reservoir", order, exact=exact)


@mutant("viterbi_sampling.streaming_law", slip="the half fix in its place: the kept path's score goes on")
@only("reservoir")
def half_in_its_place(lattice: Lattice, alpha: Any, order: str, exact: bool) -> Law:
    return segmentation.streaming_law(lattice, alpha, "half", order, exact=exact)


@mutant("viterbi_sampling.streaming_law", slip="alpha is applied to the accumulated mass, not to the token")
@only("reservoir")
def nested_in_its_place(lattice: Lattice, alpha: Any, order: str, exact: bool) -> Law:
    return segmentation.streaming_law(lattice, alpha, "nested", order, exact=exact)


def independent_choices(lattice: Lattice, chosen: Any) -> Law:
    """The law of a path if every node chose for itself: chosen(e) = {start: probability}."""
    laws: list[Law] = [{(): 1}]
    for e in range(1, lattice.n + 1):
        law: Law = {}
        for s, q in chosen(e).items():
            for path, p in laws[s].items():
                law[(*path, e)] = p * q
        laws.append(law)
    return laws[-1]


def beside_target(target: Law, laws: Mapping[str, Law]) -> tuple[Series, ...]:
    """Bars of the target, segmentations by their score, and dots of other laws on them."""
    ranked = sorted(target, key=target.__getitem__, reverse=True)
    places = range(1, len(ranked) + 1)
    return (
        series("target", places, [target[path] for path in ranked], kind="bars"),
        *(series(name, places, [law.get(path, 0.0) for path in ranked], kind="dots") for name, law in laws.items()),
    )


def arrivals(lattice: Lattice, e: int, order: str, *, exact: bool) -> list[tuple[int, Any]]:
    """(start, weight p) of the candidates of a node in their order; weights in floating point unless `exact`."""
    edges = range(int(lattice.indptr[e]), int(lattice.indptr[e + 1]))
    probs = lattice.model.probs
    found = []
    for k in edges:
        s = int(lattice.start[k])
        weight = probs[lattice.text[s:e]] if exact and probs is not None else math.exp(lattice.logw[k])
        found.append((s, weight))
    return found if order == "longest" else found[::-1]


def successive(scores: list[Any], alpha: Any) -> list[Any]:
    """The law of the winner of successive duels between these scores."""
    law: list[Any] = []
    for i, x in enumerate(scores):
        wins = [x**alpha / (x**alpha + y**alpha) for y in scores[:i]]
        won = sum(q * win for q, win in zip(law, wins, strict=True)) if law else 1
        law = [q * (1 - win) for q, win in zip(law, wins, strict=True)] + [won]
    return law


def shares(lattice: Lattice, alpha: float, log_f: Any) -> dict[int, tuple[Any, Any]]:
    """{node: (starts of its candidates, their probabilities e^(F_s + alpha logw - F_e))}."""
    found = {}
    for e in range(1, lattice.n + 1):
        k = slice(int(lattice.indptr[e]), int(lattice.indptr[e + 1]))
        weights = np.exp(log_f[lattice.start[k]] + alpha * lattice.logw[k] - log_f[e])
        found[e] = lattice.start[k], weights / weights.sum()
    return found
