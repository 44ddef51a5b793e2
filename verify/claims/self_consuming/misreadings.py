"""Entry 8, what the metrics do not say: they depend on the number of points, and prose may mean another radius."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, mutant, role
from verify.claims.self_consuming.instances import Floats
from verify.claims.self_consuming.neighbours import SOURCE, literal_precision, two_dimensional_loops
from verify.claims.sources import LOOP_PRECISION
from verify.evidence import Enclosure, at_least, probability
from verify.methods.self_consuming import knn_metrics


@claim(
    id="self_consuming.knn-precision-recall.not-consistent",
    title="With fixed k the recall of one and the same pair of laws rises with the number of points",
    statement=r"G = N(0, \tfrac14 I),\ P = N(0, I),\ d = 2,\ k = 5: \quad P(\text{recall}_{N = 250} > "
    r"\text{recall}_{N = 50}) \ge \tfrac12",
    source=LOOP_PRECISION.at("section 3"),
    role="self_consuming.knn_metrics",
    evidence=Evidence.STATISTICAL,
    region=at_least(0.5, because="0.74 at 100 points and 0.85 at 1500 in an earlier run of ours, and less at 50"),
    quantity="P(recall of 250 points > recall of 50 points)",
    refutes="Precision and recall with fixed k estimate properties of two laws, whatever the number of points.",
)
def recall_rises(knn_metrics: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def rises(rng: np.random.Generator, size: int) -> Any:
        found = []
        for _ in range(size):
            few, many = (knn_metrics(rng.normal(size=(N, 2)), rng.normal(size=(N, 2)) / 2, 5).recall for N in (50, 250))
            found.append(many > few)
        return np.array(found)

    yield from probability(rises, rng, case.risk, first=64)


role("self_consuming.literal_precision", numbers="real (N, d), fake (M, d): floats, k; a share")(literal_precision)


@mutant("self_consuming.literal_precision", slip="the radius of the real point, which is the published definition")
def published_precision(real: Floats, fake: Floats, k: int) -> float:
    return knn_metrics(real, fake, k).precision


@claim(
    id="self_consuming.knn-precision-recall.prose",
    title="Precision as the prose has it falls where the published precision rises",
    statement=r"\lambda = 0.8,\ t = 10: \quad P(\text{precision by the fakes' own radii} < 0.8) \ge \tfrac12",
    source=SOURCE,
    role="self_consuming.literal_precision",
    evidence=Evidence.STATISTICAL,
    region=at_least(0.5, because="0.49 on average in an earlier run of ours; by the published definition it is 0.999"),
    quantity="P(literal precision < 0.8)",
    refutes="Precision is the share of fakes that are nearer to a real point than to their own k-th nearest neighbour.",
)
def prose_falls(literal_precision: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def low(rng: np.random.Generator, size: int) -> Any:
        return np.array([literal_precision(*sets, 5) < 0.8 for sets in two_dimensional_loops(0.8, 10, size, rng)])

    yield from probability(low, rng, case.risk, first=64)
