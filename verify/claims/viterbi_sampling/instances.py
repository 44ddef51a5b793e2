"""Instances that many claims share, and the second way to every law: all subsets of the inner boundaries, one by one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from verify.claims import grid, stream
from verify.evidence import gap
from verify.methods.segmentation import Lattice, UnigramModel, build_lattice

Path = tuple[int, ...]
Law = dict[Path, Any]

ALPHAS = (0.0, 0.1, 0.3, 0.5, 1.0, 3.0)
LATTICES = 20  # in the quick profile
ALL_LATTICES = 200
HALVES = grid(half=(0, 1), lattices=(LATTICES,))  # every second lattice: what costs more comes in more cases


def segmentations(text: bytes, vocabulary: Mapping[bytes, Any]) -> Iterator[tuple[Path, list[Any]]]:
    """(ends, values of the tokens) of every segmentation: each set of inner boundaries, kept if all its pieces are tokens."""
    n = len(text)
    for inner in range(2 ** max(n - 1, 0)):
        ends = tuple(e for e in range(1, n) if inner >> (e - 1) & 1) + ((n,) if n else ())
        tokens = [text[a:b] for a, b in itertools.pairwise((0, *ends))]
        if all(token in vocabulary for token in tokens):
            yield ends, [vocabulary[token] for token in tokens]


def scores_of(text: bytes, logp: Mapping[bytes, float]) -> dict[Path, float]:
    """s(w) of every segmentation."""
    return {ends: math.fsum(values) for ends, values in segmentations(text, logp)}


def gibbs(scores: Mapping[Path, float], alpha: float) -> dict[Path, float]:
    """The target: e^(alpha s) over its sum."""
    top = max(scores.values())
    weights = {ends: math.exp(alpha * (score - top)) for ends, score in scores.items()}
    total = math.fsum(weights.values())
    return {ends: weight / total for ends, weight in weights.items()}


def exact_weights(text: bytes, probs: Mapping[bytes, Fraction], alpha: int) -> dict[Path, Fraction]:
    """p(w)^alpha of every segmentation."""
    return {ends: math.prod(values, start=Fraction(1)) ** alpha for ends, values in segmentations(text, probs)}


def exact_law(text: bytes, probs: Mapping[bytes, Fraction], alpha: int) -> dict[Path, Fraction]:
    """The target in fractions."""
    weights = exact_weights(text, probs, alpha)
    total = sum(weights.values())
    return {ends: weight / total for ends, weight in weights.items()}


def distance(a: Mapping[Any, Any], b: Mapping[Any, Any]) -> Any:
    """Total variation of two laws: exact for fractions, infinite where one holds a NaN."""
    total = sum((abs(a.get(key, 0) - b.get(key, 0)) for key in a.keys() | b.keys()), Fraction(0)) / 2
    return total if isinstance(total, Fraction) else gap(total, 0.0)


class Instance(NamedTuple):
    """A text in a lattice, with the scores of all its segmentations."""

    lattice: Lattice
    scores: dict[Path, float]

    def law(self, alpha: float) -> dict[Path, float]:
        """The target P_alpha."""
        return gibbs(self.scores, alpha)

    @property
    def best(self) -> Path:
        """The segmentation of the largest score."""
        return max(self.scores, key=self.scores.__getitem__)


@cache
def default(seed: int, n: int = 9) -> Instance:
    """Letters a and b, each string of 2 to 4 of them with probability 0.7, normal log-weights that sum to 1; n letters."""
    text, vocabulary, rng = drawn(seed, n)
    logw = rng.normal(size=len(vocabulary))
    logw -= np.log(np.exp(logw).sum())
    model = UnigramModel(dict(zip(vocabulary, logw.tolist(), strict=True)))
    return Instance(build_lattice(text, model), scores_of(text, model.logp))


def drawn(seed: int, n: int) -> tuple[bytes, list[bytes], np.random.Generator]:
    """Text, vocabulary, and the generator for weights."""
    rng = stream("instances", "viterbi_sampling", seed, n)
    longer = (bytes(word) for length in (2, 3, 4) for word in itertools.product(b"ab", repeat=length))
    vocabulary = [b"a", b"b", *(word for word in longer if rng.random() < 0.7)]
    return bytes(rng.choice(list(b"ab"), n).tolist()), vocabulary, rng


def instances(count: int) -> list[Instance]:
    """The first so many default lattices: of 9 letters, beyond the twentieth of 9 to 12."""
    return [default(seed, 9 if seed < LATTICES else 9 + seed % 4) for seed in range(count)]


@cache
def rational(seed: int, n: int = 6) -> tuple[Lattice, dict[bytes, Fraction]]:
    """A default lattice whose probabilities are fractions of small numbers."""
    text, vocabulary, rng = drawn(seed, n)
    mass = rng.integers(1, 20, len(vocabulary)).tolist()
    probs = {token: Fraction(m, sum(mass)) for token, m in zip(vocabulary, mass, strict=True)}
    return build_lattice(text, UnigramModel.from_probabilities(probs)), probs


def lattice_of(text: bytes, probs: Mapping[bytes, Fraction]) -> Lattice:
    """A lattice with exact weights."""
    return build_lattice(text, UnigramModel.from_probabilities(probs))


def fractions(**ratios: str) -> dict[bytes, Fraction]:
    """Probabilities by keyword: a="1/5"."""
    return {token.encode(): Fraction(ratio) for token, ratio in ratios.items()}


WATCHING = dict.fromkeys((b"watch", b"ing", b"wat", b"ching", b"w", b"atching"), Fraction(1, 6))
ARGMAX = fractions(abc="7/100", a="1/5", b="3/100", c="1/5", ab="1/4", bc="1/4")
THREE_EQUAL = fractions(abc="1/8", ab="1/4", a="1/2", b="1/2", c="1/2")


@cache
def every_substring(n: int, m: int) -> Lattice:
    """n different bytes, each string of at most m of them a token of weight 1."""
    text = bytes(range(n))
    tokens = {text[i : i + k] for i in range(n) for k in range(1, m + 1) if i + k <= n}
    return lattice_of(text, dict.fromkeys(tokens, Fraction(1)))


@cache
def sentence(n: int) -> Lattice:
    """Random words over six letters, in a vocabulary of their frequent pieces."""
    rng = stream("viterbi_sampling", "sentence")
    words = [bytes(rng.choice(list(b"etaoin"), rng.integers(2, 7)).tolist()) for _ in range(40)]
    text = b" ".join(words[i] for i in rng.integers(0, 40, n))[:n]
    pieces = {word[i:j] for word in words for i in range(len(word)) for j in range(i + 1, len(word) + 1)} | {b" "}
    return build_lattice(
        text, UnigramModel({piece: -2.0 - 1.2 * len(piece) ** 0.5 + 0.3 * rng.normal() for piece in sorted(pieces)})
    )
