"""Entry 14: the same real data in every generation: no collapse, and no gain."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.self_consuming.instances import Floats, signs
from verify.claims.sources import LOOP_MAD
from verify.evidence import Enclosure, at_most, exact, exactly, gap, worst
from verify.methods.self_consuming import c4, expected_w2_squared, mixed_loop, mixed_loop_moments

SOURCE = LOOP_MAD.at("section 3, the synthetic augmentation loop")


@claim(
    id="self_consuming.fixed-real-data",
    title="Fixed real data stop the collapse: at most a third of their worth is lost",
    statement=r"\lambda = 1: \quad \frac{2 n_r - 1}{3 n_r - 2} < \frac{n_e}{n_r} = "
    r"\Big( 1 + \frac{n_s (n_r - 1)}{n_r (n + n_s) - n} \Big)^{-1} < 1, \qquad "
    r"\frac{n_r - 1}{n_r - 1/2} < \mathbb{E} S = \frac{n_r - 1}{n_r - n / (n + n_s)} < 1",
    source=SOURCE,
    role="self_consuming.mixed_loop_moments",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of fractions that break a bound or an identity"),
    cases=grid(most=((8, 10),)).full(most=((40, 60),)),
    quantity="pairs (n_r, n_s) that break a bound or an identity",
    refutes="Fixed real data only delay the inevitable: the model degrades without bound.",
)
def bounded_loss(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    broken = 0
    for n_real in range(2, case.most[0]):
        for n_synth in range(1, case.most[1]):
            n = n_real + n_synth
            found = moments(n_real, n_synth, Fraction(1), refresh=False)
            worth, var = 1 / (Fraction(found.mean_sq) * n_real), Fraction(found.var)
            bounds = (
                Fraction(2 * n_real - 1, 3 * n_real - 2) < worth < 1
                and Fraction(2 * n_real - 2, 2 * n_real - 1) < var < 1
            )
            loss = Fraction(n_synth * (n_real - 1), n_real * (n + n_synth) - n)
            broken += not (
                bounds and 1 / worth == 1 + loss and var == (n_real - 1) / (n_real - Fraction(n, n + n_synth))
            )
    yield exact(broken)


@claim(
    id="self_consuming.fixed-real-data.equations",
    title="The stationary moments solve their two equations",
    statement=r"\Delta (1 - \beta^2) = \frac{n_s \lambda s}{n^2}, \quad (n - 1) s = n_r - 1 + (n_s - 1) \lambda "
    r"s + \frac{n_r}n \lambda s "
    r"+ \frac{n_r n_s}n \Delta, \quad \mathbb{E} \mu^2 = \frac1{n_r} + \Delta",
    source=SOURCE,
    role="self_consuming.mixed_loop_moments",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="fractions on both sides"),
    cases=grid(most=((8, 10),), bias=("1", "4/5")).full(most=((40, 60),)),
    quantity="largest deviation of an equation",
)
def two_equations(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lam, parts = Fraction(case.bias), []
    for n_real in range(1, case.most[0]):
        for n_synth in range(1, case.most[1]):
            n = n_real + n_synth
            found = moments(n_real, n_synth, lam, refresh=False)
            s, delta = Fraction(found.var), Fraction(found.mean_sq) - Fraction(1, n_real)
            first = delta * (1 - Fraction(n_synth, n) ** 2) - n_synth * lam * s / n**2
            second = (n - 1) * s - (
                n_real
                - 1
                + (n_synth - 1) * lam * s
                + Fraction(n_real, n) * lam * s
                + Fraction(n_real * n_synth, n) * delta
            )
            parts += [exact(abs(first)), exact(abs(second))]
    yield worst(parts)


@claim(
    id="self_consuming.fixed-real-data.values",
    title="Two fixed mixes, to ten decimals",
    statement=r"(5, 20, 1): \ (0.28,\ 0.9); \qquad (20, 60, 0.8): \ (0.0603919781,\ 0.6061987237)",
    source=SOURCE,
    role="self_consuming.mixed_loop_moments",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="the values of an independent calculation have ten decimals"),
    cases=grid(mix=((5, 20, 1.0, 0.28, 0.9), (20, 60, 0.8, 0.0603919781, 0.6061987237))),
    quantity="|moments − known values|",
)
def known_values(moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth, lam, *known = case.mix
    yield exact(gap(np.array(moments(n_real, n_synth, lam, refresh=False)[:2], float), known))


@role(
    "self_consuming.fixed_step",
    numbers="real (n_r,), noise (R, n_s), mean, var, bias: numbers; mean (R,), variance (R,)",
)
def fixed_step(real: Floats, noise: Floats, mean: float, var: float, bias: float) -> tuple[Floats, Floats]:
    """Fit of the fixed real samples together with samples of N(mean, bias · var)."""
    synth = mean + math.sqrt(bias * var) * noise
    pool = np.hstack([np.tile(real, (len(noise), 1)), synth])
    return pool.mean(axis=1), pool.var(axis=1, ddof=1)


@mutant("self_consuming.fixed_step", slip="synthetic samples are centred at 0, not at the model's mean")
def centred_samples(real: Floats, noise: Floats, mean: float, var: float, bias: float) -> tuple[Floats, Floats]:
    return fixed_step(real, noise, 0.0, var, bias)


@mutant("self_consuming.fixed_step", slip="divided by n, not by n − 1")
def mle_fixed_step(real: Floats, noise: Floats, mean: float, var: float, bias: float) -> tuple[Floats, Floats]:
    centre, spread = fixed_step(real, noise, mean, var, bias)
    n = len(real) + noise.shape[1]
    return centre, spread * (n - 1) / n


@mutant("self_consuming.fixed_step", slip="the bias is left out")
def unbiased_step(real: Floats, noise: Floats, mean: float, var: float, bias: float) -> tuple[Floats, Floats]:
    return fixed_step(real, noise, mean, var, 1.0)


@equivalent("self_consuming.fixed_step", because="the order of the samples does not matter")
def other_order(real: Floats, noise: Floats, mean: float, var: float, bias: float) -> tuple[Floats, Floats]:
    return fixed_step(real[::-1], noise[:, ::-1], mean, var, bias)


@claim(
    id="self_consuming.fixed-real-data.enumerated",
    title="One generation from the stationary moments gives them back",
    statement=r"\mathbb{E}(\mu' - \bar x)^2 = \Delta, \quad \mathbb{E} S' = s \qquad \text{from } (\mu - \bar "
    r"x)^2 = \Delta,\ S = s",
    source=SOURCE,
    role=("self_consuming.fixed_step", "self_consuming.mixed_loop_moments"),
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="all sign patterns are the whole law, as the map is quadratic in the noise; means of 256 numbers below 10",
    ),
    cases=grid(mix=((2, 3, 1.0), (5, 8, 1.0), (4, 6, 0.8))),
    quantity="|moments after one enumerated generation − stationary moments|",
)
def stationary_by_enumeration(step: Any, moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n_real, n_synth, lam = case.mix
    found = moments(n_real, n_synth, lam, refresh=False)
    delta, var = float(found.mean_sq) - 1 / n_real, float(found.var)
    real = rng.normal(size=n_real)
    real *= math.sqrt((n_real - 1) / (n_real * real.var()))  # a sample with the mean scatter of its size
    centre = real.mean()
    mean, spread = step(real, signs(n_synth), centre + math.sqrt(max(delta, 0.0)), var, lam)
    yield exact(gap([np.square(mean - centre).mean(), spread.mean()], [delta, var]))


@claim(
    id="self_consuming.fixed-real-data.kept",
    title="The real samples are kept: without synthetic ones the model never moves",
    statement=r"n_s = 0: \quad (\mu_t, \Sigma_t) = (\mu_1, \Sigma_1) \quad \forall t",
    source=SOURCE,
    role="self_consuming.mixed_loop",
    evidence=Evidence.EXACT,
    region=exactly(0, because="the same numbers in every generation"),
    cases=grid(d=(1, 3)),
    quantity="largest movement in 5 generations",
)
def real_samples_are_kept(mixed_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    path = mixed_loop(6, 0, 5, 20, dim=case.d, refresh=False, rng=rng)
    yield exact(max(gap(part[t], part[1]) for part in path for t in range(2, 6)))


@figure(of="self_consuming.fixed-real-data")
def three_loops() -> Figure:
    t = np.arange(0, 61)
    n_real, n_synth = 20, 60
    distances = []
    for refresh in (True, False):
        path = mixed_loop(n_real, n_synth, 60, 2000, refresh=refresh, rng=np.random.default_rng(14))
        distances.append((np.square(path.mean[..., 0]) + np.square(np.exp(path.log_det / 2) - 1)).mean(axis=1))
    alone = mixed_loop_moments(n_real, 0, 1.0).mean_sq + 2 - 2 * c4(n_real)
    return Figure(
        "Mean squared distance to the real law: no real data, the same, and fresh ones; n_r = 20, n_s = 60",
        "Without real data the distance grows for ever, with fixed data it stays bounded above that of the real "
        "samples alone, with "
        "fresh data it falls below.",
        "generation t",
        "E W₂²",
        (
            series("fully synthetic, n = 80", t, expected_w2_squared(80, t)),
            series("fixed real data, 2000 loops", t, distances[1]),
            series("fresh real data, 2000 loops", t, distances[0]),
            series("the real samples alone", y=(alone,), kind="hline"),
        ),
    )
