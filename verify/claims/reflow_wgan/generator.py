"""Entry 13: the generator step as a regression has the gradient of a GAN's, for one step and to first order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.reflow_wgan.instances import Floats
from verify.claims.reflow_wgan.objective import smooth, smooth_gradient
from verify.claims.sources import FLOW_GAN_ARTICLE
from verify.evidence import Enclosure, at_most, exact, gap, slope, within

SOURCE = FLOW_GAN_ARTICLE.at("the generator step as a regression")

Gradient = Callable[[Any], Any]


def instance(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """(theta (2, 3), features (200, 3)): an affine generator x = theta (z, 1) and 200 latent samples."""
    return rng.normal(size=(2, 3)), np.column_stack(
        [rng.normal(size=(200, 2)) @ [[1.0, 0.4], [0.0, 0.8]], np.ones(200)]
    )


def mean_outer(values: Any, features: Floats) -> Any:
    """E[value features']."""
    return values.T @ features / len(features)


def critic_step(theta: Any, features: Floats, grad_D: Gradient) -> Any:
    """The gradient of E[-D(g_theta)], as a GAN's generator descends it."""
    return -mean_outer(grad_D(features @ theta.T), features)


@role(
    "reflow_wgan.regression_gradient",
    numbers="theta (d, p), features (N, p), grad D a callable, eps; the gradient (d, p)",
)
def regression_gradient(theta: Floats, features: Floats, grad_D: Gradient, eps: float) -> Floats:
    """The gradient of E|g_theta - g_old - eps grad D(g_old)|² at theta = old."""
    return np.asarray(-2 * eps * mean_outer(grad_D(features @ theta.T), features))


@mutant("reflow_wgan.regression_gradient", slip="the factor 2 ε dropped")
def factor_dropped(theta: Floats, features: Floats, grad_D: Gradient, eps: float) -> Floats:
    return np.asarray(critic_step(theta, features, grad_D))


@mutant("reflow_wgan.regression_gradient", slip="the sign: the generator climbs away from high D")
def climbing(theta: Floats, features: Floats, grad_D: Gradient, eps: float) -> Floats:
    return -regression_gradient(theta, features, grad_D, eps)


@mutant(
    "reflow_wgan.regression_gradient",
    slip="the target moves along: grad D taken at the moving generator inside the regression",
)
def moving_target(theta: Floats, features: Floats, grad_D: Gradient, eps: float) -> Floats:
    old = features @ theta.T

    def loss(new: Any) -> Any:
        moved = features @ new.T
        error = moved - old - eps * grad_D(moved)
        return np.sum(error * error) / len(features)

    return complex_step(loss, theta)


def complex_step(function: Callable[[Any], Any], theta: Floats) -> Floats:
    """The gradient of an analytic function of a matrix, without truncation."""
    h, made = 1e-30, np.zeros_like(theta)
    for index in np.ndindex(theta.shape):
        shifted = theta.astype(complex)
        shifted[index] += 1j * h
        made[index] = np.imag(function(shifted)) / h
    return made


@claim(
    id="reflow_wgan.generator-gradient",
    title="The regression step starts in the direction of the GAN's step",
    statement=r"\nabla_\theta\,\mathbb E\|g_\theta-g_{\theta_\tau}-\epsilon\nabla D(g_{\theta_\tau})\|^2\Big|_{\theta=\theta_\tau}"
    r" = 2\epsilon\,\nabla_\theta\,\mathbb E[-D(g_\theta)]\Big|_{\theta=\theta_\tau}",
    source=SOURCE,
    role="reflow_wgan.regression_gradient",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="means of 200 products of numbers below 10, times 2 ε = 0.2: pairwise sums round like 10 eps · 2 = 5e-15",
    ),
    cases=grid(seed=(0, 1, 2)).full(seed=tuple(range(20))),
    quantity="largest |gradient − 2 ε complex step of E[−D]|",
)
def same_direction(gradient: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    theta, features = instance(rng)
    wanted = complex_step(lambda new: -np.mean(smooth(features @ new.T)), theta)
    yield exact(gap(gradient(theta, features, smooth_gradient, 0.1), 0.2 * wanted))


@role(
    "reflow_wgan.regression_steps",
    numbers="theta (d, p), features (N, p), grad D a callable, eps, eta, k; theta after k steps (d, p)",
)
def regression_steps(theta: Floats, features: Floats, grad_D: Gradient, eps: float, eta: float, k: int) -> Floats:
    """k gradient steps of size eta on E|g_theta - g_old - eps grad D(g_old)|², the target fixed at the old generator."""
    target = features @ theta.T + eps * grad_D(features @ theta.T)
    new = np.array(theta)
    for _ in range(k):
        new = new - eta * 2 * mean_outer(features @ new.T - target, features)
    return np.asarray(new)


def critic_steps(theta: Floats, features: Floats, grad_D: Gradient, eps: float, eta: float, k: int) -> Floats:
    """k gradient steps of size eta on 2 eps E[-D(g_theta)], as a GAN takes them."""
    new = np.array(theta)
    for _ in range(k):
        new = new - eta * 2 * eps * critic_step(new, features, grad_D)
    return np.asarray(new)


@mutant("reflow_wgan.regression_steps", slip="the target made anew at each step: that is the GAN's own path")
def target_refreshed(theta: Floats, features: Floats, grad_D: Gradient, eps: float, eta: float, k: int) -> Floats:
    return critic_steps(theta, features, grad_D, eps, eta, k)


@mutant("reflow_wgan.regression_steps", slip="the factor 2 of the square forgotten: half a step")
def half_steps(theta: Floats, features: Floats, grad_D: Gradient, eps: float, eta: float, k: int) -> Floats:
    return regression_steps(theta, features, grad_D, eps, eta / 2, k)


@claim(
    id="reflow_wgan.generator-gradient.one-step",
    title="After one inner step both have the same parameters",
    statement=r"k=1:\qquad \theta^{\text{regression}}=\theta^{\text{GAN}}",
    source=SOURCE,
    role="reflow_wgan.regression_steps",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-14,
        because="the target is rounded to eps of numbers below 8, and a mean of such errors times η ε < 0.1 is "
        "added: 1e-15; a factor 10",
    ),
    cases=grid(seed=(0, 1, 2)).full(seed=tuple(range(20))),
    quantity="largest difference of the parameters",
)
def one_step_agrees(steps: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    theta, features = instance(rng)
    pair = [walk(theta, features, smooth_gradient, 0.5, 0.1, 1) for walk in (steps, critic_steps)]
    yield exact(gap(*pair))


@claim(
    id="reflow_wgan.generator-gradient.two-steps",
    title="From the second inner step on they part, to second order",
    statement=r"k=2:\qquad \|\theta^{\text{regression}}-\theta^{\text{GAN}}\| = \Theta(\eta^2)",
    source=SOURCE,
    role="reflow_wgan.regression_steps",
    evidence=Evidence.RATE,
    region=within(
        1.95,
        2.05,
        because="the next term is of relative size η C with C below 10, as the largest curvatures of loss and critic are: up to "
        "η = 0.01 a slope off by less than 0.03",
    ),
    cases=grid(seed=(0, 1, 2)).full(seed=tuple(range(20))),
    quantity="slope of log difference against log η",
    refutes="Minimising the regression is the same as descending the critic's loss.",
)
def two_steps_part(steps: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    theta, features = instance(rng)
    etas = np.array([0.01, 0.005, 0.0025])
    apart = [
        gap(*(walk(theta, features, smooth_gradient, 0.5, eta, 2) for walk in (steps, critic_steps))) for eta in etas
    ]
    yield exact(slope(np.log(etas), np.log(apart)))


@figure(of="reflow_wgan.generator-gradient.two-steps")
def paths_part() -> Figure:
    theta, features = instance(np.random.default_rng(9668))
    etas = np.geomspace(0.003, 0.3, 13)
    curves = [
        series(
            f"{k} inner steps",
            etas,
            [
                gap(*(walk(theta, features, smooth_gradient, 0.5, e, k) for walk in (regression_steps, critic_steps)))
                for e in etas
            ],
        )
        for k in (2, 3, 5)
    ]
    return Figure(
        "How far the regression's parameters are from the GAN's",
        "One inner step makes no difference; from the second on the difference grows with the square of the step.",
        "step size η",
        "largest difference of the parameters",
        tuple(curves),
        x_log=True,
        y_log=True,
    )
