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
LOOP_ARTICLE = Source(
    "su-9687",
    "Su Jianlin",
    "When generative models run wild: will the Internet catch mad cow disease?",
    "archive 9687, 2023 (in Chinese)",
)
LOOP_MAD = Source(
    "mad", "S. Alemohammad et al.", "Self-Consuming Generative Models Go MAD", "2023, arXiv 2307.01850, version 1"
)
LOOP_CURSE = Source(
    "curse",
    "I. Shumailov, Z. Shumaylov, Y. Zhao, Y. Gal, N. Papernot, R. Anderson",
    "The Curse of Recursion: Training on Generated Data Makes Models Forget",
    "2023, arXiv 2305.17493",
)
LOOP_INEVITABLE = Source(
    "inevitable",
    "M. Gerstgrasser et al.",
    "Is Model Collapse Inevitable? Breaking the Curse of Recursion by Accumulating Real and Synthetic Data",
    "2024, arXiv 2404.01413",
)
LOOP_THRIVE = Source(
    "thrive", "J. Kazdan et al.", "Collapse or Thrive? Perils and Promises of Synthetic Data", "2024, arXiv 2410.16713"
)
LOOP_RATE = Source(
    "rate",
    "A. T. Suresh, A. Thangaraj, A. N. K. Khandavally",
    "Rate of Model Collapse in Recursive Training",
    "2024, arXiv 2412.17646",
)
LOOP_GOLDEN = Source(
    "golden", "H. He, S. Xu, G. Cheng", "Golden Ratio Weighting Prevents Model Collapse", "2025, arXiv 2502.18049"
)
LOOP_PRECISION = Source(
    "kynkaanniemi",
    "T. Kynkäänniemi, T. Karras, S. Laine, J. Lehtinen, T. Aila",
    "Improved Precision and Recall Metric for Assessing Generative Models",
    "2019, arXiv 1904.06991",
)
LOOP_COVERAGE = Source(
    "naeem",
    "M. F. Naeem, S. J. Oh, Y. Uh, Y. Choi, J. Yoo",
    "Reliable Fidelity and Diversity Metrics for Generative Models",
    "2020, arXiv 2002.09797",
)
LOOP_DUFRESNE = Source(
    "dufresne",
    "D. Dufresne",
    "The distribution of a perpetuity, with applications to risk theory and pension funding",
    "Scandinavian Actuarial Journal, 1990",
)
LOOP_GOLDIE = Source(
    "goldie",
    "C. M. Goldie",
    "Implicit renewal theory and tails of solutions of random equations",
    "Annals of Applied Probability 1, 1991",
)
LOOP_EWENS = Source("ewens", "W. J. Ewens", "Mathematical Population Genetics", "Springer, 2004")
