"""Exact laws of lengths under sparse signs, P(r = +-1) = 1/(2 s) each and else 0, by convolution on whole numbers."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np


def sum_law(law: Any, terms: int) -> Any:
    """The law on 0, 1, 2, ... of a sum of independent variables of one law, by repeated squaring."""
    total, power, rest = np.ones(1), law, terms
    while rest:
        if rest & 1:
            total = np.convolve(total, power)
        power, rest = np.convolve(power, power), rest >> 1
    return total


def squares_law(s: float, D: int) -> Any:
    """The law of (r_1 + ... + r_D)^2 on 0..D^2."""
    step = np.array([1 / (2 * s), 1 - 1 / s, 1 / (2 * s)])
    signs = np.ones(1)
    for _ in range(D):
        signs = np.convolve(signs, step)
    law = np.zeros(D * D + 1)
    np.add.at(law, np.arange(-D, D + 1) ** 2, signs)
    return law


@cache
def length_law(s: float, D: int, k: int) -> tuple[Any, Any]:
    """Values and probabilities of |Ax|^2, x = (1, ..., 1)/sqrt(D)."""
    law = sum_law(squares_law(s, D), k)
    return s / (k * D) * np.arange(len(law)), law


@cache
def pair_law(s: float, k: int) -> tuple[Any, Any]:
    """Values and probabilities of |A(e_i - e_j)|^2 / 2."""
    single = np.zeros(5)
    single[1], single[4] = 2 / s * (1 - 1 / s), 1 / (2 * s * s)
    single[0] = 1 - single[1] - single[4]
    law = sum_law(single, k)
    return s / (2 * k) * np.arange(len(law)), law
