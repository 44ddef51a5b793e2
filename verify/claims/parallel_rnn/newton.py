"""Newton's iteration as a role of its own, with the mistakes that change what it computes."""

from __future__ import annotations

from typing import Any

from verify.claims import equivalent, mutant, role
from verify.claims.parallel_rnn.mistakes import iterate, scaled_columns, transposed, without_square
from verify.methods import recurrence


@role(
    "parallel_rnn.newton_states",
    numbers="cell, U (T, m), x0 (d,), options of fixed_point_states by name: arrays; a result with states and "
    "iterations",
)
def newton_states(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    """`fixed_point_states` with the Jacobians at the last iterate."""
    return recurrence.fixed_point_states(cell, U, x0, "newton", **options)


@mutant("parallel_rnn.newton_states", slip="the Jacobians are transposed")
def transposed_jacobian(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, "newton", matrices=transposed, **options)


@mutant("parallel_rnn.newton_states", slip="1 − F in place of 1 − F²")
def slope_without_square(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, "newton", matrices=without_square, **options)


@mutant("parallel_rnn.newton_states", slip="A diag(1 − F²) in place of diag(1 − F²) A")
def columns_scaled(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, "newton", matrices=scaled_columns, **options)


@mutant("parallel_rnn.newton_states", slip="plain fixed-point iteration counted as Newton's")
def jacobi_as_newton(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return recurrence.fixed_point_states(cell, U, x0, "jacobi", **options)


@mutant(
    "parallel_rnn.newton_states", slip="the projection is left out, and so is F for nan: nothing brings a state back"
)
def no_projection(cell: Any, U: Any, x0: Any, project: Any = None, **options: Any) -> Any:
    return iterate(cell, U, x0, "newton", repair=lambda X, F: X, **options)


@mutant("parallel_rnn.newton_states", slip="the projection is asked for and not made")
def projection_ignored(cell: Any, U: Any, x0: Any, project: Any = None, **options: Any) -> Any:
    return recurrence.fixed_point_states(cell, U, x0, "newton", **options)


@mutant("parallel_rnn.newton_states", slip="projected into half the box, which moves exact states")
def half_the_box(cell: Any, U: Any, x0: Any, project: Any = None, **options: Any) -> Any:
    box = None if project is None else (project[0] / 2, project[1] / 2)
    return recurrence.fixed_point_states(cell, U, x0, "newton", project=box, **options)


@mutant("parallel_rnn.newton_states", slip="every iterate is projected, asked or not: overflow is hidden")
def always_projected(cell: Any, U: Any, x0: Any, project: Any = None, **options: Any) -> Any:
    return recurrence.fixed_point_states(cell, U, x0, "newton", project=(-1.0, 1.0), **options)


@mutant("parallel_rnn.newton_states", slip="nan from overflowed products is kept")
def keeps_nan(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, "newton", repair=lambda X, F: X, **options)


@equivalent("parallel_rnn.newton_states", because="the same iteration in separate parts")
def in_parts(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, "newton", **options)
