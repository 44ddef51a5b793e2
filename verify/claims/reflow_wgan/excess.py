"""Entry 7, any Gaussians: what the rectified coupling pays above optimal transport, and when it pays nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.reflow_wgan.instances import MILD, STRETCH, TILTED, Floats, answer, spd, symmetrised, turned
from verify.claims.reflow_wgan.marginals import RK4_GAUSSIAN
from verify.claims.reflow_wgan.plane import FALSE, SOURCE
from verify.claims.sources import FLOW_STRAIGHT, GELBRICH
from verify.evidence import Enclosure, at_least, at_most, exact, gap
from verify.methods import rectified_flow as rf
from verify.methods.numerics import fidelity, spd_sqrt

role("reflow_wgan.ot_map_gaussian", numbers="S0, S1 (d, d): arrays; the map (d, d)")(rf.ot_map_gaussian)


@mutant("reflow_wgan.ot_map_gaussian", slip="the rectified map in place of the optimal one")
def rectified_map(S0: Floats, S1: Floats) -> Floats:
    return rf.rectified_map_gaussian(S0, S1)


@mutant("reflow_wgan.ot_map_gaussian", slip="S1^(1/2) S0^(-1/2), made symmetric")
def symmetrised_colouring(S0: Floats, S1: Floats) -> Floats:
    return symmetrised(spd_sqrt(S1) @ np.linalg.inv(spd_sqrt(S0)))


@role("reflow_wgan.rectified_excess", numbers="S0, S1 (d, d): arrays; a float")
def rectified_excess(S0: Floats, S1: Floats) -> float:
    """E|Z1 - Z0|^2 - W2^2 of the rectified independent coupling: 2 [tr (S0^1/2 S1 S0^1/2)^1/2 - tr S0 # S1]."""
    return float(2 * (fidelity(S0, S1) - np.trace(rf.geometric_mean(S0, S1))))


@mutant("reflow_wgan.rectified_excess", slip="fidelity and geometric mean exchanged: a cost below the optimum")
def terms_exchanged(S0: Floats, S1: Floats) -> float:
    return -rectified_excess(S0, S1)


@mutant("reflow_wgan.rectified_excess", slip="the optimal map used as the rectified one: no excess")
def nothing_in_excess(S0: Floats, S1: Floats) -> float:
    T = rf.ot_map_gaussian(S0, S1)
    return float(2 * (fidelity(S0, S1) - np.trace(T @ S0)))


@mutant("reflow_wgan.rectified_excess", slip="the independent coupling in place of the rectified: tr(S0 + S1) only")
def traces_only(S0: Floats, S1: Floats) -> float:
    return float(2 * fidelity(S0, S1))


@claim(
    id="reflow_wgan.straight-is-not-optimal.flow",
    title="The flow itself pays the excess",
    statement=r"\mathbb E\|Z_1-Z_0\|^2-W_2^2 = 2\Big[\operatorname{tr}\big(\Sigma_0^{1/2}\Sigma_1\Sigma_0^{1/2}\big)^{1/2}"
    r"-\operatorname{tr}(\Sigma_0\#\Sigma_1)\Big]",
    source=SOURCE,
    role="reflow_wgan.rectified_excess",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because=RK4_GAUSSIAN + "; POT takes a root of a difference, a few eps of the cost"),
    cases=grid(d=(2, 3), seed=tuple(range(5))).full(d=(2, 3, 5, 8), seed=tuple(range(50)))
    + grid(d=(2,), seed=("example", "mild")),
    quantity="|excess − (cost of the flow − POT)|",
)
def excess_of_the_flow(excess: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import ot

    named = {"example": (STRETCH, TILTED), "mild": MILD}
    S0, S1 = named[case.seed] if case.seed in named else (spd(rng, case.d), spd(rng, case.d))
    zero = np.zeros(case.d)
    K = rf.gaussian_flow(S0, S1, 0 * S0, 500)[-1] @ S0
    distance = ot.gaussian.bures_wasserstein_distance(zero, zero, S0, S1)
    yield exact(gap(excess(S0, S1), rf.transport_cost(S0, S1, K, zero, zero) - float(distance) ** 2))


@claim(
    id="reflow_wgan.straight-is-not-optimal.optimal-map",
    title="The optimal map is that of POT",
    statement=r"T=\Sigma_0^{-1/2}\big(\Sigma_0^{1/2}\Sigma_1\Sigma_0^{1/2}\big)^{1/2}\Sigma_0^{-1/2}",
    source=GELBRICH.at("the optimal map"),
    role="reflow_wgan.ot_map_gaussian",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="inverses of roots with conditions below 1e3 around a root that is good to 1e3 eps of its norm, as POT takes "
        "it by eigenvalues too: 1e6 eps = 2e-10 at worst",
    ),
    cases=grid(d=(1, 2, 3, 5), seed=(0,)).full(d=(1, 2, 3, 5, 20), seed=tuple(range(10))),
    quantity="largest |map − POT|",
)
def map_of_pot(optimal_map: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import ot

    S0, S1, zero = spd(rng, case.d), spd(rng, case.d), np.zeros(case.d)
    A, _ = ot.gaussian.bures_wasserstein_mapping(zero, zero, S0, S1)
    yield exact(gap(optimal_map(S0, S1), A))


@claim(
    id="reflow_wgan.straight-is-not-optimal.commuting",
    title="Covariances that commute have no excess",
    statement=r"\Sigma_0\Sigma_1=\Sigma_1\Sigma_0 \;\Rightarrow\; \mathbb E\|Z_1-Z_0\|^2=W_2^2",
    source=FLOW_STRAIGHT.at("one dimension, and beyond it"),
    role="reflow_wgan.rectified_excess",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10,
        because="a difference of two traces of roots below 10: 10 d eps, d ≤ 5, is 1e-14; the root loses half of the digits "
        "of no eigenvalue, as all are above 0.1",
    ),
    cases=grid(d=(1, 2, 5), seed=(0, 1)).full(seed=tuple(range(30))),
    quantity="|excess|",
)
def commuting_pairs(excess: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, _ = np.linalg.qr(rng.normal(size=(case.d, case.d)))
    first, second = ((Q * w) @ Q.T for w in rng.uniform(0.3, 3, (2, case.d)))
    yield exact(gap(excess(symmetrised(first), symmetrised(second)), 0.0))


@claim(
    id="reflow_wgan.straight-is-not-optimal.others",
    title="All others have some",
    statement=r"\Sigma_0\Sigma_1\ne\Sigma_1\Sigma_0 \;\Rightarrow\; \mathbb E\|Z_1-Z_0\|^2>W_2^2",
    source=SOURCE,
    role="reflow_wgan.rectified_excess",
    evidence=Evidence.EXACT,
    region=at_least(
        1e-3,
        because="the excess grows like the square of the angle between eigenvectors, which is at least a tenth here; "
        "rounding leaves 1e-14",
    ),
    cases=grid(angle=(0.3, 0.8, 1.4), ratio=(2.0, 5.0)).full(
        angle=(0.2, 0.3, 0.5, 0.8, 1.1, 1.4), ratio=(2.0, 5.0, 20.0)
    ),
    quantity="excess",
    refutes=FALSE,
)
def turned_pairs(excess: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0 = np.diag([1.0, case.ratio**2])
    yield exact(answer(excess(S0, turned(S0, case.angle)), -np.inf))
