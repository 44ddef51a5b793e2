"""Entry 2, third part: the closed formulas beside the exact dimension: how far they are above, and how often they fail."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, mutant, role, series, table
from verify.claims.jl_entropy.dimension import by_chernoff
from verify.claims.sources import JL_DASGUPTA, JL_THEORY
from verify.evidence import Enclosure, at_most, exact, exactly, gap, slope, within
from verify.methods import johnson_lindenstrauss as jl

FORMULA = JL_DASGUPTA.at("theorem 2.1")

role("jl_entropy.dasgupta_gupta_dimension", numbers="n_points: int, eps: float; an int")(jl.dasgupta_gupta_dimension)


@mutant("jl_entropy.dasgupta_gupta_dimension", slip="truncated, as scikit-learn does")
def truncated(n_points: int, eps: float) -> int:
    return int(4 * math.log(n_points) / (eps**2 / 2 - eps**3 / 3))


@mutant("jl_entropy.dasgupta_gupta_dimension", slip="logarithm to base 10")
def decadic(n_points: int, eps: float) -> int:
    return math.ceil(4 * math.log10(n_points) / (eps**2 / 2 - eps**3 / 3))


@mutant("jl_entropy.dasgupta_gupta_dimension", slip="plus the cubic term")
def cubic_added(n_points: int, eps: float) -> int:
    return math.ceil(4 * math.log(n_points) / (eps**2 / 2 + eps**3 / 3))


role("jl_entropy.article_dimension", numbers="n_points: int, eps: float; an int")(jl.article_dimension)


@mutant("jl_entropy.article_dimension", slip="logarithm to base 10")
def decadic_article(n_points: int, eps: float) -> int:
    return math.ceil(24 * math.log10(n_points) / eps**2)


@mutant("jl_entropy.article_dimension", slip="16 log N / eps^2, which is for a success probability of 1/N only")
def existence_only(n_points: int, eps: float) -> int:
    return math.ceil(16 * math.log(n_points) / eps**2)


SIZES = tuple(10**i for i in range(2, 13))


@claim(
    id="jl_entropy.union-dimension-exact.slope",
    title="It grows like 6 log N / (ε − log(1 + ε)), from below",
    statement=r"\frac{dk^*}{d\log N} \Big/ \frac{6}{\epsilon - \log(1 + \epsilon)} \uparrow 1, \qquad \delta = "
    r"\tfrac1N",
    source=JL_THEORY.at("24 log N / eps^2"),
    role="jl_entropy.union_dimension",
    evidence=Evidence.RATE,
    region=within(
        0.97,
        1,
        because="with the prefactor 1/sqrt(k) of the tail, k (eps - log(1 + eps))/2 + log(k)/2 = 3 log N + const: that "
        "takes 1/(6 log N) off the slope, 3.6 % at N = 10^2 and 0.6 % at 10^12, 1 to 2 % over the range",
    ),
    cases=grid(eps=(0.1, 0.3, 0.5)),
    quantity="slope over N = 10² … 10¹², over its limit",
)
def dimension_slope(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = slope(np.log(SIZES), [dimension(n, case.eps, 1 / n) for n in SIZES])
    yield exact(found * (case.eps - math.log1p(case.eps)) / 6)


@claim(
    id="jl_entropy.union-dimension-exact.article",
    title="The article asks for up to twice the dimension that suffices",
    statement=r"\frac{24/\epsilon^2}{6/(\epsilon - \log(1 + \epsilon))} = \frac{4(\epsilon - \log(1 + "
    r"\epsilon))}{\epsilon^2} "
    r"\to 2 \quad (\epsilon \to 0)",
    source=JL_THEORY.at("24 log N / eps^2"),
    role="jl_entropy.article_dimension",
    evidence=Evidence.RATE,
    region=within(1, 1 / 0.97, because="the exact slope lies within 3 % below its limit, see the slope"),
    cases=grid(eps=(0.01, 0.1, 0.5)),
    quantity="ratio of slopes over the stated ratio",
)
def article_ratio(article: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    slopes = [
        slope(np.log(SIZES), [k(n) for n in SIZES])
        for k in (lambda n: article(n, case.eps), lambda n: jl.union_dimension(n, case.eps, 1 / n))
    ]
    yield exact(slopes[0] / slopes[1] * case.eps**2 / (4 * (case.eps - math.log1p(case.eps))))


def union_failure(dimension: Any, n: int, eps: float) -> float:
    """C(N, 2) T at the dimension of a formula."""
    return math.comb(n, 2) * sum(jl.norm_distortion_tail(dimension(n, eps), eps))


@claim(
    id="jl_entropy.union-dimension-exact.dasgupta",
    title="Dasgupta and Gupta's dimension fails with probability at most 0.112, far less than they prove",
    statement=r"\tbinom N2\, T\big(k_{\mathrm{DG}}, \epsilon\big) \le 0.112, \qquad "
    r"k_{\mathrm{DG}} = \Big\lceil \frac{4 \log N}{\epsilon^2/2 - \epsilon^3/3} \Big\rceil",
    source=FORMULA,
    role="jl_entropy.dasgupta_gupta_dimension",
    evidence=Evidence.EXACT,
    region=within(
        0.108, 0.112, because="its limit as eps -> 0 has the maximum 0.11172, at N = 5; at eps = 0.01 it is 0.1090"
    ),
    cases=grid(eps=("0.01_to_0.99",)),
    quantity="largest union bound on the grid",
)
def dasgupta_failure(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    distortions = (0.01, 0.02, 0.05, *np.arange(0.1, 1.0, 0.1).tolist(), 0.95, 0.99)
    sizes = (*range(2, 60), *(10**i for i in range(2, 9)))
    yield exact(max(union_failure(dimension, n, eps) for n in sizes for eps in distortions))


@claim(
    id="jl_entropy.union-dimension-exact.dasgupta-million",
    title="For a million points and a distortion of a tenth it fails with a probability of two percent still",
    statement=r"N = 10^6,\ \epsilon = 0.1: \quad \tbinom N2\, T(k_{\mathrm{DG}}, \epsilon) \approx 0.0227 \gg \tfrac1N",
    source=FORMULA,
    role="jl_entropy.dasgupta_gupta_dimension",
    evidence=Evidence.EXACT,
    region=within(
        0.02,
        0.0262,
        because="as eps -> 0 the upper tail gives half of N(N - 1) Q(2 sqrt(log N)) = 0.0524; at eps = 0.1 its exponent is "
        "larger by 2 log N eps^2 / (2 - 4 eps/3) = 0.148, which leaves 0.0226; the lower tail adds 2 %, prefactors "
        "change by order eps",
    ),
    quantity="union bound at the dimension of the formula",
)
def dasgupta_for_a_million(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(union_failure(dimension, 10**6, 0.1))


@claim(
    id="jl_entropy.union-dimension-exact.dasgupta-limit",
    title="As ε → 0 its failure tends to a function of N alone",
    statement=r"\tbinom N2\, T(k_{\mathrm{DG}}, \epsilon) \to N(N-1)\, Q\big(2\sqrt{\log N}\big), \quad \max_N = "
    r"0.1117",
    source=FORMULA,
    role="jl_entropy.dasgupta_gupta_dimension",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-3,
        because="the lower exponent exceeds the upper one by 4 eps/3 of it: (4/3) eps log N = 0.0092 "
        "relative at N = 1000, and "
        "the prefactors differ by order eps; the limit is at most 0.1117",
    ),
    cases=grid(n=(2, 5, 20, 1000)),
    quantity="|union bound at ε = 10⁻³ − limit|",
)
def dasgupta_limit(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(union_failure(dimension, case.n, 1e-3), normal_limit(case.n)))


def normal_limit(n: float) -> float:
    """N (N - 1) Q(2 sqrt(log N)), Q the upper tail of a standard normal variable."""
    return n * (n - 1) * math.erfc(math.sqrt(2 * math.log(n))) / 2


@claim(
    id="jl_entropy.union-dimension-exact.rounding",
    title="A bound that asks for at least so many dimensions is rounded up",
    statement=r"k_{\mathrm{DG}} \ge \frac{4 \log N}{\epsilon^2/2 - \epsilon^3/3}",
    source=FORMULA,
    role="jl_entropy.dasgupta_gupta_dimension",
    evidence=Evidence.EXACT,
    region=exactly(0, because="a count of instances where the dimension is below the formula"),
    cases=grid(n=(2, 100, 512, 10**6)),
    quantity="instances rounded down",
    refutes="int() of the formula, as in scikit-learn, satisfies the condition of the proof.",
)
def rounded_up(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    distortions = np.arange(1, 20) / 20
    needed = 4 * math.log(case.n) / (distortions**2 / 2 - distortions**3 / 3)
    yield exact(sum(dimension(case.n, float(e)) < k * (1 - 1e-12) for e, k in zip(distortions, needed, strict=True)))


@figure(of="jl_entropy.union-dimension-exact")
def dimension_against_points() -> Figure:
    eps = 0.5
    x = np.log(SIZES)
    chernoff = [by_chernoff(n, eps, 1 / n) for n in SIZES]
    return Figure(
        "Dimensions that N points need, for a distortion of 1/2",
        "The exact union bound lies below Chernoff's and at half of the article's line; the formula of Dasgupta and "
        "Gupta is "
        "lower still, as it is proved for a success probability of 1/N only.",
        "log N",
        "dimension",
        (
            series("article, 24 log N / ε²", x, [jl.article_dimension(n, eps) for n in SIZES], kind="dashed"),
            series("Chernoff, δ = 1/N", x, chernoff, kind="dashed"),
            series("exact k*, δ = 1/N", x, [jl.union_dimension(n, eps, 1 / n) for n in SIZES]),
            series("Dasgupta and Gupta", x, [jl.dasgupta_gupta_dimension(n, eps) for n in SIZES], kind="dashed"),
            series("8 log N", x, 8 * x, kind="line"),
        ),
    )


@figure(of="jl_entropy.union-dimension-exact.dasgupta")
def dasgupta_against_points() -> Figure:
    sizes = np.unique(np.geomspace(2, 10**4, 60).astype(int))
    return Figure(
        "How often Dasgupta and Gupta's dimension fails",
        "For every distortion the union bound peaks near five points, below 0.112, and then falls slowly.",
        "points N",
        "C(N, 2) T",
        (
            *(
                series(f"ε = {e}", sizes, [union_failure(jl.dasgupta_gupta_dimension, int(n), e) for n in sizes])
                for e in (0.01, 0.1, 0.5)
            ),
            series("limit ε → 0", sizes, [normal_limit(n) for n in sizes], kind="dashed"),
        ),
        x_log=True,
    )


@table(of="jl_entropy.union-dimension-exact")
def dimensions() -> Table:
    rows = []
    for n, eps, delta in (
        (512, "1/10", "1/N"),
        (512, "3/10", "1/N"),
        (512, "1/2", "1/N"),
        (10**6, "1/10", "1/N"),
        (10**6, "1/2", "1/N"),
        (512, "1/10", "1/2"),
        (512, "3/10", "1/2"),
        (512, "1/2", "1/2"),
    ):
        allowed = Fraction(1, n) if delta == "1/N" else Fraction(1, 2)
        e = float(Fraction(eps))
        certificate = jl.certify_union_dimension(n, Fraction(eps), allowed)
        rows.append(
            (
                n,
                eps,
                delta,
                certificate.dim,
                by_chernoff(n, e, float(allowed)),
                jl.article_dimension(n, e),
                jl.dasgupta_gupta_dimension(n, e),
                truncated(n, e),
                certificate.ball[1],
            )
        )
    return Table(
        "Dimensions for all distances of N points",
        "The certified dimension is about half of the article's; the last column is the proved failure probability.",
        (
            "N",
            "ε",
            "δ",
            "certified k*",
            "Chernoff",
            "article",
            "Dasgupta and Gupta",
            "scikit-learn (truncated)",
            "failure at k*",
        ),
        rows,
    )
