"""Why large vocabularies break the continuation of a prompt, by how much, and which remedies are exact."""

# ruff: noqa: I001  modules are imported in the order of the chapter, which is the order of the page
from verify.claims import system

system(
    "vocab_continuation",
    title="Large vocabularies and prompt continuation",
    finding="Continuing a tokenised prompt conditions on a token boundary at its end; the cover of the prompt is exact.",
    picture="vocab_continuation.naive-zero",
)

from verify.claims.vocab_continuation import (  # noqa: E402
    naive,
    boundary,
    closed,
    compression,
    growth,
    not_monotone,
    covers,
    covering,
    backoff,
    one_step,
    depth,
    masking,
    segmenters,
    stochastic,
    gap,
    forward_tables,
    bigram,
    sampling,
    real,
)

__all__ = [
    "backoff",
    "bigram",
    "boundary",
    "closed",
    "compression",
    "covering",
    "covers",
    "depth",
    "forward_tables",
    "gap",
    "growth",
    "masking",
    "naive",
    "not_monotone",
    "one_step",
    "real",
    "sampling",
    "segmenters",
    "stochastic",
]
