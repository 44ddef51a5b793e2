"""Loops that are fitted to real and synthetic samples together."""

from __future__ import annotations

import math

import numpy as np

from verify.methods.guards import Array, generator, one_of, refuse, whole_number
from verify.methods.self_consuming.arguments import degrees_lost, sampling_bias
from verify.methods.self_consuming.loop import LoopTrajectory, bartlett_factor, replicates_at_once, scatter_factor


def mixed_loop(
    n_real: int,
    n_synth: int,
    generations: int,
    replicates: int,
    *,
    dim: int = 1,
    bias: float = 1.0,
    refresh: bool = True,
    ddof: int = 1,
    n_initial: int | None = None,
    keep: str = "all",
    rng: np.random.Generator,
) -> LoopTrajectory:
    """Each model is a Gaussian fit to n_real samples of N(0, I) and n_synth of the model before, N(μ, λ Σ).

    The real samples are new in every generation with `refresh` (the fresh data loop), the same in all generations
    without it (the fixed data loop). Generation 0 is N(0, I) itself, or a fit to `n_initial` real samples: samples of
    its own in the fresh loop, the fixed ones, n_initial = n_real, in the other. n_synth = 0 is the fit to real samples
    alone. Drawn are means and scatters, not samples, so the cost does not depend on their numbers; the scatter of the
    pool has a part within each group and one between their means.

    `log_det` is that of the factors. Where fixed real samples do not span the space, n_real <= dim, the model dies out
    beside them: there factors are good to 1e-16 of the largest, and log_det says no more than they do.

    Source: Alemohammad et al. 2023, sections 3 and 4.

    >>> mixed_loop(5, 20, 3, 2, dim=2, rng=np.random.default_rng(0)).chol.shape
    (4, 2, 2, 2)
    """
    n_real, n_synth = whole_number("n_real", n_real, 1), whole_number("n_synth", n_synth, 0)
    generations, replicates = whole_number("generations", generations, 0), whole_number("replicates", replicates, 1)
    d, lam, loss = whole_number("dim", dim, 1), sampling_bias(bias), degrees_lost(ddof)
    one_of("keep", keep, ("all", "last"))
    generator(rng)
    n = n_real + n_synth
    if n < 1 + loss:
        refuse(f"n_real + n_synth = {n}", f"ddof={ddof} needs {1 + loss} samples", "draw more of either kind")
    if n_initial is not None:
        n_initial = whole_number("n_initial", n_initial, 1 + loss)
        if not refresh and n_initial != n_real:
            refuse(f"n_initial={n_initial}", "the fixed loop starts from its own n_real samples", "give n_real or None")
    rows = generations + 1 if keep == "all" else 1
    out = LoopTrajectory(
        np.empty((rows, replicates, d)), np.empty((rows, replicates, d, d)), np.empty((rows, replicates))
    )
    block = replicates_at_once(d)
    for first in range(0, replicates, block):
        here = slice(first, first + block)
        size = min(block, replicates - first)
        real = _real_samples(n_real, d, size, rng)
        mean, chol, rank = np.zeros((size, d)), np.tile(np.eye(d), (size, 1, 1)), d
        if n_initial is not None:
            mean, scatter = _real_samples(n_initial, d, size, rng) if refresh else real
            rank = min(n_initial - 1, d)
            chol = scatter / math.sqrt(n_initial - loss)
        if keep == "all" or not generations:
            _store(out, 0, here, mean, chol)
        for t in range(1, generations + 1):
            if refresh and t > 1:
                real = _real_samples(n_real, d, size, rng)
            spanned = min(n_real - 1 + (min(rank, n_synth - 1) + 1 if n_synth else 0), d)
            rank = spanned if refresh else min(rank, spanned)
            mean, chol = _pooled(real, n_real, mean, chol, n_synth, lam, rank, rng)
            chol /= math.sqrt(n - loss)
            if keep == "all" or t == generations:
                _store(out, t if keep == "all" else 0, here, mean, chol)
    return out


def _real_samples(n: int, d: int, size: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Mean and factor of the scatter of n samples of N(0, I); one sample has no scatter."""
    return rng.standard_normal((size, d)) / math.sqrt(n), bartlett_factor(n - 1, d, size, rng)


def _pooled(
    real: tuple[Array, Array],
    n_real: int,
    mean: Array,
    chol: Array,
    n_synth: int,
    bias: float,
    rank: int,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Mean and factor of the scatter of the pool of real samples and n_synth of N(mean, bias · chol cholᵀ)."""
    real_mean, real_scatter = real
    if not n_synth:
        return real_mean.copy(), real_scatter.copy()
    size, d = mean.shape
    n = n_real + n_synth
    noise = rng.standard_normal((size, d))
    synth_mean = mean + math.sqrt(bias / n_synth) * np.einsum("rij,rj->ri", chol, noise)
    synth_scatter = math.sqrt(bias) * (chol @ bartlett_factor(n_synth - 1, d, size, rng))
    between = math.sqrt(n_real * n_synth / n) * (real_mean - synth_mean)
    pooled_mean = (n_real * real_mean + n_synth * synth_mean) / n
    if d == 1:
        squared = np.square(real_scatter) + np.square(synth_scatter) + np.square(between)[:, :, None]
        return pooled_mean, np.sqrt(squared)
    points = np.concatenate([real_scatter.mT, synth_scatter.mT, between[:, None, :]], axis=1)
    return pooled_mean, scatter_factor(points, rank)


def _store(out: LoopTrajectory, row: int, here: slice, mean: Array, chol: Array) -> None:
    out.mean[row, here], out.chol[row, here] = mean, chol
    with np.errstate(divide="ignore"):
        out.log_det[row, here] = 2 * np.log(np.diagonal(chol, axis1=1, axis2=2)).sum(axis=1)
