"""Random features of e^(q.k): projections, features, exact errors, and what makes the errors small."""

from verify.methods.random_features.features import (
    kernel_estimate,
    log_oprf_features,
    log_prf_features,
    trig_features,
)
from verify.methods.random_features.gauge import optimal_gauge
from verify.methods.random_features.optimal import log_relative_second_moment, optimal_A, optimal_rho
from verify.methods.random_features.projections import draw_projections
from verify.methods.random_features.variance import kernel_mse, orthogonality_gap, smreg_ratio

__all__ = [
    "draw_projections",
    "kernel_estimate",
    "kernel_mse",
    "log_oprf_features",
    "log_prf_features",
    "log_relative_second_moment",
    "optimal_A",
    "optimal_gauge",
    "optimal_rho",
    "orthogonality_gap",
    "smreg_ratio",
    "trig_features",
]
