"""Entry 8: how fast sampling becomes decoding as the temperature falls."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import SEGMENTATION_VITERBI_SAMPLING
from verify.claims.viterbi_sampling.instances import Instance, Path, default
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, worst
from verify.methods import segmentation

SOURCE = SEGMENTATION_VITERBI_SAMPLING.at("as α grows, sampling becomes decoding")


def gap_of(scores: dict[Path, float]) -> float:
    """The optimum's lead over the second best segmentation."""
    best, second = sorted(scores.values())[-1:-3:-1]
    return best - second


@cache
def separated(count: int) -> list[Instance]:
    """The first default lattices whose optimum leads by at least 0.001."""
    drawn = (default(seed) for seed in itertools.count())
    return list(itertools.islice((one for one in drawn if len(one.scores) > 1 and gap_of(one.scores) >= 1e-3), count))


@role("viterbi_sampling.tail_bounds", numbers="scores {ends: float}, alpha; (low, high) of log S")
def tail_bounds(scores: dict[Path, float], alpha: float) -> tuple[float, float]:
    """-alpha Delta <= log S <= log(N - 1) - alpha Delta, where S = sum of e^(-alpha (s* - s)) over the others."""
    delta = gap_of(scores)
    return -alpha * delta, math.log(len(scores) - 1) - alpha * delta


@mutant("viterbi_sampling.tail_bounds", slip="the square root of alpha in its place")
def root_of_alpha(scores: dict[Path, float], alpha: float) -> tuple[float, float]:
    return tail_bounds(scores, math.sqrt(alpha))


@mutant("viterbi_sampling.tail_bounds", slip="the lead over the best segmentation with another first token")
def gap_to_another_prefix(scores: dict[Path, float], alpha: float) -> tuple[float, float]:
    best = max(scores, key=scores.__getitem__)
    others = [s for path, s in scores.items() if path[0] != best[0]]
    delta = scores[best] - max(others, default=min(scores.values()))
    return -alpha * delta, math.log(len(scores) - 1) - alpha * delta


@claim(
    id="viterbi_sampling.zero-temperature",
    title="What is not the optimum dies like e to the minus α times its lead",
    statement=r"S = \sum_{w \ne w^*} e^{-\alpha (s^* - s(w))}: \qquad e^{-\alpha\Delta} \le S \le (N - 1)\, e^{-\alpha\Delta}, "
    r"\quad 1 - P_\alpha(w^*) = \frac{S}{1 + S}",
    source=SOURCE,
    role="viterbi_sampling.tail_bounds",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="exponents of size 25 with differences of 12 rounded terms: 25 × 12 eps = 6.7e-14, with room"
    ),
    cases=grid(lead=(5.0, 10.0, 25.0), lattices=(20,)).full(lattices=(200,)),
    quantity="largest violation of the bounds on log S",
)
def tail_within_bounds(bounds: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def violation(one: Instance) -> Enclosure:
        alpha = case.lead / gap_of(one.scores)
        low, high = bounds(one.scores, alpha)
        best = max(one.scores.values())
        others = sorted(one.scores.values())[:-1]
        log_s = math.log(math.fsum(math.exp(alpha * (s - best)) for s in others))
        return exact(gap(max(low - log_s, log_s - high, 0.0), 0.0))

    yield worst(violation(one) for one in separated(case.lattices))


@claim(
    id="viterbi_sampling.zero-temperature.tail",
    title="The reservoir's probability of anything else is that tail",
    statement=r"1 - P_\alpha(w^*) = \frac{S}{1 + S}",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because="logarithms of a tail that is a sum of products, 20 roundings of exponents up to 2e4 at "
                   "the least lead of 0.046: 20 × 2e4 eps = 8.9e-11, with room"),
    cases=grid(lead=(5.0, 10.0, 25.0), lattices=(5,)).full(lattices=(50,)),
    quantity="largest |log of the tail − log S / (1 + S)|",
)  # fmt: skip
def tail_of_the_reservoir(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def apart(one: Instance) -> Enclosure:
        alpha = case.lead / gap_of(one.scores)
        top = one.scores[one.best]
        s = math.fsum(math.exp(alpha * (score - top)) for path, score in one.scores.items() if path != one.best)
        found = law(one.lattice, alpha)
        # the sum over the others: 1 - P would cancel
        tail = math.fsum(p for path, p in found.items() if path != one.best)
        return exact(gap(math.log(tail) if tail > 0 else -math.inf, math.log(s / (1 + s))))

    yield worst(apart(one) for one in separated(case.lattices))


@claim(
    id="viterbi_sampling.zero-temperature.duel",
    title="The duel's tail has the same exponent",
    statement=r"\big| {-\log(1 - P^{\text{duel}}_\alpha(w^*))} - \alpha\Delta \big| \le \log N \quad (\alpha\Delta = 25)",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.EXACT,
    region=at_most(1, because="at most N - 1 others, each e^-25 times what duels at a dozen nodes leave; 0.39 was the most on 137 "
                   "lattices"),
    cases=grid(half=(0, 1), lattices=(20,)).full(lattices=(137,)),
    quantity="largest |−log(1 − P) − αΔ| / log N",
)  # fmt: skip
def tail_of_the_duel(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def share(one: Instance) -> Enclosure:
        alpha = 25.0 / gap_of(one.scores)
        found = law(one.lattice, alpha, "duel")
        tail = math.fsum(p for path, p in found.items() if path != one.best)
        exponent = -math.log(tail) if tail > 0 else math.inf
        return exact(gap((exponent - 25.0) / math.log(len(one.scores)), 0.0))

    yield worst(share(one) for one in separated(case.lattices)[case.half :: 2])


@claim(
    id="viterbi_sampling.zero-temperature.free-energy",
    title="Scaled by 1/α, log Z lies between the best score and that plus log N over α",
    statement=r"s^* \le \alpha^{-1} \log Z_\alpha \le s^* + \alpha^{-1} \log N",
    source=SOURCE,
    role="viterbi_sampling.log_partition",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="log Z is a sum of at most 12 terms α w below 100 in size, and is divided by α: 12 eps relative"
    ),
    cases=grid(alpha=(0.3, 1.0, 3.0, 30.0), lattices=(20,)).full(lattices=(200,)),
    quantity="largest violation, relative to |s*|",
)
def free_energy(log_partition: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def violation(one: Instance) -> Enclosure:
        best, scaled = max(one.scores.values()), log_partition(one.lattice, case.alpha) / case.alpha
        most = best + math.log(len(one.scores)) / case.alpha
        return exact(gap(max(best - scaled, scaled - most, 0.0) / abs(best), 0.0))

    if all(len(one.scores) == 1 for one in separated(case.lattices)):
        raise Vacuous("every text has one segmentation")
    yield worst(violation(one) for one in separated(case.lattices))


@figure(of="viterbi_sampling.zero-temperature")
def tail_against_alpha() -> Figure:
    one = separated(1)[0]
    delta = gap_of(one.scores)
    alphas = np.linspace(0.5, 20, 25) / delta

    def tail(law: dict[Path, float]) -> float:
        return math.fsum(p for path, p in law.items() if path != one.best)

    duel = [tail(segmentation.streaming_law(one.lattice, float(a), "duel")) for a in alphas]
    return Figure(
        "Probability of anything but the best segmentation",
        "For the target and for duels alike it falls with the slope −Δ.",
        "α",
        "1 − P(best)",
        (
            series("target", alphas, [tail(one.law(float(a))) for a in alphas]),
            series("duel", alphas, duel, kind="dots"),
            series("e^(−αΔ)", alphas, np.exp(-alphas * delta), kind="dashed"),
        ),
        y_log=True,
    )
