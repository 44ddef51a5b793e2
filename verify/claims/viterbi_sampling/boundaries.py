"""Entry 10, continued: how likely a boundary is, and what it cuts: sums from either side, and independent sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.figures import Kind
from verify.claims.viterbi_sampling.instances import ALL_LATTICES, ALPHAS, LATTICES, Instance, instances
from verify.claims.viterbi_sampling.posteriors import ROUNDING, SOURCE, Array
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, worst
from verify.methods import segmentation
from verify.methods.segmentation import Lattice, UnigramModel, build_lattice

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
