"""Entry 13, the picture: the plane of head size and scale, its freezing line, and the laws in use as curves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Field, Figure, claim, figure, grid, mutant, role, series
from verify.claims.jl_entropy.golden import LOG_PHI
from verify.claims.sources import JL_ENTROPY, JL_SCALE
from verify.evidence import Enclosure, at_most, exact, gap, within
from verify.methods import softmax_entropy as se


@role(
    "jl_entropy.kept_share", numbers="ratio = d / log n, scale: floats; the limit of E H / log n for keys on the sphere"
)
def kept_share(ratio: Any, scale: Any) -> Any:
    """max(0, 1 - (d / 2 log n) log((1 + w)/2)), w = sqrt(1 + 4 scale^2): annealed up to freezing, then nothing."""
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
    ratio, scale = np.linspace(1.5, 13, 93), np.geomspace(0.1, 3, 81)
    golden, first, last = 2 / LOG_PHI, 64 / math.log(512), 64 / math.log(2**20)  # d / log n

    def law(kind: str, at: Any) -> Any:
        """The scale of a head of size 64 at d / log n = at."""
        return se.attention_scale(np.exp(64 / np.asarray(at)), 64, kind)  # type: ignore[arg-type]

    names = {
        "derived": "derived, log n / (0.24 d)",
        "log_ratio": "published, d = 64",
        "sqrt_log": "square root, d = 64",
        "standard": "standard, d = 64",
    }
    curves = [series(name, ratio, law(kind, ratio), kind="dashed") for kind, name in names.items()]
    places = [(x, float(law(kind, x))) for kind in ("derived", "log_ratio", "standard") for x in (first, last)]
    share = kept_share(ratio[None, :], scale[:, None])
    share[share == 0] = np.nan  # frozen: left blank
    return Figure(
        "Which share of log n the entropy of attention keeps",
        "Above the freezing line a handful of keys take all the weight; below it the entropy grows with log n. The derived law "
        "of 2021 runs along the line and crosses it at the golden point, d = 4.156 log n and λ = 1: that is why it keeps the "
        "entropy of heads of size 64 from 512 to a million keys. Its published simplification moves through the spread phase "
        "instead, like the standard scale.",
        "d / log n, head size over log n (longer contexts to the left)",
        "scale λ",
        (
            series("freezing line", ratio, law("freezing", ratio)),
            *curves,
            series("golden point", (golden,), (1.0,), kind="dots"),
            series("d = 64, n = 512 and 2²⁰", *zip(*places, strict=True), kind="dots"),
            series("golden point: λ = 1, d = 2 log n / ln φ", (golden,), (1.06,), kind="note"),
            series("n = 512", (first,), (0.135,), kind="note"),
            series("n = 2²⁰", (last,), (0.135,), kind="note"),
            series("frozen: entropy of order 1", (8.2,), (1.6,), kind="note"),
            series("spread: entropy a share of log n", (6.3,), (0.25,), kind="note"),
        ),
        y_log=True,
        field=Field(
            tuple(ratio),
            tuple(scale),
            tuple(map(tuple, share)),
            "E H / log n, n → ∞",
            levels=(0.2, 0.4, 0.6, 0.8),
        ),
    )
