"""Entry 8: asking for a gradient is a constraint, and for Gaussians it leads to optimal transport at a linear rate.

The rate is an observation for Gaussians; for general laws counterexamples are published (Hertrich et al. 2025).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, series
from verify.claims.reflow_wgan.instances import (
    MILD,
    STRETCH,
    TILTED,
    Floats,
    answer,
    coupling,
    rotation,
    spd,
    symmetrised,
    turned,
)
from verify.claims.reflow_wgan.marginals import RK4_GAUSSIAN
from verify.claims.reflow_wgan.velocities import covariance
from verify.claims.sources import FLOW_AND_TRANSPORT, FLOW_ARTICLE
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, within, worst
from verify.methods import rectified_flow as rf
from verify.methods.numerics import bures_distance2

SOURCE = FLOW_AND_TRANSPORT.at("gradient constraints, the Gaussian case")
NEEDED = FLOW_ARTICLE.at("the step v = ∇D")
STEPS = 200


def instance(name: Any, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """A pair by its name: the two examples, or random ones of three to five dimensions, one of them stretched."""
    if name in ("example", "mild"):
        return (STRETCH, TILTED) if name == "example" else MILD
    d = 3 if name < 3 else 3 + name % 3
    stretch = np.geomspace(1, 2, d)
    return spd(rng, d) * np.outer(stretch, stretch), spd(rng, d)


def excesses(gaussian_flow: Any, S0: Floats, S1: Floats, iterations: int) -> list[float]:
    """Cost above the optimum after each rectification by the gradient field, starting from independent pairs."""
    K, found = 0 * S0, []
    for _ in range(iterations):
        K = gaussian_flow(S0, S1, K, STEPS, "rk4", "gradient")[-1] @ S0
        found.append(float(np.trace(S0 + S1 - 2 * K)) - float(bures_distance2(S0, S1)))
    return found


GRID = grid(pair=("example", "mild", 0, 1, 2)).full(pair=("example", "mild", *range(30)))


@claim(
    id="reflow_wgan.gradient-constraint-restores-ot",
    title="For Gaussians, each rectification by a gradient field divides the excess by more than five",
    statement=r"\frac{\mathbb E\|Z^{(k+1)}_1-Z^{(k+1)}_0\|^2-W_2^2}{\mathbb E\|Z^{(k)}_1-Z^{(k)}_0\|^2-W_2^2} \le 0.2",
    source=SOURCE,
    role="reflow_wgan.gaussian_flow",
    evidence=Evidence.RATE,
    region=within(
        -0.2,
        0.2,
        because="observed, not proved: the worst ratio here is near 0.06, plain rectifying has 1; a fifth is far from both",
    ),
    cases=GRID,
    quantity="worst ratio of successive excesses above 1e-8",
)
def linear_rate(gaussian_flow: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = excesses(gaussian_flow, *instance(case.pair, rng), 5)
    ratios = [b / a for a, b in pairwise(found) if abs(a) > 1e-8]
    if not ratios:
        raise Vacuous("the first excess is already at rounding")
    yield exact(max(ratios, key=abs))


@claim(
    id="reflow_wgan.gradient-constraint-restores-ot.six",
    title="After six rectifications it is optimal to a millionth",
    statement=r"\big|\,\mathbb E\|Z^{(6)}_1-Z^{(6)}_0\|^2-W_2^2\,\big| \le 10^{-6}",
    source=SOURCE,
    role="reflow_wgan.gaussian_flow",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-6,
        because="the first one leaves at most 0.5, and five more factors of 0.064 make 5e-10 of it; " + RK4_GAUSSIAN,
    ),
    cases=GRID,
    quantity="|excess after six|",
)
def nearly_optimal(gaussian_flow: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(excesses(gaussian_flow, *instance(case.pair, rng), 6)[-1], 0.0))


@claim(
    id="reflow_wgan.gradient-constraint-restores-ot.never-more",
    title="No rectification adds to the cost",
    statement=r"\mathbb E\|Z^{(k+1)}_1-Z^{(k+1)}_0\|^2 \le \mathbb E\|Z^{(k)}_1-Z^{(k)}_0\|^2,"
    r"\qquad \mathbb E\|Z^{(1)}_1-Z^{(1)}_0\|^2\le\mathbb E\|X_1-X_0\|^2",
    source=SOURCE,
    role="reflow_wgan.gaussian_flow",
    evidence=Evidence.EXACT,
    region=within(
        -100,
        1e-8,
        because="costs of the flow differ by less than C h⁴ = 6e-10 C with 200 steps, where C falls with the excess, as "
        "straight paths have no error; the start lies below 100",
    ),
    cases=GRID,
    quantity="largest increase",
)
def costs_only_fall(gaussian_flow: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0, S1 = instance(case.pair, rng)
    independent = float(np.trace(S0 + S1)) - float(bures_distance2(S0, S1))
    yield exact(answer(np.max(np.diff([independent, *excesses(gaussian_flow, S0, S1, 5)]))))


@claim(
    id="reflow_wgan.gradient-constraint-restores-ot.marginals",
    title="The gradient field carries the same laws",
    statement=r"B_t\Sigma_t+\Sigma_tB_t=\dot\Sigma_t,\;B_t=B_t^\top:\qquad M_1\Sigma_0M_1^\top=\Sigma_1",
    source=SOURCE,
    role="reflow_wgan.gaussian_flow",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-8, because="C h⁴ = 3.9e-11 C with 400 steps; the example, with eigenvalues up to 25, has C near 100"
    ),
    cases=GRID,
    quantity="largest |M Σ₀ Mᵀ − Σ₁|",
)
def gradient_keeps_marginals(gaussian_flow: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0, S1 = instance(case.pair, rng)
    M = gaussian_flow(S0, S1, 0 * S0, 400, "rk4", "gradient")[-1]
    yield exact(gap(M @ S0 @ M.T, S1))


@claim(
    id="reflow_wgan.gradient-constraint-restores-ot.rotation",
    title="A rotation, stuck for the plain field, is undone in one go",
    statement=r"\Sigma_0=\Sigma_1=I,\;K=R_\theta:\qquad M=I",
    source=SOURCE,
    role="reflow_wgan.gaussian_flow",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="the gradient field of a rotation is a multiple of the identity, whose integral is 0: " + RK4_GAUSSIAN,
    ),
    cases=grid(angle=(0.5, 1.0, 2.0)).full(angle=(0.5, 1.0, 1.5, 2.0, 2.4)),
    quantity="largest |M − I|",
)
def rotation_undone(gaussian_flow: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    eye = np.eye(2)
    M = gaussian_flow(eye, eye, rotation(case.angle), 2 * STEPS, "rk4", "gradient")[-1]
    yield exact(gap(M, eye))


@claim(
    id="reflow_wgan.gradient-constraint-restores-ot.lyapunov",
    title="Its slope solves a Lyapunov equation",
    statement=r"B_t\Sigma_t+\Sigma_tB_t=\dot\Sigma_t",
    source=SOURCE,
    role="reflow_wgan.gaussian_velocity",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-11,
        because="Bartels and Stewart's method in SciPy and ours each round like 100 d eps, with conditions below 100",
    ),
    cases=grid(d=(1, 2, 5), t=(0.0, 0.3, 1.0)).full(d=(1, 2, 5, 20)),
    quantity="largest |slope − SciPy|",
)
def slope_of_scipy(velocity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.linalg import solve_continuous_lyapunov

    S0, S1, K = coupling(rng, case.d)
    zero, t = np.zeros(case.d), case.t
    change = -2 * (1 - t) * S0 + 2 * t * S1 + (1 - 2 * t) * (K + K.T)
    wanted = solve_continuous_lyapunov(covariance(t, S0, S1, K), change)
    yield exact(gap(velocity(t, S0, S1, K, zero, zero, "gradient")[0], wanted))


@claim(
    id="reflow_wgan.gradient-constraint-restores-ot.symmetric",
    title="For isotropic noise or commuting covariances the plain field is a gradient",
    statement=r"\Sigma_0=\sigma^2I \ \text{or}\ \Sigma_0\Sigma_1=\Sigma_1\Sigma_0,\; K=0 \;\Rightarrow\; A_t=A_t^\top",
    source=NEEDED,
    role="reflow_wgan.gaussian_velocity",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="a solve with conditions below 100: 100 d eps = 4e-13 at d = 20, and a factor 2"),
    cases=grid(d=(2, 5), kind=("isotropic", "commuting"), t=(0.2, 0.5, 0.9)).full(d=(2, 5, 20)),
    quantity="largest |A − Aᵀ|, or |A − ½ Σ_t'Σ_t⁻¹|",
)
def plain_field_is_a_gradient(velocity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S1, zero, t = spd(rng, case.d), np.zeros(case.d), case.t
    S0 = 0.7 * np.eye(case.d)
    if case.kind == "commuting":
        _, V = np.linalg.eigh(S1)
        S0 = symmetrised((V * rng.uniform(0.3, 2, case.d)) @ V.T)
    A, _ = velocity(t, S0, S1, 0 * S0, zero, zero)
    half_change = (t * S1 - (1 - t) * S0) @ np.linalg.inv(covariance(t, S0, S1, 0 * S0))
    yield worst([exact(gap(A, A.T)), exact(gap(A, half_change))])


@claim(
    id="reflow_wgan.gradient-constraint-restores-ot.constraint",
    title="In general it is none: letting v be a gradient is a constraint",
    statement=r"\Sigma_0=\operatorname{diag}(1,25),\;\Sigma_1=\begin{pmatrix}13&12\\12&13\end{pmatrix}:\qquad"
    r" \|A_{1/2}-A_{1/2}^\top\|_F = 4.199",
    source=NEEDED,
    role="reflow_wgan.gaussian_velocity",
    evidence=Evidence.EXACT,
    region=within(
        4.1,
        4.3,
        because="A = 2 (Σ₁ − Σ₀)(Σ₀ + Σ₁)⁻¹ has the entries 48/388 and 1200/388 off its diagonal: √2 · 288/97 = 4.1989",
    ),
    quantity="Frobenius norm of A − Aᵀ at t = 1/2",
    refutes="A velocity with enough capacity is a gradient, so v = ∇D costs nothing.",
)
def plain_field_is_no_gradient(velocity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    A, _ = velocity(0.5, STRETCH, TILTED, np.zeros((2, 2)), np.zeros(2), np.zeros(2))
    yield exact(answer(np.linalg.norm(A - A.T)))


@figure(of="reflow_wgan.gradient-constraint-restores-ot")
def excess_against_iteration() -> Figure:
    rng = np.random.default_rng(9668)
    pairs = {
        "diag(1, 25), tilted by π/4": (STRETCH, TILTED),
        "diag(1, 4), mild": MILD,
        "three dimensions": (spd(rng, 3), spd(rng, 3)),
        "diag(1, 25), turned by 1.4": (STRETCH, turned(STRETCH, 1.4)),
    }
    k = range(1, 7)
    curves = [
        series(name, k, [max(e, 1e-12) for e in excesses(rf.gaussian_flow, *pair, 6)]) for name, pair in pairs.items()
    ]
    flat = float(np.trace(STRETCH + TILTED - 2 * rf.geometric_mean(STRETCH, TILTED))) - float(
        bures_distance2(STRETCH, TILTED)
    )
    return Figure(
        "Cost above the optimum, rectification by rectification",
        "Gradient fields approach optimal transport by a constant factor each time, slowest near a right-angle turn; the plain "
        "field of the first pair stays 12.996 above it.",
        "rectifications",
        "excess",
        (*curves, series("first pair, plain field", k, [flat] * 6, kind="dashed")),
        y_log=True,
    )
