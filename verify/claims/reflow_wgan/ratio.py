"""Entry 7, thin ellipses: the cost of a rectified coupling over the optimum has no bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.reflow_wgan.plane import SOURCE, plane_costs
from verify.evidence import Enclosure, exact, slope, within


@role(
    "reflow_wgan.cost_ratio_limit", numbers="the angle θ: a ball or a float; the limit of rectified over optimal cost"
)
def cost_ratio_limit(angle: Any) -> Any:
    """1 / (1 - cos θ): diag(1, k²) turned by θ, for k to infinity."""
    return 1 / (1 - cosine(angle))


def cosine(angle: Any) -> Any:
    """cos of a ball or of a float."""
    return angle.cos() if hasattr(angle, "cos") else np.cos(angle)


@mutant("reflow_wgan.cost_ratio_limit", slip="bounded: twice the optimum at most")
def twice_at_most(angle: Any) -> Any:
    return 2 + 0 * angle


@mutant("reflow_wgan.cost_ratio_limit", slip="1 / sin² θ: cos² in place of cos")
def squared_cosine(angle: Any) -> Any:
    return 1 / (1 - cosine(angle) ** 2)


def cost_ratio(k: int, angle: Any) -> Any:
    """Rectified over optimal cost of diag(1, k²) and its turn by an angle, a ball."""
    import flint

    c, s = flint.arb(angle).cos(), flint.arb(angle).sin()
    R = flint.arb_mat([[c, -s], [s, c]])
    S0 = flint.arb_mat([[1, 0], [0, k * k]])
    rectified, optimal = plane_costs(S0, R * S0 * R.transpose())  # type: ignore[arg-type]
    return rectified / optimal


@claim(
    id="reflow_wgan.straight-is-not-optimal.unbounded",
    title="The ratio to the optimum has no bound",
    statement=r"\Sigma_0=\operatorname{diag}(1,k^2),\;\Sigma_1=R_\theta\Sigma_0R_\theta^\top:\qquad"
    r" \frac{\mathbb E\|Z_1-Z_0\|^2}{W_2^2} = \frac{1}{1-\cos\theta}\Big(1-O\big(\tfrac1k\big)\Big)",
    source=SOURCE,
    role="reflow_wgan.cost_ratio_limit",
    evidence=Evidence.RATE,
    region=within(
        -1.01,
        -0.99,
        because="1 − ratio (1 − cos θ) is 2 / (k sin θ) with a relative correction of the same size, below 2e-3 at k = 10⁴ "
        "and θ = 0.1: a slope off by less than 1e-3, times 10",
    ),
    cases=grid(angle=(0.1, 0.5, 1.0)).full(angle=(0.1, 0.2, 0.5, 1.0, 1.4)),
    quantity="slope of log(1 − ratio / limit) against log k",
    refutes="Rectified couplings cost at most a constant times the optimum.",
)
def ratio_reaches_its_limit(limit: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    with flint.ctx.workprec(200):
        ks = [10**e for e in (4, 5, 6, 7)]
        left = [float(abs(1 - cost_ratio(k, case.angle) / limit(flint.arb(case.angle)))) for k in ks]
    yield exact(slope(np.log(ks), np.log(left)))


@figure(of="reflow_wgan.straight-is-not-optimal.unbounded")
def ratio_against_angle() -> Figure:
    angles = np.linspace(0.06, np.pi / 2, 60)
    curves = [series(f"k = {k}", angles, [float(cost_ratio(k, float(a))) for a in angles]) for k in (2, 10, 100)]
    return Figure(
        "Rectified over optimal cost when an ellipse is turned",
        "The thinner the ellipse, the nearer the ratio comes to 1 / (1 − cos θ), which has no bound.",
        "angle of the turn",
        "cost ratio",
        (*curves, series("limit", angles, [cost_ratio_limit(float(a)) for a in angles], kind="dashed")),
        y_log=True,
    )
