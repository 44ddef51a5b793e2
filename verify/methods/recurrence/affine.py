"""Affine recurrences s_t = A_t s_{t-1} + b_t: six ways through them."""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np

from verify.methods.guards import one_of, refuse
from verify.methods.recurrence.arrays import as_array, matvec, namespace, numbers
from verify.methods.recurrence.trees import TREES, tree_plan

Element = tuple[Any, Any]
METHODS = ("auto", "loop", "banded", "blocked", *TREES)


def affine_compose(later: Element, earlier: Element) -> Element:
    """The map `later` after `earlier`: (A2, b2) after (A1, b1) is (A2 A1, A2 b1 + b2); later stands on the left.

    Shapes: A (..., d, d), or (..., d) for diagonal matrices; b (..., d). Associative, but not commutative. Arrays of
    fractions (dtype object) are composed exactly.

    TypeError: integers or other objects. ValueError: shapes that do not fit, entries that are not finite.

    Source: Blelloch 1990, section 1.4.

    >>> A, b = affine_compose((np.array([[2.0]]), np.array([1.0])), (np.array([[3.0]]), np.array([5.0])))
    >>> float(A[0, 0]), float(b[0])
    (6.0, 11.0)
    """
    xp = namespace(*later, *earlier)
    A2, b2 = _element(xp, "later", later)
    A1, b1 = _element(xp, "earlier", earlier)
    if A2.shape[-1] != A1.shape[-1] or (A2.ndim == b2.ndim) != (A1.ndim == b1.ndim):
        refuse(
            f"later has A of shape {tuple(A2.shape)} and earlier {tuple(A1.shape)}",
            "both are diagonal or neither, of one size",
            "write diagonal matrices out if they meet full ones",
        )
    return _compose((A2, b2), (A1, b1))


def affine_scan(A: Any, b: Any, s0: Any, method: str = "auto") -> Any:
    """s_1, ..., s_T of s_t = A_t s_{t-1} + b_t, shape (T, d).

    Shapes: A (T, d, d), or (T, d) for diagonal matrices; b (T, d); s0 (d,). Methods:

    - "loop": one step after the other, 2 d^2 operations a step;
    - "banded": one unit triangular banded system, solved by LAPACK without a loop in Python; NumPy arrays only;
    - "blocked": about sqrt(T) chunks side by side, then their carries, then the chunks again; O(T d^3);
    - "sklansky", "kogge_stone", "odd_even": the trees of `scan_cost`, O(d^3) an application;
    - "auto": banded for d <= 4, blocked for diagonal matrices and for d <= 16, else the loop; on other kinds of arrays
      odd_even.

    All agree up to rounding where products of the A_t stay moderate. Where they grow, a tree may subtract equal large
    numbers and lose everything: x_t = 2 x_{t-1} - 1 from x_0 = 1 is 1 for ever in the loop, and 0 from t = 65 on by
    Kogge and Stone's tree. Arrays of fractions are exact in every method but "banded".

    TypeError: integers or other objects, arrays of two kinds. ValueError: shapes, entries that are not finite, an
    unknown method.

    >>> affine_scan(np.full((3, 1), 2.0), np.ones((3, 1)), np.zeros(1)).ravel().tolist()
    [1.0, 3.0, 7.0]
    """
    xp = namespace(A, b, s0)
    A, b, s0 = (as_array(xp, x) for x in (A, b, s0))
    shape = ("T", "d") if A.ndim == 2 else ("T", "d", "d")
    A, b = numbers(xp, "A", A, shape), numbers(xp, "b", b, ("T", "d"))
    if A.shape[:2] != b.shape:
        refuse(f"A has shape {tuple(A.shape)} and b {tuple(b.shape)}", "T and d must agree", "check the order of axes")
    s0 = numbers(xp, "s0", s0, (int(b.shape[1]),))
    check_method(method)
    if 0 in b.shape:
        return b[:, :] + 0 * s0
    with np.errstate(all="ignore"):
        first = _apply(A[:1, ...], s0[None, :]) + b[:1, :]
        return solve(xp, A, xp.concat([first, b[1:, :]]), method, overwrite_b=True)


def check_method(method: Any) -> None:
    """ValueError for a method that does not exist."""
    one_of("method", method, METHODS)


def solve(xp: Any, A: Any, b: Any, method: str, *, overwrite_b: bool = False) -> Any:
    """The scan without checks, and with s_0 already taken into b_1: s_1 = b_1. A_1 is not used.

    `overwrite_b` allows the result to be written where b is.
    """
    if method == "auto":
        method = _choose(xp, A, b)
    if method == "loop":
        return _loop(xp, A, b)
    if method == "banded":
        return _banded(xp, A, b, overwrite_b)
    if method == "blocked":
        return _blocked(xp, A, b)
    return _tree(xp, A, b, method)


def _choose(xp: Any, A: Any, b: Any) -> str:
    if xp is not np:
        return "odd_even"
    if b.dtype == object or (A.ndim == 3 and A.shape[1] > 16):
        return "loop"
    return "banded" if A.ndim == 3 and A.shape[1] <= 4 and b.dtype.char in "fd" else "blocked"


def _apply(A: Any, s: Any) -> Any:
    """A s, where A is diagonal if it has as many axes as s."""
    return A * s if A.ndim == s.ndim else matvec(A, s)


def _compose(later: Element, earlier: Element) -> Element:
    (A2, b2), (A1, b1) = later, earlier
    return (A2 * A1 if A2.ndim == b2.ndim else A2 @ A1), _apply(A2, b1) + b2


def _loop(xp: Any, A: Any, b: Any) -> Any:
    rows = [b[0, :]]
    for t in range(1, b.shape[0]):
        rows.append(_apply(A[t, ...], rows[-1]) + b[t, :])
    return xp.stack(rows)


def _banded(xp: Any, A: Any, b: Any, overwrite_b: bool) -> Any:
    """(I - shift A) s = b: unit lower triangular, of bandwidth 2 d - 1, or 1 mode by mode where A is diagonal."""
    if xp is not np or b.dtype.char not in "fd":
        found = f"b is of {xp.__name__} and dtype {b.dtype}"
        refuse(
            found, "'banded' is LAPACK's, for NumPy arrays of float32 or float64", "choose another method", TypeError
        )
    from scipy.linalg import lapack

    T, d = b.shape
    if A.ndim == 2:
        band = np.zeros((2, d, T), dtype=b.dtype)
        np.negative(A[1:].T, out=band[1, :, :-1])  # 0 between the end of one mode and the start of the next
        band, right, overwrite_b = band.reshape(2, d * T), b.T.copy(), True
    else:
        band, right = np.zeros((2 * d, T * d), dtype=b.dtype, order="F"), b
        for i in range(d):
            for j in range(d):
                np.negative(A[1:, i, j], out=band[d + i - j, j : (T - 1) * d : d])
    trtrs = lapack.stbtrs if b.dtype.char == "f" else lapack.dtbtrs
    s, info = trtrs(band, right.reshape(-1, 1), uplo="L", diag="U", overwrite_b=overwrite_b)
    if info:
        raise RuntimeError(f"LAPACK's tbtrs returned info={info}")
    return np.ascontiguousarray(s.reshape(d, T).T) if A.ndim == 2 else s.reshape(T, d)


def _blocked(xp: Any, A: Any, b: Any) -> Any:
    """Chunks of equal length, all first steps together, then all second steps, and so on."""
    T, d = b.shape
    length = max(1, isqrt(T))
    chunks = -(-T // length)
    pad = chunks * length - T
    if pad:
        A = xp.concat([A, xp.zeros_like(A[:pad, ...])])
        b = xp.concat([b, xp.zeros_like(b[:pad, :])])
    A = xp.reshape(A, (chunks, length, *A.shape[1:]))
    b = xp.reshape(b, (chunks, length, d))
    product, offset = A[:, 0, ...], b[:, 0, :]
    for step in range(1, length):
        product, offset = _compose((A[:, step, ...], b[:, step, :]), (product, offset))
    carry = [xp.zeros_like(offset[0, :])]
    for chunk in range(chunks - 1):
        carry.append(_apply(product[chunk, ...], carry[-1]) + offset[chunk, :])
    rows = [_apply(A[:, 0, ...], xp.stack(carry)) + b[:, 0, :]]
    for step in range(1, length):
        rows.append(_apply(A[:, step, ...], rows[-1]) + b[:, step, :])
    return xp.reshape(xp.stack(rows, axis=1), (chunks * length, d))[:T, :]


def _tree(xp: Any, A: Any, b: Any, method: str) -> Any:
    if xp is np:
        A, b = A.copy(), b.copy()
    for later, earlier in tree_plan(b.shape[0], method):
        # composed from what stood there before the level, and only then put in place
        A2, b2 = _compose((_rows(xp, A, later), _rows(xp, b, later)), (_rows(xp, A, earlier), _rows(xp, b, earlier)))
        A, b = _put(xp, A, later, A2), _put(xp, b, later, b2)
    return b


def _rows(xp: Any, array: Any, places: Any) -> Any:
    return array[places] if xp is np else xp.take(array, _index(xp, array, places), axis=0)


def _put(xp: Any, array: Any, places: Any, rows: Any) -> Any:
    """`array` with `rows` at `places`; in place where arrays can be written to."""
    if xp is np:
        array[places] = rows
        return array
    order = np.arange(array.shape[0])
    order[places] = array.shape[0] + np.arange(len(places))
    return xp.take(xp.concat([array, rows]), _index(xp, array, order), axis=0)


def _index(xp: Any, array: Any, places: Any) -> Any:
    from array_api_compat import device

    return xp.asarray(places.tolist(), device=device(array), dtype=xp.int64)


def _element(xp: Any, name: str, element: Element) -> Element:
    A, b = (as_array(xp, part) for part in element)
    A, b = numbers(xp, f"A of {name}", A), numbers(xp, f"b of {name}", b)
    full = A.ndim == b.ndim + 1 and A.ndim >= 2 and A.shape[-2] == A.shape[-1]
    if not (full or A.ndim == b.ndim >= 1) or A.shape[-1] != b.shape[-1]:
        refuse(
            f"{name} has A of shape {tuple(A.shape)} and b of shape {tuple(b.shape)}",
            "A is (..., d, d), or (..., d) if diagonal, and b (..., d)",
            "check the order of axes",
        )
    return A, b
