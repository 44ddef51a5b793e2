"""Entry 11: how far quantised keys can move attention, sharply; and the orders of the error in the cell size."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.performer_vq.instances import Floats, softmax_rows
from verify.claims.sources import PVQ_KEYS, PVQ_TRANSFORMER
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, slope, within
from verify.methods import attention as methods
from verify.methods import vector_quantization as vq

SOURCE = PVQ_TRANSFORMER.at("quantisation of keys")

role("performer_vq.softmax_tv_bound", numbers="delta (..., n): an array; bounds (...)")(methods.softmax_tv_bound)


@mutant("performer_vq.softmax_tv_bound", slip="tanh(osc/8), which is violated")
def eighth(delta: Floats) -> Floats:
    return np.asarray(np.tanh(np.ptp(delta, axis=-1) / 8))


@mutant("performer_vq.softmax_tv_bound", slip="tanh(osc/2), which is true but not sharp")
def half(delta: Floats) -> Floats:
    return np.asarray(np.tanh(np.ptp(delta, axis=-1) / 2))


@mutant("performer_vq.softmax_tv_bound", slip="the largest |δ| in place of the oscillation")
def largest_change(delta: Floats) -> Floats:
    return np.asarray(np.tanh(np.abs(delta).max(axis=-1) / 4))


@claim(
    id="performer_vq.vq-error-bounds",
    title="Attention moves by at most tanh of a quarter of the oscillation of the logits' change",
    statement=r"\mathrm{TV}(p, \hat p) \le \tanh\frac{\mathrm{osc}(\delta)}{4}, \qquad \delta_j = q\cdot(k_j - \hat k_j)",
    source=SOURCE,
    role="performer_vq.softmax_tv_bound",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="a bound that holds exactly, between numbers of at most 1 with a dozen roundings; osc/8 is passed by 0.1",
    ),
    cases=grid(n=(2, 5), trials=(4000,)).full(n=(2, 3, 5, 20), trials=(20_000,)),
    quantity="largest total variation beyond the bound",
)
def never_beyond(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    z = 2 * rng.normal(size=(case.trials, case.n))
    delta = rng.normal(size=z.shape) * np.exp(rng.normal(size=(case.trials, 1)))
    tv = np.abs(softmax_rows(z) - softmax_rows(z + delta)).sum(axis=1) / 2
    if tv.max() < 0.5:
        raise Vacuous("no large changes were tried")
    yield exact(gap(np.maximum(tv - bound(delta), 0.0), np.zeros(case.trials)))


@claim(
    id="performer_vq.vq-error-bounds.sharp",
    title="Two logits that change places are exactly that far apart",
    statement=r"z = (\tfrac\epsilon2, -\tfrac\epsilon2),\; \delta = -2z: \qquad \mathrm{TV} = \tanh\frac{\epsilon}{2}",
    source=SOURCE,
    role="performer_vq.softmax_tv_bound",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="equality between numbers of at most 1 with a dozen roundings; osc/2 differs by more than 1e-3 at 0.01",
    ),
    cases=grid(eps=(0.01, 1.0, 8.0)),
    quantity="|bound − total variation|",
)
def sharp(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    z = np.array([case.eps, -case.eps]) / 2
    yield exact(gap(bound(-2 * z), np.abs(softmax_rows(z) - softmax_rows(-z)).sum() / 2))


@claim(
    id="performer_vq.vq-error-bounds.output",
    title="So the output moves by at most the diameter of the values times that",
    statement=r"|o - \hat o| \le \mathrm{diam}(V) \tanh\frac{\mathrm{osc}(\delta)}{4}",
    source=SOURCE,
    role="performer_vq.softmax_tv_bound",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="as above, times a diameter of about 5: tight for two values, where osc/8 is violated"
    ),
    cases=grid(n=(2, 8), trials=(2000,)).full(trials=(20_000,)),
    quantity="largest excess of |o − ô| over the bound",
)
def output_bound(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    z = 2 * rng.normal(size=(case.trials, case.n))
    delta = rng.normal(size=z.shape) * np.exp(rng.normal(size=(case.trials, 1)))
    V = rng.normal(size=(case.n, 3))
    diameter = np.linalg.norm(V[:, None] - V, axis=2).max()
    moved = np.linalg.norm((softmax_rows(z) - softmax_rows(z + delta)) @ V, axis=1)
    yield exact(gap(np.maximum(moved - diameter * np.asarray(bound(delta)), 0.0), np.zeros(case.trials)))


@role("performer_vq.score_error", numbers="k, c (d,), Sigma (d, d): arrays; a float")
def score_error(k: Floats, c: Floats, Sigma: Floats) -> float:
    """E (q.(k − c))² for queries with second moment Sigma: (k − c)ᵀ Sigma (k − c)."""
    return float((k - c) @ Sigma @ (k - c))


@mutant("performer_vq.score_error", slip="the squared Euclidean distance, whatever the queries")
def euclidean(k: Floats, c: Floats, Sigma: Floats) -> float:
    return float((k - c) @ (k - c))


@claim(
    id="performer_vq.vq-error-bounds.metric",
    title="The error of scores is a distance in the metric of the queries",
    statement=r"\mathbb E\, (q\cdot(k - \hat k))^2 = (k - \hat k)^\top \Sigma (k - \hat k), \qquad \Sigma = \mathbb E\, q q^\top",
    source=SOURCE,
    role="performer_vq.score_error",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="a mean over all 2ᵈ sign patterns of queries Lε, Σ = LLᵀ, d = 4: 16 terms below 100"),
    quantity="|error − mean over all queries|",
)
def scores_by_enumeration(error: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d = 4
    L, k, c = rng.normal(size=(d, d)), rng.normal(size=d), rng.normal(size=d)
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * d)).reshape(d, -1)  # uncorrelated, of unit variance
    yield exact(gap(error(k, c, L @ L.T), np.mean(((k - c) @ L @ signs) ** 2)))


@claim(
    id="performer_vq.vq-error-bounds.nearest",
    title="The nearest codeword need not be the best one",
    statement=r"\Sigma = \mathrm{diag}(4, \tfrac14),\; k = 0,\; c_1 = (1, 0),\; c_2 = (0, 1.2): \qquad 4 > 0.36",
    source=PVQ_KEYS.at("nearest codes"),
    role="performer_vq.score_error",
    evidence=Evidence.EXACT,
    region=within(
        3.64 - 1e-12, 3.64 + 1e-12, because="4 − 0.36, with a few roundings; Euclidean distances give 1 − 1.44 < 0"
    ),
    quantity="error of scores with the nearest codeword, minus that with the other",
    refutes="assigning each key to its nearest codeword minimises the error of the scores",
)
def nearest_is_worse(error: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Sigma, k = np.diag([4.0, 0.25]), np.zeros(2)
    book = np.array([[1.0, 0.0], [0.0, 1.2]])
    if vq.vq_assign(k[None], book)[0][0] != 0:
        raise Vacuous("the first codeword is not the nearest")
    yield exact(float(np.nan_to_num(error(k, book[0], Sigma) - error(k, book[1], Sigma))))


@role("performer_vq.cell_codewords", numbers="K (n, d), codes (n,), c; the codebook (c, d)")
def cell_codewords(K: Floats, codes: Any, c: int) -> Floats:
    """The mean of the keys of each cell."""
    return np.stack([K[codes == y].mean(axis=0) for y in range(c)])


@mutant("performer_vq.cell_codewords", slip="codewords are not re-centred: any key of the cell will do")
def first_key(K: Floats, codes: Any, c: int) -> Floats:
    return np.stack([K[codes == y][0] for y in range(c)])


@mutant("performer_vq.cell_codewords", slip="an exponential average that lags behind the cell means")
def lagging_average(K: Floats, codes: Any, c: int) -> Floats:
    return 0.9 * cell_codewords(K, codes, c) + 0.1 * first_key(K, codes, c)


@claim(
    id="performer_vq.vq-error-bounds.partition",
    title="With cell means, quantisation always underestimates the partition function",
    statement=r"\sum_j e^{q\cdot\hat k_j} \le \sum_j e^{q\cdot k_j} \qquad \forall q",
    source=SOURCE,
    role="performer_vq.cell_codewords",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="Jensen in each cell; sums of 120 positive terms round by 120 eps = 3e-14"),
    cases=grid(radius=(0.25, 1.0)),
    quantity="largest ratio of the two sums beyond 1, over 200 queries",
)
def jensen(codewords: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    K, codes, _ = cells(rng, case.radius)
    book, Q = np.asarray(codewords(K, codes, 6)), rng.normal(size=(200, 4))
    ratio = np.exp(Q @ book[codes].T).sum(axis=1) / np.exp(Q @ K.T).sum(axis=1)
    yield exact(gap(np.maximum(ratio - 1, 0.0), np.zeros(200)))


@role(
    "performer_vq.corrected_attention", numbers="q (d,), K (n, d), V (n, d_v), codes (n,), C (c, d); an output (d_v,)"
)
def corrected_attention(q: Floats, K: Floats, V: Floats, codes: Any, C: Floats) -> Floats:
    """First-order correction in the cells: each code also stores Σ v (k − c)ᵀ and Σ (k − c); still linear in n."""
    numerator, denominator = np.zeros(V.shape[1]), 0.0
    for y in range(len(C)):
        cell = codes == y
        weight, residual = np.exp(q @ C[y]), K[cell] - C[y]
        numerator += weight * (V[cell].sum(axis=0) + (V[cell].T @ residual) @ q)
        denominator += weight * (cell.sum() + residual.sum(axis=0) @ q)
    return np.asarray(numerator / denominator)


@mutant("performer_vq.corrected_attention", slip="the correction enters the numerator alone")
def numerator_alone(q: Floats, K: Floats, V: Floats, codes: Any, C: Floats) -> Floats:
    means = cell_codewords(K, codes, len(C))
    shift = np.exp(C @ q) * np.bincount(codes) * ((means - C) @ q)  # what the denominator lacks
    plain = np.exp(C @ q) @ np.bincount(codes)
    return np.asarray(corrected_attention(q, K, V, codes, C) * (1 + shift.sum() / plain))


@mutant("performer_vq.corrected_attention", slip="no correction at all")
def uncorrected(q: Floats, K: Floats, V: Floats, codes: Any, C: Floats) -> Floats:
    return np.asarray(vq.vq_attention(q[None], codes, C, V)[0])


RADII = 2.0 ** -np.arange(4, 9)


def cells(
    rng: np.random.Generator, radius: float, C: Floats | None = None, noise: Floats | None = None
) -> tuple[Floats, Any, Floats]:
    """(K, codes, C): six cells of 20 keys in R⁴ about C, of that radius and off centre."""
    C = rng.normal(size=(6, 4)) if C is None else C
    noise = rng.normal(size=(6, 20, 4)) + 0.5 if noise is None else noise
    return (C[:, None] + radius * noise).reshape(-1, 4), np.repeat(np.arange(6), 20), C


def orders(error: Any, rng: np.random.Generator, seeds: int, *, constant_values: bool = False) -> float:
    """The median over seeds of the slope of log error against log radius; error(q, K, V, codes, C)."""
    slopes = []
    for _ in range(seeds):
        C, noise, Q = rng.normal(size=(6, 4)), rng.normal(size=(6, 20, 4)) + 0.5, rng.normal(size=(7, 4))
        V = np.repeat(rng.normal(size=(6, 3)), 20, axis=0) if constant_values else rng.normal(size=(120, 3))
        errors = []
        for radius in RADII:
            K, codes, _ = cells(rng, radius, C, noise)
            errors.append(np.sqrt(np.mean([np.sum(np.square(error(q, K, V, codes, C))) for q in Q])))
        slopes.append(slope(np.log(RADII), np.log(errors)))
    return float(np.median(slopes))


SEEDS = grid(seeds=(10,)).full(seeds=(20, 200))
ORDER = (
    "over 1/16 to 1/256 the next order adds at most a twentieth of a unit to the median slope (1.02 was met for the "
    "first order); an order is an "
    "integer, so a twentieth decides"
)


@claim(
    id="performer_vq.vq-error-bounds.order-partition",
    title="With cell means the error of log Z is of second order in the cell size",
    statement=r"\log Z - \log \hat Z = O(\delta^2)",
    source=SOURCE,
    role="performer_vq.cell_codewords",
    evidence=Evidence.RATE,
    region=within(1.95, 2.05, because=ORDER),
    cases=SEEDS,
    quantity="median slope of log error against log radius",
)
def order_of_partition(codewords: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(q: Floats, K: Floats, V: Floats, codes: Any, C: Floats) -> Any:
        book = np.asarray(codewords(K, codes, 6))
        return np.log(np.exp(K @ q).sum() / np.exp(book[codes] @ q).sum())

    yield exact(orders(error, rng, case.seeds))


@claim(
    id="performer_vq.vq-error-bounds.order-output",
    title="The output's error is of first order, and of second where values are constant on cells",
    statement=r"|o - \hat o| = O(\delta) \text{ in general}, \qquad O(\delta^2) \text{ if } V \text{ is constant on cells}",
    source=SOURCE,
    role=("performer_vq.vq_attention", "performer_vq.cell_codewords"),
    evidence=Evidence.RATE,
    region=within(-0.05, 0.05, because=ORDER),
    cases=grid(values=("any", "constant"), seeds=(10,)).full(seeds=(20, 200)),
    quantity="median slope, minus 1 for any values, minus 2 for values constant on cells",
)
def order_of_output(attention: Any, codewords: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(q: Floats, K: Floats, V: Floats, codes: Any, C: Floats) -> Any:
        book = np.asarray(codewords(K, codes, 6))
        return softmax_rows(K @ q) @ V - np.asarray(attention(q[None], codes, book, V))[0]

    constant = case.values["values"] == "constant"
    yield exact(orders(error, rng, case.seeds, constant_values=constant) - (2 if constant else 1))


@claim(
    id="performer_vq.vq-error-bounds.order-corrected",
    title="Two more sums a code make it of second order for any values",
    statement=r"\hat o = \frac{\sum_y e^{q\cdot c_y} \big(\sum v + \sum v (k - c)^\top q\big)}{\sum_y e^{q\cdot c_y} "
    r"\big(n_y + \sum (k - c)^\top q\big)}: "
    r"\qquad |o - \hat o| = O(\delta^2)",
    source=SOURCE,
    role="performer_vq.corrected_attention",
    evidence=Evidence.RATE,
    region=within(1.95, 2.05, because=ORDER),
    cases=SEEDS,
    quantity="median slope of log error against log radius",
)
def order_when_corrected(corrected: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(q: Floats, K: Floats, V: Floats, codes: Any, C: Floats) -> Any:
        return softmax_rows(K @ q) @ V - np.asarray(corrected(q, K, V, codes, C))

    yield exact(orders(error, rng, case.seeds))


@figure(of="performer_vq.vq-error-bounds")
def variation_against_oscillation() -> Figure:
    rng = np.random.default_rng(9862)
    z, delta = 2 * rng.normal(size=(400, 4)), rng.normal(size=(400, 4)) * np.exp(rng.normal(size=(400, 1)))
    tv = np.abs(softmax_rows(z) - softmax_rows(z + delta)).sum(axis=1) / 2
    oscillation = np.linspace(0, 12, 100)
    shown = np.ptp(delta, axis=1) < 12
    return Figure(
        "Total variation against the oscillation of the change",
        "Every change lies below tanh(osc/4), and some come close to it.",
        "osc(δ)",
        "total variation",
        (
            series("random changes", np.ptp(delta, axis=1)[shown], tv[shown], kind="dots"),
            series("tanh(osc/4)", oscillation, np.tanh(oscillation / 4)),
            series("tanh(osc/8), violated", oscillation, np.tanh(oscillation / 8), kind="dashed"),
        ),
    )


@cache
def order_curves() -> dict[str, list[float]]:
    """Root mean squared errors against the radius, for the five settings."""
    rng = np.random.default_rng(9862)
    C, noise, Q = rng.normal(size=(6, 4)), rng.normal(size=(6, 20, 4)) + 0.5, rng.normal(size=(7, 4))
    V, flat = rng.normal(size=(120, 3)), np.repeat(rng.normal(size=(6, 3)), 20, axis=0)
    curves: dict[str, list[float]] = {
        "log Z, cell means": [], "log Z, other codewords": [], "output": [],
        "output, values constant on cells": [], "output, corrected": [],
    }  # fmt: skip
    for radius in RADII:
        K, codes, _ = cells(rng, radius, C, noise)
        means, fixed = cell_codewords(K, codes, 6), first_key(K, codes, 6)
        found = [
            [np.log(np.exp(K @ q).sum() / np.exp(means[codes] @ q).sum()) for q in Q],
            [np.log(np.exp(K @ q).sum() / np.exp(fixed[codes] @ q).sum()) for q in Q],
            [softmax_rows(K @ q) @ V - uncorrected(q, K, V, codes, means) for q in Q],
            [softmax_rows(K @ q) @ flat - uncorrected(q, K, flat, codes, means) for q in Q],
            [softmax_rows(K @ q) @ V - corrected_attention(q, K, V, codes, C) for q in Q],
        ]
        for name, errors in zip(curves, found, strict=True):
            curves[name].append(float(np.sqrt(np.mean(np.square(errors)))))
    return curves


@figure(of="performer_vq.vq-error-bounds.order-corrected")
def orders_in_the_radius() -> Figure:
    return Figure(
        "Errors against the size of the cells",
        "Slope 2 for log Z with cell means, for values constant on cells and for the corrected output; slope 1 otherwise.",
        "cell radius",
        "root mean squared error",
        tuple(series(name, RADII, values) for name, values in order_curves().items()),
        x_log=True,
        y_log=True,
    )


@claim(
    id="performer_vq.vq-error-bounds.real",
    title="On real words: quantisation never overestimates the partition function",
    statement=r"\sum_j e^{q\cdot\hat k_j} \le \sum_j e^{q\cdot k_j}",
    source=SOURCE,
    role="performer_vq.cell_codewords",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="Jensen in each cell; sums of 600 positive terms round by 600 eps = 1.3e-13"),
    cases=grid(c=(16,)).full(c=(16, 64)),
    quantity="largest ratio of the two sums beyond 1, over 100 queries",
)
def jensen_on_words(codewords: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from verify.claims.performer_vq.output_error import real_tokens

    Q, K, _ = real_tokens(rng, 100, 600, 32, 1.0)
    codes, _ = vq.vq_assign(K, vq.lloyd(K, case.c, rng, iters=5)[0])
    _, codes = np.unique(codes, return_inverse=True)
    book = np.asarray(codewords(K, codes, int(codes.max()) + 1))
    ratio = np.exp(Q @ book[codes].T).sum(axis=1) / np.exp(Q @ K.T).sum(axis=1)
    yield exact(gap(np.maximum(ratio - 1, 0.0), np.zeros(100)))
