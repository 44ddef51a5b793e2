"""What synthetic data are worth: effective sample sizes, and how many are too many."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from verify.methods.guards import one_of, refuse, whole_number
from verify.methods.self_consuming.arguments import sampling_bias
from verify.methods.self_consuming.moments import (
    fixed_point,
    forced_by,
    fourth_moment_recursion,
    mixed_loop_moments,
    second_moment_recursion,
)

LARGEST = 1e15  # synthetic samples: beyond it there is no threshold that a float could tell from infinity
MOST_REAL = 10**7  # the excess of n_synth samples is a share n_synth / n_real² of the numbers it is the difference of


def effective_sample_size(n_real: int, n_synth: int, bias: float, *, dim: int = 1, metric: str = "mean") -> float:
    """How many real samples alone would give the stationary error of the fresh loop.

    metric="mean": the error is E μ², 1/n for n real samples. "quadratic": E |μ|² + E |Σ - I|²_F / 4, for n real
    samples d/n + d(d+1) / (4(n-1)); it approaches W₂² for small errors.

    The quadratic one is a float calculation, good to a share of about eps (n_real + n_synth / n_real).

    ValueError: "quadratic" where the fourth moments do not exist.

    Source: Alemohammad et al. 2023, equation 4.

    >>> round(effective_sample_size(5, 20, 1.0), 9)
    8.333333333
    """
    lam = sampling_bias(bias)
    if one_of("metric", metric, ("mean", "quadratic")) == "mean":
        return 1 / float(mixed_loop_moments(n_real, n_synth, lam, dim=dim).mean_sq)
    found = mixed_loop_moments(n_real, n_synth, lam, dim=dim, order=4)
    assert found.fourth is not None
    spread = found.fourth.trace_of_square - dim * (2 * found.var - 1)
    error = dim * found.mean_sq + spread / 4
    b = 4 * error + dim * (dim + 5)
    return float((b + math.sqrt(b * b - 64 * error * dim)) / (8 * error))


def synthetic_threshold(n_real: int, bias: float, dim: int = 1, metric: str = "quadratic") -> float:
    """The number of synthetic samples at which the fresh loop is as bad as its n_real real samples alone; nan if none.

    Below it synthetic samples help, above it they harm. The number is a real one, a root of `stationary_error` minus
    `baseline_error`, to four digits or more. There is none at λ = 1, nor where an honest fit is worse than a total collapse.

    ValueError: n_real above 10^7, where floats do not resolve it.

    metric="quadratic" as in `effective_sample_size`; "w2" is W₂² to second order about the mean covariance.

    >>> round(synthetic_threshold(100, 0.7, 1, "w2"), 2)
    55.72
    """
    n_real, dim, lam = whole_number("n_real", n_real, 2), whole_number("dim", dim, 1), sampling_bias(bias)
    one_of("metric", metric, ("quadratic", "w2"))
    if n_real > MOST_REAL:
        refuse(f"n_real={n_real}", f"n_real is at most {MOST_REAL}", "beyond it take the limit of many real samples")
    if lam == 1.0:
        return math.nan

    def excess(n_synth: Any) -> Any:
        return stationary_error(n_real, n_synth, lam, dim, metric) - baseline_error(n_real, dim)

    steps = np.geomspace(1.0, LARGEST, 256)
    worse = excess(steps) > 0
    turns = np.flatnonzero(~worse[:-1] & worse[1:])
    if not turns.size:
        return math.nan
    low, high = float(steps[turns[0]]), float(steps[turns[0] + 1])
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (low, middle) if excess(middle) > 0 else (middle, high)
    return middle


def stationary_error(n_real: int, n_synth: Any, bias: float, dim: int, metric: str = "quadratic") -> Any:
    """The stationary error of the fresh loop for one real number of synthetic samples or an array of them.

    "quadratic": E |μ|² + E |Σ - I|²_F / 4. "w2": E |μ|² + d (1 - √s)² + E |Σ - s I|²_F / (4 s^{3/2}), s = E Σ_ii.
    The caller knows that fourth moments exist.
    """
    ns = np.asarray(n_synth, float)
    mean_sq, s = fixed_point(*second_moment_recursion(float(n_real), ns, bias))
    linear, rest = fourth_moment_recursion(float(n_real), ns, bias, dim)
    squares = fixed_point(linear, forced_by(rest, dim * mean_sq, dim * s))[3]
    if metric == "quadratic":
        return dim * mean_sq + (squares - dim * (2 * s - 1)) / 4
    return dim * mean_sq + dim * (1 - s**0.5) ** 2 + (squares - dim * s**2) / (4 * s**1.5)


def baseline_error(n: float, dim: int) -> float:
    """The error of a fit to n real samples, to second order: d/n + d(d+1) / (4(n-1))."""
    if n < 2:
        refuse(f"n={n}", "a covariance needs two samples", "give n >= 2")
    return dim / n + dim * (dim + 1) / (4 * (n - 1))
