"""Nonlinear recurrences evaluated over all time steps at once: when that ends, how fast, and where it breaks."""

# ruff: noqa: I001  modules are imported in the order of the chapter, which is the order of the page
from verify.claims import system

system(
    "parallel_rnn",
    title="Nonlinear recurrences in parallel",
    finding="Every such iteration ends after at most T steps; whether after a few is a matter of Lyapunov exponents, "
    "of overflow, and of where it starts.",
    picture="parallel_rnn.subtracting-ax-can-hurt",
)

from verify.claims.parallel_rnn import (  # noqa: E402
    termination,
    orders,
    certificate,
    posteriori,
    jacobi,
    subtracting,
    conditioning,
    predictability,
    overflow,
    damped,
    quasi,
    scan,
    scan_cost,
    rounding,
    doubling,
    eigenbasis,
    reparametrised,
    jacobians,
    gradient,
    blocks,
    lru,
)

__all__ = [
    "blocks",
    "certificate",
    "conditioning",
    "damped",
    "doubling",
    "eigenbasis",
    "gradient",
    "jacobi",
    "jacobians",
    "lru",
    "orders",
    "overflow",
    "posteriori",
    "predictability",
    "quasi",
    "reparametrised",
    "rounding",
    "scan",
    "scan_cost",
    "subtracting",
    "termination",
]
