"""Entry 10: the velocity at time zero knows only the mean of the data, so training on it collapses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.reflow_wgan.instances import (
    MIX0,
    MIX1,
    PLANE0,
    PLANE1,
    STRETCH,
    TILTED,
    Floats,
    answer,
    symmetrised,
    w2,
)
from verify.claims.sources import FLOW_ARTICLE, FLOW_GAN_ARTICLE
from verify.evidence import Enclosure, at_most, exact, gap, within, worst
from verify.methods import rectified_flow as rf

SOURCE = FLOW_ARTICLE.at("one small step of the ODE for the generator")

Laws = tuple[Floats, Floats]
Affine = tuple[Floats, Floats]
Field = Callable[[int, Floats, Floats], Affine]


def trained(S: Floats, m: Floats, eps: float, steps: int, field: Field) -> Laws:
    """(means (steps + 1, d), covariances (steps + 1, d, d)) under x <- x + eps (A x + b) with a field anew each step."""
    means, covs = [np.asarray(m, float)], [np.asarray(S, float)]
    for k in range(steps):
        A, b = field(k, covs[-1], means[-1])
        G = np.eye(len(S)) + eps * A
        covs.append(symmetrised(G @ covs[-1] @ G.T))
        means.append(G @ means[-1] + eps * b)
    return np.array(means), np.array(covs)


@role(
    "reflow_wgan.reflow_training",
    numbers="generator S (d, d), m (d,), data S1, m1, eps, steps, pairing independent | optimal; (means, covariances)",
)
def reflow_training(
    S: Floats, m: Floats, S1: Floats, m1: Floats, eps: float, steps: int, pairing: str = "independent"
) -> Laws:
    """The laws of a Gaussian generator that moves by eps v*(x, 0), the pairs and the velocity made anew at each step."""

    def field(k: int, C: Floats, c: Floats) -> Affine:
        K = rf.ot_map_gaussian(C, S1) @ C if pairing == "optimal" else 0 * C
        return rf.gaussian_velocity(0.0, C, S1, K, c, m1)

    return trained(S, m, eps, steps, field)


@mutant("reflow_wgan.reflow_training", slip="v(x, 1/2) passed off as v(x, 0)")
def trained_at_half_time(
    S: Floats, m: Floats, S1: Floats, m1: Floats, eps: float, steps: int, pairing: str = "independent"
) -> Laws:
    return trained(S, m, eps, steps, lambda k, C, c: rf.gaussian_velocity(0.5, C, S1, 0 * C, c, m1))


def averaged_field(C: Floats, c: Floats, S1: Floats, m1: Floats) -> Affine:
    """The best affine velocity that does not know the time: a regression of x1 - x0 on x_t, all times pooled."""
    spread = (C + S1) / 3 + np.outer(m1 - c, m1 - c) / 12
    A = np.asarray(np.linalg.solve(spread, (S1 - C) / 2).T, float)
    return A, np.asarray(m1 - c - A @ (c + m1) / 2)


@mutant("reflow_wgan.reflow_training", slip="the time-averaged velocity in place of that at time zero")
def trained_on_average(
    S: Floats, m: Floats, S1: Floats, m1: Floats, eps: float, steps: int, pairing: str = "independent"
) -> Laws:
    return trained(S, m, eps, steps, lambda k, C, c: averaged_field(C, c, S1, m1))


@mutant(
    "reflow_wgan.reflow_training",
    slip="the pairs never made anew: the ODE of the first ones is integrated, which does not collapse",
)
def never_refreshed(
    S: Floats, m: Floats, S1: Floats, m1: Floats, eps: float, steps: int, pairing: str = "independent"
) -> Laws:
    K = rf.ot_map_gaussian(S, S1) @ S if pairing == "optimal" else 0 * S
    return trained(S, m, eps, steps, lambda k, C, c: rf.gaussian_velocity(min(k * eps, 1.0), S, S1, K, m, m1))


STARTS = {"at-the-data": (0.5, 2.0), "narrow": (-1.0, 0.3), "wide": (4.0, 5.0)}  # mean, deviation; the data: (0.5, 2)


@claim(
    id="reflow_wgan.time-zero-collapse",
    title="Trained on the velocity at time zero, the generator collapses onto the mean of the data",
    statement=r"g_k = \mu_1+(1-\epsilon)^k(g_0-\mu_1),\qquad \sigma_k=(1-\epsilon)^k\sigma_0\to0",
    source=SOURCE,
    role="reflow_wgan.reflow_training",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="40 steps of some four roundings each, relative: 160 eps = 3.6e-14, and a factor 28"),
    cases=grid(eps=(0.05, 0.1, 0.3), start=tuple(STARTS)),
    quantity="worst relative deviation from the power, over 40 steps",
    refutes="One small step along the best velocity brings the generator closer to the data.",
)
def collapse(training: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    mean, sigma = STARTS[case.start]
    means, covs = training(np.array([[sigma**2]]), np.array([mean]), np.array([[4.0]]), np.array([0.5]), case.eps, 40)
    power = (1 - case.eps) ** np.arange(41)
    parts = [gap(np.sqrt(covs[:, 0, 0]) / (power * sigma), np.ones(41)), gap(means[:, 0], 0.5 + power * (mean - 0.5))]
    yield worst(map(exact, parts))


@claim(
    id="reflow_wgan.time-zero-collapse.from-the-data",
    title="It even leaves the data: the first step from p₀ = p₁ moves it by ε",
    statement=r"p_0=p_1=\mathcal N(0,1):\qquad W_2(p_0^{\text{after}},p_1)=\epsilon",
    source=SOURCE,
    role="reflow_wgan.reflow_training",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="five roundings of numbers below 1"),
    cases=grid(eps=(0.05, 0.1, 0.3)),
    quantity="|W₂ after one step − ε|",
    refutes="The data is a fixed point of the alternating scheme.",
)
def leaves_the_data(training: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    one, zero = np.eye(1), np.zeros(1)
    means, covs = training(one, zero, one, zero, case.eps, 1)
    yield exact(gap(np.hypot(means[1, 0], 1 - np.sqrt(covs[1, 0, 0])), case.eps))


@claim(
    id="reflow_wgan.time-zero-collapse.optimal-pairs",
    title="With optimally matched pairs every step contracts W₂ by 1 − ε",
    statement=r"v(x,0)=T(x)-x:\qquad W_2(p^{(k+1)},p_1)=(1-\epsilon)\,W_2(p^{(k)},p_1)",
    source=FLOW_GAN_ARTICLE.at("the generator step as a regression"),
    role="reflow_wgan.reflow_training",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10,
        because="squared distances of at least 1 as differences of traces below 100, with conditions below 30: 3000 eps = 7e-13",
    ),
    cases=grid(eps=(0.05, 0.1, 0.3)),
    quantity="largest |ratio − (1 − ε)| of five steps, in the plane",
)
def contraction(training: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    m, m1 = np.array([1.0, -1.0]), np.array([0.0, 2.0])
    means, covs = training(STRETCH, m, TILTED, m1, case.eps, 5, "optimal")
    distance = w2(covs, TILTED, means - m1)
    yield exact(gap(distance[1:] / distance[:-1], np.full(5, 1 - case.eps)))


@claim(
    id="reflow_wgan.time-zero-collapse.mixtures",
    title="It is so for any laws: one full step sends every sample to the mean",
    statement=r"v^*(x,0)=\mathbb E x_1-x,\qquad x+v^*(x,0)=\mathbb E x_1\ \text{ for all } x",
    source=SOURCE,
    role="reflow_wgan.mixture_velocity",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="sums over four pairs of numbers below 10 and slopes with conditions below 20: 200 eps = 4e-14"
    ),
    cases=grid(laws=("line", "plane")),
    quantity="largest |v(x, 0) − (E x₁ − x)| and |one step − E x₁|",
)
def one_step_to_the_mean(velocity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    mix0, mix1 = (MIX0, MIX1) if case.laws == "line" else (PLANE0, PLANE1)
    x = 2 * rng.normal(size=(30, mix0.d))
    mean = mix1.weights @ mix1.means
    v = velocity(x, 0.0, mix0, mix1)
    yield worst([exact(gap(v, mean - x)), exact(gap(x + v, np.tile(mean, (30, 1))))])


@claim(
    id="reflow_wgan.time-zero-collapse.forty-steps",
    title="Forty steps of a tenth leave a seventieth of the spread",
    statement=r"0.9^{40} = 0.0147808829\ldots",
    source=SOURCE,
    role="reflow_wgan.reflow_training",
    evidence=Evidence.EXACT,
    region=within(0.014780882, 0.014780883, because="9⁴⁰ / 10⁴⁰ = 0.01478088294…, in integers"),
    quantity="standard deviation after 40 steps of 0.1 from N(0, 1)",
)
def seventieth(training: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    one, zero = np.eye(1), np.zeros(1)
    sigma = float(np.sqrt(training(one, zero, one, zero, 0.1, 40)[1][-1, 0, 0]))
    yield exact(answer(sigma))


@figure(of="reflow_wgan.time-zero-collapse")
def three_schemes() -> Figure:
    S, m, m1, eps, steps = np.diag([0.2, 3.0]), np.array([-1.0, 0.5]), np.array([0.5, 0.0]), 0.1, 60
    S1 = np.array([[2.0, 1.0], [1.0, 1.5]])

    def distances(laws: Laws) -> Any:
        means, covs = laws
        return w2(covs, S1, means - m1)

    k = range(steps + 1)
    return Figure(
        "Distance of a Gaussian generator to the data",
        "On independent pairs the velocity at time zero loses the variance of the data; averaged over time, or on optimal pairs, "
        "it finds it.",
        "step",
        "W₂ to the data",
        (
            series("time zero, independent pairs", k, distances(reflow_training(S, m, S1, m1, eps, steps))),
            series(
                "time average, independent pairs",
                k,
                distances(trained_on_average(S, m, S1, m1, eps, steps)),
                kind="dashed",
            ),
            series(
                "time zero, optimal pairs",
                k,
                distances(reflow_training(S, m, S1, m1, eps, steps, "optimal")),
                kind="dashed",
            ),
        ),
        y_log=True,
    )
