"""Loops that keep their old data: how much variance survives, how much error adds up."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from verify.methods.guards import one_of, refuse, whole_number
from verify.methods.self_consuming.arguments import degrees_lost

CHUNK = 2**16


def accumulate_variance_factor(n: int, t: int | float, workflow: str = "replace", ddof: int = 0) -> float:
    """E V_t / σ² after t generations of n new samples each; t = math.inf gives the limit.

    Generation 1 is fitted to n samples of any real law with variance σ², generation 0 is that law.

    "replace" fits the newest n samples: (1 - 1/n)^t, and 1 for ddof=1. "accumulate" fits all t n samples so far:
    Π (1 - 1/(n k²)) → sin(π/√n) / (π/√n), and Π_{k>1} (1 - 1/(k(kn - 1))) for ddof=1. "subsample" fits n draws with
    replacement from the pool: Π (1 - a²/k²) → sin(πa)/(πa), a² = 2/n - 1/n², and for ddof=1
    Π (1 + 1/(nk) - 2/(nk²)), which grows without limit, like t^{1/n}. A finite product is multiplied out, in O(t).

    Source: Gerstgrasser et al. 2024 and Kazdan et al. 2024 for the workflows.

    >>> round(accumulate_variance_factor(4, math.inf, "accumulate") * math.pi / 2, 12)
    1.0
    """
    n, loss = whole_number("n", n, 1 + degrees_lost(ddof)), degrees_lost(ddof)
    limit = isinstance(t, float) and t == math.inf
    t = t if limit else whole_number("t", t, 0)
    one_of("workflow", workflow, ("replace", "accumulate", "subsample"))
    if workflow == "replace":
        return 1.0 if loss else (1 - 1 / n) ** t
    if limit:
        return _limit(n, workflow, loss)

    def log_factors(k: Any) -> Any:
        if workflow == "accumulate":
            step = 1 / (n * k**2) if not loss else np.where(k > 1, 1 / (k * (k * n - 1)), 0.0)
            return np.log1p(-step)
        return np.log1p(-(2 / n - 1 / n**2) / k**2 if not loss else 1 / (n * k) - 2 / (n * k**2))

    total = 0.0
    with np.errstate(divide="ignore"):  # one sample has no variance: the first factor is 0
        for first in range(1, int(t) + 1, CHUNK):
            total += float(log_factors(np.arange(first, min(first + CHUNK, int(t) + 1), dtype=float)).sum())
    return math.exp(total)


def _limit(n: int, workflow: str, loss: int) -> float:
    if workflow == "subsample" and loss:
        return math.inf
    if workflow == "accumulate" and loss:
        from scipy.special import gamma

        root = math.sqrt(1 + 4 * n)
        return float(gamma(2 - 1 / n) / (gamma(2 - (1 + root) / (2 * n)) * gamma(2 - (1 - root) / (2 * n))))
    if n == 1:
        return 0.0
    a = math.sqrt(1 / n if workflow == "accumulate" else 2 / n - 1 / n**2)
    return math.sin(math.pi * a) / (math.pi * a)


def regression_excess_error(
    dim: int, n: int, t: int | float, workflow: str = "replace", design: str = "fresh"
) -> float:
    """E |ŵ_t - w*|² of least squares on n isotropic Gaussian rows a generation, labels of the last model plus N(0, 1).

    "replace": t d / (n - d - 1). "accumulate" over all rows so far: d / (n - d - 1) Σ_{i<=t} 1/i² if every generation
    has the same ("fixed") design, d Σ_{i<=t} 1 / (i (i n - d - 1)) if designs are "fresh". t = math.inf gives the limit.

    ValueError: n < d + 2, where the error has no mean.

    Source: Dohmatob, Feng, Kempe 2024; Gerstgrasser et al. 2024, whose bound is the fixed design's value.

    >>> regression_excess_error(4, 20, 6), round(regression_excess_error(4, 20, 6, "accumulate"), 6)
    (1.6, 0.375603)
    """
    d, n = whole_number("dim", dim, 1), whole_number("n", n, 1)
    if n < d + 2:
        refuse(f"n={n}", f"dim={d} needs n >= dim + 2", "with fewer rows the error has no mean")
    limit = isinstance(t, float) and t == math.inf
    t = t if limit else whole_number("t", t, 0)
    one_of("workflow", workflow, ("replace", "accumulate"))
    one_of("design", design, ("fresh", "fixed"))
    single = d / (n - d - 1)
    if workflow == "replace":
        return single * t
    if limit:
        return single * math.pi**2 / 6 if design == "fixed" else single + d / n * _late_batches((d + 1) / n)
    total = 0.0
    for first in range(1, int(t) + 1, CHUNK):
        i = np.arange(first, min(first + CHUNK, int(t) + 1), dtype=float)
        total += float((d / (i * (i * n - d - 1)) if design == "fresh" else single / i**2).sum())
    return total


def _late_batches(x: float) -> float:
    """Σ_{i>1} 1 / (i (i - x)), 0 < x < 1, as Σ_k x^k (ζ(k + 2) - 1): all terms positive, and each below half the last.

    With 1 / (1 - x) it is -(ψ(1 - x) + γ) / x, a difference that keeps no digits for small x.
    """
    from scipy.special import zetac

    k = np.arange(64)
    return float(x**k @ zetac(k + 2))
