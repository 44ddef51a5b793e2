"""Entry 12: the n best segmentations, what sampling among them only leaves out, and what finding them costs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.sources import SEGMENTATION_KBEST, SEGMENTATION_SUBWORD
from verify.claims.viterbi_sampling.instances import Instance, Law, Path, distance, gibbs, instances, sentence
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, within, worst
from verify.methods import segmentation
from verify.methods.segmentation import Best, Lattice, UnigramModel, build_lattice

SOURCE = SEGMENTATION_SUBWORD.at("sampling among the n best")
LAZY = SEGMENTATION_KBEST.at("algorithm 3")
Ranked = list[tuple[Path, float]]

role("viterbi_sampling.nbest_segmentations", numbers="Lattice, n; [(ends, score), ...], best first")(
    segmentation.nbest_segmentations
)


def beams(lattice: Lattice, n: int, *, strict: bool) -> tuple[list[tuple[float, Path]], int]:
    """Every node keeps its n best paths; the number of candidates scored. `strict` drops those that tie with a kept one."""
    kept: list[list[tuple[float, Path]]] = [[] for _ in range(lattice.n + 1)]
    kept[0] = [(0.0, ())]
    evaluated = 0
    for e in range(1, lattice.n + 1):
        k = range(int(lattice.indptr[e]), int(lattice.indptr[e + 1]))
        found = [(x + float(lattice.logw[i]), (*path, e)) for i in k for x, path in kept[int(lattice.start[i])]]
        evaluated += len(found)
        found.sort(key=lambda one: -one[0])
        if strict:
            found = [one for i, one in enumerate(found) if not i or one[0] < found[i - 1][0] - 1e-12]
        kept[e] = found[:n]
    return kept[lattice.n], evaluated


@mutant(
    "viterbi_sampling.nbest_segmentations",
    slip="a beam that keeps a path only if it is strictly worse than the one before",
)
def ties_pruned(lattice: Lattice, n: int) -> Ranked:
    return [(path, x) for x, path in beams(lattice, n, strict=True)[0]]


@mutant("viterbi_sampling.nbest_segmentations", slip="nodes keep one path each: the n best ends of best beginnings")
def one_path_a_node(lattice: Lattice, n: int) -> Ranked:
    ends, score = segmentation.viterbi(lattice)
    return [(tuple(ends.tolist()), score)] * n


@equivalent("viterbi_sampling.nbest_segmentations", because="n paths kept at every node find the same, with more work")
def eager(lattice: Lattice, n: int) -> Ranked:
    return [(path, x) for x, path in beams(lattice, n, strict=False)[0]]


@claim(
    id="viterbi_sampling.nbest-truncation",
    title="The n best segmentations are those of the largest scores, and all of them where n is large",
    statement=r"(s_1 \ge s_2 \ge \dots \ge s_{\min(n, |\Omega|)}) = \text{the largest scores of } \Omega(c)",
    source=LAZY,
    role="viterbi_sampling.nbest_segmentations",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="sums of the same at most 12 numbers of size up to 10, in two orders: 12 eps 120 = 3.2e-13"
    ),
    cases=grid(n=(1, 3, 64, 5000), lattices=(8,)).full(n=(1, 2, 3, 64, 512, 5000), lattices=(200,)),
    quantity="largest |score − score of that rank|, ties among them",
)
def best_by_enumeration(nbest: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(lattice: Lattice, scores: dict[Path, float]) -> Enclosure:
        found = nbest(lattice, case.n)
        expected = sorted(scores.values(), reverse=True)[: case.n]
        honest = [scores.get(tuple(path), math.inf) for path, _ in found]
        distinct = len({tuple(path) for path, _ in found})
        if distinct != len(expected) or len(found) != len(expected):
            return exact(math.inf)
        return exact(max(gap([score for _, score in found], expected), gap(honest, expected)))

    text = b"aaaaaa"
    ties = build_lattice(text, UnigramModel({b"a": -1.0, b"aa": -2.0, b"aaa": -3.0}))
    drawn = [(one.lattice, one.scores) for one in instances(case.lattices)]
    drawn.append((ties, dict(segmentation.enumerate_segmentations(ties))))
    yield worst(error(lattice, scores) for lattice, scores in drawn)


@role("viterbi_sampling.truncated_law", numbers="[(ends, score), ...], alpha; {ends: float}")
def truncated_law(best: Ranked, alpha: float) -> Law:
    """Sampling among the n best only: e^(alpha s) over its sum over these."""
    return gibbs(dict(best), alpha)


@mutant("viterbi_sampling.truncated_law", slip="weights p(w) at every temperature, in place of p(w)^alpha")
def weights_without_alpha(best: Ranked, alpha: float) -> Law:
    return gibbs(dict(best), 1.0)


@mutant("viterbi_sampling.truncated_law", slip="divided by a Z that holds what was left out: masses sum to less than 1")
def normalised_by_all(best: Ranked, alpha: float) -> Law:
    # as if the tail weighed what the worst of the n best weighs, once more for each of them
    law = gibbs(dict(best), alpha)
    tail = len(law) * min(law.values())
    return {path: p / (1 + tail) for path, p in law.items()}


@claim(
    id="viterbi_sampling.nbest-truncation.tail",
    title="Sampling among the n best is off by exactly the mass of the rest",
    statement=r"\operatorname{TV}(P^{(n)}_\alpha, P_\alpha) = 1 - \sum_{i \le n} P_\alpha(w_i)",
    source=SOURCE,
    role="viterbi_sampling.truncated_law",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="sums of up to 2048 masses that add up to 1, in two orders: 2048 eps = 4.5e-13"),
    cases=grid(n=(1, 8, 64), alpha=(0.1, 0.5, 1.0), lattices=(10,)).full(lattices=(100,)),
    quantity="largest |TV − tail mass|",
)
def truncation_is_the_tail(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(one: Instance) -> Enclosure:
        target = one.law(case.alpha)
        best = segmentation.nbest_segmentations(one.lattice, case.n)
        listed = {path for path, _ in best}
        tail = math.fsum(p for path, p in target.items() if path not in listed)
        return exact(gap(distance(law(best, case.alpha), target), tail))

    yield worst(error(one) for one in instances(case.lattices))


@cache
def thirteen_bytes() -> Instance:
    """A text of 13 bytes with some 300 segmentations, as a vocabulary of frequent English pieces gives."""
    text = b"the statement"
    costs = {
        b"the": 3.0, b"th": 4.5, b"he": 4.6, b" s": 4.4, b" st": 5.0, b"st": 4.7, b"sta": 6.0, b"at": 4.9, b"ate": 5.9, b"te": 4.9,
        b"em": 5.4, b"ment": 5.0, b"me": 4.9, b"en": 4.5, b"ent": 4.9, b"nt": 5.2, b"state": 7.2, b" state": 7.0, b"statement": 8.5,
    }  # fmt: skip
    model = UnigramModel({bytes([b]): -6.5 for b in set(text)} | {token: -cost for token, cost in costs.items()})
    lattice = build_lattice(text, model)
    return Instance(lattice, dict(segmentation.enumerate_segmentations(lattice)))


@claim(
    id="viterbi_sampling.nbest-truncation.nearly-everything",
    title="At small α the rest is a large part of it, however good the n best are",
    statement=r"n = 64,\; |\Omega| = 708: \qquad 0.3 \le 1 - \sum_{i \le n} P_{0.1}(w_i) \le 1 - \tfrac{64}{708}",
    source=SOURCE,
    role="viterbi_sampling.truncated_law",
    evidence=Evidence.EXACT,
    region=within(0.3, "0.9097", because="at α = 0 it is 1 − 64 / 708 = 0.90960, from where it falls as α grows; a third is what a "
                  "reader would call a large part; at α = 1 it is below 1e-3, as the guard measures"),
    quantity="TV between sampling among the 64 best and the target",
    refutes="A few dozen best segmentations are as good as all.",
)  # fmt: skip
def tail_is_large(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    one = thirteen_bytes()
    best = segmentation.nbest_segmentations(one.lattice, 64)
    if len(one.scores) != 708 or distance(truncated_law(best, 1.0), one.law(1.0)) > 1e-3:
        raise Vacuous(f"{len(one.scores)} segmentations, and at alpha = 1 the tail is no small one")
    yield exact(distance(law(best, 0.1), one.law(0.1)))


role("viterbi_sampling.lazy_nbest", numbers="Lattice, n; Best(paths, evaluated)")(segmentation.lazy_nbest)


@mutant("viterbi_sampling.lazy_nbest", slip="n candidates are scored for every token, asked for or not")
def every_node_ranks_all(lattice: Lattice, n: int) -> Best:
    found, evaluated = beams(lattice, n, strict=False)
    return Best([(path, x) for x, path in found], evaluated)


@claim(
    id="viterbi_sampling.nbest-truncation.lazy",
    title="Lazily, a further segmentation costs at most one candidate a token",
    statement=r"\#\text{candidates} \le E + N\, n",
    source=LAZY,
    role="viterbi_sampling.lazy_nbest",
    evidence=Evidence.CERTIFIED,
    region=at_most(
        1, because="each token once, and for each further path one candidate a node, of which there are at most n"
    ),
    cases=grid(n=(200,), N=(64, 512)).full(n=(200, 1000), N=(64, 512)),
    quantity="candidates over E + N n",
    refutes="The N best cost N times as much as the best.",
)
def lazy_is_cheap(nbest: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lattice = sentence(case.n)
    yield exact(Fraction(int(nbest(lattice, case.N).evaluated), len(lattice.start) + case.N * lattice.n))


@claim(
    id="viterbi_sampling.nbest-truncation.fraction",
    title="For the 64 best of a sentence it scores less than a sixth of what all nodes ranking would",
    statement=r"\#\text{candidates} \le 0.15\, N E \quad (N = 64,\ n = 200, 1000)",
    source=LAZY,
    role="viterbi_sampling.lazy_nbest",
    evidence=Evidence.CERTIFIED,
    region=at_most("0.15", because="0.057 and 0.048 were counted on English; nodes that all rank score about 1"),
    cases=grid(n=(200,)).full(n=(200, 1000)),
    quantity="candidates over N E",
)
def fraction_of_eager(nbest: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lattice = sentence(case.n)
    yield exact(Fraction(int(nbest(lattice, 64).evaluated), 64 * len(lattice.start)))


@figure(of="viterbi_sampling.nbest-truncation.nearly-everything")
def tail_against_n() -> Figure:
    one = thirteen_bytes()
    curves = []
    for alpha in (0.0, 0.1, 0.3, 0.5, 1.0):
        p = np.sort(np.array(list(one.law(alpha).values())))[::-1]
        curves.append(series(f"α = {alpha:g}", range(1, len(p)), 1 - np.cumsum(p)[:-1]))
    return Figure(
        f"Mass beyond the n best of {len(one.scores)} segmentations of {one.lattice.text.decode()!r}",
        "At α = 1 a few hold nearly everything; at α = 0.1, a usual value for subword regularisation, most of the mass lies "
        "beyond.",
        "n",
        "probability of all others",
        tuple(curves),
        x_log=True,
    )
