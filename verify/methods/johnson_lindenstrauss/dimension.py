"""How many dimensions n points need: exact union bounds, the closed formulas, and the two lines around coherence."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from verify.methods.guards import one_of, real_number, refuse, whole_number
from verify.methods.johnson_lindenstrauss.tails import haar_distortion_tail, norm_distortion_tail

SMALLEST_EPS = 1e-6  # its dimensions, about 1e14, are the largest for which a float tail has been checked with balls
SMALLEST_TAIL = 1e-290  # below it a float tail underflows; certificates have no such end
MOST_POINTS = 10**140  # their pairs still meet tails in floating point


def union_dimension(
    n_points: int,
    eps: float,
    failure_prob: float,
    law: Literal["gaussian", "haar"] = "gaussian",
    ambient_dim: int | None = None,
) -> int:
    """The least k with C(N, 2) T(k, eps) <= failure_prob, T being the exact two-sided tail of one pair.

    In that many dimensions a random projection keeps all C(N, 2) squared distances within a factor (1 - eps, 1 + eps),
    except with probability at most `failure_prob`. Found by bisection: T decreases in k (not proved here, but checked
    with balls for k < 3000; the upper tail alone does not decrease). `law="haar"`: projection of R^ambient_dim onto a
    uniformly random k-plane, scaled by sqrt(D/k); never more than ambient_dim, where nothing is lost.

    ValueError: n_points < 2, eps outside [1e-6, 1), failure_prob outside (0, 1), ambient_dim < 2, an unknown law, haar without
    ambient_dim, or a tail below 1e-290 (`certify_union_dimension` has no such limit).

    Source: Johnson and Lindenstrauss 1984; the exact tail in place of its bound.

    >>> union_dimension(512, 0.5, 1 / 512)
    322
    >>> union_dimension(512, 0.5, 1 / 512, "haar", ambient_dim=200)
    106
    """
    n = whole_number("n_points", n_points, 2)
    eps, failure_prob = (
        real_number("eps", eps, least=SMALLEST_EPS, below=1),
        real_number("failure_prob", failure_prob, above=0, below=1),
    )
    one_of("law", law, ("gaussian", "haar"))
    allowed = failure_prob / math.comb(n, 2) if n <= MOST_POINTS else 0.0
    if allowed < SMALLEST_TAIL:
        found = f"n_points={_short(n)} at failure_prob={failure_prob:.3g}"
        refuse(found, f"tails below {SMALLEST_TAIL} leave the floats", "use certify_union_dimension")
    if law == "gaussian":
        return least(lambda k: sum(norm_distortion_tail(k, eps)) <= allowed)
    if ambient_dim is None:
        refuse("ambient_dim=None", "a Haar projection starts from R^ambient_dim", "give ambient_dim")
    D = whole_number("ambient_dim", ambient_dim, 2)
    return least(lambda k: k >= D or sum(haar_distortion_tail(k, D, eps)) <= allowed)


def dasgupta_gupta_dimension(n_points: int, eps: float) -> int:
    """4 log N / (eps^2/2 - eps^3/3), rounded up: proved to succeed with probability at least 1/N.

    scikit-learn's `johnson_lindenstrauss_min_dim` truncates the same number, which the proof does not cover.

    ValueError: n_points < 2, eps outside [1e-6, 1). Source: Dasgupta and Gupta 2003.

    >>> dasgupta_gupta_dimension(512, 0.1)
    5348
    """
    n, eps = whole_number("n_points", n_points, 2), real_number("eps", eps, least=SMALLEST_EPS, below=1)
    return math.ceil(4 * math.log(n) / (eps**2 / 2 - eps**3 / 3))


def article_dimension(n_points: int, eps: float) -> int:
    """24 log N / eps^2, rounded up: the article's dimension for a failure probability of at most 1/N.

    ValueError: n_points < 2, eps outside [1e-6, 1). Source: Su 2021, archive 8679.

    >>> article_dimension(512, 0.5)
    599
    """
    n, eps = whole_number("n_points", n_points, 2), real_number("eps", eps, least=SMALLEST_EPS, below=1)
    return math.ceil(24 * math.log(n) / eps**2)


def coherence_dimension(n_vectors: int, mu: float) -> int:
    """The least d in which N random unit vectors are expected to have at most one pair with |cos| > mu.

    C(N, 2) P(|cos| > mu) <= 1, where cos^2 has the law Beta(1/2, (d - 1)/2) for two independent uniform directions.

    ValueError: n_vectors outside [2, 1e140], mu outside [1e-6, 1).

    >>> coherence_dimension(512, 0.5)
    72
    """
    from scipy.special import betaincc

    n, mu = _vectors(n_vectors), real_number("mu", mu, least=SMALLEST_EPS, below=1)
    pairs = math.comb(n, 2)
    return least(lambda d: pairs * (float(betaincc(0.5, (d - 1) / 2, mu * mu)) if d > 1 else 1.0) <= 1)


def welch_dimension_lower_bound(n_vectors: int, mu: float) -> int:
    """The least d that Welch's inequalities of all orders p leave to N unit vectors with |cos| <= mu.

    mu^(2p) >= (N / C(d + p - 1, p) - 1) / (N - 1): no set of N unit vectors of smaller dimension, however constructed,
    is as incoherent. Together with `coherence_dimension` it brackets what is possible.

    ValueError: n_vectors outside [2, 1e140], mu outside [1e-6, 1). Source: Welch 1974.

    >>> welch_dimension_lower_bound(512, 0.5)
    7
    """
    n, mu = _vectors(n_vectors), real_number("mu", mu, least=SMALLEST_EPS, below=1)

    def possible(d: int) -> bool:
        power, forms = 1.0, 1.0
        for p in range(1, n + 1):
            power *= mu * mu
            forms *= (d + p - 1) / p  # C(d + p - 1, p), the dimension of the forms of degree p
            if forms >= n:
                return True
            if power * (n - 1) * forms < n - forms:
                return False
        return True

    return least(possible)


def _vectors(n_vectors: int) -> int:
    n = whole_number("n_vectors", n_vectors, 2)
    if n > MOST_POINTS:
        refuse(f"n_vectors={_short(n)}", "n_vectors is at most 1e140", "larger numbers of pairs leave the floats")
    return n


def _short(n: int) -> str:
    return f"{n:.3g}" if n < 10**300 else "a number beyond 1e300"


def least(holds: Callable[[int], bool]) -> int:
    """The least k >= 1 with holds(k), for a condition that stays true once it is: doubling, then bisection."""
    high = 1
    while not holds(high):
        high *= 2
    low = high // 2  # fails, or is 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
