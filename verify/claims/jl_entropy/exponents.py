"""Entry 14, first part: the power of log n that keeps the entropy, and where a factor log n has it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.jl_entropy.differences import derivative
from verify.claims.sources import JL_SCALE
from verify.evidence import Enclosure, at_most, exact, gap
from verify.methods import softmax_entropy as se

SOURCE = JL_SCALE.at("the factor log n")

role("jl_entropy.scale_exponent", numbers="log_n, law and its parameters: floats; the power of log n, a float")(
    se.scale_exponent
)


@mutant("jl_entropy.scale_exponent", slip="upside down: what the scale does over what the length does")
def upside_down(log_n: float, law: str, **params: Any) -> float:
    return 1 / se.scale_exponent(log_n, law, **params)


@mutant("jl_entropy.scale_exponent", slip="log n is not differentiated logarithmically: the factor L is missing")
def without_length(log_n: float, law: str, **params: Any) -> float:
    return se.scale_exponent(log_n, law, **params) / log_n


@mutant("jl_entropy.scale_exponent", slip="from the annealed entropy: log n / sigma^2")
def annealed_exponent(log_n: float, law: str, **params: Any) -> float:
    return log_n / params["sigma"] ** 2 if law == "gaussian" else se.scale_exponent(log_n, law, **params)


@mutant("jl_entropy.scale_exponent", slip="scales and lengths at which nothing can be kept are answered")
def always_an_exponent(log_n: float, law: str, **params: Any) -> float:
    try:
        return se.scale_exponent(log_n, law, **params)
    except (ValueError, TypeError):
        return 1.0


@claim(
    id="jl_entropy.what-the-log-factor-does",
    title="A factor log n is stationary at one scale for each length",
    statement=r"L\, \partial_L \mathbb E H = \mathbb E V: \quad \sigma = 3.39194,\ 3.58579,\ 4.03789 \quad (n = 512,\ "
    r"8192,\ 2^{20})",
    source=SOURCE,
    role="jl_entropy.scale_exponent",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-5,
        because="sigma is printed to 5e-6, where the exponent has slope -0.6; the slips are off by more than a tenth",
    ),
    cases=grid(at=((512, 3.39194), (8192, 3.58579), (2**20, 4.03789))),
    quantity="|power of log n − 1|",
)
def stationary_scales(exponent: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, sigma = case.at
    yield exact(gap(exponent(math.log(n), "gaussian", sigma=sigma), 1.0))


@claim(
    id="jl_entropy.what-the-log-factor-does.identity",
    title="What a schedule does is what its power lacks of the one that keeps the entropy",
    statement=r"\beta \propto L^b: \quad \frac{d\, \mathbb E H}{d \log L} = L\, \partial_L \mathbb E H\; \Big(1 - "
    r"\frac ba\Big)",
    source=SOURCE,
    role="jl_entropy.scale_exponent",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-6,
        because="differences of fourth order with step 2e-3 on both sides: 1.6e-11 times fifth "
        "derivatives below 1e3, and rounding 1e-11",
    ),
    cases=grid(sigma=(1.0, 3.0, 6.0), power=(0.5, 1.0)),
    quantity="|difference|, nats",
)
def schedule_identity(exponent: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    L, b = math.log(4096), case.power

    def along(step: float, power: float) -> float:
        return se.expected_softmax_entropy(L * math.exp(step), "gaussian", sigma=case.sigma * math.exp(power * step)).H

    def change(power: float) -> float:
        return float(derivative(lambda step: along(step, power), 2e-3))

    yield exact(gap(change(b), change(0.0) * (1 - b / exponent(L, "gaussian", sigma=case.sigma))))


@claim(
    id="jl_entropy.what-the-log-factor-does.half",
    title="For long contexts that is where half of log n is left",
    statement=r"a = 1 \iff \mathbb E V = \log n \iff \mathbb E H \to \tfrac12 \log n",
    source=SOURCE,
    role="jl_entropy.scale_exponent",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-3,
        because="at L = 150 and sigma = sqrt(L) the corrections to the annealed entropy are of order "
        "n^-1/8 = e^-19, the weight of draws in which one score rivals all others together",
    ),
    cases=grid(L=(150.0, 300.0)),
    quantity="|power of log n − 1| at σ = √(log n)",
)
def half_is_stationary(exponent: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(exponent(case.L, "gaussian", sigma=math.sqrt(case.L)), 1.0))


@figure(of="jl_entropy.what-the-log-factor-does")
def exponent_against_scale() -> Figure:
    sigmas = np.linspace(1.2, 8, 14)
    curves = [
        series(f"n = 2^{i}", sigmas, [se.scale_exponent(i * math.log(2), "gaussian", sigma=float(s)) for s in sigmas])
        for i in (9, 20)
    ]
    return Figure(
        "The power of log n that keeps the entropy",
        "A factor log n, power 1, is right at one spread of the scores for each length; spread scores need more, "
        "frozen ones about its root.",
        "standard deviation σ of the scores",
        "power a",
        (*curves, series("factor log n", y=(1,), kind="hline"), series("factor √(log n)", y=(0.5,), kind="hline")),
        y_log=True,
    )
