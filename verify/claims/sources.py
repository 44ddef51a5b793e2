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

VOCAB_ARTICLE = Source(
    "su-9762",
    "Su Jianlin",
    "A problem of language models with large vocabularies in continuation tasks, and a remedy",
    "archive 9762, 2023 (in Chinese)",
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
