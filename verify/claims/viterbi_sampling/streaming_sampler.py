"""Entry 3, continued: draws of the sampler that decides as candidates arrive, against the law that is computed for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.viterbi_sampling.best_path import followed
from verify.claims.viterbi_sampling.duel import SOURCE
from verify.claims.viterbi_sampling.instances import ARGMAX, Path, lattice_of
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
    return np.array(followed(lattice, pointer), np.int32)


def one_by_one(path: Callable[[np.random.Generator], Any], cells: Mapping[Path, int]) -> Callable[..., Any]:
    """Draws of single paths, as cells; -1 for what is no segmentation."""

    def draw(rng: np.random.Generator, size: int) -> Any:
        return np.array([cells.get(tuple(np.asarray(path(rng)).tolist()), -1) for _ in range(size)])

    return draw


@claim(
    id="viterbi_sampling.duel-not-softmax.simulation",
    title="The sampler of the article has the law that is computed for it",
    statement=r"\operatorname{TV}(\text{samples}, P^{\text{duel}}_\alpha) \le 0.06",
    source=SOURCE,
    role="viterbi_sampling.sample_streaming",
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.06,
        because="less than half of the distances on this text: duel to target 0.149, duel to half fix 0.154",
    ),
    cases=grid(rule=("duel", "half")),
    quantity="TV between the samples and the exact law",
)
def samples_follow_the_law(sample: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lattice = lattice_of(b"abc", ARGMAX)
    law = segmentation.streaming_law(lattice, 1.0, case.rule)
    cells = {path: i for i, path in enumerate(law)}
    draw = one_by_one(lambda rng: sample(lattice, 1.0, rng, case.rule), cells)
    yield from total_variation(draw, list(law.values()), rng, case.risk, first=2048)
