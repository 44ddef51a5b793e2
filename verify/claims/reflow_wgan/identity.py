"""Entry 1: the step from the regression of ReFlow to the critic of WGAN is an equality, and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.reflow_wgan import polynomials as poly
from verify.claims.reflow_wgan.instances import gauss
from verify.claims.sources import FLOW_ACTION, FLOW_ARTICLE
from verify.evidence import Enclosure, Vacuous, accepted, at_most, exact, exactly, gap
from verify.methods import rectified_flow as rf

SOURCE = FLOW_ARTICLE.at("the step with ≈ to the loss of a critic")
NOTHING_ROUNDED = "polynomials of fractions, integrated term by term: the difference is the number itself"

role(
    "reflow_wgan.critic_objective",
    numbers="D, grad_D callables, pairs ((N, d), (N, d)), weights (N,), centre, weight, nodes; a float, on fractions a Fraction",
)(rf.critic_objective)


def penalty(at: Any, grad_D: Any, pairs: Any, weights: Any) -> Any:
    """E |grad D|^2 at one time."""
    gradient = grad_D(pairs[0] + at * (pairs[1] - pairs[0]))
    return weights @ np.sum(gradient * gradient, axis=1)


@equivalent("reflow_wgan.critic_objective", because="the pairs in another order")
def backwards(D: Any, grad_D: Any, pairs: Any, weights: Any, *rest: Any, **named: Any) -> Any:
    return rf.critic_objective(D, grad_D, (pairs[0][::-1], pairs[1][::-1]), np.asarray(weights)[::-1], *rest, **named)


@mutant("reflow_wgan.critic_objective", slip="real and generated samples exchanged: the sign of D(x0) - D(x1)")
def real_and_fake_exchanged(D: Any, grad_D: Any, pairs: Any, weights: Any, *rest: Any, **named: Any) -> Any:
    value = rf.critic_objective(D, grad_D, pairs, weights, *rest, **named)
    return value + 2 * (np.asarray(weights) @ (D(pairs[1]) - D(pairs[0])))


@mutant("reflow_wgan.critic_objective", slip="penalty weight 1 in place of 1/2")
def whole_penalty(
    D: Any, grad_D: Any, pairs: Any, weights: Any, center: Any = 0, weight: Any = 0.5, nodes: int = 16
) -> Any:
    return rf.critic_objective(D, grad_D, pairs, weights, center, 2 * weight, nodes)


@mutant("reflow_wgan.critic_objective", slip="the penalty taken at both ends in place of along the line")
def penalty_at_ends(
    D: Any, grad_D: Any, pairs: Any, weights: Any, center: Any = 0, weight: Any = 0.5, nodes: int = 16
) -> Any:
    both = [penalty(t, grad_D, pairs, weights) for t in (0, 1)]
    return weights @ (D(pairs[0]) - D(pairs[1])) + weight * sum(both) / 2


@mutant("reflow_wgan.critic_objective", slip="the penalty taken at t = 1/2 only")
def penalty_in_the_middle(
    D: Any, grad_D: Any, pairs: Any, weights: Any, center: Any = 0, weight: Any = 0.5, nodes: int = 16
) -> Any:
    return weights @ (D(pairs[0]) - D(pairs[1])) + weight * penalty(Fraction(1, 2), grad_D, pairs, weights)


@mutant("reflow_wgan.critic_objective", slip="masses are never looked at: any weights will do")
def any_weights(D: Any, grad_D: Any, pairs: Any, weights: Any, *rest: Any, **named: Any) -> Any:
    weights = np.nan_to_num(np.asarray(weights))
    total = weights.sum()
    return total * rf.critic_objective(D, grad_D, pairs, np.abs(weights) / np.abs(weights).sum(), *rest, **named)


def bound(D: poly.Polynomial) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """D and its gradient as callables on points."""
    return (lambda x: poly.value(D, x)), (lambda x: poly.gradient(D, x))


STATEMENT = (
    r"\mathbb E\,\tfrac12\|\nabla D(x_t)-(x_1-x_0)\|^2 = \tfrac12\,\mathbb E\|\nabla D(x_t)\|^2"
    r" + \mathbb E D(x_0)-\mathbb E D(x_1) + \tfrac12\,\mathbb E\|x_1-x_0\|^2"
)
GRID = grid(degree=(1, 2, 3, 4), seed=tuple(range(5))).full(seed=tuple(range(50)))


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


def smooth(x: Any) -> Any:
    """A critic that is no polynomial: sin(x + 2 y) + exp(-y^2 / 2)."""
    return np.sin(x[:, 0] + 2 * x[:, 1]) + np.exp(-(x[:, 1] ** 2) / 2)


def smooth_gradient(x: Any) -> Any:
    """Its gradient."""
    c = np.cos(x[:, 0] + 2 * x[:, 1])
    return np.stack([c, 2 * c - x[:, 1] * np.exp(-(x[:, 1] ** 2) / 2)], axis=1)


@claim(
    id="reflow_wgan.line-integral-identity.smooth",
    title="It holds for a critic that is no polynomial",
    statement=STATEMENT,
    source=SOURCE,
    role="reflow_wgan.critic_objective",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="sums of 12 pairs and 40 nodes of numbers below 100: (12 + 40) eps 100 = 1.2e-12 at worst, and "
                   "roundings that are not all of one sign stay a hundredfold below"),
    cases=grid(seed=tuple(range(5))).full(seed=tuple(range(50))),
    quantity="|left side − right side|",
)  # fmt: skip
def identity_of_smooth_critics(objective: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x0, x1, w = rng.normal(size=(12, 2)), 2 * rng.normal(size=(12, 2)), rng.dirichlet(np.ones(12))
    loss = sum(
        weight * (w @ np.sum((smooth_gradient(x0 + t * (x1 - x0)) - (x1 - x0)) ** 2, axis=1)) / 2
        for t, weight in zip(*gauss(60), strict=True)
    )
    found = objective(smooth, smooth_gradient, (x0, x1), w, 0, 0.5, 40)
    yield exact(gap(found + w @ np.sum((x1 - x0) ** 2, axis=1) / 2, loss))


@role(
    "reflow_wgan.time_weight_defect", numbers="E_w[t], E_w[t^2], E d'Q d at x0, E D'''[d, d, d]: fractions; a Fraction"
)
def time_weight_defect(mean: Fraction, square: Fraction, curvature: Fraction, third: Fraction) -> Fraction:
    """E_w<grad D(x_t), x1 - x0> - E[D(x1) - D(x0)] of a cubic critic, the times weighted by w with E_w[1] = 1."""
    return (mean - Fraction(1, 2)) * curvature + (square - Fraction(1, 3)) * third / 2


@mutant("reflow_wgan.time_weight_defect", slip="any weight with mean 1/2 taken as good: the third derivative left out")
def mean_time_suffices(mean: Fraction, square: Fraction, curvature: Fraction, third: Fraction) -> Fraction:
    return (mean - Fraction(1, 2)) * curvature


@mutant("reflow_wgan.time_weight_defect", slip="the step taken as an equality for every weight of the times")
def always_equal(mean: Fraction, square: Fraction, curvature: Fraction, third: Fraction) -> Fraction:
    return Fraction(0)


@mutant("reflow_wgan.time_weight_defect", slip="the sign of the defect")
def defect_reversed(mean: Fraction, square: Fraction, curvature: Fraction, third: Fraction) -> Fraction:
    return -time_weight_defect(mean, square, curvature, third)


# weight of the times: (E_w[t], E_w[t^2]); a number is a fixed time
TIMES = {
    "uniform": (Fraction(1, 2), Fraction(1, 3)),
    "half": (Fraction(1, 2), Fraction(1, 4)),
    "zero": (Fraction(0), Fraction(0)),
    "2t": (Fraction(2, 3), Fraction(1, 2)),
}


def weighted(line: poly.Line, weight: str) -> Fraction:
    """E_w of a polynomial in t."""
    if weight in ("uniform", "2t"):
        return poly.integral(line if weight == "uniform" else poly.times(line, [Fraction(0), Fraction(2)]))
    return poly.at(line, Fraction(1, 2) if weight == "half" else 0)


def measured_defect(D: poly.Polynomial, coupling: poly.FiniteCoupling, weight: str) -> Fraction:
    """E_w<grad D(x_t), x1 - x0> - E[D(x1) - D(x0)], from the definition."""
    lines = [poly.slope_along(D, start, end) for start, end in zip(coupling.x0, coupling.x1, strict=True)]
    along = sum((w * weighted(line, weight) for line, w in zip(lines, coupling.weights, strict=True)), Fraction(0))
    return along - Fraction(coupling.weights @ (poly.value(D, coupling.x1) - poly.value(D, coupling.x0)))


def derivatives_along(D: poly.Polynomial, coupling: poly.FiniteCoupling) -> tuple[Fraction, Fraction]:
    """(E d'Q d at x0, E D'''[d, d, d]) of a cubic critic, from its partial derivatives."""
    delta = coupling.x1 - coupling.x0
    second = sum(
        poly.value(poly.derivative(poly.derivative(D, i), j), coupling.x0) * delta[:, i] * delta[:, j]
        for i in range(2)
        for j in range(2)
    )
    third = sum(
        poly.value(poly.derivative(poly.derivative(poly.derivative(D, i), j), k), coupling.x0)
        * delta[:, i] * delta[:, j] * delta[:, k]
        for i in range(2) for j in range(2) for k in range(2)
    )  # fmt: skip
    return Fraction(coupling.weights @ second), Fraction(coupling.weights @ third)


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
    cases=grid(degree=(1, 2, 3), weight=tuple(TIMES), seed=tuple(range(5))).full(seed=tuple(range(50))),
    quantity="defect − formula",
    refutes="The step from the regression to the critic holds for any choice of the times.",
)
def defect_of_weights(defect: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    coupling, D = poly.random_coupling(rng), poly.random_polynomial(rng, case.degree)
    measured = measured_defect(D, coupling, case.weight)
    if case.degree == 3 and (measured == 0) != (case.weight == "uniform"):
        raise Vacuous("a cubic critic whose defect vanishes by chance shows nothing")
    if case.degree <= 2 and case.weight == "half" and measured:
        raise Vacuous("the mid-point is exact up to degree 2")
    yield exact(measured - defect(*TIMES[case.weight], *derivatives_along(D, coupling)))


@role(
    "reflow_wgan.action_matching_loss",
    numbers="D: a polynomial in (x, y, t), a finite coupling: fractions; a Fraction",
)
def action_matching_loss(D: poly.Polynomial, coupling: poly.FiniteCoupling) -> Fraction:
    """1/2 E|grad D|^2 + E D(x0, 0) - E D(x1, 1) + E ∫ ∂_t D dt: what the regression is for a critic that knows the time."""
    total = Fraction(0)
    for start, end, w in space_time(coupling):
        squares = [poly.times(g, g) for g in (poly.along(poly.derivative(D, k), start, end) for k in range(2))]
        drift = poly.along(poly.derivative(D, 2), start, end)
        total += w * (poly.integral(poly.plus(*squares)) / 2 + poly.integral(drift) - ends(D, start, end))
    return total


def space_time(coupling: poly.FiniteCoupling) -> Iterator[tuple[Any, Any, Fraction]]:
    """(start, end, mass) with the time as third coordinate, from 0 to 1."""
    for start, end, w in zip(*coupling, strict=True):
        yield [*start, Fraction(0)], [*end, Fraction(1)], w


def ends(D: poly.Polynomial, start: Any, end: Any) -> Fraction:
    """D at the end minus D at the start."""
    line = poly.along(D, start, end)
    return poly.at(line, 1) - line[0]


@mutant("reflow_wgan.action_matching_loss", slip="the derivative in time left out, as if the critic did not know it")
def time_derivative_dropped(D: poly.Polynomial, coupling: poly.FiniteCoupling) -> Fraction:
    drift = sum(
        (w * poly.integral(poly.along(poly.derivative(D, 2), *ends)) for *ends, w in space_time(coupling)), Fraction(0)
    )
    return action_matching_loss(D, coupling) - drift


@mutant("reflow_wgan.action_matching_loss", slip="both ends taken at time 0")
def both_at_time_zero(D: poly.Polynomial, coupling: poly.FiniteCoupling) -> Fraction:
    x1 = np.array([[*x, 1] for x in coupling.x1], object)
    x1_at_zero = np.array([[*x, 0] for x in coupling.x1], object)
    return action_matching_loss(D, coupling) + Fraction(
        coupling.weights @ (poly.value(D, x1) - poly.value(D, x1_at_zero))
    )


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
    total = Fraction(0)
    for start, end, w in space_time(coupling):
        for k in range(2):
            error = plus_constant(poly.along(poly.derivative(D, k), start, end), start[k] - end[k])
            total += w * poly.integral(poly.times(error, error)) / 2
    yield exact(total - poly.half_square_distance(coupling) - loss(D, coupling))


def plus_constant(line: poly.Line, c: Fraction) -> poly.Line:
    """A polynomial in t and a number."""
    return poly.plus(line, [c])


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
    curves = []
    means = [Fraction(k, 20) for k in range(21)]
    places = [float(t) for t in means]
    for degree in (1, 2, 3):
        D = poly.random_polynomial(rng, degree)
        lines = [poly.slope_along(D, a, b) for a, b in zip(coupling.x0, coupling.x1, strict=True)]
        total = Fraction(coupling.weights @ (poly.value(D, coupling.x1) - poly.value(D, coupling.x0)))
        fixed = [
            float(sum(w * poly.at(line, t) for line, w in zip(lines, coupling.weights, strict=True)) - total)
            for t in means
        ]
        curves.append(series(f"degree {degree}, t fixed", places, fixed, kind="dots"))
        second, third = derivatives_along(D, coupling)
        curves.append(
            series(
                f"degree {degree}, formula", places, [float(time_weight_defect(t, t * t, second, third)) for t in means]
            )
        )
    return Figure(
        "What the step costs when all times are one time",
        "The defect vanishes at t = 1/2 up to degree 2, but not beyond; only the average over all times has none.",
        "the fixed time t",
        "defect of the inner product",
        (*curves, series("t = 1/2", x=(0.5,), kind="vline")),
    )
