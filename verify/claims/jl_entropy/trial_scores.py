"""Scores to try a formula on: rows of every kind for the kernel, and smaller ones of four kinds for its calculus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

ROWS: dict[str, Callable[[np.random.Generator], Any]] = {
    "normal": lambda rng: rng.normal(size=500),
    "offset": lambda rng: 1e8 + rng.integers(-8, 8, 500) / 4.0,
    "spike": lambda rng: np.append(50.0, rng.normal(size=999)),
    "wide": lambda rng: 100 * rng.normal(size=200),
    "cold": lambda rng: 1e4 * rng.normal(size=200),
    "hot": lambda rng: 1e-3 * rng.normal(size=2000),
    "ties": lambda rng: np.repeat([3.0, -40.0], 8),
    "masked": lambda rng: np.where(rng.random(300) < 0.5, rng.normal(size=300), -np.inf),
}
KINDS = ("normal", "two", "ties", "heavy")


def scores(rng: np.random.Generator, kind: str, rows: int = 50, n: int = 40) -> Any:
    """Rows of scores: normal, two levels, a ramp with ties, or heavy tails."""
    if kind == "normal":
        return rng.normal(size=(rows, n))
    if kind == "two":
        return (rng.random((rows, n)) < rng.uniform(0.02, 0.5, (rows, 1))) * rng.uniform(0.1, 3, (rows, 1))
    if kind == "ties":
        return np.sort(rng.integers(0, 5, (rows, n)).astype(float), axis=1)
    return np.clip(rng.standard_cauchy((rows, n)), -20, 20)
