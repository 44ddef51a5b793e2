"""Entry 9: refitting frequencies is neutral drift: Wright and Fisher's chain."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import LOOP_CURSE, LOOP_EWENS
from verify.evidence import Enclosure, at_most, exact, exactly, gap, worst
from verify.methods import self_consuming
from verify.methods.self_consuming import wright_fisher_matrix

SOURCE = LOOP_EWENS.at("chapter 3, the Wright-Fisher chain")


role("self_consuming.wright_fisher_matrix", numbers="n: an integer, exact; (n+1, n+1), floats or Fractions")(
    self_consuming.wright_fisher_matrix
)


@mutant(
    "self_consuming.wright_fisher_matrix", slip="draws without replacement: from two copies of every item, n are kept"
)
def without_replacement(n: int, *, exact: bool = False) -> Any:
    law = [
        [Fraction(math.comb(2 * i, j) * math.comb(2 * (n - i), n - j), math.comb(2 * n, n)) for j in range(n + 1)]
        for i in range(n + 1)
    ]
    return np.array(law, dtype=object if exact else float)


@mutant("self_consuming.wright_fisher_matrix", slip="only extinction absorbs: the last copy of a rival can come back")
def absorbing_at_zero_only(n: int, *, exact: bool = False) -> Any:
    P = wright_fisher_matrix(n, exact=exact)
    P[-1] = P[-2]
    return P


@role("self_consuming.wright_fisher_eigenvalues", numbers="n: an integer; n + 1 Fractions, descending")
def wright_fisher_eigenvalues(n: int) -> list[Fraction]:
    """n! / ((n − j)! n^j), j = 0..n."""
    return [Fraction(math.perm(n, j), n**j) for j in range(n + 1)]


@mutant("self_consuming.wright_fisher_eigenvalues", slip="linear: 1 − j/n")
def linear_eigenvalues(n: int) -> list[Fraction]:
    return [Fraction(1)] + [1 - Fraction(j - 1, n) for j in range(1, n + 1)]


@mutant("self_consuming.wright_fisher_eigenvalues", slip="n diploid parents, that is 2n draws")
def diploid(n: int) -> list[Fraction]:
    return [Fraction(math.perm(2 * n, j), (2 * n) ** j) for j in range(n + 1)]


@claim(
    id="self_consuming.categorical-drift",
    title="Refitted frequencies lose their variety at known rates",
    statement=r"\det(x I - P) = \prod_{j = 0}^n \Big( x - \frac{n!}{(n - j)!\, n^j} \Big), \qquad P_{ij} = "
    r"P(\mathrm{Bin}(n, \tfrac in) = j)",
    source=SOURCE,
    role=("self_consuming.wright_fisher_matrix", "self_consuming.wright_fisher_eigenvalues"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both polynomials have rational coefficients: they are equal or they are not"),
    cases=grid(n=(1, 2, 5, 8)).full(n=tuple(range(1, 13))),
    quantity="largest difference of two coefficients",
)
def characteristic_polynomial(
    matrix: Any, eigenvalues: Any, case: Case, rng: np.random.Generator
) -> Iterator[Enclosure]:
    import flint

    P = matrix(case.n, exact=True)
    entries = [flint.fmpq(int(x.numerator), int(x.denominator)) for x in P.ravel()]
    found = flint.fmpq_mat(len(P), len(P), entries).charpoly()
    known = flint.fmpq_poly([1])
    for value in eigenvalues(case.n):
        known *= flint.fmpq_poly([flint.fmpq(-value.numerator, value.denominator), flint.fmpq(1)])
    rest = found - known
    yield worst([exact(0), *(exact(abs(Fraction(int(c.p), int(c.q)))) for c in rest.coeffs())])


@role("self_consuming.heterozygosity_factor", numbers="n, t: integers; a Fraction")
def heterozygosity_factor(n: int, t: int) -> Fraction:
    """(1 − 1/n)^t: what is left of 1 − Σ p_i² on average, for any number of categories."""
    return (1 - Fraction(1, n)) ** t


@mutant("self_consuming.heterozygosity_factor", slip="1 − 1/(2n): the textbook's n is of diploid parents")
def half_rate(n: int, t: int) -> Fraction:
    return (1 - Fraction(1, 2 * n)) ** t


@claim(
    id="self_consuming.categorical-drift.heterozygosity",
    title="The probability that two draws differ falls by 1 − 1/n a generation",
    statement=r"\mathbb{E}[p_t (1 - p_t)] = \big( 1 - \tfrac1n \big)^t p_0 (1 - p_0)",
    source=SOURCE,
    role=("self_consuming.heterozygosity_factor", "self_consuming.wright_fisher_matrix"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="fractions, by powers of the transition matrix; for more categories, the sum over them"),
    cases=grid(n=(2, 5, 8), t=(1, 3)),
    quantity="largest |formula − matrix power| over all starts",
)
def variety_falls(factor: Any, matrix: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    p = np.array([Fraction(i, case.n) for i in range(case.n + 1)])
    variety = p * (1 - p)
    P, later = matrix(case.n, exact=True), variety
    for _ in range(case.t):
        later = P @ later
    yield worst(exact(abs(x)) for x in later - factor(case.n, case.t) * variety)


@claim(
    id="self_consuming.categorical-drift.fixation",
    title="One category takes all, with its first frequency as probability",
    statement=r"\lim_t P(p_t = 1) = p_0: \qquad P \tfrac in = \tfrac in, \quad P_{00} = P_{nn} = 1",
    source=LOOP_CURSE.at("section 4.1, the discrete case"),
    role="self_consuming.wright_fisher_matrix",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="the frequency is harmonic and only its ends are absorbing: identities of fractions"),
    cases=grid(n=(2, 5, 8)),
    quantity="largest deviation of these identities",
)
def frequency_is_harmonic(matrix: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    P = matrix(case.n, exact=True)
    i = np.array([Fraction(k) for k in range(case.n + 1)])
    ends = [abs(1 - P[0, 0]), abs(1 - P[-1, -1])]
    yield worst(exact(abs(x)) for x in [*(P @ i - i), *ends])


@claim(
    id="self_consuming.categorical-drift.floats",
    title="The float matrix has the right factorial moments up to two hundred draws",
    statement=r"\sum_j P_{ij}\, j (j - 1) \cdots (j - k + 1) = n (n - 1) \cdots (n - k + 1)\, (i/n)^k",
    source=SOURCE,
    role="self_consuming.wright_fisher_matrix",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="entries are exponentials of sums of size up to 1060 (n ln n): 1060 eps / 2 = 1.2e-13 relative each, "
        "k of them are averaged; a factor 8",
    ),
    cases=grid(n=(5, 50, 200), k=(0, 1, 2, 5)),
    quantity="largest relative deviation of a moment",
)
def factorial_moments(matrix: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    j = np.arange(case.n + 1.0)
    falling = np.prod([(j - m) / (case.n - m) for m in range(case.k)], axis=0) if case.k else np.ones(case.n + 1)
    known = (j / case.n) ** case.k
    yield exact(gap(matrix(case.n)[1:] @ falling / known[1:], np.ones(case.n)))


@figure(of="self_consuming.categorical-drift")
def variety_of_a_zipf_law() -> Figure:
    rng = np.random.default_rng(9)
    words, n = 500, 2000
    p = 1 / np.arange(1, words + 1)
    p /= p.sum()
    times = np.unique(np.geomspace(1, 2000, 30).astype(int))
    start, present, variety = 1 - np.square(p).sum(), [], []
    for t in range(1, times[-1] + 1):
        p = rng.multinomial(n, p) / n
        if t in times:
            present.append(np.count_nonzero(p) / words)
            variety.append((1 - np.square(p).sum()) / start)
    return Figure(
        "Words of a Zipf law of 500, refitted to 2000 draws a generation",
        "Rare words are lost within a few generations, while the chance that two draws differ falls by 1/2000 a generation.",
        "generation t",
        "share of what there was",
        (
            series("words that are left", times, present, kind="steps"),
            series("1 − Σ p², measured", times, variety),
            series("(1 − 1/n)^t", times, (1 - 1 / n) ** times.astype(float), kind="dashed"),
        ),
        x_log=True,
    )
