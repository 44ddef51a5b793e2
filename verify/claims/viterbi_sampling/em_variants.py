"""Entry 13, continued: counting best paths, and the digamma step: two trainings that are not EM."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import SEGMENTATION_SUBWORD
from verify.claims.viterbi_sampling.em import Corpus, corpus_of, hard_counts, iterates, likelihood, model_of
from verify.evidence import Enclosure, at_least, at_most, exact, gap
from verify.methods import segmentation
from verify.methods.segmentation import UnigramModel, build_lattice, expected_counts


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
    source=SEGMENTATION_SUBWORD.at("training by best paths"),
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
