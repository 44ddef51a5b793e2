"""Shared numerics: exponentials that do not overflow, square roots and distances of covariance matrices.

Matrix functions work on the last two axes and broadcast over the others; results are float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, finite_array, refuse


def softmax(x: ArrayLike, axis: int = -1) -> Array:
    """exp(x_i) / sum_j exp(x_j) along `axis`, in the precision of `x` (integers become float64).

    Complex input is allowed for complex-step differentiation: the maximum that is subtracted is that of the real
    part, which makes the function analytic. An entry -inf has probability 0; a slice of nothing but -inf gives nan.

    >>> softmax([0.0, np.log(3.0)]).round(12).tolist()
    [0.25, 0.75]
    """
    weights, _ = _shifted_exp(x, axis)
    with np.errstate(invalid="ignore"):
        weights /= weights.sum(axis=axis, keepdims=True)
    return weights


def logsumexp(x: ArrayLike, axis: int = -1, *, keepdims: bool = False) -> Array:
    """log sum_j exp(x_j) along `axis`, in nats and in the precision of `x`; a slice of nothing but -inf gives -inf.

    Complex input as in `softmax`.

    >>> float(logsumexp([1000.0, 1000.0])) == float(1000.0 + np.log(2.0))
    True
    """
    weights, top = _shifted_exp(x, axis)
    with np.errstate(divide="ignore"):
        result = np.log(weights.sum(axis=axis, keepdims=True)) + top
    return result if keepdims else np.asarray(np.squeeze(result, axis=axis))[()]


def _shifted_exp(x: ArrayLike, axis: int) -> tuple[Array, Array]:
    """exp(x - top), a new array, and top, the largest real part along `axis` (0 where that is infinite)."""
    x = np.asarray(x)
    if x.dtype.kind not in "fc":
        x = x.astype(np.float64)
    top = x.real.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, top.dtype.type(0))
    with np.errstate(over="ignore"):  # logits further apart than the largest float: the smaller one weighs nothing
        shifted = x - top
        return np.exp(shifted, out=shifted), top


def rescaled(*arrays: Array, least: float, most: float) -> tuple[tuple[Array, ...], int]:
    """(arrays / 2^e, e), exactly: in a unit in which their largest entry lies in [1/2, 1).

    Where its size already lies between `least` and `most`, or all entries are 0, they are returned themselves, with e = 0.

    >>> rescaled(np.array([3e200]), least=1e-100, most=1e100)[1]
    666
    """
    largest = max(max(float(x.max(initial=0.0)), -float(x.min(initial=0.0))) for x in arrays)
    if not largest or least < largest < most:
        return arrays, 0
    exponent = int(np.frexp(largest)[1])
    return tuple(np.ldexp(x, -exponent) for x in arrays), exponent


def spd_sqrt(matrix: ArrayLike) -> Array:
    """The symmetric positive semi-definite square root of symmetric positive semi-definite matrices (..., d, d).

    Eigenvalues that rounding made negative count as 0. Accuracy is that of square roots: absolute errors about
    sqrt(machine epsilon * |A|) in directions where A is singular, and about epsilon * sqrt(|A|) elsewhere.

    ValueError: not square, not finite, not symmetric, or an eigenvalue below -1e-8 times the largest one.

    >>> spd_sqrt([[4.0, 0.0], [0.0, 9.0]]).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    values, vectors = np.linalg.eigh(_symmetric("matrix", matrix))
    largest = np.abs(values).max(axis=-1, keepdims=True)
    if (values < -1e-8 * largest).any():  # half of the digits: no rounding of a covariance does this
        refuse(f"matrix has the eigenvalue {values.min()}", "none may be negative", "check that it is a covariance")
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]) @ vectors.mT)


def geometric_mean(A: ArrayLike, B: ArrayLike) -> Array:
    """The geometric mean A # B = A^1/2 (A^-1/2 B A^-1/2)^1/2 A^1/2; A positive definite, B semi-definite, (..., d, d).

    The symmetric solution G of G A^-1 G = B. Computed as L (L^-1 B L^-T)^1/2 L^T with A = L L^T, which is the same
    matrix because the mean commutes with congruences. numpy.linalg.LinAlgError, a ValueError, where A is not positive
    definite.

    Source: Bhatia, Positive Definite Matrices, 2007, chapter 4.

    >>> geometric_mean(np.eye(2), np.diag([4.0, 9.0])).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    L = np.linalg.cholesky(_symmetric("A", A))
    B = _symmetric("B", B)
    inner = np.linalg.solve(L, np.linalg.solve(L, B).mT)
    root = spd_sqrt((inner + inner.mT) / 2)
    G = L @ root @ L.mT
    return np.asarray((G + G.mT) / 2)


def fidelity(A: ArrayLike, B: ArrayLike) -> Array:
    """tr (A^1/2 B A^1/2)^1/2 of positive semi-definite matrices (..., d, d), shape (...).

    It is the sum of the singular values of A^1/2 B^1/2: no root is taken of a small difference.

    >>> float(fidelity(np.diag([4.0, 1.0]), np.diag([9.0, 0.0])))
    6.0
    """
    return factor_fidelity(spd_sqrt(A), spd_sqrt(B))


def factor_fidelity(X: ArrayLike, Y: ArrayLike) -> Array:
    """`fidelity` of A = X^T X and B = Y^T Y from the factors X (..., n, d) and Y (..., m, d), shape (...).

    The sum of the singular values of X Y^T, accurate to rounding even where A and B are singular.

    >>> float(factor_fidelity([[3.0, 0.0]], [[2.0, 5.0]]))
    6.0
    """
    X, Y = finite_array("X", X), finite_array("Y", Y)
    return np.asarray(np.linalg.svd(X @ Y.mT, compute_uv=False).sum(axis=-1))[()]


def bures_distance2(A: ArrayLike, B: ArrayLike) -> Array:
    """The squared Bures distance tr A + tr B - 2 tr (A^1/2 B A^1/2)^1/2 of covariances (..., d, d), shape (...).

    The squared 2-Wasserstein distance of centred Gaussians with these covariances; never negative.

    Source: Gelbrich 1990.

    >>> float(bures_distance2([[4.0]], [[9.0]]))
    1.0
    """
    A, B = finite_array("A", A), finite_array("B", B)
    traces = np.trace(A, axis1=-2, axis2=-1) + np.trace(B, axis1=-2, axis2=-1)
    return np.asarray(np.maximum(traces - 2 * fidelity(A, B), 0.0))[()]


def _symmetric(name: str, matrix: ArrayLike) -> Array:
    """Finite, square, and symmetric up to 1e-8 of the largest entry."""
    array = finite_array(name, matrix)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2] or array.size == 0:
        refuse(f"{name} has shape {array.shape}", "(..., d, d) is needed, not empty", "give square matrices")
    if np.abs(array - array.mT).max() > 1e-8 * np.abs(array).max():
        refuse(
            f"{name} is not symmetric", "a symmetric matrix is needed", f"use ({name} + {name}.T) / 2 if that is meant"
        )
    return array
