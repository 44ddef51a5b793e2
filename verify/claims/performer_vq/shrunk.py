"""Entry 12, the limit: soft VQ with a large Gaussian codebook attends with logits times s²/(s² + τ), halved at s = τ = 1."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series, table
from verify.claims.figures import Table
from verify.claims.performer_vq.instances import Floats, attention, gauss_hermite, shaded, softmax_rows, tokens
from verify.claims.sources import PVQ_ARTICLE
from verify.evidence import Enclosure, at_least, at_most, exact, gap, slope, within
from verify.methods import vector_quantization as vq


@role("performer_vq.limit_kappa", numbers="s > 0, tau > 0: floats; a float in (0, 1)")
def limit_kappa(s: float, tau: float) -> float:
    """κ = s²/(s² + τ): what soft VQ with a large codebook of N(0, s² I) makes of the logits."""
    return s * s / (s * s + tau)


@mutant("performer_vq.limit_kappa", slip="s in place of s²")
def unsquared(s: float, tau: float) -> float:
    return s / (s + tau)


@mutant("performer_vq.limit_kappa", slip="the complement, τ/(s² + τ)")
def complement(s: float, tau: float) -> float:
    return tau / (s * s + tau)


SCALES = ((1.0, 1.0), (2.0, 1.0), (1.0, 0.25), (0.5, 2.0))


NODES = {1: 160, 2: 80}


def gaussian_codebook(d: int, s: float) -> tuple[Floats, Floats]:
    """(codewords, log prior): N(0, s² I) as quadrature nodes with their weights."""
    W, weights = gauss_hermite(NODES[d], d)
    heavy = weights > 1e-300
    return s * W[heavy], np.log(weights[heavy])


@claim(
    id="performer_vq.soft-vq-bridge.kappa",
    title="Soft VQ with a large Gaussian codebook is attention with shrunk logits",
    statement=r"C \sim N(0, s^2 I),\; m \to \infty: \qquad \hat o \to \mathrm{softmax}(\kappa Q K^\top) V, \quad "
    r"\kappa = \frac{s^2}{s^2 + \tau}",
    source=PVQ_ARTICLE.at("the limit of many projections"),
    role=("performer_vq.soft_vq_attention", "performer_vq.limit_kappa"),
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10,
        because="80 nodes an axis integrate Gaussians of width √(τ/(s² + τ)) ≥ 0.44 s to 1e-12; logits below 30 round by 1e-14",
    ),
    cases=grid(d=(1, 2), setting=SCALES),
    quantity="largest difference of an output",
)
def shrunk_logits(soft: Any, kappa: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    s, tau = case.setting
    Q, K, V = tokens(rng, 8, case.d, 3, 1.0)
    C, prior = gaussian_codebook(case.d, s)
    yield exact(gap(soft(Q, K, V, C, tau=tau, log_prior=prior), attention(kappa(s, tau) * Q, K, V)))


@claim(
    id="performer_vq.soft-vq-bridge.unnormalised",
    title="Without normalisation over the codebook there is a penalty on long keys as well",
    statement=r"\text{logits} \to \kappa\, q\cdot k_j - \frac{|k_j|^2}{2 (s^2 + \tau)}",
    source=PVQ_ARTICLE.at("the limit of many projections"),
    role=("performer_vq.soft_vq_attention", "performer_vq.limit_kappa"),
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="as with normalisation"),
    cases=grid(d=(1, 2), setting=SCALES),
    quantity="largest difference of an output",
)
def penalised_keys(soft: Any, kappa: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    s, tau = case.setting
    Q, K, V = tokens(rng, 8, case.d, 3, 1.0)
    C, prior = gaussian_codebook(case.d, s)
    logits = kappa(s, tau) * Q @ K.T - np.sum(K**2, axis=1) / (2 * (s * s + tau))
    yield exact(gap(soft(Q, K, V, C, tau=tau, log_prior=prior, normalise_keys=False), softmax_rows(logits) @ V))


@claim(
    id="performer_vq.soft-vq-bridge.restored",
    title="Queries times 1/κ bring the whole logits back",
    statement=r"q \to q/\kappa \implies \hat o \to \mathrm{softmax}(Q K^\top) V",
    source=PVQ_ARTICLE.at("the limit of many projections"),
    role=("performer_vq.soft_vq_attention", "performer_vq.limit_kappa"),
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="as above with queries up to nine times larger: wider products of Gaussians, still inside the nodes' range",
    ),
    cases=grid(d=(1,), setting=SCALES),
    quantity="largest difference to exact attention",
)
def logits_restored(soft: Any, kappa: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    s, tau = case.setting
    Q, K, V = tokens(rng, 8, case.d, 3, 1.0)
    C, prior = gaussian_codebook(case.d, s)
    scale = 1 / kappa(s, tau)
    yield exact(gap(soft(Q, K, V, C, tau=tau, log_prior=prior, query_scale=scale), attention(Q, K, V)))


@claim(
    id="performer_vq.soft-vq-bridge.halved",
    title="So the article's formula attends with halved logits, not with the whole ones",
    statement=r"s = \tau = 1: \qquad \hat o \to \mathrm{softmax}(\tfrac12 Q K^\top) V \ne \mathrm{softmax}(Q K^\top) V",
    source=PVQ_ARTICLE.at("the bridge"),
    role="performer_vq.soft_vq_attention",
    evidence=Evidence.EXACT,
    region=at_least(
        0.04,
        because="halving logits of unit variance moves outputs by tenths of the values' spread; 50 instances gave at least 0.049",
    ),
    cases=grid(d=(1, 2), setting=((1.0, 1.0), (0.5, 1.0))),
    quantity="largest difference to exact attention",
    refutes="the softmax over projections approximates the same attention as Performer does",
)
def not_the_whole_logits(soft: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    s, tau = case.setting
    Q, K, V = tokens(rng, 8, case.d, 3, 1.0)
    C, prior = gaussian_codebook(case.d, s)
    difference = gap(soft(Q, K, V, C, tau=tau, log_prior=prior), attention(Q, K, V))
    yield exact(difference if np.isfinite(difference) else 0.0)


@mutant("performer_vq.soft_vq_attention", slip="exact attention, taken for what the formula computes")
def exact_attention(Q: Floats, K: Floats, V: Floats, C: Floats, **how: Any) -> Floats:
    return attention(Q, K, V)


@claim(
    id="performer_vq.soft-vq-bridge.codebook-rate",
    title="A random codebook approaches the shrunk logits like one over the root of its size",
    statement=r"\big\| \hat o_m - \mathrm{softmax}(\kappa Q K^\top) V \big\|_{\mathrm{rms}} = O(m^{-1/2})",
    source=PVQ_ARTICLE.at("the limit of many projections"),
    role="performer_vq.soft_vq_attention",
    evidence=Evidence.RATE,
    region=within(-0.6, -0.4, because="a mean over m codewords of weights e^(q.c), whose square has a mean for "
                                      "entries of size 1/2: over this range and so "
                  "many codebooks a slope is known to about 0.03"),
    cases=grid(m=((100, 1000, 4000),), books=(24,)).full(m=((100, 1000, 10_000, 100_000),), books=(12,)),
    quantity="slope of log RMS error against log m",
)  # fmt: skip
def rate_of_codebook(soft: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K, V = tokens(rng, 16, 4, 3, 0.5)
    limit = attention(Q / 2, K, V)
    errors = []
    for m in case.m:
        found = [np.asarray(soft(Q, K, V, rng.normal(size=(m, 4)), tau=1.0)) - limit for _ in range(case.books)]
        errors.append(np.sqrt(np.mean(np.square(found))))
    yield exact(slope(np.log(case.m), np.log(errors)))


@cache
def codebook_errors() -> tuple[tuple[int, ...], dict[str, list[float]]]:
    """RMS distance of soft VQ to attention with halved and with whole logits, and with 1/κ, against the codebook size."""
    rng = np.random.default_rng(9862)
    Q, K, V = tokens(rng, 16, 4, 3, 0.5)
    sizes = (100, 300, 1000, 3000, 10_000)
    found: dict[str, list[float]] = {
        "to halved logits": [],
        "to the whole logits": [],
        "with queries doubled, to the whole": [],
    }
    for m in sizes:
        errors: list[list[Floats]] = [[], [], []]
        for _ in range(6):
            C = rng.normal(size=(m, 4))
            soft, scaled = (vq.soft_vq_attention(Q, K, V, C, tau=1.0, query_scale=s) for s in (1.0, 2.0))
            whole = attention(Q, K, V)
            for kept, error in zip(errors, (soft - attention(Q / 2, K, V), soft - whole, scaled - whole), strict=True):
                kept.append(error)
        for name, kept in zip(found, errors, strict=True):
            found[name].append(float(np.sqrt(np.mean(np.square(kept)))))
    return sizes, found


@figure(of="performer_vq.soft-vq-bridge.codebook-rate")
def error_against_codebook() -> Figure:
    sizes, found = codebook_errors()
    return Figure(
        "Soft VQ with random Gaussian codewords, s = τ = 1",
        "It converges to attention with halved logits and stays where it is against the whole ones; doubled queries repair it.",
        "codewords m",
        "RMS error of outputs",
        tuple(series(name, sizes, values) for name, values in found.items()),
        x_log=True,
        y_log=True,
    )


@figure(of="performer_vq.soft-vq-bridge.kappa")
def kappa_surface() -> Figure:
    s, tau = np.linspace(0.1, 3, 40), np.linspace(0.05, 3, 40)
    return Figure(
        "What soft VQ makes of the logits",
        "One half at s = τ = 1; one only as τ falls or codewords spread out.",
        "spread s of the codewords",
        "temperature τ",
        (series("the article's formula", (1.0,), (1.0,), kind="dots"),),
        field=shaded(s, tau, [[limit_kappa(float(a), float(t)) for a in s] for t in tau], "κ", (0.25, 0.5, 0.75, 0.9)),
    )


@table(of="performer_vq.soft-vq-bridge.codebook-rate")
def which_logits() -> Table:
    sizes, found = codebook_errors()
    return Table(
        "Soft VQ with m random codewords, s = τ = 1, d = 4",
        "The distance to halved logits falls, the distance to the whole ones stays.",
        ("codewords", *found),
        [(m, *(values[i] for values in found.values())) for i, m in enumerate(sizes)],
    )
