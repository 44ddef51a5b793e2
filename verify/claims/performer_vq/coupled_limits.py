"""Entry 4, the other kinds: where coupled rows save nearly everything, and where they cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, series
from verify.claims.performer_vq.instances import pair_with
from verify.claims.performer_vq.orthogonal import SOURCE
from verify.claims.sources import PVQ_PERFORMER, PVQ_SIMPLEX
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, within
from verify.methods import random_features


@claim(
    id="performer_vq.orthogonal-exact-mse.hyperbolic-limit",
    title="With both signs of each row, orthogonality does pay near the origin",
    statement=r"\frac{\mathrm{MSE}^{\mathrm{ort}}}{\mathrm{MSE}^{\mathrm{iid}}} \to \frac{3}{d+2} \qquad (t \to 0, \; "
    r"\text{full blocks})",
    source=SOURCE,
    role="performer_vq.kernel_mse",
    evidence=Evidence.RATE,
    region=at_most(
        1e-3,
        because="at t = 1e-4 the next term, (2t/3)(d − 1)/(d + 4), is below 7e-5, and cancellation eps / t = 2e-12; independent "
        "rows are off by (d − 1)/3",
    ),
    cases=grid(d=(2, 4, 16)),
    quantity="|ratio · (d + 2)/3 − 1|",
)
def hyperbolic_limit(mse: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    q, k = pair_with(case.d, 1e-4)
    coupled, independent = (mse(q, k, case.d, features="hyperbolic", coupling=c) for c in ("orthogonal", "iid"))
    yield exact(gap(coupled / independent * (case.d + 2) / 3, 1.0))


@claim(
    id="performer_vq.orthogonal-exact-mse.simplex-limit",
    title="Simplex blocks remove nearly all of the error of plain positive features there",
    statement=r"\frac{\mathrm{MSE}^{\mathrm{simplex}}}{\mathrm{MSE}^{\mathrm{iid}}} \to 1 - \frac{\mu_d^2}{d}, \qquad "
    r"\mu_d = \sqrt2\, \frac{\Gamma((d+1)/2)}{\Gamma(d/2)} \qquad (t \to 0)",
    source=PVQ_SIMPLEX.at("theorem 3.3"),
    role="performer_vq.kernel_mse",
    evidence=Evidence.RATE,
    region=at_most(
        1e-2,
        because="the ratio is off by less than t = 1e-5, next to a limit of 1/(2d): 2 d t = 3.2e-4 at d = 16, a factor 30; "
        "independent rows are off by 2d",
    ),
    cases=grid(d=(2, 4, 16)),
    quantity="relative distance of the ratio to its limit",
)
def simplex_limit(mse: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import gammaln

    d = case.d
    q, k = pair_with(d, 1e-5)
    coupled, independent = (mse(q, k, d, features="positive", coupling=c) for c in ("simplex", "iid"))
    limit = 1 - 2 * np.exp(2 * (gammaln((d + 1) / 2) - gammaln(d / 2))) / d
    yield exact(gap(coupled / independent / limit, 1.0))


@claim(
    id="performer_vq.orthogonal-exact-mse.trigonometric",
    title="Orthogonality can hurt trigonometric features",
    statement=r"d = m = 4,\; u = 12: \qquad \mathrm{MSE}^{\mathrm{ort}} / \mathrm{MSE}^{\mathrm{iid}} = 1.0148358301",
    source=PVQ_PERFORMER.at("section 3"),
    role="performer_vq.kernel_mse",
    evidence=Evidence.EXACT,
    region=within("1.0148358300", "1.0148358302", because="1F1(−2; 2; 6) = 1 makes it 1 + 6 e⁻⁶ (1 − e⁻⁶)/(1 − e⁻¹²)², of which "
                  "eleven digits are stated"),
    quantity="ratio of errors",
    refutes="orthogonal projections lower the error of every kind of features",
)  # fmt: skip
def orthogonality_hurts(mse: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    q, k = pair_with(4, 12.0)
    coupled, independent = (mse(q, k, 4, features="trigonometric", coupling=c) for c in ("orthogonal", "iid"))
    yield exact(gap(coupled / independent, 0.0))


@figure(of="performer_vq.orthogonal-exact-mse.trigonometric")
def ratios_of_all_kinds() -> Figure:
    t = np.linspace(0.05, 16, 80)
    curves = []
    for kind, coupling in (
        ("positive", "orthogonal"), ("positive", "simplex"), ("hyperbolic", "orthogonal"), ("trigonometric", "orthogonal"),
    ):  # fmt: skip
        ratios = []
        for x in t:
            q, k = pair_with(4, float(x))
            both = [random_features.kernel_mse(q, k, 4, features=kind, coupling=c) for c in (coupling, "iid")]  # type: ignore[arg-type]
            ratios.append(both[0] / both[1])
        curves.append(series(f"{kind}, {coupling}", t, ratios))
    if max(curves[-1].y) <= 1:
        raise Vacuous("trigonometric features never lose")
    return Figure(
        "Error of a coupled block over that of independent rows, d = m = 4",
        "Positive features never lose; trigonometric ones lose beyond a distance, where the ratio exceeds 1.",
        "|q + k|², or |q − k|² for trigonometric features",
        "ratio of errors",
        (*curves, series("no effect", y=(1.0,), kind="hline")),
    )
