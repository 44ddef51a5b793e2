"""Random instances that several EMO claims share."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.methods.earth_mover import cosine_cost
from verify.methods.numerics import softmax

Floats = NDArray[np.float64]


def distribution(rng: np.random.Generator, n: int) -> Floats:
    """softmax of logits N(0, 9): from nearly uniform to nearly one-hot."""
    return np.asarray(softmax(3 * rng.normal(size=n)))


def cost_matrix(rng: np.random.Generator, n: int, kind: str) -> Floats:
    """A cosine cost (symmetric), or one uniform on [0, 2] without any symmetry, where rows and columns differ."""
    if kind == "cosine":
        return np.asarray(cosine_cost(rng.normal(size=(n, 4))))
    return rng.uniform(0, 2, (n, n))


def rational_instance(rng: np.random.Generator, n: int) -> tuple[list[Fraction], list[list[Fraction]], int]:
    """(p, C, t): a rational distribution, a rational cost of any sign and no symmetry, and a target."""
    mass = rng.integers(1, 10, n)
    top, bottom = rng.integers(-9, 10, (n, n)), rng.integers(1, 8, (n, n))
    p = [Fraction(int(m), int(mass.sum())) for m in mass]
    cost = [[Fraction(int(top[i, j]), int(bottom[i, j])) for j in range(n)] for i in range(n)]
    return p, cost, int(rng.integers(n))


def onehot(n: int, t: int) -> Floats:
    """All mass on class t."""
    return np.asarray(np.eye(n)[t])


def linear_programme(p: Any, q: Any, cost: Any) -> float:
    """The transport cost by a general solver for linear programmes (HiGHS): no code in common with POT or with us.

    By default HiGHS lets each marginal be wrong by 1e-7, which moves the value by that much; 1e-10 is the least that it
    accepts. One marginal follows from the others: it is left out, as masses that add up to 1 in another order would
    make the programme infeasible.
    """
    import scipy.sparse as sparse
    from scipy.optimize import linprog

    n, m = np.shape(cost)
    rows = sparse.kron(sparse.eye(n), np.ones((1, m)))
    columns = sparse.kron(np.ones((1, n)), sparse.eye(m))
    found = linprog(
        np.ravel(cost),
        A_eq=sparse.vstack([rows, columns]).tocsr()[:-1],
        b_eq=np.concatenate([p, q])[:-1],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.status != 0:
        raise RuntimeError(f"HiGHS: {found.message}")
    return float(found.fun)
