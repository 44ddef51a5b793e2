"""Performer's random features as a soft Transformer-VQ: exact errors, safe linear attention, and the bridge."""

# ruff: noqa: I001  modules are imported in the order of the chapter, which is the order of the page
from verify.claims import system

system(
    "performer_vq",
    title="Performer and Transformer-VQ",
    finding="The error of Performer's random features is known exactly; read as a soft Transformer-VQ, it attends with halved logits.",
)

from verify.claims.performer_vq import (  # noqa: E402
    unbiased,
    variance,
    limit,
    orthogonal,
    norms,
    optimal,
    gauge,
    output_error,
    kinds,
    forms,
    vq_identity,
    vq_bounds,
    bridge,
    distortion,
    cost,
)

__all__ = [
    "bridge",
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
    "unbiased",
    "variance",
    "vq_bounds",
    "vq_identity",
]
