"""Entry 5: for the 0/1 cost, transport is total variation, and the independent coupling is something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.emo.instances import Floats, onehot
from verify.claims.sources import EMO_ARTICLE
from verify.evidence import Enclosure, at_most, exact, gap, worst
from verify.methods import earth_mover

SOURCE = EMO_ARTICLE.at("the cost 1 − δ")
ROUNDING = "n products of masses that add up to 1, summed in two orders: n eps = 2.2e-14 at n = 100, and a factor 4"


def zero_one(n: int) -> Floats:
    """C = 1 1' - I."""
    return np.ones((n, n)) - np.eye(n)


@role("emo.total_variation", numbers="p, q (n,): arrays; a float")
def total_variation(p: Floats, q: Floats) -> float:
    """½ Σ |p_i − q_i|."""
    return 0.5 * float(np.abs(p - q).sum())


@mutant("emo.total_variation", slip="the half is missing")
def without_half(p: Floats, q: Floats) -> float:
    return float(np.abs(p - q).sum())


@mutant("emo.total_variation", slip="the independent coupling's cost 1 − ⟨p, q⟩ in its place")
def independent(p: Floats, q: Floats) -> float:
    return 1 - float(p @ q)


@role("emo.onehot_accuracy_loss", numbers="p (n,), class t; a float")
def one_minus_accuracy(p: Floats, t: int) -> float:
    """1 − p_t, the transport cost to a one-hot target under the 0/1 cost."""
    return float(np.delete(p, t).sum())


@mutant("emo.onehot_accuracy_loss", slip="the accuracy p_t itself")
def accuracy(p: Floats, t: int) -> float:
    return float(p[t])


role("emo.demd", numbers="p, q (n,), cost (n, n): arrays; a float")(earth_mover.demd)


@mutant("emo.demd", slip="zero where p = q, as a distance would be")
def zero_on_equals(p: Floats, q: Floats, cost: Floats) -> float:
    return 0.0 if np.array_equal(p, q) else earth_mover.demd(p, q, cost)


@mutant("emo.demd", slip="the identity in place of its complement: similarity taken for cost")
def similarity(p: Floats, q: Floats, cost: Floats) -> float:
    return earth_mover.demd(p, q, 1 - cost)


@mutant("emo.demd", slip="the exact distance passed off as the bound")
def exact_instead(p: Floats, q: Floats, cost: Floats) -> float:
    return earth_mover.emd_exact(p, q, cost).cost


def pairs(rng: np.random.Generator, n: int, size: int) -> Iterator[tuple[Floats, Floats]]:
    """Dense and sparse pairs in turn; every fifth pair is equal."""
    for k in range(size):
        alpha = 1.0 if k % 2 else 0.2
        p, q = rng.dirichlet(np.full(n, alpha), 2)
        yield p, (p if k % 5 == 4 else q)


GRID = grid(n=(2, 3, 7, 20, 100), draws=(20,)).full(draws=(200,))


@claim(
    id="emo.zero-one-cost-is-total-variation",
    title="Under the 0/1 cost, earth mover distance is total variation",
    statement=r"\operatorname{EMD}_{\mathbf 1\mathbf 1^\top - I}(p, q) = \tfrac12 \sum_i |p_i - q_i|",
    source=SOURCE,
    role="emo.total_variation",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because=ROUNDING),
    cases=GRID,
    quantity="|TV − POT|",
)
def emd_is_tv(tv: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cost = zero_one(case.n)
    yield worst(exact(gap(tv(p, q), earth_mover.emd_exact(p, q, cost).cost)) for p, q in pairs(rng, case.n, case.draws))


@claim(
    id="emo.zero-one-cost-is-total-variation.onehot",
    title="To a label it is one minus the probability of the label",
    statement=r"\operatorname{EMD}_{\mathbf 1\mathbf 1^\top - I}(p, \delta_t) = 1 - p_t",
    source=SOURCE,
    role="emo.onehot_accuracy_loss",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because=ROUNDING),
    cases=GRID,
    quantity="|1 − p_t − POT|",
)
def onehot_is_error_rate(loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cost = zero_one(case.n)
    drawn = [(p, int(rng.integers(case.n))) for p, _ in pairs(rng, case.n, case.draws)]
    yield worst(exact(gap(loss(p, t), earth_mover.emd_exact(p, onehot(case.n, t), cost).cost)) for p, t in drawn)


@claim(
    id="emo.zero-one-cost-is-total-variation.excess",
    title="What the independent coupling adds there, in closed form",
    statement=r"p^\top C q - \operatorname{EMD}(p, q) = \sum_i \min(p_i, q_i) - \langle p, q\rangle \ge 0",
    source=SOURCE,
    role="emo.demd",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because=ROUNDING),
    cases=GRID,
    quantity="|excess − closed form|",
)
def excess_of_independence(demd: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cost = zero_one(case.n)

    def difference(p: Floats, q: Floats) -> Enclosure:
        excess = demd(p, q, cost) - earth_mover.emd_exact(p, q, cost).cost
        return exact(gap(excess, float(np.minimum(p, q).sum() - p @ q)))

    yield worst(difference(p, q) for p, q in pairs(rng, case.n, case.draws))


@figure(of="emo.zero-one-cost-is-total-variation")
def against_total_variation() -> Figure:
    rng = np.random.default_rng(9797)
    drawn = list(pairs(rng, 7, 120))
    tv = [total_variation(p, q) for p, q in drawn]
    cost = zero_one(7)
    return Figure(
        "Transport and its cheap bound under the 0/1 cost",
        "The exact distance lies on the diagonal; the independent coupling lies above it, most where p and q are close.",
        "total variation",
        "cost",
        (
            series("EMD", tv, [earth_mover.emd_exact(p, q, cost).cost for p, q in drawn], kind="dots"),
            series("independent coupling", tv, [earth_mover.demd(p, q, cost) for p, q in drawn], kind="dots"),
            series("equality", (0, 1), (0, 1), kind="dashed"),
        ),
    )
