"""The sheet `performer_vq`: its entries, and each mistake that it lists with the mutant that makes it, or why there is none."""

ENTRIES = 14

MISTAKES = {
    "performer_vq.prf-unbiased": {
        "QR without the sign fix": "performer_vq.draw_projections/without_sign_fix",
        "half the squared norm dropped": "performer_vq.log_prf_features/norm_dropped",
        "rows of N(0, I/d)": "performer_vq.draw_projections/shrunk_rows",
        "|R_ii| as row norm": "performer_vq.draw_projections/triangle_lengths",
        "+eps on each feature": "performer_vq.log_prf_features/epsilon_added",
    },
    "performer_vq.rf-variance-closed-form": {
        "e^2t for e^t": "performer_vq.kernel_mse/doubled_exponent",
        "half of trig lost": "performer_vq.kernel_mse/half_lost",
        "|q - k| and |q + k| exchanged": "performer_vq.kernel_mse/sum_and_difference_exchanged",
        "exp(t) - 1": "performer_vq.kernel_mse/cancels_near_zero",
    },
    "performer_vq.small-kernel-limit": {
        "verdict from SM alone": "performer_vq.vanishing_criterion/kernel_alone",
        "1 + cos for 1 + 2 cos": "performer_vq.vanishing_criterion/one_cosine",
        "MSE over SM^2 as MSE": "performer_vq.kernel_mse/relative_error",
    },
    "performer_vq.orthogonal-exact-mse": {
        "lower bound as value": "performer_vq.kernel_mse/paper_bound_as_value",
        "one norm per block": "performer_vq.draw_projections/one_length_a_block",
        "all rows one block": "performer_vq.kernel_mse/one_large_block",
        "iid rows labelled orthogonal": "performer_vq.draw_projections/independent_labelled_orthogonal",
    },
    "performer_vq.norm-surrogate-bias": {
        "radius sqrt(d - 1)": "performer_vq.smreg_ratio/smaller_sphere",
        "SMREG unbiased": "performer_vq.smreg_ratio/no_bias",
        "quantiles (i - 1/2)/m": "performer_vq.draw_projections/midpoint_quantiles",
        "normalised uniforms": "performer_vq.draw_projections/cube_directions",
    },
    "performer_vq.optimal-positive-features": {
        "misprinted A": "performer_vq.optimal_a/misprint",
        "d/2 for d/4": "performer_vq.log_oprf_features/normalised_twice",
        "B = 1": "performer_vq.log_oprf_features/unscaled_projection",
        "A >= 1/8 for a variance": "performer_vq.log_relative_second_moment/negative_rho_taken",
    },
    "performer_vq.gauge-invariance": {
        "queries shifted too": "performer_vq.apply_gauge/queries_shifted",
        "b = mean key": "performer_vq.optimal_gauge/mean_key_only",
        "no geometric mean": "performer_vq.optimal_gauge/naive_ratio",
        "key-dependent shift": "performer_vq.apply_gauge/shift_by_key",
    },
    "performer_vq.attention-output-error": {
        "G from half squared norms": "performer_vq.output_error_constants/half_norms",
        "unnormalised numerator": "performer_vq.prf_attention/unnormalised_numerator",
        "one W for all replicates": "performer_vq.draw_projections/one_block_repeated",
        "v for v - o": "performer_vq.output_error_constants/uncentred",
    },
    "performer_vq.linear-attention-forms": {
        "per-key max": "performer_vq.linear_attention/pivot_per_key",
        "prefix off by one": "performer_vq.linear_attention/exclusive_prefix",
        "u not rescaled": "performer_vq.linear_attention_state/mass_not_rescaled",
        "block pivot over future keys": "performer_vq.linear_attention/pivot_over_the_future",
        "naive exponentials": "performer_vq.linear_attention/naive_exponentials",
    },
    "performer_vq.vq-attention-identity": {
        "log n omitted": "performer_vq.vq_attention/counts_omitted",
        "cache one block late": "performer_vq.vq_attention/cache_one_block_late",
        "cache one block early": "performer_vq.vq_attention/cache_one_block_early",
        "bias beyond L": "performer_vq.vq_attention/bias_beyond_window",
        "empty code with bias 0": "performer_vq.vq_attention/empty_code_counts",
        "sums for means": "performer_vq.vq_attention/sums_for_means",
    },
    "performer_vq.vq-error-bounds": {
        "tanh(osc/8)": "performer_vq.softmax_tv_bound/eighth",
        "tanh(osc/2)": "performer_vq.softmax_tv_bound/half",
        "codewords not re-centred": "performer_vq.cell_codewords/first_key",
        "correction in the numerator only": "performer_vq.corrected_attention/numerator_alone",
    },
    "performer_vq.soft-vq-bridge": {
        "factor 2 in tau": "performer_vq.soft_vq_attention/half_temperature",
        "double exponential": "performer_vq.soft_vq_attention/double_exponential",
        "kappa = s/(s + tau)": "performer_vq.limit_kappa/unsquared",
        "kappa = tau/(s^2 + tau)": "performer_vq.limit_kappa/complement",
        "query scale kappa": "performer_vq.soft_vq_attention/inverse_query_scale",
        "ties resolved in the soft limit": "performer_vq.soft_assignment/first_of_ties",
    },
    "performer_vq.codebook-distortion": {
        "central chi-square": "performer_vq.min_distance_law/central_law",
        "second nearest": "performer_vq.lloyd/assigned_to_second",
        "empty cells NaN": "performer_vq.lloyd/empty_is_nan",
        "empty cells zero": "performer_vq.lloyd/empty_is_zero",
        "re-fitted codebook": "performer_vq.lloyd/refitted_distortion",
    },
    "performer_vq.linear-cost": {
        "materialises n x n": "performer_vq.linear_attention/matrix_formed",
        "materialises n x m x d_v": "performer_vq.linear_attention/all_prefix_sums",
        "cache from scratch per block": "performer_vq.vq_attention/cache_recomputed",
    },
}
