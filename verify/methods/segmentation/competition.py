"""Who wins at one node, by each rule: the law of the candidate that is kept, and what the node hands on.

A candidate is a token that ends at node e; it competes with the one that e has kept so far. Rules:

- duel: x is the score of a whole path; the newcomer wins with probability sigma(alpha (x - x_kept)) (Su, archive 9768).
- half: the newcomer wins with its share of all that arrived at e, but the kept path's own score goes on.
- nested: the sum goes on, as it should, but alpha is applied to it again at every node.
- reservoir: the newcomer wins with its share e^x / Z, x = alpha logw + log Z_s, and log Z goes on (Su, archive 9811).

Only the last draws from p(w)^alpha / Z.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

ORDERS = ("longest", "shortest")


class Numbers(NamedTuple):
    """The arithmetic of weights: what stands for 1, products, sums, the share of a part in a whole, and a^alpha."""

    one: Any
    times: Callable[[Any, Any], Any]
    plus: Callable[[Any, Any], Any]
    share: Callable[[Any, Any], Any]
    power: Callable[[Any], Any]


def logarithms(alpha: float) -> Numbers:
    """Weights as their logarithms, in floating point; shares are no logarithms."""
    return Numbers(0.0, operator.add, log_add, log_share, lambda a: alpha * a)


def fractions(alpha: int) -> Numbers:
    """Weights as they are, exactly."""
    return Numbers(Fraction(1), operator.mul, operator.add, operator.truediv, lambda a: a**alpha)


def log_add(a: float, b: float) -> float:
    """log(e^a + e^b)."""
    high, low = (a, b) if a >= b else (b, a)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def log_share(part: float, whole: float) -> float:
    """e^part / e^whole, at most 1."""
    return math.exp(min(part - whole, 0.0))


class Arrivals(NamedTuple):
    """The candidates of a node in the order of their arrival: what their starts hand on, p, and p^alpha."""

    values: list[Any]
    weights: list[Any]
    powers: list[Any]


class Outcome(NamedTuple):
    """P(a candidate is the one that is kept in the end), and what the node hands on if it is, for each of them."""

    law: list[Any]
    handed_on: list[Any]


Rule: TypeAlias = Callable[[Numbers, Arrivals], Outcome]


def duel(numbers: Numbers, arrivals: Arrivals) -> Outcome:
    """Every newcomer meets the candidate that is kept, by the scores of their paths."""
    scores = list(map(numbers.times, arrivals.values, arrivals.weights))
    law: list[Any] = []
    arrived: list[Any] = []
    for x in map(numbers.power, scores):
        both = [numbers.plus(x, y) for y in arrived]
        won = sum(q * numbers.share(x, z) for q, z in zip(law, both, strict=True)) if law else 1
        # not 1 - the newcomer's share, which would lose the digits of small chances
        law = [q * numbers.share(y, z) for q, y, z in zip(law, arrived, both, strict=True)] + [won]
        arrived.append(x)
    return Outcome(law, scores)


def half(numbers: Numbers, arrivals: Arrivals) -> Outcome:
    """Shares of all that arrived, of which only the kept path's score goes on."""
    scores = list(map(numbers.times, arrivals.values, arrivals.weights))
    law, _ = _shares(numbers, list(map(numbers.power, scores)))
    return Outcome(law, scores)


def reservoir(numbers: Numbers, arrivals: Arrivals) -> Outcome:
    """Shares of sums of p^alpha, which go on."""
    law, total = _shares(numbers, list(map(numbers.times, arrivals.values, arrivals.powers)))
    return Outcome(law, [total] * len(law))


def nested(numbers: Numbers, arrivals: Arrivals) -> Outcome:
    """Shares of whole masses to the power alpha, whose sum goes on, to be raised again."""
    masses = map(numbers.times, arrivals.values, arrivals.weights)
    law, total = _shares(numbers, list(map(numbers.power, masses)))
    return Outcome(law, [total] * len(law))


def _shares(numbers: Numbers, parts: list[Any]) -> tuple[list[Any], Any]:
    """Every newcomer wins with its share of what has arrived: in the end each has its share of the whole."""
    total = parts[0]
    law: list[Any] = [1]
    for part in parts[1:]:
        before, total = total, numbers.plus(total, part)
        law = [q * numbers.share(before, total) for q in law] + [numbers.share(part, total)]
    return law, total


RULES: dict[str, Rule] = {"reservoir": reservoir, "duel": duel, "half": half, "nested": nested}
