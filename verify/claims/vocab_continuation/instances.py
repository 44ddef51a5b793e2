"""The instances that claims of this system share: the article's example, and small random settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from itertools import accumulate
from numbers import Rational
from typing import Any, NamedTuple

import numpy as np

from verify.claims import Case, grid, series, stream
from verify.claims.figures import Series
from verify.methods.continuation import (
    BytePairMerges,
    FiniteSource,
    IdealTokenLM,
    MaximalMunch,
    UnigramViterbi,
)

NO_LAW = Fraction(2)  # the distance to an answer that is no law: further than any law
GUANGZHOU = "广州的白云"  # the article's prompt: Guangzhou's Baiyun, a mountain and an airport


def masses(**documents: str) -> dict[str, Fraction]:
    """Documents with decimal masses."""
    return {text: Fraction(mass) for text, mass in documents.items()}


class Setting(NamedTuple):
    """A source, a tokeniser, the ideal model of both, and every start of every document that is not empty."""

    source: FiniteSource
    tok: Any
    lm: IdealTokenLM
    prompts: tuple[Any, ...]


def setting_of(source: FiniteSource, tok: Any) -> Setting:
    """The setting of a source and a tokeniser."""
    return Setting(source, tok, IdealTokenLM.canonical(source, tok), starts_of(source))


def starts_of(source: FiniteSource) -> tuple[Any, ...]:
    """Every start of every document that is not empty."""
    return tuple(sorted({text[:i] for text in source.docs for i in range(1, len(text) + 1)}))


BAIYUN = masses(
    广州的白云机场="0.40", 广州的白云山="0.35", 广州的白云很白="0.15", 广州的白云机="0.02", 广州的白天="0.08"
)
BAIYUN_VOCAB = tuple(sorted({"广州", "的", "白云", "白云山", "白云机场", "白天"} | set("".join(BAIYUN))))
BAIYUN_PROBS = {token: Fraction(1 if len(token) == 1 else 4, 30) for token in BAIYUN_VOCAB}


@cache
def baiyun() -> Setting:
    """The article's example, with numbers: maximal munch over its vocabulary."""
    return setting_of(FiniteSource(BAIYUN), MaximalMunch(BAIYUN_VOCAB))


# --- random settings ------------------------------------------------------------------------------------------

TOKENISERS = ("munch", "bpe", "viterbi")
PER_BLOCK = 5
SETTINGS = grid(tokeniser=TOKENISERS, block=tuple(range(4))).full(block=tuple(range(20)))


def settings_of(case: Case) -> list[Setting]:
    """The settings of a block of seeds."""
    first = case.block * PER_BLOCK
    return [random_setting(seed, case.tokeniser) for seed in range(first, first + PER_BLOCK)]


def prompts_of(case: Case) -> list[tuple[Setting, str]]:
    """(setting, prompt) for every prompt of a block of seeds."""
    return [(setting, x) for setting in settings_of(case) for x in setting.prompts]


@cache
def random_setting(seed: int, tokeniser: str) -> Setting:
    """Twelve documents of length 1 to 7 over a, b, c, and one of three tokenisers with some eight tokens."""
    return setting_of(random_source(seed), random_tokeniser(seed, tokeniser))


@cache
def random_source(seed: int) -> FiniteSource:
    """Twelve random documents, each of mass 1/12; equal ones add up."""
    docs: dict[str, Fraction] = {}
    for text in words(stream("vocab_continuation", "documents", seed), 12, 1, 7):
        docs[text] = docs.get(text, Fraction(0)) + Fraction(1, 12)
    return FiniteSource(docs)


@cache
def random_tokeniser(seed: int, tokeniser: str) -> Any:
    """Letters and up to five longer tokens; or five merges with tokens of at most five characters."""
    if tokeniser == "bpe":
        return BytePairMerges(random_merges(seed), "abc")
    probs = random_probs(seed)
    return MaximalMunch(probs) if tokeniser == "munch" else UnigramViterbi(probs)


@cache
def random_merges(seed: int, size: int = 5) -> tuple[tuple[str, str], ...]:
    """Merges of tokens that exist by then, in a random order."""
    rng = stream("vocab_continuation", "merges", seed)
    tokens = list("abc")
    merges: dict[tuple[str, str], None] = {}
    while len(merges) < size:
        left, right = (tokens[int(i)] for i in rng.integers(len(tokens), size=2))
        if len(left + right) <= 5 and (left, right) not in merges:
            merges[left, right] = None
            tokens.append(left + right)
    return tuple(merges)


@cache
def random_probs(seed: int) -> Mapping[str, Fraction]:
    """Random rational probabilities of the letters and of up to five random strings of length 2 to 4."""
    rng = stream("vocab_continuation", "tokens", seed)
    vocab = sorted(set("abc") | set(words(rng, 5, 2, 4)))
    parts = [int(n) for n in rng.integers(1, 10, len(vocab))]
    return {token: Fraction(part, sum(parts)) for token, part in zip(vocab, parts, strict=True)}


def words(rng: np.random.Generator, size: int, shortest: int, longest: int) -> list[str]:
    """Random strings over a, b, c."""
    return ["".join(rng.choice(list("abc"), int(rng.integers(shortest, longest + 1)))) for _ in range(size)]


# --- distances that survive any answer ------------------------------------------------------------------------


def tv(a: Any, b: Any) -> Fraction:
    """Total variation of two laws, as a Fraction; 1 between a law and none (None), 2 where an answer is no law at all.

    A float counts at its exact binary value.
    """
    if a is None or b is None:
        return Fraction(a is not b)
    if not (_is_law(a) and _is_law(b)):
        return NO_LAW
    return sum((abs(Fraction(a.get(y, 0)) - Fraction(b.get(y, 0))) for y in {*a, *b}), Fraction(0)) / 2


def apart(a: Any, b: Any) -> Fraction:
    """|a - b| of two numbers, 2 where one of them is none."""
    if not (_is_number(a) and _is_number(b)):
        return NO_LAW
    return abs(Fraction(a) - Fraction(b))


def _is_law(law: Any) -> bool:
    return isinstance(law, Mapping) and all(_is_number(p) and p >= 0 for p in law.values())


def _is_number(x: Any) -> bool:
    return isinstance(x, Rational) or (isinstance(x, float) and math.isfinite(x))


def side_by_side(labels: Iterable[str], heights: Iterable[Iterable[float]]) -> list[Series]:
    """Bars in groups, one series a label: as bars are as wide as their gaps allow, each has empty places for the others."""
    rows = [list(row) for row in heights]
    step = 0.8 / len(rows)
    places = [[place + step * (j - (len(rows) - 1) / 2) for j in range(len(rows))] for place in range(len(rows[0]))]
    return [
        series(
            label,
            [x for group in places for x in group],
            [height if j == i else 0.0 for height in row for j in range(len(rows))],
            kind="bars",
        )
        for i, (label, row) in enumerate(zip(labels, rows, strict=True))
    ]


def cuts(tokens: Iterable[str]) -> set[int]:
    """The boundaries of a token sequence, both ends included."""
    return set(accumulate(map(len, tokens), initial=0))
