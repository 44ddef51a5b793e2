"""Entry 1: every kind of random features is unbiased, and every coupling draws rows that are normal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.performer_vq.instances import Floats, gauss_hermite, pair
from verify.claims.sources import PVQ_HAAR, PVQ_PERFORMER, PVQ_TABLES
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap, sup_distance, worst
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
role("performer_vq.draw_projections", numbers="m, d, generator, coupling=, norms=; rows (m, d)")(
    random_features.draw_projections
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


@mutant("performer_vq.draw_projections", slip="QR without the sign fix: LAPACK makes the first coordinate negative")
def without_sign_fix(m: int, d: int, rng: np.random.Generator, *, coupling: str = "iid", norms: str = "chi") -> Floats:
    if coupling != "orthogonal":
        return random_features.draw_projections(m, d, rng, coupling=coupling, norms=norms)  # type: ignore[arg-type]
    basis = np.linalg.qr(rng.normal(size=(-(-m // d), d, d)))[0].reshape(-1, d)[:m]
    return np.asarray(basis * np.sqrt(rng.chisquare(d, m))[:, None])


@mutant("performer_vq.draw_projections", slip="rows of N(0, I/d)")
def shrunk_rows(m: int, d: int, rng: np.random.Generator, **how: Any) -> Floats:
    return np.asarray(random_features.draw_projections(m, d, rng, **how) / d**0.5)


@mutant("performer_vq.draw_projections", slip="|R_ii| are the lengths: chi with d − i degrees of freedom")
def triangle_lengths(m: int, d: int, rng: np.random.Generator, *, coupling: str = "iid", norms: str = "chi") -> Floats:
    if coupling != "orthogonal":
        return random_features.draw_projections(m, d, rng, coupling=coupling, norms=norms)  # type: ignore[arg-type]
    basis, triangle = np.linalg.qr(rng.normal(size=(-(-m // d), d, d)))
    diagonal = np.diagonal(triangle, axis1=1, axis2=2)
    return np.asarray((basis * np.sign(diagonal)[:, None, :] * np.abs(diagonal)[:, :, None]).reshape(-1, d)[:m])


@mutant("performer_vq.draw_projections", slip="one block is drawn and repeated")
def one_block_repeated(m: int, d: int, rng: np.random.Generator, **how: Any) -> Floats:
    block = random_features.draw_projections(min(m, d), d, rng, **how)
    return np.asarray(np.resize(block, (m, d)))


@claim(
    id="performer_vq.prf-unbiased",
    title="Products of positive random features average to the exponential kernel",
    statement=r"\mathbb E_{\omega \sim N(0, I)}\, e^{\omega\cdot q - |q|^2/2}\, e^{\omega\cdot k - |k|^2/2} = e^{q\cdot k}",
    source=SOURCE,
    role="performer_vq.log_prf_features",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="48 nodes an axis leave 48! 3⁹⁶/96! < 1e-42 at |q| = |k| = 1.5; exponents of at most 30 round by "
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


@claim(
    id="performer_vq.prf-unbiased.marginals",
    title="Every row of a coupled draw is normal, in every direction",
    statement=r"\sup_x \big| P(\omega_i \cdot u \le x) - \Phi(x) \big| = 0, \qquad |u| = 1",
    source=PVQ_HAAR.at("section 5"),
    role="performer_vq.draw_projections",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.04, because="half of the weakest mutant: lengths |R_ii| move the last of four rows by 0.08, rows of N(0, I/d) by "
                  "0.16, and without the sign fix the first coordinate is never positive: 1/2"),
    cases=grid(d=(4,), coupling=("orthogonal", "simplex"), row=("first", "last"), direction=("axis", "diagonal"))
    + grid(d=(16,), coupling=("orthogonal",), row=("first",), direction=("axis",)).full(
        coupling=("orthogonal", "simplex"), d=(2, 16)
    ),
    quantity="distance to the normal law",
)  # fmt: skip
def rows_are_normal(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import ndtr

    d, first = case.d, 0 if case.row == "first" else case.d - 1
    u = np.eye(d)[0] if case.direction == "axis" else np.full(d, d**-0.5)

    def projected(rng: np.random.Generator, size: int) -> Floats:
        return np.asarray(draw(size * d, d, rng, coupling=case.coupling)[first::d] @ u)

    yield from sup_distance(projected, ndtr, rng, case.risk)


@claim(
    id="performer_vq.prf-unbiased.independent",
    title="Blocks know nothing of each other",
    statement=r"\frac{(\omega_{1} + \omega_{d+1})\cdot u}{\sqrt 2} \sim N(0, 1)",
    source=PVQ_HAAR.at("section 5"),
    role="performer_vq.draw_projections",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.04, because="equal blocks double the variance: a distance of 0.083, of which this is half"),
    cases=grid(d=(4,), coupling=("iid", "orthogonal")).full(coupling=("iid", "orthogonal", "simplex"), d=(4, 16)),
    quantity="distance of the scaled sum to the normal law",
)
def blocks_are_independent(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import ndtr

    d = case.d

    def pivot(rng: np.random.Generator, size: int) -> Floats:
        first = draw(2 * size * d, d, rng, coupling=case.coupling)[::d] @ np.full(d, d**-0.5)
        return np.asarray((first[0::2] + first[1::2]) / 2**0.5)

    yield from sup_distance(pivot, ndtr, rng, case.risk)


@claim(
    id="performer_vq.prf-unbiased.refusals",
    title="Projections that cannot be drawn are refused",
    statement=r"m \ge 1, \quad d \ge 1, \quad d \ge 2 \text{ for a simplex}",
    source=SOURCE,
    role="performer_vq.draw_projections",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="each of these requests has no answer"),
    quantity="bad requests that were taken",
)
def bad_projections_are_refused(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def asked(m: int, d: int, coupling: str, norms: str) -> Any:
        return draw(m, d, rng, coupling=coupling, norms=norms)

    bad = [(0, 3, "iid", "chi"), (3, 0, "iid", "chi"), (3, 1, "simplex", "chi"), (3, 3, "x", "chi"), (3, 3, "iid", "x")]
    yield exact(accepted(asked, bad, ValueError))


@mutant("performer_vq.draw_projections", slip="a simplex in one dimension divides by √0 and returns NaN")
def unguarded(m: int, d: int, rng: np.random.Generator, *, coupling: str = "iid", norms: str = "chi") -> Floats:
    return np.full((m, d), np.nan) if d == 1 else random_features.draw_projections(
        m, d, rng, coupling=coupling, norms=norms,  # type: ignore[arg-type]
    )  # fmt: skip


@figure(of="performer_vq.prf-unbiased.marginals")
def what_the_sign_fix_does() -> Figure:
    from scipy.special import ndtr

    rng = np.random.default_rng(9862)
    sizes = (2, 3, 4, 6, 8, 12, 16)
    blocks, c = 3000, 1.0
    drawn = {"with the sign fix": random_features.draw_projections, "without": without_sign_fix}
    curves = []
    for name, draw in drawn.items():
        means, errors = [], []
        for d in sizes:
            W = draw(blocks * d, d, rng, coupling="orthogonal")
            ratios = np.exp(c * W[:, 0] - c * c / 2).reshape(blocks, d).mean(axis=1)
            means.append(ratios.mean())
            errors.append(ratios.std() / blocks**0.5)
        low, high = (np.array(means) + s * 3 * np.array(errors) for s in (-1, 1))
        curves += [
            series(name, sizes, means, kind="dots"),
            series(f"{name}, ±3 standard errors", sizes, low, high, kind="band"),
        ]
    exactly_biased = [1 - (2 * ndtr(c) - 1) / d for d in sizes]
    return Figure(
        "Mean estimate over the kernel, q + k = e₁",
        "Haar blocks are unbiased; QR without its sign fix is low by (2Φ(1) − 1)/d, a third at d = 2.",
        "dimension d = rows of a block",
        "mean of the estimate / kernel",
        (
            *curves,
            series("1 − (2Φ(1) − 1)/d", sizes, exactly_biased, kind="dashed"),
            series("unbiased", y=(1.0,), kind="hline"),
        ),
    )
