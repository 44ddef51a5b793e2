"""Models that are trained on their own samples: Gaussian and categorical loops, their exact laws, k-NN metrics."""

from verify.methods.self_consuming.accumulate import accumulate_variance_factor, regression_excess_error
from verify.methods.self_consuming.categories import absorption_time, ancestor_matrix, wright_fisher_matrix
from verify.methods.self_consuming.distance import expected_w2_squared, frechet_distance
from verify.methods.self_consuming.law import c4, critical_bias, log_variance_cdf, log_variance_drift
from verify.methods.self_consuming.loop import LoopTrajectory, gaussian_loop
from verify.methods.self_consuming.mixed import mixed_loop
from verify.methods.self_consuming.moments import FourthMoments, MixedMoments, mixed_loop_moments
from verify.methods.self_consuming.neighbours import KnnMetrics, knn_metrics
from verify.methods.self_consuming.spectrum import drift_limit_cdf, drift_tail_constant, lyapunov_spectrum
from verify.methods.self_consuming.worth import effective_sample_size, synthetic_threshold

__all__ = [
    "FourthMoments",
    "KnnMetrics",
    "LoopTrajectory",
    "MixedMoments",
    "absorption_time",
    "accumulate_variance_factor",
    "ancestor_matrix",
    "c4",
    "critical_bias",
    "drift_limit_cdf",
    "drift_tail_constant",
    "effective_sample_size",
    "expected_w2_squared",
    "frechet_distance",
    "gaussian_loop",
    "knn_metrics",
    "log_variance_cdf",
    "log_variance_drift",
    "lyapunov_spectrum",
    "mixed_loop",
    "mixed_loop_moments",
    "regression_excess_error",
    "synthetic_threshold",
    "wright_fisher_matrix",
]
