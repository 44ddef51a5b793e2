"""Models trained on their own samples: what collapses, how fast, and what survives."""

# ruff: noqa: I001  modules are imported in the order of the chapter, which is the order of the page
from verify.claims import system

system(
    "self_consuming",
    title="Generative models that eat their own output",
    finding="A model fitted to its own samples collapses at an exact rate while its mean variance stays; fresh real data, or "
    "keeping the old, stops it.",
    picture="self_consuming.student-limit.tail",
)

from verify.claims.self_consuming import (  # noqa: E402
    one_step,
    log_variance,
    drift,
    typical,
    survival,
    spectrum,
    frechet,
    wasserstein,
    student,
    quality,
    neighbours,
    null_identities,
    misreadings,
    metric_counts,
    wright_fisher,
    absorption,
    lineages,
    persistence,
    accumulate,
    regression,
    real_data,
    fresh,
    fresh_paths,
    pooling,
    fourth_moments,
    transition,
    fixed,
    words,
)

__all__ = [
    "absorption",
    "accumulate",
    "drift",
    "fixed",
    "fourth_moments",
    "frechet",
    "fresh",
    "fresh_paths",
    "lineages",
    "log_variance",
    "metric_counts",
    "misreadings",
    "neighbours",
    "null_identities",
    "one_step",
    "persistence",
    "pooling",
    "quality",
    "real_data",
    "regression",
    "spectrum",
    "student",
    "survival",
    "transition",
    "typical",
    "wasserstein",
    "words",
    "wright_fisher",
]
