"""The exact law of the variance of a one-dimensional loop, and the constants that say how fast it collapses.

With n samples and ν = n - 1, one generation multiplies the unbiased variance by λ χ²_ν / ν.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, refuse
from verify.methods.self_consuming.arguments import counts, like, sampling_bias, schedule

SERIES_FROM = 40.0  # beyond it, four terms of an asymptotic series are exact to the last bit
ROWS = 4096


def log_variance_drift(n: ArrayLike) -> Any:
    """δ_n = E ln(χ²_ν / ν) = ψ(ν/2) - ln(ν/2), ν = n - 1: what a generation adds to ln σ² on average at λ = 1.

    It is negative, about -1/ν: the variance of a typical loop halves every n ln 2 generations although its mean
    stays. n is an integer or an array of them, at least 2.

    >>> round(log_variance_drift(10), 6)
    -0.115206
    """
    return like(n, digamma_minus_log((counts("n", n, 2) - 1) / 2))


def critical_bias(n: ArrayLike) -> Any:
    """λ* = exp(-δ_n), the bias at which a typical variance neither collapses nor explodes.

    It lies between exp(1/ν) and exp(2/ν), above 1: for 1 < λ < λ* the mean of σ² explodes while σ collapses almost
    surely.

    >>> round(critical_bias(10), 9)
    1.122105095
    """
    return like(n, np.exp(-digamma_minus_log((counts("n", n, 2) - 1) / 2)))


def c4(n: ArrayLike) -> Any:
    """E s / σ for the standard deviation s of n normal samples: sqrt(2/ν) Γ((ν+1)/2) / Γ(ν/2), ν = n - 1.

    >>> round(c4(2) ** 2 * np.pi, 12)
    2.0
    """
    from scipy.special import gamma

    y = (counts("n", n, 2) - 1) / 2
    small = np.minimum(y, SERIES_FROM)
    ratio = gamma(small + 0.5) / (gamma(small) * np.sqrt(small))
    with np.errstate(over="ignore"):
        r = 1 / np.maximum(y, SERIES_FROM)
        series = np.exp(r * (-1 / 8 + r**2 * (1 / 192 + r**2 * (-1 / 640 + r**2 * 17 / 14336))))
    return like(n, np.where(y < SERIES_FROM, ratio, series))


def log_variance_cdf(x: ArrayLike, n_schedule: int | Sequence[int], bias: float = 1.0) -> Any:
    """P(ln(σ_T² / σ_0²) <= x) after generations of n_1, ..., n_T samples, exact to about 1e-13.

    ln σ_T² is a sum of independent ln(λ χ²_ν / ν), whose characteristic function is a product of Gamma functions;
    it is inverted by Gil-Pelaez with the midpoint rule. The rule repeats itself with the period 2π / step, which is
    chosen so that the law has no mass left there; further out than half a period the answer is 0 or 1.

    Source: Gil-Pelaez, Biometrika 38, 1951.

    >>> abs(log_variance_cdf(0.0, [3]) - (1 - math.exp(-1))) < 1e-14  # a χ² with two degrees is exponential
    True
    """
    from scipy.special import polygamma

    points = np.asarray(x)
    if points.dtype.kind not in "iuf" or np.isnan(points).any():
        refuse(f"x={x!r}", "x is made of real numbers, not nan", "give values of ln σ²")
    sizes = Counter(schedule(n_schedule, 2))
    log_bias = math.log(sampling_bias(bias, explosive=True))
    halves = np.array([(n - 1) / 2 for n in sizes])
    times = np.array(list(sizes.values()), float)
    mean = times @ (log_bias + digamma_minus_log(halves))
    sd = math.sqrt(times @ polygamma(1, halves))
    # the left tail falls like exp(-ν x / 2), the slowest factor first; everything else is inside 20 sd
    period = 40 * sd + 80 / halves.min()
    step = 2 * np.pi / period
    coefficients: list[Array] = []
    while not coefficients or coefficients[-1].size == ROWS:
        u = (np.arange(ROWS) + len(coefficients) * ROWS + 0.5) * step
        log_phi = _log_gamma_ratio(halves, u[:, None]) @ times + 1j * u * (times.sum() * log_bias - mean)
        keep = log_phi.real > -36  # |φ| falls: nothing after the first that is dropped comes back
        coefficients.append((np.exp(log_phi) / u)[keep])
    a = np.concatenate(coefficients)
    flat = points.astype(float).ravel()
    cdf = np.empty(flat.size)
    for start in range(0, flat.size, ROWS):
        z = np.clip(flat[start : start + ROWS] - mean, -period / 2, period / 2)
        w = np.exp(-1j * step * z)
        value = np.zeros(len(z), complex)
        for coefficient in a[::-1]:  # Horner: the nodes are equally spaced
            value *= w
            value += coefficient
        cdf[start : start + ROWS] = 0.5 - step / np.pi * (value * np.exp(-0.5j * step * z)).imag
    cdf = np.where(np.abs(flat - mean) < period / 2, np.clip(cdf, 0.0, 1.0), flat > mean)
    return like(x, cdf.reshape(points.shape))


def digamma_minus_log(y: ArrayLike) -> Array:
    """ψ(y) - ln y without the cancellation that large y would bring."""
    from scipy.special import digamma

    y = np.asarray(y, float)
    small = np.minimum(y, SERIES_FROM)
    r = 1 / np.maximum(y, SERIES_FROM)
    series = r * (-1 / 2 + r * (-1 / 12 + r**2 * (1 / 120 + r**2 * (-1 / 252 + r**2 / 240))))
    return np.asarray(np.where(y < SERIES_FROM, digamma(small) - np.log(small), series))


def _log_gamma_ratio(y: Array, u: Array) -> Array:
    """ln Γ(y + iu) - ln Γ(y) - iu ln y: the logarithm of the characteristic function of ln(χ²_{2y} / 2y) at u.

    For large y by Stirling's series, whose large terms are taken from each other on paper: with v = u / y they leave
    y ((1 + iv) ln(1 + iv) - iv) - ln(1 + iv) / 2, of size u²/y, where ln Γ(y) itself is of size y ln y.
    """
    from scipy.special import loggamma

    small = np.minimum(y, SERIES_FROM)
    direct = loggamma(small + 1j * u) - loggamma(small) - 1j * u * np.log(small)
    large = np.maximum(y, SERIES_FROM)
    v = u / large
    log_modulus, angle = np.log1p(v * v) / 2, np.arctan(v)
    squared = np.minimum(v * v, 0.04)
    # arctan v - v by its own series where v is small: a difference would be off by eps v, times y
    series = sum((-1.0) ** k / (2 * k + 1) * squared**k for k in range(1, 13))
    bent = np.where(v * v < 0.04, v * series, angle - v)
    leading = large * (log_modulus - v * angle + 1j * (v * log_modulus + bent))
    stirling = leading - (log_modulus + 1j * angle) / 2 + _stirling(large + 1j * u) - _stirling(large)
    return np.asarray(np.where(y < SERIES_FROM, direct, stirling))


def _stirling(z: Array) -> Array:
    """ln Γ(z) - ((z - 1/2) ln z - z + ln(2π) / 2) for |z| >= 40."""
    r = 1 / z
    return np.asarray(r * (1 / 12 + r**2 * (-1 / 360 + r**2 * (1 / 1260 - r**2 / 1680))))
