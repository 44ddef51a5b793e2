"""Entry 13: learning token probabilities: what never falls, and two variants for which it does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series, stream
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


@role("viterbi_sampling.hard_em_step", numbers="texts, UnigramModel; UnigramModel")
def hard_em_step(corpus: Corpus, model: UnigramModel) -> UnigramModel:
    """Probabilities proportional to the counts along best paths; tokens that stand in none are dropped."""
    return model_of(model, hard_counts(corpus, model))


@mutant("viterbi_sampling.hard_em_step", slip="the soft step passed off as the hard one")
def soft_instead(corpus: Corpus, model: UnigramModel) -> UnigramModel:
    return segmentation.em_step(corpus, model)[0]


@mutant("viterbi_sampling.hard_em_step", slip="counts weighted by the length of the token")
def hard_by_length(corpus: Corpus, model: UnigramModel) -> UnigramModel:
    return model_of(model, hard_counts(corpus, model) * [len(token) for token in model.tokens])


def best_score(corpus: Corpus, model: UnigramModel) -> float:
    """Sum of the scores of the best paths."""
    return math.fsum(segmentation.viterbi(build_lattice(text, model))[1] for text in corpus)


@claim(
    id="viterbi_sampling.em-ascent.hard",
    title="Counting best paths never lowers the score of the best paths",
    statement=r"p' \propto \text{counts in } w^*: \qquad \sum_x s_{p'}(w^*_{p'}) \ge \sum_x s_p(w^*_p)",
    source=SOURCE,
    role="viterbi_sampling.hard_em_step",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="sums of some 150 log-probabilities below 10: 1500 eps = 3.3e-13, relative to some 300 nats"
    ),
    cases=grid(seed=(0, 1), after=(0, 3), steps=(2,)).full(seed=tuple(range(40)), steps=(6,)),
    quantity="largest fall of the best paths' score in a step, over its size",
)
def hard_score_never_falls(step: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    corpus, model = corpus_of(case.seed)
    for _ in range(case.after):
        model = hard_em_step(corpus, model)
    falls = []
    for _ in range(case.steps):
        after = step(corpus, model)
        before = best_score(corpus, model)
        falls.append(gap(max(before - best_score(corpus, after), 0.0) / abs(before), 0.0))
        model = after
    yield exact(max(falls))


# p(a) p(b) is a little more than p(ab): counting best paths drops the token ab, and with it nearly half of every Z.
FALLING: tuple[Corpus, UnigramModel] = (
    (b"ab",) * 5,
    UnigramModel({b"a": math.log(0.42), b"b": math.log(0.42), b"ab": math.log(0.16)}),
)


@claim(
    id="viterbi_sampling.em-ascent.hard-falls",
    title="It can make the texts less likely",
    statement=r"p = (.42, .42, .16),\; x = (ab)^5: \qquad \sum \log Z_p - \sum \log Z_{p'} = "
    r"5 \log \tfrac{.42^2 + .16}{.5^2} > 1",
    source=SEGMENTATION_SUBWORD.at("training by best paths"),
    role="viterbi_sampling.hard_em_step",
    evidence=Evidence.EXACT,
    region=at_least(1, because="it is 5 log 1.3456 = 1.48 nats; expected counts gain"),
    quantity="nats lost in one step",
    refutes="EM with the best path in place of expectations raises the likelihood too.",
)
def hard_step_falls(step: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    corpus, model = FALLING
    lost = likelihood(corpus, model) - likelihood(corpus, step(corpus, model))
    yield exact(lost if lost > 0 else -gap(lost, 0.0))


@role("viterbi_sampling.digamma_step", numbers="counts (V,); log-weights (V,), -inf where a token is dropped")
def digamma_step(counts: Any) -> Any:
    """psi(c) - psi(sum c), the M step of a widely used trainer: a Dirichlet prior's mean of log p, without normalisation."""
    from scipy.special import digamma

    with np.errstate(divide="ignore"):
        return np.where(counts > 1e-8, digamma(np.maximum(counts, 1e-8)) - digamma(np.sum(counts)), -np.inf)


@mutant("viterbi_sampling.digamma_step", slip="plain logarithms: it is EM's own step, at a fixed point of EM")
def logarithms(counts: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(counts / np.sum(counts))


@mutant("viterbi_sampling.digamma_step", slip="normalised afterwards, by a softmax")
def digamma_normalised(counts: Any) -> Any:
    found = digamma_step(counts)
    return found - np.logaddexp.reduce(found[np.isfinite(found)])


@claim(
    id="viterbi_sampling.em-ascent.digamma",
    title="At a fixed point of EM a digamma step makes the texts less likely",
    statement=r"p' = e^{\psi(c_t) - \psi(\sum c)}: \qquad \sum_x \log Z_p(x) - \sum_x \log Z_{p'}(x) > 0.1",
    source=SEGMENTATION_SUBWORD.at("the M step of the released trainer"),
    role="viterbi_sampling.digamma_step",
    evidence=Evidence.EXACT,
    region=at_least(0.1, because="psi(c) is below log c by 1 / 2c: with some 150 tokens of counts around 10 that is several nats; EM "
                    "itself loses nothing there"),
    cases=grid(seed=(0, 1), steps=(40,)).full(seed=(0, 1, 2, 3, 4, 5)),
    quantity="nats lost in one step from the 40th iterate",
    refutes="The digamma step is EM.",
)  # fmt: skip
def digamma_falls(step: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    corpus, _ = corpus_of(case.seed)
    model, before = iterates(case.seed, case.steps)[-1]
    logp = np.asarray(step(expected_counts(corpus, model)[0]))
    after = UnigramModel({t: x for t, x in zip(model.tokens, logp.tolist(), strict=True) if math.isfinite(x)})
    lost = before - likelihood(corpus, after)
    yield exact(lost if lost > 0 else -gap(lost, 0.0))


@claim(
    id="viterbi_sampling.em-ascent.digamma-mass",
    title="Its weights sum to less than 1",
    statement=r"\sum_t e^{\psi(c_t) - \psi(\sum c)} < 1",
    source=SEGMENTATION_SUBWORD.at("the M step of the released trainer"),
    role="viterbi_sampling.digamma_step",
    evidence=Evidence.EXACT,
    region=at_most(0.99, because="exp(psi(c)) is about c - 1/2: a dozen tokens with 150 counts in all lose 6 of them"),
    cases=grid(seed=(0, 1), steps=(40,)).full(seed=(0, 1, 2, 3, 4, 5)),
    quantity="sum of the weights",
)
def digamma_loses_mass(step: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    corpus, _ = corpus_of(case.seed)
    model, _ = iterates(case.seed, case.steps)[-1]
    yield exact(gap(np.sum(np.exp(step(expected_counts(corpus, model)[0]))), 0.0))


@figure(of="viterbi_sampling.em-ascent")
def likelihood_against_iteration() -> Figure:
    corpus, start = corpus_of(0)
    steps = 12

    def curve(step: Any) -> list[float]:
        model, values = start, []
        for _ in range(steps):
            values.append(likelihood(corpus, model))
            model = step(model)
        return values

    def digamma(model: UnigramModel) -> UnigramModel:
        logp = digamma_step(expected_counts(corpus, model)[0])
        return UnigramModel({t: x for t, x in zip(model.tokens, logp.tolist(), strict=True) if math.isfinite(x)})

    return Figure(
        "Log-likelihood of 30 texts along three trainings",
        "Expected counts raise it at every step; best paths stop early; the digamma step stays below.",
        "iteration",
        "sum of log Z",
        (
            series("EM", range(steps), curve(lambda model: segmentation.em_step(corpus, model)[0])),
            series("best paths", range(steps), curve(lambda model: hard_em_step(corpus, model)), kind="dots"),
            series("digamma", range(steps), curve(digamma), kind="dashed"),
        ),
    )
