"""Entry 5, the sampler: lengths at quantiles are biased, within strata they are not; directions are uniform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, series
from verify.claims.performer_vq.instances import Floats, mean_on_sphere
from verify.claims.performer_vq.norms import SOURCE
from verify.claims.sources import PVQ_RADII
from verify.evidence import Enclosure, at_most, exact, gap, sup_distance
from verify.methods import random_features


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
    region=at_most(
        0.02,
        because="midpoints are at distance 1/2 and unstratified lengths at nearly 1: a twenty-fifth of the nearer mistake",
    ),
    cases=grid(d=(8,)).full(d=(2, 8, 64)),
    quantity="distance to the uniform law",
)
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
    region=at_most(0.02, because="a fifth of what normalised uniforms are off, 0.106 along an axis of R¹⁶"),
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
    region=at_most(
        1e-14,
        because="a direction of norm 1 within d/2 eps, times one number, and its norm taken again: 20 eps = 4.4e-15 for d ≤ 16, twice",
    ),
    cases=grid(d=(3, 16), coupling=("iid", "orthogonal", "simplex")),
    quantity="largest relative difference",
)
def length_is_root_d(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    W = draw(40, case.d, rng, coupling=case.coupling, norms="sqrt_d")
    yield exact(gap(np.linalg.norm(W, axis=1) / case.d**0.5, np.ones(40)))


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
