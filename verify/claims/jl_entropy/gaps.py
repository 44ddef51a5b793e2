"""Entry 13, second half: one score above n - 1 equal ones, where a factor log n is a switch and keeps nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import JL_GAP, JL_SSMAX
from verify.evidence import Enclosure, at_most, exact, gap, within
from verify.methods import softmax_entropy as se

SOURCE = JL_GAP.at("the critical scale")


@role("jl_entropy.gap_entropy", numbers="log_n, gap: floats (gap = beta Delta); H of one score above n - 1 equal ones")
def gap_entropy(log_n: float, gap_: float) -> float:
    """log(1 + W) + W/(1 + W) gap with W = (n - 1) e^-gap, from logarithms, so that n may be 10^100."""
    log_w = log_n + math.log1p(-math.exp(-log_n)) - gap_ if log_n > 0 else -math.inf
    share = 1 / (1 + math.exp(-log_w)) if log_w > -700 else math.exp(log_w)
    return float(np.logaddexp(0.0, log_w)) + share * gap_


@mutant("jl_entropy.gap_entropy", slip="the entropy of the choice between the top and the rest, and no more")
def two_outcomes(log_n: float, gap_: float) -> float:
    log_w = log_n - gap_
    top = 1 / (1 + math.exp(min(log_w, 700)))
    return -top * math.log(top) - (1 - top) * math.log1p(-top) if 0 < top < 1 else 0.0


@mutant("jl_entropy.gap_entropy", slip="the log of the partition sum, without the mean score")
def partition_only(log_n: float, gap_: float) -> float:
    return float(np.logaddexp(0.0, log_n - gap_))


@claim(
    id="jl_entropy.freezing-transition.gap",
    title="One score above equal ones: a closed form",
    statement=r"H = \log(1 + W) + \frac{W}{1 + W}\, \beta\Delta, \qquad W = (n - 1)\, e^{-\beta\Delta}",
    source=SOURCE,
    role="jl_entropy.gap_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="two terms of size 10, each with some ten roundings, against a kernel good to u (4 + G), G <= 40"
    ),
    cases=grid(n=(2, 1000), gap=(0.0, 2.0, 7.0, 40.0)),
    quantity="|closed form − kernel|, over 1 + H",
)
def gap_closed_form(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    truth = float(se.softmax_entropy(np.append(case.gap, np.zeros(case.n - 1))))
    yield exact(gap(entropy(math.log(case.n), case.gap), truth) / (1 + truth))


@claim(
    id="jl_entropy.freezing-transition.switch",
    title="There a factor log n is a switch: all of the entropy, half of it, or none",
    statement=r"\beta = \gamma \log n: \quad \frac{H}{\log n} \to 1\ (\gamma\Delta < 1), \quad \tfrac12\ "
    r"(\gamma\Delta = 1), \quad 0\ (\gamma\Delta > 1)",
    source=SOURCE,
    role="jl_entropy.gap_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        0.02, because="log 2 / log n = 0.003 at n = 10^100 for the half, and less on either side: n^-0.2 is 1e-20"
    ),
    cases=grid(product=(0.8, 1.0, 1.2)),
    quantity="|H / log n − limit| at n = 10¹⁰⁰",
    refutes="A scale proportional to log n keeps the entropy wherever log n is the critical order.",
)
def gap_switch(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    L = 100 * math.log(10)
    limit = {0.8: 1.0, 1.0: 0.5, 1.2: 0.0}[case.product]
    yield exact(gap(entropy(L, case.product * L) / L, limit))


@claim(
    id="jl_entropy.freezing-transition.constant",
    title="A constant entropy there takes log n + log log n",
    statement=r"\beta\Delta = \log n + \log\log n: \quad H \to 1, \qquad H = 1.2798,\ 1.1796,\ 1.0235 \quad (n = "
    r"10^2, 10^6, 10^{100})",
    source=SOURCE,
    role="jl_entropy.gap_entropy",
    evidence=Evidence.EXACT,
    region=within(1, 1.3, because="about log L / L above the limit 1: from 0.28 at n = 100 to 0.02"),
    cases=grid(power=(2, 6, 100)),
    quantity="H, nats",
)
def gap_constant(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    L = case.power * math.log(10)
    yield exact(entropy(L, L + math.log(L)))


@role(
    "jl_entropy.largest_weight",
    numbers="log_n, gap, s: floats; the weight of the top score, s log n the scale (0: none)",
)
def largest_weight(log_n: float, gap_: float, s: float) -> float:
    """1 / (1 + (n - 1) e^(-s log n gap)); with s = 0 the scale is 1."""
    scale = s * log_n if s else 1.0
    return 1 / (1 + math.exp(log_n + math.log1p(-math.exp(-log_n)) - scale * gap_))


@mutant("jl_entropy.largest_weight", slip="the factor log n is forgotten")
def unscaled(log_n: float, gap_: float, s: float) -> float:
    return largest_weight(log_n, gap_ * (s or 1.0), 0.0)


@mutant("jl_entropy.largest_weight", slip="logarithm to base 10")
def decadic(log_n: float, gap_: float, s: float) -> float:
    return largest_weight(log_n, gap_, s / math.log(10))


@claim(
    id="jl_entropy.freezing-transition.ssmax",
    title="It keeps the largest weight near 1, where a plain softmax loses it",
    statement=r"\text{gap } 5,\ s = 0.43: \quad p_{\max} = \frac{1}{1 + (n - 1)\, n^{-5 s}} \qquad (n = 10, 10^4, "
    r"10^6)",
    source=JL_SSMAX.at("figure 1"),
    role="jl_entropy.largest_weight",
    evidence=Evidence.EXACT,
    region=at_most(5e-6, because="half a unit of the fifth digit, the last that is printed"),
    cases=grid(power=(1, 4, 6), s=(0.0, 0.43)),
    quantity="|weight − printed|",
)
def printed_weights(weight: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    printed = {
        (1, 0.0): 0.94283,
        (4, 0.0): 0.014626,
        (6, 0.0): 1.484e-4,
        (1, 0.43): 0.94010,
        (4, 0.43): 0.999975,
        (6, 0.43): 0.99999987,
    }[case.power, case.s]
    yield exact(gap(weight(case.power * math.log(10), 5.0, case.s), printed))


@figure(of="jl_entropy.freezing-transition.switch")
def switch_curves() -> Figure:
    products = np.linspace(0.5, 1.5, 61)
    return Figure(
        "One score above equal ones, scaled by γ log n",
        "The longer the context, the sharper the switch at γΔ = 1; no choice of γ gives a constant entropy.",
        "γ Δ",
        "H / log n",
        tuple(
            series(
                f"n = 10^{power}",
                products,
                [
                    gap_entropy(power * math.log(10), float(g) * power * math.log(10)) / (power * math.log(10))
                    for g in products
                ],
            )
            for power in (2, 6, 30)
        ),
    )
