"""Entry 14, continued: the least and the largest uniform that a generator returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant
from verify.claims.sources import SEGMENTATION_PERFECT_SAMPLING
from verify.claims.viterbi_sampling.instances import instances
from verify.claims.viterbi_sampling.laws import shares
from verify.claims.viterbi_sampling.sampler import refuse_what_is_refused, walk_back
from verify.evidence import Enclosure, exact, exactly
from verify.methods import segmentation
from verify.methods.segmentation import Lattice

SOURCE = SEGMENTATION_PERFECT_SAMPLING.at("which candidate is accepted")
Array = np.ndarray[Any, Any]


class Constant(np.random.Generator):
    """A generator whose uniforms are all one number: the least or the largest that a generator returns."""

    def __init__(self, value: float) -> None:
        super().__init__(np.random.PCG64(0))
        self._value = value

    def random(self, size: Any = None, *how: Any, **more: Any) -> Any:
        return self._value if size is None else np.full(size, self._value)


@mutant(
    "viterbi_sampling.sample_segmentations",
    slip="the last running sum is not forced to 1: the search goes past the end",
)
def last_sum_unforced(lattice: Lattice, alpha: float, size: int, rng: np.random.Generator) -> Any:
    refuse_what_is_refused(lattice, alpha, size, rng)
    law = shares(lattice, alpha, segmentation.forward_log(lattice, alpha))

    def choose(e: int, rows: Array, turn: int) -> Array:
        starts, q = law[e]
        sums = np.minimum(np.cumsum(q), 1 - 2.0**-53)  # what rounding leaves of 1 at one node in three
        return np.asarray(starts[np.searchsorted(sums, rng.random(len(rows)), side="right")])

    return walk_back(lattice, size, choose)


@mutant(
    "viterbi_sampling.sample_streaming",
    slip="the first candidate too must win, against p = 1 of integers up to a maximum",
)
def first_must_win(
    lattice: Lattice, alpha: float, rng: np.random.Generator, rule: str = "reservoir", order: str = "longest"
) -> Any:
    if rng.random() >= 1 - 2.0**-53:
        raise LookupError("a node without a pointer")
    return segmentation.sample_streaming(lattice, alpha, rng, rule, order)


EXTREMES = grid(uniform=("least", "largest"), lattices=(10,)).full(lattices=(200,))
UNIFORMS = {"least": 0.0, "largest": 1 - 2.0**-53}


@claim(
    id="viterbi_sampling.long-input.rng-edge",
    title="With the least and the largest uniform a generator returns, the result is a segmentation",
    statement=r"u \equiv 0 \;\text{ or }\; u \equiv 1 - 2^{-53}: \qquad w \in \Omega(c)",
    source=SOURCE,
    role="viterbi_sampling.sample_segmentations",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a result is a segmentation or it is not"),
    cases=EXTREMES,
    quantity="results that are no segmentation",
)
def extreme_uniforms(sample: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def wrong(one: Any, alpha: float) -> int:
        bits = np.asarray(sample(one.lattice, alpha, 2, Constant(UNIFORMS[case.uniform])))
        return sum(tuple(np.flatnonzero(row)[1:].tolist()) not in one.scores for row in bits)

    yield exact(sum(wrong(one, alpha) for one in instances(case.lattices) for alpha in (0.0, 0.3, 1.0)))


@claim(
    id="viterbi_sampling.long-input.rng-edge-streaming",
    title="So it is where candidates are decided as they arrive, by every rule",
    statement=r"u \equiv 0 \;\text{ or }\; u \equiv 1 - 2^{-53}: \qquad w \in \Omega(c)",
    source=SOURCE,
    role="viterbi_sampling.sample_streaming",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a result is a segmentation or it is not"),
    cases=EXTREMES,
    quantity="results that are no segmentation",
)
def extreme_uniforms_streaming(sample: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    wrong = 0
    for one in instances(case.lattices):
        for rule in ("reservoir", "duel", "half", "nested"):
            ends = np.asarray(sample(one.lattice, 0.5, Constant(UNIFORMS[case.uniform]), rule))
            wrong += tuple(ends.tolist()) not in one.scores
    yield exact(wrong)
