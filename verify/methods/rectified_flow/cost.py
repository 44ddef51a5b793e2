"""What a Gaussian coupling costs, and the two parts of what rectifying it saves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, whole_number
from verify.methods.rectified_flow.coupling import Coupling, coupling, covariance_at, rectifiable
from verify.methods.rectified_flow.gaussian import gaussian_flow, means, slopes


def transport_cost(S0: ArrayLike, S1: ArrayLike, K: ArrayLike, m0: ArrayLike, m1: ArrayLike) -> Any:
    """E|x1 - x0|^2 = tr(S0 + S1 - 2 K) + |m1 - m0|^2, a float, or an array for stacked matrices.

    ValueError: what `gaussian_velocity` refuses of a coupling. TypeError: complex input.

    >>> transport_cost([[4.0]], [[9.0]], [[6.0]], [0.0], [2.0])  # x1 = 1.5 x0 + 2
    5.0
    """
    c = coupling(S0, S1, K)
    start, end = means(m0, m1, c)
    return _plain(_trace(c.S0 + c.S1 - 2 * c.K) + np.sum((end - start) ** 2, axis=-1))


def straightness_defect(
    S0: ArrayLike, S1: ArrayLike, K: ArrayLike, m0: ArrayLike, m1: ArrayLike, *, n_steps: int = 1000
) -> Any:
    """The integral over t of E|z'(t) - (z(1) - z(0))|^2 along the flow of the coupling; 0 iff paths are straight.

    The flow by `n_steps` steps of rk4, the integral by Simpson's rule on the same times. The means do not matter.

    ValueError, RuntimeError: what `gaussian_flow` refuses. TypeError: complex input.

    Source: Liu, Gong and Liu 2022.

    >>> round(straightness_defect([[1.0]], [[1.0]], [[0.6]], [0.0], [3.0]), 6)  # 0.8 (1 - 2 arctan 1/2)
    0.058164
    >>> round(straightness_defect([[1.0]], [[1.0]], [[1.0]], [0.0], [3.0]), 6)
    0.0
    """
    c, t = _checked(S0, S1, K, m0, m1, n_steps)
    M = gaussian_flow(c.S0, c.S1, c.K, len(t) - 1)
    bend = slopes(t, c, "conditional") @ M - (M[-1] - M[0])
    return _plain(_over_time(_trace(bend @ c.S0 @ bend.mT)))


def conditional_variance(
    S0: ArrayLike, S1: ArrayLike, K: ArrayLike, m0: ArrayLike, m1: ArrayLike, *, n_steps: int = 1000
) -> Any:
    """The integral over t of E tr Cov(x1 - x0 | x_t): twice the least regression loss; 0 iff no lines cross.

    Simpson's rule on `n_steps` intervals. The means do not matter.

    ValueError: what `gaussian_flow` refuses. TypeError: complex input.

    Source: Liu, Gong and Liu 2022.

    >>> round(conditional_variance([[1.0]], [[1.0]], [[0.0]], [0.0], [3.0]), 6)  # pi / 2
    1.570796
    """
    c, t = _checked(S0, S1, K, m0, m1, n_steps)
    A = slopes(t, c, "conditional")
    explained = _trace(A @ covariance_at(t, c) @ A.mT)
    return _plain(_over_time(_trace(c.S0 + c.S1 - c.K - c.K.mT) - explained))


def _checked(
    S0: ArrayLike, S1: ArrayLike, K: ArrayLike, m0: ArrayLike, m1: ArrayLike, n_steps: int
) -> tuple[Coupling, Array]:
    """The coupling, and n_steps + 1 times along a first axis, which broadcast against its stack."""
    n = whole_number("n_steps", n_steps, 1)
    c = rectifiable(S0, S1, K)
    means(m0, m1, c)
    return c, np.linspace(0, 1, n + 1).reshape(-1, *[1] * (c.S0.ndim - 2))


def _over_time(values: Array) -> Array:
    """Simpson's rule along the first axis, the times being equally spaced over [0, 1]."""
    from scipy.integrate import simpson

    return np.asarray(simpson(values, dx=1 / (len(values) - 1), axis=0))


def _trace(A: Array) -> Array:
    return np.asarray(np.trace(A, axis1=-2, axis2=-1))


def _plain(value: Array) -> Any:
    """A Python float where there is one number."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value)
