"""Entry 3: averaged over uniform cuts, the bias is set by the compression ratio alone."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, mutant, role, series
from verify.claims.sources import VOCAB_BIAS
from verify.claims.vocab_continuation.instances import (
    SETTINGS,
    apart,
    random_merges,
    random_source,
    settings_of,
    starts_of,
    tv,
)
from verify.evidence import Enclosure, exact, exactly, worst
from verify.methods.continuation import BytePairMerges, MaximalMunch, boundary_mass


@role("vocab_continuation.mean_bias", numbers="a finite source, a tokeniser; a Fraction")
def mean_bias(source: Any, tok: Any) -> Any:
    """1 - E K / E |X|: one minus the inverse of the characters per token, K tokens in a document of length |X|."""
    return 1 - expected(source, lambda text: len(tok.encode(text))) / expected(source, len)


@mutant("vocab_continuation.mean_bias", slip="|X| − 1 cuts in a document: the cut at its end is forgotten")
def one_cut_less(source: Any, tok: Any) -> Any:
    lengths = expected(source, len)
    return (lengths - expected(source, lambda text: len(tok.encode(text)))) / (lengths - 1)


@mutant("vocab_continuation.mean_bias", slip="the ends of documents are dropped from the sum, though not from the cuts")
def without_ends(source: Any, tok: Any) -> Any:
    return 1 - (expected(source, lambda text: len(tok.encode(text))) - 1) / expected(source, len)


@mutant("vocab_continuation.mean_bias", slip="the tokens of the prompt are counted, not those of the document")
def tokens_of_the_prompt(source: Any, tok: Any) -> Any:
    cuts = [(text[:i], mass) for text, mass in source.docs.items() for i in range(1, len(text) + 1)]
    inverse = sum(mass * Fraction(len(tok.encode(x)), len(x)) for x, mass in cuts)
    return 1 - inverse / expected(source, len)


def expected(source: Any, of: Any) -> Fraction:
    """The mean of a function of the document."""
    return sum((mass * of(text) for text, mass in source.docs.items()), Fraction(0))


def over_cuts(source: Any, of: Any) -> Fraction:
    """The mean of a function of the prompt, cut uniformly from the text."""
    return sum((source.prefix_mass(x) * of(x) for x in starts_of(source)), Fraction(0)) / expected(source, len)


def mean_without_boundary(boundary_mass: Any, source: Any, tok: Any) -> Fraction:
    """The mean of 1 - beta over uniform cuts."""
    return over_cuts(source, lambda x: 1 - boundary_mass(source, tok, x, len(x)))


SOURCE = VOCAB_BIAS.at("the bias of conditioning on tokens, summed over all prompts")


@claim(
    id="vocab_continuation.compression-bias",
    title="Over uniform cuts the mean bias is one minus the inverse of the characters per token",
    statement=r"\frac{\sum_{x} P(X \succeq x)\,(1 - \beta(x))}{\mathbb{E}|X|} = 1 - \frac{\mathbb{E}K}{\mathbb{E}|X|}",
    source=SOURCE,
    role=("vocab_continuation.mean_bias", "vocab_continuation.boundary_mass"),
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0, because="each document has as many boundaries behind a character as it has tokens: both sides are Fractions"
    ),
    cases=SETTINGS,
    quantity="largest |mean of 1 − β − closed form| over the settings",
)
def mean_of_the_bias(mean_bias: Any, boundary_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield worst(
        exact(apart(mean_without_boundary(boundary_mass, source, tok), mean_bias(source, tok)))
        for source, tok, *_ in settings_of(case)
    )


@claim(
    id="vocab_continuation.compression-bias.distance",
    title="That mean is the mean distance of naive continuation from the truth",
    statement=r"\mathbb{E}_x \operatorname{TV}(Q(\cdot\mid x), P(\cdot\mid x)) = 1 - \frac{\mathbb{E}K}{\mathbb{E}|X|}, "
    r"\qquad x \text{ cut uniformly from the text}",
    source=SOURCE,
    role=("vocab_continuation.mean_bias", "vocab_continuation.naive_law"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="total variations of finite laws are Fractions, and so is their mean"),
    cases=SETTINGS,
    quantity="largest |mean total variation − closed form| over the settings",
)
def mean_distance(mean_bias: Any, naive_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference(source: Any, tok: Any, lm: Any) -> Fraction:
        mean = over_cuts(source, lambda x: tv(naive_law(lm, tok, x, whole=True), source.continuations(x)))
        return apart(mean, mean_bias(source, tok))

    yield worst(exact(difference(*setting[:3])) for setting in settings_of(case))


@figure(of="vocab_continuation.compression-bias")
def bias_against_ratio() -> Figure:
    points = []
    for seed in range(12):
        source, merges = random_source(seed), random_merges(seed, 8)
        toks = [BytePairMerges(merges[:size], "abc") for size in range(9)] + [
            MaximalMunch({"a", "b", "c", *source.docs})
        ]
        for tok in toks:
            ratio = expected(source, len) / expected(source, lambda text, tok=tok: len(tok.encode(text)))
            points.append((float(ratio), float(mean_without_boundary(boundary_mass, source, tok))))
    ratios = np.linspace(1, max(r for r, _ in points) * 1.05, 60)
    return Figure(
        "Mean bias against compression",
        "Whatever the vocabulary, the mean over uniform cuts lies on 1 − 1/r: a better compressor is a worse continuer.",
        "characters per token r",
        "mean total variation",
        (
            series("vocabularies", *zip(*sorted(points), strict=True), kind="dots"),
            series("1 − 1/r", ratios, 1 - 1 / ratios),
        ),
    )
