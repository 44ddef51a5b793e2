"""Entry 14, second part: what schedules in use do to the entropy: the factor log n helps always and keeps it seldom."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import JL_ENTROPY, JL_SCALE, JL_YARN
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap, within
from verify.methods import softmax_entropy as se

SOURCE = JL_SCALE.at("the factor log n")
D = 64
SCHEDULES = ("const", "sqrt", "log", "yarn", "llama")


def factor(scale: Any, schedule: str, n: float) -> float:
    """By what the scale at n exceeds that at 512."""
    kind = {"sqrt": "sqrt_log", "log": "log_ratio"}.get(schedule, "standard")
    ratio = float(scale(n, D, kind) / scale(512, D, kind))
    if schedule == "yarn":
        return ratio * (1 + 0.1 * math.log(n / 512)) ** 2
    if schedule == "llama":
        return ratio * (1 + 0.1 * math.log(n // 512 + 1)) / (1 + 0.1 * math.log(2))
    return ratio


DRIFTS = {
    1.0: {"const": 7.621, "sqrt": 7.010, "log": 5.652, "yarn": 3.340},
    2.0: {"const": 7.473, "sqrt": 5.054, "log": 0.984, "yarn": -1.599},
    2.5: {"const": 7.107, "sqrt": 3.608, "log": -0.160, "yarn": -1.779},
    3.0: {"const": 6.410, "sqrt": 2.332, "log": -0.540, "yarn": -1.609},
    4.0: {"const": 4.411, "sqrt": 0.957, "log": -0.586, "yarn": -1.168},
    6.0: {"const": 1.794, "sqrt": 0.273, "log": -0.378, "yarn": -0.663},
}
BOTH = ("jl_entropy.attention_scale", "jl_entropy.expected_softmax_entropy")


def entropy_at(scale: Any, oracle: Any, sigma: float, schedule: str, n: float) -> float:
    return float(oracle(math.log(n), "gaussian", sigma=sigma * factor(scale, schedule, n)).H)


def drift(scale: Any, oracle: Any, sigma: float, schedule: str) -> float:
    """H(2^20) - H(512)."""
    return entropy_at(scale, oracle, sigma, schedule, 2**20) - entropy_at(scale, oracle, sigma, schedule, 512)


@claim(
    id="jl_entropy.what-the-log-factor-does.drift",
    title="How the entropy drifts from 512 to a million keys, under four schedules",
    statement=r"\mathbb E H(2^{20}) - \mathbb E H(512) \quad \text{for factors } 1,\ \sqrt{\log_{512} n},\ \log_{512} "
    r"n,\ (1 + 0.1 \log\tfrac n{512})^2",
    source=JL_YARN.at("the temperature of attention"),
    role=BOTH,
    evidence=Evidence.EXACT,
    region=at_most(6e-4, because="half a unit of the last digit printed, and a little"),
    cases=grid(sigma=(1.0, 2.0, 2.5, 3.0, 4.0, 6.0), schedule=("const", "sqrt", "log", "yarn")),
    quantity="|drift − printed|, nats",
)
def drifts(scale: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(drift(scale, oracle, case.sigma, case.schedule), DRIFTS[case.sigma][case.schedule]))


@claim(
    id="jl_entropy.what-the-log-factor-does.helps",
    title="The factor always helps: the drift is smaller with it than without",
    statement=r"|\Delta_{\log}| < |\Delta_{\mathrm{const}}| \qquad (\sigma_{512} = 0.5, \ldots, 8)",
    source=SOURCE,
    role=BOTH,
    evidence=Evidence.EXACT,
    region=exactly(0, because="a count of scales at which it does not"),
    quantity="scales at which the factor does harm",
)
def factor_helps(scale: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    sigmas = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
    yield exact(sum(not abs(drift(scale, oracle, s, "log")) < abs(drift(scale, oracle, s, "const")) for s in sigmas))


@claim(
    id="jl_entropy.what-the-log-factor-does.unit",
    title="It is no invariance: with unit scores three quarters of the drift remain",
    statement=r"\sigma_{512} = 1: \quad \mathbb E H \text{ from } 5.742 \text{ to } 11.394, \quad "
    r"\Delta_{\log}/\Delta_{\mathrm{const}} = 0.742",
    source=SOURCE,
    role=BOTH,
    evidence=Evidence.EXACT,
    region=within(0.7, 0.8, because="5.652 of 7.621 nats; half of it would be 0.37"),
    quantity="share of the drift that remains",
    refutes="A factor log n makes the entropy of attention independent of the length.",
)
def unit_scores_drift(scale: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(drift(scale, oracle, 1.0, "log") / drift(scale, oracle, 1.0, "const"))


@claim(
    id="jl_entropy.what-the-log-factor-does.collapse",
    title="And in the end it collapses: at n = e³⁹ the entropy peaks, at e⁶⁰⁰ one key is left",
    statement=r"\sigma = \tfrac{\log n}{\log 512}: \quad \mathbb E H = 19.48,\ 5.79,\ 0.82 \quad (\log n = 38.9,\ "
    r"100,\ 600)",
    source=SOURCE,
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.EXACT,
    region=at_most(6e-3, because="half a unit of the last digit printed, and a little"),
    cases=grid(at=((38.9, 19.48), (100.0, 5.79), (600.0, 0.82))),
    quantity="|E H − printed|, nats",
)
def collapse(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    L, printed = case.at
    yield exact(gap(oracle(L, "gaussian", sigma=L / math.log(512)).H, printed))


@claim(
    id="jl_entropy.what-the-log-factor-does.best",
    title="It nearly is one where the scores at 512 have a standard deviation of 2.4",
    statement=r"\sigma_{512} = 2.393: \quad \max_n \mathbb E H - \min_n \mathbb E H = 0.338 \qquad (n = 2^9 \ldots "
    r"2^{20})",
    source=SOURCE,
    role=BOTH,
    evidence=Evidence.EXACT,
    region=within(
        0.333, 0.343, because="0.338 to three digits; without the factor the range is 7 nats, with its root 3.6"
    ),
    quantity="range of E H over 2⁹ … 2²⁰ at σ = 2.393, nats",
)
def best_scale(scale: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = [entropy_at(scale, oracle, 2.393, "log", 2**i) for i in range(9, 21)]
    yield exact(max(found) - min(found))


@claim(
    id="jl_entropy.what-the-log-factor-does.place",
    title="That spread is the best one, to a hundredth",
    statement=r"\arg\min_\sigma \big(\max_n \mathbb E H - \min_n \mathbb E H\big) = 2.393 \pm 0.01",
    source=SOURCE,
    role=BOTH,
    evidence=Evidence.EXACT,
    region=exactly(0, because="a count of neighbours, a hundredth away on either side, that are as good"),
    quantity="neighbours with a smaller range",
)
def best_place(scale: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def spread(sigma: float) -> float:
        found = [entropy_at(scale, oracle, sigma, "log", 2**i) for i in range(9, 21)]
        return max(found) - min(found)

    here, *others = (spread(sigma) for sigma in (2.393, 2.383, 2.403))
    yield exact(sum(not here < other for other in others))


@claim(
    id="jl_entropy.what-the-log-factor-does.frozen",
    title="Where attention is frozen the square root does better",
    statement=r"\sigma_{512} = 6: \quad |\Delta_{\sqrt{}}| = 0.273 < |\Delta_{\log}| = 0.378",
    source=SOURCE,
    role=BOTH,
    evidence=Evidence.EXACT,
    region=within(
        0.5,
        0.75,
        because="0.273 over 0.378 is 0.72, and 0.51 at sigma = 8; a ratio above 1 would say that log is better",
    ),
    cases=grid(sigma=(6.0, 8.0)),
    quantity="drift with √log over drift with log",
)
def root_is_better(scale: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(abs(drift(scale, oracle, case.sigma, "sqrt") / drift(scale, oracle, case.sigma, "log")))


@claim(
    id="jl_entropy.what-the-log-factor-does.natural",
    title="The natural logarithm without a reference freezes attention from eight keys on",
    statement=r"\sigma = \log n > \sqrt{2 \log n} \iff \log n > 2: \quad 1 - \mathbb E\, \Sigma p^2 = 0.551,\ 0.472,\ "
    r"0.350,\ 0.293 \quad (n = 20,\ 512,\ 10^6,\ 10^9)",
    source=JL_ENTROPY.at("the natural logarithm"),
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.EXACT,
    region=at_most(6e-4, because="half a unit of the last digit printed, and a little"),
    cases=grid(at=((20, 0.551), (512, 0.472), (10**6, 0.350), (10**9, 0.293))),
    quantity="|trace of the Jacobian − printed|",
)
def natural_logarithm(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, printed = case.at
    yield exact(gap(1 - oracle(math.log(n), "gaussian", sigma=math.log(n)).S2, printed))


@role(
    "jl_entropy.imitation_variance",
    numbers="d, terms: ints; Var of (terms/d) times a sum of d over Var of a sum of `terms`",
)
def imitation_variance(d: int, terms: int) -> Fraction:
    """terms / d: a stretched short sum has the mean of a longer one, and a larger scatter."""
    return Fraction(terms, d)


@mutant("jl_entropy.imitation_variance", slip="1: a stretched sum is taken for the longer one")
def perfect_imitation(d: int, terms: int) -> Fraction:
    return Fraction(1)


@mutant("jl_entropy.imitation_variance", slip="the square of the factor, as for one and the same sum")
def squared_stretch(d: int, terms: int) -> Fraction:
    return Fraction(terms, d) ** 2


@claim(
    id="jl_entropy.what-the-log-factor-does.imitation",
    title="Stretching d terms to imitate more keeps their mean and inflates their scatter",
    statement=r"\operatorname{Var}\Big[\tfrac{d_n}{d} \sum_{i \le d} X_i\Big] \Big/ \operatorname{Var}\Big[\sum_{i "
    r"\le d_n} X_i\Big] = \frac{d_n}{d}",
    source=JL_ENTROPY.at("multiply by d_n / d"),
    role="jl_entropy.imitation_variance",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="all outcomes of three-valued terms are enumerated, by convolution of fractions"),
    cases=grid(d=(2, 4), terms=(5, 8)),
    quantity="|ratio − enumeration|",
    refutes="Multiplying the scores by d_n / d makes d dimensions behave like d_n.",
)
def imitation(ratio: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    stretched = variance_of_sum(case.d) * Fraction(case.terms, case.d) ** 2
    yield exact(abs(ratio(case.d, case.terms) - stretched / variance_of_sum(case.terms)))


def variance_of_sum(terms: int) -> Fraction:
    """Of independent X with P(-1, 0, 2) = (1/2, 1/3, 1/6), from the law of their sum."""
    law = {0: Fraction(1)}
    for _ in range(terms):
        following: dict[int, Fraction] = {}
        for value, p in law.items():
            for step, q in ((-1, Fraction(1, 2)), (0, Fraction(1, 3)), (2, Fraction(1, 6))):
                following[value + step] = following.get(value + step, Fraction(0)) + p * q
        law = following
    mean = sum((v * p for v, p in law.items()), Fraction(0))
    return sum(((v - mean) ** 2 * p for v, p in law.items()), Fraction(0))


@claim(
    id="jl_entropy.what-the-log-factor-does.door",
    title="Where nothing can be kept, no power is given",
    statement=r"\log n > 0,\ \sigma > 0",
    source=SOURCE,
    role="jl_entropy.scale_exponent",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def exponent_door(exponent: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    bad: list[tuple[float, str, dict[str, Any]]] = [
        (0.0, "gaussian", {"sigma": 1.0}),
        (6.0, "gaussian", {"sigma": 0.0}),
        (6.0, "torus", {"scale": 1.0}),
        (6.0, "sphere", {"d": 8}),
    ]
    yield exact(accepted(lambda log_n, law, params: exponent(log_n, law, **params), bad, ValueError))


@figure(of="jl_entropy.what-the-log-factor-does.drift")
def entropy_under_schedules() -> Figure:
    powers = (9, 11, 13, 15, 17, 20)
    curves = []
    for sigma in (1.0, 2.4, 6.0):
        for schedule in SCHEDULES:
            H = [entropy_at(se.attention_scale, se.expected_softmax_entropy, sigma, schedule, 2.0**i) for i in powers]
            kind = "line" if schedule == "log" else "dashed"
            curves.append(series(f"σ = {sigma:g}, {schedule}", [2.0**i for i in powers], H, kind=kind))  # type: ignore[arg-type]
    return Figure(
        "Mean entropy under five schedules, for three spreads of the scores",
        "Only near σ = 2.4 at 512 keys does the factor log n keep the entropy; below it the entropy grows with every "
        "schedule, above it the "
        "square root does as well.",
        "number of keys n",
        "mean entropy, nats",
        tuple(curves),
        x_log=True,
    )
