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
SEGMENTATION_VITERBI_SAMPLING = Source(
    "su-9768",
    "Su Jianlin",
    "A first look at random tokenisation: from Viterbi decoding to Viterbi sampling",
    "archive 9768, 2023 (in Chinese)",
)
SEGMENTATION_PERFECT_SAMPLING = Source(
    "su-9811",
    "Su Jianlin",
    "Random tokenisation again: from Viterbi sampling to a perfect sampling algorithm",
    "archive 9811, 2023 (in Chinese)",
)
SEGMENTATION_BYTEPIECE = Source(
    "su-9752",
    "Su Jianlin",
    "BytePiece: a purer tokeniser with a higher compression rate",
    "archive 9752, 2023 (in Chinese)",
)
SEGMENTATION_SUBWORD = Source(
    "kudo",
    "T. Kudo",
    "Subword Regularization: Improving Neural Network Translation Models with Multiple Subword Candidates",
    "2018, arXiv 1804.10959",
)
SEGMENTATION_FFBS = Source(
    "scott",
    "S. L. Scott",
    "Bayesian Methods for Hidden Markov Models: Recursive Computing in the 21st Century",
    "Journal of the American Statistical Association 97, 2002",
)
SEGMENTATION_KBEST = Source("huang", "L. Huang, D. Chiang", "Better k-best Parsing", "IWPT 2005")
SEGMENTATION_PERTURB = Source(
    "papandreou",
    "G. Papandreou, A. L. Yuille",
    "Perturb-and-MAP Random Fields: Using Discrete Optimization to Learn and Sample from Energy Models",
    "ICCV 2011",
)
SEGMENTATION_SEMIRINGS = Source(
    "li-eisner",
    "Z. Li, J. Eisner",
    "First- and Second-Order Expectation Semirings with Applications to Minimum-Risk Training on Translation Forests",
    "EMNLP 2009",
)
SEGMENTATION_EM = Source(
    "dempster",
    "A. P. Dempster, N. M. Laird, D. B. Rubin",
    "Maximum Likelihood from Incomplete Data via the EM Algorithm",
    "Journal of the Royal Statistical Society B 39, 1977",
)
