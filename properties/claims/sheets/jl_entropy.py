"""The sheet `jl_entropy`: its entries, and each mistake that it lists with the mutant that makes it, or why there is none."""

GUARD = "a case or a guard, not a mutant: "
OTHERWISE = "stated otherwise: "
TRUE = "true, not a mistake: "

ENTRIES = 14

MISTAKES = {
    "jl_entropy.norm-tail-certified": {
        "c = 1/4": "jl_entropy.tail_constant/quarter",
        "c = 1/6": "jl_entropy.tail_constant/sixth",
        "gamma_upper with swapped arguments": "jl_entropy.norm_tail_ball/swapped_arguments",
        "1 - gamma_upper at 53 bits": "jl_entropy.norm_tail_ball/fifty_three_bits",
        "dropping the factor 2": TRUE + "at c = (1 - ln 2)/2 the ratio without it is 0.976 on the grid",
    },
    "jl_entropy.union-dimension-exact": {
        "N^2 pairs": "jl_entropy.union_dimension/ordered_pairs",
        "N^2 / 2 pairs": "jl_entropy.union_dimension/pairs_with_self",
        "upper tail only": "jl_entropy.union_dimension/upper_tail_only",
        "log10": "jl_entropy.article_dimension/decadic_article",
        "k* - 1": "jl_entropy.union_dimension/one_less",
    },
    "jl_entropy.eight-log-n-is-not-a-jl-distance-dimension": {
        "distance tail used for cosines": "jl_entropy.coherence_dimension/distance_tail",
        "one-sided cosine tail": "jl_entropy.coherence_dimension/one_sided",
        "sqrt(1 - mu) for 1 - mu^2": "jl_entropy.coherence_slope/root_of_one_minus",
        "dropping the square": "jl_entropy.coherence_dimension/square_dropped",
    },
    "jl_entropy.projection-families": {
        "s - 1 for s - 3": "jl_entropy.distortion_variance/excess_of_one",
        "missing sqrt(s)": "jl_entropy.sample_projection/without_sparsity_scale",
        "chi-square lower tail applied to Rademacher": "jl_entropy.lower_tail_bound/chi_square_lower",
        "default density reported as safe": "jl_entropy.safe_sparsity/root_of_dimension",
    },
    "jl_entropy.haar-beta": {
        "Beta((k - 1)/2, ...)": "jl_entropy.haar_distortion_tail/one_degree_less",
        "missing factor D/k": "jl_entropy.haar_distortion_tail/without_scale",
        "QR without sign care": TRUE
        + "lengths do not see signs: the equivalent rows_turned of sample_projection must pass",
        "non-orthonormalised Gaussian passed off as Haar": "jl_entropy.sample_projection/gaussian_as_haar",
    },
    "jl_entropy.inner-product": {
        "variance 1/k": "jl_entropy.inner_product_variance/orthogonal_variance",
        "variance 2/k": "jl_entropy.inner_product_variance/length_variance",
        "rate eps^2": "jl_entropy.inner_product_bound/rate_eps_squared",
        "relative error": "jl_entropy.product_error/relative_error",
    },
    "jl_entropy.union-bound-tightness": {
        "diagonal pairs included": "jl_entropy.pairwise_distortion/with_diagonal",
        "not normalised by 1/sqrt k": "jl_entropy.sample_projection/without_root_k",
        "independent A per pair": "jl_entropy.collinear_failure/independent_pairs",
    },
    "jl_entropy.softmax-entropy-kernel": {
        "softmax + 1e-8": "jl_entropy.softmax_entropy/floor_in_log",
        "lse - E[x] with raw scores": "jl_entropy.softmax_entropy/raw_difference",
        "maximum kept in the sum": "jl_entropy.softmax_entropy/maximum_kept",
        "merge without the gap term": "jl_entropy.streamed_entropy/gap_forgotten",
        "mask filled with 0": "jl_entropy.softmax_entropy/masked_by_zero",
        "mask after the softmax": "jl_entropy.softmax_entropy/masked_afterwards",
        "no max subtraction": "jl_entropy.softmax_entropy/no_shift",
        "log2": "jl_entropy.softmax_entropy/bits",
    },
    "jl_entropy.entropy-calculus": {
        "V not centred on p": "jl_entropy.softmax_varentropy/not_centred",
        "uniform mean": "jl_entropy.softmax_varentropy/uniform_mean",
        "Hoeffding constant 1/12": "jl_entropy.range_bound/twelfth",
        "bracket not updated": "jl_entropy.entropy_matching_scale/no_bracket",
    },
    "jl_entropy.finite-n-oracle": {
        "gamma_E dropped": "jl_entropy.expected_softmax_entropy/euler_dropped",
        "exponent n": "jl_entropy.expected_softmax_entropy/one_factor_more",
        "annealed value": "jl_entropy.expected_softmax_entropy/annealed",
        "variance 1": "jl_entropy.expected_softmax_entropy/unit_variance",
        "sphere weight": "jl_entropy.expected_softmax_entropy/next_sphere",
    },
    "jl_entropy.growth-without-factor": {
        "correction omitted": "jl_entropy.entropy_expansion/leading_term",
        "sign of the second bracket term": "jl_entropy.entropy_expansion/second_term_added",
        "-sigma^2": "jl_entropy.entropy_expansion/without_half",
        "scale 1/d": "jl_entropy.attention_scale/inverse_dimension",
    },
    "jl_entropy.sphere-entropy-and-the-024": {
        "0.24 lambda d for all lambda": "jl_entropy.sphere_loss/linear_loss",
        "nu = d/2": "jl_entropy.sphere_loss/order_half_d",
        "kappa = lambda sqrt d": "jl_entropy.sphere_loss/root_concentration",
        "8 for the threshold": "jl_entropy.word_dimension/eight_log",
        "8.33 for the threshold": "jl_entropy.word_dimension/rule_of_thumb",
        "off by one": "jl_entropy.word_dimension/one_below",
        "annealed value for (iii)": "jl_entropy.expected_softmax_entropy/annealed",
    },
    "jl_entropy.freezing-transition": {
        "sqrt(log n)": "jl_entropy.freezing_scale/root_log",
        "2 sqrt(log n)": "jl_entropy.freezing_scale/twice_root_log",
        "psi(1) - psi(1/r)": "jl_entropy.frozen_entropy/other_parameter",
        "annealed beyond freezing": "jl_entropy.frozen_entropy/annealed_beyond",
        "slope 1 for p = 2": "jl_entropy.tail_exponent/always_log",
        "lambda_c without the square root factor": "jl_entropy.freezing_scale/without_root_factor",
    },
    "jl_entropy.what-the-log-factor-does": {
        "log2(n)": "jl_entropy.attention_scale/binary_logarithm",
        "applied to K and Q both": "jl_entropy.attention_scale/squared_factor",
        "n replaced by d": "jl_entropy.attention_scale/size_of_head",
        "per-row n ignored": "jl_entropy.attention_scale/last_length",
        "annealed entropy for the table": "jl_entropy.expected_softmax_entropy/annealed",
    },
}
