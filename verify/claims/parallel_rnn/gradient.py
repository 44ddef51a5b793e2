"""Entry 13, continued: the gradient through converged states, by one linear recurrence backwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.grid import stream
from verify.claims.parallel_rnn.instances import Floats, Instance, any_cell, gaussian_tanh, previous
from verify.claims.parallel_rnn.jacobians import STEP
from verify.claims.sources import RNN_DEER
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap, slope, within
from verify.methods import recurrence
from verify.methods.recurrence import TanhCell

SOURCE = RNN_DEER.at("gradients")

role(
    "parallel_rnn.adjoint_gradient",
    numbers="cell, U (T, m), x0 (d,), states, cotangents (T, d): arrays; gradients in A, U, x0",
)(recurrence.adjoint_gradient)


def backwards(
    cell: Any, U: Any, x0: Any, states: Any, cotangents: Any, *,
    transposed: bool = True, late: int = 0, checked: bool = True,
) -> Any:  # fmt: skip
    """The adjoint recurrence, step by step, with places for two mistakes; it refuses the same input."""
    if checked:
        recurrence.adjoint_gradient(cell, U, x0, states, cotangents)
    before = previous(x0, states)
    J = cell.jacobian(before, U)
    adjoint, carried = np.zeros_like(states), np.zeros(len(x0))
    for t in reversed(range(len(U))):
        adjoint[t] = cotangents[t] + carried
        use = J[max(t - late, 0)]
        carried = (use.T if transposed else use) @ adjoint[t]
    grad_U = np.einsum("tij,ti->tj", cell.input_jacobian(before, U), adjoint)
    return grad_U.T @ before if isinstance(cell, TanhCell) else None, grad_U, carried


@mutant("parallel_rnn.adjoint_gradient", slip="the Jacobian is not transposed")
def untransposed(cell: Any, U: Any, x0: Any, states: Any, cotangents: Any) -> Any:
    return backwards(cell, U, x0, states, cotangents, transposed=False)


@mutant("parallel_rnn.adjoint_gradient", slip="the adjoint uses the Jacobian of the step before")
def one_step_late(cell: Any, U: Any, x0: Any, states: Any, cotangents: Any) -> Any:
    return backwards(cell, U, x0, states, cotangents, late=1)


@mutant("parallel_rnn.adjoint_gradient", slip="truncated after one step: no recurrence")
def truncated(cell: Any, U: Any, x0: Any, states: Any, cotangents: Any) -> Any:
    recurrence.adjoint_gradient(cell, U, x0, states, cotangents)  # the same checks
    before = previous(x0, states)
    grad_U = np.einsum("tij,ti->tj", cell.input_jacobian(before, U), cotangents)
    grad_A = grad_U.T @ before if isinstance(cell, TanhCell) else None
    return grad_A, grad_U, cell.jacobian(x0, U[0]).T @ cotangents[0]


@mutant("parallel_rnn.adjoint_gradient", slip="nothing is checked at the door")
def unchecked(cell: Any, U: Any, x0: Any, states: Any, cotangents: Any) -> Any:
    return backwards(cell, U, x0, states, cotangents, checked=False)


@equivalent("parallel_rnn.adjoint_gradient", because="the same recurrence, one step after the other")
def step_by_step(cell: Any, U: Any, x0: Any, states: Any, cotangents: Any) -> Any:
    return backwards(cell, U, x0, states, cotangents)


def complex_loss(cell: Any, U: Any, x0: Any, cotangents: Floats) -> Floats:
    """Im Σ c · x over a complex step, for stacks of U or x0."""
    h, total = x0, np.zeros(np.broadcast_shapes(U.shape[:-2], x0.shape[:-1]))
    for t in range(U.shape[-2]):
        h = cell.step(h, U[..., t, :])
        total = total + np.imag(h @ cotangents[t])
    return total / STEP


def complex_gradient(instance: Instance, cotangents: Floats) -> tuple[Any, Floats, Floats]:
    """The gradient through the sequential model, by complex steps: no Jacobian and no adjoint."""
    cell, U, x0 = instance
    nudges = 1j * STEP * np.eye(U.size).reshape(U.size, *U.shape)
    grad_U = complex_loss(cell, U + nudges, x0 + 0j, cotangents).reshape(U.shape)
    grad_x0 = complex_loss(cell, U + 0j, x0 + 1j * STEP * np.eye(len(x0)), cotangents)
    grad_A = None
    if isinstance(cell, TanhCell):
        d = len(x0)
        grad_A = np.empty((d, d))
        for i in range(d):
            for j in range(d):
                nudged = TanhCell(cell.A)
                nudged.A = cell.A + 1j * STEP * np.outer(np.eye(d)[i], np.eye(d)[j])
                grad_A[i, j] = complex_loss(nudged, U + 0j, x0 + 0j, cotangents)
    return grad_A, grad_U, grad_x0


def relative_gap(found: Any, truth: Any) -> float:
    """The largest difference of any part, over the largest entry of that part."""
    parts = [(a, b) for a, b in zip(found, truth, strict=True) if b is not None]
    return max(gap(np.asarray(a) / np.abs(b).max(), b / np.abs(b).max()) for a, b in parts)


@claim(
    id="parallel_rnn.implicit-gradient.adjoint",
    title="One linear recurrence backwards at the converged states is the whole gradient",
    statement=r"g_t = c_t + J_{t+1}^\top g_{t+1}: \quad \frac{\partial \ell}{\partial u_t} = \Big(\frac{\partial "
    r"f}{\partial u}\Big)^{\!\top} g_t, \quad "
    r"\frac{\partial \ell}{\partial A} = \sum_t (1 - x_t^2) \circ g_t\; x_{t-1}^\top, \quad \frac{\partial "
    r"\ell}{\partial x_0} = J_1^\top g_1",
    source=SOURCE,
    role="parallel_rnn.adjoint_gradient",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="T = 30 steps of d products at gains near 1: some 30 · 10 eps = 7e-14 relative, and a factor 15 for "
        "chaotic instances",
    ),
    cases=grid(cell=("tanh", "gru", "lstm"), iteration=("newton", "jacobi"), T=(30,), d=(3,)).full(
        T=(30, 100), d=(3, 6)
    ),
    quantity="|gradient − complex step| over the largest entry of its part",
)
def adjoint_is_the_gradient(gradient: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = any_cell(rng, case.cell, case.d, case.T)
    cotangents = rng.normal(size=(case.T, len(instance.x0)))
    states = recurrence.fixed_point_states(*instance, case.iteration, tol=1e-14).states
    yield exact(relative_gap(gradient(*instance, states, cotangents), complex_gradient(instance, cotangents)))


@claim(
    id="parallel_rnn.implicit-gradient.first-order",
    title="At states with an error the gradient has an error of the same order, not of its square",
    statement=r"\|\hat x - x\| = \varepsilon: \qquad \|\hat g - g\| = \Theta(\varepsilon)",
    source=SOURCE,
    role="parallel_rnn.adjoint_gradient",
    evidence=Evidence.RATE,
    region=within(
        0.95,
        1.05,
        because="the next order changes the slope by some ε ≤ 1e-2; mistakes leave an error that does not shrink at "
        "all",
    ),
    cases=grid(cell=("tanh", "gru")),
    quantity="log-log slope of the gradient's error over ε = 1e-3 … 1e-7",
    refutes="Errors of the forward iteration enter the gradient quadratically.",
)
def gradient_error_is_linear(gradient: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = any_cell(rng, case.cell, 3, 30)
    cotangents, direction = rng.normal(size=(2, 30, 3))
    truth = complex_gradient(instance, cotangents)[1]
    states = recurrence.sequential_states(*instance)
    sizes = 10.0 ** np.arange(-3, -8, -1)
    errors = [gap(gradient(*instance, states + e * direction, cotangents)[1], truth) for e in sizes]
    yield exact(slope(np.log(sizes), np.log(errors)))


@claim(
    id="parallel_rnn.implicit-gradient.refusals",
    title="States and cotangents of another shape are refused",
    statement=r"\text{shape}(c) \ne (T, d),\; T = 0,\; \mathrm{nan}: \quad \text{an error}",
    source=SOURCE,
    role="parallel_rnn.adjoint_gradient",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of calls that should raise and do not"),
    quantity="bad inputs accepted",
)
def bad_gradients_are_refused(gradient: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cell, U, x0 = gaussian_tanh(rng, 3, 8, 0.9, 0.3)
    X = recurrence.sequential_states(cell, U, x0)
    calls = [
        (cell, U, x0, X[:4], X), (cell, U, x0, X, X[:, :2]), (cell, U[:0], x0, X[:0], X[:0]),
        (cell, U, x0, X, np.where(X[0, 0] == X, np.nan, X)), (cell, U, x0[:2], X, X),
    ]  # fmt: skip
    gradient(cell, U, x0, X, X)
    yield exact(accepted(gradient, calls, ValueError))


@figure(of="parallel_rnn.implicit-gradient")
def unrolled_against_implicit() -> Figure:
    instance = gaussian_tanh(stream("figure", "gradient"), 4, 120, 0.95, 0.3)
    cotangents = stream("figure", "cotangents").normal(size=(120, 4))
    truth = recurrence.adjoint_gradient(*instance, recurrence.sequential_states(*instance), cotangents)[1]
    history = recurrence.fixed_point_states(*instance, "jacobi", tol=0.0, history=True).history
    counts = [1, 2, 4, 8, 16, 32, 64]
    implicit = [gap(recurrence.adjoint_gradient(*instance, history[n], cotangents)[1], truth) for n in counts]
    unrolled = []
    for n in counts:  # backwards through n iterations: an adjoint that is cut off after n steps
        cell, U, x0 = instance
        adjoint = cotangents.copy()
        total = np.zeros_like(cotangents)
        for k in range(n):
            before = previous(x0, history[n - 1 - k])
            slope_ = 1 - cell.step(before, U) ** 2
            total += slope_ * adjoint
            adjoint = np.concatenate([np.matvec(cell.jacobian(before, U).mT, adjoint)[1:], np.zeros((1, 4))])
        unrolled.append(gap(total, truth))
    return Figure(
        "Error of the gradient after n plain iterations",
        "The implicit gradient errs like the states; the gradient through the unrolled iteration is cut off after n "
        "steps.",
        "iterations n",
        "largest error of ∂ℓ/∂u",
        (
            series(
                "states", counts, [max(gap(history[n], recurrence.sequential_states(*instance)), 1e-17) for n in counts]
            ),
            series("implicit gradient", counts, [max(e, 1e-17) for e in implicit], kind="dots"),
            series("through the unrolled iteration", counts, [max(e, 1e-17) for e in unrolled], kind="dashed"),
        ),
        x_log=True,
        y_log=True,
    )
