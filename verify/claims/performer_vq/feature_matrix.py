"""Entry 9, the matrix of weights: convex rows, the scalings that it ignores, its rank; and inputs that have none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid
from verify.claims.performer_vq.forms import SOURCE
from verify.claims.performer_vq.instances import Floats
from verify.claims.performer_vq.log_features import log_features, roundings
from verify.claims.sources import PVQ_ARTICLE
from verify.evidence import Enclosure, accepted, answered, at_most, exact, exactly, gap
from verify.methods.random_features import draw_projections, log_prf_features


@claim(
    id="performer_vq.linear-attention-forms.convex",
    title="Outputs are convex combinations of the values",
    statement=r"\min_j v_j \le o_i \le \max_j v_j",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="weights are quotients of sums of at most 64 · 24 positive terms, which round by √1536 = 39 eps if roundings are "
        "independent: twice that of max |V| < 4 is 7e-14",
    ),
    cases=grid(n=(7, 64), m=(24,), scale=(1, 30, 1000), causal=(False, True)),
    quantity="how far an output leaves the range of the values",
)
def outputs_are_convex(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk, V = log_features(rng, case)
    out = np.asarray(linear_attention(lq, lk, V, causal=case.causal))
    yield exact(gap(np.clip(out, V.min(axis=0), V.max(axis=0)), out))


@claim(
    id="performer_vq.linear-attention-forms.rescalings",
    title="A factor per query, per feature or for all keys changes nothing",
    statement=r"\ell(q_a) + c_a + f, \;\; \ell(k_j) - f + c \;\text{ give the same outputs}",
    source=PVQ_ARTICLE.at("normalising the key's features"),
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=at_most(64, because="two results, each within 32 units of the exact one"),
    cases=grid(n=(30,), m=(24,), scale=(1, 30)),
    quantity="largest change in the same units",
)
def allowed_rescalings(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk, V = log_features(rng, case)
    feature, query = 50 * rng.normal(size=case.m), 50 * rng.normal(size=(case.n, 1))
    scaled = lq + query + feature, lk - feature + 17.0
    unit = max(roundings(lq, lk, V, float), roundings(*scaled, V, float))
    yield exact(gap(linear_attention(lq, lk, V), linear_attention(*scaled, V)) / unit)


@claim(
    id="performer_vq.linear-attention-forms.rank",
    title="Features bound the rank of attention",
    statement=r"\mathrm{rank}\, A \le m",
    source=PVQ_ARTICLE.at("the remark on rank"),
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=at_most(
        1,
        because="a product of n × m and m × n factors; singular values below 1e-12 of the largest are rounding, of size n eps",
    ),
    cases=grid(m=(4, 16, 32)),
    quantity="rank of the 64 × 64 attention matrix over m",
)
def rank_is_bounded(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk = (log_prf_features(rng.normal(size=(64, 8)), W) for W in [draw_projections(case.m, 8, rng)] * 2)
    values = np.linalg.svd(answered(linear_attention(lq, lk, np.eye(64))), compute_uv=False)
    yield exact(int(np.sum(values > 1e-12 * values[0])) / case.m)


@claim(
    id="performer_vq.linear-attention-forms.causal-rank",
    title="Masking removes the bottleneck: the causal matrix has full rank",
    statement=r"\mathrm{rank}\, \mathrm{tril}(A) = n",
    source=PVQ_ARTICLE.at("the remark on rank"),
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=exactly(0, because="a triangular matrix has full rank if and only if its diagonal has no zero"),
    cases=grid(m=(4, 32)),
    quantity="zeros on the diagonal and entries above it",
)
def causal_rank_is_full(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk = (log_prf_features(rng.normal(size=(64, 8)), W) for W in [draw_projections(case.m, 8, rng)] * 2)
    A = np.asarray(linear_attention(lq, lk, np.eye(64), causal=True, block_size=16))
    yield exact(int(np.sum(~(np.diagonal(A) > 0))) + int(np.sum(np.triu(A, 1) != 0)))


@claim(
    id="performer_vq.linear-attention-forms.refusals",
    title="Inputs that do not fit together are refused",
    statement=r"\ell^Q \in \mathbb R^{n_q \times m},\; \ell^K \in \mathbb R^{n \times m},\; V \in \mathbb R^{n \times d_v}",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="none of these has an answer"),
    quantity="bad inputs that were taken",
)
def bad_input_is_refused(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    a, nan = np.zeros((3, 2)), np.full((3, 2), np.nan)

    def asked(lq: Floats, lk: Floats, V: Floats, causal: bool, size: int) -> Any:
        return linear_attention(lq, lk, V, causal=causal, block_size=size)

    bad = [
        (a, np.zeros((3, 4)), a, False, 2), (a, a, np.zeros((4, 2)), False, 2), (a, nan, a, False, 2), (nan, a, a, True, 2),
        (a, a, nan, False, 2), (a, a[:2], a[:2], True, 2), (a, a, a, True, 0), (a[:0], a, a, False, 2), (a, a[:0], a[:0], False, 2),
    ]  # fmt: skip
    yield exact(accepted(asked, bad, ValueError))
