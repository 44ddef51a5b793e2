"""The bibliography: every source is written once, here, and shown as References in the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A work, with a stable key."""

    key: str
    authors: str
    title: str
    where: str

    def at(self, place: str) -> Place:
        """A place in the work: an equation, a section, a sentence."""
        return Place(self, place)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a source a statement stands."""

    source: Source
    place: str


EMO_ARTICLE = Source(
    "su-9797",
    "Su Jianlin",
    "EMO: a classification loss designed from optimal transport",
    "archive 9797, 2023 (in Chinese)",
)
EMO_PAPER = Source(
    "emo",
    "S. Ren, Z. Wu, K. Q. Zhu",
    "EMO: Earth Mover Distance Optimization for Auto-Regressive Language Modeling",
    "2023, arXiv 2310.04691",
)
CUTURI = Source(
    "cuturi", "M. Cuturi", "Sinkhorn Distances: Lightspeed Computation of Optimal Transport", "2013, arXiv 1306.0895"
)
WEED = Source(
    "weed", "J. Weed", "An explicit analysis of the entropic penalty in linear programming", "2018, arXiv 1806.01879"
)
GELBRICH = Source(
    "gelbrich",
    "M. Gelbrich",
    "On a formula for the L2 Wasserstein metric between measures on Euclidean and Hilbert spaces",
    "Mathematische Nachrichten 147, 1990",
)
NOISE = Source(
    "ghosh", "A. Ghosh, H. Kumar, P. S. Sastry", "Robust loss functions under label noise", "2017, arXiv 1712.09482"
)
VOCAB_ARTICLE = Source(
    "su-9762",
    "Su Jianlin",
    "A problem of language models with large vocabularies in continuation tasks, and a remedy",
    "archive 9762, 2023 (in Chinese)",
)
VOCAB_RANDOM = Source(
    "su-9768",
    "Su Jianlin",
    "A first look at random tokenisation: from Viterbi decoding to Viterbi sampling",
    "archive 9768, 2023 (in Chinese)",
)
VOCAB_BIAS = Source(
    "phan-bias", "B. Phan et al.", "Understanding and Mitigating Tokenization Bias", "2024, arXiv 2406.16829"
)
VOCAB_BYTES = Source(
    "phan-bytes",
    "B. Phan et al.",
    "Exact Byte-Level Probabilities from Tokenized Language Models",
    "2024, arXiv 2410.09303",
)
VOCAB_CHARACTERS = Source(
    "vieira",
    "T. Vieira et al.",
    "From Language Models over Tokens to Language Models over Characters",
    "2024, arXiv 2412.03719",
)
VOCAB_ALIGNMENT = Source(
    "athiwaratkun",
    "B. Athiwaratkun et al.",
    "Token Alignment via Character Matching for Subword Completion",
    "2024, arXiv 2403.08688",
)
VOCAB_BPE = Source(
    "berglund", "M. Berglund, B. van der Merwe", "Formalizing BPE Tokenization", "2023, arXiv 2309.08715"
)
VOCAB_MARGINAL = Source(
    "chirkova",
    "N. Chirkova, G. Kruszewski, J. Rozen, M. Dymetman",
    "Should you marginalize over possible tokenizations?",
    "2023, arXiv 2306.17757",
)
