"""Johnson-Lindenstrauss dimensions and the entropy of attention: exact laws behind two rules of log n."""

# ruff: noqa: I001  modules are imported in the order of the chapter, which is the order of the page
from verify.claims import system

system(
    "jl_entropy",
    title="Dimensions, entropy and the logarithm of n",
    finding="Half of the article's dimensions suffice, with a certificate; the log n factor keeps the entropy of "
    "attention only "
    "near one line of a phase diagram.",
    picture="jl_entropy.freezing-transition.phases",
)

from verify.claims.jl_entropy import (  # noqa: E402
    tails,
    dimension,
    coherence,
    families,
    onehot,
    haar,
    products,
    tightness,
    kernel,
    calculus,
    oracle,
    growth,
    sphere,
    heads,
    freezing,
    gaps,
    phase,
    schedules,
    words,
)

__all__ = [
    "calculus",
    "coherence",
    "dimension",
    "families",
    "freezing",
    "gaps",
    "growth",
    "haar",
    "heads",
    "kernel",
    "onehot",
    "oracle",
    "phase",
    "products",
    "schedules",
    "sphere",
    "tails",
    "tightness",
    "words",
]
