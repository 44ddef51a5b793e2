"""Entry 10, continued: what a parallel scan costs, in applications of the composition and in depth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.parallel_rnn.scan import TREES
from verify.claims.sources import RNN_COMPANION, RNN_SNIR
from verify.evidence import Enclosure, at_least, exact, exactly
from verify.methods import recurrence

SOURCE = RNN_COMPANION.at("parallel prefix sums")

role("parallel_rnn.scan_cost", numbers="T, method: an int and a word; (applications, depth)")(recurrence.scan_cost)


@mutant("parallel_rnn.scan_cost", slip="odd/even counted as twice the elements")
def twice_the_elements(T: int, method: str) -> Any:
    found = recurrence.scan_cost(T, method)
    return found._replace(applications=2 * T) if method == "odd_even" else found


@mutant("parallel_rnn.scan_cost", slip="Kogge and Stone counted as T log T, as if every element worked at every level")
def every_element_every_level(T: int, method: str) -> Any:
    found = recurrence.scan_cost(T, method)
    return found._replace(applications=T * found.depth) if method == "kogge_stone" else found


@mutant("parallel_rnn.scan_cost", slip="work of T and depth of log T at once")
def best_of_both(T: int, method: str) -> Any:
    return recurrence.ScanCost(T - 1, recurrence.scan_cost(T, "sklansky").depth)


def closed_form(L: int, method: str) -> tuple[int, int]:
    """(applications, depth) for T = 2^L, L ≥ 2."""
    T = 2**L
    return {
        "loop": (T - 1, T - 1),
        "sklansky": (T * L // 2, L),
        "kogge_stone": (T * L - T + 1, L),
        "odd_even": (2 * T - 2 - L, 2 * L - 2),
    }[method]


@claim(
    id="parallel_rnn.affine-scan.cost",
    title="Applications and depth of the three trees in closed form",
    statement=r"T = 2^L: \quad (T-1, T-1),\; \big(\tfrac T2 L, L\big),\; (TL - T + 1, L),\; (2T - 2 - L, 2L - 2)",
    source=SOURCE,
    role="parallel_rnn.scan_cost",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="integers on both sides, so equality"),
    cases=grid(method=("loop", *TREES)),
    quantity="numbers that differ, L = 2 … 10, and Kogge and Stone's T L − 2^L + 1 for every T ≤ 300",
)
def costs_in_closed_form(cost: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    wrong = sum(tuple(cost(2**L, case.method)) != closed_form(L, case.method) for L in range(2, 11))
    if case.method == "kogge_stone":
        for T in range(2, 301):
            L = (T - 1).bit_length()
            wrong += cost(T, "kogge_stone").applications != T * L - 2**L + 1
    yield exact(int(wrong))


class CountedFraction(Fraction):
    """A fraction that counts the multiplications it takes part in."""

    counts = 0

    def __mul__(self, other: Any) -> Any:
        CountedFraction.counts += 1
        return CountedFraction(Fraction(self) * Fraction(other))

    def __add__(self, other: Any) -> Any:
        return CountedFraction(Fraction(self) + Fraction(other))


def counting_ones(*shape: int) -> Any:
    """An array of counted fractions."""
    made = np.empty(math.prod(shape), dtype=object)
    made[:] = [CountedFraction(1) for _ in made]
    return made.reshape(shape)


def multiplications(scan: Any, *arguments: Any) -> int:
    """How many take place in a scan of counted fractions."""
    CountedFraction.counts = 0
    scan(*arguments)
    return CountedFraction.counts


@claim(
    id="parallel_rnn.affine-scan.counted",
    title="The scans do what their cost says",
    statement=r"\text{multiplications of scalars} = 2 \cdot \text{applications} + 1 \quad (\text{trees}), \qquad T "
    r"\quad (\text{loop})",
    source=SOURCE,
    role=("parallel_rnn.affine_scan", "parallel_rnn.scan_cost"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="counted multiplications: A₂ A₁ and A₂ b₁ an application, A₁ s₀ once"),
    cases=grid(method=("loop", *TREES), T=(2, 16, 37)).full(T=(2, 3, 16, 37, 256)),
    quantity="|counted − stated|",
)
def cost_is_what_happens(scan: Any, cost: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    each = 1 if case.method == "loop" else 2
    stated = each * cost(case.T, case.method).applications + 1
    ones = counting_ones(case.T, 1)
    yield exact(abs(multiplications(scan, ones, ones, ones[0], case.method) - stated))


@claim(
    id="parallel_rnn.affine-scan.snir",
    title="None beats Snir's bound: applications and depth trade against each other",
    statement=r"\text{applications} + \text{depth} \ge 2T - 2",
    source=RNN_SNIR.at("the size-depth bound"),
    role="parallel_rnn.scan_cost",
    evidence=Evidence.CERTIFIED,
    region=at_least(0, because="a theorem on prefix circuits; the loop attains it"),
    cases=grid(method=("loop", *TREES), T=(64,)).full(T=(600,)),
    quantity="least applications + depth − (2 T − 2), over all lengths up to T",
)
def nobody_beats_snir(cost: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(min(sum(cost(T, case.method)) - (2 * T - 2) for T in range(1, case.T + 1)))


@figure(of="parallel_rnn.affine-scan.cost")
def applications_against_length() -> Figure:
    lengths = [2**L for L in range(2, 13)]
    curves = []
    for method in ("loop", *TREES):
        costs = [recurrence.scan_cost(T, method) for T in lengths]
        curves.append(series(f"{method}: applications", lengths, [c.applications for c in costs]))
        curves.append(series(f"{method}: depth", lengths, [c.depth for c in costs], kind="dashed"))
    return Figure(
        "What a scan costs",
        "Odd/even does twice the work of the loop at twice the least depth; the shallow trees do more. One "
        "application to "
        "matrices costs d + 1 steps of the recurrence.",
        "elements T",
        "count",
        tuple(curves),
        x_log=True,
        y_log=True,
    )
