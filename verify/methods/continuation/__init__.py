"""Continuing a prompt with a token model: where it is wrong, by how much, and what is exact."""

from verify.methods.continuation.bigram import bigram_prefix_mass, bigram_string_mass
from verify.methods.continuation.covering import cover, cover_prefix_mass, exact_next_char, sample_text
from verify.methods.continuation.laws import backoff_law, boundary_mass, local_mask_law, naive_law
from verify.methods.continuation.models import FiniteSource, IdealTokenLM, TokenModel
from verify.methods.continuation.stability import unstable_start
from verify.methods.continuation.texts import END
from verify.methods.continuation.tokenisers import BytePairMerges, MaximalMunch, Tokeniser, UnigramViterbi

__all__ = [
    "END",
    "BytePairMerges",
    "FiniteSource",
    "IdealTokenLM",
    "MaximalMunch",
    "TokenModel",
    "Tokeniser",
    "UnigramViterbi",
    "backoff_law",
    "bigram_prefix_mass",
    "bigram_string_mass",
    "boundary_mass",
    "cover",
    "cover_prefix_mass",
    "exact_next_char",
    "local_mask_law",
    "naive_law",
    "sample_text",
    "unstable_start",
]
