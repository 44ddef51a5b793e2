"""Entry 5: a repair that looks right: each candidate wins with its share, but the kept path's own score goes on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, mutant, series, table
from verify.claims.sources import SEGMENTATION_PERFECT_SAMPLING
from verify.claims.viterbi_sampling.instances import (
    ALL_LATTICES,
    ARGMAX,
    HALVES,
    THREE_EQUAL,
    WATCHING,
    Law,
    default,
    distance,
    exact_law,
    instances,
    lattice_of,
)
from verify.claims.viterbi_sampling.laws import only
from verify.evidence import Enclosure, at_least, exact, exactly
from verify.methods import segmentation
from verify.methods.segmentation import Lattice

SOURCE = SEGMENTATION_PERFECT_SAMPLING.at("what is kept, and what is handed on")
ENOUGH_IN_THE_NODE = "It is enough that each candidate wins with its share of all that arrived at its node."


@mutant("viterbi_sampling.streaming_law", slip="the half fix hands on the sum: it is no half fix but the reservoir")
@only("half")
def half_hands_on_the_sum(lattice: Lattice, alpha: Any, order: str, exact: bool) -> Law:
    return segmentation.streaming_law(lattice, alpha, "reservoir", order, exact=exact)


@mutant("viterbi_sampling.streaming_law", slip="the half fix decides by duels still")
@only("half")
def half_decides_by_duels(lattice: Lattice, alpha: Any, order: str, exact: bool) -> Law:
    return segmentation.streaming_law(lattice, alpha, "duel", order, exact=exact)


@claim(
    id="viterbi_sampling.half-fix",
    title="Handing on the kept path's score keeps the error: three equals come out as a half and two quarters",
    statement=r"p(abc) = \tfrac18,\ p(ab) = \tfrac14,\ p(a) = p(b) = p(c) = \tfrac12: \quad "
    r"P_1 = (\tfrac13, \tfrac13, \tfrac13), \; P^{\text{half}} = (\tfrac12, \tfrac14, \tfrac14)",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both laws are fractions"),
    quantity="distance between the half fix's law and the stated one",
    refutes=ENOUGH_IN_THE_NODE,
)
def half_of_three_equals(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = law(lattice_of(b"abc", THREE_EQUAL), 1, "half", exact=True)
    stated = {(3,): Fraction(1, 2), (2, 3): Fraction(1, 4), (1, 2, 3): Fraction(1, 4)}
    yield exact(distance(found, stated))


@claim(
    id="viterbi_sampling.half-fix.witness",
    title="On the witness of the lost optimum it is wrong too",
    statement=r"P^{\text{half}}(abc) = \tfrac{45675}{109888} \ne \tfrac{175}{428}",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both sides are fractions"),
    quantity="|half fix's probability − stated|",
    refutes=ENOUGH_IN_THE_NODE,
)
def half_of_witness(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = law(lattice_of(b"abc", ARGMAX), 1, "half", exact=True)
    yield exact(abs(found.get((3,), 0) - Fraction(45675, 109888)))


@claim(
    id="viterbi_sampling.half-fix.one-node",
    title="Where all competition is at one node the half fix is exact, so it passes the test of watching",
    statement=r"P^{\text{half}} = (\tfrac13, \tfrac13, \tfrac13) \text{ on watching}",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both laws are fractions"),
    cases=grid(alpha=(0, 1, 2), order=("longest", "shortest")),
    quantity="distance between the half fix's law and the uniform one",
)
def half_passes_watching(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = law(lattice_of(b"watching", WATCHING), case.alpha, "half", case.order, exact=True)
    yield exact(distance(found, dict.fromkeys(((1, 8), (3, 8), (5, 8)), Fraction(1, 3))))


@claim(
    id="viterbi_sampling.half-fix.lattices",
    title="On random lattices the half fix is as far off as the duel",
    statement=r"\max_{\text{lattices}} \operatorname{TV}(P^{\text{half}}_\alpha, P_\alpha) \ge 0.2",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.EXACT,
    region=at_least(
        0.2, because="less than half of the 0.46 and 0.50 that enumeration finds; an exact sampler is at 1e-12"
    ),
    cases=HALVES.full(half=(0, 1), lattices=(ALL_LATTICES,)),
    quantity="largest TV between the half fix and the target",
    refutes=ENOUGH_IN_THE_NODE,
)
def half_on_lattices(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    drawn = zip(instances(case.lattices)[case.half :: 2], itertools.cycle((1.0, 0.3)), strict=False)
    yield exact(max(distance(law(one.lattice, alpha, "half"), one.law(alpha)) for one, alpha in drawn))


@figure(of="viterbi_sampling.half-fix.lattices")
def all_rules_against_temperature() -> Figure:
    alphas = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)
    drawn = [default(seed, 7) for seed in range(6)]

    def mean(rule: str, alpha: float) -> float:
        found = (distance(segmentation.streaming_law(one.lattice, alpha, rule), one.law(alpha)) for one in drawn)
        return float(np.mean(list(found)))

    return Figure(
        "Mean distance to the target on six random lattices",
        "Only the reservoir is exact; the nested rule meets it at α = 1, where most tests are made.",
        "α",
        "mean total variation to the target",
        tuple(
            series(
                rule, alphas, [mean(rule, alpha) for alpha in alphas], kind="line" if rule == "reservoir" else "dashed"
            )
            for rule in ("duel", "half", "nested", "reservoir")
        ),
    )


@table(of="viterbi_sampling.half-fix.lattices")
def rules_on_the_example() -> Table:
    lattice = lattice_of(b"watching", WATCHING)
    columns = (("duel", "longest"), ("duel", "shortest"), ("half", "longest"), ("reservoir", "longest"))
    laws = [segmentation.streaming_law(lattice, 1, rule, order, exact=True) for rule, order in columns]
    target = exact_law(b"watching", WATCHING, 1)
    rows = []
    for path, p in target.items():
        shown = "|".join(piece.decode() for piece in segmentation.pieces(b"watching", path))
        rows.append((shown, str(p), *(str(law[path]) for law in laws)))
    return Table(
        "The example of the articles: three equally likely segmentations",
        "Duels give a half to whichever arrives last; here all competition is at one node, so the half fix passes.",
        ("segmentation", "target", *(f"{rule}, {order} first" for rule, order in columns)),
        rows,
    )
