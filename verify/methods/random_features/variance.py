"""Exact errors of random-feature estimates of e^(q.k), for independent rows, orthogonal blocks and simplex blocks."""

from __future__ import annotations

import math
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, finite_array, one_of, real_number, refuse, whole_number
from verify.methods.random_features.projections import check_coupling

KINDS = ("positive", "hyperbolic", "trigonometric")
LARGEST = 1e7  # a mean over Poisson(t) sums some t terms


def kernel_mse(
    q: ArrayLike,
    k: ArrayLike,
    m: int,
    *,
    features: Literal["positive", "hyperbolic", "trigonometric"],
    coupling: Literal["iid", "orthogonal", "simplex"] = "iid",
) -> float:
    """E (estimate - e^(q.k))^2 of `kernel_estimate` with m draws of `draw_projections(m, d, rng, coupling=coupling)`.

    With t = |q + k|^2, u = |q - k|^2 and s = |q|^2 + |k|^2, one draw has the variance

        positive       e^(2 q.k) (e^t - 1)
        hyperbolic     e^(2 q.k) (e^t - 1)(1 - e^-t) / 2
        trigonometric  e^s (1 - e^-u)^2 / 2

    and the mean of m independent draws 1/m of it. In blocks of b rows each of the b (b - 1) ordered pairs adds a
    covariance, which is a power series in t or -u with the moments of |w_1 + w_2|^2: see `_pair_deficit`.
    A result beyond the floats is inf.

    Shapes: q, k (d,). ValueError: shapes, entries, squares that overflow, m < 1, an unknown name, "simplex" with d < 2.
    TypeError: m.

    Source: Choromanski et al. 2020, lemma 2 (independent); Reid et al. 2023 and Demni and Kadri 2023 (blocks).

    >>> round(kernel_mse([1.0], [0.0], 10, features="positive"), 12) == round((math.e - 1) / 10, 12)
    True
    """
    x = finite_array("q", q, ("d",))
    y = finite_array("k", k, (len(x),))
    d, m = len(x), whole_number("m", m, 1)
    one_of("features", features, KINDS)
    check_coupling(coupling, d)
    with np.errstate(over="ignore"):
        squares = float(x @ x + y @ y)
    if not math.isfinite(4 * squares):
        refuse("|q|^2 + |k|^2 overflows", "the exponents must be finite", "scale q and k down")
    full, rest = divmod(m, d)
    pairs = 0 if coupling == "iid" else full * d * (d - 1) + rest * (rest - 1)
    cosine = -1 / (d - 1) if coupling == "simplex" else 0.0
    if features == "trigonometric":
        log_scale, u = squares, float((x - y) @ (x - y))
        variance = math.expm1(-u) ** 2 / 2
        # e^s >= e^(u/2) leaves the floats long before u = 4000, whatever the covariance
        shared = _trigonometric_covariance(d, min(u, 4000.0), cosine) if pairs else 0.0
    else:
        t = float((x + y) @ (x + y))
        log_scale = 2 * float(x @ y) + t  # the factor e^t is kept apart: it may overflow where the product does not
        variance = -math.expm1(-t)
        signs = (1,) if features == "positive" else (1, -1)
        if features == "hyperbolic":
            variance *= -math.expm1(-t) / 2
        shared = 0.0
        if pairs and math.exp(-t) > 0.0:  # else it is nothing beside the variance
            shared = -math.exp(-t) * sum(_pair_deficit(d, t, sign * cosine) for sign in signs) / len(signs)
    relative = max(m * variance + pairs * shared, 0.0) / m**2
    with np.errstate(over="ignore"):
        return 0.0 if relative == 0.0 else float(np.exp(log_scale + math.log(relative)))


def orthogonality_gap(d: int, t: float) -> float:
    """g(d, t) = 1 - e^-t 1F1(d; d/2; t/2): what an orthogonal pair takes off e^-t E e^((w_1 + w_2).z), |z|^2 = t.

    Computed as the mean of 1 - prod_(j<k) (d + j)/(d + 2j) over k ~ Poisson(t): all terms are nonnegative, nothing
    cancels. In [0, 1), or 1 where it rounds to that. O(t) terms. ValueError: d < 1, t < 0 or t >= 1e7. TypeError: d.

    >>> orthogonality_gap(3, 0.0), round(orthogonality_gap(16, 1.0), 6)
    (0.0, 0.024992)
    """
    return _pair_deficit(whole_number("d", d, 1), real_number("t", t, least=0, below=LARGEST), 0.0)


def smreg_ratio(d: int, t: float) -> float:
    """E e^(w.z - t/2) for w uniform on the sphere of radius sqrt(d), |z|^2 = t: e^(-t/2) 0F1(; d/2; d t / 4), in (0, 1].

    What rows of one length sqrt(d) make of the kernel e^(q.k), as a ratio. Computed as the mean of
    prod_(j<k) d/(d + 2j) over k ~ Poisson(t/2), O(t) terms. ValueError: d < 1, t < 0 or t >= 1e7. TypeError: d.

    Source: Choromanski et al. 2020, theorem 1 (the kernel SMREG).

    >>> smreg_ratio(3, 0.0)
    1.0
    """
    d, t = whole_number("d", d, 1), real_number("t", t, least=0, below=LARGEST)
    weights = _poisson(t / 2)
    j = np.arange(len(weights) - 1)
    # products of many factors near 1: their logarithms are summed, as factors would be rounded one by one
    log_products = np.concatenate([[0.0], -np.cumsum(np.log1p(2 * j / d))])
    return float(weights @ np.exp(log_products))


def _poisson(t: float) -> Array:
    """Probabilities of 0, 1, ..., K for a Poisson variable of mean t, where what is beyond K is below 1e-30."""
    from scipy.special import gammaln, xlogy

    k = np.arange(int(t + 12 * math.sqrt(t) + 40))
    log_p = xlogy(k, t) - t - gammaln(k + 1)
    p = np.exp(log_p)
    return np.asarray(p / p.sum())  # the rounding of large logarithms is common to all of them


def _pair_deficit(d: int, t: float, cosine: float) -> float:
    """1 - e^-t E e^((w_1 + w_2).z) for two N(0, I) rows at a fixed angle, |z|^2 = t: minus their scaled covariance.

    E e^((w_1 + w_2).z) = sum_k t^k/k! rho_k with rho_k = E|w_1 + w_2|^(2k) over its value for independent rows. Lengths
    R cos f, R sin f give |w_1 + w_2|^2 = R^2 (1 + cosine sin 2f), where R^2 is chi-square with 2d degrees of freedom
    and 2f has a density proportional to sin^(d-1), so that rho_k = prod_(j<k) (d + j)/(d + 2j) . E (1 + cosine sin 2f)^k.
    """
    weights = _poisson(t)
    size = len(weights)
    deficit = _orthogonal_deficits(d, size)
    if cosine != 0.0:
        sines, density = _angles(d)
        powers = np.arange(size)[:, None] * np.log1p(cosine * sines)
        # 1 - P E = (1 - P) + P (1 - E), and 1 - E as a mean of -expm1
        deficit = deficit - (1 - deficit) * (np.expm1(powers) @ density)
    return float(weights @ deficit)


def _orthogonal_deficits(d: int, size: int) -> Array:
    """1 - prod_(j<k) (d + j)/(d + 2j) for k < size: sums of nonnegative terms, as P_j - P_(j+1) = P_j j/(d + 2j)."""
    j = np.arange(size - 1)
    products = np.concatenate([[1.0], np.cumprod((d + j) / (d + 2 * j))])
    return np.concatenate([[0.0], np.cumsum(products[:-1] * (j / (d + 2 * j)))])


@cache
def _angles(d: int) -> tuple[Array, Array]:
    """Values of sin(psi) and their probabilities for the density proportional to sin^(d-1) on (0, pi)."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    reach = min(math.pi / 2, 12 / math.sqrt(d))  # about pi/2; beyond 12 standard deviations the density is nothing
    sines = np.sin((nodes + 1) * reach + (math.pi / 2 - reach))
    density = weights * np.exp((d - 1) * np.log(sines))
    return sines, np.asarray(density / density.sum())


SERIES = 4.0  # up to this u the alternating series loses e^4 of its digits only


def _trigonometric_covariance(d: int, u: float, cosine: float) -> float:
    """E cos(w_1.z) cos(w_2.z) - e^-u for two N(0, I) rows at a fixed angle, |z|^2 = u: the pair's covariance over e^s.

    Half of the sum over both signs of w_2, which turn the cosine round, of E cos((w_1 + w_2).z) - e^-u.
    """
    from scipy.special import hyp1f1

    sines, density = _angles(d) if cosine else (np.zeros(1), np.ones(1))
    total = 0.0
    for sign in (1, -1) if cosine else (1,):
        scaled = 1 + sign * cosine * sines
        if u <= SERIES:
            k = np.arange(60)
            moments = (1 - _orthogonal_deficits(d, 60)) * (scaled[:, None] ** k).T.dot(density) if cosine else None
            above = -_orthogonal_deficits(d, 60) if moments is None else moments - 1
            terms = np.cumprod(-u / k[1:]) * above[1:]  # the one for k = 0 is 0
            total += math.fsum(terms)
        else:
            total += float(hyp1f1(d, d / 2, -u / 2 * scaled) @ density) - math.exp(-u)
    return total / (2 if cosine else 1)
