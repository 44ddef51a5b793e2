"""Entry 9: log Z as a function of the temperature, and the moments that are its derivatives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import SEGMENTATION_SEMIRINGS
from verify.claims.viterbi_sampling.instances import ALL_LATTICES, ALPHAS, LATTICES, Instance, default, instances
from verify.evidence import Enclosure, Vacuous, at_most, exact, exactly, gap, worst
from verify.methods import segmentation
from verify.methods.segmentation import Lattice, Moments

SOURCE = SEGMENTATION_SEMIRINGS.at("first and second order expectations in one pass")

role("viterbi_sampling.segmentation_moments", numbers="Lattice, alpha; Moments of four floats")(
    segmentation.segmentation_moments
)


@mutant("viterbi_sampling.segmentation_moments", slip="the entropy recursion lacks the node's own -log q")
def no_entropy_of_the_node(lattice: Lattice, alpha: float) -> Moments:
    return segmentation.segmentation_moments(lattice, alpha)._replace(entropy=0.0)


@mutant("viterbi_sampling.segmentation_moments", slip="the variances of edges are added, predecessors' means forgotten")
def variance_of_edges_only(lattice: Lattice, alpha: float) -> Moments:
    posterior = segmentation.edge_posteriors(lattice, alpha)
    square = float(posterior @ lattice.logw**2) - float((posterior * lattice.logw) @ (posterior * lattice.logw))
    return segmentation.segmentation_moments(lattice, alpha)._replace(var_score=square)


@mutant("viterbi_sampling.segmentation_moments", slip="alpha is missing in H = log Z - alpha E[s]")
def alpha_missing_in_entropy(lattice: Lattice, alpha: float) -> Moments:
    found = segmentation.segmentation_moments(lattice, alpha)
    return found._replace(entropy=found.log_z - found.mean_score)


@mutant("viterbi_sampling.segmentation_moments", slip="alpha is taken for a temperature: 1 / alpha in its place")
def alpha_for_temperature(lattice: Lattice, alpha: float) -> Moments:
    return segmentation.segmentation_moments(lattice, 1 / max(alpha, 1e-3))


@claim(
    id="viterbi_sampling.temperature-identities",
    title="One pass gives log Z, entropy, mean and variance as enumeration does",
    statement=r"\log Z,\quad H = -\sum_w P \log P,\quad \mathbb{E}_\alpha[s],\quad \operatorname{Var}_\alpha(s)",
    source=SOURCE,
    role="viterbi_sampling.segmentation_moments",
    evidence=Evidence.EXACT,
    region=at_most(1e-11, because="squares of scores up to 60 summed over 12 nodes and 4 candidates: 3600 × 48 eps = 3.8e-11 if every "
                   "rounding conspired; 4e-13 was the most on 200 lattices"),
    cases=grid(alpha=ALPHAS, lattices=(LATTICES,)).full(lattices=(ALL_LATTICES,)),
    quantity="largest |moment − enumeration|",
)  # fmt: skip
def moments_by_enumeration(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(one: Instance) -> Enclosure:
        scores, p = np.array(list(one.scores.values())), np.array(list(one.law(case.alpha).values()))
        mean = float(p @ scores)
        log_z = math.log(math.fsum(np.exp(case.alpha * (scores - scores.max())))) + case.alpha * float(scores.max())
        entropy = -math.fsum(x * math.log(x) for x in p.tolist() if x > 0)
        expected = (log_z, entropy, mean, float(p @ (scores - mean) ** 2))
        return exact(gap(np.array(moments(one.lattice, case.alpha), float), np.array(expected)))

    yield worst(error(one) for one in instances(case.lattices))


@claim(
    id="viterbi_sampling.temperature-identities.derivatives",
    title="The mean score is the slope of log Z, the variance its curvature",
    statement=r"\partial_\alpha \log Z = \mathbb{E}_\alpha[s], \qquad \partial_\alpha^2 \log Z = \operatorname{Var}_\alpha(s)",
    source=SOURCE,
    role="viterbi_sampling.segmentation_moments",
    evidence=Evidence.EXACT,
    region=at_most(1e-7, because="central differences at h = 1e-5: third cumulants below 1000 times h² / 6 is 1.7e-8; rounding over "
                   "h is 100 eps / 1e-5 = 2.2e-9"),
    cases=grid(alpha=(0.3, 1.0), lattices=(LATTICES,)).full(lattices=(ALL_LATTICES,)),
    quantity="largest |difference quotient − moment| / (1 + |moment|)",
)  # fmt: skip
def moments_are_derivatives(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    h = 1e-5

    def error(one: Instance) -> Enclosure:
        below, here, above = (moments(one.lattice, case.alpha + step) for step in (-h, 0.0, h))
        slope = (segmentation.log_partition(one.lattice, case.alpha + h)
                 - segmentation.log_partition(one.lattice, case.alpha - h)) / (2 * h)  # fmt: skip
        curvature = (above.mean_score - below.mean_score) / (2 * h)
        first = gap(slope / (1 + abs(here.mean_score)), here.mean_score / (1 + abs(here.mean_score)))
        second = gap(curvature / (1 + abs(here.var_score)), here.var_score / (1 + abs(here.var_score)))
        return exact(max(first, second))

    yield worst(error(one) for one in instances(case.lattices))


@claim(
    id="viterbi_sampling.temperature-identities.entropy",
    title="Entropy is log Z less α times the mean score, and log of the count where α is 0",
    statement=r"H_\alpha = \log Z - \alpha\, \mathbb{E}_\alpha[s], \qquad H_0 = \log |\Omega|",
    source=SOURCE,
    role="viterbi_sampling.segmentation_moments",
    evidence=Evidence.EXACT,
    region=at_most(1e-11, because="as the moments themselves: sums of 48 terms up to 60"),
    cases=grid(alpha=ALPHAS, lattices=(LATTICES,)).full(lattices=(ALL_LATTICES,)),
    quantity="largest difference",
)
def entropy_identity(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(one: Instance) -> Enclosure:
        found = moments(one.lattice, case.alpha)
        other = found.log_z - case.alpha * found.mean_score
        return exact(gap([found.entropy] * 2, [other, math.log(len(one.scores)) if case.alpha == 0 else other]))

    yield worst(error(one) for one in instances(case.lattices))


@claim(
    id="viterbi_sampling.temperature-identities.monotone",
    title="As α grows, entropy never rises and the mean score never falls",
    statement=r"\partial_\alpha H = -\alpha \operatorname{Var}_\alpha(s) \le 0, \qquad "
    r"\partial_\alpha \mathbb{E}_\alpha[s] = \operatorname{Var}_\alpha(s) \ge 0",
    source=SOURCE,
    role="viterbi_sampling.segmentation_moments",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="steps in the wrong direction are counted, beyond 1e-11 of rounding"),
    cases=grid(lattices=(10,)).full(lattices=(100,)),
    quantity="steps in the wrong direction on 30 temperatures",
)
def monotone_in_alpha(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    alphas = np.linspace(0, 4, 30)
    wrong = 0
    for one in instances(case.lattices):
        found = np.array([moments(one.lattice, float(alpha)) for alpha in alphas])
        if np.ptp(found[:, 0]) == 0 and len(one.scores) > 1:
            raise Vacuous("log Z does not depend on the temperature")
        entropy, mean = np.diff(found[:, 1]), np.diff(found[:, 2])
        wrong += int(np.sum(~(entropy <= 1e-11)) + np.sum(~(mean >= -1e-11)))
    yield exact(wrong)


@figure(of="viterbi_sampling.temperature-identities")
def moments_against_alpha() -> Figure:
    alphas = np.linspace(0, 4, 41)
    lattice = default(0).lattice
    found = np.array([segmentation.segmentation_moments(lattice, float(alpha)) for alpha in alphas])
    return Figure(
        f"Moments of the law of segmentations of {lattice.text.decode()!r}",
        "Entropy falls from the logarithm of the count to 0, the mean score rises to the best one.",
        "α",
        "nats, and nats²",
        (
            series("entropy", alphas, found[:, 1]),
            series("mean score", alphas, found[:, 2]),
            series("variance of the score", alphas, found[:, 3], kind="dashed"),
        ),
    )
