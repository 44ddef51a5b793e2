"""Entry 10: affine maps compose associatively but not commutatively, and what a parallel scan of them costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.sources import RNN_COMPANION, RNN_PREFIX_SUMS, RNN_SNIR
from verify.evidence import Enclosure, at_least, exact, exactly
from verify.methods import recurrence

SOURCE = RNN_COMPANION.at("parallel prefix sums")
TREES = ("sklansky", "kogge_stone", "odd_even")
METHODS = ("loop", "blocked", *TREES)

role("parallel_rnn.affine_compose", numbers="two pairs (A, b): arrays of floats or fractions; a pair")(
    recurrence.affine_compose
)
role(
    "parallel_rnn.affine_scan", numbers="A (T, d, d), b (T, d), s0 (d,), method: arrays of floats or fractions; (T, d)"
)(recurrence.affine_scan)
role("parallel_rnn.scan_cost", numbers="T, method: an int and a word; (applications, depth)")(recurrence.scan_cost)


@mutant("parallel_rnn.affine_compose", slip="the operands swapped: associative still, but the maps in the wrong order")
def swapped(later: Any, earlier: Any) -> Any:
    return recurrence.affine_compose(earlier, later)


@mutant("parallel_rnn.affine_compose", slip="A₂ b₁ + b₁ in place of A₂ b₁ + b₂")
def own_offset(later: Any, earlier: Any) -> Any:
    A, b = recurrence.affine_compose(later, earlier)
    return A, b - later[1] + earlier[1]


Pair = tuple[Any, Any]


def folded(compose: Callable[[Pair, Pair], Pair], A: Any, b: Any, s0: Any) -> Any:
    """Prefixes by one composition after the other, applied to s0."""
    total, rows = (A[0], b[0]), []
    for t in range(len(b)):
        total = compose((A[t], b[t]), total) if t else total
        rows.append(total[0] @ s0 + total[1])
    return np.stack(rows)


@mutant("parallel_rnn.affine_scan", slip="the operands swapped")
def swapped_scan(A: Any, b: Any, s0: Any, method: str = "auto") -> Any:
    return folded(lambda later, earlier: (earlier[0] @ later[0], earlier[0] @ later[1] + earlier[1]), A, b, s0)


@mutant("parallel_rnn.affine_scan", slip="A₂ b₁ + b₁ in place of A₂ b₁ + b₂")
def own_offset_scan(A: Any, b: Any, s0: Any, method: str = "auto") -> Any:
    return folded(lambda later, earlier: (later[0] @ earlier[0], later[0] @ earlier[1] + earlier[1]), A, b, s0)


@mutant("parallel_rnn.affine_scan", slip="Kogge and Stone's levels update A before b needs it")
def matrices_first(A: Any, b: Any, s0: Any, method: str = "auto") -> Any:
    A, b = A.copy(), b.copy()
    b[0] = A[0] @ s0 + b[0]
    k = 1
    while k < len(b):
        A[k:] = A[k:] @ A[:-k]
        b[k:] = (A[k:] @ b[:-k, :, None])[..., 0] + b[k:]
        k *= 2
    return b


@mutant("parallel_rnn.affine_scan", slip="s_0 is forgotten")
def from_zero(A: Any, b: Any, s0: Any, method: str = "auto") -> Any:
    return recurrence.affine_scan(A, b, 0 * s0, method)


@equivalent("parallel_rnn.affine_compose", because="one product of the matrices [A b; 0 1]")
def homogeneous(later: Any, earlier: Any) -> Any:
    def bordered(A: Any, b: Any) -> Any:
        corner = [*(0 * b), 1]
        return np.concatenate([np.concatenate([A, b[:, None]], axis=1), np.array([corner], dtype=A.dtype)])

    product = bordered(*later) @ bordered(*earlier)
    return product[:-1, :-1], product[:-1, -1]


def rationals(rng: np.random.Generator, *shape: int) -> Any:
    """Fractions of both signs with denominators up to 7."""
    made = np.empty(math.prod(shape), dtype=object)
    made[:] = [Fraction(int(rng.integers(-9, 10)), int(rng.integers(1, 8))) for _ in range(len(made))]
    return made.reshape(shape)


def evaluated(A: Any, b: Any, s0: Any) -> list[list[Fraction]]:
    """s_t = A_t s_{t−1} + b_t in fractions, written out."""
    s, rows = list(s0), []
    for matrix, offset in zip(A, b, strict=True):
        s = [sum((m * x for m, x in zip(row, s, strict=True)), o) for row, o in zip(matrix, offset, strict=True)]
        rows.append(s)
    return rows


@claim(
    id="parallel_rnn.affine-scan",
    title="Every scan of affine maps is the recurrence",
    statement=r"(A_2, b_2) \circ (A_1, b_1) = (A_2 A_1,\; A_2 b_1 + b_2): \qquad \text{prefixes applied to } s_0 "
    r"\text{ are } s_t = A_t s_{t-1} + b_t",
    source=RNN_PREFIX_SUMS.at("section 1.4, first-order recurrences"),
    role="parallel_rnn.affine_scan",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="fractions throughout: equality, no rounding"),
    cases=grid(method=METHODS, T=(1, 2, 13)).full(T=(1, 2, 3, 4, 5, 8, 13, 16, 31)),
    quantity="entries that differ from the recurrence",
)
def scans_are_the_recurrence(scan: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    A, b, s0 = rationals(rng, case.T, 2, 2), rationals(rng, case.T, 2), rationals(rng, 2)
    found, truth = scan(A, b, s0, case.method), evaluated(A, b, s0)
    yield exact(sum(x != y for row, true in zip(found, truth, strict=True) for x, y in zip(row, true, strict=True)))


@claim(
    id="parallel_rnn.affine-scan.composition",
    title="The composition is that of the maps: associative, and not commutative",
    statement=r"(f_2 \circ f_1)(s) = f_2(f_1(s)), \qquad (f_3 \circ f_2) \circ f_1 = f_3 \circ (f_2 \circ f_1)",
    source=RNN_PREFIX_SUMS.at("section 1.4, first-order recurrences"),
    role="parallel_rnn.affine_compose",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0,
        because="fractions throughout; associativity alone would not see swapped operands, so the map is evaluated too",
    ),
    cases=grid(d=(1, 2, 3), draws=(10,)).full(draws=(100,)),
    quantity="entries where the map or associativity fails",
)
def composition_is_of_maps(compose: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    wrong = 0
    for _ in range(case.draws):
        f1, f2, f3 = ((rationals(rng, case.d, case.d), rationals(rng, case.d)) for _ in range(3))
        s = rationals(rng, case.d)
        A, b = compose(f2, f1)
        wrong += int(np.count_nonzero(A @ s + b != f2[0] @ (f1[0] @ s + f1[1]) + f2[1]))
        left, right = compose(compose(f3, f2), f1), compose(f3, compose(f2, f1))
        wrong += sum(int(np.count_nonzero(x != y)) for x, y in zip(left, right, strict=True))
    yield exact(wrong)


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


def multiplications(scan: Any, T: int, method: str) -> int:
    """Multiplications in a scan of T scalar maps."""
    column = np.empty(T, dtype=object)
    column[:] = [CountedFraction(1) for _ in range(T)]
    ones = column.reshape(T, 1)
    CountedFraction.counts = 0
    scan(ones, ones, ones[0], method)
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
    yield exact(abs(multiplications(scan, case.T, case.method) - stated))


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
