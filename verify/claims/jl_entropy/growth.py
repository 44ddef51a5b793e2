"""Entry 11: with a fixed scale the entropy grows with log n at slope 1, and the first correction is known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.jl_entropy.gauss_rules import gauss_rule
from verify.claims.sources import JL_SCALE
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap, slope, within
from verify.methods import softmax_entropy as se

SOURCE = JL_SCALE.at("the standard scale")
SIZES = tuple(2**i for i in range(10, 15))


@role("jl_entropy.entropy_expansion", numbers="n, sigma: floats; E H for Gaussian scores up to 1/n^2")
def entropy_expansion(n: float, sigma: float) -> float:
    """log n - sigma^2/2 + (sigma^2 e^(sigma^2) - (e^(sigma^2) - 1)/2) / n."""
    e = math.exp(sigma**2)
    return math.log(n) - sigma**2 / 2 + (sigma**2 * e - (e - 1) / 2) / n


@mutant("jl_entropy.entropy_expansion", slip="the term 1/n is left out")
def leading_term(n: float, sigma: float) -> float:
    return math.log(n) - sigma**2 / 2


@mutant("jl_entropy.entropy_expansion", slip="plus the second term of the bracket")
def second_term_added(n: float, sigma: float) -> float:
    e = math.exp(sigma**2)
    return math.log(n) - sigma**2 / 2 + (sigma**2 * e + (e - 1) / 2) / n


@mutant("jl_entropy.entropy_expansion", slip="sigma^2 in place of sigma^2 / 2")
def without_half(n: float, sigma: float) -> float:
    return entropy_expansion(n, sigma) - sigma**2 / 2


@role("jl_entropy.first_correction", numbers="R, A, B: tilted moments, floats; the coefficient of 1/n in E H - H_ann")
def first_correction(R: float, A: float, B: float) -> float:
    """B - A R - (R - 1)/2 with R = E e^2x/(E e^x)^2, A = E x e^x/E e^x, B = E x e^2x/(E e^x)^2."""
    return B - A * R - (R - 1) / 2


@mutant("jl_entropy.first_correction", slip="the mean under e^x is not taken off")
def mean_not_removed(R: float, A: float, B: float) -> float:
    return B - (R - 1) / 2


@mutant("jl_entropy.first_correction", slip="R - 1 in place of (R - 1)/2")
def whole_excess(R: float, A: float, B: float) -> float:
    return B - A * R - (R - 1)


def remainder_slope(expansion: Any, law: str, params: dict[str, Any]) -> float:
    """The order in n of |E H - expansion(n)|."""
    left = [abs(se.expected_softmax_entropy(math.log(n), law, **params).H - expansion(n)) for n in SIZES]
    return slope(np.log(SIZES), np.log(np.maximum(left, 1e-300)))


@claim(
    id="jl_entropy.growth-without-factor",
    title="The entropy of Gaussian scores is log n − σ²/2, with a known first correction",
    statement=r"\mathbb E H = \log n - \tfrac{\sigma^2}2 + \tfrac1n \Big[\sigma^2 e^{\sigma^2} - \tfrac{e^{\sigma^2} "
    r"- 1}2\Big] + O(n^{-2})",
    source=SOURCE,
    role="jl_entropy.entropy_expansion",
    evidence=Evidence.RATE,
    region=within(
        -2.05,
        -1.9,
        because="order 2 up to the next term, which is e^(2 sigma^2)/n relative: 0.7 % at n = 1024, 0.05 on the slope",
    ),
    cases=grid(sigma=(0.5, 1.0)),
    quantity="order in n of the remainder, n = 1024 … 16384",
)
def gaussian_expansion(expansion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(remainder_slope(lambda n: expansion(n, case.sigma), "gaussian", {"sigma": case.sigma}))


GENERAL: dict[str, tuple[str, dict[str, Any]]] = {
    "sphere": ("sphere", {"d": 16, "scale": 0.25}),
    "quartic": ("generalised_normal", {"p": 4.0, "beta": 1.0}),
    "gaussian": ("gaussian", {"sigma": 0.8}),
}


@claim(
    id="jl_entropy.growth-without-factor.general",
    title="So it is for every law of scores with light tails",
    statement=r"\mathbb E H = H_{\mathrm{ann}} + \tfrac1n \big(B - A R - \tfrac{R - 1}2\big) + O(n^{-2})",
    source=SOURCE,
    role="jl_entropy.first_correction",
    evidence=Evidence.RATE,
    region=within(-2.05, -1.9, because="order 2; a wrong coefficient leaves order 1"),
    cases=grid(law=tuple(GENERAL)),
    quantity="order in n of the remainder, n = 1024 … 16384",
)
def general_expansion(correction: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    law, params = GENERAL[case.law]
    x, w = gauss_rule(law, params, 80)
    mean, mean2 = w @ np.exp(x), w @ np.exp(2 * x)
    R, A, B = mean2 / mean**2, w @ (x * np.exp(x)) / mean, w @ (x * np.exp(2 * x)) / mean**2
    start, coefficient = math.log(mean) - A, correction(R, A, B)
    yield exact(remainder_slope(lambda n: math.log(n) + start + coefficient / n, law, params))


role("jl_entropy.attention_scale", numbers="n: int or array, d: int, kind, n_ref, kappa, clamp; the scale, like n")(
    se.attention_scale
)


@mutant("jl_entropy.attention_scale", slip="1/d for 1/sqrt(d)")
def inverse_dimension(n: Any, d: int, kind: str, n_ref: float = 512, **how: Any) -> Any:
    return se.attention_scale(n, d, kind, n_ref, **how) / (math.sqrt(d) if kind == "standard" else 1)  # type: ignore[arg-type]


@mutant("jl_entropy.attention_scale", slip="log2(n), not normalised by log n_ref")
def binary_logarithm(n: Any, d: int, kind: str, n_ref: float = 512, **how: Any) -> Any:
    if kind == "log_ratio":
        return np.log2(n) / math.sqrt(d)
    return se.attention_scale(n, d, kind, n_ref, **how)  # type: ignore[arg-type]


@mutant("jl_entropy.attention_scale", slip="the factor is applied to K and to Q: it is squared")
def squared_factor(n: Any, d: int, kind: str, n_ref: float = 512, **how: Any) -> Any:
    scale = se.attention_scale(n, d, kind, n_ref, **how)  # type: ignore[arg-type]
    return scale**2 * math.sqrt(d) if kind in ("log_ratio", "derived") else scale


@mutant("jl_entropy.attention_scale", slip="n is taken for the head size d")
def size_of_head(n: Any, d: int, kind: str, n_ref: float = 512, **how: Any) -> Any:
    return se.attention_scale(np.full_like(n, d) if np.ndim(n) else d, d, kind, n_ref, **how)  # type: ignore[arg-type]


@mutant(
    "jl_entropy.attention_scale", slip="one constant factor for all rows of causal attention: log of the last length"
)
def last_length(n: Any, d: int, kind: str, n_ref: float = 512, **how: Any) -> Any:
    longest = np.full(np.shape(n), float(np.max(n)))
    return se.attention_scale(longest if np.ndim(n) else n, d, kind, n_ref, **how)  # type: ignore[arg-type]


@mutant("jl_entropy.attention_scale", slip="unknown kinds and impossible numbers get the standard scale")
def forgiving(n: Any, d: int, kind: str, n_ref: float = 512, **how: Any) -> Any:
    try:
        return se.attention_scale(n, d, kind, n_ref, **how)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return 0.125


@claim(
    id="jl_entropy.growth-without-factor.half",
    title="Standard attention with unit scores always spends all but half a nat",
    statement=r"\lambda = \tfrac1{\sqrt d},\ q, k \sim \mathcal N(0, I): \quad \log n - \mathbb E H \to \tfrac12",
    source=SOURCE,
    role="jl_entropy.attention_scale",
    evidence=Evidence.EXACT,
    region=within(
        0.495, 0.505, because="the correction 1.86/n is 2e-3 at n = 1024; a scale 1/d leaves 1/(2 d) = 0.008"
    ),
    cases=grid(n=(2**10, 2**15, 2**20), d=(64,)),
    quantity="log n − E H, nats",
)
def half_a_nat(scale: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    sigma = float(scale(case.n, case.d, "standard")) * math.sqrt(case.d)
    yield exact(math.log(case.n) - se.expected_softmax_entropy(math.log(case.n), "gaussian", sigma=sigma).H)


@claim(
    id="jl_entropy.growth-without-factor.slope",
    title="It grows with log n at slope 1",
    statement=r"\frac{d\, \mathbb E H}{d \log n} \to 1 \qquad (\sigma = 1)",
    source=SOURCE,
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.RATE,
    region=within(0.999, 1.001, because="the correction 1.86/n moves the slope over n = 2^10 ... 2^20 by 3e-4"),
    quantity="slope of E H in log n",
)
def slope_is_one(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x = [i * math.log(2) for i in range(10, 21)]
    yield exact(slope(x, [oracle(L, "gaussian", sigma=1.0).H for L in x]))


@claim(
    id="jl_entropy.growth-without-factor.rows",
    title="In causal attention every row has its own length",
    statement=r"\lambda_i = \frac{\log(i + 1)}{\log n_0 \sqrt d}, \quad i = 0, \ldots, n - 1; \qquad \lambda_0 = 0",
    source=SOURCE,
    role="jl_entropy.attention_scale",
    evidence=Evidence.EXACT,
    region=at_most(1e-15, because="a logarithm, a quotient and a product of numbers below 1: 4 u"),
    cases=grid(clamp=(False, True)),
    quantity="largest |difference| to one row at a time",
)
def scale_of_rows(scale: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lengths = np.arange(1, 1025)
    ratio = np.array([math.log(i) / math.log(512) for i in lengths])
    expected = (np.maximum(ratio, 1) if case.clamp else ratio) / 8
    yield exact(gap(scale(lengths, 64, "log_ratio", clamp=case.clamp), expected))


@claim(
    id="jl_entropy.growth-without-factor.door",
    title="Scales of no known kind are refused",
    statement=r"n \ge 1,\ d \ge 1,\ n_0 > 1,\ \kappa \ge 0",
    source=SOURCE,
    role="jl_entropy.attention_scale",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def scale_door(scale: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    bad: list[tuple[Any, Any, Any, dict[str, Any]]] = [
        (512, 64, "cubic", {}),
        (0, 64, "standard", {}),
        (512, 0, "standard", {}),
        (512, 64, "log_ratio", {"n_ref": 1}),
        (512, 64, "kappa", {}),
        (512, 64, "kappa", {"kappa": -1.0}),
        (512, 64, "standard", {"kappa": 1.0}),
        (512, 64, "standard", {"clamp": True}),
        ([512, math.nan], 64, "log_ratio", {}),
    ]
    yield exact(accepted(lambda n, d, kind, how: scale(n, d, kind, **how), bad, ValueError))


@figure(of="jl_entropy.growth-without-factor")
def remainders() -> Figure:
    sizes = np.array([2.0**i for i in range(4, 17)])
    curves = []
    for sigma in (0.5, 1.0, 1.5):
        H = np.array([se.expected_softmax_entropy(math.log(n), "gaussian", sigma=sigma).H for n in sizes])
        for label, form in (("leading term", leading_term), ("with 1/n", entropy_expansion)):
            left = np.abs(H - [form(n, sigma) for n in sizes])
            kept = left > 1e-12
            kind = "dashed" if form is leading_term else "line"
            curves.append(series(f"σ = {sigma}, {label}", sizes[kept], left[kept], kind=kind))  # type: ignore[arg-type]
    return Figure(
        "What two forms leave of the mean entropy",
        "The leading term errs like 1/n, the corrected one like 1/n²; larger scales come later to their law.",
        "number of scores n",
        "|E H − form|, nats",
        tuple(curves),
        x_log=True,
        y_log=True,
    )
