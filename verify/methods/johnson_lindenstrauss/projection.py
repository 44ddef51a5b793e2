"""Random projections: four kinds, and how much they scatter."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import (
    Array,
    exact_or_finite,
    finite_array,
    generator,
    is_exact,
    one_of,
    real_number,
    refuse,
    whole_number,
)

ROWS = 16  # of X at a time: their features stay in the cache while they are turned
KINDS = ("gaussian", "rademacher", "sparse", "haar")


def sample_projection(
    kind: Literal["gaussian", "rademacher", "sparse", "haar"],
    k: int,
    D: int,
    rng: np.random.Generator,
    sparsity: float | None = None,
) -> Any:
    """A random linear map A (k, D) with E |Ax|^2 = |x|^2 for every x.

    - `"gaussian"`: independent N(0, 1/k).
    - `"rademacher"`: independent +-1/sqrt(k).
    - `"sparse"`: +-sqrt(s/k) with probability 1/(2 s) each, else 0, for sparsity s >= 1 (3 unless given); returned as
      a `scipy.sparse.csr_array`. Use `project` to apply it. Keep s <= 3 for vectors that may be sparse themselves: see
      `distortion_variance`.
    - `"haar"`: sqrt(D/k) times the first k rows of a uniformly random orthogonal matrix.

    ValueError: an unknown kind, k < 1, D < 1, k > D for haar, sparsity outside [1, 1e12) or given for
    another kind.

    Source: Johnson and Lindenstrauss 1984; Achlioptas 2003; Li, Hastie and Church 2006.

    >>> A = sample_projection("haar", 2, 5, np.random.default_rng(0))
    >>> np.allclose(A @ A.T, 5 / 2 * np.eye(2))
    True
    """
    one_of("kind", kind, KINDS)
    k, D = whole_number("k", k, 1), whole_number("D", D, 1)
    generator(rng)
    if sparsity is not None and kind != "sparse":
        refuse(f"sparsity={sparsity} with kind={kind!r}", "only 'sparse' has a sparsity", "leave it out")
    if kind == "sparse":
        return _sparse(k, D, rng, real_number("sparsity", 3 if sparsity is None else sparsity, least=1, below=1e12))
    if kind == "gaussian":
        return rng.standard_normal((k, D)) / math.sqrt(k)
    if kind == "rademacher":
        return (2.0 * rng.integers(0, 2, (k, D), dtype=np.int8) - 1) / math.sqrt(k)
    if k > D:
        refuse(f"k={k} and D={D}", "a plane has at most the dimension of its space", "choose k <= D")
    q, r = np.linalg.qr(rng.standard_normal((D, k)))
    return math.sqrt(D / k) * (q * np.where(np.diag(r) < 0, -1.0, 1.0)).T  # signs make the law uniform


def _sparse(k: int, D: int, rng: np.random.Generator, sparsity: float) -> Any:
    """Entries by the gaps between them, which are geometric: work and memory are those of what is not zero."""
    import scipy.sparse as sp

    cells, density = k * D, 1 / sparsity
    drawn: list[Array] = []
    last = -1
    while last < cells:
        expected = (cells - last) * density
        jumps = rng.geometric(density, int(expected + 4 * math.sqrt(expected) + 8))
        drawn.append(last + np.cumsum(jumps))
        last = int(drawn[-1][-1])
    positions = np.concatenate(drawn)
    positions = positions[positions < cells]
    rows, columns = np.divmod(positions, D)
    values = math.sqrt(sparsity / k) * (2.0 * rng.integers(0, 2, len(positions), dtype=np.int8) - 1)
    starts = np.searchsorted(rows, np.arange(k + 1))
    return sp.csr_array((values, columns.astype(np.int32), starts.astype(np.int32)), shape=(k, D))


def project(A: Any, X: ArrayLike) -> Array:
    """The rows of X (n, D) under the map A (k, D), dense or sparse: X A^T, shape (n, k).

    A sparse A meets the features of some rows side by side, which is what its compressed rows are fast at.

    ValueError: shapes that do not fit, entries that are not finite.

    >>> project(np.array([[1.0, 1.0]]), [[2.0, 3.0]]).tolist()
    [[5.0]]
    """
    X = finite_array("X", X, ("n", "D"))
    if A.ndim != 2 or A.shape[1] != X.shape[1]:
        refuse(f"A has shape {np.shape(A)} and X {X.shape}", "A is (k, D) and X is (n, D)", "check the order of axes")
    if isinstance(A, np.ndarray):
        return np.asarray(X @ A.T)
    Y = np.empty((len(X), A.shape[0]))
    for start in range(0, len(X), ROWS):
        some = slice(start, start + ROWS)
        Y[some] = (A @ np.ascontiguousarray(X[some].T)).T
    return Y


def distortion_variance(x: ArrayLike, k: int, sparsity: Any) -> Any:
    """Var |Ax|^2 = (2 |x|^4 + (s - 3) sum_i x_i^4) / k for signs of sparsity s (s = 1: all +-1; s = 3: Gaussian's).

    The fourth moment of an entry is all that enters, so s = 3 has exactly the variance of Gaussian entries, s < 3 less,
    s > 3 more: up to (s - 1) / k on a coordinate vector. Fractions in (x and sparsity), a Fraction out.

    ValueError: x not one-dimensional and finite, k < 1, sparsity < 1.

    >>> distortion_variance([0.6, 0.8], 8, 3)
    0.25
    """
    x, k = exact_or_finite("x", x, ("D",)), whole_number("k", k, 1)
    if not is_exact(sparsity):
        sparsity = real_number("sparsity", sparsity, least=1)
    elif sparsity < 1:
        refuse(f"sparsity={sparsity}", "sparsity is at least 1", "it is the inverse of the share of nonzero entries")
    squares = x * x
    value = (2 * squares.sum() ** 2 + (sparsity - 3) * (squares * squares).sum()) / k
    return value if x.dtype == object else float(value)
