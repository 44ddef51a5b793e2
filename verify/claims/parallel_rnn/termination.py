"""Entry 1: after n iterations the first n states are right in every bit, whatever the transition matrices are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, series
from verify.claims.grid import stream
from verify.claims.parallel_rnn import fixed_point  # noqa: F401  declares the roles of the iterations and of the loop
from verify.claims.parallel_rnn.instances import Floats, Instance, any_cell, gaussian_tanh, reading, residual
from verify.claims.sources import RNN_ARTICLE
from verify.evidence import Enclosure, accepted, exact, exactly
from verify.methods import recurrence

SOURCE = RNN_ARTICLE.at("the iterations (rnn-iter), (iter-plus1), (iter-plus2)")
NAMED = ("jacobi", "picard", "fixed", "chord", "newton", "quasi")
SOLVERS = ("loop", "banded", "blocked", "kogge_stone")
BITS = "a count of floats that are not equal: zeros stay zeros through every solver, so no rounding is involved"


def iterates(subject: Any, instance: Instance, transition: Any, **options: Any) -> Floats:
    """x⁽⁰⁾, x⁽¹⁾, ..., until nothing is left to do."""
    return np.asarray(subject(*instance, transition, tol=0.0, history=True, **options).history)


def unfinished(instance: Instance, history: Floats) -> int:
    """Entries of the first n residuals after n iterations that are not exactly 0, for all n."""
    count = 0
    for n, X in enumerate(history):
        count += int(np.count_nonzero(residual(instance, X)[:n] != 0))
    return count + int(np.count_nonzero(residual(instance, history[-1]) != 0))


def matrices_of(name: str, rng: np.random.Generator, T: int, d: int) -> Any:
    """A named transition, or random matrices."""
    return rng.normal(size=(T, d, d)) if name == "random" else name


@claim(
    id="parallel_rnn.finite-termination",
    title="After n iterations the first n states are exact, whatever the transition matrices",
    statement=r"x_t^{(n)} = F_t + \bar A_t \delta_{t-1},\quad \delta_t = \bar A_t \delta_{t-1} + R_t: \qquad "
    r"R_t^{(n)} = 0 \quad (t \le n)",
    source=SOURCE,
    role="parallel_rnn.fixed_point_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=BITS),
    cases=grid(transition=(*NAMED, "random"), gain=(0.9, 1.8, 6.0), T=(32,), d=(5,)).full(
        T=(1, 2, 3, 64, 257), d=(1, 5, 8)
    ),
    quantity="residuals of finished states that are not 0",
    refutes="Even Newton's form of the iteration carries no guarantee that it converges.",
)
def first_residuals_vanish(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, case.d, case.T, case.gain, 0.3)
    transition = matrices_of(case.transition, rng, case.T, case.d)
    solvers = SOLVERS[:1] if case.transition == "jacobi" else SOLVERS  # nothing is solved there
    yield exact(sum(unfinished(instance, iterates(subject, instance, transition, solver=s)) for s in solvers))


@claim(
    id="parallel_rnn.finite-termination.bitwise",
    title="The first n states are those of the loop, in every bit",
    statement=r"x_t^{(n)} = x_t \text{ as floats} \quad (t \le n), \qquad x_t = \tanh(A x_{t-1} + u_t)",
    source=SOURCE,
    role=("parallel_rnn.fixed_point_states", "parallel_rnn.sequential_states"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=BITS + "; both sides call one kernel for every product of a matrix and a vector"),
    cases=grid(transition=(*NAMED, "random"), gain=(0.9, 6.0), T=(32,), d=(5,)).full(
        gain=(0.9, 1.8, 6.0), T=(1, 2, 3, 64, 257), d=(1, 5, 8)
    ),
    quantity="finished states that differ from the loop's",
)
def first_states_are_the_loops(subject: Any, loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, case.d, case.T, case.gain, 0.3)
    history = iterates(subject, instance, matrices_of(case.transition, rng, case.T, case.d))
    truth = np.asarray(loop(*instance))
    wrong = sum(int(np.count_nonzero(X[:n] != truth[:n])) for n, X in enumerate(history))
    yield exact(wrong + int(np.count_nonzero(history[-1] != truth)))


@claim(
    id="parallel_rnn.finite-termination.cells",
    title="Gated cells, whose steps are no matrix and a tanh, terminate the same way",
    statement=r"x_t^{(n)} = f(x_{t-1}, u_t) \quad (t \le n) \qquad \text{for a GRU and an LSTM}",
    source=SOURCE,
    role="parallel_rnn.fixed_point_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=BITS),
    cases=grid(cell=("gru", "lstm"), transition=("newton", "quasi", "fixed"), T=(24,), d=(3,)).full(
        transition=NAMED, T=(1, 3, 64, 257), d=(1, 5, 8)
    ),
    quantity="residuals of finished states that are not 0",
)
def gated_cells_terminate(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = any_cell(rng, case.cell, case.d, case.T)
    yield exact(unfinished(instance, iterates(subject, instance, case.transition)))


@claim(
    id="parallel_rnn.finite-termination.overflow",
    title="Products that overflow do not spoil what is finished",
    statement=r"\bar A_t = 10^{100} B_t: \qquad R_t^{(n)} = 0 \quad (t \le n) \text{ although } "
    r"\bar A_4 \bar A_3 \bar A_2 \bar A_1 = \infty \text{ and } \infty \cdot 0 = \mathrm{nan}",
    source=SOURCE,
    role="parallel_rnn.fixed_point_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=BITS + "; where a scan returns nan the state becomes F, which is right there"),
    cases=grid(solver=("loop", "banded", "blocked", "sklansky", "kogge_stone", "odd_even"), T=(24,)).full(T=(24, 100)),
    quantity="residuals of finished states that are not 0",
)
def overflow_is_survived(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, 3, case.T, 0.9, 0.3)
    huge = 1e100 * rng.normal(size=(case.T, 3, 3))
    yield exact(unfinished(instance, iterates(subject, instance, huge, solver=case.solver)))


@claim(
    id="parallel_rnn.finite-termination.scaled-jacobian",
    title="A Jacobian that is scaled down keeps finite termination",
    statement=r"\bar A_t = k J_t,\; 0 \le k < 1: \qquad R_t^{(n)} = 0 \quad (t \le n)",
    source=SOURCE,
    role="parallel_rnn.fixed_point_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=BITS),
    cases=grid(damping=(0.0, 0.5, 0.9)),
    quantity="residuals of finished states that are not 0",
)
def scaled_jacobians_terminate(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, 4, 48, 1.8, 0.3)
    yield exact(unfinished(instance, iterates(subject, instance, "newton", damping=case.damping)))


@claim(
    id="parallel_rnn.finite-termination.refusals",
    title="Arguments that make no sense are refused",
    statement=r"\text{another shape, nan, an unknown name, a factor outside } [0, 1], \text{ a negative limit: an "
    r"error}",
    source=SOURCE,
    role="parallel_rnn.fixed_point_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of calls that should raise and do not"),
    quantity="bad inputs accepted",
)
def bad_input_is_refused(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cell, U, x0 = gaussian_tanh(rng, 3, 8, 0.9, 0.3)
    bad = np.where(np.arange(24).reshape(8, 3) == 5, np.nan, U)
    positional = ["newton", None, 1e-10, None, 1.0, None, "auto"]

    def but(place: int, value: Any) -> tuple[Any, ...]:
        return (cell, U, x0, *positional[:place], value, *positional[place + 1 :])

    values = [
        (cell, U[:, :2], x0), (cell, bad, x0), (cell, U, x0[:2]), (cell, U, x0 + np.inf), but(0, "secant"),
        but(0, np.zeros((8, 3, 2))), but(1, U[:4]), but(1, bad), but(2, -1.0), but(3, -1), but(4, -0.1), but(4, 1.5),
        but(5, (1.0, -1.0)), but(6, "cyclic"),
    ]  # fmt: skip
    kinds = [(cell, np.zeros((8, 3), int), x0), (cell, U, np.zeros(3, object)), (cell, U.astype(complex), x0)]
    subject(cell, U, x0)
    yield exact(accepted(subject, values, ValueError) + accepted(subject, kinds, TypeError))


@claim(
    id="parallel_rnn.finite-termination.real",
    title="Finite termination holds while a network reads a real text",
    statement=r"x_t^{(n)} = x_t \text{ as floats}\quad (t \le n), \qquad T = 10\,000 \text{ tokens}",
    source=SOURCE,
    role=("parallel_rnn.fixed_point_states", "parallel_rnn.sequential_states"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=BITS + "; three Newton iterations"),
    cases=grid(cell=("tanh",)).full(cell=("tanh", "gru")),
    quantity="finished states that differ from the loop's",
)
def reading_terminates(subject: Any, loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = reading(case.cell)
    history = iterates(subject, instance, "newton", max_iter=3)
    truth = np.asarray(loop(*instance))
    yield exact(sum(int(np.count_nonzero(X[:n] != truth[:n])) for n, X in enumerate(history)))


@figure(of="parallel_rnn.finite-termination")
def exact_rows() -> Figure:
    instance = gaussian_tanh(stream("figure", "finite-termination"), 5, 64, 1.8, 0.3)
    truth = recurrence.sequential_states(*instance)
    curves = []
    for name in NAMED:
        history = recurrence.fixed_point_states(*instance, name, tol=0.0, history=True).history
        right = [int(np.argmin(np.append((truth == X).all(axis=1), False))) for X in history]
        curves.append(series(name, range(len(right)), right))
    return Figure(
        "States that are right in every bit",
        "Every iteration finishes at least one state a step; how many more depends on the matrices, and Newton's "
        "jump ahead.",
        "iterations n",
        "states from the start equal to the loop's",
        (*curves, series("n", (0, 64), (0, 64), kind="dashed")),
    )
