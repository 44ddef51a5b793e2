"""The rows of the self-consuming loops and of the nearest-neighbour metrics."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Goal, Row, Work, optional
from verify.methods.self_consuming import (
    gaussian_loop,
    knn_metrics,
    log_variance_drift,
    lyapunov_spectrum,
    mixed_loop,
    mixed_loop_moments,
)

SIZE, GENERATIONS = 100, 100


def lawful(drawn: Any, mean: float) -> float:
    """1 if the mean of the draws is within eight standard errors of the exact one: two random answers never agree."""
    return float(abs(np.mean(drawn) - mean) <= 8 * np.std(drawn) / math.sqrt(len(drawn)))


def raw_line(replicates: int, rng: np.random.Generator) -> Any:
    """ln σ² after the last generation, from the samples themselves, in blocks that stay in the cache."""
    found = []
    for first in range(0, replicates, 256):
        size = min(256, replicates - first)
        mean, sd = np.zeros(size), np.ones(size)
        for _ in range(GENERATIONS):
            x = rng.standard_normal((size, SIZE))
            centre = x.mean(axis=1)
            x -= centre[:, None]
            mean = mean + sd * centre
            sd = sd * np.sqrt(np.einsum("rn,rn->r", x, x) / (SIZE - 1))
        found.append(2 * np.log(sd))
    return np.concatenate(found)


def line(scale: float, *, raw: bool) -> Work:
    """1e5 replicates x 100 generations against their random numbers alone; against raw samples with a 25th of them."""
    replicates = max(50, int((4000 if raw else 100_000) * scale))
    rng, mean = np.random.default_rng(0), GENERATIONS * log_variance_drift(SIZE)

    def ours() -> float:
        return lawful(gaussian_loop(SIZE, GENERATIONS, replicates, keep="last", rng=rng).log_det[0], mean)

    def limit() -> None:
        for first in range(0, replicates, 4096):
            size = min(4096, replicates - first)
            for _ in range(GENERATIONS):
                rng.standard_normal(size)
                rng.standard_gamma((SIZE - 1) / 2, size)

    if raw:
        return Work(ours, lambda: lawful(raw_line(replicates, rng), mean), tolerance=1e-9)
    return Work(ours, limit=limit, check=lambda: 1.0, tolerance=1e-9)


def space(scale: float, *, d: int) -> Work:
    """1000 replicates x 20 generations of n = 200 samples in d dimensions, by Bartlett factors and by samples."""
    n, generations, replicates = 200, 20, max(20, int(1000 * scale))
    rng, mean = np.random.default_rng(0), generations * float(lyapunov_spectrum(n, d).sum())

    def ours() -> float:
        return lawful(gaussian_loop(n, generations, replicates, dim=d, keep="last", rng=rng).log_det[0], mean)

    def peer() -> float:
        chol = np.tile(np.eye(d), (replicates, 1, 1))
        means = np.zeros((replicates, d))
        for _ in range(generations):
            x = rng.standard_normal((replicates, n, d)) @ chol.mT + means[:, None]
            means = x.mean(axis=1)
            x -= means[:, None]
            chol = np.linalg.cholesky(x.mT @ x / (n - 1))
        return lawful(2 * np.log(np.diagonal(chol, axis1=1, axis2=2)).sum(axis=1), mean)

    return Work(ours, peer, tolerance=1e-9)


def mixed(scale: float) -> Work:
    """10,000 replicates x 50 generations of 100 fresh real and 400 synthetic samples on the line."""
    replicates, generations, n_real, n_synth = max(50, int(10_000 * scale)), 50, 100, 400
    rng, mean = np.random.default_rng(0), mixed_loop_moments(n_real, n_synth, 0.9).var

    def ours() -> float:
        path = mixed_loop(n_real, n_synth, generations, replicates, bias=0.9, keep="last", rng=rng)
        return lawful(np.square(path.chol[0, :, 0, 0]), mean)

    def peer() -> float:
        found = []
        for first in range(0, replicates, 256):
            size = min(256, replicates - first)
            centre, sd = np.zeros(size), np.ones(size)
            for _ in range(generations):
                x = rng.standard_normal((size, n_real + n_synth))
                x[:, n_real:] *= math.sqrt(0.9) * sd[:, None]
                x[:, n_real:] += centre[:, None]
                centre, sd = x.mean(axis=1), x.std(axis=1, ddof=1)
            found.append(sd**2)
        return lawful(np.concatenate(found), mean)

    return Work(ours, peer, tolerance=1e-9)


def neighbours(scale: float, d: int) -> Work:
    """5000 real points against 5000 fakes, k = 5: two partitions of a distance matrix and three comparisons."""
    points = max(20, int(5000 * scale))
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(points, d)), 0.9 * rng.normal(size=(points, d)) + 0.05

    def peer() -> Any:
        import contextlib
        import io

        with contextlib.redirect_stdout(io.StringIO()):  # it prints the numbers of points
            found = optional("prdc").compute_prdc(real, fake, 5)
        return np.array([found[name] for name in ("precision", "recall", "density", "coverage")])

    # counts over the same denominators: equal, and only the quotients round
    return Work(lambda: np.array(knn_metrics(real, fake, 5)), peer, tolerance=1e-12)


ROWS = [
    Row("1-D loop, 1e5 replicates x 100 generations", Goal(1.3, "limit"), None, "a normal and a gamma draw each",
        partial(line, raw=False)),
    Row("1-D loop, n = 100, 4000 replicates", Goal(25, "peer"), "raw samples, NumPy", None, partial(line, raw=True)),
    Row("8-D loop, n = 200, 1000 replicates x 20", Goal(20, "peer"), "raw samples, NumPy", None, partial(space, d=8)),
    Row("fresh data loop, 100 + 400 samples, 1-D", Goal(25, "peer"), "raw samples, NumPy", None, mixed),
    Row("k-NN metrics, 5000 x 5000, d = 64", Goal(3, "peer"), "prdc", None, partial(neighbours, d=64)),
    Row("k-NN metrics, 5000 x 5000, d = 8", Goal(3, "peer"), "prdc", None, partial(neighbours, d=8)),
]  # fmt: skip
