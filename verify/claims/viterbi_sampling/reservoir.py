"""Entry 6: the reservoir that hands on sums draws from the target, whatever the order of arrival."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role
from verify.claims.sources import SEGMENTATION_PERFECT_SAMPLING
from verify.claims.viterbi_sampling.instances import ALPHAS, Law, default, distance, exact_law, instances, rational
from verify.claims.viterbi_sampling.laws import arrivals, beside_target, independent_choices, only, shares
from verify.evidence import Enclosure, Vacuous, at_most, exact, exactly, worst
from verify.methods import segmentation
from verify.methods.segmentation import Lattice

SOURCE = SEGMENTATION_PERFECT_SAMPLING.at("the perfect sampling algorithm")


def reservoir_with(lattice: Lattice, alpha: Any, order: str, exact: bool, accept: Any, hand_on: Any) -> Law:
    """The reservoir with another probability of acceptance, accept(x, sum before), or another value handed on."""
    handed: list[Any] = [1] + [0] * lattice.n

    def chosen(e: int) -> dict[int, Any]:
        before: Any = 0
        choice: dict[int, Any] = {}
        parts = []
        for s, weight in arrivals(lattice, e, order, exact=exact):
            x = handed[s] * weight**alpha
            win = accept(x, before) if before else 1
            choice = {t: q * (1 - win) for t, q in choice.items()} | {s: win}
            before += x
            parts.append(x)
        handed[e] = hand_on(parts)
        return choice

    return independent_choices(lattice, chosen)


@mutant(
    "viterbi_sampling.streaming_law", slip="the newcomer wins with its share of what had arrived before it, at most 1"
)
@only("reservoir")
def share_of_the_sum_before(lattice: Lattice, alpha: Any, order: str, exact: bool) -> Law:
    return reservoir_with(lattice, alpha, order, exact, lambda x, z: min(x / z, 1), sum)


@mutant("viterbi_sampling.streaming_law", slip="the largest part is handed on in place of the sum")
@only("reservoir", "nested")
def maximum_handed_on(lattice: Lattice, alpha: Any, order: str, exact: bool) -> Law:
    return reservoir_with(lattice, alpha, order, exact, lambda x, z: x / (x + z), lambda parts: max(parts, default=0))


@equivalent("viterbi_sampling.streaming_law", because="the reservoir's pointers at different nodes are independent")
@only("reservoir")
def product_of_pointers(lattice: Lattice, alpha: Any, order: str, exact: bool) -> Law:
    if exact:
        return reservoir_with(lattice, alpha, order, exact, lambda x, z: x / (x + z), sum)
    law = shares(lattice, alpha, segmentation.forward_log(lattice, alpha))
    return independent_choices(lattice, lambda e: dict(zip(*(a.tolist() for a in law[e]), strict=True)))


@claim(
    id="viterbi_sampling.reservoir-exact",
    title="The reservoir's law is the target, as fractions, in either order of arrival",
    statement=r"P(\text{ptr}_e = s) = e^{F_s + \alpha \ell - F_e} \;\Rightarrow\; "
    r"P^{\text{reservoir}}_\alpha(w) = \frac{e^{\alpha s(w)}}{Z_\alpha}",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both laws are fractions"),
    cases=grid(alpha=(0, 1, 2), order=("longest", "shortest"), lattices=(3,)).full(lattices=(10,)),
    quantity="largest distance between the reservoir's law and the target",
)
def reservoir_is_the_target(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def apart(seed: int) -> Enclosure:
        lattice, probs = rational(seed)
        target = exact_law(lattice.text, probs, case.alpha)
        return exact(distance(law(lattice, case.alpha, "reservoir", case.order, exact=True), target))

    yield worst(apart(seed) for seed in range(case.lattices))


@claim(
    id="viterbi_sampling.reservoir-exact.float",
    title="So it is in floating point, at every temperature",
    statement=r"\operatorname{TV}(P^{\text{reservoir}}_\alpha, P_\alpha) \le 10^{-12}",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="products of at most 12 shares of sums of at most 4, some 10 roundings each, exponents up to 60: "
                   "12 (10 + 60) eps = 1.9e-13"),
    cases=grid(alpha=ALPHAS, order=("longest", "shortest"), lattices=(3,)).full(lattices=(50,)),
    quantity="largest TV between the reservoir and the target",
)  # fmt: skip
def reservoir_in_floats(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield worst(
        exact(distance(law(one.lattice, case.alpha, "reservoir", case.order), one.law(case.alpha)))
        for one in instances(case.lattices)
    )


@claim(
    id="viterbi_sampling.reservoir-exact.ranking",
    title="Its ranking of segmentations is that of their scores",
    statement=r"\alpha > 0: \qquad s(w) > s(w') \iff P^{\text{reservoir}}_\alpha(w) > P^{\text{reservoir}}_\alpha(w')",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="pairs of fractions are counted"),
    cases=grid(alpha=(1, 2), lattices=(3,)).full(lattices=(10,)),
    quantity="pairs in the wrong order",
)
def ranking_is_kept(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def inversions(seed: int) -> int:
        lattice, probs = rational(seed)
        found = law(lattice, case.alpha, exact=True)
        target = exact_law(lattice.text, probs, 1)
        ranked = sorted(target, key=target.__getitem__)
        return sum(found.get(a, 0) >= found.get(b, 0) for a, b in itertools.pairwise(ranked) if target[a] < target[b])

    yield exact(sum(inversions(seed) for seed in range(case.lattices)))


class CountingGenerator(np.random.Generator):
    """A generator that counts the uniforms it hands out."""

    def __init__(self, bits: Any) -> None:
        super().__init__(bits)
        self.uniforms = 0

    def random(self, size: Any = None, *how: Any, **more: Any) -> Any:
        self.uniforms += 1 if size is None else math.prod(np.atleast_1d(size).tolist())
        return super().random(size, *how, **more)


@role(
    "viterbi_sampling.uniforms_taken",
    numbers="Lattice, size, seed; (uniforms of one pass, uniforms of size samples, their tokens)",
)
def uniforms_taken(lattice: Lattice, size: int, seed: int) -> tuple[int, int, int]:
    """What `sample_streaming` takes once, what `sample_segmentations` takes for `size` samples, and how many tokens these have."""
    one, other = (CountingGenerator(np.random.PCG64(seed)) for _ in range(2))
    segmentation.sample_streaming(lattice, 0.5, one)
    bits = segmentation.sample_segmentations(lattice, 0.5, size, other)
    return one.uniforms, other.uniforms, int(bits.sum()) - size


@mutant("viterbi_sampling.uniforms_taken", slip="a second uniform is drawn for every candidate")
def two_uniforms_a_candidate(lattice: Lattice, size: int, seed: int) -> tuple[int, int, int]:
    streaming, backward, tokens = uniforms_taken(lattice, size, seed)
    return 2 * streaming, backward, tokens


@mutant("viterbi_sampling.uniforms_taken", slip="a uniform for every node, whether the path visits it or not")
def uniform_at_every_node(lattice: Lattice, size: int, seed: int) -> tuple[int, int, int]:
    streaming, _, tokens = uniforms_taken(lattice, size, seed)
    return streaming, size * lattice.n, tokens


@claim(
    id="viterbi_sampling.reservoir-exact.uniforms",
    title="The streaming form takes a uniform a candidate, the backward form one a token",
    statement=r"\#\text{uniforms} = E \;\text{ (one pass)}, \qquad \#\text{uniforms} = K \;\text{ (forward, then backward)}",
    source=SOURCE,
    role="viterbi_sampling.uniforms_taken",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="uniforms are counted, on texts of 9 letters, which are walked token by token"),
    cases=grid(lattices=(10,)).full(lattices=(200,)),
    quantity="largest |uniforms − stated number|",
)
def uniforms_are_counted(taken: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def off(lattice: Lattice, seed: int) -> int:
        if len(lattice.start) == lattice.n:
            raise Vacuous("a lattice with a single segmentation")
        streaming, backward, tokens = taken(lattice, 7, seed)
        return int(max(abs(streaming - len(lattice.start)), abs(backward - tokens)))

    yield exact(max(off(default(seed).lattice, seed) for seed in range(case.lattices)))


@figure(of="viterbi_sampling.reservoir-exact.float")
def law_of_every_path() -> Figure:
    one = default(3, 6)
    laws = {rule: segmentation.streaming_law(one.lattice, 1.0, rule) for rule in ("reservoir", "duel", "half")}
    return Figure(
        f"The law of all {len(one.scores)} segmentations of {one.lattice.text.decode()!r} at α = 1",
        "The reservoir has the target's probability for each of them; the other two rules have not.",
        "segmentation, by its score",
        "probability",
        beside_target(one.law(1.0), laws),
    )
