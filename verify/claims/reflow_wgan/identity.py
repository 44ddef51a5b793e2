"""Entry 1: the step from the regression of ReFlow to the critic of WGAN is an equality, and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, series
from verify.claims.reflow_wgan import polynomials as poly
from verify.claims.reflow_wgan.action import with_time
from verify.claims.reflow_wgan.instances import gauss
from verify.claims.reflow_wgan.objective import smooth, smooth_gradient
from verify.claims.reflow_wgan.time_weight import WEIGHTS, fixed, measured_defect, predicted_defect, time_weight_defect
from verify.claims.sources import FLOW_ACTION, FLOW_ARTICLE
from verify.evidence import Enclosure, Vacuous, accepted, at_most, exact, exactly, gap

SOURCE = FLOW_ARTICLE.at("the step with ≈ to the loss of a critic")
NOTHING_ROUNDED = "polynomials of fractions, integrated term by term: the difference is the number itself"

STATEMENT = (
    r"\mathbb E\,\tfrac12\|\nabla D(x_t)-(x_1-x_0)\|^2 = \tfrac12\,\mathbb E\|\nabla D(x_t)\|^2"
    r" + \mathbb E D(x_0)-\mathbb E D(x_1) + \tfrac12\,\mathbb E\|x_1-x_0\|^2"
)
GRID = grid(degree=(1, 2, 3, 4), seed=tuple(range(5))).full(seed=tuple(range(50)))


def bound(D: poly.Polynomial) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """D and its gradient as callables on points."""
    return (lambda x: poly.value(D, x)), (lambda x: poly.gradient(D, x))


@claim(
    id="reflow_wgan.line-integral-identity",
    title="Without time, the regression of ReFlow is the loss of a critic: an equality, not an approximation",
    statement=STATEMENT,
    source=SOURCE,
    role="reflow_wgan.critic_objective",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=NOTHING_ROUNDED),
    cases=GRID,
    quantity="left side − right side",
)
def identity_in_fractions(objective: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    coupling, D = poly.random_coupling(rng), poly.random_polynomial(rng, case.degree)
    pairs = (coupling.x0, coupling.x1)
    loss = objective(*bound(D), pairs, coupling.weights, 0, Fraction(1, 2), 2 * case.degree)
    yield exact(poly.regression(D, coupling) - loss - poly.half_square_distance(coupling))


@claim(
    id="reflow_wgan.line-integral-identity.smooth",
    title="It holds for a critic that is no polynomial",
    statement=STATEMENT,
    source=SOURCE,
    role="reflow_wgan.critic_objective",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="sums over 12 pairs and 40 nodes of numbers below 100, each rounded by half an eps: 52 · 100 · 1.1e-16 = "
        "6e-13",
    ),
    cases=grid(seed=tuple(range(5))).full(seed=tuple(range(50))),
    quantity="|left side − right side|",
)
def identity_of_smooth_critics(objective: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x0, x1, w = rng.normal(size=(12, 2)), 2 * rng.normal(size=(12, 2)), rng.dirichlet(np.ones(12))
    loss = sum(
        weight * (w @ np.sum((smooth_gradient(x0 + t * (x1 - x0)) - (x1 - x0)) ** 2, axis=1)) / 2
        for t, weight in zip(*gauss(60), strict=True)
    )
    found = objective(smooth, smooth_gradient, (x0, x1), w, 0, 0.5, 40)
    yield exact(gap(found + w @ np.sum((x1 - x0) ** 2, axis=1) / 2, loss))


@claim(
    id="reflow_wgan.line-integral-identity.time-weight",
    title="It needs uniform times: every other weight leaves a defect",
    statement=r"\mathbb E_w\langle\nabla D(x_t),\Delta\rangle-\mathbb E[D(x_1)-D(x_0)] ="
    r"\big(\mathbb E_w[t]-\tfrac12\big)\,\mathbb E\,\Delta^\top Q\,\Delta"
    r"+\tfrac12\big(\mathbb E_w[t^2]-\tfrac13\big)\,\mathbb E\,D'''[\Delta,\Delta,\Delta]",
    source=SOURCE,
    role="reflow_wgan.time_weight_defect",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=NOTHING_ROUNDED),
    cases=grid(degree=(1, 2, 3), weight=tuple(WEIGHTS), seed=tuple(range(5))).full(seed=tuple(range(50))),
    quantity="defect − formula",
    refutes="The step from the regression to the critic holds for any choice of the times.",
)
def defect_of_weights(defect: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    coupling, D = poly.random_coupling(rng), poly.random_polynomial(rng, case.degree)
    times = WEIGHTS[case.weight]
    measured = measured_defect(D, coupling, times)
    if case.degree == 3 and (measured == 0) != (case.weight == "uniform"):
        raise Vacuous("a cubic critic whose defect vanishes by chance shows nothing")
    if case.degree <= 2 and case.weight == "half" and measured:
        raise Vacuous("the mid-point is exact up to degree 2")
    yield exact(measured - predicted_defect(defect, D, coupling, times))


@claim(
    id="reflow_wgan.line-integral-identity.time-dependent",
    title="A critic that knows the time pays for its change: action matching",
    statement=r"\mathbb E\,\tfrac12\|\nabla D-\Delta\|^2-\tfrac12\,\mathbb E\|\Delta\|^2 = \tfrac12\,\mathbb E\|\nabla D\|^2"
    r"+\mathbb E D(x_0,0)-\mathbb E D(x_1,1)+\mathbb E\int_0^1 \partial_t D(x_t,t)\,dt",
    source=FLOW_ACTION.at("the action gap"),
    role="reflow_wgan.action_matching_loss",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=NOTHING_ROUNDED),
    cases=grid(degree=(2, 3), seed=tuple(range(3))).full(seed=tuple(range(20))),
    quantity="left side − right side",
)
def identity_with_time(loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    coupling, D = poly.random_coupling(rng, 2, 2), poly.random_polynomial(rng, case.degree, 3)
    regression = poly.regression(D, with_time(coupling))
    yield exact(regression - poly.half_square_distance(coupling) - loss(D, coupling))


POINTS = (np.zeros((2, 1)), np.ones((2, 1)))
BAD_CRITICS: tuple[tuple[Any, ...], ...] = (
    (POINTS, [0.5, 0.6]),
    (POINTS, [1.5, -0.5]),
    (POINTS, [0.5, 0.5, 0.0]),
    ((POINTS[0], np.ones((3, 1))), [0.5, 0.5]),
    ((POINTS[0], np.full((2, 1), np.nan)), [0.5, 0.5]),
    (POINTS, [0.5, 0.5], 0, 0.0),
    (POINTS, [0.5, 0.5], 0, -1.0),
    (POINTS, [0.5, 0.5], -1.0, 1.0),
    (POINTS, [0.5, 0.5], 0, 0.5, 0),
)


@claim(
    id="reflow_wgan.line-integral-identity.refused",
    title="Weights that are no probabilities and penalties without weight are refused",
    statement=r"\textstyle\sum_i w_i \ne 1,\; w_i<0,\; \lambda\le 0,\; c<0 \;\Rightarrow\; \text{ValueError}",
    source=SOURCE,
    role="reflow_wgan.critic_objective",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of calls that were answered"),
    quantity="bad inputs accepted",
)
def bad_critics(objective: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    calls = [(lambda x: x[:, 0], lambda x: 0 * x + 1, *bad) for bad in BAD_CRITICS]
    yield exact(accepted(objective, calls, ValueError))


@figure(of="reflow_wgan.line-integral-identity.time-weight")
def defect_against_mean_time() -> Figure:
    rng = np.random.default_rng(9668)
    coupling = poly.random_coupling(rng)
    fractions = [Fraction(k, 20) for k in range(21)]
    places = [float(t) for t in fractions]
    curves = []
    for degree in (1, 2, 3):
        D = poly.random_polynomial(rng, degree)
        measured = [float(measured_defect(D, coupling, fixed(t))) for t in fractions]
        predicted = [float(predicted_defect(time_weight_defect, D, coupling, fixed(t))) for t in fractions]
        curves.append(series(f"degree {degree}, t fixed", places, measured, kind="dots"))
        curves.append(series(f"degree {degree}, formula", places, predicted))
    return Figure(
        "What the step costs when all times are one time",
        "The defect vanishes at t = 1/2 up to degree 2, but not beyond; only the average over all times has none.",
        "the fixed time t",
        "defect of the inner product",
        (*curves, series("t = 1/2", x=(0.5,), kind="vline")),
    )
