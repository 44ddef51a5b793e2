"""Entry 4, first half: signs in place of Gaussian numbers: equal variance and upper tail, but another lower tail."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.jl_entropy.sign_laws import length_law
from verify.claims.sources import JL_ACHLIOPTAS
from verify.evidence import Enclosure, answered, at_least, at_most, exact, exactly, gap
from verify.methods import johnson_lindenstrauss as jl

SOURCE = JL_ACHLIOPTAS.at("theorem 1.1 and section 5")
UNIT = {
    "e1": (Fraction(1), Fraction(0), Fraction(0)),
    "equal": (Fraction(1, 2),) * 4,
    "345": (Fraction(3, 5), Fraction(4, 5)),
    "mixed": (Fraction(1, 3), Fraction(2, 3), Fraction(2, 3)),
}
role("jl_entropy.distortion_variance", numbers="x: Fractions, k: int, sparsity: int; a Fraction")(
    jl.distortion_variance
)


@mutant("jl_entropy.distortion_variance", slip="s - 1 in place of s - 3: the second moment taken for the excess")
def excess_of_one(x: Any, k: int, sparsity: Any) -> Any:
    return jl.distortion_variance(x, k, sparsity) + 2 * sum(v**4 for v in x) / Fraction(k)


@mutant("jl_entropy.distortion_variance", slip="the Gaussian 2/k for every kind")
def always_gaussian(x: Any, k: int, sparsity: Any) -> Any:
    return Fraction(2, k)


def patterns(s: int, D: int) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """Every row of signs with its probability."""
    for row in itertools.product((-1, 0, 1), repeat=D):
        weight = math.prod((1 - Fraction(1, s) if r == 0 else Fraction(1, 2 * s) for r in row), start=Fraction(1))
        if weight:
            yield row, weight


def row_moment(s: int, x: tuple[Fraction, ...], m: int) -> Fraction:
    """E (sqrt(s) <r, x>)^(2m)."""
    return sum(
        (w * (s * sum(a * b for a, b in zip(r, x, strict=True)) ** 2) ** m for r, w in patterns(s, len(x))), Fraction(0)
    )


@claim(
    id="jl_entropy.projection-families",
    title="The variance of a projected length depends on the fourth moments alone",
    statement=r"\operatorname{Var} \|Ax\|^2 = \tfrac1k \big(2 + (s - 3) \|x\|_4^4\big), \qquad \|x\| = 1",
    source=SOURCE,
    role="jl_entropy.distortion_variance",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="all rows of signs are enumerated with fractions"),
    cases=grid(s=(1, 2, 3, 5), x=("e1", "equal", "345", "mixed")),
    quantity="|formula − enumeration|",
)
def variance_by_enumeration(variance: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x = UNIT[case.x]
    truth = (row_moment(case.s, x, 2) - row_moment(case.s, x, 1) ** 2) / 7
    array = np.empty(len(x), object)
    array[:] = x
    yield exact(abs(variance(array, 7, case.s) - truth))


@role("jl_entropy.dominating_moment", numbers="m: int; an int that bounds E (sqrt(s) <r, x>)^(2m) for s = 1 and 3")
def dominating_moment(m: int) -> int:
    """(2m - 1)!!, the moment of a standard normal variable."""
    return math.prod(range(1, 2 * m, 2))


@mutant("jl_entropy.dominating_moment", slip="(2m - 3)!!: one factor is missing")
def one_factor_less(m: int) -> int:
    return math.prod(range(1, 2 * m - 2, 2))


@mutant("jl_entropy.dominating_moment", slip="(2m)! / m!, twice the power of two too large")
def without_power_of_two(m: int) -> int:
    return math.factorial(2 * m) // math.factorial(m)


@claim(
    id="jl_entropy.projection-families.moments",
    title="For s = 1 and s = 3 no moment exceeds the Gaussian one",
    statement=r"\mathbb E \big(\sqrt s\, \langle r, x\rangle\big)^{2m} \le (2m - 1)!!",
    source=SOURCE,
    role="jl_entropy.dominating_moment",
    evidence=Evidence.CERTIFIED,
    region=at_most(1, because="the ratio of the two, fractions"),
    cases=grid(s=(1, 3), D=(1, 2, 4)).full(D=(1, 2, 4, 6)),
    quantity="largest ratio over m ≤ 6",
)
def moments_dominated(moment: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    """x = (1, ..., 1)/sqrt(D), where D^m times the moment is whole; e_1 is the case D = 1."""
    ones = (Fraction(1),) * case.D
    yield exact(max(row_moment(case.s, ones, m) / (case.D**m * Fraction(moment(m))) for m in range(1, 7)))


@claim(
    id="jl_entropy.projection-families.sparser",
    title="From s = 4 on, sparse vectors break the domination",
    statement=r"s = 4,\ x = e_1: \quad \mathbb E \big(2 r_1\big)^4 = 4 > 3",
    source=SOURCE,
    role="jl_entropy.dominating_moment",
    evidence=Evidence.CERTIFIED,
    region=at_least("5/4", because="the ratio at m = 2 is 4/3, and domination would keep it below 1"),
    quantity="ratio at m = 2",
)
def sparser_breaks(moment: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(row_moment(4, (Fraction(1),), 2) / Fraction(moment(2)))


@role("jl_entropy.upper_tail_bound", numbers="k: int, eps: float; a bound of P(|Ax|^2 >= 1 + eps) for s = 1, 3")
def upper_tail_bound(k: int, eps: float) -> float:
    """exp(-k (eps - log(1 + eps)) / 2), as for Gaussian entries."""
    return math.exp(-k / 2 * (eps - math.log1p(eps)))


@mutant("jl_entropy.upper_tail_bound", slip="the small-eps form exp(-k eps^2 / 4)")
def small_upper(k: int, eps: float) -> float:
    return math.exp(-k * eps * eps / 4)


@role("jl_entropy.lower_tail_bound", numbers="k: int, eps: float; a bound of P(|Ax|^2 <= 1 - eps) for s = 1, 3")
def lower_tail_bound(k: int, eps: float) -> float:
    """exp(-k (eps^2/2 - eps^3/3) / 2), Achlioptas' bound."""
    return math.exp(-k / 2 * (eps**2 / 2 - eps**3 / 3))


@mutant("jl_entropy.lower_tail_bound", slip="the chi-square bound exp(k (eps + log(1 - eps)) / 2) applied to signs")
def chi_square_lower(k: int, eps: float) -> float:
    return math.exp(k / 2 * (eps + math.log1p(-eps)))


EPSILONS = (0.13, 0.31, 0.53, 0.77, 0.93)  # k eps D / s is never whole, so no atom lies on a boundary
FAMILIES = grid(s=(1, 3), D=(1, 2, 5)).full(D=(1, 2, 3, 4, 5))


def worst_ratio(bound: Any, case: Case, *, upper: bool) -> float:
    """Largest exact tail over its bound on k and eps."""
    worst = 0.0
    for k in (4, 16, 64, 128):
        values, law = length_law(case.s, case.D, k)
        for eps in EPSILONS:
            tail = law[values >= 1 + eps].sum() if upper else law[values <= 1 - eps].sum()
            worst = max(worst, float(tail) / float(answered(bound(k, eps))))
    return worst


@claim(
    id="jl_entropy.projection-families.upper",
    title="Their upper tail obeys the Gaussian bound",
    statement=r"P(\|Ax\|^2 \ge 1 + \epsilon) \le e^{-\frac k2 (\epsilon - \log(1 + \epsilon))}, \qquad s \in \{1, 3\}",
    source=SOURCE,
    role="jl_entropy.upper_tail_bound",
    evidence=Evidence.EXACT,
    region=at_most(1, because="exact laws by convolution against the bound"),
    cases=FAMILIES,
    quantity="largest ratio of tail to bound",
)
def upper_holds(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(worst_ratio(bound, case, upper=True))


@claim(
    id="jl_entropy.projection-families.lower",
    title="Their lower tail obeys Achlioptas' bound",
    statement=r"P(\|Ax\|^2 \le 1 - \epsilon) \le e^{-\frac k2 (\epsilon^2/2 - \epsilon^3/3)}, \qquad s \in \{1, 3\}",
    source=SOURCE,
    role="jl_entropy.lower_tail_bound",
    evidence=Evidence.EXACT,
    region=at_most(1, because="exact laws by convolution against the bound"),
    cases=FAMILIES,
    quantity="largest ratio of tail to bound",
)
def lower_holds(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(worst_ratio(bound, case, upper=False))


@role("jl_entropy.half_binomial_tail", numbers="k: int, eps: float; P(|Ax|^2 <= 1 - eps) for signs, x = (1, 1)/sqrt 2")
def half_binomial_tail(k: int, eps: float) -> float:
    """P(Bin(k, 1/2) <= k (1 - eps) / 2): each row of signs gives 0 or 2."""
    from scipy.special import bdtr

    return float(bdtr(math.floor(k * (1 - eps) / 2), k, 0.5))


@mutant("jl_entropy.half_binomial_tail", slip="the Gaussian tail, which signs are said never to exceed")
def gaussian_in_its_place(k: int, eps: float) -> float:
    return jl.norm_distortion_tail(k, eps)[1]


@claim(
    id="jl_entropy.projection-families.lower-witness",
    title="But a lower tail of signs can exceed the Gaussian bound a hundred million times",
    statement=r"x = (1, 1)/\sqrt2,\ k = 64,\ \epsilon = 0.93: \quad \frac{P(\|Ax\|^2 \le 1 - \epsilon)}"
    r"{e^{\frac k2 (\epsilon + \log(1 - \epsilon))}} > 10^8",
    source=SOURCE,
    role="jl_entropy.half_binomial_tail",
    evidence=Evidence.EXACT,
    region=at_least(1e8, because="1.13e-16 against 9.28e-25; the Gaussian tail itself stays below its bound"),
    quantity="tail over the chi-square bound",
    refutes="Signs are never worse than Gaussian entries.",
)
def signs_are_worse(tail: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    values, law = length_law(1, 2, 64)
    found = tail(64, 0.93)
    agreed = gap(found / law[values <= 0.07].sum(), 1.0) < 1e-9
    yield exact(found / chi_square_lower(64, 0.93) if agreed else 0.0)


@figure(of="jl_entropy.projection-families")
def variance_against_fourth_moment() -> Figure:
    fourth = np.linspace(0, 1, 21)
    return Figure(
        "Variance of a projected length, times k",
        "Signs scatter less than Gaussian numbers, a sparsity of 3 exactly as much, and sparser signs more and more "
        "as the vector "
        "itself becomes sparse.",
        "sum of xᵢ⁴ (1 for one-hot x)",
        "k Var |Ax|²",
        tuple(
            series(f"s = {s}", fourth, 2 + (s - 3) * fourth, kind="line" if s != 3 else "dashed")
            for s in (1, 3, 10, 32)
        ),
    )


@figure(of="jl_entropy.projection-families.lower-witness")
def lower_tails() -> Figure:
    eps = np.linspace(0.05, 0.97, 47)
    k = 64
    return Figure(
        "Lower tails of 64 projected coordinates",
        "Beyond a distortion of about 3/4 the tail of signs crosses the bound that holds for Gaussian entries.",
        "distortion ε",
        "P(|Ax|² ≤ 1 − ε)",
        (
            series("signs, x = (1, 1)/√2", eps, [half_binomial_tail(k, e) for e in eps], kind="steps"),
            series("Gaussian", eps, [jl.norm_distortion_tail(k, float(e))[1] for e in eps]),
            series("chi-square bound", eps, [chi_square_lower(k, e) for e in eps], kind="dashed"),
            series("Achlioptas' bound", eps, [lower_tail_bound(k, e) for e in eps], kind="dashed"),
        ),
        y_log=True,
    )
