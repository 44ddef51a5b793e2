"""The loop on categories: refitting frequencies to n draws is neutral Wright-Fisher drift."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from verify.methods.guards import Array, whole_number


def wright_fisher_matrix(n: int, *, exact: bool = False) -> Array:
    """P[i, j] = P(Bin(n, i/n) = j), shape (n+1, n+1), rows = from: a category with i of n draws has j in the next.

    With `exact` the entries are Fractions.

    >>> wright_fisher_matrix(2).tolist()
    [[1.0, 0.0, 0.0], [0.25, 0.5, 0.25], [0.0, 0.0, 1.0]]
    """
    n = whole_number("n", n, 1)
    if exact:
        rows = [
            [Fraction(math.comb(n, j) * i**j * (n - i) ** (n - j), n**n) for j in range(n + 1)] for i in range(n + 1)
        ]
        return np.array(rows, dtype=object)
    from scipy.special import xlog1py, xlogy

    j = np.arange(n + 1)
    p = j[:, None] / n
    log_choose = np.array([math.log(math.comb(n, k)) for k in range(n + 1)])  # of integers: no cancellation
    return np.asarray(np.exp(log_choose + xlogy(j, p) + xlog1py(n - j, -p)))


def ancestor_matrix(n: int, *, exact: bool = False) -> Array:
    """A[k-1, j-1] = S(k, j) n! / ((n-j)! n^k), shape (n, n): k values have j distinct ancestors one generation back.

    Row by row: one more value has an ancestor of its own, or shares one. All terms are positive.

    >>> ancestor_matrix(2).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    n = whole_number("n", n, 1)
    one: Any = Fraction(1) if exact else 1.0
    A = np.full((n, n), 0 * one, dtype=object if exact else float)
    A[0, 0] = one
    j = np.array([(k + 1) * one for k in range(n)])
    for k in range(1, n):
        A[k] = A[k - 1] * j / n
        A[k, 1:] += A[k - 1, :-1] * (n - j[:-1]) / n
    return A


def absorption_time(n: int, *, exact: bool = False) -> Array:
    """Mean generations until a category with i of n draws, i = 0..n, has none or all of them; shape (n+1,).

    >>> absorption_time(2).tolist()
    [0.0, 2.0, 0.0]
    """
    P = wright_fisher_matrix(n, exact=exact)
    inner = P[1:-1, 1:-1]
    if not len(inner):
        return np.asarray(P[0] * 0)
    if not exact:
        return np.concatenate([[0.0], np.linalg.solve(np.eye(len(inner)) - inner, np.ones(len(inner))), [0.0]])
    from flint import fmpq, fmpq_mat

    size = len(inner)
    entries = [fmpq(x.numerator, x.denominator) for x in inner.ravel()]
    one = fmpq_mat(size, size, [fmpq(int(i == j)) for i in range(size) for j in range(size)])
    times = (one - fmpq_mat(size, size, entries)).solve(fmpq_mat(size, 1, [fmpq(1)] * size))
    middle = [Fraction(int(times[i, 0].p), int(times[i, 0].q)) for i in range(size)]
    return np.array([Fraction(0), *middle, Fraction(0)], dtype=object)
