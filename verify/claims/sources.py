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
PVQ_ARTICLE = Source(
    "su-9862", "Su Jianlin", "I found traces of Transformer-VQ inside Performer", "archive 9862, 2023 (in Chinese)"
)
PVQ_RADII = Source(
    "su-7921",
    "Su Jianlin",
    "Performer: linearising the complexity of attention with random projections",
    "archive 7921, 2020 (in Chinese)",
)
PVQ_KEYS = Source(
    "su-9844", "Su Jianlin", "VQ the key and the Transformer becomes linear", "archive 9844, 2023 (in Chinese)"
)
PVQ_PERFORMER = Source(
    "performer", "K. Choromanski et al.", "Rethinking Attention with Performers", "2020, arXiv 2009.14794"
)
PVQ_TRANSFORMER = Source(
    "transformer-vq",
    "L. D. Lingle",
    "Transformer-VQ: Linear-Time Transformers via Vector Quantization",
    "2023, arXiv 2309.16354",
)
PVQ_TABLES = Source(
    "chefs",
    "V. Likhosherstov et al.",
    "Chefs' Random Tables: Non-Trigonometric Random Features",
    "2022, arXiv 2205.15317",
)
PVQ_SIMPLEX = Source("simplex", "I. Reid et al.", "Simplex Random Features", "2023, arXiv 2301.13856")
PVQ_HAAR = Source(
    "mezzadri",
    "F. Mezzadri",
    "How to generate random matrices from the classical compact groups",
    "2006, arXiv math-ph/0609050",
)
PVQ_DARK = Source("darkformer", "Farzam et al.", "DARKFormer", "2026, arXiv 2603.04127")
PVQ_LLOYD = Source(
    "lloyd", "S. P. Lloyd", "Least squares quantization in PCM", "IEEE Transactions on Information Theory 28, 1982"
)
