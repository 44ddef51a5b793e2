"""Entry 5: rectifying shrinks the displacement of Gaussians, and what the squared cost saves is two variances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.reflow_wgan.instances import Floats, answer, coupling, rotation, spd, symmetrised
from verify.claims.reflow_wgan.marginals import RK4_GAUSSIAN
from verify.claims.sources import FLOW_STRAIGHT
from verify.evidence import Enclosure, at_least, at_most, exact, gap
from verify.methods import rectified_flow as rf

SOURCE = FLOW_STRAIGHT.at("theorem 3.5")

Pair = tuple[Floats, Floats]

role("reflow_wgan.transport_cost", numbers="S0, S1, K (d, d), m0, m1 (d,): arrays; a float")(rf.transport_cost)
role("reflow_wgan.straightness_defect", numbers="S0, S1, K (d, d), m0, m1 (d,): arrays; a float")(
    rf.straightness_defect
)


@mutant("reflow_wgan.transport_cost", slip="tr(S0 + S1) only: the displacement without the coupling")
def cost_without_coupling(S0: Floats, S1: Floats, K: Floats, m0: Floats, m1: Floats) -> float:
    return float(np.trace(S0 + S1) + np.sum((m1 - m0) ** 2))


@mutant("reflow_wgan.transport_cost", slip="the distance of the means left out")
def cost_without_means(S0: Floats, S1: Floats, K: Floats, m0: Floats, m1: Floats) -> float:
    return float(np.trace(S0 + S1 - 2 * K))


@mutant("reflow_wgan.straightness_defect", slip="the mean square of the speed, not of its deviation from the chord")
def speed(S0: Floats, S1: Floats, K: Floats, m0: Floats, m1: Floats, *, n_steps: int = 1000) -> float:
    moved = rf.gaussian_flow(S0, S1, K, n_steps)[-1] - np.eye(len(S0))
    return float(rf.straightness_defect(S0, S1, K, m0, m1, n_steps=n_steps) + np.trace(moved @ S0 @ moved.T))


@mutant("reflow_wgan.straightness_defect", slip="the bend looked at halfway only")
def bend_halfway(S0: Floats, S1: Floats, K: Floats, m0: Floats, m1: Floats, *, n_steps: int = 1000) -> float:
    M = rf.gaussian_flow(S0, S1, K, n_steps)
    bend = M[n_steps // 2] - (M[0] + M[-1]) / 2
    return float(np.trace(bend @ S0 @ bend.T))


@role("reflow_wgan.displacement_covariances", numbers="S0, S1, K (d, d): arrays; (before (d, d), after (d, d))")
def displacement_covariances(S0: Floats, S1: Floats, K: Floats) -> Pair:
    """Cov(x1 - x0) of a Gaussian coupling, and of the coupling that its flow makes of it."""
    moved = rf.gaussian_flow(S0, S1, K, 400)[-1] - np.eye(len(S0))
    return np.asarray(S0 + S1 - K - K.T), np.asarray(moved @ S0 @ moved.T)


@mutant("reflow_wgan.displacement_covariances", slip="before and after exchanged")
def exchanged(S0: Floats, S1: Floats, K: Floats) -> Pair:
    before, after = displacement_covariances(S0, S1, K)
    return after, before


@mutant(
    "reflow_wgan.displacement_covariances", slip="the covariance of x1 − x0 without K, as if all pairs were independent"
)
def without_cross(S0: Floats, S1: Floats, K: Floats) -> Pair:
    return S0 + S1, displacement_covariances(S0, S1, K)[1]


def instance(rng: np.random.Generator, d: int, seed: Any) -> tuple[Floats, Floats, Floats]:
    """A random coupling, or a noisy turn by 2.5 radians."""
    return (np.eye(2), np.eye(2), 0.9 * rotation(2.5)) if seed == "turned" else coupling(rng, d)


RANDOM = grid(d=(1, 2, 3), seed=tuple(range(4))).full(seed=tuple(range(50)))
TURNED = grid(d=(2,), seed=("turned",))


@claim(
    id="reflow_wgan.convex-costs-decrease",
    title="For Gaussians all convex costs fall at once: the displacement shrinks in every direction",
    statement=r"(M-I)\,\Sigma_0\,(M-I)^\top \preceq \Sigma_0+\Sigma_1-K-K^\top",
    source=SOURCE,
    role="reflow_wgan.displacement_covariances",
    evidence=Evidence.EXACT,
    region=at_least(-1e-9, because="the order may be sharp, and then " + RK4_GAUSSIAN),
    cases=RANDOM + TURNED,
    quantity="smallest eigenvalue of before − after",
)
def displacement_shrinks(covariances: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    before, after = covariances(*instance(rng, case.d, case.seed))
    yield exact(answer(np.linalg.eigvalsh(before - after)[0], -np.inf))


@claim(
    id="reflow_wgan.convex-costs-decrease.budget",
    title="What the squared cost loses is bends plus crossings",
    statement=r"\mathbb E\|X_1-X_0\|^2-\mathbb E\|Z_1-Z_0\|^2 = \int_0^1\mathbb E\|\dot Z_t-(Z_1-Z_0)\|^2dt"
    r"+\int_0^1\mathbb E\operatorname{tr}\operatorname{Cov}(X_1-X_0\mid X_t)\,dt",
    source=SOURCE,
    role=("reflow_wgan.transport_cost", "reflow_wgan.straightness_defect", "reflow_wgan.conditional_variance"),
    evidence=Evidence.EXACT,
    region=at_most(1e-8, because="1000 steps: h⁴ = 1e-12 for rk4 and for Simpson's rule, with constants below 1e4"),
    cases=grid(d=(1, 2, 3), seed=(0, 1)).full(seed=tuple(range(50))) + TURNED,
    quantity="|saved − bends − crossings|",
)
def budget(cost: Any, defect: Any, variance: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0, S1, K = instance(rng, case.d, case.seed)
    m0, m1 = rng.normal(size=(2, case.d))
    after = rf.gaussian_flow(S0, S1, K, 1000)[-1] @ S0
    saved = cost(S0, S1, K, m0, m1) - cost(S0, S1, after, m0, m1)
    yield exact(gap(saved, defect(S0, S1, K, m0, m1) + variance(S0, S1, K, m0, m1)))


@claim(
    id="reflow_wgan.convex-costs-decrease.cost",
    title="The cost of a linear map, from the map itself",
    statement=r"x_1=Tx_0+c:\qquad \mathbb E\|x_1-x_0\|^2=\operatorname{tr}\,(T-I)\Sigma_0(T-I)^\top+\|(T-I)m_0+c\|^2",
    source=SOURCE,
    role="reflow_wgan.transport_cost",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="sums of d³ ≤ 27 products of numbers below 30: 27 · 30 eps = 1.8e-13, and a factor 5"
    ),
    cases=grid(d=(1, 2, 3), seed=(0, 1)).full(seed=tuple(range(50))),
    quantity="|cost − its definition|",
)
def cost_of_a_map(cost: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0, T, (m0, c) = spd(rng, case.d), rng.normal(size=(case.d, case.d)) + np.eye(case.d), rng.normal(size=(2, case.d))
    moved = T - np.eye(case.d)
    wanted = np.trace(moved @ S0 @ moved.T) + np.sum((moved @ m0 + c) ** 2)
    S1 = T @ S0 @ T.T
    yield exact(gap(cost(S0, symmetrised(S1), T @ S0, m0, T @ m0 + c), wanted))


@figure(of="reflow_wgan.convex-costs-decrease")
def eigenvalues_of_the_difference() -> Figure:
    rng = np.random.default_rng(9668)
    rows = []
    for _ in range(120):
        before, after = displacement_covariances(*coupling(rng, 3))
        rows.append((np.trace(before), *np.linalg.eigvalsh(before - after)))
    columns = np.array(rows).T
    return Figure(
        "Eigenvalues of the displacement's covariance, before minus after",
        "None is negative: rectifying shrinks the displacement in every direction.",
        "squared cost before",
        "eigenvalue of the difference",
        (
            *(
                series(name, columns[0], columns[k + 1], kind="dots")
                for k, name in enumerate(("least", "middle", "largest"))
            ),
            series("0", y=(0.0,), kind="hline"),
        ),
    )
