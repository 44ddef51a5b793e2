"""Entry 6: the best positive features for a pair."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.sources import PVQ_DARK, PVQ_TABLES
from verify.evidence import Enclosure, at_most, exact, gap
from verify.methods import random_features

SOURCE = PVQ_TABLES.at("theorem 3.3")
role("performer_vq.log_relative_second_moment", numbers="rho > 0, d, t ≥ 0: a float")(
    random_features.log_relative_second_moment
)
role("performer_vq.optimal_rho", numbers="d, t ≥ 0: a float in (0, 1]")(random_features.optimal_rho)
role("performer_vq.optimal_a", numbers="d, t ≥ 0: a float, at most 0")(random_features.optimal_A)


@mutant("performer_vq.log_relative_second_moment", slip="d in place of d/2: the normalisation, squared twice")
def normalised_twice(rho: float, d: int, t: float) -> float:
    return float(d * np.log((1 + rho) ** 2 / (4 * rho)) + rho * t)


@mutant("performer_vq.log_relative_second_moment", slip="A ≥ 1/8, that is a negative rho, is given a variance")
def negative_rho_taken(rho: float, d: int, t: float) -> float:
    return float(d / 2 * np.log(abs((1 + rho) ** 2 / (4 * rho))) + rho * t) if rho <= 0 else (
        random_features.log_relative_second_moment(rho, d, t)
    )  # fmt: skip


@mutant("performer_vq.optimal_rho", slip="φ = t in place of t/d")
def without_dimension(d: int, t: float) -> float:
    return random_features.optimal_rho(1, t)


@mutant("performer_vq.optimal_a", slip="the misprint in circulation: 1/8 in place of 1/16, and φ = t")
def misprint(d: int, t: float) -> float:
    return float((1 - 2 * t - np.sqrt((2 * t + 1) ** 2 + 8 * t)) / 8)


def second_moment_by_integration(A: float, z: float) -> float:
    """log E of the squared relative estimate in one dimension, q + k = z, by adaptive integration."""
    from scipy.integrate import quad

    def log_integrand(w: float) -> float:
        estimate = np.log(1 - 4 * A) / 2 + 2 * A * w * w + np.sqrt(1 - 4 * A) * w * z - z * z / 2
        return float(2 * estimate - w * w / 2 - np.log(2 * np.pi) / 2)

    rate = 1 - 8 * A  # the integrand is a Gaussian of this precision; its centre:
    centre, width = 2 * np.sqrt(1 - 4 * A) * z / rate, 1 / np.sqrt(rate)
    top = log_integrand(centre)
    area, _ = quad(
        lambda w: np.exp(log_integrand(w) - top), centre - 12 * width, centre + 12 * width, epsabs=0, epsrel=1e-13
    )
    return float(np.log(area) + top)


@claim(
    id="performer_vq.optimal-positive-features",
    title="The second moment of the family of positive features",
    statement=r"\log \mathbb E \Big(\frac{\widehat{SM}}{SM}\Big)^2 = \tfrac d2 \log\frac{(1+\rho)^2}{4\rho} + \rho t, \qquad "
    r"\rho = \frac{1}{1 - 8A}",
    source=SOURCE,
    role="performer_vq.log_relative_second_moment",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="adaptive integration to 1e-13 in each of d ≤ 16 equal coordinates: 2e-12 and its own roundings"),
    cases=grid(d=(1, 4, 16), A=(-2.0, -0.1, 0.05), t=(0.5, 8.0)).full(
        A=(-2.0, -0.5, -0.1, 0.0, 0.05, 0.12), t=(0.0, 0.5, 2.0, 8.0, 30.0)
    ),
    quantity="difference of logarithms",
)  # fmt: skip
def second_moment(log_moment: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    value = log_moment(1 / (1 - 8 * case.A), case.d, case.t)
    yield exact(gap(value, case.d * second_moment_by_integration(case.A, (case.t / case.d) ** 0.5)))


@claim(
    id="performer_vq.optimal-positive-features.minimum",
    title="Where it is least",
    statement=r"\rho^* = \frac{\sqrt{(2t+d)^2 + 8dt} - 2t - d}{4t}",
    source=SOURCE,
    role="performer_vq.optimal_rho",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-6,
        because="80 halvings find the root of the derivative to its rounding; the printed form of ρ* cancels, to d eps/t = 3e-12 "
        "at worst here; φ = t is off by more than 0.1",
    ),
    cases=grid(d=(4, 16, 64), t=(0.5, 8.0, 64.0)).full(d=(1, 4, 16, 64, 128), t=(0.01, 0.5, 8.0, 64.0, 500.0)),
    quantity="relative distance to a bisected minimum",
)
def minimum_of_second_moment(rho: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(rho(case.d, case.t) / best_by_bisection(case.d, case.t), 1.0))


def best_by_bisection(d: int, t: float) -> float:
    """The root of the derivative (d/2)(2/(1 + ρ) − 1/ρ) + t in (0, 1]."""
    low, high = 0.0, 1.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if d / 2 * (2 / (1 + middle) - 1 / middle) + t < 0 else (low, middle)
    return high


@claim(
    id="performer_vq.optimal-positive-features.parameter",
    title="And the parameter A that belongs to it",
    statement=r"A^* = \tfrac1{16}\big(1 - 2\varphi - \sqrt{(2\varphi + 1)^2 + 8\varphi}\big), \qquad \varphi = t/d",
    source=SOURCE,
    role="performer_vq.optimal_a",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-6,
        because="as for ρ*, and 1 − 1/ρ* of the bisected root cancels to some eps, beside the floor of 1e-6 under |A|; the misprint "
        "is off by |A| or more",
    ),
    cases=grid(d=(4, 16, 64), t=(0.5, 8.0, 64.0)).full(d=(1, 4, 16, 64, 128), t=(1e-9, 0.01, 0.5, 8.0, 64.0, 500.0)),
    quantity="distance of A to a bisected minimum, over |A| or 1e-6",
)
def parameter_of_minimum(A: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    best = best_by_bisection(case.d, case.t)
    yield exact(gap(A(case.d, case.t), (1 - 1 / best) / 8) / max(abs(1 - 1 / best) / 8, 1e-6))


@claim(
    id="performer_vq.optimal-positive-features.importance",
    title="Draw by draw, they are plain features with importance sampling",
    statement=r"f_A(q) f_A(k) = e^{\omega'\cdot(q+k) - \frac{|q|^2+|k|^2}{2}}\, \frac{N(\omega'; 0, I)}{N(\omega'; 0, \sigma^2 I)}, "
    r"\qquad \omega' = \sigma\omega, \; \sigma^2 = 1 - 4A",
    source=PVQ_DARK.at("importance sampling"),
    role="performer_vq.log_oprf_features",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="logarithms of at most 200 from a dozen terms: 200 · 12 eps = 5e-13"),
    cases=grid(d=(1, 8, 64), A=(-1.0, -0.1, 0.1)),
    quantity="largest difference of log products",
)
def same_draw_by_draw(log_features: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d = case.d
    q, k = 0.5 * rng.normal(size=(2, d))
    W = rng.normal(size=(200, d))
    logs = log_features(np.stack([q, k]), W, case.A)
    moved = (1 - 4 * case.A) ** 0.5 * W
    ratio = -np.sum(moved**2, axis=1) / 2 + np.sum(W**2, axis=1) / 2 + d / 2 * np.log(1 - 4 * case.A)
    yield exact(gap(logs[0] + logs[1], moved @ (q + k) - (q @ q + k @ k) / 2 + ratio))
