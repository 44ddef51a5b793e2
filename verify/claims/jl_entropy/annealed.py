"""Entry 12, second part: the annealed entropy, to which the mean entropy tends at a fixed scale."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.sources import JL_WORD_DIMENSION
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap
from verify.methods import softmax_entropy as se

SOURCE = JL_WORD_DIMENSION.at("h_n / n tends to -0.24")

role("jl_entropy.annealed_entropy", numbers="law, log_n and the law's parameters: floats; a float")(se.annealed_entropy)


@mutant("jl_entropy.annealed_entropy", slip="half of the loss is forgotten: log n + log E e^x - E x")
def untilted_mean(law: str, *, log_n: float, **params: Any) -> float:
    return log_n + (se.annealed_entropy(law, log_n=0.0, **params) if law == "sphere" else params["sigma"] ** 2 / 2)


@mutant("jl_entropy.annealed_entropy", slip="kappa = scale sqrt(d) on the sphere")
def root_kappa(law: str, *, log_n: float, **params: Any) -> float:
    if law == "sphere":
        params = params | {"scale": params["scale"] / math.sqrt(params["d"])}
    return se.annealed_entropy(law, log_n=log_n, **params)


@mutant("jl_entropy.annealed_entropy", slip="laws that are none are answered")
def any_annealed(law: str, *, log_n: float, **params: Any) -> float:
    try:
        return se.annealed_entropy(law, log_n=log_n, **params)
    except (ValueError, TypeError):
        return math.nan


@claim(
    id="jl_entropy.sphere-entropy-and-the-024.annealed",
    title="At a fixed scale the mean entropy tends to its annealed value, from below",
    statement=r"\mathbb E H - H_{\mathrm{ann}} \to 0 \qquad (n \to \infty)",
    source=SOURCE,
    role="jl_entropy.annealed_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-3, because="at n = e^40 the correction, of order E e^2x/(E e^x)^2/n, is below e^-15 for these scales"
    ),
    cases=grid(law=("gaussian", "sphere")),
    quantity="|E H − annealed| at log n = 40",
)
def annealed_is_limit(annealed: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    params: dict[str, Any] = {"sigma": 2.0} if case.law == "gaussian" else {"d": 16, "scale": 0.8}
    truth = se.expected_softmax_entropy(40.0, case.law, **params).H
    yield exact(gap(annealed(case.law, log_n=40.0, **params), truth))


@claim(
    id="jl_entropy.sphere-entropy-and-the-024.door",
    title="A sphere has at least two dimensions",
    statement=r"d \ge 2,\ \lambda \ge 0,\ \log n \ge 0",
    source=SOURCE,
    role="jl_entropy.annealed_entropy",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def annealed_door(annealed: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    bad: list[tuple[str, float, dict[str, Any]]] = [
        ("sphere", 6.0, {"d": 1, "scale": 1.0}),
        ("sphere", 6.0, {"d": 8, "scale": -1.0}),
        ("gaussian", -1.0, {"sigma": 1.0}),
        ("gaussian", 6.0, {"sigma": -1.0}),
        ("torus", 6.0, {"d": 2}),
        ("sphere", 6.0, {"d": 8}),
    ]
    yield exact(accepted(lambda law, log_n, params: annealed(law, log_n=log_n, **params), bad, ValueError))
