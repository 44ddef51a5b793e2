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
FLOW_ARTICLE = Source(
    "su-9668", "Su Jianlin", "Notes on diffusion models 20: from ReFlow to WGAN-GP", "archive 9668, 2023 (in Chinese)"
)
FLOW_ODE_ARTICLE = Source(
    "su-9497", "Su Jianlin", "Notes on diffusion models 17: how to build an ODE", "archive 9497, 2023 (in Chinese)"
)
FLOW_GAN_ARTICLE = Source(
    "su-9662", "Su Jianlin", "Notes on diffusion models 19: GANs as diffusion ODEs", "archive 9662, 2023 (in Chinese)"
)
FLOW_STRAIGHT = Source(
    "rectified-flow",
    "X. Liu, C. Gong, Q. Liu",
    "Flow Straight and Fast: Learning to Generate and Transfer Data with Rectified Flow",
    "2022, arXiv 2209.03003",
)
FLOW_MARGINALS = Source(
    "rectified-flow-ot",
    "Q. Liu",
    "Rectified Flow: A Marginal Preserving Approach to Optimal Transport",
    "2022, arXiv 2209.14577",
)
FLOW_AND_TRANSPORT = Source(
    "hertrich",
    "J. Hertrich, A. Chambolle, J. Delon",
    "On the Relation between Rectified Flows and Optimal Transport",
    "2025, arXiv 2505.19712",
)
FLOW_ACTION = Source(
    "action-matching",
    "K. Neklyudov, R. Brekelmans, D. Severo, A. Makhzani",
    "Action Matching: Learning Stochastic Dynamics from Samples",
    "2022, arXiv 2210.06662",
)
FLOW_WGAN_GP = Source(
    "wgan-gp",
    "I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville",
    "Improved Training of Wasserstein GANs",
    "2017, arXiv 1704.00028",
)
FLOW_ONE_SIDED = Source(
    "petzka",
    "H. Petzka, A. Fischer, D. Lukovnikov",
    "On the regularization of Wasserstein GANs",
    "2018, arXiv 1709.08894",
)
FLOW_CONVERGENCE = Source(
    "mescheder",
    "L. Mescheder, A. Geiger, S. Nowozin",
    "Which Training Methods for GANs do actually Converge?",
    "2018, arXiv 1801.04406",
)
FLOW_SOBOLEV = Source(
    "mroueh",
    "Y. Mroueh, C.-L. Li, T. Sercu, A. Raj, Y. Cheng",
    "Sobolev GAN",
    "2017, arXiv 1711.04894",
)
