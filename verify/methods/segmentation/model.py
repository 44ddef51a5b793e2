"""A unigram token model: byte strings with log-probabilities, and what may be asked of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np

from verify.methods.guards import Array, as_fraction, is_exact, refuse
from verify.methods.segmentation.trie import Trie


class UnigramModel:
    """Tokens (byte strings) with the logarithms of their weights; nothing is encoded, decoded or normalised.

    `logp` is a read-only copy, `m` the longest token in bytes, `probs` the exact weights where the model was made by
    `from_probabilities`, else None. Weights need not sum to 1: no law of segmentations depends on their scale.

    TypeError: `logp` is no mapping, a token is not `bytes`, a value is not a real number.
    ValueError: no tokens, the token b"", a value that is nan or infinite.

    >>> UnigramModel({b"a": -1.0, b"ab": -1.5}).m
    2
    """

    def __init__(self, logp: Mapping[bytes, float]) -> None:
        self.logp: Mapping[bytes, float] = MappingProxyType(_checked(logp))
        self.m = max(map(len, self.logp))
        self.probs: Mapping[bytes, Fraction] | None = None

    @classmethod
    def from_probabilities(cls, probs: Mapping[bytes, Fraction]) -> UnigramModel:
        """The model with these exact weights, ints or Fractions above 0, which `partition` and exact laws then use.

        TypeError: a weight that is no int or Fraction. ValueError: a weight that is not positive.

        >>> UnigramModel.from_probabilities({b"a": Fraction(1, 2)}).probs[b"a"]
        Fraction(1, 2)
        """
        if not isinstance(probs, Mapping):
            refuse(f"probs is a {type(probs).__name__}", "it maps bytes to Fractions", "give a dict", TypeError)
        exact: dict[bytes, Fraction] = {}
        for token, weight in probs.items():
            if not is_exact(weight):
                found, remedy = f"probs[{token!r}]={weight!r}", "use UnigramModel for logarithms in floating point"
                refuse(found, "an exact weight is an int or a Fraction", remedy, TypeError)
            exact[token] = as_fraction(weight)
            if exact[token] <= 0:
                refuse(f"probs[{token!r}]={weight}", "a weight is positive", "leave the token out")
        model = cls({token: _log(weight) for token, weight in exact.items()})
        model.probs = MappingProxyType(exact)
        return model

    @cached_property
    def tokens(self) -> tuple[bytes, ...]:
        """All tokens; `Lattice.token` holds their numbers in this order."""
        return tuple(self.logp)

    @cached_property
    def scores(self) -> Array:
        """The log-weights as an array, in the order of `tokens`."""
        scores = np.fromiter(self.logp.values(), np.float64, len(self.logp))
        scores.setflags(write=False)
        return scores

    @cached_property
    def extreme(self) -> float:
        """The largest |log-weight|."""
        return float(np.abs(self.scores).max())

    @cached_property
    def trie(self) -> Trie:
        """The tokens as a trie, built when the first text is read."""
        return Trie(self.tokens)

    def __repr__(self) -> str:
        return f"UnigramModel of {len(self.logp)} tokens, the longest of {self.m} bytes"


def check_model(model: Any) -> UnigramModel:
    """TypeError unless it is a UnigramModel."""
    if not isinstance(model, UnigramModel):
        refuse(f"model is a {type(model).__name__}", "a UnigramModel is needed", "make one of your tokens", TypeError)
    return model


def _checked(logp: Any) -> dict[bytes, float]:
    if not isinstance(logp, Mapping):
        refuse(f"logp is a {type(logp).__name__}", "it maps bytes to log-probabilities", "give a dict", TypeError)
    if not logp:
        refuse(
            "logp is empty", "a vocabulary has at least one token", "add the single bytes, so that any text is covered"
        )
    checked: dict[bytes, float] = {}
    for token, value in logp.items():
        if not isinstance(token, bytes):
            refuse(
                f"token {token!r}",
                "a token is a bytes object",
                "encode it yourself, by the encoding you mean",
                TypeError,
            )
        if not token:
            refuse("token b''", "a token has at least one byte", "leave it out: it would make texts endless")
        # asking for the type first: an abstract class is slow to ask, and vocabularies are large
        if type(value) is not float and (isinstance(value, bool) or not isinstance(value, Real)):
            refuse(f"logp[{token!r}]={value!r}", "a log-probability is a real number", "convert it to float", TypeError)
        try:
            checked[token] = float(value)
        except OverflowError:
            checked[token] = math.inf
        if not math.isfinite(checked[token]):
            refuse(
                f"logp[{token!r}]={value!r:.80}", "log-probabilities are finite", "leave out tokens of probability 0"
            )
    return checked


def _log(weight: Fraction) -> float:
    """log of a positive fraction of any size."""
    try:
        ratio = weight.numerator / weight.denominator
    except OverflowError:
        ratio = 0.0
    if ratio > 1e-300:
        return math.log(ratio)
    return math.log(weight.numerator) - math.log(weight.denominator)
