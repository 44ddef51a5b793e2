"""How fast neighbouring trajectories separate."""

from __future__ import annotations

from math import inf, log
from typing import Any

import numpy as np

from verify.methods.guards import refuse, whole_number
from verify.methods.recurrence.arrays import like, matvec, shifted
from verify.methods.recurrence.cells import Cell
from verify.methods.recurrence.sequential import run, sequence


def largest_lyapunov(cell: Cell, U: Any, x0: Any, burn: int = 0) -> float:
    """The largest Lyapunov exponent along the trajectory: the mean of log |J_t v_t| over t > burn, nats a step.

    v_t is the direction J_{t-1} ... J_1 v, from a fixed v without a special direction; a vector that becomes 0 gives
    -inf. Over T steps the start leaves an error of O(1 / T).

    TypeError, ValueError: as `sequential_states`; burn that is no integer in [0, T).

    >>> from verify.methods.recurrence import TanhCell
    >>> round(largest_lyapunov(TanhCell(np.array([[0.5]])), np.zeros((10, 1)), np.zeros(1)), 12) == round(log(0.5), 12)
    True
    """
    xp, U, x0 = sequence(cell, U, x0, empty=False)
    T = int(U.shape[0])
    if whole_number("burn", burn, 0) >= T:
        refuse(f"burn={burn}", f"it lies in [0, {T})", "drop fewer steps, or give a longer sequence")
    start = np.cos(np.arange(cell.state_size))
    v, before = like(xp, start.tolist(), x0), float(np.linalg.norm(start))
    total = 0.0
    with np.errstate(all="ignore"):
        J = cell.jacobian(shifted(xp, x0, run(xp, cell, U, x0)), U)
        for t in range(T):
            v = matvec(J[t, ...], v)
            size = float(xp.linalg.vector_norm(v))
            if size == 0:
                return -inf
            if t >= burn:
                total += log(size / before)
            v, before = v / size, 1.0
    return total / (T - burn)
