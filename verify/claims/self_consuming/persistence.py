"""Entry 9, what keeps the variety: fresh real draws, and the noise of a kernel."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.self_consuming.instances import Floats
from verify.claims.self_consuming.wright_fisher import SOURCE
from verify.evidence import Enclosure, at_most, exact, gap


@role("self_consuming.fresh_categorical_size", numbers="n_real, n_synth: integers; n_e, a Fraction")
def fresh_categorical_size(n_real: int, n_synth: int) -> Fraction:
    """(n² − n_s² + n_s) / n, n = n_r + n_s: below 2 n_r + 1, however many draws of the last model are added."""
    n = n_real + n_synth
    return Fraction(n * n - n_synth * n_synth + n_synth, n)


@mutant("self_consuming.fresh_categorical_size", slip="synthetic draws count as real")
def all_count(n_real: int, n_synth: int) -> Fraction:
    return Fraction(n_real + n_synth)


@mutant("self_consuming.fresh_categorical_size", slip="the draws' own noise left out: 2 n_r in the limit of many")
def without_own_noise(n_real: int, n_synth: int) -> Fraction:
    return n_real + Fraction(n_real * n_synth, n_real + n_synth)


@claim(
    id="self_consuming.categorical-drift.fresh",
    title="With fresh real draws the frequency keeps a stationary variance",
    statement=r"\operatorname{Var} p_\infty = \frac{p_0 (1 - p_0)}{n_e}, \qquad n_e = \frac{n^2 - n_s^2 + n_s}{n} < 2 n_r + 1",
    source=SOURCE,
    role="self_consuming.fresh_categorical_size",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="a stationary law of at most 56 states by a dense solve, condition below 1e4"),
    cases=grid(mix=((3, 10, 0.2), (5, 50, 0.3), (10, 5, 0.5))),
    quantity="|Var p_∞ n_e / (p_0 q_0) − 1|",
)
def stationary_variance(size: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth, p0 = case.mix
    n = n_real + n_synth
    rows = []
    for j in range(n + 1):
        synth = binomial(n_synth, j / n)
        rows.append(np.convolve(binomial(n_real, p0), synth))
    P = np.array(rows)
    system = np.vstack([(P.T - np.eye(n + 1))[:-1], np.ones(n + 1)])
    law = np.linalg.solve(system, np.eye(n + 1)[-1])
    p = np.arange(n + 1) / n
    variance = law @ (p - p0) ** 2
    yield exact(gap(variance * float(size(n_real, n_synth)) / (p0 * (1 - p0)), 1.0))


def binomial(n: int, p: float) -> Floats:
    """The law of Bin(n, p), n + 1 probabilities."""
    return np.array([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])


@role(
    "self_consuming.kernel_step",
    numbers="points (R, n), picks (R, n) of indices, noise (R, n), h: the next points (R, n)",
)
def kernel_step(points: Floats, picks: Any, noise: Floats, h: float) -> Floats:
    """n draws from the kernel density estimate of bandwidth h: a point, and noise of that size."""
    return np.asarray(np.take_along_axis(points, picks, axis=1) + h * noise)


@mutant("self_consuming.kernel_step", slip="no noise: points are only drawn again")
def without_noise(points: Floats, picks: Any, noise: Floats, h: float) -> Floats:
    return kernel_step(points, picks, noise, 0.0)


@mutant("self_consuming.kernel_step", slip="every point moves once, none is drawn again")
def no_picks(points: Floats, picks: Any, noise: Floats, h: float) -> Floats:
    return np.asarray(points + h * noise)


@mutant("self_consuming.kernel_step", slip="one noise for all points of a generation")
def common_noise(points: Floats, picks: Any, noise: Floats, h: float) -> Floats:
    return np.asarray(np.take_along_axis(points, picks, axis=1) + h * noise[:, :1])


@claim(
    id="self_consuming.categorical-drift.kernel",
    title="Kernel noise cures the collapse, not the drift",
    statement=r"\mathbb{E}\, V_{t + 1} = \big( 1 - \tfrac1n \big) (\mathbb{E}\, V_t + h^2) \to (n - 1) h^2, \qquad "
    r"\mathbb{E}\, M_{t + 1}^2 = M_t^2 + \tfrac1n (V_t + h^2)",
    source=SOURCE,
    role="self_consuming.kernel_step",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="all n^n picks and 2^n signs are enumerated: only two moments of the noise matter; sums of 216 numbers of size 4",
    ),
    cases=grid(n=(2, 3), h=(0.3, 1.0)),
    quantity="largest deviation of the two means",
)
def kernel_noise(kernel_step: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, h = case.n, case.h
    every = [(p, s) for p in itertools.product(range(n), repeat=n) for s in itertools.product((-1.0, 1.0), repeat=n)]
    picks, noise = np.array([p for p, _ in every]), np.array([s for _, s in every])
    points = rng.normal(size=n)
    following = kernel_step(np.tile(points, (len(every), 1)), picks, noise, h)
    variance, mean = points.var(), points.mean()
    expected = (1 - 1 / n) * (variance + h * h), mean**2 + (variance + h * h) / n
    yield exact(gap([following.var(axis=1).mean(), np.square(following.mean(axis=1)).mean()], expected))
