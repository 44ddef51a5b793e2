"""Entry 8, the metrics as counts: their definitions, ties, collapsed clouds, memory, bad input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant
from verify.claims.self_consuming.neighbours import by_definition
from verify.claims.sources import LOOP_COVERAGE, LOOP_PRECISION
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, peak_bytes, worst
from verify.methods.self_consuming import KnnMetrics, knn_metrics


@claim(
    id="self_consuming.knn-precision-recall.definition",
    title="The metrics are those of the definitions, to the last count",
    statement=r"\text{precision} = \frac1M \sum_j \mathbf{1}\Big[ y_j \in \bigcup_i B(x_i, r_k(x_i)) \Big], \quad "
    r"\text{density} = \frac1{kM} \sum_{i, j} \mathbf{1}[y_j \in B(x_i, r_k(x_i))]",
    source=LOOP_COVERAGE.at("equations 1 to 4"),
    role="self_consuming.knn_metrics",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="counts over the same denominators: equal, or off by at least 1/(kM) = 1/300; only the quotients round",
    ),
    cases=grid(d=(1, 3, 20), k=(1, 5), draws=(3,)).full(draws=(50,)),
    quantity="largest difference of the four metrics",
)
def definitions(knn_metrics: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    parts = []
    for _ in range(case.draws):
        real, fake = rng.normal(size=(90, case.d)), 0.7 * rng.normal(size=(60, case.d)) + 0.3
        found, known = knn_metrics(real, fake, case.k), by_definition(real, fake, case.k)
        parts.append(exact(float(np.abs(np.subtract(found, known)).max())))
    yield worst(parts)


@claim(
    id="self_consuming.knn-precision-recall.ties",
    title="Ties are inside: a set has precision and recall one against its copy, even if points coincide",
    statement=r"\text{fake} = \text{real}: \quad \text{precision} = \text{recall} = \text{coverage} = 1",
    source=LOOP_PRECISION.at("equation 1"),
    role="self_consuming.knn_metrics",
    evidence=Evidence.EXACT,
    region=exactly(0, because="0 ≤ 0 in every ball of radius 0, and the distances of copies are the same numbers"),
    cases=grid(copies=(1, 3, 40), d=(1, 8)),
    quantity="3 − precision − recall − coverage",
)
def copies(knn_metrics: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    points = np.repeat(1000 + rng.normal(size=(40 // case.copies + 1, case.d)), case.copies, axis=0)
    found = knn_metrics(points, points.copy(), 2)
    yield exact(abs(3 - found.precision - found.recall - found.coverage))


@claim(
    id="self_consuming.knn-precision-recall.collapsed",
    title="A cloud that has collapsed to a billionth is measured like any other",
    statement=r"\text{fake} = x_0 + 10^{-9} Z, \quad \|x_0\| = 1",
    source=LOOP_PRECISION.at("equation 1"),
    role="self_consuming.knn_metrics",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="counts, as from differences; without centring, squared distances of 1e-18 drown in roundings of 1e-16",
    ),
    cases=grid(d=(2, 10)),
    quantity="largest difference of the four metrics",
)
def collapsed_cloud(knn_metrics: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    centre = np.ones(case.d) / np.sqrt(case.d)
    fake = centre + 1e-9 * rng.normal(size=(80, case.d))
    real = np.concatenate([centre + 2e-9 * rng.normal(size=(40, case.d)), rng.normal(size=(40, case.d))])
    found, known = knn_metrics(real, fake, 3), by_definition(real, fake, 3)
    yield exact(float(np.abs(np.subtract(found, known)).max()))


@claim(
    id="self_consuming.knn-precision-recall.memory",
    title="Memory is a few blocks of the distance matrix, however many points there are",
    statement=r"\text{peak} \le 16 \text{ MiB} + 64 (N + M)(d + 2) \text{ bytes}",
    source=LOOP_PRECISION.at("equation 1"),
    role="self_consuming.knn_metrics",
    evidence=Evidence.EXACT,
    region=at_most(
        1,
        because="a block of 4 MiB, its partitioned copy, and as much again for masks, indices and sorting; the "
        "whole table takes 19.5 MiB and more",
    ),
    cases=grid(N=(1600,), d=(2,)).full(N=(1600, 10_000)),
    quantity="peak of memory over the allowance",
)
def memory(knn_metrics: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    real, fake = rng.normal(size=(2, case.N, case.d))
    yield exact(peak_bytes(knn_metrics, real, fake, 5) / (16 * 2**20 + 64 * 2 * case.N * (case.d + 2)))


@mutant("self_consuming.knn_metrics", slip="bad points are dropped and k is lowered in silence")
def forgiving(real: Any, fake: Any, k: int) -> KnnMetrics:
    x, y = (np.atleast_2d(np.asarray(z, float)) for z in (real, fake))
    d = min(x.shape[1], y.shape[1])
    x, y = (z[np.isfinite(z).all(axis=1)][:, :d] for z in (x, y))
    k = max(1, min(int(k), len(x) - 1, len(y) - 1))
    return knn_metrics(x, y, k) if min(len(x), len(y)) > 1 else KnnMetrics(0.0, 0.0, 0.0, 0.0)


@claim(
    id="self_consuming.knn-precision-recall.bad-input",
    title="The metrics refuse too many neighbours, other dimensions and what is not finite",
    statement=r"1 \le k < \min(N, M)",
    source=LOOP_PRECISION.at("equation 1"),
    role="self_consuming.knn_metrics",
    evidence=Evidence.EXACT,
    region=exactly(0, because="a count of calls that are taken without a TypeError or ValueError"),
    quantity="bad calls accepted",
)
def metrics_refuse(knn_metrics: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x, y = rng.normal(size=(2, 6, 3))
    holed = y.copy()
    holed[2, 1] = np.nan
    bad = [
        (x, y, 0),
        (x, y, 6),
        (x, y[:4], 4),
        (x, y, 2.0),
        (x, y[:, :2], 2),
        (x, holed, 2),
        (x, y[:0], 2),
        (x[0], y, 2),
    ]
    yield exact(accepted(knn_metrics, bad, (TypeError, ValueError)))
