"""Entry 5: how far the loop drifts from the real law, in the Fréchet distance."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, mutant, role, series, table
from verify.claims.self_consuming.balls import c4_ball, drift_ball, exact_ball
from verify.claims.self_consuming.instances import log_chi2_nodes
from verify.claims.sources import LOOP_CURSE, LOOP_MAD
from verify.evidence import Enclosure, at_least, at_most, exact, exactly, gap, sharper
from verify.methods import self_consuming
from verify.methods.self_consuming import c4, expected_w2_squared, gaussian_loop, log_variance_drift

SOURCE = LOOP_MAD.at("section 3, distance to the real law")


role("self_consuming.expected_w2_squared", numbers="n, t: integers or an array, bias, sigma0, ddof; E W₂², floats")(
    self_consuming.expected_w2_squared
)


@mutant("self_consuming.expected_w2_squared", slip="E σ_t is taken as e^{E ln σ_t}: Jensen's inequality is ignored")
def typical_deviation(n: int, t: Any, *, bias: float = 1.0, sigma0: float = 1.0, ddof: int = 1) -> Any:
    exact_mean = np.asarray(bias**0.5 * c4(n)) ** np.asarray(t)
    typical = np.exp(np.asarray(t) * (np.log(bias) + log_variance_drift(n)) / 2)
    return expected_w2_squared(n, t, bias=bias, sigma0=sigma0, ddof=ddof) + 2 * sigma0**2 * (exact_mean - typical)


@mutant("self_consuming.expected_w2_squared", slip="the unbiased formula for the maximum likelihood loop")
def always_unbiased(n: int, t: Any, *, ddof: int = 1, **how: Any) -> Any:
    return expected_w2_squared(n, t, ddof=1, **how)


@mutant("self_consuming.expected_w2_squared", slip="the mean drifts by t/n whatever the bias")
def drift_of_t(n: int, t: Any, *, bias: float = 1.0, sigma0: float = 1.0, ddof: int = 1) -> Any:
    times = np.asarray(t)
    drift = bias / n * (1 - bias**times) / (1 - bias) if bias < 1 else times / n
    return expected_w2_squared(n, t, bias=bias, sigma0=sigma0, ddof=ddof) + sigma0**2 * (times / n - drift)


@mutant("self_consuming.expected_w2_squared", slip="W₂ in place of W₂²")
def unsquared(n: int, t: Any, **how: Any) -> Any:
    return np.sqrt(expected_w2_squared(n, t, **how))


@claim(
    id="self_consuming.frechet-drift",
    title="The mean squared distance has a closed form",
    statement=r"\mathbb{E}\, W_2^2 = \sigma_0^2 \Big[ \tfrac{\lambda (1 - \lambda^t)}{n (1 - \lambda)} + 1 + \lambda^t "
    r"- 2 (\sqrt\lambda\, c_4)^t \Big], \qquad \lambda = 1: \ \sigma_0^2 \big[ \tfrac tn + 2 (1 - c_4^t) \big]",
    source=SOURCE,
    role="self_consuming.expected_w2_squared",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-11, because="t powers of moments known to some 20 eps, a sum of t terms at most 4, t ≤ 300: 300 × 40 eps × 4"
    ),
    cases=grid(n=(2, 10, 50), bias=(1.0, 0.9), ddof=(0, 1)).full(n=(2, 3, 5, 10, 50, 200), bias=(1.0, 0.99, 0.9, 0.5)),
    quantity="largest |closed form − moments by quadrature|, t in {0, 1, 5, 10, 300}",
)
def closed_form(expected: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    y, weight = log_chi2_nodes(case.n - 1, -16000, 900)
    scale = case.bias * np.exp(y) / (case.n - case.ddof)
    variance, deviation = weight @ scale / weight.sum(), weight @ np.sqrt(scale) / weight.sum()
    times = np.array([0, 1, 5, 10, 300])
    drift = np.array([sum(case.bias / case.n * variance**s for s in range(t)) for t in times])
    known = 4 * (drift + 1 + variance**times - 2 * deviation**times)
    yield exact(gap(expected(case.n, times, bias=case.bias, sigma0=2.0, ddof=case.ddof), known))


@role("self_consuming.w2_increment", numbers="n, t: integers, bias: a Fraction; E W₂² at t + 1 minus at t, as a ball")
def w2_increment(n: int, bias: Fraction, t: int) -> Any:
    """λ^t (λ/n − 1 + λ) + 2 r^t (1 − r), r = √λ c₄(n): the difference of two closed forms, never of two floats."""
    lam = exact_ball(bias)
    r = lam.sqrt() * c4_ball(n)
    return lam**t * (lam / n - 1 + lam) + 2 * r**t * (1 - r)


@mutant(
    "self_consuming.w2_increment",
    slip="a difference of floats, which is rounding once the distances are equal to 16 digits",
)
def float_difference(n: int, bias: Fraction, t: int) -> Any:
    from flint import arb

    before, after = expected_w2_squared(n, np.array([t, t + 1]), bias=float(bias))
    return arb(float(after - before))


@mutant("self_consuming.w2_increment", slip="the wandering of the mean is left out")
def spread_alone(n: int, bias: Fraction, t: int) -> Any:
    lam = exact_ball(bias)
    return w2_increment(n, bias, t) - lam**t * lam / n


@claim(
    id="self_consuming.frechet-drift.increases",
    title="For three samples and more, the distance grows with every generation",
    statement=r"n \ge 3,\ \lambda \in (0, 1]: \quad \mathbb{E}\, W_2^2(G_{t+1}, P) > \mathbb{E}\, W_2^2(G_t, P)",
    source=SOURCE,
    role="self_consuming.w2_increment",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0, because="a count of increments whose ball is not positive; c₄² ≥ n/(n + 1) makes them so for n ≥ 3"
    ),
    cases=grid(n=(3, 10, 60), steps=(10,), last=(20,)).full(n=tuple(range(3, 61)), steps=(50,), last=(60,)),
    quantity="increments that are not certainly positive",
)
def increments_are_positive(increment: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    with flint.ctx.workprec(128):
        biases = [Fraction(k, case.steps) for k in range(1, case.steps + 1)]
        balls = (increment(case.n, lam, t) for lam in biases for t in range(case.last + 1))
        count = sum(not ball > 0 for ball in balls)
    yield exact(count)


@claim(
    id="self_consuming.frechet-drift.two-samples",
    title="For two samples the distance can fall: for the first time at t = 323, by 7.35e-65",
    statement=r"n = 2,\ \lambda = \tfrac{13}{20}: \quad \mathbb{E}\, W_2^2(G_{324}, P) < \mathbb{E}\, W_2^2(G_{323}, P)",
    source=SOURCE,
    role="self_consuming.w2_increment",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0,
        because="325 signs of balls: positive before t = 323, negative there and after; and the size, to three digits",
    ),
    quantity="wrong signs for t ≤ 324, and whether the size at t = 323 is wrong",
    refutes="The distance grows in every generation, for every n and λ.",
)
def two_samples(increment: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    with flint.ctx.workprec(512):
        balls = [increment(2, Fraction(13, 20), t) for t in range(325)]
        wrong = sum(not (ball > 0 if t < 323 else ball < 0) for t, ball in enumerate(balls))
        scaled = balls[323] * flint.arb(10) ** 67
        wrong += not (scaled > flint.arb(-735.5) and scaled < flint.arb(-734.5))
    yield exact(wrong)


@role("self_consuming.shrinkage_bound", numbers="n: an integer; c₄(n)² (n + 1)/n as a ball")
def shrinkage_bound(n: int) -> Any:
    """c₄(n)² (n + 1) / n, which is at least 1 for n ≥ 3: why the distance grows."""
    return c4_ball(n) ** 2 * (n + 1) / n


@mutant("self_consuming.shrinkage_bound", slip="the typical deviation in place of the mean one")
def shrinkage_of_the_typical(n: int) -> Any:
    return drift_ball(n).exp() * (n + 1) / n


@claim(
    id="self_consuming.frechet-drift.reason",
    title="Why three samples suffice: c₄² is at least n / (n + 1)",
    statement=r"n \ge 3: \quad c_4(n)^2 \ge \frac n{n + 1}, \qquad c_4(2)^2 = \tfrac2\pi < \tfrac23",
    source=SOURCE,
    role="self_consuming.shrinkage_bound",
    evidence=Evidence.CERTIFIED,
    region=at_least(1, because="the inequality itself; the value is 1 + 1/(2n) + O(1/n²)"),
    cases=grid(n=(3, 4, 10, 60)).full(n=tuple(range(3, 61))),
    quantity="c₄² (n + 1) / n",
)
def deviation_is_kept(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield from sharper(lambda: bound(case.n))


@claim(
    id="self_consuming.frechet-drift.bounded",
    title="The distance diverges only for λ = 1 and the unbiased variance",
    statement=r"\lambda < 1: \ \mathbb{E}\, W_2^2 \to \sigma_0^2 \big( 1 + \tfrac{\lambda}{n (1 - \lambda)} \big); \qquad "
    r"\text{MLE},\ \lambda = 1: \ \mathbb{E}[\sigma_t^2 + (\mu_t - \mu_0)^2] = \sigma_0^2,\ \mathbb{E}\, W_2^2 \to 2\sigma_0^2",
    source=LOOP_CURSE.at("theorem 3.1"),
    role="self_consuming.expected_w2_squared",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="after 10⁶ generations all powers are below 1e-300; 1 − (1 − 1/n) loses log₂ n bits"),
    cases=grid(n=(5, 50), loop=("biased", "mle")),
    quantity="|E W₂² after a million generations − its limit|",
    refutes="The distance of a self-consuming Gaussian diverges.",
)
def limits(expected: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    if case.loop == "mle":
        yield exact(gap(expected(case.n, 10**6, ddof=0), 2.0))
    else:
        yield exact(gap(expected(case.n, 10**6, bias=0.9), 1 + 9 / case.n))


@figure(of="self_consuming.frechet-drift")
def mean_and_median_distance() -> Figure:
    n, t = 10, np.arange(0, 201, 4)
    path = gaussian_loop(n, 200, 400, rng=np.random.default_rng(5))
    distances = np.square(path.mean[t, :, 0]) + np.square(np.exp(path.log_det[t] / 2) - 1)
    curves = [
        series(f"λ = {lam:g}, {name}", t, expected_w2_squared(n, t, bias=lam, ddof=ddof))
        for lam, ddof, name in ((1.0, 1, "unbiased"), (1.0, 0, "MLE"), (0.99, 1, "unbiased"), (0.9, 1, "unbiased"))
    ]
    return Figure(
        "Mean squared distance to the real law, n = 10",
        "Only the unbiased loop without sampling bias diverges on average, and its median is far below the mean.",
        "generation t",
        "E W₂²",
        (*curves, series("median of 400 loops, λ = 1, unbiased", t, np.median(distances, axis=1), kind="dashed")),
    )


@table(of="self_consuming.frechet-drift")
def simulated_and_exact() -> Table:
    rng, rows = np.random.default_rng(6), []
    for n, lam, t, ddof in ((50, 1.0, 10, 1), (50, 0.9, 10, 1), (20, 0.8, 5, 1), (50, 1.0, 10, 0)):
        path = gaussian_loop(n, t, 20_000, bias=lam, ddof=ddof, keep="last", rng=rng)
        drawn = np.square(path.mean[0, :, 0]) + np.square(np.exp(path.log_det[0] / 2) - 1)
        known = expected_w2_squared(n, t, bias=lam, ddof=ddof)
        rows.append((n, lam, t, "n − 1" if ddof else "n", known, float(drawn.mean()), float(drawn.std()) / 20_000**0.5))
    return Table(
        "Mean squared distance, exact and of 20,000 loops",
        "The means of the loops scatter about the closed form by their standard errors.",
        ("n", "λ", "t", "divisor", "E W₂²", "mean of the loops", "standard error"),
        rows,
    )
