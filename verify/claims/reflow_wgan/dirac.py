"""Entry 14, in the smallest GAN: a generator that is one point, and a critic that is one slope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.reflow_wgan.instances import Floats, answer
from verify.claims.sources import FLOW_CONVERGENCE
from verify.evidence import Enclosure, at_most, exact, gap, within


@role("reflow_wgan.dirac_gan", numbers="ψ, θ, centre, weight: floats; (dψ/dτ, dθ/dτ)")
def dirac_gan(psi: float, theta: float, center: float, weight: float) -> tuple[float, float]:
    """Generator δ_θ, data δ_0, critic D(x) = ψ x: the critic climbs -ψ θ - weight (|ψ| - centre)², the generator D."""
    return -theta - 2 * weight * (abs(psi) - center) * (float(psi > 0) - float(psi < 0)), psi


@mutant("reflow_wgan.dirac_gan", slip="the penalty left out: circles")
def without_penalty(psi: float, theta: float, center: float, weight: float) -> tuple[float, float]:
    return -theta, psi


@mutant("reflow_wgan.dirac_gan", slip="the centre left out: the 0-centred penalty for every centre")
def without_centre(psi: float, theta: float, center: float, weight: float) -> tuple[float, float]:
    return dirac_gan(psi, theta, 0.0, weight)


@mutant("reflow_wgan.dirac_gan", slip="the critic descends its penalty's reward: the sign of the penalty")
def penalty_reversed(psi: float, theta: float, center: float, weight: float) -> tuple[float, float]:
    return dirac_gan(psi, theta, center, -weight)


@mutant("reflow_wgan.dirac_gan", slip="the generator descends D: critic and generator on one side")
def generator_descends(psi: float, theta: float, center: float, weight: float) -> tuple[float, float]:
    return dirac_gan(psi, theta, center, weight)[0], -psi


@claim(
    id="reflow_wgan.penalty-centre.dirac",
    title="The 0-centred penalty damps the smallest GAN; without it training circles",
    statement=r"\begin{pmatrix}\dot\psi\\\dot\theta\end{pmatrix}=\begin{pmatrix}-2\lambda&-1\\1&0\end{pmatrix}"
    r"\begin{pmatrix}\psi\\\theta\end{pmatrix}:\qquad \text{eigenvalues } -\lambda\pm\sqrt{\lambda^2-1}",
    source=FLOW_CONVERGENCE.at("the Dirac-GAN"),
    role="reflow_wgan.dirac_gan",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="eigenvalues of a 2 × 2 matrix that are at least 1 apart: a few eps"),
    cases=grid(weight=(0.0, 0.5, 2.0)),
    quantity="largest |eigenvalue − closed form|",
)
def eigenvalues(field: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    matrix = np.array([field(1.0, 0.0, 0.0, case.weight), field(0.0, 1.0, 0.0, case.weight)]).T
    if not np.isfinite(matrix).all():
        yield exact(np.inf)
        return
    root = np.sqrt(complex(case.weight**2 - 1))
    found = sorted(np.linalg.eigvals(matrix), key=lambda z: (z.real, z.imag))
    wanted = sorted((-case.weight + root, -case.weight - root), key=lambda z: (z.real, z.imag))
    yield exact(max(gap(np.real(found), np.real(wanted)), gap(np.imag(found), np.imag(wanted))))


@claim(
    id="reflow_wgan.penalty-centre.dirac-decay",
    title="With weight one half it comes to rest like exp(−τ/2)",
    statement=r"\big|\mu\,\psi(\tau)-\theta(\tau)\big| = \big|\mu\,\psi(0)-\theta(0)\big|\,e^{-\tau/2},\qquad "
    r"\mu=-\tfrac12+\tfrac{\sqrt3}2i",
    source=FLOW_CONVERGENCE.at("the Dirac-GAN"),
    role="reflow_wgan.dirac_gan",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="DOP853 at a relative tolerance of 1e-13 over 20 units of time; the modulus falls to e⁻¹⁰, so relative "
        "errors grow by 2e4 at worst",
    ),
    quantity="largest relative deviation from exp(−τ/2), 0 ≤ τ ≤ 20",
)
def comes_to_rest(field: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.integrate import solve_ivp

    tau = np.linspace(0, 20, 41)
    path = solve_ivp(
        lambda _t, s: np.nan_to_num(field(s[0], s[1], 0.0, 0.5)),  # on NaN the solver would never end
        (0, 20),
        [0.7, 1.5],
        method="DOP853",
        rtol=1e-13,
        atol=1e-16,
        t_eval=tau,
    ).y
    # left eigenvector (λ, -1) of [[-1, -1], [1, 0]]: λ ψ - θ is multiplied by exp(λ τ)
    modulus = np.abs((-0.5 + 1j * np.sqrt(0.75)) * path[0] - path[1])
    yield exact(gap(modulus / modulus[0] * np.exp(tau / 2), np.ones(41)))


def orbit(field: Any, start: tuple[float, float], center: float, weight: float, time: float, step: float) -> Floats:
    """(ψ, θ) along the way, shape (n + 1, 2), by rk4 in plain floats."""
    psi, theta = start
    path, h = [start], step
    for _ in range(round(time / step)):
        a, b = field(psi, theta, center, weight)
        c, d = field(psi + h / 2 * a, theta + h / 2 * b, center, weight)
        e, f = field(psi + h / 2 * c, theta + h / 2 * d, center, weight)
        g, i = field(psi + h * e, theta + h * f, center, weight)
        psi, theta = psi + h / 6 * (a + 2 * c + 2 * e + g), theta + h / 6 * (b + 2 * d + 2 * f + i)
        path.append((psi, theta))
    return np.array(path)


@claim(
    id="reflow_wgan.penalty-centre.dirac-one",
    title="Centred at 1, the smallest GAN does not reach the data",
    statement=r"c=1,\;\lambda\in\{\tfrac12,10\}:\qquad \max_{100\le\tau\le200}|\theta(\tau)| > 1",
    source=FLOW_CONVERGENCE.at("the Dirac-GAN with the penalty of WGAN-GP"),
    role="reflow_wgan.dirac_gan",
    evidence=Evidence.EXACT,
    region=within(
        1,
        100,
        because="what comes to rest at the data is below e⁻⁵⁰ by then; at λ = 10 θ goes to 2λ = 20, at λ = 1/2 it keeps turning",
    ),
    cases=grid(weight=(0.5, 10.0)),
    quantity="largest |θ| in the second half of 200 units of time",
    refutes="The generator of WGAN-GP converges to the data.",
)
def never_arrives(field: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    path = orbit(field, (0.1, 1.0), 1.0, case.weight, 200.0, 0.02)
    yield exact(answer(np.abs(path[len(path) // 2 :, 1]).max()))


@figure(of="reflow_wgan.penalty-centre.dirac-one")
def orbits() -> Figure:
    start = (0.0, 1.6)

    def run(center: float, weight: float, time: float) -> Floats:
        return orbit(dirac_gan, start, center, weight, time, 0.01)[::4].T

    return Figure(
        "Orbits of the smallest GAN under three penalties",
        "Without a penalty training circles; the 0-centred penalty spirals into the data at the centre; the 1-centred one "
        "keeps turning around it.",
        "slope of the critic ψ",
        "generator θ (the data is 0)",
        (
            series("no penalty", *run(0.0, 0.0, 6.3), kind="dashed"),
            series("centre 0, weight 1/2", *run(0.0, 0.5, 14.0)),
            series("centre 1, weight 1/2", *run(1.0, 0.5, 30.0)),
            series("the data", (0.0,), (0.0,), kind="dots"),
        ),
        equal=True,
    )


@figure(of="reflow_wgan.penalty-centre.dirac-decay")
def generators_in_time() -> Figure:
    step = 0.02
    tau = np.arange(0, 100 + step / 2, step)[::25]
    runs = {
        "centre 0, weight 1/2": (0.0, 0.5),
        "centre 1, weight 1/2": (1.0, 0.5),
        "centre 1, weight 10": (1.0, 10.0),
    }
    return Figure(
        "Where the generator is in the course of training",
        "Only the 0-centred penalty comes to rest at the data; weight 10 around 1 drives the generator to 2λ = 20.",
        "training time τ",
        "generator θ (the data is 0)",
        tuple(
            series(name, tau, orbit(dirac_gan, (0.1, 1.0), *penalty, 100.0, step)[::25, 1])
            for name, penalty in runs.items()
        ),
    )
