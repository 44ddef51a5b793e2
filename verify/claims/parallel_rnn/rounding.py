"""Entry 11: how far a scan may round, and where "equal up to rounding" is false."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import verify.claims.parallel_rnn.scan  # noqa: F401  declares the role parallel_rnn.affine_scan
from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, mutant, role, series, table
from verify.claims.grid import stream
from verify.claims.parallel_rnn.instances import Floats
from verify.claims.sources import RNN_ARTICLE, RNN_HIGHAM
from verify.evidence import Enclosure, at_most, exact, exactly, gap
from verify.methods import recurrence

METHODS = ("loop", "banded", "blocked", "sklansky", "kogge_stone", "odd_even")
UNIT = 2.0**-53


def family(rng: np.random.Generator, name: str, T: int) -> tuple[Floats, Floats]:
    """A (T, d, d) and b (T, d): contracting scalars, a contracting matrix, rotations, stochastic matrices."""
    if name in ("tiny", "small", "mild"):
        low, high = {"tiny": (0.01, 0.2), "small": (0.01, 0.3), "mild": (0.9, 0.9)}[name]
        sign = rng.choice([-1.0, 1.0], T)
        return (sign * rng.uniform(low, high, T))[:, None, None], rng.normal(size=(T, 1))
    d = 8 if name == "contracting" else 4
    A = rng.normal(size=(T, d, d))
    if name == "contracting":
        A *= 0.8 / np.linalg.norm(A, 2, axis=(1, 2))[:, None, None]
    elif name in ("rotation", "damped-rotation"):
        A = np.linalg.qr(A)[0] * (1.0 if name == "rotation" else 0.9)
    else:
        A = np.abs(A)
        A *= 0.99 / A.sum(axis=2, keepdims=True)
    return A, rng.normal(size=(T, d))


FAMILIES = ("tiny", "small", "mild", "contracting", "damped-rotation", "rotation", "stochastic")


@role("parallel_rnn.scan_error_bound", numbers="A (T, d, d), b (T, d): arrays; a bound (T, d)")
def scan_error_bound(A: Floats, b: Floats) -> Floats:
    """u [(d + 1) W_t + ⌈log₂ T⌉ Y_t], Y_t = |A_t| Y_{t−1} + |b_t|, W_t = |A_t| W_{t−1} + Y_t, to first order in u."""
    T, d = b.shape
    Y = recurrence.affine_scan(np.abs(A), np.abs(b), np.zeros(d), "loop")
    W = recurrence.affine_scan(np.abs(A), Y, np.zeros(d), "loop")
    return np.asarray(UNIT * ((d + 1) * W + np.ceil(np.log2(T)) * Y))


@mutant(
    "parallel_rnn.scan_error_bound", slip="without the term for the log₂ T additions that a tree makes to one element"
)
def without_logarithm(A: Floats, b: Floats) -> Floats:
    d = b.shape[1]
    Y = recurrence.affine_scan(np.abs(A), np.abs(b), np.zeros(d), "loop")
    return np.asarray(UNIT * (d + 1) * recurrence.affine_scan(np.abs(A), Y, np.zeros(d), "loop"))


@mutant("parallel_rnn.scan_error_bound", slip="one rounding for the whole sum: u Y")
def one_rounding(A: Floats, b: Floats) -> Floats:
    return np.asarray(UNIT * recurrence.affine_scan(np.abs(A), np.abs(b), np.zeros(b.shape[1]), "loop"))


@mutant("parallel_rnn.affine_scan", slip="accumulated in single precision")
def single_precision(A: Any, b: Any, s0: Any, method: str = "auto") -> Any:
    if A.dtype == object:
        return recurrence.affine_scan(A, b, s0, method)
    return recurrence.affine_scan(A.astype(np.float32), b.astype(np.float32), s0.astype(np.float32), method).astype(
        float
    )


def true_scan(A: Floats, b: Floats) -> Floats:
    """The recurrence from 0 in 200-bit balls; what is returned are pairs of floats (high, low), whose sum is exact to 1e-30."""
    import flint

    with flint.ctx.workprec(200):
        s = flint.arb_mat([[0]] * b.shape[1])
        rows = []
        for matrix, offset in zip(A.tolist(), b.tolist(), strict=True):
            s = flint.arb_mat(matrix) * s + flint.arb_mat([[v] for v in offset])
            high = [float(v) for v in s.entries()]
            rows.append([high, [float(v - h) for v, h in zip(s.entries(), high, strict=True)]])
    return np.array(rows)


def errors(found: Any, truth: Floats) -> Floats:
    """|found − truth|, from the two parts of the truth."""
    return np.abs((np.asarray(found) - truth[:, 0]) - truth[:, 1])


@claim(
    id="parallel_rnn.scan-rounding",
    title="Loop and trees alike stay within a bound of running sums",
    statement=r"|\hat s_t - s_t| \le u \big[(d + 1) W_t + \lceil \log_2 T \rceil Y_t\big], \quad "
    r"Y_t = |A_t| Y_{t-1} + |b_t|,\; W_t = |A_t| W_{t-1} + Y_t",
    source=RNN_HIGHAM.at("chapter 3, running error analysis"),
    role=("parallel_rnn.affine_scan", "parallel_rnn.scan_error_bound"),
    evidence=Evidence.EXACT,
    region=at_most(
        1 + 1e-9,
        because="d products and d sums a step, log₂ T further sums in a tree, each within u relatively; second order "
        "is u T",
    ),
    cases=grid(family=FAMILIES, method=METHODS, T=(100,)).full(T=(100, 1000)),
    quantity="largest error / bound",
)
def errors_stay_bounded(scan: Any, bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    A, b = family(stream("rounding", case.family, case.T), case.family, case.T)
    found = scan(A, b, np.zeros(b.shape[1]), case.method)
    yield exact(gap(errors(found, true_scan(A, b)) / bound(A, b), np.zeros(b.shape)))


@claim(
    id="parallel_rnn.scan-rounding.logarithm",
    title="The bound on a scan's rounding needs its term with the logarithm",
    statement=r"|A_t| \in [0.01, 0.3]: \qquad \max_t \frac{|\hat s_t - s_t|}{2 u W_t} > 1 \text{ for a tree, and } "
    r"\le 1 \text{ with } "
    r"\lceil \log_2 T \rceil u\, Y_t",
    source=RNN_HIGHAM.at("chapter 3, running error analysis"),
    role="parallel_rnn.scan_error_bound",
    evidence=Evidence.EXACT,
    region=at_most(1, because="the bound; without its second term the largest of 20,000 elements exceeds it"),
    cases=grid(method=("kogge_stone",)).full(method=("sklansky", "kogge_stone", "odd_even")),
    quantity="largest error / bound over 20,000 scalar elements",
)
def logarithm_is_needed(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    A, b = family(stream("rounding", "logarithm"), "small", 20_000)
    found = recurrence.affine_scan(A, b, np.zeros(1), case.method)
    yield exact(gap(errors(found, true_scan(A, b)) / bound(A, b), np.zeros(b.shape)))


LOST = {"sklansky": 118, "kogge_stone": 65, "odd_even": 128}
ONE = r"x_t = 2 x_{t-1} - 1,\; x_0 = 1"


def doubling(scan: Any, T: int, method: str) -> Floats:
    """x_t = 2 x_{t−1} − 1 from 1, which is 1 for ever; every number in it is an integer."""
    return np.asarray(scan(np.full((T, 1, 1), 2.0), np.full((T, 1), -1.0), np.ones(1), method))[:, 0]


@claim(
    id="parallel_rnn.scan-rounding.not-equal",
    title="A parallel scan is not the recurrence up to rounding: it can lose everything",
    statement=ONE + r": \qquad x_t = 1 \text{ in the loop; a tree returns } 0 \text{ from } t = 65,\; 118,\; 128 "
    r"\text{ on}",
    source=RNN_ARTICLE.at("linear recurrences run in parallel"),
    role="parallel_rnn.affine_scan",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0,
        because="integers and powers of two: every product is exact, and 2^k − (2^k − 1) is lost where 2^k − 1 rounds"
        " to 2^k, at k = 54 and beyond; where that happens first follows from the tree alone, on every "
        "machine",
    ),
    cases=grid(method=tuple(LOST)),
    quantity="|first t that is not 1 − stated t|, T = 512",
    refutes="A parallel scan equals the sequential recurrence up to rounding.",
)
def trees_lose_the_one(scan: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    wrong = np.flatnonzero(doubling(scan, 512, case.method) != 1)
    yield exact(abs(int(wrong[0]) + 1 - LOST[case.method]) if len(wrong) else 512)


@claim(
    id="parallel_rnn.scan-rounding.exact-solvers",
    title="The loop and the banded solve keep x = 2 x − 1 exact, and all methods do at T = 64",
    statement=ONE + r": \qquad \hat x_t = 1 \text{ for all } t",
    source=RNN_ARTICLE.at("linear recurrences run in parallel"),
    role="parallel_rnn.affine_scan",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0,
        because="a count: 2 · 1 − 1 is exact in every step of a recurrence, and up to 64 steps a tree stays below "
        "2^53 where it matters",
    ),
    cases=grid(case=("loop-4096", "banded-4096", *(f"{m}-64" for m in METHODS[2:]))),
    quantity="entries that are not 1",
)
def recurrences_keep_the_one(scan: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    method, _, T = case.case.rpartition("-")
    yield exact(int(np.count_nonzero(doubling(scan, int(T), method) != 1)))


@claim(
    id="parallel_rnn.scan-rounding.nan",
    title="Beyond t = 1024 Kogge and Stone's tree returns nan",
    statement=ONE + r": \qquad 2^{1024} = \infty,\; \infty - \infty = \mathrm{nan} \text{ from } t = 1025",
    source=RNN_ARTICLE.at("linear recurrences run in parallel"),
    role="parallel_rnn.affine_scan",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        1025,
        because="the product over 1024 elements is the first power of 2 beyond the floats; it meets an offset that is"
        " −∞ or 0",
    ),
    quantity="first t that is nan, T = 2048",
)
def nan_beyond_the_range(scan: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    bad = np.flatnonzero(np.isnan(doubling(scan, 2048, "kogge_stone")))
    yield exact(int(bad[0]) + 1 if len(bad) else 0)


@figure(of="parallel_rnn.scan-rounding")
def error_against_bound() -> Figure:
    A, b = family(stream("figure", "rounding"), "contracting", 200)
    truth, t = true_scan(A, b), np.arange(1, 201)
    curves = []
    for method in ("loop", "blocked", "kogge_stone"):
        error = errors(recurrence.affine_scan(A, b, np.zeros(8), method), truth).max(axis=1)
        curves.append(series(method, t, np.maximum(error, 1e-18), kind="dots"))
    return Figure(
        "Rounding errors of a contracting recurrence, d = 8",
        "All methods stay well below the bound, which does not know about signs.",
        "step t",
        "largest error",
        (*curves, series("bound", t, scan_error_bound(A, b).max(axis=1))),
        y_log=True,
    )


@table(of="parallel_rnn.scan-rounding.not-equal")
def what_each_returns() -> Table:
    rows = []
    for method in METHODS:
        with np.errstate(all="ignore"):
            found = doubling(recurrence.affine_scan, 2048, method)
        wrong = np.flatnonzero(found != 1)
        first = int(wrong[0]) + 1 if len(wrong) else 0
        rows.append([method, "never" if not first else str(first), "" if not first else f"{found[first - 1]:g}",
                     f"{found[-1]:g}"])  # fmt: skip
    return Table(
        "x_t = 2 x_{t−1} − 1 from x_0 = 1, T = 2048",
        "The recurrence is 1 for ever; what subtracts two large powers of two is not.",
        ("method", "first t that is not 1", "its value", "x_2048"),
        rows,
    )
