"""Entry 8: precision and recall from nearest neighbours, what they see and what they do not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.self_consuming.instances import Floats
from verify.claims.sources import LOOP_COVERAGE, LOOP_MAD, LOOP_PRECISION
from verify.evidence import (
    Enclosure,
    accepted,
    at_least,
    at_most,
    bounded_mean,
    exact,
    exactly,
    peak_bytes,
    probability,
    within,
    worst,
)
from verify.methods import self_consuming
from verify.methods.self_consuming import KnnMetrics, gaussian_loop, knn_metrics

SOURCE = LOOP_MAD.at("section 2.4, precision and recall")

role("self_consuming.knn_metrics", numbers="real (N, d), fake (M, d): floats, k; KnnMetrics of four floats")(
    self_consuming.knn_metrics
)


def squared_distances(x: Floats, y: Floats) -> Floats:
    """|x_i − y_j|² from differences."""
    return np.asarray(np.square(x[:, None] - y[None]).sum(axis=-1))


def by_definition(real: Floats, fake: Floats, k: int, *, strict: bool = False, radii: Any = None) -> KnnMetrics:
    """The four metrics from whole distance matrices of differences, sorted: the definitions, written down."""
    x_radius, y_radius = radii or (np.sort(squared_distances(s, s), axis=1)[:, k] for s in (real, fake))
    d = squared_distances(real, fake)
    in_real, in_fake = (d < x_radius[:, None], d < y_radius) if strict else (d <= x_radius[:, None], d <= y_radius)
    return KnnMetrics(
        float(in_real.any(axis=0).mean()), float(in_fake.any(axis=1).mean()),
        float(in_real.sum() / (k * len(fake))), float(in_real.any(axis=1).mean()),
    )  # fmt: skip


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

    radii = [np.sort(distances(s, s), axis=1)[:, k] for s in (real, fake)]
    d = distances(real, fake)
    in_real, in_fake = d <= radii[0][:, None], d <= radii[1]
    return KnnMetrics(
        float(in_real.any(axis=0).mean()), float(in_fake.any(axis=1).mean()),
        float(in_real.sum() / (k * len(fake))), float(in_real.any(axis=1).mean()),
    )  # fmt: skip


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
    region=at_least(0.5, because="precision is about 0.999 and recall 0.33 at t = 10 in an earlier run of ours; "
    "exchanged, or with the "
                    "fakes' own radii, precision is below 0.6"),
    quantity="P(precision > 0.97 and recall < 0.6)",
)  # fmt: skip
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
    region=within(0.7, 0.96, because="half way up to the start, and half way down to recall, which is 0.28 by "
    "then: exchanged, precision "
                  "would be that"),
    quantity="mean precision after 80 generations, N = M = 100",
)  # fmt: skip
def precision_falls(knn_metrics: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def precision(rng: np.random.Generator, size: int) -> Floats:
        pairs = two_dimensional_loops(1.0, 80, size, rng, points=100)
        return np.array([knn_metrics(*sets, 5).precision for sets in pairs])

    yield from bounded_mean(precision, 0.0, 1.0, rng, case.risk, first=512)


@claim(
    id="self_consuming.knn-precision-recall.density",
    title="Between two samples of one law the density is one on average",
    statement=r"\mathbb{E}[\text{density}] = 1",
    source=LOOP_COVERAGE.at("section 3.2"),
    role="self_consuming.knn_metrics",
    evidence=Evidence.STATISTICAL,
    region=within(0.95, 1.05, because="a quarter of what one neighbour more or less changes at k = 5; on the "
    "line no point lies in more "
                  "than 2k balls, so the density is at most 2"),
    cases=grid(N=(100,), M=(100,), k=(5,)),
    quantity="mean density of Student t₃ data, d = 1",
)  # fmt: skip
def density_is_one(knn_metrics: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def densities(rng: np.random.Generator, size: int) -> Floats:
        pairs = ((rng.standard_t(3, (case.N, 1)), rng.standard_t(3, (case.M, 1))) for _ in range(size))
        return np.array([min(knn_metrics(*pair, case.k).density, 2.0) for pair in pairs])

    yield from bounded_mean(densities, 0.0, 2.0, rng, case.risk, first=512)


@role("self_consuming.null_coverage", numbers="N, M, k: integers; E[coverage] as a Fraction")
def null_coverage(N: int, M: int, k: int) -> Fraction:
    """1 − Π_{j<k} (N − 1 − j) / (N + M − 1 − j) for two samples of one continuous law."""
    missed = Fraction(1)
    for j in range(k):
        missed *= Fraction(N - 1 - j, N + M - 1 - j)
    return 1 - missed


@mutant("self_consuming.null_coverage", slip="neighbours drawn with replacement")
def with_replacement(N: int, M: int, k: int) -> Fraction:
    return 1 - Fraction(N - 1, N + M - 1) ** k


@mutant("self_consuming.null_coverage", slip="the point itself counts among its neighbours")
def itself_included(N: int, M: int, k: int) -> Fraction:
    return 1 - Fraction(comb(N, k), comb(N + M, k))


@claim(
    id="self_consuming.knn-precision-recall.coverage",
    title="Coverage of one law by itself is a matter of counting",
    statement=r"\mathbb{E}[\text{coverage}] = 1 - \prod_{j < k} \frac{N - 1 - j}{N + M - 1 - j}",
    source=LOOP_COVERAGE.at("lemma 2"),
    role="self_consuming.null_coverage",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0,
        because="every order of real and fake points by distance is equally likely; they are enumerated, in fractions",
    ),
    cases=grid(N=(4, 6), M=(3, 5), k=(1, 2, 3)),
    quantity="|formula − share of the orders whose first k points are not all real|",
)
def coverage_by_counting(null_coverage: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    others = case.N - 1 + case.M
    orders = list(itertools.combinations(range(others), case.N - 1))  # where the real points stand
    missed = sum(set(range(case.k)) <= set(order) for order in orders)
    yield exact(abs(null_coverage(case.N, case.M, case.k) - (1 - Fraction(missed, len(orders)))))


@claim(
    id="self_consuming.knn-precision-recall.measured-coverage",
    title="The measured coverage has this mean",
    statement=r"\mathbb{E}[\text{coverage}] = 1 - \prod_{j < k} \frac{N - 1 - j}{N + M - 1 - j}",
    source=LOOP_COVERAGE.at("lemma 2"),
    role=("self_consuming.knn_metrics", "self_consuming.null_coverage"),
    evidence=Evidence.STATISTICAL,
    region=within(-0.045, 0.045, because="half of what one neighbour more changes at k = 3: from 0.76 to 0.85"),
    cases=grid(N=(100,), M=(60,), k=(3,), d=(3,)).full(d=(1, 3)),
    quantity="mean coverage of Student t₃ data − formula",
)
def measured_coverage(knn_metrics: Any, formula: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    expected = float(formula(case.N, case.M, case.k))

    def surplus(rng: np.random.Generator, size: int) -> Floats:
        pairs = ((rng.standard_t(3, (case.N, case.d)), rng.standard_t(3, (case.M, case.d))) for _ in range(size))
        return np.array([knn_metrics(*pair, case.k).coverage - expected for pair in pairs])

    yield from bounded_mean(surplus, -expected, 1 - expected, rng, case.risk, first=512)


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


@role("self_consuming.literal_precision", numbers="real (N, d), fake (M, d): floats, k; a share")
def literal_precision(real: Floats, fake: Floats, k: int) -> float:
    """The share of fakes that are nearer to a real point than to their own k-th neighbour among the fakes."""
    radius = np.sort(squared_distances(fake, fake), axis=1)[:, k]
    return float((squared_distances(real, fake).min(axis=0) <= radius).mean())


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
        because="counts over the same denominators: equal, or off by at least 1/(kM) = 1e-4; only the quotients round",
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
        "whole table takes 20 MiB and more",
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
