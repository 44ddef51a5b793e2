"""Entry 13: random projections are poor centres of keys; what Lloyd's iteration and theory make of the same budget."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series, table
from verify.claims.figures import Table
from verify.claims.performer_vq.instances import Floats
from verify.claims.sources import PVQ_ARTICLE, PVQ_LLOYD
from verify.evidence import Enclosure, Vacuous, accepted, at_most, exact, exactly, gap, sup_distance, within
from verify.methods import vector_quantization as vq

role("performer_vq.vq_assign", numbers="K (n, d), C (c, d): arrays; codes (n,) int64 and squared distances (n,)")(
    vq.vq_assign
)


def all_distances(K: Floats, C: Floats) -> Floats:
    return np.asarray(np.sum((np.asarray(K)[:, None] - C) ** 2, axis=2))


@mutant("performer_vq.vq_assign", slip="the second nearest codeword")
def second_nearest(K: Floats, C: Floats) -> Any:
    distances = all_distances(K, C)
    codes = np.argsort(distances, axis=1, kind="stable")[:, min(1, len(C) - 1)]
    return codes, distances[np.arange(len(K)), codes]


@mutant("performer_vq.vq_assign", slip="k.c is maximised without −|c|²/2: long codewords win")
def largest_product(K: Floats, C: Floats) -> Any:
    codes = (K @ C.T).argmax(axis=1)
    return codes, all_distances(K, C)[np.arange(len(K)), codes]


@mutant("performer_vq.vq_assign", slip="ties go to the last codeword")
def last_of_ties(K: Floats, C: Floats) -> Any:
    distances = all_distances(K, C)
    codes = len(C) - 1 - distances[:, ::-1].argmin(axis=1)
    return codes, distances[np.arange(len(K)), codes]


@mutant("performer_vq.vq_assign", slip="codewords that are NaN are passed over in silence")
def ignores_nan(K: Floats, C: Floats) -> Any:
    distances = np.nan_to_num(all_distances(K, C), nan=np.inf)
    codes = distances.argmin(axis=1)
    return codes, distances[np.arange(len(K)), codes]


@equivalent("performer_vq.vq_assign", because="all distances written out are the definition")
def by_definition(K: Floats, C: Floats) -> Any:
    if not (np.isfinite(K).all() and np.isfinite(C).all() and np.ndim(K) == np.ndim(C) == 2 and len(K) and len(C)):
        raise ValueError("not finite, or empty")
    distances = all_distances(K, C)
    codes = distances.argmin(axis=1)
    return codes, distances[np.arange(len(K)), codes]


@role(
    "performer_vq.min_distance_law", numbers="x ≥ 0, d, |k|², m; P(min over m codewords of |k − c|² ≤ x), a float array"
)
def min_distance_law(x: Floats, d: int, norm2: float, m: int) -> Floats:
    """1 − (1 − F(x))^m, F noncentral chi-square with d degrees of freedom and noncentrality |k|²."""
    from scipy.special import chndtr

    return np.asarray(-np.expm1(m * np.log1p(-np.minimum(chndtr(np.maximum(x, 0.0), d, norm2), 1 - 1e-16))))


@mutant("performer_vq.min_distance_law", slip="the central chi-square law: keys are taken to lie at the origin")
def central_law(x: Floats, d: int, norm2: float, m: int) -> Floats:
    from scipy.special import chdtr

    return np.asarray(1 - (1 - chdtr(d, np.maximum(x, 0.0))) ** m)


@mutant("performer_vq.min_distance_law", slip="one codeword's law: the minimum over m is forgotten")
def single_codeword(x: Floats, d: int, norm2: float, m: int) -> Floats:
    return min_distance_law(x, d, norm2, 1)


def expected_minimum(law: Any, d: int, norm2: float, m: int) -> float:
    """The integral of 1 − law over [0, ∞), by Gauss-Legendre on pieces of the range where it falls."""
    top = 4 * (d + norm2) + 200
    nodes, weights = np.polynomial.legendre.leggauss(40)
    edges = np.linspace(0.0, top, 41)
    width = np.diff(edges)[:, None] / 2
    x = edges[:-1, None] + width * (nodes + 1)
    values = 1 - np.asarray(law(x.ravel(), d, norm2, m)).reshape(x.shape)
    return float(np.sum(width * weights * values))


STATED = {(64, 64, 256): 78.995929, (64, 8, 256): 41.427676, (8, 8, 64): 4.088693, (16, 16, 256): 10.713856}


@claim(
    id="performer_vq.codebook-distortion",
    title="How far the nearest of m random projections is, on average",
    statement=r"\mathbb E \min_y |k - c_y|^2 = \int_0^\infty \big(1 - F_{\chi'^2_d(|k|^2)}(x)\big)^m dx, \qquad c_y \sim N(0, I_d)",
    source=PVQ_ARTICLE.at("random projections as centres"),
    role="performer_vq.min_distance_law",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-5,
        because="the values are stated to six decimals; SciPy's noncentral law is good to 1e-10 and the quadrature beyond that",
    ),
    cases=grid(setting=tuple(STATED)),
    quantity="distance of the mean to the stated value",
)
def mean_distance(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(expected_minimum(law, *case.setting), STATED[case.setting]))


@claim(
    id="performer_vq.codebook-distortion.law",
    title="That distance has exactly this law",
    statement=r"P\big(\min_y |k - c_y|^2 \le x\big) = 1 - (1 - F(x))^m",
    source=PVQ_ARTICLE.at("random projections as centres"),
    role=("performer_vq.vq_assign", "performer_vq.min_distance_law"),
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.05, because="the second nearest of 64 is at distance 0.26 from this law, the central law at nearly 1: a fifth"
    ),
    cases=grid(setting=((8, 8, 64),)).full(setting=((8, 8, 64), (4, 16, 32))),
    quantity="distance to the law",
)
def law_of_minimum(assign: Any, law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d, norm2, m = case.setting
    k = np.full((1, d), (norm2 / d) ** 0.5)

    def nearest(rng: np.random.Generator, size: int) -> list[float]:
        return [float(assign(k, rng.normal(size=(m, d)))[1][0]) for _ in range(size)]

    yield from sup_distance(nearest, lambda x: law(x, d, norm2, m), rng, case.risk)


@claim(
    id="performer_vq.codebook-distortion.zero",
    title="It is farther than the zero vector",
    statement=r"\mathbb E \min_y |k - c_y|^2 > |k|^2, \qquad d = 64,\; m = 256",
    source=PVQ_ARTICLE.at("random projections as centres"),
    role="performer_vq.min_distance_law",
    evidence=Evidence.EXACT,
    region=within(
        1.2, 6, because="78.99/64 = 1.23 and 41.43/8 = 5.18; below 1 the projections would be the better centres"
    ),
    cases=grid(norm2=(64, 8)),
    quantity="mean distance of the nearest of 256 projections, over |k|²",
    refutes="random projections can serve as centres that represent the keys",
)
def worse_than_zero(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    ratio = expected_minimum(law, 64, case.norm2, 256) / case.norm2
    yield exact(ratio if np.isfinite(ratio) else 0.0)


@claim(
    id="performer_vq.codebook-distortion.nearest",
    title="Codes are those of the nearest codeword, ties going to the lowest",
    statement=r"z_j = \min \arg\min_y |k_j - c_y|^2",
    source=PVQ_LLOYD.at("condition 1"),
    role="performer_vq.vq_assign",
    evidence=Evidence.EXACT,
    region=exactly(0, because="small integers: all distances are exact in double precision"),
    cases=grid(d=(1, 3), c=(1, 7, 40)),
    quantity="codes that differ from the definition",
)
def codes_by_definition(assign: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    K, C = (rng.integers(-3, 4, (n, case.d)).astype(float) for n in (300, case.c))
    distances = all_distances(K, C)
    if case.c == 40 and ((distances == distances.min(axis=1, keepdims=True)).sum(axis=1) > 1).mean() < 0.2:
        raise Vacuous("there are few ties")
    codes, found = assign(K, C)
    yield exact(int(np.sum(np.asarray(codes) != distances.argmin(axis=1)) + np.sum(found != distances.min(axis=1))))


@claim(
    id="performer_vq.codebook-distortion.refusals",
    title="Codebooks with NaN, or of another dimension, are refused",
    statement=r"K \in \mathbb R^{n \times d}, \quad C \in \mathbb R^{c \times d}",
    source=PVQ_LLOYD.at("condition 1"),
    role="performer_vq.vq_assign",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="none of these has an answer"),
    quantity="bad inputs that were taken",
)
def bad_codebooks_are_refused(assign: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    a = np.ones((3, 2))
    rows = np.array([[1.0, 2.0], [np.nan, 0.0]])
    yield exact(accepted(assign, [(a, rows), (rows, a), (a, np.ones((3, 3))), (a[:0], a), (a, a[:0])], ValueError))


@claim(
    id="performer_vq.codebook-distortion.grid",
    title="On an interval the best codebook is a grid, with distortion 1/(12 c²)",
    statement=r"c_y = \frac{2y + 1}{2c}: \qquad \int_0^1 \min_y (k - c_y)^2\, dk = \frac{1}{12 c^2}",
    source=PVQ_LLOYD.at("uniform densities"),
    role="performer_vq.vq_assign",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="midpoints of 64 intervals a cell give 1/(12 c²) (1 − 1/64²), exactly; sums of 64 c ≤ 2048 positive terms of "
        "relative rounding below 64 c eps",
    ),
    cases=grid(c=(1, 5, 32)),
    quantity="relative difference",
)
def uniform_grid(assign: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    c = case.c
    keys, book = ((np.arange(n)[:, None] + 0.5) / n for n in (64 * c, c))
    _, distances = assign(keys, book)
    yield exact(gap(np.mean(distances) * 12 * c * c / (1 - 1 / 64**2), 1.0))


@figure(of="performer_vq.codebook-distortion")
def distortion_against_size() -> Figure:
    rng = np.random.default_rng(9862)
    sizes = (4, 8, 16, 32, 64, 128, 256)
    keys = rng.normal(size=(2000, 8))
    lloyd = [float(vq.lloyd(keys, c, rng, iters=10)[1][-1]) for c in sizes]
    return Figure(
        "Mean squared distance of a normal key to its codeword, d = 8",
        "A few random projections are worse than the zero vector; Lloyd's codebook is better from the start, "
        "at the rate c^(−2/d).",
        "codewords",
        "mean squared distance",
        (
            series(
                "random projections, |k|² = 8", sizes, [expected_minimum(min_distance_law, 8, 8.0, m) for m in sizes]
            ),
            series("Lloyd", sizes, lloyd),
            series("zero vector", y=(8.0,), kind="hline"),
            series("slope −2/d", sizes, [lloyd[0] * (c / sizes[0]) ** -0.25 for c in sizes], kind="dashed"),
        ),
        x_log=True,
        y_log=True,
    )


@table(of="performer_vq.codebook-distortion.zero")
def projections_as_centres() -> Table:
    from scipy.special import chndtr

    rows = []
    for d, norm2, m in STATED:
        rows.append(
            (d, norm2, m, expected_minimum(min_distance_law, d, norm2, m), float(norm2), float(chndtr(norm2, d, norm2)))
        )
    return Table(
        "Random projections as centres of keys",
        "In 64 dimensions the nearest of 256 is farther than the zero vector; a single one is nearer with probability 5e-5 or less.",
        ("d", "|k|²", "m", "mean distance of the nearest", "of the zero vector", "P(one is nearer than zero)"),
        rows,
    )
