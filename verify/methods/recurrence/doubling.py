"""A linear recurrence whose matrix is the same in every step: recursive doubling, without products of matrices over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.methods.recurrence.arrays import as_array, namespace, numbers


def doubling_scan(A: Any, b: Any, s0: Any) -> Any:
    """s_1, ..., s_T of s_t = A s_{t-1} + b_t with one matrix A, shape (T, d).

    After the level with stride k = 1, 2, 4, ... below T, s_t holds the last 2 k terms of sum_j A^j b_{t-j}: it takes over
    A^k s_{t-k}. Shapes: A (d, d), or (d,) for a diagonal matrix; b (T, d); s0 (d,).

    There are ceil(log2 T) levels, each one product of about T d^2 multiplications, and d^3 for squaring A^k; a scan of
    T different matrices multiplies matrices over time, T d^3 a level. It adds up in the order of Kogge and Stone's tree,
    and loses as much as that where powers of A grow. Arrays of fractions are exact. Diagonal recurrences may be complex.

    TypeError: integers or other objects, arrays of two kinds, complex numbers where A is not diagonal. ValueError:
    shapes, entries that are not finite.

    Source: Kogge and Stone 1973.

    >>> doubling_scan(np.array([2.0]), np.ones((4, 1)), np.zeros(1)).ravel().tolist()
    [1.0, 3.0, 7.0, 15.0]
    """
    xp = namespace(A, b, s0)
    A, b, s0 = (as_array(xp, x) for x in (A, b, s0))
    diagonal = A.ndim == 1
    A = numbers(xp, "A", A, ("d",) if diagonal else ("d", "d"), complex_too=diagonal)
    d = int(A.shape[0])
    b, s0 = (numbers(xp, n, x, s, complex_too=diagonal) for n, x, s in (("b", b, ("T", d)), ("s0", s0, (d,))))
    if 0 in b.shape:
        return b + 0 * s0
    with np.errstate(all="ignore"):
        s, power = xp.concat([b[:1, :] + _applied(A, s0[None, :]), b[1:, :]]), A
        for level in range((int(b.shape[0]) - 1).bit_length()):
            stride = 1 << level
            if level:
                power = power * power if diagonal else power @ power
            s = xp.concat([s[:stride, :], s[stride:, :] + _applied(power, s[:-stride, :])])
    return s


def _applied(A: Any, rows: Any) -> Any:
    """A s for every row s."""
    return rows * A if A.ndim == 1 else rows @ A.mT
