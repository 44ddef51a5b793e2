"""Contracting tanh networks, and what is exactly true of them, in balls of 200 bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.claims.parallel_rnn.instances import Floats, Instance, previous
from verify.methods.recurrence import TanhCell

BITS = 200
GAINS = (0.3, 0.5, 0.7, 0.77)  # below the critical gain


def contracting(rng: np.random.Generator, a: float, T: int = 40) -> Instance:
    """‖A‖_∞ = a: A positive or of both signs, inputs constant or random."""
    d = int(rng.choice([1, 2, 4, 8]))
    A = rng.uniform(0 if rng.random() < 0.5 else -1, 1, (d, d))
    A *= a / np.abs(A).sum(axis=1, keepdims=True)
    U = rng.normal(size=(T, d)) if rng.random() < 0.5 else np.tile(rng.uniform(-1, 1, d), (T, 1))
    return Instance(TanhCell(A), U, np.zeros(d))


def exact_path(instance: Instance) -> list[list[Any]]:
    """The states in 200-bit balls; x_0 and the inputs are floats, hence exact."""
    import flint

    cell, U, x0 = instance
    A, x = flint.arb_mat(cell.A.tolist()), [flint.arb(v) for v in x0.tolist()]
    path = []
    for u in U.tolist():
        product = A * flint.arb_mat([[v] for v in x])
        x = [(product[i, 0] + u[i]).tanh() for i in range(len(x))]
        path.append(x)
    return path


def error_ball(X: Floats, path: list[list[Any]]) -> Any:
    """max |X − path|, a ball."""
    import flint

    worst_error = flint.arb(0)
    for row, exact_row in zip(X.tolist(), path, strict=True):
        for value, truth in zip(row, exact_row, strict=True):
            worst_error = worst_error.max(abs(truth - value))
    return worst_error


def row_sum_ball(A: Floats) -> Any:
    """‖A‖_∞ as a ball."""
    import flint

    total = flint.arb(0)
    for row in A.tolist():
        total = total.max(sum((flint.arb(abs(v)) for v in row), flint.arb(0)))
    return total


def residual_ball(instance: Instance, X: Floats) -> Any:
    """max |R| as a ball."""
    import flint

    cell, U, x0 = instance
    A = flint.arb_mat(cell.A.tolist())
    product = A * flint.arb_mat(previous(x0, X).T.tolist())
    largest = flint.arb(0)
    for t, (u, x) in enumerate(zip(U.tolist(), X.tolist(), strict=True)):
        for i in range(len(x)):
            largest = largest.max(abs((product[i, t] + u[i]).tanh() - x[i]))
    return largest
