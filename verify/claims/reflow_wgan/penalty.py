"""Entry 14: where the penalty is centred decides what the critic measures, and whether training comes to rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.reflow_wgan.averaged import law_of, mean_density_of
from verify.claims.reflow_wgan.instances import Floats, line_mixture
from verify.claims.sources import FLOW_ARTICLE, FLOW_CONVERGENCE, FLOW_ONE_SIDED, FLOW_WGAN_GP
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap, within
from verify.methods import rectified_flow as rf

SOURCE = FLOW_ARTICLE.at("compared with WGAN-GP, only the centre differs")
ONE_CENTRED = FLOW_WGAN_GP.at("the gradient penalty")

Function = Callable[[Floats], Any]
Critic = tuple[Function, float]

role(
    "reflow_wgan.penalized_critic_1d",
    numbers="callables F0, F1, pbar, centre, weight, the interval; (slope callable, value float)",
)(rf.penalized_critic_1d)

GRID_POINTS = np.linspace(-20, 20, 4001)


@equivalent(
    "reflow_wgan.penalized_critic_1d", because="the value in closed form, c W1 + H / 4λ, in place of a quadrature"
)
def value_in_closed_form(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> Critic:
    slope, _ = rf.penalized_critic_1d(F0, F1, pbar, center, weight, low=low, high=high)
    H = rf.dual_sobolev_1d(F0, F1, pbar, low=low, high=high)
    # with weight 1/2 and centre 1 the value is W1 + H/2
    first = rf.penalized_critic_1d(F0, F1, pbar, 1.0, 0.5, low=low, high=high)[1] - H / 2
    return slope, center * first + H / (4 * weight)


@mutant("reflow_wgan.penalized_critic_1d", slip="H / 2λ in place of H / 4λ")
def half_lambda(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> Critic:
    slope, value = rf.penalized_critic_1d(F0, F1, pbar, center, weight, low=low, high=high)
    return slope, value + rf.dual_sobolev_1d(F0, F1, pbar, low=low, high=high) / (4 * weight)


@mutant("reflow_wgan.penalized_critic_1d", slip="centre 0 with weight λ presented as WGAN-GP")
def centred_at_zero(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> Critic:
    return rf.penalized_critic_1d(F0, F1, pbar, 0.0, weight, low=low, high=high)


@mutant("reflow_wgan.penalized_critic_1d", slip="W1 reported as the critic's value, with slopes of length 1")
def distance_for_value(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> Critic:
    exact_slope, value = rf.penalized_critic_1d(F0, F1, pbar, center, weight, low=low, high=high)
    H = rf.dual_sobolev_1d(F0, F1, pbar, low=low, high=high)
    return (lambda x: center * np.sign(exact_slope(x))), value - H / (4 * weight)


@mutant("reflow_wgan.penalized_critic_1d", slip="the penalty on |D'|² − 1: the square of the norm")
def squared_norm(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> Critic:
    def slope(x: Floats) -> Floats:
        v = np.asarray(rf.averaged_velocity_1d(x, F0, F1, pbar))
        s = center + np.abs(v) + 0.1
        for _ in range(60):  # Newton on |v| = 4 λ s (s² - c²)
            s = s - (4 * weight * s * (s**2 - center**2) - np.abs(v)) / (4 * weight * (3 * s**2 - center**2) + 1e-12)
        return np.asarray(np.where(v < 0, -1, 1) * s)

    D = slope(GRID_POINTS)
    flux, p = F0(GRID_POINTS) - F1(GRID_POINTS), pbar(GRID_POINTS)
    return slope, float(np.sum(D * flux - weight * p * (D**2 - center**2) ** 2)) * (GRID_POINTS[1] - GRID_POINTS[0])


PAIRS = {
    "shifted": ((0.0, 1.0), (1.5, 0.7)),  # mean and deviation of generator and data
    "wide": ((0.0, 1.0), (0.0, 2.0)),
    "moved": ((0.0, 1.0), (-1.0, 1.0)),
}
INTERVAL: dict[str, Any] = {"low": -20.0, "high": 20.0}


def laws(name: str) -> tuple[Function, Function, Function]:
    """(F0, F1, p̄) of a pair of normal laws."""
    (m, s), (n, r) = PAIRS[name]
    mix0, mix1 = line_mixture((1.0, m, s)), line_mixture((1.0, n, r))
    return law_of(mix0), law_of(mix1), mean_density_of(mix0, mix1)


@cache
def distances(name: str) -> tuple[float, float]:
    """(W1, H): W1 = E|N(n - m, (r - s)²)| of matched quantiles, H by a trapezoidal rule."""
    from scipy.special import ndtr

    (m, s), (n, r) = PAIRS[name]
    shift, spread = n - m, abs(r - s)
    w1 = abs(shift)
    if spread:
        z = shift / spread
        w1 = spread * np.sqrt(2 / np.pi) * np.exp(-z * z / 2) + shift * (1 - 2 * ndtr(-z))
    F0, F1, pbar = laws(name)
    flux = F0(GRID_POINTS) - F1(GRID_POINTS)
    density = pbar(GRID_POINTS)
    H = float(np.sum(flux**2 / np.maximum(density, 1e-200))) * (GRID_POINTS[1] - GRID_POINTS[0])
    return float(w1), H


@claim(
    id="reflow_wgan.penalty-centre",
    title="The critic of WGAN-GP overestimates W₁ by a Sobolev norm over four times its weight",
    statement=r"\max_D\; \mathbb ED(x_1)-\mathbb ED(x_0)-\lambda\,\mathbb E(|D'|-1)^2 = W_1+\frac{H}{4\lambda}",
    source=SOURCE,
    role="reflow_wgan.penalized_critic_1d",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because="quadrature to 1e-12 of the parts around a kink, some 1e-11 in all; the trapezoidal "
        "rule is exact to rounding, "
                   "4001 terms"),
    cases=grid(pair=tuple(PAIRS), weight=(0.5, 1.0, 10.0)),
    quantity="|value − (W₁ + H / 4λ)|",
    refutes="Between the penalties of ReFlow and of WGAN-GP only the centre differs, and the value is W₁.",
)  # fmt: skip
def value_of_the_critic(critic: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    w1, H = distances(case.pair)
    _, value = critic(*laws(case.pair), 1.0, case.weight, **INTERVAL)
    yield exact(gap(value, w1 + H / (4 * case.weight)))


@claim(
    id="reflow_wgan.penalty-centre.zero",
    title="Centred at 0 with weight one half, it is half the norm, and the slope is the averaged velocity",
    statement=r"c=0,\;\lambda=\tfrac12:\qquad D'=\bar v,\quad \text{value}=\tfrac12H",
    source=SOURCE,
    role="reflow_wgan.penalized_critic_1d",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9, because="quadrature to 1e-12, and the trapezoidal rule exact to rounding; slopes agree to a few eps"
    ),
    cases=grid(pair=tuple(PAIRS)),
    quantity="larger of |value − H/2| and |D' − v̄|",
)
def half_the_norm(critic: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    slope, value = critic(*laws(case.pair), 0.0, 0.5, **INTERVAL)
    x = np.linspace(-3, 3, 41)
    parts = gap(value, distances(case.pair)[1] / 2), gap(slope(x), rf.averaged_velocity_1d(x, *laws(case.pair)))
    yield exact(max(parts))


@claim(
    id="reflow_wgan.penalty-centre.number",
    title="With the usual weight 10: 1.5609 where W₁ is 1.5000",
    statement=r"\mathcal N(0,1)\to\mathcal N(\tfrac32,0.49),\;\lambda=10:\qquad W_1+\tfrac{H}{40}=1.56092518081",
    source=ONE_CENTRED,
    role="reflow_wgan.penalized_critic_1d",
    evidence=Evidence.EXACT,
    region=within(
        1.5609251808,
        1.5609251809,
        because="1.56092518081075 by nested quadrature with 25 digits; the quadrature here is good to 1e-11",
    ),
    quantity="value of the critic",
)
def usual_weight(critic: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    value = float(critic(*laws("shifted"), 1.0, 10.0, **INTERVAL)[1])
    yield exact(value if np.isfinite(value) else 9.0)


@claim(
    id="reflow_wgan.penalty-centre.mean-slope",
    title="Its slopes are longer than 1",
    statement=r"\mathbb E_{\bar p}|D'| = 1+\frac{W_1}{2\lambda}",
    source=FLOW_WGAN_GP.at("proposition 1: unit gradients"),
    role="reflow_wgan.penalized_critic_1d",
    evidence=Evidence.EXACT,
    region=at_most(1e-4, because="a trapezoidal rule of step 0.01 across the kink of |F₀ − F₁|, whose slopes differ "
        "by less than 1: h² / 8 = 1.3e-5 "
                   "over 2λ ≥ 1; the density itself sums to 1 within 1e-13"),
    cases=grid(pair=("shifted", "wide"), weight=(0.5, 10.0)).full(pair=tuple(PAIRS), weight=(0.5, 1.0, 10.0)),
    quantity="|mean slope − (1 + W₁ / 2λ)|",
    refutes="The penalty makes the gradient's norm 1 on the lines.",
)  # fmt: skip
def slopes_are_longer(critic: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    F0, F1, pbar = laws(case.pair)
    slope, _ = critic(F0, F1, pbar, 1.0, case.weight, **INTERVAL)
    mean = float(np.sum(pbar(GRID_POINTS) * np.abs(slope(GRID_POINTS)))) * (GRID_POINTS[1] - GRID_POINTS[0])
    yield exact(gap(mean, 1 + distances(case.pair)[0] / (2 * case.weight)))


def bumps(rng: np.random.Generator) -> Iterator[Callable[[Floats], Floats]]:
    """Changes of a slope: waves under a bell, of sizes from 0.01 to 1."""

    def bump(size: float, centre: float, width: float, wave: float, phase: float) -> Callable[[Floats], Floats]:
        return lambda x: np.asarray(size * np.exp(-(((x - centre) / width) ** 2)) * np.cos(wave * x + phase))

    for size in (0.01, 0.1, 1.0):
        for _ in range(5):
            yield bump(size, *rng.uniform((-3, 0.3, 0, 0), (3, 2, 4, 6)))


@claim(
    id="reflow_wgan.penalty-centre.optimal",
    title="No other slope does better, and a penalty on one side changes nothing",
    statement=r"J(D'+\delta)\le J(D'),\qquad J(s)=\int s\,(F_0-F_1)-\lambda\,\bar p\,(|s|-c)^2 \ \text{or}\ (|s|-c)_+^2",
    source=FLOW_ONE_SIDED.at("the one-sided penalty"),
    role="reflow_wgan.penalized_critic_1d",
    evidence=Evidence.EXACT,
    region=within(-1e6, 1e-9, because="the best slope is best at every point, so also on a grid: rounding of sums "
        "over 801 points of numbers "
                  "below 100 leaves 1e-11"),
    cases=grid(pair=("shifted",), weight=(0.5, 10.0), center=(0.0, 1.0), side=("two", "one")).full(pair=tuple(PAIRS)),
    quantity="largest gain of 30 changed slopes",
)  # fmt: skip
def no_slope_is_better(critic: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    F0, F1, pbar = laws(case.pair)
    slope, _ = critic(F0, F1, pbar, case.center, case.weight, **INTERVAL)
    x = GRID_POINTS[::5]
    flux, density, D = F0(x) - F1(x), pbar(x), slope(x)

    def worth(s: Floats) -> float:
        excess = np.abs(s) - case.center
        if case.side == "one":
            excess = np.maximum(excess, 0)
        return float(np.sum(s * flux - case.weight * density * excess**2) * (x[1] - x[0]))

    gain = max(worth(D + sign * bump(x)) for bump in bumps(rng) for sign in (1, -1)) - worth(D)
    yield exact(gain if np.isfinite(gain) else 1e9)


@claim(
    id="reflow_wgan.penalty-centre.equal-laws",
    title="At the data the 0-centred critic is flat; the 1-centred one still has slopes of length 1",
    statement=r"p_0=p_1:\qquad |D'| \equiv c",
    source=FLOW_CONVERGENCE.at("why one-centred penalties do not come to rest"),
    role="reflow_wgan.penalized_critic_1d",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="F₀ − F₁ is exactly 0 where both are the same numbers"),
    cases=grid(center=(0.0, 1.0), weight=(0.5, 10.0)),
    quantity="larger of ||D'| − c| and |value|",
    refutes="At the data every critic is flat, so the generator stays.",
)
def slopes_at_the_data(critic: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    normal = line_mixture((1.0, 0.0, 1.0))
    slope, value = critic(
        law_of(normal), law_of(normal), mean_density_of(normal, normal), case.center, case.weight, **INTERVAL
    )
    x = np.linspace(-3, 3, 41)
    yield exact(max(gap(np.abs(slope(x)), np.full(41, case.center)), gap(value, 0.0)))


@mutant("reflow_wgan.penalized_critic_1d", slip="a weight of any sign taken: a penalty that rewards")
def any_weight(
    F0: Function, F1: Function, pbar: Function, center: float, weight: float, *, low: float, high: float
) -> Critic:
    return rf.penalized_critic_1d(F0, F1, pbar, abs(center), abs(weight) or 1.0, low=low, high=high)


@claim(
    id="reflow_wgan.penalty-centre.refused",
    title="A penalty without weight is refused",
    statement=r"\lambda\le0,\; c<0 \;\Rightarrow\; \text{ValueError}",
    source=ONE_CENTRED,
    role="reflow_wgan.penalized_critic_1d",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of calls that were answered"),
    quantity="bad inputs accepted",
)
def bad_penalties(critic: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def call(center: float, weight: float, low: float, high: float) -> Critic:
        return critic(*laws("shifted"), center, weight, low=low, high=high)  # type: ignore[no-any-return]

    bad = [
        (1.0, 0.0, -5, 5),
        (1.0, -1.0, -5, 5),
        (-1.0, 1.0, -5, 5),
        (1.0, np.nan, -5, 5),
        (1.0, 1.0, 5, -5),
        (1.0, 1.0, -np.inf, 5),
    ]
    yield exact(accepted(call, bad, ValueError))


# --- the smallest GAN ---------------------------------------------------------------------------------------------------


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
    region=at_most(1e-9, because="DOP853 at a relative tolerance of 1e-13 over 20 units of time; the modulus falls "
        "to e⁻¹⁰, so relative errors "
                   "grow by 2e4 at worst"),
    quantity="largest relative deviation from exp(−τ/2), 0 ≤ τ ≤ 20",
)  # fmt: skip
def comes_to_rest(field: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.integrate import solve_ivp

    tau = np.linspace(0, 20, 41)
    path = solve_ivp(
        lambda _t, s: field(s[0], s[1], 0.0, 0.5),
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
    late = float(np.abs(path[len(path) // 2 :, 1]).max())
    yield exact(late if np.isfinite(late) else 1e9)


@figure(of="reflow_wgan.penalty-centre")
def two_slopes() -> Figure:
    x = np.linspace(-3.5, 4.5, 161)
    problem = laws("wide")
    one, _ = rf.penalized_critic_1d(*problem, 1.0, 0.5, **INTERVAL)
    ten, _ = rf.penalized_critic_1d(*problem, 1.0, 10.0, **INTERVAL)
    zero, _ = rf.penalized_critic_1d(*problem, 0.0, 0.5, **INTERVAL)
    return Figure(
        "The best slope of the critic from N(0, 1) to N(0, 4)",
        "Centred at 0 the slope is the averaged velocity and passes through 0; centred at 1 it jumps from −1 to 1, "
        "and is always longer "
        "than 1.",
        "x",
        "D'(x)",
        (
            series("centre 0, weight 1/2", x, zero(x)),
            series("centre 1, weight 1/2", x, one(x), kind="steps"),
            series("centre 1, weight 10", x, ten(x), kind="dashed"),
            series("±1", y=(-1.0, 1.0), kind="hline"),
        ),
    )


@figure(of="reflow_wgan.penalty-centre.dirac-one")
def orbits() -> Figure:
    start = (0.0, 1.6)

    def run(center: float, weight: float, time: float) -> Floats:
        return orbit(dirac_gan, start, center, weight, time, 0.01)[::4].T

    return Figure(
        "Orbits of the smallest GAN under three penalties",
        "Without a penalty training circles; the 0-centred penalty spirals into the data at the centre; the "
        "1-centred one keeps turning "
        "around it.",
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
