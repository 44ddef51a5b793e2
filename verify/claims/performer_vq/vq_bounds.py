"""Entry 11: how far a change of the keys can move attention, sharply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.performer_vq.instances import Floats, softmax_rows
from verify.claims.sources import PVQ_TRANSFORMER
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap
from verify.methods import attention as methods

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
