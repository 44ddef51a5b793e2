"""Entry 12: the bridge from Performer to Transformer-VQ holds with halved logits, unless all projections are equally long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.performer_vq.instances import Floats, mean_on_sphere, prf_attention, softmax_rows, tokens
from verify.claims.sources import PVQ_ARTICLE
from verify.evidence import Enclosure, at_least, at_most, exact, gap, within
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
