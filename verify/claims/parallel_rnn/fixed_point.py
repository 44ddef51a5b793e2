"""The iterations, and the loop they are held against, as roles of their own, with the mistakes that change what they compute."""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.claims import equivalent, mutant, role
from verify.claims.parallel_rnn.instances import Floats, previous
from verify.claims.parallel_rnn.mistakes import iterate, scaled_columns, transposed, without_square
from verify.methods import recurrence
from verify.methods.recurrence import TanhCell

role(
    "parallel_rnn.fixed_point_states",
    numbers="cell, U (T, m), x0 (d,), transition and options: arrays; a result with states (T, d), iterations, history",
)(recurrence.fixed_point_states)
role("parallel_rnn.sequential_states", numbers="cell, U (T, m), x0 (d,): arrays; states (T, d)")(
    recurrence.sequential_states
)


@mutant("parallel_rnn.fixed_point_states", slip="x + δ in place of F + M δ: finished states are rounded once more")
def x_plus_delta(cell: Any, U: Any, x0: Any, transition: Any = "newton", *args: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, transition, *args, update=lambda F, M, d, start, X: X + d, **options)


@mutant("parallel_rnn.fixed_point_states", slip="the shift wraps around: the last state stands before the first")
def wrap_around(cell: Any, U: Any, x0: Any, transition: Any = "newton", *args: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, transition, *args, before=lambda x0, X: np.roll(X, 1, axis=0), **options)


@mutant("parallel_rnn.fixed_point_states", slip="δ_0 = x_0: the recurrence of the corrections starts from the state")
def correction_from_start(cell: Any, U: Any, x0: Any, transition: Any = "newton", *args: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, transition, *args, start=lambda x0: x0, **options)


@mutant(
    "parallel_rnn.fixed_point_states", slip="the right-hand side F − M x as it is written: M x is added and taken away"
)
def literal_right_side(cell: Any, U: Any, x0: Any, transition: Any = "newton", *args: Any, **options: Any) -> Any:
    def literal(F: Floats, M: Floats, d: Floats, start: Floats, X: Floats) -> Floats:
        states, x = np.empty_like(X), x0
        for t, right in enumerate(F - np.matvec(M, previous(x0, X))):
            states[t] = x = np.matvec(M[t], x) + right
        return states

    return iterate(cell, U, x0, transition, *args, update=literal, **options)


@mutant("parallel_rnn.fixed_point_states", slip="nan from overflowed products becomes 0 in place of F")
def zero_for_nan(cell: Any, U: Any, x0: Any, transition: Any = "newton", *args: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, transition, *args, repair=lambda X, F: np.where(np.isnan(X), 0, X), **options)


@mutant("parallel_rnn.fixed_point_states", slip="nan from overflowed products is kept")
def keeps_nan(cell: Any, U: Any, x0: Any, transition: Any = "newton", *args: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, transition, *args, repair=lambda X, F: X, **options)


@mutant("parallel_rnn.fixed_point_states", slip="A' in place of A in the transition matrices")
def transposed_matrices(cell: Any, U: Any, x0: Any, transition: Any = "newton", *args: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, transition, *args, matrices=transposed, **options)


@mutant("parallel_rnn.fixed_point_states", slip="1 − F in place of 1 − F²")
def slope_without_square(cell: Any, U: Any, x0: Any, transition: Any = "newton", *args: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, transition, *args, matrices=without_square, **options)


@mutant("parallel_rnn.fixed_point_states", slip="A diag(1 − F²) in place of diag(1 − F²) A")
def columns_scaled(cell: Any, U: Any, x0: Any, transition: Any = "newton", *args: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, transition, *args, matrices=scaled_columns, **options)


@mutant("parallel_rnn.fixed_point_states", slip="nothing is checked at the door")
def unchecked(cell: Any, U: Any, x0: Any, transition: Any = "newton", *args: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, transition, *args, checked=False, **options)


@equivalent("parallel_rnn.fixed_point_states", because="the same iteration, with all transitions as full matrices")
def full_matrices(cell: Any, U: Any, x0: Any, transition: Any = "newton", *args: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, transition, *args, **options)


@mutant("parallel_rnn.sequential_states", slip="x_0 is dropped: the sequence starts from 0")
def from_zero(cell: Any, U: Any, x0: Any) -> Any:
    return recurrence.sequential_states(cell, U, 0 * x0)


@mutant("parallel_rnn.sequential_states", slip="products added up by another routine: equal up to rounding only")
def by_matrix_product(cell: Any, U: Any, x0: Any) -> Any:
    if not isinstance(cell, TanhCell):
        return recurrence.sequential_states(cell, U, x0)
    states, x = np.empty((len(U), len(x0))), x0
    for t, u in enumerate(U):
        states[t] = x = np.tanh(np.sum(cell.A * x, axis=1) + u)
    return states
