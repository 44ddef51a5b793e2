"""Entry 2: how many orders an iteration gains, near the solution and for weak signals or weak recurrence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, mutant, role, series, table
from verify.claims.figures import Cell
from verify.claims.grid import stream
from verify.claims.parallel_rnn.instances import Floats, any_cell, gaussian_tanh
from verify.claims.sources import RNN_ARTICLE
from verify.evidence import Enclosure, exact, exactly, gap, slope, within, worst
from verify.methods import recurrence

SOURCE = RNN_ARTICLE.at("convergence of the iterations")
LOCAL = {"jacobi": 1, "fixed": 1, "chord": 1, "quasi": 1, "newton": 2}
WIDTH = (
    "orders are integers; over the range of ε the next order changes the slope by some ε, and half of the gap to the "
    "next integer is ten times this width"
)
STEPS = {1: np.logspace(-4, -7, 7), 2: np.logspace(-2, -5, 7), 3: np.logspace(-2, -5, 7)}  # ε by order


def one_step_errors(subject: Any, instance: Any, transition: str, direction: Floats, steps: Floats) -> Floats:
    """max |x⁽¹⁾ − x*| from x* + ε V, for every ε."""
    truth = recurrence.sequential_states(*instance)
    found = (subject(*instance, transition, init=truth + e * direction, tol=0.0, max_iter=1).states for e in steps)
    return np.array([gap(X, truth) for X in found])


def fitted(subject: Any, instance: Any, transition: str, direction: Floats, order: int) -> float:
    """The slope of log error over log ε, where the error stands clear of rounding."""
    errors = one_step_errors(subject, instance, transition, direction, STEPS[order])
    clear = errors > 1e-12
    return slope(np.log(STEPS[order][clear]), np.log(errors[clear]))


@claim(
    id="parallel_rnn.convergence-orders",
    title="Near the solution Newton's iteration is of second order, all others of first",
    statement=r"x^{(0)} = x^* + \varepsilon V: \qquad \|x^{(1)} - x^*\| = \Theta(\varepsilon^p), \qquad "
    r"p = 2 \text{ (newton)},\; 1 \text{ (jacobi, fixed, chord, quasi)}",
    source=SOURCE,
    role="parallel_rnn.fixed_point_states",
    evidence=Evidence.RATE,
    region=within(-0.05, 0.05, because=WIDTH),
    cases=grid(transition=tuple(LOCAL), cell=("tanh",), seed=(0, 1)).full(cell=("tanh", "gru"), seed=tuple(range(20))),
    quantity="slope − p over ε = 1e-2 … 1e-5 for p = 2, 1e-4 … 1e-7 for p = 1",
)
def local_order(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = any_cell(rng, case.cell, 8, 256)
    direction, order = rng.normal(size=(256, instance.cell.state_size)), LOCAL[case.transition]
    yield exact(fitted(subject, instance, case.transition, direction, order) - order)


@claim(
    id="parallel_rnn.convergence-orders.odd",
    title="At rest Newton's iteration is of third order, for tanh is odd",
    statement=r"u = 0,\; x^* = 0,\; \tanh''(0) = 0: \qquad \|x^{(1)}\| = \Theta(\varepsilon^3)",
    source=SOURCE,
    role="parallel_rnn.fixed_point_states",
    evidence=Evidence.RATE,
    region=within(-0.05, 0.05, because=WIDTH),
    cases=grid(seed=(0, 1)).full(seed=tuple(range(20))),
    quantity="slope − 3 over ε = 1e-2 … 1e-4",
)
def order_at_rest(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cell, U, x0 = gaussian_tanh(rng, 8, 256, 0.8, 0.0)
    yield exact(fitted(subject, (cell, U, 0 * x0), "newton", rng.normal(size=(256, 8)), 3) - 3)


@claim(
    id="parallel_rnn.convergence-orders.first-iterate",
    title="From zero, Newton's first iterate is that of the constant Jacobians",
    statement=r"x^{(0)} = 0,\; x_0 = 0: \qquad x^{(1)}_{\text{newton}} = x^{(1)}_{\text{chord}}",
    source=SOURCE,
    role="parallel_rnn.fixed_point_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of floats that differ: both evaluate the Jacobian at the same states"),
    cases=grid(cell=("tanh", "gru", "lstm")),
    quantity="entries of the first iterates that differ",
)
def first_iterates_agree(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cell, U, x0 = any_cell(rng, case.cell, 4, 32)
    newton, chord = (subject(cell, U, 0 * x0, name, tol=0.0, max_iter=1).states for name in ("newton", "chord"))
    yield exact(int(np.count_nonzero(newton != chord)))


@mutant("parallel_rnn.fixed_point_states", slip="the constant Jacobians taken without the inputs: chord is fixed")
def chord_without_inputs(cell: Any, U: Any, x0: Any, transition: Any = "newton", *args: Any, **options: Any) -> Any:
    name = "fixed" if isinstance(transition, str) and transition == "chord" else transition
    return recurrence.fixed_point_states(cell, U, x0, name, *args, **options)


@role("parallel_rnn.perturbation_order", numbers="transition, regime, iterations n: two words and an int; an int")
def perturbation_order(transition: str, regime: str, n: int) -> int:
    """The order in ε of the error after n iterations from 0: `joint` u = ε v with A fixed, or `weak` A = ε B, u fixed."""
    doubled = 1 << (n + 1)
    if regime == "joint":
        return {"jacobi": 1, "fixed": 2 * n + 1, "chord": 2 * n + 1, "newton": doubled - 1}[transition]
    return {"jacobi": n, "fixed": n, "chord": 2 * n, "newton": doubled - 2}[transition]


@mutant(
    "parallel_rnn.perturbation_order", slip="the constant Jacobians are believed to gain orders for small signals too"
)
def improved_everywhere(transition: str, regime: str, n: int) -> int:
    return 4 * n + 1 if (transition, regime) == ("chord", "joint") else perturbation_order(transition, regime, n)


@mutant("parallel_rnn.perturbation_order", slip="subtracting A x is believed to gain orders for weak recurrence too")
def subtracting_always_helps(transition: str, regime: str, n: int) -> int:
    return 2 * n if (transition, regime) == ("fixed", "weak") else perturbation_order(transition, regime, n)


@mutant("parallel_rnn.perturbation_order", slip="quadratic convergence counted from order one: 2^n")
def doubling_from_one(transition: str, regime: str, n: int) -> int:
    return 1 << n if transition == "newton" else perturbation_order(transition, regime, n)


METHODS = ("jacobi", "fixed", "chord", "newton")
REGIMES = ("joint", "weak")
DIGITS = 150


def measured_orders(transition: str, regime: str, seed: int, iterations: int = 3) -> list[float]:
    """Slopes of log error between ε = 1e-3 and 1e-4 after 1, 2, ... iterations, in 150 digits; d = 3, T = 12."""
    import flint

    rng = stream("instances", "perturbation", seed)
    B, V = rng.normal(size=(3, 3)), rng.uniform(-1, 1, (12, 3))
    B *= 0.8 / np.linalg.norm(B, 2)
    with flint.ctx.workdps(DIGITS):
        errors = [_errors(flint.arb, transition, regime, B, V, flint.arb(10) ** -k, iterations) for k in (3, 4)]
        return [float((a / b).log() / flint.arb(10).log()) for a, b in zip(*errors, strict=True)]


def _errors(arb: Any, transition: str, regime: str, B: Floats, V: Floats, epsilon: Any, iterations: int) -> list[Any]:
    """max |x⁽ⁿ⁾ − x*| for n = 1, 2, ..., from x_0 = 0 and x⁽⁰⁾ = 0, in balls."""
    weak = regime == "weak"
    A = [[arb(b) * epsilon if weak else arb(b) for b in row] for row in B.tolist()]
    U = [[arb(v) if weak else arb(v) * epsilon for v in row] for row in V.tolist()]
    size = range(len(A))

    def times(x: list[Any]) -> list[Any]:
        return [sum((row[j] * x[j] for j in size), arb(0)) for row in A]

    def step(x: list[Any], u: list[Any]) -> list[Any]:
        return [(a + b).tanh() for a, b in zip(times(x), u, strict=True)]

    slopes: dict[str, Callable[[list[Any], list[Any]], list[Any]]] = {
        "jacobi": lambda F, u: [arb(0)] * len(F),
        "fixed": lambda F, u: [arb(1)] * len(F),
        "chord": lambda F, u: [1 - v.tanh() ** 2 for v in u],
        "newton": lambda F, u: [1 - f * f for f in F],
    }
    zero = [arb(0)] * len(A)
    truth, x = [], zero
    for u in U:
        x = step(x, u)
        truth.append(x)
    found, X = [], [zero] * len(U)
    for _ in range(iterations):
        new, moved = [], zero  # moved = x⁽ⁿ⁾ − x⁽ⁿ⁻¹⁾ one step before
        for t, u in enumerate(U):
            F = step(X[t - 1] if t else zero, u)
            carried = [m * c for m, c in zip(slopes[transition](F, u), times(moved), strict=True)]
            new.append([f + c for f, c in zip(F, carried, strict=True)])
            moved = [a - b for a, b in zip(new[-1], X[t], strict=True)]
        X = new
        found.append(max(abs(a - b) for x, y in zip(X, truth, strict=True) for a, b in zip(x, y, strict=True)))
    return found


@claim(
    id="parallel_rnn.convergence-orders.perturbation",
    title="Subtracting A x buys two orders an iteration for small signals, and none for weak recurrence",
    statement=r"\|x^{(n)} - x^*\| = \Theta(\varepsilon^{q_n}); \quad u = \varepsilon v:\; q_n = 1,\; 2n+1,\; 2n+1,\; "
    r"2^{n+1}-1; "
    r"\quad A = \varepsilon B:\; q_n = n,\; n,\; 2n,\; 2^{n+1}-2",
    source=SOURCE,
    role="parallel_rnn.perturbation_order",
    evidence=Evidence.RATE,
    region=within(-0.05, 0.05, because=WIDTH),
    cases=grid(transition=METHODS, regime=REGIMES, seeds=(4,)).full(seeds=(20,)),
    quantity="worst of slope − q over n = 1, 2, 3, at ε = 1e-3 and 1e-4",
    refutes="Subtracting A x on both sides speeds every such iteration up, and Jacobians under the inputs more so.",
)
def perturbation_orders(order: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield worst(
        exact(gap(measured, order(case.transition, case.regime, n)))
        for seed in range(case.seeds)
        for n, measured in enumerate(measured_orders(case.transition, case.regime, seed), start=1)
    )


@figure(of="parallel_rnn.convergence-orders")
def error_after_one_step() -> Figure:
    rng = stream("figure", "orders")
    instance, direction = gaussian_tanh(rng, 8, 256, 0.8, 0.3), rng.normal(size=(256, 8))
    curves = [
        series(name, STEPS[2], one_step_errors(recurrence.fixed_point_states, instance, name, direction, STEPS[2]))
        for name in LOCAL
    ]
    return Figure(
        "Error after one iteration",
        "Newton's line is twice as steep as the others; these only differ by constants.",
        "error ε before",
        "largest error after",
        tuple(curves),
        x_log=True,
        y_log=True,
    )


@table(of="parallel_rnn.convergence-orders.perturbation")
def exponents() -> Table:
    rows: list[list[Cell]] = []
    for regime in REGIMES:
        for name in METHODS:
            slopes = measured_orders(name, regime, 0)
            predicted = [perturbation_order(name, regime, n) for n in (1, 2, 3)]
            rows.append([{"joint": "u = ε v", "weak": "A = ε B"}[regime], name, *map(str, predicted), *slopes])
    return Table(
        "Orders in ε of the error after n iterations from zero",
        "Predicted orders are integers; measured ones are slopes between ε = 1e-3 and 1e-4 in 150 digits.",
        ("regime", "iteration", "q₁", "q₂", "q₃", "measured q₁", "measured q₂", "measured q₃"),
        rows,
    )
