"""Entry 4: the flow carries the law of x_0 through the law of every x_t, wherever it exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Field, Figure, claim, figure, grid, mutant, role, series
from verify.claims.reflow_wgan.instances import MIX0, MIX1, PLANE0, PLANE1, Floats, coupling, draws, flow
from verify.claims.reflow_wgan.velocities import covariance
from verify.claims.sources import FLOW_MARGINALS, FLOW_STRAIGHT
from verify.evidence import Enclosure, accepted, at_most, bounded_mean, exact, exactly, gap, within, worst_looks
from verify.methods import rectified_flow as rf

SOURCE = FLOW_STRAIGHT.at("theorem 3.3")
RK4_GAUSSIAN = (
    "the error of rk4 is C h⁴ with h⁴ = 3.9e-11 at 400 steps; C is below 10 for covariances whose eigenvalues stay within "
    "[1/25, 25]"
)

role("reflow_wgan.mixture_cdf", numbers="x (N,), t, two Mixtures on the line; probabilities (N,)")(rf.mixture_cdf)
role("reflow_wgan.mixture_pdf", numbers="x (N, d), t, two Mixtures; densities (N,)")(rf.mixture_pdf)


def law(x: Floats, t: float, mix0: rf.Mixture, mix1: rf.Mixture, deviation: Callable[[float, float], float]) -> Floats:
    """The distribution function over all pairs of components, with another rule for the standard deviation."""
    from scipy.special import ndtr

    parts = [
        a * b * ndtr((x - (1 - t) * m - t * n) / deviation(S, R))
        for a, m, S in zip(mix0.weights, mix0.means[:, 0], mix0.covs[:, 0, 0], strict=True)
        for b, n, R in zip(mix1.weights, mix1.means[:, 0], mix1.covs[:, 0, 0], strict=True)
    ]
    return np.asarray(np.sum(parts, axis=0))


@mutant("reflow_wgan.mixture_cdf", slip="variances interpolated linearly, (1 − t) and t in place of their squares")
def linear_variances(x: Floats, t: float, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return law(x, t, mix0, mix1, lambda S, R: np.sqrt((1 - t) * S + t * R))


@mutant("reflow_wgan.mixture_cdf", slip="standard deviations interpolated, as for pairs that are matched in order")
def linear_deviations(x: Floats, t: float, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return law(x, t, mix0, mix1, lambda S, R: (1 - t) * np.sqrt(S) + t * np.sqrt(R))


@mutant("reflow_wgan.mixture_pdf", slip="densities without the determinant of the covariance")
def density_without_determinant(x: Floats, t: float, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    total = 0.0
    for a, m, S in zip(mix0.weights, mix0.means, mix0.covs, strict=True):
        for b, n, R in zip(mix1.weights, mix1.means, mix1.covs, strict=True):
            r = np.reshape(x, (-1, mix0.d)) - (1 - t) * m - t * n
            inverse = np.linalg.inv((1 - t) ** 2 * S + t**2 * R)
            total = total + a * b * np.exp(-np.einsum("ni,ij,nj->n", r, inverse, r) / 2)
    return np.asarray(total / (2 * np.pi) ** (mix0.d / 2))


@mutant(
    "reflow_wgan.mixture_pdf", slip="the densities of both ends interpolated, in place of the law of the interpolation"
)
def interpolated_densities(x: Floats, t: float, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return (1 - t) * rf.mixture_pdf(x, 0.0, mix0, mix1) + t * rf.mixture_pdf(x, 1.0, mix0, mix1)


@claim(
    id="reflow_wgan.marginal-preservation",
    title="The flow of a Gaussian coupling has the covariance of the interpolation at every time",
    statement=r"M_t\,\Sigma_0\,M_t^\top = \Sigma_t \qquad (0\le t\le 1)",
    source=SOURCE,
    role="reflow_wgan.gaussian_flow",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because=RK4_GAUSSIAN),
    cases=grid(d=(1, 2, 3, 5), seed=(0,)).full(seed=tuple(range(10))),
    quantity="largest |M Σ₀ Mᵀ − Σ_t|",
)
def covariance_follows(gaussian_flow: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0, S1, K = coupling(rng, case.d)
    M = gaussian_flow(S0, S1, K, 400)
    wanted = [covariance(i / 400, S0, S1, K) for i in range(0, 401, 20)]
    yield exact(gap(M[::20] @ S0 @ M[::20].mT, np.array(wanted)))


@claim(
    id="reflow_wgan.marginal-preservation.line",
    title="On the line every particle keeps its quantile",
    statement=r"F_1(z_1) = F_0(z_0)",
    source=SOURCE,
    role="reflow_wgan.mixture_velocity",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-8, because="rk4 with 256 steps: h⁴ = 2.3e-10 times a constant that the entry on orders measures, below 40"
    ),
    cases=grid(points=(41,)).full(points=(41, 401)),
    quantity="largest |F₁(z₁) − F₀(z₀)|",
)
def quantiles_are_kept(velocity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x = np.linspace(-3.5, 3.5, case.points)
    end = flow(velocity, x, 256)
    yield exact(gap(rf.mixture_cdf(end, 1.0, MIX0, MIX1), rf.mixture_cdf(x, 0.0, MIX0, MIX1)))


@cache
def carried(t: float) -> tuple[Floats, Floats]:
    """(starting points, where they are at time t) on the line."""
    x = np.linspace(-3.5, 3.5, 41)
    return x, flow(rf.mixture_velocity, x, 128, end=t)


@claim(
    id="reflow_wgan.marginal-preservation.along",
    title="It keeps it all along the way",
    statement=r"F_t(z_t) = F_0(z_0)",
    source=SOURCE,
    role="reflow_wgan.mixture_cdf",
    evidence=Evidence.EXACT,
    region=at_most(1e-7, because="rk4 with 128 steps: h⁴ = 3.7e-9 times a constant below 27"),
    cases=grid(t=(0.25, 0.5, 0.75)).full(t=(0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9)),
    quantity="largest |F_t(z_t) − F₀(z₀)|",
)
def quantiles_are_kept_along(cdf: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x, there = carried(case.t)
    yield exact(gap(cdf(there, case.t, MIX0, MIX1), cdf(x, 0.0, MIX0, MIX1)))


@claim(
    id="reflow_wgan.marginal-preservation.density",
    title="The law of the interpolation is a convolution",
    statement=r"p_t(x)=\int p_0(s)\;p_1\Big(\frac{x-(1-t)s}{t}\Big)\frac{ds}{t}",
    source=FLOW_MARGINALS.at("section 3.1"),
    role="reflow_wgan.mixture_pdf",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="the trapezoidal rule of step 0.01 on Gaussians of width above 0.04 is exact to exp(−2 (0.04 π / 0.01)²) = "
        "1e-137; some 2400 sums of numbers below 2 round to 1e-13 at worst",
    ),
    cases=grid(t=(0.1, 0.5, 0.9)).full(t=(0.1, 0.25, 0.5, 0.75, 0.9)),
    quantity="largest |density − convolution|",
)
def density_is_a_convolution(pdf: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def density(mix: rf.Mixture, z: Floats) -> Any:
        sigma = np.sqrt(mix.covs[:, 0, 0])
        return (
            np.exp(-(((z[..., None] - mix.means[:, 0]) / sigma) ** 2) / 2) @ (mix.weights / sigma) / np.sqrt(2 * np.pi)
        )

    x, s, t = np.linspace(-3.5, 4, 31), np.arange(-12, 12, 0.01), case.t
    convolved = density(MIX1, (x[:, None] - (1 - t) * s) / t) @ density(MIX0, s) * 0.01 / t
    yield exact(gap(pdf(x, t, MIX0, MIX1), convolved))


class Shared:
    """Batches of particles, drawn once and read by many intervals: the risk of all is added up, so they may."""

    def __init__(self, draw: Callable[[np.random.Generator, int], Floats]) -> None:
        self._draw = draw
        self._batches: list[Floats] = []

    def reader(self, view: Callable[[Floats], Floats]) -> Callable[[np.random.Generator, int], Floats]:
        """Draws of view(particles); every reader goes through the same batches."""
        at = 0

        def read(rng: np.random.Generator, size: int) -> Floats:
            nonlocal at
            if at == len(self._batches):
                self._batches.append(self._draw(rng, size))
            at += 1
            return view(self._batches[at - 1])

        return read


@claim(
    id="reflow_wgan.marginal-preservation.plane",
    title="In the plane the carried particles have the law of the data",
    statement=r"\mathbb E\,e^{i\langle\omega,z_1\rangle} = \mathbb E\,e^{i\langle\omega,x_1\rangle}"
    r"\quad\text{at 25 frequencies}",
    source=SOURCE,
    role="reflow_wgan.mixture_velocity",
    evidence=Evidence.STATISTICAL,
    region=within(
        -0.1,
        0.1,
        because="an equality; a tenth is less than half of what rigid components move the worst of these waves",
    ),
    cases=grid(seed=(0,)).full(seed=tuple(range(10))),
    quantity="worst of 50 real means less their exact values, with either sign",
)
def law_of_the_data(velocity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    frequencies = case.stream("frequencies").normal(size=(25, 2))
    # E exp(i w·x1) = sum_b b exp(i w·n - w'Rw / 2)
    exponents = (
        1j * frequencies @ PLANE1.means.T - np.einsum("fi,kij,fj->fk", frequencies, PLANE1.covs, frequencies) / 2
    )
    wanted = np.exp(exponents) @ PLANE1.weights
    shared = Shared(lambda rng, size: flow(velocity, draws(PLANE0, rng, size), 16, PLANE0, PLANE1))

    def looks(sign: float, wave: Any, w: Floats, mean: float) -> Iterator[Enclosure]:
        draw = shared.reader(lambda z: sign * (np.nan_to_num(wave(z @ w), nan=9.0).clip(-1, 1) - mean))
        low, high = sorted((sign * (-1 - mean), sign * (1 - mean)))
        return bounded_mean(draw, low, high, rng, case.risk / 100, first=8192)

    yield from worst_looks(
        *(
            looks(sign, wave, w, part)
            for w, value in zip(frequencies, wanted, strict=True)
            for wave, part in ((np.cos, value.real), (np.sin, value.imag))
            for sign in (1.0, -1.0)
        )
    )


ONE, TURN = np.eye(2), np.array([[-1.0, 1.0], [0.0, -1.0]])
BAD_COUPLINGS: tuple[tuple[Any, ...], ...] = (
    (ONE, ONE, -ONE, 10),  # x1 = -x0
    (ONE, TURN @ TURN.T, TURN, 10),  # a linear map with the eigenvalue -1, twice
    (np.diag([1.0, 0.0]), ONE, 0 * ONE, 10),  # no density
    (ONE, np.diag([1.0, -1.0]), 0 * ONE, 10),
    (np.array([[1.0, 0.1], [0.0, 1.0]]), ONE, 0 * ONE, 10),  # not symmetric
    (ONE, ONE, 1.5 * ONE, 10),  # no joint law
    (ONE, np.eye(3), 0 * ONE, 10),
    (ONE, ONE, 0 * ONE, 0),
    (np.diag([1.0, np.nan]), ONE, 0 * ONE, 10),
    (ONE + 0j, ONE, 0 * ONE, 10),
)


@claim(
    id="reflow_wgan.marginal-preservation.refused",
    title="A coupling that cannot be rectified is refused",
    statement=r"\exists\,t\in[0,1]:\;\det\Sigma_t=0 \;\Rightarrow\; \text{ValueError}",
    source=FLOW_MARGINALS.at("the definition of rectifiable couplings"),
    role="reflow_wgan.gaussian_flow",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of calls that were answered"),
    quantity="bad couplings accepted",
)
def bad_couplings(gaussian_flow: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(accepted(gaussian_flow, BAD_COUPLINGS, (ValueError, TypeError)))


@figure(of="reflow_wgan.marginal-preservation.plane")
def particles_over_density() -> Figure:
    rng = np.random.default_rng(9668)
    start = draws(PLANE0, rng, 250)
    half = flow(rf.mixture_velocity, start, 16, PLANE0, PLANE1, end=0.5)
    end = flow(rf.mixture_velocity, start, 32, PLANE0, PLANE1)
    x, y = np.linspace(-3.5, 4, 46), np.linspace(-4, 5, 55)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    density = rf.mixture_pdf(points, 1.0, PLANE0, PLANE1).reshape(len(y), len(x))
    return Figure(
        "Particles carried by the flow, over the density of the data",
        "At time 1 the particles fill the density of the data, though no particle was told which sample it belongs to.",
        "first coordinate",
        "second coordinate",
        (
            series("t = 0", *start.T, kind="dots"),
            series("t = 1/2", *half.T, kind="dots"),
            series("t = 1", *end.T, kind="dots"),
        ),
        field=Field(tuple(x), tuple(y), tuple(map(tuple, density)), "density at t = 1"),
        equal=True,
    )
