"""Entry 13, the picture: the plane of head size and scale, its freezing line, and the laws that people use as curves "
"in it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Field, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import JL_ENTROPY, JL_SCALE
from verify.evidence import Enclosure, at_most, exact, gap, within
from verify.methods import softmax_entropy as se

LOG_PHI = math.log((1 + math.sqrt(5)) / 2)


@role(
    "jl_entropy.kept_share", numbers="ratio = d / log n, scale: floats; the limit of E H / log n for keys on the sphere"
)
def kept_share(ratio: Any, scale: Any) -> Any:
    """max(0, 1 - (d / 2 log n) log((1 + w)/2)), w = sqrt(1 + 4 scale^2): the annealed share up to freezing, then "
    "nothing."""
    w = np.sqrt(1 + 4 * np.square(scale))
    return np.maximum(0.0, 1 - np.multiply(ratio, np.log((1 + w) / 2)) / 2)


@mutant("jl_entropy.kept_share", slip="0.24 scale d, the loss at scale 1, for every scale")
def linear_share(ratio: Any, scale: Any) -> Any:
    return np.maximum(0.0, 1 - np.multiply(ratio, scale) * LOG_PHI / 2)


@mutant("jl_entropy.kept_share", slip="scores taken for Gaussian ones of variance scale^2 d")
def gaussian_share(ratio: Any, scale: Any) -> Any:
    return np.maximum(0.0, 1 - np.multiply(ratio, np.square(scale)) / 2)


@claim(
    id="jl_entropy.freezing-transition.phases",
    title="Head size and scale decide together which share of log n the entropy keeps",
    statement=r"\frac{\mathbb E H}{\log n} \to \Big(1 - \frac{d}{2 \log n} \log\frac{1 + \sqrt{1 + "
    r"4\lambda^2}}2\Big)_+ "
    r"\qquad (n \to \infty,\ d \propto \log n)",
    source=JL_ENTROPY.at("the link between the lemma and log n"),
    role="jl_entropy.kept_share",
    evidence=Evidence.EXACT,
    region=at_most(
        0.03,
        because="on the freezing line the rest is sqrt(4 / (pi log n)) = 0.065 at log n = 300; "
        "beside it, at these points, less than "
        "half; the slips are off by 0.058 and more",
    ),
    cases=grid(ratio=(2, 4, 10), scale=(0.2, 0.5, 1.0, 2.0)),
    quantity="|E H / log n − limit| at log n = 300",
)
def share_in_the_plane(share: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = se.expected_softmax_entropy(300.0, "sphere", d=300 * case.ratio, scale=case.scale).H / 300
    yield exact(gap(found, share(case.ratio, case.scale)))


@claim(
    id="jl_entropy.freezing-transition.hug",
    title="The derived law follows the freezing line, and crosses it at the golden ratio: that is why it works there",
    statement=r"\frac{\log n}{\frac12 \ln\phi\; d} \Big/ \lambda_c(n, d) \in [0.955, 1.03] \qquad \big(2 \le "
    r"\tfrac{d}{\log n} \le 5\big), "
    r"\qquad = 1 \text{ at } \lambda = 1,\ \tfrac d{\log n} = \tfrac2{\ln\phi}",
    source=JL_SCALE.at("the derived scale"),
    role=("jl_entropy.attention_scale", "jl_entropy.freezing_scale"),
    evidence=Evidence.EXACT,
    region=within(0.955, 1.03, because="the ratio is 0.962 at 2, 1.02 near 3, 1 at 4.156 and 0.970 at 5"),
    cases=grid(ratio=(2.0, 2.5, 3.0, 3.5, 4.0, 4.156, 4.5, 5.0), d=(64,)),
    quantity="derived scale over freezing scale",
)
def derived_hugs_the_line(scale: Any, freezing: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    L = case.d / case.ratio
    yield exact(float(scale(math.exp(L), case.d, "derived")) / freezing(L, "sphere", d=case.d))


@figure(of="jl_entropy.freezing-transition.phases")
def phase_diagram() -> Figure:
    ratio = np.linspace(1.5, 14, 101)
    scale = np.geomspace(0.08, 4, 81)
    z = kept_share(ratio[None, :], scale[:, None])
    line = np.exp(2 / ratio) * np.sqrt(-np.expm1(-2 / ratio))
    derived = 2 / (LOG_PHI * ratio)
    published = 64 / (ratio * math.log(512) * 8)
    gaussian_factor = np.sqrt(64 / (ratio * math.log(512))) / 8
    golden = 2 / LOG_PHI
    path = [64 / math.log(n) for n in (512, 2**20)]
    return Figure(
        "Which share of log n the entropy of attention keeps",
        "Above the freezing line a handful of keys take all the weight. The derived law of 2021 runs along that line, "
        "which it crosses "
        "at the golden point d = 4.156 log n, λ = 1: there the entropy stays put as n grows. The published "
        "simplification, the square "
        "root and the standard scale run far below it, where the entropy grows with log n.",
        "head size over log n  (longer contexts to the left)",
        "scale λ",
        (
            series("freezing line λ_c", ratio, line),
            series("derived law log n / (0.2406 d)", ratio, derived, kind="dashed"),
            series("published law log₅₁₂ n / √d, d = 64", ratio, published, kind="dashed"),
            series("square-root law, d = 64", ratio, gaussian_factor, kind="dashed"),
            series("standard 1/√d, d = 64", ratio, np.full_like(ratio, 0.125), kind="dashed"),
            series("golden point", (golden,), (1.0,), kind="dots"),
            series("golden point: d = 4.156 log n, λ = 1", (golden,), (1.0,), kind="note"),
            series("n = 512", (path[0],), (0.125,), kind="note"),
            series("n = 2²⁰", (path[1],), (0.125,), kind="note"),
            series("d = 64 at n = 512 and 2²⁰", path, (0.125, 0.125), kind="dots"),
            series("frozen: entropy of order 1", (9.5,), (1.9,), kind="note"),
            series("spread: a share of log n", (9.5,), (0.2,), kind="note"),
        ),
        y_log=True,
        field=Field(
            tuple(ratio),
            tuple(scale),
            tuple(map(tuple, z)),
            "E H / log n, n → ∞",
            levels=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        ),
    )
