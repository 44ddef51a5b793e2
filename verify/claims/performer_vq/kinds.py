"""Entry 8, the other kind: attention through trigonometric features, at the scale where it fails and where it is best."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, series, table
from verify.claims.figures import Table
from verify.claims.performer_vq.instances import Floats, Tokens, attention, prf_attention, tokens
from verify.claims.sources import PVQ_PERFORMER
from verify.evidence import Enclosure, at_least, probability
from verify.methods.random_features import draw_projections, trig_features

SOURCE = PVQ_PERFORMER.at("figure 4")


@mutant("performer_vq.trig_features", slip="absolute values, so that weights are positive: another kernel")
def made_positive(X: Floats, W: Floats) -> Floats:
    return np.abs(trig_features(X, W))


def weights_of(features: Any, Q: Floats, K: Floats, W: Floats) -> Floats:
    """The unnormalised weights of keys, of any sign."""
    return np.asarray(np.asarray(features(Q, W)) @ np.asarray(features(K, W)).T)


def trig_attention(features: Any, Q: Floats, K: Floats, V: Floats, W: Floats) -> Floats:
    weights = weights_of(features, Q, K, W)
    return np.asarray(weights @ V / weights.sum(axis=1, keepdims=True))


def instance(rng: np.random.Generator, scale: float) -> Tokens:
    """512 tokens in 16 dimensions, of which 64 ask; entries scale d^(−1/4) N(0, 1)."""
    Q, K, V = tokens(rng, 512, 16, 4, scale * 16**-0.25)
    return Q[:64], K, V


@claim(
    id="performer_vq.attention-output-error.signs",
    title="At the usual scale, denominators of trigonometric attention are not positive",
    statement=r"q, k \sim N(0, d^{-1/2} I),\; d = 16,\; n = 512: \qquad \min_a \sum_j \phi(q_a)\cdot\phi(k_j) \le 0",
    source=SOURCE,
    role="performer_vq.trig_features",
    evidence=Evidence.STATISTICAL,
    region=at_least(
        0.5, because="typically means with probability at least one half; positive features have probability 0"
    ),
    cases=grid(m=(32,)).full(m=(32, 128)),
    quantity="probability that one of 64 denominators is not positive",
    refutes="trigonometric features may be normalised over the keys as positive ones are",
)
def denominators_change_sign(features: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def crosses(rng: np.random.Generator) -> bool:
        Q, K, _ = instance(rng, 1.0)
        W = draw_projections(case.m, 16, rng, coupling="orthogonal")
        return bool(weights_of(features, Q, K, W).sum(axis=1).min() <= 0)

    yield from probability(lambda rng, size: np.array([crosses(rng) for _ in range(size)]), rng, case.risk, first=64)


@claim(
    id="performer_vq.attention-output-error.half-scale",
    title="At half that scale they are more accurate than positive ones, feature for feature",
    statement=r"q, k \sim N(0, \tfrac14 d^{-1/2} I): \qquad \mathrm{MSE}^{\mathrm{trig,ort}}(m) < \mathrm{MSE}^{+,\mathrm{ort}}(2m)",
    source=SOURCE,
    role="performer_vq.trig_features",
    evidence=Evidence.STATISTICAL,
    region=at_least(0.5, because="typically means with probability at least one half"),
    cases=grid(m=(64,)).full(m=(32, 64, 128)),
    quantity="probability that trigonometric features err less",
    refutes="positive features are the more accurate ones for attention",
)
def best_at_half_scale(features: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def better(rng: np.random.Generator) -> bool:
        Q, K, V = instance(rng, 0.5)
        few, many = (draw_projections(m, 16, rng, coupling="orthogonal") for m in (case.m, 2 * case.m))
        o = attention(Q, K, V)
        errors = [
            np.mean((out - o) ** 2) for out in (trig_attention(features, Q, K, V, few), prf_attention(Q, K, V, many))
        ]
        return bool(errors[0] < errors[1])

    yield from probability(lambda rng, size: np.array([better(rng) for _ in range(size)]), rng, case.risk, first=64)


@figure(of="performer_vq.attention-output-error.half-scale")
def output_error_of_kinds() -> Figure:
    rng = np.random.default_rng(9862)
    counts = (16, 32, 64, 128, 256)
    found: dict[str, list[float]] = {
        "positive, iid": [], "positive, orthogonal": [], "trigonometric, iid": [], "trigonometric, orthogonal": [],
    }  # fmt: skip
    for count in counts:
        errors: dict[str, list[float]] = {name: [] for name in found}
        for _ in range(12):
            Q, K, V = instance(rng, 0.5)
            o = attention(Q, K, V)
            for coupling, name in (("iid", "iid"), ("orthogonal", "orthogonal")):
                many, few = (draw_projections(m, 16, rng, coupling=coupling) for m in (count, count // 2))  # type: ignore[arg-type]
                errors[f"positive, {name}"].append(float(np.mean((prf_attention(Q, K, V, many) - o) ** 2)))
                out = trig_attention(trig_features, Q, K, V, few)
                errors[f"trigonometric, {name}"].append(float(np.mean((out - o) ** 2)))
        for name, values in errors.items():
            found[name].append(float(np.median(values)))
    return Figure(
        "Output error at equal feature count, n = 512, d = 16, half of unit variance's scale",
        "Orthogonal trigonometric features are the most accurate from 64 features on; at twice the scale they fail.",
        "features",
        "median squared error of 12 draws",
        tuple(series(name, counts, values) for name, values in found.items()),
        x_log=True,
        y_log=True,
    )


@table(of="performer_vq.attention-output-error.signs")
def rows_without_a_sign() -> Table:
    rng = np.random.default_rng(9862)
    rows = []
    for m in (16, 32, 64, 128, 256):
        shares = []
        for scale in (1.0, 0.5):
            negative = []
            for _ in range(6):
                Q, K, _ = instance(rng, scale)
                W = draw_projections(m, 16, rng, coupling="orthogonal")
                negative.append(np.mean(weights_of(trig_features, Q, K, W).sum(axis=1) <= 0))
            shares.append(100 * float(np.mean(negative)))
        rows.append((m, *shares))
    return Table(
        "Rows whose denominator is not positive, trigonometric features, n = 512, d = 16",
        "Some percent of all rows at unit variance, none or nearly none at half that scale.",
        ("draws m", "at unit variance, %", "at half the scale, %"),
        rows,
    )
