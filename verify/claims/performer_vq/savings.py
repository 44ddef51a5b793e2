"""Entry 4, bounds of the saving: the paper's from below, one from above, and the cap of a third."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.performer_vq.orthogonal import SOURCE
from verify.evidence import Enclosure, at_most, exact, exactly, gap


@role("performer_vq.lower_coefficient", numbers="d, k ≥ 1: integers; a Fraction")
def lower_coefficient(d: int, k: int) -> Fraction:
    """2/(d + 2) (1 − 2^(1−k)): coefficient k of the paper's lower bound, times e^t, over that of e^t."""
    return Fraction(2, d + 2) * (1 - Fraction(2, 2**k))


@mutant("performer_vq.lower_coefficient", slip="2/(d + 1) in place of 2/(d + 2)")
def too_much(d: int, k: int) -> Fraction:
    return lower_coefficient(d - 1, k)


@role("performer_vq.upper_coefficient", numbers="d, k ≥ 1: integers; a Fraction")
def upper_coefficient(d: int, k: int) -> Fraction:
    """k (k − 1) / (2 (d + 2)): coefficient k of t²/(2(d + 2)) e^t over that of e^t."""
    return Fraction(k * (k - 1), 2 * (d + 2))


@mutant("performer_vq.upper_coefficient", slip="the lower bound's 2/(d + 2) is taken for an upper one")
def lower_for_upper(d: int, k: int) -> Fraction:
    return lower_coefficient(d, k)


def saved(d: int, k: int) -> Fraction:
    """1 − prod_(j<k) (d + j)/(d + 2j)."""
    product = Fraction(1)
    for j in range(k):
        product *= Fraction(d + j, d + 2 * j)
    return 1 - product


BOUNDS = r"\tfrac{2}{d+2}(1 - e^{-t/2})^2 \le g(d,t) \le \tfrac{t^2}{2(d+2)}"


@claim(
    id="performer_vq.orthogonal-exact-mse.lower",
    title="The paper's bound holds, coefficient by coefficient",
    statement=BOUNDS,
    source=SOURCE,
    role="performer_vq.lower_coefficient",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="fractions; beyond k = 64 both sides are monotone and 1 − P_k already exceeds 2/(d + 2)"),
    cases=grid(d=(1, 2, 3, 4, 16)).full(d=(*range(1, 17), 32, 64, 128)),
    quantity="coefficients k ≤ 64 that violate it",
)
def lower_bound_holds(lower: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(sum(lower(case.d, k) > saved(case.d, k) for k in range(1, 65)))


@claim(
    id="performer_vq.orthogonal-exact-mse.upper",
    title="And there is one from above, tight as t falls",
    statement=BOUNDS,
    source=SOURCE,
    role="performer_vq.upper_coefficient",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0, because="fractions; for every k the product is at least 1 − Σ j/(d + 2j) ≥ 1 − k(k − 1)/(2(d + 2))"
    ),
    cases=grid(d=(1, 2, 3, 4, 16)).full(d=(*range(1, 17), 32, 64, 128)),
    quantity="coefficients k ≤ 64 that violate it",
)
def upper_bound_holds(upper: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(sum(saved(case.d, k) > upper(case.d, k) for k in range(1, 65)))


@claim(
    id="performer_vq.orthogonal-exact-mse.cap",
    title="Orthogonality never takes more than a third off the error of positive features",
    statement=r"\max_t \frac{(d-1)\,g(d,t)}{e^t - 1} \le \tfrac{d-1}{d+2} \sup_t \tfrac{t^2}{2(e^t-1)} \le 0.3238051189",
    source=SOURCE,
    role="performer_vq.orthogonality_gap",
    evidence=Evidence.EXACT,
    region=at_most(1, because="the upper bound of the gap, coefficient by coefficient; t²/2(eᵗ − 1) has its maximum 0.32380511890 at "
                   "t = 1.59362425"),
    cases=grid(d=(2, 16, 64, 1024)).full(d=(2, 3, 4, 8, 16, 64, 256, 1024, 4096)),
    quantity="largest reduction over (d − 1)/(d + 2) · 0.3238051189",
    refutes="orthogonal projections are worth a multiple of the features",
)  # fmt: skip
def at_most_a_third(gap_of: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d = case.d
    t = np.linspace(0.02, 8, 400)
    reductions = np.array([(d - 1) * gap_of(d, float(x)) for x in t]) / np.expm1(t)
    yield exact(gap(reductions.max(), 0.0) / ((d - 1) / (d + 2) * 0.32380511891))


@claim(
    id="performer_vq.orthogonal-exact-mse.maximum",
    title="The largest reduction, at two dimensions in use",
    statement=r"\max_t \frac{(d-1)\,g(d,t)}{e^t - 1} = 0.22993234 \;(d = 16), \quad 0.29319623 \;(d = 64)",
    source=SOURCE,
    role="performer_vq.orthogonality_gap",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-7,
        because="the stated values have eight digits; the maximum is flat, so its place need be known to 1e-4 only",
    ),
    cases=grid(d=(16, 64)),
    quantity="distance to the stated value",
)
def largest_reduction(gap_of: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.optimize import minimize_scalar

    def lost(t: float) -> float:
        return -float(np.nan_to_num((case.d - 1) * gap_of(case.d, float(t)) / np.expm1(t)))

    found = minimize_scalar(lost, bounds=(0.5, 4.0), method="bounded", options={"xatol": 1e-6})
    yield exact(gap(-found.fun, {16: 0.22993234, 64: 0.29319623}[case.d]))
