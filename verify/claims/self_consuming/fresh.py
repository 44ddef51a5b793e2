"""Entry 12: fresh real data in every generation: the limit, and what synthetic data are worth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, equivalent, figure, grid, mutant, role, series, table
from verify.claims.grid import Grid
from verify.claims.self_consuming.accumulate import signs
from verify.claims.self_consuming.instances import Floats, chi2_cdf, normal_cdf
from verify.claims.sources import LOOP_GOLDEN, LOOP_MAD
from verify.evidence import (
    Enclosure,
    at_least,
    at_most,
    exact,
    exactly,
    gap,
    probability,
    slope,
    sup_distance,
    within,
    worst,
)
from verify.methods import self_consuming
from verify.methods.self_consuming import (
    LoopTrajectory,
    MixedMoments,
    effective_sample_size,
    frechet_distance,
    mixed_loop,
    mixed_loop_moments,
)
from verify.methods.self_consuming.loop import scatter_factor
from verify.methods.self_consuming.moments import second_moment_recursion
from verify.methods.self_consuming.worth import stationary_error

SOURCE = LOOP_MAD.at("equation 3")

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


def stationary(matrix: Any, constant: Any) -> tuple[Any, Any]:
    """The fixed point of x → matrix x + constant in two dimensions."""
    (a, b), (c, d) = matrix
    determinant = (1 - a) * (1 - d) - b * c
    return ((1 - d) * constant[0] + b * constant[1]) / determinant, (
        c * constant[0] + (1 - a) * constant[1]
    ) / determinant


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
    mean_sq, var = stationary(*altered)
    return found._replace(mean_sq=mean_sq, var=var)


@mutant("self_consuming.mixed_loop_moments", slip="moments of the maximum likelihood fit")
def mle_moments(n_real: int, n_synth: int, bias: Any, **how: Any) -> MixedMoments:
    found = mixed_loop_moments(n_real, n_synth, bias, **how)
    if not how.get("refresh", True):
        return found
    n = n_real + n_synth
    (first, second), constant = second_moment_recursion(Fraction(n_real), Fraction(n_synth), bias)
    share = Fraction(n - 1, n)
    mean_sq, var = stationary((first, tuple(share * x for x in second)), (constant[0], share * constant[1]))
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


@role(
    "self_consuming.fresh_step",
    numbers="real (R, n_r, d), noise (R, n_s, d), mean (d,), chol (d, d), bias; mean (R, d), covariance (R, d, d)",
)
def fresh_step(real: Floats, noise: Floats, mean: Floats, chol: Floats, bias: float) -> tuple[Floats, Floats]:
    """Mean and unbiased covariance of the pool of real samples and of mean + √bias · chol · noise."""
    pool = np.concatenate([real, mean + math.sqrt(bias) * noise @ chol.T], axis=1)
    centre = pool.mean(axis=1)
    centred = pool - centre[:, None]
    return centre, centred.mT @ centred / (pool.shape[1] - 1)


@mutant("self_consuming.fresh_step", slip="each group is centred at its own mean")
def own_centres(real: Floats, noise: Floats, mean: Floats, chol: Floats, bias: float) -> tuple[Floats, Floats]:
    synth = mean + math.sqrt(bias) * noise @ chol.T
    centre, _ = fresh_step(real, noise, mean, chol, bias)
    centred = np.concatenate([group - group.mean(axis=1, keepdims=True) for group in (real, synth)], axis=1)
    return centre, centred.mT @ centred / (centred.shape[1] - 1)


@mutant("self_consuming.fresh_step", slip="divided by n, not by n − 1")
def mle_step(real: Floats, noise: Floats, mean: Floats, chol: Floats, bias: float) -> tuple[Floats, Floats]:
    centre, covariance = fresh_step(real, noise, mean, chol, bias)
    n = real.shape[1] + noise.shape[1]
    return centre, covariance * (n - 1) / n


@mutant("self_consuming.fresh_step", slip="the bias multiplies the standard deviation")
def bias_on_the_deviation(
    real: Floats, noise: Floats, mean: Floats, chol: Floats, bias: float
) -> tuple[Floats, Floats]:
    return fresh_step(real, noise, mean, chol, bias**2)


MIXES = ((1, 1, "1"), (2, 3, "1"), (3, 2, "4/5"), (5, 4, "1/2"))


@claim(
    id="self_consuming.fresh-loop-limit",
    title="The stationary mean and variance of the fresh loop, exactly",
    statement=r"u = \frac{1 - \beta}{1 - \beta \lambda \kappa}: \quad \mathbb{E} \mu^2 = \frac{u}{n (1 - \beta^2)}, \quad "
    r"\mathbb{E} S = u \kappa, \qquad \beta = \frac{n_s}n,\ \kappa = 1 + \frac{n_s}{(n - 1)(n + n_s)}",
    source=SOURCE,
    role=("self_consuming.fresh_step", "self_consuming.mixed_loop_moments"),
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because="one generation is affine in (μ², S) and quadratic in the samples, so all sign patterns from the "
                   "stationary values must give them back; means of 512 numbers below 10"),
    cases=grid(mix=MIXES).full(mix=(*MIXES, (6, 6, "1"), (2, 10, "9/10"))),
    quantity="|moments after one enumerated generation − stationary moments|",
)  # fmt: skip
def stationary_by_enumeration(step: Any, moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth, text = case.mix
    found = moments(n_real, n_synth, Fraction(text))
    state = np.sqrt([[float(found.mean_sq)], [float(found.var)]])
    every = signs(n_real + n_synth)[..., None]
    mean, var = step(every[:, :n_real], every[:, n_real:], state[0], state[1:], float(Fraction(text)))
    yield exact(gap([np.square(mean).mean(), var.mean()], [float(found.mean_sq), float(found.var)]))


@claim(
    id="self_consuming.fresh-loop-limit.closed-form",
    title="The limit as one fraction",
    statement=r"\mathbb{E} \mu^2 = \frac{1 - \beta}{(1 - \beta \lambda \kappa)\, n (1 - \beta^2)}, \qquad "
    r"\mathbb{E} S = \frac{(1 - \beta) \kappa}{1 - \beta \lambda \kappa}",
    source=SOURCE,
    role="self_consuming.mixed_loop_moments",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="fractions on both sides"),
    cases=grid(most=((8, 10),), bias=("1", "4/5", "1/3")).full(most=((40, 60),)),
    quantity="largest |solution − closed form| over all n_r and n_s",
)
def closed_form(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lam, parts = Fraction(case.bias), []
    for n_real in range(1, case.most[0]):
        for n_synth in range(1, case.most[1]):
            n = n_real + n_synth
            beta, kappa = Fraction(n_synth, n), 1 + Fraction(n_synth, (n - 1) * (n + n_synth))
            u = (1 - beta) / (1 - beta * lam * kappa)
            found = moments(n_real, n_synth, lam)
            parts += [exact(abs(found.mean_sq - u / (n * (1 - beta**2)))), exact(abs(found.var - u * kappa))]
    yield worst(parts)


@claim(
    id="self_consuming.fresh-loop-limit.values",
    title="Three mixes, to ten decimals",
    statement=r"(n_r, n_s, \lambda) = (10, 40, 0.8): \quad \mathbb{E} \mu^2 = 0.0313700384, \quad \mathbb{E} S = 0.5697823303",
    source=SOURCE,
    role="self_consuming.mixed_loop_moments",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="the values of an independent calculation have ten decimals"),
    cases=grid(
        mix=((5, 20, 1.0, 0.12, 1.1), (10, 40, 0.8, 0.0313700384, 0.5697823303), (20, 20, 1.0, 39 / 1160, 59 / 58))
    ),
    quantity="|moments − known values|",
)
def known_values(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth, lam, *known = case.mix
    yield exact(gap(np.array(moments(n_real, n_synth, lam)[:2], float), known))


@claim(
    id="self_consuming.fresh-loop-limit.cap",
    title="Unlimited synthetic data are worth less than one more copy of the real ones",
    statement=r"\lambda = 1,\ n_r \ge 2: \quad n_r < n_e = n_r + \frac{n_s (n_r - 1)}{n - 1} < 2 n_r - 1, \qquad "
    r"\frac1{\mathbb{E} S} = 1 - \frac{n_s}{n_r (n + n_s - 1)}",
    source=LOOP_MAD.at("equation 4"),
    role="self_consuming.mixed_loop_moments",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of fractions that break a bound or an identity"),
    cases=grid(most=((8, 10),)).full(most=((40, 60),)),
    quantity="pairs (n_r, n_s) that break a bound or an identity",
)
def cap_on_worth(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    broken = 0
    for n_real in range(1, case.most[0]):
        for n_synth in range(1, case.most[1]):
            n = n_real + n_synth
            found = moments(n_real, n_synth, Fraction(1))
            size = 1 / Fraction(found.mean_sq)
            bounds = n_real < size < 2 * n_real - 1 if n_real > 2 or (n_real == 2 and n_synth > 0) else size == 1
            inflation = 1 - Fraction(n_synth, n_real * (n + n_synth - 1))
            identities = size == n_real + Fraction(n_synth * (n_real - 1), n - 1) and found.var * inflation == 1
            broken += not (bounds and identities)
    yield exact(broken)


role(
    "self_consuming.effective_sample_size", numbers='n_real, n_synth, bias, dim, metric "mean" or "quadratic"; a float'
)(self_consuming.effective_sample_size)


@mutant("self_consuming.effective_sample_size", slip="all samples count")
def sum_of_samples(n_real: int, n_synth: int, bias: float, **how: Any) -> float:
    return float(n_real + n_synth)


@mutant("self_consuming.effective_sample_size", slip="the value for known variance, which can reach 2 n_r")
def known_variance(n_real: int, n_synth: int, bias: float, **how: Any) -> float:
    return n_real + n_real * n_synth / (n_real + n_synth)


@claim(
    id="self_consuming.fresh-loop-limit.worth",
    title="The effective sample size of the mean",
    statement=r"\lambda = 1: \quad n_e = n_r + \frac{n_s (n_r - 1)}{n - 1}",
    source=LOOP_MAD.at("equation 4"),
    role="self_consuming.effective_sample_size",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="1 − β² is a difference of two numbers near 1: a share eps n / n_r, 2e-12 at most here; a 2 × 2 solve",
    ),
    cases=grid(mix=((1, 5), (2, 3), (5, 20), (100, 10_000))),
    quantity="|n_e / formula − 1|",
)
def worth_of_the_mix(size: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth = case.mix
    known = n_real + n_synth * (n_real - 1) / (n_real + n_synth - 1)
    yield exact(gap(size(n_real, n_synth, 1.0) / known, 1.0))


@claim(
    id="self_consuming.fresh-loop-limit.forgets",
    title="The first model is forgotten geometrically",
    statement=r"\|x_t - x_\infty\| \sim \rho^t, \qquad x = (\mathbb{E} \mu^2, \mathbb{E} S), \quad \rho < 1",
    source=SOURCE,
    role="self_consuming.mixed_loop_moments",
    evidence=Evidence.RATE,
    region=within(
        -1e-3,
        1e-3,
        because="after 60 generations the second eigenvalue has lost against the first: their ratio is at most 0.87",
    ),
    cases=grid(mix=((10, 40, 0.8), (5, 20, 1.0))),
    quantity="slope of ln |x_t − x_∞| − ln ρ, t from 60 to 100",
)
def first_model_is_forgotten(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth, lam = case.mix
    found = moments(n_real, n_synth, lam)
    matrix, constant = (np.array(part) for part in second_moment_recursion(float(n_real), float(n_synth), lam))
    limit = np.linalg.solve(np.eye(2) - matrix, constant)
    apart, state = [], np.array([1.0, 9.0])
    for _ in range(101):
        apart.append(np.linalg.norm(state - limit))
        state = limit + matrix @ (state - limit)
    t = np.arange(60, 101)
    wrong_limit = gap(np.array(found[:2], float), limit) > 1e-9
    yield exact(math.inf if wrong_limit else slope(t, np.log(np.array(apart)[t])) - math.log(found.spectral_radius))


@claim(
    id="self_consuming.fresh-loop-limit.mean-steps",
    title="The mean is autoregressive: β times the last one, and independent noise",
    statement=r"\frac{\mu_t - \beta \mu_{t - 1}}{\sqrt{n_r + n_s \lambda S_{t - 1}} / n} \sim N(0, 1) \text{ independent}, \qquad "
    r"\operatorname{corr}(\mu_t, \mu_{t - k}) = \beta^k",
    source=SOURCE,
    role="self_consuming.mixed_loop",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.04, because="real samples that are not refreshed correlate two steps by n_r/n = 0.8, which "
    "moves the law by 0.07, "
                   "and so does the bias squared; 16384 draws enclose within 0.0273"),
    cases=grid(mix=((8, 2, 1.0), (2, 20, 0.5)), d=(1, 2)),
    quantity="distance of the sum of two steps to a normal law",
)  # fmt: skip
def mean_steps(mixed_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth, lam = case.mix
    n = n_real + n_synth

    def pivot(rng: np.random.Generator, size: int) -> Floats:
        path = mixed_loop(n_real, n_synth, 2, size, dim=case.d, bias=lam, rng=rng)
        z = []
        for t in (1, 2):
            spread = np.square(path.chol[t - 1, :, 0]).sum(axis=-1)  # S_11: the first coordinate is a loop of its own
            moved = path.mean[t, :, 0] - n_synth / n * path.mean[t - 1, :, 0]
            z.append(n * moved / np.sqrt(n_real + n_synth * lam * spread))
        return np.asarray((z[0] + z[1]) / math.sqrt(2))

    yield from sup_distance(pivot, normal_cdf, rng, case.risk, first=16384)


@claim(
    id="self_consuming.fresh-loop-limit.scatter",
    title="From the real law, real and synthetic samples make one normal sample",
    statement=r"\lambda = 1,\ (\mu_0, \Sigma_0) = (0, I): \quad (n - 1) \operatorname{tr} S_1 \sim \chi^2_{d (n - 1)}",
    source=SOURCE,
    role="self_consuming.mixed_loop",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.04, because="without the part between the groups one degree in 4 is missing: the law moves "
    "by 0.2; 16384 draws enclose "
                   "within 0.0273"),
    cases=grid(mix=((2, 3), (1, 4)), d=(1, 2), refresh=(True, False)),
    quantity="distance of the scatter to its χ² law",
)  # fmt: skip
def pooled_scatter(mixed_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n = sum(case.mix)

    def pivot(rng: np.random.Generator, size: int) -> Floats:
        path = mixed_loop(*case.mix, 1, size, dim=case.d, refresh=case.refresh, keep="last", rng=rng)
        return np.asarray((n - 1) * np.square(path.chol[-1]).sum(axis=(-2, -1)))

    yield from sup_distance(pivot, chi2_cdf(case.d * (n - 1)), rng, case.risk, first=16384)


@claim(
    id="self_consuming.fresh-loop-limit.start",
    title="The first model is a fit to its own real samples",
    statement=r"(n_{\mathrm{ini}} - 1) \operatorname{tr} S_0 \sim \chi^2_{d (n_{\mathrm{ini}} - 1)}",
    source=SOURCE,
    role="self_consuming.mixed_loop",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.04, because="the real law itself is a point, at distance 0.5; 16384 draws enclose within 0.0273"),
    cases=grid(d=(1, 2), refresh=(True, False)),
    quantity="distance of the first scatter to its χ² law",
)
def first_model(mixed_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def pivot(rng: np.random.Generator, size: int) -> Floats:
        path = mixed_loop(5, 5, 1, size, dim=case.d, n_initial=5, refresh=case.refresh, rng=rng)
        return np.asarray(4 * np.square(path.chol[0]).sum(axis=(-2, -1)))

    yield from sup_distance(pivot, chi2_cdf(4 * case.d), rng, case.risk, first=16384)


@claim(
    id="self_consuming.fresh-loop-limit.distance",
    title="Loops in high dimension end at the expected distance, whatever the first model",
    statement=r"d = n_r = 100,\ n_s = 900: \quad W_2^2(G_{30}, P) \approx 12.4 \ (\lambda = 1), \quad 20.6 \ "
    r"(\lambda = 0.8); \qquad "
    r"d = n_r = 30,\ n_s = 270: \quad 6.33 \ (\lambda = 0.8, \text{ to second order})",
    source=LOOP_MAD.at("figure 10"),
    role="self_consuming.mixed_loop",
    evidence=Evidence.STATISTICAL,
    region=at_least(0.5, because="W₂² spreads by 3 % about its limit; the bias squared is off by a quarter and more"),
    cases=grid(d=(30,), bias=(0.8,), n_initial=(30, 300)) + Grid(
        (), tuple({"d": 100, "bias": lam, "n_initial": start} for lam in (1.0, 0.8) for start in (100, 1000))
    ),
    quantity="P(W₂² after 30 generations is within 8 % of the limit)",
)  # fmt: skip
def expected_distance(mixed_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d = case.d
    limit = {1.0: 12.4, 0.8: 20.6}[case.bias] if d == 100 else float(stationary_error(d, 9 * d, case.bias, d, "w2"))

    def near(rng: np.random.Generator, size: int) -> Any:
        path = mixed_loop(d, 9 * d, 30, size, dim=d, bias=case.bias, n_initial=case.n_initial, keep="last", rng=rng)
        found = frechet_distance(path.mean[-1], path.chol[-1], np.zeros(d), np.eye(d))
        return np.abs(found / limit - 1) <= 0.08

    yield from probability(near, rng, case.risk, first=48)


@role("self_consuming.lagged_size", numbers="n_real, n_synth, lags: integers; n_e, a float")
def lagged_size(n_real: int, n_synth: int, lags: int) -> float:
    """n_r + K n_r n_s / (K n_r + n_s): synthetic samples shared equally over the last K models, known variance."""
    return n_real + lags * n_real * n_synth / (lags * n_real + n_synth)


@mutant("self_consuming.lagged_size", slip="the value for the last model alone, whatever the lags")
def last_model_only(n_real: int, n_synth: int, lags: int) -> float:
    return lagged_size(n_real, n_synth, 1)


@mutant("self_consuming.lagged_size", slip="each of K models adds a copy of the real samples")
def a_copy_a_model(n_real: int, n_synth: int, lags: int) -> float:
    return float(min(n_real * (1 + lags), n_real + n_synth))


@claim(
    id="self_consuming.fresh-loop-limit.lags",
    title="Samples of the last K models are worth up to K copies of the real ones",
    statement=r"n_e = n_r + \frac{K n_r n_s}{K n_r + n_s} \quad (\text{known variance})",
    source=LOOP_MAD.at("figure 30"),
    role="self_consuming.lagged_size",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because="a linear system of K + 1 unknowns, condition below 1e4"),
    cases=grid(mix=((10, 100), (1000, 10_000)), lags=(1, 2, 5, 10, 50)),
    quantity="relative difference to the Yule-Walker equations",
)
def yule_walker(size: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth = case.mix
    yield exact(gap(size(n_real, n_synth, case.lags) * lagged_variance(n_real, n_synth, case.lags), 1.0))


def lagged_variance(n_real: int, n_synth: int, lags: int) -> float:
    """E μ² of a mean fed by the last K models: γ_j = w Σ_k γ_{|j−k|}, plus 1/n for j = 0, with w = n_s / (n K)."""
    n = n_real + n_synth
    system = np.eye(lags + 1)
    for j in range(lags + 1):
        for k in range(1, lags + 1):
            system[j, abs(j - k)] -= n_synth / n / lags
    return float(np.linalg.solve(system, np.eye(lags + 1)[0] / n)[0])


@role("self_consuming.golden_size", numbers="n_real, n_synth: integers; n_e at the best weight, a float")
def golden_size(n_real: int, n_synth: int) -> float:
    """n_r (1 + √(1 + 4k)) / 2, k = n_s / n_r: the golden ratio times n_r at k = 1."""
    return n_real * (1 + math.sqrt(1 + 4 * n_synth / n_real)) / 2


@mutant("self_consuming.golden_size", slip="the pooled weight n_r / n, which is not the best one")
def pooled_weight(n_real: int, n_synth: int) -> float:
    return n_real + n_real * n_synth / (n_real + n_synth)


@mutant("self_consuming.golden_size", slip="the ratio of samples upside down")
def inverted_ratio(n_real: int, n_synth: int) -> float:
    return n_real * (1 + math.sqrt(1 + 4 * n_real / n_synth)) / 2


@claim(
    id="self_consuming.fresh-loop-limit.golden",
    title="It is pooling that caps the worth: with the best weight it grows like a root",
    statement=r"w^* = \frac{\sqrt{1 + 4k} - 1}{2k}, \qquad n_e = \frac{n_r}{w^*} = n_r \frac{1 + \sqrt{1 + "
    r"4k}}2, \quad k = \frac{n_s}{n_r}",
    source=LOOP_GOLDEN.at("theorem 1"),
    role="self_consuming.golden_size",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="the minimum is flat: a weight found to 1e-8 gives its value to 1e-16; some 20 roundings, a factor 200",
    ),
    cases=grid(mix=((10, 10), (10, 20), (10, 60), (100, 1))),
    quantity="|n_e × least stationary variance − 1|",
)
def best_weight(size: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.optimize import minimize_scalar

    n_real, n_synth = case.mix

    def variance(w: float) -> float:  # of μ' = w A + (1 − w)(μ + noise), stationary
        return float((w**2 / n_real + (1 - w) ** 2 / n_synth) / (1 - (1 - w) ** 2))

    least = minimize_scalar(variance, bounds=(1e-6, 1.0), method="bounded", options={"xatol": 1e-10}).fun
    yield exact(gap(size(n_real, n_synth) * least, 1.0))


@figure(of="self_consuming.fresh-loop-limit")
def worth_against_synthetic() -> Figure:
    n_synth = np.unique(np.geomspace(1, 10_000, 30).astype(int))
    curves = [
        series("last model", n_synth, [effective_sample_size(100, int(k), 1.0) / 100 for k in n_synth]),
        series("last 5 models, known variance", n_synth, [lagged_size(100, int(k), 5) / 100 for k in n_synth]),
        series("best weight, known variance", n_synth, [golden_size(100, int(k)) / 100 for k in n_synth]),
    ]
    return Figure(
        "What synthetic samples without bias are worth for the mean, n_r = 100",
        "Pooled, those of the last model are worth up to one more copy of the real ones, those of five models up to five; with "
        "the best weight their worth grows on.",
        "synthetic samples n_s",
        "n_e / n_r",
        (*curves, series("real samples alone", y=(1.0,), kind="hline")),
        x_log=True,
    )


@figure(of="self_consuming.fresh-loop-limit.distance")
def transients() -> Figure:
    rng = np.random.default_rng(10)
    zero, unit, curves = np.zeros(100), np.eye(100), []
    t = np.arange(0, 41, 4)
    for lam in (1.0, 0.8):
        for start in (100, 1000):
            path = mixed_loop(100, 900, 40, 1, dim=100, bias=lam, n_initial=start, rng=rng)
            distance = frechet_distance(path.mean[t], path.chol[t], zero, unit)[:, 0]
            curves.append(
                series(f"λ = {lam:g}, n_ini = {start}", t, distance, kind="line" if start == 100 else "dashed")
            )
    return Figure(
        "Squared distance to the real law, d = 100, n_r = 100, n_s = 900",
        "Whatever the first model, the distance comes to 12.4 without bias and to 20.6 with λ = 0.8.",
        "generation t",
        "W₂²",
        (*curves, series("expected limits", y=(12.4, 20.6), kind="hline")),
    )


@table(of="self_consuming.fresh-loop-limit.lags")
def figure_30() -> Table:
    rows = [
        (lags, lagged_size(1000, 10_000, lags) / 1000, 1e-3 / lagged_variance(1000, 10_000, lags))
        for lags in (1, 5, 10, 50, 100)
    ]
    return Table(
        "Worth of ten thousand samples of the last K models, n_r = 1000",
        "The formula and the Yule-Walker equations agree: more models are worth more, up to the cap of 11, all samples.",
        ("K", "n_e / n_r", "by Yule-Walker"),
        rows,
    )
