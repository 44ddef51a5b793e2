"""Entry 10: how likely a token is, over all segmentations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, equivalent, grid, mutant, role
from verify.claims.sources import SEGMENTATION_SUBWORD
from verify.claims.viterbi_sampling.instances import ALL_LATTICES, ALPHAS, LATTICES, Instance, instances
from verify.evidence import Enclosure, at_most, exact, gap, worst
from verify.methods import segmentation
from verify.methods.segmentation import Lattice, UnigramModel, build_lattice

SOURCE = SEGMENTATION_SUBWORD.at("expected counts by forward and backward sums")
Array = np.ndarray[Any, Any]

role("viterbi_sampling.edge_posteriors", numbers="Lattice, alpha; probabilities (E,)")(segmentation.edge_posteriors)


def by_formula(lattice: Lattice, alpha: float, *, backward_alpha: float | None = None, power: float = 1.0) -> Array:
    """exp(F_s + alpha logw + B_e - log Z), and wrong forms of it."""
    f = segmentation.forward_log(lattice, alpha)
    b = segmentation.backward_log(lattice, alpha if backward_alpha is None else backward_alpha)
    return np.asarray(np.exp(f[lattice.start] + power * alpha * lattice.logw + b[lattice.end] - f[-1]))


@mutant("viterbi_sampling.edge_posteriors", slip="backward sums at alpha = 1, forward sums at alpha")
def backward_without_alpha(lattice: Lattice, alpha: float) -> Array:
    return by_formula(lattice, alpha, backward_alpha=1.0)


@mutant("viterbi_sampling.edge_posteriors", slip="the token's own weight is counted twice")
def weight_twice(lattice: Lattice, alpha: float) -> Array:
    return by_formula(lattice, alpha, power=2.0)


@mutant("viterbi_sampling.edge_posteriors", slip="log Z is not subtracted")
def not_normalised(lattice: Lattice, alpha: float) -> Array:
    return np.asarray(by_formula(lattice, alpha) * np.exp(segmentation.log_partition(lattice, alpha)))


@equivalent("viterbi_sampling.edge_posteriors", because="forward and backward sums give the same probabilities")
def forward_and_backward(lattice: Lattice, alpha: float) -> Array:
    return by_formula(lattice, alpha)


ROUNDING = (
    "sums of products over 12 nodes of 4 candidates, exponents up to 60 in size: 12 × 4 × 60 eps = 6.4e-13, with room"
)


@claim(
    id="viterbi_sampling.posteriors",
    title="The probability that a token is used comes from forward and backward sums",
    statement=r"P_\alpha\big((s,e) \in w\big) = e^{F_s + \alpha \ell(s,e) + B_e - \log Z}",
    source=SOURCE,
    role="viterbi_sampling.edge_posteriors",
    evidence=Evidence.EXACT,
    region=at_most(1e-11, because=ROUNDING),
    cases=grid(alpha=ALPHAS, lattices=(LATTICES,)).full(lattices=(ALL_LATTICES,)),
    quantity="largest |posterior − sum over segmentations|",
)
def posteriors_by_enumeration(posteriors: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(one: Instance) -> Enclosure:
        edges = {
            edge: k for k, edge in enumerate(zip(one.lattice.start.tolist(), one.lattice.end.tolist(), strict=True))
        }
        expected = np.zeros(len(edges))
        for ends, p in one.law(case.alpha).items():
            for edge in zip((0, *ends[:-1]), ends, strict=True):
                expected[edges[edge]] += p
        return exact(gap(posteriors(one.lattice, case.alpha), expected))

    yield worst(error(one) for one in instances(case.lattices))


@claim(
    id="viterbi_sampling.posteriors.coverage",
    title="Over every byte the probabilities of the tokens that cover it sum to 1",
    statement=r"\sum_{s \le i < e} P_\alpha\big((s,e) \in w\big) = 1 \quad \text{for every byte } i",
    source=SOURCE,
    role="viterbi_sampling.edge_posteriors",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="at most 16 probabilities over a byte, each with some 50 roundings: 66 eps = 1.5e-14, "
                   "with room for exponents"),
    cases=grid(alpha=ALPHAS, lattices=(LATTICES,)).full(lattices=(ALL_LATTICES,)),
    quantity="largest |coverage − 1|",
)  # fmt: skip
def bytes_are_covered(posteriors: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(lattice: Lattice) -> Enclosure:
        return exact(gap(coverage(lattice, np.asarray(posteriors(lattice, case.alpha))), np.ones(lattice.n)))

    yield worst(error(one.lattice) for one in instances(case.lattices))


def coverage(lattice: Lattice, probability: Array) -> Array:
    """For every byte the sum over the tokens that cover it."""
    return np.array([probability[(lattice.start <= i) & (i < lattice.end)].sum() for i in range(lattice.n)])


@claim(
    id="viterbi_sampling.posteriors.gradient",
    title="They are the gradient of log Z in the log-weights, up to α",
    statement=r"\frac{\partial \log Z}{\partial \ell(s,e)} = \alpha\, P_\alpha\big((s,e) \in w\big)",
    source=SOURCE,
    role="viterbi_sampling.edge_posteriors",
    evidence=Evidence.EXACT,
    region=at_most(1e-6, because="central differences at h = 1e-4: h² / 6 times third derivatives below 30 α³ is 5e-8 α³, rounding "
                   "60 eps / h = 1.3e-10"),
    cases=grid(alpha=(0.3, 1.0), lattices=(3,)).full(lattices=(50,)),
    quantity="largest |difference quotient − α posterior|",
)  # fmt: skip
def gradient_of_log_z(posteriors: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    h = 1e-4

    def error(one: Instance) -> Enclosure:
        by_token: dict[bytes, float] = {}
        lattice, logp = one.lattice, dict(one.lattice.model.logp)
        tokens = [lattice.text[s:e] for s, e in zip(lattice.start.tolist(), lattice.end.tolist(), strict=True)]
        # a token's weight counts wherever it occurs: the posteriors of its occurrences add up
        found = np.asarray(posteriors(lattice, case.alpha))
        for token, p in zip(tokens, found.tolist(), strict=True):
            by_token[token] = by_token.get(token, 0.0) + p
        quotients = []
        for token in by_token:
            up, down = (
                segmentation.log_partition(
                    build_lattice(lattice.text, UnigramModel(logp | {token: logp[token] + x})), case.alpha
                )
                for x in (h, -h)
            )
            quotients.append((up - down) / (2 * h))
        return exact(gap(quotients, case.alpha * np.array(list(by_token.values()))))

    yield worst(error(one) for one in instances(case.lattices))
