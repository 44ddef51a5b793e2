"""Entry 11: random walks on the lattice, with and without the right transition probabilities."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role
from verify.claims.sources import SEGMENTATION_VITERBI_SAMPLING
from verify.claims.viterbi_sampling.instances import (
    ALPHAS,
    Instance,
    Law,
    default,
    distance,
    exact_law,
    fractions,
    instances,
    lattice_of,
)
from verify.claims.viterbi_sampling.laws import beside_target
from verify.evidence import Enclosure, Vacuous, at_least, at_most, exact, exactly, worst
from verify.methods import segmentation
from verify.methods.segmentation import Lattice

SOURCE = SEGMENTATION_VITERBI_SAMPLING.at("the random walk on the graph of tokens, given up")


def leaving(lattice: Lattice) -> list[list[tuple[int, float]]]:
    """For every node (end, log-weight) of the tokens that start there."""
    found: list[list[tuple[int, float]]] = [[] for _ in range(lattice.n + 1)]
    for s, e, w in zip(lattice.start.tolist(), lattice.end.tolist(), lattice.logw.tolist(), strict=True):
        found[s].append((e, w))
    return found


def law_of_walk(lattice: Lattice, step: Callable[[int], list[tuple[int, Any]]]) -> Law:
    """The law of the paths of a walk from 0 to n, step(s) being [(end, probability), ...]."""
    law: Law = {}
    waiting: list[tuple[tuple[int, ...], Any]] = [((), 1)]
    while waiting:
        path, p = waiting.pop()
        s = path[-1] if path else 0
        if s == lattice.n:
            law[path] = p
        else:
            waiting += [((*path, e), p * q) for e, q in step(s) if q > 0]
    return law


@role("viterbi_sampling.naive_walk_law", numbers="Lattice of exact weights, whole alpha; {ends: Fraction}")
def naive_walk_law(lattice: Lattice, alpha: int) -> Law:
    """The walk that leaves a node by a token with probability p^alpha over the sum of those that start there."""
    probs = lattice.model.probs
    assert probs is not None

    def step(s: int) -> list[tuple[int, Any]]:
        found = [(e, probs[lattice.text[s:e]] ** alpha) for e, _ in leaving(lattice)[s]]
        total = sum(q for _, q in found)
        return [(e, q / total) for e, q in found]

    return law_of_walk(lattice, step)


@mutant("viterbi_sampling.naive_walk_law", slip="the target passed off as the walk's law")
def target_for_walk(lattice: Lattice, alpha: int) -> Law:
    assert lattice.model.probs is not None
    return exact_law(lattice.text, lattice.model.probs, alpha)


@mutant("viterbi_sampling.naive_walk_law", slip="all tokens that leave a node are equally likely")
def uniform_steps(lattice: Lattice, alpha: int) -> Law:
    return naive_walk_law(lattice, 0)


WALKED = fractions(abc="3/10", a="1/2", bc="1/2", ab="1/2", c="1/2")


@claim(
    id="viterbi_sampling.dag-walk",
    title="The naive walk prefers short first tokens: it is not the target",
    statement=r"p(abc) = .3,\; p(a) = p(bc) = p(ab) = p(c) = .5: \qquad P^{\text{walk}}(abc) = \tfrac{3}{13} \ne "
    r"P_1(abc) = \tfrac38",
    source=SOURCE,
    role="viterbi_sampling.naive_walk_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both sides are fractions"),
    quantity="|P(abc) under the walk − 3/13|",
    refutes="A walk that leaves each node by its tokens' probabilities samples segmentations by theirs.",
)
def naive_walk(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lattice = lattice_of(b"abc", WALKED)
    if exact_law(b"abc", WALKED, 1)[(3,)] != Fraction(3, 8):
        raise Vacuous("the target is not 3/8")
    yield exact(abs(law(lattice, 1).get((3,), 0) - Fraction(3, 13)))


@claim(
    id="viterbi_sampling.dag-walk.dead-end",
    title="It can run into a dead end",
    statement=r"\Omega(abc) \ne \emptyset, \qquad P^{\text{walk}}(\text{some node from which nothing leads on}) \ge \tfrac14",
    source=SOURCE,
    role="viterbi_sampling.naive_walk_law",
    evidence=Evidence.CERTIFIED,
    region=at_least(Fraction(1, 4), because="half of the 1/2 that goes to the token ab, after which c is no token; a law of "
                    "segmentations loses nothing"),
    quantity="probability that the walk gets stuck",
)  # fmt: skip
def dead_end(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lattice = lattice_of(b"abc", fractions(a="1/8", bc="1/4", ab="1/8"))
    yield exact(1 - sum(law(lattice, 1).values()))


@role("viterbi_sampling.doob_walk_law", numbers="Lattice, alpha; {ends: float}")
def doob_walk_law(lattice: Lattice, alpha: float) -> Law:
    """The walk with q(e | s) = exp(alpha logw + B_e - B_s), B the backward log sums (Doob's transform)."""
    return walk_with(lattice, alpha, segmentation.backward_log(lattice, alpha))


def walk_with(lattice: Lattice, alpha: float, potential: Any) -> Law:
    """The walk with steps proportional to exp(alpha logw + potential of the end)."""
    edges = leaving(lattice)

    def step(s: int) -> list[tuple[int, Any]]:
        x = np.array([alpha * w + potential[e] for e, w in edges[s]])
        if not len(x) or x.max() == -math.inf:
            return []
        q = np.exp(x - x.max())
        return [(e, p) for (e, _), p in zip(edges[s], (q / q.sum()).tolist(), strict=True)]

    return law_of_walk(lattice, step)


@mutant("viterbi_sampling.doob_walk_law", slip="the best completion's score in place of the sum over completions")
def best_completion(lattice: Lattice, alpha: float) -> Law:
    best = [-math.inf] * lattice.n + [0.0]
    for s in range(lattice.n - 1, -1, -1):
        best[s] = max((alpha * w + best[e] for e, w in leaving(lattice)[s]), default=-math.inf)
    return walk_with(lattice, alpha, best)


@mutant("viterbi_sampling.doob_walk_law", slip="forward sums in a forward walk")
def forward_sums(lattice: Lattice, alpha: float) -> Law:
    return walk_with(lattice, alpha, segmentation.forward_log(lattice, alpha))


@equivalent("viterbi_sampling.doob_walk_law", because="the walk from the end with forward sums has the same law")
def backward_walk(lattice: Lattice, alpha: float) -> Law:
    return segmentation.streaming_law(lattice, alpha)


@claim(
    id="viterbi_sampling.dag-walk.doob",
    title="The walk that weighs each step by all its completions is exact",
    statement=r"q(e \mid s) = e^{\alpha \ell(s,e) + B_e - B_s} \;\Rightarrow\; P^{\text{walk}} = P_\alpha",
    source=SOURCE,
    role="viterbi_sampling.doob_walk_law",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="at most 12 steps with 5 roundings each and exponents up to 60: 12 (5 + 60) eps = 1.7e-13"
    ),
    cases=grid(alpha=ALPHAS, lattices=(4,)).full(lattices=(100,)),
    quantity="largest TV between the walk and the target",
)
def doob_walk(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def apart(one: Instance) -> Enclosure:
        return exact(distance(law(one.lattice, case.alpha), one.law(case.alpha)))

    yield worst(apart(one) for one in instances(case.lattices))


@figure(of="viterbi_sampling.dag-walk.doob")
def laws_of_walks() -> Figure:
    one = default(3, 6)
    naive = walk_with(one.lattice, 1.0, np.zeros(one.lattice.n + 1))
    laws = {
        "naive walk": naive,
        "walk with completions": doob_walk_law(one.lattice, 1.0),
        "best completion": best_completion(one.lattice, 1.0),
    }
    return Figure(
        f"Three walks on the lattice of {one.lattice.text.decode()!r}",
        "Only the walk that knows the sum over all completions has the target's law.",
        "segmentation, by its score",
        "probability",
        beside_target(one.law(1.0), laws),
    )
