"""Entry 2, what it rests on: tokenisers that are prefix-closed, and what breaks that; bad vocabularies."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.sources import VOCAB_BIAS, VOCAB_BPE
from verify.claims.vocab_continuation.instances import (
    cuts,
    random_merges,
    random_probs,
    settings_of,
)
from verify.evidence import Enclosure, accepted, exact, exactly, worst
from verify.methods import continuation
from verify.methods.continuation import BytePairMerges, MaximalMunch, UnigramViterbi

EVENTS = r"\{\tau(X) \succeq \tau(x)\} = \{|x| \in \partial\tau(X)\} \text{ on } \{X \succeq x\}"
SOURCE = VOCAB_BIAS.at("the bias of conditioning on tokens")

role("vocab_continuation.maximal_munch", numbers="a vocabulary of texts; encode(text) -> tuple of tokens")(
    continuation.MaximalMunch
)
role(
    "vocab_continuation.byte_pair_merges", numbers="pairs in rank order, an alphabet; encode(text) -> tuple of tokens"
)(continuation.BytePairMerges)
role("vocab_continuation.unigram_viterbi", numbers="{token: Fraction} with sum 1; encode(text) -> tuple of tokens")(
    continuation.UnigramViterbi
)


@mutant(
    "vocab_continuation.maximal_munch", slip="read from the end of the text, where the longest token is another one"
)
class right_to_left(MaximalMunch):
    def _tokens(self, text: Any) -> tuple[Any, ...]:
        super()._tokens(text)  # refuses what must be refused
        tokens: tuple[Any, ...] = ()
        while text:
            longest = max((token for token in self.vocab if text.endswith(token)), key=len)
            tokens, text = (longest, *tokens), text[: -len(longest)]
        return tokens


@mutant(
    "vocab_continuation.maximal_munch",
    slip="looks ahead: a token gives way where one last character would be left over",
)
class look_ahead(MaximalMunch):
    def _tokens(self, text: Any) -> tuple[Any, ...]:
        super()._tokens(text)  # refuses what must be refused
        tokens, place = [], 0
        while place < len(text):
            ends = [end for end in range(place + 1, len(text) + 1) if text[place:end] in self.vocab]
            end = ends[-2] if len(ends) > 1 and ends[-1] == len(text) - 1 else ends[-1]
            tokens.append(text[place:end])
            place = end
        return tuple(tokens)


@mutant(
    "vocab_continuation.byte_pair_merges",
    slip="the pair at the end of the text is joined first, as at the end of a word",
)
class end_first(BytePairMerges):
    def _tokens(self, text: Any) -> tuple[Any, ...]:
        if (text[-2:-1], text[-1:]) in self._rank:
            return (*super()._tokens(text[:-2]), text[-2:])
        return super()._tokens(text)


@mutant("vocab_continuation.byte_pair_merges", slip="the rightmost pair of the lowest rank first")
class rightmost_first(BytePairMerges):
    def _tokens(self, text: Any) -> tuple[Any, ...]:
        super()._tokens(text)  # refuses what must be refused
        symbols, never = list(text), len(self._rank)
        while len(symbols) > 1:
            ranks = [self._rank.get(pair, never) for pair in pairwise(symbols)]
            if (lowest := min(ranks)) == never:
                break
            i = len(ranks) - 1 - ranks[::-1].index(lowest)
            symbols[i : i + 2] = [symbols[i] + symbols[i + 1]]
        return tuple(symbols)


@mutant("vocab_continuation.unigram_viterbi", slip="ties are broken by the length of the whole text")
class ties_by_length(UnigramViterbi):
    def _tokens(self, text: Any) -> tuple[Any, ...]:
        super()._tokens(text)  # refuses what must be refused
        found: dict[int, list[tuple[Fraction, tuple[Any, ...]]]] = {0: [(Fraction(1), ())]}
        for end in range(1, len(text) + 1):
            ways = [
                (value * self.probs[text[begin:end]], (*tokens, text[begin:end]))
                for begin in range(max(0, end - self.max_len), end)
                if text[begin:end] in self.probs
                for value, tokens in found[begin]
            ]
            best = max(value for value, _ in ways)
            found[end] = [way for way in ways if way[0] == best]
        tied = sorted(tokens for _, tokens in found[len(text)])
        return tied[len(text) % 2 - 1]


def exceptions_of(tok: Any, texts: list[str]) -> int:
    """How many starts of texts have their end at a boundary of the text, and other tokens; or no boundary, and equal ones."""
    wrong = 0
    for text in texts:
        tokens = tok.encode(text)
        for i in range(1, len(text) + 1):
            start = tok.encode(text[:i])
            wrong += (i in cuts(tokens)) != (tokens[: len(start)] == start)
    return wrong


CLOSED = grid(block=tuple(range(4))).full(block=tuple(range(20)))
COUNTED = (
    "an event is counted for each start of each text: one that does not coincide refutes the equality of the events"
)


def texts_of(case: Case) -> list[tuple[int, list[str]]]:
    """(seed, documents) of a block of random settings."""
    return [
        (case.block * 5 + i, list(setting.source.docs))
        for i, setting in enumerate(settings_of(Case({"block": case.block, "tokeniser": "munch"})))
    ]


@claim(
    id="vocab_continuation.boundary-identity.munch-closed",
    title="Maximal munch: the tokens start with those of the prompt exactly if the prompt ends at a boundary",
    statement=EVENTS,
    source=SOURCE,
    role="vocab_continuation.maximal_munch",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=COUNTED),
    cases=CLOSED,
    quantity="starts where the events differ",
)
def munch_closed(maximal_munch: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(sum(exceptions_of(maximal_munch(random_probs(seed)), texts) for seed, texts in texts_of(case)))


@claim(
    id="vocab_continuation.boundary-identity.bpe-closed",
    title="Byte pair merges: the tokens start with those of the prompt exactly if the prompt ends at a boundary",
    statement=EVENTS,
    source=VOCAB_BPE.at("tokenising incrementally"),
    role="vocab_continuation.byte_pair_merges",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=COUNTED),
    cases=CLOSED,
    quantity="starts where the events differ",
)
def bpe_closed(byte_pair_merges: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(
        sum(exceptions_of(byte_pair_merges(random_merges(seed), "abc"), texts) for seed, texts in texts_of(case))
    )


@claim(
    id="vocab_continuation.boundary-identity.viterbi-closed",
    title="The most probable segmentation: so too, if ties are broken by what stands before them",
    statement=EVENTS,
    source=SOURCE,
    role="vocab_continuation.unigram_viterbi",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=COUNTED),
    cases=CLOSED,
    quantity="starts where the events differ",
)
def viterbi_closed(unigram_viterbi: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    tied = {token: Fraction(1, len(random_probs(0))) for token in random_probs(0)}
    texts = [text for _, documents in texts_of(case) for text in documents]
    equal = unigram_viterbi(tied)
    wrong = exceptions_of(equal, texts)
    yield exact(wrong + sum(exceptions_of(unigram_viterbi(random_probs(seed)), docs) for seed, docs in texts_of(case)))


@mutant(
    "vocab_continuation.maximal_munch", slip="duplicates are dropped, and what no token reaches is skipped, in silence"
)
class skipping(MaximalMunch):
    def __init__(self, vocab: Any) -> None:
        super().__init__({token for token in vocab if token} or {"a"})

    def _tokens(self, text: Any) -> tuple[Any, ...]:
        return super()._tokens("".join(c for c in text if c in self.vocab))


@mutant("vocab_continuation.unigram_viterbi", slip="probabilities are normalised in silence, floats included")
def normalising_probs(probs: Any) -> Any:
    total = sum(map(Fraction, probs.values()))
    return UnigramViterbi({token: Fraction(p) / total for token, p in probs.items() if p})


@claim(
    id="vocab_continuation.boundary-identity.refusals",
    title="Vocabularies with empty or equal tokens, bad probabilities and unknown characters are refused",
    statement=r"V \text{ without } \epsilon, \quad \sum_{v \in V} p(v) = 1, \quad X \in \kappa(V^*)",
    source=SOURCE,
    role=("vocab_continuation.maximal_munch", "vocab_continuation.unigram_viterbi"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a bad input raises ValueError or TypeError, or it does not"),
    quantity="bad inputs accepted",
)
def refused_vocabularies(
    maximal_munch: Any, unigram_viterbi: Any, case: Case, rng: np.random.Generator
) -> Iterator[Enclosure]:
    half = Fraction(1, 2)

    def munch(vocab: Any, text: Any) -> Any:
        return maximal_munch(vocab).encode(text)

    def viterbi(probs: Any, text: Any) -> Any:
        return unigram_viterbi(probs).encode(text)

    parts = [
        accepted(munch, [([], "a"), (["a", ""], "a"), (["a", "a"], "a"), (["a"], "ab")], ValueError),
        accepted(munch, [(["a", b"b"], "a"), (["a"], b"a")], TypeError),
        accepted(
            viterbi, [({"a": half}, "a"), ({"a": 3 * half, "b": -half}, "a"), ({"a": Fraction(1)}, "ab")], ValueError
        ),
        accepted(viterbi, [({"a": 0.5, "b": 0.5}, "a"), ({"a": Fraction(1)}, b"a")], TypeError),
    ]
    yield worst(map(exact, parts))
