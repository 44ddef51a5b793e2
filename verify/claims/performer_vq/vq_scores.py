"""Entry 11, the scores: their error is a distance in the metric of the queries, not of the keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, mutant, role
from verify.claims.performer_vq.instances import Floats
from verify.claims.performer_vq.vq_bounds import SOURCE
from verify.claims.sources import PVQ_KEYS
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, within
from verify.methods import vector_quantization as vq


@role("performer_vq.score_error", numbers="k, c (d,), Sigma (d, d): arrays; a float")
def score_error(k: Floats, c: Floats, Sigma: Floats) -> float:
    """E (q.(k − c))² for queries with second moment Sigma: (k − c)ᵀ Sigma (k − c)."""
    return float((k - c) @ Sigma @ (k - c))


@mutant("performer_vq.score_error", slip="the squared Euclidean distance, whatever the queries")
def euclidean(k: Floats, c: Floats, Sigma: Floats) -> float:
    return float((k - c) @ (k - c))


@claim(
    id="performer_vq.vq-error-bounds.metric",
    title="The error of scores is a distance in the metric of the queries",
    statement=r"\mathbb E\, (q\cdot(k - \hat k))^2 = (k - \hat k)^\top \Sigma (k - \hat k), \qquad \Sigma = \mathbb E\, q q^\top",
    source=SOURCE,
    role="performer_vq.score_error",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="a mean over all 2ᵈ sign patterns of queries Lε, Σ = LLᵀ, d = 4: 16 terms below 100"),
    quantity="|error − mean over all queries|",
)
def scores_by_enumeration(error: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d = 4
    L, k, c = rng.normal(size=(d, d)), rng.normal(size=d), rng.normal(size=d)
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * d)).reshape(d, -1)  # uncorrelated, of unit variance
    yield exact(gap(error(k, c, L @ L.T), np.mean(((k - c) @ L @ signs) ** 2)))


@claim(
    id="performer_vq.vq-error-bounds.nearest",
    title="The nearest codeword need not be the best one",
    statement=r"\Sigma = \mathrm{diag}(4, \tfrac14),\; k = 0,\; c_1 = (1, 0),\; c_2 = (0, 1.2): \qquad 4 > 0.36",
    source=PVQ_KEYS.at("nearest codes"),
    role="performer_vq.score_error",
    evidence=Evidence.EXACT,
    region=within(
        3.64 - 1e-12, 3.64 + 1e-12, because="4 − 0.36, with a few roundings; Euclidean distances give 1 − 1.44 < 0"
    ),
    quantity="error of scores with the nearest codeword, minus that with the other",
    refutes="assigning each key to its nearest codeword minimises the error of the scores",
)
def nearest_is_worse(error: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Sigma, k = np.diag([4.0, 0.25]), np.zeros(2)
    book = np.array([[1.0, 0.0], [0.0, 1.2]])
    if vq.vq_assign(k[None], book)[0][0] != 0:
        raise Vacuous("the first codeword is not the nearest")
    yield exact(float(np.nan_to_num(error(k, book[0], Sigma) - error(k, book[1], Sigma))))
