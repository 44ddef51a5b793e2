"""The EMO loss against optimal transport: what it is, what it is not, and how it behaves."""

from verify.claims import system

system(
    "emo",
    title="Transport losses for classification",
    finding="With a one-hot target the optimal transport cost is a dot product; it is neither a metric nor a proper score.",
)

from verify.claims.emo import (  # noqa: E402  in the order of the chapter
    envelope,
    escape,
    gradient,
    line,
    metric,
    onehot,
    separable,
    sinkhorn,
    zero_one,
)

__all__ = ["envelope", "escape", "gradient", "line", "metric", "onehot", "separable", "sinkhorn", "zero_one"]
