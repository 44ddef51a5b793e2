"""Entry 13: learning token probabilities: what never falls, and two variants for which it does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, equivalent, grid, mutant, role, stream
from verify.claims.sources import SEGMENTATION_EM, SEGMENTATION_SUBWORD
from verify.evidence import Enclosure, at_least, at_most, exact, gap
from verify.methods import segmentation
from verify.methods.segmentation import UnigramModel, build_lattice, expected_counts

SOURCE = SEGMENTATION_EM.at("the likelihood never falls")
Corpus = tuple[bytes, ...]
Step = tuple[UnigramModel, float]

role("viterbi_sampling.em_step", numbers="texts, UnigramModel; (UnigramModel, sum of log Z before)")(
    segmentation.em_step
)


def model_of(model: UnigramModel, weights: Any, *, normalise: bool = True) -> UnigramModel:
    """The tokens of positive weight, with probabilities proportional to the weights."""
    total = float(np.sum(weights)) if normalise else 1.0
    pairs = zip(model.tokens, np.asarray(weights).tolist(), strict=True)
    return UnigramModel({token: math.log(weight / total) for token, weight in pairs if weight > 0})


@mutant("viterbi_sampling.em_step", slip="posteriors that are not divided by Z: likely texts count more")
def unnormalised_posteriors(corpus: Corpus, model: UnigramModel) -> Step:
    counts = np.zeros(len(model.tokens))
    total = 0.0
    for text in corpus:
        found, log_z = expected_counts([text], model)
        counts += found * math.exp(log_z + 20)
        total += log_z
    return model_of(model, counts), total


@mutant("viterbi_sampling.em_step", slip="expected counts at alpha = 1/2")
def counts_at_half(corpus: Corpus, model: UnigramModel) -> Step:
    return model_of(model, expected_counts(corpus, model, 0.5)[0]), expected_counts(corpus, model)[1]


@mutant("viterbi_sampling.em_step", slip="counts weighted by the length of the token")
def counts_by_length(corpus: Corpus, model: UnigramModel) -> Step:
    counts, total = expected_counts(corpus, model)
    return model_of(model, counts * [len(token) for token in model.tokens]), total


@mutant("viterbi_sampling.em_step", slip="the new probabilities are not normalised")
def not_normalised(corpus: Corpus, model: UnigramModel) -> Step:
    counts, total = expected_counts(corpus, model)
    return model_of(model, counts / (2 * counts.sum()), normalise=False), total


@equivalent("viterbi_sampling.em_step", because="the texts are counted one by one, so their order does not matter")
def backwards(corpus: Corpus, model: UnigramModel) -> Step:
    return segmentation.em_step(corpus[::-1], model)


@cache
def corpus_of(seed: int) -> tuple[Corpus, UnigramModel]:
    """30 short texts made of ten words, and all their strings of at most 4 letters with random weights."""
    rng = stream("viterbi_sampling", "corpus", seed)
    words = [bytes(rng.choice(list(b"abc"), rng.integers(1, 4)).tolist()) for _ in range(10)]
    weights = rng.dirichlet(np.full(10, 0.7))
    texts = tuple(b"".join(words[i] for i in rng.choice(10, rng.integers(4, 9), p=weights)) for _ in range(30))
    tokens = sorted(
        {text[i : i + k] for text in texts for i in range(len(text)) for k in range(1, 5) if i + k <= len(text)}
    )
    return texts, model_of(UnigramModel(dict.fromkeys(tokens, 0.0)), rng.dirichlet(np.ones(len(tokens))))


def likelihood(corpus: Corpus, model: UnigramModel) -> float:
    """Sum of log Z at alpha = 1."""
    return math.fsum(segmentation.log_partition(build_lattice(text, model)) for text in corpus)


@cache
def iterates(seed: int, steps: int) -> list[tuple[UnigramModel, float]]:
    """(model, sum of log Z) before each step and after the last, by the reference."""
    corpus, model = corpus_of(seed)
    found = []
    for _ in range(steps):
        after, value = segmentation.em_step(corpus, model)
        found.append((model, value))
        model = after
    return [*found, (model, likelihood(corpus, model))]


@claim(
    id="viterbi_sampling.em-ascent",
    title="No step of EM makes the texts less likely",
    statement=r"p' \propto \mathbb{E}_{P_1}[\text{counts}] \;\Rightarrow\; \sum_x \log Z_{p'}(x) \ge \sum_x \log Z_p(x)",
    source=SOURCE,
    role="viterbi_sampling.em_step",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10, because="a sum of 30 log Z of size 20, each a sum over some 30 nodes: 600 × 30 eps = 4e-12, per 600 nats"
    ),
    cases=grid(seed=(0, 1), after=(0, 20), steps=(4,)).full(seed=(0, 1, 2, 3, 4, 5), steps=(40,)),
    quantity="largest fall of the likelihood in a step, over its size",
)
def never_falls(em_step: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    corpus, _ = corpus_of(case.seed)
    model, before = iterates(case.seed, case.after)[-1]
    falls = []
    for _ in range(case.steps):
        model, _ = em_step(corpus, model)
        value = likelihood(corpus, model)
        falls.append(gap(max(before - value, 0.0) / abs(before), 0.0))
        before = value
    yield exact(max(falls))


@claim(
    id="viterbi_sampling.em-ascent.gain",
    title="Away from its fixed points it gains",
    statement=r"\sum_x \log Z_{p^{(k)}}(x) - \sum_x \log Z_{p^{(0)}}(x) \ge 1",
    source=SOURCE,
    role="viterbi_sampling.em_step",
    evidence=Evidence.EXACT,
    region=at_least(1, because="tens of nats are gained from random weights; a step that does nothing gains 0"),
    cases=grid(seed=(0, 1), steps=(10,)).full(seed=(0, 1, 2, 3, 4, 5), steps=(40,)),
    quantity="gain in nats",
)
def gains(em_step: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    corpus, start = corpus_of(case.seed)
    model = start
    for _ in range(case.steps):
        model, _ = em_step(corpus, model)
    gained = likelihood(corpus, model) - likelihood(corpus, start)
    yield exact(-gap(gained, 0.0) if not gained > 0 else gained)


@claim(
    id="viterbi_sampling.em-ascent.normalised",
    title="It returns probabilities, and the likelihood it was given",
    statement=r"\sum_t p'(t) = 1, \qquad \text{second value} = \sum_x \log Z_p(x)",
    source=SEGMENTATION_SUBWORD.at("the M step"),
    role="viterbi_sampling.em_step",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="a sum of some 100 probabilities, exp and log of each: 300 eps = 6.7e-14, with room"),
    cases=grid(seed=(0, 1, 2)).full(seed=(0, 1, 2, 3, 4, 5)),
    quantity="largest of |sum − 1| and the relative difference of likelihoods",
)
def returns_probabilities(em_step: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    corpus, model = corpus_of(case.seed)
    after, value = em_step(corpus, model)
    total = math.fsum(math.exp(logp) for logp in after.logp.values())
    yield exact(max(gap(total, 1.0), gap(value / likelihood(corpus, model), 1.0)))


role("viterbi_sampling.expected_counts", numbers="texts, UnigramModel, alpha; (counts (V,), sum of log Z)")(
    expected_counts
)


@mutant("viterbi_sampling.expected_counts", slip="counts along the best path in place of expected ones")
def best_path_counts(corpus: Corpus, model: UnigramModel, alpha: float = 1.0) -> tuple[Any, float]:
    return hard_counts(corpus, model), expected_counts(corpus, model, alpha)[1]


def hard_counts(corpus: Corpus, model: UnigramModel) -> Any:
    """How often each token stands in the best segmentations."""
    number = {token: i for i, token in enumerate(model.tokens)}
    counts = np.zeros(len(number))
    for text in corpus:
        for piece in segmentation.pieces(text, segmentation.viterbi(build_lattice(text, model))[0]):
            counts[number[piece]] += 1
    return counts


@claim(
    id="viterbi_sampling.em-ascent.counts",
    title="Expected counts add up to the expected number of tokens",
    statement=r"\sum_t \mathbb{E}[\#t] = \sum_x \mathbb{E}_{P_1} |w| = \sum_x \sum_{w \in \Omega(x)} P_1(w)\, |w|",
    source=SEGMENTATION_SUBWORD.at("the E step"),
    role="viterbi_sampling.expected_counts",
    evidence=Evidence.EXACT,
    region=at_most(1e-11, because="30 texts of some 15 nodes and 4 candidates: 30 × 60 × 15 eps = 6e-12"),
    cases=grid(seed=(0, 1)).full(seed=(0, 1, 2, 3, 4, 5)),
    quantity="|sum of counts − expected number of tokens|, relative",
)
def counts_add_up(counts: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    corpus, model = corpus_of(case.seed)
    short = tuple(text[:9] for text in corpus)
    expected = 0.0
    for text in short:
        listed = segmentation.enumerate_segmentations(build_lattice(text, model))
        weights = np.exp([score for _, score in listed])
        expected += float(weights @ [len(ends) for ends, _ in listed] / weights.sum())
    yield exact(gap(float(np.sum(counts(short, model)[0])) / expected, 1.0))
