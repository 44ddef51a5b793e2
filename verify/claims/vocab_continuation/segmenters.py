"""Models of random segmentations: the ideal one, by the list of all its sequences, and the wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from verify.claims import equivalent, mutant, role
from verify.methods.continuation import END, IdealTokenLM, UnigramViterbi, cover

role(
    "vocab_continuation.stochastic",
    numbers="a finite source, {token: Fraction}, alpha; a token model: Fractions for an int alpha, else floats",
)(IdealTokenLM.stochastic)

Tokens = tuple[str, ...]


def segmentations(text: str, vocab: Any) -> list[Tokens]:
    """All token sequences that join to the text."""
    return [tokens for tokens in cover(text, vocab) if sum(map(len, tokens)) == len(text)]


class Listed:
    """A token model from the list of all its sequences."""

    is_canonical = False

    def __init__(self, masses: Mapping[Tokens, Any]) -> None:
        self.masses: dict[Tokens, Any] = {}
        self.steps: dict[Tokens, dict[Any, Any]] = {}
        for tokens, mass in masses.items():
            for j in range(len(tokens) + 1):
                context, following = tokens[:j], tokens[j] if j < len(tokens) else END
                self.masses[context] = self.masses.get(context, 0) + mass
                law = self.steps.setdefault(context, {})
                law[following] = law.get(following, 0) + mass

    def prefix_mass(self, tokens: Any) -> Any:
        return self.masses.get(tuple(tokens), Fraction(0))

    def next_token(self, tokens: Any) -> dict[Any, Any]:
        context = tuple(tokens)
        return {token: mass / self.masses[context] for token, mass in self.steps[context].items()}


def listed(source: Any, law_of: Callable[[str], Mapping[Tokens, Any]]) -> Listed:
    """The model of a source and of a law of the segmentation of each document."""
    return Listed({t: mass * q for text, mass in source.docs.items() for t, q in law_of(text).items()})


def by_weights(weights: Mapping[str, Any]) -> Callable[[str], dict[Tokens, Any]]:
    """The law of a segmentation in proportion to the product of the weights of its tokens."""

    def law_of(text: str) -> dict[Tokens, Any]:
        products: dict[Tokens, Any] = {}
        for tokens in segmentations(text, weights):
            products[tokens] = Fraction(1)
            for token in tokens:
                products[tokens] *= weights[token]
        total = sum(products.values())
        return {tokens: product / total for tokens, product in products.items()}

    return law_of


@equivalent(
    "vocab_continuation.stochastic", because="the model that lists every segmentation of every document is the same"
)
def enumerated(source: Any, probs: Any, alpha: Any) -> Any:
    IdealTokenLM.stochastic(source, probs, alpha)  # refuses what must be refused
    return listed(source, by_weights({token: p**alpha for token, p in probs.items()}))


@mutant(
    "vocab_continuation.stochastic", slip="probabilities that are not normalised: each token weighs as many times more"
)
def not_normalised(source: Any, probs: Any, alpha: Any) -> Any:
    IdealTokenLM.stochastic(source, probs, alpha)
    least = min(probs.values())
    return listed(source, by_weights({token: (p / least) ** alpha for token, p in probs.items()}))


@mutant("vocab_continuation.stochastic", slip="duels of paths, in place of the perfect sampler")
def duels(source: Any, probs: Any, alpha: Any) -> Any:
    IdealTokenLM.stochastic(source, probs, alpha)
    return listed(source, lambda text: duel_law(text, probs, alpha))


def duel_law(text: str, probs: Mapping[str, Any], alpha: Any) -> dict[Tokens, Any]:
    """The law of the path that is left after each candidate has met the kept path in one duel, longer tokens first.

    A candidate of weight a replaces a kept path of weight b with probability a^alpha / (a^alpha + b^alpha).
    """
    states: dict[tuple[Any, ...], Any] = {((Fraction(1), ()),): Fraction(1)}
    longest = max(map(len, probs))
    for end in range(1, len(text) + 1):
        begins = [i for i in range(max(0, end - longest), end) if text[i:end] in probs]
        after: dict[tuple[Any, ...], Any] = {}
        for kept, mass in states.items():
            outcomes: dict[Any, Any] = {}
            for i in begins:
                if kept[i] is None:
                    continue
                weight, tokens = kept[i]
                candidate = (weight * probs[text[i:end]], (*tokens, text[i:end]))
                if not outcomes:
                    outcomes[candidate] = Fraction(1)
                    continue
                fresh = Fraction(0)
                for held, p in list(outcomes.items()):
                    a, b = candidate[0] ** alpha, held[0] ** alpha
                    outcomes[held] = p * b / (a + b)
                    fresh += p * a / (a + b)
                outcomes[candidate] = fresh
            for held, p in (outcomes or {None: Fraction(1)}).items():
                state = (*kept, held)
                after[state] = after.get(state, Fraction(0)) + mass * p
        states = after
    law: dict[Tokens, Any] = {}
    for kept, mass in states.items():
        if kept[-1] is not None:
            law[kept[-1][1]] = law.get(kept[-1][1], Fraction(0)) + mass
    return law


@mutant("vocab_continuation.stochastic", slip="the best segmentation, whatever alpha")
def best_only(source: Any, probs: Any, alpha: Any) -> Any:
    IdealTokenLM.stochastic(source, probs, alpha)
    return IdealTokenLM.canonical(source, UnigramViterbi(probs))


@mutant("vocab_continuation.stochastic", slip="a bad alpha is clipped and probabilities are normalised, in silence")
def forgiving(source: Any, probs: Any, alpha: Any) -> Any:
    total = sum(map(Fraction, probs.values()))
    exponent = max(0.0, min(float(alpha), 1e3)) if alpha == alpha else 1
    return IdealTokenLM.stochastic(source, {v: Fraction(p) / total for v, p in probs.items()}, exponent)
