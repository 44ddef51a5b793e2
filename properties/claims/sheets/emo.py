"""The sheet `emo`: its entries, and each mistake that it lists with the mutant that makes it, or why there is none."""

GUARD = "a case or a guard, not a mutant: "

ENTRIES = 14

MISTAKES = {
    "emo.onehot-closed-form": {
        "C[t,:] for C[:,t]": "emo.onehot_cost/row_for_column",
        "arg-max class for t": "emo.onehot_cost/argmax_class",
        "embeddings not normalised": "emo.emo_loss/unnormalised",
        "pooled vector renormalised": "emo.emo_loss/renormalised_pool",
    },
    "emo.demd-tight-iff-separable": {
        "tight iff p or q is one-hot": "emo.tightness_criterion/onehot_only",
        "separability on all indices": "emo.tightness_criterion/separable_everywhere",
        "bound reversed": "emo.cheap_bound/cheapest_pair",
        "certificate skips feasibility off the support": "emo.certify_plan/support_only",
    },
    "emo.demd-gap-decomposition": {
        "half dropped": "emo.demd_gap_terms/half_dropped",
        "covariances without mean subtraction": "emo.demd_gap_terms/raw_moments",
        "pooled mean normalised": "emo.demd_gap_terms/normalised_means",
        "DEMD(p,p) = 0": "emo.demd_gap_terms/nothing_for_equals",
    },
    "emo.cosine-cost-not-a-metric": {
        "chord": "emo.direction_cost/chord",
        "angle": "emo.direction_cost/angle",
        "root before comparing": "emo.direction_cost/rooted",
        "right angles only": GUARD + "the witness has angles of 37 degrees, where the inequality fails by 8/25",
    },
    "emo.zero-one-cost-is-total-variation": {
        "TV without the half": "emo.total_variation/without_half",
        "C = I": "emo.demd/similarity",
        "DEMD for EMD": "emo.total_variation/independent",
        "p_t for 1 - p_t": "emo.onehot_accuracy_loss/accuracy",
    },
    "emo.logit-gradient": {
        "-L dropped": "emo.emo_grad/without_mean",
        "times 1 - p_j": "emo.emo_grad/sigmoid_like",
        "sign flip": "emo.emo_grad/sign_flipped",
        "naive un-centred form": "emo.emo_grad/uncentred",
        "central differences": "emo.emo_grad/differences",
    },
    "emo.escape-time": {
        "e^|s| / c": "emo.escape_time/leading_term",
        "factor 2 missing": "emo.escape_time/one_logit",
        "CE field with p(1-p)": "emo.cross_entropy_escape_time/transport_field",
    },
    "emo.cross-entropy-envelope": {
        "c- and c+ swapped": "emo.envelope/exchanged_costs",
        "Pinsker in the lower bound": "emo.envelope/pinsker_below",
        "bits for nats": "emo.envelope/bits",
        "DEMD obeys Pinsker": "emo.soft_target_bound/independent_bound",
    },
    "emo.improper-scoring": {
        "exponential tilt": "emo.mixture_minimizer/tilted",
        "minimiser q": "emo.population_minimiser/the_data",
        "no branch for mu = 0": "emo.mixture_minimizer/without_branch",
        "weight on CE": "emo.mixture_minimizer/weight_on_entropy",
    },
    "emo.symmetric-label-noise": {
        "eta / n": "emo.symmetric_noise_cost/flips_to_all",
        "centred embeddings assumed tolerant": "emo.noise_tolerance_criterion/centred_embeddings",
        "factor 1 - eta only": "emo.symmetric_noise_cost/shrunk",
    },
    "emo.balanced-objective-field": {
        "ratio not detached": "emo.balanced_objective/not_detached",
        "ratio L/M": "emo.balanced_objective/inverted_ratio",
        "clip at 1": "emo.balanced_objective/clipped",
        "clip at 3, as released": "emo.balanced_objective/clipped_at_three",
    },
    "emo.sinkhorn-bias": {
        "regularised objective": "emo.sinkhorn_log/regularised_objective",
        "eps halved": "emo.sinkhorn_log/halved_reg",
        "linear domain": "emo.sinkhorn_log/linear_domain",
        "one projection": "emo.sinkhorn_log/one_projection",
    },
    "emo.line-transport": {
        "densities": "emo.wasserstein_line/densities",
        "unsorted atoms": "emo.wasserstein_line/unsorted",
        "unit spacing": "emo.wasserstein_line/unit_spacing",
    },
    "emo.pooled-form-cost": {
        "V x V": "emo.emo_loss/whole_matrix",
        "pooled without normalised embeddings": "emo.emo_loss/unnormalised",
        "float32 as float64": "emo.emo_loss/single_precision",
    },
}
