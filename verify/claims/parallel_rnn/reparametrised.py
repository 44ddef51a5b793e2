"""Entry 12, continued: the article's model with two free matrices, which is the same network in other coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.parallel_rnn.eigenbasis import SOURCE
from verify.claims.parallel_rnn.instances import Floats, Instance
from verify.evidence import Enclosure, at_most, exact, gap
from verify.methods import recurrence
from verify.methods.recurrence import TanhCell


@role("parallel_rnn.reparametrised_states", numbers="P, Q (d, d), U (T, d), y0 (d,): arrays; states y (T, d)")
def reparametrised_states(P: Floats, Q: Floats, U: Floats, y0: Floats) -> Floats:
    """y_t = P tanh(Q y_{t−1} + u_t): the article's free model, which is an RNN in x = P⁻¹ y with the matrix Q P."""
    states, y = np.empty_like(U), y0
    for t, u in enumerate(U):
        states[t] = y = P @ np.tanh(Q @ y + u)
    return states


@mutant("parallel_rnn.reparametrised_states", slip="the input added outside of tanh")
def input_outside(P: Floats, Q: Floats, U: Floats, y0: Floats) -> Floats:
    states, y = np.empty_like(U), y0
    for t, u in enumerate(U):
        states[t] = y = P @ np.tanh(Q @ y) + u
    return states


@mutant("parallel_rnn.reparametrised_states", slip="the roles of P and Q exchanged")
def exchanged(P: Floats, Q: Floats, U: Floats, y0: Floats) -> Floats:
    return reparametrised_states(Q, P, U, y0)


@claim(
    id="parallel_rnn.diagonalisation.reparametrised",
    title="The model with free P and Q is the same RNN in other coordinates",
    statement=r"y_t = P \tanh(Q y_{t-1} + u_t),\; x = P^{-1} y: \qquad x_t = \tanh(A x_{t-1} + u_t), \quad A = QP",
    source=SOURCE,
    role="parallel_rnn.reparametrised_states",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="κ(P) of some ten, times 50 contracting steps of d = 4 products: 1e2 · 10 · eps"),
    cases=grid(seed=(0, 1)).full(seed=tuple(range(10))),
    quantity="largest difference",
)
def models_are_one(model: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    P = np.eye(4) + 0.3 * rng.normal(size=(4, 4)) / 2
    A = 0.5 * rng.normal(size=(4, 4)) / 2
    instance = Instance(TanhCell(A), 0.5 * rng.normal(size=(50, 4)), rng.uniform(-1, 1, 4))
    found = model(P, A @ np.linalg.inv(P), instance.U, P @ instance.x0)
    yield exact(gap(np.linalg.solve(P, found.T).T, recurrence.sequential_states(*instance)))
