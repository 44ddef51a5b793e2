"""Instances that several claims share: couplings of Gaussians, the mixture on the line, critics on finite couplings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.methods.numerics import bures_distance2
from verify.methods.rectified_flow import Mixture, integrate, mixture_velocity

Floats = NDArray[np.float64]

Integers = tuple[tuple[int, int], tuple[int, int]]

EXAMPLE: tuple[Integers, Integers] = (((1, 0), (0, 25)), ((13, 12), (12, 13)))  # on this pair rectifying is not optimal
STRETCH, TILTED = np.array(EXAMPLE, float)
MILD = np.diag([1.0, 4.0]), np.array([[2.0, 1.0], [1.0, 2.0]])


def spd(rng: np.random.Generator, d: int) -> Floats:
    """A covariance of 4 d draws: eigenvalues between about 1/4 and 3."""
    G = rng.normal(size=(d, 4 * d))
    return np.asarray(G @ G.T / (4 * d))


def coupling(rng: np.random.Generator, d: int) -> tuple[Floats, Floats, Floats]:
    """(S0, S1, K) of a joint covariance of 8 d draws: neither independent nor deterministic, K not symmetric."""
    joint, scale = spd(rng, 2 * d), rng.uniform(0.6, 1.6, 2 * d)
    joint = joint * np.outer(scale, scale)
    return joint[:d, :d], joint[d:, d:], joint[d:, :d]


def rotation(angle: float) -> Floats:
    """The rotation of the plane."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


def turned(S: Floats, angle: float) -> Floats:
    """The covariance S of the plane, turned."""
    R = rotation(angle)
    return symmetrised(R @ S @ R.T)


def symmetrised(S: Floats) -> Floats:
    """(S + S') / 2: what rounding left of asymmetry in a covariance (..., d, d) is taken out."""
    return np.asarray((S + S.mT) / 2)


def line_mixture(*parts: tuple[float, float, float]) -> Mixture:
    """A mixture on the line from (weight, mean, standard deviation)."""
    weights, means, sigmas = np.array(parts).T
    return Mixture(weights, means[:, None], (sigmas**2)[:, None, None])


MIX0 = line_mixture((0.3, -2, 0.5), (0.7, 1, 0.8))
MIX1 = line_mixture((0.6, 0, 0.4), (0.4, 3, 1))

PLANE0 = Mixture([0.4, 0.6], [[-1.5, 0.0], [1.0, 0.5]], [[[0.5, 0.2], [0.2, 0.4]], [[0.8, -0.3], [-0.3, 0.3]]])
PLANE1 = Mixture([0.5, 0.5], [[0.0, 2.0], [2.0, -1.0]], [[[0.2, 0.0], [0.0, 1.0]], [[0.6, 0.3], [0.3, 0.5]]])


def draws(mix: Mixture, rng: np.random.Generator, size: int) -> Floats:
    """Independent draws (size, d) of a mixture."""
    which = rng.choice(len(mix.weights), size=size, p=mix.weights)
    factors = np.linalg.cholesky(mix.covs)
    return np.asarray(mix.means[which] + np.einsum("nij,nj->ni", factors[which], rng.normal(size=(size, mix.d))))


def flow(
    velocity: Callable[..., Any],
    x: Floats,
    n_steps: int,
    mix0: Mixture = MIX0,
    mix1: Mixture = MIX1,
    *,
    start: float = 0.0,
    end: float = 1.0,
) -> Floats:
    """Particles carried from one time to another by a velocity of mixtures."""
    span = end - start
    return np.asarray(integrate(lambda y, s: span * velocity(y, start + span * s, mix0, mix1), x, n_steps))


def path(x: Floats, times: Floats, mix0: Mixture = MIX0, mix1: Mixture = MIX1) -> Floats:
    """Where the flow carries particles by each of the times, the first of which is 0: (T, *shape of x)."""
    found = [x]
    for start, end in pairwise(times):
        found.append(flow(mixture_velocity, found[-1], 4, mix0, mix1, start=start, end=end))
    return np.array(found)


@cache
def mid_quantiles(n: int) -> tuple[Floats, Floats]:
    """The quantiles (i + 1/2) / n of MIX0 and of MIX1."""
    p = (np.arange(n) + 0.5) / n
    return quantiles(MIX0, p), quantiles(MIX1, p)


def quantiles(mix: Mixture, p: Floats) -> Floats:
    """The inverse distribution function by bisection, of a mixture on the line written out anew."""
    from scipy.special import ndtr

    low, high = np.full(len(p), -60.0), np.full(len(p), 60.0)
    for _ in range(64):
        middle = (low + high) / 2
        law = ndtr((middle[:, None] - mix.means[:, 0]) / np.sqrt(mix.covs[:, 0, 0])) @ mix.weights
        low, high = np.where(law < p, middle, low), np.where(law < p, high, middle)
    return np.asarray((low + high) / 2)


@cache
def gauss(n: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights on [0, 1]."""
    x, w = np.polynomial.legendre.leggauss(n)
    return (x + 1) / 2, w / 2


def w2(covs: Floats, S1: Floats, shifts: Floats) -> Floats:
    """W2 of normal laws, covariances (n, d, d) against S1, means (n, d) apart; inf if one is not finite, so no covariance."""
    if not np.isfinite(covs).all():
        return np.full(len(covs), np.inf)
    return np.asarray(np.sqrt(np.sum(shifts**2, axis=1) + bures_distance2(symmetrised(covs), S1)))


def answer(x: Any, otherwise: float = np.inf) -> float:
    """A subject's number, or one outside of the region where it is NaN, which is a wrong answer and no failure of ours."""
    return otherwise if np.isnan(x) else float(x)


def strands(paths: Floats) -> tuple[Floats, Floats]:
    """(x, y) of many paths (T, 2, N) as one curve: an infinite point leaves a gap between two of them."""
    lifted = np.concatenate([paths, np.full((1, *paths.shape[1:]), np.inf)])
    x, y = lifted.transpose(1, 2, 0).reshape(2, -1)
    return x, y
