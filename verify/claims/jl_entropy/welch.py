"""Entry 7, second part: the dimension that no set of nearly orthogonal vectors beats."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.jl_entropy.golden import PHI
from verify.claims.sources import JL_WELCH
from verify.evidence import Enclosure, exact, exactly, gap
from verify.methods import johnson_lindenstrauss as jl

role("jl_entropy.welch_dimension_lower_bound", numbers="n_vectors: int, mu: float in (0, 1); an int")(
    jl.welch_dimension_lower_bound
)


@mutant("jl_entropy.welch_dimension_lower_bound", slip="the first order only")
def first_order(n_vectors: int, mu: float) -> int:
    return math.ceil(n_vectors / (1 + mu * mu * (n_vectors - 1)))


@mutant("jl_entropy.welch_dimension_lower_bound", slip="mu^p for mu^(2p)")
def single_power(n_vectors: int, mu: float) -> int:
    return jl.welch_dimension_lower_bound(n_vectors, math.sqrt(mu))


@claim(
    id="jl_entropy.union-bound-tightness.welch",
    title="No set of vectors does better than Welch's inequalities of all orders",
    statement=r"\mu^{2p} \ge \frac{1}{N - 1} \Big( \frac{N}{\binom{d + p - 1}{p}} - 1 \Big) \quad \forall\, p",
    source=JL_WELCH.at("the bounds of all orders"),
    role="jl_entropy.welch_dimension_lower_bound",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="inequalities of fractions: all at d, and not all at d - 1"),
    cases=grid(n=(512,), mu=("1/10", "3/10", "1/2")) + grid(n=(6, 28, 10**5), mu=("9/20",)),
    quantity="sides of the statement that are wrong",
)
def welch_by_fractions(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, mu = case.n, Fraction(float(Fraction(case.mu)))

    def possible(d: int) -> bool:
        orders = range(1, 40 if d > 1 else 2)
        return all(mu ** (2 * p) * (n - 1) >= Fraction(n, math.comb(d + p - 1, p)) - 1 for p in orders)

    d = bound(n, float(mu))
    yield exact(int(not possible(d)) + int(d > 1 and possible(d - 1)))


@claim(
    id="jl_entropy.union-bound-tightness.bracket",
    title="Random directions come within a factor of what is possible",
    statement=r"d_{\mathrm{Welch}}(N, \mu) \le d_{\mathrm{opt}} \le d_\mu(N): \qquad \text{icosahedron: } N = 6,\ d = "
    r"3,\ \mu = \tfrac1{\sqrt5}",
    source=JL_WELCH.at("the bounds of all orders"),
    role="jl_entropy.welch_dimension_lower_bound",
    evidence=Evidence.EXACT,
    region=exactly(
        0,
        because="the six axes of the icosahedron, computed, are equiangular at 1/sqrt 5 and reach the bound; others "
        "lie between",
    ),
    quantity="facts that are wrong",
)
def icosahedron(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    axes = np.array([(0, 1, PHI), (0, 1, -PHI), (1, PHI, 0), (1, -PHI, 0), (PHI, 0, 1), (-PHI, 0, 1)])
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    largest = float(np.abs(axes @ axes.T - np.eye(6)).max())
    facts = [bound(6, largest + 1e-12) == 3, gap(largest, 5**-0.5) < 1e-12]
    facts += [bound(512, mu) <= jl.coherence_dimension(512, mu) for mu in (0.1, 0.3, 0.5)]
    # beyond the first order: 28 lines in R^7 at 1/3 are equiangular, and no 28 fit into R^6
    facts.append(bound(28, 1 / 3 + 1e-12) == 7)
    facts.append(bound(512, 0.5) == 7)
    yield exact(facts.count(False))
