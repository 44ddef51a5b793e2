"""Random segmentation: which samplers draw from the law they aim at, and what that law looks like."""

# ruff: noqa: I001  modules are imported in the order of the chapter, which is the order of the page
from verify.claims import system

system(
    "viterbi_sampling",
    title="Sampling tokenisations",
    finding="Duels between candidates do not sample segmentations by their probability, and can lose the best one; a "
    "reservoir that hands on sums does, exactly, and costs no more.",
    picture="viterbi_sampling.half-fix.lattices",
)

from verify.claims.viterbi_sampling import (  # noqa: E402
    best_path,
    partition,
    duel,
    streaming_sampler,
    argmax,
    half_fix,
    misplaced_temperature,
    reservoir,
    sampler,
    zero_temperature,
    temperature,
    posteriors,
    boundaries,
    walk,
    perturbation,
    truncation,
    em,
    em_variants,
    long_input,
    extremes,
    natural,
    refusals,
)

__all__ = [
    "argmax",
    "best_path",
    "boundaries",
    "duel",
    "em",
    "em_variants",
    "extremes",
    "half_fix",
    "long_input",
    "misplaced_temperature",
    "natural",
    "partition",
    "perturbation",
    "posteriors",
    "refusals",
    "reservoir",
    "sampler",
    "streaming_sampler",
    "temperature",
    "truncation",
    "walk",
    "zero_temperature",
]
