"""Exact probabilities that a random projection distorts one vector, one pair of vectors, one angle."""

from __future__ import annotations

import math

import numpy as np

from verify.methods.guards import real_number, refuse, whole_number

LARGE = 50_000  # degrees of freedom beyond which SciPy's lower tail may end too early


def norm_distortion_tail(d: int, eps: float) -> tuple[float, float]:
    """(P(chi2_d / d >= 1 + eps), P(chi2_d / d <= 1 - eps)).

    If the entries of A (d, D) are independent N(0, 1/d), these are the probabilities that |Ax|^2 leaves
    (1 - eps, 1 + eps) |x|^2 above and below, for any one x. Both are regularised incomplete gamma functions. Their sum
    decreases in d; the upper one alone does not where eps is small (eps = 0.01: it grows up to d = 66).

    eps > 0; the lower probability is 0 for eps >= 1. Relative accuracy is about 1e-12 down to 1e-300, and 1e-10 for
    d = 10^8. (SciPy's `gammainc` sums at most 2000 terms and is off by 22 % there: large d has a quadrature of its own.)

    ValueError: d < 1, eps <= 0. TypeError: d is no integer.

    >>> upper, lower = norm_distortion_tail(2, 0.5)  # chi2_2 / 2 is exponential
    >>> math.isclose(upper, math.exp(-1.5)), math.isclose(lower, 1 - math.exp(-0.5))
    (True, True)
    """
    from scipy.special import gammainc, gammaincc

    d, eps = whole_number("d", d, 1), real_number("eps", eps, above=0)
    upper = float(gammaincc(d / 2, d * (1 + eps) / 2))
    if eps >= 1:
        return upper, 0.0
    return upper, _lower_tail(d / 2, eps) if d > LARGE else float(gammainc(d / 2, d * (1 - eps) / 2))


def _lower_tail(a: float, eps: float) -> float:
    """P(Gamma(a) <= a (1 - eps)) for large a.

    With s = x e^-t the integral of s^(a - 1) e^-s over [0, x] is x^a e^-x times that of exp(-(a - x) t - x (t + e^-t - 1))
    over t >= 0, whose logarithm is concave: Gauss-Legendre on four panels up to where it has lost 45 e-folds.
    """
    x = a * (1 - eps)
    end = min(45 / (a * eps), math.sqrt(90 / x) + 30 / x)
    at, weight = np.polynomial.legendre.leggauss(24)
    t = end * (np.arange(4)[:, None] + (1 + at) / 2).ravel() / 4
    integral = end / 8 * np.tile(weight, 4) @ np.exp(-a * eps * t - x * (t + np.expm1(-t)))
    stirling = math.log(a / (2 * math.pi)) / 2 - 1 / (12 * a)  # a log a - a - log Gamma(a), up to a^-3
    return math.exp(a * (math.log1p(-eps) + eps) + stirling) * float(integral)


def chernoff_distortion_bound(d: int, eps: float) -> float:
    """exp(-d (eps - log(1 + eps)) / 2) + exp(d (eps + log(1 - eps)) / 2), which is at least the two-sided tail.

    The best exponential bound: both exponents are the exact rates as d grows. The bound itself may exceed 1.

    ValueError: d < 1, eps outside (0, 1).

    >>> chernoff_distortion_bound(64, 0.5) > sum(norm_distortion_tail(64, 0.5))
    True
    """
    d, eps = whole_number("d", d, 1), real_number("eps", eps, above=0, below=1)
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

    k, D, eps = whole_number("k", k, 1), whole_number("D", D, 2), real_number("eps", eps, above=0, below=1)
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
    terms are summed from their logarithms, and deep tails keep their relative accuracy: about 1e-12 up to k = 10^4, and
    beyond it the rounding of log Gamma(k/2), a few k 2^-53.

    ValueError: k < 1, eps <= 0.

    >>> round(inner_product_tail(64, 0.3), 10)
    0.0175095498
    """
    from scipy.special import gammaln, log_ndtr

    k, eps = whole_number("k", k, 1), real_number("eps", eps, above=0)
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
