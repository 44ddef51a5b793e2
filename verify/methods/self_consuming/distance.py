"""How far the model is from the real law: the squared 2-Wasserstein (Fréchet) distance of Gaussians."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, finite_array, first_bad, real_number, refuse, whole_number
from verify.methods.numerics import factor_fidelity
from verify.methods.self_consuming.arguments import counts, degrees_lost, like, lower_factors, sampling_bias
from verify.methods.self_consuming.law import c4

LARGEST = 1e150  # of an entry: squares are still floats


def frechet_distance(mean1: ArrayLike, chol1: ArrayLike, mean2: ArrayLike, chol2: ArrayLike) -> Any:
    """W₂² = |μ1 - μ2|² + |C1|² + |C2|² - 2 |C1ᵀ C2|_* of N(μ, C Cᵀ), with Frobenius and nuclear norms; batched.

    Means are (..., d), lower-triangular factors (..., d, d). No matrix root is taken, so singular and collapsed
    covariances lose no digits. On the line it is |μ1 - μ2|² + (σ1 - σ2)², computed so.

    ValueError: different dimensions, not finite, beyond ±1e150, or an entry above the diagonal of a factor.

    Source: Gelbrich 1990.

    >>> frechet_distance([0.0], [[2.0]], [3.0], [[1.0]])
    10.0
    """
    means = [finite_array("mean1", mean1), finite_array("mean2", mean2)]
    factors = [lower_factors("chol1", chol1), lower_factors("chol2", chol2)]
    d = factors[0].shape[-1]
    for name, array, size in (
        ("mean1", means[0], d), ("mean2", means[1], d), ("chol2", factors[1], d)
    ):  # fmt: skip
        if not array.ndim or array.shape[-1] != size:
            refuse(f"{name} has shape {array.shape}", f"chol1 has d = {d}", "give means and factors of one dimension")
    for name, array in zip(("mean1", "mean2", "chol1", "chol2"), (*means, *factors), strict=True):
        first_bad(name, array, np.abs(array) > LARGEST, f"entries lie within ±{LARGEST:g}", "choose a larger unit")
    moved = np.square(means[0] - means[1]).sum(axis=-1)
    if d == 1:
        return _scalar(moved + np.square(np.abs(factors[0]) - np.abs(factors[1]))[..., 0, 0])
    traces = sum(np.square(C).sum(axis=(-2, -1)) for C in factors)
    spread = traces - 2 * factor_fidelity(factors[0].mT, factors[1].mT)
    return _scalar(moved + np.maximum(spread, 0.0))


def expected_w2_squared(n: int, t: ArrayLike, *, bias: float = 1.0, sigma0: float = 1.0, ddof: int = 1) -> Any:
    """E W₂²(N(μ_t, σ_t²), N(μ_0, σ_0²)) of the fully synthetic loop on the line, for one t or an array of them.

    E(μ_t - μ_0)² + E σ_t² + σ_0² - 2 σ_0 E σ_t: the variance is multiplied by a = λ (1, or 1 - 1/n for ddof = 0) on
    average, the standard deviation by √λ c_4 (times √(1 - 1/n)), and the mean gains λ a^s / n in generation s. Good to
    some eps (1 + t) σ_0²: the difference of three powers is not taken on paper.

    >>> expected_w2_squared(50, 10, ddof=0) < expected_w2_squared(50, 10)
    True
    """
    loss, lam = degrees_lost(ddof), sampling_bias(bias)
    n = whole_number("n", n, 1 + loss)
    scale = real_number("sigma0", sigma0, least=0)
    times = counts("t", t, 0).astype(float)
    shrink = 1.0 if loss else 1 - 1 / n
    a, r = lam * shrink, (lam * shrink) ** 0.5 * (c4(n) if n > 1 else 0.0)
    # (1 - aᵗ) / (1 - a), which is t at a = 1, without the cancellation in between
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = -np.expm1(times * np.log(a)) / (1 - a) if a < 1 else times
    return like(t, scale**2 * (lam / n * np.where(times, grown, 0.0) + 1 + a**times - 2 * r**times))


def _scalar(x: Array) -> Any:
    return x.item() if np.ndim(x) == 0 else x
