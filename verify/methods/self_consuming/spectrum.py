"""Where the loop ends: the exponents of its axes, and the law of its last mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, real_number, refuse, whole_number
from verify.methods.self_consuming.arguments import counts, like, sampling_bias
from verify.methods.self_consuming.law import digamma_minus_log, log_variance_drift


def lyapunov_spectrum(n: int, dim: int, bias: float = 1.0) -> Array:
    """γ_i = ln λ + ψ((ν - i + 1)/2) - ln(ν/2), i = 1..d: the rate of the i-th largest eigenvalue of Σ_t, descending.

    ValueError: n - 1 < dim, where the smallest eigenvalues are 0 at once.

    >>> lyapunov_spectrum(12, 4).round(5).tolist()
    [-0.09365, -0.19863, -0.31588, -0.44863]
    """
    n, dim = whole_number("n", n, 2), whole_number("dim", dim, 1)
    lam = sampling_bias(bias)
    if n - 1 < dim:
        refuse(f"n={n}", f"dim={dim} needs n - 1 >= dim", "with fewer samples the covariance is singular")
    halves = (n - 1 - np.arange(dim)) / 2
    return np.asarray(math.log(lam) + digamma_minus_log(halves) + np.log(halves / halves[0]))


def drift_limit_cdf(r: ArrayLike, *, dim: int = 1, c: float = 0.0) -> Any:
    """P(|Σ_0^{-1/2} (μ_∞ - μ_0)| <= r) as n → ∞ with λ = exp(-c / n): a Student law with 2 + 2c degrees of freedom.

    The last mean is multivariate t_{2+2c} over √(1 + c), so its norm has the distribution function
    I(r² / (r² + 2); d/2, 1 + c), a regularised incomplete beta function; at c = 0 that is (r² / (r² + 2))^{d/2},
    independent of n. The maximum likelihood fit at λ = 1 has c = 1. c > -1, as at c = -1 σ no longer collapses.

    Source: Dufresne 1990 for the exponential functional of Brownian motion behind it.

    >>> round(drift_limit_cdf(10.0), 6)
    0.990148
    """
    from scipy.special import betainc

    radius = np.asarray(r)
    if radius.dtype.kind not in "iuf" or np.isnan(radius).any():
        refuse(f"r={r!r}", "r is made of real numbers, not nan", "give distances from the first mean")
    excess = real_number("c", c, above=-1)
    with np.errstate(over="ignore", divide="ignore"):  # r² / (r² + 2), also where r² is 0 or infinite
        share = 1 / (1 + 2 / np.square(np.maximum(radius.astype(float), 0.0)))
    return like(r, betainc(whole_number("dim", dim, 1) / 2, 1 + excess, share))


def drift_tail_constant(n: ArrayLike) -> Any:
    """C_n with x² P(|μ_∞ - μ_0| > x σ_0) → C_n at λ = 1: 1 / (n (ψ(ν/2 + 1) - ln(ν/2))).

    The tail index is 2 for every n, so the last mean has no variance. Source: Goldie 1991.

    >>> round(drift_tail_constant(20), 4)
    0.9669
    """
    size = counts("n", n, 2)
    return like(n, 1 / (size * (log_variance_drift(size) + 2 / (size - 1))))
