"""Prompt continuation: the cover and its tables against enumeration, an index against a scan, merges against a compiled peer.

Every mass is an exact Fraction unless a row says otherwise.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.harness import Goal, Row, Work, optional
from verify.methods.continuation import (
    END,
    BytePairMerges,
    FiniteSource,
    IdealTokenLM,
    MaximalMunch,
    bigram_prefix_mass,
    cover,
    cover_prefix_mass,
    exact_next_char,
)

VOCAB = ("a", "b", "c", "ab", "ba", "aab", "bb", "cab", "abca")
PROMPT = "ab" * 9  # its cover has some ten thousand sequences
LETTERS = "abc"


def random_texts(rng: np.random.Generator, size: int, length: int) -> list[str]:
    """Different texts of one length over three letters, which share their first quarter with half of the others."""
    shared = ["".join(rng.choice(list(LETTERS), length // 4)) for _ in range(2)]
    texts = (shared[i % 2] + "".join(rng.choice(list(LETTERS), length - length // 4)) for i in range(size))
    return sorted(set(texts))


def source_of(texts: list[str]) -> FiniteSource:
    """Each text with the same mass."""
    return FiniteSource({text: Fraction(1, len(texts)) for text in texts})


def next_character(scale: float) -> Work:
    """The law of the character after a prompt of 18 letters: from its cover, and by summing over all covering sequences."""
    x = PROMPT[: max(4, int(18 * min(1.0, scale * 30)))]
    source = source_of([x + text for text in random_texts(np.random.default_rng(0), 200, 20)])
    tok = MaximalMunch(VOCAB)
    lm = IdealTokenLM.canonical(source, tok)

    def as_vector(law: Any) -> list[float]:
        return [float(law.get(c, 0)) for c in (*LETTERS, END)]

    def peer() -> list[float]:
        masses = {c: sum((lm.prefix_mass(t) for t in cover(x + c, VOCAB)), Fraction(0)) for c in LETTERS}
        total = sum((lm.prefix_mass(t) for t in cover(x, VOCAB)), Fraction(0))
        return as_vector({c: mass / total for c, mass in masses.items()} | {END: 1 - sum(masses.values()) / total})

    # both are Fractions, rounded once
    return Work(lambda: as_vector(exact_next_char(lm, tok, x)), peer, tolerance=1e-15)


def bigrams(scale: float) -> Work:
    """The prefix mass of 18 letters under a token-bigram model: a forward table, and the sum over the cover."""
    x = PROMPT[: max(4, int(18 * min(1.0, scale * 30)))]
    rng = np.random.default_rng(0)
    A = rng.dirichlet(np.ones(len(VOCAB) + 1), len(VOCAB) + 1)
    number = {token: i for i, token in enumerate(VOCAB)}

    def peer() -> float:
        total = 0.0
        for tokens in cover(x, VOCAB):
            mass = 1.0
            for before, after in pairwise([len(VOCAB), *(number[token] for token in tokens)]):
                mass *= A[before, after]
            total += mass
        return total

    # sums of positive products of at most n + 1 factors
    return Work(lambda: bigram_prefix_mass(A, VOCAB, x), peer, tolerance=1e-13)


def many_prompts(scale: float) -> Work:
    """The masses of 200 prompts under a source of 3,000 lines: an index of the encoded lines, and a scan over them."""
    lines, prompts = max(20, int(3000 * scale)), max(5, int(200 * scale))
    rng = np.random.default_rng(0)
    source, tok = source_of(random_texts(rng, lines, 40)), MaximalMunch(VOCAB)
    lm = IdealTokenLM.canonical(source, tok)
    texts = list(source.docs)
    chosen = [
        texts[int(i)][: int(n)]
        for i, n in zip(rng.integers(len(texts), size=prompts), rng.integers(1, 40, prompts), strict=True)
    ]
    encoded = [(tok.encode(text), weight) for text, weight in source.weights.items()]

    def scan(x: str) -> float:
        total = 0
        for i in range(max(0, len(x) - tok.max_len), len(x)):
            context, piece = tok.encode(x[:i]), x[i:]
            k = len(context)
            total += sum(
                weight
                for tokens, weight in encoded
                if len(tokens) > k and tokens[:k] == context and tokens[k].startswith(piece)
            )
        return float(Fraction(total, source.scale))

    def ours() -> list[float]:
        return [float(cover_prefix_mass(lm, tok, x)[0]) for x in chosen]

    return Work(ours, lambda: [scan(x) for x in chosen], tolerance=1e-15)


def merges(scale: float) -> Work:
    """1,000 lines of 60 letters and 500 merges, the tokeniser built anew by both; ours is plain Python, the peer Rust."""
    lines = max(5, int(1000 * scale))
    rng = np.random.default_rng(0)
    tokens, pairs = list("abcdefgh"), {}
    while len(pairs) < 500:
        left, right = (tokens[int(i)] for i in rng.integers(len(tokens), size=2))
        if left + right not in tokens and len(left + right) <= 12:
            pairs[left, right] = None
            tokens.append(left + right)
    texts = ["".join(rng.choice(list("abcdefgh"), 60)) for _ in range(lines)]

    def lengths(encoded: Any) -> Any:
        return np.array([len(token) for found in encoded for token in found])

    def peer() -> Any:
        hf = optional("tokenizers")
        model = hf.models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=list(pairs), cache_capacity=0)
        tok = hf.Tokenizer(model)
        return lengths(tok.encode(text).tokens for text in texts)

    def ours() -> Any:
        tok = BytePairMerges(list(pairs), "abcdefgh")
        return lengths(tok.encode(text) for text in texts)

    return Work(ours, peer, tolerance=1e-9)  # whole numbers


ENUMERATION = "all covering sequences"

ROWS = [
    Row("exact next character, 18 letters, 9 tokens", Goal(500, "peer"), ENUMERATION, None, next_character),
    Row("prefix mass of token bigrams, 18 letters, 9 tokens", Goal(20, "peer"), ENUMERATION, None, bigrams),
    Row("cover masses of 200 prompts, 3,000 lines", Goal(50, "peer"), "scan of the lines", None, many_prompts),
    Row("byte pair merges, 1,000 lines of 60 letters", Goal(0.25, "peer"), "tokenizers", None, merges),
]
