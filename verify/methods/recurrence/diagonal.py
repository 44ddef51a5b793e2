"""The `fixed` iteration in the eigenbasis of A, where its recurrence falls apart into scalar ones."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from verify.methods.guards import Array, refuse
from verify.methods.recurrence.affine import solve
from verify.methods.recurrence.arrays import floats, largest, shifted
from verify.methods.recurrence.cells import TanhCell
from verify.methods.recurrence.sequential import FixedPointResult, check_limits, finished, sequence

CONDITION_LIMIT = 1e12  # beyond it fewer than four digits are left


class Eigenform(NamedTuple):
    """A = P diag(values) P^-1, with the condition number of P in the 2-norm."""

    values: Array
    P: Array
    inverse: Array
    condition: float


def diagonalise(A: Any, *, limit: float = CONDITION_LIMIT) -> Eigenform:
    """The eigenvalues and eigenvectors of A (d, d), complex in general; columns of P have length 1.

    What is computed in this basis errs by about cond(P) times the rounding unit: for a matrix without a full set of
    eigenvectors, by everything.

    TypeError: not of floats. ValueError: not square, not finite, cond(P) above `limit`.

    >>> diagonalise(np.diag([2.0, 3.0])).condition
    1.0
    """
    A = floats(np, "A", A, ("d", "d"))
    values, P = np.linalg.eig(A)
    condition = float(np.linalg.cond(P))
    if not condition <= limit:
        refuse(
            f"the eigenvectors of A have the condition number {condition:.3g}",
            f"at most {limit:g} is allowed",
            "keep the matrix form, or perturb A",
        )
    return Eigenform(values, P, np.linalg.inv(P), condition)


def diagonal_fixed_point_states(
    A: Any, U: Any, x0: Any, tol: float = 1e-10, max_iter: int | None = None, *, limit: float = CONDITION_LIMIT
) -> FixedPointResult:
    """`fixed_point_states(TanhCell(A), U, x0, "fixed")` with every recurrence solved in the eigenbasis of A.

    With y = P^-1 x and A = P L P^-1, y_t - L y_{t-1} = P^-1 tanh(P L y_{t-1} + u_t) - L y_{t-1}, new iterates on the left
    and old ones on the right. The iterates are the same in exact arithmetic; here the first n states are no longer
    right in every bit.

    Errors: as `diagonalise` and `fixed_point_states`. NumPy arrays only.

    Source: Su 9783, the simplified form.
    """
    cell = TanhCell(A)
    xp, U, x0 = sequence(cell, U, x0)
    if xp is not np:
        refuse(f"U is of {xp.__name__}", "eigenvectors are LAPACK's, for NumPy arrays", "convert to NumPy", TypeError)
    form = diagonalise(A, limit=limit)
    most = check_limits(tol, max_iter, len(U))
    modes = np.broadcast_to(form.values, (len(U), len(x0)))
    start, Y = x0 @ form.inverse.T, np.zeros(modes.shape, np.result_type(form.inverse, form.values))
    iterations = 0
    with np.errstate(all="ignore"):
        while True:
            F = np.tanh(((shifted(np, start, Y) * form.values) @ form.P.T).real + U)
            X = (Y @ form.P.T).real.astype(x0.dtype)
            residual = largest(np, F - X)
            if residual <= tol or iterations == most:
                return finished(np, X, iterations, residual, tol, None)
            G = F @ form.inverse.T
            d = solve(np, modes, (G - Y).astype(Y.dtype), "blocked")
            Y = G + form.values * shifted(np, 0 * start, d)
            iterations += 1
