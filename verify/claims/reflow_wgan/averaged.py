"""Entry 11: the velocity that does not know the time vanishes exactly at the data, which is what makes the bridge work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.reflow_wgan.finite import SOBOLEV, SOURCE
from verify.claims.reflow_wgan.instances import MIX0, MIX1, Floats, gauss, line_mixture, quantiles
from verify.evidence import Enclosure, Vacuous, accepted, at_least, at_most, exact, exactly, gap, within
from verify.methods import rectified_flow as rf


def time_table(x: Floats, mix0: rf.Mixture, mix1: rf.Mixture, nodes: int = 100) -> tuple[Floats, Floats, Floats]:
    """(weights of the times (T,), p_t(x) (T, N), v*(x, t) (T, N)): mixtures on the line, all times at once."""
    t, w = gauss(nodes)
    s = t[:, None, None, None]
    points = np.asarray(x, float)[None, :, None, None]
    variance = (1 - s) ** 2 * mix0.covs[:, 0, :1] + s**2 * mix1.covs[:, 0, 0]
    mean = (1 - s) * mix0.means[:, :1] + s * mix1.means[:, 0]
    density = np.outer(mix0.weights, mix1.weights) * np.exp(-((points - mean) ** 2) / (2 * variance))
    density = density / np.sqrt(2 * np.pi * variance)
    slope = (s * mix1.covs[:, 0, 0] - (1 - s) * mix0.covs[:, 0, :1]) / variance
    flux = density * (mix1.means[:, 0] - mix0.means[:, :1] + slope * (points - mean))
    total = density.sum(axis=(2, 3))
    return w, total, flux.sum(axis=(2, 3)) / np.maximum(total, 1e-300)


@role("reflow_wgan.mean_density", numbers="x (N,), two Mixtures on the line; densities (N,)")
def mean_density(x: Floats, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    """p̄ = ∫ p_t dt: where interpolations of uniform time lie."""
    w, density, _ = time_table(x, mix0, mix1)
    return np.asarray(w @ density)


@mutant("reflow_wgan.mean_density", slip="(p₀ + p₁) / 2: the ends in place of the lines between them")
def mean_of_the_ends(x: Floats, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return (rf.mixture_pdf(x, 0.0, mix0, mix1) + rf.mixture_pdf(x, 1.0, mix0, mix1)) / 2


@mutant("reflow_wgan.mean_density", slip="the density at half time only")
def density_at_half_time(x: Floats, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return rf.mixture_pdf(x, 0.5, mix0, mix1)


@role("reflow_wgan.time_averaged_velocity", numbers="x (N,), two Mixtures on the line; velocities (N,)")
def time_averaged_velocity(x: Floats, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    """v̄ = ∫ v* p_t dt / ∫ p_t dt, from the definition."""
    w, density, velocity = time_table(x, mix0, mix1)
    return np.asarray(w @ (density * velocity) / (w @ density))


@mutant(
    "reflow_wgan.time_averaged_velocity",
    slip="the times unweighted: ∫ v* dt, as if every time passed a point equally often",
)
def unweighted_average(x: Floats, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    w, _, velocity = time_table(x, mix0, mix1)
    return np.asarray(w @ velocity)


@mutant("reflow_wgan.time_averaged_velocity", slip="the velocity at time zero: the time set to 0, not left out")
def time_set_to_zero(x: Floats, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return rf.mixture_velocity(x, 0.0, mix0, mix1)


def law_of(mix: rf.Mixture) -> Callable[[Floats], Floats]:
    """The distribution function of a mixture on the line."""
    return lambda x: rf.mixture_cdf(x, 0.0, mix, mix)


def mean_density_of(mix0: rf.Mixture, mix1: rf.Mixture, density: Any = mean_density) -> Callable[[Floats], Floats]:
    """p̄ as a function of x alone."""
    return lambda x: density(x, mix0, mix1)


POINTS = np.linspace(-3.5, 5, 29)


@claim(
    id="reflow_wgan.time-averaged-critic.mixtures",
    title="The closed form is the regression without time",
    statement=r"\frac{F_0-F_1}{\bar p} = \frac{\int_0^1 v^*(x,t)\,p_t(x)\,dt}{\int_0^1p_t(x)\,dt}",
    source=SOURCE,
    role=("reflow_wgan.averaged_velocity_1d", "reflow_wgan.time_averaged_velocity"),
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="100 Gauss-Legendre nodes are exact to rounding for Gaussians of width above 0.3; p̄ v̄ is a sum of 400 "
        "numbers below 4: 400 · 4 eps = 4e-13",
    ),
    quantity="largest p̄ |closed form − average| at 29 points",
)
def closed_form_is_the_average(
    velocity: Any, average: Any, case: Case, rng: np.random.Generator
) -> Iterator[Enclosure]:
    found = velocity(POINTS, law_of(MIX0), law_of(MIX1), mean_density_of(MIX0, MIX1))
    yield exact(gap(mean_density(POINTS, MIX0, MIX1) * (found - average(POINTS, MIX0, MIX1)), np.zeros(29)))


@claim(
    id="reflow_wgan.time-averaged-critic.signs",
    title="It points where optimal transport goes",
    statement=r"\operatorname{sign}\bar v(x) = \operatorname{sign}\big(F_1^{-1}(F_0(x))-x\big)",
    source=SOURCE,
    role="reflow_wgan.averaged_velocity_1d",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of signs; no displacement at the 29 points is below 1e-3"),
    quantity="points with the wrong sign",
)
def points_like_transport(velocity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    displacement = quantiles(MIX1, law_of(MIX0)(POINTS)) - POINTS
    clear = law_of(MIX0)(POINTS) < 1 - 1e-9
    if np.abs(displacement[clear]).min() < 1e-3:
        raise Vacuous("a displacement is too small to have a sign")
    found = velocity(POINTS, law_of(MIX0), law_of(MIX1), mean_density_of(MIX0, MIX1))
    yield exact(int(np.count_nonzero((np.sign(found) != np.sign(displacement))[clear])))


@claim(
    id="reflow_wgan.time-averaged-critic.fixed-point",
    title="Averaging over time, not capacity, makes the data a fixed point",
    statement=r"p_0=p_1 \;\Rightarrow\; \bar v\equiv0, \qquad\text{though } v^*(x,0)=\mathbb E x_1-x",
    source=SOURCE,
    role="reflow_wgan.time_averaged_velocity",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="p̄ v̄ vanishes to 400 · 4 eps = 4e-13, divided by a density above 5e-3"),
    cases=grid(law=("start", "data")),
    quantity="largest |v̄| where the density is at least 0.005",
    refutes="With enough capacity the time can be left out without changing the optimum.",
)
def data_is_a_fixed_point(average: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    mix = MIX0 if case.law == "start" else MIX1
    x = np.linspace(-2.5, 4.5, 57)
    x = x[mean_density(x, mix, mix) > 5e-3]
    yield exact(gap(average(x, mix, mix), 0 * x))


RANGE = {"low": -14.0, "high": 14.0}


@claim(
    id="reflow_wgan.time-averaged-critic.value",
    title="Minus twice the best critic loss is a dual Sobolev norm",
    statement=r"\int\frac{(F_0-F_1)^2}{\bar p}\,dx = \int\bar p\,\bar v^2\,dx = \|p_1-p_0\|^2_{\dot H^{-1}(\bar p)}",
    source=SOBOLEV,
    role=("reflow_wgan.dual_sobolev_1d", "reflow_wgan.mean_density"),
    evidence=Evidence.EXACT,
    region=at_most(
        1e-8,
        because="tails beyond 14 hold less than 1e-20; quadrature to 1e-12 on one side, a trapezoidal rule of step 0.005 on "
        "the other, exact to rounding for smooth densities, 5600 terms",
    ),
    quantity="|H from distribution functions − H from averaged velocities|",
)
def value_is_a_norm(norm: Any, density: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x = np.arange(-14, 14, 0.005)
    w, p, v = time_table(x, MIX0, MIX1)
    flux, total = w @ (p * v), w @ p
    direct = float(np.sum(flux**2 / np.maximum(total, 1e-300))) * 0.005
    yield exact(gap(norm(law_of(MIX0), law_of(MIX1), mean_density_of(MIX0, MIX1, density), **RANGE), direct))


def carried(average: Any, mix0: rf.Mixture, mix1: rf.Mixture, x: Floats) -> Floats:
    """Where the averaged velocity carries particles in unit time; to 1e300 if it leaves the finite numbers."""
    try:
        return rf.integrate(lambda y, _t: average(y, mix0, mix1), x, 100)
    except RuntimeError:
        return np.full(x.shape, 1e300)


NORMAL, WIDE, SHIFTED = (line_mixture((1.0, m, s)) for m, s in ((0.0, 1.0), (0.0, 2.0), (2.0, 1.0)))


@claim(
    id="reflow_wgan.time-averaged-critic.no-transport",
    title="Followed for unit time, the averaged velocity misses the data",
    statement=r"\mathcal N(0,1)\to\mathcal N(0,4)\ \text{or}\ \mathcal N(2,1):\qquad \sup_x\big|P(z_1\le x)-F_1(x)\big| > 0.04",
    source=SOURCE,
    role="reflow_wgan.time_averaged_velocity",
    evidence=Evidence.EXACT,
    region=within(
        0.04,
        0.5,
        because="an exact flow has 0; here particles keep their order, so the distance is max |F₀(z₀) − F₁(z₁)|, and rk4 "
        "with 100 steps is good to 1e-7",
    ),
    cases=grid(data=("wide", "shifted")),
    quantity="Kolmogorov distance to the data",
    refutes="The velocity without time transports the noise onto the data.",
)
def averaged_velocity_misses(average: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    data = WIDE if case.data == "wide" else SHIFTED
    x = np.linspace(-3, 3, 61)
    yield exact(gap(law_of(NORMAL)(x), law_of(data)(carried(average, NORMAL, data, x))))


@claim(
    id="reflow_wgan.time-averaged-critic.overshoot",
    title="A particle that should go to 2 goes to 2.150",
    statement=r"\mathcal N(0,1)\to\mathcal N(0,4):\qquad z_0=1 \mapsto z_1=2.15024451",
    source=SOURCE,
    role="reflow_wgan.time_averaged_velocity",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-7, because="the other way integrates (F₀ − F₁) / p̄ adaptively to 1e-11; rk4 with 100 steps is good to 1e-8"
    ),
    quantity="|z₁ − DOP853 on the closed form|",
)
def overshoot(average: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.integrate import solve_ivp

    def closed_form(_t: float, z: Floats) -> Floats:
        return rf.averaged_velocity_1d(z, law_of(NORMAL), law_of(WIDE), mean_density_of(NORMAL, WIDE))

    found = solve_ivp(closed_form, (0, 1), [1.0], method="DOP853", rtol=1e-12, atol=1e-12).y[0, -1]
    if abs(found - 2.15024451) > 1e-7:
        raise Vacuous(f"the closed form carries 1 to {found}")
    yield exact(gap(carried(average, NORMAL, WIDE, np.array([1.0])), [found]))


def nothing(x: Any) -> Any:
    """0 at every x."""
    return 0 * np.asarray(x)


@claim(
    id="reflow_wgan.time-averaged-critic.refused",
    title="Mass that passes where nothing is, is refused",
    statement=r"\bar p(x)=0\ne F_0(x)-F_1(x) \;\Rightarrow\; \text{ValueError}",
    source=SOURCE,
    role="reflow_wgan.averaged_velocity_1d",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of calls that were answered"),
    quantity="bad inputs accepted",
)
def passing_through_nothing(velocity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def one(x: Any) -> Any:
        return 1.0 + 0 * np.asarray(x)

    x = np.array([0.0, 1.0])
    bad = [(x, one, nothing, nothing), (x, one, nothing, lambda z: -one(z)), (x * np.nan, one, nothing, one)]
    yield exact(
        accepted(velocity, [*bad, (x[:, None], one, nothing, one), (x, one, nothing, lambda z: one(z)[:1])], ValueError)
    )


@claim(
    id="reflow_wgan.time-averaged-critic.distance",
    title="The ends alone are a different norm",
    statement=r"\int\frac{(F_0-F_1)^2}{(p_0+p_1)/2} - \int\frac{(F_0-F_1)^2}{\bar p} > 0.4",
    source=SOBOLEV,
    role="reflow_wgan.mean_density",
    evidence=Evidence.EXACT,
    region=at_least(0.4, because="2.929 against 2.455 for the mixtures on the line; the quadrature is good to 1e-8"),
    quantity="H with the mean of the ends − H",
    refutes="It does not matter where the penalty is taken.",
)
def ends_are_another_norm(density: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    laws = law_of(MIX0), law_of(MIX1)
    ends = rf.dual_sobolev_1d(*laws, mean_density_of(MIX0, MIX1, mean_of_the_ends), low=-6, high=8)
    try:
        yield exact(ends - rf.dual_sobolev_1d(*laws, mean_density_of(MIX0, MIX1, density), low=-6, high=8))
    except ValueError:  # what the subject gave is no density
        yield exact(-np.inf)


@figure(of="reflow_wgan.time-averaged-critic.mixtures")
def three_velocities() -> Figure:
    x = np.linspace(-3, 3, 121)
    return Figure(
        "Three velocities that start at the noise",
        "The averaged velocity has the sign of the optimal displacement everywhere; that at time zero only points to the mean.",
        "x",
        "velocity",
        (
            series("averaged over time", x, time_averaged_velocity(x, MIX0, MIX1)),
            series("at time zero", x, rf.mixture_velocity(x, 0.0, MIX0, MIX1), kind="dashed"),
            series("optimal displacement T(x) − x", x, quantiles(MIX1, law_of(MIX0)(x)) - x, kind="dashed"),
            series("0", y=(0.0,), kind="hline"),
        ),
    )
