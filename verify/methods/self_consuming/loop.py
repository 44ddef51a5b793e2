"""The fully synthetic loop: each generation is fitted to samples of the one before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, finite_array, first_bad, generator, one_of, refuse, whole_number
from verify.methods.self_consuming.arguments import (
    degrees_lost,
    lower_factors,
    sampling_bias,
    schedule,
)

REPLICATES = 4096  # at most: a block of them stays in the cache through all generations
NUMBERS = 2**16  # of all factors of a block
FEWEST = 32  # replicates: below that the calls cost more than the work
RAW_NUMBERS = 2**20  # of samples drawn at once
TINY = float(np.finfo(float).tiny)  # in place of 0, which gamma draws of shapes up to 1 may be, once in 2^53
MODERATE = (1e-290, 1e290)  # deviations that may still be multiplied as they are


class LoopTrajectory(NamedTuple):
    """Gaussian models N(mean, chol cholᵀ) of all generations, for R independent loops.

    `mean` (T+1, R, d), `chol` (T+1, R, d, d) lower triangular, `log_det` (T+1, R) = ln det of the covariance. With
    keep="last" the first axis has length 1. `log_det` is carried as a logarithm, so it stays finite where the
    factors have long fallen below the smallest float and read 0.
    """

    mean: Array
    chol: Array
    log_det: Array


def gaussian_loop(
    n: int | Sequence[int],
    generations: int,
    replicates: int,
    *,
    dim: int = 1,
    bias: float = 1.0,
    ddof: int = 1,
    method: str = "sufficient",
    keep: str = "all",
    mean0: ArrayLike | None = None,
    chol0: ArrayLike | None = None,
    rng: np.random.Generator,
) -> LoopTrajectory:
    """Fit a Gaussian to n samples of N(μ, λ Σ), put it in the place of N(μ, Σ), and so on for all generations.

    `n` is one size or a sequence with a size for each generation. λ = `bias` multiplies the variance at sampling (any
    positive number); `ddof` = 1 divides the scatter by n - 1, 0 by n. Generation 0 is N(mean0, chol0 chol0ᵀ), by
    default N(0, I), given and not fitted.

    method="sufficient" draws the fitted mean and the Bartlett factor of the scatter, which cost the same for every n;
    "raw" draws the n samples themselves and fits them. Both have the same law. Covariances are never multiplied out:
    a product of triangular factors keeps every direction to full relative accuracy, however flat the model has
    become. If n - 1 < d, the covariance has rank n - 1 from the first generation on, and its log_det is -inf.

    Where λ lets σ grow beyond the largest float, means become infinite or nan; log_det remains.

    Source: Alemohammad et al. 2023, equations 1 and 2; Bartlett 1933 for the factor.

    >>> loop = gaussian_loop(2, 2000, 3, rng=np.random.default_rng(0))
    >>> bool(np.isfinite(loop.log_det).all()), loop.mean.shape
    (True, (2001, 3, 1))
    """
    loss = degrees_lost(ddof)
    generations, replicates = whole_number("generations", generations, 0), whole_number("replicates", replicates, 1)
    sizes = schedule(n, 1 + loss, generations)
    d, variance_bias = whole_number("dim", dim, 1), sampling_bias(bias, explosive=True)
    one_of("keep", keep, ("all", "last"))
    raw = one_of("method", method, ("sufficient", "raw")) == "raw"
    generator(rng)
    start = _start(d, mean0, chol0)
    rows = generations + 1 if keep == "all" else 1
    out = LoopTrajectory(
        np.empty((rows, replicates, d)), np.empty((rows, replicates, d, d)), np.empty((rows, replicates))
    )
    largest = max(sizes, default=1)
    block = max(1, min(REPLICATES, RAW_NUMBERS // (largest * d))) if raw else replicates_at_once(d)
    step, kind = (_raw_step, _State) if raw else (_line_step, _Line) if d == 1 else (_bartlett_step, _State)
    for first in range(0, replicates, block):
        here = slice(first, first + block)
        state: Any = kind(start, min(block, replicates - first))
        if keep == "all" or not generations:
            state.store(out, 0, here)
        for t, size in enumerate(sizes, 1):
            with np.errstate(over="ignore", invalid="ignore"):
                step(state, size, loss, variance_bias, rng)
            if keep == "all" or t == generations:
                state.store(out, t if keep == "all" else 0, here)
    return out


def replicates_at_once(d: int) -> int:
    """The size of a block of replicates in d dimensions."""
    return max(FEWEST, min(REPLICATES, NUMBERS // (d * d)))


def bartlett_factor(nu: int, d: int, size: int, rng: np.random.Generator) -> Array:
    """Lower-triangular factors L (size, d, d) with L Lᵀ ~ W_d(I, ν): normals below the diagonal, chi on it.

    For ν < d the last d - ν columns are 0, and the rest is the factor of a Gaussian d x ν block. Source: Bartlett 1933.
    """
    rank = min(nu, d)
    L = np.zeros((d, d, size))  # replicates last: whole rows are drawn and set at once
    squares = np.maximum(rng.standard_gamma((nu - np.arange(rank))[:, None] / 2, (rank, size)), TINY)
    normals = rng.standard_normal((rank * d - rank * (rank + 1) // 2, size))
    first = 0
    for j in range(rank):
        L[j, j] = np.sqrt(2 * squares[j])
        L[j + 1 :, j] = normals[first : first + d - j - 1]
        first += d - j - 1
    return np.ascontiguousarray(L.transpose(2, 0, 1))


class _State:
    """Mean, factor and log-determinant of a block of replicates."""

    def __init__(self, start: tuple[Array, Array], size: int) -> None:
        mean, chol = start
        self.mean = np.tile(mean, (size, 1))
        self.chol = np.tile(chol, (size, 1, 1))
        with np.errstate(divide="ignore"):
            self.log_det = np.full(size, 2 * np.log(np.diagonal(chol)).sum())

    def store(self, out: LoopTrajectory, row: int, here: slice) -> None:
        out.mean[row, here], out.log_det[row, here] = self.mean, self.log_det
        out.chol[row, here] = self.chol


class _Line:
    """Mean and σ of a block of replicates on the line; from the first σ near the ends of the floats on, also ln σ²."""

    def __init__(self, start: tuple[Array, Array], size: int) -> None:
        mean, chol = start
        self.mean, self.sd = np.full(size, mean[0]), np.full(size, chol[0, 0])
        self.log_variance: Array | None = None

    def multiply(self, factor: Array) -> None:
        """The variance times `factor`, which is overwritten."""
        if self.log_variance is None:
            sd = self.sd * np.sqrt(factor)
            if sd.min() > MODERATE[0] and sd.max() < MODERATE[1]:
                self.sd = sd
                return
            self.log_variance = 2 * np.log(self.sd)
        with np.errstate(divide="ignore"):
            self.log_variance += np.log(factor, out=factor)
        self.sd = np.exp(self.log_variance / 2)

    def store(self, out: LoopTrajectory, row: int, here: slice) -> None:
        out.mean[row, here, 0], out.chol[row, here, 0, 0] = self.mean, self.sd
        out.log_det[row, here] = 2 * np.log(self.sd) if self.log_variance is None else self.log_variance


def _line_step(state: _Line, n: int, loss: int, bias: float, rng: np.random.Generator) -> None:
    """d = 1; the mean moves by the variance of before the fit."""
    z = rng.standard_normal(len(state.sd))
    z *= state.sd
    z *= math.sqrt(bias / n)
    state.mean += z
    rng.standard_gamma((n - 1) / 2, out=z)
    if n <= 3:
        np.maximum(z, TINY, out=z)
    z *= 2 * bias / (n - loss)
    state.multiply(z)


def _bartlett_step(state: _State, n: int, loss: int, bias: float, rng: np.random.Generator) -> None:
    size, d = state.mean.shape
    state.mean += math.sqrt(bias / n) * np.einsum("rij,rj->ri", state.chol, rng.standard_normal((size, d)))
    _multiply(state, bartlett_factor(n - 1, d, size, rng), bias / (n - loss))


def _raw_step(state: _State, n: int, loss: int, bias: float, rng: np.random.Generator) -> None:
    """Samples in the coordinates of the model before, so that its flattest direction costs no digits."""
    size, d = state.mean.shape
    points = rng.standard_normal((size, n, d))
    centre = points.mean(axis=1)
    points -= centre[:, None]
    state.mean += math.sqrt(bias) * np.einsum("rij,rj->ri", state.chol, centre)
    _multiply(state, scatter_factor(points, n - 1), bias / (n - loss))


def scatter_factor(points: Array, rank: int) -> Array:
    """Lower-triangular L (R, d, d) with L Lᵀ = Xᵀ X for points X (R, m, d), which have at most this rank.

    Cholesky's algorithm squares the condition number: it is for points of which more than d are independent, all of
    one size. Once in 1e8 draws of d independent ones it would fail; by QR flat directions keep their digits.
    """
    d = points.shape[-1]
    if rank > d:
        return np.asarray(np.linalg.cholesky(points.mT @ points))
    L = np.zeros((len(points), d, d))
    upper = np.asarray(np.linalg.qr(points, mode="r"))[:, :rank]
    signs = np.where(np.diagonal(upper, axis1=1, axis2=2) < 0, -1.0, 1.0)
    L[:, :, :rank] = (upper * signs[:, :, None]).mT
    return L


def _multiply(state: _State, L: Array, scale: float) -> None:
    """Σ becomes scale · C L Lᵀ Cᵀ."""
    with np.errstate(divide="ignore"):
        diagonal = np.log(np.diagonal(L, axis1=1, axis2=2))
        state.log_det += 2 * diagonal.sum(axis=1) + L.shape[-1] * math.log(scale)
    L *= math.sqrt(scale)
    state.chol = state.chol @ L


def _start(d: int, mean0: ArrayLike | None, chol0: ArrayLike | None) -> tuple[Array, Array]:
    mean = np.zeros(d) if mean0 is None else finite_array("mean0", mean0, (d,))
    chol = np.eye(d) if chol0 is None else lower_factors("chol0", chol0)
    if chol.shape != (d, d):
        refuse(f"chol0 has shape {chol.shape}", f"dim={d} needs ({d}, {d})", "give one factor for all replicates")
    diagonal = np.diagonal(chol)
    first_bad(
        "diagonal of chol0", diagonal, diagonal <= 0, "a Cholesky factor is positive there", "use numpy.linalg.cholesky"
    )
    return mean, chol
