"""Entry 2, first part: the least dimension by the exact union bound, certified from both sides."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.jl_entropy.balls import arb, bits_for, gaussian_tail
from verify.claims.sources import JL_SHARP
from verify.evidence import Enclosure, at_least, at_most, exact, exactly, sharper
from verify.methods import johnson_lindenstrauss as jl
from verify.methods.johnson_lindenstrauss.dimension import least

SOURCE = JL_SHARP.at("the exact law of one pair and a union over pairs")

role("jl_entropy.union_dimension", numbers="n_points: int, eps, failure_prob: floats in (0, 1); an int")(
    jl.union_dimension
)


def least_for(pairs: float, eps: float, failure_prob: float) -> int:
    return least(lambda k: pairs * sum(jl.norm_distortion_tail(k, eps)) <= failure_prob)


@mutant("jl_entropy.union_dimension", slip="N^2 ordered pairs")
def ordered_pairs(n_points: int, eps: float, failure_prob: float) -> int:
    return least_for(n_points**2, eps, failure_prob)


@mutant("jl_entropy.union_dimension", slip="N^2 / 2 pairs, points with themselves included")
def pairs_with_self(n_points: int, eps: float, failure_prob: float) -> int:
    return least_for(n_points**2 / 2, eps, failure_prob)


@mutant("jl_entropy.union_dimension", slip="the union runs over points, not over pairs")
def points_only(n_points: int, eps: float, failure_prob: float) -> int:
    return least_for(n_points, eps, failure_prob)


@mutant("jl_entropy.union_dimension", slip="the upper tail alone")
def upper_tail_only(n_points: int, eps: float, failure_prob: float) -> int:
    pairs = math.comb(n_points, 2)
    return least(lambda k: pairs * jl.norm_distortion_tail(k, eps)[0] <= failure_prob)


@mutant("jl_entropy.union_dimension", slip="the last dimension that fails, k* - 1")
def one_less(n_points: int, eps: float, failure_prob: float) -> int:
    return jl.union_dimension(n_points, eps, failure_prob) - 1


@mutant("jl_entropy.union_dimension", slip="the Chernoff bound in place of the exact tail")
def by_chernoff(n_points: int, eps: float, failure_prob: float) -> int:
    pairs = math.comb(n_points, 2)
    return least(lambda k: pairs * jl.chernoff_distortion_bound(k, eps) <= failure_prob)


@mutant("jl_entropy.norm_tail_ball", slip="the upper tail alone, which grows with d where eps is small")
def upper_ball_only(d: int, eps: Fraction) -> Any:
    return arb(d * (1 + eps) / 2).gamma_upper(arb(Fraction(d, 2)), regularized=1)


INSTANCES = grid(n=(512,), eps=("1/10", "3/10", "1/2"), delta=("1/N", "1/2", "1-1/N")) + grid(
    n=(10**6,), eps=("1/10", "1/2"), delta=("1/N",)
)


def failure(case: Case) -> Fraction:
    """The failure probability that a case allows."""
    if case.delta == "1/2":
        return Fraction(1, 2)
    return Fraction(1, case.n) if case.delta == "1/N" else 1 - Fraction(1, case.n)


def share_used(case: Case, k: int) -> Iterator[Enclosure]:
    """C(N, 2) T(k) / delta as a ball, look by look."""
    eps = Fraction(case.eps)

    def ratio() -> Any:
        return gaussian_tail(k, eps) * math.comb(case.n, 2) / arb(failure(case))

    return sharper(ratio, bits=bits_for(k, eps))


@claim(
    id="jl_entropy.union-dimension-exact",
    title="The dimension of the exact union bound suffices",
    statement=r"k^* = \min\Big\{k : \tbinom N2\, P\big(|\chi^2_k/k - 1| \ge \epsilon\big) \le \delta\Big\}",
    source=SOURCE,
    role="jl_entropy.union_dimension",
    evidence=Evidence.CERTIFIED,
    region=at_most(1, because="the share of the allowed failure probability that the union bound uses at k*"),
    cases=INSTANCES,
    quantity="union bound at k* over the allowed failure probability",
)
def dimension_suffices(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield from share_used(case, dimension(case.n, float(Fraction(case.eps)), float(failure(case))))


@claim(
    id="jl_entropy.union-dimension-exact.minimal",
    title="One dimension less does not",
    statement=r"\tbinom N2\, P\big(|\chi^2_{k^*-1}/(k^*-1) - 1| \ge \epsilon\big) > \delta",
    source=SOURCE,
    role="jl_entropy.union_dimension",
    evidence=Evidence.CERTIFIED,
    region=at_least(1, because="the share is transcendental, so it is above 1 or below"),
    cases=INSTANCES,
    quantity="union bound at k* − 1 over the allowed failure probability",
)
def dimension_is_minimal(dimension: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield from share_used(case, dimension(case.n, float(Fraction(case.eps)), float(failure(case))) - 1)


@claim(
    id="jl_entropy.union-dimension-exact.monotone",
    title="The two-sided tail falls with every dimension, so that one step below decides for all",
    statement=r"T(d + 1, \epsilon) < T(d, \epsilon)",
    source=SOURCE,
    role="jl_entropy.norm_tail_ball",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of dimensions at which balls do not prove the fall"),
    cases=grid(eps=("1/100", "1/20", "1/2", "99/100"), d=(200,)).full(d=(3000,)),
    quantity="dimensions without a proof",
)
def tail_falls(tail: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    eps = Fraction(case.eps)
    with flint.ctx.workprec(max(256, bits_for(case.d, eps))):
        values = [tail(d, eps) for d in range(1, case.d + 1)]
        yield exact(sum(not following < value for value, following in itertools.pairwise(values)))
