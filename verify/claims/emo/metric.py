"""Entry 4: one minus cosine is not a metric, and neither is the transport cost built on it; its root is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.emo.instances import Floats
from verify.claims.sources import EMO_ARTICLE
from verify.evidence import Enclosure, at_least, at_most, exact, exactly, gap, probability, sharper, within
from verify.methods import earth_mover

SOURCE = EMO_ARTICLE.at("the name: earth mover's distance")
MISNOMER = "The loss is an earth mover's distance: a metric between distributions."


@role(
    "emo.direction_cost", numbers="two rational unit vectors (d,); a Fraction, or a flint ball where it is irrational"
)
def direction_cost(u: Any, v: Any) -> Any:
    """1 - <u, v>."""
    return 1 - sum(a * b for a, b in zip(u, v, strict=True))


@mutant("emo.direction_cost", slip="the chord |u - v| in place of the cosine cost, which is a metric")
def chord(u: Any, v: Any) -> Any:
    return (2 * as_ball(direction_cost(u, v))).sqrt()


@mutant("emo.direction_cost", slip="the angle in place of the cosine cost, which is a metric")
def angle(u: Any, v: Any) -> Any:
    return as_ball(1 - direction_cost(u, v)).acos()


@mutant("emo.direction_cost", slip="the root taken before comparing")
def rooted(u: Any, v: Any) -> Any:
    return as_ball(direction_cost(u, v)).sqrt()


def as_ball(x: Fraction) -> Any:
    """A rational as a ball at the working precision."""
    import flint

    return flint.arb(flint.fmpq(x.numerator, x.denominator))


def directions() -> tuple[tuple[Fraction, ...], ...]:
    """Three rational unit vectors in the plane, each one turn of the angle with cosine 4/5 from the one before."""
    return (
        (Fraction(1), Fraction(0)),
        (Fraction(4, 5), Fraction(3, 5)),
        (Fraction(7, 25), Fraction(24, 25)),
    )


@claim(
    id="emo.cosine-cost-not-a-metric",
    title="One minus cosine breaks the triangle inequality",
    statement=r"c_{13} - (c_{12} + c_{23}) = \tfrac{18}{25} - \tfrac{2}{5} = \tfrac{8}{25} > 0 \quad\text{for}\quad "
    r"u = (1,0),\; (\tfrac45,\tfrac35),\; (\tfrac7{25},\tfrac{24}{25})",
    source=SOURCE,
    role="emo.direction_cost",
    evidence=Evidence.CERTIFIED,
    region=exactly(8, because="18/25 − 10/25, in units of 1/25; a metric has at most 0"),
    quantity="25 (c₁₃ − c₁₂ − c₂₃)",
    refutes=MISNOMER,
)
def triangle_fails(cost: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    u, v, w = directions()

    def excess() -> Any:
        return 25 * (cost(u, w) - cost(u, v) - cost(v, w))

    if isinstance(excess(), Fraction):
        yield exact(excess())
    else:
        yield from sharper(excess)


role("emo.cosine_cost", numbers="embeddings (n, d), targets (B,) or None: arrays; cost (n, n) or (n, B)")(
    earth_mover.cosine_cost
)


@mutant("emo.cosine_cost", slip="chords in place of cosines")
def chord_matrix(embeddings: Floats, targets: Any = None) -> Floats:
    return np.asarray(np.sqrt(2 * earth_mover.cosine_cost(embeddings, targets)))


@mutant("emo.cosine_cost", slip="angles in place of cosines")
def angle_matrix(embeddings: Floats, targets: Any = None) -> Floats:
    return np.asarray(np.arccos(1 - earth_mover.cosine_cost(embeddings, targets)))


@mutant("emo.cosine_cost", slip="embeddings are not normalised")
def raw_products(embeddings: Floats, targets: Any = None) -> Floats:
    return np.asarray(1 - embeddings @ embeddings.T)


@claim(
    id="emo.cosine-cost-not-a-metric.how-often",
    title="One in four random triples of directions in the plane breaks the triangle inequality",
    statement=r"P\big(c_{13} > c_{12} + c_{23}\big) = P\big(\sin s \,\sin t\, \cos(s+t) > 0\big) = \tfrac14",
    source=SOURCE,
    role="emo.cosine_cost",
    evidence=Evidence.STATISTICAL,
    region=within("0.2", "0.3", because="half angles s, t are uniform on (−π/2, π/2): equal signs have probability 1/2, "
                  "and then |s + t| < π/2 has 1/2; a metric has 0, and half of that effect is more than 0.05"),
    quantity="probability that a triple breaks the inequality",
    refutes=MISNOMER,
)  # fmt: skip
def triples_fail(cosine_cost: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def breaks(rng: np.random.Generator, size: int) -> Any:
        turn = rng.uniform(0, 2 * np.pi, (size, 3))
        lengths = rng.uniform(0.5, 2, (size, 3, 1))  # the cost is of directions: lengths must not matter
        points = lengths * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        cost = np.stack([cosine_cost(triple) for triple in points])
        return cost[:, 0, 2] > cost[:, 0, 1] + cost[:, 1, 2] + 1e-12

    yield from probability(breaks, rng, case.risk, first=1024)


@claim(
    id="emo.cosine-cost-not-a-metric.relaxed",
    title="Twice the sum is always enough, and no smaller factor is",
    statement=r"c_{13} \le 2\,(c_{12} + c_{23}), \qquad \frac{c_{13}}{c_{12}+c_{23}} = 1 + \cos\alpha \to 2",
    source=SOURCE,
    role="emo.cosine_cost",
    evidence=Evidence.EXACT,
    region=within(1.9999, "2.000001", because="equal angles of 0.01 have ratio 1 + cos 0.01 = 1.99995, and costs near 5e-5 "
                  "carry 2e-16 of rounding: 1e-11 relative; 1e-6 is the room that float64 cannot fill"),
    cases=grid(triples=(1000,)).full(triples=(100_000,)),
    quantity="largest c₁₃ / (c₁₂ + c₂₃)",
)  # fmt: skip
def relaxed_triangle(cosine_cost: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    turn = rng.uniform(0, 2 * np.pi, (case.triples, 3))
    turn[0] = 0.0, 0.01, 0.02  # small equal angles are the worst
    points = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * rng.uniform(0.5, 2, (case.triples, 3, 1))
    cost = np.stack([cosine_cost(triple) for triple in points])
    ratio = cost[:, 0, 2] / np.maximum(cost[:, 0, 1] + cost[:, 1, 2], 1e-12)
    yield exact(gap(ratio.max(), 0.0))


@claim(
    id="emo.cosine-cost-not-a-metric.parallel",
    title="Parallel embeddings cost nothing: the loss is 0 where the label has no probability at all",
    statement=r"e_j = s\, e_t,\; s > 0,\; p_j = 1: \qquad L = \sum_i p_i c_{it} = c_{jt} = 0, \quad p_t = 0",
    source=SOURCE,
    role="emo.cosine_cost",
    evidence=Evidence.EXACT,
    region=at_most(1e-15, because="two norms, a product of d = 4 terms and a difference of numbers near 1: (d + 4) u = 9e-16"),
    cases=grid(draws=(200,)).full(draws=(10_000,)),
    quantity="largest cost between parallel embeddings",
    refutes="A loss of 0 means that the label is predicted.",
)  # fmt: skip
def parallel_costs_nothing(cosine_cost: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    embedding, length = rng.normal(size=(case.draws, 4)), rng.uniform(0.5, 2, case.draws)
    costs = [cosine_cost(np.stack([e, s * e]))[1, 0] for e, s in zip(embedding, length, strict=True)]
    yield exact(gap(costs, np.zeros(case.draws)))


@role("emo.transport_metric", numbers="p, q (n,), embeddings (n, d): arrays; a distance")
def root_of_emd(p: Floats, q: Floats, embeddings: Floats) -> float:
    """√EMD for the cosine cost: W_2 / √2 on the unit sphere, because 1 - cos = |u - u'|² / 2."""
    return float(np.sqrt(max(earth_mover.emd_exact(p, q, earth_mover.cosine_cost(embeddings)).cost, 0.0)))


@mutant("emo.transport_metric", slip="no root: the transport cost itself as a distance")
def bare_emd(p: Floats, q: Floats, embeddings: Floats) -> float:
    return earth_mover.emd_exact(p, q, earth_mover.cosine_cost(embeddings)).cost


def triples(rng: np.random.Generator, size: int) -> Iterator[tuple[Floats, Floats]]:
    """(three sparse distributions (3, 6), embeddings (6, 3))."""
    for _ in range(size):
        yield rng.dirichlet(np.full(6, 0.5), 3), rng.normal(size=(6, 3))


@claim(
    id="emo.cosine-cost-not-a-metric.repair",
    title="The root of the transport cost is a metric",
    statement=r"\sqrt{\operatorname{EMD}_{1-\cos}} = W_2 / \sqrt2, \qquad D(p,r) \le D(p,q) + D(q,r)",
    source=SOURCE,
    role="emo.transport_metric",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-7, because="a root of costs with error 1e-15 near 0 is off by 3e-8; D + D − D adds three of them"
    ),
    cases=grid(triples=(100,)).full(triples=(1000,)),
    quantity="largest max(0, D(p, r) − D(p, q) − D(q, r))",
)
def root_is_metric(distance: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    excess = [distance(p, r, e) - distance(p, q, e) - distance(q, r, e) for (p, q, r), e in triples(rng, case.triples)]
    yield exact(gap(np.maximum(excess, 0), 0 * np.asarray(excess)))


@role("emo.chord_transport", numbers="p, q (n,), embeddings (n, d): arrays; a distance")
def chord_transport(p: Floats, q: Floats, embeddings: Floats) -> float:
    """EMD for the chord |u - u'| = sqrt(2 - 2 cos): W_1 on the unit sphere."""
    chords = np.sqrt(2 * np.maximum(earth_mover.cosine_cost(embeddings), 0))
    return earth_mover.emd_exact(p, q, chords).cost


@mutant("emo.chord_transport", slip="the squared chord, which is twice the cosine cost")
def squared_chord(p: Floats, q: Floats, embeddings: Floats) -> float:
    return 2 * bare_emd(p, q, embeddings)


@claim(
    id="emo.cosine-cost-not-a-metric.chord",
    title="With the chord in place of the cosine cost, the transport cost itself is a metric",
    statement=r"c_{ij} = \sqrt{2 - 2 \cos(e_i, e_j)}: \qquad "
    r"\operatorname{EMD}(p,r) \le \operatorname{EMD}(p,q) + \operatorname{EMD}(q,r)",
    source=SOURCE,
    role="emo.chord_transport",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-7, because="chords near 0 are roots of costs with error 1e-15, off by 5e-8, and so are their means"
    ),
    cases=grid(triples=(100,)).full(triples=(1000,)),
    quantity="largest max(0, D(p, r) − D(p, q) − D(q, r))",
)
def chords_are_metric(distance: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    excess = [distance(p, r, e) - distance(p, q, e) - distance(q, r, e) for (p, q, r), e in triples(rng, case.triples)]
    yield exact(gap(np.maximum(excess, 0), 0 * np.asarray(excess)))


@claim(
    id="emo.cosine-cost-not-a-metric.distributions",
    title="On distributions the violation is no corner case",
    statement=r"\max_{p,q,r}\; \operatorname{EMD}(p,r) - \operatorname{EMD}(p,q) - \operatorname{EMD}(q,r) > 0.01",
    source=SOURCE,
    role="emo.cosine_cost",
    evidence=Evidence.EXACT,
    region=at_least(0.01, because="a metric leaves rounding, below 1e-12; 0.01 is a violation that nobody overlooks"),
    cases=grid(triples=(100,)).full(triples=(1000,)),
    quantity="largest violation over random triples of distributions",
    refutes=MISNOMER,
)
def emd_violates(cosine_cost: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def emd(p: Floats, q: Floats, cost: Floats) -> float:
        return earth_mover.emd_exact(p, q, cost).cost

    violation = -np.inf
    for (p, q, r), embeddings in triples(rng, case.triples):
        cost = cosine_cost(embeddings)
        violation = max(violation, emd(p, r, cost) - emd(p, q, cost) - emd(q, r, cost))
    yield exact(violation)


@figure(of="emo.cosine-cost-not-a-metric.distributions")
def triangle_scatter() -> Figure:
    rng = np.random.default_rng(9797)
    drawn = list(triples(rng, 150))

    def sides(distance: Any) -> tuple[list[float], list[float]]:
        pairs = [(distance(p, q, e) + distance(q, r, e), distance(p, r, e)) for (p, q, r), e in drawn]
        return [a for a, _ in pairs], [b for _, b in pairs]

    return Figure(
        "Triangles of distributions",
        "Points above the diagonal break the triangle inequality: the transport cost does, its root never.",
        "D(p, q) + D(q, r)",
        "D(p, r)",
        (
            series("EMD", *sides(bare_emd), kind="dots"),
            series("√EMD", *sides(root_of_emd), kind="dots"),
            series("equality", (0, 1.6), (0, 1.6), kind="dashed"),
        ),
    )
