"""The sheet `vocab_continuation`: its entries, and each mistake that it lists with the mutant that makes it, or why not."""

STATED = "stated otherwise: "
TRUE = "true, not a mistake: "

ENTRIES = 13

MISTAKES = {
    "vocab_continuation.naive-zero": {
        "naive law computed from the truth": "vocab_continuation.naive_law/from_truth",
        "smoothing of zero counts": "vocab_continuation.naive_law/smoothed",
        "tokeniser with the long tokens removed": "vocab_continuation.naive_law/short_tokens",
    },
    "vocab_continuation.boundary-identity": {
        "boundary of tau(x) instead of tau(X)": "vocab_continuation.boundary_mass/of_the_prompt",
        "unconditional beta": "vocab_continuation.boundary_mass/unconditional",
        "TV of the next character asserted equal": STATED
        + "refuted by vocab_continuation.boundary-identity.next-character-strict, 1125/1564 against 75/92",
    },
    "vocab_continuation.compression-bias": {
        "denominator |X| - 1": "vocab_continuation.mean_bias/one_cut_less",
        "document ends dropped from the sum": "vocab_continuation.mean_bias/without_ends",
        "token count of the prompt": "vocab_continuation.mean_bias/tokens_of_the_prompt",
    },
    "vocab_continuation.vocabulary-growth": {
        "merges in reverse rank": "vocab_continuation.byte_pair_merges/reverse_rank",
        "re-trained vocabularies": "vocab_continuation.byte_pair_merges/trained_anew",
        "next-character TV asserted monotone": STATED
        + "refuted by vocab_continuation.vocabulary-growth.next-character",
    },
    "vocab_continuation.cover-exact": {
        "window m - 1": "vocab_continuation.cover_prefix_mass/short_window",
        "non-strict cover": "vocab_continuation.cover_prefix_mass/not_strict",
        "non-strict full cover": "vocab_continuation.cover/open_ended",
        "truncations of tau(x) as contexts": "vocab_continuation.cover_prefix_mass/truncated_contexts",
    },
    "vocab_continuation.backoff-monotone": {
        "local masking instead of exact conditioning": "vocab_continuation.backoff_law/local_masking",
        "k off by one": "vocab_continuation.backoff_law/one_less",
        "single covering token": "vocab_continuation.backoff_law/single_covering_token",
    },
    "vocab_continuation.one-step-insufficient": {
        "dropped text re-tokenised with the candidates": "vocab_continuation.backoff_law/retokenised_candidates",
        "k counted in characters": "vocab_continuation.backoff_law/characters_counted",
        "only strictly longer tokens": "vocab_continuation.backoff_law/strictly_longer",
    },
    "vocab_continuation.backoff-depth": {
        "non-proper extension allowed": "vocab_continuation.unstable_start/not_proper",
        "bound m - 2": "vocab_continuation.unstable_start/bound_too_small",
        "ties in Viterbi broken inconsistently": "vocab_continuation.unigram_viterbi/ties_by_length",
    },
    "vocab_continuation.local-mask-bias": {
        "the masked law as backoff_law": "vocab_continuation.backoff_law/local_masking",
        "renormalise only at the last step with prefix masses": TRUE
        + "the equivalent importance_weighted of vocab_continuation.backoff_law, which every claim must pass",
    },
    "vocab_continuation.stochastic-support": {
        "p not normalised": "vocab_continuation.stochastic/not_normalised",
        "b without Z(x)": TRUE
        + "a constant; the equivalent without_prefix of vocab_continuation.boundary_posterior, which every claim must pass",
        "b without the suffix factor": "vocab_continuation.boundary_posterior/without_suffix",
        "duel sampler as q": "vocab_continuation.stochastic/duels",
    },
    "vocab_continuation.canonical-gap": {
        "proposal probability omitted": "vocab_continuation.marginal_estimate/without_proposal",
        "canonical taken as the most likely": "vocab_continuation.canonical_gap/most_likely",
        "log of mean of logs": "vocab_continuation.marginal_estimate/mean_of_logs",
    },
    "vocab_continuation.ngram-cover-dp": {
        "last token counted twice at n": "vocab_continuation.bigram_prefix_mass/ends_twice",
        "start row at every boundary": "vocab_continuation.bigram_prefix_mass/start_row_everywhere",
        "end symbol ignored": "vocab_continuation.bigram_prefix_mass/end_ignored",
        "end symbol ignored in the string mass": "vocab_continuation.bigram_string_mass/going_on",
    },
    "vocab_continuation.sampling": {
        "pick i uniformly": "vocab_continuation.sample_text/uniform_position",
        "pick v without the context's prefix mass": "vocab_continuation.sample_text/without_context",
        "drop the branch with the empty context": "vocab_continuation.sample_text/without_empty_context",
        "the naive sampler is rejected": "vocab_continuation.sample_text/naive_sampler",
        "the one-step sampler is rejected": "vocab_continuation.sample_text/one_step_sampler",
    },
}
