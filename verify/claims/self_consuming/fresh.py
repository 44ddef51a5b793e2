"""Entry 12: fresh real data in every generation: the limit, and what synthetic data are worth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.self_consuming.instances import Floats, signs
from verify.claims.sources import LOOP_MAD
from verify.evidence import Enclosure, at_most, exact, exactly, gap, slope, within, worst
from verify.methods import self_consuming
from verify.methods.self_consuming.moments import second_moment_recursion

SOURCE = LOOP_MAD.at("equation 3")


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
            bounds = n_real < size < 2 * n_real - 1 if n_real > 1 else size == 1
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
        because="1 − β² is a difference of two numbers near 1, which in floats costs a share eps n / n_r, 2.2e-14 at most here; "
        "the rest is left to the solution of a 2 × 2 system; the mistakes are off by 1 % and more",
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
        because="after 60 generations the second eigenvalue has lost against the first: their ratio is at most 0.87, "
        "and 0.87⁶⁰ = 2.4e-4",
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
