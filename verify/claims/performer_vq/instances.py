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
Tokens = tuple[Floats, Floats, Floats]


@cache
def gauss_hermite(nodes: int, d: int) -> tuple[Floats, Floats]:
    """(W (nodes^d, d), weights): the normal law N(0, I_d) as points, exact for polynomials up to degree 2 nodes - 1."""
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    w = w / w.sum()
    points = np.stack(np.meshgrid(*[x] * d, indexing="ij"), axis=-1).reshape(-1, d)
    weights = np.prod(np.meshgrid(*[w] * d, indexing="ij"), axis=0).ravel()
    return points, weights


@cache
def sphere(d: int, nodes: int = 120) -> tuple[Floats, Floats]:
    """The law of one coordinate of the unit sphere in R^d, d ≥ 2, as points and weights (Gauss-Gegenbauer)."""
    from scipy.special import roots_jacobi

    x, w = roots_jacobi(nodes, (d - 3) / 2, (d - 3) / 2)
    return np.asarray(x), np.asarray(w / w.sum())


def mean_on_sphere(d: int, radius: float, t: float) -> float:
    """E e^(w.z − t/2) for w uniform on the sphere of that radius, |z|² = t."""
    x, w = sphere(d)
    return float(w @ np.exp(radius * t**0.5 * x - t / 2))


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


def tokens(rng: np.random.Generator, n: int, d: int, d_v: int, scale: float) -> Tokens:
    """(Q, K, V) of normal entries, those of Q and K times `scale`."""
    return scale * rng.normal(size=(n, d)), scale * rng.normal(size=(n, d)), rng.normal(size=(n, d_v))


def benign(rng: np.random.Generator, n_q: int, n: int, d: int, d_v: int) -> Tokens:
    """Entries 0.25 d^(−1/4) N(0, 1)."""
    scale = 0.25 * d**-0.25
    return scale * rng.normal(size=(n_q, d)), scale * rng.normal(size=(n, d)), rng.normal(size=(n, d_v))


def real_tokens(rng: np.random.Generator, n_q: int, n: int, d: int, scale: float, d_v: int = 8) -> Tokens:
    """Queries, keys and values from real word vectors: d of their coordinates, in units of their spread, times scale.

    Each coordinate is centred and divided by its standard deviation over the vocabulary, as a layer of weights would
    learn to; Q and K are then multiplied by scale d^(−1/4). The values are d_v further coordinates of the key's word.
    """
    from verify.data import word_vectors

    vectors = word_vectors().vectors
    chosen = rng.choice(np.arange(259, len(vectors)), n_q + n, replace=False)
    columns = vectors[259:, : d + d_v].astype(float)
    standard = (vectors[chosen, : d + d_v].astype(float) - columns.mean(axis=0)) / columns.std(axis=0)
    words = standard[:, :d] * scale * d**-0.25
    return words[:n_q], words[n_q:], standard[n_q:, d:]


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
