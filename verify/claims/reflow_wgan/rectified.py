"""Entry 6: independent Gaussians are rectified in one go, by a map in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.reflow_wgan.instances import STRETCH, TILTED, Floats, answer, spd, strands, symmetrised
from verify.claims.reflow_wgan.marginals import RK4_GAUSSIAN
from verify.claims.sources import FLOW_AND_TRANSPORT, FLOW_STRAIGHT
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, worst
from verify.methods import rectified_flow as rf
from verify.methods.numerics import spd_sqrt

SOURCE = FLOW_AND_TRANSPORT.at("the flow between centred Gaussians")

role("reflow_wgan.rectified_map_gaussian", numbers="S0, S1 (d, d): arrays; the map (d, d)")(rf.rectified_map_gaussian)
role("reflow_wgan.gaussian_trajectory", numbers="t (...), S0, S1 (d, d): arrays; maps (..., d, d)")(
    rf.gaussian_trajectory
)
role("reflow_wgan.geometric_mean", numbers="A, B (d, d): arrays; their mean (d, d)")(rf.geometric_mean)


@equivalent(
    "reflow_wgan.rectified_map_gaussian", because="the root of S0^(-1/2) S1 S0^(-1/2), as it is usually written"
)
def by_roots(S0: Floats, S1: Floats) -> Floats:
    root = spd_sqrt(S0)
    inverse = np.linalg.inv(root)
    inner = inverse @ S1 @ inverse
    return np.asarray(root @ spd_sqrt(symmetrised(inner)) @ inverse)


@mutant("reflow_wgan.rectified_map_gaussian", slip="(S0⁻¹ S1)^(1/2): the factors in the wrong order, so S1 is missed")
def wrong_order(S0: Floats, S1: Floats) -> Floats:
    return rf.rectified_map_gaussian(S0, S1).T


@mutant(
    "reflow_wgan.rectified_map_gaussian",
    slip="S1^(1/2) S0^(-1/2), whitening and colouring: S1 is reached by another map",
)
def whiten_and_colour(S0: Floats, S1: Floats) -> Floats:
    return np.asarray(spd_sqrt(S1) @ np.linalg.inv(spd_sqrt(S0)))


@mutant("reflow_wgan.rectified_map_gaussian", slip="the optimal map in place of the rectified one")
def optimal_map(S0: Floats, S1: Floats) -> Floats:
    return rf.ot_map_gaussian(S0, S1)


@mutant("reflow_wgan.rectified_map_gaussian", slip="one Euler step on the independent coupling: all mass goes to m1")
def one_euler_step(S0: Floats, S1: Floats) -> Floats:
    return np.asarray(rf.gaussian_flow(S0, S1, 0 * S0, 1, "euler")[-1])


@mutant("reflow_wgan.gaussian_trajectory", slip="the way straight from I to the final map, as for a straight coupling")
def straight_way(t: Any, S0: Floats, S1: Floats) -> Floats:
    s = np.asarray(t)[..., None, None]
    return np.asarray((1 - s) * np.eye(len(S0)) + s * rf.rectified_map_gaussian(S0, S1))


@mutant("reflow_wgan.gaussian_trajectory", slip="(1 − t) + t w under the root in place of their squares")
def without_squares(t: Any, S0: Floats, S1: Floats) -> Floats:
    L = np.linalg.cholesky(S0)
    inner = np.linalg.solve(L, np.linalg.solve(L, S1).T)
    w, V = np.linalg.eigh(symmetrised(inner))
    s = np.asarray(t)[..., None]
    return np.asarray((L @ V * np.sqrt(1 - s + s * w)[..., None, :]) @ np.linalg.inv(L @ V))


@mutant("reflow_wgan.geometric_mean", slip="the exponential of the mean of the logarithms")
def log_euclidean(A: Floats, B: Floats) -> Floats:
    def log(S: Floats) -> Floats:
        w, V = np.linalg.eigh(S)
        return np.asarray((V * np.log(w)) @ V.T)

    w, V = np.linalg.eigh((log(A) + log(B)) / 2)
    return np.asarray((V * np.exp(w)) @ V.T)


@mutant("reflow_wgan.geometric_mean", slip="the product of the roots: not symmetric")
def product_of_roots(A: Floats, B: Floats) -> Floats:
    return np.asarray(spd_sqrt(A) @ spd_sqrt(B))


@mutant("reflow_wgan.geometric_mean", slip="the arithmetic mean")
def arithmetic_mean(A: Floats, B: Floats) -> Floats:
    return np.asarray((A + B) / 2)


def pair(rng: np.random.Generator, d: int) -> tuple[Floats, Floats]:
    """A random pair whose relative eigenvalues lie in [1/25, 25]."""
    S0, S1 = spd(rng, d), spd(rng, d)
    ratio = np.linalg.eigvals(np.linalg.solve(S0, S1)).real
    if not 1 / 25 <= ratio.min() <= ratio.max() <= 25:
        raise Vacuous(f"relative eigenvalues from {ratio.min():.3g} to {ratio.max():.3g}: 400 steps are too few")
    return S0, S1


GRID = grid(d=(1, 2, 3, 5), seed=(0,)).full(d=(1, 2, 3, 5, 20), seed=tuple(range(5)))
STRAIGHT = "products and solves of d ≤ 20 with conditions below 100: 20 · 100 eps = 4e-13, relative"


@claim(
    id="reflow_wgan.gaussian-one-rectification",
    title="The flow map of independent Gaussians is the principal root of Σ₁ Σ₀⁻¹",
    statement=r"M_1 = (\Sigma_1\Sigma_0^{-1})^{1/2} = "
    r"\Sigma_0^{1/2}\big(\Sigma_0^{-1/2}\Sigma_1\Sigma_0^{-1/2}\big)^{1/2}\Sigma_0^{-1/2}",
    source=SOURCE,
    role="reflow_wgan.rectified_map_gaussian",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because=RK4_GAUSSIAN),
    cases=GRID + grid(d=(2,), seed=("tilted",)),
    quantity="largest |map − 400 steps of rk4| over the largest entry",
)
def map_of_the_flow(rectified_map: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0, S1 = (STRETCH, TILTED) if case.seed == "tilted" else pair(rng, case.d)
    M = rf.gaussian_flow(S0, S1, 0 * S0, 400)[-1]
    yield exact(gap(rectified_map(S0, S1), M) / np.abs(M).max())


@claim(
    id="reflow_wgan.gaussian-one-rectification.trajectory",
    title="The whole way has a closed form",
    statement=r"\Sigma_0=LL^\top,\; L^{-1}\Sigma_1L^{-\top}=V\Lambda V^\top:\qquad"
    r" M_t = LV\sqrt{(1-t)^2+t^2\Lambda}\;V^\top L^{-1}",
    source=SOURCE,
    role="reflow_wgan.gaussian_trajectory",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because=RK4_GAUSSIAN),
    cases=GRID,
    quantity="largest |M_t − 400 steps of rk4| over the largest entry",
)
def way_of_the_flow(trajectory: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0, S1 = pair(rng, case.d)
    M = rf.gaussian_flow(S0, S1, 0 * S0, 400)
    yield exact(gap(trajectory(np.linspace(0, 1, 401), S0, S1), M) / np.abs(M).max())


@claim(
    id="reflow_wgan.gaussian-one-rectification.root",
    title="It is a root, and it reaches the data",
    statement=r"M^2=\Sigma_1\Sigma_0^{-1},\qquad M\Sigma_0M^\top=\Sigma_1",
    source=SOURCE,
    role="reflow_wgan.rectified_map_gaussian",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-11,
        because="two factors with conditions of 1e4 at most lose 1e4 eps = 2e-12 relative to the norms of the factors; a "
        "factor 5, above √d for the roundings of sums of d ≤ 20 terms",
    ),
    cases=grid(d=(1, 2, 3, 5), condition=(1e2, 1e4)).full(d=(1, 2, 3, 5, 20)),
    quantity="worse of both residuals, relative",
)
def map_is_a_root(rectified_map: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def conditioned() -> Floats:
        Q, _ = np.linalg.qr(rng.normal(size=(case.d, case.d)))
        return symmetrised((Q * np.geomspace(1, case.condition, case.d)) @ Q.T)

    S0, S1 = conditioned(), conditioned()
    M = rectified_map(S0, S1)
    size = max(np.abs(M).max(), 1.0)
    square, reached = M @ M @ S0, M @ S0 @ M.T
    scale = size**2 * np.abs(S0).max()
    yield worst(exact(answer(gap(made, S1) / scale)) for made in (square, reached))


@claim(
    id="reflow_wgan.gaussian-one-rectification.straight",
    title="The new coupling is straight: a second rectification changes nothing, one Euler step repeats it",
    statement=r"K=M\Sigma_0:\qquad v_t(x_t)=x_1-x_0,\qquad M^{(2)}=M,\qquad \text{one Euler step}=M",
    source=FLOW_STRAIGHT.at("straight couplings are fixed points"),
    role="reflow_wgan.rectified_map_gaussian",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because=STRAIGHT),
    cases=GRID,
    quantity="worst of the three deviations, relative",
)
def second_changes_nothing(rectified_map: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0, S1 = pair(rng, case.d)
    M = rectified_map(S0, S1)
    zero, eye, scale = np.zeros(case.d), np.eye(case.d), np.abs(M).max()
    try:
        rf.transport_cost(S0, S1, M @ S0, zero, zero)
    except ValueError:  # not the cross-covariance of any coupling
        yield exact(np.inf)
        return
    bends = [
        gap(rf.gaussian_velocity(t, S0, S1, M @ S0, zero, zero)[0] @ ((1 - t) * eye + t * M), M - eye)
        for t in (0.0, 0.3, 0.7, 1.0)
    ]
    again = [rf.gaussian_flow(S0, S1, M @ S0, 10)[-1], rf.gaussian_flow(S0, S1, M @ S0, 1, "euler")[-1]]
    yield worst(exact(deviation / scale) for deviation in (*bends, *(gap(other, M) for other in again)))


@claim(
    id="reflow_wgan.gaussian-one-rectification.cross-covariance",
    title="Its cross-covariance is the geometric mean",
    statement=r"K_1 = M\Sigma_0 = \Sigma_0\#\Sigma_1,\qquad K_1\Sigma_0^{-1}K_1=\Sigma_1,\quad K_1=K_1^\top",
    source=SOURCE,
    role="reflow_wgan.geometric_mean",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because=STRAIGHT),
    cases=GRID,
    quantity="worst of three residuals, relative",
)
def cross_covariance_is_a_mean(mean: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0, S1 = pair(rng, case.d)
    G = mean(S0, S1)
    riccati = G @ np.linalg.solve(S0, G)
    residuals = (gap(riccati, S1), gap(G, G.T), gap(G, rf.rectified_map_gaussian(S0, S1) @ S0))
    yield worst(exact(residual / np.abs(S1).max()) for residual in residuals)


@figure(of="reflow_wgan.gaussian-one-rectification")
def before_and_after() -> Figure:
    rng = np.random.default_rng(9668)
    S0, S1 = np.diag([1.0, 9.0]) / 3, np.array([[5.0, 4.0], [4.0, 5.0]]) / 3
    m1 = np.array([9.0, 0.0])
    start = np.linalg.cholesky(S0) @ rng.normal(size=(2, 14))
    t = np.linspace(0, 1, 31)
    first = rf.gaussian_trajectory(t, S0, S1) @ start + t[:, None, None] * m1[:, None]
    M = rf.rectified_map_gaussian(S0, S1)
    chords = np.stack([start, M @ start + m1[:, None]])
    return Figure(
        "Trajectories before and after rectification",
        "The first flow bends; rectified once, the same ends are joined by straight lines, and nothing changes any more.",
        "first coordinate",
        "second coordinate",
        (
            series("flow of the independent coupling", *strands(first)),
            series("flow of the rectified coupling", *strands(chords), kind="dashed"),
            series("x₀", *start, kind="dots"),
            series("x₁", *chords[1], kind="dots"),
        ),
        equal=True,
    )
