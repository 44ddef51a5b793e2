"""Entry 14, the linear forms: work in proportion to the text, and a state in place of its history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant
from verify.claims.performer_vq.cost import SOURCE
from verify.claims.performer_vq.counting import CellCounting, share
from verify.claims.performer_vq.instances import Floats
from verify.evidence import CountingArray, Enclosure, at_most, exact, peak_bytes, slope, within
from verify.methods import attention as methods
from verify.methods import vector_quantization as vq


@mutant("performer_vq.linear_attention", slip="an n × n matrix is formed")
def matrix_formed(lq: Floats, lk: Floats, V: Floats, *, causal: bool = False, block_size: int = 256) -> Floats:
    pivot = np.max(lk, axis=0)
    A = np.exp(lq + pivot - np.max(lq + pivot, axis=1, keepdims=True))
    weights = A @ np.exp(lk - pivot).T
    weights = np.tril(weights) if causal else weights
    return np.asarray((weights @ V) / np.sum(weights, axis=1, keepdims=True))


@mutant("performer_vq.linear_attention", slip="prefix sums of all tokens are kept: n × m × d_v numbers")
def all_prefix_sums(lq: Floats, lk: Floats, V: Floats, *, causal: bool = False, block_size: int = 256) -> Floats:
    if not causal:
        return methods.linear_attention(lq, lk, V)
    B = np.exp(lk - lk.max(axis=0))
    A = np.exp(lq + lk.max(axis=0) - (lq + lk.max(axis=0)).max(axis=1, keepdims=True))
    sums, masses = np.cumsum(B[:, :, None] * V[:, None, :], axis=0), np.cumsum(B, axis=0)
    return np.asarray(np.einsum("nm,nmv->nv", A, sums) / np.sum(A * masses, axis=1, keepdims=True))


@mutant("performer_vq.vq_attention", slip="the cache is computed from scratch for every block: n²/L keys are read")
def cache_recomputed(
    Q: Floats, codes: Any, C: Floats, V: Floats, *, causal: bool = False, block_size: int = 128, bias: Any = None
) -> Floats:
    if causal:
        for start in range(0, len(Q), block_size):
            vq.vq_attention(Q[:1], codes[: start + block_size], C, V[: start + block_size])
    return vq.vq_attention(Q, codes, C, V, causal=causal, block_size=block_size, bias=bias)


SIZES = (64, 128, 256, 512)
PROPORTIONAL = within(
    "0.999999",
    "1.000001",
    because="counts are exactly proportional to n where the block divides it; rounding of logarithms only",
)


@claim(
    id="performer_vq.linear-cost.features-linear",
    title="Attention through features does work in proportion to the text",
    statement=r"\frac{d \log(\text{multiply-adds})}{d \log n} = 1",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.RATE,
    region=PROPORTIONAL,
    cases=grid(causal=(False, True)),
    quantity="slope of log counted multiply-adds against log n",
)
def features_are_linear(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    work = []
    for n in SIZES:
        counts = {"multiply_adds": 0, "exps": 0}
        lq, lk, V = (CountingArray.of(rng.normal(size=(n, width)), counts) for width in (8, 8, 4))
        linear_attention(lq, lk, V, causal=case.causal, block_size=16)
        work.append(max(counts["multiply_adds"], 1))
    yield exact(slope(np.log(SIZES), np.log(work)))


@claim(
    id="performer_vq.linear-cost.codes-linear",
    title="So does attention over codes, with its cache",
    statement=r"\frac{d \log(\text{multiply-adds})}{d \log n} = 1",
    source=SOURCE,
    role="performer_vq.vq_attention",
    evidence=Evidence.RATE,
    region=PROPORTIONAL,
    cases=grid(causal=(False, True)),
    quantity="slope of log counted multiply-adds against log n",
)
def codes_are_linear(attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    work, C = [], rng.normal(size=(12, 6))
    for n in SIZES:
        counts = {"multiply_adds": 0, "exps": 0}
        Q, V = (CellCounting.of(rng.normal(size=(n, width)), counts) for width in (6, 4))
        attention(Q, np.arange(n) % 12, C, V, causal=case.causal, block_size=16)
        work.append(max(counts["multiply_adds"], 1))
    yield exact(slope(np.log(SIZES), np.log(work)))


@claim(
    id="performer_vq.linear-cost.memory",
    title="Causal attention through features keeps a state, not its history",
    statement=r"\text{peak} \le 8 \big(2 n d_v + 8 (L + d_v)(L + m) + 4 m d_v\big) + 2^{15} \text{ bytes}",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=at_most(
        1,
        because="the outputs, a handful of arrays of a block, two states and 32 kB of Python; all prefix sums, 8 n m d_v, or an "
        "n × n matrix would need seven times the allowance or more",
    ),
    cases=grid(n=(1024,), m=(32,), dv=(32,)).full(n=(1024, 4096)),
    quantity="peak of memory over the allowance",
)
def causal_memory(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, m, dv, L = case.n, case.m, case.dv, 64
    lq, lk, V = rng.normal(size=(n, m)), rng.normal(size=(n, m)), rng.normal(size=(n, dv))
    linear_attention(lq[:4], lk[:4], V[:4], causal=True)  # lazy imports are not its memory
    used = peak_bytes(lambda: linear_attention(lq, lk, V, causal=True, block_size=L))
    yield share(used, 8 * (2 * n * dv + 8 * (L + dv) * (L + m) + 4 * m * dv) + 2**15)
