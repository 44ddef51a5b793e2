"""Entry 5: rows of one length, or of lengths at quantiles, make another kernel; and a theorem that fails as stated."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series, table
from verify.claims.figures import Table
from verify.claims.performer_vq.instances import Floats
from verify.claims.sources import PVQ_PERFORMER, PVQ_RADII
from verify.evidence import Enclosure, at_least, at_most, exact, gap, sup_distance, within
from verify.methods import random_features

SOURCE = PVQ_PERFORMER.at("theorem 1")

role("performer_vq.smreg_ratio", numbers="d, t ≥ 0: a float in (0, 1]")(random_features.smreg_ratio)


@mutant("performer_vq.smreg_ratio", slip="a sphere of radius √(d − 1)")
def smaller_sphere(d: int, t: float) -> float:
    from scipy.special import gammaln, xlogy

    k = np.arange(int(t + 12 * t**0.5 + 60))
    y = t * max(d - 1, 1e-9) / 4
    logs = xlogy(k, y) - gammaln(k + 1) - (gammaln(d / 2 + k) - gammaln(d / 2)) - t / 2
    return float(np.exp(logs).sum())


@mutant("performer_vq.smreg_ratio", slip="rows of one length are taken for unbiased")
def no_bias(d: int, t: float) -> float:
    return 1.0


@mutant("performer_vq.draw_projections", slip="quantiles (i − 1/2)/m, taken for unbiased")
def midpoint_quantiles(
    m: int, d: int, rng: np.random.Generator, *, coupling: str = "iid", norms: str = "chi"
) -> Floats:
    from scipy.special import gammaincinv

    if norms not in ("quantile", "stratified"):
        return random_features.draw_projections(m, d, rng, coupling=coupling, norms=norms)  # type: ignore[arg-type]
    rows = random_features.draw_projections(m, d, rng, coupling=coupling, norms="sqrt_d")  # type: ignore[arg-type]
    lengths = np.sqrt(2 * gammaincinv(d / 2, (np.arange(m) + 0.5) / m) / d)
    return np.asarray(rows * lengths[:, None])


@mutant("performer_vq.draw_projections", slip="directions are normalised uniforms, not normalised Gaussians")
def cube_directions(m: int, d: int, rng: np.random.Generator, *, coupling: str = "iid", norms: str = "chi") -> Floats:
    rows = random_features.draw_projections(m, d, rng, coupling=coupling, norms=norms)  # type: ignore[arg-type]
    if coupling != "iid":
        return rows
    cube = rng.uniform(-1, 1, (m, d))
    return np.asarray(cube * np.linalg.norm(rows, axis=1, keepdims=True) / np.linalg.norm(cube, axis=1, keepdims=True))


@cache
def sphere(d: int, nodes: int = 120) -> tuple[Floats, Floats]:
    """The law of one coordinate of the unit sphere in R^d, d ≥ 2, as points and weights (Gauss-Gegenbauer)."""
    from scipy.special import roots_jacobi

    x, w = roots_jacobi(nodes, (d - 3) / 2, (d - 3) / 2)
    return np.asarray(x), np.asarray(w / w.sum())


def mean_on_sphere(d: int, radius: float, t: float) -> float:
    """E e^(w.z − t/2) for w uniform on the sphere of that radius, |z|² = t."""
    x, w = sphere(d)
    return float(w @ np.exp(radius * t**0.5 * x - t / 2))


@claim(
    id="performer_vq.norm-surrogate-bias",
    title="Theorem 1 fails as stated: a kernel of 1 is estimated as 1/e",
    statement=r"|q|^2 = |k|^2 = \sqrt d,\; q \perp k: \qquad \frac{SM^{\mathrm{reg}}}{SM} \to e^{-1}, \qquad SM = 1",
    source=SOURCE,
    role="performer_vq.smreg_ratio",
    evidence=Evidence.EXACT,
    region=at_least(0.02, because="the theorem promises a negative gap up to o(d^(−1/3)); the closed form gives 0.029 "
                                  "at d = 64, rising to "
                    "1 − 1/e, and 0.02 is two thirds of the least"),
    cases=grid(d=(64, 1024, 10_000, 1_000_000)),
    quantity="promised ratio 1 − 2 d^(−1/3), minus the ratio",
    refutes="bounded kernel entries suffice for the regularised kernel to be within 2 d^(−1/3) of the softmax kernel",
)  # fmt: skip
def theorem_fails(ratio: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    value = ratio(case.d, 2 * case.d**0.5)
    yield exact(1 - 2 * case.d ** (-1 / 3) - (float(value) if np.isfinite(value) else 1.0))


@claim(
    id="performer_vq.norm-surrogate-bias.values",
    title="The ratio on that witness",
    statement=r"r(d, 2\sqrt d) = 0.47064831,\; 0.39704916,\; 0.37752986,\; 0.36885882 \qquad (d = 64,\, 1024,\, 10^4,\, 10^6)",
    source=SOURCE,
    role="performer_vq.smreg_ratio",
    evidence=Evidence.EXACT,
    region=at_most(1e-8, because="the values are stated to eight digits"),
    cases=grid(d=(64, 1024, 10_000, 1_000_000)),
    quantity="distance to the stated value",
)
def witness_values(ratio: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    stated = {64: 0.47064831, 1024: 0.39704916, 10_000: 0.37752986, 1_000_000: 0.36885882}
    yield exact(gap(ratio(case.d, 2 * case.d**0.5), stated[case.d]))


@claim(
    id="performer_vq.norm-surrogate-bias.quadrature",
    title="The mean of rows of one length, exactly",
    statement=r"\mathbb E\, e^{\omega\cdot z - |z|^2/2} = e^{-t/2}\, {}_0F_1(; \tfrac d2; \tfrac{dt}{4}), \qquad |\omega| = \sqrt d",
    source=SOURCE,
    role="performer_vq.smreg_ratio",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="120 nodes are exact to degree 239, far beyond √(dt) ≤ 36; exponents of 36 round by 36 eps = 8e-15, "
                  "relative to a mean that may be e⁻¹⁰ of the largest term; a factor 100"),
    cases=grid(d=(2, 4, 64), t=(0.1, 2.0, 16.0)).full(d=(2, 3, 4, 8, 16, 64), t=(0.1, 1.0, 2.0, 8.0, 16.0, 20.0)),
    quantity="|ratio − quadrature|",
)  # fmt: skip
def ratio_by_quadrature(ratio: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(ratio(case.d, case.t), mean_on_sphere(case.d, case.d**0.5, case.t)))


@claim(
    id="performer_vq.norm-surrogate-bias.bounds",
    title="A repaired hypothesis on t gives more than the theorem",
    statement=r"e^{-t^2/4d} \le r(d, t) \le 1",
    source=SOURCE,
    role="performer_vq.smreg_ratio",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because="1/(1 + 2j/d) ≥ e^(−2j/d), then Jensen; at t → 0 both ends meet the value, so "
                                  "roundings of 1 are allowed: "
                   "Poisson weights that sum to 1 within 400 eps"),
    cases=grid(d=(1, 4, 64, 4096), t=(0.01, 1.0, 10.0, 100.0)).full(
        d=(1, 2, 4, 16, 64, 256, 1024, 4096), t=(0.001, 0.01, 0.1, 1.0, 3.0, 10.0, 30.0, 100.0)
    ),
    quantity="how far the ratio lies outside its bounds",
)  # fmt: skip
def two_sided_bound(ratio: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    value = float(ratio(case.d, case.t))
    outside = max(np.exp(-(case.t**2) / (4 * case.d)) - value, value - 1, 0.0)
    yield exact(outside if np.isfinite(value) else np.inf)


@claim(
    id="performer_vq.norm-surrogate-bias.order",
    title="At fixed t the bias falls like t²/4d",
    statement=r"4d\,(1 - r(d, 1)) \to 1",
    source=SOURCE,
    role="performer_vq.smreg_ratio",
    evidence=Evidence.RATE,
    region=within(
        0.99, 1.01, because="the next term is of order 1/d < 1e-3 at d = 1024, and rounding 4d eps = 4e-10 at d = 1e6"
    ),
    cases=grid(d=(1024, 65_536)).full(d=(1024, 4096, 65_536, 1_000_000)),
    quantity="4d (1 − r)",
)
def first_order(ratio: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(4 * case.d * (1 - ratio(case.d, 1.0)), 0.0))


QUANTILES = {(2, 16, 4.0): 0.6912355675, (8, 64, 8.0): 0.7809521229, (64, 256, 8.0): 0.9867844797}


@claim(
    id="performer_vq.norm-surrogate-bias.quantiles",
    title="Lengths at the quantiles i/(m + 1) bias the estimate low by a known amount",
    statement=r"\frac1m \sum_i e^{-t/2}\, {}_0F_1(; \tfrac d2; \tfrac{R_i^2 t}{4}) < 1, \qquad F_{\chi^2_d}(R_i^2) = \tfrac{i}{m+1}",
    source=PVQ_RADII.at("deterministic lengths"),
    role="performer_vq.draw_projections",
    evidence=Evidence.EXACT,
    region=at_most(1e-8, because="the means are stated to ten digits; quantiles (i − 1/2)/m are off by more than 1e-3"),
    cases=grid(setting=tuple(QUANTILES)),
    quantity="distance of the mean ratio to the stated value",
    refutes="lengths at the quantiles of the chi law leave the estimator unbiased",
)
def quantile_lengths(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d, m, t = case.setting
    lengths = np.linalg.norm(draw(m, d, rng, coupling="orthogonal", norms="quantile"), axis=1)
    yield exact(gap(np.mean([mean_on_sphere(d, float(r), t) for r in lengths]), QUANTILES[case.setting]))


@claim(
    id="performer_vq.norm-surrogate-bias.strata",
    title="Lengths drawn within strata are unbiased: each is uniform in its own",
    statement=r"m F_{\chi^2_d}(|\omega_i|^2) - (i - 1) \sim U(0, 1)",
    source=PVQ_RADII.at("deterministic lengths"),
    role="performer_vq.draw_projections",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.02, because="midpoints are at distance 1/2 and unstratified lengths at nearly 1; any mean of a "
                                 "bounded bias of 0.035 "
                  "(the quantiles' at d = 8, m = 32, t = 2) is told apart"),
    cases=grid(d=(8,)).full(d=(2, 8, 64)),
    quantity="distance to the uniform law",
)  # fmt: skip
def strata_are_uniform(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import gammainc

    def within_stratum(rng: np.random.Generator, size: int) -> Floats:
        rows = draw(size, case.d, rng, norms="stratified")
        return np.asarray(size * gammainc(case.d / 2, np.sum(rows**2, axis=1) / 2) - np.arange(size))

    yield from sup_distance(within_stratum, lambda x: np.clip(x, 0, 1), rng, case.risk)


@claim(
    id="performer_vq.norm-surrogate-bias.directions",
    title="Directions are uniform on the sphere",
    statement=r"\Big(\frac{\omega\cdot u}{|\omega|}\Big)^2 \sim \mathrm{Beta}\big(\tfrac12, \tfrac{d-1}2\big)",
    source=SOURCE,
    role="performer_vq.draw_projections",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.02, because="a third of what normalised uniforms are off, 0.06 along an axis of R¹⁶"),
    cases=grid(d=(16,), norms=("sqrt_d", "chi")),
    quantity="distance to the law of a coordinate",
)
def directions_are_uniform(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import betainc

    def coordinate2(rng: np.random.Generator, size: int) -> Floats:
        W = draw(size, case.d, rng, coupling="iid", norms=case.norms)
        return np.asarray(W[:, 0] ** 2 / np.sum(W**2, axis=1))

    def law(x: Floats) -> Floats:
        return np.asarray(betainc(0.5, (case.d - 1) / 2, np.clip(x, 0, 1)))

    yield from sup_distance(coordinate2, law, rng, case.risk)


@claim(
    id="performer_vq.norm-surrogate-bias.radius",
    title="Rows of one length have the length √d",
    statement=r"|\omega_i| = \sqrt d",
    source=SOURCE,
    role="performer_vq.draw_projections",
    evidence=Evidence.EXACT,
    region=at_most(1e-14, because="a direction of norm 1 within d/2 eps times one number: 64 eps at worst"),
    cases=grid(d=(3, 16), coupling=("iid", "orthogonal", "simplex")),
    quantity="largest relative difference",
)
def length_is_root_d(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    W = draw(40, case.d, rng, coupling=case.coupling, norms="sqrt_d")
    yield exact(gap(np.linalg.norm(W, axis=1) / case.d**0.5, np.ones(40)))


@figure(of="performer_vq.norm-surrogate-bias")
def ratio_against_dimension() -> Figure:
    d = np.unique(np.round(np.geomspace(4, 1e6, 60)).astype(int))
    ratio = [random_features.smreg_ratio(int(x), 2 * float(x) ** 0.5) for x in d]
    return Figure(
        "The regularised kernel over the softmax kernel, |q|² = |k|² = √d, q ⊥ k",
        "The theorem's bound rises to 1 with the dimension; the ratio falls to 1/e.",
        "dimension d",
        "ratio",
        (
            series("ratio r(d, 2√d)", d, ratio),
            series("promised: at least 1 − 2 d^(−1/3)", d[d > 8], 1 - 2.0 * d[d > 8] ** (-1 / 3), kind="dashed"),
            series("e^(−t²/4d) = 1/e", y=(np.exp(-1),), kind="hline"),
        ),
        x_log=True,
    )


@figure(of="performer_vq.norm-surrogate-bias.quantiles")
def bias_of_quantiles() -> Figure:
    rng = np.random.default_rng(9862)
    m = (4, 8, 16, 32, 64, 128, 256)
    curves = []
    for d, t in ((2, 4.0), (8, 8.0), (64, 8.0)):
        biases = []
        for size in m:
            lengths = np.linalg.norm(random_features.draw_projections(size, d, rng, norms="quantile"), axis=1)
            biases.append(1 - float(np.mean([mean_on_sphere(d, float(r), t) for r in lengths])))
        curves.append(series(f"quantiles, d = {d}, t = {t:g}", m, biases))
    return Figure(
        "Bias of deterministic lengths",
        "Quantiles cut off the tail, which is where the mean comes from; the bias falls slowly with m. Stratified lengths have none.",
        "rows m",
        "1 − mean estimate / kernel",
        tuple(curves),
        x_log=True,
        y_log=True,
    )


@table(of="performer_vq.norm-surrogate-bias")
def theorem_and_truth() -> Table:
    rows = []
    for d in (64, 1024, 10_000, 1_000_000):
        rows.append((d, 1 - 2 * d ** (-1 / 3), random_features.smreg_ratio(d, 2 * d**0.5), float(np.exp(-1))))
    return Table(
        "Theorem 1 on two orthogonal vectors of squared length √d",
        "Their kernel is 1 at every d, so the hypothesis holds; the ratio tends to 1/e.",
        ("d", "promised 1 − 2 d^(−1/3)", "ratio", "limit 1/e"),
        rows,
    )
