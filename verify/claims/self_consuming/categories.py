"""Entry 9: refitting frequencies is neutral drift: Wright and Fisher's chain."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.self_consuming.instances import Floats
from verify.claims.sources import LOOP_CURSE, LOOP_EWENS, LOOP_RATE
from verify.evidence import Enclosure, at_most, exact, exactly, gap, slope, sup_distance, within, worst
from verify.methods import self_consuming
from verify.methods.self_consuming import absorption_time, wright_fisher_matrix

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
    region=exactly(0, because="fractions, by powers of the transition matrix"),
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
    region=at_most(1e-12, because="entries are exponentials of sums of size up to 1060 (n ln n): 1060 eps / 2 = "
    "1.2e-13 relative each, k of "
                   "them are averaged; a factor 8"),
    cases=grid(n=(5, 50, 200), k=(0, 1, 2, 5)),
    quantity="largest relative deviation of a moment",
)  # fmt: skip
def factorial_moments(matrix: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    j = np.arange(case.n + 1.0)
    falling = np.prod([(j - m) / (case.n - m) for m in range(case.k)], axis=0) if case.k else np.ones(case.n + 1)
    known = (j / case.n) ** case.k
    yield exact(gap(matrix(case.n)[1:] @ falling / known[1:], np.ones(case.n)))


role("self_consuming.absorption_time", numbers="n: an integer, exact; (n+1,), floats or Fractions")(
    self_consuming.absorption_time
)


@mutant("self_consuming.absorption_time", slip="the value of the diffusion: −2n (p ln p + q ln q)")
def diffusion_value(n: int, *, exact: bool = False) -> Any:
    return diffusion_time(n, np.arange(n + 1) / n)


@mutant("self_consuming.absorption_time", slip="counted until extinction, from a chain that leaves the upper end again")
def extinction_time(n: int, *, exact: bool = False) -> Any:
    P = absorbing_at_zero_only(n)
    return np.concatenate([[0.0], np.linalg.solve(np.eye(n) - P[1:, 1:], np.ones(n))])


@claim(
    id="self_consuming.categorical-drift.absorption-time",
    title="The mean time to absorption from the fundamental matrix",
    statement=r"\tau = (I - Q)^{-1} \mathbf{1}: \quad \tau_{25}(n = 50) = 67.517172, \quad \tau_{100}(n = 200) = 275.001388",
    source=SOURCE,
    role="self_consuming.absorption_time",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-6,
        because="the values of an independent calculation have six decimals; the series of survival "
        "probabilities is cut off below 1e-12",
    ),
    cases=grid(n=(2, 10, 50, 200)),
    quantity="largest |τ − sum of survival probabilities|, and |τ − known value|",
)
def fundamental_matrix(absorption_time: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n = case.n
    found = np.asarray(absorption_time(n), float)
    Q = wright_fisher_matrix(n)[1:-1, 1:-1]
    # Σ Q^t 1 by doubling: S(2m) = S(m) + Q^m S(m)
    total, power = np.ones(n - 1), Q
    for _ in range(14):
        total, power = total + power @ total, power @ power
    parts = [exact(gap(found, np.concatenate([[0.0], total, [0.0]])))]
    known = {50: 67.517172, 200: 275.001388}  # of an independent calculation
    if n in known:
        parts.append(exact(gap(found[n // 2], known[n])))
    yield worst(parts)


@claim(
    id="self_consuming.categorical-drift.exact-time",
    title="The exact absorption times solve their equations",
    statement=r"\tau_i = 1 + \sum_j P_{ij} \tau_j \quad (0 < i < n), \qquad \tau_0 = \tau_n = 0",
    source=SOURCE,
    role="self_consuming.absorption_time",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="fractions on both sides"),
    cases=grid(n=(1, 2, 5, 12)),
    quantity="largest deviation of an equation",
)
def equations_hold(absorption_time: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    tau = [Fraction(x) for x in absorption_time(case.n, exact=True)]
    P = wright_fisher_matrix(case.n, exact=True)
    inner = [tau[i] - 1 - sum(P[i, j] * tau[j] for j in range(case.n + 1)) for i in range(1, case.n)]
    yield worst(exact(abs(x)) for x in [tau[0], tau[-1], *inner])


@role("self_consuming.diffusion_time", numbers="n: an integer, p: floats in [0, 1]; generations")
def diffusion_time(n: int, p: Any) -> Floats:
    """−2n (p ln p + q ln q), q = 1 − p."""
    from scipy.special import xlog1py, xlogy

    return np.asarray(-2 * n * (xlogy(p, p) + xlog1py(1 - np.asarray(p), -np.asarray(p))))


@mutant("self_consuming.diffusion_time", slip="the textbook's 4n of diploid parents")
def diploid_time(n: int, p: Any) -> Floats:
    return 2 * diffusion_time(n, p)


@mutant("self_consuming.diffusion_time", slip="binary logarithms")
def in_bits(n: int, p: Any) -> Floats:
    return diffusion_time(n, p) / math.log(2)


@claim(
    id="self_consuming.categorical-drift.diffusion",
    title="The diffusion is close in the middle: too large by less than 2/n, up to some hundred draws",
    statement=r"n \le 800: \quad 0 < n \Big( \frac{-2n (p \ln p + q \ln q)}{\tau(p)} - 1 \Big) < 2 \quad \text{at } p = \tfrac12",
    source=SOURCE,
    role="self_consuming.diffusion_time",
    evidence=Evidence.EXACT,
    region=within(0, 2, because="the stated bounds; rounding of τ is below 1e-9 of it"),
    cases=grid(n=(10, 50, 200)).full(n=(10, 50, 200, 800)),
    quantity="n × relative excess of the diffusion",
)
def diffusion_in_the_middle(diffusion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(excess_in_the_middle(diffusion, case.n))


def excess_in_the_middle(diffusion: Any, n: int) -> float:
    """n × relative excess of the diffusion's time over the exact one at p = 1/2."""
    return float(n * (float(diffusion(n, 0.5)) / absorption_time(n)[n // 2] - 1))


@claim(
    id="self_consuming.categorical-drift.diffusion-excess",
    title="The excess is not of order 1/n: it passes 2/n at a thousand draws and goes on like ln n / n",
    statement=r"n = 1000,\ p = \tfrac12: \quad n \Big( \frac{-2n (p \ln p + q \ln q)}{\tau(p)} - 1 \Big) = 2.019\ldots",
    source=SOURCE,
    role="self_consuming.diffusion_time",
    evidence=Evidence.EXACT,
    region=within(
        2,
        2.1,
        because="2 is the bound that fails; rounding of τ by a dense solve of condition 1e4 is below 1e-9 of it, 1e-6 here",
    ),
    cases=grid(n=(1000,)),
    quantity="n × relative excess of the diffusion",
    refutes="At p = 1/2 the diffusion is too large by less than 2/n, for every n.",
)
def excess_grows(diffusion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(excess_in_the_middle(diffusion, case.n))


@claim(
    id="self_consuming.categorical-drift.diffusion-edge",
    title="For a single copy the diffusion is off by five to eleven percent",
    statement=r"20 \le n \le 200: \quad 0.05 < \frac{-2n (p \ln p + q \ln q)}{\tau(p)} - 1 < 0.11 \quad \text{at } p = \tfrac1n",
    source=SOURCE,
    role="self_consuming.diffusion_time",
    evidence=Evidence.EXACT,
    region=within(
        0.05,
        0.11,
        because="the stated bounds, which hold from 20 to 200 draws: at n = 10 the excess is 13 %, at 500 it is 4.7 %",
    ),
    cases=grid(n=(20, 50, 200)),
    quantity="relative excess of the diffusion",
)
def diffusion_at_the_edge(diffusion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(float(diffusion(case.n, 1 / case.n)) / absorption_time(case.n)[1] - 1)


@role(
    "self_consuming.absorption_draws",
    numbers="n, i, size: integers, rng; (size,) generations until one category is left",
)
def absorption_draws(n: int, i: int, size: int, rng: np.random.Generator) -> Any:
    """Refit the frequency to n draws until it is 0 or 1; the number of refits."""
    copies, times = np.full(size, i), np.zeros(size, int)
    while (moving := (copies > 0) & (copies < n)).any():
        copies[moving] = rng.binomial(n, copies[moving] / n)
        times += moving
    return times


@mutant("self_consuming.absorption_draws", slip="draws without replacement from two copies of every item")
def hypergeometric_draws(n: int, i: int, size: int, rng: np.random.Generator) -> Any:
    copies, times = np.full(size, i), np.zeros(size, int)
    while (moving := (copies > 0) & (copies < n)).any():
        copies[moving] = rng.hypergeometric(2 * copies[moving], 2 * (n - copies[moving]), n)
        times += moving
    return times


@mutant("self_consuming.absorption_draws", slip="the generation of absorption itself is not counted")
def last_one_missing(n: int, i: int, size: int, rng: np.random.Generator) -> Any:
    return absorption_draws(n, i, size, rng) - 1


@claim(
    id="self_consuming.categorical-drift.absorption-law",
    title="Simulated absorption times follow the powers of the matrix",
    statement=r"P(\tau \le t) = (P^t)_{i0} + (P^t)_{in}",
    source=SOURCE,
    role=("self_consuming.absorption_draws", "self_consuming.wright_fisher_matrix"),
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.04, because="one generation less moves the law by 0.06 at n = 10; 16384 draws enclose within 0.0273"
    ),
    cases=grid(n=(10,), i=(5, 1)),
    quantity="distance of the absorption time to its law",
)
def absorption_law(draws: Any, matrix: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    P = matrix(case.n)
    state = np.eye(case.n + 1)[case.i]
    absorbed = [0.0]
    for _ in range(600):
        state = state @ P
        absorbed.append(float(state[0] + state[-1]))
    law = np.array([0.0, *absorbed])

    def cdf(t: Floats) -> Floats:
        return np.asarray(law[np.clip(np.floor(t).astype(int) + 1, 0, 601)])

    yield from sup_distance(
        lambda rng, size: draws(case.n, case.i, size, rng),
        cdf,
        rng,
        case.risk,
        before=lambda t: cdf(t - 1),
        first=16384,
    )


@role("self_consuming.loss_probability", numbers="i, t: integers; P(lost by t), a float")
def loss_probability(i: int, t: int) -> float:
    """q_t^i with q_0 = 0, q_t = e^{q_{t-1} − 1}: a branching process with Poisson offspring."""
    q = 0.0
    for _ in range(t):
        q = math.exp(q - 1)
    return q**i


@mutant("self_consuming.loss_probability", slip="e^{−i/t}: a survival bound read as the law, half the exponent")
def half_exponent(i: int, t: int) -> float:
    return math.exp(-i / t)


@mutant("self_consuming.loss_probability", slip="(1 − p)^n of one generation, for every generation")
def first_generation(i: int, t: int) -> float:
    return math.exp(-i)


@claim(
    id="self_consuming.categorical-drift.tails",
    title="Rare categories go first: the chance of being lost converges like 1/n",
    statement=r"P(\text{lost by } t \mid i \text{ copies}) \to q_t^i, \quad q_t = e^{q_{t - 1} - 1}",
    source=LOOP_RATE.at("the discrete case"),
    role="self_consuming.loss_probability",
    evidence=Evidence.RATE,
    region=within(
        -1.15,
        -0.85,
        because="Bin(n, i/n) is Poisson(i) up to O(1/n); the next term is a share O(t/n) of it, 0.1 at n = 50",
    ),
    cases=grid(i=(1, 3), t=(2, 5)),
    quantity="slope of ln |exact − limit| against ln n",
)
def rare_ones_are_lost(loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    limit = loss(case.i, case.t)
    sizes = (60, 120, 240)
    apart = []
    for n in sizes:
        P, lost = wright_fisher_matrix(n), np.eye(n + 1)[0]
        for _ in range(case.t):
            lost = P @ lost
        apart.append(abs(lost[case.i] - limit))
    yield exact(slope(np.log(sizes), np.log(np.maximum(apart, 1e-300))))


@claim(
    id="self_consuming.categorical-drift.lifetimes",
    title="A category of i copies lives about 2i generations",
    statement=r"q_t^i \approx e^{-2i/t}: \qquad t (1 - q_t) \to 2",
    source=LOOP_RATE.at("the discrete case"),
    role="self_consuming.loss_probability",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-3, because="1 − q_t = 2 / (t + (1/3) ln t + O(1)): at t = 10⁴ that is 2/t less a share of (3.1 + O(1)) / 10⁴"
    ),
    cases=grid(t=(10_000,)),
    quantity="|t (1 − q_t)/2 − 1|",
)
def lifetimes(loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(case.t * (1 - loss(1, case.t)) / 2, 1.0))


role("self_consuming.ancestor_matrix", numbers="n: an integer, exact; (n, n), floats or Fractions")(
    self_consuming.ancestor_matrix
)


@mutant("self_consuming.ancestor_matrix", slip="parents drawn without replacement: nobody shares one")
def nobody_shares(n: int, *, exact: bool = False) -> Any:
    return np.array([[Fraction(int(i == j)) for j in range(n)] for i in range(n)], dtype=object if exact else float)


@mutant("self_consuming.ancestor_matrix", slip="at most one pair shares a parent in a generation, as in the coalescent")
def pairs_only(n: int, *, exact: bool = False) -> Any:
    A = nobody_shares(n, exact=True)
    for k in range(2, n + 1):
        share = min(Fraction(k * (k - 1), 2 * n), Fraction(1))
        A[k - 1, k - 1], A[k - 1, k - 2] = 1 - share, share
    return A if exact else A.astype(float)


@claim(
    id="self_consuming.categorical-drift.ancestors",
    title="How many ancestors a sample has: a count of maps",
    statement=r"P(k \to j) = S(k, j)\, \frac{n!}{(n - j)!\, n^k}",
    source=SOURCE,
    role="self_consuming.ancestor_matrix",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="all n^k maps of values to parents are enumerated; fractions on both sides"),
    cases=grid(n=(1, 2, 3, 5)).full(n=(1, 2, 3, 4, 5, 6)),
    quantity="largest difference of two probabilities",
)
def maps_are_counted(ancestor_matrix: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n = case.n
    found = ancestor_matrix(n, exact=True)
    parts = []
    for k in range(1, n + 1):
        images = [len(set(parents)) for parents in itertools.product(range(n), repeat=k)]
        parts += [exact(abs(found[k - 1, j - 1] - Fraction(images.count(j), n**k))) for j in range(1, n + 1)]
    yield worst(parts)


@claim(
    id="self_consuming.categorical-drift.one-ancestor",
    title="Twenty different values come from one ancestor 37.27 generations back",
    statement=r"n = 20: \quad \mathbb{E}\, T = 37.27206449, \qquad \text{diffusion: } 2 (n - 1) = 38",
    source=SOURCE,
    role="self_consuming.ancestor_matrix",
    evidence=Evidence.EXACT,
    region=at_most(1e-8, because="the value of an independent calculation has eight decimals; pairs only give 38"),
    quantity="|mean time − known value|",
)
def one_ancestor(ancestor_matrix: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    A = np.asarray(ancestor_matrix(20), float)
    times = np.linalg.lstsq(np.eye(19) - A[1:, 1:], np.ones(19), rcond=None)[0]
    yield exact(gap(times[-1], 37.27206449))


@role("self_consuming.fresh_categorical_size", numbers="n_real, n_synth: integers; n_e, a Fraction")
def fresh_categorical_size(n_real: int, n_synth: int) -> Fraction:
    """(n² − n_s² + n_s) / n, n = n_r + n_s: below 2 n_r + 1, however many draws of the last model are added."""
    n = n_real + n_synth
    return Fraction(n * n - n_synth * n_synth + n_synth, n)


@mutant("self_consuming.fresh_categorical_size", slip="synthetic draws count as real")
def all_count(n_real: int, n_synth: int) -> Fraction:
    return Fraction(n_real + n_synth)


@mutant("self_consuming.fresh_categorical_size", slip="the draws' own noise left out: 2 n_r in the limit of many")
def without_own_noise(n_real: int, n_synth: int) -> Fraction:
    return n_real + Fraction(n_real * n_synth, n_real + n_synth)


@claim(
    id="self_consuming.categorical-drift.fresh",
    title="With fresh real draws the frequency keeps a stationary variance",
    statement=r"\operatorname{Var} p_\infty = \frac{p_0 (1 - p_0)}{n_e}, \qquad n_e = \frac{n^2 - n_s^2 + n_s}{n} < 2 n_r + 1",
    source=SOURCE,
    role="self_consuming.fresh_categorical_size",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="a stationary law of at most 56 states by a dense solve, condition below 1e4"),
    cases=grid(mix=((3, 10, 0.2), (5, 50, 0.3), (10, 5, 0.5))),
    quantity="|Var p_∞ n_e / (p_0 q_0) − 1|",
)
def stationary_variance(size: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth, p0 = case.mix
    n = n_real + n_synth
    rows = []
    for j in range(n + 1):
        synth = binomial(n_synth, j / n)
        rows.append(np.convolve(binomial(n_real, p0), synth))
    P = np.array(rows)
    system = np.vstack([(P.T - np.eye(n + 1))[:-1], np.ones(n + 1)])
    law = np.linalg.solve(system, np.eye(n + 1)[-1])
    p = np.arange(n + 1) / n
    variance = law @ (p - p0) ** 2
    yield exact(gap(variance * float(size(n_real, n_synth)) / (p0 * (1 - p0)), 1.0))


def binomial(n: int, p: float) -> Floats:
    """The law of Bin(n, p), n + 1 probabilities."""
    return np.array([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])


@role(
    "self_consuming.kernel_step",
    numbers="points (R, n), picks (R, n) of indices, noise (R, n), h: the next points (R, n)",
)
def kernel_step(points: Floats, picks: Any, noise: Floats, h: float) -> Floats:
    """n draws from the kernel density estimate of bandwidth h: a point, and noise of that size."""
    return np.asarray(np.take_along_axis(points, picks, axis=1) + h * noise)


@mutant("self_consuming.kernel_step", slip="no noise: points are only drawn again")
def without_noise(points: Floats, picks: Any, noise: Floats, h: float) -> Floats:
    return kernel_step(points, picks, noise, 0.0)


@mutant("self_consuming.kernel_step", slip="every point moves once, none is drawn again")
def no_picks(points: Floats, picks: Any, noise: Floats, h: float) -> Floats:
    return np.asarray(points + h * noise)


@mutant("self_consuming.kernel_step", slip="one noise for all points of a generation")
def common_noise(points: Floats, picks: Any, noise: Floats, h: float) -> Floats:
    return np.asarray(np.take_along_axis(points, picks, axis=1) + h * noise[:, :1])


@claim(
    id="self_consuming.categorical-drift.kernel",
    title="Kernel noise cures the collapse, not the drift",
    statement=r"\mathbb{E}\, V_{t + 1} = \big( 1 - \tfrac1n \big) (\mathbb{E}\, V_t + h^2) \to (n - 1) h^2, \qquad "
    r"\mathbb{E}\, M_{t + 1}^2 = M_t^2 + \tfrac1n (V_t + h^2)",
    source=SOURCE,
    role="self_consuming.kernel_step",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="all n^n picks and 2^n signs are enumerated: only two moments of the noise matter; sums of 216 numbers of size 4",
    ),
    cases=grid(n=(2, 3), h=(0.3, 1.0)),
    quantity="largest deviation of the two means",
)
def kernel_noise(kernel_step: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, h = case.n, case.h
    every = [(p, s) for p in itertools.product(range(n), repeat=n) for s in itertools.product((-1.0, 1.0), repeat=n)]
    picks, noise = np.array([p for p, _ in every]), np.array([s for _, s in every])
    points = rng.normal(size=n)
    following = kernel_step(np.tile(points, (len(every), 1)), picks, noise, h)
    variance, mean = points.var(), points.mean()
    expected = (1 - 1 / n) * (variance + h * h), mean**2 + (variance + h * h) / n
    yield exact(gap([following.var(axis=1).mean(), np.square(following.mean(axis=1)).mean()], expected))


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
