"""Closed forms for Gaussians: the rectified map of the independent coupling, the optimal map, the geometric mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from verify.methods import numerics
from verify.methods.guards import Array
from verify.methods.numerics import spd_sqrt
from verify.methods.rectified_flow.coupling import pair, times


def gaussian_trajectory(t: ArrayLike, S0: ArrayLike, S1: ArrayLike) -> Array:
    """M_t of the flow of the independent coupling, in closed form, shape (..., d, d) with the axes of t first.

    With S0 = L L' and L^-1 S1 L^-T = V diag(w) V', M_t = L V diag(sqrt((1 - t)^2 + t^2 w)) V' L^-1: an affine change of
    variables makes every pair an identity and a diagonal, where each coordinate moves alone. O(d^3), no integration.

    ValueError: t outside [0, 1], covariances that are not symmetric positive definite, shapes. TypeError: complex.

    Source: Hertrich, Chambolle and Delon 2025.

    >>> gaussian_trajectory([0.0, 0.5, 1.0], [[1.0]], [[9.0]])[:, 0, 0].round(6).tolist()
    [1.0, 1.581139, 3.0]
    """
    A, B = pair(S0, S1)
    s = times(t)
    L = np.linalg.cholesky(A)
    inner = np.linalg.solve(L, np.linalg.solve(L, B).mT)
    w, V = np.linalg.eigh((inner + inner.mT) / 2)
    left = L @ V
    right = np.linalg.inv(L).mT @ V  # L^-T V, of which the transpose ends the product
    s = s.reshape(*s.shape, *[1] * w.ndim)
    return np.asarray((left * np.sqrt((1 - s) ** 2 + s**2 * w)[..., None, :]) @ right.mT)


def rectified_map_gaussian(S0: ArrayLike, S1: ArrayLike) -> Array:
    """The map (S1 S0^-1)^(1/2) of the rectified independent coupling of N(0, S0) and N(0, S1), shape (..., d, d).

    It is the principal root, S0^(1/2) (S0^(-1/2) S1 S0^(-1/2))^(1/2) S0^(-1/2); rectifying again changes nothing. It
    transports S0 to S1, but optimally only if they commute.

    ValueError: covariances that are not symmetric positive definite, shapes. TypeError: complex input.

    Source: Hertrich, Chambolle and Delon 2025.

    >>> rectified_map_gaussian(np.eye(2), np.diag([4.0, 9.0])).round(12).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    return gaussian_trajectory(1.0, S0, S1)


def ot_map_gaussian(S0: ArrayLike, S1: ArrayLike) -> Array:
    """The optimal map S0^(-1/2) (S0^(1/2) S1 S0^(1/2))^(1/2) S0^(-1/2) for the squared distance, (..., d, d), symmetric.

    ValueError: covariances that are not symmetric positive definite, shapes. TypeError: complex input.

    Source: Gelbrich 1990.

    >>> ot_map_gaussian(np.eye(2), np.diag([4.0, 9.0])).round(12).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    A, B = pair(S0, S1)
    # T = S0^-1 # S1: the symmetric solution of T S0 T = S1, by the Cholesky factor of S0 = L L'
    L = np.linalg.cholesky(A)
    inverse = np.linalg.inv(L)
    T = inverse.mT @ spd_sqrt(_symmetrised(L.mT @ B @ L)) @ inverse
    return _symmetrised(T)


def geometric_mean(A: ArrayLike, B: ArrayLike) -> Array:
    """A # B = A^(1/2) (A^(-1/2) B A^(-1/2))^(1/2) A^(1/2): the cross-covariance of the rectified independent coupling.

    Symmetric positive definite matrices (..., d, d). ValueError: anything else. TypeError: complex input.

    Source: Bhatia, Positive Definite Matrices, 2007, chapter 4.

    >>> geometric_mean(np.eye(2), np.diag([4.0, 9.0])).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    return numerics.geometric_mean(*pair(A, B, ("A", "B")))


def _symmetrised(A: Array) -> Array:
    return np.asarray((A + A.mT) / 2)
