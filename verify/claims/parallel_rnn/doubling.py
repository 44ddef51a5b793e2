"""Entries 10 and 11, continued: where all steps share one matrix, doubling needs no products of matrices over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.grid import stream
from verify.claims.parallel_rnn.rounding import errors, family, scan_error_bound, true_scan
from verify.claims.parallel_rnn.scan import evaluated, rationals
from verify.claims.parallel_rnn.scan_cost import counting_ones, multiplications
from verify.claims.sources import RNN_COMPANION, RNN_HIGHAM
from verify.evidence import Enclosure, at_most, exact, exactly, gap
from verify.methods import recurrence

SOURCE = RNN_COMPANION.at("parallel prefix sums")

role(
    "parallel_rnn.doubling_scan", numbers="A (d, d) or (d,), b (T, d), s0 (d,): arrays of floats or fractions; (T, d)"
)(recurrence.doubling_scan)


def repeated(A: Any, T: int) -> Any:
    """T times the one matrix, written out if it is diagonal: (T, d, d)."""
    full = A if A.ndim == 2 else np.where(np.eye(len(A)) == 1, A, 0 * A)
    return np.broadcast_to(full, (T, *full.shape))


@mutant("parallel_rnn.doubling_scan", slip="the matrix itself on every level, not its powers")
def never_squared(A: Any, b: Any, s0: Any) -> Any:
    full = repeated(A, 1)[0]
    s = np.concatenate([b[:1] + s0 @ full.T, b[1:]])
    k = 1
    while k < len(s):
        s[k:] = s[k:] + s[:-k] @ full.T
        k *= 2
    return s


@mutant("parallel_rnn.doubling_scan", slip="rows times A in place of rows times A'")
def untransposed(A: Any, b: Any, s0: Any) -> Any:
    return recurrence.doubling_scan(A.T, b, s0)


@mutant("parallel_rnn.doubling_scan", slip="written in place from the front: a level reads what it has just written")
def reads_what_it_wrote(A: Any, b: Any, s0: Any) -> Any:
    power = repeated(A, 1)[0]
    s = np.concatenate([b[:1] + s0 @ power.T, b[1:]])
    k = 1
    while k < len(s):
        for t in range(k, len(s)):
            s[t] = s[t] + power @ s[t - k]
        power, k = power @ power, 2 * k
    return s


@mutant("parallel_rnn.doubling_scan", slip="s_0 is forgotten")
def from_zero(A: Any, b: Any, s0: Any) -> Any:
    return recurrence.doubling_scan(A, b, 0 * s0)


@mutant("parallel_rnn.doubling_scan", slip="the matrix copied for every step and scanned as if all were different")
def scanned_as_different(A: Any, b: Any, s0: Any) -> Any:
    return recurrence.affine_scan(repeated(A, len(b)), b, s0, "kogge_stone")


@claim(
    id="parallel_rnn.affine-scan.doubling",
    title="With one matrix for all steps, doubling the stride gives the recurrence",
    statement=r"s_t \leftarrow s_t + A^k s_{t-k} \quad (t > k), \qquad k = 1, 2, 4, \ldots < T: \qquad s_t = A s_{t-1} + b_t",
    source=SOURCE,
    role="parallel_rnn.doubling_scan",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="fractions throughout: equality, no rounding"),
    cases=grid(form=("full", "diagonal"), T=(1, 2, 13)).full(T=(1, 2, 3, 4, 5, 8, 13, 16, 31)),
    quantity="entries that differ from the recurrence",
)
def doubling_is_the_recurrence(scan: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    A, b, s0 = rationals(rng, *((2, 2) if case.form == "full" else (2,))), rationals(rng, case.T, 2), rationals(rng, 2)
    truth = np.array(evaluated(repeated(A, case.T), b, s0))
    yield exact(int(np.count_nonzero(scan(A, b, s0) != truth)))


@claim(
    id="parallel_rnn.affine-scan.doubling-cost",
    title="Doubling costs d² multiplications a state and level, where a scan of different matrices costs d³",
    statement=r"L = \lceil \log_2 T \rceil: \qquad d^2 \big(T L - 2^L + 2\big) + d^3 (L - 1) \text{ multiplications}",
    source=SOURCE,
    role="parallel_rnn.doubling_scan",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0,
        because="counted: A^k times T − k states for k = 1, 2, …, 2^(L − 1), which is d² (T L − 2^L + 1); A s₀, d²; and L − 1 "
        "squarings, d³ each",
    ),
    cases=grid(d=(1, 3), T=(2, 16, 37)).full(d=(1, 2, 3, 5), T=(2, 3, 16, 37, 256)),
    quantity="|counted − stated|",
)
def doubling_costs_what_is_stated(scan: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d, T = case.d, case.T
    L = (T - 1).bit_length()
    found = multiplications(scan, counting_ones(d, d), counting_ones(T, d), counting_ones(d))
    yield exact(abs(found - (d**2 * (T * L - 2**L + 2) + d**3 * (L - 1))))


@claim(
    id="parallel_rnn.scan-rounding.doubling",
    title="Doubling stays within the bound of every other scan",
    statement=r"|\hat s_t - s_t| \le u \big[(d + 1) W_t + \lceil \log_2 T \rceil Y_t\big], \qquad A_t = A",
    source=RNN_HIGHAM.at("chapter 3, running error analysis"),
    role="parallel_rnn.doubling_scan",
    evidence=Evidence.EXACT,
    region=at_most(
        1 + 1e-9,
        because="A^k by squaring is k − 1 products on top of each other, as in a tree, whatever their order: |A|^k errs by "
        "(k − 1) d u of itself, and the rest is counted as there",
    ),
    cases=grid(family=("mild", "contracting", "damped-rotation", "stochastic"), T=(100,)).full(T=(100, 1000)),
    quantity="largest error / bound",
)
def doubling_rounds_like_a_tree(scan: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    A, b = family(stream("rounding", "doubling", case.family, case.T), case.family, case.T)
    one, d = repeated(A[0], case.T), b.shape[1]
    found = scan(A[0], b, np.zeros(d))
    yield exact(gap(errors(found, true_scan(one, b)) / scan_error_bound(one, b), np.zeros(b.shape)))
