"""The sheet `reflow_wgan`: its entries, and each mistake that it lists with the mutant that makes it, or why there is none."""

ENTRIES = 14

MISTAKES = {
    "reflow_wgan.line-integral-identity": {
        "sign of D(x0) - D(x1) swapped": "reflow_wgan.critic_objective/real_and_fake_exchanged",
        "penalty coefficient 1": "reflow_wgan.critic_objective/whole_penalty",
        "end-point average of the penalty": "reflow_wgan.critic_objective/penalty_at_ends",
        "t sampled at 1/2 only": "reflow_wgan.critic_objective/penalty_in_the_middle",
    },
    "reflow_wgan.endpoint-variance": {
        "independent t for the two terms": "reflow_wgan.inner_product_variance/own_times",
        "dropping the mean": "reflow_wgan.inner_product_variance/second_moment",
        "Var of the squared loss": "reflow_wgan.inner_product_variance/variance_of_loss",
    },
    "reflow_wgan.conditional-expectation": {
        "K forgotten": "reflow_wgan.gaussian_velocity/cross_forgotten",
        "K transposed": "reflow_wgan.gaussian_velocity/cross_transposed",
        "responsibilities without the determinant": "reflow_wgan.mixture_velocity/without_determinant",
        "score-based formula with the wrong sign": "reflow_wgan.gaussian_velocity/score_sign",
    },
    "reflow_wgan.marginal-preservation": {
        "K forgotten": "reflow_wgan.gaussian_flow/independent_again",
        "slope term dropped": "reflow_wgan.mixture_velocity/rigid_components",
        "t and 1-t swapped in the slope": "reflow_wgan.mixture_velocity/exchanged_times",
        "prior weights": "reflow_wgan.mixture_velocity/prior_weights",
        "missing determinant": "reflow_wgan.mixture_velocity/without_determinant",
    },
    "reflow_wgan.convex-costs-decrease": {
        "before/after swapped": "reflow_wgan.displacement_covariances/exchanged",
        "conditional variance omitted": "reflow_wgan.conditional_variance/no_crossings",
        "claim extended to the root": "reflow_wgan.decrease_is_guaranteed/any_growing_cost",
        "displacement covariance without K": "reflow_wgan.displacement_covariances/without_cross",
    },
    "reflow_wgan.gaussian-one-rectification": {
        "(S0^-1 S1)^1/2": "reflow_wgan.rectified_map_gaussian/wrong_order",
        "S1^1/2 S0^-1/2": "reflow_wgan.rectified_map_gaussian/whiten_and_colour",
        "OT map": "reflow_wgan.rectified_map_gaussian/optimal_map",
        "one Euler step on the independent coupling": "reflow_wgan.rectified_map_gaussian/one_euler_step",
    },
    "reflow_wgan.straight-is-not-optimal": {
        "OT map used as rectified map": "reflow_wgan.plane_costs/optimal_twice",
        "commuting pair substituted": "reflow_wgan.example_excess/commuting_pair",
        "fidelity and geometric mean swapped": "reflow_wgan.rectified_excess/terms_exchanged",
        "cost with tr(S0 + S1) only": "reflow_wgan.plane_costs/independent_cost",
    },
    "reflow_wgan.gradient-constraint-restores-ot": {
        "average with the transpose": "reflow_wgan.gaussian_flow/averaged_flow",
        "no symmetry": "reflow_wgan.gaussian_flow/not_a_gradient",
        "independent coupling reused": "reflow_wgan.gaussian_flow/independent_again",
    },
    "reflow_wgan.one-dim-monotone-and-order": {
        "k3 from k1": "reflow_wgan.integrate/third_from_first",
        "t fixed at the left end": "reflow_wgan.integrate/time_at_left_end",
        "decreasing rearrangement": "reflow_wgan.monotone_map/decreasing_map",
    },
    "reflow_wgan.time-zero-collapse": {
        "t = 1/2 passed as t = 0": "reflow_wgan.reflow_training/trained_at_half_time",
        "averaged field": "reflow_wgan.reflow_training/trained_on_average",
        "refresh forgotten": "reflow_wgan.reflow_training/never_refreshed",
    },
    "reflow_wgan.time-averaged-critic": {
        "(p0 + p1)/2": "reflow_wgan.mean_density/mean_of_the_ends",
        "F1 - F0": "reflow_wgan.averaged_velocity_1d/away_from_the_data",
        "unweighted time average": "reflow_wgan.time_averaged_velocity/unweighted_average",
        "crossing pairs dropped": "reflow_wgan.coupling_average/rightward_only",
    },
    "reflow_wgan.alternating-training-law": {
        "S = (S0 + S1)/2": "reflow_wgan.quadratic_critic/mean_of_both_ends",
        "critic from the time-zero field": "reflow_wgan.quadratic_critic/critic_at_time_zero",
        "factor 2 from symmetrisation": "reflow_wgan.quadratic_critic/symmetrised_twice",
    },
    "reflow_wgan.generator-gradient": {
        "missing 2 eps": "reflow_wgan.regression_gradient/factor_dropped",
        "grad D at the moving generator": "reflow_wgan.regression_gradient/moving_target",
        "sign": "reflow_wgan.regression_gradient/climbing",
    },
    "reflow_wgan.penalty-centre": {
        "H / 2 lambda": "reflow_wgan.penalized_critic_1d/half_lambda",
        "centre 0 with lambda = 10": "reflow_wgan.penalized_critic_1d/centred_at_zero",
        "W1 as critic value": "reflow_wgan.penalized_critic_1d/distance_for_value",
        "penalty on |D'|^2 - 1": "reflow_wgan.penalized_critic_1d/squared_norm",
    },
}
