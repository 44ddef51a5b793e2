"""The sheet `self_consuming`: its entries, and each mistake that it lists with the mutant that makes it, or why there is none."""

ENTRIES = 14

MISTAKES = {
    "self_consuming.one-step-law": {
        "ddof = 0": "self_consuming.gaussian_loop/mle_fit",
        "bias on the standard deviation": "self_consuming.gaussian_loop/bias_on_deviation",
        "bias after the fit": "self_consuming.gaussian_loop/bias_after_fit",
        "mean step with the post-fit variance": "self_consuming.gaussian_loop/post_fit_variance",
    },
    "self_consuming.log-variance-law": {
        "ddof = 0": "self_consuming.gaussian_loop/mle_fit",
        "nu -> n": "self_consuming.log_variance_cdf/n_degrees",
        "log-normal approximation": "self_consuming.log_variance_cdf/lognormal",
        "martingale means no drift": "self_consuming.log_variance_drift/no_drift",
    },
    "self_consuming.mean-versus-typical": {
        "critical bias 1": "self_consuming.critical_bias/one",
        "critical bias 1/c4^2": "self_consuming.critical_bias/mean_deviation_kept",
        "typical rate ln lambda": "self_consuming.typical_rate/rate_of_the_mean",
        "typical rate 2 ln c4": "self_consuming.typical_rate/rate_of_the_mean_deviation",
    },
    "self_consuming.lyapunov-spectrum": {
        "isotropic collapse": "self_consuming.lyapunov_spectrum/isotropic",
        "nu off by one": "self_consuming.lyapunov_spectrum/one_degree_less",
        "exponents of the root": "self_consuming.lyapunov_spectrum/of_the_root",
        "re-factored covariance": "self_consuming.gaussian_loop/refactored",
    },
    "self_consuming.frechet-drift": {
        "E sigma as exp E ln sigma": "self_consuming.expected_w2_squared/typical_deviation",
        "unbiased formula for MLE": "self_consuming.expected_w2_squared/always_unbiased",
        "drift t/n without lambda": "self_consuming.expected_w2_squared/drift_of_t",
        "W2 in place of W2^2": "self_consuming.expected_w2_squared/unsquared",
    },
    "self_consuming.student-limit": {
        "t1": "self_consuming.drift_limit_cdf/cauchy",
        "t3": "self_consuming.drift_limit_cdf/three_degrees",
        "standard normal": "self_consuming.drift_limit_cdf/normal_limit",
        "sqrt 2 t2": "self_consuming.drift_limit_cdf/stretched",
    },
    "self_consuming.quality-diversity": {
        "frozen mean": "self_consuming.quality/frozen_mean",
        "own region": "self_consuming.quality/own_region",
        "lambda squared": "self_consuming.gaussian_loop/bias_on_deviation",
        "Q and D swapped": "self_consuming.quality/diversity_for_quality",
    },
    "self_consuming.knn-precision-recall": {
        "k + 1 neighbours": "self_consuming.knn_metrics/one_more",
        "self counted": "self_consuming.knn_metrics/self_counted",
        "roles swapped": "self_consuming.knn_metrics/exchanged",
        "literal-prose precision": "self_consuming.knn_metrics/literal_prose",
        "one global radius": "self_consuming.knn_metrics/global_radius",
    },
    "self_consuming.categorical-drift": {
        "factor 1 - 1/2n": "self_consuming.heterozygosity_factor/half_rate",
        "sampling without replacement": "self_consuming.wright_fisher_matrix/without_replacement",
        "linear eigenvalues": "self_consuming.wright_fisher_eigenvalues/linear_eigenvalues",
        "absorption at 0 only": "self_consuming.wright_fisher_matrix/absorbing_at_zero_only",
    },
    "self_consuming.accumulate": {
        "no between-group term": "self_consuming.accumulate_loop/no_between_group_term",
        "mean not pooled": "self_consuming.accumulate_loop/mean_not_pooled",
        "first-order value": "self_consuming.accumulate_variance_factor/first_order",
        "unbiased product for MLE": "self_consuming.accumulate_variance_factor/unbiased_product",
    },
    "self_consuming.regression-accumulate": {
        "labels always from w*": "self_consuming.regression_loop/labels_from_the_truth",
        "first batch dropped": "self_consuming.regression_loop/first_batch_dropped",
        "fixed-design formula for fresh designs": "self_consuming.regression_excess_error/fixed_for_fresh",
        "1/i in place of 1/i^2": "self_consuming.regression_excess_error/harmonic_sum",
    },
    "self_consuming.fresh-loop-limit": {
        "synthetic counted as real": "self_consuming.mixed_loop_moments/synthetic_is_real",
        "real data not refreshed": "self_consuming.mixed_loop/stale_samples",
        "lambda squared": "self_consuming.mixed_loop_moments/moments_of_squared_bias",
        "no between-group term": "self_consuming.mixed_loop/groups_apart",
        "ddof = 0": "self_consuming.mixed_loop/mle_mix",
    },
    "self_consuming.fresh-phase-transition": {
        "weight 1/s": "self_consuming.synthetic_threshold/inverse_weight",
        "bias term dropped": "self_consuming.synthetic_threshold/threshold_without_shrinking",
        "AR coefficient beta": "self_consuming.fourth_moment_recursion/carried_without_bias",
        "threshold proportional to n_r": "self_consuming.synthetic_threshold/proportional",
    },
    "self_consuming.fixed-real-data": {
        "fresh-data formula": "self_consuming.mixed_loop_moments/as_if_fresh",
        "real sample redrawn": "self_consuming.mixed_loop/redrawn_samples",
        "conditional mean 0": "self_consuming.fixed_step/centred_samples",
        "scatter with n_r degrees": "self_consuming.mixed_loop/real_degree_too_many",
    },
}
