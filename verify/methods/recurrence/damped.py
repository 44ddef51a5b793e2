"""Levenberg-Marquardt over a whole sequence: a damped Newton step whose length is bounded, whatever the Jacobians."""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.methods.guards import one_of, refuse
from verify.methods.recurrence.arrays import largest, like, matvec, shifted
from verify.methods.recurrence.cells import Cell
from verify.methods.recurrence.sequential import FixedPointResult, check_limits, finished, initial_guess, sequence


def levenberg_marquardt_states(
    cell: Cell,
    U: Any,
    x0: Any,
    damping: float,
    *,
    init: Any = None,
    tol: float = 1e-10,
    max_iter: int | None = None,
    method: str = "banded",
) -> FixedPointResult:
    """States by x <- x + d, where d minimises sum |d_t - J_t d_{t-1} - R_t|^2 + damping |d_t|^2 and d_0 = 0.

    d never exceeds |R| / (2 sqrt(damping)). Near the solution the error shrinks by damping / (s^2 + damping), s being
    the least singular value of the Jacobian of the whole residual: linearly, not quadratically; and no state is ever
    finished early. Without `max_iter` the limit is T, of which nothing follows here. Where the equations of a step are
    singular to rounding, as those of Jacobians beyond 1e8 may be, it ends with the status "nonfinite".

    Methods: "banded" solves the normal equations by a banded Cholesky decomposition (NumPy arrays only), which squares
    the condition number; "smoother" finds the same d as the smoothed mean of a linear Gaussian model with transitions
    J_t, offsets R_t, unit noise, and observations 0 of variance 1 / damping, and suits damping < 1e-4.

    TypeError, ValueError: as `fixed_point_states`, and damping <= 0.

    Sources: Särkkä and García-Fernández 2021; Gonzalez et al. 2024 (ELK).
    """
    xp, U, x0 = sequence(cell, U, x0)
    X = initial_guess(xp, cell, U, x0, init)
    limit = check_limits(tol, max_iter, int(U.shape[0]))
    if not 0 < damping < float("inf"):
        refuse(f"damping={damping}", "a damping is positive and finite", "use fixed_point_states for Newton's step")
    one_of("method", method, ("banded", "smoother"))
    if method == "banded" and xp is not np:
        refuse("method='banded'", "that is LAPACK's, for NumPy arrays", "choose 'smoother'", TypeError)
    iterations = 0
    with np.errstate(all="ignore"):
        while True:
            before = shifted(xp, x0, X)
            R = cell.step(before, U) - X
            residual = largest(xp, R)
            if residual <= tol or iterations == limit or residual == float("inf"):
                return finished(xp, X, iterations, residual, tol, None)
            J = cell.jacobian(before, U)
            X = X + _step(xp, J, R, damping, method)
            iterations += 1


def _step(xp: Any, J: Any, R: Any, damping: float, method: str) -> Any:
    try:
        return _normal_equations(J, R, damping) if method == "banded" else _smoothed(xp, J, R, damping)
    except np.linalg.LinAlgError:  # singular to rounding: no number of the step is known
        return R * float("nan")


def _normal_equations(J: Any, R: Any, damping: float) -> Any:
    """Diagonal blocks (1 + damping) I + J_{t+1}' J_{t+1}, below them -J_{t+1}; right-hand side R_t - J_{t+1}' R_{t+1}."""
    from scipy.linalg import solveh_banded

    T, d = R.shape
    diagonal = np.broadcast_to((1 + damping) * np.eye(d, dtype=R.dtype), (T, d, d)).copy()
    diagonal[:-1] += J[1:].mT @ J[1:]
    right = R.copy()
    right[:-1] -= matvec(J[1:].mT, R[1:])
    band = np.zeros((2 * d, T * d), dtype=R.dtype)  # band[i - j, j] of the lower half
    for i in range(d):
        for j in range(d):
            if i >= j:
                band[i - j, j::d] = diagonal[:, i, j]
            band[d + i - j, j : (T - 1) * d : d] = -J[1:, i, j]
    return np.asarray(solveh_banded(band, right.ravel(), lower=True, check_finite=False)).reshape(T, d)


def _smoothed(xp: Any, J: Any, R: Any, damping: float) -> Any:
    """Kalman's filter forward, Rauch's, Tung's and Striebel's smoother backward."""
    T, d = R.shape
    eye = like(xp, xp.eye(d), R)
    mean, covariance = R[0, :] * 0, eye * 0
    filtered, predicted = [], []
    for t in range(T):
        ahead = matvec(J[t, ...], mean) + R[t, :]
        spread = J[t, ...] @ covariance @ J[t, ...].mT + eye
        # gain spread (spread + I / damping)^-1; what is left of the spread is (spread^-1 + damping I)^-1
        kept = xp.linalg.solve(eye + damping * spread, xp.concat([ahead[:, None], spread], axis=1))
        mean, covariance = kept[:, 0], 0.5 * (kept[:, 1:] + kept[:, 1:].mT)
        predicted.append((ahead, spread))
        filtered.append((mean, covariance))
    smoothed = [mean]
    for t in range(T - 2, -1, -1):
        mean, covariance = filtered[t]
        ahead, spread = predicted[t + 1]
        correction = xp.linalg.solve(spread, (smoothed[-1] - ahead)[:, None])[:, 0]
        smoothed.append(mean + covariance @ (J[t + 1, ...].mT @ correction))
    return xp.stack(smoothed[::-1])
