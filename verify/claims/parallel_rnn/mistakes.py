"""The iteration once more, in parts that can be replaced by mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from verify.claims.parallel_rnn.instances import Floats, previous
from verify.methods.recurrence import FixedPointResult, fixed_point_states
from verify.methods.recurrence.affine import solve


def transition_matrices(cell: Any, before: Floats, U: Floats, transition: Any) -> Floats:
    """M_t (T, d, d) of a transition that is named or given, all of them as full matrices."""
    T, d = before.shape
    if not isinstance(transition, str):
        return np.asarray(transition)
    if transition in ("newton", "quasi"):
        J = np.asarray(cell.jacobian(before, U))
        return J if transition == "newton" else J * np.eye(d)
    if transition == "chord":
        return np.asarray(cell.jacobian(0 * before, U))
    constant = {"fixed": cell.origin_jacobian(), "jacobi": np.zeros((d, d)), "picard": np.eye(d)}[transition]
    return np.broadcast_to(constant, (T, d, d))


def prefix_exact(F: Floats, M: Floats, d: Floats, start: Floats, X: Floats) -> Floats:
    """F_t + M_t d_{t−1}."""
    return np.asarray(F + np.matvec(M, previous(start, d)))


def f_for_nan(X: Floats, F: Floats) -> Floats:
    """What a solver could not compute becomes F."""
    return np.where(np.isnan(X), F, X)


def iterate(
    cell: Any,
    U: Any,
    x0: Any,
    transition: Any = "newton",
    init: Any = None,
    tol: float = 1e-10,
    max_iter: int | None = None,
    damping: float = 1.0,
    project: Any = None,
    solver: str = "auto",
    history: bool = False,
    *,
    before: Callable[..., Floats] = previous,
    matrices: Callable[..., Floats] = transition_matrices,
    start: Callable[..., Floats] = np.zeros_like,
    update: Callable[..., Floats] = prefix_exact,
    repair: Callable[..., Floats] = f_for_nan,
    checked: bool = True,
) -> FixedPointResult:
    """`fixed_point_states` with its parts as arguments: each of the mutants replaces one. It refuses the same input."""
    if checked:
        none = 0 if max_iter is None else min(max_iter, 0)
        fixed_point_states(cell, U, x0, transition, init, tol, none, damping, project, solver)
    X = np.zeros((len(U), len(x0))) if init is None else np.array(init)
    kept, n = [X], 0
    limit = len(U) if max_iter is None else max_iter
    with np.errstate(all="ignore"):
        while True:
            last = before(x0, X)
            F = cell.step(last, U)
            R = F - X
            size = float(np.abs(R).max()) if np.isfinite(R).all() else np.inf
            if size <= tol or n == limit:
                break
            M = damping * matrices(cell, last, U, transition)
            d0 = start(x0)
            first = np.matvec(M[:1], d0[None]) + R[:1]
            X = repair(update(F, M, solve(np, M, np.concatenate([first, R[1:]]), solver), d0, X), F)
            if project is not None:
                X = np.clip(X, *project)
            n += 1
            kept.append(X)
    status = "converged" if size <= tol else "max_iter" if size < np.inf else "nonfinite"
    return FixedPointResult(X, n, size <= tol, size, np.stack(kept) if history else None, status)


def transposed(cell: Any, before: Floats, U: Floats, transition: Any) -> Floats:
    """M' in place of M."""
    return transition_matrices(cell, before, U, transition).mT


def without_square(cell: Any, before: Floats, U: Floats, transition: Any) -> Floats:
    """Newton's matrices with 1 − F in place of 1 − F²."""
    if not isinstance(transition, str) or transition != "newton":
        return transition_matrices(cell, before, U, transition)
    return np.asarray((1 - cell.step(before, U))[:, :, None] * cell.origin_jacobian())


def scaled_columns(cell: Any, before: Floats, U: Floats, transition: Any) -> Floats:
    """Newton's matrices as A diag(1 − F²) in place of diag(1 − F²) A."""
    if not isinstance(transition, str) or transition != "newton":
        return transition_matrices(cell, before, U, transition)
    F = cell.step(before, U)
    return np.asarray(cell.origin_jacobian() * (1 - F * F)[:, None, :])
