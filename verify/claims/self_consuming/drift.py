"""Entry 2, the drift of ln σ²: its size, which schedules of sample sizes save the variance, and a run far below every float."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.self_consuming.balls import drift_ball, half_degrees
from verify.claims.self_consuming.log_variance import SOURCE
from verify.claims.sources import LOOP_ARTICLE
from verify.evidence import Enclosure, at_most, exact, exactly, gap, sharper, slope, within
from verify.methods import self_consuming
from verify.methods.self_consuming import gaussian_loop, log_variance_drift

role("self_consuming.log_variance_drift", numbers="n: an integer or an array of them; δ_n, floats")(
    self_consuming.log_variance_drift
)


@mutant("self_consuming.log_variance_drift", slip="n in place of n − 1")
def drift_of_n(n: Any) -> Any:
    return log_variance_drift(np.asarray(n) + 1)


@mutant("self_consuming.log_variance_drift", slip="the mean variance stays, so there is no drift")
def no_drift(n: Any) -> Any:
    return 0.0 * np.asarray(n)


@mutant("self_consuming.log_variance_drift", slip="ψ − ln subtracted as floats: half of the digits are gone at n = 10⁷")
def subtracted(n: Any) -> Any:
    from scipy.special import digamma

    half = (np.asarray(n) - 1) / 2
    return digamma(half) - np.log(half)


@claim(
    id="self_consuming.log-variance-law.drift",
    title="The drift of ln σ² is accurate to its last digits for every n",
    statement=r"\delta_n = \psi\big(\tfrac{n-1}{2}\big) - \ln \tfrac{n-1}{2}",
    source=SOURCE,
    role="self_consuming.log_variance_drift",
    evidence=Evidence.EXACT,
    region=at_most(
        5e-14,
        because="below ν = 80 two numbers under 4, each rounded by eps, are subtracted to 1/80: 160 eps = 3.6e-14, and half "
        "as much again for a ψ that is not rounded to nearest; above, a series",
    ),
    cases=grid(n=(2, 3, 10, 81, 82, 1000, 10**7)),
    quantity="relative error",
)
def drift_is_accurate(drift: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    with flint.ctx.workprec(200):
        truth = float(drift_ball(case.n))
    yield exact(gap(drift(case.n), truth) / abs(truth))


role("self_consuming.drift_ball", numbers="n: an integer; δ_n as a ball (flint.arb)")(drift_ball)


@mutant("self_consuming.drift_ball", slip="n in place of n − 1")
def drift_ball_of_n(n: int) -> Any:
    return drift_ball(n + 1)


@mutant("self_consuming.drift_ball", slip="ψ(ν/2 + 1): the drift of the size-biased law, which is positive")
def size_biased(n: int) -> Any:
    half = half_degrees(n)
    return (half + 1).digamma() - half.log()


@claim(
    id="self_consuming.log-variance-law.bracket",
    title="The drift lies between two rational functions of n, and is negative",
    statement=r"-\frac1\nu - \frac1{3\nu^2} < \delta_n < -\frac1\nu - \frac1{3\nu^2} + \frac2{15 \nu^4}, \qquad \nu = n - 1",
    source=LOOP_ARTICLE.at("the collapse of the variance"),
    role="self_consuming.drift_ball",
    evidence=Evidence.CERTIFIED,
    region=at_most(1, because="the bracket itself, scaled to [−1, 1]; its upper end is below 0 for every ν ≥ 1"),
    cases=grid(most=(200,)),
    quantity="largest |place in the bracket| for n ≤ 200, its ends being −1 and 1",
)
def drift_in_bracket(drift: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from flint import fmpq

    def largest() -> Any:
        from flint import arb

        top = arb(0)
        for n in range(2, case.most + 1):
            nu = n - 1
            middle = fmpq(-1, nu) - fmpq(1, 3 * nu**2) + fmpq(1, 15 * nu**4)
            top = top.max(abs((drift(n) - middle) * (15 * nu**4)))
        return top

    yield from sharper(largest, bits=128)


@claim(
    id="self_consuming.log-variance-law.linear-schedule",
    title="With samples that grow like t, the variance falls like a power of t",
    statement=r"n_t = n_0 t: \quad \mathbb{E} \ln \sigma_t^2 \sim -\tfrac1{n_0} \ln t",
    source=SOURCE,
    role="self_consuming.log_variance_drift",
    evidence=Evidence.RATE,
    region=within(-1e-3, 1e-3, because="δ_n = −1/n + O(1/n²), so between 10⁵ and 2·10⁵ the slope is −1/n_0 up to 1e-5"),
    cases=grid(n0=(10,)).full(n0=(5, 10, 50)),
    quantity="slope of E ln σ² against ln t, plus 1/n_0",
)
def linear_schedule(drift: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    t = np.arange(1, 200_001)
    course = np.cumsum(drift(case.n0 * t))
    looked_at = np.geomspace(1e5, 2e5, 20).astype(int)
    yield exact(slope(np.log(looked_at), course[looked_at - 1]) + 1 / case.n0)


@claim(
    id="self_consuming.log-variance-law.quadratic-schedule",
    title="With samples that grow like t², some variance survives for ever",
    statement=r"\sum_{t \ge 1} \frac1{n_t} < \infty \iff \sigma_\infty > 0; \qquad \sum_{t \le 2 \cdot 10^5} "
    r"\delta_{10 t^2} = -0.180827\ldots",
    source=SOURCE,
    role="self_consuming.log_variance_drift",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-6, because="the value of an independent calculation has six decimals; ν for n moves the sum by 0.01"
    ),
    quantity="|sum of the drifts − known value|",
)
def quadratic_schedule(drift: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    t = np.arange(1, 200_001)
    yield exact(gap(np.sum(drift(10 * t**2)), -0.180827))


@claim(
    id="self_consuming.log-variance-law.long-run",
    title="Two samples a generation for two thousand generations: the state stays finite",
    statement=r"n = 2,\ T = 2000: \quad \ln \sigma_T^2 \approx -2540 \pm 99, \qquad \ln 2^{-1074} \approx -744",
    source=SOURCE,
    role="self_consuming.gaussian_loop",
    evidence=Evidence.EXACT,
    region=exactly(0, because="a count: a logarithm that is not finite has lost its state"),
    cases=grid(method=("sufficient",)).full(method=("sufficient", "raw")),
    quantity="log-variances and means that are not finite",
)
def long_run(gaussian_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    path = gaussian_loop(2, 2000, 50, method=case.method, rng=rng)
    yield exact(int(np.count_nonzero(~np.isfinite(path.log_det)) + np.count_nonzero(~np.isfinite(path.mean))))


@figure(of="self_consuming.log-variance-law.long-run")
def fan_of_paths() -> Figure:
    path = gaussian_loop(2, 2000, 8, rng=np.random.default_rng(3))
    shown = np.arange(0, 2001, 20)
    curves = [series("loops" if not r else "", shown, path.log_det[shown, r]) for r in range(8)]
    typical = series("typical course t δ₂", shown, shown * log_variance_drift(2), kind="dashed")
    floor = series("smallest float", y=(-745.0,), kind="hline")
    return Figure(
        "Two samples a generation, two thousand generations",
        "The log-variances follow the typical course far below the logarithm of the smallest float.",
        "generation t",
        "ln σₜ²",
        (*curves, typical, floor),
    )


@figure(of="self_consuming.log-variance-law.linear-schedule")
def three_schedules() -> Figure:
    t = np.arange(1, 1001)
    courses = {
        "n = 10: collapse": np.cumsum(log_variance_drift(np.full(1000, 10))),
        "n = 10 t: a power law": np.cumsum(log_variance_drift(10 * t)),
        "n = 10 t²: a limit": np.cumsum(log_variance_drift(10 * t**2)),
    }
    return Figure(
        "Mean log-variance under three schedules of sample sizes",
        "Constant sizes collapse fast, linear ones by a power law, quadratic ones keep most of the variance.",
        "generation t",
        "−E ln σₜ²",
        tuple(series(name, t, -course) for name, course in courses.items()),
        x_log=True,
        y_log=True,
    )
