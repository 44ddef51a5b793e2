"""Entry 14: what the forms cost, counted; timings stand in benchmarks/."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series, table
from verify.claims.figures import Table
from verify.claims.performer_vq.instances import Floats, causal_mask, softmax_rows
from verify.claims.sources import PVQ_RADII, PVQ_TRANSFORMER
from verify.evidence import CountingArray, Enclosure, at_most, exact, exactly, gap, peak_bytes, slope, within, worst
from verify.methods import attention as methods
from verify.methods import vector_quantization as vq
from verify.methods.random_features import log_prf_features

SOURCE = PVQ_TRANSFORMER.at("section 3.3")

role(
    "performer_vq.attention_op_count", numbers="kind, n, d, dv, m_or_c, block: a dictionary of multiply_adds and exps"
)(methods.attention_op_count)
role("performer_vq.softmax_attention", numbers="Q (n_q, d), K (n, d), V (n, d_v): arrays; causal=, bias=; outputs")(
    methods.softmax_attention
)
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


@mutant("performer_vq.softmax_attention", slip="all n_q × n logits are held at once")
def all_logits(Q: Floats, K: Floats, V: Floats, *, causal: bool = False, bias: Any = None) -> Floats:
    logits = Q @ K.T + (0 if bias is None else bias)
    return np.asarray(softmax_rows(causal_mask(logits) if causal else logits) @ V)


@mutant("performer_vq.softmax_attention", slip="a causal query does not see its own key")
def strictly_causal(Q: Floats, K: Floats, V: Floats, *, causal: bool = False, bias: Any = None) -> Floats:
    if not causal:
        return methods.softmax_attention(Q, K, V, bias=bias)
    earlier = np.where(np.tri(len(Q), k=-1) > 0, 0.0, -np.inf)
    earlier[0, 0] = 0.0
    return methods.softmax_attention(Q, K, V, bias=earlier if bias is None else earlier + bias)


@mutant("performer_vq.softmax_attention", slip="logits are exponentiated without subtracting their maximum")
def overflowing(Q: Floats, K: Floats, V: Floats, *, causal: bool = False, bias: Any = None) -> Floats:
    weights = np.exp(Q @ K.T + (0 if bias is None else bias))
    weights = np.tril(weights) if causal else weights
    return np.asarray(weights @ V / weights.sum(axis=1, keepdims=True))


class CellCounting(CountingArray):
    """Also counts the additions of `np.add.reduceat`, by which values are summed over the cells of a codebook."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc is np.add and method == "reduceat":
            self.counts["multiply_adds"] += np.asarray(inputs[0]).size
        return super().__array_ufunc__(ufunc, method, *inputs, **kwargs)

    def _child(self, result: Any) -> Any:
        if type(result) in (tuple, list):
            return type(result)(map(self._child, result))
        return CellCounting.of(result, self.counts) if isinstance(result, np.ndarray) else result


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


KINDS = ("dense", "prf", "vq", "prf_causal", "vq_causal")


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


SIZES = (64, 128, 256, 512)


@claim(
    id="performer_vq.linear-cost.features-linear",
    title="Attention through features does work in proportion to the text",
    statement=r"\frac{d \log(\text{multiply-adds})}{d \log n} = 1",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.RATE,
    region=within("0.999999", "1.000001", because="counts are exactly proportional to n where the block divides it; "
                                                  "rounding of logarithms only"),
    cases=grid(causal=(False, True)),
    quantity="slope of log counted multiply-adds against log n",
)  # fmt: skip
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
    region=within("0.999999", "1.000001", because="counts are exactly proportional to n where the block divides it; "
                                                  "rounding of logarithms only"),
    cases=grid(causal=(False, True)),
    quantity="slope of log counted multiply-adds against log n",
)  # fmt: skip
def codes_are_linear(attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    work, C = [], rng.normal(size=(12, 6))
    for n in SIZES:
        counts = {"multiply_adds": 0, "exps": 0}
        Q, V = (CellCounting.of(rng.normal(size=(n, width)), counts) for width in (6, 4))
        attention(Q, np.arange(n) % 12, C, V, causal=case.causal, block_size=16)
        work.append(max(counts["multiply_adds"], 1))
    yield exact(slope(np.log(SIZES), np.log(work)))


def share(bytes_used: int, allowed: int) -> Enclosure:
    return exact(Fraction(bytes_used, allowed))


@claim(
    id="performer_vq.linear-cost.memory",
    title="Causal attention through features keeps a state, not its history",
    statement=r"\text{peak} \le 8 \big(2 n d_v + 8 (L + d_v)(L + m) + 4 m d_v\big) + 2^{15} \text{ bytes}",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=at_most(1, because="the outputs, a handful of arrays of a block, two states and 32 kB of Python; all "
                              "prefix sums would need 8 n m d_v, "
                   "twenty times as much, and an n × n matrix twice"),
    cases=grid(n=(1024,), m=(32,), dv=(32,)).full(n=(1024, 4096)),
    quantity="peak of memory over the allowance",
)  # fmt: skip
def causal_memory(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, m, dv, L = case.n, case.m, case.dv, 64
    lq, lk, V = rng.normal(size=(n, m)), rng.normal(size=(n, m)), rng.normal(size=(n, dv))
    linear_attention(lq[:4], lk[:4], V[:4], causal=True)  # lazy imports are not its memory
    used = peak_bytes(lambda: linear_attention(lq, lk, V, causal=True, block_size=L))
    yield share(used, 8 * (2 * n * dv + 8 * (L + dv) * (L + m) + 4 * m * dv) + 2**15)


@claim(
    id="performer_vq.linear-cost.exact-memory",
    title="Exact attention holds a tile of logits, never all of them",
    statement=r"\text{peak} \le 8 \cdot 2 n d_v + 3 \cdot 8 \cdot 256 \cdot 512 + 2^{18} \text{ bytes}",
    source=SOURCE,
    role="performer_vq.softmax_attention",
    evidence=Evidence.EXACT,
    region=at_most(
        1,
        because="the outputs, three arrays of one tile of 256 × 512 logits, sums of a block; all logits of 2048 tokens need 33 MB, "
        "ten times as much",
    ),
    cases=grid(n=(2048,)),
    quantity="peak of memory over the allowance",
)
def exact_memory(attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K, V = (rng.normal(size=(case.n, 4)) for _ in range(3))
    attention(Q[:4], K[:4], V[:4])
    yield share(peak_bytes(lambda: attention(Q, K, V)), 16 * case.n * 4 + 3 * 8 * 256 * 512 + 2**18)


@claim(
    id="performer_vq.linear-cost.exact-value",
    title="And is exact, with masks and biases, across its blocks",
    statement=r"o_i = \sum_j \mathrm{softmax}_j(q_i\cdot k_j + b_{ij})\, v_j",
    source=SOURCE,
    role="performer_vq.softmax_attention",
    evidence=Evidence.EXACT,
    region=at_most(
        32,
        because="a logit of size L rounds by some 4 eps L on either side, sums of 1100 positive weights by 30 eps if roundings "
        "are independent; larger logits would overflow without their maximum",
    ),
    cases=grid(n=(7, 600), scale=(1.0, 12.0), form=("all", "causal", "bias")).full(n=(1, 7, 256, 257, 600, 1100)),
    quantity="largest error in units of eps (1 + max |logit|) max |V|",
)
def exact_value(attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K, V = (
        case.scale * rng.normal(size=(case.n, 8)),
        case.scale * rng.normal(size=(case.n, 8)),
        rng.normal(size=(case.n, 3)),
    )
    bias = np.where(rng.random((case.n, case.n)) < 0.3, -np.inf, rng.normal(size=(case.n, case.n)))
    np.fill_diagonal(bias, 0.0)  # a query keeps one key at least
    logits = Q @ K.T + (bias if case.form == "bias" else 0.0)
    forms: dict[str, dict[str, Any]] = {"all": {}, "causal": {"causal": True}, "bias": {"bias": bias}}
    truth = softmax_rows(causal_mask(logits) if case.form == "causal" else logits) @ V
    unit = np.finfo(float).eps * (1 + np.abs(Q @ K.T).max()) * np.abs(V).max()
    yield worst([exact(gap(attention(Q, K, V, **forms[case.form]), truth) / unit)])


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
        "Quantised keys with c = 512 do an eighth of the work at 8k tokens and a thirtieth at 32k; reported speed-ups are 3 and 12.",
        ("tokens", "dense", "features, m = 256", "codes, c = 512", "codes, causal", "dense over causal codes"),
        rows,
    )
