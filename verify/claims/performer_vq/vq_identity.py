"""Entry 10: attention over quantised keys is attention over codes, token by token and block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.performer_vq.instances import Floats, causal_mask, softmax_rows
from verify.claims.sources import PVQ_KEYS, PVQ_TRANSFORMER
from verify.evidence import Enclosure, at_most, exact, gap
from verify.methods import vector_quantization as vq

SOURCE = PVQ_TRANSFORMER.at("theorem 3.7")
role(
    "performer_vq.vq_attention",
    numbers="Q (n_q, d), codes (n,), C (c, d), V (n, d_v): arrays; causal=, block_size=, bias=; outputs",
)(vq.vq_attention)


def cell_table(codes: Any, V: Floats, c: int) -> tuple[Floats, Floats]:
    """(counts (c,), sums of values (c, d_v)) through a one-hot matrix."""
    cells = np.eye(c)[codes]
    return cells.sum(axis=0), cells.T @ V


def by_cells(Q: Floats, C: Floats, level: Floats, means: Floats) -> Floats:
    return np.asarray(softmax_rows(Q @ C.T + level) @ means)


@mutant("performer_vq.vq_attention", slip="log n is omitted: every code counts once")
def counts_omitted(Q: Floats, codes: Any, C: Floats, V: Floats, **how: Any) -> Floats:
    if how.get("causal"):
        return vq.vq_attention(Q, codes, C, V, **how)
    counts, sums = cell_table(codes, V, len(C))
    used = counts > 0
    return by_cells(Q, C[used], np.zeros(used.sum()), sums[used] / counts[used, None])


@mutant("performer_vq.vq_attention", slip="an empty code gets the bias 0 and poisons the row with its mean, 0")
def empty_code_counts(Q: Floats, codes: Any, C: Floats, V: Floats, **how: Any) -> Floats:
    if how.get("causal"):
        return vq.vq_attention(Q, codes, C, V, **how)
    counts, sums = cell_table(codes, V, len(C))
    filled = np.maximum(counts, 1)
    return by_cells(Q, C, np.log(filled), sums / filled[:, None])


@mutant("performer_vq.vq_attention", slip="sums in place of means, with log n kept")
def sums_for_means(Q: Floats, codes: Any, C: Floats, V: Floats, **how: Any) -> Floats:
    if how.get("causal"):
        return vq.vq_attention(Q, codes, C, V, **how)
    counts, sums = cell_table(codes, V, len(C))
    with np.errstate(divide="ignore"):
        return by_cells(Q, C, np.log(counts), sums)


def causal_with(Q: Floats, codes: Any, C: Floats, V: Floats, size: int, visible: Any, lags: Any = None) -> Floats:
    """Causal attention over C[codes] where visible(i block, j block) says which earlier blocks are seen."""
    n = len(Q)
    block = np.arange(n) // size
    logits = Q @ C[codes].T
    lag = np.arange(n)[:, None] - np.arange(n)
    if lags is not None:
        logits = logits + lags(lag)
    seen = (lag >= 0) & ((block[:, None] == block) | visible(block[:, None], block))
    return np.asarray(softmax_rows(np.where(seen, logits, -np.inf)) @ V)


@mutant("performer_vq.vq_attention", slip="the cache is read one block late: the exclusive sum, as printed")
def cache_one_block_late(
    Q: Floats, codes: Any, C: Floats, V: Floats, *, causal: bool = False, block_size: int = 128, bias: Any = None
) -> Floats:
    if not causal or bias is not None:
        return vq.vq_attention(Q, codes, C, V, causal=causal, block_size=block_size, bias=bias)
    return causal_with(Q, codes, C, V, block_size, lambda i, j: j < i - 1)


@mutant("performer_vq.vq_attention", slip="the cache already holds the current block, whose keys count twice")
def cache_one_block_early(
    Q: Floats, codes: Any, C: Floats, V: Floats, *, causal: bool = False, block_size: int = 128, bias: Any = None
) -> Floats:
    if not causal or bias is not None:
        return vq.vq_attention(Q, codes, C, V, causal=causal, block_size=block_size, bias=bias)
    n, block = len(Q), np.arange(len(Q)) // block_size
    weights = np.tril(np.ones((n, n))) + (block[:, None] == block)
    with np.errstate(divide="ignore"):
        return np.asarray(softmax_rows(Q @ C[codes].T + np.log(weights)) @ V)


@mutant("performer_vq.vq_attention", slip="the bias of the largest lag is applied beyond the window")
def bias_beyond_window(
    Q: Floats, codes: Any, C: Floats, V: Floats, *, causal: bool = False, block_size: int = 128, bias: Any = None
) -> Floats:
    if bias is None:
        return vq.vq_attention(Q, codes, C, V, causal=causal, block_size=block_size)
    everything = np.ones((1, 1), bool)
    return causal_with(
        Q, codes, C, V, block_size, lambda i, j: everything, lambda lag: np.asarray(bias)[np.clip(lag, 0, block_size)]
    )


@mutant("performer_vq.vq_attention", slip="single precision presented as double")
def single_precision(Q: Floats, codes: Any, C: Floats, V: Floats, **how: Any) -> Floats:
    small = (np.asarray(x, np.float32) for x in (Q, C, V))
    q, book, v = small
    return np.asarray(vq.vq_attention(q, codes, book, v, **how), np.float64)


@mutant("performer_vq.vq_attention", slip="codes outside the book wrap around")
def codes_wrap(Q: Floats, codes: Any, C: Floats, V: Floats, **how: Any) -> Floats:
    return vq.vq_attention(Q, np.asarray(codes).astype(int) % len(C), C, V, **how)


@equivalent("performer_vq.vq_attention", because="the codewords may be numbered in any order")
def renumbered(Q: Floats, codes: Any, C: Floats, V: Floats, **how: Any) -> Floats:
    codes = np.asarray(codes)
    if codes.dtype.kind in "iu" and ((codes >= 0) & (codes < len(C))).all():
        codes = len(C) - 1 - codes
    return vq.vq_attention(Q, codes, C[::-1], V, **how)


SIZES = ((37, 5, 3, 4, 8), (200, 16, 8, 5, 32), (130, 300, 6, 2, 64), (1, 1, 1, 1, 1))
ALL_SIZES = (*SIZES, (1, 7, 2, 3, 4), (50, 1, 4, 4, 7), (64, 8, 16, 16, 64), (301, 40, 5, 3, 10), (90, 12, 3, 2, 200))
ROUNDINGS = (
    "a logit of size L rounds by d eps L on either side, d ≤ 16, if roundings are independent by 4 eps L; sums of at most 301 "
    "positive weights and the running means add 16 eps; float32 likewise: below 32 units"
)


def instance(case: Case, rng: np.random.Generator) -> tuple[Floats, Any, Floats, Floats, int]:
    """(Q, codes, C, V, block): any codes, not the nearest; some codes empty."""
    n, c, d, d_v, size = case.size
    Q, C, V = rng.normal(size=(n, d)), rng.normal(size=(c, d)) * case.scale, rng.normal(size=(n, d_v))
    return Q, rng.integers(0, c, n), C, V, size


def unit(Q: Floats, C: Floats, V: Floats, dtype: Any) -> float:
    return float(np.finfo(dtype).eps * (1 + np.abs(Q @ C.T).max()) * np.abs(V).max())


GRID = grid(size=SIZES, scale=(1, 100), dtype=("float64", "float32")).full(size=ALL_SIZES, scale=(1, 10, 100))


def judged(attention: Any, case: Case, rng: np.random.Generator, logits_of: Any, **how: Any) -> Enclosure:
    """The error of an answer, in units, against plain softmax attention over C[codes]."""
    Q, codes, C, V, size = instance(case, rng)
    Q, C, V = (x.astype(case.dtype) for x in (Q, C, V))
    if how.get("causal"):
        how["block_size"] = size
    if "bias" in how:
        how["bias"] = how["bias"](size)
    found = np.asarray(attention(Q, codes, C, V, **how))
    Q, C, V = (x.astype(float) for x in (Q, C, V))
    truth = softmax_rows(logits_of(Q @ C[codes].T, how.get("bias"))) @ V
    return exact(gap(found, truth) / unit(Q, C, V, case.dtype) if found.dtype == case.dtype else np.inf)


@claim(
    id="performer_vq.vq-attention-identity",
    title="Attention over quantised keys is attention over codes, with log n as bias",
    statement=r"\mathrm{softmax}(Q \hat K^\top) V = \mathrm{softmax}(Q C^\top + \log n)\, \bar V, \qquad \hat K = C_z",
    source=SOURCE,
    role="performer_vq.vq_attention",
    evidence=Evidence.EXACT,
    region=at_most(32, because=ROUNDINGS),
    cases=GRID,
    quantity="largest error in units of eps (1 + max |QCᵀ|) max |V|",
)
def all_keys(attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield judged(attention, case, rng, lambda logits, bias: logits)


@claim(
    id="performer_vq.vq-attention-identity.causal",
    title="Causally, block by block with a cache, for every block size",
    statement=r"o_i = \mathrm{softmax}(q_i \hat K_{\le i}^\top) V_{\le i}, \qquad U_b = U_{b-1} + \Delta_{[b]}^\top V_{[b]}",
    source=PVQ_KEYS.at("the recursion of the cache"),
    role="performer_vq.vq_attention",
    evidence=Evidence.EXACT,
    region=at_most(32, because=ROUNDINGS),
    cases=GRID,
    quantity="largest error in units of eps (1 + max |QCᵀ|) max |V|",
)
def causal_blocks(attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield judged(attention, case, rng, lambda logits, bias: causal_mask(logits), causal=True)


@claim(
    id="performer_vq.vq-attention-identity.bias",
    title="And with a bias on the nearest lags",
    statement=r"B_{ij} = b_{i-j} \;(0 \le i - j \le L), \quad -\infty \;(i < j), \quad 0 \;(i - j > L)",
    source=PVQ_KEYS.at("the condition on the bias, reversed in print"),
    role="performer_vq.vq_attention",
    evidence=Evidence.EXACT,
    region=at_most(32, because=ROUNDINGS),
    cases=GRID,
    quantity="largest error in units of eps (1 + max |QCᵀ|) max |V|",
)
def causal_with_bias(attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def biased(logits: Floats, bias: Floats) -> Floats:
        lag = np.arange(len(logits))[:, None] - np.arange(len(logits))
        return causal_mask(logits + np.where((lag >= 0) & (lag < len(bias)), bias[np.clip(lag, 0, len(bias) - 1)], 0))

    def lags(size: int) -> Any:
        return np.cos(np.arange(size + 1)).astype(case.dtype).astype(float) * 0.9

    yield judged(attention, case, rng, biased, causal=True, bias=lags)


@figure(of="performer_vq.vq-attention-identity")
def error_against_scale() -> Figure:
    scales = (1, 3, 10, 30, 100, 300)
    rng = np.random.default_rng(9862)
    errors: dict[str, list[float]] = {"all keys": [], "causal, blocks of 32": []}
    bounds = []
    for scale in scales:
        Q, codes, C, V, size = instance(Case({"size": (200, 16, 8, 5, 32), "scale": scale}), rng)
        logits = Q @ C[codes].T
        errors["all keys"].append(max(gap(vq.vq_attention(Q, codes, C, V), softmax_rows(logits) @ V), 1e-17))
        causal = vq.vq_attention(Q, codes, C, V, causal=True, block_size=size)
        errors["causal, blocks of 32"].append(max(gap(causal, softmax_rows(causal_mask(logits)) @ V), 1e-17))
        bounds.append(32 * unit(Q, C, V, float))
    return Figure(
        "Error of VQ attention against plain attention over the codewords",
        "Both forms stay some roundings of the logits away from the quadratic form.",
        "scale of the codewords",
        "largest error",
        (
            *(series(name, scales, values, kind="dots") for name, values in errors.items()),
            series("allowed", scales, bounds, kind="dashed"),
        ),
        x_log=True,
        y_log=True,
    )
