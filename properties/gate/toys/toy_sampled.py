"""Sampled claims only, whose mutants are caught by chance with a margin that is chance too."""

import numpy as np

from verify.claims import Evidence, claim, grid, mutant, role, system
from verify.claims.sources import Source
from verify.evidence import at_most, median, probability, sup_distance, within

system("sampled", title="Samplers", finding="Uniform draws are uniform.")
NOTES = Source("sampled", "Nobody", "Notes on samplers", "2026")


@role("sampled.uniform", numbers="a generator and a size; floats in [0, 1)")
def uniform(rng, size):
    """Uniform on [0, 1)."""
    return rng.random(size)


@mutant("sampled.uniform", slip="the root of a uniform draw")
def root(rng, size):
    return np.sqrt(rng.random(size))


@mutant("sampled.uniform", slip="a sixth too wide, then folded back")
def folded(rng, size):
    return np.minimum(1.17 * rng.random(size), 1.0)


def sampled(name, quantity, region):
    return claim(
        id=f"sampled.{name}", title=name, statement="U \\sim [0, 1)", source=NOTES.at("1"), role="sampled.uniform",
        evidence=Evidence.STATISTICAL, region=region, quantity=quantity, cases=grid(part=(1, 2)),
    )  # fmt: skip


@sampled("half", "probability", within(0.45, 0.55, because="half, and a third of what the root does"))
def half(uniform, case, rng):
    yield from probability(lambda rng, n: uniform(rng, n) < 0.5, rng, case.risk)


@sampled("law", "distance of laws", at_most(0.06, because="less than half of what folding does"))
def law(uniform, case, rng):
    yield from sup_distance(uniform, lambda x: np.clip(x, 0.0, 1.0), rng, case.risk)


@sampled("middle", "median", within(0.46, 0.54, because="half, and less than folding moves it by"))
def middle(uniform, case, rng):
    yield from median(uniform, rng, case.risk)
