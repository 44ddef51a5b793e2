"""Arguments that most functions of this package share, met at the door."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from verify.methods.guards import real_number, refuse, whole_number
from verify.methods.segmentation.lattice import Lattice


def check_lattice(lattice: Any) -> Lattice:
    """TypeError unless it is a Lattice."""
    if not isinstance(lattice, Lattice):
        found = f"lattice is a {type(lattice).__name__}"
        refuse(found, "a Lattice is needed", "call build_lattice(text, model)", TypeError)
    return lattice


def check_alpha(alpha: Any, lattice: Lattice) -> float:
    """A finite inverse temperature, at least 0, times which the score of every path is a float too."""
    limit = "use viterbi for the limit of large alpha"
    if isinstance(alpha, (float, np.floating)) and alpha == math.inf:
        refuse(f"alpha={alpha}", "alpha is finite and at least 0", limit)
    value = real_number("alpha", alpha, least=0)
    if not math.isfinite(value * (lattice.n * lattice.model.extreme)):
        refuse(f"alpha={alpha}", "alpha times the score of a segmentation is a float", limit)
    return value


def exact_weights(lattice: Lattice, alpha: Any) -> list[Fraction]:
    """p^alpha of every edge as fractions."""
    power = whole_number("alpha", alpha, 0)
    probs = lattice.model.probs
    if probs is None:
        found, remedy = "the model has no exact weights", "make it by UnigramModel.from_probabilities"
        refuse(found, "exact laws need them", remedy)
    powers = [probs[token] ** power for token in lattice.model.tokens]
    return [powers[token] for token in lattice.token.tolist()]
