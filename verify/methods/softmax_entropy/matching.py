"""The inverse temperature at which a softmax has a wanted entropy, row by row."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, finite_array, real_number, refuse
from verify.methods.softmax_entropy.kernel import FAR, checked, real_scores

STEPS = 200  # Newton takes about five; bisection of log(beta) ends at neighbouring floats long before


def entropy_matching_scale(scores: ArrayLike, target: ArrayLike, *, rtol: float = 1e-10) -> Array:
    """beta > 0 with H(softmax(beta * scores)) = target for scores (n,), or of each row of scores (m, n).

    H falls strictly from log n at beta = 0 to the logarithm of the number of equal maxima, so there is one solution for
    every target strictly between (n counts the entries above -inf). `target` is a number or (m,); |H - target| <=
    rtol * target in the result. This is the calibration of a perplexity, exp(target).

    Newton's method in log(beta), where dH/dlog(beta) is minus the varentropy: steps of at most 1, bisection of the
    bracket where a step leaves it or does not halve the residual; rows that have converged are dropped.

    ValueError: nan, +inf, a target outside its interval, rtol outside (0, 1). TypeError: scores that are not real.

    >>> beta = entropy_matching_scale(np.sin(np.arange(1.0, 1001.0)), 4.0)
    >>> round(float(beta), 9)
    145.522274208
    """
    given = real_scores("scores", scores)
    if given.ndim not in (1, 2) or given.size == 0:
        refuse(f"scores have shape {given.shape}", "(n,) or (m, n) is needed, not empty", "flatten other axes")
    rtol = real_number("rtol", rtol, above=0, below=1)
    rows = np.atleast_2d(given).astype(np.float64)
    wanted = finite_array("target", target)
    if wanted.shape not in ((), (len(rows),)):
        refuse(f"target has shape {wanted.shape}", f"a number or ({len(rows)},) is needed", "give one target a row")
    wanted = np.full(len(rows), wanted)
    rows -= checked(rows.max(axis=1), strict=True)[:, None]
    counts, ties = (rows > -np.inf).sum(axis=1), (rows == 0).sum(axis=1)
    bad = ~((wanted > np.log(ties)) & (wanted < np.log(counts)))
    if bad.any():
        i = int(np.argmax(bad))
        allowed = f"an entropy lies strictly between log {ties[i]} and log {counts[i]}"
        refuse(f"target={wanted[i]} for row {i}", allowed, "choose a target between those of beta = infinity and 0")
    result = _solve(rows, wanted, np.log(_start(rows, counts, wanted)), rtol)
    return result if given.ndim == 2 else result[0]


def _start(gaps: Array, counts: Array, wanted: Array) -> Array:
    """The solution for Gaussian scores and many of them, where H = log n - beta^2 Var / 2."""
    seen = np.where(gaps == -np.inf, 0.0, gaps)
    with np.errstate(over="ignore"):
        scale = -seen.min(axis=1)  # so that squares neither overflow nor vanish
        unit = seen / scale[:, None]
    mean = unit.sum(axis=1) / counts
    variance = (unit * unit).sum(axis=1) / counts - mean * mean
    return np.asarray(np.sqrt(2 * (np.log(counts) - wanted) / np.maximum(variance, 1e-12)) / scale)


def _solve(gaps: Array, wanted: Array, log_beta: Array, rtol: float) -> Array:
    low, high = np.full_like(log_beta, -np.inf), np.full_like(log_beta, np.inf)
    before = np.full_like(log_beta, np.inf)
    solution = np.empty_like(log_beta)
    left = np.arange(len(gaps))
    for _ in range(STEPS):
        H, V = _entropy_and_slope(gaps, log_beta)
        residual = H - wanted
        done = np.abs(residual) <= rtol * wanted
        low, high = np.where(residual > 0, log_beta, low), np.where(residual > 0, high, log_beta)
        done |= np.nextafter(low, np.inf) >= high
        solution[left[done]] = log_beta[done]
        if done.all():
            return np.exp(solution)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = np.clip(np.nan_to_num(residual / V, nan=0.0, posinf=1.0, neginf=-1.0), -1, 1)
            middle = (low + high) / 2
        step = np.where(V > 0, step, np.sign(residual))
        following = log_beta + step
        outside = (following <= low) | (following >= high)
        slow = np.isfinite(middle) & (np.abs(residual) > before / 2)
        following = np.where((outside | slow) & np.isfinite(middle), middle, following)
        keep = ~done
        if done.any():
            gaps = gaps[keep]
        low, high, wanted, left = low[keep], high[keep], wanted[keep], left[keep]
        log_beta, before = following[keep], np.abs(residual)[keep]
    solution[left] = log_beta
    return np.exp(solution)


def _entropy_and_slope(gaps: Array, log_beta: Array) -> tuple[Array, Array]:
    """H and V of each row at exp(log_beta); V from moments, which is enough for a step."""
    H, V = np.empty(len(gaps)), np.empty(len(gaps))
    step = max(1, 16384 // gaps.shape[1])
    beta = np.exp(log_beta)
    for start in range(0, len(gaps), step):
        some = slice(start, start + step)
        x = gaps[some] * beta[some, None]
        np.maximum(x, FAR, out=x)
        first = x.argmax(axis=1)
        x[np.arange(len(x)), first] = FAR
        weights = np.exp(x)
        s, t = weights.sum(axis=1), -np.vecdot(weights, x)
        x *= x
        H[some] = np.log1p(s) + t / (1 + s)
        V[some] = np.vecdot(weights, x) / (1 + s) - (t / (1 + s)) ** 2
    return H, V
