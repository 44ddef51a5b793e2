"""Entry 5: subtracting A x on both sides can turn an iteration that ends after five steps into one that needs them all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Field, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.parallel_rnn import jacobi
from verify.claims.parallel_rnn.instances import Floats, Instance, scalar
from verify.claims.sources import RNN_ARTICLE
from verify.evidence import Enclosure, answered, at_least, at_most, exact, gap, slope, within, worst
from verify.methods import recurrence

SOURCE = RNN_ARTICLE.at("subtracting A x on both sides, the key step")
HELPS = "Subtracting A x_{t−1} on both sides is what makes the iteration converge fast; ‖A‖ < 1 is enough."


@role(
    "parallel_rnn.subtracting_states",
    numbers="cell, U (T, m), x0 (d,), options of fixed_point_states by name: arrays; a result with history and "
    "iterations",
)
def subtracting_states(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    """`fixed_point_states` with the one matrix at zero state, input and biases: A for a tanh cell."""
    return recurrence.fixed_point_states(cell, U, x0, "fixed", **options)


@mutant("parallel_rnn.subtracting_states", slip="plain iteration passed off as the article's")
def jacobi_as_fixed(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return recurrence.fixed_point_states(cell, U, x0, "jacobi", **options)


@mutant("parallel_rnn.subtracting_states", slip="the improved form passed off as the first one")
def chord_as_fixed(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return recurrence.fixed_point_states(cell, U, x0, "chord", **options)


@equivalent(
    "parallel_rnn.subtracting_states", because="the same recurrence, solved by LAPACK in place of chunks or the reverse"
)
def another_solver(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return recurrence.fixed_point_states(cell, U, x0, "fixed", solver="loop", **options)


HURT = scalar(0.9, 3.0, 200)
HELPED = scalar(0.9, 0.01, 200)


@claim(
    id="parallel_rnn.subtracting-ax-can-hurt",
    title="Subtracting A x can need all T steps where plain iteration needs five",
    statement=r"x_t = \tanh(0.9\, x_{t-1} + 3),\; T = 200: \qquad N_{\mathrm{fixed}} \ge 190",
    source=SOURCE,
    role="parallel_rnn.subtracting_states",
    evidence=Evidence.CERTIFIED,
    region=at_least(
        190,
        because="the iteration expands by a(1 − s)/(1 − a) = 8.97 until it runs out of steps; 10 less for rows near "
        "the end, where the errors have not grown",
    ),
    quantity="iterations to residuals of 1e-12",
    refutes=HELPS,
)
def needs_every_step(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(int(subject(*HURT, tol=1e-12).iterations))


@claim(
    id="parallel_rnn.subtracting-ax-can-hurt.plain",
    title="Plain iteration needs at most six iterations where subtracting A x needs all",
    statement=r"x_t = \tanh(0.9\, x_{t-1} + 3),\; T = 200: \qquad N_{\mathrm{jacobi}} \le 6",
    source=SOURCE,
    role="parallel_rnn.jacobi_states",
    evidence=Evidence.CERTIFIED,
    region=at_most(
        6,
        because="it contracts by a s = 1.5e-3 at the fixed point: 1e-12 after log(1e-12) / log(1.5e-3) = 4.3 "
        "iterations, and one or two until it is there",
    ),
    quantity="iterations to residuals of 1e-12",
)
def plain_needs_five(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(int(subject(*HURT, tol=1e-12).iterations))


@claim(
    id="parallel_rnn.subtracting-ax-can-hurt.peak",
    title="On the way the error of the article's iteration passes 10^40",
    statement=r"\max_{n, t} |e_t^{(n)}| \ge 10^{40}",
    source=SOURCE,
    role="parallel_rnn.subtracting_states",
    evidence=Evidence.EXACT,
    region=at_least(
        40,
        because="to first order the error after n iterations is (a (1 − s))^n times the sum of C(n + k − 1, k) a^k over k ≤ "
        "200 − n, since every iteration finishes one more state: 10^49 at n = 100; mistakes stay below 1",
    ),
    quantity="log10 of the largest error",
)
def error_explodes(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    history = subject(*HURT, tol=1e-12, history=True).history
    yield exact(math.log10(max(gap(answered(X), recurrence.sequential_states(*HURT)) for X in history)))


@claim(
    id="parallel_rnn.subtracting-ax-can-hurt.helps",
    title="For weak inputs subtracting A x helps: a tenth of the iterations",
    statement=r"x_t = \tanh(0.9\, x_{t-1} + 0.01),\; T = 200: \qquad N_{\mathrm{fixed}} \le 12, \quad "
    r"N_{\mathrm{jacobi}} \approx 200",
    source=SOURCE,
    role="parallel_rnn.subtracting_states",
    evidence=Evidence.CERTIFIED,
    region=at_most(
        12,
        because="at the fixed point 0.08 it contracts by a(1 − s)/(1 − a) = 0.065: 1e-12 after 10.1 iterations, two "
        "more for the start; the plain iteration passed off for it needs 200, the improved form 6",
    ),
    quantity="iterations to residuals of 1e-12",
)
def helps_for_weak_inputs(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(int(subject(*HELPED, tol=1e-12).iterations))


@role("parallel_rnn.fixed_rate", numbers="a, s = 1 − x*²: floats; a float")
def fixed_rate(a: float, s: float) -> float:
    """a (1 − s) / (1 − a): the factor by which the error shrinks or grows, far from the start of a long sequence."""
    return a * (1 - s) / (1 - a)


@mutant("parallel_rnn.fixed_rate", slip="one step alone: the factor 1 / (1 − a) is missing")
def one_step_only(a: float, s: float) -> float:
    return a * (1 - s)


@mutant("parallel_rnn.fixed_rate", slip="the plain iteration's factor a s")
def plain_rate(a: float, s: float) -> float:
    return a * s


def stationary(a: float, u: float, steps: int = 10_000) -> float:
    """s = 1 − x*² at the fixed point x* = tanh(a x* + u), after so many steps towards it."""
    x = 0.0
    for _ in range(steps):
        x = math.tanh(a * x + u)
    return 1 - x * x


def fitted_factor(instance: Instance) -> float:
    """The factor an iteration of the error at the end of the sequence, where it lies in 1e-12 … 1e-2."""
    truth = recurrence.sequential_states(*instance)
    history = subtracting_states(*instance, tol=0.0, history=True, max_iter=100).history
    errors = np.array([abs(float(X[-1, 0] - truth[-1, 0])) for X in history])
    window = np.flatnonzero((errors < 1e-2) & (errors > 1e-12))
    return math.exp(slope(window, np.log(errors[window])))


@claim(
    id="parallel_rnn.subtracting-ax-can-hurt.rate",
    title="Subtracting A x contracts by a(1 − s)/(1 − a), which may exceed 1 although |a| < 1",
    statement=r"q = \frac{a\,(1 - s)}{1 - a}, \quad s = 1 - (x^*)^2; \qquad q > 1 \iff a\,(2 - s) > 1",
    source=SOURCE,
    role="parallel_rnn.fixed_rate",
    evidence=Evidence.RATE,
    region=within(
        0.97,
        1.03,
        because="errors from 1e-2 on are linear up to 1 %, and the start of the sequence is 400 steps away; mistakes "
        "are off by 30 % at least",
    ),
    cases=grid(a=(0.3, 0.45), u=(1.0, 3.0)).full(a=(0.2, 0.3, 0.4, 0.45), u=(0.5, 1.0, 2.0, 3.0)),
    quantity="fitted factor / q",
)
def factor_is_known(rate: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    q = rate(case.a, stationary(case.a, case.u))
    yield exact(gap(fitted_factor(scalar(case.a, case.u, 400)) / q, 0.0))


@claim(
    id="parallel_rnn.subtracting-ax-can-hurt.matrices",
    title="Subtracting A x hurts random networks under strong inputs, too",
    statement=r"\|A\|_2 = 0.9,\; d = 4,\; u \sim 3 N(0, 1): \qquad N_{\mathrm{fixed}} \ge 2\, N_{\mathrm{jacobi}} "
    r"\text{ for some } A",
    source=SOURCE,
    role="parallel_rnn.subtracting_states",
    evidence=Evidence.EXACT,
    region=at_least(
        2,
        because="plain iteration itself has the ratio 1; saturated units have s near 0, where it contracts by a s, "
        "and the other by no better than a(1 − s), so that some networks differ by far more than 2",
    ),
    cases=grid(draws=(4,)).full(draws=(40,)),
    quantity="largest ratio of iterations to residuals of 1e-10",
    refutes=HELPS,
)
def hurts_networks(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def ratio() -> Enclosure:
        instance = jacobi.of_norm(rng, 4, 200, 0.9)
        strong = Instance(instance.cell, 10 * instance.U, instance.x0)
        counts = [int(f(*strong, tol=1e-10).iterations) for f in (subject, jacobi.jacobi_states)]
        return exact(Fraction(*counts))

    yield worst(ratio() for _ in range(case.draws))


def iterations_map(a: Floats, u: Floats, T: int) -> Floats:
    """log10 of iterations of `fixed` over those of `jacobi`, rows by u, columns by a."""
    counts = np.empty((len(u), len(a)))
    for i, drive in enumerate(u):
        for j, gain in enumerate(a):
            instance = scalar(float(gain), float(drive), T)
            fixed, plain = (f(*instance, tol=1e-8).iterations for f in (subtracting_states, jacobi.jacobi_states))
            counts[i, j] = math.log10(fixed / plain)
    return counts


@figure(of="parallel_rnn.subtracting-ax-can-hurt")
def where_it_hurts() -> Figure:
    a, u = np.linspace(0.05, 0.95, 19), np.linspace(0.05, 3.0, 16)
    gains, edge = np.linspace(0.51, 0.95, 23), []
    for gain in gains:
        low, high = 0.0, 6.0  # a (2 − s) grows with u
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if gain * (2 - stationary(gain, middle, 200)) > 1 else (middle, high)
        edge.append(low)
    shown = [(g, e) for g, e in zip(gains, edge, strict=True) if e < 3]
    return Figure(
        "Subtracting A x against plain iteration, T = 60",
        "Subtracting helps for weak inputs and slow decay; beyond the curve it expands, and needs every step there is.",
        "a",
        "u",
        (series("a (2 − s) = 1", *zip(*shown, strict=True)),),
        field=Field(
            tuple(a), tuple(u), tuple(map(tuple, iterations_map(a, u, 60))), "log10 (iterations fixed / jacobi)"
        ),
    )
