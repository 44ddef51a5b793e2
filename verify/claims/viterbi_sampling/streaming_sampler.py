"""Entry 3, continued: draws of the sampler that decides as candidates arrive, against the law that is computed for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.viterbi_sampling.duel import SOURCE
from verify.claims.viterbi_sampling.instances import ARGMAX, lattice_of
from verify.claims.viterbi_sampling.laws import arrivals
from verify.evidence import Enclosure, at_most, total_variation
from verify.methods import segmentation
from verify.methods.segmentation import Lattice

role("viterbi_sampling.sample_streaming", numbers="Lattice, alpha, Generator, rule, order; ends int32 (K,)")(
    segmentation.sample_streaming
)


@mutant("viterbi_sampling.sample_streaming", slip="the sign of the score difference: the worse path is kept more often")
def worse_is_kept(
    lattice: Lattice, alpha: float, rng: np.random.Generator, rule: str = "reservoir", order: str = "longest"
) -> Any:
    if rule != "duel":
        return segmentation.sample_streaming(lattice, alpha, rng, rule, order)
    score = [0.0] + [-math.inf] * lattice.n
    pointer = [0] * (lattice.n + 1)
    for e in range(1, lattice.n + 1):
        for i, (s, weight) in enumerate(arrivals(lattice, e, order, exact=False)):
            x = score[s] + math.log(weight)
            if not i or rng.random() < 1 / (1 + math.exp(alpha * (x - score[e]))):
                pointer[e], score[e] = s, x
    return ends_of(pointer)


def ends_of(pointer: list[int]) -> Any:
    """The path that pointers give from the last node."""
    ends, e = [], len(pointer) - 1
    while e:
        ends.append(e)
        e = pointer[e]
    return np.array(ends[::-1], np.int32)


@claim(
    id="viterbi_sampling.duel-not-softmax.simulation",
    title="The sampler of the article has the law that is computed for it",
    statement=r"\operatorname{TV}(\text{samples}, P^{\text{duel}}_\alpha) \le 0.06",
    source=SOURCE,
    role="viterbi_sampling.sample_streaming",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.06, because="a third of what separates the duel from the target on this text, TV = 1/6 and more"),
    cases=grid(rule=("duel", "half")),
    quantity="TV between the samples and the exact law",
)
def samples_follow_the_law(sample: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lattice = lattice_of(b"abc", ARGMAX)
    law = segmentation.streaming_law(lattice, 1.0, case.rule)
    cells = {path: i for i, path in enumerate(law)}

    def draw(rng: np.random.Generator, size: int) -> Any:
        paths = (tuple(np.asarray(sample(lattice, 1.0, rng, case.rule)).tolist()) for _ in range(size))
        return np.array([cells.get(path, -1) for path in paths])

    yield from total_variation(draw, list(law.values()), rng, case.risk, first=2048)
