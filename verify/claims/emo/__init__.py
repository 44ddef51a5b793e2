"""The EMO loss against optimal transport: what it is, what it is not, and how it behaves."""

# ruff: noqa: I001  modules are imported in the order of the chapter, which is the order of the page
from verify.claims import system

system(
    "emo",
    title="Transport losses for classification",
    finding="With a one-hot target the optimal transport cost is a dot product; it is neither a metric nor a proper score.",
    picture="emo.escape-time",
)

from verify.claims.emo import (  # noqa: E402
    onehot,
    loss,
    separable,
    decomposition,
    metric,
    zero_one,
    gradient,
    escape,
    envelope,
    scoring,
    noise,
    balanced,
    sinkhorn,
    line,
    pooling,
    refusals,
)

__all__ = [
    "balanced",
    "decomposition",
    "envelope",
    "escape",
    "gradient",
    "line",
    "loss",
    "metric",
    "noise",
    "onehot",
    "pooling",
    "refusals",
    "scoring",
    "separable",
    "sinkhorn",
    "zero_one",
]
