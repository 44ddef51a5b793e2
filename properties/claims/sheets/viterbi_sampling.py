"""The sheet `viterbi_sampling`: its entries, and each mistake that it lists with the mutant that makes it, or why there is none."""

GUARD = "a case or a guard, not a mutant: "

ENTRIES = 14

LAW = "viterbi_sampling.streaming_law/"
SAMPLER = "viterbi_sampling.sample_segmentations/"

MISTAKES = {
    "viterbi_sampling.viterbi-map": {
        "greedy longest match": "viterbi_sampling.viterbi/greedy_longest_match",
        "forward max without re-adding the edge score": "viterbi_sampling.viterbi/edge_score_forgotten",
        "detokenise through decode(errors=ignore)": "viterbi_sampling.pieces/through_decoding",
        "back-pointer to the last candidate": "viterbi_sampling.viterbi/last_candidate",
    },
    "viterbi_sampling.partition-count": {
        "drop the longest edges": "viterbi_sampling.partition/longest_dropped",
        "F_0 = -inf handled as 0 at every node": "viterbi_sampling.partition/starts_everywhere",
        "float count": "viterbi_sampling.count_segmentations/in_floats",
    },
    "viterbi_sampling.duel-not-softmax": {
        "nodes as independent": LAW + "nodes_independent",
        "arrival order reversed": LAW + "arrival_reversed",
        "sigma of the reversed difference": LAW + "worse_wins",
    },
    "viterbi_sampling.duel-argmax-lost": {
        "kept score replaced by the maximum score": LAW + "best_score_handed_on",
        "ties by >=": "viterbi_sampling.argmax_lost/ties_count",
        "report float comparisons only": GUARD
        + "the witness and its law are fractions, which certified claims alone let through",
    },
    "viterbi_sampling.half-fix": {
        "half law that propagates log Z": LAW + "half_hands_on_the_sum",
        "nested law with alpha on the edge only": LAW + "nested_on_the_token",
        "a test set without three-token paths": GUARD
        + "half-fix.plain-sums is vacuous unless three tokens show a difference",
    },
    "viterbi_sampling.reservoir-exact": {
        "half": LAW + "half_in_its_place",
        "nested temperature": LAW + "nested_in_its_place",
        "accept with e^(alpha x) / Z before": LAW + "share_of_the_sum_before",
        "propagate max for lse": LAW + "maximum_handed_on",
    },
    "viterbi_sampling.ffbs-sampler": {
        "duel": SAMPLER + "duel",
        "nested temperature": SAMPLER + "nested_temperature",
        "one float32 uniform for all rounds": SAMPLER + "one_uniform_for_all_nodes",
        "CDF index off by one": SAMPLER + "index_off_by_one",
    },
    "viterbi_sampling.zero-temperature": {
        "alpha replaced by its root": "viterbi_sampling.tail_bounds/root_of_alpha",
        "gap to the second distinct prefix": "viterbi_sampling.tail_bounds/gap_to_another_prefix",
        "nested temperature": "viterbi_sampling.log_partition/nested_sums",
    },
    "viterbi_sampling.temperature-identities": {
        "entropy without -log q": "viterbi_sampling.segmentation_moments/no_entropy_of_the_node",
        "variance from edges only": "viterbi_sampling.segmentation_moments/variance_of_edges_only",
        "alpha missing in H": "viterbi_sampling.segmentation_moments/alpha_missing_in_entropy",
    },
    "viterbi_sampling.posteriors": {
        "B at alpha = 1": "viterbi_sampling.edge_posteriors/backward_without_alpha",
        "edge weight counted twice": "viterbi_sampling.edge_posteriors/weight_twice",
        "missing -log Z": "viterbi_sampling.edge_posteriors/not_normalised",
    },
    "viterbi_sampling.dag-walk": {
        "B replaced by the best completion score": "viterbi_sampling.doob_walk_law/best_completion",
        "forward sums in a forward walk": "viterbi_sampling.doob_walk_law/forward_sums",
        "noise scale 1 / alpha omitted": "viterbi_sampling.perturb_paths/scale_of_noise_omitted",
    },
    "viterbi_sampling.nbest-truncation": {
        "beam pruned with strict > on ties": "viterbi_sampling.nbest_segmentations/ties_pruned",
        "weights P in place of P^alpha": "viterbi_sampling.truncated_law/weights_without_alpha",
        "normalise by Z": "viterbi_sampling.truncated_law/normalised_by_all",
    },
    "viterbi_sampling.em-ascent": {
        "posteriors without -log Z": "viterbi_sampling.em_step/unnormalised_posteriors",
        "counts at alpha = .5": "viterbi_sampling.em_step/counts_at_half",
        "M-step by token length": "viterbi_sampling.em_step/counts_by_length",
        "skip renormalisation": "viterbi_sampling.em_step/not_normalised",
    },
    "viterbi_sampling.long-input": {
        "float32 forward": "viterbi_sampling.forward_log/single_precision_forward",
        "cut test with < for <=": "viterbi_sampling.build_lattice/ends_taken_for_crossings",
        "linear domain without the length guard": "viterbi_sampling.log_partition/linear_domain",
        "unforced last CDF entry": SAMPLER + "last_sum_unforced",
    },
}
