"""Entry 7, rotations: straight couplings of a normal law with itself, where rectifying is stuck."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.reflow_wgan.instances import rotation
from verify.claims.reflow_wgan.plane import FALSE, SOURCE
from verify.claims.sources import FLOW_STRAIGHT
from verify.evidence import Enclosure, at_most, exact, gap
from verify.methods import rectified_flow as rf


@role("reflow_wgan.rectified_rotation", numbers="rho, theta: floats; an angle")
def rectified_rotation(rho: float, theta: float) -> float:
    """The angle by which one rectification of x1 = ρ R_θ x0 + sqrt(1 - ρ²) ξ turns: ρ sin θ arccos(ρ cos θ) / sqrt(1 - ρ² cos² θ)."""
    c = rho * np.cos(theta)
    return float(rho * np.sin(theta) * np.arccos(c) / np.sqrt(1 - c**2))


@mutant("reflow_wgan.rectified_rotation", slip="the angle shrunk by ρ")
def shrunk_angle(rho: float, theta: float) -> float:
    return rho * theta


@mutant("reflow_wgan.rectified_rotation", slip="the angle of the noisy pairs kept: noise taken to average out")
def same_angle(rho: float, theta: float) -> float:
    return theta


@claim(
    id="reflow_wgan.straight-is-not-optimal.rotations",
    title="Noisy rotations are rectified to rotations, by a smaller angle",
    statement=r"x_1=\rho R_\theta x_0+\sqrt{1-\rho^2}\,\xi:\qquad M=R_\varphi,\quad"
    r" \varphi=\frac{\rho\sin\theta\,\arccos(\rho\cos\theta)}{\sqrt{1-\rho^2\cos^2\theta}}",
    source=SOURCE,
    role="reflow_wgan.rectified_rotation",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="2000 steps of rk4: h⁴ = 6e-14 with a constant that grows as S_t comes near to singular, below 1e4 at ρ = 0.99, θ = 3",
    ),
    cases=grid(rho_theta=((0.5, 1.0), (0.9, 2.5), (0.99, 3.0))),
    quantity="largest |M − R_φ|",
)
def rotations_stay(angle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    rho, theta = case.rho_theta
    eye = np.eye(2)
    M = rf.gaussian_flow(eye, eye, rho * rotation(theta), 2000)[-1]
    yield exact(gap(M, rotation(angle(rho, theta))))


@claim(
    id="reflow_wgan.straight-is-not-optimal.fixed-points",
    title="Every rotation but the half turn is straight and stuck",
    statement=r"\Sigma_0=\Sigma_1=I,\;K=R:\qquad M=R,\quad \mathbb E\|Z_1-Z_0\|^2=4(1-\cos\theta) > 0=W_2^2",
    source=FLOW_STRAIGHT.at("straight couplings are fixed points"),
    role="reflow_wgan.gaussian_flow",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="along straight lines every step is exact: 50 steps of a few eps, over a covariance that is above 0.03",
    ),
    cases=grid(cosine=(0.6, -0.6, 0.0, -0.95)),
    quantity="largest |M − R|",
    refutes=FALSE,
)
def rotations_are_stuck(gaussian_flow: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    R, eye = rotation(float(np.arccos(case.cosine))), np.eye(2)
    yield exact(gap(gaussian_flow(eye, eye, R, 50)[-1], R))


@figure(of="reflow_wgan.straight-is-not-optimal.rotations")
def rotation_family() -> Figure:
    theta = np.linspace(0, np.pi, 121)
    family = [
        series(f"ρ = {rho}", theta, [rectified_rotation(rho, float(x)) for x in theta]) for rho in (0.3, 0.6, 0.9, 0.99)
    ]
    return Figure(
        "Rotations after rectification",
        "Without noise (ρ = 1) every rotation stays what it is; noise shrinks the angle, and near a half turn nearly to zero.",
        "angle θ of the noisy pairs",
        "angle φ of the rectified map",
        (*family, series("ρ = 1: stuck", theta[:-1], theta[:-1], kind="dashed")),
        equal=True,
    )
