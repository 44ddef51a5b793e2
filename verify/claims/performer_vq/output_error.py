"""Entry 8: the error of the attention output, to leading order, on made-up and on real queries and keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.performer_vq.instances import (
    Floats,
    attention,
    benign,
    gauss_hermite,
    real_tokens,
    softmax_rows,
    tokens,
)
from verify.claims.sources import PVQ_PERFORMER
from verify.evidence import Enclosure, at_most, exact, gap, sup_distance
from verify.methods import attention as methods

SOURCE = PVQ_PERFORMER.at("section 4, output error")
Pair = tuple[Floats, Floats]
role(
    "performer_vq.output_error_constants",
    numbers="Q (n_q, d), K (n, d), V (n, d_v): arrays; (mse (n_q,), bias (n_q, d_v))",
)(methods.output_error_constants)
role("performer_vq.features_needed", numbers="Q (n_q, d), K (n, d), V (n, d_v): arrays; error > 0; an integer")(
    methods.features_needed
)


def constants_with(Q: Floats, K: Floats, V: Floats, gram: Any, centre: bool) -> Pair:
    """The constants with another G, or with v in place of v − o."""
    mse, bias = [], []
    for q in Q:
        p = softmax_rows(K @ q)
        weighted = p[:, None] * (V - (p @ V if centre else 0))
        G = gram(q + K)
        mse.append(np.sum((weighted @ weighted.T) * G))
        bias.append(-(p @ G @ weighted))
    return np.array(mse), np.array(bias)


@mutant("performer_vq.output_error_constants", slip="v in place of v − o")
def uncentred(Q: Floats, K: Floats, V: Floats) -> Pair:
    return constants_with(Q, K, V, lambda z: np.exp(z @ z.T), centre=False)


@mutant("performer_vq.output_error_constants", slip="G from half squared norms: all keys move together")
def half_norms(Q: Floats, K: Floats, V: Floats) -> Pair:
    def gram(z: Floats) -> Floats:
        half = np.exp(np.sum(z**2, axis=1) / 2)
        return np.outer(half, half)

    return constants_with(Q, K, V, gram, centre=True)


@mutant("performer_vq.output_error_constants", slip="averaged over the keys once more")
def mean_over_keys(Q: Floats, K: Floats, V: Floats) -> Pair:
    mse, bias = methods.output_error_constants(Q, K, V)
    return mse / len(K), bias / len(K)


@mutant("performer_vq.features_needed", slip="1/error in place of 1/error²")
def error_not_squared(Q: Floats, K: Floats, V: Floats, error: float) -> int:
    return methods.features_needed(Q, K, V, error**0.5)


@mutant("performer_vq.features_needed", slip="the relative error of a kernel entry, e^t − 1 over error²")
def kernel_error(Q: Floats, K: Floats, V: Floats, error: float) -> int:
    t = np.sum((Q[:, None] + K) ** 2, axis=2)
    return max(1, int(np.ceil(np.mean(np.expm1(t)) / error**2)))


@claim(
    id="performer_vq.attention-output-error",
    title="Where the error of the attention output comes from",
    statement=r"m\, \mathbb E|\hat o - o|^2 \to \sum_{ij} p_i p_j G_{ij} (v_i - o)\cdot(v_j - o), \qquad "
    r"G_{ij} = e^{(q + k_i)\cdot(q + k_j)}",
    source=SOURCE,
    role="performer_vq.output_error_constants",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="48 nodes an axis leave 48! 6⁹⁶/96! < 1e-14 for |2q + k_i + k_j| ≤ 6; sums of 12² products and "
                  "exponents below 30 round by 1e-13; the mutants are off by more than 1e-2"),
    cases=grid(d=(1, 2), n=(5, 12)),
    quantity="largest relative error of the two constants",
)  # fmt: skip
def constants_by_quadrature(constants: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K, V = tokens(rng, case.n, case.d, 3, 0.5)
    W, weights = gauss_hermite(48, case.d)
    mse, bias = constants(Q, K, V)
    true_mse, true_bias = [], []
    for q in Q:
        # a ratio of means N/D: its error is (N − o D)/E D to first order, its bias −cov(N − o D, D)/(E D)²
        features = np.exp(W @ q - q @ q / 2)[:, None] * np.exp(W @ K.T - np.sum(K**2, axis=1) / 2)
        residual = features @ (V - softmax_rows(K @ q) @ V)
        denominator, mean = features.sum(axis=1), np.exp(K @ q).sum()
        true_mse.append(weights @ np.sum(residual**2, axis=1) / mean**2)
        true_bias.append(-(weights * denominator) @ residual / mean**2)
    errors = [gap(mse, true_mse) / np.max(true_mse), gap(bias, true_bias) / np.abs(true_bias).max()]
    yield exact(max(errors))


def scaled_errors(Q: Floats, K: Floats, V: Floats, m: int, sd: float) -> Any:
    """A sampler of √m (ô − o)/sd for one query and scalar values: all replicates in one sweep."""
    q, exact_output = Q[0], attention(Q, K, V)[0, 0]
    half = np.sum(K**2, axis=1) / 2

    def draw(rng: np.random.Generator, size: int) -> Floats:
        out = np.empty(size)
        for start in range(0, size, 256):
            W = rng.normal(size=(min(256, size - start), m, len(q)))
            total = np.einsum("rm,rmj->rj", np.exp(W @ q), np.exp(W @ K.T - half))
            out[start : start + 256] = total @ V[:, 0] / total.sum(axis=1)
        return np.asarray(np.sqrt(m) * (out - exact_output) / sd)

    return draw


@claim(
    id="performer_vq.attention-output-error.limit-law",
    title="With a few hundred features the error has the normal law of that variance",
    statement=r"\sqrt m\, (\hat o - o) / \sqrt{\textstyle\sum_{ij} p_i p_j G_{ij} (v_i - o)(v_j - o)} \to N(0, 1)",
    source=SOURCE,
    role="performer_vq.output_error_constants",
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.06,
        because="the ratio's skewness and bias are of order m^(−1/2) = 1/16 with small factors here; a variance off by a factor 2 "
        "moves the law by 0.08, the mutants by more",
    ),
    cases=grid(m=(256,), data=("benign",)).full(m=(256, 1024)),
    quantity="distance of the scaled error to the normal law",
)
def error_is_normal(constants: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import ndtr

    Q, K, V = benign(case.stream("tokens"), 1, 16, 8, 1)
    sd = float(np.sqrt(constants(Q, K, V)[0][0]))
    yield from sup_distance(scaled_errors(Q, K, V, case.m, sd), ndtr, rng, case.risk)


@claim(
    id="performer_vq.attention-output-error.real",
    title="So it has for queries and keys made of real words",
    statement=r"\sqrt m\, (\hat o - o) / \sqrt{\textstyle\sum_{ij} p_i p_j G_{ij} (v_i - o)(v_j - o)} \to N(0, 1)",
    source=SOURCE,
    role="performer_vq.output_error_constants",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.06, because="as for made-up entries of the same size"),
    cases=grid(m=(256,), d=(16,)).full(d=(16, 64)),
    quantity="distance of the scaled error to the normal law",
)
def error_on_words(constants: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import ndtr

    Q, K, V = real_tokens(case.stream("tokens"), 1, 16, case.d, 0.25, 1)
    sd = float(np.sqrt(constants(Q, K, V)[0][0]))
    yield from sup_distance(scaled_errors(Q, K, V, case.m, sd), ndtr, rng, case.risk)
