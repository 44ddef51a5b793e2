"""Entry 9, causality: what comes later changes no earlier output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid
from verify.claims.performer_vq.forms import SOURCE
from verify.claims.performer_vq.log_features import log_features, roundings
from verify.evidence import Enclosure, at_most, exact, exactly, gap


@claim(
    id="performer_vq.linear-attention-forms.causal",
    title="The recurrence knows nothing of later tokens, to the last bit",
    statement=r"\frac{\partial o_i}{\partial (k_j, v_j)} = 0, \qquad j > i",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=exactly(0, because="block_size = 1 computes output i before it reads token i + 1"),
    cases=grid(n=(7, 40), m=(24,), scale=(1, 30)),
    quantity="largest change of an earlier output",
)
def later_tokens_do_not_matter(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk, V = log_features(rng, case)
    moved_k, moved_V = lk.copy(), V.copy()
    moved_k[-1] *= 1000
    moved_V[-1] += 7
    before, after = (linear_attention(lq, k, v, causal=True, block_size=1) for k, v in ((lk, V), (moved_k, moved_V)))
    yield exact(gap(np.asarray(before)[:-1], np.asarray(after)[:-1]))


@claim(
    id="performer_vq.linear-attention-forms.causal-blocks",
    title="Nor do blocks, beyond rounding, even if the last key is a thousand times larger",
    statement=r"o_i \text{ unchanged for } i < n \text{ as } \ell(k_n) \to 1000\, \ell(k_n)",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=at_most(64, because="two results, each within 32 units of the exact one"),
    cases=grid(n=(64,), m=(24,), scale=(1, 30), block=(16, 300), sign=(1, -1)),
    quantity="largest change of an earlier output in the same units",
)
def blocks_do_not_leak(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk, V = log_features(rng, case)
    moved = lk.copy()
    moved[-1] = case.sign * 1000 * np.abs(lk[-1])
    before, after = (linear_attention(lq, k, V, causal=True, block_size=case.block) for k in (lk, moved))
    yield exact(gap(np.asarray(before)[:-1], np.asarray(after)[:-1]) / roundings(lq, moved, V, float))
