"""Random features of the exponential kernel e^(q.k): positive, bounded and trigonometric, and estimates made of them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, as_given, finite_array, one_of, real_number, refuse
from verify.methods.numerics import logsumexp

ROWS = 256  # of a block whose features stay in the cache
FEATURES = ("positive", "hyperbolic", "trigonometric", "oprf")


def log_prf_features(X: ArrayLike, W: ArrayLike) -> Array:
    """w_i . x - |x|^2 / 2: logarithms of positive random features, whose products average to e^(q.k).

    Shapes: X (n, d), W (m, d), result (n, m); float32 if X is, else float64. No factor 1/sqrt(m) is contained.
    ValueError: shapes, entries that are not finite. TypeError: complex input.

    Source: Choromanski et al. 2020, arXiv 2009.14794, lemma 1.

    >>> log_prf_features([[3.0, 4.0]], [[1.0, 0.0]]).tolist()
    [[-9.5]]
    """
    return _exponents(*_checked(X, W))


def log_oprf_features(X: ArrayLike, W: ArrayLike, A: float) -> Array:
    """(d/4) log(1 - 4A) + A |w_i|^2 + sqrt(1 - 4A) w_i . x - |x|^2 / 2, for A < 1/4; A = 0 is `log_prf_features`.

    Unbiased for every A < 1/4; the variance is finite for A < 1/8; for A < 0 the features are bounded. See `optimal_A`.
    Shapes and errors as in `log_prf_features`; ValueError also for A >= 1/4.

    Source: Likhosherstov et al. 2022, arXiv 2205.15317.

    >>> log_oprf_features([[3.0, 4.0]], [[1.0, 0.0]], 0.0).tolist()
    [[-9.5]]
    """
    x, w = _checked(X, W)
    a = _allowed_A(A)
    result = _exponents(x, w, (1 - 4 * a) ** 0.5)
    result += w.shape[1] / 4 * float(np.log1p(-4 * a)) + a * np.sum(w * w, axis=1)
    return result


def trig_features(X: ArrayLike, W: ArrayLike) -> Array:
    """e^(|x|^2 / 2) [cos(w_i . x), sin(w_i . x)]: signed features, (n, 2m), whose dot product over m averages to e^(q.k).

    Shapes and errors as in `log_prf_features`; ValueError also where e^(|x|^2 / 2) is beyond the floats.

    Source: Rahimi and Recht 2007; Choromanski et al. 2020, section 2.3.

    >>> trig_features([[0.0]], [[1.0], [2.0]]).tolist()
    [[1.0, 1.0, 0.0, 0.0]]
    """
    x, w = _checked(X, W)
    angles = x @ w.T
    with np.errstate(over="ignore"):
        size = np.exp(np.sum(x * x, axis=1, keepdims=True) / 2)
    if not np.isfinite(size).all():
        refuse("e^(|x|^2 / 2) overflows", "trigonometric features have no log form", "scale X down")
    return np.concatenate([size * np.cos(angles), size * np.sin(angles)], axis=1)


def kernel_estimate(
    q: ArrayLike,
    k: ArrayLike,
    W: ArrayLike,
    *,
    features: Literal["positive", "hyperbolic", "trigonometric", "oprf"],
    A: float | None = None,
) -> Any:
    """The estimate of e^(q.k) from the m rows of W: the mean product of features of q and k.

    With z = q + k: "positive", e^(-(|q|^2 + |k|^2)/2) mean e^(w.z); "hyperbolic", with both signs of each w, cosh(w.z)
    in place of e^(w.z); "trigonometric", e^((|q|^2 + |k|^2)/2) mean cos(w.(q - k)); "oprf", as `log_oprf_features`.
    Each is evaluated in this form, so that the pairs without variance (k = -q, or k = q) come out exact.

    Shapes: q, k (..., d) broadcast against each other, W (m, d); a float for one pair, else (...).
    An estimate beyond the floats is inf. ValueError: shapes, entries, an unknown name, "oprf" without A or another
    kind with one, A >= 1/4.

    >>> round(kernel_estimate([1.0], [-1.0], [[0.3], [2.0]], features="positive"), 15) == round(float(np.exp(-1)), 15)
    True
    """
    one_of("features", features, FEATURES)
    if (A is None) == (features == "oprf"):
        refuse(f"A={A} with features={features!r}", "A belongs to oprf, which needs it", "give it there only")
    x, y = finite_array("q", q, single=True), finite_array("k", k, single=True)
    w = finite_array("W", W, ("m", "d"))
    if x.ndim == 0 or y.ndim == 0 or {x.shape[-1], y.shape[-1]} != {w.shape[1]}:
        refuse(f"q has shape {x.shape}, k {y.shape}, W {w.shape}", "the last axes agree", "give (..., d) and (m, d)")
    w = w.astype(np.result_type(x, y), copy=False)
    half = (np.sum(x * x, axis=-1) + np.sum(y * y, axis=-1)) / 2
    with np.errstate(over="ignore"):
        if features == "trigonometric":
            estimate = np.exp(half) * np.cos((x - y) @ w.T).mean(axis=-1)
        else:
            terms = (x + y) @ w.T
            if features == "hyperbolic":
                terms = np.logaddexp(terms, -terms) - terms.dtype.type(np.log(2.0))
            elif features == "oprf":
                a = _allowed_A(A)
                terms = (1 - 4 * a) ** 0.5 * terms + 2 * a * np.sum(w * w, axis=1)
                half = half - w.shape[1] / 2 * float(np.log1p(-4 * a))
            estimate = np.exp(logsumexp(terms) - terms.dtype.type(np.log(w.shape[0])) - half)
    return float(estimate) if np.ndim(estimate) == 0 else estimate


def _exponents(x: Array, w: Array, factor: float = 1.0) -> Array:
    """factor w_i . x - |x|^2 / 2, by blocks that stay in the cache."""
    result = np.empty_like(x, shape=(len(x), len(w)), order="C")
    half = np.sum(x * x, axis=1, keepdims=True) / 2
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        np.matmul(x[rows], w.T, out=result[rows])
        if factor != 1:
            result[rows] *= factor
        result[rows] -= half[rows]
    return result


def _allowed_A(A: Any) -> float:
    a = real_number("A", A)
    if a >= 0.25:
        refuse(f"A={a}", "A lies below 1/4", "optimal_A gives the best one, which is never positive")
    return a


def _checked(X: ArrayLike, W: ArrayLike) -> tuple[Array, Array]:
    x = finite_array("X", X, ("n", "d"), single=True)
    w = finite_array("W", W, ("m", x.shape[1]))
    x = as_given(X, x)
    return x, as_given(W, w).astype(x.dtype, copy=False)
