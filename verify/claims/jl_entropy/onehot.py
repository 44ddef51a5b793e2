"""Entry 4, second half: what a projection sampler draws, and what the default density does to one-hot rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.jl_entropy.sign_laws import pair_law
from verify.claims.sources import JL_ACHLIOPTAS, JL_SPARSE
from verify.evidence import Enclosure, accepted, at_least, at_most, exact, exactly, gap, probability, sup_distance
from verify.methods import johnson_lindenstrauss as jl

role("jl_entropy.sample_projection", numbers="kind, k, D, rng, sparsity; a matrix (k, D), sparse for kind 'sparse'")(
    jl.sample_projection
)


def dense(A: Any) -> Any:
    """A projection as an array, whether it came sparse or not."""
    return A.toarray() if hasattr(A, "toarray") else np.asarray(A)


@mutant("jl_entropy.sample_projection", slip="sqrt(s) is missing: lengths shrink by 1/s")
def without_sparsity_scale(kind: Any, k: int, D: int, rng: Any, sparsity: float | None = None) -> Any:
    A = jl.sample_projection(kind, k, D, rng, sparsity)
    return A / math.sqrt(sparsity or 3) if kind == "sparse" else A


@mutant("jl_entropy.sample_projection", slip="not divided by sqrt(k)")
def without_root_k(kind: Any, k: int, D: int, rng: Any, sparsity: float | None = None) -> Any:
    A = jl.sample_projection(kind, k, D, rng, sparsity)
    return A if kind == "haar" else A * math.sqrt(k)


@mutant("jl_entropy.sample_projection", slip="a Gaussian matrix that was never orthonormalised passed off as Haar")
def gaussian_as_haar(kind: Any, k: int, D: int, rng: Any, sparsity: float | None = None) -> Any:
    return jl.sample_projection("gaussian" if kind == "haar" else kind, k, D, rng, sparsity)


@mutant("jl_entropy.sample_projection", slip="density 1/sqrt(D), whatever is asked for")
def default_density(kind: Any, k: int, D: int, rng: Any, sparsity: float | None = None) -> Any:
    return jl.sample_projection(kind, k, D, rng, math.sqrt(D) if kind == "sparse" else None)


@mutant("jl_entropy.sample_projection", slip="the sparsity is ignored")
def always_three(kind: Any, k: int, D: int, rng: Any, sparsity: float | None = None) -> Any:
    return jl.sample_projection(kind, k, D, rng)


@mutant("jl_entropy.sample_projection", slip="every kind, size and sparsity is taken")
def open_door(kind: Any, k: int, D: int, rng: Any, sparsity: float | None = None) -> Any:
    try:
        return jl.sample_projection(kind, k, D, rng, sparsity)
    except (ValueError, TypeError):
        return np.zeros((1, 1))


@equivalent("jl_entropy.sample_projection", because="|Px| does not depend on the signs or the order of the rows of P")
def rows_turned(kind: Any, k: int, D: int, rng: Any, sparsity: float | None = None) -> Any:
    return -jl.sample_projection(kind, k, D, rng, sparsity)[::-1]


@role("jl_entropy.sparse_pair_failure", numbers="s, k, eps: P(the distance of two one-hot rows is distorted by eps)")
def sparse_pair_failure(s: float, k: int, eps: float) -> float:
    """The law of sum over k rows of (r_i - r_j)^2, with values 0, 1, 4, by convolution.

    |A(e_i - e_j)|^2 / 2 is s/(2k) times that sum.
    """
    value, law = pair_law(s, k)
    return float(law[np.abs(value - 1) >= eps].sum())


@mutant("jl_entropy.sparse_pair_failure", slip="two independent rows for a difference: never a 4")
def never_four(s: float, k: int, eps: float) -> float:
    from scipy.special import bdtr, bdtrc

    mean = 2 / s  # (r_i - r_j)^2 taken for a coin with the right mean
    low, high = math.floor(k * mean * (1 - eps)), math.ceil(k * mean * (1 + eps))
    return float(bdtr(low, k, mean) + bdtrc(high - 1, k, mean))


@mutant("jl_entropy.sparse_pair_failure", slip="the Gaussian tail, whatever the sparsity")
def as_if_gaussian(s: float, k: int, eps: float) -> float:
    return sum(jl.norm_distortion_tail(k, eps))


@claim(
    id="jl_entropy.projection-families.pairs",
    title="The failure of a pair of one-hot rows, two ways",
    statement=r"P\Big(\Big|\tfrac{s}{2k} \sum_{l \le k} (r_{li} - r_{lj})^2 - 1\Big| \ge \epsilon\Big)",
    source=JL_SPARSE.at("the density 1/sqrt(D)"),
    role="jl_entropy.sparse_pair_failure",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because="sums of at most 4 k = 1200 probabilities, none computed to worse than 1e-12"),
    cases=grid(s=(3.0, 10.0, 32.0), k=(299,)),
    quantity="relative difference of convolution and double sum",
)
def pairs_two_ways(failure: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import gammaln, xlogy

    s, k, eps = case.s, case.k, 0.5
    p1, p4 = 2 / s * (1 - 1 / s), 1 / (2 * s * s)
    ones, fours = np.meshgrid(np.arange(k + 1), np.arange(k + 1))
    rest = k - ones - fours
    inside = rest >= 0
    log_p = gammaln(k + 1) - gammaln(ones + 1) - gammaln(fours + 1) - gammaln(np.where(inside, rest, 0) + 1)
    log_p += xlogy(ones, p1) + xlogy(fours, p4) + xlogy(np.where(inside, rest, 0), 1 - p1 - p4)
    far = inside & (np.abs(s / (2 * k) * (ones + 4 * fours) - 1) >= eps)
    yield exact(gap(failure(s, k, eps) / np.exp(log_p[far]).sum(), 1.0))


@role("jl_entropy.safe_sparsity", numbers="D: int; the sparsity s recommended for data that may be one-hot")
def safe_sparsity(D: int) -> float:
    """3, whatever D: the most that keeps the Gaussian moments."""
    return 3.0


@mutant("jl_entropy.safe_sparsity", slip="the default density 1/sqrt(D) reported as safe on one-hot data")
def root_of_dimension(D: int) -> float:
    return math.sqrt(D)


@claim(
    id="jl_entropy.projection-families.onehot",
    title="On one-hot vectors a sparsity of 3 fails less often than Gaussian entries",
    statement=r"\|A e_1\|^2 = \tfrac sk \operatorname{Bin}(k, \tfrac1s): \quad "
    r"P\big(|\|A e_1\|^2 - 1| \ge \tfrac12\big) = 1.46 \cdot 10^{-9}\ (s = 3), \quad 0.093\ (s = 32)",
    source=JL_SPARSE.at("the density 1/sqrt(D)"),
    role="jl_entropy.safe_sparsity",
    evidence=Evidence.EXACT,
    region=at_most(1, because="the ratio to the Gaussian failure 4.57e-8; it is 0.03 at s = 3 and 2e6 at s = 32"),
    cases=grid(D=(1024, 10**4)),
    quantity="failure over the Gaussian failure, k = 299, ε = 1/2",
)
def onehot_failure_ratio(sparsity: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(onehot_failure(sparsity(case.D), 299, 0.5) / sum(jl.norm_distortion_tail(299, 0.5)))


def onehot_failure(s: float, k: int, eps: float) -> float:
    """P(|(s/k) Bin(k, 1/s) - 1| >= eps)."""
    from scipy.special import bdtr, bdtrc

    return float(bdtr(math.floor(k * (1 - eps) / s), k, 1 / s) + bdtrc(math.ceil(k * (1 + eps) / s) - 1, k, 1 / s))


LAWS = grid(kind=("gaussian", "rademacher", "sparse", "haar"), k=(6,), D=(8,))


@claim(
    id="jl_entropy.projection-families.sampled",
    title="Every kind of projection draws distances from its exact law",
    statement=r"\tfrac12 \|A (e_1 - e_2)\|^2 \sim \tfrac1k \chi^2_k,\ \ \tfrac{s}{2k} \sum_l (r_{l1} - r_{l2})^2, \ \ "
    r"\tfrac Dk \operatorname{Beta}\big(\tfrac k2, \tfrac{D - k}2\big)",
    source=JL_ACHLIOPTAS.at("theorem 1.1"),
    role="jl_entropy.sample_projection",
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.08,
        because="a third of the distance 0.238 between the Haar law at D = 8, k = 6 and the Gaussian one, its closest "
        "mistake",
    ),
    cases=LAWS,
    quantity="distance between the draws' law and the exact one",
)
def sampled_law(sample: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    k, D, kind = case.k, case.D, case.kind
    # columns 1 and 2, 3 and 4, ... are independent pairs, except in a Haar matrix, where one pair is taken
    pairs = 1 if kind == "haar" else D // 2

    def draw(generator: np.random.Generator, size: int) -> Any:
        found = []
        for _ in range(math.ceil(size / pairs)):
            A = dense(sample(kind, k, D, generator))[:, : 2 * pairs]
            found.append((np.square(A[:, ::2] - A[:, 1::2])).sum(axis=0) / 2)
        # sums of one atom differ in their last digits: without rounding each would be an atom of its own
        return np.round(np.concatenate(found)[:size], 9)

    cdf, before = exact_law(kind, k, D)
    yield from sup_distance(draw, cdf, rng, case.risk, before=before, first=2048)


def exact_law(kind: str, k: int, D: int) -> tuple[Any, Any]:
    """(F, x -> F(x-)) of |A (e_i - e_j)|^2 / 2."""
    from scipy.special import betainc, gammainc

    if kind == "gaussian":
        return (lambda x: gammainc(k / 2, k * x / 2)), None
    if kind == "haar":
        return (lambda x: betainc(k / 2, (D - k) / 2, np.clip(k * x / D, 0, 1))), None
    values, law = pair_law(1.0 if kind == "rademacher" else 3.0, k)
    steps = np.append(0.0, np.cumsum(law))
    # a draw is rounded to nine digits: a value within 1e-8 of an atom is that atom
    return (
        lambda x: steps[np.searchsorted(values, np.asarray(x) + 1e-8)],
        lambda x: steps[np.searchsorted(values, np.asarray(x) - 1e-8)],
    )


@claim(
    id="jl_entropy.projection-families.default",
    title="At its recommended dimension the default density embeds one-hot rows almost never",
    statement=r"s = \sqrt{D} = 32,\ N = 512,\ k = 299,\ \epsilon = \tfrac12: \quad "
    r"\mathbb E\, \#\{\text{violated pairs}\} = 3822 \text{ of } 130\,816",
    source=JL_SPARSE.at("the density 1/sqrt(D)"),
    role="jl_entropy.sparse_pair_failure",
    evidence=Evidence.EXACT,
    region=at_least(3000, because="0.0292187 of 130816 pairs are 3822; a Gaussian projection would break 0.006 of one"),
    quantity="expected number of violated pairs",
    refutes="A sparse projection of density 1/sqrt(D) to the recommended dimension is an embedding with high "
    "probability.",
)
def violated_pairs(failure: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(math.comb(512, 2) * failure(32.0, jl.dasgupta_gupta_dimension(512, 0.5) - 1, 0.5))


@claim(
    id="jl_entropy.projection-families.whole",
    title="Whole projections: with the default density one violates, as a rule",
    statement=r"P\big(\exists\, i < j \le 512: \big|\tfrac12 \|A(e_i - e_j)\|^2 - 1\big| \ge \tfrac12\big) \ge "
    r"\tfrac12",
    source=JL_SPARSE.at("the density 1/sqrt(D)"),
    role="jl_entropy.sample_projection",
    evidence=Evidence.STATISTICAL,
    region=at_least(
        0.5, because="it is 1 up to 1e-3, by 256 independent pairs alone; at a sparsity of 3 it is below 0.01"
    ),
    cases=grid(rows=(128,)).full(rows=(128, 512)),
    quantity="probability that a projection violates some pair",
)
def whole_projections(sample: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def violates(generator: np.random.Generator, size: int) -> Any:
        found = []
        for _ in range(size):
            A = dense(sample("sparse", 299, 1024, generator, sparsity=32.0))[:, : case.rows]
            gram = A.T @ A
            lengths = np.diag(gram)
            ratios = (lengths[:, None] + lengths - 2 * gram)[np.triu_indices(case.rows, 1)] / 2
            found.append(bool((np.abs(ratios - 1) >= 0.5).any()))
        return np.array(found)

    yield from probability(violates, rng, case.risk, first=64)


@claim(
    id="jl_entropy.projection-families.door",
    title="Projections that do not exist are refused",
    statement=r"k \ge 1,\ D \ge 1,\ k \le D \text{ for Haar},\ s \ge 1",
    source=JL_ACHLIOPTAS.at("section 5"),
    role="jl_entropy.sample_projection",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def sampler_door(sample: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    bad = [
        ("cauchy", 2, 4, rng),
        ("gaussian", 0, 4, rng),
        ("haar", 5, 4, rng),
        ("sparse", 2, 4, rng, 0.5),
        ("gaussian", 2, 4, rng, 3.0),
    ]
    yield exact(accepted(sample, bad, ValueError))


@figure(of="jl_entropy.projection-families.onehot")
def failure_against_sparsity() -> Figure:
    sparsities = np.geomspace(1.5, 100, 50)
    return Figure(
        "How often one-hot rows are distorted by a half, in 299 dimensions",
        "Up to a sparsity of 3 signs are safer than Gaussian numbers; at the default 32 a single length fails in 9 % "
        "of draws.",
        "sparsity s",
        "probability",
        (
            series("length of e₁", sparsities, [onehot_failure(s, 299, 0.5) for s in sparsities], kind="steps"),
            series("a pair eᵢ, eⱼ", sparsities, [sparse_pair_failure(s, 299, 0.5) for s in sparsities]),
            series("Gaussian", y=(sum(jl.norm_distortion_tail(299, 0.5)),), kind="hline"),
            series("s = 3", x=(3,), kind="vline"),
            series("1/√D, D = 1024", x=(32,), kind="vline"),
        ),
        x_log=True,
        y_log=True,
    )
