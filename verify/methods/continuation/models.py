"""Ideal models: a finite source of documents, and the token models that know it perfectly.

Everything is exact: masses are Fractions, and no estimation enters. What remains wrong with a continuation is then the
fault of the tokens, not of a model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NoReturn, Protocol

import numpy as np

from verify.methods.continuation.texts import (
    END,
    Law,
    Number,
    Prefixes,
    Text,
    check_kind,
    collected,
    exact_masses,
    normalised,
)
from verify.methods.continuation.tokenisers import Tokeniser, token_probabilities
from verify.methods.guards import refuse

REMEMBERED = 2**14  # laws of contexts: the same few are asked for again and again


class TokenModel(Protocol):
    """What the laws of a continuation ask of a model, real or ideal."""

    is_canonical: bool
    """True if only canonical token sequences have mass, as after training on the output of a deterministic tokeniser."""

    def prefix_mass(self, tokens: Sequence[Text], /) -> Number:
        """The probability that the token sequence of a document begins with `tokens`."""

    def next_token(self, tokens: Sequence[Text], /) -> Law:
        """The law of the next token, END included, after a context of positive mass."""


class FiniteSource:
    """A random document with finitely many values: document -> probability, as ints or Fractions that sum to 1.

    Documents are str or bytes, the empty one included; those of mass 0 are dropped.

    TypeError: floats, or str beside bytes. ValueError: a negative mass, a sum that is not 1, no documents.

    >>> source = FiniteSource({"ab": Fraction(1, 2), "ac": Fraction(1, 4), "b": Fraction(1, 4)})
    >>> source.prefix_mass("a"), source.next_char("a")
    (Fraction(3, 4), {'b': Fraction(2, 3), 'c': Fraction(1, 3)})
    """

    def __init__(self, docs: Mapping[Text, Fraction]) -> None:
        masses = exact_masses("docs", docs)
        self.kind = type(next(iter(masses)))
        self.docs: Mapping[Text, Fraction] = MappingProxyType({text: mass for text, mass in masses.items() if mass})
        self.scale = math.lcm(*(mass.denominator for mass in self.docs.values()))
        self.weights = {text: int(mass * self.scale) for text, mass in self.docs.items()}  # integers add up faster
        self._index = Prefixes(self.weights)

    def prefix_mass(self, x: Text) -> Fraction:
        """P(the document starts with x): 1 for the empty x, 0 where no document does."""
        check_kind("x", x, self.kind)
        return Fraction(self._index.weight(x), self.scale)

    def next_char(self, x: Text) -> dict[Any, Fraction]:
        """The law of the character after x, END included, given that the document starts with x.

        ValueError: x has probability zero.
        """
        total = self._positive(x)
        return {step: Fraction(weight, total) for step, weight in self._index.steps(x)}

    def continuations(self, x: Text) -> dict[Text, Fraction]:
        """The law of all that follows x, given that the document starts with x; "" means that it ends there.

        ValueError: x has probability zero.
        """
        total = self._positive(x)
        return {text[len(x) :]: Fraction(weight, total) for text, weight in self._index.within(x)}

    def starting_with(self, x: Text) -> list[tuple[Text, int]]:
        """(document, its mass times `scale`) for all documents that start with x."""
        check_kind("x", x, self.kind)
        return list(self._index.within(x))

    def _positive(self, x: Text) -> int:
        check_kind("x", x, self.kind)
        total = self._index.weight(x)
        if not total:
            impossible(x)
        return total


class IdealTokenLM:
    """The exact law of the token sequence of a document; made by `canonical` or `stochastic`.

    `prefix_mass(tokens)` is P(the sequence begins with tokens); `next_token(tokens)` is the law of the token after it,
    END included; `continuations(tokens)` is the law of all the text after it. After a context of mass 0 the last two
    raise ValueError.
    """

    is_canonical: bool

    @classmethod
    def canonical(cls, source: FiniteSource, tok: Tokeniser) -> IdealTokenLM:
        """The law of tok.encode(X): what training on the output of a deterministic tokeniser converges to.

        Each document is encoded once. ValueError: a document that `tok` cannot encode.

        >>> source = FiniteSource({"ab": Fraction(1, 2), "ac": Fraction(1, 2)})
        >>> from verify.methods.continuation.tokenisers import MaximalMunch
        >>> IdealTokenLM.canonical(source, MaximalMunch(["a", "b", "c", "ab"])).next_token(())
        {'a': Fraction(1, 2), 'ab': Fraction(1, 2)}
        """
        return _Canonical(source, tok)

    @classmethod
    def stochastic(cls, source: FiniteSource, probs: Mapping[Text, Fraction], alpha: float) -> IdealTokenLM:
        """The law of T where, given X, a segmentation t has a probability proportional to prod_i probs[t_i]^alpha.

        probs: token -> positive int or Fraction with sum 1. alpha: at least 0, finite; an int keeps all masses
        Fractions, a float makes them floats (for documents short enough that products of their token probabilities,
        to the power alpha, are floats).

        ValueError: alpha negative, nan or infinite; a document that no segmentation covers. TypeError: alpha is
        neither an int nor a float.

        Source: the perfect sampler of Su 2023 (archive 9768); Kudo 2018, section 3.2.
        """
        return _Stochastic(source, probs, alpha)

    def prefix_mass(self, tokens: Sequence[Text], /) -> Number:
        raise NotImplementedError("make a model by IdealTokenLM.canonical or IdealTokenLM.stochastic")

    def next_token(self, tokens: Sequence[Text], /) -> Law:
        raise NotImplementedError("make a model by IdealTokenLM.canonical or IdealTokenLM.stochastic")

    def continuations(self, tokens: Sequence[Text], /) -> Law:
        raise NotImplementedError("make a model by IdealTokenLM.canonical or IdealTokenLM.stochastic")


class _Canonical(IdealTokenLM):
    is_canonical = True

    def __init__(self, source: FiniteSource, tok: Tokeniser) -> None:
        self._scale, self._empty = source.scale, source.kind()
        self._index = Prefixes({tok.encode(text): weight for text, weight in source.weights.items()})
        self._remembered = lru_cache(REMEMBERED)(self._law)

    def prefix_mass(self, tokens: Sequence[Text], /) -> Fraction:
        return Fraction(self._index.weight(tuple(tokens)), self._scale)

    def next_token(self, tokens: Sequence[Text], /) -> dict[Any, Fraction]:
        return dict(self._remembered(tuple(tokens)))  # a copy: the caller may do with it as they like

    def continuations(self, tokens: Sequence[Text], /) -> dict[Text, Fraction]:
        context = tuple(tokens)
        total = self._index.weight(context)
        if not total:
            unreachable(context)
        found = self._index.within(context)  # different sequences are different texts
        return {self._empty.join(item[len(context) :]): Fraction(weight, total) for item, weight in found}

    def _law(self, context: tuple[Text, ...]) -> dict[Any, Fraction]:
        total = self._index.weight(context)
        if not total:
            unreachable(context)
        return {token: Fraction(weight, total) for token, weight in self._index.steps(context)}


class _Stochastic(IdealTokenLM):
    """With Z(s) = sum over the segmentations t of s of prod p(t_i)^alpha, the sequence begins with t in X with mass

        P(X) prod_i p(t_i)^alpha Z(X[n:]) / Z(X),    n = len(joined t), if X starts with the joined t,

    so one backward table a document, of P(X) Z(X[n:]) / Z(X), answers every question.
    """

    is_canonical = False

    def __init__(self, source: FiniteSource, probs: Mapping[Text, Fraction], alpha: float) -> None:
        exponent = _exponent(alpha)
        checked = token_probabilities(probs)
        check_kind("a token", next(iter(checked)), source.kind)
        self._weight: dict[Text, Number] = {token: p**exponent for token, p in checked.items()}
        self._longest = max(map(len, checked))
        self._index = Prefixes(source.weights)
        self._empty = source.kind()
        one = 1.0 if isinstance(exponent, float) else Fraction(1)
        self._none = 0 * one
        self._share = {text: self._shares(text, one * mass) for text, mass in source.docs.items()}

    def _shares(self, text: Text, mass: Number) -> list[Number]:
        """mass Z(text[i:]) / Z(text) for each place i."""
        z: list[Number] = [0 * mass] * len(text) + [mass / mass]
        for i in reversed(range(len(text))):
            for end in range(i + 1, min(len(text), i + self._longest) + 1):
                if text[i:end] in self._weight:
                    z[i] += self._weight[text[i:end]] * z[end]
        if not z[0]:
            refuse(f"document {text!r:.80}", "some segmentation must have mass", "add characters or lower alpha")
        return [mass * part / z[0] for part in z]

    def prefix_mass(self, tokens: Sequence[Text], /) -> Number:
        n, texts = self._reached(tokens)
        if not texts:
            return self._none
        return math.prod((self._weight[token] for token in tokens), start=sum(self._share[text][n] for text in texts))

    def next_token(self, tokens: Sequence[Text], /) -> Law:
        law = normalised(collected(self._steps(*self._reached(tokens))))
        if law is None:
            unreachable(tuple(tokens))
        return law

    def continuations(self, tokens: Sequence[Text], /) -> Law:
        n, texts = self._reached(tokens)
        law = normalised({text[n:]: self._share[text][n] for text in texts})
        if law is None:
            unreachable(tuple(tokens))
        return law

    def _reached(self, tokens: Sequence[Text]) -> tuple[int, list[Text]]:
        """(characters of the context, the documents that start with it); none where a token is unknown."""
        start = self._empty.join(tokens)
        known = all(token in self._weight for token in tokens)
        return len(start), [text for text, _ in self._index.within(start)] if known else []

    def _steps(self, n: int, texts: Iterable[Text]) -> Iterator[tuple[Any, Number]]:
        """(next token or END, mass over the product of the weights of the context of n characters) in every document."""
        for text in texts:
            share = self._share[text]
            if len(text) == n:
                yield END, share[n]
            for end in range(n + 1, min(len(text), n + self._longest) + 1):
                if share[end] and text[n:end] in self._weight:
                    yield text[n:end], self._weight[text[n:end]] * share[end]


def _exponent(alpha: Any) -> int | float:
    if isinstance(alpha, bool) or not isinstance(alpha, (int, np.integer, float)):
        remedy = "give an int for exact laws, a float for others"
        refuse(f"alpha={alpha!r}", "alpha is an int or a float", remedy, TypeError)
    if not 0 <= alpha < math.inf:
        refuse(f"alpha={alpha}", "alpha is finite and not negative", "the limit of large alpha is the Viterbi path")
    return alpha if isinstance(alpha, float) else int(alpha)


def impossible(x: Text) -> NoReturn:
    """Refuse a prompt that no document starts with."""
    raise ValueError(f"prompt has probability zero: {x!r:.80}; exact laws exist for starts of documents only")


def unreachable(context: tuple[Text, ...]) -> NoReturn:
    """Refuse a context that no token sequence begins with."""
    remedy = "ask prefix_mass first"
    refuse(f"the context {context!r:.80} has mass 0", "a law is conditioned on positive mass", remedy)
