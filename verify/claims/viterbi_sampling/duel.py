"""Entry 3: duels between the newcomer and the path that is kept do not sample by probability."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, series
from verify.claims.sources import SEGMENTATION_PERFECT_SAMPLING, SEGMENTATION_VITERBI_SAMPLING
from verify.claims.viterbi_sampling.instances import (
    ALL_LATTICES,
    HALVES,
    WATCHING,
    Law,
    default,
    distance,
    every_substring,
    exact_law,
    instances,
    lattice_of,
)
from verify.claims.viterbi_sampling.laws import arrivals, independent_choices, only, successive
from verify.evidence import Enclosure, at_least, exact, exactly
from verify.methods import segmentation
from verify.methods.segmentation import Lattice

SOURCE = SEGMENTATION_VITERBI_SAMPLING.at("Viterbi sampling: the newcomer is kept with a probability")
AFTER = SEGMENTATION_PERFECT_SAMPLING.at("the example of three segmentations of watching")
SAMPLES_SOFTMAX = (
    "Keeping the newcomer with probability σ(α · score difference) samples segmentations by their probability."
)


@mutant("viterbi_sampling.streaming_law", slip="nodes taken as independent, the kept score for that of the best path")
@only("duel")
def nodes_independent(lattice: Lattice, alpha: Any, order: str, exact: bool) -> Law:
    best: list[Any] = [1] + [0] * lattice.n

    def chosen(e: int) -> dict[int, Any]:
        scores = [(s, best[s] * weight) for s, weight in arrivals(lattice, e, order, exact=exact) if best[s]]
        best[e] = max((x for _, x in scores), default=0)
        return dict(zip((s for s, _ in scores), successive([x for _, x in scores], alpha), strict=True))

    return independent_choices(lattice, chosen)


@mutant("viterbi_sampling.streaming_law", slip="candidates arrive in the reversed order")
def arrival_reversed(
    lattice: Lattice, alpha: Any, rule: str = "reservoir", order: str = "longest", *, exact: bool = False
) -> Law:
    other = {"longest": "shortest", "shortest": "longest"}[order]
    return segmentation.streaming_law(lattice, alpha, rule, other, exact=exact)


@mutant("viterbi_sampling.streaming_law", slip="the sign of the score difference: the worse path is kept more often")
@only("duel")
def worse_wins(lattice: Lattice, alpha: Any, order: str, exact: bool) -> Law:
    if exact and lattice.model.probs is not None:
        upside_down = {token: 1 / p for token, p in lattice.model.probs.items()}
        model = segmentation.UnigramModel.from_probabilities(upside_down)
    else:
        here = {lattice.model.tokens[k] for k in lattice.token}
        model = segmentation.UnigramModel({token: -lattice.model.logp[token] for token in here})
    return segmentation.streaming_law(
        segmentation.build_lattice(lattice.text, model), alpha, "duel", order, exact=exact
    )


@mutant("viterbi_sampling.streaming_law", slip="the order of arrival is ignored")
def order_ignored(
    lattice: Lattice, alpha: Any, rule: str = "reservoir", order: str = "longest", *, exact: bool = False
) -> Law:
    return segmentation.streaming_law(lattice, alpha, rule, exact=exact)


@claim(
    id="viterbi_sampling.duel-not-softmax",
    title="Three equally likely segmentations come out as a half and two quarters, the last to arrive as the half",
    statement=r"P_\alpha = (\tfrac13, \tfrac13, \tfrac13), \qquad P^{\text{duel}} = (\tfrac12, \tfrac14, \tfrac14), \qquad "
    r"\operatorname{TV} = \tfrac16",
    source=AFTER,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both laws are fractions"),
    cases=grid(alpha=(0, 1, 2), order=("longest", "shortest")),
    quantity="distance between the duel's law and (1/2, 1/4, 1/4)",
    refutes=SAMPLES_SOFTMAX,
)
def watching(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    last = 5 if case.order == "longest" else 1  # watch|ing, or w|atching
    stated = {(s, 8): Fraction(1, 2) if s == last else Fraction(1, 4) for s in (1, 3, 5)}
    yield exact(distance(law(lattice_of(b"watching", WATCHING), case.alpha, "duel", case.order, exact=True), stated))


@claim(
    id="viterbi_sampling.duel-not-softmax.many",
    title="Of d equals at one node, each next one halves the chances of all before it",
    statement=r"P^{\text{duel}} = (2^{-(d-1)}, 2^{-(d-1)}, 2^{-(d-2)}, \dots, 2^{-1}), \qquad "
    r"\operatorname{TV} = 0, \tfrac16, \tfrac14, \tfrac12, \tfrac{11}{16} \;\text{ for }\; d = 2, 3, 4, 8, 16",
    source=AFTER,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both laws are fractions"),
    cases=grid(d=(2, 3, 4, 8, 16)),
    quantity="largest of |law − stated| and |TV to uniform − stated|",
    refutes=SAMPLES_SOFTMAX,
)
def many_equals(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d = case.d
    found = law(equals(d), 1, "duel", exact=True)
    halves = [Fraction(1, 2 ** min(d - i, d - 1)) for i in range(d)]
    stated = {(i + 1, d + 1): halves[i] for i in range(d)}
    uniform = dict.fromkeys(stated, Fraction(1, d))
    tv = {2: Fraction(0), 3: Fraction(1, 6), 4: Fraction(1, 4), 8: Fraction(1, 2), 16: Fraction(11, 16)}
    yield exact(max(distance(found, stated), abs(distance(found, uniform) - tv[d])))


def equals(d: int) -> Lattice:
    """d segmentations into two tokens, all of one weight, which meet at the last node."""
    text = bytes(range(d + 1))
    tokens = [text[:i] for i in range(1, d + 1)] + [text[i:] for i in range(1, d + 1)]
    return lattice_of(text, dict.fromkeys(tokens, Fraction(1, 2 * d)))


@claim(
    id="viterbi_sampling.duel-not-softmax.order",
    title="Whether candidates arrive longest or shortest first changes the law",
    statement=r"\operatorname{TV}(P^{\text{duel}}_{\text{longest first}}, P^{\text{duel}}_{\text{shortest first}}) > \tfrac18",
    source=AFTER,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.CERTIFIED,
    region=at_least(
        Fraction(1, 8), because="it is 1/4 on this text: half the effect; a law that ignores the order is at 0"
    ),
    cases=grid(alpha=(0, 1, 2)),
    quantity="distance between the laws of both orders",
    refutes="The order in which candidates arrive does not matter.",
)
def order_matters(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lattice = lattice_of(b"watching", WATCHING)
    yield exact(distance(*(law(lattice, case.alpha, "duel", order, exact=True) for order in ("longest", "shortest"))))


@claim(
    id="viterbi_sampling.duel-not-softmax.coincidence",
    title="A coincidence: with all substrings, no temperature and longest first, duels are uniform",
    statement=r"\alpha = 0,\; m = n: \qquad P^{\text{duel}}(w) = 2^{-(n-1)} \text{ for every } w",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both laws are fractions"),
    cases=grid(n=(2, 4, 6)).full(n=(2, 3, 4, 5, 6, 7)),
    quantity="largest |law − 2^−(n−1)|",
)
def uniform_by_luck(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = law(every_substring(case.n, case.n), 0, "duel", exact=True)
    missing = 2 ** (case.n - 1) - len(found)
    yield exact(max([abs(p - Fraction(1, 2 ** (case.n - 1))) for p in found.values()] + [Fraction(missing)]))


@claim(
    id="viterbi_sampling.duel-not-softmax.coincidence-ends",
    title="The coincidence ends with the other order, or with shorter tokens",
    statement=r"n = 7,\ \alpha = 0: \quad \operatorname{TV} = \tfrac{53}{64} \text{ shortest first}, \quad "
    r"\operatorname{TV} = \tfrac{65}{352} \text{ for } m = 3",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both distances are fractions"),
    cases=grid(how=("shortest", "m3")),
    quantity="|distance to uniform − stated|",
    refutes="At α = 0 duels are uniform.",
)
def coincidence_ends(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lattice = every_substring(7, 7 if case.how == "shortest" else 3)
    found = law(lattice, 0, "duel", "shortest" if case.how == "shortest" else "longest", exact=True)
    assert lattice.model.probs is not None
    uniform = exact_law(lattice.text, lattice.model.probs, 0)
    yield exact(abs(distance(found, uniform) - {"shortest": Fraction(53, 64), "m3": Fraction(65, 352)}[case.how]))


@claim(
    id="viterbi_sampling.duel-not-softmax.lattices",
    title="On random lattices the duel is far from the law it aims at",
    statement=r"\max_{\text{lattices}} \operatorname{TV}(P^{\text{duel}}_\alpha, P_\alpha) \ge 0.2",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.EXACT,
    region=at_least(
        0.2, because="half of the 0.41 and 0.40 that enumeration finds; an exact sampler is at rounding, below 1e-12"
    ),
    cases=HALVES.full(half=(0, 1), lattices=(ALL_LATTICES,)),
    quantity="largest TV between the duel and the target",
    refutes=SAMPLES_SOFTMAX,
)
def far_on_lattices(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    drawn = zip(instances(case.lattices)[case.half :: 2], itertools.cycle((0.1, 0.3, 1.0)), strict=False)
    yield exact(max(distance(law(one.lattice, alpha, "duel"), one.law(alpha)) for one, alpha in drawn))


@figure(of="viterbi_sampling.duel-not-softmax.many")
def against_number_of_equals() -> Figure:
    sizes = (2, 3, 4, 6, 8, 12, 16)

    def tv(d: int) -> float:
        law = segmentation.streaming_law(equals(d), 1, "duel", exact=True)
        return float(distance(law, dict.fromkeys(law, Fraction(1, d))))

    return Figure(
        "How far duels among equals are from uniform",
        "With every further equal candidate at a node the first ones lose more: the distance tends to 1.",
        "equal candidates d",
        "total variation to uniform",
        (series("duel", sizes, [tv(d) for d in sizes], kind="dots"), series("reservoir", sizes, [0.0] * len(sizes))),
    )


@figure(of="viterbi_sampling.duel-not-softmax.lattices")
def against_temperature() -> Figure:
    alphas = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)
    drawn = [default(seed, 7) for seed in range(8)]
    tv = np.array(
        [[distance(segmentation.streaming_law(one.lattice, a, "duel"), one.law(a)) for a in alphas] for one in drawn]
    )
    return Figure(
        "How far the duel is from the target on eight random lattices",
        "The distance depends on the text and does not vanish as α grows to ordinary values.",
        "α",
        "total variation",
        (
            series("least to largest", alphas, tv.min(axis=0), tv.max(axis=0), kind="band"),
            series("mean", alphas, tv.mean(axis=0)),
        ),
    )
