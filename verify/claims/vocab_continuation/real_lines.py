"""Real lines as a finite source, real merges on them, and prompts that are cut from them."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import numpy as np

from verify.claims import stream
from verify.methods.continuation import BytePairMerges, FiniteSource, IdealTokenLM

SPACE = "▁"  # what stands for a space inside the tokens of Llama 2, and in front of every text


class Corpus(NamedTuple):
    """Lines as a source, each as often as it occurs; the real merges; the ideal model of both."""

    source: FiniteSource
    tok: BytePairMerges
    lm: IdealTokenLM


def raw_lines(size: int) -> list[str]:
    """The first lines of the manual that are not empty."""
    from verify.data import english_text

    return [line for line in english_text().split("\n") if line.strip()][:size]


def as_text(line: str) -> str:
    """A line as the tokeniser sees it, and as it is counted here: spaces are characters, one more in front."""
    return SPACE + line.replace(" ", SPACE)


@cache
def merges_of_llama() -> BytePairMerges:
    """All 61,249 merges; single characters are the alphabet."""
    from verify.data import vocabulary

    found = vocabulary()
    return BytePairMerges(found.merges, [token for token in found.tokens if len(token) == 1])


@cache
def corpus(size: int) -> Corpus:
    """The first `size` lines; each is encoded once."""
    tok, counts = merges_of_llama(), Counter(map(as_text, raw_lines(size)))
    source = FiniteSource({text: Fraction(count, counts.total()) for text, count in counts.items()})
    return Corpus(source, tok, IdealTokenLM.canonical(source, tok))


def cuts_of(text: str, cut: str) -> list[int]:
    """Where a text may be cut: anywhere, behind a word, or behind the space after it."""
    places = range(1, len(text) + 1)
    if cut == "uniform":
        return list(places)
    if cut == "word-end":
        return [i for i in places if text[i - 1].isalnum() and not text[i : i + 1].isalnum()]
    return [i for i in places if text[i - 1] == SPACE and text[i - 2 : i - 1].isalnum()]


@cache
def prompts(size: int, cut: str, number: int) -> tuple[str, ...]:
    """Random cuts of random lines, each admissible cut of each line in proportion to the mass of the line."""
    source = corpus(size).source
    texts = sorted(source.docs)
    places = [cuts_of(text, cut) for text in texts]
    rng = stream("vocab_continuation", "real prompts", size, cut, number)
    weights = np.array([source.weights[text] * len(where) for text, where in zip(texts, places, strict=True)], float)
    chosen = rng.choice(len(texts), number, p=weights / weights.sum())
    return tuple(texts[i][: places[i][int(rng.integers(len(places[i])))]] for i in chosen)
