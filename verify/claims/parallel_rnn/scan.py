"""Entry 10: affine maps compose associatively but not commutatively, and every scan of them is the recurrence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, equivalent, grid, mutant, role
from verify.claims.sources import RNN_PREFIX_SUMS
from verify.evidence import Enclosure, exact, exactly
from verify.methods import recurrence

SOURCE = RNN_PREFIX_SUMS.at("section 1.4, first-order recurrences")
TREES = ("sklansky", "kogge_stone", "odd_even")
METHODS = ("loop", "blocked", *TREES)

role("parallel_rnn.affine_compose", numbers="two pairs (A, b): arrays of floats or fractions; a pair")(
    recurrence.affine_compose
)
role(
    "parallel_rnn.affine_scan", numbers="A (T, d, d), b (T, d), s0 (d,), method: arrays of floats or fractions; (T, d)"
)(recurrence.affine_scan)


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
    source=SOURCE,
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
    source=SOURCE,
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
