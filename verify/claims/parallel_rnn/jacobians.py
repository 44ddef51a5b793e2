"""Entry 13: the Jacobians of the cells in closed form, and the one matrix that the article puts in their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.parallel_rnn.instances import Floats, any_cell, gated
from verify.claims.sources import RNN_ARTICLE, RNN_DEER
from verify.evidence import Enclosure, answered, at_least, at_most, exact, exactly, gap
from verify.methods.recurrence import GRUCell, LSTMCell

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
    yield exact(gap(answered(constant(cell, u)), complex_jacobian(cell, np.zeros(case.d), u)))
