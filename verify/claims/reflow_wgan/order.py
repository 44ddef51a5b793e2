"""Entry 9: on the line every flow ends at the monotone map, and the integrators reach it with their orders."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.reflow_wgan.instances import MILD, MIX0, MIX1, Floats, flow, path, quantiles, strands
from verify.claims.reflow_wgan.marginals import RK4_GAUSSIAN
from verify.claims.sources import FLOW_MARGINALS, FLOW_STRAIGHT
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap, slope, within
from verify.methods import rectified_flow as rf

SOURCE = FLOW_MARGINALS.at("the one-dimensional case")
ORDERS = {"euler": 1, "heun": 2, "rk4": 4}
POINTS = np.linspace(-3.5, 3.5, 41)


@role("reflow_wgan.monotone_map", numbers="x (N,), two Mixtures on the line; positions (N,)")
def monotone_map(x: Floats, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    """F1^-1(F0(x)): every particle keeps its quantile."""
    return quantiles(mix1, rf.mixture_cdf(x, 0.0, mix0, mix1))


@mutant("reflow_wgan.monotone_map", slip="the decreasing rearrangement, F1⁻¹(1 − F0)")
def decreasing_map(x: Floats, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return quantiles(mix1, 1 - rf.mixture_cdf(x, 0.0, mix0, mix1))


@mutant("reflow_wgan.monotone_map", slip="only mean and variance matched: an affine map")
def moments_matched(x: Floats, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    (m, s), (n, r) = (
        (
            mean := float(mix.weights @ mix.means[:, 0]),
            float(np.sqrt(mix.weights @ (mix.covs[:, 0, 0] + (mix.means[:, 0] - mean) ** 2))),
        )
        for mix in (mix0, mix1)
    )
    return n + r / s * (x - m)


@cache
def target() -> Floats:
    """Where the flow of the mixtures ends, from distribution functions alone."""
    return monotone_map(POINTS, MIX0, MIX1)


@claim(
    id="reflow_wgan.one-dim-monotone-and-order",
    title="On the line the flow is the monotone map, optimal for every convex cost",
    statement=r"z_1 = F_1^{-1}\big(F_0(z_0)\big)",
    source=SOURCE,
    role="reflow_wgan.monotone_map",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-8,
        because="rk4 with 256 steps: h⁴ = 2.3e-10 times the constant that the entry's orders show, about 8, where the "
        "density is thinnest",
    ),
    cases=grid(steps=(256,)).full(steps=(256, 1024)),
    quantity="largest |flow − map| at 41 points",
)
def flow_is_monotone(monotone: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(monotone(POINTS, MIX0, MIX1), reached(case.steps)))


@cache
def reached(steps: int) -> Floats:
    """The flow of the mixtures by rk4."""
    return flow(rf.mixture_velocity, POINTS, steps)


@claim(
    id="reflow_wgan.one-dim-monotone-and-order.correlated",
    title="So it is for pairs that are not independent",
    statement=r"d=1,\;K\in(-\sigma_0\sigma_1,\sigma_0\sigma_1]:\qquad M=\sigma_1/\sigma_0",
    source=SOURCE,
    role="reflow_wgan.gaussian_flow",
    evidence=Evidence.EXACT,
    region=at_most(1e-8, because=RK4_GAUSSIAN + "; at ρ = −0.8 the bend is sharper, and C below 100"),
    cases=grid(rho=(-0.8, -0.3, 0.5, 1.0), ratio=(0.5, 3.0)).full(rho=(-0.8, -0.6, -0.3, 0.0, 0.5, 0.9, 1.0)),
    quantity="|M − σ₁/σ₀|",
)
def correlated_pairs(gaussian_flow: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    M = gaussian_flow(np.eye(1), np.eye(1) * case.ratio**2, np.eye(1) * case.rho * case.ratio, 400)
    yield exact(gap(M[-1], [[case.ratio]]))


def velocity_on_the_line(x: Floats, t: float) -> Floats:
    """The velocity of the mixtures."""
    return rf.mixture_velocity(x, t, MIX0, MIX1)


def order(integrate: Any, method: str, last: int) -> float:
    """The slope of log error against log step over the three doublings up to `last` steps."""
    steps = [last // 8, last // 4, last // 2, last]
    errors = [gap(integrate(velocity_on_the_line, POINTS, n, method), target()) for n in steps]
    return slope(-np.log(steps), np.log(errors))


STATEMENT = r"\max|z_1^{(h)}-z_1| = C h^{p}\,(1+O(h)),\qquad p = "
LAST = grid(last=(128,)).full(last=(128, 512))


@claim(
    id="reflow_wgan.one-dim-monotone-and-order.euler",
    title="Euler's method has order 1",
    statement=STATEMENT + "1",
    source=FLOW_STRAIGHT.at("section 2.3"),
    role="reflow_wgan.integrate",
    evidence=Evidence.RATE,
    region=within(
        0.94,
        1.06,
        because="the next term is of relative size C h with C near 1: over steps from 1/16 to 1/128 it moves the slope by up "
        "to 0.03; other orders are 1 away",
    ),
    cases=LAST,
    quantity="slope of log error against log step",
)
def order_of_euler(integrate: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(order(integrate, "euler", case.last))


@claim(
    id="reflow_wgan.one-dim-monotone-and-order.heun",
    title="Heun's method has order 2",
    statement=STATEMENT + "2",
    source=FLOW_STRAIGHT.at("section 2.3"),
    role="reflow_wgan.integrate",
    evidence=Evidence.RATE,
    region=within(
        1.85,
        2.15,
        because="the next term is of relative size C h with C near 3: a slope off by up to 0.08 over these steps; other "
        "orders are 1 away",
    ),
    cases=LAST,
    quantity="slope of log error against log step",
)
def order_of_heun(integrate: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(order(integrate, "heun", case.last))


@claim(
    id="reflow_wgan.one-dim-monotone-and-order.rk4",
    title="The method of Runge and Kutta has order 4",
    statement=STATEMENT + "4",
    source=FLOW_STRAIGHT.at("section 2.3"),
    role="reflow_wgan.integrate",
    evidence=Evidence.RATE,
    region=within(
        3.7,
        4.3,
        because="the next term is of relative size C h with C near 5: a slope off by up to 0.15 over these steps; errors "
        "stay above 1e-11, rounding below 1e-14; order 3 is 1 away",
    ),
    cases=LAST,
    quantity="slope of log error against log step",
)
def order_of_rk4(integrate: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(order(integrate, "rk4", case.last))


@claim(
    id="reflow_wgan.one-dim-monotone-and-order.gaussian",
    title="The linear flow has the same orders",
    statement=r"\max|M^{(h)}-M| = C h^{p}\,(1+O(h)),\qquad p=1,2,4",
    source=FLOW_STRAIGHT.at("section 2.3"),
    role="reflow_wgan.gaussian_flow",
    evidence=Evidence.RATE,
    region=within(
        0.9,
        1.1,
        because="relative to the order; corrections of relative size C h move the slope by up to 8 % from 16 steps on",
    ),
    cases=grid(method=("euler", "heun", "rk4"), last=(128,)).full(last=(128, 1024)),
    quantity="slope of log error against log step, over the order",
)
def order_of_the_linear_flow(gaussian_flow: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0, S1 = MILD
    steps = [case.last // 8, case.last // 4, case.last // 2, case.last]
    wanted = rf.rectified_map_gaussian(S0, S1)
    errors = [gap(gaussian_flow(S0, S1, 0 * S0, n, case.method)[-1], wanted) for n in steps]
    yield exact(slope(-np.log(steps), np.log(errors)) / ORDERS[case.method])


@claim(
    id="reflow_wgan.one-dim-monotone-and-order.straight",
    title="Along straight lines one step is exact, whatever the method",
    statement=r"K=M\Sigma_0:\qquad z_1 = z_0 + v(z_0,0)",
    source=FLOW_STRAIGHT.at("straight flows need one Euler step"),
    role="reflow_wgan.integrate",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="a solve with a condition of 25 and one step on numbers below 10: 250 eps = 6e-14, and a factor 17",
    ),
    cases=grid(method=("euler", "heun", "rk4"), steps=(1, 3)),
    quantity="largest |one step − map|",
)
def one_step_is_exact(integrate: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0, S1 = MILD
    M, zero = rf.rectified_map_gaussian(S0, S1), np.zeros(2)
    x = rng.normal(size=(20, 2))

    def straight(y: Floats, t: float) -> Floats:
        return np.asarray(y @ rf.gaussian_velocity(t, S0, S1, M @ S0, zero, zero)[0].T)

    yield exact(gap(integrate(straight, x, case.steps, case.method), x @ M.T))


@claim(
    id="reflow_wgan.one-dim-monotone-and-order.refused",
    title="A solution that leaves the finite numbers is an error, not a position",
    statement=r"\dot x=x^2,\;x(0)=10^{9} \;\Rightarrow\; \text{RuntimeError}",
    source=SOURCE,
    role="reflow_wgan.integrate",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of calls that were answered"),
    quantity="bad inputs accepted",
)
def no_infinite_positions(integrate: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def grows(x: Floats, t: float) -> Floats:
        return x**2

    fast = accepted(integrate, [(grows, np.array([1e9]), n, m) for m in ORDERS for n in (20, 50)], RuntimeError)
    bad = [
        (grows, np.array([1]), 10),
        (grows, np.array([np.nan]), 10),
        (grows, np.ones(1), 0),
        (grows, np.ones(1), 10, "rk5"),
    ]
    yield exact(fast + accepted(integrate, bad, (ValueError, TypeError)))


@figure(of="reflow_wgan.one-dim-monotone-and-order.rk4")
def error_against_step() -> Figure:
    steps = [8, 16, 32, 64, 128]
    curves = []
    for method in ORDERS:
        errors = [gap(rf.integrate(velocity_on_the_line, POINTS, n, method), target()) for n in steps]
        curves.append(series(method, [1 / n for n in steps], errors, kind="line"))
    return Figure(
        "Error of three integrators on the curved flow of the mixtures",
        "Halving the step divides the error by 2, 4 and 16.",
        "step",
        "largest error at 41 points",
        tuple(curves),
        x_log=True,
        y_log=True,
    )


@figure(of="reflow_wgan.one-dim-monotone-and-order")
def monotone_trajectories() -> Figure:
    times = np.linspace(0, 1, 26)
    positions = path(np.linspace(-3.2, 2.6, 25), times)
    paths = np.stack([np.broadcast_to(times[:, None], positions.shape), positions], axis=1)
    return Figure(
        "Trajectories of the mixtures on the line",
        "Lines of independent pairs cross; trajectories of the flow do not, so they keep their order.",
        "time",
        "position",
        (series("flow", *strands(paths)),),
    )
