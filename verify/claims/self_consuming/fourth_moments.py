"""Entry 13, the moments behind it: those of order four, where they exist."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.self_consuming.fresh import fresh_step
from verify.claims.self_consuming.instances import Floats
from verify.claims.sources import LOOP_MAD
from verify.evidence import Enclosure, at_most, exact, exactly, gap, worst
from verify.methods.self_consuming import mixed_loop_moments
from verify.methods.self_consuming.moments import fourth_moment_recursion

SOURCE = LOOP_MAD.at("section 4, figures 11 and 12")

role("self_consuming.fourth_moment_recursion", numbers="n_r, n_s, bias, d: Fractions; linear (5, 5) and rest (5, 3)")(
    fourth_moment_recursion
)


@mutant("self_consuming.fourth_moment_recursion", slip="the covariance is carried on by β, not by β λ")
def carried_without_bias(nr: Any, ns: Any, bias: Any, d: int) -> Any:
    return fourth_moment_recursion(nr, ns, bias * 0 + 1, d)


@mutant("self_consuming.fourth_moment_recursion", slip="E tr W² of a Wishart matrix without (tr V)²")
def wishart_without_trace(nr: Any, ns: Any, bias: Any, d: int) -> Any:
    linear, rest = fourth_moment_recursion(nr, ns, bias, d)
    rest[3][2] -= (nr - 1) * d**2 / (nr + ns - 1) ** 2
    return linear, rest


@mutant(
    "self_consuming.fourth_moment_recursion", slip="fourth moments of the mean without the 2 tr P² of a normal vector"
)
def mean_without_kurtosis(nr: Any, ns: Any, bias: Any, d: int) -> Any:
    linear, rest = fourth_moment_recursion(nr, ns, bias, d)
    rest[0][2] -= 2 * nr**2 * d / (nr + ns) ** 4
    return linear, rest


def invariants(mean: Floats, covariance: Floats) -> Floats:
    """|μ|⁴, μᵀSμ, |μ|² tr S, tr S², (tr S)², and |μ|², tr S, 1; (8, ...)."""
    u = np.square(mean).sum(axis=-1)
    q = np.einsum("...i,...ij,...j->...", mean, covariance, mean)
    T, Q = np.trace(covariance, axis1=-2, axis2=-1), np.square(covariance).sum(axis=(-2, -1))
    return np.array([u * u, q, u * T, Q, T * T, u, T, np.ones_like(u)])


@claim(
    id="self_consuming.fresh-phase-transition.fourth-moments",
    title="Fourth moments of the fresh loop obey a closed linear recursion",
    statement=r"\mathbb{E}\big( \|\mu'\|^4,\ \mu'^\top S' \mu',\ \|\mu'\|^2 \operatorname{tr} S',\ \operatorname{tr} S'^2,\ "
    r"(\operatorname{tr} S')^2 \big) = A\, (\ldots) + B\, (\|\mu\|^2, \operatorname{tr} S, 1)",
    source=SOURCE,
    role="self_consuming.fourth_moment_recursion",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="the map has degree 4 in each normal number, and three Gauss-Hermite nodes integrate degree 5; sums "
        "of at most 6561 terms with weights that sum to 1",
    ),
    cases=grid(mix=((2, 1, 2), (1, 2, 1), (2, 2, 1), (2, 2, 2)), bias=("1", "4/5")).full(
        mix=((2, 1, 2), (1, 2, 1), (2, 2, 1), (2, 2, 2), (3, 1, 2), (3, 4, 1))
    ),
    quantity="largest relative difference to Gauss-Hermite nodes",
)
def fourth_moments_by_nodes(recursion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth, d = case.mix
    lam = Fraction(case.bias)
    count = (n_real + n_synth) * d
    places = np.array(list(itertools.product(range(3), repeat=count)))
    nodes = (places - 1) * math.sqrt(3)
    weights = np.where(places == 1, 2 / 3, 1 / 6).prod(axis=1)
    samples = nodes.reshape(-1, n_real + n_synth, d)
    mean, chol = rng.normal(size=d), np.tril(rng.normal(size=(d, d)))
    following = invariants(*fresh_step(samples[:, :n_real], samples[:, n_real:], mean, chol, float(lam)))[:5] @ weights
    linear, rest = recursion(Fraction(n_real), Fraction(n_synth), lam, d)
    predicted = np.hstack([np.array(linear, float), np.array(rest, float)]) @ invariants(mean, chol @ chol.T)
    yield exact(gap(following / predicted, np.ones(5)))


@mutant("self_consuming.mixed_loop_moments", slip="fourth moments by the rule for normal vectors, from the second ones")
def gaussian_closure(n_real: int, n_synth: int, bias: Any, *, dim: int = 1, **how: Any) -> Any:
    found = mixed_loop_moments(n_real, n_synth, bias, dim=dim, **how)
    if found.fourth is None:
        return found._replace(mean_sq=found.mean_sq * 2)
    return found._replace(fourth=found.fourth._replace(mean_fourth=dim * (dim + 2) * found.mean_sq**2))


@claim(
    id="self_consuming.fresh-phase-transition.stationary",
    title="The stationary fourth moments are the fixed point, exactly",
    statement=r"x = A x + B\, (d\, \mathbb{E}\mu^2, d\, \mathbb{E} S, 1)",
    source=SOURCE,
    role="self_consuming.mixed_loop_moments",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="fractions on both sides"),
    cases=grid(mix=((8, 20, 3), (2, 2, 1), (20, 5, 100)), bias=("1", "4/5")),
    quantity="largest |x − A x − B y|",
)
def fixed_point(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth, d = case.mix
    lam = Fraction(case.bias)
    found = moments(n_real, n_synth, lam, dim=d, order=4)
    linear, rest = fourth_moment_recursion(Fraction(n_real), Fraction(n_synth), lam, d)
    x, y = [Fraction(v) for v in found.fourth], [d * Fraction(found.mean_sq), d * Fraction(found.var), Fraction(1)]
    after = [
        sum(a * b for a, b in zip(row, x, strict=True)) + sum(a * b for a, b in zip(low, y, strict=True))
        for row, low in zip(linear, rest, strict=True)
    ]
    yield worst(exact(abs(a - b)) for a, b in zip(after, x, strict=True))


@mutant("self_consuming.mixed_loop_moments", slip="a number is returned where fourth moments do not exist")
def always_a_number(n_real: int, n_synth: int, bias: Any, *, order: int = 2, **how: Any) -> Any:
    try:
        return mixed_loop_moments(n_real, n_synth, bias, order=order, **how)
    except ValueError:
        return mixed_loop_moments(n_real + 2, n_synth, bias, order=order, **how)


@claim(
    id="self_consuming.fresh-phase-transition.existence",
    title="With one real sample and no bias there are no fourth moments, and the solver says so",
    statement=r"\rho(A) = 1.3197 \text{ at } (n_r, n_s, \lambda) = (1, 2, 1), \qquad 0.7161 \text{ at } (2, 2, 1)",
    source=SOURCE,
    role="self_consuming.mixed_loop_moments",
    evidence=Evidence.EXACT,
    region=exactly(0, because="counts: a refusal that names the radius, and a radius that agrees to four digits"),
    quantity="missing refusals and wrong radii, of two",
)
def refusal_names_the_radius(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    try:
        moments(1, 2, 1.0, order=4)
        wrong = 1
    except ValueError as error:
        wrong = int("1.3197" not in str(error))
    yield exact(wrong + int(not abs(moments(2, 2, 1.0, order=4).spectral_radius - 0.7161) <= 5e-5))
