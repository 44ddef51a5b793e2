"""Entry 2: the exact law of ln σ², its drift, and which schedules of sample sizes save it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.self_consuming.instances import Floats, normal_cdf
from verify.claims.sources import LOOP_ARTICLE, LOOP_MAD
from verify.evidence import Enclosure, at_most, exact, exactly, gap, sharper, slope, sup_distance, within
from verify.methods import self_consuming
from verify.methods.self_consuming import LoopTrajectory, gaussian_loop, log_variance_drift

SOURCE = LOOP_MAD.at("the proposition after equation 2")
SCHEDULES = {
    "three-5-times": ([3] * 5, 1.0), "three-2-times": ([3] * 2, 1.0), "ten-50-times": ([10] * 50, 0.9),
    "mixed": ([4, 7, 12, 5, 30], 1.0), "two-3-times": ([2] * 3, 1.0), "hundred-200-times": ([100] * 200, 1.0),
}  # fmt: skip

role("self_consuming.log_variance_cdf", numbers="x: floats, a schedule of integers, bias; P(ln σ_T² <= x), floats")(
    self_consuming.log_variance_cdf
)


@mutant("self_consuming.log_variance_cdf", slip="n degrees of freedom in place of n − 1")
def n_degrees(x: Any, n_schedule: Any, bias: float = 1.0) -> Any:
    return self_consuming.log_variance_cdf(x, [n + 1 for n in np.atleast_1d(n_schedule).tolist()], bias)


@mutant("self_consuming.log_variance_cdf", slip="a log-normal law of the same mean and variance")
def lognormal(x: Any, n_schedule: Any, bias: float = 1.0) -> Any:
    from scipy.special import polygamma

    sizes = np.atleast_1d(n_schedule)
    mean = np.sum(np.log(bias) + log_variance_drift(sizes))
    return normal_cdf((np.asarray(x) - mean) / np.sqrt(polygamma(1, (sizes - 1) / 2).sum()))


@mutant("self_consuming.log_variance_cdf", slip="a martingale has no drift, so ln σ² is centred at ln λ^T")
def centred_law(x: Any, n_schedule: Any, bias: float = 1.0) -> Any:
    sizes = np.atleast_1d(n_schedule)
    return self_consuming.log_variance_cdf(np.asarray(x) + log_variance_drift(sizes).sum(), sizes.tolist(), bias)


@equivalent("self_consuming.log_variance_cdf", because="the order of the generations does not matter to a sum")
def reversed_schedule(x: Any, n_schedule: Any, bias: float = 1.0) -> Any:
    return self_consuming.log_variance_cdf(x, np.atleast_1d(n_schedule)[::-1].tolist(), bias)


@mutant(
    "self_consuming.gaussian_loop", slip="σ² is carried as a float, which underflows after some hundred generations"
)
def variance_carried(n: Any, generations: int, replicates: int, **how: Any) -> LoopTrajectory:
    path = gaussian_loop(n, generations, replicates, **how)
    with np.errstate(divide="ignore", under="ignore"):
        return path._replace(log_det=np.log(np.exp(path.log_det)))


@claim(
    id="self_consuming.log-variance-law",
    title="The log-variance of a loop is a sum of independent log-χ² variables",
    statement=r"\ln \frac{\sigma_T^2}{\sigma_0^2} \overset{d}{=} \sum_{t \le T} \ln \frac{\lambda\, \chi^2_{n_t - 1}}{n_t - 1}",
    source=SOURCE,
    role=("self_consuming.gaussian_loop", "self_consuming.log_variance_cdf"),
    evidence=Evidence.STATISTICAL,
    region=at_most(0.03, because="the log-normal approximation is 0.05 away at n = 3, T = 2, the divisor n at "
    "least 0.2; 32768 draws "
                   "enclose within 0.0193"),
    cases=grid(schedule=("three-2-times", "three-5-times", "ten-50-times", "mixed")).full(schedule=tuple(SCHEDULES)),
    quantity="distance of ln σ_T² to its law",
)  # fmt: skip
def law_of_log_variance(gaussian_loop: Any, cdf: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    sizes, lam = SCHEDULES[case.schedule]

    def log_variance(rng: np.random.Generator, size: int) -> Floats:
        return np.asarray(gaussian_loop(sizes, len(sizes), size, bias=lam, keep="last", rng=rng).log_det[-1])

    yield from sup_distance(log_variance, lambda x: cdf(x, sizes, lam), rng, case.risk, first=32768)


@claim(
    id="self_consuming.log-variance-law.cdf",
    title="The inverted characteristic function agrees with what is known in closed form",
    statement=r"P(\ln \chi^2_\nu / \nu \le x) = P(\tfrac\nu2, \tfrac\nu2 e^x), \qquad "
    r"P\big(\ln \tfrac{\chi^2_2}{2} \tfrac{\chi'^2_2}{2} \le x\big) = 1 - 2 e^{x/2} K_1(2 e^{x/2})",
    source=SOURCE,
    role="self_consuming.log_variance_cdf",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="some 1000 nodes of a Horner scheme with coefficients that sum to less than "
    "4: 4000 eps = 9e-13; the "
                   "law outside a period and the nodes cut off weigh less than e^-36"),
    cases=grid(schedule=((2,), (3,), (10,), (200,), (3, 3))),
    quantity="largest |inverted − closed form|",
)  # fmt: skip
def inversion(cdf: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import gammainc, k1

    x = np.linspace(-60, 5, 261)
    if len(case.schedule) == 1:
        half = (case.schedule[0] - 1) / 2
        known = gammainc(half, half * np.exp(x))
    else:
        root = 2 * np.exp(x / 2)
        known = 1 - root * k1(root)
    yield exact(gap(cdf(x, list(case.schedule)), known))


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


def ball_drift(n: int) -> Any:
    """ψ(ν/2) − ln(ν/2) as a ball."""
    from flint import arb, fmpq

    half = arb(fmpq(n - 1, 2))
    return half.digamma() - half.log()


@claim(
    id="self_consuming.log-variance-law.drift",
    title="The drift of ln σ² is accurate to its last digits for every n",
    statement=r"\delta_n = \psi\big(\tfrac{n-1}{2}\big) - \ln \tfrac{n-1}{2}",
    source=SOURCE,
    role="self_consuming.log_variance_drift",
    evidence=Evidence.EXACT,
    region=at_most(5e-14, because="below ν = 80 two numbers of size ln 40 are subtracted to 1/80: 3.7 eps 80 = "
    "7e-14 at the very worst, "
                   "half of that for roundings to nearest; above, a series"),
    cases=grid(n=(2, 3, 10, 81, 82, 1000, 10**7)),
    quantity="relative error",
)  # fmt: skip
def drift_is_accurate(drift: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    with flint.ctx.workprec(200):
        truth = float(ball_drift(case.n))
    yield exact(gap(drift(case.n), truth) / abs(truth))


@role("self_consuming.drift_ball", numbers="n: an integer; δ_n as a ball (flint.arb)")
def drift_ball(n: int) -> Any:
    """ψ(ν/2) − ln(ν/2), ν = n − 1."""
    return ball_drift(n)


@mutant("self_consuming.drift_ball", slip="n in place of n − 1")
def drift_ball_of_n(n: int) -> Any:
    return ball_drift(n + 1)


@mutant("self_consuming.drift_ball", slip="ψ(ν/2 + 1): the drift of the size-biased law, which is positive")
def size_biased(n: int) -> Any:
    from flint import arb, fmpq

    half = arb(fmpq(n - 1, 2))
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
    statement=r"n = 2,\ T = 2000: \quad \ln \sigma_T^2 \approx -2540, \qquad \sigma_T^2 < 10^{-1000}",
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


@figure(of="self_consuming.log-variance-law")
def empirical_and_exact() -> Figure:
    curves = []
    for name in ("three-5-times", "mixed", "ten-50-times"):
        sizes, lam = SCHEDULES[name]
        drawn = np.sort(
            gaussian_loop(sizes, len(sizes), 400, bias=lam, keep="last", rng=np.random.default_rng(2)).log_det[0]
        )
        curves.append(series(f"400 loops, {name}", drawn, (np.arange(400) + 0.5) / 400, kind="steps"))
        x = np.linspace(drawn[0], drawn[-1], 80)
        curves.append(series(f"exact law, {name}", x, self_consuming.log_variance_cdf(x, sizes, lam), kind="dashed"))
    return Figure(
        "Law of the log-variance, drawn and exact",
        "The distribution functions of 400 loops follow the exact ones for constant and for mixed sample sizes.",
        "ln σ_T²",
        "probability",
        tuple(curves),
    )


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
        "ln σ_t²",
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
        "−E ln σ_t²",
        tuple(series(name, t, -course) for name, course in courses.items()),
        x_log=True,
        y_log=True,
    )
