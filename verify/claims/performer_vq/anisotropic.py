"""Entry 6, beyond one pair: orthogonal rows, and a proposal with its own width in each direction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.performer_vq.instances import Floats
from verify.claims.performer_vq.optimal import SOURCE, best_by_bisection
from verify.claims.sources import PVQ_DARK
from verify.evidence import Enclosure, at_most, exact, gap, worst
from verify.methods import random_features


@claim(
    id="performer_vq.optimal-positive-features.orthogonal",
    title="What an orthogonal pair saves does not depend on A",
    statement=r"\mathbb E \prod_{i=1,2} f_A^{(i)}(q) f_A^{(i)}(k) = e^{2 q\cdot k - t}\, {}_1F_1(d; \tfrac d2; \tfrac t2), \qquad "
    r"\omega_1 \perp \omega_2",
    source=SOURCE,
    role="performer_vq.log_oprf_features",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="40 radial nodes for factors e^(4A r²/2) with |4A| ≤ 0.4: (0.4/1.4)⁴⁰ · … < 1e-15 "
                                  "relative, 64 equal angles are "
                   "exact to degree 64; roundings of 1e5 positive terms with exponents below 50: 1e-13"),
    cases=grid(A=(-0.1, 0.0, 0.05), t=(0.5, 2.0)),
    quantity="relative error",
)  # fmt: skip
def cross_moment(log_features: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    x, w = np.polynomial.laguerre.laggauss(40)  # r²/2 of a plane normal vector
    angles = np.arange(64) * 2 * np.pi / 64
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    turned = np.stack([-np.sin(angles), np.cos(angles)], axis=1)
    q = np.array([0.3, 0.1])
    k = np.array([case.t**0.5, 0.0]) - q
    logs = [
        log_features(np.stack([q, k]), ((2 * x[:, None, None]) ** 0.5 * rows).reshape(-1, 2), case.A)
        .sum(axis=0)
        .reshape(40, 64)
        for rows in (directions, turned)
    ]
    first, second = (np.exp(np.asarray(one) - q @ k) for one in logs)
    mean = float(np.mean((w @ first) * (w @ second)))
    t = flint.arb(float((q + k) @ (q + k)))
    truth = float((t / 2).hypgeom_1f1(flint.arb(2), flint.arb(1)) * (-t).exp())
    yield exact(gap(mean / truth, 1.0))


@role("performer_vq.anisotropic_rho", numbers="eigenvalues (d,) of the second moment of q + k; rho (d,)")
def anisotropic_rho(eigenvalues: Floats) -> Floats:
    """The best Gaussian proposal in the eigenbasis: each coordinate its own optimal rho."""
    return np.array([random_features.optimal_rho(1, float(x)) for x in eigenvalues])


@mutant("performer_vq.anisotropic_rho", slip="one rho for all coordinates")
def isotropic(eigenvalues: Floats) -> Floats:
    return np.full(len(eigenvalues), random_features.optimal_rho(len(eigenvalues), float(np.sum(eigenvalues))))


@mutant("performer_vq.anisotropic_rho", slip="the eigenvalues in the wrong order")
def reversed_spectrum(eigenvalues: Floats) -> Floats:
    return anisotropic_rho(eigenvalues[::-1])


def mean_log_moment(rho: Floats, eigenvalues: Floats) -> float:
    return float(np.sum(np.log((1 + rho) ** 2 / (4 * rho)) / 2 + rho * eigenvalues))


@claim(
    id="performer_vq.optimal-positive-features.anisotropic",
    title="A proposal with its own width in each direction is better still",
    statement=r"\min_{\rho \in \mathbb R^d} \sum_i \tfrac12 \log \frac{(1+\rho_i)^2}{4\rho_i} + \rho_i \lambda_i, \qquad "
    r"\rho_i = \rho^*(\lambda_i, 1)",
    source=PVQ_DARK.at("data-aware covariance"),
    role="performer_vq.anisotropic_rho",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="a bisected minimum of each convex-like term is exact to 1e-16 in value; one rho for all costs 1e-2",
    ),
    cases=grid(spectrum=("flat", "falling", "one")),
    quantity="mean log second moment above its minimum",
)
def best_in_each_direction(rho: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    spectra = {"flat": np.full(6, 2.0), "falling": 8.0 * 2.0 ** -np.arange(6), "one": np.array([12.0, *[1e-3] * 5])}
    eigenvalues = spectra[case.spectrum]
    least = mean_log_moment(np.array([best_by_bisection(1, float(x)) for x in eigenvalues]), eigenvalues)
    single, plain = mean_log_moment(isotropic(eigenvalues), eigenvalues), mean_log_moment(np.ones(6), eigenvalues)
    ordered = least <= single + 1e-12 and single <= plain
    value = mean_log_moment(np.asarray(rho(eigenvalues)), eigenvalues)
    yield worst([exact(gap(value, least)), exact(0.0 if ordered else np.inf)])
