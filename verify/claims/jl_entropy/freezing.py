"""Entry 13, first part: the scale at which a few scores take all the weight."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import JL_REM
from verify.evidence import Enclosure, at_most, exact, gap, within
from verify.methods import softmax_entropy as se

SOURCE = JL_REM.at("the transition")

role("jl_entropy.freezing_scale", numbers="log_n: float, law and its shape (d or p); a float")(se.freezing_scale)


@mutant("jl_entropy.freezing_scale", slip="sqrt(log n), without the 2")
def root_log(log_n: float, law: str, **params: Any) -> float:
    return math.sqrt(log_n) if law == "gaussian" else se.freezing_scale(log_n, law, **params)


@mutant("jl_entropy.freezing_scale", slip="2 sqrt(log n)")
def twice_root_log(log_n: float, law: str, **params: Any) -> float:
    return 2 * math.sqrt(log_n) if law == "gaussian" else se.freezing_scale(log_n, law, **params)


@mutant("jl_entropy.freezing_scale", slip="n^(2/d) without the square root factor")
def without_root_factor(log_n: float, law: str, **params: Any) -> float:
    return math.exp(2 * log_n / params["d"]) if law == "sphere" else se.freezing_scale(log_n, law, **params)


@mutant("jl_entropy.freezing_scale", slip="a scale is found for every law and number")
def always_some_scale(log_n: float, law: str, **params: Any) -> float:
    try:
        return se.freezing_scale(log_n, law, **params)
    except (ValueError, TypeError):
        return math.nan


def share(freezing: Any, oracle: Any, L: float, r: float) -> float:
    """E H / L for Gaussian scores at r times the freezing scale."""
    return float(oracle(L, "gaussian", sigma=r * freezing(L, "gaussian")).H) / L


BOTH = ("jl_entropy.freezing_scale", "jl_entropy.expected_softmax_entropy")


@claim(
    id="jl_entropy.freezing-transition",
    title="Below freezing the entropy is a fixed share of log n",
    statement=r"\sigma = r \sqrt{2 \log n},\ r < 1: \quad \frac{\mathbb E H}{\log n} \to 1 - r^2",
    source=SOURCE,
    role=BOTH,
    evidence=Evidence.EXACT,
    region=at_most(
        1e-3,
        because="in nats the rest is about sigma^2 n^-(1 - 2 r^2) up to r = 1/2, 0.007 at log n = 13.8, and beyond, where "
        "one score rivals all others together, a few times n^-((1 - r^2)/2r)^2, e^-6.6 = 0.0013 at log n = 50: over "
        "log n both are below 1e-3",
    ),
    cases=grid(at=((13.8, 0.3), (13.8, 0.5), (50.0, 0.7))),
    quantity="|E H / log n − (1 − r²)|",
)
def share_below(freezing: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    L, r = case.at
    yield exact(gap(share(freezing, oracle, L, r), 1 - r * r))


@claim(
    id="jl_entropy.freezing-transition.critical",
    title="At freezing it grows with the square root of log n",
    statement=r"r = 1: \quad \mathbb E H \sim \sqrt{\tfrac4\pi \log n}",
    source=SOURCE,
    role=BOTH,
    evidence=Evidence.EXACT,
    region=within(0.9, 1, because="0.9007, 0.9752, 0.9905: the limit 1 is approached from below, about like 1/sqrt L"),
    cases=grid(L=(10.0, 100.0, 600.0)),
    quantity="E H / √(4 L / π)",
)
def at_freezing(freezing: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(share(freezing, oracle, case.L, 1.0) * case.L / math.sqrt(4 * case.L / math.pi))


@figure(of="jl_entropy.freezing-transition")
def share_against_scale() -> Figure:
    r = np.linspace(0, 2.2, 23)
    curves = [
        series(
            f"log n = {L:g}",
            r,
            [se.expected_softmax_entropy(L, "gaussian", sigma=x * math.sqrt(2 * L)).H / L for x in r],
        )
        for L in (6.24, 25.0, 80.0)
    ]
    return Figure(
        "Share of log n that the entropy keeps",
        "As n grows the curves settle on a parabola that ends at the freezing scale; beyond it nothing of log n is "
        "left.",
        "r = σ / √(2 log n)",
        "E H / log n",
        (
            *curves,
            series("limit", r, np.maximum(0, 1 - r * r), kind="dashed"),
            series("freezing", x=(1,), kind="vline"),
        ),
    )
