"""Entry 8: the entropy of a softmax from its scores, to a small relative error at every scale and in any order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.jl_entropy.balls import arb
from verify.claims.sources import JL_ENTROPY, JL_SCALE
from verify.evidence import (
    Enclosure,
    Vacuous,
    accepted,
    at_most,
    exact,
    exactly,
    gap,
    peak_bytes,
    worst,
)
from verify.methods import softmax_entropy as se

SOURCE = JL_ENTROPY.at("the entropy of attention")
U = 2.0**-53

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


ROWS: dict[str, Callable[[np.random.Generator], Any]] = {
    "normal": lambda rng: rng.normal(size=500),
    "offset": lambda rng: 1e8 + rng.integers(-8, 8, 500) / 4.0,
    "spike": lambda rng: np.append(50.0, rng.normal(size=999)),
    "wide": lambda rng: 100 * rng.normal(size=200),
    "cold": lambda rng: 1e4 * rng.normal(size=200),
    "hot": lambda rng: 1e-3 * rng.normal(size=2000),
    "ties": lambda rng: np.repeat([3.0, -40.0], 8),
    "masked": lambda rng: np.where(rng.random(300) < 0.5, rng.normal(size=300), -np.inf),
}


def counted(row: Any) -> tuple[Any, Any]:
    """Distinct finite scores and how often each occurs."""
    values, counts = np.unique(row[np.isfinite(row)], return_counts=True)
    return values, counts


def entropy_ball(values: Any, counts: Any) -> Any:
    """H of scores with multiplicities, as a ball: log s - t / s with the maximum in the sum."""
    top = arb(Fraction(float(values[-1])))
    total, weighted = arb(0), arb(0)
    for value, count in zip(values, counts, strict=True):
        x = arb(Fraction(float(value))) - top
        if x > -2000:
            e = x.exp() * int(count)
            total += e
            weighted += e * x
    return total.log() - weighted / total


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


def relative_error(found: Any, values: Any, counts: Any) -> Enclosure:
    """In units of u (4 + G); infinite where the answer is no number."""
    import flint

    gaps = values[-1] - values
    terms = (1 + gaps) * np.exp(-np.minimum(gaps, 750)) * counts
    others = gaps > 0
    mattering = gaps[others & (terms > U * terms[others].sum())] if others.any() else gaps
    most = float(mattering.max()) if mattering.size else 0.0
    if not np.isfinite(found):
        return exact(math.inf)
    with flint.ctx.workprec(2048 if most < 400 else 4096):
        truth = entropy_ball(values, counts)
        error = (
            abs(arb(Fraction(float(found))) / truth - 1)
            if truth != 0 and not truth.contains(0)
            else abs(arb(Fraction(float(found))))
        )
        return exact(float(error.abs_upper()) / (U * (4 + most)))


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


@role("jl_entropy.streamed_entropy", numbers="a tree: an array of scores, or a pair of trees; the entropy, a float")
def streamed_entropy(tree: Any) -> float:
    """`SoftmaxEntropyState` fed with the leaves and merged along the tree."""
    return float(_state(tree).entropy())


def _state(tree: Any) -> se.SoftmaxEntropyState:
    if isinstance(tree, tuple):
        return _state(tree[0]).merge(_state(tree[1]))
    return se.SoftmaxEntropyState.empty().update(tree)


@mutant(
    "jl_entropy.streamed_entropy", slip="merged without (m_a - m_b)(1 + s_b): the gap between the maxima is forgotten"
)
def gap_forgotten(tree: Any) -> float:
    def triple(node: Any) -> tuple[float, float, float]:
        if not isinstance(node, tuple):
            state = se.SoftmaxEntropyState.empty().update(node)
            return float(state.m), float(state.s), float(state.t)
        (m, s, t), (m2, s2, t2) = sorted((triple(node[0]), triple(node[1])), reverse=True)
        f = math.exp(m2 - m)
        return m, s + f * (1 + s2), t + f * t2

    _, s, t = triple(tree)
    return math.log1p(s) + t / (1 + s)


@mutant(
    "jl_entropy.streamed_entropy",
    slip="entropies of blocks are averaged by their weights, without the entropy of the choice",
)
def without_choice(tree: Any) -> float:
    def pair(node: Any) -> tuple[float, float]:
        if not isinstance(node, tuple):
            state = se.SoftmaxEntropyState.empty().update(node)
            return float(state.logsumexp()), float(state.entropy())
        (z, h), (z2, h2) = pair(node[0]), pair(node[1])
        total = np.logaddexp(z, z2)
        return float(total), math.exp(z - total) * h + math.exp(z2 - total) * h2

    return pair(tree)[1]


@claim(
    id="jl_entropy.softmax-entropy-kernel.stream",
    title="Blocks of any size, merged in any order, give the same entropy",
    statement=r"s = s_a + f(1 + s_b),\ \ t = t_a + f\big(t_b + (m_a - m_b)(1 + s_b)\big),\ \ f = e^{m_b - m_a}",
    source=SOURCE,
    role="jl_entropy.streamed_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="each merge rounds its positive terms four times; a random tree of up to 2000 "
        "leaves is some 25 deep, and gaps "
        "of 100 enter exp: (4 · 25 + 4 · 100) u = 6e-14",
    ),
    cases=grid(scores=("normal", "wide", "spike"), trees=(5,)).full(trees=(200,)),
    quantity="largest relative difference to one shot",
)
def trees_agree(streamed: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error() -> Enclosure:
        row = ROWS[case.scores](rng)
        cuts = np.sort(rng.choice(np.arange(1, len(row)), int(rng.integers(1, 40)), replace=False))
        leaves: list[Any] = np.split(row, cuts)
        while len(leaves) > 1:
            i, j = sorted(rng.choice(len(leaves), 2, replace=False))
            leaves[i] = (leaves[i], leaves[j]) if rng.random() < 0.5 else (leaves[j], leaves[i])
            del leaves[j]
        return exact(gap(streamed(leaves[0]) / float(se.softmax_entropy(row)), 1.0))

    yield worst(error() for _ in range(case.trees))


role("jl_entropy.attention_entropy", numbers="Q (m, d), K (n, d), scale: float or (m,); entropies (m,)")(
    se.attention_entropy
)


@mutant("jl_entropy.attention_entropy", slip="causal off by one: a query does not see its own key")
def own_key_hidden(Q: Any, K: Any, scale: Any, *, block: int = 512, causal: bool = False) -> Any:
    scores = np.asarray(scale).reshape(-1, 1) * (Q @ K.T)
    if causal:
        scores[np.arange(len(K)) >= np.maximum(np.arange(len(Q)), 1)[:, None]] = -np.inf
    return se.softmax_entropy(scores)


@mutant("jl_entropy.attention_entropy", slip="one scale for all queries, that of the first")
def first_scale(Q: Any, K: Any, scale: Any, *, block: int = 512, causal: bool = False) -> Any:
    return se.attention_entropy(Q, K, float(np.ravel(scale)[0]), block=block, causal=causal)


@mutant("jl_entropy.attention_entropy", slip="all scores at once")
def dense_scores(Q: Any, K: Any, scale: Any, *, block: int = 512, causal: bool = False) -> Any:
    scores = np.asarray(scale).reshape(-1, 1) * (Q @ K.T)
    if causal:
        scores[np.arange(len(K)) > np.arange(len(Q))[:, None]] = -np.inf
    return se.softmax_entropy(scores)


@mutant("jl_entropy.attention_entropy", slip="the last, incomplete block of keys is dropped")
def whole_blocks_only(Q: Any, K: Any, scale: Any, *, block: int = 512, causal: bool = False) -> Any:
    return se.attention_entropy(Q, K[: max(1, len(K) // block) * block], scale, block=block, causal=causal)


@claim(
    id="jl_entropy.softmax-entropy-kernel.attention",
    title="Attention in blocks of keys has the entropy of the whole row",
    statement=r"H_i = H\big(\operatorname{softmax}(\lambda_i\, q_i K^\top)\big)",
    source=JL_SCALE.at("the scale of attention"),
    role="jl_entropy.attention_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="scores of size 40 from products of 16 terms carry 16 · 40 u = 7e-14, and an "
        "entropy moves by its gap times that",
    ),
    cases=grid(block=(1, 7, 512), causal=(False, True), n=(300,)).full(n=(300, 3000)),
    quantity="largest |difference| to dense rows",
)
def attention_in_blocks(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    m, d = 300, 16
    Q, K, scale = rng.normal(size=(m, d)), rng.normal(size=(case.n, d)), rng.uniform(0.1, 3, m)
    scores = scale[:, None] * (Q @ K.T)
    if case.causal:
        scores[np.arange(case.n) > np.arange(m)[:, None]] = -np.inf
    yield exact(gap(entropy(Q, K, scale, block=case.block, causal=case.causal), se.softmax_entropy(scores)))


@claim(
    id="jl_entropy.softmax-entropy-kernel.memory",
    title="It needs memory for a block of scores, however many keys there are",
    statement=r"\text{peak} \le 4\,\text{MiB} \qquad (m = 64,\ n = 2 \cdot 10^4 \ldots 10^6)",
    source=JL_SCALE.at("the scale of attention"),
    role="jl_entropy.attention_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1,
        because="64 queries meet 2048 keys at a time: 1 MiB of scores and 1 MiB of exponentials; all would be 10 MB and more",
    ),
    cases=grid(n=(20_000,)).full(n=(20_000, 10**6)),
    quantity="peak of memory over 4 MiB",
)
def attention_memory(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K = rng.normal(size=(64, 16)), rng.normal(size=(case.n, 16))
    entropy(Q, K[:600], 0.25)  # lazy imports are not the method's memory
    if 8 * 64 * case.n < 2**23:
        raise Vacuous("all scores would fit as well")
    yield exact(Fraction(peak_bytes(entropy, Q, K, 0.25), 2**22))


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
