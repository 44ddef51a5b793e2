"""A proof that states are near the true ones: defects in ball arithmetic, pushed along by bounds on the Jacobians."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from math import inf, sqrt
from typing import Any

import numpy as np

from verify.methods.guards import Array, refuse
from verify.methods.recurrence.arrays import floats, shifted
from verify.methods.recurrence.cells import Cell, GRUCell, LSTMCell, TanhCell
from verify.methods.recurrence.sequential import sequence

BITS = 106
EPS = float(np.finfo(float).eps)
WINDOWS = (1, 8, 32)  # steps
OUTWARD = 1 + 1e-9  # floats that are not balls: millions of times their rounding, which is some d eps
SLACK = 1e-10  # the same for sums of terms that may cancel, relative to the terms
SIGMOID_1, SIGMOID_2 = 1 / 4, 1 / (6 * sqrt(3)) * OUTWARD  # the largest first and second derivatives
TANH_2 = 4 / (3 * sqrt(3)) * OUTWARD


def error_bound(cell: Cell, U: Any, x0: Any, states: Any) -> float:
    """A proven bound on max |states - x|, where x are the exact states for these inputs; inf where no proof was found.

    Shapes: U (T, m), x0 (d,), states (T, d). For `TanhCell`, `GRUCell` and `LSTMCell`; others get inf.

    The defects R_t = f(x_{t-1}, u_t) - x_t are enclosed by balls of 106 bits. The errors obey e_t = J e_{t-1} + R_t up
    to signs, J being taken between the given and the true state. With r a guess of max |e| and L a Lipschitz constant
    of the Jacobian, J is J(x_{t-1}) up to L r; if the bounds that follow from norms of J(x_{t-1}), and of products of
    them over some steps, stay below r, they are proven, by induction over t. This is tried in the maximum norm and in
    the Euclidean one. For a tanh cell with a = |A|_inf < 1 also max |R| / (1 - a) holds, without a condition.

    TypeError, ValueError: as `sequential_states`; states of another shape; numbers wider than float64, which would be
    rounded before anything is proven of them.

    >>> from verify.methods.recurrence import TanhCell, sequential_states
    >>> cell, U = TanhCell(np.array([[0.5]])), np.full((100, 1), 0.3)
    >>> error_bound(cell, U, np.zeros(1), sequential_states(cell, U, np.zeros(1))) < 1e-15
    True
    """
    xp, U, x0 = sequence(cell, U, x0)
    states = floats(xp, "states", states, (int(U.shape[0]), cell.state_size))
    if any(xp.finfo(given.dtype).eps < EPS for given in (U, states)):
        refuse("an argument is wider than float64", "bounds are proven in float64", "convert it first", TypeError)
    if not isinstance(cell, TanhCell | GRUCell | LSTMCell):
        return inf
    if U.shape[0] == 0:
        return 0.0
    cell, U, x0, states = _double(cell), *(np.asarray(x, dtype=np.float64) for x in (U, x0, states))
    before = shifted(np, x0, states)
    defects = _defects(cell, before, U, states)
    found = [inf]
    with np.errstate(all="ignore"):
        jacobians = cell.jacobian(before, U)
        size = float(np.abs(before).max())
        gains = [(norm, norm(jacobians) * OUTWARD) for norm in (_row_sum, _spectral)]
        for window in WINDOWS:
            if min(found) == inf:  # longer windows cost more, and are needed where single steps do not contract
                found = [_propagated(cell, jacobians, g, defects, size, norm, window) for norm, g in gains]
        if isinstance(cell, TanhCell) and (a := float(_row_sum(cell.A)) * OUTWARD) < 1:
            found.append(float(defects.max()) / (1 - a) * OUTWARD)
    return min(found)


def _double(cell: Any) -> Any:
    """The same cell in float64, on NumPy arrays."""
    return type(cell)(**{name: np.asarray(weights, dtype=np.float64) for name, weights in vars(cell).items()})


def _defects(cell: Any, before: Array, U: Array, states: Array) -> Array:
    """Upper bounds (T, d) of |f(x_{t-1}, u_t) - x_t|."""
    import flint

    def balls(array: Array) -> Array:
        made = np.empty(array.size, dtype=object)
        made[:] = [flint.arb(x) for x in array.ravel().tolist()]
        return made.reshape(array.shape)

    with flint.ctx.workprec(BITS):
        exact = copy(cell)
        for name, weights in vars(cell).items():
            setattr(exact, name, balls(weights))
        gaps = exact.step(balls(before), balls(U)) - balls(states)
        upper = [float(gap.abs_upper()) for gap in gaps.ravel()]
    return np.reshape(np.asarray(upper) * OUTWARD, states.shape)


def _propagated(
    cell: Any,
    jacobians: Array,
    gains: Array,
    defects: Array,
    size: float,
    norm: Callable[[Array], Array],
    window: int,
) -> float:
    """The bound that one norm of the state, in which the Jacobians have `gains`, and one length of windows give."""
    steps = defects.max(axis=1) if norm is _row_sum else np.linalg.norm(defects, axis=1) * OUTWARD
    across, within, jumps = _windows(jacobians, gains, norm, window)
    guess = 2 * _largest_error(across, within, jumps, steps)
    for _ in range(4):
        if not guess < 1:
            break
        constant, terms = _modulus(cell, size + guess, norm)
        curved = (constant * guess + SLACK * terms) * guess  # |J - J(x_{t-1})| |e_{t-1}|, its rounding included
        found = _largest_error(across, within, jumps, steps + curved)
        if found <= guess:
            return found
        guess *= 8
    return inf


def _windows(jacobians: Array, gains: Array, norm: Callable[[Array], Array], window: int) -> tuple[Array, Array, Array]:
    """Norms (n,) of the products over each window, products (window, n) of norms up to each step, and norms (window, n).

    Norms of products, not products of norms: a cell may contract over some steps though not over every single one.
    """
    T, d = jacobians.shape[:2]
    count = -(-T // window)
    pad = count * window - T
    blocks = np.concatenate([jacobians, np.zeros((pad, d, d))]).reshape(count, window, d, d)
    jumps = np.concatenate([gains, np.zeros(pad)]).reshape(count, window).T
    within = np.cumprod(jumps, axis=0)
    product = blocks[:, 0]
    for step in range(1, window):
        product = blocks[:, step] @ product
    # each product of matrices errs by d eps |A| |B| entry by entry, whose norm is at most d times that of A and B
    over = norm(product) if window > 1 else within[-1]
    return over * OUTWARD + 4 * window * d * d * EPS * within[-1], within, jumps


def _largest_error(across: Array, within: Array, jumps: Array, steps: Array) -> float:
    """The maximum over t of bounds on e_t = J_t e_{t-1} + step_t from e_0 = 0, rounded outward."""
    window, count = jumps.shape
    steps = np.concatenate([steps, np.zeros(window * count - len(steps))]).reshape(count, window).T
    forced = np.empty_like(jumps)  # what the steps of the window itself add up to
    error: Array = np.zeros(count)
    for step in range(window):
        forced[step] = error = jumps[step] * error + steps[step]
    starts, start = [], 0.0
    for gain, end in zip(across.tolist(), error.tolist(), strict=True):
        starts.append(start)
        start = gain * start + end
        if not start < 1:
            return inf
    # sums of positive numbers: fewer than 4 T roundings, below 1e-9 together
    return float((within * np.asarray(starts) + forced).max()) * OUTWARD


def _row_sum(matrix: Array) -> Array:
    return np.asarray(np.abs(matrix).sum(axis=-1).max(axis=-1))


def _spectral(matrix: Array) -> Array:
    finite = np.asarray(np.isfinite(matrix).all(axis=(-2, -1)))
    norms = np.linalg.norm(np.where(finite[..., None, None], matrix, 0), 2, axis=(-2, -1))
    return np.where(finite, norms, inf)  # LAPACK raises on what overflowed


def _modulus(cell: Any, size: float, norm: Callable[[Array], Array]) -> tuple[float, float]:
    """(L, S): a Lipschitz constant of the Jacobian where states are at most `size`, and a bound on its terms."""

    def of(*names: str) -> list[float]:
        return [float(norm(getattr(cell, name))) * OUTWARD for name in names]

    s1, s2, t2 = SIGMOID_1, SIGMOID_2, TANH_2
    if isinstance(cell, TanhCell):
        (a,) = of("A")
        return t2 * a * a, a
    if isinstance(cell, GRUCell):
        z, r, h = of("Uz", "Ur", "Uh")
        inner = 1 + size * s1 * r  # the norm of d (r h) / d h
        candidate = h * inner  # that of d g / d h
        lipschitz = (
            s1 * z
            + z * (s1 * (candidate + 1) + (1 + size) * s2 * z)
            + h * inner * (s1 * z + t2 * candidate)
            + h * (s1 * r + r * (s1 + size * s2 * r))
        )
        return lipschitz, 1 + (1 + size) * s1 * z + candidate
    i, f, g, o = of("Ui", "Uf", "Ug", "Uo")
    memory = size * s1 * f + s1 * i + g  # the norm of d c' / d h
    moved = 1 + memory  # that of the whole derivative of c'
    of_memory = f * (s1 + size * s2 * f) + i * (s1 * g + s2 * i) + g * (s1 * i + t2 * g)
    output = o * (s1 * moved + s2 * o) + memory * (s1 * o + t2 * moved) + of_memory
    crossed = s1 * o + t2 * moved + s1 * f
    return of_memory + s1 * f + output + crossed, memory + 1 + s1 * o + memory + 1
