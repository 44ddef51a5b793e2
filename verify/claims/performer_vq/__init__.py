"""Performer's random features as a soft Transformer-VQ: exact errors, safe linear attention, and the bridge."""

# ruff: noqa: I001  modules are imported in the order of the chapter, which is the order of the page
from verify.claims import system

system(
    "performer_vq",
    title="Performer and Transformer-VQ",
    finding="The error of Performer's random features is known exactly; read as a soft Transformer-VQ, it attends with halved logits.",
    picture="performer_vq.soft-vq-bridge.codebook-rate",
)

from verify.claims.performer_vq import (  # noqa: E402
    unbiased,
    variance,
    limit,
    orthogonal,
    savings,
    norms,
    optimal,
    gauge,
    output_error,
    kinds,
    forms,
    shortcuts,
    vq_identity,
    vq_bounds,
    bridge,
    shrunk,
    temperature,
    distortion,
    codebooks,
    cost,
)

__all__ = [
    "bridge",
    "codebooks",
    "cost",
    "distortion",
    "forms",
    "gauge",
    "kinds",
    "limit",
    "norms",
    "optimal",
    "orthogonal",
    "output_error",
    "savings",
    "shortcuts",
    "shrunk",
    "temperature",
    "unbiased",
    "variance",
    "vq_bounds",
    "vq_identity",
]
