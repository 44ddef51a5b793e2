"""The masses of a prompt and of a text under token bigrams as subjects, and how a forward table for them goes wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from verify.claims import equivalent, mutant, role
from verify.methods import continuation

role(
    "vocab_continuation.bigram_prefix_mass",
    numbers="A (|V|+1, |V|+1), the tokens in the order of the rows, a text x; P(text starts with x), or its log",
)(continuation.bigram_prefix_mass)
role(
    "vocab_continuation.bigram_string_mass",
    numbers="A (|V|+1, |V|+1), the tokens in the order of the rows, a text x; P(text is x), or its log",
)(continuation.bigram_string_mass)


def answer(mass: float, log: bool) -> float:
    """The mass, or its log."""
    return (math.log(mass) if mass > 0 else -math.inf) if log else mass


def by_table(A: Any, vocab: Any, x: Any, last: Callable[[float, float], float]) -> float:
    """A plain forward table; `last(inside, at the end)` joins the mass of sequences that overhang or end at the prompt."""
    ending = [[0.0] * (len(vocab) + 1) for _ in range(len(x) + 1)]
    ending[0][-1] = 1.0
    over = 0.0
    for i in range(len(x)):
        for row, weight in enumerate(ending[i]):
            for v, token in enumerate(vocab) if weight else ():
                if x[i:].startswith(token):
                    ending[i + len(token)][v] += weight * float(A[row, v])
                elif token.startswith(x[i:]):
                    over += weight * float(A[row, v])
    return last(over, sum(ending[-1]))


@mutant("vocab_continuation.bigram_prefix_mass", slip="a last token that ends exactly at the prompt counts twice")
def ends_twice(A: Any, vocab: Any, x: Any, *, log: bool = False) -> float:
    continuation.bigram_string_mass(A, vocab, x)  # refuses what must be refused
    return answer(by_table(A, vocab, x, lambda over, at_end: over + 2 * at_end), log)


@mutant("vocab_continuation.bigram_prefix_mass", slip="the start row at every boundary: a unigram model")
def start_row_everywhere(A: Any, vocab: Any, x: Any, *, log: bool = False) -> float:
    continuation.bigram_string_mass(A, vocab, x)  # refuses what must be refused
    return continuation.bigram_prefix_mass(np.tile(np.asarray(A)[-1], (len(A), 1)), vocab, x, log=log)


@mutant(
    "vocab_continuation.bigram_prefix_mass", slip="the end symbol is ignored, and the rows are normalised without it"
)
def end_ignored(A: Any, vocab: Any, x: Any, *, log: bool = False) -> float:
    continuation.bigram_string_mass(A, vocab, x)  # refuses what must be refused
    B = np.array(A)
    B[:, -1] = 0
    return continuation.bigram_prefix_mass(B / B.sum(axis=1, keepdims=True), vocab, x, log=log)


@mutant("vocab_continuation.bigram_prefix_mass", slip="every position multiplies the whole matrix")
def whole_matrix(A: Any, vocab: Any, x: Any, *, log: bool = False) -> float:
    for _ in range(len(x)):
        np.ones(len(A)) @ A
    return continuation.bigram_prefix_mass(A, vocab, x, log=log)


@mutant("vocab_continuation.bigram_prefix_mass", slip="no rescaling: the mass of a long prompt underflows")
def underflowing(A: Any, vocab: Any, x: Any, *, log: bool = False) -> float:
    return answer(continuation.bigram_prefix_mass(A, vocab, x), log)


@mutant("vocab_continuation.bigram_prefix_mass", slip="rows are normalised in silence")
def normalising(A: Any, vocab: Any, x: Any, *, log: bool = False) -> float:
    B = np.abs(np.asarray(A, float))
    return continuation.bigram_prefix_mass(B / B.sum(axis=1, keepdims=True), vocab, x, log=log)


@mutant(
    "vocab_continuation.bigram_string_mass", slip="the end symbol is ignored: the mass of all texts that go on, too"
)
def going_on(A: Any, vocab: Any, x: Any, *, log: bool = False) -> float:
    continuation.bigram_string_mass(A, vocab, x)  # refuses what must be refused
    return answer(by_table(A, vocab, x, lambda _, at_end: at_end), log)


@equivalent(
    "vocab_continuation.bigram_string_mass", because="the end is what the prefix mass has beyond the next characters"
)
def by_difference(A: Any, vocab: Any, x: Any, *, log: bool = False) -> float:
    letters = sorted({c for token in vocab for c in token})
    whole = continuation.bigram_prefix_mass(A, vocab, x)
    return answer(whole - math.fsum(continuation.bigram_prefix_mass(A, vocab, x + c) for c in letters), log)
