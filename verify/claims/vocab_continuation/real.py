"""The identities on real tokens: the merges of Llama 2 on the lines of Python's manual, taken as a finite source.

Laws and masses are exact, and so is every equality: nothing is estimated but by the choice of the prompts. What the bias
amounts to on real text is a table, not a claim.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Table, claim, grid, mutant, table
from verify.claims.sources import VOCAB_ALIGNMENT, VOCAB_BIAS, VOCAB_BPE, VOCAB_BYTES
from verify.claims.vocab_continuation.backoff import kept_length
from verify.claims.vocab_continuation.boundary import off_identity
from verify.claims.vocab_continuation.compression import expected, mean_bias, mean_without_boundary
from verify.claims.vocab_continuation.instances import apart, tv
from verify.claims.vocab_continuation.real_lines import Corpus, as_text, corpus, prompts, raw_lines
from verify.evidence import Enclosure, exact, exactly, worst
from verify.methods.continuation import (
    BytePairMerges,
    backoff_law,
    boundary_mass,
    cover_prefix_mass,
    exact_next_char,
)

CUTS = ("uniform", "word-end")
SAMPLED = grid(cut=CUTS, lines=(3000,), prompts=(200,)).full(lines=(8000,), prompts=(5000,))
EQUAL = "masses of lines are Fractions: the identity holds for each sampled prompt or it is false"


def sampled(case: Case) -> tuple[Corpus, tuple[str, ...]]:
    """The corpus of a case and its prompts, each once."""
    return corpus(case.lines), tuple(dict.fromkeys(prompts(case.lines, case.cut, case.prompts)))


@claim(
    id="vocab_continuation.boundary-identity.real",
    title="On real tokens and real lines, too, the distance is one minus the boundary probability",
    statement=r"\operatorname{TV}\big(Q(\cdot\mid x), P(\cdot\mid x)\big) = 1 - \beta(x)",
    source=VOCAB_BIAS.at("the bias of conditioning on tokens"),
    role=("vocab_continuation.naive_law", "vocab_continuation.boundary_mass"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=EQUAL),
    cases=SAMPLED,
    quantity="largest |total variation − (1 − β)| over the prompts",
)
def real_identity(naive_law: Any, boundary_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    (source, tok, lm), found = sampled(case)
    yield worst(exact(off_identity(naive_law, boundary_mass, source, tok, lm, x)) for x in found)


@claim(
    id="vocab_continuation.compression-bias.real",
    title="Over all cuts of real lines the mean bias is one minus the inverse of the characters per token",
    statement=r"\frac{\sum_{x} P(X \succeq x)\,(1 - \beta(x))}{\mathbb{E}|X|} = 1 - \frac{\mathbb{E}K}{\mathbb{E}|X|}",
    source=VOCAB_BIAS.at("the bias of conditioning on tokens, summed over all prompts"),
    role=("vocab_continuation.mean_bias", "vocab_continuation.boundary_mass"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="every start of every line is a prompt: both sides are Fractions"),
    cases=grid(lines=(150,)).full(lines=(2000,)),
    quantity="|mean of 1 − β − closed form|",
)
def real_mean(mean_bias: Any, boundary_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    source, tok, _ = corpus(case.lines)
    yield exact(apart(mean_without_boundary(boundary_mass, source, tok), mean_bias(source, tok)))


@claim(
    id="vocab_continuation.vocabulary-growth.real",
    title="Merging by rank gives the tokens of Llama 2",
    statement=r"\tau(x) = \text{the tokens of the package tokenizers}",
    source=VOCAB_BPE.at("merges in the order of their ranks"),
    role="vocab_continuation.byte_pair_merges",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0,
        because="token sequences are compared one by one with an encoder that shares no code (a heap over linked symbols)",
    ),
    cases=grid(lines=(500,)).full(lines=(8000,)),
    quantity="lines with other tokens",
)
def real_tokens(byte_pair_merges: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from verify.data import byte_pair_encoder, vocabulary

    found = vocabulary()
    tok = byte_pair_merges(found.merges, [token for token in found.tokens if len(token) == 1])
    encoder = byte_pair_encoder()
    yield exact(sum(tok.encode(as_text(line)) != tuple(encoder.tokens(line)) for line in raw_lines(case.lines)))


@claim(
    id="vocab_continuation.cover-exact.real",
    title="On real tokens the cover gives the exact mass and the exact next character",
    statement=r"P(X \succeq x) = \sum_{i} \sum_{v \succeq x_{i:}} P(T \succeq \tau(x_{:i})\,v), \qquad \#\text{contexts} \le 16",
    source=VOCAB_BYTES.at("the cover of a prompt"),
    role=("vocab_continuation.cover_prefix_mass", "vocab_continuation.exact_next_char"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=EQUAL),
    cases=SAMPLED,
    quantity="largest difference of mass or law, or contexts beyond the longest token",
)
def real_cover(
    cover_prefix_mass: Any, exact_next_char: Any, case: Case, rng: np.random.Generator
) -> Iterator[Enclosure]:
    (source, tok, lm), found = sampled(case)

    def differences() -> Iterator[Enclosure]:
        for x in found:
            mass, contexts = cover_prefix_mass(lm, tok, x)
            yield exact(apart(mass, source.prefix_mass(x)) / source.prefix_mass(x))
            yield exact(max(0, contexts - min(len(x), tok.max_len)))
            yield exact(tv(exact_next_char(lm, tok, x), source.next_char(x)))

    yield worst(differences())


@claim(
    id="vocab_continuation.backoff-monotone.real",
    title="On real tokens, too, dropping k tokens conditions on the boundary before them",
    statement=r"\operatorname{TV}(Q_k, P) = 1 - \beta_k, \qquad k \le 3",
    source=VOCAB_ALIGNMENT.at("backtracking over several tokens"),
    role=("vocab_continuation.backoff_law", "vocab_continuation.boundary_mass"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=EQUAL),
    cases=SAMPLED,
    quantity="largest |total variation − (1 − β_k)| over prompts and k",
)
def real_backoff(backoff_law: Any, boundary_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    (source, tok, lm), found = sampled(case)

    def differences() -> Iterator[Enclosure]:
        for x in found:
            truth = source.continuations(x)
            if len(truth) > 50:  # the whole law of a very short prompt is half the corpus: the identity above has those
                continue
            for k in range(min(3, len(tok.encode(x))) + 1):
                beta = boundary_mass(source, tok, x, kept_length(tok, x, k))
                yield exact(apart(1 - beta, tv(backoff_law(lm, tok, x, k, whole=True), truth)))

    yield worst(differences())


@mutant(
    "vocab_continuation.byte_pair_merges", slip="merges in the order of the lengths of their tokens, not of their ranks"
)
def shortest_merge_first(merges: Any, alphabet: Any = None) -> Any:
    return BytePairMerges(sorted(merges, key=lambda pair: len(pair[0] + pair[1])), alphabet)


TABLE_LINES, TABLE_PROMPTS = 3000, 200
PLACES = {"anywhere": "uniform", "behind a word": "word-end", "behind the space after it": "space"}


STEPS = range(4)


def measured(found: Corpus, x: str) -> tuple[Fraction, ...]:
    """(boundary, undefined, bias of the whole continuation for k = 0..3, of the next character, of the cover, contexts)."""
    source, tok, lm = found
    truth, steps = source.next_char(x), [min(k, len(tok.encode(x))) for k in STEPS]
    beta = [boundary_mass(source, tok, x, kept_length(tok, x, k)) for k in steps]
    following = [tv(backoff_law(lm, tok, x, k), truth) for k in steps]
    cover = tv(exact_next_char(lm, tok, x), truth), Fraction(cover_prefix_mass(lm, tok, x)[1])
    return beta[0], Fraction(beta[0] == 0), *(1 - b for b in beta), *following, *cover


@table(of="vocab_continuation.compression-bias.real")
def real_bias() -> Table:
    """What the bias amounts to, and what each remedy recovers, on sampled prompts of real lines."""
    found = corpus(TABLE_LINES)
    rows: list[list[str | float]] = []
    for name, cut in PLACES.items():
        counts = Counter(prompts(TABLE_LINES, cut, TABLE_PROMPTS))
        sums = [Fraction(0)] * 12
        for x, count in counts.items():
            sums = [total + count * value for total, value in zip(sums, measured(found, x), strict=True)]
        boundary, undefined, *left, cover, contexts = (float(total / TABLE_PROMPTS) for total in sums)
        rows.append([f"{name}: whole continuation", boundary, undefined, *left[:4], cover, contexts])
        rows.append([f"{name}: next character", boundary, undefined, *left[4:], cover, contexts])
    ratio = expected(found.source, len) / expected(found.source, lambda text: len(found.tok.encode(text)))
    return Table(
        "What a real vocabulary does to real prompts",
        f"{TABLE_PROMPTS} prompts of each kind, cut from {TABLE_LINES} lines of Python's manual; mean total variations from the "
        f"exact law. A token has {float(ratio):.3f} characters, so over all uniform cuts the mean bias of naive continuation is "
        f"1 − 1/{float(ratio):.3f} = {float(mean_bias(found.source, found.tok)):.4f} exactly. Behind a word there is nearly "
        "none; behind the space after it the prompt's tokens are nearly always impossible. Short steps back recover nearly "
        "all on these prompts; the cover recovers everything on any, from one context or two.",
        ["cut", "boundary", "undefined", "naive", "back 1", "back 2", "back 3", "cover", "contexts"],
        rows,
    )


@table(of="vocab_continuation.vocabulary-growth.real")
def starts_of_longer_tokens() -> Table:
    """How many tokens begin a longer one, so that a prompt which ends with them is hardly ever continued to it."""
    from verify.data import vocabulary

    found = vocabulary()
    made = list(dict.fromkeys(left + right for left, right in found.merges))
    starts = {token[:i] for token in found.tokens for i in range(1, len(token))}
    rows: list[list[str | float]] = []
    for size in (100, 1000, 10_000, len(made)):
        share = sum(token in starts for token in made[:size]) / size
        rows.append(["all" if size == len(made) else "the first", size, share])
    return Table(
        "Tokens that begin a longer token",
        "Of the tokens of Llama 2 that merges make, in the order of their ranks, which is nearly that of their frequency. The "
        "authors of token healing report about 70 percent of the 10,000 most common tokens of another model.",
        ["tokens", "number", "share that begins a longer one"],
        rows,
    )
