"""The rows of rectified flow: closed forms against integration, batches against loops."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Goal, Row, Work, optional
from verify.methods import rectified_flow as rf


def pair(d: int) -> tuple[Any, Any]:
    """Two covariances of 2 d draws and a tenth of the identity."""
    G = np.random.default_rng(0).normal(size=(2, d, 2 * d))
    return G[0] @ G[0].T / (2 * d) + 0.1 * np.eye(d), G[1] @ G[1].T / (2 * d) + 0.1 * np.eye(d)


def trajectory(scale: float, *, d: int, batched: bool) -> Work:
    """All 401 maps of the closed form against 400 steps of rk4, by `integrate` on the velocity or by `gaussian_flow`."""
    steps = max(100, int(400 * scale))
    S0, S1 = pair(d)
    zero, mean, eye, times = 0 * S0, np.zeros(d), np.eye(d), np.linspace(0, 1, steps + 1)

    def ours() -> Any:
        return rf.gaussian_trajectory(times, S0, S1)[-1]

    def velocity(M: Any, t: float) -> Any:
        return rf.gaussian_velocity(t, S0, S1, zero, mean, mean)[0] @ M

    def peer() -> Any:
        return rf.gaussian_flow(S0, S1, zero, steps)[-1] if batched else rf.integrate(velocity, eye, steps)

    # rk4 with h = 1/400 is good to 1e-9 here, with h = 1/100 to 256 times that
    return Work(ours, peer, tolerance=1e-8 * (400 / steps) ** 4)


def gradient_slopes(scale: float) -> Work:
    """Slopes of the gradient field at 401 times, by eigenvalues in one batch and by SciPy's Lyapunov solver one by one."""
    count, d = max(5, int(401 * scale)), 8
    S0, S1 = pair(d)
    zero, mean, times = 0 * S0, np.zeros(d), np.linspace(0, 1, count)

    def peer() -> Any:
        from scipy.linalg import solve_continuous_lyapunov

        return np.array(
            [
                solve_continuous_lyapunov((1 - t) ** 2 * S0 + t**2 * S1, 2 * t * S1 - 2 * (1 - t) * S0)
                for t in times.tolist()
            ]
        )

    def ours() -> Any:
        return rf.gaussian_velocity(times, S0, S1, zero, mean, mean, "gradient")[0]

    return Work(ours, peer, tolerance=1e-9)


def mixtures(scale: float) -> Work:
    """Velocities of 2000 points for 8 x 8 components in 8 dimensions, and the same from SciPy's normal densities."""
    count, k, d = max(20, int(2000 * scale)), 8, 8
    rng = np.random.default_rng(0)
    means = rng.normal(size=(2, k, d))
    covs = np.stack([pair(d)[0] * (1 + 0.1 * i) for i in range(k)])
    mix0, mix1 = (rf.Mixture(np.full(k, 1 / k), m, covs) for m in means)
    x = rng.normal(size=(count, d))

    def peer() -> Any:
        from scipy.stats import multivariate_normal

        t, density, flux = 0.4, np.zeros(count), np.zeros((count, d))
        for m, S in zip(means[0], covs, strict=True):
            for n, R in zip(means[1], covs, strict=True):
                C, centre = (1 - t) ** 2 * S + t**2 * R, (1 - t) * m + t * n
                weight = multivariate_normal(centre, C).pdf(x)
                slope = np.linalg.solve(C, t * R - (1 - t) * S)
                density += weight
                flux += weight[:, None] * (n - m + (x - centre) @ slope)
        return flux / density[:, None]

    return Work(lambda: rf.mixture_velocity(x, 0.4, mix0, mix1), peer, tolerance=1e-9)


def optimal_map(scale: float) -> Work:
    """The optimal map of two covariances in 64 dimensions."""
    d = max(4, int(64 * scale))
    S0, S1 = pair(d)

    def peer() -> Any:
        ot = optional("ot")
        return ot.gaussian.bures_wasserstein_mapping(np.zeros(d), np.zeros(d), S0, S1)[0]

    return Work(lambda: rf.ot_map_gaussian(S0, S1), peer, tolerance=1e-7)


ROWS = [
    Row("rectified trajectory, 401 times, d = 2", Goal(100, "peer"), "rk4 on gaussian_velocity, 400 steps", None,
        partial(trajectory, d=2, batched=False)),
    Row("rectified trajectory, 401 times, d = 8", Goal(100, "peer"), "rk4 on gaussian_velocity, 400 steps", None,
        partial(trajectory, d=8, batched=False)),
    Row("rectified trajectory against batched velocities, d = 8", None, "gaussian_flow, 400 steps of rk4", None,
        partial(trajectory, d=8, batched=True)),
    Row("gradient field, 401 times, d = 8", Goal(3, "peer"), "scipy solve_continuous_lyapunov", None, gradient_slopes),
    Row("mixture velocity, 2000 points, 64 pairs, d = 8", Goal(1.5, "peer"), "scipy multivariate_normal", None, mixtures),
    Row("optimal map, d = 64", Goal(1, "peer"), "ot.gaussian", None, optimal_map),
]  # fmt: skip
