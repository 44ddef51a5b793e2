"""Entry 8, first part: the entropy of a softmax from its scores, to a small relative error at every scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.jl_entropy.entropy_balls import counted, entropy_ball, relative_error
from verify.claims.jl_entropy.trial_scores import ROWS
from verify.claims.sources import JL_ENTROPY
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap, worst
from verify.methods import softmax_entropy as se

SOURCE = JL_ENTROPY.at("the entropy of attention")

role("jl_entropy.softmax_entropy", numbers="x (..., n): floats, -inf allowed; axis, where; entropies in nats")(
    se.softmax_entropy
)


def naive(x: Any, where: Any = None) -> Any:
    """Weights of a row after its maximum is subtracted, 0 where masked."""
    x = np.asarray(x, float)
    x = x if where is None else np.where(where, x, -np.inf)
    p = np.exp(x - x.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


@mutant("jl_entropy.softmax_entropy", slip="1e-8 added inside the logarithm")
def floor_in_log(x: Any, axis: int = -1, where: Any = None) -> Any:
    p = naive(x, where)
    return -(p * np.log(p + 1e-8)).sum(axis=-1)


@mutant("jl_entropy.softmax_entropy", slip="logsumexp minus the mean score, both of raw scores: large numbers cancel")
def raw_difference(x: Any, axis: int = -1, where: Any = None) -> Any:
    x = np.asarray(x, float)
    top = np.where(np.isfinite(x), x, -np.inf).max(axis=-1, keepdims=True)
    log_z = np.log(np.exp(x - top).sum(axis=-1)) + top[..., 0]
    return log_z - (naive(x, where) * np.where(np.isfinite(x), x, 0)).sum(axis=-1)


@mutant(
    "jl_entropy.softmax_entropy", slip="the maximum stays in the sum: log(s) - t / s, which rounds to 0 on peaked rows"
)
def maximum_kept(x: Any, axis: int = -1, where: Any = None) -> Any:
    x = np.asarray(x, float) if where is None else np.where(where, x, -np.inf)
    gaps = np.maximum(x - x.max(axis=-1, keepdims=True), -750)
    e = np.exp(gaps)
    s = e.sum(axis=-1)
    return np.log(s) - (gaps * e).sum(axis=-1) / s


@mutant("jl_entropy.softmax_entropy", slip="the maximum is not subtracted: exp overflows")
def no_shift(x: Any, axis: int = -1, where: Any = None) -> Any:
    e = np.exp(np.asarray(x, float))
    p = e / e.sum(axis=-1, keepdims=True)
    return -(p * np.log(np.maximum(p, 1e-320))).sum(axis=-1)


@mutant("jl_entropy.softmax_entropy", slip="bits for nats")
def bits(x: Any, axis: int = -1, where: Any = None) -> Any:
    return se.softmax_entropy(x, axis, where) / np.log(2)


@mutant("jl_entropy.softmax_entropy", slip="masked scores are set to 0 and not to minus infinity")
def masked_by_zero(x: Any, axis: int = -1, where: Any = None) -> Any:
    x = np.asarray(x, float)
    kept = np.isfinite(x) if where is None else where & np.isfinite(x)
    return se.softmax_entropy(np.where(kept, x, 0.0), axis)


@mutant("jl_entropy.softmax_entropy", slip="the mask is applied after the softmax, and nothing is normalised again")
def masked_afterwards(x: Any, axis: int = -1, where: Any = None) -> Any:
    p = naive(x)
    kept = p if where is None else np.where(where, p, 0)
    return -(kept * np.log(np.where(kept > 0, kept, 1))).sum(axis=-1)


@mutant("jl_entropy.softmax_entropy", slip="nan and empty rows are let through")
def silent_nan(x: Any, axis: int = -1, where: Any = None) -> Any:
    try:
        return se.softmax_entropy(x, axis, where)
    except (ValueError, TypeError):
        return math.nan


@equivalent("jl_entropy.softmax_entropy", because="an entropy does not depend on the order of the scores")
def reversed_scores(x: Any, axis: int = -1, where: Any = None) -> Any:
    turned = None if where is None else np.asarray(where)[..., ::-1]
    return se.softmax_entropy(np.asarray(x)[..., ::-1], axis, turned)


@claim(
    id="jl_entropy.softmax-entropy-kernel",
    title="The entropy keeps thirteen digits, from uniform rows to nearly certain ones",
    statement=r"H = \log(1 + s) + \frac{t}{1 + s}, \qquad s = \sum_{j \ne i} e^{x_j - x_i},\ "
    r"t = \sum_{j \ne i} (x_i - x_j)\, e^{x_j - x_i},\ i = \arg\max",
    source=SOURCE,
    role="jl_entropy.softmax_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        4,
        because="4 + G roundings of u = 2^-53 in each term, G the gap that enters exp, times 4 for exp, "
        "the sums and log1p; "
        "no sum of positive terms in blocks loses more",
    ),
    cases=grid(scores=tuple(ROWS)),
    quantity="relative error over u (4 + G)",
)
def kernel_accuracy(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    row = ROWS[case.scores](rng)
    yield relative_error(entropy(row), *counted(row))


@claim(
    id="jl_entropy.softmax-entropy-kernel.long",
    title="So it does over a million scores",
    statement=r"n = 10^5, 10^6, 10^7",
    source=SOURCE,
    role="jl_entropy.softmax_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        50,
        because="sums of n terms in blocks of 16384: at worst log2 of a block for pairwise sums, some "
        "20 more for the n/16384 "
        "blocks' random roundings, in units of u (4 + G)",
    ),
    cases=grid(n=(10**5,), scores=("normal", "peaked")).full(n=(10**5, 10**6, 10**7)),
    quantity="relative error over u (4 + G)",
)
def long_rows(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    """A hundred distinct values, repeated and shuffled: the exact entropy needs the distinct ones only."""
    values = np.round(rng.normal(size=100) * (1 if case.scores == "normal" else 8), 6)
    row = values[rng.integers(0, 100, case.n)]
    yield relative_error(entropy(row), *counted(row))


@claim(
    id="jl_entropy.softmax-entropy-kernel.shift",
    title="A common constant that adds without rounding changes no bit",
    statement=r"H(x + c\mathbf 1) = H(x)",
    source=SOURCE,
    role="jl_entropy.softmax_entropy",
    evidence=Evidence.EXACT,
    region=exactly(0, because="scores are quarters below 2^24, so that x + c and the gaps are exact"),
    cases=grid(c=(2.0**20, -(2.0**30), 1e8)),
    quantity="|difference|",
)
def shift_changes_nothing(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x = rng.integers(-80, 80, (20, 300)) / 4.0
    yield exact(gap(entropy(x + case.c), entropy(x)))


@claim(
    id="jl_entropy.softmax-entropy-kernel.mask",
    title="A masked entry has no part, by either way of masking",
    statement=r"x_j = -\infty \iff p_j = 0",
    source=SOURCE,
    role="jl_entropy.softmax_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-14,
        because="zeros move the grouping of sums of 200 positive terms: 8 roundings of log n for pairwise sums, 9e-15",
    ),
    quantity="largest |difference| to the row without the entries",
)
def masks_agree(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x = rng.normal(size=(30, 200))
    kept = rng.random((30, 200)) < 0.5
    truth = [se.softmax_entropy(row[mask]) for row, mask in zip(x, kept, strict=True)]
    yield worst(exact(gap(found, truth)) for found in (entropy(x, -1, kept), entropy(np.where(kept, x, -np.inf))))


@claim(
    id="jl_entropy.softmax-entropy-kernel.certain",
    title="One entry has entropy 0, and k equal maxima have log k",
    statement=r"H = 0 \ (n = 1), \qquad H = \log k \ (k \text{ equal maxima, all others far below})",
    source=SOURCE,
    role="jl_entropy.softmax_entropy",
    evidence=Evidence.EXACT,
    region=exactly(
        0, because="four cases that are exactly 0, and two that are log k within two units in the last place"
    ),
    quantity="cases that are wrong",
)
def certain_rows(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    alone = np.array([-np.inf, 7.0, -np.inf])
    zero = [entropy(np.array([x])) for x in (3.0, -1e300)] + [entropy(alone), entropy(np.array([0.0, -800.0]))]
    ties = [(entropy(np.append(np.full(k, 5.0), np.full(20, -2000.0))), math.log(k)) for k in (3, 17)]
    wrong = sum(found != 0 for found in zero) + sum(not abs(found - log) <= 2 * np.spacing(log) for found, log in ties)
    yield exact(int(wrong))


@claim(
    id="jl_entropy.softmax-entropy-kernel.door",
    title="Rows that have no entropy are refused, not answered with nan",
    statement=r"x_j \in [-\infty, \infty), \quad \max_j x_j > -\infty",
    source=SOURCE,
    role="jl_entropy.softmax_entropy",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def kernel_door(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    numbers = [
        ([math.nan, 1.0],),
        ([math.inf, 1.0],),
        ([-math.inf],),
        (np.empty((2, 0)),),
        ([1.0], -1, np.array([False])),
    ]
    kinds = [([1j, 2.0],), ([True, False],), (["a"],), ([1.0, 2.0], -1, [1, 0])]
    yield exact(accepted(entropy, numbers, ValueError) + accepted(entropy, kinds, TypeError))


@figure(of="jl_entropy.softmax-entropy-kernel")
def errors_against_entropy() -> Figure:
    """One high score above a hundred others; the higher it is, the smaller the entropy."""
    import flint

    rng = np.random.default_rng(9588)
    others = np.round(rng.normal(size=100), 6)
    formulas: dict[str, Callable[[Any], Any]] = {
        "this one": se.softmax_entropy,
        "maximum kept in the sum": maximum_kept,
        "raw difference": lambda x: raw_difference(np.asarray(x) + 1e4),
        "1e-8 in the log": floor_in_log,
    }
    entropies: list[float] = []
    errors: dict[str, list[float]] = {name: [] for name in formulas}
    with flint.ctx.workprec(512):
        for height in np.arange(1.0, 60.0, 2.5):
            row = np.append(height, others)
            truth = float(entropy_ball(*counted(row)))
            entropies.append(truth)
            for name, formula in formulas.items():
                errors[name].append(max(1e-17, min(10.0, gap(float(formula(row)) / truth, 1.0))))
    return Figure(
        "Relative error of four ways to an entropy",
        "Only the form that leaves one copy of the maximum out keeps its digits as the row becomes certain.",
        "entropy, nats",
        "relative error",
        tuple(series(name, entropies, found, kind="dots") for name, found in errors.items()),
        x_log=True,
        y_log=True,
    )
