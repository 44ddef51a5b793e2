"""Entry 8: precision and recall from nearest neighbours, and what a loop does to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, mutant, role, series
from verify.claims.self_consuming.instances import Floats
from verify.claims.sources import LOOP_MAD
from verify.evidence import Enclosure, at_least, bounded_mean, probability, within
from verify.methods import self_consuming
from verify.methods.self_consuming import KnnMetrics, gaussian_loop, knn_metrics

SOURCE = LOOP_MAD.at("section 2.4, precision and recall")


role("self_consuming.knn_metrics", numbers="real (N, d), fake (M, d): floats, k; KnnMetrics of four floats")(
    self_consuming.knn_metrics
)


def squared_distances(x: Floats, y: Floats) -> Floats:
    """|x_i − y_j|² from differences."""
    return np.asarray(np.square(x[:, None] - y[None]).sum(axis=-1))


def by_definition(
    real: Floats, fake: Floats, k: int, *, strict: bool = False, radii: Any = None, distances: Any = squared_distances
) -> KnnMetrics:
    """The four metrics from whole distance matrices of differences, sorted: the definitions, written down."""
    x_radius, y_radius = radii or (np.sort(distances(s, s), axis=1)[:, k] for s in (real, fake))
    d = distances(real, fake)
    in_real, in_fake = (d < x_radius[:, None], d < y_radius) if strict else (d <= x_radius[:, None], d <= y_radius)
    return KnnMetrics(
        float(in_real.any(axis=0).mean()), float(in_fake.any(axis=1).mean()),
        float(in_real.sum() / (k * len(fake))), float(in_real.any(axis=1).mean()),
    )  # fmt: skip


def literal_precision(real: Floats, fake: Floats, k: int) -> float:
    """The share of fakes that are nearer to a real point than to their own k-th neighbour among the fakes."""
    radius = np.sort(squared_distances(fake, fake), axis=1)[:, k]
    return float((squared_distances(real, fake).min(axis=0) <= radius).mean())


@mutant("self_consuming.knn_metrics", slip="the point itself counts as its first neighbour")
def self_counted(real: Floats, fake: Floats, k: int) -> KnnMetrics:
    if k == 1:
        return by_definition(real, fake, k, radii=(np.zeros(len(real)), np.zeros(len(fake))))
    found = knn_metrics(real, fake, k - 1)
    return found._replace(density=found.density * (k - 1) / k)


@mutant("self_consuming.knn_metrics", slip="one neighbour more than asked for")
def one_more(real: Floats, fake: Floats, k: int) -> KnnMetrics:
    found = knn_metrics(real, fake, k + 1)
    return found._replace(density=found.density * (k + 1) / k)


@mutant("self_consuming.knn_metrics", slip="real and fake exchanged")
def exchanged(real: Floats, fake: Floats, k: int) -> KnnMetrics:
    return knn_metrics(fake, real, k)


@mutant("self_consuming.knn_metrics", slip="precision with the fakes' own radii, as the prose of the article has it")
def literal_prose(real: Floats, fake: Floats, k: int) -> KnnMetrics:
    return knn_metrics(real, fake, k)._replace(precision=literal_precision(real, fake, k))


@mutant("self_consuming.knn_metrics", slip="one radius for all points, the mean of theirs")
def global_radius(real: Floats, fake: Floats, k: int) -> KnnMetrics:
    means = [np.sqrt(np.sort(squared_distances(s, s), axis=1)[:, k]).mean() ** 2 for s in (real, fake)]
    return by_definition(real, fake, k, radii=(np.full(len(real), means[0]), np.full(len(fake), means[1])))


@mutant("self_consuming.knn_metrics", slip="< in place of ≤: points that coincide lie in no ball")
def strict_inequality(real: Floats, fake: Floats, k: int) -> KnnMetrics:
    return by_definition(real, fake, k, strict=True)


@mutant("self_consuming.knn_metrics", slip="|x|² + |y|² − 2xy without centring: a collapsed cloud is all rounding")
def expanded(real: Floats, fake: Floats, k: int) -> KnnMetrics:
    def distances(x: Floats, y: Floats) -> Floats:
        return np.asarray(np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1) - 2 * x @ y.T)

    return by_definition(real, fake, k, distances=distances)


@mutant("self_consuming.knn_metrics", slip="the whole distance matrix is held in memory")
def whole_matrix(real: Floats, fake: Floats, k: int) -> KnnMetrics:
    table = np.zeros((len(real), len(fake)))
    return knn_metrics(real, fake, k) if table.size else knn_metrics(fake, real, k)


@equivalent("self_consuming.knn_metrics", because="sets have no order")
def shuffled(real: Floats, fake: Floats, k: int) -> KnnMetrics:
    return knn_metrics(real[::-1], fake[::-1], k)


def two_dimensional_loops(
    bias: float, t: int, size: int, rng: np.random.Generator, points: int = 200
) -> Iterator[tuple[Floats, Floats]]:
    """(real, fake) of `size` loops: points of N(0, I) and of the t-th model, n = 50, in two dimensions."""
    path = gaussian_loop(50, t, size, dim=2, bias=bias, keep="last", rng=rng)
    for mean, chol in zip(path.mean[0], path.chol[0], strict=True):
        yield rng.normal(size=(points, 2)), mean + rng.normal(size=(points, 2)) @ chol.T


@claim(
    id="self_consuming.knn-precision-recall",
    title="Under sampling bias precision stays while recall is lost",
    statement=r"d = 2,\ n = 50,\ N = M = 200,\ k = 5,\ \lambda = 0.8,\ t = 10: \quad "
    r"P(\text{precision} > 0.97 \text{ and recall} < 0.6) \ge \tfrac12",
    source=SOURCE,
    role="self_consuming.knn_metrics",
    evidence=Evidence.STATISTICAL,
    region=at_least(
        0.5,
        because="precision is about 0.999 and recall 0.33 at t = 10 in an earlier run of ours; exchanged, or with the "
        "fakes' own radii, precision is below 0.6",
    ),
    quantity="P(precision > 0.97 and recall < 0.6)",
)
def recall_is_lost(knn_metrics: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def typical(rng: np.random.Generator, size: int) -> Any:
        found = [knn_metrics(*sets, 5) for sets in two_dimensional_loops(0.8, 10, size, rng)]
        return np.array([m.precision > 0.97 and m.recall < 0.6 for m in found])

    yield from probability(typical, rng, case.risk, first=64)


@claim(
    id="self_consuming.knn-precision-recall.unbiased",
    title="Without sampling bias precision is lost too, though slowly",
    statement=r"\lambda = 1,\ t = 80: \quad 0.7 \le \mathbb{E}[\text{precision}] \le 0.96, \qquad 0.99 \text{ at } t = 0",
    source=SOURCE,
    role="self_consuming.knn_metrics",
    evidence=Evidence.STATISTICAL,
    region=within(
        0.7,
        0.96,
        because="half way up to the start, and half way down to recall, which is 0.28 by then: exchanged, precision "
        "would be that",
    ),
    quantity="mean precision after 80 generations, N = M = 100",
)
def precision_falls(knn_metrics: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def precision(rng: np.random.Generator, size: int) -> Floats:
        pairs = two_dimensional_loops(1.0, 80, size, rng, points=100)
        return np.array([knn_metrics(*sets, 5).precision for sets in pairs])

    yield from bounded_mean(precision, 0.0, 1.0, rng, case.risk, first=512)


@figure(of="self_consuming.knn-precision-recall")
def course_of_the_metrics() -> Figure:
    times = (1, 2, 5, 10, 20, 40)
    curves = []
    for lam in (1.0, 0.8):
        rng = np.random.default_rng(8)
        found = np.array(
            [np.mean([knn_metrics(*sets, 5) for sets in two_dimensional_loops(lam, t, 12, rng)], axis=0) for t in times]
        )
        curves.append(series(f"precision, λ = {lam:g}", times, found[:, 0], kind="line"))
        curves.append(series(f"recall, λ = {lam:g}", times, found[:, 1], kind="dashed"))
    return Figure(
        "Precision and recall through the generations, d = 2, n = 50",
        "With bias precision stays near 1 while recall is lost within ten generations; without it both fall slowly.",
        "generation t",
        "share, mean of 12 loops",
        tuple(curves),
        x_log=True,
    )
