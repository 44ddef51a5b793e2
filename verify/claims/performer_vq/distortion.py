"""Entry 13: random projections are poor centres of keys; what Lloyd's iteration and theory make of the same budget."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series, table
from verify.claims.figures import Table
from verify.claims.performer_vq.instances import Floats, attention, prf_attention, tokens
from verify.claims.sources import PVQ_ARTICLE, PVQ_LLOYD
from verify.evidence import (
    Enclosure,
    Vacuous,
    accepted,
    at_least,
    at_most,
    exact,
    exactly,
    gap,
    probability,
    slope,
    sup_distance,
    within,
    worst,
)  # fmt: skip
from verify.methods import vector_quantization as vq
from verify.methods.random_features import draw_projections

role("performer_vq.vq_assign", numbers="K (n, d), C (c, d): arrays; codes (n,) int64 and squared distances (n,)")(
    vq.vq_assign
)
role("performer_vq.lloyd", numbers="K (n, d), c, generator, iters=, init=; codebook (c, d), history (iters + 1,)")(
    vq.lloyd
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


@mutant("performer_vq.lloyd", slip="no iteration: a sample of the keys is the codebook")
def sample_of_keys(K: Floats, c: int, rng: np.random.Generator, *, iters: int = 25, init: Any = "sample") -> Any:
    C, history = vq.lloyd(K, c, rng, iters=0, init=init)
    return C, np.full(iters + 1, history[0])


def lloyd_with(assign: Any, empty: float | None, refit: bool = False) -> Any:
    """Lloyd's iteration with another assignment, another fate of empty cells, or another distortion."""

    def iterate(K: Floats, c: int, rng: np.random.Generator, *, iters: int = 25, init: Any = "sample") -> Any:
        C, _ = vq.lloyd(K, c, rng, iters=0, init=init)
        history = []
        for step in range(iters + 1):
            codes, distances = assign(K, C)
            counts = np.bincount(codes, minlength=c)
            means = np.where(
                counts[:, None] > 0,
                np.eye(c)[codes].T @ K / np.maximum(counts, 1)[:, None],
                C if empty is None else empty,
            )
            history.append(float(np.mean(np.sum((K - means[codes]) ** 2, axis=1)) if refit else np.mean(distances)))
            if step < iters:
                C = means
        return C, np.array(history)

    return iterate


@mutant("performer_vq.lloyd", slip="keys go to their second nearest codeword")
def assigned_to_second(K: Floats, c: int, rng: np.random.Generator, **how: Any) -> Any:
    return lloyd_with(second_nearest, None)(K, c, rng, **how)


@mutant("performer_vq.lloyd", slip="an empty cell becomes NaN, the mean of nothing")
def empty_is_nan(K: Floats, c: int, rng: np.random.Generator, **how: Any) -> Any:
    return lloyd_with(ignores_nan, np.nan)(K, c, rng, **how)


@mutant("performer_vq.lloyd", slip="an empty cell becomes the zero vector")
def empty_is_zero(K: Floats, c: int, rng: np.random.Generator, **how: Any) -> Any:
    return lloyd_with(vq.vq_assign, 0.0)(K, c, rng, **how)


@mutant("performer_vq.lloyd", slip="distortion is measured with a codebook refitted to the same cells")
def refitted_distortion(K: Floats, c: int, rng: np.random.Generator, **how: Any) -> Any:
    return lloyd_with(vq.vq_assign, None, refit=True)(K, c, rng, **how)


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


def clusters(rng: np.random.Generator, n: int, d: int, c: int) -> tuple[Floats, Floats]:
    """(keys in a few clumps, initial codewords of which some are far from every key)."""
    centres = 4 * rng.normal(size=(5, d))
    K = centres[rng.integers(0, 5, n)] + rng.normal(size=(n, d))
    return K, np.concatenate([K[: c - 2], 1e3 + rng.normal(size=(2, d))])


@claim(
    id="performer_vq.codebook-distortion.monotone",
    title="No step of Lloyd's iteration increases the distortion",
    statement=r"D_{i+1} \le D_i",
    source=PVQ_LLOYD.at("convergence"),
    role="performer_vq.lloyd",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="means minimise and nearest codewords minimise, exactly; means of 400 keys round by 400 eps = 9e-14",
    ),
    cases=grid(d=(2, 8), c=(6, 30)),
    quantity="largest relative increase over 20 steps",
)
def distortion_falls(lloyd: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    K, start = clusters(rng, 400, case.d, case.c)
    history = np.asarray(lloyd(K, case.c, rng, iters=20, init=start)[1], float)
    if history.shape != (21,) or not np.isfinite(history).all():
        yield exact(np.inf)
        return
    yield exact(gap(np.maximum(np.diff(history) / history[:-1], 0.0), np.zeros(20)))


@claim(
    id="performer_vq.codebook-distortion.centroids",
    title="Each step leaves codewords at the means of their cells, and empty ones where they are",
    statement=r"c_y \leftarrow \frac{1}{n_y} \sum_{z_j = y} k_j, \qquad D_i = \frac1n \sum_j \min_y |k_j - c_y|^2",
    source=PVQ_LLOYD.at("condition 2"),
    role="performer_vq.lloyd",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="sums of at most 400 keys below 20, over their number, in another order: 400 eps "
                                  "relative; codewords near "
                   "1000 are compared with themselves"),
    cases=grid(d=(2, 8), c=(6, 30)),
    quantity="largest difference of a codeword or a distortion, relative",
)  # fmt: skip
def one_step(lloyd: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    K, start = clusters(rng, 400, case.d, case.c)
    codes = all_distances(K, start).argmin(axis=1)
    if len(np.unique(codes)) == case.c:
        raise Vacuous("no cell is empty")
    moved = np.stack([K[codes == y].mean(axis=0) if (codes == y).any() else start[y] for y in range(case.c)])
    history = [all_distances(K, C).min(axis=1).mean() for C in (start, moved)]
    found, found_history = lloyd(K, case.c, rng, iters=1, init=start)
    yield worst([exact(gap(found, moved) / 1e1), exact(gap(np.asarray(found_history) / history, np.ones(2)))])


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


@claim(
    id="performer_vq.codebook-distortion.rate",
    title="The distortion of good codebooks falls like c^(−2/d)",
    statement=r"\frac{d \log D}{d \log c} = -\frac2d",
    source=PVQ_LLOYD.at("high rates"),
    role="performer_vq.lloyd",
    evidence=Evidence.RATE,
    region=within(
        -0.08,
        0.08,
        because="boundary cells add a term of order c^(−1/d), and local optima a few percent that hardly change with c",
    ),
    cases=grid(setting=((2, 8, 128), (3, 16, 256)), n=(6000,)).full(n=(20_000,)),
    quantity="slope plus 2/d, on fresh keys",
)
def high_rate(lloyd: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d, first, last = case.setting
    sizes = [first * 4**i for i in range(10) if first * 4**i <= last]
    keys, fresh = rng.random((case.n, d)), rng.random((case.n, d))
    distortions = [
        np.mean(vq.vq_assign(fresh, np.asarray(lloyd(keys, c, rng, iters=12, init="kmeans++")[0]))[1]) for c in sizes
    ]
    yield exact(slope(np.log(sizes), np.log(distortions)) + 2 / d)


def relative_mse(out: Any, Q: Floats, K: Floats, V: Floats) -> float:
    """Squared error over that of uniform pooling."""
    o = attention(Q, K, V)
    return float(np.sum((np.asarray(out) - o) ** 2) / np.sum((V.mean(axis=0) - o) ** 2))


@claim(
    id="performer_vq.codebook-distortion.budget",
    title="With the same budget, quantised keys beat uniform pooling where random features do not",
    statement=r"c = m = 128,\; n = 1024: \qquad \mathrm{MSE}_{\mathrm{VQ}} < 0.85\, \mathrm{MSE}_{\mathrm{pool}}, \quad "
    r"\mathrm{MSE}_{\mathrm{PRF}} > \mathrm{MSE}_{\mathrm{pool}}",
    source=PVQ_ARTICLE.at("which of the two"),
    role=("performer_vq.vq_attention", "performer_vq.prf_attention"),
    evidence=Evidence.STATISTICAL,
    region=at_least(0.5, because="typically means with probability at least one half"),
    cases=grid(d=(16,)).full(d=(16, 32)),
    quantity="probability that both inequalities hold",
)
def same_budget(quantised: Any, featured: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def both(rng: np.random.Generator) -> bool:
        Q, K, V = tokens(rng, 1024, case.d, 8, case.d**-0.25)
        Q = Q[:256]
        codebook, _ = vq.lloyd(K, 128, rng, iters=8)
        codes, _ = vq.vq_assign(K, codebook)
        by_codes = relative_mse(quantised(Q, codes, codebook, V), Q, K, V)
        by_features = relative_mse(featured(Q, K, V, draw_projections(128, case.d, rng)), Q, K, V)
        return by_codes < 0.85 and by_features > 1

    yield from probability(lambda rng, size: np.array([both(rng) for _ in range(size)]), rng, case.risk, first=64)


@cache
def budgets(kind: str) -> dict[str, list[float]]:
    """Relative error of outputs for equal budgets c = m, on made-up or real keys."""
    from verify.claims.performer_vq.output_error import real_tokens

    rng = np.random.default_rng(9862)
    Q, K, V = tokens(rng, 512, 16, 8, 0.5) if kind == "normal" else real_tokens(rng, 128, 512, 16, 1.0)
    Q = Q[:128]
    found: dict[str, list[float]] = {"k-means VQ": [], "random features": []}
    for c in (16, 32, 64, 128, 256):
        codebook, _ = vq.lloyd(K, c, rng, iters=10)
        codes, _ = vq.vq_assign(K, codebook)
        found["k-means VQ"].append(relative_mse(vq.vq_attention(Q, codes, codebook, V), Q, K, V))
        runs = [relative_mse(prf_attention(Q, K, V, draw_projections(c, 16, rng)), Q, K, V) for _ in range(4)]
        found["random features"].append(float(np.mean(runs)))
    return found


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


@figure(of="performer_vq.codebook-distortion.budget")
def equal_budgets() -> Figure:
    curves = []
    for kind, title in (("normal", "normal keys"), ("words", "real words")):
        for name, values in budgets(kind).items():
            curves.append(
                series(
                    f"{title}: {name}", (16, 32, 64, 128, 256), values, kind="line" if kind == "normal" else "dashed"
                )
            )
    return Figure(
        "Error of outputs over that of uniform pooling, n = 512, d = 16, unit-variance entries",
        "With the same number of codes and features, k-means VQ is below uniform pooling where random features are above.",
        "c = m",
        "relative to uniform pooling",
        (*curves, series("uniform pooling", y=(1.0,), kind="hline")),
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
