"""Entry 3, the paths that lag behind: the mean of the standard deviation bounds how many."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.self_consuming.balls import c4_ball, exact_ball
from verify.claims.sources import LOOP_RATE
from verify.evidence import Enclosure, answered, at_most, exact, gap, sharper, within
from verify.methods import self_consuming
from verify.methods.self_consuming import c4, log_variance_drift

SOURCE = LOOP_RATE.at("the bound on the survival of a path")

role("self_consuming.c4", numbers="n: an integer or an array; c₄(n), floats")(self_consuming.c4)


@mutant("self_consuming.c4", slip="n in place of n − 1")
def c4_of_n(n: Any) -> Any:
    return c4(np.asarray(n) + 1)


@mutant("self_consuming.c4", slip="the first-order value 1 − 1/(4ν)")
def c4_first_order(n: Any) -> Any:
    return 1 - 1 / (4 * (np.asarray(n) - 1))


@mutant("self_consuming.c4", slip="a difference of two large log-Gammas: ten digits are gone at n = 10⁷")
def c4_by_logarithms(n: Any) -> Any:
    from scipy.special import gammaln

    nu = np.asarray(n) - 1
    return np.sqrt(2 / nu) * np.exp(gammaln((nu + 1) / 2) - gammaln(nu / 2))


role("self_consuming.c4_ball", numbers="n: an integer; c₄(n) as a ball (flint.arb)")(c4_ball)


@mutant("self_consuming.c4_ball", slip="n in place of n − 1")
def c4_ball_of_n(n: int) -> Any:
    return c4_ball(n + 1)


@mutant("self_consuming.c4_ball", slip="the root of the mean variance, which is 1: Jensen's inequality is ignored")
def no_jensen(n: int) -> Any:
    return exact_ball(Fraction(1))


@claim(
    id="self_consuming.mean-versus-typical.c4",
    title="The mean of the standard deviation is accurate for every n",
    statement=r"c_4(n) = \sqrt{\tfrac2\nu}\; \Gamma(\tfrac{\nu + 1}2) / \Gamma(\tfrac\nu2)",
    source=SOURCE,
    role="self_consuming.c4",
    evidence=Evidence.EXACT,
    region=at_most(4e-15, because="two Gamma functions, a root and a quotient: about 16 roundings"),
    cases=grid(n=(2, 3, 10, 81, 82, 1000, 10**7)),
    quantity="|c₄ − ball|",
)
def c4_is_accurate(c4: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    with flint.ctx.workprec(256):
        truth = float(c4_ball(case.n))
    yield exact(gap(c4(case.n), truth))


@claim(
    id="self_consuming.mean-versus-typical.survival-rate",
    title="The mean deviation falls faster than by e^{−1/4n} a generation",
    statement=r"P(\sigma_t > \varepsilon) \le \frac{\sigma_0}{\varepsilon}\, c_4(n)^t \le "
    r"\frac{\sigma_0}{\varepsilon}\, e^{-t/4n}, "
    r"\qquad c_4(n) < e^{-1/4n}",
    source=SOURCE,
    role="self_consuming.c4_ball",
    evidence=Evidence.CERTIFIED,
    region=within(1, 2, because="1 is the stated bound; at n = 2 the value is −4 ln(2/π) = 1.81, and it falls to 1"),
    cases=grid(n=(2, 3, 5, 10, 50, 200)).full(n=tuple(range(2, 201))),
    quantity="−4n ln c₄(n)",
)
def survival_rate(c4_ball: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield from sharper(lambda: -4 * case.n * c4_ball(case.n).log())


@role(
    "self_consuming.exceedance_bound", numbers="n, t: integers, epsilon: σ/σ_0; an upper bound on P(σ_t > ε), a float"
)
def exceedance_bound(n: int, t: int, epsilon: float) -> float:
    """c₄(n)^t σ_0/ε: Markov's inequality for σ_t."""
    return float(c4(n)) ** t / epsilon


@mutant(
    "self_consuming.exceedance_bound", slip="the typical deviation in place of its mean, as if no path lagged behind"
)
def bound_by_the_typical(n: int, t: int, epsilon: float) -> float:
    return float(np.exp(t * log_variance_drift(n) / 2)) / epsilon


@mutant("self_consuming.exceedance_bound", slip="the mean deviation squared")
def squared_rate(n: int, t: int, epsilon: float) -> float:
    return float(c4(n)) ** (2 * t) / epsilon


@claim(
    id="self_consuming.mean-versus-typical.exceedance",
    title="The bound on lagging paths holds for the exact law",
    statement=r"P(\sigma_t > \varepsilon \sigma_0) \le c_4(n)^t / \varepsilon",
    source=SOURCE,
    role="self_consuming.exceedance_bound",
    evidence=Evidence.EXACT,
    region=at_most(1, because="Markov's inequality; where the bound is below 1e-9 the inverted law has no "
    "digits, and nothing is measured"),
    cases=grid(n=(3, 10), t=(5, 50)).full(n=(2, 3, 5, 10, 50), t=(5, 20, 50, 200)),
    quantity="exact probability over the bound, largest over ε",
)  # fmt: skip
def lagging_paths(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    epsilon = np.geomspace(1e-3, 1.0, 40) ** (case.t * abs(log_variance_drift(case.n)) / 3 + 0.5)
    tail = 1 - self_consuming.log_variance_cdf(2 * np.log(epsilon), [case.n] * case.t)
    bounds = answered([bound(case.n, case.t, float(e)) for e in epsilon])
    yield exact(float(np.max(np.where(bounds > 1e-9, tail / bounds, 0.0))))
