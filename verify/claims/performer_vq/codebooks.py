"""Entry 13, trained codebooks: what Lloyd's iteration keeps, how fast it gains, and what it buys."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.performer_vq.distortion import all_distances, ignores_nan, second_nearest
from verify.claims.performer_vq.instances import Floats, attention, prf_attention, real_tokens, tokens
from verify.claims.sources import PVQ_ARTICLE, PVQ_LLOYD
from verify.evidence import Enclosure, Vacuous, at_least, at_most, exact, gap, probability, slope, within, worst
from verify.methods import vector_quantization as vq
from verify.methods.random_features import draw_projections

role("performer_vq.lloyd", numbers="K (n, d), c, generator, iters=, init=; codebook (c, d), history (iters + 1,)")(
    vq.lloyd
)


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
    id="performer_vq.codebook-distortion.rate",
    title="The distortion of good codebooks falls like c^(−2/d)",
    statement=r"\frac{d \log D}{d \log c} = -\frac2d",
    source=PVQ_LLOYD.at("high rates"),
    role="performer_vq.lloyd",
    evidence=Evidence.RATE,
    region=within(
        -0.06,
        0.06,
        because="boundary cells add a term of order c^(−1/d), and local optima a few percent that hardly change with c: "
        "5 % over a factor of 16 in c is 0.02 of slope, and as much again for each and for fresh keys",
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
