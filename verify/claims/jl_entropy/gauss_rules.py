"""Laws of one score, and Gauss rules for them: no node in common with the oracle's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

LAWS: dict[str, tuple[str, dict[str, Any]]] = {
    "gaussian_half": ("gaussian", {"sigma": 0.5}),
    "gaussian_1": ("gaussian", {"sigma": 1.0}),
    "gaussian_3": ("gaussian", {"sigma": 3.0}),
    "sphere_3": ("sphere", {"d": 3, "scale": 1.0}),
    "sphere_16": ("sphere", {"d": 16, "scale": 0.5}),
    "quartic": ("generalised_normal", {"p": 4.0, "beta": 2.0}),
}


def gauss_rule(law: str, params: dict[str, Any], nodes: int) -> tuple[Any, Any]:
    """Scores and weights of a Gauss rule of the law: no node in common with the oracle's."""
    from scipy.special import gamma, roots_jacobi

    at, w = np.polynomial.legendre.leggauss(nodes)
    if law == "gaussian":  # Legendre's nodes on [-9.5, 9.5]: Hermite's stand too far apart for the poles of a softmax
        z = 9.5 * at
        return params["sigma"] * z, 9.5 * w * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    if law == "sphere":
        c, v = roots_jacobi(nodes, (params["d"] - 3) / 2, (params["d"] - 3) / 2)
        return params["scale"] * params["d"] * c, v / v.sum()
    s = 3.2 * at  # exp(-3.2^4) = 3e-46
    return params["beta"] * s, 3.2 * w * np.exp(-(s ** params["p"])) / (2 * gamma(1 + 1 / params["p"]))
