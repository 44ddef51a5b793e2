"""Entry 2: the naive law is the true law conditioned on a token boundary at the end of the prompt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, mutant, role, series
from verify.claims.sources import VOCAB_ARTICLE, VOCAB_BIAS
from verify.claims.vocab_continuation.instances import (
    GUANGZHOU,
    SETTINGS,
    apart,
    baiyun,
    cuts,
    prompts_of,
    tv,
)
from verify.evidence import Enclosure, Vacuous, at_most, exact, exactly, worst
from verify.methods import continuation

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
    found = source.starting_with(x)
    hits = sum(weight for text, weight in found if tok.encode(text)[: len(context)] == context)
    return Fraction(hits, sum(weight for _, weight in found))


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
        exact(off_identity(naive_law, boundary_mass, source, tok, lm, x))
        for (source, tok, lm, _), x in prompts_of(case)
    )


def off_identity(naive_law: Any, boundary_mass: Any, source: Any, tok: Any, lm: Any, x: Any) -> Fraction:
    """|(1 - beta) - total variation of the whole continuation| after one prompt."""
    return apart(
        1 - boundary_mass(source, tok, x, len(x)), tv(naive_law(lm, tok, x, whole=True), source.continuations(x))
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
