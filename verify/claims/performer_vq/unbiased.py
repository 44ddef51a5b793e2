"""Entry 1: every kind of random features is unbiased."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, equivalent, grid, mutant, role
from verify.claims.performer_vq.instances import Floats, gauss_hermite, pair
from verify.claims.sources import PVQ_PERFORMER, PVQ_TABLES
from verify.evidence import Enclosure, at_most, exact, gap, worst
from verify.methods import random_features

SOURCE = PVQ_PERFORMER.at("lemma 1")
role("performer_vq.log_prf_features", numbers="X (n, d), W (m, d): float arrays; log-features (n, m)")(
    random_features.log_prf_features
)
role("performer_vq.log_oprf_features", numbers="X (n, d), W (m, d): arrays; A < 1/4; log-features (n, m)")(
    random_features.log_oprf_features
)
role("performer_vq.trig_features", numbers="X (n, d), W (m, d): arrays; signed features (n, 2m)")(
    random_features.trig_features
)
role("performer_vq.kernel_estimate", numbers="q, k (d,), W (m, d): arrays; features=name, A; a float")(
    random_features.kernel_estimate
)


@mutant("performer_vq.log_prf_features", slip="half the squared norm is dropped")
def norm_dropped(X: Floats, W: Floats) -> Floats:
    return np.asarray(X @ W.T)


@mutant("performer_vq.log_prf_features", slip="ε is added to each feature for stability: a bias of 2ε + ε²")
def epsilon_added(X: Floats, W: Floats) -> Floats:
    return np.asarray(np.log(np.exp(random_features.log_prf_features(X, W)) + 1e-4))


@equivalent("performer_vq.log_prf_features", because="−|w − x|²/2 + |w|²/2 is the same exponent, expanded")
def completed_square(X: Floats, W: Floats) -> Floats:
    distance = np.sum((np.asarray(X)[:, None] - W) ** 2, axis=2)
    return np.asarray(-distance / 2 + np.sum(np.asarray(W) ** 2, axis=1) / 2)


@mutant("performer_vq.log_oprf_features", slip="(d/2) log(1 − 4A) in place of (d/4): the factor of the product, twice")
def normalised_twice(X: Floats, W: Floats, A: float) -> Floats:
    return np.asarray(random_features.log_oprf_features(X, W, A) + np.shape(W)[1] / 4 * np.log(1 - 4 * A))


@mutant("performer_vq.log_oprf_features", slip="B = 1: the projection is not scaled by √(1 − 4A)")
def unscaled_projection(X: Floats, W: Floats, A: float) -> Floats:
    scaled = random_features.log_oprf_features(X, W, A)
    return np.asarray(scaled + (1 - np.sqrt(1 - 4 * A)) * (np.asarray(X) @ np.asarray(W).T))


@mutant("performer_vq.trig_features", slip="e^(|x|²/2) is dropped: features of the Gaussian kernel")
def gaussian_kernel(X: Floats, W: Floats) -> Floats:
    angles = X @ W.T
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)


@mutant("performer_vq.kernel_estimate", slip="cos(w.(q + k)): the sine terms enter with the wrong sign")
def sum_of_angles(q: Floats, k: Floats, W: Floats, *, features: str, A: float | None = None) -> Any:
    k = -k if features == "trigonometric" else k
    return random_features.kernel_estimate(q, k, W, features=features, A=A)  # type: ignore[arg-type]


@mutant("performer_vq.kernel_estimate", slip="sinh(w.z) in place of cosh(w.z)")
def odd_part(q: Floats, k: Floats, W: Floats, *, features: str, A: float | None = None) -> Any:
    if features != "hyperbolic":
        return random_features.kernel_estimate(q, k, W, features=features, A=A)  # type: ignore[arg-type]
    return float(np.mean(np.sinh(W @ (q + k))) * np.exp(-(q @ q + k @ k) / 2))


@claim(
    id="performer_vq.prf-unbiased",
    title="Products of positive random features average to the exponential kernel",
    statement=r"\mathbb E_{\omega \sim N(0, I)}\, e^{\omega\cdot q - |q|^2/2}\, e^{\omega\cdot k - |k|^2/2} = e^{q\cdot k}",
    source=SOURCE,
    role="performer_vq.log_prf_features",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="48 nodes an axis miss moments from the 96th on, of no more than Σ_{k ≥ 48} 4.5ᵏ/k! < 1e-29 at "
                  "|q| = |k| = 1.5; exponents of at most 30 round by "
                  "30 eps = 7e-15 each, a factor 100; the weakest mutant, ε = 1e-4, is off by 2e-4"),
    cases=grid(d=(1, 2), norm=(0.2, 1.5), pairs=(10,)).full(d=(1, 2, 3), norm=(0.2, 0.8, 1.5), pairs=(25,)),
    quantity="largest relative error of the mean",
)  # fmt: skip
def positive_features_are_unbiased(log_features: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    W, weights = gauss_hermite(48, case.d)

    def error() -> Enclosure:
        q, k = pair(rng, case.d, case.norm)
        logs = log_features(np.stack([q, k]), W)
        return exact(gap(weights @ np.exp(logs[0] + logs[1] - q @ k), 1.0))

    yield worst(error() for _ in range(case.pairs))


@claim(
    id="performer_vq.prf-unbiased.oprf",
    title="So do the features with parameter A, bounded or not",
    statement=r"\mathbb E\, f_A(q) f_A(k) = e^{q\cdot k}, \qquad \log f_A(x) = \tfrac d4 \log(1-4A) + A|\omega|^2 + "
    r"\sqrt{1-4A}\,\omega\cdot x - \tfrac12|x|^2",
    source=PVQ_TABLES.at("theorem 3.1"),
    role="performer_vq.log_oprf_features",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="80 nodes an axis: Hermite coefficients of e^(2A|w|²) fall like (4A/(1 − 4A))ⁿ, at most (2/3)⁸⁰; "
                  "roundings as for A = 0"),
    cases=grid(d=(1, 2), A=(-0.25, 0.1), pairs=(5,)).full(A=(-0.25, -0.1, 0.0, 0.1), pairs=(25,)),
    quantity="largest relative error of the mean",
)  # fmt: skip
def parametrised_features_are_unbiased(log_features: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    W, weights = gauss_hermite(80, case.d)

    def error() -> Enclosure:
        q, k = pair(rng, case.d, 1.0)
        logs = log_features(np.stack([q, k]), W, case.A)
        return exact(gap(weights @ np.exp(logs[0] + logs[1] - q @ k), 1.0))

    yield worst(error() for _ in range(case.pairs))


@claim(
    id="performer_vq.prf-unbiased.trigonometric",
    title="So do trigonometric features",
    statement=r"\mathbb E\, e^{(|q|^2 + |k|^2)/2} (\cos\omega q \cos\omega k + \sin\omega q \sin\omega k) = e^{q\cdot k}",
    source=PVQ_PERFORMER.at("section 2.3"),
    role="performer_vq.trig_features",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="48 nodes an axis as above; terms of size e^(|q − k|²/2) < 90 round by eps each: 2e-14, times 50"),
    cases=grid(d=(1, 2), norm=(0.2, 1.5), pairs=(10,)).full(d=(1, 2, 3), pairs=(25,)),
    quantity="largest relative error of the mean",
)  # fmt: skip
def trigonometric_features_are_unbiased(features: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    W, weights = gauss_hermite(48, case.d)

    def error() -> Enclosure:
        q, k = pair(rng, case.d, case.norm)
        f = features(np.stack([q, k]), W)
        return exact(gap(np.concatenate([weights, weights]) @ (f[0] * f[1]) / np.exp(q @ k), 1.0))

    yield worst(error() for _ in range(case.pairs))


@claim(
    id="performer_vq.prf-unbiased.estimate",
    title="The estimator of every kind has the kernel as its mean",
    statement=r"\mathbb E\, \widehat{SM}(q, k) = e^{q\cdot k}",
    source=SOURCE,
    role="performer_vq.kernel_estimate",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="as for the features: quadrature beyond rounding, exponents of at most 40 round by "
                                  "1e-14, times 100"),
    cases=grid(kind=("positive", "hyperbolic", "trigonometric", "oprf"), pairs=(5,)).full(pairs=(40,)),
    quantity="largest relative error of the mean",
)  # fmt: skip
def estimates_are_unbiased(estimate: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    W, weights = gauss_hermite(60, 1)
    A = -0.2 if case.kind == "oprf" else None

    def error() -> Enclosure:
        q, k = pair(rng, 1, 0.9)
        values = [estimate(q, k, w[None], features=case.kind, A=A) for w in W]  # one draw at a time
        return exact(gap(weights @ np.array(values) / np.exp(q @ k), 1.0))

    yield worst(error() for _ in range(case.pairs))
