"""Entry 11: least squares on its own labels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, mutant, role, series, table
from verify.claims.self_consuming.instances import Floats, chi2_cdf, log_chi2_nodes
from verify.claims.sources import LOOP_INEVITABLE
from verify.evidence import Enclosure, at_most, exact, gap, sup_distance
from verify.methods import self_consuming
from verify.methods.self_consuming import regression_excess_error

SOURCE = LOOP_INEVITABLE.at("theorem 1")

role(
    "self_consuming.regression_excess_error",
    numbers='dim, n, t: integers, t = inf for the limit, workflow "replace" or "accumulate", design; a float',
)(self_consuming.regression_excess_error)


@mutant("self_consuming.regression_excess_error", slip="the formula for a fixed design used for fresh ones")
def fixed_for_fresh(dim: int, n: int, t: Any, workflow: str = "replace", design: str = "fresh") -> float:
    return regression_excess_error(dim, n, t, workflow, "fixed")


@mutant("self_consuming.regression_excess_error", slip="1/i in place of 1/i²")
def harmonic_sum(dim: int, n: int, t: Any, workflow: str = "replace", design: str = "fresh") -> float:
    if workflow == "replace":
        return regression_excess_error(dim, n, t)
    return sum(dim / (n - dim - 1) / i for i in range(1, int(min(t, 10**5)) + 1))


@mutant("self_consuming.regression_excess_error", slip="n − d degrees of freedom, not n − d − 1")
def one_degree_more(dim: int, n: int, t: Any, workflow: str = "replace", design: str = "fresh") -> float:
    return regression_excess_error(dim, n + 1, t, workflow, design)


@role(
    "self_consuming.regression_loop",
    numbers="designs (T, n, d), noise (R, T, n), workflow; ŵ_T − w* (R, d), the true w* being 0",
)
def regression_loop(designs: Floats, noise: Floats, workflow: str) -> Floats:
    """Labels X ŵ_{t−1} + noise, least squares on the newest batch or on all so far."""
    weights: Floats = np.zeros((len(noise), designs.shape[2]))
    rows: list[Floats] = []
    labels: list[Floats] = []
    for X, errors in zip(designs, np.moveaxis(noise, 1, 0), strict=True):
        rows, labels = ([], []) if workflow == "replace" else (rows, labels)
        rows.append(X)
        labels.append(weights @ X.T + errors)
        weights = np.asarray(np.linalg.lstsq(np.vstack(rows), np.hstack(labels).T, rcond=None)[0].T)
    return weights


@mutant("self_consuming.regression_loop", slip="labels always from the true weights: no model ever sees another")
def labels_from_the_truth(designs: Floats, noise: Floats, workflow: str) -> Floats:
    if workflow == "replace":
        return regression_loop(designs[-1:], noise[:, -1:], workflow)
    return np.asarray(np.linalg.lstsq(np.vstack(list(designs)), noise.reshape(len(noise), -1).T, rcond=None)[0].T)


@mutant("self_consuming.regression_loop", slip="the first batch, the real one, is dropped after its generation")
def first_batch_dropped(designs: Floats, noise: Floats, workflow: str) -> Floats:
    if len(designs) == 1:
        return regression_loop(designs, noise, workflow)
    weights = regression_loop(designs[:1], noise[:, :1], workflow)
    return weights + regression_loop(designs[1:], noise[:, 1:], workflow)


def mean_squared_error(designs: Floats, workflow: str) -> float:
    """E |ŵ_T − w*|² given the designs, from ŵ_i = ŵ_{i−1} + G_i⁻¹ X_iᵀ ε_i with G_i the Gram matrix of the fit."""
    total, gram = 0.0, np.zeros((designs.shape[2], designs.shape[2]))
    for X in designs:
        gram = X.T @ X if workflow == "replace" else gram + X.T @ X
        inverse = np.linalg.inv(gram)
        total += float(np.trace(inverse @ X.T @ X @ inverse))
    return total


@claim(
    id="self_consuming.regression-accumulate",
    title="Accumulated data bound the error of models that are trained on models",
    statement=r"\mathbb{E} \|\hat w_t - w^*\|^2 = \frac{d\, t}{T - d - 1}, \quad "
    r"\frac{d}{T - d - 1} \sum_{i \le t} \frac1{i^2}, \quad d \sum_{i \le t} \frac1{i (iT - d - 1)}",
    source=SOURCE,
    role="self_consuming.regression_excess_error",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="t terms of size below 1, each inverse moment of χ² by a trapezoidal sum with some 100 eps"
    ),
    cases=grid(size=((4, 20), (1, 3), (10, 50)), workflow=("replace", "accumulate"), design=("fresh", "fixed")),
    quantity="largest |formula − inverse moments by quadrature|, t ≤ 6",
)
def inverse_moments(excess: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d, n = case.size

    def gram_inverse(rows: int) -> float:
        """E tr (XᵀX)⁻¹ = d E 1/χ²_{rows − d + 1}."""
        y, weight = log_chi2_nodes(rows - d + 1, -6000, 900)
        return float(d * (weight @ np.exp(-y)) / weight.sum())

    total, parts = 0.0, []
    for i in range(1, 7):
        if case.workflow == "replace":
            total += gram_inverse(n)
        elif case.design == "fixed":
            total += gram_inverse(n) / i**2
        else:
            total += gram_inverse(i * n) / i  # by exchange of the i batches
        parts.append(gap(excess(d, n, i, case.workflow, case.design), total))
    yield exact(max(parts))


@claim(
    id="self_consuming.regression-accumulate.noise",
    title="Given the designs, each generation adds its own noise and keeps the rest",
    statement=r"\hat w_i - \hat w_{i - 1} = G_i^{-1} X_i^\top \varepsilon_i, \qquad "
    r"\mathbb{E} \|\hat w_t - w^*\|^2 = \sum_{i \le t} \operatorname{tr} G_i^{-1} X_i^\top X_i G_i^{-1}",
    source=SOURCE,
    role="self_consuming.regression_loop",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10,
        because="the loop is linear in the noise: unit vectors give every moment; least squares of condition below 100",
    ),
    cases=grid(workflow=("replace", "accumulate"), design=("fresh", "fixed"), t=(1, 4)),
    quantity="relative difference of the loop's mean squared error to the sum",
)
def noise_adds_up(loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, d, t = 20, 4, case.t
    designs = rng.normal(size=(t, n, d))
    if case.design == "fixed":
        designs[:] = designs[0]
    unit = np.eye(t * n).reshape(t * n, t, n)
    found = np.square(loop(designs, unit, case.workflow)).sum()
    known = mean_squared_error(designs, case.workflow)
    yield exact(gap(found / known, 1.0))


@role("self_consuming.gram_degrees", numbers="n, d: integers; degrees of freedom of 1 / [(XᵀX)⁻¹]₁₁")
def gram_degrees(n: int, d: int) -> int:
    """n − d + 1: what is left of a column of n normal numbers beside d − 1 others."""
    return n - d + 1


@mutant("self_consuming.gram_degrees", slip="n degrees: the other columns are forgotten")
def all_rows(n: int, d: int) -> int:
    return n


@mutant("self_consuming.gram_degrees", slip="n − d: one column too many is taken off")
def own_column_too(n: int, d: int) -> int:
    return n - d


@claim(
    id="self_consuming.regression-accumulate.design",
    title="The diagonal of an inverse Gram matrix is an inverse χ²",
    statement=r"1 \big/ [(X^\top X)^{-1}]_{11} \sim \chi^2_{T - d + 1}, \qquad X \in \mathbb{R}^{T \times d}",
    source=SOURCE,
    role="self_consuming.gram_degrees",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.03, because="one degree in 17 moves the law by 0.07; 32768 draws enclose within 0.0193"),
    cases=grid(size=((20, 4), (6, 4))),
    quantity="distance of 1/[(XᵀX)⁻¹]₁₁ to its χ² law",
)
def inverse_gram(degrees: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, d = case.size

    def pivot(rng: np.random.Generator, size: int) -> Floats:
        found = []
        for first in range(0, size, 4096):
            X = rng.standard_normal((min(4096, size - first), n, d))
            found.append(1 / np.linalg.inv(X.mT @ X)[:, 0, 0])
        return np.concatenate(found)

    yield from sup_distance(pivot, chi2_cdf(degrees(n, d)), rng, case.risk, first=32768)


@claim(
    id="self_consuming.regression-accumulate.limit",
    title="The error levels off, strictly below the known bound for fresh designs",
    statement=r"\lim_t d \sum_{i \le t} \frac1{i (iT - d - 1)} = -\frac{d}{xT} \big( \psi(1 - x) + \gamma "
    r"\big), \quad x = \frac{d + 1}T",
    source=SOURCE,
    role="self_consuming.regression_excess_error",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="a million terms, and the tail by ∫ dx / (x (xT − d − 1)) at the half-integer, whose error is below t⁻³",
    ),
    cases=grid(size=((4, 20), (1, 3), (10, 50))),
    quantity="|limit − sum and tail|",
)
def limit_by_summation(excess: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d, n = case.size
    i = np.arange(1, 10**6 + 1, dtype=float)
    head = float(np.sum(d / (i * (i * n - d - 1))))
    tail = -d / (d + 1) * math.log1p(-(d + 1) / (n * (10**6 + 0.5)))
    yield exact(gap(excess(d, n, math.inf, "accumulate", "fresh"), head + tail))


@role("self_consuming.excess_ratio", numbers="dim, n, t: integers; fresh over fixed design, a Fraction")
def excess_ratio(dim: int, n: int, t: int) -> Fraction:
    """Σ 1/(i(iT − d − 1)) over Σ 1/i² / (T − d − 1): what fresh designs leave of the bound."""
    fresh = sum((Fraction(1, i * (i * n - dim - 1)) for i in range(1, t + 1)), Fraction(0))
    fixed = sum((Fraction(1, i * i * (n - dim - 1)) for i in range(1, t + 1)), Fraction(0))
    return fresh / fixed


@mutant("self_consuming.excess_ratio", slip="the bound taken for the value: one, whatever the design")
def bound_is_attained(dim: int, n: int, t: int) -> Fraction:
    return Fraction(1)


@claim(
    id="self_consuming.regression-accumulate.strict",
    title="The published bound is attained by a fixed design and is strict for fresh ones, from the second generation on",
    statement=r"t \ge 2: \quad \sum_{i \le t} \frac1{i (iT - d - 1)} < \frac1{T - d - 1} \sum_{i \le t} \frac1{i^2}",
    source=SOURCE,
    role="self_consuming.excess_ratio",
    evidence=Evidence.CERTIFIED,
    region=at_most(Fraction(99, 100), because="fractions; d = 4, T = 20 gives 0.988 at t = 2 and less later"),
    cases=grid(size=((4, 20), (10, 50), (1, 3)), t=(2, 6, 50)),
    quantity="fresh over fixed",
    refutes="The bound π²/6 · d/(T − d − 1) is the value for independent designs.",
)
def bound_is_strict(ratio: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d, n = case.size
    yield exact(ratio(d, n, case.t))


@figure(of="self_consuming.regression-accumulate")
def error_of_the_workflows() -> Figure:
    t = np.arange(1, 31)
    curves = [
        series(name, t, [regression_excess_error(4, 20, int(k), *how) for k in t])
        for name, how in (
            ("replace", ("replace",)),
            ("accumulate, fixed design", ("accumulate", "fixed")),
            ("accumulate, fresh designs", ("accumulate", "fresh")),
        )
    ]
    bound = regression_excess_error(4, 20, math.inf, "accumulate", "fixed")
    return Figure(
        "Excess error of least squares on its own labels, d = 4, T = 20 rows",
        "Replacing adds the same error in every generation; accumulating levels off at 1.64 or 1.53 times the first error.",
        "generation t",
        "E |ŵ_t − w*|²",
        (*curves, series("published bound", y=(bound,), kind="hline")),
        x_log=True,
        y_log=True,
    )


@table(of="self_consuming.regression-accumulate.strict")
def plateaus_of_the_error() -> Table:
    sizes = ((20, 4), (50, 10), (200, 10), (12, 10))
    rows = []
    for n, d in sizes:
        first = regression_excess_error(d, n, 1)
        limits = [
            regression_excess_error(d, n, math.inf, "accumulate", design) / first for design in ("fixed", "fresh")
        ]
        rows.append((n, d, first, *limits))
    return Table(
        "Where the error levels off, over the error of one generation",
        "A fixed design attains the published bound, 1.6449 times the first error; fresh designs stay below it, "
        "at 1.5259 for T = 20, d = 4.",
        ("rows T", "d", "error of one generation", "fixed design", "fresh designs"),
        rows,
    )
