"""Entry 13, second part: what entropy is left beyond freezing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import JL_RUELLE
from verify.evidence import Enclosure, at_most, exact, gap, slope, within
from verify.methods import softmax_entropy as se


@role("jl_entropy.frozen_entropy", numbers="r > 1: float; the limit of E H, a float")
def frozen_entropy(r: float) -> float:
    """psi(1) - psi(1 - 1/r): the mean entropy of Poisson-Dirichlet weights with parameter 1/r."""
    from scipy.special import digamma

    return float(digamma(1) - digamma(1 - 1 / r))


@mutant("jl_entropy.frozen_entropy", slip="psi(1/r) for psi(1 - 1/r)")
def other_parameter(r: float) -> float:
    from scipy.special import digamma

    return float(digamma(1) - digamma(1 / r))


@mutant("jl_entropy.frozen_entropy", slip="the annealed entropy beyond freezing, which is negative")
def annealed_beyond(r: float) -> float:
    return 600 * (1 - r * r)


@mutant("jl_entropy.frozen_entropy", slip="minus log of the limit of the sum of squares, 1 - 1/r")
def from_collisions(r: float) -> float:
    return -math.log(1 - 1 / r)


@claim(
    id="jl_entropy.freezing-transition.frozen",
    title="Beyond freezing it no longer depends on n: a few scores hold the weight",
    statement=r"r > 1: \quad \mathbb E H \to \psi(1) - \psi(1 - 1/r)",
    source=JL_RUELLE.at("the weights are Poisson-Dirichlet"),
    role="jl_entropy.frozen_entropy",
    evidence=Evidence.EXACT,
    region=within(
        0,
        0.012,
        because="the limit is approached from below, about like L^-0.9: 0.0105 is left at L = 600 "
        "for r = 2, less for r = 4",
    ),
    cases=grid(r=(2.0, 3.0, 4.0)),
    quantity="limit − E H at log n = 600, nats",
)
def frozen_limit(limit: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(limit(case.r) - frozen_now(600.0, case.r).H)


def frozen_now(L: float, r: float) -> se.ExpectedSoftmax:
    return se.expected_softmax_entropy(L, "gaussian", sigma=r * math.sqrt(2 * L))


@claim(
    id="jl_entropy.freezing-transition.rate",
    title="It gets there slowly in log n",
    statement=r"\psi(1) - \psi(1 - 1/r) - \mathbb E H \approx L^{-0.9}",
    source=JL_RUELLE.at("the weights are Poisson-Dirichlet"),
    role="jl_entropy.frozen_entropy",
    evidence=Evidence.RATE,
    region=within(
        -1.05,
        -0.75,
        because="corrections of extreme values fall like log L / L: order -1 with a logarithm, -0.87 over this range",
    ),
    cases=grid(r=(2.0,)),
    quantity="order in L of the rest, L = 50 … 600",
)
def frozen_rate(limit: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    L = (50.0, 100.0, 200.0, 400.0, 600.0)
    rest = [abs(limit(case.r) - frozen_now(x, case.r).H) for x in L]
    yield exact(slope(np.log(L), np.log(rest)))


@role("jl_entropy.frozen_collision", numbers="r > 1: float; the limit of E sum p^2, a float")
def frozen_collision(r: float) -> float:
    """1 - 1/r."""
    return 1 - 1 / r


@mutant("jl_entropy.frozen_collision", slip="1/r in place of 1 - 1/r")
def parameter_itself(r: float) -> float:
    return 1 / r


@mutant("jl_entropy.frozen_collision", slip="1 - 1/r^2, as if it were the lost share of entropy")
def squared_parameter(r: float) -> float:
    return 1 - 1 / r**2


@claim(
    id="jl_entropy.freezing-transition.collision",
    title="Two draws then agree with probability 1 − 1/r",
    statement=r"r > 1: \quad \mathbb E\, \Sigma p^2 \to 1 - 1/r",
    source=JL_RUELLE.at("the weights are Poisson-Dirichlet"),
    role="jl_entropy.frozen_collision",
    evidence=Evidence.EXACT,
    region=at_most(
        3e-3, because="about 1/L at L = 600, as the entropy's rest is; r = 2 hides the slip 1/r, the others show it"
    ),
    cases=grid(r=(2.0, 3.0, 4.0)),
    quantity="|E Σp² − limit| at log n = 600",
)
def frozen_squares(limit: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(frozen_now(600.0, case.r).S2, limit(case.r)))


@figure(of="jl_entropy.freezing-transition.frozen")
def entropy_when_frozen() -> Figure:
    L = np.geomspace(6, 600, 8)
    curves = [series(f"r = {r:g}", L, [frozen_now(float(x), r).H for x in L]) for r in (1.5, 2.0, 4.0)]
    limits = [series(f"limit, r = {r:g}", y=(frozen_entropy(r),), kind="hline") for r in (1.5, 2.0, 4.0)]
    return Figure(
        "Mean entropy beyond freezing",
        "At a fixed multiple of the freezing scale the entropy tends to a constant, slowly in log n.",
        "log n",
        "mean entropy, nats",
        (*curves, *limits),
        x_log=True,
    )
