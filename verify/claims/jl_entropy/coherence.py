"""Entry 3: 8 log n dimensions keep no distances; what they keep is near-orthogonality, up to a cosine of 0.6."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.jl_entropy.balls import arb
from verify.claims.jl_entropy.golden import LOG_PHI, PHI, golden
from verify.claims.sources import JL_DIMENSION_USE, JL_THEORY, JL_WORD_DIMENSION
from verify.evidence import Enclosure, at_least, exact, exactly, probability, sharper, slope, within
from verify.methods import johnson_lindenstrauss as jl
from verify.methods.johnson_lindenstrauss.dimension import least

WORDS = (100, 512, 10**4, 10**5, 10**6, 5 * 10**6)

role("jl_entropy.coherence_dimension", numbers="n_vectors: int, mu: float in (0, 1); an int")(jl.coherence_dimension)


def cosine_tail(d: int, mu: float) -> float:
    """P(|cos| > mu) by Student's law: cos = t / sqrt(d - 1 + t^2) with t of d - 1 degrees of freedom."""
    from scipy.special import stdtr

    return 2 * float(stdtr(d - 1, -mu * math.sqrt((d - 1) / (1 - mu * mu)))) if d > 1 else 1.0


@mutant("jl_entropy.coherence_dimension", slip="the tail of distances in place of that of cosines")
def distance_tail(n_vectors: int, mu: float) -> int:
    pairs = math.comb(n_vectors, 2)
    return least(lambda d: pairs * sum(jl.norm_distortion_tail(d, mu)) <= 1)


@mutant("jl_entropy.coherence_dimension", slip="one side of the cosine only")
def one_sided(n_vectors: int, mu: float) -> int:
    pairs = math.comb(n_vectors, 2)
    return least(lambda d: pairs * cosine_tail(d, mu) / 2 <= 1)


@mutant("jl_entropy.coherence_dimension", slip="the square is dropped: mu for mu^2 in the beta function")
def square_dropped(n_vectors: int, mu: float) -> int:
    return jl.coherence_dimension(n_vectors, math.sqrt(mu))


@mutant("jl_entropy.coherence_dimension", slip="the asymptotic line 4 log N / -log(1 - mu^2) for the dimension")
def asymptotic_line(n_vectors: int, mu: float) -> int:
    return math.ceil(4 * math.log(n_vectors) / -math.log1p(-mu * mu))


@role("jl_entropy.coherence_slope", numbers="mu: a ball (flint.arb); a ball")
def coherence_slope(mu: Any) -> Any:
    """4 / -log(1 - mu^2): dimensions per log N at which N random directions stay within |cos| <= mu."""
    return 4 / -(1 - mu * mu).log()


@mutant("jl_entropy.coherence_slope", slip="sqrt(1 - mu) for 1 - mu^2")
def root_of_one_minus(mu: Any) -> Any:
    return 4 / -(1 - mu).sqrt().log()


@mutant("jl_entropy.coherence_slope", slip="the rate of distances: 4 / (mu - log(1 + mu))")
def distance_rate(mu: Any) -> Any:
    return 4 / (mu - (1 + mu).log())


@role("jl_entropy.implied_distortion", numbers="dimensions per log N: a float; the distortion, a float")
def implied_distortion(per_log: float) -> float:
    """The eps at which 4 / (eps - log(1 + eps)) = per_log: what that many dimensions per log N can promise at best."""
    from scipy.optimize import brentq

    return float(brentq(lambda e: e - math.log1p(e) - 4 / per_log, 1e-9, 1e3, xtol=1e-15, rtol=1e-15))


@mutant("jl_entropy.implied_distortion", slip="the small-eps rate eps^2 / 2")
def small_distortion(per_log: float) -> float:
    return math.sqrt(8 / per_log)


@mutant("jl_entropy.implied_distortion", slip="a union over points: slope 2")
def union_over_points(per_log: float) -> float:
    return implied_distortion(2 * per_log)


@claim(
    id="jl_entropy.eight-log-n-is-not-a-jl-distance-dimension",
    title="With 52 ≈ 8.33 log 512 dimensions, even a distortion of 1 is out of reach",
    statement=r"\tbinom{512}2\, P\big(|\chi^2_{52}/52 - 1| \ge \epsilon\big) = \tfrac12 \iff \epsilon = 1.1316",
    source=JL_DIMENSION_USE.at("8.33 log 512, close to the head size 64"),
    role="jl_entropy.norm_distortion_tail",
    evidence=Evidence.EXACT,
    region=within(
        1.1315, 1.1317, because="the root, to four digits; the tail's relative error of 1e-12 moves it by 1e-13"
    ),
    quantity="distortion at which the union bound is 1/2",
    refutes="About 8 log n dimensions keep the distances of n points, as the lemma promises.",
)
def distortion_of_a_head(tails: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.optimize import brentq

    pairs = math.comb(512, 2)
    # where the bound never reaches 1/2 the subject is far off, and 0 says so
    ends = [pairs * sum(tails(52, e)) - 0.5 for e in (0.2, 3.0)]
    yield exact(brentq(lambda e: pairs * sum(tails(52, e)) - 0.5, 0.2, 3.0) if ends[0] > 0 > ends[1] else 0.0)


@claim(
    id="jl_entropy.eight-log-n-is-not-a-jl-distance-dimension.slope",
    title="For any distortion below 1 the dimension grows by more than 13 per log N in the end, even where mere existence is asked",
    statement=r"\frac{dk^*}{d \log N} \to \frac{4}{\epsilon - \log(1 + \epsilon)} > \frac{4}{1 - \ln 2} = 13.04 "
    r"\quad (\epsilon < 1,\ \delta = \tfrac12)",
    source=JL_WORD_DIMENSION.at("n > 8.33 log N"),
    role="jl_entropy.union_dimension",
    evidence=Evidence.RATE,
    region=within(
        12.5,
        13.3,
        because="the limit at eps = 0.99 is 13.25; over this range the prefactor takes at most "
        "5 % off; "
        "a union over points gives half",
    ),
    quantity="slope of k* in log N at ε = 0.99",
)
def existence_slope(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    sizes = [10**i for i in range(6, 31, 2)]
    yield exact(slope([math.log(n) for n in sizes], [dimension(n, 0.99, 0.5) for n in sizes]))


@claim(
    id="jl_entropy.eight-log-n-is-not-a-jl-distance-dimension.implied",
    title="As a rule for distances, 8.31 log N stands for a distortion of 1.32",
    statement=r"\epsilon - \log(1 + \epsilon) = \ln\phi \iff \epsilon = 1.324880\ldots",
    source=JL_WORD_DIMENSION.at("n > 8.33 log N"),
    role="jl_entropy.implied_distortion",
    evidence=Evidence.EXACT,
    region=within(1.324879, 1.324881, because="the root to six digits; the left side has slope 0.57 there"),
    quantity="implied distortion",
)
def golden_distortion(distortion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(distortion(4 / LOG_PHI))


@claim(
    id="jl_entropy.eight-log-n-is-not-a-jl-distance-dimension.golden",
    title="As a rule for angles, it stands for a cosine of exactly one over the golden ratio",
    statement=r"\frac{4}{-\log(1 - \phi^{-2})} = \frac{4}{\ln\phi} = 8.31235\ldots",
    source=JL_WORD_DIMENSION.at("n > 8.33 log N"),
    role="jl_entropy.coherence_slope",
    evidence=Evidence.CERTIFIED,
    region=within("-1e-30", "1e-30", because="equality of two real numbers, to thirty digits"),
    quantity="difference of the two",
)
def golden_coherence(coherence: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield from sharper(lambda: coherence(1 / golden()) - 4 / golden().log(), bits=128)


@claim(
    id="jl_entropy.eight-log-n-is-not-a-jl-distance-dimension.rate",
    title="Dimensions of near-orthogonality grow at that rate for every angle",
    statement=r"\frac{d\, d_\mu(N)}{d \log N} \to \frac{4}{-\log(1 - \mu^2)}",
    source=JL_THEORY.at("inner products"),
    role="jl_entropy.coherence_slope",
    evidence=Evidence.RATE,
    region=within(
        0.97,
        1,
        because="the prefactor of the tail, sqrt(d), takes half of d log d / d log N off 2: below 3 % from N = 10^6 on",
    ),
    cases=grid(mu=("3/10", "1/2", "4/5")),
    quantity="slope over N = 10⁶ … 10³⁰, over its limit",
)
def coherence_rate(coherence: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    sizes = [10**i for i in range(6, 31, 2)]
    mu = arb(case.mu)
    dims = [jl.coherence_dimension(n, float(mu)) for n in sizes]
    yield exact(slope([math.log(n) for n in sizes], dims) / float(coherence(mu)))


@claim(
    id="jl_entropy.eight-log-n-is-not-a-jl-distance-dimension.coherence",
    title="The dimension of near-orthogonality is the least that leaves at most one close pair",
    statement=r"\tbinom N2\, P(|\cos| > \mu)\big|_{d} \le 1 < \tbinom N2\, P(|\cos| > \mu)\big|_{d-1}",
    source=JL_THEORY.at("inner products"),
    role="jl_entropy.coherence_dimension",
    evidence=Evidence.EXACT,
    region=exactly(0, because="two inequalities a case, by Student's law in place of the beta function"),
    cases=grid(n=WORDS, mu=(0.1, 0.3, 0.618)),
    quantity="inequalities that are broken",
)
def least_coherence(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d, pairs = dimension(case.n, case.mu), math.comb(case.n, 2)
    yield exact(int(pairs * cosine_tail(d, case.mu) > 1) + int(pairs * cosine_tail(d - 1, case.mu) <= 1))


@claim(
    id="jl_entropy.eight-log-n-is-not-a-jl-distance-dimension.below",
    title="So 8.33 log N is an upper line of the true dimensions, reached slowly",
    statement=r"d_{1/\phi}(N) / \log N < 8.33",
    source=JL_WORD_DIMENSION.at("n > 8.33 log N"),
    role="jl_entropy.coherence_dimension",
    evidence=Evidence.EXACT,
    region=within(6.5, 8.0, because="31/log 100 = 6.73 up to 118/log(5e6) = 7.65; the line itself, 8.31, is a mutant"),
    cases=grid(n=WORDS),
    quantity="dimension over log N",
)
def below_the_line(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(dimension(case.n, 1 / PHI) / math.log(case.n))


@claim(
    id="jl_entropy.eight-log-n-is-not-a-jl-distance-dimension.bert",
    title="A head of size 64 separates 512 directions up to a cosine of 0.538",
    statement=r"\tbinom{512}2\, P(|\cos| > \mu)\big|_{d = 64} = \tfrac12 \iff \mu = 0.5379",
    source=JL_DIMENSION_USE.at("8.33 log 512, close to the head size 64"),
    role="jl_entropy.coherence_dimension",
    evidence=Evidence.EXACT,
    region=exactly(0, because="64 dimensions suffice for twice the pairs at 0.5380, and do not at 0.5378"),
    quantity="facts that are wrong",
)
def head_of_bert(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    # 724 vectors have 261726 pairs, as close to 2 C(512, 2) = 261632 as whole numbers come
    yield exact(int(dimension(724, 0.5380) > 64) + int(dimension(724, 0.5378) <= 64))


@claim(
    id="jl_entropy.eight-log-n-is-not-a-jl-distance-dimension.sampled",
    title="Random directions have the largest cosine that the union predicts",
    statement=r"P\Big(\big|\max_{i<j} |\cos(u_i, u_j)| - \mu\big| \le 0.04\Big) \ge \tfrac12, \qquad d = d_\mu(N)",
    source=JL_THEORY.at("inner products"),
    role="jl_entropy.coherence_dimension",
    evidence=Evidence.STATISTICAL,
    region=at_least(
        0.5,
        because="0.04 is two widths of the maximum's law, which has mass 0.88 there; in other dimensions it moves away",
    ),
    cases=grid(n=(256,)).full(n=(256, 1024)),
    quantity="probability that the largest cosine is near 0.59",
)
def largest_cosine(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    mu, d = 0.59, dimension(case.n, 0.59)

    def hits(generator: np.random.Generator, size: int) -> Any:
        return np.array([abs(max_cosine(generator, case.n, d) - mu) <= 0.04 for _ in range(size)])

    yield from probability(hits, rng, case.risk, first=64)


def max_cosine(rng: np.random.Generator, n: int, d: int) -> float:
    """max |cos| of n uniform directions."""
    u = rng.normal(size=(n, d))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    gram = np.abs(u @ u.T)
    np.fill_diagonal(gram, 0)
    return float(gram.max())


def coherence_at(n: int, d: int, union: float = 1.0) -> float:
    """The mu at which C(n, 2) P(|cos| > mu) = union in d dimensions."""
    from scipy.special import betainccinv

    return math.sqrt(float(betainccinv(0.5, (d - 1) / 2, union / math.comb(n, 2))))


@figure(of="jl_entropy.eight-log-n-is-not-a-jl-distance-dimension")
def coherence_against_dimension() -> Figure:
    ratios = np.linspace(3, 16, 53)
    curves = []
    for n in (512, 10**5, 5 * 10**6):
        dims = np.unique(np.round(ratios * math.log(n)).astype(int))
        curves.append(
            series(
                f"N = {n:.0e}" if n > 1000 else "N = 512", dims / math.log(n), [coherence_at(n, int(d)) for d in dims]
            )
        )
    points = [("8.33 log N", 8.33), ("head of 64, N = 512", 64 / math.log(512))]
    return Figure(
        "What a dimension proportional to log N keeps: near-orthogonality",
        "At 8.33 log N random directions are orthogonal up to a cosine of about 0.6, one over the golden ratio in the "
        "limit.",
        "d / log N",
        "largest |cos| (one pair expected)",
        (
            *curves,
            series("limit", ratios, np.sqrt(-np.expm1(-4 / ratios)), kind="dashed"),
            series("1/φ", y=(1 / PHI,), kind="hline"),
            *(series(name, (x,), (coherence_at(512, round(x * math.log(512))),), kind="note") for name, x in points),
        ),
    )
