"""Entry 12, the temperature: as it falls soft assignment becomes hard, and ties stay ties; widths do not matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.figures import Kind
from verify.claims.performer_vq.instances import Floats, gauss_hermite, softmax_rows
from verify.claims.sources import PVQ_ARTICLE
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, slope, within
from verify.methods import vector_quantization as vq


def separated(rng: np.random.Generator, c: int, d: int) -> tuple[Floats, Floats, Floats]:
    """(codewords, keys near them, squared-distance gaps between the nearest codeword and the next)."""
    C = 3 * rng.normal(size=(c, d))
    K = C[rng.integers(0, c, 40)] + 0.3 * rng.normal(size=(40, d))
    distances = np.sort(np.sum((K[:, None] - C) ** 2, axis=2), axis=1)
    return C, K, distances[:, 1] - distances[:, 0]


@role("performer_vq.soft_assignment", numbers="K (n, d), C (c, d): arrays; tau; probabilities (n, c)")
def soft_assignment(K: Floats, C: Floats, tau: float) -> Floats:
    """softmax over y of −|k − c_y|²/(2τ)."""
    return softmax_rows(-np.sum((K[:, None] - C) ** 2, axis=2) / (2 * tau))


@mutant("performer_vq.soft_assignment", slip="−|k − c|²/τ: twice as cold")
def twice_as_cold(K: Floats, C: Floats, tau: float) -> Floats:
    return soft_assignment(K, C, tau / 2)


@mutant("performer_vq.soft_assignment", slip="ties go to the first codeword, as in hard assignment")
def first_of_ties(K: Floats, C: Floats, tau: float) -> Floats:
    p = soft_assignment(K, C, tau)
    tied = np.isclose(p, p.max(axis=1, keepdims=True), rtol=1e-9, atol=0)
    first = tied & (np.cumsum(tied, axis=1) == 1)
    return np.where(tied, first * (p * tied).sum(axis=1, keepdims=True), p)


@mutant("performer_vq.soft_assignment", slip="the exponential twice: assignments never become one-hot")
def exponential_twice(K: Floats, C: Floats, tau: float) -> Floats:
    return softmax_rows(np.exp(-np.sum((K[:, None] - C) ** 2, axis=2) / (2 * tau)))


def others(p: Floats) -> Floats:
    """1 − max p, as the sum of the others: nothing cancels."""
    return np.asarray(np.sort(p, axis=1)[:, :-1].sum(axis=1))


@claim(
    id="performer_vq.soft-vq-bridge.temperature",
    title="As the temperature falls, soft assignment becomes hard exponentially fast",
    statement=r"\tfrac1c e^{-\gamma/2\tau} \le 1 - \max_y p_\tau(y|k) \le (c - 1)\, e^{-\gamma/2\tau}",
    source=PVQ_ARTICLE.at("the one-hot limit"),
    role="performer_vq.soft_assignment",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because="both bounds are strict; exponents below 300 round by 300 eps = 7e-14 relative"),
    cases=grid(tau=(1.0, 0.3, 0.1)).full(tau=(3.0, 1.0, 0.5, 0.3, 0.2, 0.1)),
    quantity="how far 1 − max p lies outside, relative, worst key",
)
def assignment_bounds(assign: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    C, K, gaps = separated(rng, 8, 4)
    if not (gaps > 0.5).all():
        raise Vacuous("codewords are not separated")
    rest, unit = others(np.asarray(assign(K, C, case.tau))), np.exp(-gaps / (2 * case.tau))
    outside = np.maximum(unit / 8 - rest, rest - 7 * unit) / unit
    yield exact(gap(np.maximum(outside, 0.0), np.zeros(len(K))))


@claim(
    id="performer_vq.soft-vq-bridge.temperature-rate",
    title="The worst key decides the rate",
    statement=r"\frac{d \log \max_k (1 - \max_y p_\tau)}{d (1/\tau)} \to -\frac{\gamma_{\min}}{2}",
    source=PVQ_ARTICLE.at("the one-hot limit"),
    role="performer_vq.soft_assignment",
    evidence=Evidence.RATE,
    region=within(
        0.97,
        1.03,
        because="the next codeword adds e^(−(γ' − γ)/2τ), below 1 % over the range where γ/2τ goes from 10 to 40",
    ),
    quantity="slope over −γ/2",
)
def rate_of_worst_key(assign: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    C, K, gaps = separated(rng, 8, 4)
    inverse = np.linspace(20, 80, 7) / gaps.min()
    yield exact(
        slope(inverse, [np.log(others(np.asarray(assign(K, C, 1 / x))).max()) for x in inverse]) / (-gaps.min() / 2)
    )


@claim(
    id="performer_vq.soft-vq-bridge.tie",
    title="A tie stays a tie: the limit is not one-hot",
    statement=r"|k - c_1| = |k - c_2| \implies p_\tau(1|k) = p_\tau(2|k) \to \tfrac12",
    source=PVQ_ARTICLE.at("the one-hot limit"),
    role="performer_vq.soft_assignment",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="equal exponents give equal shares; the third codeword has e⁻¹⁵⁰"),
    cases=grid(tau=(0.01, 0.001)),
    quantity="distance of the shares to one half each",
    refutes="as the temperature falls every key goes to a single codeword",
)
def ties_stay(assign: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    C = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 2.0]])
    p = np.asarray(assign(np.zeros((1, 2)), C, case.tau))
    yield exact(gap(p, [[0.5, 0.5, 0.0]]))


@claim(
    id="performer_vq.soft-vq-bridge.hard-limit",
    title="Soft VQ tends to attention over the nearest codewords",
    statement=r"\tau \to 0: \qquad \hat o_\tau \to \mathrm{softmax}(Q C^\top + \log n)\, \bar V",
    source=PVQ_ARTICLE.at("the one-hot limit"),
    role="performer_vq.soft_vq_attention",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="1 − max p ≤ 7 e^(−γ/2τ) = 7 e⁻³⁰ = 7e-13 for the worst key, times weights e^(q.(c "
                                  "− c')) < 1e1 of a query "
                   "of length 0.2"),
    cases=grid(c=(8,)),
    quantity="largest difference to Transformer-VQ",
)  # fmt: skip
def tends_to_hard_codes(soft: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    C, K, gaps = separated(rng, case.c, 4)
    Q, V = 0.1 * rng.normal(size=(10, 4)), rng.normal(size=(40, 3))
    codes, _ = vq.vq_assign(K, C)
    yield exact(gap(soft(Q, K, V, C, tau=float(gaps.min()) / 60), vq.vq_attention(Q, codes, C, V)))


@claim(
    id="performer_vq.soft-vq-bridge.mixture",
    title="Codewords with a width give the same attention, whatever the width",
    statement=r"\int e^{q\cdot\omega} N(\omega; c_y, \sigma^2 I)\, d\omega = e^{q\cdot c_y + \sigma^2 |q|^2/2}",
    source=PVQ_ARTICLE.at("a Gaussian mixture"),
    role="performer_vq.soft_vq_attention",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="a factor that depends on the query alone cancels; 60 nodes integrate e^(qω) beyond "
                                  "rounding at σ|q| ≤ 3; "
                  "roundings of exponents below 30"),
    cases=grid(sigma=(0.1, 1.0, 3.0)),
    quantity="largest difference of an output",
    refutes="the width of the components must tend to zero",
)  # fmt: skip
def any_width(soft: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K, V, C = rng.uniform(-1, 1, (6, 1)), rng.normal(size=(10, 1)), rng.normal(size=(10, 2)), rng.normal(size=(5, 1))
    x, w = gauss_hermite(60, 1)
    smeared = np.exp(Q[:, :, None] * (C[:, 0, None] + case.sigma * x[:, 0])[None]) @ w  # (queries, codewords)
    weights = smeared @ soft_assignment(K, C, 1.0).T
    yield exact(gap(soft(Q, K, V, C, tau=1.0), weights @ V / weights.sum(axis=1, keepdims=True)))


@figure(of="performer_vq.soft-vq-bridge.temperature")
def one_hot_convergence() -> Figure:
    C, K, gaps = separated(np.random.default_rng(9862), 8, 4)
    inverse = np.linspace(0.5, 40, 40) / gaps.min()
    rest = [others(soft_assignment(K, C, 1 / float(x))).max() for x in inverse]
    return Figure(
        "Share of the codewords that are not the nearest, worst key",
        "It falls exponentially in 1/τ, between its two bounds, at the rate of half the smallest gap.",
        "1/τ",
        "1 − max p",
        (
            series("worst of 40 keys", inverse, rest),
            series(
                "bounds",
                inverse,
                np.exp(-gaps.min() * inverse / 2) / 8,
                7 * np.exp(-gaps.min() * inverse / 2),
                kind="band",
            ),
        ),
        y_log=True,
    )


@figure(of="performer_vq.soft-vq-bridge.tie")
def assignments() -> Figure:
    x = np.linspace(-2, 2, 161)
    C = np.array([[-1.0], [0.5], [1.2]])
    kinds: dict[float, Kind] = {0.5: "dashed", 0.02: "line"}
    curves = [
        series(f"codeword {c:g}, τ = {tau:g}", x, soft_assignment(x[:, None], C, tau)[:, y], kind=kind)
        for tau, kind in kinds.items()
        for y, c in enumerate(C[:, 0])
    ]
    return Figure(
        "Soft assignment on a line",
        "As τ falls the shares become steps, which meet at one half on the borders.",
        "key",
        "p(y | k)",
        tuple(curves),
    )
