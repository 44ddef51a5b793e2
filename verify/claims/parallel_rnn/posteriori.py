"""Entry 3, continued: proven bounds on the error of given states."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Table, claim, grid, mutant, role, table
from verify.claims.figures import Cell
from verify.claims.parallel_rnn.balls import (
    BITS,
    GAINS,
    contracting,
    error_ball,
    exact_path,
    residual_ball,
    row_sum_ball,
)
from verify.claims.parallel_rnn.certificate import SOURCE
from verify.claims.parallel_rnn.instances import Floats, Instance, any_cell, previous, reading
from verify.evidence import Enclosure, Vacuous, at_most, ball, exact, gap, within, worst
from verify.methods import recurrence

role("parallel_rnn.error_bound", numbers="cell, U (T, m), x0 (d,), states (T, d): arrays; a float")(
    recurrence.error_bound
)


@mutant("parallel_rnn.error_bound", slip="the residual itself, without 1 / (1 − a)")
def residual_alone(cell: Any, U: Any, x0: Any, states: Any) -> float:
    return float(np.abs(cell.step(previous(x0, states), U) - states).max())


@mutant("parallel_rnn.error_bound", slip="the residual in floating point, which is 0 where the states repeat")
def residual_in_floats(cell: Any, U: Any, x0: Any, states: Any) -> float:
    a = float(np.abs(cell.origin_jacobian()).sum(axis=1).max())
    return residual_alone(cell, U, x0, states) / (1 - a) if a < 1 else math.inf


@mutant("parallel_rnn.error_bound", slip="infinity, which is always right")
def says_nothing(cell: Any, U: Any, x0: Any, states: Any) -> float:
    return math.inf


def iterates_to_judge(rng: np.random.Generator, a: float) -> Iterator[tuple[Instance, Floats]]:
    """States far from the truth, near it, and at rest in floating point."""
    instance = contracting(rng, a)
    history = recurrence.fixed_point_states(*instance, "chord", tol=0.0, history=True).history
    yield from ((instance, X) for X in (history[1], history[2], history[-1]))


@claim(
    id="parallel_rnn.newton-certificate.a-posteriori",
    title="The error bound holds, down to the last bits",
    statement=r"\|x - x^*\|_\infty \le \texttt{error\_bound}(x) \qquad \text{for any } x",
    source=SOURCE,
    role="parallel_rnn.error_bound",
    evidence=Evidence.CERTIFIED,
    region=at_most(1, because="a theorem: |e_t| ≤ a |e_{t−1}| + |R_t|; both sides are balls or rounded outward"),
    cases=grid(a=(*GAINS, 0.95), draws=(4,)).full(draws=(24,)),
    quantity="largest error / bound",
)
def bound_holds(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    ratios = []
    with flint.ctx.workprec(BITS):
        for _ in range(case.draws):
            for instance, X in iterates_to_judge(rng, case.a):
                claimed = flint.arb(float(bound(*instance, X)))
                ratios.append(error_ball(X, exact_path(instance)) / claimed)
        yield worst(map(ball, ratios))


@claim(
    id="parallel_rnn.newton-certificate.informative",
    title="The error bound is never worse than the residual over 1 − a",
    statement=r"\texttt{error\_bound}(x) \le \frac{\|R\|_\infty}{1 - a}",
    source=SOURCE,
    role="parallel_rnn.error_bound",
    evidence=Evidence.EXACT,
    region=at_most(
        1 + 1e-6, because="both are the same residual over the same number, rounded outward by 1e-9 three times"
    ),
    cases=grid(a=(*GAINS, 0.95), draws=(4,)).full(draws=(24,)),
    quantity="largest bound · (1 − a) / |R|",
)
def bound_says_something(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    ratios = []
    with flint.ctx.workprec(BITS):
        for _ in range(case.draws):
            for instance, X in iterates_to_judge(rng, case.a):
                residual = residual_ball(instance, X)
                ratios.append(float(bound(*instance, X) * (1 - row_sum_ball(instance.cell.A)) / residual))
    yield worst(exact(gap(ratio, 0.0)) for ratio in ratios)


@claim(
    id="parallel_rnn.newton-certificate.gated",
    title="For gated cells the bound holds too, and is near the truth",
    statement=r"\tfrac1{100} \le \frac{\|x - x^*\|_\infty}{\texttt{error\_bound}(x)} \le 1 \qquad \text{for a GRU "
    r"and an LSTM}",
    source=SOURCE,
    role="parallel_rnn.error_bound",
    evidence=Evidence.EXACT,
    region=within(
        0.01, 1, because="1: proven; 1/100: bounds by norms give up the signs of some tens of steps of memory, and √d"
    ),
    cases=grid(cell=("gru", "lstm"), size=(1e-12, 1e-6), T=(60,)).full(T=(60, 600)),
    quantity="error / bound, of states with errors of the stated size",
)
def gated_bound_holds(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = any_cell(rng, case.cell, 3, case.T)
    truth = in_long_double(instance)
    X = truth.astype(float) + case.size * rng.uniform(-1, 1, truth.shape)
    yield exact(gap(X, truth) / bound(*instance, X))


def in_long_double(instance: Instance) -> Any:
    """The states in the widest floats there are, by the loop."""
    if np.finfo(np.longdouble).eps == np.finfo(float).eps:
        raise Vacuous("this machine has no floats wider than 64 bits to hold the bound against")
    cell, U, x0 = instance
    wide = type(cell)(**{name: np.asarray(weights, dtype=np.longdouble) for name, weights in vars(cell).items()})
    return recurrence.sequential_states(wide, U.astype(np.longdouble), x0.astype(np.longdouble))


@cache
def long_double_path(kind: str) -> Any:
    """`in_long_double` for the network that reads the real text."""
    return in_long_double(reading(kind))


@claim(
    id="parallel_rnn.newton-certificate.real",
    title="Over 10,000 tokens of a real text the bound holds",
    statement=r"\max_{t \le 10\,000} \|x_t - x_t^*\|_\infty \le \texttt{error\_bound}(x)",
    source=SOURCE,
    role="parallel_rnn.error_bound",
    evidence=Evidence.EXACT,
    region=at_most(
        1,
        because="the bound is proven; the truth is taken from floats of 64 bits of mantissa, whose own error is 2^-11 of ours",
    ),
    cases=grid(cell=("gru",)).full(cell=("gru", "tanh")),
    quantity="|x − extended precision| over the bound",
)
def bound_holds_on_text(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = reading(case.cell)
    X = recurrence.fixed_point_states(*instance, "newton", tol=1e-13).states
    yield exact(gap(X, long_double_path(case.cell)) / bound(*instance, X))


@claim(
    id="parallel_rnn.newton-certificate.real-size",
    title="Twelve digits of 10,000 states are certified",
    statement=r"\texttt{error\_bound}(x) \le 10^{-12} \qquad (T = 10\,000)",
    source=SOURCE,
    role="parallel_rnn.error_bound",
    evidence=Evidence.EXACT,
    region=within(
        -17,
        -12,
        because="defects of one step, about 20 roundings of numbers below 8, are 2e-15; they add up over the memory "
        "of the cell, some tens of steps; nothing below half an ulp of a state can be true",
    ),
    cases=grid(cell=("tanh", "gru")),
    quantity="log10 of the proven bound",
)
def text_is_certified(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = reading(case.cell)
    X = recurrence.sequential_states(*instance)
    yield exact(np.log10(gap(bound(*instance, X), 0.0)))


@table(of="parallel_rnn.newton-certificate.real-size")
def what_is_certified() -> Table:
    rows: list[list[Cell]] = []
    for kind in ("tanh", "gru"):
        instance = reading(kind)
        bound = recurrence.error_bound(*instance, recurrence.sequential_states(*instance))
        rows.append([kind, len(instance.U), instance.cell.state_size, bound])
    return Table(
        "Reading Python's manual step by step, in double precision",
        "What rounding did over 10,000 steps is known to be less than a few units in the last place.",
        ("cell", "tokens", "state size", "proven bound on the largest error of any state"),
        rows,
    )
