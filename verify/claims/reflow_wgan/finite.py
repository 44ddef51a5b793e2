"""Entry 11 on finite couplings of the line, in fractions: the velocity that does not know the time, and its norm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.sources import FLOW_ARTICLE, FLOW_SOBOLEV
from verify.evidence import Enclosure, at_most, exact, exactly, gap, worst
from verify.methods import rectified_flow as rf

SOURCE = FLOW_ARTICLE.at("with enough capacity the time can be left out")
SOBOLEV = FLOW_SOBOLEV.at("the dual norm of a Sobolev critic")

role("reflow_wgan.averaged_velocity_1d", numbers="x (N,), callables F0, F1, pbar; velocities (N,)")(
    rf.averaged_velocity_1d
)
role("reflow_wgan.dual_sobolev_1d", numbers="callables F0, F1, pbar, the interval; a float")(rf.dual_sobolev_1d)


@mutant("reflow_wgan.averaged_velocity_1d", slip="F1 − F0: away from the data")
def away_from_the_data(x: Any, F0: Any, F1: Any, pbar: Any) -> Any:
    return -rf.averaged_velocity_1d(x, F0, F1, pbar)


@mutant("reflow_wgan.averaged_velocity_1d", slip="the flux F0 − F1 itself: not divided by the density")
def flux_for_velocity(x: Any, F0: Any, F1: Any, pbar: Any) -> Any:
    return F0(np.asarray(x)) - F1(np.asarray(x))


@mutant("reflow_wgan.averaged_velocity_1d", slip="a density of 0 is no error: the quotient is returned, whatever it is")
def division_by_nothing(x: Any, F0: Any, F1: Any, pbar: Any) -> Any:
    with np.errstate(all="ignore"):
        density = np.asarray(pbar(np.asarray(x)), float)
        return np.nan_to_num(np.asarray(F0(np.asarray(x)) - F1(np.asarray(x)), float) / density)


@mutant("reflow_wgan.dual_sobolev_1d", slip="no density: the integral of (F0 − F1)²")
def no_density(F0: Any, F1: Any, pbar: Any, *, low: float, high: float) -> float:
    return rf.dual_sobolev_1d(F0, F1, lambda x: 1 + 0 * pbar(x), low=low, high=high)


@mutant("reflow_wgan.dual_sobolev_1d", slip="times the density in place of over it")
def times_density(F0: Any, F1: Any, pbar: Any, *, low: float, high: float) -> float:
    return rf.dual_sobolev_1d(F0, F1, lambda x: 1 / np.maximum(pbar(x), 1e-300), low=low, high=high)


Pairs = list[tuple[Fraction, Fraction, Fraction]]  # (x0, x1, mass)


@role("reflow_wgan.coupling_average", numbers="x, pairs (x0, x1, mass): fractions; (density, density · velocity)")
def coupling_average(x: Fraction, pairs: Pairs) -> tuple[Fraction, Fraction]:
    """p̄ and p̄ v̄ at x: a pair spends the time 1 / |x1 - x0| at each point of its segment, with velocity x1 - x0."""
    over = [(x1 - x0, w) for x0, x1, w in pairs if min(x0, x1) < x < max(x0, x1)]
    density = sum((w / abs(step) for step, w in over), Fraction(0))
    return density, sum((w / abs(step) * step for step, w in over), Fraction(0))


@mutant("reflow_wgan.coupling_average", slip="pairs that move to the left dropped")
def rightward_only(x: Fraction, pairs: Pairs) -> tuple[Fraction, Fraction]:
    return coupling_average(x, [pair for pair in pairs if pair[1] > pair[0]])


@mutant("reflow_wgan.coupling_average", slip="every segment with density 1, however long it is")
def length_forgotten(x: Fraction, pairs: Pairs) -> tuple[Fraction, Fraction]:
    over = [(x1 - x0, w) for x0, x1, w in pairs if min(x0, x1) < x < max(x0, x1)]
    return sum((w for _, w in over), Fraction(0)), sum((w * step for step, w in over), Fraction(0))


@mutant("reflow_wgan.coupling_average", slip="the density counted from the pairs' ends only: nothing passes in between")
def density_of_the_ends(x: Fraction, pairs: Pairs) -> tuple[Fraction, Fraction]:
    _, flux = coupling_average(x, pairs)
    near = sum((w * ((abs(a - x) <= 1) + (abs(b - x) <= 1)) for a, b, w in pairs), Fraction(0))
    return near * 2 + Fraction(1, 2), flux


Law = dict[Fraction, Fraction]


def random_law(rng: np.random.Generator) -> Law:
    """Two to five atoms k/4 with masses proportional to 1..8."""
    points = rng.choice(np.arange(-12, 13), int(rng.integers(2, 6)), replace=False)
    mass = rng.integers(1, 9, len(points))
    return {Fraction(int(x), 4): Fraction(int(m), int(mass.sum())) for x, m in zip(points, mass, strict=True)}


def independent(p: Law, q: Law) -> Pairs:
    """All pairs."""
    return [(x, y, a * b) for x, a in p.items() for y, b in q.items()]


def matched(p: Law, q: Law) -> Pairs:
    """The optimal coupling: masses matched in order."""
    left, right, pairs = sorted(p.items()), sorted(q.items()), []
    i = j = 0
    a, b = left[0][1], right[0][1]
    while True:
        moved = min(a, b)
        pairs.append((left[i][0], right[j][0], moved))
        a, b = a - moved, b - moved
        i, j = i + (a == 0), j + (b == 0)
        if i == len(left) or j == len(right):
            return pairs
        a, b = a or left[i][1], b or right[j][1]


COUPLINGS: dict[str, Callable[[Law, Law], Pairs]] = {"independent": independent, "optimal": matched}


def below(p: Law, x: Fraction) -> Fraction:
    """The mass up to x."""
    return sum((m for point, m in p.items() if point <= x), Fraction(0))


def middles(p: Law, q: Law) -> tuple[list[Fraction], list[Fraction]]:
    """The middle and the length of each interval between neighbouring atoms."""
    points = sorted({*p, *q})
    return (
        [(a + b) / 2 for a, b in pairwise(points)],
        [b - a for a, b in pairwise(points)],
    )


DISCRETE = grid(pairs=tuple(COUPLINGS), draws=(15,)).full(draws=(250,))


@claim(
    id="reflow_wgan.time-averaged-critic",
    title="On the line, density times averaged velocity is the difference of the distribution functions",
    statement=r"\bar p\,\bar v = F_0-F_1, \qquad \bar v=\frac{\int v^*p_t\,dt}{\bar p},\quad \bar p=\int_0^1p_t\,dt",
    source=SOURCE,
    role="reflow_wgan.coupling_average",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="piecewise constant functions, compared in fractions on every interval"),
    cases=DISCRETE,
    quantity="sum of |p̄ v̄ − (F₀ − F₁)| over all intervals",
)
def flux_is_a_difference(average: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    total = Fraction(0)
    for _ in range(case.draws):
        p, q = random_law(rng), random_law(rng)
        pairs = COUPLINGS[case.pairs](p, q)
        total += sum((abs(average(x, pairs)[1] - below(p, x) + below(q, x)) for x in middles(p, q)[0]), Fraction(0))
    yield exact(total)


@claim(
    id="reflow_wgan.time-averaged-critic.sandwich",
    title="Twice the critic's value lies between W₁² and the cost of the coupling",
    statement=r"W_1^2 \;\le\; H=\int\frac{(F_0-F_1)^2}{\bar p}\;\le\; \mathbb E|x_1-x_0|^2",
    source=SOBOLEV,
    role="reflow_wgan.coupling_average",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of instances in which an inequality between fractions fails"),
    cases=DISCRETE,
    quantity="instances outside the sandwich",
)
def sandwich(average: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    outside = 0
    for _ in range(case.draws):
        p, q = random_law(rng), random_law(rng)
        pairs = COUPLINGS[case.pairs](p, q)
        w1 = H = Fraction(0)
        for x, length in zip(*middles(p, q), strict=True):
            density, _ = average(x, pairs)
            flux = below(p, x) - below(q, x)
            w1 += length * abs(flux)
            H += length * flux**2 / density if flux else 0
        outside += not w1**2 <= H <= sum(w * (b - a) ** 2 for a, b, w in pairs)
    yield exact(outside)


@claim(
    id="reflow_wgan.time-averaged-critic.pot",
    title="Both ends of the sandwich are POT's distances",
    statement=r"\int|\bar p\,\bar v| = W_1, \qquad \mathbb E|x_1-x_0|^2 = W_2^2 \text{ for matched pairs}",
    source=SOBOLEV,
    role="reflow_wgan.coupling_average",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="POT sums at most 10 products of numbers below 36: 360 eps = 8e-14, and a factor 12"),
    cases=grid(draws=(15,)).full(draws=(250,)),
    quantity="larger of both differences to POT",
)
def distances_of_pot(average: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import ot

    apart = []
    for _ in range(case.draws):
        p, q = random_law(rng), random_law(rng)
        pairs = matched(p, q)
        w1 = sum(length * abs(average(x, pairs)[1]) for x, length in zip(*middles(p, q), strict=True))
        laws = [np.array([*map(float, values)]) for values in (p, q, p.values(), q.values())]
        apart.append(gap(float(w1), ot.emd2_1d(*laws, metric="cityblock")))
        apart.append(gap(float(sum(w * (b - a) ** 2 for a, b, w in pairs)), ot.emd2_1d(*laws)))
    yield worst(map(exact, apart))


@claim(
    id="reflow_wgan.time-averaged-critic.quotient",
    title="The quotient is the average over the pairs that pass",
    statement=r"\bar v(x)=\frac{F_0(x)-F_1(x)}{\bar p(x)}=\mathbb E[x_1-x_0\mid x_t=x,\ t\ \text{uniform}]",
    source=SOURCE,
    role="reflow_wgan.averaged_velocity_1d",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="fractions on both sides"),
    cases=DISCRETE,
    quantity="sum of differences",
)
def quotient_is_the_average(velocity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    total = Fraction(0)
    for _ in range(case.draws):
        p, q = random_law(rng), random_law(rng)
        pairs = COUPLINGS[case.pairs](p, q)
        x = np.array([x for x in middles(p, q)[0] if coupling_average(x, pairs)[0]], object)
        found = velocity(
            x,
            lambda z, p=p: np.array([below(p, s) for s in z], object),
            lambda z, q=q: np.array([below(q, s) for s in z], object),
            lambda z, pairs=pairs: np.array([coupling_average(s, pairs)[0] for s in z], object),
        )
        direct = [flux / density for density, flux in (coupling_average(s, pairs) for s in x)]
        total += sum((abs(a - b) for a, b in zip(found, direct, strict=True)), Fraction(0))
    yield exact(total)
