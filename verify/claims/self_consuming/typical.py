"""Entry 3: the mean variance and the typical variance part ways, and where the threshold really is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.self_consuming.balls import c4_ball, drift_ball, exact_ball
from verify.claims.self_consuming.instances import Floats
from verify.claims.sources import LOOP_MAD
from verify.evidence import Enclosure, answered, at_least, at_most, exact, gap, probability, sharper, within
from verify.methods import self_consuming
from verify.methods.self_consuming import c4, critical_bias, log_variance_drift

SOURCE = LOOP_MAD.at("the proposition after equation 2")


@role("self_consuming.typical_rate", numbers="n: an integer, bias: a Fraction; the rate of ln σ² as a ball (flint.arb)")
def typical_rate(n: int, bias: Fraction) -> Any:
    """ln λ + ψ(ν/2) − ln(ν/2): the almost sure limit of (1/t) ln σ_t²."""
    return exact_ball(bias).log() + drift_ball(n)


@mutant("self_consuming.typical_rate", slip="ln λ, the rate of the mean variance: Jensen's inequality is ignored")
def rate_of_the_mean(n: int, bias: Fraction) -> Any:
    return exact_ball(bias).log()


@mutant("self_consuming.typical_rate", slip="2 ln c₄, the rate of the squared mean deviation")
def rate_of_the_mean_deviation(n: int, bias: Fraction) -> Any:
    return rate_of_the_mean(n, bias) + 2 * c4_ball(n).log()


@claim(
    id="self_consuming.mean-versus-typical",
    title="The mean variance never moves, while every path collapses",
    statement=r"\lambda = 1: \quad \mathbb{E}\,\sigma_t^2 = \sigma_0^2 \ \forall t, \qquad "
    r"\tfrac1t \ln \sigma_t^2 \to \delta_n \ \text{a.s.}, \qquad \tfrac1\nu < -\delta_n < \tfrac2\nu",
    source=SOURCE,
    role="self_consuming.typical_rate",
    evidence=Evidence.CERTIFIED,
    region=within(
        1,
        Fraction(4, 3),
        because="−ν δ_n lies between 1 and 1 + 1/(3ν), by the bracket of δ_n; hence also e^{1/ν} < λ* < e^{2/ν}",
    ),
    cases=grid(n=(2, 3, 10, 100)).full(n=(2, 3, 4, 5, 10, 50, 100, 1000)),
    quantity="ν × (rate of the mean − typical rate)",
    refutes="A bounded supermartingale such as the covariance converges to zero, and an average over replicates shows it.",
)
def typical_falls(typical_rate: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield from sharper(lambda: -(case.n - 1) * typical_rate(case.n, Fraction(1)))


@role("self_consuming.moment_factor", numbers="s, n, bias: numbers; M(s), a float")
def moment_factor(s: float, n: int, bias: float) -> float:
    """M(s) = (2λ/ν)^{s/2} Γ((ν + s)/2) / Γ(ν/2), so that E σ_t^s = σ_0^s M(s)^t, s > −ν."""
    from scipy.special import poch

    nu = n - 1
    return float((2 * bias / nu) ** (s / 2) * poch(nu / 2, s / 2))


@mutant(
    "self_consuming.moment_factor", slip="the factor of the mean variance to the power s/2: fluctuations are ignored"
)
def no_fluctuations(s: float, n: int, bias: float) -> float:
    return float(bias ** (s / 2))


@mutant("self_consuming.moment_factor", slip="n degrees of freedom in place of n − 1")
def moments_of_n(s: float, n: int, bias: float) -> float:
    return moment_factor(s, n + 1, bias)


@claim(
    id="self_consuming.mean-versus-typical.moments",
    title="Every moment of σ is multiplied by a ratio of Gamma functions",
    statement=r"\mathbb{E}\,\sigma_t^s = \sigma_0^s M(s)^t, \quad "
    r"M(s) = \Big(\frac{2\lambda}{\nu}\Big)^{s/2} \frac{\Gamma((\nu + s)/2)}{\Gamma(\nu/2)}, \quad M(2) = \lambda",
    source=SOURCE,
    role="self_consuming.moment_factor",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="two Gamma functions at most 1e-14 off each, a trapezoidal sum whose error is "
    "below e^-100; a factor 30"),
    cases=grid(n=(2, 3, 10), s=(-0.5, 1.0, 2.0, 4.0)).full(n=(2, 3, 5, 10, 50)),
    quantity="relative difference to quadrature",
)  # fmt: skip
def moments_by_quadrature(moment_factor: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    nu, lam = case.n - 1, 0.9
    # ∫ x^{(ν+s)/2 − 1} e^{−x/2} dx in y = ln x, by the trapezoidal rule: analytic, so it converges geometrically
    y = np.arange(-16000, 16000) * 0.01 / min(1.0, (nu + case.s) / 2)
    y = y[y < 12]
    bottom = nu / 2 * y - np.exp(y) / 2
    top = bottom + case.s / 2 * (y + np.log(lam / nu))
    yield exact(abs(moment_factor(case.s, case.n, lam) * np.exp(bottom).sum() / np.exp(top).sum() - 1))


role("self_consuming.critical_bias", numbers="n: an integer or an array; λ*, floats")(self_consuming.critical_bias)


@mutant("self_consuming.critical_bias", slip="one, as the proposition has it")
def one(n: Any) -> Any:
    return np.asarray(n) * 0.0 + 1.0


@mutant("self_consuming.critical_bias", slip="the bias that keeps the mean deviation: 1 / c₄²")
def mean_deviation_kept(n: Any) -> Any:
    return 1 / np.square(c4(n))


@claim(
    id="self_consuming.mean-versus-typical.critical-bias",
    title="The threshold of collapse lies above one",
    statement=r"\lambda_n^* = e^{-\delta_n}: \quad \lambda^*_2, \lambda^*_3, \lambda^*_{10}, \lambda^*_{100} = "
    r"3.5621448360,\ 1.7810724180,\ 1.1221050952,\ 1.0101865521",
    source=SOURCE,
    role="self_consuming.critical_bias",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10, because="the values of an independent calculation have ten decimals; λ*_2 is 2 e^γ and λ*_3 is e^γ"
    ),
    cases=grid(n=(2, 3, 10, 100)),
    quantity="|λ* − known value|",
    refutes="The loop collapses almost surely just for λ ≤ 1.",
)
def critical_values(critical_bias: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    known = {2: 2 * np.exp(np.euler_gamma), 3: np.exp(np.euler_gamma), 10: 1.1221050952, 100: 1.0101865521}
    yield exact(gap(critical_bias(case.n), known[case.n]))


@claim(
    id="self_consuming.mean-versus-typical.threshold",
    title="Three percent below the threshold loops collapse, three percent above they explode",
    statement=r"P\big(\operatorname{sign} \ln \tfrac{\sigma_T^2}{\sigma_0^2} = \operatorname{sign} \ln "
    r"\tfrac{\lambda}{\lambda_n^*}\big) "
    r"\ge \tfrac12, \qquad T = 1000",
    source=SOURCE,
    role=("self_consuming.critical_bias", "self_consuming.gaussian_loop"),
    evidence=Evidence.STATISTICAL,
    region=at_least(
        0.5,
        because="ln σ_T² has mean ±30 and a deviation of at most 41; with a wrong threshold every path has the same "
        "sign on both sides",
    ),
    cases=grid(n=(3, 10), factor=(0.97, 1.03)).full(n=(3, 5, 10, 50)),
    quantity="P(the path goes where the threshold says)",
)
def threshold_decides(critical_bias: Any, loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lam = case.factor * float(critical_bias(case.n))

    def hits(rng: np.random.Generator, size: int) -> Any:
        log_variance = loop(case.n, 1000, size, bias=lam, keep="last", rng=rng).log_det[-1]
        return (answered(log_variance) > 0) == (case.factor > 1)

    yield from probability(hits, rng, case.risk)


@figure(of="self_consuming.mean-versus-typical")
def growth_of_moments() -> Figure:
    s = np.linspace(-1.5, 4, 45)
    curves: list[Any] = [
        series(f"ln M(s), n = {n}", s, [np.log(moment_factor(float(v), n, 1.0)) for v in s]) for n in (5, 10)
    ]
    curves += [series(f"typical rate s δ/2, n = {n}", s, s * log_variance_drift(n) / 2, kind="dashed") for n in (5, 10)]
    return Figure(
        "Growth of the moments of σ a generation, and of a typical path",
        "All moments lie above the typical line, which touches them at s = 0; the second moment does not move at all.",
        "power s",
        "(1/t) ln E σₜˢ",
        (*curves, series("no growth", y=(0.0,), kind="hline")),
    )


@figure(of="self_consuming.mean-versus-typical.threshold")
def where_loops_collapse() -> Figure:
    n = np.arange(2, 41)
    critical: Floats = critical_bias(n)
    return Figure(
        "The bias at which a typical variance neither collapses nor explodes",
        "Below the line paths collapse, also in the wide strip above λ = 1 where the mean variance explodes.",
        "samples n",
        "bias λ",
        (
            series("collapse although the mean explodes", n, np.ones(39), critical, kind="band"),
            series("λ*", n, critical),
            series("1 / c₄²: the mean deviation stays", n, 1 / c4(n) ** 2, kind="dashed"),
            series("λ = 1: the mean variance stays", y=(1.0,), kind="hline"),
        ),
    )
