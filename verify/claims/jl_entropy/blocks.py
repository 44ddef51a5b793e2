"""Entry 8, third part: the entropy of attention by blocks of keys, in memory for one block."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.sources import JL_SCALE
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, peak_bytes
from verify.methods import softmax_entropy as se

role("jl_entropy.attention_entropy", numbers="Q (m, d), K (n, d), scale: float or (m,); entropies (m,)")(
    se.attention_entropy
)


@mutant("jl_entropy.attention_entropy", slip="causal off by one: a query does not see its own key")
def own_key_hidden(Q: Any, K: Any, scale: Any, *, block: int = 512, causal: bool = False) -> Any:
    scores = np.asarray(scale).reshape(-1, 1) * (Q @ K.T)
    if causal:
        scores[np.arange(len(K)) >= np.maximum(np.arange(len(Q)), 1)[:, None]] = -np.inf
    return se.softmax_entropy(scores)


@mutant("jl_entropy.attention_entropy", slip="one scale for all queries, that of the first")
def first_scale(Q: Any, K: Any, scale: Any, *, block: int = 512, causal: bool = False) -> Any:
    return se.attention_entropy(Q, K, float(np.ravel(scale)[0]), block=block, causal=causal)


@mutant("jl_entropy.attention_entropy", slip="all scores at once")
def dense_scores(Q: Any, K: Any, scale: Any, *, block: int = 512, causal: bool = False) -> Any:
    scores = np.asarray(scale).reshape(-1, 1) * (Q @ K.T)
    if causal:
        scores[np.arange(len(K)) > np.arange(len(Q))[:, None]] = -np.inf
    return se.softmax_entropy(scores)


@mutant("jl_entropy.attention_entropy", slip="the last, incomplete block of keys is dropped")
def whole_blocks_only(Q: Any, K: Any, scale: Any, *, block: int = 512, causal: bool = False) -> Any:
    return se.attention_entropy(Q, K[: max(1, len(K) // block) * block], scale, block=block, causal=causal)


@claim(
    id="jl_entropy.softmax-entropy-kernel.attention",
    title="Attention in blocks of keys has the entropy of the whole row",
    statement=r"H_i = H\big(\operatorname{softmax}(\lambda_i\, q_i K^\top)\big)",
    source=JL_SCALE.at("the scale of attention"),
    role="jl_entropy.attention_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="scores of size 40 from products of 16 terms carry 16 · 40 u = 7e-14, and an "
        "entropy moves by its gap times that",
    ),
    cases=grid(block=(1, 7, 512), causal=(False, True), n=(300,)).full(n=(300, 3000)),
    quantity="largest |difference| to dense rows",
)
def attention_in_blocks(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    m, d = 300, 16
    Q, K, scale = rng.normal(size=(m, d)), rng.normal(size=(case.n, d)), rng.uniform(0.1, 3, m)
    scores = scale[:, None] * (Q @ K.T)
    if case.causal:
        scores[np.arange(case.n) > np.arange(m)[:, None]] = -np.inf
    yield exact(gap(entropy(Q, K, scale, block=case.block, causal=case.causal), se.softmax_entropy(scores)))


@claim(
    id="jl_entropy.softmax-entropy-kernel.memory",
    title="It needs memory for a block of scores, however many keys there are",
    statement=r"\text{peak} \le 4\,\text{MiB} \qquad (m = 64,\ n = 2 \cdot 10^4 \ldots 10^6)",
    source=JL_SCALE.at("the scale of attention"),
    role="jl_entropy.attention_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1,
        because="64 queries meet 2048 keys at a time: 1 MiB of scores and 1 MiB of exponentials; all would be 10 MB and more",
    ),
    cases=grid(n=(20_000,)).full(n=(20_000, 10**6)),
    quantity="peak of memory over 4 MiB",
)
def attention_memory(entropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K = rng.normal(size=(64, 16)), rng.normal(size=(case.n, 16))
    entropy(Q, K[:600], 0.25)  # lazy imports are not the method's memory
    if 8 * 64 * case.n < 2**23:
        raise Vacuous("all scores would fit as well")
    yield exact(Fraction(peak_bytes(entropy, Q, K, 0.25), 2**22))
