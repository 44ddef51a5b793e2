"""Entry 4: for byte pair merges a larger vocabulary is worse for every prompt."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, series
from verify.claims.sources import VOCAB_ARTICLE, VOCAB_BPE
from verify.claims.vocab_continuation.instances import cuts, random_merges, random_source, starts_of
from verify.evidence import Enclosure, accepted, exact, exactly, worst
from verify.methods.continuation import BytePairMerges


@mutant("vocab_continuation.byte_pair_merges", slip="merges applied in the reverse order of their ranks")
def reverse_rank(merges: Any, alphabet: Any = None) -> Any:
    return BytePairMerges(list(merges)[::-1], alphabet)


@mutant("vocab_continuation.byte_pair_merges", slip="vocabularies trained anew for each size, which are not nested")
class trained_anew(BytePairMerges):
    def __init__(self, merges: Any, alphabet: Any = None) -> None:
        super().__init__(merges, alphabet)
        size = min(len(merges), 14)
        letters = {token for token in self.vocab if len(token) == 1} | set("abc")
        self._other = BytePairMerges(random_merges(1000 + size, size), letters)

    def _tokens(self, text: Any) -> tuple[Any, ...]:
        super()._tokens(text)  # refuses what must be refused
        return self._other.encode(text)


GROWING = grid(block=(0, 1), merges=(8,)).full(block=tuple(range(10)), merges=(14,))
SOURCE = VOCAB_ARTICLE.at("the title: the larger the vocabulary, the worse the continuation")


def nested_tokenisers(byte_pair_merges: Any, seed: int, size: int) -> list[Any]:
    """The tokenisers of the first 0, 1, ... merges of a random list."""
    merges = random_merges(seed, size)
    return [byte_pair_merges(merges[:i], "abc") for i in range(size + 1)]


@claim(
    id="vocab_continuation.vocabulary-growth",
    title="A further merge only ever removes boundaries",
    statement=r"\partial\tau_{j+1}(X) \subseteq \partial\tau_j(X)",
    source=VOCAB_BPE.at("merges in the order of their ranks"),
    role="vocab_continuation.byte_pair_merges",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="the last merge applies when no other does, so it starts from the tokens without it; one new "
                   "boundary refutes that"),
    cases=GROWING,
    quantity="boundaries that a further merge creates",
)  # fmt: skip
def boundaries_vanish(byte_pair_merges: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    created = 0
    for seed in range(10 * case.block, 10 * case.block + 10):
        toks = nested_tokenisers(byte_pair_merges, seed, case.merges)
        for text in random_source(seed).docs:
            created += sum(len(cuts(more.encode(text)) - cuts(less.encode(text))) for less, more in pairwise(toks))
    yield exact(created)


@claim(
    id="vocab_continuation.vocabulary-growth.boundary-probability",
    title="So the bias after every prompt grows with the vocabulary",
    statement=r"\beta_{j+1}(x) \le \beta_j(x) \quad \text{for every } x",
    source=SOURCE,
    role=("vocab_continuation.byte_pair_merges", "vocab_continuation.boundary_mass"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="probabilities of nested events, compared as Fractions; one increase refutes it"),
    cases=GROWING,
    quantity="prompts and merges where the boundary probability grows",
)
def bias_grows(byte_pair_merges: Any, boundary_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    grown = 0
    for seed in range(4 * case.block, 4 * case.block + 4):
        source, toks = random_source(seed), nested_tokenisers(byte_pair_merges, seed, case.merges)
        for x in starts_of(source):
            beta = [boundary_mass(source, tok, x, len(x)) for tok in toks]
            # and it is a probability, 1 without merges: a mass that is not conditioned has neither
            grown += sum(after > before for before, after in pairwise([Fraction(1), *beta])) + (beta[0] != 1)
    yield exact(grown)


@mutant("vocab_continuation.byte_pair_merges", slip="merges that cannot apply or come twice are dropped in silence")
def without_bad_merges(merges: Any, alphabet: Any = None) -> Any:
    letters = sorted({c for pair in merges for part in pair for c in part} if alphabet is None else set(alphabet))
    made, kept = set(letters) | {"".join(pair) for pair in merges}, dict.fromkeys(map(tuple, merges))
    return BytePairMerges([pair for pair in kept if made.issuperset(pair) and all(pair)], letters)


@claim(
    id="vocab_continuation.vocabulary-growth.refusals",
    title="Merges that come twice, join nothing or need a token that nobody makes are refused",
    statement=r"(u, v) \in \text{merges} \Rightarrow u, v \in \text{alphabet} \cup \{u'v' : (u', v') \in \text{merges}\}",
    source=VOCAB_BPE.at("merge lists"),
    role="vocab_continuation.byte_pair_merges",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a bad input raises ValueError or TypeError, or it does not"),
    quantity="bad inputs accepted",
)
def refused_merges(byte_pair_merges: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def encode(merges: Any, alphabet: Any, text: Any) -> Any:
        return byte_pair_merges(merges, alphabet).encode(text)

    ab = ("a", "b")
    values: list[tuple[Any, ...]] = [
        ([ab, ab], "ab", "ab"),
        ([("a", "")], "ab", "ab"),
        ([("ab", "c")], "abc", "a"),
        ([ab], "a", "a"),
    ]
    values += [([ab], None, "abc"), ([ab], ["a", "b", "cd"], "ab")]
    types: list[tuple[Any, ...]] = [([ab], "ab", b"ab"), ([("a", b"b")], None, "a")]
    yield worst([exact(accepted(encode, values, ValueError)), exact(accepted(encode, types, TypeError))])


@figure(of="vocab_continuation.vocabulary-growth")
def tokens_against_merges() -> Figure:
    sizes = range(15)
    seeds = range(6)
    curves = []
    for seed in seeds:
        docs = random_source(seed).docs
        length = sum(mass * len(text) for text, mass in docs.items())
        kept = [
            sum(mass * len(tok.encode(text)) for text, mass in docs.items()) / length
            for tok in nested_tokenisers(BytePairMerges, seed, 14)
        ]
        curves.append(series(f"setting {seed}", sizes, [float(1 - share) for share in kept], kind="steps"))
    return Figure(
        "Mean bias against the number of merges",
        "Every merge removes boundaries or leaves them, so the mean bias over all cuts is a staircase that never falls.",
        "merges",
        "1 − E K / E |X|",
        tuple(curves),
    )
