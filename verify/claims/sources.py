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
JL_THEORY = Source(
    "su-8679", "Su Jianlin", "The astonishing Johnson-Lindenstrauss lemma: theory", "archive 8679, 2021 (in Chinese)"
)
JL_PRACTICE = Source(
    "su-8706", "Su Jianlin", "The astonishing Johnson-Lindenstrauss lemma: practice", "archive 8706, 2021 (in Chinese)"
)
JL_WORD_DIMENSION = Source(
    "su-7695",
    "Su Jianlin",
    "The principle of minimal entropy (6): how to choose the dimension of word vectors",
    "archive 7695, 2020 (in Chinese)",
)
JL_DIMENSION_USE = Source(
    "su-8711", "Su Jianlin", "How usable is the dimension formula n > 8.33 log N", "archive 8711, 2021 (in Chinese)"
)
JL_SCALE = Source(
    "su-8823", "Su Jianlin", "The scale of attention from the invariance of entropy", "archive 8823, 2021 (in Chinese)"
)
JL_FAST = Source(
    "su-9034", "Su Jianlin", "A quick derivation of the entropy-invariant softmax", "archive 9034, 2022 (in Chinese)"
)
JL_ENTROPY = Source(
    "su-9588",
    "Su Jianlin",
    "Entropy-invariant attention seen from the JL lemma",
    "archive 9588, 2023 (in Chinese)",
)
JL_DASGUPTA = Source(
    "dasgupta-gupta",
    "S. Dasgupta, A. Gupta",
    "An elementary proof of a theorem of Johnson and Lindenstrauss",
    "Random Structures and Algorithms 22, 2003",
)
JL_ACHLIOPTAS = Source(
    "achlioptas",
    "D. Achlioptas",
    "Database-friendly random projections: Johnson-Lindenstrauss with binary coins",
    "Journal of Computer and System Sciences 66, 2003",
)
JL_SPARSE = Source(
    "li-hastie-church", "P. Li, T. J. Hastie, K. W. Church", "Very sparse random projections", "KDD 2006"
)
JL_SHARP = Source(
    "burr-gao-knoll",
    "M. Burr, S. Gao, F. Knoll",
    "Optimal bounds for Johnson-Lindenstrauss transformations",
    "Journal of Machine Learning Research 19, 2018",
)
JL_WELCH = Source(
    "welch",
    "L. R. Welch",
    "Lower bounds on the maximum cross correlation of signals",
    "IEEE Transactions on Information Theory 20, 1974",
)
JL_VARENTROPY = Source(
    "reeb-wolf",
    "D. Reeb, M. M. Wolf",
    "Tight bound on relative entropy by entropy difference",
    "2015, arXiv 1304.0036",
)
JL_REM = Source(
    "derrida",
    "B. Derrida",
    "Random-energy model: an exactly solvable model of disordered systems",
    "Physical Review B 24, 1981",
)
JL_RUELLE = Source(
    "ruelle",
    "D. Ruelle",
    "A mathematical reformulation of Derrida's REM and GREM",
    "Communications in Mathematical Physics 108, 1987",
)
JL_GAP = Source(
    "chen-2025",
    "S. Chen, Z. Lin, Y. Polyanskiy, P. Rigollet",
    "Critical attention scaling in long-context transformers",
    "2025, arXiv 2510.05554",
)
JL_TAILS = Source(
    "hayase-karakida",
    "T. Hayase, R. Karakida",
    "The power of log n that a tail of scores asks for",
    "2026, arXiv 2605.12697",
)
JL_SSMAX = Source("ssmax", "K. M. Nakanishi", "Scalable-Softmax is superior for attention", "2025, arXiv 2501.19399")
JL_YARN = Source(
    "yarn",
    "B. Peng, J. Quesnelle, H. Fan, E. Shippole",
    "YaRN: Efficient Context Window Extension of Large Language Models",
    "2023, arXiv 2309.00071",
)
