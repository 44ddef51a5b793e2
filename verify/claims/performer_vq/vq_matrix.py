"""Entry 10, the matrix of weights: one weight a code, a rank of as many; and inputs that have none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant
from verify.claims.performer_vq.instances import Floats, softmax_rows
from verify.claims.performer_vq.vq_identity import SOURCE
from verify.claims.sources import PVQ_KEYS
from verify.evidence import Enclosure, Vacuous, accepted, at_most, exact, exactly, gap
from verify.methods import vector_quantization as vq


@mutant("performer_vq.vq_attention", slip="attention over exact keys near the codewords, not over the codewords")
def residual_kept(Q: Floats, codes: Any, C: Floats, V: Floats, **how: Any) -> Floats:
    keys = C[codes] + 0.05 * np.sin(np.arange(len(codes) * C.shape[1]) ** 2).reshape(-1, C.shape[1])
    if how.get("causal"):
        return vq.vq_attention(Q, codes, C, V, **how)
    return np.asarray(softmax_rows(Q @ keys.T) @ V)


@claim(
    id="performer_vq.vq-attention-identity.weights",
    title="Keys of one code get one weight",
    statement=r"z_i = z_j \implies A_{ai} = A_{aj}",
    source=SOURCE,
    role="performer_vq.vq_attention",
    evidence=Evidence.EXACT,
    region=at_most(1e-15, because="weights are at most 1 and each is one weight of its code over its count: 4 eps"),
    cases=grid(n=(40,), c=(6, 60)),
    quantity="largest difference between weights of keys of one code",
)
def equal_weights(attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, C, codes = rng.normal(size=(7, 3)), rng.normal(size=(case.c, 3)), rng.integers(0, case.c, case.n)
    A = np.asarray(attention(Q, codes, C, np.eye(case.n)))
    same = codes[:, None] == codes
    if same.sum() <= case.n:
        raise Vacuous("no two keys share a code")
    apart = np.abs(A[:, :, None] - A[:, None, :])[:, same].max()
    away = gap(A.sum(axis=1), np.ones(len(Q)))
    yield exact(gap(apart, 0.0) + (0.0 if away < 1e-13 else np.inf))


@claim(
    id="performer_vq.vq-attention-identity.rank",
    title="The rank is at most the number of codes in use",
    statement=r"\mathrm{rank}\exp(Q \hat K^\top) \le |\{z_j\}|",
    source=PVQ_KEYS.at("linear attention"),
    role="performer_vq.vq_attention",
    evidence=Evidence.EXACT,
    region=at_most(
        1, because="there are only that many different columns; singular values below 1e-12 of the largest are rounding"
    ),
    cases=grid(c=(3, 10, 200)),
    quantity="rank of the 60 × 60 attention matrix over the codes in use",
)
def rank_of_codes(attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, C = rng.normal(size=(60, 8)), rng.normal(size=(case.c, 8))
    codes = rng.integers(0, case.c, 60)
    values = np.linalg.svd(np.asarray(attention(Q, codes, C, np.eye(60))), compute_uv=False)
    yield exact(int(np.sum(values > 1e-12 * values[0])) / len(np.unique(codes)))


@claim(
    id="performer_vq.vq-attention-identity.refusals",
    title="Codes, biases and shapes that do not fit are refused",
    statement=r"z_j \in \{0, \dots, c - 1\}, \qquad b \in \mathbb R^{L+1}",
    source=SOURCE,
    role="performer_vq.vq_attention",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="none of these has an answer"),
    quantity="bad inputs that were taken",
)
def bad_input_is_refused(attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    a, z = np.ones((4, 2)), np.array([0, 1, 0, 1])

    def asked(Q: Any, codes: Any, C: Any, V: Any, causal: bool, size: int, bias: Any) -> Any:
        return attention(Q, codes, C, V, causal=causal, block_size=size, bias=bias)

    values = [
        (a, z + 1, a[:2], a, False, 2, None), (a, z - 1, a[:2], a, False, 2, None), (a, z[:3], a, a, False, 2, None),
        (a, z, a * np.nan, a, False, 2, None), (a[:3], z, a, a, True, 2, None), (a, z, a, a, True, 0, None),
        (a, z, a, a, True, 2, np.zeros(2)), (a, z, a, a, False, 2, np.zeros(3)), (a, z[:0], a, a[:0], False, 2, None),
    ]  # fmt: skip
    types = [(a, z.astype(float), a, a, False, 2, None)]
    yield exact(accepted(asked, values, ValueError) + accepted(asked, types, TypeError))
