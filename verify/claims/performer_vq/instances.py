"""Quadrature nodes, random pairs and sampled projections that several claims of this system share."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from verify.claims.figures import Field
from verify.methods.attention import linear_attention
from verify.methods.random_features import log_prf_features

Floats = NDArray[np.float64]


@cache
def gauss_hermite(nodes: int, d: int) -> tuple[Floats, Floats]:
    """(W (nodes^d, d), weights): the normal law N(0, I_d) as points, exact for polynomials up to degree 2 nodes - 1."""
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    w = w / w.sum()
    points = np.stack(np.meshgrid(*[x] * d, indexing="ij"), axis=-1).reshape(-1, d)
    weights = np.prod(np.meshgrid(*[w] * d, indexing="ij"), axis=0).ravel()
    return points, weights


def pair(rng: np.random.Generator, d: int, norm: float) -> tuple[Floats, Floats]:
    """Two vectors in R^d of that length."""
    q, k = rng.normal(size=(2, d))
    return norm * q / np.linalg.norm(q), norm * k / np.linalg.norm(k)


def pair_with(d: int, t: float) -> tuple[Floats, Floats]:
    """(q, k) with q = 0 and |q + k|^2 = |q - k|^2 = t, so that e^(q.k) = 1."""
    k = np.zeros(d)
    k[0] = t**0.5
    return np.zeros(d), k


def at_angle(radius: float, degrees: float) -> tuple[Floats, Floats]:
    """Two plane vectors of that length at that angle."""
    a = np.radians(degrees)
    return radius * np.array([1.0, 0.0]), radius * np.array([np.cos(a), np.sin(a)])


def tokens(rng: np.random.Generator, n: int, d: int, d_v: int, scale: float) -> tuple[Floats, Floats, Floats]:
    """(Q, K, V) of normal entries, those of Q and K times `scale`."""
    return scale * rng.normal(size=(n, d)), scale * rng.normal(size=(n, d)), rng.normal(size=(n, d_v))


def softmax_rows(logits: Any) -> Floats:
    """Row by row softmax, written out once more so that no claim leans on the code it judges."""
    logits = np.asarray(logits, np.float64)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def attention(Q: Floats, K: Floats, V: Floats) -> Floats:
    """The exact attention output, as one product of matrices."""
    return np.asarray(softmax_rows(Q @ K.T) @ V)


def prf_attention(Q: Floats, K: Floats, V: Floats, W: Floats) -> Floats:
    """Attention through the positive random features of the rows of W, (n_q, d_v)."""
    return linear_attention(log_prf_features(Q, W), log_prf_features(K, W), V)


def causal_mask(logits: Floats) -> Floats:
    """The logits with -inf where the key comes after the query."""
    masked = np.array(logits)
    masked[np.triu_indices(len(masked), 1)] = -np.inf
    return masked


def shaded(x: ArrayLike, y: ArrayLike, z: ArrayLike, label: str, levels: tuple[float, ...]) -> Field:
    """A field from arrays, z (len(y), len(x))."""
    a, b, c = (np.asarray(values, float).tolist() for values in (x, y, z))
    return Field(tuple(a), tuple(b), tuple(map(tuple, c)), label, levels)
