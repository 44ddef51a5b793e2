"""Entry 6: backing off over k tokens conditions on an earlier boundary, and never hurts."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, mutant, role, series
from verify.claims.sources import VOCAB_ALIGNMENT, VOCAB_ARTICLE
from verify.claims.vocab_continuation.instances import (
    SETTINGS,
    apart,
    baiyun,
    cuts,
    prompts_of,
    setting_of,
    tv,
)
from verify.evidence import Enclosure, accepted, exact, exactly, worst
from verify.methods import continuation
from verify.methods.continuation import END, FiniteSource, MaximalMunch, boundary_mass, local_mask_law

role(
    "vocab_continuation.backoff_law",
    numbers="a token model, its tokeniser, a text x, k tokens to drop; the law as {outcome: Fraction}, or None",
)(continuation.backoff_law)


def refuse_as_reference(lm: Any, tok: Any, x: Any, k: int) -> None:
    """Raise what the reference raises: a mutant is caught for its own mistake, not for taking bad input."""
    continuation.backoff_law(lm, tok, x, k)


def kept_length(tok: Any, x: Any, k: int) -> int:
    """s_k: how many characters the tokens of x have without the last k."""
    tokens = tok.encode(x)
    return sum(map(len, tokens[: len(tokens) - k]))


@mutant("vocab_continuation.backoff_law", slip="masked and renormalised token by token, in place of conditioning")
def local_masking(lm: Any, tok: Any, x: Any, k: int, *, whole: bool = False) -> Any:
    return local_mask_law(lm, tok, x, k, whole=whole)[0] or None


@mutant("vocab_continuation.backoff_law", slip="one token less is dropped than asked for")
def one_less(lm: Any, tok: Any, x: Any, k: int, *, whole: bool = False) -> Any:
    refuse_as_reference(lm, tok, x, k)
    return continuation.backoff_law(lm, tok, x, max(k - 1, 0), whole=whole)


@mutant("vocab_continuation.backoff_law", slip="the dropped characters must start one new token; several are not tried")
def single_covering_token(lm: Any, tok: Any, x: Any, k: int, *, whole: bool = False) -> Any:
    return by_single_tokens(lm, tok, x, k, whole=whole, longer=0)


@mutant(
    "vocab_continuation.backoff_law", slip="only strictly longer tokens are looked up: the dropped piece itself is lost"
)
def strictly_longer(lm: Any, tok: Any, x: Any, k: int, *, whole: bool = False) -> Any:
    return by_single_tokens(lm, tok, x, k, whole=whole, longer=1)


def by_single_tokens(lm: Any, tok: Any, x: Any, k: int, *, whole: bool, longer: int) -> Any:
    """Backing off with one token in place of the dropped ones."""
    refuse_as_reference(lm, tok, x, k)
    if k == 0:
        return continuation.backoff_law(lm, tok, x, 0, whole=whole)
    start = kept_length(tok, x, k)
    context, rest = tok.encode(x[:start]), x[start:]
    if not lm.prefix_mass(context):
        return None
    law: dict[Any, Fraction] = {}
    for token, p in lm.next_token(context).items():
        if token is END or not token.startswith(rest) or len(token) < len(rest) + longer:
            continue
        tail = token[len(rest) :]
        after = {tail[:1]: Fraction(1)}
        if whole or not tail:
            after = {tail + y if whole else y: q for y, q in following(lm, (*context, token), whole).items()}
        for y, q in after.items():
            law[y] = law.get(y, Fraction(0)) + p * q
    return {y: q / sum(law.values()) for y, q in law.items()} or None


def following(lm: Any, tokens: tuple[Any, ...], whole: bool) -> dict[Any, Fraction]:
    """The law of what follows a context: the next character, or everything up to the end."""
    law: dict[Any, Fraction] = {}
    for token, p in lm.next_token(tokens).items():
        if token is END:
            after = {"" if whole else END: Fraction(1)}
        elif whole:
            after = {token + y: q for y, q in following(lm, (*tokens, token), True).items()}
        else:
            after = {token[:1]: Fraction(1)}
        for y, q in after.items():
            law[y] = law.get(y, Fraction(0)) + p * q
    return law


@equivalent("vocab_continuation.backoff_law", because="what masking takes away at each step is given back as a weight")
def importance_weighted(lm: Any, tok: Any, x: Any, k: int, *, whole: bool = False) -> Any:
    """Masked decoding, each step renormalised, every draw weighed by the product of what the masks left over."""
    reference = continuation.backoff_law(lm, tok, x, k, whole=whole)  # refuses what must be refused
    if reference is None or whole:
        return reference
    start = kept_length(tok, x, k)
    law: dict[Any, Fraction] = {}

    def decode(context: tuple[Any, ...], rest: Any, probability: Fraction, weight: Fraction) -> None:
        if not rest:
            for y, q in following(lm, context, False).items():
                law[y] = law.get(y, Fraction(0)) + probability * weight * q
            return
        masked = {
            token: p
            for token, p in lm.next_token(context).items()
            if token is not END and (token.startswith(rest) or rest.startswith(token))
        }
        left = sum(masked.values())
        for token, p in masked.items():
            if len(token) > len(rest):
                y = token[len(rest) :][:1]
                law[y] = law.get(y, Fraction(0)) + probability * p / left * weight * left
            else:
                decode((*context, token), rest[len(token) :], probability * p / left, weight * left)

    decode(tok.encode(x[:start]), x[start:], Fraction(1), Fraction(1))
    return {y: q / sum(law.values()) for y, q in law.items()}


SOURCE = VOCAB_ALIGNMENT.at("backtracking over several tokens")
BETA_K = r"\beta_k = P(s_k \in \partial\tau(X) \mid X \succeq x), \; s_k = |t_1 \cdots t_{K-k}|"


@claim(
    id="vocab_continuation.backoff-monotone",
    title="Dropping k tokens leaves a distance of one minus the probability of the boundary before them",
    statement=r"\operatorname{TV}(Q_k, P) = 1 - \beta_k, \qquad " + BETA_K,
    source=SOURCE,
    role=("vocab_continuation.backoff_law", "vocab_continuation.boundary_mass"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both sides are Fractions over the same documents, for every prompt and every k"),
    cases=SETTINGS,
    quantity="largest |total variation − (1 − β_k)| over prompts and k",
)
def conditioned_further_back(
    backoff_law: Any, boundary_mass: Any, case: Case, rng: np.random.Generator
) -> Iterator[Enclosure]:
    def differences() -> Iterator[Enclosure]:
        for (source, tok, lm, _), x in prompts_of(case):
            truth = source.continuations(x)
            for k in range(len(tok.encode(x)) + 1):
                beta = boundary_mass(source, tok, x, kept_length(tok, x, k))
                yield exact(apart(1 - beta, tv(backoff_law(lm, tok, x, k, whole=True), truth)))

    yield worst(differences())


@claim(
    id="vocab_continuation.backoff-monotone.conditioning",
    title="It is the true law given that boundary, next character by next character",
    statement=r"Q_k(c) = P(c \mid X \succeq x, \; s_k \in \partial\tau(X))",
    source=SOURCE,
    role="vocab_continuation.backoff_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both laws are Fractions over the same documents, for every prompt and every k"),
    cases=SETTINGS,
    quantity="largest total variation from the conditioned law",
)
def conditioned_law(backoff_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def differences() -> Iterator[Enclosure]:
        for (source, tok, lm, _), x in prompts_of(case):
            for k in range(len(tok.encode(x)) + 1):
                start = kept_length(tok, x, k)
                law: dict[Any, Fraction] = {}
                for text, mass in source.docs.items():
                    if text.startswith(x) and start in cuts(tok.encode(text)):
                        c = text[len(x) :][:1] or END
                        law[c] = law.get(c, Fraction(0)) + mass
                expected = {c: mass / sum(law.values()) for c, mass in law.items()} or None
                yield exact(tv(backoff_law(lm, tok, x, k), expected))

    yield worst(differences())


@claim(
    id="vocab_continuation.backoff-monotone.monotone",
    title="Backing off further never hurts, and backing off to the start is exact",
    statement=r"\beta_0 \le \beta_1 \le \dots \le \beta_K = 1",
    source=SOURCE,
    role="vocab_continuation.backoff_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="total variations of the whole continuation, compared as Fractions"),
    cases=SETTINGS,
    quantity="prompts and k where the distance grows, or is left at the start",
)
def never_hurts(backoff_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    wrong = 0
    for (source, tok, lm, _), x in prompts_of(case):
        truth = source.continuations(x)
        distances = [tv(backoff_law(lm, tok, x, k, whole=True), truth) for k in range(len(tok.encode(x)) + 1)]
        wrong += sum(more > less for less, more in pairwise(distances)) + (distances[-1] != 0)
    yield exact(wrong)


@claim(
    id="vocab_continuation.backoff-monotone.refusals",
    title="More tokens than the prompt has cannot be dropped, and impossible prompts have no law",
    statement=r"0 \le k \le K",
    source=VOCAB_ARTICLE.at("the remedy: one step back"),
    role="vocab_continuation.backoff_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a bad input raises ValueError, or it does not"),
    quantity="bad inputs accepted",
)
def refused_steps(backoff_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    _, tok, lm, _ = baiyun()
    calls = [(lm, tok, "广州的白云", k) for k in (-1, 4, 99)] + [
        (lm, tok, "山", 0),
        (lm, tok, "山", 1),
        (lm, tok, "北京", 0),
    ]
    yield exact(accepted(backoff_law, calls, ValueError))


@mutant("vocab_continuation.backoff_law", slip="k is clipped to what there is, in silence")
def clipped(lm: Any, tok: Any, x: Any, k: int, *, whole: bool = False) -> Any:
    return continuation.backoff_law(lm, tok, x, min(max(k, 0), len(tok.encode(x))), whole=whole)


@figure(of="vocab_continuation.backoff-monotone")
def bias_against_steps() -> Figure:
    quarter = Fraction(1, 4)
    stairs = setting_of(
        FiniteSource({"abcdex": quarter, "abcdef": quarter, "abcdeg": quarter, "abcdeh": quarter}),
        MaximalMunch([*"abcdefghx", "ef", "cdeg", "abcdeh"]),
    )
    prompts = {"abcde, tokens ef, cdeg, abcdeh": (stairs, "abcde"), "Baiyun ji": (baiyun(), "广州的白云机")}
    curves = []
    for label, (setting, x) in prompts.items():
        steps = range(_steps(setting, x) + 1)
        curves.append(series(label, steps, [_bias(setting, x, k) for k in steps], kind="steps"))
    return Figure(
        "What is left after k steps back",
        "The distance never grows with k and is 0 at the start of the prompt; each stair is a document whose token is "
        "reached.",
        "tokens dropped k",
        "1 − β_k",
        tuple(curves),
    )


def _steps(setting: Any, x: str) -> int:
    return len(setting.tok.encode(x))


def _bias(setting: Any, x: str, k: int) -> float:
    return float(1 - boundary_mass(setting.source, setting.tok, x, kept_length(setting.tok, x, k)))
