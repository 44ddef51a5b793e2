"""Entry 10: uniform label noise keeps the ordering of predictions where the row sums of the cost agree, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.emo.instances import Floats, rational_instance
from verify.claims.emo.scoring import three_words
from verify.claims.sources import NOISE
from verify.evidence import Enclosure, Vacuous, exact, exactly, worst
from verify.methods import earth_mover

SOURCE = NOISE.at("symmetric losses under uniform noise")

role("emo.symmetric_noise_cost", numbers="cost (n, n), rate: Fractions or floats; the noisy cost (n, n) of that kind")(
    earth_mover.symmetric_noise_cost
)


@mutant("emo.symmetric_noise_cost", slip="flips to n classes, the true one included: η/n for η/(n − 1)")
def flips_to_all(cost: Any, rate: Any) -> Any:
    C = np.asarray(cost)
    return (1 - rate) * C + rate / len(C) * C.sum(axis=1, keepdims=True)


@mutant("emo.symmetric_noise_cost", slip="the factor 1 − η only: flipped labels cost nothing")
def shrunk(cost: Any, rate: Any) -> Any:
    return (1 - rate) * np.asarray(cost)


@mutant("emo.symmetric_noise_cost", slip="column sums in place of row sums")
def column_sums(cost: Any, rate: Any) -> Any:
    C = np.asarray(cost)
    other = rate / (len(C) - 1)
    return (1 - len(C) * other) * C + other * C.sum(axis=0, keepdims=True)


def fractions(rows: Any) -> Any:
    """A matrix of Fractions as an object array."""
    array = np.empty((len(rows), len(rows)), object)
    for i, row in enumerate(rows):
        array[i] = row
    return array


@claim(
    id="emo.symmetric-label-noise",
    title="Label noise mixes each cost with the sum of its row",
    statement=r"\mathbb E_{\tilde t}\, C_{i \tilde t} = \Big(1 - \frac{\eta n}{n-1}\Big) C_{it} + \frac{\eta}{n-1} \sum_j C_{ij}",
    source=SOURCE,
    role="emo.symmetric_noise_cost",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="the expectation is a finite sum of fractions, written out label by label"),
    cases=grid(n=(2, 3, 5, 7), rate=("0", "1/10", "2/5", "4/5")),
    quantity="largest difference to the expectation",
)
def expectation_over_labels(noisy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    _, rows, _ = rational_instance(rng, case.n)
    rate = Fraction(case.rate)
    found = noisy(fractions(rows), rate)
    n = case.n

    def expected(i: int, t: int) -> Fraction:
        others = sum((rows[i][j] for j in range(n) if j != t), Fraction(0))
        return Fraction((1 - rate) * rows[i][t] + rate * others / (n - 1))

    yield worst(exact(abs(found[i, t] - expected(i, t))) for i in range(n) for t in range(n))


@claim(
    id="emo.symmetric-label-noise.flip",
    title="Without equal row sums, noise can make a wrong class the best prediction",
    statement=r"t = 1:\quad \arg\min_i \tilde c_i = 1 \text{ for } \eta < \tfrac5{14}, \quad = 3 \text{ for } \eta > \tfrac5{14}; "
    r"\qquad \eta = \tfrac25:\; \tilde c = (\tfrac{23}{125}, \tfrac{59}{125}, \tfrac4{25})",
    source=SOURCE,
    role="emo.symmetric_noise_cost",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="five facts about fractions, each true or false"),
    quantity="facts that are wrong",
    refutes="A bounded loss keeps its best prediction under uniform label noise.",
)
def ordering_flips(noisy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    _, rows = three_words()
    cost = fractions(rows)

    def column(rate: Fraction) -> list[Fraction]:
        return list(noisy(cost, rate)[:, 0])

    before, after, edge = (column(Fraction(a, b)) for a, b in ((7, 20), (9, 25), (5, 14)))
    facts = [
        before.index(min(before)) == 0,
        after.index(min(after)) == 2,
        edge[0] == edge[2] == min(edge),
        column(Fraction(2, 5)) == [Fraction(23, 125), Fraction(59, 125), Fraction(4, 25)],
        column(Fraction(0)) == list(cost[:, 0]),
    ]
    yield exact(facts.count(False))


@role("emo.noise_tolerance_criterion", numbers="embeddings (n, d): floats; True if no ordering can change")
def constant_row_sums(embeddings: Floats) -> bool:
    """All row sums of the cosine cost agree, to 1e-9."""
    sums = earth_mover.cosine_cost(embeddings).sum(axis=1)
    return bool(np.ptp(sums) < 1e-9)


@mutant("emo.noise_tolerance_criterion", slip="embeddings that were centred before they were normalised pass")
def centred_embeddings(embeddings: Floats) -> bool:
    return bool(np.abs(embeddings.mean(axis=0)).max() < 1e-9)


@mutant("emo.noise_tolerance_criterion", slip="every loss that is bounded is taken as tolerant")
def always(embeddings: Floats) -> bool:
    return True


@claim(
    id="emo.symmetric-label-noise.tolerance",
    title="Equal row sums protect every ordering, up to a noise rate of 1 − 1/n",
    statement=r"\sum_j C_{ij} = \text{const} \implies "
    r"\arg\min_i \tilde c_{it} = \arg\min_i c_{it} \quad \forall\, \eta < 1 - \tfrac1n",
    source=SOURCE,
    role="emo.noise_tolerance_criterion",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0, because="a count of labels whose order of costs changes although the criterion promised that it would not"
    ),
    cases=grid(n=(3, 5, 7)),
    quantity="broken promises",
)
def promised_orderings(criterion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    turn = 2 * np.pi * np.arange(case.n) / case.n
    polygon = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    raw = rng.normal(size=(30, case.n, 2))
    clouds = [polygon, *(raw - raw.mean(axis=1, keepdims=True))]
    if not constant_row_sums(polygon):
        raise Vacuous("the roots of unity should have equal row sums")
    broken = 0
    for embeddings in clouds:
        if criterion(embeddings):
            cost = earth_mover.cosine_cost(embeddings)
            for rate in np.arange(0.1, 1 - 1 / case.n, 0.1):
                noisy = earth_mover.symmetric_noise_cost(cost, float(rate))
                # prefer by clean cost, then see whether the noisy one agrees up to rounding
                best = cost.argmin(axis=0)
                broken += int(np.sum(noisy[best, np.arange(case.n)] > noisy.min(axis=0) + 1e-12))
    yield exact(broken)


@figure(of="emo.symmetric-label-noise.flip")
def costs_against_rate() -> Figure:
    _, rows = three_words()
    cost = np.array(rows, float)
    rates = np.linspace(0, 0.66, 34)
    columns = np.array([earth_mover.symmetric_noise_cost(cost, float(rate))[:, 0] for rate in rates])
    return Figure(
        "Expected cost of each prediction when the label is class 1",
        "At a noise rate of 5/14 the class between the two others becomes cheaper than the true one.",
        "noise rate η",
        "expected cost",
        (
            series("class 1, the label", rates, columns[:, 0]),
            series("class 2", rates, columns[:, 1], kind="dashed"),
            series("class 3, between them", rates, columns[:, 2]),
            series("η = 5/14", x=(5 / 14,), kind="vline"),
        ),
    )
