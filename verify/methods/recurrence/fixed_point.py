"""All time steps at once: iterations whose every step is a linear recurrence."""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.methods.guards import refuse
from verify.methods.recurrence.affine import check_method, solve
from verify.methods.recurrence.arrays import floats, largest, like, matvec, shifted
from verify.methods.recurrence.cells import Cell
from verify.methods.recurrence.sequential import FixedPointResult, check_limits, finished, initial_guess, sequence

TRANSITIONS = ("newton", "chord", "fixed", "quasi", "jacobi", "picard")


def fixed_point_states(
    cell: Cell,
    U: Any,
    x0: Any,
    transition: Any = "newton",
    init: Any = None,
    tol: float = 1e-10,
    max_iter: int | None = None,
    damping: float = 1.0,
    project: tuple[float, float] | None = None,
    solver: str = "auto",
    history: bool = False,
) -> FixedPointResult:
    """States of x_t = f(x_{t-1}, u_t) by an iteration over the whole sequence.

    With F_t = f(x_{t-1}, u_t), R = F - x and transition matrices M_t, one iteration solves d_t = M_t d_{t-1} + R_t
    from d_0 = 0 and sets x_t = F_t + M_t d_{t-1}. In this form the first n states are those of the recurrence after n
    iterations, in every bit, whatever M is; so T iterations (the default `max_iter`) always suffice.

    Shapes: U (T, m), x0 (d,), init (T, d), zeros by default. `transition` chooses M:

    - "newton": the Jacobian J_t at x_{t-1}; "quasi": its diagonal;
    - "chord": the Jacobian at zero state, under each input; "fixed": at zero state, input and biases;
    - "jacobi": 0; "picard": the identity; or an array (T, d, d).

    `damping` in [0, 1] multiplies M. `project` clips every iterate into [low, high], which must hold the true states:
    (-1, 1) for tanh and GRU cells. `solver` is a method of `affine_scan`. It stops once max |R| <= tol.

    An entry for which a solver returns nan (products that overflowed, times the exact zeros of what is finished)
    becomes F_t, which keeps the first n states right. No convergence is no exception: see `FixedPointResult`.

    TypeError: not of floats, max_iter no integer. ValueError: shapes, not finite, an unknown name, damping outside
    [0, 1], an empty range, tol < 0, max_iter < 0.

    Sources: Su 9783; Lim et al. 2023 (newton); Gonzalez et al. 2024 (quasi).

    >>> from verify.methods.recurrence import TanhCell
    >>> found = fixed_point_states(TanhCell(np.array([[0.5]])), np.full((100, 1), 0.3), np.zeros(1))
    >>> found.status, found.iterations < 6
    ('converged', True)
    """
    xp, U, x0 = sequence(cell, U, x0)
    X = initial_guess(xp, cell, U, x0, init)
    limit = check_limits(tol, max_iter, int(U.shape[0]))
    if not 0 <= damping <= 1:
        refuse(f"damping={damping}", "a factor of the Jacobian lies in [0, 1]", "1 is no damping")
    if project is not None and (np.shape(project) != (2,) or not project[0] < project[1]):
        refuse(f"project={project}", "a range is (low, high) with low < high", "give (-1, 1) for a tanh cell")
    check_method(solver)
    matrices = _transition(xp, cell, U, x0, transition)
    kept = [X] if history else None
    iterations = 0
    with np.errstate(all="ignore"):
        while True:
            before = shifted(xp, x0, X)
            F = cell.step(before, U)
            residual = largest(xp, F - X)
            if residual <= tol or iterations == limit:
                return finished(xp, X, iterations, residual, tol, kept)
            M = matrices(before)
            X = F if M is None else _advance(xp, M if damping == 1 else damping * M, F, F - X, solver)
            if project is not None:
                X = xp.clip(X, *project)
            iterations += 1
            if kept is not None:
                kept.append(X)


def _advance(xp: Any, M: Any, F: Any, R: Any, solver: str) -> Any:
    """F_t + M_t d_{t-1}: not x + d, which rounds what is finished already. R is used up."""
    d = shifted(xp, xp.zeros_like(R[0, :]), solve(xp, M, R, solver, overwrite_b=True))
    X = F + (M * d if M.ndim == 2 else matvec(M, d))
    return xp.where(xp.isnan(X), F, X)


def _transition(xp: Any, cell: Cell, U: Any, x0: Any, transition: Any) -> Any:
    """A function of the previous states (T, d) that gives M (T, d, d), (T, d) where it is diagonal, None where it is 0."""
    T, d = U.shape[0], x0.shape[0]
    if not isinstance(transition, str):
        given = floats(xp, "transition", transition, (int(T), int(d), int(d)))
        return lambda before: given
    if transition == "newton":
        return lambda before: cell.jacobian(before, U)
    if transition == "quasi":
        return lambda before: xp.linalg.diagonal(cell.jacobian(before, U))
    if transition == "jacobi":
        return lambda before: None
    if transition == "chord":
        constant = cell.jacobian(xp.zeros((T, d), dtype=x0.dtype), U)
    elif transition == "fixed":
        constant = xp.broadcast_to(like(xp, cell.origin_jacobian(), x0), (T, d, d))
    elif transition == "picard":
        constant = xp.ones((T, d), dtype=x0.dtype)
    else:
        refuse(f"transition={transition!r}", f"there are {', '.join(TRANSITIONS)} and arrays", "choose one of them")
    return lambda before: constant
