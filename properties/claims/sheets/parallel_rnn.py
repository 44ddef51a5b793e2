"""The sheet `parallel_rnn`: its entries, and each mistake that it lists with the mutant that makes it, or why there is none."""

ENTRIES = 14

MISTAKES = {
    "parallel_rnn.finite-termination": {
        "x + delta": "parallel_rnn.fixed_point_states/x_plus_delta",
        "wrap-around shift": "parallel_rnn.fixed_point_states/wrap_around",
        "delta_0 = x0": "parallel_rnn.fixed_point_states/correction_from_start",
        "literal right-hand side": "parallel_rnn.fixed_point_states/literal_right_side",
    },
    "parallel_rnn.convergence-orders": {
        "A' in place of A": "parallel_rnn.fixed_point_states/transposed_matrices",
        "1 - F": "parallel_rnn.fixed_point_states/slope_without_square",
        "A diag": "parallel_rnn.fixed_point_states/columns_scaled",
    },
    "parallel_rnn.newton-certificate": {
        "transposed Jacobian": "parallel_rnn.newton_states/transposed_jacobian",
        "1 - F": "parallel_rnn.newton_states/slope_without_square",
    },
    "parallel_rnn.jacobi-rate": {
        "under-relaxation 0.8": "parallel_rnn.jacobi_states/under_relaxed",
        "mean log spectral norm": "parallel_rnn.largest_lyapunov/mean_log_norm",
        "unshifted states": "parallel_rnn.jacobi_states/not_shifted",
    },
    "parallel_rnn.subtracting-ax-can-hurt": {
        "jacobi passed off as fixed": "parallel_rnn.subtracting_states/jacobi_as_fixed",
        "chord passed off as fixed": "parallel_rnn.subtracting_states/chord_as_fixed",
        "rate without 1/(1-a)": "parallel_rnn.fixed_rate/one_step_only",
    },
    "parallel_rnn.lyapunov-conditioning": {
        "transposed blocks": "parallel_rnn.conditioning_bounds/wrong_order",
        "jacobi counted as newton": "parallel_rnn.newton_states/jacobi_as_newton",
    },
    "parallel_rnn.overflow-despite-predictability": {
        "clip to [-1/2, 1/2]": "parallel_rnn.newton_states/half_the_box",
        "no projection": "parallel_rnn.newton_states/no_projection",
    },
    "parallel_rnn.levenberg-marquardt": {
        "filter mean": "parallel_rnn.levenberg_marquardt_states/filter_only",
        "sign of J": "parallel_rnn.levenberg_marquardt_states/sign_turned",
        "root of lambda": "parallel_rnn.levenberg_marquardt_states/root_of_damping",
    },
    "parallel_rnn.quasi-newton-diagonal": {
        "full Jacobian": "parallel_rnn.quasi_states/full_jacobian",
        "jacobi as quasi": "parallel_rnn.quasi_states/no_jacobian",
        "row sums": "parallel_rnn.quasi_states/lumped",
    },
    "parallel_rnn.affine-scan": {
        "swapped operands": "parallel_rnn.affine_compose/swapped",
        "A2 b1 + b1": "parallel_rnn.affine_compose/own_offset",
        "A before b": "parallel_rnn.affine_scan/matrices_first",
    },
    "parallel_rnn.scan-rounding": {
        "float32": "parallel_rnn.affine_scan/single_precision",
        "A before b": "parallel_rnn.affine_scan/matrices_first",
        "without the logarithmic term": "parallel_rnn.scan_error_bound/without_logarithm",
    },
    "parallel_rnn.diagonalisation": {
        "P and its inverse": "parallel_rnn.diagonal_fixed_point_states/inverse_exchanged",
        "imaginary part dropped": "parallel_rnn.diagonal_fixed_point_states/real_part_first",
    },
    "parallel_rnn.implicit-gradient": {
        "gate path dropped: z, o": "parallel_rnn.cell_jacobian/without_update_gate",
        "gate path dropped: r": "parallel_rnn.cell_jacobian/without_reset_gate",
        "untransposed adjoint": "parallel_rnn.adjoint_gradient/untransposed",
        "adjoint one step off": "parallel_rnn.adjoint_gradient/one_step_late",
    },
    "parallel_rnn.block-jacobi": {
        "carry one step early": "parallel_rnn.block_jacobi_states/one_before_the_end",
        "first chunk not from x0": "parallel_rnn.block_jacobi_states/first_from_zero",
        "loose carry": "parallel_rnn.block_jacobi_states/loose_carry",
    },
}
