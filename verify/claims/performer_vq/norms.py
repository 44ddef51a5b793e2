"""Entry 5: rows of one length make another kernel; and a theorem that fails as stated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series, table
from verify.claims.figures import Table
from verify.claims.performer_vq.instances import mean_on_sphere
from verify.claims.sources import PVQ_PERFORMER
from verify.evidence import Enclosure, at_least, at_most, exact, gap, within
from verify.methods import random_features

SOURCE = PVQ_PERFORMER.at("theorem 1")
role("performer_vq.smreg_ratio", numbers="d, t ≥ 0: a float in (0, 1]")(random_features.smreg_ratio)


@mutant("performer_vq.smreg_ratio", slip="a sphere of radius √(d − 1)")
def smaller_sphere(d: int, t: float) -> float:
    from scipy.special import gammaln, xlogy

    k = np.arange(int(t + 12 * t**0.5 + 60))
    y = t * max(d - 1, 1e-9) / 4
    logs = xlogy(k, y) - gammaln(k + 1) - (gammaln(d / 2 + k) - gammaln(d / 2)) - t / 2
    return float(np.exp(logs).sum())


@mutant("performer_vq.smreg_ratio", slip="rows of one length are taken for unbiased")
def no_bias(d: int, t: float) -> float:
    return 1.0


@claim(
    id="performer_vq.norm-surrogate-bias",
    title="Theorem 1 fails as stated: a kernel of 1 is estimated as 1/e",
    statement=r"|q|^2 = |k|^2 = \sqrt d,\; q \perp k: \qquad \frac{SM^{\mathrm{reg}}}{SM} \to e^{-1}, \qquad SM = 1",
    source=SOURCE,
    role="performer_vq.smreg_ratio",
    evidence=Evidence.EXACT,
    region=at_least(0.02, because="the theorem promises a negative gap up to o(d^(−1/3)); the closed form gives 0.029 "
                                  "at d = 64, rising to "
                    "1 − 1/e, and 0.02 is two thirds of the least"),
    cases=grid(d=(64, 1024, 10_000, 1_000_000)),
    quantity="promised ratio 1 − 2 d^(−1/3), minus the ratio",
    refutes="bounded kernel entries suffice for the regularised kernel to be within 2 d^(−1/3) of the softmax kernel",
)  # fmt: skip
def theorem_fails(ratio: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    value = ratio(case.d, 2 * case.d**0.5)
    yield exact(1 - 2 * case.d ** (-1 / 3) - (float(value) if np.isfinite(value) else 1.0))


@claim(
    id="performer_vq.norm-surrogate-bias.values",
    title="The ratio on that witness",
    statement=r"r(d, 2\sqrt d) = 0.47064831,\; 0.39704916,\; 0.37752986,\; 0.36885882 \qquad (d = 64,\, 1024,\, 10^4,\, 10^6)",
    source=SOURCE,
    role="performer_vq.smreg_ratio",
    evidence=Evidence.EXACT,
    region=at_most(1e-8, because="the values are stated to eight digits"),
    cases=grid(d=(64, 1024, 10_000, 1_000_000)),
    quantity="distance to the stated value",
)
def witness_values(ratio: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    stated = {64: 0.47064831, 1024: 0.39704916, 10_000: 0.37752986, 1_000_000: 0.36885882}
    yield exact(gap(ratio(case.d, 2 * case.d**0.5), stated[case.d]))


@claim(
    id="performer_vq.norm-surrogate-bias.quadrature",
    title="The mean of rows of one length, exactly",
    statement=r"\mathbb E\, e^{\omega\cdot z - |z|^2/2} = e^{-t/2}\, {}_0F_1(; \tfrac d2; \tfrac{dt}{4}), \qquad |\omega| = \sqrt d",
    source=SOURCE,
    role="performer_vq.smreg_ratio",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="120 nodes are exact to degree 239, far beyond √(dt) ≤ 36; exponents of 36 round by 36 eps = 8e-15, "
                  "relative to a mean that may be e⁻¹⁰ of the largest term; a factor 100"),
    cases=grid(d=(2, 4, 64), t=(0.1, 2.0, 16.0)).full(d=(2, 3, 4, 8, 16, 64), t=(0.1, 1.0, 2.0, 8.0, 16.0, 20.0)),
    quantity="|ratio − quadrature|",
)  # fmt: skip
def ratio_by_quadrature(ratio: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(ratio(case.d, case.t), mean_on_sphere(case.d, case.d**0.5, case.t)))


@claim(
    id="performer_vq.norm-surrogate-bias.bounds",
    title="A repaired hypothesis on t gives more than the theorem",
    statement=r"e^{-t^2/4d} \le r(d, t) \le 1",
    source=SOURCE,
    role="performer_vq.smreg_ratio",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because="1/(1 + 2j/d) ≥ e^(−2j/d), then Jensen; at t → 0 both ends meet the value, so "
                                  "roundings of 1 are allowed: "
                   "Poisson weights that sum to 1 within 400 eps"),
    cases=grid(d=(1, 4, 64, 4096), t=(0.01, 1.0, 10.0, 100.0)).full(
        d=(1, 2, 4, 16, 64, 256, 1024, 4096), t=(0.001, 0.01, 0.1, 1.0, 3.0, 10.0, 30.0, 100.0)
    ),
    quantity="how far the ratio lies outside its bounds",
)  # fmt: skip
def two_sided_bound(ratio: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    value = float(ratio(case.d, case.t))
    outside = max(np.exp(-(case.t**2) / (4 * case.d)) - value, value - 1, 0.0)
    yield exact(outside if np.isfinite(value) else np.inf)


@claim(
    id="performer_vq.norm-surrogate-bias.order",
    title="At fixed t the bias falls like t²/4d",
    statement=r"4d\,(1 - r(d, 1)) \to 1",
    source=SOURCE,
    role="performer_vq.smreg_ratio",
    evidence=Evidence.RATE,
    region=within(
        0.99, 1.01, because="the next term is of order 1/d < 1e-3 at d = 1024, and rounding 4d eps = 4e-10 at d = 1e6"
    ),
    cases=grid(d=(1024, 65_536)).full(d=(1024, 4096, 65_536, 1_000_000)),
    quantity="4d (1 − r)",
)
def first_order(ratio: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(4 * case.d * (1 - ratio(case.d, 1.0)), 0.0))


@figure(of="performer_vq.norm-surrogate-bias")
def ratio_against_dimension() -> Figure:
    d = np.unique(np.round(np.geomspace(4, 1e6, 60)).astype(int))
    ratio = [random_features.smreg_ratio(int(x), 2 * float(x) ** 0.5) for x in d]
    return Figure(
        "The regularised kernel over the softmax kernel, |q|² = |k|² = √d, q ⊥ k",
        "The theorem's bound rises to 1 with the dimension; the ratio falls to 1/e.",
        "dimension d",
        "ratio",
        (
            series("ratio r(d, 2√d)", d, ratio),
            series("promised: at least 1 − 2 d^(−1/3)", d[d > 8], 1 - 2.0 * d[d > 8] ** (-1 / 3), kind="dashed"),
            series("e^(−t²/4d) = 1/e", y=(np.exp(-1),), kind="hline"),
        ),
        x_log=True,
    )


@table(of="performer_vq.norm-surrogate-bias")
def theorem_and_truth() -> Table:
    rows = []
    for d in (64, 1024, 10_000, 1_000_000):
        rows.append((d, 1 - 2 * d ** (-1 / 3), random_features.smreg_ratio(d, 2 * d**0.5), float(np.exp(-1))))
    return Table(
        "Theorem 1 on two orthogonal vectors of squared length √d",
        "Their kernel is 1 at every d, so the hypothesis holds; the ratio tends to 1/e.",
        ("d", "promised 1 − 2 d^(−1/3)", "ratio", "limit 1/e"),
        rows,
    )
