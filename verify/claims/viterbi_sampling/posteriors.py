"""Entry 10: how likely a token, or a boundary, is, over all segmentations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.figures import Kind
from verify.claims.sources import SEGMENTATION_SUBWORD
from verify.claims.viterbi_sampling.instances import ALL_LATTICES, ALPHAS, LATTICES, Instance, instances
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, worst
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
    region=at_most(1e-6, because="central differences at h = 1e-4: h² / 24 times third derivatives below 30 α³ is 1.3e-8 α³, rounding "
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


role("viterbi_sampling.boundary_posteriors", numbers="Lattice, alpha; probabilities (n + 1,)")(
    segmentation.boundary_posteriors
)


@mutant("viterbi_sampling.boundary_posteriors", slip="forward sums alone: the share of the path sums that reach a node")
def forward_only(lattice: Lattice, alpha: float) -> Array:
    return np.asarray(
        np.exp(np.minimum(segmentation.forward_log(lattice, alpha) - segmentation.log_partition(lattice, alpha), 0))
    )


@mutant("viterbi_sampling.boundary_posteriors", slip="backward sums at alpha = 1, forward sums at alpha")
def backward_at_one(lattice: Lattice, alpha: float) -> Array:
    f, b = segmentation.forward_log(lattice, alpha), segmentation.backward_log(lattice, 1.0)
    return np.asarray(np.exp(f + b - f[-1]))


@claim(
    id="viterbi_sampling.posteriors.boundaries",
    title="So does the probability of a boundary",
    statement=r"P_\alpha(\text{boundary at } e) = e^{F_e + B_e - \log Z}",
    source=SOURCE,
    role="viterbi_sampling.boundary_posteriors",
    evidence=Evidence.EXACT,
    region=at_most(1e-11, because=ROUNDING),
    cases=grid(alpha=ALPHAS, lattices=(LATTICES,)).full(lattices=(ALL_LATTICES,)),
    quantity="largest |posterior − sum over segmentations|",
)
def boundaries_by_enumeration(posteriors: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(one: Instance) -> Enclosure:
        expected = np.zeros(one.lattice.n + 1)
        for ends, p in one.law(case.alpha).items():
            expected[[0, *ends]] += p
        return exact(gap(posteriors(one.lattice, case.alpha), expected))

    yield worst(error(one) for one in instances(case.lattices))


role("viterbi_sampling.backward_log", numbers="Lattice, alpha; log sums (n + 1,)")(segmentation.backward_log)


@mutant("viterbi_sampling.backward_log", slip="alpha is forgotten")
def alpha_forgotten(lattice: Lattice, alpha: float = 1.0) -> Array:
    return segmentation.backward_log(lattice, 1.0)


@mutant("viterbi_sampling.backward_log", slip="forward sums of the reversed array: F read from the other end")
def forward_reversed(lattice: Lattice, alpha: float = 1.0) -> Array:
    return np.asarray(segmentation.forward_log(lattice, alpha)[::-1])


@claim(
    id="viterbi_sampling.posteriors.two-ways",
    title="Sums from the front and from the back agree",
    statement=r"F_n = B_0 = \log Z, \qquad F_e + B_e = \log \sum_{w \ni e} e^{\alpha s(w)}",
    source=SOURCE,
    role="viterbi_sampling.backward_log",
    evidence=Evidence.EXACT,
    region=at_most(1e-11, because=ROUNDING),
    cases=grid(alpha=ALPHAS, lattices=(LATTICES,)).full(lattices=(ALL_LATTICES,)),
    quantity="largest difference of log sums",
)
def both_directions(backward: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(one: Instance) -> Enclosure:
        f, b = segmentation.forward_log(one.lattice, case.alpha), np.asarray(backward(one.lattice, case.alpha))
        if len(b) != one.lattice.n + 1:
            return exact(float("inf"))
        through = [
            [case.alpha * s for ends, s in one.scores.items() if e in (0, *ends)] for e in range(one.lattice.n + 1)
        ]
        nodes = [e for e, scores in enumerate(through) if scores]
        return exact(gap((f + b)[nodes], [np.logaddexp.reduce(through[e]) for e in nodes]))

    yield worst(error(one) for one in instances(case.lattices))


@claim(
    id="viterbi_sampling.posteriors.independent-sides",
    title="Given a boundary, the two sides know nothing of each other",
    statement=r"P_\alpha(a \in w,\, b \in w \mid \text{boundary at } e) = P_\alpha(a \in w_{<e})\, P_\alpha(b \in w_{\ge e})",
    source=SOURCE,
    role="viterbi_sampling.edge_posteriors",
    evidence=Evidence.EXACT,
    region=at_most(1e-11, because=ROUNDING),
    cases=grid(alpha=(0.3, 1.0), lattices=(3,)).full(lattices=(50,)),
    quantity="largest |joint − product|",
)
def sides_are_independent(posteriors: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(one: Instance) -> Enclosure:
        lattice, law = one.lattice, one.law(case.alpha)
        e = lattice.n // 2
        left, right = (build_lattice(text, lattice.model) for text in (lattice.text[:e], lattice.text[e:]))
        given = {ends: p for ends, p in law.items() if e in ends}
        total = sum(given.values())
        product = np.outer(posteriors(left, case.alpha), posteriors(right, case.alpha))
        first, second = (list(zip(x.start.tolist(), x.end.tolist(), strict=True)) for x in (left, right))
        joint = np.zeros((len(first), len(second)))
        for ends, p in given.items():
            edges = set(zip((0, *ends[:-1]), ends, strict=True))
            a = np.array([edge in edges for edge in first])
            b = np.array([(s + e, t + e) in edges for s, t in second])
            joint += p / total * np.outer(a, b)
        if len(given) < 2:
            raise Vacuous("one segmentation only has a boundary there")
        return exact(gap(joint, product))

    yield worst(error(one) for one in instances(case.lattices))


@figure(of="viterbi_sampling.posteriors.boundaries")
def along_a_sentence() -> Figure:
    text = b"the cat sat on the mat"
    words = {
        b"the": 4.0,
        b"cat": 6.0,
        b"sat": 6.5,
        b"mat": 7.0,
        b"on": 4.5,
        b" ": 2.0,
        b" the": 4.2,
        b" on": 4.8,
        b"at": 5.0,
    }
    singles = {bytes([b]): -8.0 for b in set(text)}
    model = UnigramModel(singles | {token: -cost for token, cost in words.items()})
    lattice = build_lattice(text, model)
    places = np.arange(lattice.n + 1)
    kinds: tuple[tuple[float, Kind], ...] = ((0.1, "dashed"), (0.5, "line"), (1.0, "dots"))
    return Figure(
        f"Probability of a boundary along {text.decode()!r}",
        "At α = 1 boundaries stand at words almost surely; the smaller α, the more often they fall inside.",
        "byte",
        "probability of a boundary",
        tuple(
            series(f"α = {alpha:g}", places, segmentation.boundary_posteriors(lattice, alpha), kind=kind)
            for alpha, kind in kinds
        ),
    )
