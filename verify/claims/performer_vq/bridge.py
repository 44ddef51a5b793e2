"""Entry 12: the bridge from Performer to Transformer-VQ holds with halved logits, unless all projections are equally long."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series, table
from verify.claims.figures import Kind, Table
from verify.claims.performer_vq.instances import (
    Floats,
    attention,
    gauss_hermite,
    prf_attention,
    shaded,
    softmax_rows,
    tokens,
)
from verify.claims.sources import PVQ_ARTICLE
from verify.evidence import Enclosure, Vacuous, at_least, at_most, exact, gap, slope, within
from verify.methods import vector_quantization as vq
from verify.methods.random_features import draw_projections

role(
    "performer_vq.soft_vq_attention",
    numbers="Q (n_q, d), K (n, d), V (n, d_v), C (c, d): arrays; tau=, log_prior=, normalise_keys=, query_scale=; outputs",
)(vq.soft_vq_attention)


def plainly(
    Q: Floats, K: Floats, V: Floats, C: Floats, *, tau: float, log_prior: Any = None, normalise_keys: bool = True,
    query_scale: float = 1.0, key: Any = None,
) -> Floats:  # fmt: skip
    """Soft VQ with plain products of probabilities; `key` maps (logits) to the shares of a key."""
    logits = -np.sum((K[:, None] - C) ** 2, axis=2) / (2 * tau) + (0 if log_prior is None else log_prior)
    shares = (key or (softmax_rows if normalise_keys else np.exp))(logits)
    scores = query_scale * Q @ C.T
    weights = np.exp(scores - scores.max(axis=1, keepdims=True)) @ shares.T
    return np.asarray(weights @ V / weights.sum(axis=1, keepdims=True))


@mutant("performer_vq.soft_vq_attention", slip="e^(−|k − c|²/τ): the factor 2 of the temperature is lost")
def half_temperature(Q: Floats, K: Floats, V: Floats, C: Floats, *, tau: float, **how: Any) -> Floats:
    return vq.soft_vq_attention(Q, K, V, C, tau=tau / 2, **how)


@mutant("performer_vq.soft_vq_attention", slip="the exponential twice, as printed: softmax(e^(−|k − c|²/2))")
def double_exponential(Q: Floats, K: Floats, V: Floats, C: Floats, *, tau: float, **how: Any) -> Floats:
    return plainly(Q, K, V, C, tau=tau, key=lambda logits: softmax_rows(np.exp(logits)), **how)


@mutant("performer_vq.soft_vq_attention", slip="queries are divided by the scale that brings the logits back")
def inverse_query_scale(Q: Floats, K: Floats, V: Floats, C: Floats, *, query_scale: float = 1.0, **how: Any) -> Floats:
    return vq.soft_vq_attention(Q, K, V, C, query_scale=1 / query_scale, **how)


@mutant(
    "performer_vq.soft_vq_attention",
    slip="ties are resolved inside the soft assignment: the first nearest codeword takes all",
)
def ties_resolved(Q: Floats, K: Floats, V: Floats, C: Floats, *, tau: float, **how: Any) -> Floats:
    def key(logits: Floats) -> Floats:
        shares = softmax_rows(logits)
        tied = np.isclose(shares, shares.max(axis=1, keepdims=True), rtol=1e-9, atol=0)
        first = tied & (np.cumsum(tied, axis=1) == 1)
        return np.where(tied, first * (shares * tied).sum(axis=1, keepdims=True), shares)

    return plainly(Q, K, V, C, tau=tau, key=key, **{k: v for k, v in how.items() if k != "normalise_keys"})


@mutant("performer_vq.soft_vq_attention", slip="keys are normalised although the sum over y depends on the key")
def always_normalised(Q: Floats, K: Floats, V: Floats, C: Floats, *, normalise_keys: bool = True, **how: Any) -> Floats:
    return vq.soft_vq_attention(Q, K, V, C, **how)


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


@role("performer_vq.soft_features", numbers="Q (n_q, d), K (n, d), W (m, d): arrays; (log_q (n_q, m), log_k (n, m))")
def soft_features(Q: Floats, K: Floats, W: Floats) -> tuple[Floats, Floats]:
    """The article's features: ω.q, and −|k − ω|²/2 without any normalisation over ω."""
    return Q @ W.T, -np.sum((K[:, None] - W) ** 2, axis=2) / 2


@mutant("performer_vq.soft_features", slip="the key's features are normalised over ω: a factor that depends on the key")
def normalised_over_rows(Q: Floats, K: Floats, W: Floats) -> tuple[Floats, Floats]:
    log_q, log_k = soft_features(Q, K, W)
    return log_q, log_k - np.logaddexp.reduce(log_k, axis=1)[:, None]


def by_logs(log_q: Floats, log_k: Floats, V: Floats) -> Floats:
    """Attention with these log-features, pair by pair."""
    return np.asarray(softmax_rows(np.logaddexp.reduce(log_q[:, None] + log_k, axis=2)) @ V)


def rows(rng: np.random.Generator, m: int, d: int, norms: str) -> Floats:
    return draw_projections(m, d, rng, norms=norms)  # type: ignore[arg-type]


@claim(
    id="performer_vq.soft-vq-bridge",
    title="With projections of one length, Performer attends through distances to its projections",
    statement=r"|\omega_i| = r \implies e^{\omega_i\cdot k - |k|^2/2} = e^{r^2/2}\, e^{-|k - \omega_i|^2/2}",
    source=PVQ_ARTICLE.at("the key's features as distances"),
    role="performer_vq.soft_features",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="equal up to a constant that cancels; exponents below 60 round by 60 eps = 1.3e-14 "
                                  "and 64 features add as "
                  "many; normalising over the projections changes outputs by 0.1"),
    cases=grid(d=(8, 16)),
    quantity="largest difference to Performer's output",
)  # fmt: skip
def equal_lengths(features: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K, V = tokens(rng, 20, case.d, 3, 1.0)
    W = rows(rng, 64, case.d, "sqrt_d")
    log_q, log_k = features(Q, K, W)
    yield exact(gap(by_logs(log_q, log_k, V), prf_attention(Q, K, V, W)))


@claim(
    id="performer_vq.soft-vq-bridge.unequal",
    title="With Gaussian projections it does not",
    statement=r"\omega_i \sim N(0, I): \qquad e^{|\omega_i|^2/2} \text{ does not cancel}",
    source=PVQ_ARTICLE.at("lengths concentrate"),
    role="performer_vq.soft_features",
    evidence=Evidence.EXACT,
    region=at_least(1e-2, because="the exponent |ω|²/2 has standard deviation √(d/2) ≥ 2, so weights change by "
                                  "factors of e²; a hundredth of "
                    "the values' spread is far beyond rounding"),
    cases=grid(d=(8, 16, 64)),
    quantity="largest difference to Performer's output",
    refutes="the lengths of Gaussian projections concentrate, so that they may be taken for equal",
)  # fmt: skip
def unequal_lengths(features: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K, V = tokens(rng, 20, case.d, 3, 1.0)
    W = rows(rng, 64, case.d, "chi")
    log_q, log_k = features(Q, K, W)
    difference = gap(by_logs(log_q, log_k, V), prf_attention(Q, K, V, W))
    yield exact(difference if np.isfinite(difference) else 0.0)


@mutant(
    "performer_vq.soft_features", slip="|ω|²/2 is put back: Performer's own features, where distances were asked for"
)
def lengths_restored(Q: Floats, K: Floats, W: Floats) -> tuple[Floats, Floats]:
    log_q, log_k = soft_features(Q, K, W)
    return log_q, log_k + np.sum(W**2, axis=1) / 2


@claim(
    id="performer_vq.soft-vq-bridge.proportional",
    title="The sign of proportionality is not harmless: normalising over the projections changes the output",
    statement=r"e^{-|k_j - \omega_i|^2/2} \to \frac{1}{Z_j} e^{-|k_j - \omega_i|^2/2}, \qquad Z_j = \sum_i e^{-|k_j - \omega_i|^2/2}",
    source=PVQ_ARTICLE.at("the softmax over projections"),
    role="performer_vq.soft_vq_attention",
    evidence=Evidence.EXACT,
    region=at_least(
        1e-2,
        because="Z differs from key to key by factors of e and more here; a hundredth of the values' spread is no rounding",
    ),
    cases=grid(d=(8, 16)),
    quantity="largest difference between outputs with and without 1/Z",
    refutes="the key's features are proportional to a softmax over the projections, so that attention may use that",
)
def proportionality(soft: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K, V = tokens(rng, 20, case.d, 3, 1.0)
    W = rows(rng, 64, case.d, "sqrt_d")
    with_z, without = (np.asarray(soft(Q, K, V, W, tau=1.0, normalise_keys=z)) for z in (True, False))
    difference = gap(with_z, without)
    yield exact(difference if np.isfinite(difference) else 0.0)


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
        because="as above with queries five times larger: wider products of Gaussians, still inside the nodes' range",
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


@role("performer_vq.sphere_limit", numbers="q, k (d,): arrays; radius; log of the limit kernel, a float")
def sphere_limit(q: Floats, k: Floats, radius: float) -> float:
    """log [0F1(; d/2; r²|q + k|²/4) / 0F1(; d/2; r²|k|²/4)]: many codewords uniform on a sphere, τ = 1."""
    from scipy.special import hyp0f1

    d = len(q)
    top, bottom = (hyp0f1(d / 2, radius**2 * float(z @ z) / 4) for z in (q + k, k))
    return float(np.log(top / bottom))


@mutant("performer_vq.sphere_limit", slip="the key's normaliser is dropped")
def without_normaliser(q: Floats, k: Floats, radius: float) -> float:
    return sphere_limit(q + k, 0 * k, radius)


@mutant("performer_vq.sphere_limit", slip="halved logits on the sphere too")
def halved_on_sphere(q: Floats, k: Floats, radius: float) -> float:
    return float(q @ k / 2 + q @ q / 4)


@claim(
    id="performer_vq.soft-vq-bridge.sphere",
    title="On a sphere the limit is a quotient of Bessel functions",
    statement=r"|\omega| = r: \qquad \frac{\mathbb E\, e^{\omega\cdot(q + k)}}{\mathbb E\, e^{\omega\cdot k}} = "
    r"\frac{{}_0F_1(; \frac d2; \frac{r^2 |q+k|^2}{4})}{{}_0F_1(; \frac d2; \frac{r^2 |k|^2}{4})}",
    source=PVQ_ARTICLE.at("equal lengths"),
    role="performer_vq.sphere_limit",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-11,
        because="120 nodes of a Gauss-Gegenbauer rule; logarithms below 20 of sums of positive terms: 1e-13 and SciPy's own 1e-12",
    ),
    cases=grid(d=(2, 3, 16), radius=(1.0, 4.0)),
    quantity="|log kernel − log of two quadratures|",
)
def limit_on_sphere(limit: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from verify.claims.performer_vq.norms import mean_on_sphere

    q, k = 0.5 * rng.normal(size=(2, case.d))
    # mean_on_sphere carries e^(−t/2), which is put back
    logs = [np.log(mean_on_sphere(case.d, case.radius, float(z @ z))) + z @ z / 2 for z in (q + k, k)]
    yield exact(gap(limit(q, k, case.radius), logs[0] - logs[1]))


@claim(
    id="performer_vq.soft-vq-bridge.high-dimension",
    title="At radius √d it tends to the whole kernel: equal lengths are essential, not a convenience",
    statement=r"r = \sqrt d,\; d \to \infty: \qquad \log\text{kernel} \to q\cdot k + \tfrac12 |q|^2",
    source=PVQ_ARTICLE.at("equal lengths"),
    role="performer_vq.sphere_limit",
    evidence=Evidence.RATE,
    region=within(
        -2.6,
        -1.4,
        because="the next term is (|k|⁴ − |q + k|⁴)/4d, with |q| = |k| = 1 at 60 degrees (1 − 9)/4 = −2 times 1/d; the "
        "one after is of relative size 4/d, 0.25 at d = 16, and allowed 0.3",
    ),
    cases=grid(d=(16, 64, 256)),
    quantity="d times what is left beyond q.k + |q|²/2",
)
def whole_kernel(limit: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    q, k = np.zeros((2, case.d))
    q[0], k[0], k[1] = 1.0, 0.5, 0.75**0.5
    beyond = limit(q, k, case.d**0.5) - (q @ k + q @ q / 2)
    yield exact(float(np.nan_to_num(case.d * beyond, nan=0.0)))


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
    region=at_most(1e-12, because="a factor that depends on the query alone cancels; 40 nodes integrate e^(qω) beyond "
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


@figure(of="performer_vq.soft-vq-bridge")
def lengths_matter() -> Figure:
    rng = np.random.default_rng(9862)
    dimensions = (2, 4, 8, 16, 32, 64)
    curves: dict[str, list[float]] = {
        "Gaussian projections": [],
        "projections of length √d": [],
        "of length √d, normalised over projections": [],
    }
    for d in dimensions:
        errors: list[list[float]] = [[], [], []]
        for _ in range(8):
            Q, K, V = tokens(rng, 20, d, 3, 0.5)
            for kept, norms, normalise in zip(errors, ("chi", "sqrt_d", "sqrt_d"), (False, False, True), strict=True):
                W = rows(rng, 64, d, norms)
                apart = vq.soft_vq_attention(Q, K, V, W, tau=1.0, normalise_keys=normalise) - prf_attention(Q, K, V, W)
                kept.append(float(np.sqrt(np.mean(apart**2))))
        for name, kept in zip(curves, errors, strict=True):
            curves[name].append(max(float(np.mean(kept)), 1e-17))
    return Figure(
        "Distance between Performer and its reading as soft codes",
        "Equal up to rounding if all projections are equally long and nothing is normalised; far apart otherwise, at every dimension.",
        "dimension d",
        "RMS difference of outputs",
        tuple(series(name, dimensions, values) for name, values in curves.items()),
        x_log=True,
        y_log=True,
    )


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


@table(of="performer_vq.soft-vq-bridge.halved")
def which_logits() -> Table:
    sizes, found = codebook_errors()
    return Table(
        "Soft VQ with m random codewords, s = τ = 1, d = 4",
        "The distance to halved logits falls, the distance to the whole ones stays.",
        ("codewords", *found),
        [(m, *(values[i] for values in found.values())) for i, m in enumerate(sizes)],
    )
