"""Entry 11: what the canonical segmentation leaves out of the probability of a text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.sources import VOCAB_MARGINAL
from verify.claims.vocab_continuation.instances import (
    BAIYUN_PROBS,
    apart,
    baiyun,
    random_probs,
    random_source,
    settings_of,
)
from verify.claims.vocab_continuation.segmenters import Listed, Tokens, by_weights, segmentations
from verify.evidence import Enclosure, Vacuous, at_most, exact, exactly, gap, worst
from verify.methods.continuation import END, FiniteSource, IdealTokenLM, MaximalMunch


@role("vocab_continuation.canonical_gap", numbers="{token: Fraction}, alpha, a tuple of tokens; nats, a float")
def canonical_gap(probs: Any, alpha: Any, tokens: Any) -> Any:
    """-log q_alpha(tokens | their text): the log of the sum over all segmentations, less that of this one."""
    longest, text = max(map(len, probs)), "".join(tokens)
    z = [1.0]
    for end in range(1, len(text) + 1):
        parts = [(z[i], text[i:end]) for i in range(max(0, end - longest), end) if text[i:end] in probs]
        z.append(math.fsum(before * float(probs[token]) ** alpha for before, token in parts))
    return math.log(z[-1]) - alpha * math.fsum(math.log(probs[token]) for token in tokens)


@mutant("vocab_continuation.canonical_gap", slip="the most likely segmentation is taken for the canonical one")
def most_likely(probs: Any, alpha: Any, tokens: Any) -> Any:
    text = "".join(tokens)
    return min(canonical_gap(probs, alpha, other) for other in segmentations(text, probs))


@mutant("vocab_continuation.canonical_gap", slip="the number of segmentations, as if all were equally likely")
def log_count(probs: Any, alpha: Any, tokens: Any) -> float:
    return math.log(len(segmentations("".join(tokens), probs)))


role("vocab_continuation.canonical", numbers="a finite source, a tokeniser; a token model of Fractions")(
    IdealTokenLM.canonical
)


@mutant("vocab_continuation.canonical", slip="documents are counted, whatever their masses")
def equal_masses(source: Any, tok: Any) -> Any:
    return IdealTokenLM.canonical(FiniteSource({text: Fraction(1, len(source.docs)) for text in source.docs}), tok)


@mutant("vocab_continuation.canonical", slip="trained on single characters as well, one document in two")
def half_in_characters(source: Any, tok: Any) -> Any:
    half = Fraction(1, 2)
    masses: dict[Tokens, Fraction] = {}
    for text, mass in source.docs.items():
        for tokens in (tok.encode(text), tuple(text)):
            masses[tokens] = masses.get(tokens, Fraction(0)) + half * mass
    return Listed(masses)


SOURCE = VOCAB_MARGINAL.at("the gap between one segmentation and all")
GAP = r"\log \sum_{t:\, \kappa(t) = x} P(T = t) - \log P(T = \tau(x)) = -\log P(T = \tau(x) \mid X = x)"


def whole_mass(lm: Any, tokens: Tokens) -> Any:
    """P(T = tokens), the end of the document included."""
    mass = lm.prefix_mass(tokens)
    return mass * lm.next_token(tokens).get(END, 0) if mass else mass


@claim(
    id="vocab_continuation.canonical-gap",
    title="The canonical segmentation misses the log of its own posterior probability",
    statement=GAP + r" \ge 0",
    source=SOURCE,
    role="vocab_continuation.canonical_gap",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="texts of at most 7 characters: sums of at most 4 terms a place and 7 logs below 6, each rounded "
                   "once, times alpha: below 1e-13; the weakest mutant is off by more than 0.1"),
    cases=grid(alpha=(0.5, 1, 2), seed=(0, 1)).full(seed=tuple(range(20))),
    quantity="largest |gap − closed form| over the documents, nats",
)  # fmt: skip
def gap_is_a_posterior(canonical_gap: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    source, probs = random_source(case.seed), random_probs(case.seed)
    lm, tok = IdealTokenLM.stochastic(source, probs, case.alpha), MaximalMunch(probs)

    def difference(text: str) -> float:
        total = sum(whole_mass(lm, t) for t in segmentations(text, probs))
        found = math.log(total) - math.log(whole_mass(lm, tok.encode(text)))
        return gap(canonical_gap(probs, case.alpha, tok.encode(text)), found)

    yield worst(exact(difference(text)) for text in source.docs)


@claim(
    id="vocab_continuation.canonical-gap.none",
    title="A model of canonical sequences leaves no gap",
    statement=r"\sum_{t:\, \kappa(t) = x} P(T = t) = P(T = \tau(x)) = P(X = x)",
    source=SOURCE,
    role="vocab_continuation.canonical",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a sum of Fractions over all segmentations: equal or not"),
    cases=grid(tokeniser=("munch", "viterbi"), block=(0, 1)).full(block=tuple(range(20))),
    quantity="largest difference of the three masses over the documents",
)
def no_gap(canonical: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def differences() -> Iterator[Enclosure]:
        for source, tok, _, _ in settings_of(case):
            lm = canonical(source, tok)
            for text, mass in source.docs.items():
                yield exact(apart(whole_mass(lm, tok.encode(text)), mass))
                yield exact(apart(sum(whole_mass(lm, t) for t in segmentations(text, tok.vocab)), mass))

    yield worst(differences())


@role("vocab_continuation.marginal_estimate", numbers="pairs (P(T = t), r(t)) of drawn segmentations t; a number")
def marginal_estimate(draws: Any) -> Any:
    """The mean of P(T = t) / r(t) over segmentations t drawn from r: importance sampling of the sum over all."""
    return sum(mass / proposal for mass, proposal in draws) / len(draws)


@mutant("vocab_continuation.marginal_estimate", slip="the proposal's probability is left out")
def without_proposal(draws: Any) -> Any:
    return sum(mass for mass, _ in draws) / len(draws)


@mutant("vocab_continuation.marginal_estimate", slip="the mean of the logs, in place of the log of the mean")
def mean_of_logs(draws: Any) -> Any:
    return math.exp(sum(math.log(mass / proposal) for mass, proposal in draws) / len(draws))


@equivalent("vocab_continuation.marginal_estimate", because="the order of the draws does not matter")
def from_the_last(draws: Any) -> Any:
    return sum((mass / proposal for mass, proposal in reversed(draws)), Fraction(0)) / len(draws)


@claim(
    id="vocab_continuation.canonical-gap.estimator",
    title="Importance sampling over segmentations is unbiased for the sum over all of them",
    statement=r"\mathbb{E}_{t_1, t_2 \sim r} \tfrac12 \Big( \tfrac{P(t_1)}{r(t_1)} + \tfrac{P(t_2)}{r(t_2)} \Big) = "
    r"\sum_{t:\, \kappa(t) = x} P(T = t)",
    source=VOCAB_MARGINAL.at("importance sampling of the marginal"),
    role="vocab_continuation.marginal_estimate",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="the mean over all pairs of draws is a sum of Fractions, not a sample"),
    cases=grid(seed=(0, 1, 2)).full(seed=tuple(range(30))),
    quantity="largest |mean of the estimate − sum| over the documents, relative",
)
def unbiased(marginal_estimate: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    source, probs = random_source(case.seed), random_probs(case.seed)
    lm = IdealTokenLM.stochastic(source, probs, 2)
    propose = by_weights(probs)  # alpha = 1: another law with full support
    texts = [text for text in source.docs if 2 <= len(segmentations(text, probs)) <= 12]
    if not texts:
        raise Vacuous("every document has one segmentation, or very many")

    def difference(text: str) -> Any:
        proposal: Mapping[Tokens, Fraction] = propose(text)
        draws = [(whole_mass(lm, t), r) for t, r in proposal.items()]
        total = sum(mass for mass, _ in draws)
        mean = sum(
            first[1] * second[1] * Fraction(marginal_estimate([first, second]))
            for first, second in product(draws, draws)
        )
        return apart(mean, total) / total

    yield worst(exact(difference(text)) for text in texts)


@figure(of="vocab_continuation.canonical-gap")
def gap_against_alpha() -> Figure:
    source, tok, _, _ = baiyun()
    alphas = np.linspace(0, 3, 31)
    length = sum(mass * len(text) for text, mass in source.docs.items())
    gaps = [
        float(
            sum(mass * Fraction(canonical_gap(BAIYUN_PROBS, a, tok.encode(text))) for text, mass in source.docs.items())
            / length
        )
        for a in alphas
    ]
    return Figure(
        "What the canonical segmentation leaves out",
        "With all segmentations alike the canonical one misses a quarter of a nat a character; the gap closes as alpha grows.",
        "alpha",
        "gap, nats a character",
        (series("the article's example", alphas, gaps),),
    )
