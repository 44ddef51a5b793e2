"""Exact probabilities that a random projection distorts one vector, one pair of vectors, one angle."""

from __future__ import annotations

import math

import numpy as np

from verify.methods.guards import real_number, refuse, whole_number


def norm_distortion_tail(d: int, eps: float) -> tuple[float, float]:
    """(P(chi2_d / d >= 1 + eps), P(chi2_d / d <= 1 - eps)).

    If the entries of A (d, D) are independent N(0, 1/d), these are the probabilities that |Ax|^2 leaves
    (1 - eps, 1 + eps) |x|^2 above and below, for any one x. Both are regularised incomplete gamma functions. Their sum
    decreases in d; the upper one alone does not where eps is small (eps = 0.01: it grows up to d = 66).

    eps > 0; the lower probability is 0 for eps >= 1. Relative accuracy is about 1e-13 down to 1e-300.

    ValueError: d < 1, eps <= 0. TypeError: d is no integer.

    >>> upper, lower = norm_distortion_tail(2, 0.5)  # chi2_2 / 2 is exponential
    >>> math.isclose(upper, math.exp(-1.5)), math.isclose(lower, 1 - math.exp(-0.5))
    (True, True)
    """
    from scipy.special import gammainc, gammaincc

    d, eps = whole_number("d", d, 1), real_number("eps", eps, 0, math.inf)
    lower = float(gammainc(d / 2, d * (1 - eps) / 2)) if eps < 1 else 0.0
    return float(gammaincc(d / 2, d * (1 + eps) / 2)), lower


def chernoff_distortion_bound(d: int, eps: float) -> float:
    """exp(-d (eps - log(1 + eps)) / 2) + exp(d (eps + log(1 - eps)) / 2), which is at least the two-sided tail.

    The best exponential bound: both exponents are the exact rates as d grows. The bound itself may exceed 1.

    ValueError: d < 1, eps outside (0, 1).

    >>> chernoff_distortion_bound(64, 0.5) > sum(norm_distortion_tail(64, 0.5))
    True
    """
    d, eps = whole_number("d", d, 1), real_number("eps", eps, 0, 1)
    return math.exp(-d / 2 * (eps - math.log1p(eps))) + math.exp(d / 2 * (eps + math.log1p(-eps)))


def haar_distortion_tail(k: int, D: int, eps: float) -> tuple[float, float]:
    """(P(R >= 1 + eps), P(R <= 1 - eps)) for R = (D/k) |Px|^2 / |x|^2, P the projection onto a random k-plane of R^D.

    |Px|^2 / |x|^2 has the law Beta(k/2, (D - k)/2). At k = D nothing is distorted and both are 0. As D grows the pair
    tends to `norm_distortion_tail(k, eps)`, from below in sum.

    ValueError: k < 1, D < 2, k > D, eps outside (0, 1).

    >>> haar_distortion_tail(3, 3, 0.1)
    (0.0, 0.0)
    """
    from scipy.special import betainc, betaincc

    k, D, eps = whole_number("k", k, 1), whole_number("D", D, 2), real_number("eps", eps, 0, 1)
    if k > D:
        refuse(f"k={k} and D={D}", "a plane has at most the dimension of its space", "exchange k and D")
    if k == D:
        return 0.0, 0.0
    a, b = k / 2, (D - k) / 2
    upper = float(betaincc(a, b, (1 + eps) * k / D)) if (1 + eps) * k < D else 0.0
    return upper, float(betainc(a, b, (1 - eps) * k / D))


def inner_product_tail(k: int, eps: float) -> float:
    """P(|<Au, Av>| >= eps) for orthonormal u, v and A (k, D) with independent N(0, 1/k) entries.

    Given X = k |Av|^2, a chi2_k variable, the product is N(0, X / k^2): the tail is E erfc(eps k / sqrt(2 X)). With
    X = e^y the integrand is analytic and decays on both sides, so that the trapezoid rule converges exponentially;
    terms are summed from their logarithms, and deep tails keep their relative accuracy (about 1e-12).

    ValueError: k < 1, eps <= 0.

    >>> round(inner_product_tail(64, 0.3), 10)
    0.0175095498
    """
    from scipy.special import gammaln, log_ndtr

    k, eps = whole_number("k", k, 1), real_number("eps", eps, 0, math.inf)
    # The integrand is largest near X = k (1 + sqrt(1 + 4 eps^2)) / 2, with a width in y of about sqrt(2 / k). To the
    # left it falls like X^(k/2) only.
    peak = math.log(k * (1 + math.sqrt(1 + 4 * eps * eps)) / 2)
    step = min(0.1, math.sqrt(0.5 / k))
    left, right = max(30 / math.sqrt(k), 160 / k), max(30 / math.sqrt(k), 6.0)
    y = peak + step * np.arange(-math.ceil(left / step), math.ceil(right / step) + 1)
    x = np.exp(y)
    density = k / 2 * y - x / 2 - float(gammaln(k / 2)) - k / 2 * math.log(2)
    tail = math.log(2) + log_ndtr(-eps * k / np.sqrt(x))  # erfc(z / sqrt 2) = 2 Phi(-z)
    return float(step * np.exp(density + tail).sum())
