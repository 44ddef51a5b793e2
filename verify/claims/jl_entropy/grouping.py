"""Entry 9, third part: the entropy of two groups of scores from that of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.jl_entropy.trial_scores import KINDS, scores
from verify.claims.sources import JL_ENTROPY
from verify.evidence import Enclosure, at_most, exact, gap
from verify.methods import softmax_entropy as se
from verify.methods.numerics import softmax

SOURCE = JL_ENTROPY.at("the entropy as a function of the scale")


@role("jl_entropy.grouped_entropy", numbers="H_a, H_b, w: floats, w the weight of group a; a float")
def grouped_entropy(H_a: Any, H_b: Any, w: Any) -> Any:
    """h(w) + w H_a + (1 - w) H_b, h the entropy of the choice of a group."""
    return -w * np.log(w) - (1 - w) * np.log1p(-w) + w * H_a + (1 - w) * H_b


@mutant("jl_entropy.grouped_entropy", slip="the entropy of the choice is left out")
def no_choice(H_a: Any, H_b: Any, w: Any) -> Any:
    return w * H_a + (1 - w) * H_b


@mutant("jl_entropy.grouped_entropy", slip="weights exchanged")
def exchanged_weights(H_a: Any, H_b: Any, w: Any) -> Any:
    return grouped_entropy(H_b, H_a, w)


@claim(
    id="jl_entropy.entropy-calculus.grouping",
    title="The entropy of two groups is that of the choice plus the mean of theirs",
    statement=r"H = h(w) + w H_a + (1 - w) H_b",
    source=SOURCE,
    role="jl_entropy.grouped_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="entropies below log 40 = 3.7, with some 60 roundings of it on either side: 2 · 60 · 3.7 u = 5e-14",
    ),
    cases=grid(scores=KINDS),
    quantity="largest |difference|",
)
def grouping_rule(grouped: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x = scores(rng, case.scores)
    a, b = x[:, :15], x[:, 15:]
    w = softmax(x)[:, :15].sum(axis=1)
    found = grouped(se.softmax_entropy(a), se.softmax_entropy(b), w)
    yield exact(gap(found, se.softmax_entropy(x)))
