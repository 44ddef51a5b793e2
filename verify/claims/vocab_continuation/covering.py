"""Entry 5: the canonical cover gives the exact probability of a prompt, from at most as many contexts as the longest token is long."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, series
from verify.claims.sources import VOCAB_BYTES, VOCAB_CHARACTERS
from verify.claims.vocab_continuation.instances import (
    BAIYUN,
    BAIYUN_VOCAB,
    SETTINGS,
    Setting,
    apart,
    prompts_of,
    random_probs,
    random_source,
    setting_of,
    tv,
)
from verify.evidence import Enclosure, Vacuous, accepted, exact, exactly, worst
from verify.methods import continuation
from verify.methods.continuation import BytePairMerges, FiniteSource, IdealTokenLM, MaximalMunch, UnigramViterbi

COVER_SUM = (
    r"P(X \succeq x) = \sum_{i=\max(0,n-m)}^{n-1} \; \sum_{v \in V:\, v \succeq x_{i:}} P(T \succeq \tau(x_{:i})\,v)"
)
SOURCE = VOCAB_BYTES.at("the cover of a prompt")
EQUAL = "a sum of Fractions against the mass of the documents that start with the prompt: equal or not"


@claim(
    id="vocab_continuation.cover-exact",
    title="The canonical cover gives the exact probability of every prompt",
    statement=COVER_SUM,
    source=SOURCE,
    role="vocab_continuation.cover_prefix_mass",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=EQUAL),
    cases=SETTINGS,
    quantity="largest |cover sum − P(x…)| over the prompts",
)
def cover_is_exact(cover_prefix_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield worst(
        exact(apart(cover_prefix_mass(lm, tok, x)[0], source.prefix_mass(x)))
        for (source, tok, lm, _), x in prompts_of(case)
    )


@claim(
    id="vocab_continuation.cover-exact.contexts",
    title="It asks for at most as many contexts as the longest token has characters",
    statement=r"\#\text{contexts} \le \min(n, m)",
    source=SOURCE,
    role="vocab_continuation.cover_prefix_mass",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="contexts are counted; one prompt that needs more refutes it"),
    cases=SETTINGS,
    quantity="prompts with more contexts",
)
def few_contexts(cover_prefix_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(
        sum(cover_prefix_mass(lm, tok, x)[1] > min(len(x), tok.max_len) for (_, tok, lm, _), x in prompts_of(case))
    )


@claim(
    id="vocab_continuation.cover-exact.next-character",
    title="Hence the exact law of the next character",
    statement=r"P(c \mid x) = \frac{P(X \succeq xc)}{P(X \succeq x)}, \qquad P(\text{end} \mid x) = \frac{P(X = x)}{P(X \succeq x)}",
    source=VOCAB_CHARACTERS.at("from tokens to characters"),
    role="vocab_continuation.exact_next_char",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="two laws of Fractions: their total variation is 0 or it is not"),
    cases=SETTINGS,
    quantity="largest total variation from the source's law",
)
def next_character_is_exact(exact_next_char: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield worst(
        exact(tv(exact_next_char(lm, tok, x), source.next_char(x))) for (source, tok, lm, _), x in prompts_of(case)
    )


@claim(
    id="vocab_continuation.cover-exact.conservation",
    title="The masses of all next characters and of the end add up to that of the prompt",
    statement=r"\sum_c P(X \succeq xc) + P(X = x) = P(X \succeq x)",
    source=VOCAB_CHARACTERS.at("from tokens to characters"),
    role="vocab_continuation.cover_prefix_mass",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="sums of Fractions: equal or not"),
    cases=SETTINGS,
    quantity="largest |sum over next characters − P(x…)|",
)
def masses_are_conserved(cover_prefix_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def differences() -> Iterator[Enclosure]:
        for (source, tok, lm, _), x in prompts_of(case):
            after = sum(cover_prefix_mass(lm, tok, x + c)[0] for c in "abc")
            yield exact(apart(after + source.docs.get(x, 0), cover_prefix_mass(lm, tok, x)[0]))

    yield worst(differences())


CROSSING = {"abcd": Fraction(1, 2), "abcb": Fraction(1, 4), "abc": Fraction(1, 4)}
PARITY_PROBS = {"a": Fraction("0.3"), "b": Fraction("0.1"), "ab": Fraction("0.3"), "bb": Fraction("0.3")}


@cache
def parity_setting(longest: int = 40) -> Setting:
    """The documents ab^n with mass 2^-n, the longest with all that is left, under a most probable segmentation."""
    docs = {"a" + "b" * n: Fraction(1, 2**n) for n in range(1, longest)}
    docs["a" + "b" * longest] = Fraction(1, 2 ** (longest - 1))
    return setting_of(FiniteSource(docs), UnigramViterbi(PARITY_PROBS))


@claim(
    id="vocab_continuation.cover-exact.retokenised",
    title="The contexts are shortened prompts, tokenised anew: starts of the prompt's tokens lose mass",
    statement=COVER_SUM + r", \qquad \tau(x_{:i}) \ne \tau(x)_{1..j}",
    source=SOURCE,
    role="vocab_continuation.cover_prefix_mass",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=EQUAL + "; with starts of the prompt's tokens it is 1/2 or about 2/3 of it"),
    cases=grid(tokeniser=("bpe", "viterbi")),
    quantity="|cover sum − P(x…)| over P(x…)",
)
def retokenised(cover_prefix_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    if case.tokeniser == "bpe":
        setting = setting_of(FiniteSource(CROSSING), BytePairMerges([("c", "d"), ("b", "c"), ("a", "b")]))
        x = "abc"
    else:
        setting, x = parity_setting(), "a" + "b" * 11
    truth = setting.source.prefix_mass(x)
    yield exact(apart(cover_prefix_mass(setting.lm, setting.tok, x)[0], truth) / truth)


@claim(
    id="vocab_continuation.cover-exact.all-sequences",
    title="A model with mass on every segmentation needs the full cover, which is exact too",
    statement=r"P(X \succeq x) = \sum_{t \in \operatorname{cover}(x)} P(T \succeq t)",
    source=VOCAB_CHARACTERS.at("the covering of a prefix"),
    role="vocab_continuation.cover",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=EQUAL),
    cases=grid(model=("canonical", "stochastic"), seed=tuple(range(4))).full(seed=tuple(range(20))),
    quantity="largest |sum over the cover − P(x…)| over the prompts",
)
def full_cover(cover: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    source, probs = random_source(case.seed), random_probs(case.seed)
    lm = (
        IdealTokenLM.stochastic(source, probs, 1)
        if case.model == "stochastic"
        else IdealTokenLM.canonical(source, MaximalMunch(probs))
    )
    prompts = sorted({text[:i] for text in source.docs for i in range(5)})
    yield worst(
        exact(apart(sum((lm.prefix_mass(t) for t in cover(x, list(probs))), Fraction(0)), source.prefix_mass(x)))
        for x in prompts
    )


@cache
def byte_setting(tokeniser: str) -> Setting:
    """The article's example in UTF-8: three bytes a character, prompts that end anywhere."""
    docs = {text.encode(): mass for text, mass in BAIYUN.items()}
    letters = {text[i : i + 1] for text in docs for i in range(len(text))}
    if tokeniser == "munch":
        return setting_of(FiniteSource(docs), MaximalMunch({token.encode() for token in BAIYUN_VOCAB} | letters))
    joined: list[tuple[bytes, bytes]] = []
    for token in ("广州", "白云", "机场", "山"):
        raw = token.encode()
        joined += [(raw[:i], raw[i : i + 1]) for i in range(1, len(raw)) if (raw[:i], raw[i : i + 1]) not in joined]
    return setting_of(FiniteSource(docs), BytePairMerges(joined, letters))


@claim(
    id="vocab_continuation.cover-exact.bytes",
    title="So it is for bytes, where a prompt may end inside a character",
    statement=COVER_SUM,
    source=SOURCE,
    role=("vocab_continuation.cover_prefix_mass", "vocab_continuation.exact_next_char"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="sums of Fractions: equal or not"),
    cases=grid(tokeniser=("munch", "bpe")),
    quantity="largest difference of mass or law over the prompts",
)
def bytes_too(
    cover_prefix_mass: Any, exact_next_char: Any, case: Case, rng: np.random.Generator
) -> Iterator[Enclosure]:
    source, tok, lm, prompts = byte_setting(case.tokeniser)
    if not any(_is_cut(x) for x in prompts):
        raise Vacuous("no prompt ends inside a character")
    yield worst(
        part
        for x in prompts
        for part in (
            exact(apart(cover_prefix_mass(lm, tok, x)[0], source.prefix_mass(x))),
            exact(tv(exact_next_char(lm, tok, x), source.next_char(x))),
        )
    )


def _is_cut(x: bytes) -> bool:
    try:
        x.decode()
    except UnicodeDecodeError:
        return True
    return False


@claim(
    id="vocab_continuation.cover-exact.refusals",
    title="Impossible prompts, unknown characters and mixed types are refused",
    statement=r"P(X \succeq x) = 0 \Rightarrow \text{no law}",
    source=SOURCE,
    role="vocab_continuation.exact_next_char",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a bad input raises ValueError or TypeError, or it does not"),
    quantity="bad inputs accepted",
)
def refused_prompts(exact_next_char: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    setting = setting_of(FiniteSource(CROSSING), MaximalMunch("abcd"))
    calls = [(setting.lm, setting.tok, x) for x in ("b", "abcda", "abz")]
    mixed = [(setting.lm, setting.tok, b"ab")]
    yield worst(
        [exact(accepted(exact_next_char, calls, ValueError)), exact(accepted(exact_next_char, mixed, TypeError))]
    )


@figure(of="vocab_continuation.cover-exact")
def cover_as_tree() -> Figure:
    x, vocab = "abab", ("a", "b", "ab", "ba", "aba", "babb")
    sequences = sorted(continuation.cover(x, vocab))
    rows = {tokens[:j]: float(np.mean([r for r, t in enumerate(sequences) if t[:j] == tokens[:j]]))
            for tokens in sequences for j in range(len(tokens) + 1)}  # fmt: skip
    nodes = {tokens: (float(sum(map(len, tokens))), row) for tokens, row in rows.items()}
    walk: list[tuple[float, float]] = []

    def visit(tokens: tuple[str, ...]) -> None:
        walk.append(nodes[tokens])
        for child in sorted(t for t in nodes if len(t) == len(tokens) + 1 and t[:-1] == tokens):
            visit(child)
            walk.append(nodes[tokens])

    visit(())
    notes = [series(tokens[-1], [x_], [row], kind="note") for tokens, (x_, row) in nodes.items() if tokens]
    leaves = [nodes[tokens] for tokens in sequences]
    return Figure(
        "The cover of abab",
        "Each leaf is a token sequence whose last token reaches the end of the prompt or goes beyond it; none begins "
        "with another.",
        "characters covered",
        "sequence",
        (
            series("shared starts", *zip(*walk, strict=True)),
            series("sequences of the cover", *zip(*leaves, strict=True), kind="dots"),
            series("end of the prompt", (float(len(x)),), kind="vline"),
            *notes,
        ),
    )
