"""Entry 13: on the line, transport is the area between two distribution functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.emo.instances import Floats, onehot
from verify.claims.sources import EMO_ARTICLE
from verify.evidence import Enclosure, at_most, exact, gap, worst
from verify.methods import earth_mover

SOURCE = EMO_ARTICLE.at("ordinal classes")

role("emo.wasserstein_line", numbers="x, p (n,), y, q (m,): atoms and masses; a float")(earth_mover.wasserstein_line)


def steps(x: Floats, p: Floats, y: Floats, q: Floats) -> tuple[Floats, Floats]:
    """(sorted atoms of both, F_p − F_q on each interval between them): the integrand, written down plainly."""
    atoms = np.concatenate([x, y])
    order = np.argsort(atoms)
    return atoms[order], np.cumsum(np.concatenate([p, -q])[order])


@mutant("emo.wasserstein_line", slip="densities in place of distribution functions")
def densities(x: Floats, p: Floats, y: Floats, q: Floats) -> float:
    atoms = np.unique(np.concatenate([x, y]))
    return float(0.5 * sum(abs(p[x == a].sum() - q[y == a].sum()) for a in atoms))


@mutant("emo.wasserstein_line", slip="the atoms are taken as sorted")
def unsorted(x: Floats, p: Floats, y: Floats, q: Floats) -> float:
    atoms = np.concatenate([x, y])
    return float(np.sum(np.abs(np.cumsum(np.concatenate([p, -q])))[:-1] * np.abs(np.diff(atoms))))


@mutant("emo.wasserstein_line", slip="unit spacing between neighbouring atoms")
def unit_spacing(x: Floats, p: Floats, y: Floats, q: Floats) -> float:
    atoms, difference = steps(x, p, y, q)
    return float(np.sum(np.abs(difference[:-1])[np.diff(atoms) > 0]))


def line_instance(rng: np.random.Generator, n: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Unsorted atoms on a grid of quarters, so with ties, and supports of unequal sizes."""
    m = int(rng.integers(1, 13))
    return rng.integers(-8, 9, n) / 4, rng.dirichlet(np.ones(n)), rng.integers(-8, 9, m) / 4, rng.dirichlet(np.ones(m))


ROUNDING = (
    "25 products of masses at most 1 with distances at most 4, summed in two orders: 25 · 4 eps = 2.2e-14; a factor 45"
)


@claim(
    id="emo.line-transport",
    title="On the line, transport is the area between two distribution functions",
    statement=r"W_1(p, q) = \int |F_p(x) - F_q(x)|\, dx",
    source=SOURCE,
    role="emo.wasserstein_line",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because=ROUNDING),
    cases=grid(n=(1, 2, 5, 12), draws=(25,)).full(n=tuple(range(1, 13)), draws=(100,)),
    quantity="largest difference to POT, to POT's line solver and to SciPy",
)
def area_between_cdfs(wasserstein: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import ot
    from scipy.stats import wasserstein_distance

    def difference() -> Enclosure:
        x, p, y, q = line_instance(rng, case.n)
        peers = [
            earth_mover.emd_exact(p, q, np.abs(x[:, None] - y)).cost,
            wasserstein_distance(x, y, p, q),
            float(ot.wasserstein_1d(x, y, p, q, p=1)),
        ]
        return exact(gap(np.full(3, wasserstein(x, p, y, q)), peers))

    yield worst(difference() for _ in range(case.draws))


@claim(
    id="emo.line-transport.ordinal",
    title="For ordinal classes the loss is the mean distance to the label",
    statement=r"\operatorname{EMD}_{|x_i - x_j|}(p, \delta_t) = \sum_i p_i |x_i - x_t|",
    source=SOURCE,
    role="emo.wasserstein_line",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because=ROUNDING),
    cases=grid(n=(2, 5, 12), draws=(25,)).full(draws=(250,)),
    quantity="|W₁ − mean distance|",
)
def mean_distance(wasserstein: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference() -> Enclosure:
        x, p, _, _ = line_instance(rng, case.n)
        t = int(rng.integers(case.n))
        return exact(gap(wasserstein(x, p, x, onehot(case.n, t)), p @ np.abs(x - x[t])))

    yield worst(difference() for _ in range(case.draws))


@role(
    "emo.monotone_cost", numbers="x, p (n,), y, q (m,), exponent a: arrays; the cost of the monotone plan under |·|^a"
)
def monotone_cost(x: Floats, p: Floats, y: Floats, q: Floats, exponent: float) -> float:
    """∫ |F_p⁻¹(u) − F_q⁻¹(u)|^a du: both laws are read off level by level."""
    i, j = np.argsort(x), np.argsort(y)
    levels = np.unique(np.concatenate([[0.0], np.cumsum(p[i]), np.cumsum(q[j])]))
    levels = np.append(levels[levels < 1], 1.0)
    middle = (levels[1:] + levels[:-1]) / 2
    quantile_x = x[i][np.minimum(np.searchsorted(np.cumsum(p[i]), middle), len(p) - 1)]
    quantile_y = y[j][np.minimum(np.searchsorted(np.cumsum(q[j]), middle), len(q) - 1)]
    return float(np.sum(np.diff(levels) * np.abs(quantile_x - quantile_y) ** exponent))


@mutant("emo.monotone_cost", slip="one law is read backwards")
def antitone(x: Floats, p: Floats, y: Floats, q: Floats, exponent: float) -> float:
    return monotone_cost(x, p, -y, q, exponent)


@mutant("emo.monotone_cost", slip="the best plan for every cost: concave ones included")
def always_optimal(x: Floats, p: Floats, y: Floats, q: Floats, exponent: float) -> float:
    return earth_mover.emd_exact(p, q, np.abs(x[:, None] - y) ** exponent).cost


@claim(
    id="emo.line-transport.convex",
    title="The monotone plan is optimal for convex costs of the displacement",
    statement=r"\min_{\gamma} \sum \gamma_{ij} |x_i - y_j|^a = \int_0^1 \big|F_p^{-1} - F_q^{-1}\big|^a du, \qquad a \ge 1",
    source=SOURCE,
    role="emo.monotone_cost",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="as on the line, relative to the largest cost: 25 · 4 eps, and ties of the quantile functions "
                   "move masses of eps"),
    cases=grid(exponent=(1.0, 2.0, 4.0), draws=(25,)).full(draws=(250,)),
    quantity="|monotone cost − POT| over the largest cost",
)  # fmt: skip
def monotone_is_optimal(monotone: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference() -> Enclosure:
        x, p, y, q = line_instance(rng, int(rng.integers(1, 13)))
        cost = np.abs(x[:, None] - y) ** case.exponent
        best = earth_mover.emd_exact(p, q, cost).cost
        return exact(gap(monotone(x, p, y, q, case.exponent), best) / max(1.0, cost.max()))

    yield worst(difference() for _ in range(case.draws))


@claim(
    id="emo.line-transport.concave",
    title="For a concave cost the monotone plan is not optimal",
    statement=r"x = \{0,1\},\; y = \{1,2\},\; c = \sqrt{|\cdot|}: \qquad \text{monotone } 1 \;>\; \tfrac{\sqrt2}{2} \text{ optimal}",
    source=SOURCE,
    role="emo.monotone_cost",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-15,
        because="1 and √2/2 are each one correctly rounded operation on exact halves; their difference rounds once",
    ),
    quantity="|(monotone − optimal) − (1 − √2/2)|",
    refutes="On the line the monotone plan is optimal whatever the cost.",
)
def monotone_is_not_optimal(monotone: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x, y, half = np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([0.5, 0.5])
    best = earth_mover.emd_exact(half, half, np.sqrt(np.abs(x[:, None] - y))).cost
    yield exact(gap(monotone(x, half, y, half, 0.5) - best, 1 - np.sqrt(2) / 2))


@figure(of="emo.line-transport")
def two_distribution_functions() -> Figure:
    x = np.arange(1, 8)
    p, q = np.array([3, 6, 8, 5, 2, 1, 0]) / 25, np.array([0, 1, 3, 4, 6, 7, 4]) / 25
    grid_x = np.repeat(np.append(x, 8.0), 2)[1:-1]
    f, g = np.repeat(np.cumsum(p), 2), np.repeat(np.cumsum(q), 2)
    area = earth_mover.wasserstein_line(x.astype(float), p, x.astype(float), q)
    return Figure(
        "The area between two distribution functions",
        f"The shaded area is the transport distance, {area:.2f} classes.",
        "ordinal class",
        "cumulative probability",
        (
            series("distance", grid_x, f, g, kind="band"),
            series("prediction", grid_x, f),
            series("target", grid_x, g, kind="dashed"),
        ),
    )
