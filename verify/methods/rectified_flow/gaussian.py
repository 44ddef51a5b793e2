"""The flow of a Gaussian coupling, which is linear: its velocity, and the map that it integrates to."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, finite_array, refuse, whole_number
from verify.methods.rectified_flow.coupling import (
    Coupling,
    choice,
    coupling,
    covariance_at,
    rectifiable,
    refuse_singular,
    stackable,
    times,
)
from verify.methods.rectified_flow.steps import trajectory

FIELDS = ("conditional", "gradient")


def gaussian_velocity(
    t: ArrayLike, S0: ArrayLike, S1: ArrayLike, K: ArrayLike, m0: ArrayLike, m1: ArrayLike, field: str = "conditional"
) -> tuple[Array, Array]:
    """(slope, offset) of the velocity v(x) = slope x + offset at time t of x_t = (1 - t) x0 + t x1.

    x0 ~ N(m0, S0), x1 ~ N(m1, S1), K = Cov(x1, x0). "conditional" is E[x1 - x0 | x_t = x], whose slope is
    Cov(x1 - x0, x_t) S_t^-1. "gradient" is the field of least energy with the same marginals, the gradient of a
    potential: its slope is the symmetric B with B S_t + S_t B = dS_t/dt. Shapes: t (), matrices (d, d), means (d,);
    all of them may carry leading axes, which broadcast. The slope is (..., d, d), the offset (..., d).

    ValueError: t outside [0, 1]; covariances that are not symmetric positive definite; a joint covariance that is not
    positive semi-definite; S_t singular; shapes, nan or infinite entries. TypeError: complex input.

    Source: Liu, Gong and Liu 2022 (conditional); Hertrich, Chambolle and Delon 2025 (gradient).

    >>> slope, offset = gaussian_velocity(0.0, [[4.0]], [[1.0]], [[0.0]], [1.0], [3.0])
    >>> slope.tolist(), offset.tolist()  # at time 0 every point heads for the mean of x1
    ([[-1.0]], [3.0])
    """
    c, s = coupling(S0, S1, K), times(t)
    start, end = means(m0, m1, c)
    stackable({"t": s.shape, "the covariances": c.S0.shape[:-2], "m0": start.shape[:-1], "m1": end.shape[:-1]})
    refuse_singular(s, c)
    slope = slopes(s, c, choice("field", field, FIELDS))
    centre = (1 - s)[..., None] * start + s[..., None] * end
    return slope, np.asarray(end - start - np.einsum("...ij,...j->...i", slope, centre))


def gaussian_flow(
    S0: ArrayLike, S1: ArrayLike, K: ArrayLike, n_steps: int, method: str = "rk4", field: str = "conditional"
) -> Array:
    """The linear maps M_0 = I, ..., M_n with x_{i/n} - m_{i/n} = M_i (x_0 - m_0), by `n_steps` fixed steps.

    Shape (n_steps + 1, d, d), or (n_steps + 1, ..., d, d) for stacked matrices. M_n is the map of the rectified
    coupling, whose cross-covariance is M_n S0.

    ValueError: what `gaussian_velocity` refuses; a coupling whose S_t is singular at some time in [0, 1], as there the
    flow does not exist; n_steps < 1. RuntimeError: the flow leaves the finite numbers. Where S_t comes near to singular
    the flow is stiff: it is not refused, but needs many steps.

    Source: Liu, Gong and Liu 2022.

    >>> float(gaussian_flow([[1.0]], [[9.0]], [[0.0]], 100)[-1, 0, 0].round(6))
    3.0
    """
    n = whole_number("n_steps", n_steps, 1)
    c = rectifiable(S0, S1, K)
    # all velocities at once: at the ends and in the middle of each step
    velocity = slopes(
        np.linspace(0, 1, 2 * n + 1).reshape(-1, *[1] * (c.S0.ndim - 2)), c, choice("field", field, FIELDS)
    )
    identity = np.broadcast_to(np.eye(c.S0.shape[-1]), c.S0.shape)

    def moving(M: Array, t: float) -> Array:
        return np.asarray(velocity[round(2 * n * t)] @ M)

    return np.stack([identity, *trajectory(moving, identity, n, method)])


def slopes(t: Array, c: Coupling, field: str) -> Array:
    """The slope of the velocity at times t where S_t is not singular, for a coupling that has been checked."""
    s = np.asarray(t)[..., None, None]
    if field == "conditional":
        cross = (1 - s) * c.K + s * c.S1 - (1 - s) * c.S0 - s * c.K.mT  # Cov(x1 - x0, x_t)
        return np.asarray(np.linalg.solve(covariance_at(t, c), cross.mT).mT)
    values, V = np.linalg.eigh(covariance_at(t, c))
    change = 2 * (s * c.S1 - (1 - s) * c.S0) + (1 - 2 * s) * (c.K + c.K.mT)
    inner = V.mT @ change @ V / (values[..., :, None] + values[..., None, :])
    return np.asarray(V @ inner @ V.mT)


def means(m0: ArrayLike, m1: ArrayLike, c: Coupling) -> tuple[Array, Array]:
    """Means (..., d) of the size of the covariances, whose leading axes broadcast with theirs."""
    start, end = finite_array("m0", m0), finite_array("m1", m1)
    for name, m in (("m0", start), ("m1", end)):
        if m.ndim < 1 or m.shape[-1] != c.S0.shape[-1]:
            wanted = f"({c.S0.shape[-1]},) is needed"
            refuse(f"{name} has shape {m.shape}", wanted, "give means of the size of the covariances")
    stackable({"the covariances": c.S0.shape[:-2], "m0": start.shape[:-1], "m1": end.shape[:-1]})
    return start, end
