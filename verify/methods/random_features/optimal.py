"""The best positive features of the family with parameter A, and their second moment."""

from __future__ import annotations

import math

from verify.methods.guards import real_number, whole_number


def optimal_rho(d: int, t: float) -> float:
    """The rho that minimises `log_relative_second_moment`, in (0, 1]: 2d / (2t + d + sqrt((2t + d)^2 + 8 d t)).

    t = |q + k|^2. ValueError: d < 1, t < 0 or not finite. TypeError: d is not an integer.

    Source: Likhosherstov et al. 2022, arXiv 2205.15317, theorem 3.3 (as A); this form does not cancel.

    >>> optimal_rho(5, 0.0)
    1.0
    """
    d, t = whole_number("d", d, 1), real_number("t", t, least=0)
    return 2 * d / (2 * t + d + _root(d, t))


def optimal_A(d: int, t: float) -> float:
    """(1 - 1 / optimal_rho) / 8 = (1 - 2 f - sqrt((2 f + 1)^2 + 8 f)) / 16 with f = t / d: at most 0.

    Errors as in `optimal_rho`.

    >>> optimal_A(5, 0.0)
    0.0
    """
    d, t = whole_number("d", d, 1), real_number("t", t, least=0)
    if t <= d:
        return -t / (d - 2 * t + _root(d, t)) + 0.0  # multiplied out, as the difference cancels
    return (d - 2 * t - _root(d, t)) / (16 * d)


def _root(d: int, t: float) -> float:
    return math.hypot(2 * t + d, math.sqrt(8 * d) * math.sqrt(t))  # squares of a large t would overflow


def log_relative_second_moment(rho: float, d: int, t: float) -> float:
    """log E (estimate / e^(q.k))^2 of one feature with rho = 1 / (1 - 8A): (d/2) log((1 + rho)^2 / (4 rho)) + rho t.

    The relative variance of m independent features is (e^this - 1) / m; rho = 1 are plain positive features, with
    log e^t. A >= 1/8 has no rho: the variance is infinite. ValueError: rho <= 0 or not finite, d < 1, t < 0.

    >>> log_relative_second_moment(1.0, 7, 3.0)
    3.0
    """
    rho = real_number("rho", rho, above=0)
    d, t = whole_number("d", d, 1), real_number("t", t, least=0)
    excess = (1 - rho) / (2 * math.sqrt(rho))  # its square is (1 + rho)^2 / (4 rho) - 1, without cancellation
    return d / 2 * math.log1p(excess * excess) + rho * t
