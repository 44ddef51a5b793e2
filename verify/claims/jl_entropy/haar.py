"""Entry 5: a projection onto a random plane has a beta law, and needs fewer dimensions than a Gaussian matrix."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.jl_entropy.balls import arb
from verify.claims.sources import JL_DASGUPTA
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap, worst
from verify.methods import johnson_lindenstrauss as jl

SOURCE = JL_DASGUPTA.at("lemma 2.2")

role("jl_entropy.haar_distortion_tail", numbers="k, D: ints, eps: float; (upper, lower) as floats")(
    jl.haar_distortion_tail
)


def beta_tails(a: float, b: float, low: float, high: float) -> tuple[float, float]:
    from scipy.special import betainc, betaincc

    return float(betaincc(a, b, min(high, 1.0))), float(betainc(a, b, low))


@mutant("jl_entropy.haar_distortion_tail", slip="Beta((k - 1)/2, ...): one degree of freedom less")
def one_degree_less(k: int, D: int, eps: float) -> tuple[float, float]:
    return beta_tails(max(k - 1, 0.5) / 2, (D - k) / 2, (1 - eps) * k / D, (1 + eps) * k / D)


@mutant("jl_entropy.haar_distortion_tail", slip="the factor D/k is missing")
def without_scale(k: int, D: int, eps: float) -> tuple[float, float]:
    return beta_tails(k / 2, (D - k) / 2, 1 - eps, 1 + eps)


@mutant("jl_entropy.haar_distortion_tail", slip="the Gaussian tails, as if D were infinite")
def infinite_space(k: int, D: int, eps: float) -> tuple[float, float]:
    return jl.norm_distortion_tail(k, eps)


@mutant("jl_entropy.haar_distortion_tail", slip="a plane of more dimensions than its space is taken")
def any_plane(k: int, D: int, eps: float) -> tuple[float, float]:
    try:
        return jl.haar_distortion_tail(k, D, eps)
    except (ValueError, TypeError):
        return 0.0, 0.0


@role("jl_entropy.haar_variance", numbers="k, D: ints; a Fraction")
def haar_variance(k: int, D: int) -> Fraction:
    """Var (D/k) |Px|^2 = 2 (D - k) / (k (D + 2)) for unit x."""
    return Fraction(2 * (D - k), k * (D + 2))


@mutant("jl_entropy.haar_variance", slip="2/k, as for Gaussian entries")
def gaussian_variance(k: int, D: int) -> Fraction:
    return Fraction(2, k)


@mutant("jl_entropy.haar_variance", slip="D in place of D + 2")
def without_two(k: int, D: int) -> Fraction:
    return Fraction(2 * (D - k), k * D)


@claim(
    id="jl_entropy.haar-beta",
    title="The length in a random plane has a beta law",
    statement=r"\|Px\|^2 \sim \operatorname{Beta}\big(\tfrac k2, \tfrac{D-k}2\big), \quad k = 2: \ "
    r"P(\|Px\|^2 \ge t) = (1 - t)^{(D-2)/2}",
    source=SOURCE,
    role="jl_entropy.haar_distortion_tail",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="powers of at most 500 of a number near 1: 500 eps = 1.1e-13, with a factor 9"),
    cases=grid(D=(3, 4, 20, 200)).full(D=(3, 4, 5, 8, 20, 50, 200, 1000)),
    quantity="largest relative error at k = 2 over ε",
)
def planes_of_two(tails: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(eps: float) -> Enclosure:
        upper, lower = tails(2, case.D, eps)
        power = (case.D - 2) / 2
        above = max(0.0, 1 - (1 + eps) * 2 / case.D) ** power
        below = -math.expm1(power * math.log1p(-(1 - eps) * 2 / case.D)) if (1 - eps) * 2 < case.D else 1.0
        return exact(max(gap(upper, above) / (above or 1), gap(lower, below) / below))

    yield worst(error(eps) for eps in (0.1, 0.3, 0.5, 0.9))


@claim(
    id="jl_entropy.haar-beta.variance",
    title="It scatters less than a Gaussian projection",
    statement=r"\operatorname{Var}\, \tfrac Dk \|Px\|^2 = \frac{2(D - k)}{k(D + 2)} < \frac2k",
    source=SOURCE,
    role="jl_entropy.haar_variance",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="moments of a beta law are fractions: a/(a + b) and a (a + 1)/((a + b)(a + b + 1))"),
    cases=grid(k=(1, 2, 6), D=(7, 20, 200)),
    quantity="|formula − moments|",
)
def beta_variance(variance: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    a, total = Fraction(case.k, 2), Fraction(case.D, 2)
    mean = a / total
    second = a * (a + 1) / (total * (total + 1))
    yield exact(abs(variance(case.k, case.D) - (second - mean**2) * Fraction(case.D, case.k) ** 2))


@role("jl_entropy.haar_union_dimension", numbers="n_points: int, eps, failure_prob: floats, ambient_dim: int; an int")
def haar_union_dimension(n_points: int, eps: float, failure_prob: float, ambient_dim: int) -> int:
    """`union_dimension` with law="haar"."""
    return jl.union_dimension(n_points, eps, failure_prob, "haar", ambient_dim)


@mutant("jl_entropy.haar_union_dimension", slip="the Gaussian dimension, which may exceed the space itself")
def gaussian_dimension(n_points: int, eps: float, failure_prob: float, ambient_dim: int) -> int:
    return jl.union_dimension(n_points, eps, failure_prob)


@mutant("jl_entropy.haar_union_dimension", slip="one dimension less")
def one_less_plane(n_points: int, eps: float, failure_prob: float, ambient_dim: int) -> int:
    return haar_union_dimension(n_points, eps, failure_prob, ambient_dim) - 1


@claim(
    id="jl_entropy.haar-beta.dimension",
    title="Its exact dimension is the least that suffices, never above D",
    statement=r"\tbinom N2\, T_D(k^*, \epsilon) \le \tfrac1N < \tbinom N2\, T_D(k^* - 1, \epsilon), \qquad k^* \le D",
    source=SOURCE,
    role="jl_entropy.haar_union_dimension",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="three inequalities, by balls of the incomplete beta function"),
    cases=grid(D=(200, 500, 1000, 10**4), eps=("1/2",)) + grid(D=(500, 1000), eps=("1/10",)),
    quantity="inequalities that are not proved",
)
def least_plane(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    n, D, eps = 512, case.D, Fraction(case.eps)
    k = dimension(n, float(eps), 1 / n, D)
    with flint.ctx.workprec(1024):
        at, below = (ball_tail(j, D, eps) * math.comb(n, 2) * n if j < D else arb(0) for j in (k, k - 1))
        facts = [k <= D, bool(at <= 1), bool(below > 1)]
    yield exact(facts.count(False))


def ball_tail(k: int, D: int, eps: Fraction) -> Any:
    """The two-sided tail as a ball."""
    a, b = arb(Fraction(k, 2)), arb(Fraction(D - k, 2))
    low, high = (1 - eps) * k / D, (1 + eps) * k / D
    upper = 1 - arb(high).beta_lower(a, b, regularized=True) if high < 1 else arb(0)
    return upper + arb(low).beta_lower(a, b, regularized=True)


@claim(
    id="jl_entropy.haar-beta.less",
    title="It fails less often than the Gaussian projection, and tends to it in large spaces",
    statement=r"T_D(k, \epsilon) < T(k, \epsilon), \qquad T_D(k, \epsilon) \to T(k, \epsilon) \quad (D \to \infty)",
    source=SOURCE,
    role="jl_entropy.haar_distortion_tail",
    evidence=Evidence.EXACT,
    region=at_most(
        1 - 1e-6,
        because="strictly below 1; the tails are good to 1e-12, and the variance is smaller by (k + 2)/D, at least "
        "1e-3",
    ),
    cases=grid(D=(50, 1000, 10**4), k=(8,)),
    quantity="largest ratio of tails over ε",
)
def less_than_gaussian(tails: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    ratios = (
        sum(tails(case.k, case.D, eps)) / sum(jl.norm_distortion_tail(case.k, eps)) for eps in (0.1, 0.3, 0.5, 0.9)
    )
    yield exact(max(ratios))


@claim(
    id="jl_entropy.haar-beta.door",
    title="A plane has at most the dimension of its space",
    statement=r"1 \le k \le D,\quad D \ge 2,\quad 0 < \epsilon < 1",
    source=SOURCE,
    role="jl_entropy.haar_distortion_tail",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def plane_door(tails: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(accepted(tails, [(5, 4, 0.5), (0, 4, 0.5), (1, 1, 0.5), (2, 4, 1.0), (2, 4, 0.0)], ValueError))


@figure(of="jl_entropy.haar-beta.dimension")
def dimension_against_space() -> Figure:
    spaces = np.unique(np.geomspace(20, 10**5, 40).astype(int))
    curves = [
        series(f"ε = {eps}", spaces, [haar_union_dimension(512, eps, 1 / 512, int(D)) for D in spaces])
        for eps in (0.1, 0.3, 0.5)
    ]
    limits = [
        series(f"Gaussian, ε = {eps}", y=(jl.union_dimension(512, eps, 1 / 512),), kind="hline")
        for eps in (0.1, 0.3, 0.5)
    ]
    return Figure(
        "Dimensions for 512 points from a space of D dimensions",
        "A random plane never needs more than the space has, and reaches the Gaussian dimension only where D is much "
        "larger.",
        "D",
        "k*",
        (*curves, *limits, series("k = D", spaces, spaces, kind="dashed")),
        x_log=True,
        y_log=True,
    )
