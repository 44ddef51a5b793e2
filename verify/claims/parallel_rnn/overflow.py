"""Entry 7: a strongly contracting path does not keep Newton's iteration from overflowing; a projection does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, series, table
from verify.claims.figures import Cell
from verify.claims.grid import stream
from verify.claims.parallel_rnn import newton
from verify.claims.parallel_rnn.instances import bistable, gaussian_tanh
from verify.claims.sources import RNN_PREDICTABILITY
from verify.evidence import Enclosure, at_least, at_most, exact, exactly, gap, within
from verify.methods import recurrence

SOURCE = RNN_PREDICTABILITY.at("depth for negative Lyapunov exponents")
WITNESS = r"x_t = \tanh(2 x_{t-1} + u_t),\; u_t \sim 0.3\, N(0, 1),\; T = 2048"
BOX = (-1.0, 1.0)
SOLVERS = ("loop", "banded", "blocked", "kogge_stone")


@claim(
    id="parallel_rnn.overflow-despite-predictability",
    title="Newton's iteration overflows at once, though neighbouring paths merge within a few steps",
    statement=WITNESS + r": \qquad x_t^{(1)} = \pm\infty \text{ for at least 500 steps } t",
    source=SOURCE,
    role="parallel_rnn.newton_states",
    evidence=Evidence.CERTIFIED,
    region=at_least(
        500,
        because="at the start, x = 0, every Jacobian is 2 (1 − tanh² u) with a mean logarithm of 0.61: products reach"
        " 1e308 after some 1170 of 2048 steps, and some 880 are left; a projected iterate has none",
    ),
    quantity="states that are infinite after one iteration",
    refutes="A negative Lyapunov exponent makes Newton's iteration safe.",
)
def overflows_at_once(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    X = np.asarray(subject(*bistable(), tol=1e-10, max_iter=1).states)
    yield exact(int(np.count_nonzero(np.isinf(X))))


@claim(
    id="parallel_rnn.overflow-despite-predictability.exponent",
    title="The path on which Newton overflows contracts by a factor of three a step or more",
    statement=WITNESS + r": \qquad \lambda \le -1",
    source=SOURCE,
    role="parallel_rnn.largest_lyapunov",
    evidence=Evidence.EXACT,
    region=within(
        -4,
        -1,
        because="near x = ±0.96, where the mean path rests, 2 (1 − x²) is 0.17; inputs move its logarithm by about "
        "0.6 each way",
    ),
    quantity="largest Lyapunov exponent",
)
def path_contracts(lyapunov: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(lyapunov(*bistable()))


@claim(
    id="parallel_rnn.overflow-despite-predictability.recovers",
    title="With F in place of nan Newton recovers from overflow, since saturated states have no Jacobian",
    statement=WITNESS + r": \qquad N \le 10 \text{ if } \infty - \infty \text{ and } 0 \cdot \infty \text{ become } "
    r"F_t",
    source=SOURCE,
    role="parallel_rnn.newton_states",
    evidence=Evidence.CERTIFIED,
    region=at_most(
        10,
        because="an infinite state saturates the next one: F = ±1 and J = 0, so that the third iterate is finite and "
        "quadratic steps follow; where nan is kept, all later states stay nan, and 1 % of them are finished "
        "in 20 iterations",
    ),
    cases=grid(solver=SOLVERS),
    quantity="iterations, 50 at most",
)
def recovers(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(int(subject(*bistable(), tol=1e-10, max_iter=50, solver=case.solver).iterations))


@claim(
    id="parallel_rnn.overflow-despite-predictability.stays-finite",
    title="Projected into the box of tanh, Newton takes at most ten iterations, with every solver",
    statement=WITNESS + r",\; x \leftarrow \mathrm{clip}(x, -1, 1): \qquad N \le 10",
    source=SOURCE,
    role="parallel_rnn.newton_states",
    evidence=Evidence.CERTIFIED,
    region=at_most(
        10,
        because="the box holds every state; from its corners four quadratic steps reach 1e-10, and the first one is "
        "spent on signs",
    ),
    cases=grid(solver=SOLVERS),
    quantity="iterations, 50 at most",
)
def projected_is_quick(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    options: dict[str, Any] = {"tol": 1e-10, "max_iter": 50, "project": BOX}
    yield exact(int(subject(*bistable(), solver=case.solver, **options).iterations))


@claim(
    id="parallel_rnn.overflow-despite-predictability.right-answer",
    title="Projected Newton arrives at the true path",
    statement=WITNESS + r": \qquad \|x^{(N)} - x^*\|_\infty \le 10^{-9}",
    source=SOURCE,
    role="parallel_rnn.newton_states",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because="residuals of 1e-10 times a sum of products of Jacobians below 10"),
    quantity="largest error",
)
def projected_is_right(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = subject(*bistable(), tol=1e-10, max_iter=50, project=BOX)
    yield exact(gap(found.states, recurrence.sequential_states(*bistable())))


@claim(
    id="parallel_rnn.overflow-despite-predictability.plain",
    title="Plain iteration needs nearly every step: the sign has to travel through the whole sequence",
    statement=WITNESS + r": \qquad N_{\mathrm{jacobi}} \ge 0.9\, T",
    source=SOURCE,
    role="parallel_rnn.jacobi_states",
    evidence=Evidence.CERTIFIED,
    region=at_least(
        0.9,
        because="from 0 the states beyond the front stay near the unstable point, or choose a wrong side; the front "
        "moves one step an iteration, and the last states join some steps before it",
    ),
    cases=grid(T=(512,)).full(T=(512, 2048)),
    quantity="iterations over T",
)
def plain_needs_every_step(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from fractions import Fraction

    yield exact(Fraction(int(subject(*bistable(case.T), tol=1e-10).iterations), case.T))


@claim(
    id="parallel_rnn.overflow-despite-predictability.projection",
    title="No component gets further from the truth by the projection",
    statement=r"|\mathrm{clip}(y, -1, 1) - x^*| \le |y - x^*| \qquad \text{in every component}",
    source=SOURCE,
    role="parallel_rnn.newton_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0, because="a count; clipping to an interval that holds x* is exact in floating point and moves towards x*"
    ),
    cases=grid(gain=(0.9, 1.5, 2.5)),
    quantity="components that got further away",
)
def projection_never_hurts(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, 6, 64, case.gain, 0.3)
    truth = recurrence.sequential_states(*instance)
    raw, projected = (subject(*instance, tol=0.0, max_iter=1, project=box).states for box in (None, BOX))
    yield exact(int(np.count_nonzero(~(np.abs(projected - truth) <= np.abs(raw - truth)))))


@claim(
    id="parallel_rnn.overflow-despite-predictability.box",
    title="No projected iterate leaves the box",
    statement=r"|x_t^{(n)}| \le 1 \qquad \text{for all } t \text{ and } n",
    source=SOURCE,
    role="parallel_rnn.newton_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0, because="a count; clipping is exact, and without it strong gains throw the first iterates far outside"
    ),
    cases=grid(gain=(1.5, 2.5)),
    quantity="states of all iterates outside of [−1, 1]",
)
def iterates_stay_in_the_box(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, 6, 64, case.gain, 0.3)
    history = subject(*instance, tol=0.0, max_iter=8, project=BOX, history=True).history
    yield exact(int(np.count_nonzero(~(np.abs(history) <= 1))))


@claim(
    id="parallel_rnn.overflow-despite-predictability.terminates",
    title="The projection keeps finite termination",
    statement=r"x_t^{(n)} = x_t \text{ as floats} \quad (t \le n)",
    source=SOURCE,
    role="parallel_rnn.newton_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of floats that differ: finished states lie inside the box and are not moved"),
    cases=grid(gain=(0.9, 2.5, 6.0)),
    quantity="finished states that differ from the loop's",
)
def projection_terminates(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, 4, 40, case.gain, 0.3)
    truth = recurrence.sequential_states(*instance)
    history = subject(*instance, tol=0.0, project=BOX, history=True).history
    wrong = sum(int(np.count_nonzero(X[:n] != truth[:n])) for n, X in enumerate(history))
    yield exact(wrong + int(np.count_nonzero(history[-1] != truth)))


@figure(of="parallel_rnn.overflow-despite-predictability")
def growth_of_the_first_iterate() -> Figure:
    cell, U, x0 = bistable()
    first = newton.newton_states(cell, U, x0, max_iter=1).states[:, 0]
    t = np.arange(1, len(U) + 1)
    shown = (np.abs(first) < 1e100) & (t % 8 == 0)
    return Figure(
        "The first Newton iterate from zero",
        "It grows by a factor of nearly two a step until it overflows, far beyond this picture; the true states "
        "never leave the strip below 1.",
        "step t",
        "|x_t|",
        (
            series("first iterate", t[shown], np.abs(first[shown])),
            series("true states", t[::8], np.abs(recurrence.sequential_states(cell, U, x0)[::8, 0])),
        ),
        y_log=True,
    )


@figure(of="parallel_rnn.overflow-despite-predictability.stays-finite")
def iterates_one_by_one() -> Figure:
    cell, U, x0 = bistable()
    history = newton.newton_states(cell, U, x0, project=BOX, history=True).history
    t = np.arange(1, 61)
    curves = [series(f"after {n}", t, history[n][:60, 0]) for n in range(1, min(5, len(history)))]
    return Figure(
        "The first sixty states after each projected iteration",
        "A few iterations settle on which side the states lie, and then their values; none leaves the box.",
        "step t",
        "x_t",
        (*curves, series("truth", t, recurrence.sequential_states(cell, U, x0)[:60, 0], kind="dots")),
    )


@table(of="parallel_rnn.overflow-despite-predictability.stays-finite")
def what_rescues() -> Table:
    """How often each way solves instances that make the raw iteration overflow; small, as the page is made in every run."""
    ways: dict[str, dict[str, Any]] = {"raw, F for nan": {}, "projected": {"project": BOX}}
    solved = dict.fromkeys([*ways, "Levenberg-Marquardt, damping 1"], 0)
    overflowed = total = 0
    for d in (4, 8):
        for gain in (1.2, 1.5, 2.0):
            for drive in (0.1, 0.4):
                instance = gaussian_tanh(stream("table", "rescue", d, gain, drive), d, 400, gain, drive)
                total += 1
                first = newton.newton_states(*instance, max_iter=1).states
                overflowed += int(not np.abs(first).max() < 1e15)
                for name, options in ways.items():
                    solved[name] += newton.newton_states(*instance, max_iter=40, **options).converged
                damped = recurrence.levenberg_marquardt_states(*instance, 1.0, max_iter=40)
                solved["Levenberg-Marquardt, damping 1"] += damped.converged
    rows: list[list[Cell]] = [["first raw iterate beyond 1e15", overflowed, total]]
    for name, count in solved.items():
        rows.append([name, count, total])
    return Table(
        "Random networks, d = 4 and 8, gains 1.2 to 2, T = 400, 40 iterations",
        "Reported, not gated: no guard rescues them all, and a fixed damping rescues fewer than the projection.",
        ("", "instances", "of"),
        rows,
    )
