"""Entry 2: the exact law of ln σ²."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.self_consuming.instances import Floats, normal_cdf
from verify.claims.sources import LOOP_MAD
from verify.evidence import Enclosure, at_most, exact, gap, sup_distance
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
    region=at_most(
        0.03,
        because="the log-normal approximation is 0.05 away at n = 3, T = 2, the divisor n at least 0.2; 32768 draws "
        "enclose within 0.0193",
    ),
    cases=grid(schedule=("three-2-times", "three-5-times", "ten-50-times", "mixed")).full(schedule=tuple(SCHEDULES)),
    quantity="distance of ln σ_T² to its law",
)
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
    region=at_most(
        1e-12,
        because="some 1000 nodes of a Horner scheme with coefficients that sum to less than 4: 4000 eps = 9e-13; the "
        "law outside a period and the nodes cut off weigh less than e^-36",
    ),
    cases=grid(schedule=((2,), (3,), (10,), (200,), (3, 3))),
    quantity="largest |inverted − closed form|",
)
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
