"""Entry 13, third part: the power of log n in the freezing scale, by the tail of the scores and along the line of the sphere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.jl_entropy.differences import derivative
from verify.claims.jl_entropy.freezing import BOTH
from verify.claims.jl_entropy.golden import LOG_PHI
from verify.claims.sources import JL_REM, JL_SCALE, JL_TAILS
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap, slope, within
from verify.methods import softmax_entropy as se

SOURCE = JL_REM.at("the transition")


@role("jl_entropy.tail_exponent", numbers="p > 1: float; the power of log n in the scale, a float")
def tail_exponent(p: float) -> float:
    """1 - 1/p for scores with tails exp(-|s|^p)."""
    return 1 - 1 / p


@mutant("jl_entropy.tail_exponent", slip="1, a factor log n, for every tail")
def always_log(p: float) -> float:
    return 1.0


@mutant("jl_entropy.tail_exponent", slip="1/p in place of 1 - 1/p")
def inverse_tail(p: float) -> float:
    return 1 / p


@claim(
    id="jl_entropy.freezing-transition.tails",
    title="The power of log n that keeps a share of the entropy depends on the tail: 1/2 for Gaussian scores, 1 for "
    "none",
    statement=r"P(|s| > t) \approx e^{-t^p}: \quad H = \eta \log n \iff \beta \propto (\log n)^{1 - 1/p}",
    source=JL_TAILS.at("from (log n)^(1/2) to (log n)^2"),
    role="jl_entropy.tail_exponent",
    evidence=Evidence.RATE,
    region=within(
        -0.02,
        0.02,
        because="corrections of relative order log L / L at L = 200 and 400; a tenth of what "
        "the slip 1 is off at p = 4",
    ),
    cases=grid(p=(1.5, 4.0)).full(p=(1.5, 2.0, 4.0, 8.0)),
    quantity="slope of log β in log L between L = 200 and 400, minus the power",
)
def exponent_of_tail(exponent: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lengths = (200.0, 400.0)
    yield exact(slope(np.log(lengths), [math.log(half_entropy_scale(L, case.p)) for L in lengths]) - exponent(case.p))


def half_entropy_scale(L: float, p: float) -> float:
    """The beta with E H = L/2."""
    from scipy.optimize import brentq

    guess = p * (L / 2) ** (1 - 1 / p)  # where the tilted density costs L/2

    def excess(log_beta: float) -> Any:
        found = se.expected_softmax_entropy(L, "generalised_normal", p=p, beta=guess * math.exp(log_beta))
        return found.H / L - 0.5

    return float(guess * math.exp(brentq(excess, -0.3, 0.3, xtol=1e-5)))


@claim(
    id="jl_entropy.freezing-transition.sphere",
    title="On the sphere freezing has a closed form",
    statement=r"\lambda_c = n^{2/d} \sqrt{1 - n^{-2/d}} \iff \log n = \tfrac d2 \log\frac{1 + \sqrt{1 + "
    r"4\lambda_c^2}}2",
    source=JL_SCALE.at("the scale of attention"),
    role="jl_entropy.freezing_scale",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="n^(2/d) amplifies the rounding of log n by at most 2 log n / d = 18, the logarithm "
        "takes it back: 20 eps = 4e-15",
    ),
    cases=grid(d=(3, 16, 64, 128), n=(512, 2**20, 10**12)),
    quantity="relative difference of the two sides",
)
def sphere_freezes(freezing: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    L = math.log(case.n)
    w = math.sqrt(1 + 4 * freezing(L, "sphere", d=case.d) ** 2)
    yield exact(gap(case.d / 2 * math.log((1 + w) / 2) / L, 1.0))


@claim(
    id="jl_entropy.freezing-transition.line",
    title="Along the freezing line the entropy of attention stays between two and three and a half nats",
    statement=r"\lambda = \lambda_c(n, d): \quad 1.9 \le \mathbb E H \le 3.4 \qquad (d = 32, 64, 128;\ n = 2^9 \ldots "
    r"2^{20})",
    source=JL_SCALE.at("the scale of attention"),
    role=BOTH,
    evidence=Evidence.EXACT,
    region=within(1.9, 3.4, because="from 1.933 to 3.383; at n^(2/d) alone, a third higher at d = 128, it falls out"),
    cases=grid(d=(32, 64, 128), n=(2**9, 2**20)),
    quantity="E H on the line, nats",
)
def along_the_line(freezing: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    L = math.log(case.n)
    yield exact(oracle(L, "sphere", d=case.d, scale=freezing(L, "sphere", d=case.d)).H)


@role("jl_entropy.local_power", numbers="a = 2 log n / d: float; the local power of log n in lambda_c, a float")
def local_power(a: float) -> float:
    """a + a / (2 (e^a - 1))."""
    return a + a / (2 * math.expm1(a))


@mutant("jl_entropy.local_power", slip="1, a factor log n, everywhere")
def power_one(a: float) -> float:
    return 1.0


@mutant("jl_entropy.local_power", slip="1/2, that of Gaussian scores, everywhere")
def power_half(a: float) -> float:
    return 0.5


@mutant("jl_entropy.local_power", slip="a: the square root factor is forgotten")
def power_of_leading_term(a: float) -> float:
    return a


@claim(
    id="jl_entropy.freezing-transition.power",
    title="The power of log n along it runs from 1/2 in wide heads past 1 at d = 3.1 log n",
    statement=r"\frac{d \log \lambda_c}{d \log\log n} = a + \frac{a}{2(e^a - 1)}, \qquad a = \frac{2 \log n}{d}",
    source=JL_SCALE.at("the scale of attention"),
    role="jl_entropy.local_power",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="the fourth-order difference of step 1e-3 errs by 1e-12 times a fifth derivative "
        "below 100; rounding is eps over the step",
    ),
    cases=grid(ratio=(2.0, 3.1066, 4.156, 10.26, 100.0)),
    quantity="|closed form − difference|",
)
def power_along_line(power: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d = 1000
    L = d / case.ratio

    def at(step: float) -> float:
        return math.log(se.freezing_scale(L * math.exp(step), "sphere", d=d))

    yield exact(gap(power(2 * L / d), derivative(at, 1e-3)))


@claim(
    id="jl_entropy.freezing-transition.marks",
    title="It is 1 at d = 3.1066 log n, 0.87 where the scale is 1, and 0.65 for a head of 64 and 512 keys",
    statement=r"a + \frac{a}{2(e^a - 1)} = 1,\ 0.8705,\ 0.648 \quad \text{at} \quad \tfrac{d}{\log n} = 3.1066,\ "
    r"\tfrac{2}{\ln\phi} = 4.156,\ \tfrac{64}{\log 512}",
    source=JL_SCALE.at("the scale of attention"),
    role="jl_entropy.local_power",
    evidence=Evidence.EXACT,
    region=at_most(5e-4, because="half a unit of the last digit printed"),
    cases=grid(mark=("one", "golden", "head")),
    quantity="|power − printed|",
)
def marked_powers(power: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    a, printed = {
        "one": (2 / 3.1066, 1.0),
        "golden": (LOG_PHI, 0.8705),
        "head": (2 * math.log(512) / 64, 0.648),
    }[case.mark]
    yield exact(gap(power(a), printed))


@claim(
    id="jl_entropy.freezing-transition.door",
    title="Laws without a freezing scale are refused",
    statement=r"\log n \ge 0,\ d \ge 2,\ p > 1",
    source=SOURCE,
    role="jl_entropy.freezing_scale",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def freezing_door(freezing: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    bad: list[tuple[float, str, dict[str, Any]]] = [
        (-1.0, "gaussian", {}),
        (6.0, "gaussian", {"sigma": 1.0}),
        (6.0, "sphere", {}),
        (6.0, "sphere", {"d": 1}),
        (6.0, "generalised_normal", {"p": 1.0}),
        (6.0, "empirical", {"scores": [0.0, 1.0]}),
    ]
    yield exact(accepted(lambda log_n, law, params: freezing(log_n, law, **params), bad, ValueError))
