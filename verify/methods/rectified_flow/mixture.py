"""Gaussian mixtures, coupled independently: the law of the interpolation, and its velocity in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, check_shape, finite_array, probabilities, refuse
from verify.methods.rectified_flow.coupling import covariance, times

BLOCK = 1 << 21  # numbers in the largest temporary array


@dataclass(frozen=True, eq=False)
class Mixture:
    """sum_i weights_i N(means_i, covs_i); weights (k,), means (k, d), covs (k, d, d), kept as read-only float64.

    ValueError: weights that are negative or do not sum to 1, shapes, nan or infinite entries, a covariance that is not
    symmetric positive definite: atoms have no flow. TypeError: complex input.

    >>> Mixture([0.5, 0.5], [[-1.0], [1.0]], [[[0.25]], [[0.25]]]).d
    1
    """

    weights: Any  # anything array-like is taken, and becomes an array
    means: Any
    covs: Any

    def __post_init__(self) -> None:
        weights = probabilities("weights", self.weights)
        means = finite_array("means", self.means, (len(weights), "d"))
        covs = covariance("covs", self.covs)
        check_shape("covs", covs, (len(weights), means.shape[1], means.shape[1]))
        if (weights == 0).any():
            refuse("weights holds a 0", "every component has mass", "leave the component out")
        for name, value in (("weights", weights), ("means", means), ("covs", covs)):
            kept = np.array(value)
            kept.setflags(write=False)
            object.__setattr__(self, name, kept)

    @property
    def d(self) -> int:
        """The dimension."""
        return int(self.means.shape[1])


def mixture_velocity(x: ArrayLike, t: float, mix0: Mixture, mix1: Mixture) -> Array:
    """E[x1 - x0 | x_t = x] for independent x0 ~ mix0, x1 ~ mix1, x_t = (1 - t) x0 + t x1; the shape of x.

    x is (N, d), or (N,) for d = 1. Each pair of components is Gaussian and moves linearly; the pairs are mixed by
    their responsibilities for x, which are computed from logarithms and hold the determinants of the covariances.

    ValueError: t outside [0, 1], dimensions that differ, nan or infinite entries. TypeError: complex input.

    Source: Liu, Gong and Liu 2022.

    >>> one = Mixture([1.0], [[0.0]], [[[1.0]]])
    >>> mixture_velocity([2.0], 0.0, one, Mixture([1.0], [[5.0]], [[[4.0]]])).tolist()
    [3.0]
    """
    points, pairs = _points(x, t, mix0, mix1)
    velocity = np.concatenate([_velocity(block, pairs) for block in pairs.blocks(points)])
    return velocity.reshape(np.shape(x))


def mixture_pdf(x: ArrayLike, t: float, mix0: Mixture, mix1: Mixture) -> Array:
    """The density of x_t at x (N, d), or (N,) for d = 1; shape (N,). Errors as in `mixture_velocity`.

    >>> one = Mixture([1.0], [[0.0]], [[[1.0]]])
    >>> mixture_pdf([0.0], 0.0, one, one).round(6).tolist()
    [0.398942]
    """
    points, pairs = _points(x, t, mix0, mix1)
    return np.concatenate([np.exp(pairs.log_densities(block)[0]).sum(axis=1) for block in pairs.blocks(points)])


def mixture_cdf(x: ArrayLike, t: float, mix0: Mixture, mix1: Mixture) -> Array:
    """P(x_t <= x) for d = 1; x (N, 1) or (N,), shape (N,). Errors as in `mixture_velocity`.

    >>> one = Mixture([1.0], [[0.0]], [[[1.0]]])
    >>> mixture_cdf([0.0], 0.5, one, one).tolist()
    [0.5]
    """
    from scipy.special import ndtr

    points, pairs = _points(x, t, mix0, mix1)
    if mix0.d != 1:
        refuse(f"d={mix0.d}", "a distribution function is for d = 1", "project the mixture to a line first")
    return np.asarray(ndtr((points - pairs.means[:, 0]) / pairs.factors[:, 0, 0]) @ pairs.weights)


class _Pairs:
    """The law of x_t as a mixture over pairs of components: weights (P,), means (P, d), Cholesky factors.

    Where all components of either side have one covariance, the pairs share one factor, of shape (1, d, d).
    """

    def __init__(self, t: float, mix0: Mixture, mix1: Mixture) -> None:
        S, R = _shared(mix0.covs), _shared(mix1.covs)
        self.weights = np.outer(mix0.weights, mix1.weights).ravel()
        self.means = ((1 - t) * mix0.means[:, None] + t * mix1.means).reshape(-1, mix0.d)
        self.steps = (mix1.means - mix0.means[:, None]).reshape(-1, mix0.d)
        covs = ((1 - t) ** 2 * S[:, None] + t**2 * R).reshape(-1, mix0.d, mix0.d)
        change = (t * R - (1 - t) * S[:, None]).reshape(-1, mix0.d, mix0.d)
        if len(covs) > 1:  # one side shared, the other not: every pair its own
            shape = (len(mix0.weights), len(mix1.weights), mix0.d, mix0.d)
            grid = (len(S), len(R), mix0.d, mix0.d)
            covs, change = (np.broadcast_to(a.reshape(grid), shape).reshape(-1, *shape[2:]) for a in (covs, change))
        self.factors = np.linalg.cholesky(covs)
        self.inverses = np.linalg.inv(self.factors)
        self.slopes = change @ self.inverses.mT  # on whitened residuals
        self.centre = self.means.mean(axis=0)  # near the points, so that the difference below loses no digits
        self.white_means = (self.inverses @ (self.means - self.centre)[..., None])[..., 0]
        diagonals = np.diagonal(self.factors, axis1=-2, axis2=-1)
        # a sum of logarithms: the product of two small weights may underflow, and the pair still be the nearest one
        log_weights = np.add.outer(np.log(mix0.weights), np.log(mix1.weights)).ravel()
        self.log_constants = log_weights - np.log(diagonals).sum(axis=-1) - mix0.d / 2 * np.log(2 * np.pi)

    def blocks(self, points: Array) -> list[Array]:
        """The points in pieces whose residuals fit into the cache of a small machine."""
        size = max(1, BLOCK // self.means.size)
        return [points[i : i + size] for i in range(0, len(points), size)]

    def log_densities(self, x: Array) -> tuple[Array, Array]:
        """(log of weight times density (N, P), whitened residuals (N, P, d))."""
        # (x - m) whitened as a difference of whitened points: one matrix product for all pairs
        white = ((x - self.centre) @ self.inverses.reshape(-1, x.shape[1]).T).reshape(len(x), -1, x.shape[1])
        white = white - self.white_means
        return self.log_constants - np.einsum("npi,npi->np", white, white) / 2, white


def _velocity(x: Array, pairs: _Pairs) -> Array:
    logs, white = pairs.log_densities(x)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    if len(pairs.slopes) == 1:
        linear = np.einsum("np,npi->ni", weights, white) @ pairs.slopes[0].T
    else:
        weighted = (weights[..., None] * white).reshape(len(x), -1)
        linear = weighted @ pairs.slopes.mT.reshape(-1, x.shape[1])
    return np.asarray(weights @ pairs.steps + linear)


def _shared(covs: Array) -> Array:
    """(1, d, d) where all are equal."""
    return covs[:1] if (covs == covs[0]).all() else covs


def _points(x: ArrayLike, t: float, mix0: Mixture, mix1: Mixture) -> tuple[Array, _Pairs]:
    """Checked points (N, d) and the pairs at time t."""
    for name, mix in (("mix0", mix0), ("mix1", mix1)):
        if not isinstance(mix, Mixture):
            refuse(
                f"{name} is a {type(mix).__name__}",
                "a Mixture is needed",
                "wrap it: Mixture(weights, means, covs)",
                TypeError,
            )
    if mix0.d != mix1.d:
        refuse(f"mix1 has dimension {mix1.d}", f"that of mix0, {mix0.d}, is needed", "give mixtures of one dimension")
    time = times(t)
    if time.ndim:
        refuse(f"t has shape {time.shape}", "one time is needed", "call once for each time")
    points = finite_array("x", x)
    if points.ndim == 1 and mix0.d == 1:
        points = points[:, None]
    check_shape("x", points, ("N", mix0.d))
    return points, _Pairs(float(time), mix0, mix1)
