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
RNN_ARTICLE = Source(
    "su-9783", "Su Jianlin", "Nonlinear RNNs can be computed in parallel too", "archive 9783, 2023 (in Chinese)"
)
RNN_COMPANION = Source(
    "su-9554",
    "Su Jianlin",
    "On a revival of recurrent networks: can they shine again?",
    "archive 9554, 2023 (in Chinese)",
)
RNN_DEER = Source(
    "deer",
    "Y. H. Lim, Q. Zhu, J. Selfridge, M. F. Kasim",
    "Parallelizing non-linear sequential models over the sequence length",
    "2023, arXiv 2309.12252",
)
RNN_ELK = Source(
    "elk",
    "X. Gonzalez, A. Warrington, J. T. H. Smith, S. W. Linderman",
    "Towards Scalable and Stable Parallelization of Nonlinear RNNs",
    "2024, arXiv 2407.19115",
)
RNN_PREDICTABILITY = Source(
    "gonzalez-predictability",
    "X. Gonzalez, L. Kozachkov, D. Zoltowski, K. Clarkson, S. W. Linderman",
    "Predictability Enables Parallelization of Nonlinear State Space Models",
    "2025, arXiv 2508.16817",
)
RNN_SMOOTHER = Source(
    "sarkka",
    "S. Särkkä, Á. F. García-Fernández",
    "Temporal Parallelization of Bayesian Smoothers",
    "2021, arXiv 1905.13002",
)
RNN_PREFIX_SUMS = Source("blelloch", "G. E. Blelloch", "Prefix Sums and Their Applications", "CMU-CS-90-190, 1990")
RNN_SNIR = Source(
    "snir", "M. Snir", "Depth-size trade-offs for parallel prefix computation", "Journal of Algorithms 7, 1986"
)
RNN_HIGHAM = Source(
    "higham", "N. J. Higham", "Accuracy and Stability of Numerical Algorithms", "SIAM, 2nd edition, 2002"
)
