"""Entry 4, the sampler: angles and lengths of the rows of a block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant
from verify.claims.performer_vq.instances import Floats
from verify.claims.performer_vq.orthogonal import SOURCE
from verify.claims.sources import PVQ_SIMPLEX
from verify.evidence import Enclosure, at_most, exact, gap, sup_distance
from verify.methods import random_features


@mutant("performer_vq.draw_projections", slip="independent rows, labelled orthogonal")
def independent_labelled_orthogonal(m: int, d: int, rng: np.random.Generator, **how: Any) -> Floats:
    return rng.normal(size=(m, d))


@mutant("performer_vq.draw_projections", slip="one length for all rows of a block")
def one_length_a_block(
    m: int, d: int, rng: np.random.Generator, *, coupling: str = "iid", norms: str = "chi"
) -> Floats:
    if norms != "chi":
        return random_features.draw_projections(m, d, rng, coupling=coupling, norms=norms)  # type: ignore[arg-type]
    rows = random_features.draw_projections(m, d, rng, coupling=coupling, norms="sqrt_d")  # type: ignore[arg-type]
    return np.asarray(rows * np.repeat(np.sqrt(rng.chisquare(d, -(-m // d)) / d), d)[:m, None])


@claim(
    id="performer_vq.orthogonal-exact-mse.angles",
    title="Rows of a block are at the angles that are promised",
    statement=r"\cos\angle(\omega_i, \omega_j) = 0 \;(\text{orthogonal}), \quad -\tfrac{1}{d-1} \;(\text{simplex})",
    source=PVQ_SIMPLEX.at("definition of the coupling"),
    role="performer_vq.draw_projections",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because="QR of d ≤ 64 rows is orthogonal to d eps = 1.4e-14, a factor 7"),
    cases=grid(d=(2, 4, 16), coupling=("orthogonal", "simplex")).full(d=(2, 3, 4, 8, 16, 64)),
    quantity="largest difference of a cosine",
)
def angles_of_a_block(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d = case.d
    W = draw(2 * d + 1, d, rng, coupling=case.coupling)[: 2 * d].reshape(2, d, d)
    unit = W / np.linalg.norm(W, axis=2, keepdims=True)
    wanted = 0.0 if case.coupling == "orthogonal" else -1 / (d - 1)
    cosines = (unit @ unit.transpose(0, 2, 1))[:, ~np.eye(d, dtype=bool)]
    yield exact(gap(cosines, np.full(cosines.shape, wanted)))


@claim(
    id="performer_vq.orthogonal-exact-mse.lengths",
    title="Their lengths are independent chi variables",
    statement=r"\max\big(F(|\omega_1|^2), F(|\omega_2|^2)\big) \sim x \mapsto x^2, \qquad F = F_{\chi^2_d}",
    source=SOURCE,
    role="performer_vq.draw_projections",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.05, because="one length for both would have the law x, at distance 1/4: a fifth of that"),
    cases=grid(d=(4,), coupling=("orthogonal",)).full(d=(4, 16), coupling=("orthogonal", "simplex")),
    quantity="distance to the law x²",
)
def lengths_are_independent(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import gammainc

    d = case.d

    def larger(rng: np.random.Generator, size: int) -> Floats:
        blocks = draw(size * d, d, rng, coupling=case.coupling).reshape(size, d, d)[:, :2]
        return np.asarray(gammainc(d / 2, np.sum(blocks**2, axis=2) / 2).max(axis=1))

    yield from sup_distance(larger, lambda x: np.clip(x, 0, 1) ** 2, rng, case.risk)
