"""Loops with real data, fresh or fixed: the roles that entries 12 to 14 judge."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import equivalent, mutant, role
from verify.methods import self_consuming
from verify.methods.self_consuming import LoopTrajectory, MixedMoments, mixed_loop, mixed_loop_moments
from verify.methods.self_consuming.loop import scatter_factor
from verify.methods.self_consuming.moments import fixed_point, second_moment_recursion

role(
    "self_consuming.mixed_loop",
    numbers="n_real, n_synth, generations T, replicates R, dim, bias, refresh, ddof, n_initial, keep, rng; LoopTrajectory",
)(self_consuming.mixed_loop)


def raw_loop(
    n_real: int, n_synth: int, generations: int, replicates: int, *, dim: int = 1, bias: float = 1.0,
    refresh: bool = True, ddof: int = 1, n_initial: int | None = None, keep: str = "all", rng: np.random.Generator,
    between: bool = True,
) -> LoopTrajectory:  # fmt: skip
    """The loop with its samples drawn one by one."""
    mean, chol = np.zeros((replicates, dim)), np.tile(np.eye(dim), (replicates, 1, 1))
    fixed = rng.standard_normal((replicates, n_real, dim))
    path = []
    for t in range(generations + 1):
        if t or n_initial is not None:
            drawn = n_real if t or n_initial is None else n_initial
            real = rng.standard_normal((replicates, drawn, dim)) if refresh else fixed
            groups = [real]
            if t:
                noise = rng.standard_normal((replicates, n_synth, dim))
                groups.append(mean[:, None] + math.sqrt(bias) * np.einsum("rij,rnj->rni", chol, noise))
            pool = np.concatenate(groups, axis=1)
            mean = pool.mean(axis=1)
            centres = [mean] * 2 if between else [group.mean(axis=1) for group in groups]
            centred = np.concatenate([g - c[:, None] for g, c in zip(groups, centres, strict=False)], axis=1)
            size = pool.shape[1]
            chol = scatter_factor(centred, min(size - 1, dim)) / math.sqrt(size - ddof)
        path.append((mean, chol, 2 * np.log(np.diagonal(chol, axis1=1, axis2=2)).sum(axis=1)))
    kept = path if keep == "all" else path[-1:]
    return LoopTrajectory(*(np.stack(part) for part in zip(*kept, strict=True)))


@equivalent("self_consuming.mixed_loop", because="samples one by one have the law of their sufficient statistics")
def one_by_one(*sizes: int, **how: Any) -> LoopTrajectory:
    return raw_loop(*sizes, **how) if sizes[1] else mixed_loop(*sizes, **how)


@mutant("self_consuming.mixed_loop", slip="the pooled scatter has no part between real and synthetic samples")
def groups_apart(*sizes: int, **how: Any) -> LoopTrajectory:
    return raw_loop(*sizes, **how, between=False) if sizes[1] else mixed_loop(*sizes, **how)


@mutant("self_consuming.mixed_loop", slip="the real scatter has n_r degrees of freedom, not n_r − 1")
def real_degree_too_many(*sizes: int, ddof: int = 1, rng: np.random.Generator, **how: Any) -> LoopTrajectory:
    path = mixed_loop(*sizes, ddof=ddof, rng=rng, **how)
    last_entry = path.chol[-1, :, -1, -1]
    last_entry[:] = np.sqrt(np.square(last_entry) + rng.chisquare(1, sizes[3]) / (sizes[0] + sizes[1] - ddof))
    return path


@mutant("self_consuming.mixed_loop", slip="the real samples are drawn once and never refreshed")
def stale_samples(*sizes: int, refresh: bool = True, **how: Any) -> LoopTrajectory:
    return mixed_loop(*sizes, refresh=False, **how | {"n_initial": None})


@mutant("self_consuming.mixed_loop", slip="the fixed real samples are drawn again in every generation")
def redrawn_samples(*sizes: int, refresh: bool = True, **how: Any) -> LoopTrajectory:
    return mixed_loop(*sizes, refresh=True, **how)


@mutant("self_consuming.mixed_loop", slip="the bias is applied twice")
def bias_twice(*sizes: int, bias: float = 1.0, **how: Any) -> LoopTrajectory:
    return mixed_loop(*sizes, bias=bias**2, **how)


@mutant("self_consuming.mixed_loop", slip="divided by n, not by n − 1")
def mle_mix(*sizes: int, ddof: int = 1, **how: Any) -> LoopTrajectory:
    return mixed_loop(*sizes, ddof=0, **how)


@mutant("self_consuming.mixed_loop", slip="the first model is the real law, whatever n_initial says")
def perfect_start(*sizes: int, n_initial: int | None = None, **how: Any) -> LoopTrajectory:
    return mixed_loop(*sizes, **how)


role(
    "self_consuming.mixed_loop_moments",
    numbers="n_real, n_synth: integers, bias: a Fraction or float, dim, refresh, order; MixedMoments",
)(self_consuming.mixed_loop_moments)


@mutant("self_consuming.mixed_loop_moments", slip="E μ² = 1/n: synthetic samples count as real ones")
def synthetic_is_real(n_real: int, n_synth: int, bias: Any, **how: Any) -> MixedMoments:
    found = mixed_loop_moments(n_real, n_synth, bias, **how)
    return found._replace(mean_sq=found.mean_sq * 0 + Fraction(1, n_real + n_synth))


@mutant("self_consuming.mixed_loop_moments", slip="the bias is squared")
def moments_of_squared_bias(n_real: int, n_synth: int, bias: Any, **how: Any) -> MixedMoments:
    return mixed_loop_moments(n_real, n_synth, bias**2, **how)


@mutant("self_consuming.mixed_loop_moments", slip="no part of the scatter lies between real and synthetic samples")
def no_between_group_part(n_real: int, n_synth: int, bias: Any, **how: Any) -> MixedMoments:
    found = mixed_loop_moments(n_real, n_synth, bias, **how)
    if not how.get("refresh", True):
        return found
    n = n_real + n_synth
    (first, _), constant = second_moment_recursion(Fraction(n_real), Fraction(n_synth), bias)
    altered = (first, (0, bias * Fraction(n_synth - 1, n - 1))), (constant[0], Fraction(n_real - 1, n - 1))
    mean_sq, var = fixed_point(*altered)
    return found._replace(mean_sq=mean_sq, var=var)


@mutant("self_consuming.mixed_loop_moments", slip="moments of the maximum likelihood fit")
def mle_moments(n_real: int, n_synth: int, bias: Any, **how: Any) -> MixedMoments:
    found = mixed_loop_moments(n_real, n_synth, bias, **how)
    if not how.get("refresh", True):
        return found
    n = n_real + n_synth
    (first, second), constant = second_moment_recursion(Fraction(n_real), Fraction(n_synth), bias)
    share = Fraction(n - 1, n)
    mean_sq, var = fixed_point((first, tuple(share * x for x in second)), (constant[0], share * constant[1]))
    return found._replace(mean_sq=mean_sq, var=var)


@mutant("self_consuming.mixed_loop_moments", slip="the formula for fixed real data used for fresh ones")
def as_if_fixed(n_real: int, n_synth: int, bias: Any, *, refresh: bool = True, **how: Any) -> MixedMoments:
    return mixed_loop_moments(n_real, n_synth, bias, refresh=refresh and how.get("order") == 4, **how)


@mutant("self_consuming.mixed_loop_moments", slip="the formula for fresh real data used for fixed ones")
def as_if_fresh(n_real: int, n_synth: int, bias: Any, *, refresh: bool = True, **how: Any) -> MixedMoments:
    return mixed_loop_moments(n_real, n_synth, bias, **how)


@mutant(
    "self_consuming.mixed_loop_moments",
    slip="the fixed loop is centred at the real mean, not at that of its real samples",
)
def centred_at_zero(n_real: int, n_synth: int, bias: Any, *, refresh: bool = True, **how: Any) -> MixedMoments:
    found = mixed_loop_moments(n_real, n_synth, bias, refresh=refresh, **how)
    return found if refresh else found._replace(mean_sq=found.mean_sq - Fraction(1, n_real))
