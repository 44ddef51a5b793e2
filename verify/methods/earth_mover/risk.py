"""What minimising the loss over a population prefers: under soft labels, and under label noise."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, as_fraction, exact_or_finite, is_exact, probabilities, refuse, summable_costs


def mixture_minimizer(q: ArrayLike, mean_cost: ArrayLike, weight: float) -> Array:
    """The probability vector p that minimises -sum_i q_i log p_i + weight * sum_i p_i mean_cost_i.

    q (n,) is the law of the labels and mean_cost (n,), C @ q, the expected cost of predicting each class. With
    a_i = weight * (mean_cost_i - min mean_cost):

    - p_i = q_i / (mu + a_i), where mu in (0, 1] solves sum_i q_i / (mu + a_i) = 1, if it can;
    - else (the cheapest classes never occur, and the sum stays below 1) mu = 0, and the mass that is missing sits on
      the cheapest class, though q is 0 there. Of several cheapest ones, the first.

    ValueError: q not probabilities, mean_cost not finite or beyond 1e300, weight negative or not finite, shapes.

    Source: the Lagrange conditions of this convex problem.

    >>> mixture_minimizer([0.5, 0.5, 0.0], [9 / 25, 9 / 25, 1 / 5], 10.0).round(12).tolist()
    [0.3125, 0.3125, 0.375]
    """
    q = probabilities("q", q)
    mean_cost = summable_costs("mean_cost", mean_cost, q.shape)
    if not 0 <= weight < np.inf:
        refuse(f"weight={weight}", "a weight is finite and not negative", "swap the sign of mean_cost to reward cost")
    with np.errstate(over="ignore"):  # an infinite excess has its limit, no mass
        excess = weight * (mean_cost - mean_cost.min())
    seen = q > 0
    mu, missing = _multiplier(q[seen], excess[seen])
    p = np.zeros_like(q)
    p[seen] = q[seen] / (mu + excess[seen])
    p[mean_cost.argmin()] += missing
    return p


def _multiplier(q: Array, a: Array) -> tuple[float, float]:
    """mu >= 0 with sum_i q_i / (mu + a_i) = 1 and missing mass 0; or mu = 0 and the mass that is missing there.

    Newton on 1 / sum - 1, which increases and is concave in mu, hence approaches the root from the left without
    passing it.
    """
    mu = max(0.0, float((q - a).max()))  # no term may exceed 1, so the root is not below this
    if mu == 0 and (total := np.sum(q / a)) <= 1:
        return 0.0, 1 - float(total)
    while True:
        terms, least = q / (mu + a), float((mu + a).min())
        total = terms.sum()
        # The derivative, sum q / (mu + a)^2, is taken relative to the least denominator, whose square may underflow.
        step = float(least * total * (total - 1) / np.sum(terms * (least / (mu + a))))
        if not mu + step > mu:
            return mu, 0.0
        mu += step


def symmetric_noise_cost(cost: ArrayLike, rate: float | Fraction) -> Array:
    """The expected cost of predicting i when label t is, with probability `rate`, replaced by another class at random.

    (1 - rate n / (n-1)) C[i, t] + rate / (n-1) sum_j C[i, j], shape (n, n) like the cost. Every label's ordering of
    the predictions survives for rate < 1 - 1/n if all rows of C have one sum; otherwise it need not. Exact for arrays
    of Fractions with a Fraction rate.

    ValueError: cost not finite, beyond 1e300 or not square, fewer than two classes, rate outside [0, 1).

    Source: Ghosh, Kumar, Sastry 2017, arXiv 1712.09482.

    >>> symmetric_noise_cost([[0, 1], [1, 0]], 0.25).tolist()
    [[0.25, 0.75], [0.75, 0.25]]
    """
    C = exact_or_finite("cost", cost, ("n", "n"))
    n = len(C)
    if n < 2:
        refuse("cost has one class", "a flipped label needs another class", "give at least two")
    if not 0 <= rate < 1:
        refuse(f"rate={rate}", "a flip rate lies in [0, 1)", "give the probability that a label is replaced")
    exact = C.dtype == object and is_exact(rate)
    other: Any = as_fraction(rate) / (n - 1) if exact else float(rate) / (n - 1)
    C = C if exact else summable_costs("cost", C.astype(np.float64, copy=False), (n, n))
    return np.asarray((1 - n * other) * C + other * C.sum(axis=1, keepdims=True))
