"""The recurrence itself, one step after the other, and what every function on sequences asks of its arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from verify.methods.guards import refuse, whole_number
from verify.methods.recurrence.arrays import floats, namespace
from verify.methods.recurrence.cells import Cell


class FixedPointResult(NamedTuple):
    """States (T, d) and how they were found.

    `status` is "converged", "max_iter", or "nonfinite" where the last residual is not finite; `residual_norm` is
    max |f(x_{t-1}) - x_t|; `history` (iterations + 1, T, d) holds every iterate, if that was asked for.
    """

    states: Any
    iterations: int
    converged: bool
    residual_norm: float
    history: Any
    status: str


def sequential_states(cell: Cell, U: Any, x0: Any) -> Any:
    """x_1, ..., x_T of x_t = cell.step(x_{t-1}, u_t), shape (T, d); an empty sequence has none.

    Shapes: U (T, m), x0 (d,).

    TypeError: not of floats. ValueError: shapes that do not fit the cell, entries that are not finite.

    >>> from verify.methods.recurrence import TanhCell
    >>> sequential_states(TanhCell(np.array([[0.5]])), np.zeros((2, 1)), np.zeros(1)).tolist()
    [[0.0], [0.0]]
    """
    xp, U, x0 = sequence(cell, U, x0)
    with np.errstate(all="ignore"):
        return run(xp, cell, U, x0)


def run(xp: Any, cell: Cell, U: Any, x0: Any) -> Any:
    """The recurrence without checks."""
    if xp is np:
        states = np.empty((len(U), len(x0)), dtype=x0.dtype)
        advance = in_place(cell)
        for row, u in zip(states, U, strict=True):
            advance(x0, u, row)
            x0 = row
        return states
    rows = []
    for t in range(U.shape[0]):
        x0 = cell.step(x0, U[t, :])
        rows.append(x0)
    return xp.stack(rows) if rows else xp.zeros((0, x0.shape[0]), dtype=x0.dtype)


def in_place(cell: Any, *, rows: bool = False) -> Callable[[Any, Any, Any], None]:
    """The step of a cell that writes into its third argument: the cell's own, where it has one.

    With `rows` it is for many states at once, and need not have every bit of `step`.
    """

    def assign(h: Any, u: Any, out: Any) -> None:
        out[...] = cell.step(h, u)

    own: Callable[[Any, Any, Any], None] = getattr(cell, "advance", assign)
    return getattr(cell, "advance_rows", own) if rows else own


def sequence(cell: Cell, U: Any, x0: Any, *, empty: bool = True) -> tuple[Any, Any, Any]:
    """(namespace, U, x0), checked against the cell; without `empty` there must be a first step."""
    xp = namespace(U, x0)
    U = floats(xp, "U", U, ("T", cell.input_size))
    x0 = floats(xp, "x0", x0, (cell.state_size,))
    if not empty and U.shape[0] == 0:
        refuse(f"U has shape {tuple(U.shape)}", "at least one step is needed", "give a sequence that is not empty")
    weights = (w for w in vars(cell).values() if isinstance(w, type(U)))
    widest = xp.result_type(U, x0, *weights)  # mixed precision is computed in the wider one
    return xp, xp.astype(U, widest, copy=False), xp.astype(x0, widest, copy=False)


def initial_guess(xp: Any, cell: Cell, U: Any, x0: Any, init: Any) -> Any:
    """`init` (T, d), checked; zeros if there is none."""
    if init is None:
        return xp.zeros((U.shape[0], cell.state_size), dtype=x0.dtype)
    return floats(xp, "init", init, (int(U.shape[0]), cell.state_size))


def check_limits(tol: float, max_iter: int | None, T: int) -> int:
    """The largest number of iterations: `max_iter`, or T, after which every prefix-exact iteration is done."""
    if not tol >= 0:
        refuse(f"tol={tol}", "a tolerance is not negative", "0 asks for a residual of exactly 0")
    return T if max_iter is None else whole_number("max_iter", max_iter, 0)


def finished(xp: Any, states: Any, iterations: int, residual: float, tol: float, history: Any) -> FixedPointResult:
    """The result of an iteration that stopped with `residual`."""
    converged = residual <= tol
    status = "converged" if converged else "max_iter" if residual < float("inf") else "nonfinite"
    kept = None if history is None else xp.stack(history)
    return FixedPointResult(states, iterations, converged, residual, kept, status)
