"""Entry 13, the regression solved to its end: one gradient step of a half where features are white, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.reflow_wgan.generator import SOURCE, Gradient, instance, mean_outer, regression_gradient
from verify.claims.reflow_wgan.instances import Floats, answer
from verify.claims.reflow_wgan.objective import smooth_gradient
from verify.evidence import Enclosure, at_least, at_most, exact, gap
from verify.methods.numerics import spd_sqrt


@role(
    "reflow_wgan.regression_minimiser",
    numbers="theta (d, p), features (N, p), grad D a callable, eps; the minimiser (d, p)",
)
def regression_minimiser(theta: Floats, features: Floats, grad_D: Gradient, eps: float) -> Floats:
    """argmin of E|g_theta - g_old - eps grad D(g_old)|² over affine generators."""
    second = features.T @ features / len(features)
    pull = eps * mean_outer(grad_D(features @ theta.T), features)
    return np.asarray(theta + np.linalg.solve(second, pull.T).T)


@mutant("reflow_wgan.regression_minimiser", slip="one gradient step of size 1/2, whatever the features")
def step_of_a_half(theta: Floats, features: Floats, grad_D: Gradient, eps: float) -> Floats:
    return theta - regression_gradient(theta, features, grad_D, eps) / 2


@mutant("reflow_wgan.regression_minimiser", slip="one gradient step of size 1")
def whole_step(theta: Floats, features: Floats, grad_D: Gradient, eps: float) -> Floats:
    return theta - regression_gradient(theta, features, grad_D, eps)


@claim(
    id="reflow_wgan.generator-gradient.whitened",
    title="With white features the whole regression is one gradient step of size one half",
    statement=r"\mathbb E\,\phi\phi^\top=I:\qquad \arg\min_\theta = \theta_\tau-\tfrac12\nabla_\theta",
    source=SOURCE,
    role="reflow_wgan.regression_minimiser",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="whitening 200 features leaves E φφᵀ within 1e-14 of the identity; numbers below 10; a factor 10"
    ),
    cases=grid(seed=(0, 1, 2)).full(seed=tuple(range(20))),
    quantity="largest |argmin − gradient step|",
)
def white_features(minimiser: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    theta, features = instance(rng)
    second = features.T @ features / len(features)
    white = features @ np.linalg.inv(spd_sqrt(second))
    found = minimiser(theta, white, smooth_gradient, 0.5)
    yield exact(gap(found, theta - regression_gradient(theta, white, smooth_gradient, 0.5) / 2))


@claim(
    id="reflow_wgan.generator-gradient.least-squares",
    title="In general it is a least-squares solution",
    statement=r"\arg\min_\theta = \theta_\tau+\epsilon\,\mathbb E[\nabla D\,\phi^\top]\,\big(\mathbb E\,\phi\phi^\top\big)^{-1}",
    source=SOURCE,
    role="reflow_wgan.regression_minimiser",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="normal equations with a condition below 20 against LAPACK's least squares: 20 · 20 eps = 9e-14"
    ),
    cases=grid(seed=(0, 1, 2)).full(seed=tuple(range(20))),
    quantity="largest |argmin − least squares|",
)
def least_squares(minimiser: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    theta, features = instance(rng)
    old = features @ theta.T
    wanted = np.linalg.lstsq(features, old + 0.5 * smooth_gradient(old), rcond=None)[0].T
    yield exact(gap(minimiser(theta, features, smooth_gradient, 0.5), wanted))


@claim(
    id="reflow_wgan.generator-gradient.not-white",
    title="Without white features it is not that step",
    statement=r"\mathbb E\,\phi\phi^\top\ne I:\qquad "
    r"\big\|\arg\min_\theta-\big(\theta_\tau-\tfrac12\nabla_\theta\big)\big\|_\infty>10^{-3}",
    source=SOURCE,
    role="reflow_wgan.regression_minimiser",
    evidence=Evidence.EXACT,
    region=at_least(
        1e-3,
        because="both differ by ε E[∇D φᵀ] times the inverse of the second moment less the identity, some tenths here; "
        "rounding leaves 1e-15",
    ),
    cases=grid(seed=(0, 1, 2)),
    quantity="largest |argmin − gradient step|",
    refutes="The regression step is the GAN's step for every generator that is linear in its parameters.",
)
def coloured_features(minimiser: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    theta, features = instance(rng)
    step = theta - regression_gradient(theta, features, smooth_gradient, 0.5) / 2
    # not by `gap`, to which a NaN is far away, and far away is what holds here
    yield exact(answer(np.abs(minimiser(theta, features, smooth_gradient, 0.5) - step).max(), -np.inf))
