"""The gradient through converged states: one linear recurrence backwards, whatever iteration produced them."""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.methods.recurrence.affine import solve
from verify.methods.recurrence.arrays import floats, matvec, shifted
from verify.methods.recurrence.cells import Cell, TanhCell
from verify.methods.recurrence.sequential import sequence


def adjoint_gradient(cell: Cell, U: Any, x0: Any, states: Any, cotangents: Any) -> tuple[Any, Any, Any]:
    """(grad A, grad U, grad x0) of a loss whose derivatives with respect to the states are `cotangents`.

    Shapes: U (T, m), x0 (d,), states and cotangents (T, d); the results have the shapes of A (d, d), U and x0. grad A
    is None for cells other than `TanhCell`.

    With g_t = c_t + J_{t+1}' g_{t+1}, it is grad u_t = (df / du_t)' g_t, grad x0 = J_1' g_1, and for x' = tanh(A x + u)
    grad A = sum_t w_t x_{t-1}', w_t = (1 - x_t^2) g_t. At states with an error e the gradient errs by O(e).

    TypeError, ValueError: as `sequential_states`; an empty sequence.
    """
    xp, U, x0 = sequence(cell, U, x0, empty=False)
    shape = (int(U.shape[0]), cell.state_size)
    states, cotangents = floats(xp, "states", states, shape), floats(xp, "cotangents", cotangents, shape)
    before = shifted(xp, x0, states)
    with np.errstate(all="ignore"):
        J = cell.jacobian(before, U).mT
        # backwards in time: at place s of the reversed scan stands J' of the step after
        backwards = xp.flip(xp.concat([J[1:, ...], J[:1, ...]]), axis=0)
        adjoint = xp.flip(solve(xp, backwards, xp.flip(cotangents, axis=0), "auto"), axis=0)
        grad_x0 = matvec(J[0, ...], adjoint[0, :])
        grad_U = matvec(cell.input_jacobian(before, U).mT, adjoint)
    return grad_U.mT @ before if isinstance(cell, TanhCell) else None, grad_U, grad_x0
