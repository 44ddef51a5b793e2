"""Entry 9, lineages: which categories are lost first, and how many ancestors a sample has."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.self_consuming.wright_fisher import SOURCE
from verify.claims.sources import LOOP_RATE
from verify.evidence import Enclosure, at_most, exact, exactly, gap, slope, within, worst
from verify.methods import self_consuming
from verify.methods.self_consuming import wright_fisher_matrix


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
