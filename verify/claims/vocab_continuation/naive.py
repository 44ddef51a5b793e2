"""Entry 1: tokenising the prompt and continuing does not reproduce the law of the text, even with a perfect model."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import pairwise, product
from typing import Any

import numpy as np

from verify.claims import (
    Case,
    Evidence,
    Figure,
    Table,
    claim,
    equivalent,
    figure,
    grid,
    mutant,
    role,
    series,
    table,
)
from verify.claims.sources import VOCAB_ARTICLE, VOCAB_BIAS
from verify.claims.vocab_continuation.instances import GUANGZHOU, Setting, apart, baiyun, setting_of, side_by_side, tv
from verify.evidence import Enclosure, accepted, exact, exactly, worst
from verify.methods import continuation
from verify.methods.continuation import END, FiniteSource, IdealTokenLM, MaximalMunch, backoff_law

role(
    "vocab_continuation.naive_law",
    numbers="a token model, its tokeniser, a text x; {next character or END: Fraction}, or None where x's tokens have "
    "mass 0; whole=True: {continuation: Fraction}",
)(continuation.naive_law)


@mutant("vocab_continuation.naive_law", slip="computed from the truth: what one would wish the naive law to be")
def from_truth(lm: Any, tok: Any, x: Any, *, whole: bool = False) -> Any:
    return backoff_law(lm, tok, x, len(tok.encode(x)), whole=whole)


@mutant("vocab_continuation.naive_law", slip="zero counts are smoothed: every possible outcome gets 1/100 more")
def smoothed(lm: Any, tok: Any, x: Any, *, whole: bool = False) -> Any:
    law = continuation.naive_law(lm, tok, x, whole=whole) or {}
    raised = {y: law.get(y, 0) + Fraction(1, 100) for y in from_truth(lm, tok, x, whole=whole)}
    return {y: p / sum(raised.values()) for y, p in raised.items()}


@mutant(
    "vocab_continuation.naive_law", slip="a tokeniser without its long tokens, for which there is no bias to be seen"
)
def short_tokens(lm: Any, tok: Any, x: Any, *, whole: bool = False) -> Any:
    source = FiniteSource(backoff_law(lm, tok, x[:0], 0, whole=True) or {})
    short = MaximalMunch([token for token in tok.vocab if len(token) < 3])
    return continuation.naive_law(IdealTokenLM.canonical(source, short), short, x, whole=whole)


@equivalent("vocab_continuation.naive_law", because="the laws of tokens and of their first characters sum to the same")
def by_prefix_masses(lm: Any, tok: Any, x: Any, *, whole: bool = False) -> Any:
    context = tok.encode(x)
    if whole or not lm.prefix_mass(context):
        return continuation.naive_law(lm, tok, x, whole=whole)
    law: dict[Any, Fraction] = {}
    for token in lm.next_token(context):
        if token is not END:
            share = lm.prefix_mass((*context, token)) / lm.prefix_mass(context)
            law[token[:1]] = law.get(token[:1], Fraction(0)) + share
    return law | {END: 1 - sum(law.values())} if sum(law.values()) < 1 else law


role("vocab_continuation.finite_source", numbers="{text: Fraction} with sum 1; a source, or an error")(FiniteSource)


@mutant("vocab_continuation.finite_source", slip="masses are normalised in silence, floats included")
def normalising(docs: Any) -> Any:
    total = sum(map(Fraction, docs.values()))
    return FiniteSource({text: Fraction(mass) / total for text, mass in docs.items()})


ARTICLE = VOCAB_ARTICLE.at("the example of Baiyun, a mountain and an airport")
STATEMENT = r"Q(\cdot \mid x) = P(\cdot \mid T \succeq \tau(x)) \ne P(\cdot \mid X \succeq x)"
EXACT_LAWS = "both laws are ratios of sums of a few Fractions; they are these numbers or they are not"


@claim(
    id="vocab_continuation.naive-zero",
    title="After the article's prompt, naive continuation is off by 72 percent of all mass",
    statement=STATEMENT + r",\qquad \operatorname{TV} = \tfrac{1125}{1564} \text{ after } \text{广州的白云}",
    source=ARTICLE,
    role="vocab_continuation.naive_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=EXACT_LAWS),
    quantity="|total variation − 1125/1564|",
    refutes="Tokenising the prompt and continuing with a model that has learnt its data perfectly reproduces the law "
    "of the text.",
)
def naive_is_wrong(naive_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    source, tok, lm, _ = baiyun()
    distance = tv(naive_law(lm, tok, GUANGZHOU), source.next_char(GUANGZHOU))
    yield exact(apart(distance, Fraction(1125, 1564)))


SUN = {"太阳能": Fraction(1, 2), "太阳很大": Fraction(1, 2)}
SUN_VOCAB = ("太", "阳", "能", "很", "大", "太阳", "太阳能")
EXPECTED = {
    GUANGZHOU: {"很": Fraction(15, 17), "机": Fraction(2, 17)},
    "太阳": {"很": Fraction(1)},
}


@claim(
    id="vocab_continuation.naive-zero.laws",
    title="What continues to a longer token gets probability zero",
    statement=r"Q(\text{山}\mid\text{广州的白云}) = 0,\quad Q(\text{能}\mid\text{太阳}) = 0",
    source=VOCAB_ARTICLE.at("the sun and solar energy; Baiyun"),
    role="vocab_continuation.naive_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=EXACT_LAWS),
    cases=grid(prompt=tuple(EXPECTED)),
    quantity="total variation from the law worked out by hand",
)
def naive_laws(naive_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    setting = baiyun() if case.prompt == GUANGZHOU else setting_of(FiniteSource(SUN), MaximalMunch(SUN_VOCAB))
    yield exact(tv(naive_law(setting.lm, setting.tok, case.prompt), EXPECTED[case.prompt]))


@claim(
    id="vocab_continuation.naive-zero.undefined",
    title="A prompt that ends inside every token leaves the naive law undefined",
    statement=r"P(T \succeq \tau(\text{广州的白})) = 0, \quad P(\text{云}\mid\text{广州的白}) = \tfrac{23}{25}",
    source=ARTICLE,
    role="vocab_continuation.naive_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="the answer is None or it is not: 0/0 is never renormalised"),
    quantity="answers where there is no law",
)
def naive_undefined(naive_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    _, tok, lm, _ = baiyun()
    yield exact(naive_law(lm, tok, "广州的白") is not None)


@cache
def two_states() -> Setting:
    """A chain on A and B that starts in B, eight steps long, and the tokens A, B, AA."""
    step = {"A": {"A": Fraction(7, 10), "B": Fraction(3, 10)}, "B": {"A": Fraction(6, 10), "B": Fraction(4, 10)}}
    docs: dict[str, Fraction] = {}
    for rest in product("AB", repeat=8):
        text, mass = "B" + "".join(rest), Fraction(1)
        for here, there in pairwise(text):
            mass *= step[here][there]
        docs[text] = mass
    return setting_of(FiniteSource(docs), MaximalMunch(["A", "B", "AA"]))


@claim(
    id="vocab_continuation.naive-zero.two-state-chain",
    title="On a two-state chain, naive continuation is certain of what has probability 3/10, after odd runs only",
    statement=r"Q(B \mid BA^r) = 1 \;(r \text{ odd}), \qquad Q(B \mid BA^r) = \tfrac{3}{10} = P(B \mid A) \;(r \text{ even})",
    source=VOCAB_BIAS.at("the Markov chain of section 3"),
    role="vocab_continuation.naive_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=EXACT_LAWS),
    cases=grid(run=(1, 2, 3, 4)),
    quantity="|Q(B) − 1| or |Q(B) − 3/10|",
)
def odd_runs(naive_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    _, tok, lm, _ = two_states()
    law = naive_law(lm, tok, "B" + "A" * case.run) or {}
    yield exact(apart(law.get("B", 0), Fraction(1) if case.run % 2 else Fraction(3, 10)))


@claim(
    id="vocab_continuation.naive-zero.refusals",
    title="A source is refused unless its masses are exact and sum to one",
    statement=r"\sum_X P(X) = 1, \quad P(X) \in \mathbb{Q}_{\ge 0}",
    source=ARTICLE,
    role="vocab_continuation.finite_source",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a bad input raises ValueError or TypeError, or it does not"),
    quantity="bad inputs accepted",
)
def refused_sources(finite_source: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    half = Fraction(1, 2)
    wrong_value = [{}, {"a": half}, {"a": half, "b": Fraction(2, 3)}, {"a": Fraction(3, 2), "b": -half}]
    wrong_type = [{"a": 0.5, "b": 0.5}, {"a": half, b"b": half}]
    parts = [
        accepted(finite_source, [(docs,) for docs in wrong_value], ValueError),
        accepted(finite_source, [(docs,) for docs in wrong_type], TypeError),
    ]
    yield worst(map(exact, parts))


@figure(of="vocab_continuation.naive-zero")
def true_and_naive() -> Figure:
    source, tok, lm, _ = baiyun()
    outcomes = ("机", "山", "很")
    laws = source.next_char(GUANGZHOU), continuation.naive_law(lm, tok, GUANGZHOU) or {}
    heights = [[float(law.get(c, 0)) for c in outcomes] for law in laws]
    notes = [
        series(word, [place - 0.35], [0.92], kind="note")
        for place, word in enumerate(("ji: airport", "shan: mountain", "hen: very"))
    ]
    return Figure(
        "The character after Guangzhou's Baiyun",
        "The two likely continuations lose nearly all their mass to the third, because they would have been one token.",
        "next character",
        "probability",
        (*side_by_side(("true law", "naive law"), heights), *notes),
    )


READINGS = {
    "云": "云 yun, cloud",
    "天": "天 tian, day",
    "机": "机 ji, machine",
    "山": "山 shan, mountain",
    "很": "很 hen, very",
    "场": "场 chang, field",
    END: "end",
}


@table(of="vocab_continuation.naive-zero")
def laws_side_by_side() -> Table:
    """Every law of the article's example, to be followed by hand."""
    source, tok, lm, _ = baiyun()
    rows = []
    for x, reading in (("广州的白", "Guangzhou de bai"), (GUANGZHOU, "… baiyun"), ("广州的白云机", "… baiyun ji")):
        steps = len(tok.encode(x))
        truth = source.next_char(x)
        laws = [
            truth,
            *(backoff_law(lm, tok, x, k) for k in range(min(steps, 3))),
            continuation.exact_next_char(lm, tok, x),
        ]
        for outcome in sorted(truth, key=lambda y: -truth[y]):
            cells = ["undefined" if law is None else str(law.get(outcome, 0)) for law in laws]
            rows.append([f"{x} {reading}", "|".join(tok.encode(x)), READINGS[outcome], *cells])
    return Table(
        "The article's example, law by law",
        "Documents: 广州的白云机场 0.40, 广州的白云山 0.35, 广州的白云很白 0.15, 广州的白云机 0.02, "
        "广州的白天 0.08. Tokens: 广州, 的, 白云, "
        "白云山, 白云机场, 白天 and every single character, the longest first. Stepping back over one token repairs the "
        "article's prompt, two are needed after 广州的白云机, and the cover is exact everywhere.",
        ["prompt", "its tokens", "next", "true", "naive", "back 1", "back 2", "cover"],
        rows,
    )
