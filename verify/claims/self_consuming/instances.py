"""Laws, enumerations, pivots and types that several claims on loops share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.methods.self_consuming import LoopTrajectory

Floats = NDArray[np.float64]

LAW = "first look of 16384 draws encloses within 0.0273, the next within 0.0196"


def chi2_cdf(df: float) -> Callable[[Floats], Floats]:
    """The distribution function of χ² with df degrees of freedom."""
    from scipy.special import gammainc

    return lambda x: np.asarray(gammainc(df / 2, np.maximum(x, 0.0) / 2))


def normal_cdf(x: Floats) -> Floats:
    """Φ."""
    from scipy.special import ndtr

    return np.asarray(ndtr(x))


def signs(count: int) -> Floats:
    """All sign patterns of this length, (2^count, count)."""
    return np.asarray(1 - 2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1), float)


def log_chi2_nodes(df: float, low: int, high: int) -> tuple[Floats, Floats]:
    """Places y, 0.01 apart, from low / 100 to high / 100, and weights there: a multiple of the density of ln χ²_df.

    The trapezoidal rule that they make converges geometrically, as the density is analytic and falls at both ends.
    """
    y = np.arange(low, high, dtype=float) * 0.01
    return y, np.exp(df / 2 * y - np.exp(y) / 2)


def steps(path: LoopTrajectory, n: int, bias: float, ddof: int = 1) -> tuple[Floats, Floats]:
    """(Z (T, R, d), L (T, R, d, d)): the noise behind a trajectory, were it N(0, I) and the factor of a Wishart matrix.

    Z = √(n/λ) C⁻¹ (μ' - μ) and L = √((n - ddof)/λ) C⁻¹ C', with C from before the step and C' from after it.
    """
    before, after = path.chol[:-1], path.chol[1:]
    moved = np.diff(path.mean, axis=0)[..., None]
    if before.shape[-1] == 1:
        z, factor = moved / before, after / before
    else:
        z, factor = np.linalg.solve(before, moved), np.linalg.solve(before, after)
    return np.sqrt(n / bias) * z[..., 0], np.sqrt((n - ddof) / bias) * factor


def last(path: LoopTrajectory) -> Any:
    """The last model alone, with a first axis of length 1."""
    return LoopTrajectory(*(part[-1:] for part in path))
