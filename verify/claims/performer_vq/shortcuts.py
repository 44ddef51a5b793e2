"""Entry 9, the shortcuts: one maximum for all keys with ε leaks the future, and returns the mean of all values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role, table
from verify.claims.figures import Table
from verify.claims.performer_vq.instances import Floats, attention, tokens
from verify.claims.performer_vq.output_rate import library_attention
from verify.claims.sources import PVQ_PERFORMER
from verify.evidence import Enclosure, Vacuous, at_least, exact, probability
from verify.methods import attention as methods
from verify.methods.random_features import draw_projections, log_prf_features


@role(
    "performer_vq.stabilised_attention", numbers="Q, K (n, d), V (n, d_v), W (m, d): arrays; causal=; outputs (n, d_v)"
)
def stabilised_attention(Q: Floats, K: Floats, V: Floats, W: Floats, *, causal: bool = False) -> Floats:
    """The common recipe that the next two claims refute: e^(w.x − |x|²/2 − max w.x) + 1e-4."""
    return library_attention(Q, K, V, W, epsilon=1e-4, causal=causal)


@mutant(
    "performer_vq.stabilised_attention", slip="taken for the pivot per feature without ε, which neither leaks nor pools"
)
def with_pivots(Q: Floats, K: Floats, V: Floats, W: Floats, *, causal: bool = False) -> Floats:
    return methods.linear_attention(log_prf_features(Q, W), log_prf_features(K, W), V, causal=causal)


@claim(
    id="performer_vq.linear-attention-forms.leak",
    title="A global maximum with ε leaks the future",
    statement=r"k_n \to 10\, k_n \implies \max_{i<n} |\Delta o_i| \ge 0.1",
    source=PVQ_PERFORMER.at("implementations"),
    role="performer_vq.stabilised_attention",
    evidence=Evidence.EXACT,
    region=at_least(
        0.1, because="a causal output must not change at all; 0.1 of values of unit variance is no rounding"
    ),
    cases=grid(n=(32,), d=(16,), m=(64,)),
    quantity="largest change of an earlier output",
    refutes="subtracting one maximum from all keys and adding ε leaves causal attention causal",
)
def epsilon_leaks(recipe: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K, V = tokens(rng, case.n, case.d, 4, 0.5)
    W = draw_projections(case.m, case.d, rng)
    moved = K.copy()
    moved[-1] *= 10
    before, after = (np.asarray(recipe(Q, k, V, W, causal=True)) for k in (K, moved))
    yield exact(float(np.nan_to_num(np.abs(before[:-1] - after[:-1]).max(), nan=0.0)))


@claim(
    id="performer_vq.linear-attention-forms.pooling",
    title="And at ordinary sizes it returns the mean of all values",
    statement=r"\Big(\tfrac1n \sum_i |\hat o_i - \bar v|^2\Big)^{1/2} < 10^{-3}, \qquad q, k \sim N(0, I_{16}),\; n = 512",
    source=PVQ_PERFORMER.at("implementations"),
    role="performer_vq.stabilised_attention",
    evidence=Evidence.STATISTICAL,
    region=at_least(0.5, because="typically means with probability at least one half: e^(−|k|²/2) is e⁻⁸ and the "
                                 "maximum of w.x takes another "
                    "e⁻¹⁶, so most features are 1e-10 beside ε = 1e-4; attention itself is off by more than 0.1"),
    cases=grid(setting=((1.0, 512), (1.5, 32))),
    quantity="probability of an RMS distance to the mean value below 1e-3",
    refutes="ε in the features only avoids division by zero",
)  # fmt: skip
def epsilon_pools(recipe: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    scale, n = case.setting

    def pooled(rng: np.random.Generator) -> bool:
        Q, K, V = tokens(rng, n, 16, 4, scale)
        distance = np.asarray(recipe(Q, K, V, draw_projections(64, 16, rng))) - V.mean(axis=0)
        return bool(np.sqrt(np.mean(distance**2)) < 1e-3)

    yield from probability(lambda rng, size: np.array([pooled(rng) for _ in range(size)]), rng, case.risk, first=64)


@table(of="performer_vq.linear-attention-forms.pooling")
def library_default() -> Table:
    """Mean relative error of the common recipe at d = 128, n = 24, m = 1024, orthogonal rows, N(0, 1) inputs."""
    rng = np.random.default_rng(9862)
    found: dict[str, list[float]] = {"recipe, ε = 1e-4": [], "recipe, ε = 0": [], "uniform pooling": []}
    for _ in range(8):
        Q, K, V = tokens(rng, 24, 128, 128, 128**-0.25)
        W, o = draw_projections(1024, 128, rng, coupling="orthogonal"), attention(Q, K, V)
        outputs = (
            library_attention(Q, K, V, W, epsilon=1e-4), library_attention(Q, K, V, W, epsilon=0.0),
            np.broadcast_to(V.mean(axis=0), V.shape),
        )  # fmt: skip
        for name, out in zip(found, outputs, strict=True):
            found[name].append(100 * float(np.linalg.norm(out - o) / np.linalg.norm(o)))
    rows = [(name, float(np.mean(values)), float(np.std(values))) for name, values in found.items()]
    if abs(rows[0][1] - rows[2][1]) > 5:
        raise Vacuous("the recipe is not uniform pooling here")
    return Table(
        "Mean relative error at a library's default, d = 128, n = 24, m = 1024",
        "With ε the output is that of uniform pooling; users reported 73 %. Without ε it is worse.",
        ("method", "error, %", "spread over 8 draws"),
        rows,
    )
