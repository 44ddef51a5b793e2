"""Entry 2: the forward recursion is the sum over all segmentations, and how many of them there are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.sources import SEGMENTATION_PERFECT_SAMPLING, SEGMENTATION_VITERBI_SAMPLING
from verify.claims.viterbi_sampling.instances import ALPHAS, default, every_substring, exact_weights, rational
from verify.evidence import Enclosure, Vacuous, at_most, exact, exactly, gap, worst
from verify.methods import segmentation
from verify.methods.segmentation import Lattice

SOURCE = SEGMENTATION_PERFECT_SAMPLING.at("the recursion for log Z")
BOUND = SEGMENTATION_VITERBI_SAMPLING.at("at most n m - m (m - 1) / 2 tokens in a text")


def edges_of(lattice: Lattice) -> Iterator[tuple[int, int, bytes]]:
    """(start, end, token), in the order of the lattice."""
    for s, e in zip(lattice.start.tolist(), lattice.end.tolist(), strict=True):
        yield s, e, lattice.text[s:e]


def forward_sum(lattice: Lattice, weight: Any, first: Any, elsewhere: Any, *, longest: int | None = None) -> Any:
    """The forward recursion with any weights and any start, over the tokens of at most `longest` bytes."""
    z = [elsewhere] * (lattice.n + 1)
    z[0] = first
    for s, e, token in edges_of(lattice):
        if longest is None or e - s <= longest:
            z[e] += z[s] * weight(token)
    return z[-1]


role("viterbi_sampling.partition", numbers="Lattice of exact weights, whole alpha; Z, a Fraction")(
    segmentation.partition
)


def exact_powers(lattice: Lattice, alpha: int) -> Any:
    """token -> p^alpha."""
    probs = lattice.model.probs
    assert probs is not None
    return lambda token: probs[token] ** alpha


@mutant("viterbi_sampling.partition", slip="tokens shorter than the longest only: k < m in place of k <= m")
def longest_dropped(lattice: Lattice, alpha: int) -> Fraction:
    return Fraction(
        forward_sum(lattice, exact_powers(lattice, alpha), Fraction(1), Fraction(0), longest=lattice.model.m - 1)
    )


@mutant("viterbi_sampling.partition", slip="log Z starts at 0 at every node: each has a path that nothing leads to")
def starts_everywhere(lattice: Lattice, alpha: int) -> Fraction:
    return Fraction(forward_sum(lattice, exact_powers(lattice, alpha), Fraction(1), Fraction(1)))


@mutant("viterbi_sampling.partition", slip="alpha is applied to the mass that has accumulated, not to the token")
def nested_temperature(lattice: Lattice, alpha: int) -> Fraction:
    z = [Fraction(1)] + [Fraction(0)] * lattice.n
    for s, e, token in edges_of(lattice):
        z[e] += (z[s] * exact_powers(lattice, 1)(token)) ** alpha
    return z[-1]


@claim(
    id="viterbi_sampling.partition-count",
    title="The forward recursion sums over all segmentations, exactly",
    statement=r"F_0 = 1,\; F_e = \sum_{(s,e)} F_s\, p_{se}^\alpha: \qquad F_n = \sum_{w \in \Omega(c)} \prod_i p(w_i)^\alpha",
    source=SOURCE,
    role="viterbi_sampling.partition",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both sides are fractions"),
    cases=grid(alpha=(0, 1, 2), n=(3, 8)).full(n=(1, 3, 8, 11, 14)),
    quantity="largest |Z − sum over segmentations|",
)
def recursion_is_the_sum(partition: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference(seed: int) -> Enclosure:
        lattice, probs = rational(seed, case.n)
        weights = exact_weights(lattice.text, probs, case.alpha)
        return exact(abs(partition(lattice, case.alpha) - sum(weights.values())))

    yield worst(difference(seed) for seed in range(4))


role("viterbi_sampling.count_segmentations", numbers="Lattice; an int")(segmentation.count_segmentations)


@mutant("viterbi_sampling.count_segmentations", slip="counted in floating point")
def in_floats(lattice: Lattice) -> int:
    return int(forward_sum(lattice, lambda token: 1.0, 1.0, 0.0))


@mutant("viterbi_sampling.count_segmentations", slip="tokens shorter than the longest only")
def shorter_only(lattice: Lattice) -> int:
    return int(forward_sum(lattice, lambda token: 1, 1, 0, longest=lattice.model.m - 1))


@equivalent("viterbi_sampling.count_segmentations", because="the product over cuts is the recursion over all nodes")
def node_by_node(lattice: Lattice) -> int:
    return int(forward_sum(lattice, lambda token: 1, 1, 0))


def bonacci(n: int, m: int) -> int:
    """a_n with a_0 = 1 and a_n = a_(n-1) + ... + a_(n-m): the compositions of n into parts of at most m."""
    found = [1]
    for _ in range(n):
        found.append(sum(found[-m:]))
    return found[n]


# Fibonacci numbers, the second of which no float holds, and 2^19.
KNOWN = {(10, 2): 89, (20, 20): 524_288, (80, 2): 37_889_062_373_143_906}

SIZES = ((10, 2), (20, 20), (80, 2), (12, 5))


@claim(
    id="viterbi_sampling.partition-count.count",
    title="With all short strings in the vocabulary the count is an m-bonacci number",
    statement=r"a_n = a_{n-1} + \dots + a_{n-m}, \qquad |\Omega| = a_n \;(= 2^{n-1} \text{ for } m \ge n)",
    source=BOUND,
    role="viterbi_sampling.count_segmentations",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="integers are equal or they are not"),
    cases=grid(size=SIZES).full(size=(*SIZES, (1, 3), (200, 2), (200, 7))),
    quantity="|count − m-bonacci number|",
)  # fmt: skip
def bonacci_numbers(count: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, m = case.size
    expected = bonacci(n, m)
    if KNOWN.get((n, m), expected) != expected or (m >= n and expected != 2 ** (n - 1)):
        raise Vacuous("the recurrence gives other numbers than published")
    yield exact(abs(count(every_substring(n, m)) - expected))


@claim(
    id="viterbi_sampling.partition-count.lattices",
    title="The count is the number of segmentations listed one by one",
    statement=r"|\Omega(c)| = \#\{w : w_1 w_2 \cdots w_K = c\}",
    source=SOURCE,
    role="viterbi_sampling.count_segmentations",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="integers are equal or they are not"),
    cases=grid(lattices=(20,)).full(lattices=(200,)),
    quantity="largest |count − number of segmentations|",
)
def counts_them(count: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    drawn = [default(seed) for seed in range(case.lattices)]
    yield exact(max(abs(count(one.lattice) - len(one.scores)) for one in drawn))


role("viterbi_sampling.build_lattice", numbers="bytes, UnigramModel; Lattice")(segmentation.build_lattice)


@mutant("viterbi_sampling.build_lattice", slip="the walk stops one byte short of the longest token")
def walk_stops_early(text: bytes, model: Any) -> Lattice:
    shorter = {token: logp for token, logp in model.logp.items() if len(token) < model.m or model.m == 1}
    return segmentation.build_lattice(text, segmentation.UnigramModel(shorter))


@claim(
    id="viterbi_sampling.partition-count.edges",
    title="The article's bound on the number of tokens in a text is attained",
    statement=r"E = n m - \tfrac{m (m - 1)}2 \;(n \ge m), \qquad E = \tfrac{n (n + 1)}2 \;(n < m)",
    source=BOUND,
    role="viterbi_sampling.build_lattice",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="integers are equal or they are not"),
    cases=grid(size=((10, 3), (50, 7), (5, 5), (3, 6))),
    quantity="|number of edges − bound|",
)
def bound_is_attained(build: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, m = case.size
    longer = every_substring(max(n, m), m)  # its vocabulary holds tokens of m bytes even where the text is shorter
    expected = n * m - m * (m - 1) // 2 if n >= m else n * (n + 1) // 2
    if {(10, 3): 27, (50, 7): 329}.get((n, m), expected) != expected:
        raise Vacuous("the formula gives other numbers than published")
    # without longer tokens in the text, those of m bytes that are left out at n < m are missed in the longer one
    edges = [len(build(text, longer.model).start) for text in (longer.text[:n], longer.text)]
    whole = len(longer.text)
    yield exact(max(abs(edges[0] - expected), abs(edges[1] - (whole * m - m * (m - 1) // 2))))


role("viterbi_sampling.log_partition", numbers="Lattice, alpha; log Z, a float")(segmentation.log_partition)


@mutant("viterbi_sampling.log_partition", slip="alpha is applied to the mass that has accumulated, not to the token")
def nested_sums(lattice: Lattice, alpha: float = 1.0) -> float:
    f = [0.0] + [-math.inf] * lattice.n
    for s, e, token in edges_of(lattice):
        f[e] = float(np.logaddexp(f[e], alpha * (f[s] + lattice.model.logp[token])))
    return f[-1]


@mutant("viterbi_sampling.log_partition", slip="the best path in place of the sum")
def best_path_only(lattice: Lattice, alpha: float = 1.0) -> float:
    return alpha * segmentation.viterbi(lattice)[1]


@mutant("viterbi_sampling.log_partition", slip="sums in single precision")
def single_precision(lattice: Lattice, alpha: float = 1.0) -> float:
    f = np.full(lattice.n + 1, -np.inf, np.float32)
    f[0] = 0
    for s, e, token in edges_of(lattice):
        f[e] = np.logaddexp(f[e], f[s] + np.float32(alpha * lattice.model.logp[token]))
    return float(f[-1])


@claim(
    id="viterbi_sampling.partition-count.float",
    title="In floating point log Z keeps its digits",
    statement=r"|\widehat{\log Z} - \log Z| \le 10^{-12}\, (1 + |\log Z|)",
    source=SOURCE,
    role="viterbi_sampling.log_partition",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="sums of positive products: at most 4 roundings a node and 12 nodes, 50 eps = 1.1e-14 in Z, with room",
    ),
    cases=grid(alpha=ALPHAS, n=(9,)).full(n=(1, 9, 12)),
    quantity="largest |log Z − exact| / (1 + |exact|)",
)
def digits_of_log_z(log_partition: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(seed: int) -> Enclosure:
        one = default(seed, case.n)
        terms = [case.alpha * score for score in one.scores.values()]
        top = max(terms)
        truth = top + math.log(math.fsum(math.exp(term - top) for term in terms))
        return exact(gap(log_partition(one.lattice, case.alpha) / (1 + abs(truth)), truth / (1 + abs(truth))))

    yield worst(error(seed) for seed in range(5))


@figure(of="viterbi_sampling.partition-count")
def growth_against_longest_token() -> Figure:
    sizes = range(1, 11)
    curves = []
    for n in (10, 40, 200):
        rates = [math.log2(segmentation.count_segmentations(every_substring(n, m))) / n for m in sizes]
        curves.append(series(f"n = {n}", sizes, rates, kind="dots"))

    def root(m: int) -> float:
        # of x^m = x^(m-1) + ... + 1, by bisection: the largest growth rate of the recurrence
        low, high = 1.0, 2.0
        for _ in range(60):
            x = (low + high) / 2
            low, high = (x, high) if x**m < sum(x**j for j in range(m)) else (low, x)
        return low

    return Figure(
        "Segmentations a byte, in bits",
        "With tokens of up to m bytes, a byte adds log2 of the m-bonacci constant, which comes near 1 bit at once.",
        "longest token m",
        "log2 of the count / n",
        (*curves, series("root of xᵐ = Σ xʲ", sizes, [math.log2(root(m)) for m in sizes], kind="dashed")),
    )
