"""Entry 3, the table: the figures of the articles, beside what they are exactly."""

from __future__ import annotations

import math

import numpy as np

from verify.claims import Table, table
from verify.claims.jl_entropy.coherence import coherence_at
from verify.claims.jl_entropy.formulas import SIZES
from verify.claims.jl_entropy.golden import LOG_PHI
from verify.claims.sources import JL_SCALE
from verify.evidence import slope
from verify.methods import johnson_lindenstrauss as jl


@table(of="jl_entropy.eight-log-n-is-not-a-jl-distance-dimension")
def headline_figures() -> Table:
    from verify.claims.jl_entropy.sphere import certified_threshold

    eps = 0.1
    exact_slope = 6 / (eps - math.log1p(eps))
    k = [jl.union_dimension(n, eps, 1 / n) for n in SIZES]
    accuracy = JL_SCALE.key
    rows: list[tuple[str, str, str, str | float | int]] = [
        ("8 log n", "n = 10⁵", "about 92", 8 * math.log(10**5)),
        ("8.33 log N", "N = 10⁵", "96", certified_threshold(10**5)),
        ("8.33 log N", "N = 5·10⁶", "128", certified_threshold(5 * 10**6)),
        ("8.33", "constant", "8.33", 4 / LOG_PHI),
        ("8 log 512", "head size", "about 50", 8 * math.log(512)),
        ("largest |cos| at d = 50", "N = 512, union 1/2", "–", coherence_at(512, 50, 0.5)),
        ("hₙ/n", "n → ∞", "−0.24", -LOG_PHI / 2),
        ("24 log N/ε², slope", "ε = 0.1", "2400", exact_slope),
        ("the same, fitted", "N = 10² … 10¹²", "2400", slope(np.log(SIZES), k)),
        ("SSMax, largest weight", "n = 10, 10⁴, 10⁶", "stays near 1", "see the gap model"),
        (
            "MLM accuracy, n = 64 to 1024",
            "trained at 64",
            "43.27 36.53 23.02 15.12 11.54",
            f"quoted from {accuracy}, not reproduced",
        ),
        (
            "the same with the log factor",
            "trained at 64",
            "43.11 41.17 34.04 20.15 13.58",
            f"quoted from {accuracy}, not reproduced",
        ),
    ]
    return Table(
        "The figures of the articles, beside what they are exactly",
        "The dimension rules are right to a per cent as thresholds; the distance rule asks for twice what suffices; "
        "accuracies "
        "of trained models are quoted and cannot be recomputed here.",
        ("figure", "setting", "article", "here"),
        rows,
    )
