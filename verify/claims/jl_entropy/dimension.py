"""Entry 2: the least dimension by the exact union bound, certified; the closed formulas beside it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, mutant, role, series, table
from verify.claims.jl_entropy.balls import arb, bits_for, gaussian_tail
from verify.claims.sources import JL_DASGUPTA, JL_SHARP, JL_THEORY
from verify.evidence import Enclosure, accepted, at_least, at_most, exact, exactly, gap, sharper, slope, within
from verify.methods import johnson_lindenstrauss as jl

SOURCE = JL_SHARP.at("the exact law of one pair and a union over pairs")
FORMULA = JL_DASGUPTA.at("theorem 2.1")

role("jl_entropy.union_dimension", numbers="n_points: int, eps, failure_prob: floats in (0, 1); an int")(
    jl.union_dimension
)


def least_by(tail: Any) -> int:
    """The least k at which `tail(k)` is true, by doubling and bisection."""
    high = 1
    while not tail(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if tail(middle) else (middle, high)
    return high


def least_for(pairs: float, eps: float, failure_prob: float) -> int:
    return least_by(lambda k: pairs * sum(jl.norm_distortion_tail(k, eps)) <= failure_prob)


@mutant("jl_entropy.union_dimension", slip="N^2 ordered pairs")
def ordered_pairs(n_points: int, eps: float, failure_prob: float) -> int:
    return least_for(n_points**2, eps, failure_prob)


@mutant("jl_entropy.union_dimension", slip="N^2 / 2 pairs, points with themselves included")
def pairs_with_self(n_points: int, eps: float, failure_prob: float) -> int:
    return least_for(n_points**2 / 2, eps, failure_prob)


@mutant("jl_entropy.union_dimension", slip="the union runs over points, not over pairs")
def points_only(n_points: int, eps: float, failure_prob: float) -> int:
    return least_for(n_points, eps, failure_prob)


@mutant("jl_entropy.union_dimension", slip="the upper tail alone")
def upper_tail_only(n_points: int, eps: float, failure_prob: float) -> int:
    pairs = math.comb(n_points, 2)
    return least_by(lambda k: pairs * jl.norm_distortion_tail(k, eps)[0] <= failure_prob)


@mutant("jl_entropy.union_dimension", slip="the last dimension that fails, k* - 1")
def one_less(n_points: int, eps: float, failure_prob: float) -> int:
    return jl.union_dimension(n_points, eps, failure_prob) - 1


@mutant("jl_entropy.union_dimension", slip="the Chernoff bound in place of the exact tail")
def by_chernoff(n_points: int, eps: float, failure_prob: float) -> int:
    pairs = math.comb(n_points, 2)
    return least_by(lambda k: pairs * jl.chernoff_distortion_bound(k, eps) <= failure_prob)


@mutant("jl_entropy.norm_tail_ball", slip="the upper tail alone, which grows with d where eps is small")
def upper_ball_only(d: int, eps: Fraction) -> Any:
    return arb(d * (1 + eps) / 2).gamma_upper(arb(Fraction(d, 2)), regularized=1)


role("jl_entropy.certify_union_dimension", numbers="n_points: int, eps, failure_prob: Fractions; Certificate")(
    jl.certify_union_dimension
)


@mutant("jl_entropy.certify_union_dimension", slip="a proof of sufficiency sold as a proof of minimality")
def not_minimal(n_points: int, eps: Any, failure_prob: Any) -> jl.Certificate:
    found = jl.certify_union_dimension(n_points, eps, failure_prob)
    return found._replace(dim=found.dim + 1)


@mutant("jl_entropy.certify_union_dimension", slip="floats are taken for the decimals they print as")
def takes_floats(n_points: int, eps: Any, failure_prob: Any) -> jl.Certificate:
    return jl.certify_union_dimension(n_points, Fraction(eps), Fraction(failure_prob))


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


INSTANCES = grid(n=(512,), eps=("1/10", "3/10", "1/2"), delta=("1/N", "1/2", "1-1/N")) + grid(
    n=(10**6,), eps=("1/10", "1/2"), delta=("1/N",)
)


def failure(case: Case) -> Fraction:
    """The failure probability that a case allows."""
    if case.delta == "1/2":
        return Fraction(1, 2)
    return Fraction(1, case.n) if case.delta == "1/N" else 1 - Fraction(1, case.n)


def share_used(case: Case, k: int) -> Iterator[Enclosure]:
    """C(N, 2) T(k) / delta as a ball, look by look."""
    eps = Fraction(case.eps)

    def ratio() -> Any:
        return gaussian_tail(k, eps) * math.comb(case.n, 2) / arb(failure(case))

    return sharper(ratio, bits=bits_for(k, eps))


@claim(
    id="jl_entropy.union-dimension-exact",
    title="The dimension of the exact union bound suffices",
    statement=r"k^* = \min\Big\{k : \tbinom N2\, P\big(|\chi^2_k/k - 1| \ge \epsilon\big) \le \delta\Big\}",
    source=SOURCE,
    role="jl_entropy.union_dimension",
    evidence=Evidence.CERTIFIED,
    region=at_most(1, because="the share of the allowed failure probability that the union bound uses at k*"),
    cases=INSTANCES,
    quantity="union bound at k* over the allowed failure probability",
)
def dimension_suffices(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield from share_used(case, dimension(case.n, float(Fraction(case.eps)), float(failure(case))))


@claim(
    id="jl_entropy.union-dimension-exact.minimal",
    title="One dimension less does not",
    statement=r"\tbinom N2\, P\big(|\chi^2_{k^*-1}/(k^*-1) - 1| \ge \epsilon\big) > \delta",
    source=SOURCE,
    role="jl_entropy.union_dimension",
    evidence=Evidence.CERTIFIED,
    region=at_least(1, because="the share is transcendental, so it is above 1 or below"),
    cases=INSTANCES,
    quantity="union bound at k* − 1 over the allowed failure probability",
)
def dimension_is_minimal(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield from share_used(case, dimension(case.n, float(Fraction(case.eps)), float(failure(case))) - 1)


@claim(
    id="jl_entropy.union-dimension-exact.monotone",
    title="The two-sided tail falls with every dimension, so that one step below decides for all",
    statement=r"T(d + 1, \epsilon) < T(d, \epsilon)",
    source=SOURCE,
    role="jl_entropy.norm_tail_ball",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of dimensions at which balls do not prove the fall"),
    cases=grid(eps=("1/100", "1/20", "1/2", "99/100"), d=(200,)).full(d=(3000,)),
    quantity="dimensions without a proof",
)
def tail_falls(tail: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    eps = Fraction(case.eps)
    with flint.ctx.workprec(max(256, bits_for(case.d, eps))):
        values = [tail(d, eps) for d in range(1, case.d + 1)]
        yield exact(sum(not following < value for value, following in itertools.pairwise(values)))


@claim(
    id="jl_entropy.union-dimension-exact.certificate",
    title="A certificate holds what it says, and floating point agrees with it",
    statement=r"\tbinom N2\, T(k^*, \epsilon) \in [a, b], \quad b \le \delta, \quad \tbinom N2\, T(k^* - 1, \epsilon) "
    r"> \delta",
    source=SOURCE,
    role="jl_entropy.certify_union_dimension",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="five facts, each true or false"),
    cases=INSTANCES + grid(n=("10^200",), eps=("1/2",), delta=("1/2",)),
    quantity="facts that are wrong",
)
def certificate_is_true(certify: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    huge = case.n == "10^200"  # beyond the floats
    n = 10**200 if huge else case.n
    eps, delta, pairs = Fraction(case.eps), failure(case), math.comb(n, 2)
    dim, (low, high), minimal = certify(n, eps, delta)
    with flint.ctx.workprec(2048):
        here, below = (gaussian_tail(k, eps) * pairs for k in (dim, dim - 1))
        facts = [here > arb(Fraction(low)) - 1e-300, here < arb(Fraction(high)), here <= arb(delta), below > arb(delta)]
    facts.append(minimal and (huge or dim == jl.union_dimension(n, float(eps), float(delta))))
    yield exact([bool(fact) for fact in facts].count(False))


@claim(
    id="jl_entropy.union-dimension-exact.door",
    title="A certificate is about exact numbers, and refuses floats",
    statement=r"\epsilon, \delta \in \mathbb Q \cap (0, 1), \qquad 0.1 \ne \tfrac1{10}",
    source=SOURCE,
    role="jl_entropy.certify_union_dimension",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def certificate_door(certify: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    half = Fraction(1, 2)
    floats = [(512, 0.1, half), (512, half, 0.1), (512.0, half, half), (512, True, half)]
    numbers = [(1, half, half), (512, 1, half), (512, half, 0), (512, "1.5", half), (512, "a tenth", half)]
    yield exact(accepted(certify, floats, TypeError) + accepted(certify, numbers, ValueError))


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
        0.97, 1, because="the prefactor of the tail takes log k / (2 · 3 log N) off the slope, 1 to 2 % over this range"
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
    cases=grid(eps=("0.01 to 0.99".replace(" ", "_"),)),
    quantity="largest union bound on the grid",
)
def dasgupta_failure(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    distortions = (0.01, 0.02, 0.05, *np.arange(0.1, 1.0, 0.1).tolist(), 0.95, 0.99)
    sizes = (*range(2, 60), *(10**i for i in range(2, 9)))
    yield exact(max(union_failure(dimension, n, eps) for n in sizes for eps in distortions))


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


@cache
def exact_dimensions(eps: float) -> tuple[int, ...]:
    return tuple(jl.union_dimension(n, eps, 1 / n) for n in SIZES)


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
            series("exact k*, δ = 1/N", x, exact_dimensions(eps)),
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
                certificate.ball[1] * 1.0,
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
