"""Entry 14: where the penalty is centred decides what the critic measures, and whether training comes to rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, series
from verify.claims.reflow_wgan.averaged import law_of, mean_density_of
from verify.claims.reflow_wgan.critics import GRID_POINTS, INTERVAL, PAIRS, Critic, distances, laws, summed
from verify.claims.reflow_wgan.instances import Floats, answer, line_mixture
from verify.claims.sources import FLOW_ARTICLE, FLOW_CONVERGENCE, FLOW_ONE_SIDED, FLOW_WGAN_GP
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap, within
from verify.methods import rectified_flow as rf

SOURCE = FLOW_ARTICLE.at("compared with WGAN-GP, only the centre differs")
ONE_CENTRED = FLOW_WGAN_GP.at("the gradient penalty")


@claim(
    id="reflow_wgan.penalty-centre",
    title="The critic of WGAN-GP overestimates W₁ by a Sobolev norm over four times its weight",
    statement=r"\max_D\; \mathbb ED(x_1)-\mathbb ED(x_0)-\lambda\,\mathbb E(|D'|-1)^2 = W_1+\frac{H}{4\lambda}",
    source=SOURCE,
    role="reflow_wgan.penalized_critic_1d",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="quadrature to 1e-12 of the parts around a kink, some 1e-11 in all; the trapezoidal rule is exact to "
        "rounding, 4001 terms",
    ),
    cases=grid(pair=tuple(PAIRS), weight=(0.5, 1.0, 10.0)),
    quantity="|value − (W₁ + H / 4λ)|",
    refutes="Between the penalties of ReFlow and of WGAN-GP only the centre differs, and the value is W₁.",
)
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
    yield exact(answer(critic(*laws("shifted"), 1.0, 10.0, **INTERVAL)[1]))


@claim(
    id="reflow_wgan.penalty-centre.mean-slope",
    title="Its slopes are longer than 1",
    statement=r"\mathbb E_{\bar p}|D'| = 1+\frac{W_1}{2\lambda}",
    source=FLOW_WGAN_GP.at("proposition 1: unit gradients"),
    role="reflow_wgan.penalized_critic_1d",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-4,
        because="a trapezoidal rule of step 0.01 across the kink of |F₀ − F₁|, whose slopes differ by less than 1: h² / 8 = "
        "1.3e-5 over 2λ ≥ 1; the density itself sums to 1 within 1e-13",
    ),
    cases=grid(pair=("shifted", "wide"), weight=(0.5, 10.0)).full(pair=tuple(PAIRS), weight=(0.5, 1.0, 10.0)),
    quantity="|mean slope − (1 + W₁ / 2λ)|",
    refutes="The penalty makes the gradient's norm 1 on the lines.",
)
def slopes_are_longer(critic: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    F0, F1, pbar = laws(case.pair)
    slope, _ = critic(F0, F1, pbar, 1.0, case.weight, **INTERVAL)
    mean = summed(pbar(GRID_POINTS) * np.abs(slope(GRID_POINTS)))
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
    region=within(
        -1e6,
        1e-9,
        because="the best slope is best at every point, so also on a grid: rounding of sums over 801 points of numbers below "
        "100 leaves 1e-11",
    ),
    cases=grid(pair=("shifted",), weight=(0.5, 10.0), center=(0.0, 1.0), side=("two", "one")).full(pair=tuple(PAIRS)),
    quantity="largest gain of 30 changed slopes",
)
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
    yield exact(answer(gain))


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


@figure(of="reflow_wgan.penalty-centre")
def two_slopes() -> Figure:
    x = np.linspace(-3.5, 4.5, 161)
    problem = laws("wide")
    one, _ = rf.penalized_critic_1d(*problem, 1.0, 0.5, **INTERVAL)
    ten, _ = rf.penalized_critic_1d(*problem, 1.0, 10.0, **INTERVAL)
    zero, _ = rf.penalized_critic_1d(*problem, 0.0, 0.5, **INTERVAL)
    return Figure(
        "The best slope of the critic from N(0, 1) to N(0, 4)",
        "Centred at 0 the slope is the averaged velocity and passes through 0; centred at 1 it jumps from −1 to 1, and is "
        "always longer than 1.",
        "x",
        "D'(x)",
        (
            series("centre 0, weight 1/2", x, zero(x)),
            series("centre 1, weight 1/2", x, one(x), kind="steps"),
            series("centre 1, weight 10", x, ten(x), kind="dashed"),
            series("±1", y=(-1.0, 1.0), kind="hline"),
        ),
    )
