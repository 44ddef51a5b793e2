"""Entry 13: Jacobians in closed form, and the gradient by one linear recurrence backwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.grid import stream
from verify.claims.parallel_rnn.instances import Floats, Instance, any_cell, gated, gaussian_tanh, previous
from verify.claims.sources import RNN_ARTICLE, RNN_DEER
from verify.evidence import Enclosure, accepted, at_least, at_most, exact, exactly, gap, slope, within
from verify.methods import recurrence
from verify.methods.recurrence import GRUCell, LSTMCell, TanhCell

STEP = 2.0**-600  # of a complex step: nothing is subtracted, so it may be tiny; a power of two scales exactly


@role("parallel_rnn.cell_jacobian", numbers="cell, h (..., d), u (..., m): arrays; (..., d, d)")
def cell_jacobian(cell: Any, h: Floats, u: Floats) -> Floats:
    """∂ step / ∂ h, by the cell's own formula."""
    return np.asarray(cell.jacobian(h, u))


@mutant("parallel_rnn.cell_jacobian", slip="the update gate's path dropped: ∂z/∂h, or ∂o/∂h in an LSTM")
def without_update_gate(cell: Any, h: Floats, u: Floats) -> Floats:
    if isinstance(cell, GRUCell):
        z, _, g = cell._gates(h, u)
        return np.asarray(cell.jacobian(h, u) - ((g - h) * z * (1 - z))[..., None] * cell.Uz)
    J = np.array(cell.jacobian(h, u))
    if isinstance(cell, LSTMCell):
        _, c, i, f, g, o = cell._gates(h, u)
        d = len(cell.bo)
        J[..., :d, :d] -= (np.tanh(f * c + i * g) * o * (1 - o))[..., None] * cell.Uo
    return J


@mutant("parallel_rnn.cell_jacobian", slip="the reset gate's path dropped: ∂r/∂h")
def without_reset_gate(cell: Any, h: Floats, u: Floats) -> Floats:
    J = np.asarray(cell.jacobian(h, u))
    if isinstance(cell, GRUCell):
        z, r, g = cell._gates(h, u)
        J = J - (z * (1 - g * g))[..., None] * (cell.Uh @ ((h * r * (1 - r))[..., None] * cell.Ur))
    return J


@mutant("parallel_rnn.cell_jacobian", slip="A diag in place of diag A")
def transposed(cell: Any, h: Floats, u: Floats) -> Floats:
    return np.asarray(cell.jacobian(h, u)).mT


def complex_jacobian(cell: Any, h: Floats, u: Floats) -> Floats:
    """∂ step / ∂ h at one point, column by column, by complex steps."""
    eye = 1j * STEP * np.eye(len(h))
    return np.stack([np.imag(cell.step(h + e, u.astype(complex))) / STEP for e in eye], axis=-1)


@claim(
    id="parallel_rnn.implicit-gradient",
    title="The cells' Jacobians are the derivatives of their steps",
    statement=r"\frac{\partial f(h, u)}{\partial h} = \lim_{s \to 0} \frac{\operatorname{Im} f(h + i s\, e_j, u)}{s} "
    r"\qquad \text{tanh, GRU, LSTM}",
    source=RNN_DEER.at("Jacobians of the cells"),
    role="parallel_rnn.cell_jacobian",
    evidence=Evidence.EXACT,
    region=at_most(
        2e-13,
        because="relative to the largest entry: d products in three gates, arguments of size up to 10 enter tanh with"
        " 10 eps: 1e-14, and cancellation between gates by a factor 20",
    ),
    cases=grid(cell=("tanh", "gru", "lstm"), d=(1, 3, 6), scale=(1.0, 3.0)).full(d=(1, 3, 6, 16)),
    quantity="|formula − complex step| over the largest entry",
)
def jacobians_are_derivatives(jacobian: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cell, U, x0 = any_cell(rng, case.cell, case.d, 1, case.scale)
    truth = complex_jacobian(cell, x0, U[0])
    yield exact(gap(jacobian(cell, x0, U[0]) / np.abs(truth).max(), truth / np.abs(truth).max()))


@role("parallel_rnn.constant_matrix", numbers="GRU cell, input u (m,): arrays; (d, d)")
def constant_matrix(cell: Any, u: Floats) -> Floats:
    """½ (I + ½ U_h): the article's one matrix in place of all Jacobians of a GRU, whatever the input."""
    return np.asarray(cell.origin_jacobian())


@mutant("parallel_rnn.constant_matrix", slip="the reset gate taken as open: ½ (I + U_h)")
def open_reset(cell: Any, u: Floats) -> Floats:
    return np.asarray(0.5 * (np.eye(len(cell.Uh)) + cell.Uh))


@mutant("parallel_rnn.constant_matrix", slip="the Jacobian under the present input, which is no constant")
def present_input(cell: Any, u: Floats) -> Floats:
    return np.asarray(cell.jacobian(np.zeros(len(cell.Uh)), u))


def plain_gru(rng: np.random.Generator, d: int, m: int = 4) -> Any:
    """A GRU without biases."""
    cell = gated(rng, "gru", d, m)
    assert isinstance(cell, GRUCell)
    return GRUCell(cell.Wz, cell.Wr, cell.Wh, cell.Uz, cell.Ur, cell.Uh)


@claim(
    id="parallel_rnn.implicit-gradient.constant",
    title="The article's matrix for the GRU is exactly its Jacobian at the origin",
    statement=r"\left. \frac{\partial f}{\partial h} \right|_{h = 0,\, x = 0,\, b = 0} = \tfrac12 \big(I + \tfrac12 "
    r"U_h\big)",
    source=RNN_ARTICLE.at("the GRU"),
    role="parallel_rnn.constant_matrix",
    evidence=Evidence.EXACT,
    region=exactly(0, because="at the origin both gates are exactly 1/2, and halves of floats are floats"),
    cases=grid(d=(1, 3, 6)),
    quantity="largest difference to the complex step",
)
def constant_is_exact(constant: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cell = plain_gru(rng, case.d)
    yield exact(gap(constant(cell, np.zeros(4)), complex_jacobian(cell, np.zeros(case.d), np.zeros(4))))


@claim(
    id="parallel_rnn.implicit-gradient.constant-elsewhere",
    title="The article's matrix for the GRU is no Jacobian at a generic input",
    statement=r"x \sim N(0, 1): \qquad \Big\| \frac{\partial f}{\partial h} - \tfrac12 \big(I + \tfrac12 U_h\big) "
    r"\Big\|_\infty \ge 10^{-2}",
    source=RNN_ARTICLE.at("the GRU"),
    role="parallel_rnn.constant_matrix",
    evidence=Evidence.EXACT,
    region=at_least(1e-2, because="gates move by σ' = 1/4 of arguments of order 1; 1e-2 is a fortieth of that"),
    cases=grid(d=(1, 3, 6)),
    quantity="largest difference to the Jacobian at a random input",
)
def constant_is_no_jacobian(constant: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cell, u = plain_gru(rng, case.d), rng.normal(size=4)
    yield exact(gap(constant(cell, u), complex_jacobian(cell, np.zeros(case.d), u)))


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
    source=RNN_DEER.at("gradients"),
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
    source=RNN_DEER.at("gradients"),
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
    source=RNN_DEER.at("gradients"),
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
