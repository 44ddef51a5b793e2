"""Entry 12: for token bigrams a forward table sums over all segmentations that cover a prompt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.claims import Case, Evidence, Figure, claim, figure, grid, series, stream
from verify.claims.sources import VOCAB_CHARACTERS
from verify.claims.vocab_continuation.instances import words
from verify.claims.vocab_continuation.segmenters import segmentations
from verify.evidence import CountingArray, Enclosure, accepted, at_most, exact, exactly, gap, worst
from verify.methods import continuation
from verify.methods.continuation import cover

Floats = NDArray[np.float64]
GROWING_VOCAB = ("a", "b", "ab", "ba", "aab", "bb")


@cache
def model(seed: int) -> tuple[Floats, tuple[str, ...]]:
    """A random bigram matrix over two letters and up to four longer tokens; no entry is 0."""
    rng = stream("vocab_continuation", "bigram", seed)
    vocab = tuple(sorted({"a", "b"} | {word.replace("c", "b") for word in words(rng, 4, 2, 4)}))
    matrix = rng.dirichlet(np.ones(len(vocab) + 1), len(vocab) + 1)
    matrix.setflags(write=False)
    return matrix, vocab


def product_of(A: Floats, vocab: tuple[str, ...], tokens: tuple[str, ...], *, end: bool) -> float:
    """The probability that the sequence begins with the tokens; with end, that it is these tokens."""
    row, mass = len(vocab), 1.0
    for token in tokens:
        v = vocab.index(token)
        mass *= float(A[row, v])
        row = v
    return mass * float(A[row, -1]) if end else mass


SOURCE = VOCAB_CHARACTERS.at("the covering, summed by dynamic programming")
SIZES = grid(n=(1, 2, 5, 9), seed=(0, 1)).full(n=(1, 2, 5, 9, 12), seed=tuple(range(8)))
ROUNDINGS = (
    "at most n + 1 products a sequence and a sum of positive terms: (2 n + 10) eps = 8e-15 at n = 12, with a factor 100"
)


def prompt(n: int, seed: int) -> str:
    """A random text of n letters."""
    return "".join(stream("vocab_continuation", "bigram prompt", n, seed).choice(["a", "b"], n))


@claim(
    id="vocab_continuation.ngram-cover-dp",
    title="The forward table equals the sum over the exponentially large cover",
    statement=r"P(X \succeq x) = \sum_{t \in \operatorname{cover}(x)} A_{\text{start}, t_1} \prod_i A_{t_i, t_{i+1}}",
    source=SOURCE,
    role="vocab_continuation.bigram_prefix_mass",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because=ROUNDINGS),
    cases=SIZES,
    quantity="relative difference",
)
def table_is_cover(bigram_prefix_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    (A, vocab), x = model(case.seed), prompt(case.n, case.seed)
    total = math.fsum(product_of(A, vocab, tokens, end=False) for tokens in cover(x, vocab))
    yield exact(gap(bigram_prefix_mass(A, vocab, x), total) / total)


@claim(
    id="vocab_continuation.ngram-cover-dp.string",
    title="And that of a whole text the sum over its segmentations",
    statement=r"P(X = x) = \sum_{t:\, \kappa(t) = x} A_{\text{start}, t_1} \prod_i A_{t_i, t_{i+1}} \, A_{t_k, \text{end}}",
    source=SOURCE,
    role="vocab_continuation.bigram_string_mass",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9, because=ROUNDINGS + "; a difference of prefix masses, which is allowed too, loses up to three more digits"
    ),
    cases=SIZES,
    quantity="relative difference",
)
def string_is_sum(bigram_string_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    (A, vocab), x = model(case.seed), prompt(case.n, case.seed)
    total = math.fsum(product_of(A, vocab, tokens, end=True) for tokens in segmentations(x, vocab))
    yield exact(gap(bigram_string_mass(A, vocab, x), total) / total)


@claim(
    id="vocab_continuation.ngram-cover-dp.conservation",
    title="Masses are conserved, also where they are far below the smallest float",
    statement=r"\log\Big( \sum_c M(xc) + P(x) \Big) = \log M(x)",
    source=SOURCE,
    role="vocab_continuation.bigram_prefix_mass",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="the logs, down to −1500, carry an eps of themselves each: 3.4e-13 twice; the sum adds 4 eps"
    ),
    cases=grid(n=(10, 2000), seed=(0,)).full(n=(10, 100, 2000), seed=(0, 1, 2)),
    quantity="|log of the sum − log M(x)|, nats",
)
def conserved(bigram_prefix_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    (A, vocab), x = model(case.seed), prompt(case.n, case.seed)
    logs = [bigram_prefix_mass(A, vocab, x + c, log=True) for c in "ab"]
    logs.append(continuation.bigram_string_mass(A, vocab, x, log=True))
    whole = bigram_prefix_mass(A, vocab, x, log=True)
    if not math.isfinite(whole):
        yield exact(math.inf)
        return
    yield exact(gap(math.log(math.fsum(math.exp(part - whole) for part in logs)), 0.0))


@claim(
    id="vocab_continuation.ngram-cover-dp.cost",
    title="It takes at most one multiply-add for each position, token length and token",
    statement=r"\#\text{multiply-adds} \le n\, m\, |V|",
    source=SOURCE,
    role="vocab_continuation.bigram_prefix_mass",
    evidence=Evidence.CERTIFIED,
    region=at_most(
        1,
        because="at a position at most m tokens end (one a length) and at most |V| start; the whole matrix is (|V| + 1)²",
    ),
    cases=grid(n=(50, 200)).full(n=(50, 200, 1000)),
    quantity="multiply-adds over n m |V|",
)
def counted(bigram_prefix_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    (A, vocab), x = model(0), prompt(case.n, 0)
    counting = CountingArray.of(A)
    bigram_prefix_mass(counting, list(vocab), x, log=True)
    yield exact(Fraction(counting.counts["multiply_adds"], case.n * max(map(len, vocab)) * len(vocab)))


@claim(
    id="vocab_continuation.ngram-cover-dp.cover-size",
    title="The cover itself grows exponentially",
    statement=r"|\operatorname{cover}((ab)^k)| = 4, 11, 29, 76, 199, 521, \dots \quad\text{for } V = \{a, b, ab, ba, aab, bb\}",
    source=SOURCE,
    role="vocab_continuation.cover",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="the sequences are counted"),
    cases=grid(k=tuple(range(1, 7))),
    quantity="|size of the cover − printed size|",
)
def cover_size(cover: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(abs(len(list(cover("ab" * case.k, GROWING_VOCAB))) - (4, 11, 29, 76, 199, 521)[case.k - 1]))


@claim(
    id="vocab_continuation.ngram-cover-dp.refusals",
    title="Rows that are negative or do not sum to one, and unknown characters, are refused",
    statement=r"A_{ij} \ge 0, \quad \sum_j A_{ij} = 1",
    source=SOURCE,
    role="vocab_continuation.bigram_prefix_mass",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a bad input raises ValueError or TypeError, or it does not"),
    quantity="bad inputs accepted",
)
def refused_matrices(bigram_prefix_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    A = np.full((3, 3), 1 / 3)
    off, negative, hole = A.copy(), A.copy(), A.copy()
    off[0] *= 1 + 1e-8
    negative[0] = [-0.1, 0.6, 0.5]
    hole[0, 0] = math.nan
    calls = [(B, ["a", "b"], "ab") for B in (off, negative, hole, A[:2])]
    calls += [(A, vocab, "a") for vocab in (["a", ""], ["a", "a"])] + [(A, ["a", "b"], "abc")]
    mixed = [(A, ["a", b"b"], "ab"), (A, ["a", "b"], b"ab")]
    yield worst(
        [exact(accepted(bigram_prefix_mass, calls, ValueError)), exact(accepted(bigram_prefix_mass, mixed, TypeError))]
    )


@figure(of="vocab_continuation.ngram-cover-dp.cover-size")
def sizes() -> Figure:
    ks = range(1, 9)
    table = []
    A = np.full((len(GROWING_VOCAB) + 1,) * 2, 1 / (len(GROWING_VOCAB) + 1))
    for k in ks:
        counting = CountingArray.of(A)
        continuation.bigram_prefix_mass(counting, GROWING_VOCAB, "ab" * k)
        table.append(counting.counts["multiply_adds"])
    return Figure(
        "The cover and the table",
        "The number of covering sequences multiplies with every two characters; the work of the table grows in a line.",
        "k, for the prompt (ab)^k",
        "number",
        (
            series("sequences of the cover", ks, [len(list(cover("ab" * k, GROWING_VOCAB))) for k in ks], kind="dots"),
            series("multiply-adds of the table", ks, table),
        ),
        y_log=True,
    )
