"""The mean entropy of a softmax of n independent scores, exactly for every n: one double integral, no sampling.

With independent standard Gumbel noises g_j, max_j (x_j + g_j) is log Z plus a Gumbel noise and its argument is a draw
from p = softmax(x). For independent scores with G(u) = E exp(-e^(x - u)), the maximum has the density
n G(u)^(n - 1) E[e^(x - u) exp(-e^(x - u))], and the score and the rank of its argument follow:

    E log Z     = n int G^(n-1) u      E[  e^t  exp(-e^t)] du - gamma,      t = x - u
    E sum p x   = n int G^(n-1)        E[x e^t  exp(-e^t)] du
    E H         = n int G^(n-1)       -E[t e^t  exp(-e^t)] du - gamma
    E sum p^2   = n int G^(n-1)        E[e^(2t) exp(-e^t)] du

Everything is computed from log n, so that n may be e^600. In u the integrands are analytic in a strip and fall off
double-exponentially: the trapezoid rule with step 0.2 is exact to the last digits.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from verify.methods.guards import Array, real_number, refuse
from verify.methods.softmax_entropy.laws import SCALE, Nodes, check_law, nodes

EULER = 0.5772156649015329
STEP = 0.2
LARGEST_LOG_N = 700.0  # e^700 is still a float
SMALLEST_SLOPE = 1e-9  # a thousand times the rounding of a difference of entropies over its step
CHUNK = 1 << 19  # cells of the (u, x) table at a time


class ExpectedSoftmax(NamedTuple):
    """Means over the scores: entropy, log partition sum, sum p x, sum p^2; `mass` is 1 up to the quadrature's error."""

    H: float
    logZ: float
    mean_score: float
    S2: float
    mass: float


def expected_softmax_entropy(log_n: float, law: str, **params: Any) -> ExpectedSoftmax:
    """E H, E log Z, E sum p x and E sum p^2 for n = e^log_n independent scores of a law; n >= 1 need not be whole.

    Laws: `"gaussian"` (sigma): N(0, sigma^2). `"sphere"` (d, scale): scale * d * cos of the angle between two uniform
    directions in R^d, the score of a query and a key of norm sqrt(d). `"generalised_normal"` (p, beta): beta s with s
    of density proportional to exp(-|s|^p). `"empirical"` (scores, beta): beta s with s drawn from `scores`.

    Accuracy: about 1e-12 absolute, for scales of practical size. A smaller S2 may have no digit right: at a fixed
    scale it falls like 1/n, and for log n above about 350 it underflows to 0. Cost: some 10 ms for log n <= 25 and
    scores that spread over a few units; it grows with the square of the spread, to a second at sigma = 100.

    ValueError: log_n outside [0, 700), an unknown law, missing or other parameters, d < 2, p <= 1, a scale that is
    negative, sigma or the beta of a generalised normal law beyond 1e4, scale * d or beta * scores beyond 1e6, scores
    that are empty or not finite. TypeError: d is no integer, a number that is not real.

    Source: the Gumbel-max identity; random energy model: Derrida 1981.

    >>> round(expected_softmax_entropy(np.log(512), "gaussian", sigma=1.0).H, 9)
    5.741890159
    """
    L = real_number("log_n", log_n, least=0, below=LARGEST_LOG_N)
    law_nodes = nodes(law, check_law(law, params), L)
    u = _grid(law_nodes, L)
    kept = _relevant(law_nodes, u)
    mass = logZ = score = H = S2 = 0.0
    rows = max(1, CHUNK // len(kept.x))
    for start in range(0, len(u), rows):
        some = u[start : start + rows]
        log_G, A0, A1, A2 = _table(kept, some)
        density = STEP * np.exp(L + _product(math.expm1(L), log_G))
        mass += float(density @ A0)
        logZ += float(density @ (some * A0))
        score += float(density @ (A1 + some * A0))
        H -= float(density @ A1)
        S2 += float(density @ A2)
    return ExpectedSoftmax(H - EULER, logZ - EULER, score, S2, mass)


def scale_exponent(log_n: float, law: str, **params: Any) -> float:
    """The power a such that a scale proportional to (log n)^a keeps the mean entropy at n = e^log_n.

    a = L (dH/dL) / (-dH/dlog scale), where the scale is sigma, scale or beta. The factor log n of entropy-invariant
    attention is right to first order where a = 1. Derivatives are central differences of fourth order.

    ValueError: as `expected_softmax_entropy`; also log_n = 0 or a scale of 0, where nothing can be kept, and an entropy
    that hardly depends on the scale, |dH/dlog scale| < 1e-9, of which differences see nothing but rounding.

    >>> round(scale_exponent(np.log(512), "gaussian", sigma=3.39194), 4)
    1.0
    """
    L = real_number("log_n", log_n, above=0, below=LARGEST_LOG_N)
    name = SCALE.get(law, "scale")
    scale = real_number(name, check_law(law, params)[name], above=0)
    step = 2e-3

    def at_n(h: float) -> float:
        return expected_softmax_entropy(L * math.exp(h), law, **params).H

    def at_scale(h: float) -> float:
        return expected_softmax_entropy(L, law, **{**params, name: scale * math.exp(h)}).H

    def derivative(f: Any) -> float:
        return float((8 * (f(step) - f(-step)) - (f(2 * step) - f(-2 * step))) / (12 * step))

    fall = derivative(at_scale)
    if not fall < -SMALLEST_SLOPE:
        found = f"dH/dlog({name})={fall:.3g} at {name}={scale:g}"
        refuse(
            found, f"an entropy falls by {SMALLEST_SLOPE} and more where it can be kept", "let the scores differ more"
        )
    return -derivative(at_n) / fall


def _table(law: Nodes, u: Array) -> tuple[Array, Array, Array, Array]:
    """(log G, E[e^t k], E[t e^t k], E[e^(2t) k]) at each u, where t = x - u and k = exp(-e^t)."""
    t = law.x - u[:, None]
    growth = np.exp(np.minimum(t, 6.6))  # exp(-e^6.6) = 1e-319: all that lies higher counts as that
    survival = np.exp(-growth)
    weight = np.exp(law.log_weight)
    log_G = _log_survival(growth, survival, weight)
    survival *= growth
    growth *= survival
    t *= survival
    return log_G, survival @ weight, t @ weight, growth @ weight


def _log_survival(growth: Array, survival: Array, weight: Array) -> Array:
    """log G from 1 - G where that is small, so that n log G keeps its digits for any n; else from G itself."""
    lost = -np.expm1(-growth) @ weight
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(lost < 0.5, np.log1p(-np.minimum(lost, 0.5)), np.log(survival @ weight)))


def _product(exponent: float, log_G: Array) -> Array:
    return exponent * log_G if exponent else np.zeros_like(log_G)  # G^0 = 1, also where G = 0


def _grid(law: Nodes, L: float) -> Array:
    """u from where -n log G = 80, or where G leaves the floats, to where it is 1e-20."""

    def exponent(u: float) -> float:
        growth = np.exp(np.minimum(law.x - u, 6.6))
        log_G = float(_log_survival(growth[None], np.exp(-growth)[None], weight)[0])
        return math.log(-log_G) + L if log_G < 0 else -math.inf

    weight = np.exp(law.log_weight)
    ends = []
    for level in (math.log(80), math.log(1e-20)):
        low, high = float(law.x[0]) - 8, float(law.x[-1]) + L + 60
        while high - low > 0.02:
            middle = (low + high) / 2
            low, high = (middle, high) if exponent(middle) > level else (low, middle)
        ends.append((low + high) / 2)
    return STEP * np.arange(math.floor(ends[0] / STEP), math.ceil(ends[1] / STEP) + 1)


def _relevant(law: Nodes, u: Array) -> Nodes:
    """The nodes whose share of E min(1, e^t) exceeds e^-50 somewhere on the grid.

    The shares' peak moves to the right as u grows, and so do both ends of what is kept.
    """
    ends = []
    for value, pick in ((u[0], 0), (u[-1], -1)):
        share = law.log_weight + np.minimum(0.0, law.x - value)
        ends.append(np.flatnonzero(share > share.max() - 50)[pick])
    some = slice(int(ends[0]), int(ends[1]) + 1)
    return Nodes(law.x[some], law.log_weight[some])
