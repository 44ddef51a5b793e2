"""Entry 8: between which curves the transport loss lies, seen from the cross-entropy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.emo.gradient import instance, parts
from verify.claims.emo.instances import Floats
from verify.claims.sources import EMO_ARTICLE
from verify.evidence import Enclosure, at_least, at_most, exact, gap, within
from verify.methods import earth_mover
from verify.methods.numerics import logsumexp, softmax

SOURCE = EMO_ARTICLE.at("the comparison with cross-entropy")


@role("emo.envelope", numbers="cross-entropy M (B,) in nats, least and largest off-target costs (B,); (lower, upper)")
def envelope(nats: Floats, least: Floats, most: Floats) -> tuple[Floats, Floats]:
    """c₋ (1 − e^−M) and c₊ (1 − e^−M)."""
    error = -np.expm1(-nats)
    return least * error, most * error


@mutant("emo.envelope", slip="least and largest cost exchanged")
def exchanged_costs(nats: Floats, least: Floats, most: Floats) -> tuple[Floats, Floats]:
    return envelope(nats, most, least)


@mutant("emo.envelope", slip="Pinsker's root in the lower bound")
def pinsker_below(nats: Floats, least: Floats, most: Floats) -> tuple[Floats, Floats]:
    return least * np.sqrt(nats / 2), envelope(nats, least, most)[1]


@mutant("emo.envelope", slip="cross-entropy in bits taken for nats")
def bits(nats: Floats, least: Floats, most: Floats) -> tuple[Floats, Floats]:
    return envelope(nats / np.log(2), least, most)


def quantities(logits: Floats, targets: Any, cost: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """(M, L, c₋, c₊) of a batch; L sums what is off the target only."""
    p, rows, _ = parts(logits, cost)
    batch = np.arange(len(p))
    off = np.ones_like(p, bool)
    off[batch, targets] = False
    nats = logsumexp(np.asarray(logits)) - np.asarray(logits)[batch, targets]
    return (
        np.asarray(nats),
        np.sum(p * rows, axis=1, where=off),
        np.min(rows, axis=1, where=off, initial=np.inf),
        np.max(rows, axis=1, where=off, initial=0.0),
    )


@claim(
    id="emo.cross-entropy-envelope",
    title="The transport loss lies between two multiples of the error probability",
    statement=r"c_- (1 - e^{-M}) \;\le\; L \;\le\; c_+ (1 - e^{-M}), \qquad M = -\log p_t",
    source=SOURCE,
    role="emo.envelope",
    evidence=Evidence.EXACT,
    region=at_least(-1e-12, because="both sides round like n eps times costs of at most 2; logits of size 40 enter exp with "
                    "40 eps: below 1e-13"),
    cases=grid(scale=(0.3, 3.0, 10.0), draws=(1000,)).full(draws=(20_000,)),
    quantity="least slack of the two inequalities",
)  # fmt: skip
def loss_in_envelope(bounds: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    logits, targets, cost = instance(rng, 10, case.scale, case.draws)
    nats, loss, least, most = quantities(logits, targets, cost)
    lower, upper = bounds(nats, least, most)
    slack = np.concatenate([loss - lower, upper - loss])
    yield exact(-gap(np.minimum(slack, 0), 0 * slack))


@claim(
    id="emo.cross-entropy-envelope.attained",
    title="Both ends are attained where the off-target costs are equal",
    statement=r"c_{it} = c \;\; \forall i \ne t \;\implies\; L = c\,(1 - e^{-M})",
    source=SOURCE,
    role="emo.envelope",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13, because="expm1 and a sum of n = 10 masses at most 1: n eps = 2.2e-15, logits of size 30: 7e-15"
    ),
    cases=grid(scale=(0.3, 3.0, 10.0), draws=(200,)).full(draws=(2000,)),
    quantity="largest |L − end| over c",
)
def envelope_attained(bounds: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    logits, targets, cost = instance(rng, 10, case.scale, case.draws)
    nats, loss, least, most = quantities(logits, targets, np.where(cost > 0, 1.0, 0.0))
    lower, upper = bounds(nats, least, most)
    yield exact(max(gap(lower, loss), gap(upper, loss)))


@claim(
    id="emo.cross-entropy-envelope.no-converse",
    title="There is no converse: with a near synonym the loss is as small as one likes, the cross-entropy as large",
    statement=r"\cos(e_j, e_t) = \cos \delta,\; p_j = 1 - p_t: \qquad "
    r"\frac{L}{\delta^2 / 2} \to 1, \quad M = -\log p_t \to \infty",
    source=SOURCE,
    role="emo.emo_loss",
    evidence=Evidence.EXACT,
    region=within(
        1 - 1e-4,
        1 + 1e-4,
        because="L = (1 − cos δ)(1 − e^−M): δ²/12 = 8e-6 and e^−M = 5e-5 relative at most; 1 − cos δ is rounded by a few "
        "u = 1e-16, which is 1e-9 of 5e-7",
    ),
    cases=grid(angle=("1e-2", "1e-3"), nats=(10, 100, 700)),
    quantity="L over δ²/2",
    refutes="A small transport loss means that the label is predicted.",
)
def near_synonym(loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    angle = float(case.angle)
    embeddings = np.array([[2.0, 0.0], [np.cos(angle), np.sin(angle)]])
    found = loss(np.array([[-float(case.nats), 0.0]]), np.array([0]), embeddings)
    yield exact(float(np.asarray(found).reshape(-1)[0]) / (angle**2 / 2))


@role("emo.error_ceiling", numbers="cross-entropy M (B,) in nats: an array; upper bounds (B,) of 1 − e^−M")
def error_ceiling(nats: Floats) -> Floats:
    """min(M, √(M / 2)): the tangent at 0, and Pinsker's bound of the total variation."""
    return np.asarray(np.minimum(nats, np.sqrt(nats / 2)))


@mutant("emo.error_ceiling", slip="cross-entropy in bits taken for nats, the other way round")
def in_bits(nats: Floats) -> Floats:
    return error_ceiling(nats * np.log(2))


@mutant("emo.error_ceiling", slip="the half outside of the root: √M / 2")
def half_outside(nats: Floats) -> Floats:
    return np.asarray(np.minimum(nats, np.sqrt(nats) / 2))


@claim(
    id="emo.cross-entropy-envelope.pinsker",
    title="The error probability is lower than Pinsker's bound, and than the cross-entropy itself",
    statement=r"1 - e^{-M} \le \min\big(M, \sqrt{M/2}\big) \qquad (M > 0)",
    source=SOURCE,
    role="emo.error_ceiling",
    evidence=Evidence.EXACT,
    region=at_most(1, because="1 − e^−M is concave with the slope 1 at 0, and total variation obeys Pinsker; from M = 1e-6 on the "
                   "ratio is below 1 − M/3 = 1 − 3e-7 or below 0.95, and rounded by 1e-16"),
    quantity="largest (1 − e^−M) / min(M, √(M/2)), M from 1e-6 to 1e3",
)  # fmt: skip
def below_pinsker(ceiling: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    nats = np.geomspace(1e-6, 1e3, 181)
    yield exact(gap(-np.expm1(-nats) / ceiling(nats), 0 * nats))


@role("emo.soft_target_bound", numbers="p, q (n,), cost (n, n) of zero diagonal, KL(q‖p) in nats; (EMD(p, q), a bound)")
def pinsker_bound(p: Floats, q: Floats, cost: Floats, kl: float) -> tuple[float, float]:
    """(transport cost, c₊ √(KL / 2)): the first is at most the second if C has a zero diagonal."""
    return earth_mover.emd_exact(p, q, cost).cost, float(cost.max() * np.sqrt(kl / 2))


@mutant("emo.soft_target_bound", slip="the independent coupling in place of the distance")
def independent_bound(p: Floats, q: Floats, cost: Floats, kl: float) -> tuple[float, float]:
    return earth_mover.demd(p, q, cost), float(cost.max() * np.sqrt(kl / 2))


@claim(
    id="emo.cross-entropy-envelope.soft-targets",
    title="For soft targets the distance obeys Pinsker; the independent coupling does not",
    statement=r"\operatorname{EMD}(p, q) \le c_+ \sqrt{\tfrac12 \operatorname{KL}(q \,\|\, p)}, \qquad "
    r"p^\top C p = 1 - \|\bar u_p\|^2 > 0 = \operatorname{KL}(p\,\|\,p)",
    source=SOURCE,
    role="emo.soft_target_bound",
    evidence=Evidence.EXACT,
    region=at_least(
        -1e-7, because="KL of nearly equal laws has an error of 1e-15, whose root is 3e-8; costs are at most 2"
    ),
    cases=grid(n=(3, 10), draws=(60,)).full(draws=(600,)),
    quantity="least slack",
)
def soft_targets(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    slack = []
    for k in range(case.draws):
        logits = rng.normal(size=(2, case.n))
        p, q = softmax(logits) if k % 4 else softmax(logits[[0, 0]])  # every fourth pair is equal
        cost = earth_mover.cosine_cost(rng.normal(size=(case.n, 3)))
        value, most = bound(p, q, cost, max(float(np.sum(q * np.log(q / p))), 0.0))
        slack.append(most - value)
    yield exact(-gap(np.minimum(slack, 0), 0 * np.asarray(slack)))


@figure(of="emo.cross-entropy-envelope")
def loss_against_cross_entropy() -> Figure:
    rng = np.random.default_rng(9797)
    logits, targets, cost = instance(rng, 5, 3.0, 250)
    nats, loss, _, _ = quantities(logits, targets, 0.3 * (cost > 0) + 0.5 * cost)
    m = np.geomspace(1e-3, 12, 90)
    lower, upper = envelope(m, np.full_like(m, 0.3), np.full_like(m, 1.3))
    return Figure(
        "Transport loss against cross-entropy",
        "For costs between 0.3 and 1.3 the loss lies in the band; Pinsker's curve is above it everywhere. There is no "
        "converse: the cross-entropy grows while the loss stays bounded.",
        "cross-entropy M, nats",
        "transport loss L",
        (
            series("envelope", m, lower, upper, kind="band"),
            series("random predictions", nats, loss, kind="dots"),
            series("Pinsker", m[m < 4], 1.3 * np.sqrt(m[m < 4] / 2), kind="dashed"),
        ),
    )
