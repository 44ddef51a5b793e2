"""Entry 14, the exact form: a tile of logits at a time, and the right answer across tiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.performer_vq.cost import SOURCE
from verify.claims.performer_vq.counting import share
from verify.claims.performer_vq.instances import Floats, causal_mask, softmax_rows
from verify.evidence import Enclosure, at_most, exact, gap, peak_bytes, worst
from verify.methods import attention as methods

role("performer_vq.softmax_attention", numbers="Q (n_q, d), K (n, d), V (n, d_v): arrays; causal=, bias=; outputs")(
    methods.softmax_attention
)


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
