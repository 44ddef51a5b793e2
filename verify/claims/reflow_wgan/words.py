"""Entry 7 on real data: two clouds of word vectors, people and places, joined by rectified flow and by optimal transport.

The clouds are projected onto the leading principal axes of their union. Their Gaussian fits are rectified in closed form;
the clouds themselves as mixtures with a small normal law at every word, because a law of atoms has no flow.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, series, table
from verify.claims.reflow_wgan.excess import rectified_excess
from verify.claims.reflow_wgan.instances import Floats, flow, path, quantiles, strands
from verify.claims.sources import FLOW_AND_TRANSPORT, FLOW_MARGINALS, FLOW_STRAIGHT
from verify.evidence import Enclosure, at_most, exact, gap, within, worst
from verify.methods import rectified_flow as rf

PEOPLE_TEXT = """
man woman boy girl child children people person father mother brother sister son daughter wife husband family friend
friends king queen prince doctor teacher student students officer soldier soldiers worker workers player players
member members leader president minister director author writer artist actor singer lawyer judge guest captain driver
chief
"""
PLACES_TEXT = """
city town village street road house home room kitchen garden park school church hospital station hotel restaurant shop
market office building bridge river lake sea beach island mountain forest valley field farm country state region
district county province castle palace museum library theatre university college factory port border coast south
"""
PEOPLE, PLACES = (text.split() for text in (PEOPLE_TEXT, PLACES_TEXT))

SMOOTHING = 0.35  # of a coordinate's overall deviation: the width of the normal law at every word
STEPS = 24
FOLLOWED = ("soldier", "king", "guest", "officer", "lawyer", "girl")  # far enough apart for their labels


@cache
def clouds(d: int) -> tuple[Floats, Floats]:
    """(people, places), each (50, d): principal coordinates, scaled to unit overall variance."""
    from verify.data import word_vectors

    found = word_vectors()
    row = {token: i for i, token in enumerate(found.tokens)}
    groups = [found.vectors[[row["▁" + word] for word in words]].astype(float) for words in (PEOPLE, PLACES)]
    both = np.concatenate(groups)
    centre = both.mean(axis=0)
    _, _, axes = np.linalg.svd(both - centre, full_matrices=False)
    people, places = ((group - centre) @ axes[:d].T for group in groups)
    scale = np.sqrt(np.concatenate([people, places]).var(axis=0).mean())
    return people / scale, places / scale


def fits(d: int) -> tuple[Floats, Floats, Floats, Floats]:
    """(S0, S1, m0, m1) of both clouds."""
    people, places = clouds(d)
    S0, S1 = np.atleast_2d(np.cov(people.T)), np.atleast_2d(np.cov(places.T))
    return S0, S1, people.mean(axis=0), places.mean(axis=0)


def smoothed(points: Floats) -> rf.Mixture:
    """The cloud as a mixture with one normal law a word, all of one width."""
    n, d = points.shape
    return rf.Mixture(np.full(n, 1 / n), points, np.tile(SMOOTHING**2 * np.eye(d), (n, 1, 1)))


@cache
def starts(d: int) -> Floats:
    """One fixed draw from each normal law of the people."""
    people, _ = clouds(d)
    return people + SMOOTHING * np.random.default_rng(9668).normal(size=people.shape)


@cache
def rectified(d: int) -> Floats:
    """Where the flow of the smoothed clouds carries them."""
    people, places = clouds(d)
    return flow(rf.mixture_velocity, starts(d), STEPS, smoothed(people), smoothed(places))


@claim(
    id="reflow_wgan.straight-is-not-optimal.words",
    title="For two clouds of real words, rectified Gaussian fits pay above POT's map what the formula says",
    statement=r"\mathbb E\|Z_1-Z_0\|^2-\mathbb E\|T(Z_0)-Z_0\|^2 = 2\Big[\operatorname{tr}"
    r"\big(\Sigma_0^{1/2}\Sigma_1\Sigma_0^{1/2}\big)^{1/2}-\operatorname{tr}(\Sigma_0\#\Sigma_1)\Big]",
    source=FLOW_AND_TRANSPORT.at("the counterexamples to convergence to optimal transport"),
    role=("reflow_wgan.rectified_map_gaussian", "reflow_wgan.transport_cost"),
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="costs of order 10 from maps with conditions below 100, in two ways: 1000 eps = 2e-13; POT's root of a "
        "product squares the condition and loses two more digits",
    ),
    cases=grid(d=(2, 8)).full(d=(1, 2, 4, 8, 16)),
    quantity="|cost above POT's map − formula|",
)
def excess_on_words(rectified_map: Any, cost: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import ot

    S0, S1, m0, m1 = fits(case.d)
    M = rectified_map(S0, S1)
    T, _ = ot.gaussian.bures_wasserstein_mapping(m0, m1, S0, S1)
    paid = cost(S0, S1, M @ S0, m0, m1) - cost(S0, S1, T @ S0, m0, m1)
    yield exact(gap(paid, rectified_excess(S0, S1)))


@claim(
    id="reflow_wgan.straight-is-not-optimal.words-straight",
    title="Their rectified coupling is straight, and reaches the fit of the places",
    statement=r"\int_0^1\mathbb E\|\dot Z_t-(Z_1-Z_0)\|^2dt = 0, \qquad M\Sigma_0M^\top=\Sigma_1",
    source=FLOW_STRAIGHT.at("straight couplings are fixed points"),
    role=("reflow_wgan.rectified_map_gaussian", "reflow_wgan.straightness_defect"),
    evidence=Evidence.EXACT,
    region=at_most(
        1e-11,
        because="squares of rounding errors of some 1e-13, and products with conditions below 100: 100 d eps · 10 = 2e-12",
    ),
    cases=grid(d=(2, 8)).full(d=(1, 2, 4, 8, 16)),
    quantity="larger of the defect and |M Σ₀ Mᵀ − Σ₁|",
)
def straight_on_words(rectified_map: Any, defect: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    S0, S1, m0, m1 = fits(case.d)
    M = rectified_map(S0, S1)
    bends = defect(S0, S1, M @ S0, m0, m1, n_steps=50)
    yield worst([exact(gap(bends, 0.0)), exact(gap(M @ S0 @ M.T, S1))])


@claim(
    id="reflow_wgan.straight-is-not-optimal.words-line",
    title="Along their first axis, rectifying the clouds is POT's exact plan",
    statement=r"d=1:\qquad \frac1n\sum_i(z_1^{(i)}-z_0^{(i)})^2 = \min_{\pi}\frac1n\sum_i\big(y^{(\pi(i))}-z_0^{(i)}\big)^2,"
    r"\qquad y=F_1^{-1}(F_0(z_0))",
    source=FLOW_MARGINALS.at("the one-dimensional case"),
    role="reflow_wgan.mixture_velocity",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-6,
        because="rk4 with 24 steps: h⁴ = 3e-6 times a constant below 0.04 for laws of this width, times twice the "
        "displacements, below 4",
    ),
    quantity="|cost of the flow − cost of POT's plan|",
)
def line_of_words(velocity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    people, places = map(smoothed, clouds(1))
    start = starts(1)
    wanted = quantiles(places, rf.mixture_cdf(start[:, 0], 0.0, people, people))[:, None]
    end = flow(velocity, start, STEPS, people, places)
    yield exact(gap(np.mean((end - start) ** 2), assignment_cost(start, wanted)))


def assignment_cost(start: Floats, end: Floats) -> float:
    """The least mean squared distance over all matchings, by POT's network simplex."""
    import ot

    n = len(start)
    return float(ot.emd2(np.full(n, 1 / n), np.full(n, 1 / n), ot.dist(start, end)))


@claim(
    id="reflow_wgan.straight-is-not-optimal.words-plan",
    title="In eight dimensions it is not POT's plan any more, though much nearer to it than independent pairs",
    statement=r"d=8:\qquad 0 < \frac{\mathbb E\|z_1-z_0\|^2-\min_\pi}{\mathbb E\|x_1-x_0\|^2-\min_\pi} < \tfrac12",
    source=FLOW_STRAIGHT.at("theorem 3.5"),
    role="reflow_wgan.mixture_velocity",
    evidence=Evidence.EXACT,
    region=within(
        0.001,
        0.5,
        because="equal plans leave 1e-15; below one half a plan is nearer to the exact one than to the independent one",
    ),
    quantity="share of the avoidable cost that is left",
    refutes="The rectified pairing of real data is the optimal one.",
)
def plan_of_words(velocity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    people, places = map(smoothed, clouds(8))
    start = starts(8)
    end = flow(velocity, start, STEPS // 2, people, places)
    if not np.isfinite(end).all():
        yield exact(9.0)
        return
    best, independent = assignment_cost(start, end), pairwise_cost(start, end)
    yield exact((float(np.mean(np.sum((end - start) ** 2, axis=1))) - best) / (independent - best))


def pairwise_cost(start: Floats, end: Floats) -> float:
    """The mean squared distance of independent pairs."""
    return float(np.sum(start.var(axis=0) + end.var(axis=0) + (start.mean(axis=0) - end.mean(axis=0)) ** 2))


@table(of="reflow_wgan.straight-is-not-optimal.words")
def gaussian_fits() -> Table:
    rows = []
    for d in (2, 8):
        S0, S1, m0, m1 = fits(d)
        zero = 0 * S0
        M, T = rf.rectified_map_gaussian(S0, S1), rf.ot_map_gaussian(S0, S1)
        costs = [rf.transport_cost(S0, S1, K, m0, m1) for K in (zero, M @ S0, T @ S0)]
        bends = rf.straightness_defect(S0, S1, zero, m0, m1, n_steps=400)
        crossings = rf.conditional_variance(S0, S1, zero, m0, m1, n_steps=400)
        rows.append((d, *costs, costs[1] - costs[2], bends, crossings))
    return Table(
        "Gaussian fits of 50 words for people and 50 for places",
        "One rectification saves nearly all that can be saved; what stays above the optimal map never goes away.",
        (
            "dimensions",
            "independent",
            "rectified",
            "optimal map",
            "excess",
            "saved by straight paths",
            "saved by no crossings",
        ),
        rows,
    )


@table(of="reflow_wgan.straight-is-not-optimal.words-plan")
def plans() -> Table:
    rows = []
    for d in (1, 2, 8):
        start, end = starts(d), rectified(d)
        flowed = float(np.mean(np.sum((end - start) ** 2, axis=1)))
        best, independent = assignment_cost(start, end), pairwise_cost(start, end)
        _, places = clouds(d)
        raw = assignment_cost(clouds(d)[0], places)
        rows.append((d, independent, flowed, best, flowed - best, raw))
    return Table(
        "The clouds themselves, rectified, against POT's exact plans",
        "On a line the rectified plan is the exact one, for these words in the plane too; in eight dimensions it costs more.",
        ("dimensions", "independent", "rectified", "POT, same ends", "excess", "POT, raw clouds"),
        rows,
    )


@figure(of="reflow_wgan.straight-is-not-optimal.words-plan")
def words_on_their_way() -> Figure:
    people, places = clouds(2)
    start = people[[PEOPLE.index(word) for word in FOLLOWED]]
    ways = path(start, np.linspace(0, 1, 21), smoothed(people), smoothed(places))
    met = [int(np.argmin(np.linalg.norm(places - end, axis=1))) for end in ways[-1]]
    notes = [*zip(FOLLOWED, start, strict=True), *((PLACES[k], places[k]) for k in met)]
    return Figure(
        "Six words for people, carried to words for places",
        "The flow of the smoothed clouds brings each word near one for a place, on a path that bends away from the straight line.",
        "first principal coordinate",
        "second principal coordinate",
        (
            series("path", *strands(ways.transpose(0, 2, 1))),
            series("straight line", *strands(ways[[0, -1]].transpose(0, 2, 1)), kind="dashed"),
            series("people", *people.T, kind="dots"),
            series("places", *places.T, kind="dots"),
            *(series(word, [x], [y], kind="note") for word, (x, y) in notes),
        ),
    )
