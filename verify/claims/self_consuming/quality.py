"""Entry 7: quality and diversity, the population forms of precision and recall."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.self_consuming.instances import Floats
from verify.claims.sources import LOOP_MAD
from verify.evidence import Enclosure, at_least, at_most, bounded_mean, exact, exactly, probability, within
from verify.methods.self_consuming import LoopTrajectory, drift_limit_cdf, gaussian_loop, log_variance_drift

SOURCE = LOOP_MAD.at("section 2.4, quality and diversity")
Z = 1.959964


@role("self_consuming.quality", numbers="mean, log_var: floats of one shape, z; Q in [0, 1]")
def quality(mean: Floats, log_var: Floats, z: float) -> Floats:
    """P(|x| <= z) for x ~ N(mean, e^{log_var}): the share of samples in the real law's central region."""
    from scipy.special import ndtr

    sd = np.maximum(np.exp(log_var / 2), np.finfo(float).tiny)
    return np.asarray(ndtr((z - mean) / sd) - ndtr((-z - mean) / sd))


@mutant("self_consuming.quality", slip="measured in the model's own central region, which always holds as much")
def own_region(mean: Floats, log_var: Floats, z: float) -> Floats:
    return quality(np.zeros_like(mean), np.zeros_like(log_var), z)


@mutant("self_consuming.quality", slip="quality and diversity exchanged")
def diversity_for_quality(mean: Floats, log_var: Floats, z: float) -> Floats:
    return diversity(mean, log_var, z)


@mutant("self_consuming.quality", slip="the mean of the model is held fixed")
def frozen_mean(mean: Floats, log_var: Floats, z: float) -> Floats:
    return quality(np.zeros_like(mean), log_var, z)


@role("self_consuming.diversity", numbers="mean, log_var: floats of one shape, z; D in [0, 1]")
def diversity(mean: Floats, log_var: Floats, z: float) -> Floats:
    """P(|x − mean| <= z σ) for x ~ N(0, 1): the share of the real law in the model's central region.

    For narrow regions 2 z σ φ(mean) (1 + (mean² − 1)(zσ)²/6), as the difference of distribution functions cancels.
    """
    from scipy.special import ndtr

    half = z * np.exp(log_var / 2)
    density = np.exp(-np.square(mean) / 2) / math.sqrt(2 * math.pi)
    narrow = 2 * half * density * (1 + (np.square(mean) - 1) * half**2 / 6)
    # the differences lose eps over the density times the width, the series the fourth power of width and mean
    return np.where(half * np.maximum(1, np.abs(mean)) < 1e-3, narrow, ndtr(mean + half) - ndtr(mean - half))


@mutant("self_consuming.diversity", slip="a difference of distribution functions, which cancels for a collapsed model")
def cancelling(mean: Floats, log_var: Floats, z: float) -> Floats:
    from scipy.special import ndtr

    half = z * np.exp(log_var / 2)
    return np.asarray(ndtr(mean + half) - ndtr(mean - half))


@mutant("self_consuming.diversity", slip="quality and diversity exchanged")
def quality_for_diversity(mean: Floats, log_var: Floats, z: float) -> Floats:
    return quality(mean, log_var, z)


def collapsed(loop: Any, n: int, T: int, c: float, rng: np.random.Generator, size: int) -> tuple[Floats, Floats]:
    """(mean, ln σ²) after T generations with bias e^{−c/n}."""
    path: LoopTrajectory = loop(n, T, size, bias=math.exp(-c / n), keep="last", rng=rng)
    return path.mean[-1, :, 0], path.log_det[-1]


def early_change(measure: Any, step: tuple[float, float], rng: np.random.Generator, size: int) -> Floats:
    """What the measure gains after ten generations, n = 20, from one c to the other; independent loops."""
    before, after = (measure(*collapsed(gaussian_loop, 20, 10, c, rng, size), Z) for c in step)
    return np.asarray(after - before)


@claim(
    id="self_consuming.quality-diversity",
    title="Without bias both degrade: samples end in the central region with probability 0.81 in place of 0.95",
    statement=r"\lambda = e^{-c/n}: \quad \mathbb{E}\, Q_\infty \to 2 F_{t_{2 + 2c}}(z \sqrt{1 + c}) - 1, \qquad "
    r"c = 0: \ \frac{z}{\sqrt{z^2 + 2}} = 0.8109",
    source=SOURCE,
    role="self_consuming.quality",
    evidence=Evidence.STATISTICAL,
    region=within(
        -0.04,
        0.04,
        because="0.012 between n = 10 and the limit, 0.02 for 32768 draws; own region and frozen mean are off by 0.14 "
        "and 0.19",
    ),
    cases=grid(n=(10,), c=(0, 1, 5)).full(n=(10, 20, 50)),
    quantity="E Q_T − limit, T = 40 n / (1 + c)",
)
def final_quality(quality: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    limit = float(drift_limit_cdf(Z, c=float(case.c)))
    T = math.ceil(40 * case.n / (1 + case.c))

    def surplus(rng: np.random.Generator, size: int) -> Floats:
        return np.asarray(quality(*collapsed(gaussian_loop, case.n, T, case.c, rng, size), Z) - limit)

    yield from bounded_mean(surplus, -limit, 1 - limit, rng, case.risk, first=8192)


@role("self_consuming.break_even_bias", numbers="z: a Fraction; c*, a float: quality ends where it began")
def break_even_bias(z: Fraction) -> float:
    """The root c* of 2 F_{t_{2+2c}}(z √(1+c)) − 1 = 2 Φ(z) − 1, by bisection."""
    from scipy.special import ndtr

    low, high, start = 0.0, 16.0, 2 * float(ndtr(float(z))) - 1
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if drift_limit_cdf(float(z), c=middle) < start else (low, middle)
    return low


@mutant("self_consuming.break_even_bias", slip="one part in n exactly")
def one_part_in_n(z: Fraction) -> float:
    return 1.0


@mutant(
    "self_consuming.break_even_bias",
    slip="the Student law without its scale √(1 + c): more bias, less quality, so no root at all",
)
def unscaled(z: Fraction) -> float:
    return math.inf


@claim(
    id="self_consuming.quality-diversity.break-even",
    title="A bias of one part in n already turns the loss of quality into a gain",
    statement=r"2 F_{t_{2 + 2c}}(z \sqrt{1 + c}) - 1 \ge 2 \Phi(z) - 1 \iff c \ge c^* = 1.0037436\ldots, \qquad z = 1.959964",
    source=SOURCE,
    role="self_consuming.break_even_bias",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="signs of balls just below and just above the root, 1e-9 away on either side"),
    quantity="wrong signs of two, and whether the root misses its known digits",
)
def break_even(break_even_bias: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint
    from flint import arb, fmpq

    c, z = break_even_bias(Fraction(1959964, 10**6)), fmpq(1959964, 10**6)
    if not math.isfinite(c):
        yield exact(3)
        return
    with flint.ctx.workprec(128):
        share = arb(z * z / (z * z + 2))
        start = (arb(z) / arb(2).sqrt()).erf()
        root = fmpq(*c.as_integer_ratio())
        step = fmpq(1, 10**9)
        below, above = (
            share.beta_lower(arb(1) / 2, arb(1 + root + side), regularized=True) - start for side in (-step, step)
        )
        wrong = int(not below < 0) + int(not above > 0) + int(abs(root - fmpq(10037436, 10**7)) > fmpq(1, 10**7))
    yield exact(wrong)


@claim(
    id="self_consuming.quality-diversity.early-quality",
    title="After ten generations more bias means more quality",
    statement=r"n = 20,\ t = 10: \quad \mathbb{E}[Q(c')] - \mathbb{E}[Q(c)] \ge 0.02 \quad (c' > c)",
    source=SOURCE,
    role="self_consuming.quality",
    evidence=Evidence.STATISTICAL,
    region=at_least(
        0.02, because="half of the effect: 0.903, 0.945 and 0.9985 at c = 0, 1 and 5 in an earlier run of ours"
    ),
    cases=grid(step=((0, 1), (1, 5))),
    quantity="E Q with more bias − E Q with less",
)
def early_quality(quality: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield from bounded_mean(partial(early_change, quality, case.step), -1.0, 1.0, rng, case.risk, first=8192)


@claim(
    id="self_consuming.quality-diversity.early-diversity",
    title="After ten generations more bias means less diversity",
    statement=r"n = 20,\ t = 10: \quad \mathbb{E}[D(c)] - \mathbb{E}[D(c')] \ge 0.04 \quad (c' > c)",
    source=SOURCE,
    role="self_consuming.diversity",
    evidence=Evidence.STATISTICAL,
    region=at_least(
        0.04, because="half of the effect: medians of 0.80, 0.69 and 0.31 at c = 0, 1 and 5 in an earlier run of ours"
    ),
    cases=grid(step=((0, 1), (1, 5))),
    quantity="E D with less bias − E D with more",
)
def early_diversity(diversity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def loss(rng: np.random.Generator, size: int) -> Floats:
        return -early_change(diversity, case.step, rng, size)

    yield from bounded_mean(loss, -1.0, 1.0, rng, case.risk, first=8192)


@claim(
    id="self_consuming.quality-diversity.decay",
    title="Diversity falls like the standard deviation, faster under bias",
    statement=r"\tfrac1t \ln D_t \to \tfrac12 (\ln\lambda + \delta_n) \quad \text{a.s.}",
    source=SOURCE,
    role="self_consuming.diversity",
    evidence=Evidence.STATISTICAL,
    region=at_least(
        0.5, because="ln σ_T / T has a deviation of 0.008 about its rate and ln D adds at most a few parts in T = 400"
    ),
    cases=grid(n=(20,), c=(0, 2)),
    quantity="P(|ln D_T / T − rate| ≤ 0.03), T = 400",
)
def diversity_decays(diversity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    rate = (-case.c / case.n + log_variance_drift(case.n)) / 2

    def near(rng: np.random.Generator, size: int) -> Any:
        found = diversity(*collapsed(gaussian_loop, case.n, 400, case.c, rng, size), Z)
        return np.abs(np.log(np.maximum(found, 1e-300)) / 400 - rate) <= 0.03

    yield from probability(near, rng, case.risk)


@claim(
    id="self_consuming.quality-diversity.digits",
    title="The diversity of a collapsed model keeps its digits",
    statement=r"\sigma \to 0: \quad D = \Phi(\mu + z\sigma) - \Phi(\mu - z\sigma) = "
    r"2 z \sigma \varphi(\mu) \Big(1 + \frac{(\mu^2 - 1) z^2 \sigma^2}6 + \ldots\Big)",
    source=SOURCE,
    role="self_consuming.diversity",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-11,
        because="the next term is below (1e-3)⁴; above that width the difference loses eps / 1e-3 over a density of e^{-2}",
    ),
    cases=grid(mean=(0.0, 0.5, 2.0), log_var=(-300, -60, -20, -14, -13, -4)),
    quantity="relative error",
)
def digits(diversity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint
    from flint import arb

    with flint.ctx.workprec(1024):
        half = arb(Z) * (arb(case.log_var) / 2).exp()
        root = arb(2).sqrt()
        known = ((arb(case.mean) + half) / root).erf() - ((arb(case.mean) - half) / root).erf()
        found = arb(float(diversity(np.array(case.mean), np.array(float(case.log_var)), Z)))
        error = float(abs(2 * found / known - 1))
    yield exact(error)


@figure(of="self_consuming.quality-diversity")
def quality_against_diversity() -> Figure:
    curves = []
    for c in (0, 1, 5):
        path = gaussian_loop(20, 120, 2000, bias=math.exp(-c / 20), rng=np.random.default_rng(7))
        q = quality(path.mean[..., 0], path.log_det, Z).mean(axis=1)
        d = diversity(path.mean[..., 0], path.log_det, Z).mean(axis=1)
        curves.append(series(f"λ = e^(−{c}/n)", d, q))
    ends = [float(drift_limit_cdf(Z, c=float(c))) for c in (0, 1, 5)]
    return Figure(
        "Quality against diversity through 120 generations, n = 20",
        "All loops start at the right; without bias quality falls with diversity, with a bias of e^(−5/n) it rises while "
        "diversity is lost.",
        "mean diversity D",
        "mean quality Q",
        (*curves, series("limits of quality", y=ends, kind="hline")),
    )
