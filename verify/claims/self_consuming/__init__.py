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
    typical,
    spectrum,
    frechet,
    student,
    quality,
    neighbours,
    categories,
    accumulate,
    regression,
    fresh,
    transition,
    fixed,
    words,
)

__all__ = [
    "accumulate",
    "categories",
    "fixed",
    "frechet",
    "fresh",
    "log_variance",
    "neighbours",
    "one_step",
    "quality",
    "regression",
    "spectrum",
    "student",
    "transition",
    "typical",
    "words",
]
