"""Entry 1, continued: the EMO loss of a batch, from logits and from probabilities, is the transport cost to the label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, equivalent, grid, mutant, role
from verify.claims.emo.instances import Floats
from verify.claims.emo.onehot import STATEMENT, pot_cost
from verify.claims.sources import EMO_ARTICLE
from verify.evidence import Enclosure, at_most, exact, gap
from verify.methods import earth_mover
from verify.methods.numerics import softmax

SOURCE = EMO_ARTICLE.at("the cosine cost")
ROUNDING = (
    "pooling sums n products and d squares of numbers at most 1: (n + d) eps for n ≤ 50, d ≤ 8 is 1.3e-14; a factor 8 for "
    "POT's own sum"
)

role("emo.emo_loss", numbers="logits (B, V), targets (B,), embeddings (V, d): arrays; losses (B,)")(
    earth_mover.emo_loss
)


@mutant("emo.emo_loss", slip="embeddings are not normalised")
def unnormalised(logits: Floats, targets: Any, embeddings: Floats, **how: Any) -> Floats:
    pooled = softmax(logits) @ embeddings
    return np.asarray(1 - np.sum(pooled * embeddings[targets], axis=-1))


@mutant("emo.emo_loss", slip="the pooled vector is normalised again")
def renormalised_pool(logits: Floats, targets: Any, embeddings: Floats, **how: Any) -> Floats:
    u = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    pooled = softmax(logits) @ u
    pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
    return np.asarray(1 - np.sum(pooled * u[targets], axis=-1))


@equivalent("emo.emo_loss", because="the rows of a batch know nothing of each other")
def upside_down(logits: Floats, targets: Any, embeddings: Floats, **how: Any) -> Floats:
    return np.asarray(earth_mover.emo_loss(logits[::-1], targets[::-1], embeddings, **how)[::-1])


role("emo.pooled_loss", numbers="p (B, V), targets (B,), units (V, d) of norm 1: arrays; losses (B,)")(
    earth_mover.pooled_loss
)


@mutant("emo.pooled_loss", slip="the pooled vector is normalised again")
def renormalised(p: Floats, targets: Any, units: Floats) -> Floats:
    pooled = p @ units
    pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
    return np.asarray(1 - np.sum(pooled * units[targets], axis=1))


@mutant("emo.pooled_loss", slip="the squared distance of the pooled vector: twice the loss, less the spread")
def squared_distance(p: Floats, targets: Any, units: Floats) -> Floats:
    return np.asarray(np.sum((p @ units - units[targets]) ** 2, axis=1) / 2)


def pot_costs(p: Floats, targets: Any, cost: Floats) -> list[float]:
    """`pot_cost` of every row."""
    return [pot_cost(row, t, cost) for row, t in zip(p, targets, strict=True)]


@claim(
    id="emo.onehot-closed-form.loss",
    title="The EMO loss is the transport cost to the label",
    statement=r"1 - \Big\langle \sum_i p_i \tfrac{e_i}{\|e_i\|}, \tfrac{e_t}{\|e_t\|} \Big\rangle "
    r"= \operatorname{EMD}_{1-\cos}(p, \delta_t)",
    source=SOURCE,
    role="emo.emo_loss",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because=ROUNDING),
    cases=grid(n=(1, 2, 3, 5, 10, 50), d=(2, 8), draws=(10,)).full(draws=(100,)),
    quantity="|loss − POT|",
)
def onehot_loss(emo_loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    logits, embeddings = 3 * rng.normal(size=(case.draws, case.n)), rng.normal(size=(case.n, case.d))
    targets = rng.integers(case.n, size=case.draws)
    cost = earth_mover.cosine_cost(embeddings)
    yield exact(gap(emo_loss(logits, targets, embeddings), pot_costs(softmax(logits), targets, cost)))


@claim(
    id="emo.onehot-closed-form.probabilities",
    title="Given probabilities and unit embeddings, the loss is one matrix product",
    statement=r"1 - \Big\langle \sum_i p_i u_i, u_t \Big\rangle = \operatorname{EMD}_{1-\cos}(p, \delta_t)",
    source=SOURCE,
    role="emo.pooled_loss",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because=ROUNDING),
    cases=grid(n=(2, 3, 5, 10, 50), d=(2, 8), draws=(10,)).full(draws=(100,)),
    quantity="|loss − POT|",
)
def onehot_of_probabilities(pooled_loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    p, units = softmax(3 * rng.normal(size=(case.draws, case.n))), rng.normal(size=(case.n, case.d))
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    targets = rng.integers(case.n, size=case.draws)
    cost = earth_mover.cosine_cost(units)
    yield exact(gap(pooled_loss(p, targets, units), pot_costs(p, targets, cost)))


@claim(
    id="emo.onehot-closed-form.real",
    title="It is so on two thousand real tokens",
    statement=STATEMENT,
    source=SOURCE,
    role="emo.emo_loss",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="n = 2000 products and d = 256 squares of numbers at most 1: (n + d) eps = 5e-13 for either side"
    ),
    cases=grid(n=(2000,), draws=(1,)).full(draws=(10,)),
    quantity="|loss − POT|",
)
def onehot_on_words(emo_loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from verify.data import word_vectors

    vectors = word_vectors().vectors
    tokens = rng.choice(np.arange(259, len(vectors)), case.n, replace=False)
    embeddings = vectors[tokens].astype(float)
    logits, targets = 3 * rng.normal(size=(case.draws, case.n)), rng.integers(case.n, size=case.draws)
    cost = earth_mover.cosine_cost(embeddings)
    yield exact(gap(emo_loss(logits, targets, embeddings), pot_costs(softmax(logits), targets, cost)))
