"""Entry 2: the naive law is the true law conditioned on a token boundary at the end of the prompt."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.sources import VOCAB_ARTICLE, VOCAB_BIAS, VOCAB_BPE
from verify.claims.vocab_continuation.instances import (
    GUANGZHOU,
    SETTINGS,
    apart,
    baiyun,
    cuts,
    prompts_of,
    random_merges,
    random_probs,
    settings_of,
    tv,
)  # fmt: skip
from verify.evidence import Enclosure, Vacuous, accepted, at_most, exact, exactly, worst
from verify.methods import continuation
from verify.methods.continuation import BytePairMerges, MaximalMunch, UnigramViterbi

role(
    "vocab_continuation.boundary_mass",
    numbers="a finite source, a tokeniser, a text x, a position i <= len(x); P(boundary at i | X starts with x), Fraction",
)(continuation.boundary_mass)


@mutant("vocab_continuation.boundary_mass", slip="the boundaries of the prompt's own tokens, not of the document's")
def of_the_prompt(source: Any, tok: Any, x: Any, i: int) -> Any:
    return Fraction(i in cuts(tok.encode(x)))


@mutant("vocab_continuation.boundary_mass", slip="not conditioned on the prompt")
def unconditional(source: Any, tok: Any, x: Any, i: int) -> Any:
    return continuation.boundary_mass(source, tok, x, i) * source.prefix_mass(x)


@equivalent(
    "vocab_continuation.boundary_mass", because="the events {tokens start with tau(x)} and {boundary at x} coincide"
)
def by_tokens(source: Any, tok: Any, x: Any, i: int) -> Any:
    context = tok.encode(x[:i])
    hits = sum(
        (
            mass
            for text, mass in source.docs.items()
            if text.startswith(x) and tok.encode(text)[: len(context)] == context
        ),
        Fraction(0),
    )
    return hits / source.prefix_mass(x)


EVENTS = r"\{\tau(X) \succeq \tau(x)\} = \{|x| \in \partial\tau(X)\} \text{ on } \{X \succeq x\}"
BETA = r"\beta(x) = P(|x| \in \partial\tau(X) \mid X \succeq x)"
SOURCE = VOCAB_BIAS.at("the bias of conditioning on tokens")
ROLES = ("vocab_continuation.naive_law", "vocab_continuation.boundary_mass")
EQUAL = "both sides are Fractions over the same documents: they are equal for every prompt or the identity is false"


@claim(
    id="vocab_continuation.boundary-identity",
    title="The distance of naive continuation from the truth is one minus the boundary probability",
    statement=r"\operatorname{TV}\big(Q(\cdot\mid x), P(\cdot\mid x)\big) = 1 - \beta(x), \qquad " + BETA,
    source=SOURCE,
    role=ROLES,
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=EQUAL),
    cases=SETTINGS,
    quantity="largest |total variation − (1 − β)| over the prompts",
)
def naive_is_conditioned(
    naive_law: Any, boundary_mass: Any, case: Case, rng: np.random.Generator
) -> Iterator[Enclosure]:
    yield worst(
        exact(
            apart(
                1 - boundary_mass(source, tok, x, len(x)),
                tv(naive_law(lm, tok, x, whole=True), source.continuations(x)),
            )
        )
        for (source, tok, lm, _), x in prompts_of(case)
    )


@claim(
    id="vocab_continuation.boundary-identity.ratio",
    title="Each continuation is weighed by how likely it makes a boundary at the end of the prompt",
    statement=r"\frac{Q(y\mid x)}{P(y\mid x)} = "
    r"\frac{P(|x|\in\partial\tau(X) \mid X \succeq xy)}{P(|x|\in\partial\tau(X) \mid X \succeq x)}",
    source=SOURCE,
    role=ROLES,
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=EQUAL),
    cases=SETTINGS,
    quantity="largest |β(x) Q(y) − P(y) β(xy at x)| over prompts and next characters",
)
def weighed_by_boundaries(
    naive_law: Any, boundary_mass: Any, case: Case, rng: np.random.Generator
) -> Iterator[Enclosure]:
    def differences() -> Iterator[Enclosure]:
        for (source, tok, lm, _), x in prompts_of(case):
            law, beta = naive_law(lm, tok, x) or {}, boundary_mass(source, tok, x, len(x))
            for y, p in source.next_char(x).items():
                if isinstance(y, str):
                    side = p * boundary_mass(source, tok, x + y, len(x))
                    yield exact(apart(Fraction(beta) * Fraction(law.get(y, 0)), side))

    yield worst(differences())


@claim(
    id="vocab_continuation.boundary-identity.kl",
    title="The divergence of the naive law from the truth is the log of the boundary probability",
    statement=r"\operatorname{KL}(Q \,\|\, P) = -\log \beta(x)",
    source=SOURCE,
    role=ROLES,
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="at most 12 outcomes: a sum of products q log(q/p), each log below 3, rounds by less than "
                   "1e-14; the weakest mutant is off by a whole log"),
    cases=SETTINGS,
    quantity="largest |KL + log β|, nats",
)  # fmt: skip
def divergence(naive_law: Any, boundary_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference(source: Any, tok: Any, lm: Any, x: str) -> float:
        law, beta = naive_law(lm, tok, x, whole=True), boundary_mass(source, tok, x, len(x))
        if not law or not beta:
            return 0.0 if not law and not beta else math.inf
        truth = source.continuations(x)
        if not law.keys() <= truth.keys():
            return math.inf
        kl = math.fsum(q * math.log(q / truth[y]) for y, q in law.items() if q)
        return abs(kl + math.log(beta))

    yield worst(exact(difference(*setting[:3], x)) for setting, x in prompts_of(case))


@claim(
    id="vocab_continuation.boundary-identity.next-character",
    title="The next character alone is off by at most one minus the boundary probability",
    statement=r"\operatorname{TV}_{\text{next}} \le 1 - \beta(x)",
    source=SOURCE,
    role=ROLES,
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="merging outcomes never increases a total variation; one prompt above refutes it"),
    cases=SETTINGS,
    quantity="prompts whose next character is off by more",
)
def next_character_bound(
    naive_law: Any, boundary_mass: Any, case: Case, rng: np.random.Generator
) -> Iterator[Enclosure]:
    yield exact(
        sum(
            tv(naive_law(lm, tok, x), source.next_char(x)) > 1 - boundary_mass(source, tok, x, len(x))
            for (source, tok, lm, _), x in prompts_of(case)
        )
    )


@claim(
    id="vocab_continuation.boundary-identity.next-character-strict",
    title="For the next character the bound is not an equality",
    statement=r"\operatorname{TV}_{\text{next}} = \tfrac{1125}{1564} < \tfrac{75}{92} = 1 - \beta(\text{广州的白云})",
    source=VOCAB_ARTICLE.at("the example of Baiyun"),
    role=ROLES,
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="75/92 − 1125/1564 = 75/782: a difference of Fractions"),
    quantity="|(1 − β − TV of the next character) − 75/782|",
    refutes="The next character alone is off by exactly one minus the boundary probability.",
)
def strictly_below(naive_law: Any, boundary_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    source, tok, lm, _ = baiyun()
    beta = boundary_mass(source, tok, GUANGZHOU, len(GUANGZHOU))
    next_tv = tv(naive_law(lm, tok, GUANGZHOU), source.next_char(GUANGZHOU))
    yield exact(apart(1 - beta - next_tv, Fraction(75, 782)))


# --- prefix-closed: what the identity rests on ------------------------------------------------------------------

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
            ranks = [self._rank.get(pair, never) for pair in itertools.pairwise(symbols)]
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


@figure(of="vocab_continuation.boundary-identity.next-character")
def next_character_against_bound() -> Figure:
    points = [
        (
            1 - continuation.boundary_mass(s.source, s.tok, x, len(x)),
            tv(continuation.naive_law(s.lm, s.tok, x), s.source.next_char(x)),
        )
        for tokeniser in ("munch", "bpe", "viterbi")
        for block in range(2)
        for s, x in prompts_of(Case({"tokeniser": tokeniser, "block": block}))
    ]
    x, y = zip(*sorted(set(points)), strict=True)
    if not any(0 < b < a < 1 for a, b in points):
        raise Vacuous("no prompt lies strictly below the diagonal")
    return Figure(
        "The next character against the whole continuation",
        "The next character is off by no more than the whole continuation, which is off by exactly 1 − β; often by less.",
        "1 − β(x)",
        "total variation of the next character",
        (series("prompts of 30 random settings", x, y, kind="dots"), series("equal", (0, 1), (0, 1), kind="dashed")),
    )
