"""The entropy of a softmax as a ball, and the error of an answer in units of the roundings that it may make."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims.jl_entropy.balls import arb
from verify.evidence import Enclosure, exact

U = 2.0**-53


def counted(row: Any) -> tuple[Any, Any]:
    """Distinct finite scores and how often each occurs."""
    values, counts = np.unique(row[np.isfinite(row)], return_counts=True)
    return values, counts


def entropy_ball(values: Any, counts: Any) -> Any:
    """H of scores with multiplicities, as a ball: log s - t / s with the maximum in the sum."""
    top = arb(Fraction(float(values[-1])))
    total, weighted = arb(0), arb(0)
    for value, count in zip(values, counts, strict=True):
        x = arb(Fraction(float(value))) - top
        if x > -2000:
            e = x.exp() * int(count)
            total += e
            weighted += e * x
    return total.log() - weighted / total


def relative_error(found: Any, values: Any, counts: Any) -> Enclosure:
    """In units of u (4 + G); infinite where the answer is no number."""
    import flint

    gaps = values[-1] - values
    terms = (1 + gaps) * np.exp(-np.minimum(gaps, 750)) * counts
    others = gaps > 0
    mattering = gaps[others & (terms > U * terms[others].sum())] if others.any() else gaps
    most = float(mattering.max()) if mattering.size else 0.0
    if not np.isfinite(found):
        return exact(math.inf)
    with flint.ctx.workprec(2048 if most < 400 else 4096):
        truth = entropy_ball(values, counts)
        error = (
            abs(arb(Fraction(float(found))) / truth - 1)
            if truth != 0 and not truth.contains(0)
            else abs(arb(Fraction(float(found))))
        )
        return exact(float(error.abs_upper()) / (U * (4 + most)))
