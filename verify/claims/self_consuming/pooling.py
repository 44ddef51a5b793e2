"""Entry 12, what pooling costs: samples of several models, and the best weight."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, mutant, role, series, table
from verify.claims.sources import LOOP_GOLDEN, LOOP_MAD
from verify.evidence import Enclosure, at_most, exact, gap
from verify.methods.self_consuming import effective_sample_size


@role("self_consuming.lagged_size", numbers="n_real, n_synth, lags: integers; n_e, a float")
def lagged_size(n_real: int, n_synth: int, lags: int) -> float:
    """n_r + K n_r n_s / (K n_r + n_s): synthetic samples shared equally over the last K models, known variance."""
    return n_real + lags * n_real * n_synth / (lags * n_real + n_synth)


@mutant("self_consuming.lagged_size", slip="the value for the last model alone, whatever the lags")
def last_model_only(n_real: int, n_synth: int, lags: int) -> float:
    return lagged_size(n_real, n_synth, 1)


@mutant("self_consuming.lagged_size", slip="each of K models adds a copy of the real samples")
def a_copy_a_model(n_real: int, n_synth: int, lags: int) -> float:
    return float(min(n_real * (1 + lags), n_real + n_synth))


@claim(
    id="self_consuming.fresh-loop-limit.lags",
    title="Samples of the last K models are worth up to K copies of the real ones",
    statement=r"n_e = n_r + \frac{K n_r n_s}{K n_r + n_s} \quad (\text{known variance})",
    source=LOOP_MAD.at("figure 30"),
    role="self_consuming.lagged_size",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because="a linear system of K + 1 unknowns, condition below 1e4"),
    cases=grid(mix=((10, 100), (1000, 10_000)), lags=(1, 2, 5, 10, 50)),
    quantity="relative difference to the Yule-Walker equations",
)
def yule_walker(size: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth = case.mix
    yield exact(gap(size(n_real, n_synth, case.lags) * lagged_variance(n_real, n_synth, case.lags), 1.0))


def lagged_variance(n_real: int, n_synth: int, lags: int) -> float:
    """E μ² of a mean fed by the last K models: γ_j = w Σ_k γ_{|j−k|}, plus 1/n for j = 0, with w = n_s / (n K)."""
    n = n_real + n_synth
    system = np.eye(lags + 1)
    for j in range(lags + 1):
        for k in range(1, lags + 1):
            system[j, abs(j - k)] -= n_synth / n / lags
    return float(np.linalg.solve(system, np.eye(lags + 1)[0] / n)[0])


@role("self_consuming.golden_size", numbers="n_real, n_synth: integers; n_e at the best weight, a float")
def golden_size(n_real: int, n_synth: int) -> float:
    """n_r (1 + √(1 + 4k)) / 2, k = n_s / n_r: the golden ratio times n_r at k = 1."""
    return n_real * (1 + math.sqrt(1 + 4 * n_synth / n_real)) / 2


@mutant("self_consuming.golden_size", slip="the pooled weight n_r / n, which is not the best one")
def pooled_weight(n_real: int, n_synth: int) -> float:
    return n_real + n_real * n_synth / (n_real + n_synth)


@mutant("self_consuming.golden_size", slip="the ratio of samples upside down")
def inverted_ratio(n_real: int, n_synth: int) -> float:
    return n_real * (1 + math.sqrt(1 + 4 * n_real / n_synth)) / 2


@claim(
    id="self_consuming.fresh-loop-limit.golden",
    title="It is pooling that caps the worth: with the best weight it grows like a root",
    statement=r"w^* = \frac{\sqrt{1 + 4k} - 1}{2k}, \qquad n_e = \frac{n_r}{w^*} = n_r \frac{1 + \sqrt{1 + "
    r"4k}}2, \quad k = \frac{n_s}{n_r}",
    source=LOOP_GOLDEN.at("theorem 1"),
    role="self_consuming.golden_size",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="the minimum is flat: a weight found to 1e-8 gives its value to 1e-16; some 20 roundings, a factor 200",
    ),
    cases=grid(mix=((10, 10), (10, 20), (10, 60), (100, 1))),
    quantity="|n_e × least stationary variance − 1|",
)
def best_weight(size: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.optimize import minimize_scalar

    n_real, n_synth = case.mix

    def variance(w: float) -> float:  # of μ' = w A + (1 − w)(μ + noise), stationary
        return float((w**2 / n_real + (1 - w) ** 2 / n_synth) / (1 - (1 - w) ** 2))

    least = minimize_scalar(variance, bounds=(1e-6, 1.0), method="bounded", options={"xatol": 1e-10}).fun
    yield exact(gap(size(n_real, n_synth) * least, 1.0))


@figure(of="self_consuming.fresh-loop-limit")
def worth_against_synthetic() -> Figure:
    n_synth = np.unique(np.geomspace(1, 10_000, 30).astype(int))
    curves = [
        series("last model", n_synth, [effective_sample_size(100, int(k), 1.0) / 100 for k in n_synth]),
        series("last 5 models, known variance", n_synth, [lagged_size(100, int(k), 5) / 100 for k in n_synth]),
        series("best weight, known variance", n_synth, [golden_size(100, int(k)) / 100 for k in n_synth]),
    ]
    return Figure(
        "What synthetic samples without bias are worth for the mean, n_r = 100",
        "Pooled, those of the last model are worth up to one more copy of the real ones, those of five models up to five; with "
        "the best weight their worth grows on.",
        "synthetic samples n_s",
        "n_e / n_r",
        (*curves, series("real samples alone", y=(1.0,), kind="hline")),
        x_log=True,
    )


@table(of="self_consuming.fresh-loop-limit.lags")
def figure_30() -> Table:
    rows = [
        (lags, lagged_size(1000, 10_000, lags) / 1000, 1e-3 / lagged_variance(1000, 10_000, lags))
        for lags in (1, 5, 10, 50, 100)
    ]
    return Table(
        "Worth of ten thousand samples of the last K models, n_r = 1000",
        "The formula and the Yule-Walker equations agree: more models are worth more, up to the cap of 11, all samples.",
        ("K", "n_e / n_r", "by Yule-Walker"),
        rows,
    )
