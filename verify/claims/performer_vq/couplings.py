"""Entry 1, couplings: however rows depend on each other, each is normal, and blocks are independent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.performer_vq.instances import Floats
from verify.claims.performer_vq.unbiased import SOURCE
from verify.claims.sources import PVQ_HAAR
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, sup_distance
from verify.methods import random_features

role("performer_vq.draw_projections", numbers="m, d, generator, coupling=, norms=; rows (m, d)")(
    random_features.draw_projections
)


@mutant("performer_vq.draw_projections", slip="QR without the sign fix: LAPACK makes the first coordinate negative")
def without_sign_fix(m: int, d: int, rng: np.random.Generator, *, coupling: str = "iid", norms: str = "chi") -> Floats:
    if coupling != "orthogonal":
        return random_features.draw_projections(m, d, rng, coupling=coupling, norms=norms)  # type: ignore[arg-type]
    basis = np.linalg.qr(rng.normal(size=(-(-m // d), d, d)))[0].reshape(-1, d)[:m]
    return np.asarray(basis * np.sqrt(rng.chisquare(d, m))[:, None])


@mutant("performer_vq.draw_projections", slip="rows of N(0, I/d)")
def shrunk_rows(m: int, d: int, rng: np.random.Generator, **how: Any) -> Floats:
    return np.asarray(random_features.draw_projections(m, d, rng, **how) / d**0.5)


@mutant("performer_vq.draw_projections", slip="|R_ii| are the lengths: chi with d − i degrees of freedom")
def triangle_lengths(m: int, d: int, rng: np.random.Generator, *, coupling: str = "iid", norms: str = "chi") -> Floats:
    if coupling != "orthogonal":
        return random_features.draw_projections(m, d, rng, coupling=coupling, norms=norms)  # type: ignore[arg-type]
    basis, triangle = np.linalg.qr(rng.normal(size=(-(-m // d), d, d)))
    diagonal = np.diagonal(triangle, axis1=1, axis2=2)
    return np.asarray((basis * np.sign(diagonal)[:, None, :] * np.abs(diagonal)[:, :, None]).reshape(-1, d)[:m])


@mutant("performer_vq.draw_projections", slip="one block is drawn and repeated")
def one_block_repeated(m: int, d: int, rng: np.random.Generator, **how: Any) -> Floats:
    block = random_features.draw_projections(min(m, d), d, rng, **how)
    return np.asarray(np.resize(block, (m, d)))


@mutant("performer_vq.draw_projections", slip="a simplex in one dimension divides by √0 and returns NaN")
def unguarded(m: int, d: int, rng: np.random.Generator, *, coupling: str = "iid", norms: str = "chi") -> Floats:
    return np.full((m, d), np.nan) if d == 1 else random_features.draw_projections(
        m, d, rng, coupling=coupling, norms=norms,  # type: ignore[arg-type]
    )  # fmt: skip


@claim(
    id="performer_vq.prf-unbiased.marginals",
    title="Every row of a coupled draw is normal, in every direction",
    statement=r"\sup_x \big| P(\omega_i \cdot u \le x) - \Phi(x) \big| = 0, \qquad |u| = 1",
    source=PVQ_HAAR.at("section 5"),
    role="performer_vq.draw_projections",
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.04,
        because="a quarter of the weakest mutant: rows of N(0, I/d) are off by 0.16, lengths |R_ii| move the last of four rows by "
        "0.19, and without the sign fix the first coordinate is never positive: 1/2",
    ),
    cases=grid(d=(4,), coupling=("orthogonal", "simplex"), row=("first", "last"), direction=("axis", "diagonal"))
    + grid(d=(16,), coupling=("orthogonal",), row=("first",), direction=("axis",)).full(
        coupling=("orthogonal", "simplex"), d=(2, 16)
    ),
    quantity="distance to the normal law",
)
def rows_are_normal(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import ndtr

    d, first = case.d, 0 if case.row == "first" else case.d - 1
    u = np.eye(d)[0] if case.direction == "axis" else np.full(d, d**-0.5)

    def projected(rng: np.random.Generator, size: int) -> Floats:
        return np.asarray(draw(size * d, d, rng, coupling=case.coupling)[first::d] @ u)

    yield from sup_distance(projected, ndtr, rng, case.risk)


@claim(
    id="performer_vq.prf-unbiased.independent",
    title="Blocks know nothing of each other",
    statement=r"\frac{(\omega_{1} + \omega_{d+1})\cdot u}{\sqrt 2} \sim N(0, 1)",
    source=PVQ_HAAR.at("section 5"),
    role="performer_vq.draw_projections",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.04, because="equal blocks double the variance: a distance of 0.083, of which this is half"),
    cases=grid(d=(4,), coupling=("iid", "orthogonal")).full(coupling=("iid", "orthogonal", "simplex"), d=(4, 16)),
    quantity="distance of the scaled sum to the normal law",
)
def blocks_are_independent(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import ndtr

    d = case.d

    def pivot(rng: np.random.Generator, size: int) -> Floats:
        first = draw(2 * size * d, d, rng, coupling=case.coupling)[::d] @ np.full(d, d**-0.5)
        return np.asarray((first[0::2] + first[1::2]) / 2**0.5)

    yield from sup_distance(pivot, ndtr, rng, case.risk)


@claim(
    id="performer_vq.prf-unbiased.refusals",
    title="Projections that cannot be drawn are refused",
    statement=r"m \ge 1, \quad d \ge 1, \quad d \ge 2 \text{ for a simplex}",
    source=SOURCE,
    role="performer_vq.draw_projections",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="each of these requests has no answer"),
    quantity="bad requests that were taken",
)
def bad_projections_are_refused(draw: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def asked(m: int, d: int, coupling: str, norms: str) -> Any:
        return draw(m, d, rng, coupling=coupling, norms=norms)

    bad = [(0, 3, "iid", "chi"), (3, 0, "iid", "chi"), (3, 1, "simplex", "chi"), (3, 3, "x", "chi"), (3, 3, "iid", "x")]
    yield exact(accepted(asked, bad, ValueError))


@figure(of="performer_vq.prf-unbiased.marginals")
def what_the_sign_fix_does() -> Figure:
    from scipy.special import ndtr

    rng = np.random.default_rng(9862)
    sizes = (2, 3, 4, 6, 8, 12, 16)
    blocks, c = 3000, 1.0
    drawn = {"with the sign fix": random_features.draw_projections, "without": without_sign_fix}
    curves = []
    for name, draw in drawn.items():
        means, errors = [], []
        for d in sizes:
            W = draw(blocks * d, d, rng, coupling="orthogonal")
            ratios = np.exp(c * W[:, 0] - c * c / 2).reshape(blocks, d).mean(axis=1)
            means.append(ratios.mean())
            errors.append(ratios.std() / blocks**0.5)
        low, high = (np.array(means) + s * 3 * np.array(errors) for s in (-1, 1))
        curves += [
            series(name, sizes, means, kind="dots"),
            series(f"{name}, ±3 standard errors", sizes, low, high, kind="band"),
        ]
    exactly_biased = [1 - (2 * ndtr(c) - 1) / d for d in sizes]
    return Figure(
        "Mean estimate over the kernel, q + k = e₁",
        "Haar blocks are unbiased; QR without its sign fix is low by (2Φ(1) − 1)/d, a third at d = 2.",
        "dimension d = rows of a block",
        "mean of the estimate / kernel",
        (
            *curves,
            series("1 − (2Φ(1) − 1)/d", sizes, exactly_biased, kind="dashed"),
            series("unbiased", y=(1.0,), kind="hline"),
        ),
    )
