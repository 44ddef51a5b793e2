"""Entry 13, first half: the scale at which a few scores take all the weight, and what entropy is left beyond it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import JL_REM, JL_RUELLE, JL_SCALE, JL_TAILS
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap, slope, within
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
        because="the rest falls like n^-(1 - r)^2 times a power of log n: 1e-3 at n = 10^6 for r = "
        "1/2, less at the other two points",
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
    region=within(0.9, 1, because="0.9007, 0.9752, 0.9905: the limit 1 is approached from below like 1/L"),
    cases=grid(L=(10.0, 100.0, 600.0)),
    quantity="E H / √(4 L / π)",
)
def at_freezing(freezing: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(share(freezing, oracle, case.L, 1.0) * case.L / math.sqrt(4 * case.L / math.pi))


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
    d, h = 1000, 1e-3
    L = d / case.ratio

    def at(step: float) -> float:
        return math.log(se.freezing_scale(L * math.exp(step), "sphere", d=d))

    yield exact(gap(power(2 * L / d), (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)))


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
    phi = (1 + math.sqrt(5)) / 2
    a, printed = {
        "one": (2 / 3.1066, 1.0),
        "golden": (math.log(phi), 0.8705),
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
