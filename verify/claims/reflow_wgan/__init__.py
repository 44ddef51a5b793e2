"""From rectified flow to the critic of WGAN-GP: which steps are equalities, and which are not."""

# ruff: noqa: I001  modules are imported in the order of the chapter, which is the order of the page
from verify.claims import system

system(
    "reflow_wgan",
    title="From rectified flow to WGAN-GP",
    finding="The bridge is an exact identity once the velocity forgets the time; rectified couplings are straight, not optimal.",
    picture="reflow_wgan.gaussian-one-rectification",
)

from verify.claims.reflow_wgan import (  # noqa: E402
    velocities,
    identity,
    variance,
    conditional,
    marginals,
    convex,
    rectified,
    excess,
    words,
    gradient,
    order,
    collapse,
    finite,
    averaged,
    training,
    generator,
    penalty,
    dirac,
)

__all__ = [
    "averaged",
    "collapse",
    "conditional",
    "convex",
    "dirac",
    "excess",
    "finite",
    "generator",
    "gradient",
    "identity",
    "marginals",
    "order",
    "penalty",
    "rectified",
    "training",
    "variance",
    "velocities",
    "words",
]
