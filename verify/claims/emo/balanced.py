"""Entry 11: the released loss weights transport by a detached ratio. What it logs, and what it descends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.emo.instances import Floats
from verify.claims.sources import EMO_PAPER
from verify.evidence import Enclosure, Vacuous, at_least, at_most, exact, gap, worst
from verify.methods.numerics import softmax

SOURCE = EMO_PAPER.at("the released objective, weights M/L and 1, halved")


def losses(z: Any, t: int, cost: Floats) -> tuple[Any, Any, Any, Any]:
    """(M, L, gradient of M, gradient of L) in the logits; z may be complex."""
    p = softmax(z)
    nats, transport = -np.log(p[t]), p @ cost
    return nats, transport, p - np.eye(len(cost))[t], p * (cost - transport)


@role("emo.balanced_objective", numbers="logits (n,) real or complex, class t, costs (n,); (value, gradient (n,))")
def balanced(z: Any, t: int, cost: Floats) -> tuple[Any, Any]:
    """½ (M + [M / L] L), the bracket detached: its value is M, its gradient ½ (∇M + (M / L) ∇L)."""
    nats, transport, of_nats, of_transport = losses(z, t, cost)
    return nats, (of_nats + nats / transport * of_transport) / 2


@mutant("emo.balanced_objective", slip="the ratio is not detached: the transport loss cancels")
def not_detached(z: Any, t: int, cost: Floats) -> tuple[Any, Any]:
    nats, _, of_nats, _ = losses(z, t, cost)
    return nats, of_nats


@mutant("emo.balanced_objective", slip="the ratio upside down: L / M")
def inverted_ratio(z: Any, t: int, cost: Floats) -> tuple[Any, Any]:
    nats, transport, of_nats, of_transport = losses(z, t, cost)
    ratio = transport / nats
    return (nats + ratio * transport) / 2, (of_nats + ratio * of_transport) / 2


def with_ratio_at_most(most: float, z: Any, t: int, cost: Floats) -> tuple[Any, Any]:
    nats, transport, of_nats, of_transport = losses(z, t, cost)
    ratio = nats / transport
    ratio = ratio if np.real(ratio) < most else most
    return (nats + ratio * transport) / 2, (of_nats + ratio * of_transport) / 2


@mutant("emo.balanced_objective", slip="the ratio is clipped at 1")
def clipped(z: Any, t: int, cost: Floats) -> tuple[Any, Any]:
    return with_ratio_at_most(1.0, z, t, cost)


@mutant("emo.balanced_objective", slip="the ratio is clipped at 3, as version 0.0.3 of the released loss does")
def clipped_at_three(z: Any, t: int, cost: Floats) -> tuple[Any, Any]:
    return with_ratio_at_most(3.0, z, t, cost)


def instance(rng: np.random.Generator, n: int) -> tuple[Floats, int, Floats]:
    """(logits, target, costs): unequal costs in [0.2, 2], 0 at the target."""
    t = int(rng.integers(n))
    cost = rng.uniform(0.2, 2, n)
    cost[t] = 0
    return rng.normal(size=n), t, cost


GRID = grid(n=(2, 3, 4, 8), draws=(20,)).full(draws=(200,))


@claim(
    id="emo.balanced-objective-field",
    title="The balanced loss descends the product of its two parts",
    statement=r"\tfrac12\Big(\nabla M + \frac ML \nabla L\Big) = \frac1{2L}\, \nabla (M L)",
    source=SOURCE,
    role="emo.balanced_objective",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="a complex step through M L rounds like n eps times values below 10, over 2L",
    ),
    cases=GRID,
    quantity="largest |gradient − ∇(ML) / 2L|",
)
def gradient_of_product(objective: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference() -> Enclosure:
        z, t, cost = instance(rng, case.n)
        h = 1e-30

        def product(x: Any) -> Any:
            nats, transport, _, _ = losses(x, t, cost)
            return nats * transport

        steps = [product(z + 1j * h * e).imag / h for e in np.eye(case.n)]
        return exact(gap(objective(z, t, cost)[1], np.array(steps) / (2 * (softmax(z) @ cost))))

    yield worst(difference() for _ in range(case.draws))


@claim(
    id="emo.balanced-objective-field.value",
    title="What it logs is the cross-entropy",
    statement=r"\tfrac12\Big(M + \frac ML\, L\Big) = M",
    source=SOURCE,
    role="emo.balanced_objective",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because="a quotient, a product and a mean of M, at most 10: 4 eps M = 9e-15"),
    cases=GRID,
    quantity="largest |value − M|",
)
def value_is_cross_entropy(objective: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference() -> Enclosure:
        z, t, cost = instance(rng, case.n)
        return exact(gap(objective(z, t, cost)[0], np.log(np.sum(np.exp(z))) - z[t]))

    yield worst(difference() for _ in range(case.draws))


def asymmetry(objective: Any, z: Floats, t: int, cost: Floats) -> float:
    """max |J − J'| of the gradient field, by complex steps."""
    h = 1e-30
    jacobian = np.array([np.imag(objective(z + 1j * h * e, t, cost)[1]) / h for e in np.eye(len(z))])
    return gap(jacobian, jacobian.T)


@claim(
    id="emo.balanced-objective-field.not-conservative",
    title="No loss function has this gradient",
    statement=r"n \ge 3,\; c_i \text{ unequal}: \qquad \max |J - J^\top| > 10^{-2}",
    source=SOURCE,
    role="emo.balanced_objective",
    evidence=Evidence.EXACT,
    region=at_least(0.01, because="a gradient has a symmetric Jacobian: rounding leaves 1e-15 (the guard: below 1e-12 at n = 2 and "
                    "for equal costs)"),
    cases=grid(n=(3, 4, 8)),
    quantity="largest |J − Jᵀ| over 20 instances",
    refutes="The balanced objective is a loss that training minimises.",
)  # fmt: skip
def field_is_not_a_gradient(objective: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    drawn = [instance(rng, case.n) for _ in range(20)]
    symmetric = [asymmetry(balanced, z, t, 1.3 * (cost > 0).astype(float)) for z, t, cost in drawn]
    symmetric += [asymmetry(balanced, *instance(rng, 2)) for _ in range(20)]
    if max(symmetric) > 1e-12:
        raise Vacuous(f"the instrument sees {max(symmetric):.1e} where the field is a gradient")
    yield exact(max(asymmetry(objective, z, t, cost) for z, t, cost in drawn))


@figure(of="emo.balanced-objective-field.not-conservative")
def angles_between_gradients() -> Figure:
    rng = np.random.default_rng(9797)
    rows = []
    for _ in range(250):
        z, t, cost = instance(rng, 5)
        z = z * 2
        _, _, of_nats, of_transport = losses(z, t, cost)
        mixed = balanced(z, t, cost)[1]

        def angle(a: Floats, b: Floats) -> float:
            return float(np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))))

        rows.append((softmax(z)[t], angle(of_nats, of_transport), angle(of_nats, mixed)))
    p, transport_angle, mixed_angle = np.array(rows).T
    return Figure(
        "Angles to the gradient of the cross-entropy",
        "The transport gradient turns away from that of the cross-entropy where the label is unlikely; the balanced one follows.",
        "probability of the label",
        "degrees",
        (
            series("transport gradient", p, transport_angle, kind="dots"),
            series("balanced gradient", p, mixed_angle, kind="dots"),
        ),
    )
