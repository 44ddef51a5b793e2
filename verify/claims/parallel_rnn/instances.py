"""Recurrent networks that several claims share: random ones, and one that reads a real text."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from verify.claims.grid import stream
from verify.methods.recurrence import Cell, GRUCell, LSTMCell, TanhCell

Floats = NDArray[np.float64]


class Instance(NamedTuple):
    """A cell, its inputs U (T, m) and its start x0 (d,)."""

    cell: Any
    U: Floats
    x0: Floats


def gaussian_tanh(rng: np.random.Generator, d: int, T: int, gain: float, drive: float) -> Instance:
    """A = gain N(0, 1) / √d, u = drive N(0, 1), x_0 uniform in (−1, 1)."""
    A = gain * rng.normal(size=(d, d)) / np.sqrt(d)
    return Instance(TanhCell(A), drive * rng.normal(size=(T, d)), rng.uniform(-1, 1, d))


def gated(rng: np.random.Generator, kind: str, d: int, m: int, scale: float = 1.0) -> Cell:
    """A GRU or LSTM whose weights and biases are uniform in ±scale / √d."""
    gates = {"gru": 3, "lstm": 4}[kind]

    def draw(*shape: int) -> list[Floats]:
        return [scale * rng.uniform(-1, 1, shape) / np.sqrt(d) for _ in range(gates)]

    weights = *draw(d, m), *draw(d, d), *draw(d)
    return GRUCell(*weights) if kind == "gru" else LSTMCell(*weights)


def any_cell(rng: np.random.Generator, kind: str, d: int, T: int, scale: float = 1.0) -> Instance:
    """tanh, gru or lstm, driven by N(0, 1)."""
    if kind == "tanh":
        return gaussian_tanh(rng, d, T, 0.9 * scale, 0.3)
    cell = gated(rng, kind, d, 4, scale)
    return Instance(cell, rng.normal(size=(T, 4)), rng.uniform(-1, 1, cell.state_size))


@cache
def bistable(T: int = 2048) -> Instance:
    """x' = tanh(2 x + u), u ~ 0.3 N(0, 1): a strongly contracting path, and a Jacobian of 2 at the origin."""
    return Instance(TanhCell(np.array([[2.0]])), 0.3 * stream("instances", "bistable").normal(size=(T, 1)), np.zeros(1))


@cache
def scalar(a: float, u: float, T: int) -> Instance:
    """x' = tanh(a x + u) with a constant input, from 0."""
    return Instance(TanhCell(np.array([[a]])), np.full((T, 1), u), np.zeros(1))


READ = 10_000  # tokens


@cache
def reading(kind: str, d: int = 8) -> Instance:
    """A cell that reads the first 10,000 tokens of Python's manual, as real word vectors.

    The vectors, 256 numbers of a few units each, are centred, scaled to unit mean square, and mapped to d numbers by a
    random matrix that keeps their mean square: what an embedding and an input matrix do. The cells are random: a GRU
    as usually initialised, and a tanh cell of gain 0.9.
    """
    from verify.data import byte_pair_encoder, english_text, word_vectors

    ids = byte_pair_encoder().encode(english_text()[:60_000])[:READ]
    vectors = word_vectors().vectors[ids].astype(np.float64)
    vectors -= vectors.mean(axis=0)
    vectors /= np.sqrt(np.mean(vectors**2))
    rng = stream("instances", "reading", kind, d)
    U = vectors @ rng.normal(size=(vectors.shape[1], d)) / np.sqrt(vectors.shape[1])
    cell = gated(rng, kind, d, d) if kind == "gru" else TanhCell(0.9 * rng.normal(size=(d, d)) / np.sqrt(d))
    return Instance(cell, U, np.zeros(d))


def previous(x0: Any, X: Any) -> Any:
    """Row t − 1 beside row t."""
    return np.concatenate([x0[None], X[:-1]])


def residual(instance: Instance, X: Floats) -> Floats:
    """f(x_{t−1}, u_t) − x_t."""
    cell, U, x0 = instance
    return np.asarray(cell.step(previous(x0, X), U) - X)
