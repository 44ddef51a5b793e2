"""Entry 14 on real input: scores between word vectors as a law, and the power of log n that they ask for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, series, table
from verify.claims.sources import JL_SCALE
from verify.evidence import Enclosure, at_most, exact, gap, within
from verify.methods import softmax_entropy as se

SOURCE = JL_SCALE.at("the factor log n")


@cache
def real_scores(queries: int, keys: int) -> Any:
    """Cosines between two disjoint sets of word vectors, standardised, sorted, and rounded to 1/128.

    The rounding merges a million scores into some thousand nodes; it moves an entropy by less than 1/128 of the scale.
    """
    from verify.data import word_vectors

    vectors = word_vectors().vectors[259:].astype(float)
    words = np.random.default_rng(9588).permutation(len(vectors))[: queries + keys]
    unit = vectors[words] / np.linalg.norm(vectors[words], axis=1, keepdims=True)
    scores = (unit[:queries] @ unit[queries:].T).ravel()
    return np.sort(np.round((scores - scores.mean()) / scores.std() * 128) / 128)


def keeping_scale(oracle: Any, L: float, target: float, scores: Any) -> float:
    """The beta in [1/8, 20] at which the mean entropy is `target`; infinite if there is none."""
    from scipy.optimize import brentq

    def excess(log_beta: float) -> float:
        return float(oracle(L, "empirical", scores=scores, beta=math.exp(log_beta)).H) - target

    ends = (-math.log(8), math.log(20))
    if not excess(ends[0]) > 0 > excess(ends[1]):
        return math.inf
    return math.exp(float(brentq(excess, *ends, xtol=1e-7)))


def kept(oracle: Any, beta: float, scores: Any) -> tuple[float, float, float]:
    """(E H at 512, the scale that keeps it at 2^20, the power of log n between them)."""
    first, last = math.log(512), math.log(2**20)
    H = float(oracle(first, "empirical", scores=scores, beta=beta).H)
    scale = keeping_scale(oracle, last, H, scores)
    return H, scale, math.log(scale / beta) / math.log(last / first)


@claim(
    id="jl_entropy.what-the-log-factor-does.real",
    title="Real words: from 512 to a million keys the scale that keeps the entropy hardly grows",
    statement=r"\beta(512) = 1: \quad \beta(2^{20}) \propto (\log n)^a, \qquad 0 < a < \tfrac12",
    source=SOURCE,
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.EXACT,
    region=within(
        0,
        0.5,
        because="below the 1/2 of Gaussian scores, since the upper tail of real ones is heavier (a "
        "fourth moment of 4, not 3); a "
        "factor log n would be 1",
    ),
    cases=grid(queries=(1000,), keys=(1000,)).full(queries=(2000,)),
    quantity="power of log n between 512 and 2²⁰ keys",
    refutes="A factor log n keeps the entropy for the scores that occur.",
)
def power_for_words(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(kept(oracle, 1.0, real_scores(case.queries, case.keys))[2])


@claim(
    id="jl_entropy.what-the-log-factor-does.real-exponent",
    title="The local exponent predicts it",
    statement=r"\log\frac{\beta(2048)}{\beta(512)} = \int_{512}^{2048} a\big(n, \beta(n)\big)\, d\log\log n",
    source=SOURCE,
    role="jl_entropy.scale_exponent",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-4,
        because="Boole's rule over a range of 0.2 in log log n: its error is 0.05^7 times a sixth "
        "derivative, below 1e-4 as long as "
        "that is below 1e5",
    ),
    cases=grid(beta=(1.0, 1.5), queries=(250,), keys=(240,)),
    quantity="|log of the ratio of scales − integral of the exponent|",
)
def exponent_for_words(exponent: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    scores = real_scores(case.queries, case.keys)
    logs = np.linspace(math.log(math.log(512)), math.log(math.log(2048)), 5)
    lengths = [float(L) for L in np.exp(logs)]
    target = se.expected_softmax_entropy(lengths[0], "empirical", scores=scores, beta=case.beta).H
    betas = [keeping_scale(se.expected_softmax_entropy, L, target, scores) for L in lengths]
    powers = [exponent(L, "empirical", scores=scores, beta=b) for L, b in zip(lengths, betas, strict=True)]
    integral = (logs[-1] - logs[0]) / 90 * float(np.dot([7, 32, 12, 32, 7], powers))  # Boole's rule
    yield exact(gap(math.log(betas[-1] / betas[0]), integral))


@table(of="jl_entropy.what-the-log-factor-does.real")
def powers_of_words() -> Table:
    scores = real_scores(1000, 1000)
    last = math.log(2**20)
    rows = []
    for beta in (1.0, 2.0):
        H, scale, power = kept(se.expected_softmax_entropy, beta, scores)
        left = se.expected_softmax_entropy(last, "empirical", scores=scores, beta=beta).H
        rows.append((beta, H, left, scale, power, left - H))
    return Table(
        "Scores between real words, standardised, as a law",
        "At the spread of standard attention the scale that keeps the entropy grows with a fifth of a power of log n; "
        "at twice that "
        "spread it has to shrink.",
        ("β at 512", "E H at 512", "E H at 2²⁰, same β", "β that keeps it", "power of log n", "drift without a factor"),
        rows,
    )


@figure(of="jl_entropy.what-the-log-factor-does.real")
def scores_of_words() -> Figure:
    scores = real_scores(250, 240)
    edges = np.linspace(-4, 8, 49)
    density = np.histogram(scores, edges, density=True)[0]
    middle = (edges[1:] + edges[:-1]) / 2
    return Figure(
        "Cosines between real words, standardised",
        "Their upper tail is heavier than the Gaussian one: the longer the context, the sooner a few scores take all "
        "the weight.",
        "score",
        "density",
        (
            series("word vectors", middle, density, kind="steps"),
            series("normal", middle, np.exp(-(middle**2) / 2) / math.sqrt(2 * math.pi), kind="dashed"),
        ),
    )
