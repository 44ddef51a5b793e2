"""Entry 8, second part: blocks of scores, merged in any order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.jl_entropy.trial_scores import ROWS
from verify.claims.sources import JL_ENTROPY
from verify.evidence import Enclosure, at_most, exact, gap, worst
from verify.methods import softmax_entropy as se

SOURCE = JL_ENTROPY.at("the entropy of attention")


@role("jl_entropy.streamed_entropy", numbers="a tree: an array of scores, or a pair of trees; the entropy, a float")
def streamed_entropy(tree: Any) -> float:
    """`SoftmaxEntropyState` fed with the leaves and merged along the tree."""
    return float(_state(tree).entropy())


def _state(tree: Any) -> se.SoftmaxEntropyState:
    if isinstance(tree, tuple):
        return _state(tree[0]).merge(_state(tree[1]))
    return se.SoftmaxEntropyState.empty().update(tree)


@mutant(
    "jl_entropy.streamed_entropy", slip="merged without (m_a - m_b)(1 + s_b): the gap between the maxima is forgotten"
)
def gap_forgotten(tree: Any) -> float:
    def triple(node: Any) -> tuple[float, float, float]:
        if not isinstance(node, tuple):
            state = se.SoftmaxEntropyState.empty().update(node)
            return float(state.m), float(state.s), float(state.t)
        (m, s, t), (m2, s2, t2) = sorted((triple(node[0]), triple(node[1])), reverse=True)
        f = math.exp(m2 - m)
        return m, s + f * (1 + s2), t + f * t2

    _, s, t = triple(tree)
    return math.log1p(s) + t / (1 + s)


@mutant(
    "jl_entropy.streamed_entropy",
    slip="entropies of blocks are averaged by their weights, without the entropy of the choice",
)
def without_choice(tree: Any) -> float:
    def pair(node: Any) -> tuple[float, float]:
        if not isinstance(node, tuple):
            state = se.SoftmaxEntropyState.empty().update(node)
            return float(state.logsumexp()), float(state.entropy())
        (z, h), (z2, h2) = pair(node[0]), pair(node[1])
        total = np.logaddexp(z, z2)
        return float(total), math.exp(z - total) * h + math.exp(z2 - total) * h2

    return pair(tree)[1]


@claim(
    id="jl_entropy.softmax-entropy-kernel.stream",
    title="Blocks of any size, merged in any order, give the same entropy",
    statement=r"s = s_a + f(1 + s_b),\ \ t = t_a + f\big(t_b + (m_a - m_b)(1 + s_b)\big),\ \ f = e^{m_b - m_a}",
    source=SOURCE,
    role="jl_entropy.streamed_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="each merge rounds its positive terms four times; a tree of at most 40 leaves is at most 39 deep, and the "
        "gaps that matter, below 100, enter exp: (4 · 39 + 4 · 100) u = 6e-14",
    ),
    cases=grid(scores=("normal", "wide", "spike"), trees=(5,)).full(trees=(200,)),
    quantity="largest relative difference to one shot",
)
def trees_agree(streamed: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error() -> Enclosure:
        row = ROWS[case.scores](rng)
        cuts = np.sort(rng.choice(np.arange(1, len(row)), int(rng.integers(1, 40)), replace=False))
        leaves: list[Any] = np.split(row, cuts)
        while len(leaves) > 1:
            i, j = sorted(rng.choice(len(leaves), 2, replace=False))
            leaves[i] = (leaves[i], leaves[j]) if rng.random() < 0.5 else (leaves[j], leaves[i])
            del leaves[j]
        return exact(gap(streamed(leaves[0]) / float(se.softmax_entropy(row)), 1.0))

    yield worst(error() for _ in range(case.trees))
