"""Entry 9: masking the vocabulary step by step is not conditioning: branches get wrong weights, and some are dead ends."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import VOCAB_ALIGNMENT, VOCAB_ARTICLE
from verify.claims.vocab_continuation.instances import (
    TOKENISERS,
    Setting,
    prompts_of,
    random_setting,
    setting_of,
    side_by_side,
    tv,
)
from verify.evidence import Enclosure, Vacuous, at_least, exact, exactly, worst
from verify.methods import continuation
from verify.methods.continuation import FiniteSource, MaximalMunch, backoff_law, exact_next_char

role(
    "vocab_continuation.local_mask_law",
    numbers="a token model, its tokeniser, a text x, k tokens to drop; ({outcome: Fraction}, mass of dead ends)",
)(continuation.local_mask_law)


@mutant("vocab_continuation.local_mask_law", slip="the exact weights, taken for those of masked decoding")
def exact_weights(lm: Any, tok: Any, x: Any, k: int, *, whole: bool = False) -> Any:
    return backoff_law(lm, tok, x, k, whole=whole) or {}, Fraction(0)


@mutant("vocab_continuation.local_mask_law", slip="a token passes the mask only if it covers all that remains")
def one_token_only(lm: Any, tok: Any, x: Any, k: int, *, whole: bool = False) -> Any:
    from verify.claims.vocab_continuation.backoff import by_single_tokens

    return by_single_tokens(lm, tok, x, k, whole=whole, longer=0) or {}, Fraction(0)


WITNESS = {"ax": Fraction(90, 100), "abe": Fraction(5, 100), "abc": Fraction(5, 100)}


@cache
def witness() -> Setting:
    """Three documents, maximal munch over a, b, c, x, e, abe, bc: abe is one token, abc is a|bc, ax is a|x."""
    return setting_of(FiniteSource(WITNESS), MaximalMunch(["a", "b", "c", "x", "e", "abe", "bc"]))


SOURCE = VOCAB_ALIGNMENT.at("masking the tokens that do not match")
HALF = Fraction(1, 2)


@claim(
    id="vocab_continuation.local-mask-bias",
    title="Masked decoding gives 19/20 to what has probability one half",
    statement=r"P(c \mid ab) = \tfrac12, \qquad \text{masked from the start: } \tfrac{19}{20}, \qquad \text{one step back: } 1",
    source=SOURCE,
    role="vocab_continuation.local_mask_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="the first token is drawn before it is known how much mass it leaves: Fractions"),
    cases=grid(k=(1, 2)),
    quantity="total variation from the law worked out by hand",
    refutes="Masking the tokens that contradict the prompt, step by step, conditions the model on the prompt.",
)
def masked_witness(local_mask_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    _, tok, lm, _ = witness()
    expected = {"c": Fraction(1)} if case.k == 1 else {"c": Fraction(19, 20), "e": Fraction(1, 20)}
    yield exact(tv(local_mask_law(lm, tok, "ab", case.k)[0], expected))


@claim(
    id="vocab_continuation.local-mask-bias.exact-weights",
    title="Weighed by the mass that each branch leaves, both continuations get one half",
    statement=r"Q_2(e \mid ab) = Q_2(c \mid ab) = \tfrac12",
    source=SOURCE,
    role="vocab_continuation.backoff_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="each branch has mass 1/20 of the same 1/10: two Fractions"),
    quantity="total variation from one half each",
)
def exact_witness(backoff_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    _, tok, lm, _ = witness()
    yield exact(tv(backoff_law(lm, tok, "ab", 2), {"c": HALF, "e": HALF}))


BLOCKS = grid(block=tuple(range(2))).full(block=tuple(range(7)))


def of_block(case: Case) -> Iterator[tuple[Setting, str]]:
    """Every prompt of fifteen random settings, five of each tokeniser."""
    for tokeniser in TOKENISERS:
        yield from prompts_of(Case({"tokeniser": tokeniser, "block": case.block}))


@claim(
    id="vocab_continuation.local-mask-bias.dead-ends",
    title="Masked decoding runs into dead ends for at least a tenth of random prompts",
    statement=r"\#\{x: \text{dead mass}(x) > 0\} \ge \tfrac{1}{10}\, \#\{x\}",
    source=VOCAB_ARTICLE.at("the remedy, with a model that smooths nothing"),
    role="vocab_continuation.local_mask_law",
    evidence=Evidence.CERTIFIED,
    region=at_least(
        "0.1", because="less than half of the share in the first 120 settings (0.25); looking ahead has none"
    ),
    cases=BLOCKS,
    quantity="share of the prompts with dead ends",
)
def dead_ends(local_mask_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = [local_mask_law(lm, tok, x, len(tok.encode(x)))[1] > 0 for (_, tok, lm, _), x in of_block(case)]
    yield exact(Fraction(sum(found), len(found)))


@claim(
    id="vocab_continuation.local-mask-bias.differs",
    title="In at least a tenth of random settings the surviving draws follow another law",
    statement=r"\exists x:\; \text{masked law}(\cdot \mid x) \ne P(\cdot \mid x)",
    source=SOURCE,
    role="vocab_continuation.local_mask_law",
    evidence=Evidence.CERTIFIED,
    region=at_least(
        "0.1", because="half of the share in the first 120 settings (25 of them, 0.21); exact weights differ in none"
    ),
    cases=grid(seeds=(20,)).full(seeds=(100,)),
    quantity="share of the settings with a prompt whose law differs",
)
def laws_differ(local_mask_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def differs(setting: Setting) -> bool:
        source, tok, lm, prompts = setting
        laws = ((local_mask_law(lm, tok, x, len(tok.encode(x)))[0], x) for x in prompts)
        return any(tv(law, source.next_char(x)) > 0 for law, x in laws if law)

    settings = [random_setting(seed, tokeniser) for tokeniser in TOKENISERS for seed in range(case.seeds)]
    yield exact(Fraction(sum(map(differs, settings)), len(settings)))


@claim(
    id="vocab_continuation.local-mask-bias.single-branch",
    title="Where one covering sequence has mass, masked decoding is right",
    statement=r"\#\{t \in \operatorname{cover}(x): P(T \succeq t) > 0\} = 1 \;\Rightarrow\; \text{masked law} = P(\cdot \mid x)",
    source=SOURCE,
    role="vocab_continuation.local_mask_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="with one survivor there is nothing to weigh: two laws of Fractions are equal"),
    cases=BLOCKS,
    quantity="largest total variation from the truth",
)
def single_branch(local_mask_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    distances = [
        exact(tv(local_mask_law(lm, tok, x, len(tok.encode(x)))[0], exact_next_char(lm, tok, x)))
        for (_, tok, lm, _), x in of_block(case)
        if sum(lm.prefix_mass(t) > 0 for t in continuation.cover(x, tok.vocab)) == 1
    ]
    if len(distances) < 20:
        raise Vacuous(f"only {len(distances)} prompts have one covering sequence")
    yield worst(distances)


@figure(of="vocab_continuation.local-mask-bias")
def branch_weights() -> Figure:
    _, tok, lm, _ = witness()
    laws = [
        exact_next_char(lm, tok, "ab"),
        continuation.local_mask_law(lm, tok, "ab", 2)[0],
        continuation.local_mask_law(lm, tok, "ab", 1)[0],
    ]
    labels = ("true law", "masked from the start", "masked, one step back")
    bars = side_by_side(labels, [[float(law.get(c, 0)) for c in "ec"] for law in laws])
    notes = [series(f"next character {c}", [place - 0.3], [1.05], kind="note") for place, c in enumerate("ec")]
    return Figure(
        "The weights of two branches",
        "The truth is one half each; masked decoding follows the token a, which is frequent for another reason.",
        "next character",
        "probability",
        (*bars, *notes),
    )
