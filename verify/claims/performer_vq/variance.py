"""Entry 2: the variance of each kind of features in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.performer_vq.instances import Floats, at_angle, gauss_hermite, pair, pair_with, shaded
from verify.claims.sources import PVQ_PERFORMER
from verify.evidence import Enclosure, at_most, exact, gap, sharper, slope, within, worst
from verify.methods import random_features

SOURCE = PVQ_PERFORMER.at("lemma 2")

role("performer_vq.kernel_mse", numbers="q, k (d,): arrays; m; features=, coupling=; the mean squared error")(
    random_features.kernel_mse
)


@mutant("performer_vq.kernel_mse", slip="e^(2t) in place of e^t")
def doubled_exponent(q: Floats, k: Floats, m: int, *, features: str, coupling: str = "iid") -> float:
    t = float((q + k) @ (q + k))
    return float(np.exp(2 * q @ k) * np.expm1(2 * t) / m)


@mutant(
    "performer_vq.kernel_mse", slip="the half of trigonometric features is lost: their 2m features counted as draws"
)
def half_lost(q: Floats, k: Floats, m: int, *, features: str, coupling: str = "iid") -> float:
    factor = 2 if features == "trigonometric" else 1
    return factor * random_features.kernel_mse(q, k, m, features=features, coupling=coupling)  # type: ignore[arg-type]


@mutant("performer_vq.kernel_mse", slip="|q − k| and |q + k| exchanged in the variance")
def sum_and_difference_exchanged(q: Floats, k: Floats, m: int, *, features: str, coupling: str = "iid") -> float:
    value = random_features.kernel_mse(q, -k, m, features=features, coupling=coupling)  # type: ignore[arg-type]
    return value if features == "trigonometric" else float(value * np.exp(4 * q @ k))


@mutant("performer_vq.kernel_mse", slip="exp(t) − 1 in place of expm1(t)")
def cancels_near_zero(q: Floats, k: Floats, m: int, *, features: str, coupling: str = "iid") -> float:
    if features != "positive" or coupling != "iid":
        return random_features.kernel_mse(q, k, m, features=features, coupling=coupling)  # type: ignore[arg-type]
    return float(np.exp(2 * q @ k) * (np.exp((q + k) @ (q + k)) - 1) / m)


@mutant("performer_vq.kernel_mse", slip="the root of the error, reported as its square")
def rooted(q: Floats, k: Floats, m: int, **how: Any) -> float:
    return float(np.sqrt(random_features.kernel_mse(q, k, m, **how)))


KINDS = ("positive", "hyperbolic", "trigonometric")


def one_draw(q: Floats, k: Floats, W: Floats, kind: str) -> Floats:
    """The estimate from each row of W alone."""
    half = (q @ q + k @ k) / 2
    if kind == "trigonometric":
        return np.asarray(np.exp(half) * np.cos(W @ (q - k)))
    z = W @ (q + k)
    return np.asarray(np.exp(z - half) if kind == "positive" else np.cosh(z) * np.exp(-half))


@claim(
    id="performer_vq.rf-variance-closed-form",
    title="The mean squared error of independent features, in closed form",
    statement=r"\mathrm{MSE}^{+} = \tfrac{SM^2}{m}(e^{t} - 1), \quad \mathrm{MSE}^{\mathrm{hyp}} = "
    r"\tfrac{SM^2}{2m}(e^t - 1)(1 - e^{-t}), \quad \mathrm{MSE}^{\mathrm{trig}} = \tfrac{e^s}{2m}(1 - e^{-u})^2",
    source=SOURCE,
    role="performer_vq.kernel_mse",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="64 nodes an axis miss moments from the 128th on, of no more than Σ_{k ≥ 64} 11.52ᵏ/k! < 1e-21 at "
                  "|q| = |k| ≤ 1.2; squared exponents of at most 60 "
                  "round by 60 eps = 1.3e-14 and the centred square by another e^t eps; a factor 1000"),
    cases=grid(kind=KINDS, d=(1, 2), m=(1, 8), pairs=(5,)).full(m=(1, 8, 64, 512), pairs=(17,)),
    quantity="error over SM² eᵗ, or eˢ",
)  # fmt: skip
def second_moments(mse: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    W, weights = gauss_hermite(64, case.d)

    def error() -> Enclosure:
        q, k = pair(rng, case.d, rng.uniform(0.1, 1.2))
        centred = one_draw(q, k, W, case.kind) - np.exp(q @ k)
        scale = np.exp(q @ q + k @ k) if case.kind == "trigonometric" else np.exp(2 * q @ k + (q + k) @ (q + k))
        return exact(gap(case.m * mse(q, k, case.m, features=case.kind), weights @ centred**2) / scale)

    yield worst(error() for _ in range(case.pairs))


@claim(
    id="performer_vq.rf-variance-closed-form.near-zero",
    title="It keeps its digits where the variance vanishes",
    statement=r"m\,\mathrm{MSE}^{+} = SM^2 (e^t - 1), \qquad t = 10^{-12}",
    source=SOURCE,
    role="performer_vq.kernel_mse",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="ten roundings are 2e-15; exp(t) − 1 loses eps/t = 2e-4"),
    quantity="relative error",
)
def digits_near_zero(mse: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    q, k = np.array([1.0, 0.0]), np.array([-1.0, 1e-6])
    value = mse(q, k, 1, features="positive")

    def relative() -> Any:
        t = flint.arb(1e-6) ** 2
        return abs(flint.arb(float(value)) / (flint.arb(-2).exp() * t.expm1()) - 1)

    yield next(sharper(relative, bits=256)) if np.isfinite(value) else exact(np.inf)


@claim(
    id="performer_vq.rf-variance-closed-form.no-variance",
    title="Positive features are exact at k = −q, trigonometric ones at k = q",
    statement=r"\widehat{SM}^{+}(q, -q) = e^{-|q|^2}, \qquad \widehat{SM}^{\mathrm{trig}}(q, q) = e^{|q|^2}, "
    r"\qquad \text{for every } \omega",
    source=SOURCE,
    role="performer_vq.kernel_estimate",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="q + k, or q − k, is exactly 0: what is left are some roundings of exponents below 20, 20 eps each",
    ),
    cases=grid(kind=KINDS, d=(1, 16), m=(1, 64)),
    quantity="relative error",
)
def nothing_varies(estimate: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    q, _ = pair(rng, case.d, 1.2)
    k = q if case.kind == "trigonometric" else -q
    value = estimate(q, k, rng.normal(size=(case.m, case.d)), features=case.kind)
    yield exact(gap(value / np.exp(q @ k), 1.0))


@claim(
    id="performer_vq.rf-variance-closed-form.rate",
    title="It falls like 1/m",
    statement=r"\frac{d \log \mathrm{MSE}}{d \log m} = -1",
    source=SOURCE,
    role="performer_vq.kernel_mse",
    evidence=Evidence.RATE,
    region=within(
        "-1.0000000001", "-0.9999999999", because="the formula is exactly proportional to 1/m: rounding only"
    ),
    cases=grid(kind=KINDS),
    quantity="slope of log MSE against log m",
)
def falls_like_one_over_m(mse: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    q, k = pair(rng, 4, 0.8)
    m = 2 ** np.arange(10)
    yield exact(slope(np.log(m), [np.log(mse(q, k, int(x), features=case.kind)) for x in m]))


@claim(
    id="performer_vq.rf-variance-closed-form.antithetic",
    title="At equal feature count, both signs of each projection win by exactly 1 − e⁻ᵗ",
    statement=r"\mathrm{MSE}^{\mathrm{hyp}}(m) = (1 - e^{-t})\, \mathrm{MSE}^{+}(2m)",
    source=SOURCE,
    role="performer_vq.kernel_mse",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13, because="a dozen roundings of exponents below 10: 1e-14, times 10; dropping the half is off by 1"
    ),
    cases=grid(t=(1e-6, 0.1, 1.0, 5.0)),
    quantity="relative difference",
)
def antithetic_gain(mse: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    q, k = pair_with(3, case.t)
    t = float((q + k) @ (q + k))
    both, plain = mse(q, k, 8, features="hyperbolic"), mse(q, k, 16, features="positive")
    yield exact(gap(both / plain / -np.expm1(-t), 1.0))


@figure(of="performer_vq.rf-variance-closed-form")
def which_features_win() -> Figure:
    angles, lengths = np.linspace(2, 178, 45), np.linspace(0.1, 2.0, 39)
    ratios = np.array(
        [
            [
                random_features.kernel_mse(*at_angle(r, a), 1, features="trigonometric")
                / random_features.kernel_mse(*at_angle(r, a), 1, features="positive")
                for a in angles
            ]
            for r in lengths
        ]
    )
    border = [crossing(r) for r in lengths]
    return Figure(
        "Error of trigonometric over positive features, equal number of draws",
        "Positive features win beyond 99.8 degrees at length 1, nearer to 90 for longer vectors; trigonometric ones below.",
        "angle between q and k, degrees",
        "length |q| = |k|",
        (series("equal errors", border, lengths),),
        field=shaded(
            angles, lengths, np.clip(np.log10(ratios), -4, 4), "log₁₀ of the ratio (cut at ±4)", (-2.0, 0.0, 2.0)
        ),
    )


def crossing(radius: float, *, draws: int = 1) -> float:
    """The angle in degrees at which trigonometric features and `draws` times as many positive ones err equally."""
    from scipy.optimize import brentq

    def difference(angle: float) -> float:
        q, k = at_angle(radius, angle)
        trig = random_features.kernel_mse(q, k, 1, features="trigonometric")
        return float(np.log(trig * draws / random_features.kernel_mse(q, k, 1, features="positive")))

    return float(brentq(difference, 1.0, 179.0, xtol=1e-10))
