"""Entry 14: what the forms cost, counted; timings stand in benchmarks/."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series, table
from verify.claims.figures import Table
from verify.claims.performer_vq.counting import CellCounting
from verify.claims.sources import PVQ_RADII, PVQ_TRANSFORMER
from verify.evidence import Enclosure, exact, exactly
from verify.methods import attention as methods
from verify.methods import vector_quantization as vq
from verify.methods.attention.cost import KINDS
from verify.methods.random_features import log_prf_features

SOURCE = PVQ_TRANSFORMER.at("section 3.3")
role(
    "performer_vq.attention_op_count", numbers="kind, n, d, dv, m_or_c, block: a dictionary of multiply_adds and exps"
)(methods.attention_op_count)
Counts = dict[str, int]


@mutant("performer_vq.attention_op_count", slip="queries have features, keys are forgotten: n m (d + dv)")
def one_side(kind: str, n: int, d: int, dv: int, m_or_c: int, block: int | None = None) -> Counts:
    counts = methods.attention_op_count(kind, n, d, dv, m_or_c, block)  # type: ignore[arg-type]
    return {name: value // 2 for name, value in counts.items()} if kind == "prf" else counts


@mutant("performer_vq.attention_op_count", slip="the sums of values over codes are left out")
def without_value_sums(kind: str, n: int, d: int, dv: int, m_or_c: int, block: int | None = None) -> Counts:
    counts = methods.attention_op_count(kind, n, d, dv, m_or_c, block)  # type: ignore[arg-type]
    return counts | {"multiply_adds": counts["multiply_adds"] - n * dv} if kind.startswith("vq") else counts


@mutant("performer_vq.attention_op_count", slip="causal blocks come for nothing")
def blocks_for_nothing(kind: str, n: int, d: int, dv: int, m_or_c: int, block: int | None = None) -> Counts:
    return methods.attention_op_count(kind.removesuffix("_causal"), n, d, dv, m_or_c)  # type: ignore[arg-type]


@mutant("performer_vq.attention_op_count", slip="dense attention with half of its pairs, as if it were causal")
def half_of_pairs(kind: str, n: int, d: int, dv: int, m_or_c: int, block: int | None = None) -> Counts:
    counts = methods.attention_op_count(kind, n, d, dv, m_or_c, block)  # type: ignore[arg-type]
    return {name: value // 2 for name, value in counts.items()} if kind == "dense" else counts


def counted(kind: str, n: int, d: int, dv: int, size: int, block: int) -> Counts:
    """What the methods really do, from Q, K and V on."""
    rng = np.random.default_rng(9862)
    counts = {"multiply_adds": 0, "exps": 0}
    Q, K, V = (CellCounting.of(rng.normal(size=(n, width)), counts) for width in (d, d, dv))
    book = rng.normal(size=(size, d))
    causal = kind.endswith("_causal")
    if kind == "dense":
        methods.softmax_attention(Q, K, V)
    elif kind.startswith("prf"):
        methods.linear_attention(
            log_prf_features(Q, book), log_prf_features(K, book), V, causal=causal, block_size=block
        )
    else:
        codes, _ = vq.vq_assign(K, book)
        vq.vq_attention(Q, codes, book, V, causal=causal, block_size=block)
    return counts


@claim(
    id="performer_vq.linear-cost",
    title="Counted operations are those of the formulas",
    statement=r"n^2 (d + d_v), \quad 2nm(d + d_v), \quad 2ncd + nc\,d_v + n\,d_v; \qquad \text{causal: } + nL(m + "
    r"d_v), \; + nL(d + d_v)",
    source=SOURCE,
    role="performer_vq.attention_op_count",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0, because="integers, counted by arrays that count; n ≤ 512, where exact attention has one block of keys"
    ),
    cases=grid(kind=KINDS, n=(64, 300), block=(16, 300)).full(n=(1, 64, 300, 512), block=(16, 100, 300)),
    quantity="multiply-adds and exps that differ from the formula",
)
def counts_are_formulas(op_count: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    formula = op_count(case.kind, case.n, 6, 5, 12, case.block)
    found = counted(case.kind, case.n, 6, 5, 12, case.block)
    yield exact(sum(abs(formula[name] - found[name]) for name in found))


@claim(
    id="performer_vq.linear-cost.break-even",
    title="Random features and dense attention break even at n = 2m, whatever the dimensions",
    statement=r"2nm(d + d_v) = n^2(d + d_v) \iff n = 2m",
    source=PVQ_RADII.at("beyond 5000 tokens"),
    role="performer_vq.attention_op_count",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both counts are integers, equal or not"),
    cases=grid(m=(16, 256), d=(8, 64), dv=(8, 128)),
    quantity="multiply-adds of features minus those of dense attention at n = 2m",
    refutes="attention through random features is of advantage beyond some 5000 tokens only",
)
def break_even(op_count: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    prf, dense = (op_count(kind, 2 * case.m, case.d, case.dv, case.m)["multiply_adds"] for kind in ("prf", "dense"))
    yield exact(int(prf) - int(dense))


@figure(of="performer_vq.linear-cost")
def counts_against_length() -> Figure:
    n = 2 ** np.arange(6, 16)
    names = {
        "dense": "dense",
        "prf": "random features, m = 256",
        "vq": "codes, c = 256",
        "vq_causal": "codes, causal, L = 128",
    }
    curves = [
        series(name, n, [methods.attention_op_count(kind, int(x), 64, 64, 256, 128)["multiply_adds"] for x in n])  # type: ignore[arg-type]
        for kind, name in names.items()
    ]
    return Figure(
        "Multiply-adds of the forms, d = d_v = 64",
        "Dense attention is quadratic, the others are linear; with 256 features they break even at 512 tokens.",
        "tokens n",
        "multiply-adds",
        (*curves, series("n = 2m", (512.0,), kind="vline")),
        x_log=True,
        y_log=True,
    )


@table(of="performer_vq.linear-cost.break-even")
def counts_at_sizes() -> Table:
    rows = []
    for n in (512, 2048, 8192, 32_768):
        counts = [methods.attention_op_count(kind, n, 64, 64, size, 128)["multiply_adds"] / 1e9  # type: ignore[arg-type]
                  for kind, size in (("dense", 1), ("prf", 256), ("vq", 512), ("vq_causal", 512))]  # fmt: skip
        rows.append((n, *counts, counts[0] / counts[3]))
    return Table(
        "Thousand millions of multiply-adds, d = d_v = 64",
        "Quantised keys with c = 512 do a ninth of the work at 8k tokens and below a thirtieth at 32k; reported are 3 and 12.",
        ("tokens", "dense", "features, m = 256", "codes, c = 512", "codes, causal", "dense over causal codes"),
        rows,
    )
