"""Entry 1, third part: the tail of a projected length in floating point, and its Chernoff bound."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.jl_entropy.balls import arb, bits_for
from verify.claims.jl_entropy.tail_constant import TWENTIETHS
from verify.claims.sources import JL_THEORY
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap, within, worst
from verify.methods import johnson_lindenstrauss as jl

SOURCE = JL_THEORY.at("the tail of a projected length")

role("jl_entropy.norm_distortion_tail", numbers="d: int, eps: float; (upper, lower) as floats")(jl.norm_distortion_tail)


@mutant("jl_entropy.norm_distortion_tail", slip="d degrees of freedom passed as the shape d of the gamma function")
def shape_d(d: int, eps: float) -> tuple[float, float]:
    return jl.norm_distortion_tail(2 * d, eps)


@mutant("jl_entropy.norm_distortion_tail", slip="distortion of the length for that of its square")
def length_distortion(d: int, eps: float) -> tuple[float, float]:
    return jl.norm_distortion_tail(d, (1 + eps) ** 2 - 1)[0], jl.norm_distortion_tail(d, 1 - (1 - eps) ** 2)[1]


@mutant("jl_entropy.norm_distortion_tail", slip="SciPy's gammainc for every d: its series stops after 2000 terms")
def scipy_alone(d: int, eps: float) -> tuple[float, float]:
    from scipy.special import gammainc

    return jl.norm_distortion_tail(d, eps)[0], float(gammainc(d / 2, d * (1 - eps) / 2)) if 0 < eps < 1 else 0.0


@mutant("jl_entropy.norm_distortion_tail", slip="any eps is taken, also 0 and nan")
def open_door(d: int, eps: float) -> tuple[float, float]:
    try:
        return jl.norm_distortion_tail(d, eps)
    except (ValueError, TypeError):
        return np.nan, np.nan


role("jl_entropy.chernoff_distortion_bound", numbers="d: int, eps: float in (0, 1); a float")(
    jl.chernoff_distortion_bound
)


@mutant("jl_entropy.chernoff_distortion_bound", slip="the factor 1/2 in the exponent is lost")
def without_half(d: int, eps: float) -> float:
    return jl.chernoff_distortion_bound(2 * d, eps)


@mutant("jl_entropy.chernoff_distortion_bound", slip="twice the smaller exponential for the sum of the two")
def twice_the_smaller(d: int, eps: float) -> float:
    return 2 * float(np.exp(d * (eps + np.log1p(-eps)) / 2))


@mutant("jl_entropy.chernoff_distortion_bound", slip="the small-eps form 2 exp(-d eps^2 / 8), true but weaker")
def article_form(d: int, eps: float) -> float:
    return 2 * float(np.exp(-d * eps**2 / 8))


@claim(
    id="jl_entropy.norm-tail-certified.float",
    title="The tail in floating point has twelve digits, down to 1e−229",
    statement=r"\big(P(\chi^2_d/d \ge 1 + \epsilon),\ P(\chi^2_d/d \le 1 - \epsilon)\big)",
    source=SOURCE,
    role="jl_entropy.norm_distortion_tail",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="the incomplete gamma functions are good to some 100 ulps where their argument, "
        "exact to half an ulp, "
        "enters with a condition below d = 512: 512 eps + 100 eps = 1.4e-13, with a factor 7",
    ),
    cases=grid(d=(1, 2, 8, 64, 512), eps=("1/10", "1/2", "9/10")).full(
        d=(1, 2, 3, 8, 33, 64, 100, 256, 512), eps=TWENTIETHS
    ),
    quantity="largest relative error of the two tails",
)
def float_tails(tails: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield relative_error(tails, case.d, Fraction(float(Fraction(case.eps))))  # the float that the subject is given


def relative_error(tails: Any, d: int, eps: Fraction) -> Enclosure:
    """Of both tails, against balls."""
    import flint

    with flint.ctx.workprec(bits_for(d, eps) + 64):
        order = arb(Fraction(d, 2))
        upper = arb(d * (1 + eps) / 2).gamma_upper(order, regularized=1)
        lower = 1 - arb(d * (1 - eps) / 2).gamma_upper(order, regularized=1)
        truth = [float(upper.mid()), float(lower.mid())]
    return worst(exact(gap(found / true, 1.0)) for found, true in zip(tails(d, float(eps)), truth, strict=True))


@claim(
    id="jl_entropy.norm-tail-certified.large",
    title="So it has in a hundred million dimensions, where a library's series ends too early",
    statement=r"P\big(\chi^2_d/d \le 1 - z \sqrt{2/d}\big), \qquad d = 10^6, 10^7, 10^8",
    source=SOURCE,
    role="jl_entropy.norm_distortion_tail",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="the exponent d (eps + log(1 - eps))/2 cancels to z^2/2 from d eps = z sqrt(2 d), at "
        "most 1.7e5 at d = 10^8: "
        "1.7e5 eps = 4e-11, with a factor 25; SciPy's sum is off by 0.2",
    ),
    cases=grid(d=(10**6, 10**7, 10**8), z=(1, 5, 12)),
    quantity="largest relative error of the two tails",
)
def large_tails(tails: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield relative_error(tails, case.d, Fraction(case.z * (2 / case.d) ** 0.5))


@claim(
    id="jl_entropy.norm-tail-certified.chernoff",
    title="The sum of the two exact exponential rates bounds the tail, and closely",
    statement=r"\frac{1}{4\sqrt d} \le T(d, \epsilon) \Big/ \Big(e^{-\frac d2 (\epsilon - \log(1 + \epsilon))} "
    r"+ e^{\frac d2 (\epsilon + \log(1 - \epsilon))}\Big) \le 1",
    source=SOURCE,
    role="jl_entropy.chernoff_distortion_bound",
    evidence=Evidence.EXACT,
    region=within(
        1 / 4,
        np.inf,
        because="the prefactor of the tail tends to 1/(eps sqrt(pi d)) > 1/(2 sqrt d); 1/4 "
        "leaves half of it for "
        "d = 1; a bound that is broken, or has a smaller rate, counts as 0",
    ),
    cases=grid(d=(1, 2, 8, 64, 512, 4096), eps=(0.1, 0.3, 0.5, 0.9)).full(d=(*range(1, 65), 128, 512, 4096)),
    quantity="tail / bound, times √d; 0 where the bound is broken",
)
def chernoff_holds(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    ratio = sum(jl.norm_distortion_tail(case.d, case.eps)) / bound(case.d, case.eps)
    yield exact(ratio * case.d**0.5 if 0 < ratio <= 1 else 0.0)


@claim(
    id="jl_entropy.norm-tail-certified.door",
    title="Numbers that are no dimension and no distortion are refused",
    statement=r"d \ge 1,\quad \epsilon > 0",
    source=SOURCE,
    role="jl_entropy.norm_distortion_tail",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def tail_door(tails: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(accepted(tails, [(0, 0.5), (-3, 0.5), (8, 0.0), (8, -0.1), (8, np.nan)], ValueError))
