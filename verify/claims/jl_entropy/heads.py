"""Entry 12, second half: which head sizes the derived scale serves, and why an entropy of zero is no threshold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import JL_SCALE, JL_WORD_DIMENSION
from verify.evidence import Enclosure, at_most, bounded_mean, exact, slope, within
from verify.methods import softmax_entropy as se

SOURCE = JL_SCALE.at("the derived and the published scale")
LENGTHS = tuple(2**i for i in range(9, 21))


def entropies(scale: Any, oracle: Any, d: int, kind: str, lengths: Any = LENGTHS) -> list[float]:
    """E H for keys on the sphere, at the scale that an attention layer would use."""
    return [float(oracle(math.log(n), "sphere", d=d, scale=float(scale(n, d, kind))).H) for n in lengths]


@claim(
    id="jl_entropy.sphere-entropy-and-the-024.derived",
    title="The derived scale keeps the entropy within a quarter of a nat, for heads of size 64",
    statement=r"\lambda = \frac{\log n}{\frac12 \ln\phi\; d},\ d = 64: \quad \max_n \mathbb E H - \min_n \mathbb E H "
    r"= 0.214 \qquad (n = 2^9 \ldots 2^{20})",
    source=SOURCE,
    role=("jl_entropy.attention_scale", "jl_entropy.expected_softmax_entropy"),
    evidence=Evidence.EXACT,
    region=at_most(0.25, because="0.214 to four digits; the published scale rises by 5.9 over the same lengths"),
    cases=grid(d=(64,)),
    quantity="range of E H over 2⁹ … 2²⁰, nats",
)
def derived_scale(scale: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = entropies(scale, oracle, case.d, "derived")
    yield exact(max(found) - min(found))


@claim(
    id="jl_entropy.sphere-entropy-and-the-024.published",
    title="The published simplification does not: it is not the same formula",
    statement=r"\lambda = \frac{\log_{512} n}{\sqrt d},\ d = 64: \quad \mathbb E H = 5.752 \text{ at } n = 512, \quad "
    r"11.633 \text{ at } n = 2^{20}",
    source=SOURCE,
    role=("jl_entropy.attention_scale", "jl_entropy.expected_softmax_entropy"),
    evidence=Evidence.EXACT,
    region=within(
        5.8, 5.95, because="the rise is 5.881; it would be 7.62 without the factor and is smaller for every other slip"
    ),
    quantity="rise of E H from 2⁹ to 2²⁰, nats",
    refutes="log n / (0.24 d) may be simplified to log₅₁₂ n / √d without loss.",
)
def published_scale(scale: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    low, high = entropies(scale, oracle, 64, "log_ratio", (512, 2**20))
    yield exact(high - low)


@claim(
    id="jl_entropy.sphere-entropy-and-the-024.heads",
    title="For small or large heads the derived scale is not invariant either",
    statement=r"d = 8: 4.36, \quad d = 16: 1.61, \quad d = 128: 0.88, \quad d = 256: 2.96",
    source=SOURCE,
    role=("jl_entropy.attention_scale", "jl_entropy.expected_softmax_entropy"),
    evidence=Evidence.EXACT,
    region=within(
        0.85, 5, because="four ranges between 0.88 and 4.36; only heads between about 32 and 96 stay below half a nat"
    ),
    cases=grid(d=(8, 16, 128, 256)),
    quantity="range of E H over 2⁹ … 2²⁰, nats",
    refutes="The derived scale keeps the entropy for every head size.",
)
def other_heads(scale: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = entropies(scale, oracle, case.d, "derived", (512, 4096, 2**15, 2**20))
    yield exact(max(found) - min(found))


@claim(
    id="jl_entropy.sphere-entropy-and-the-024.fixed-d",
    title="At a fixed head size no law proportional to log n is invariant for long",
    statement=r"d = 3,\ \lambda \propto \log n: \quad \frac{d\,\mathbb E H}{d \log n} \to 1 \qquad (n \to \infty)",
    source=SOURCE,
    role=("jl_entropy.attention_scale", "jl_entropy.expected_softmax_entropy"),
    evidence=Evidence.RATE,
    region=within(
        0.95, 0.97, because="1 - (d - 1)/(2 log n) = 0.958 at n = 10^10.5: a factor log n takes O(log log n) off"
    ),
    quantity="slope of E H in log n between 10⁹ and 10¹²",
)
def fixed_dimension(scale: Any, oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lengths = (10**9, 10**12)
    yield exact(slope(np.log(lengths), entropies(scale, oracle, 3, "derived", lengths)))


@role("jl_entropy.invariant_power", numbers="d: int; the power of n in the scale that keeps the entropy, a float")
def invariant_power(d: int) -> float:
    """2 / (d - 1): a cap of the sphere that holds a fixed number of keys shrinks like that."""
    return 2 / (d - 1)


@mutant("jl_entropy.invariant_power", slip="2 / d in place of 2 / (d - 1)")
def two_over_d(d: int) -> float:
    return 2 / d


@mutant("jl_entropy.invariant_power", slip="1 / (d - 1): the radius of the cap for its square")
def radius_of_cap(d: int) -> float:
    return 1 / (d - 1)


@claim(
    id="jl_entropy.sphere-entropy-and-the-024.power",
    title="The invariant law is a power of n",
    statement=r"\lambda \propto n^{2/(d-1)}: \quad d = 3,\ \kappa = \tfrac{6n}{512}: \ \mathbb E H \to 1 + "
    r"\log\frac{n}{2\kappa} = 4.7535",
    source=SOURCE,
    role="jl_entropy.invariant_power",
    evidence=Evidence.EXACT,
    region=within(
        4.7515, 4.7555, because="the limit plus 2e-3 for the correction of order e^-kappa and 1/n at n = 512"
    ),
    cases=grid(n=(512, 2048, 8192)).full(n=(512, 8192, 32768)),
    quantity="E H on the sphere in three dimensions, nats",
)
def power_of_n(power: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    scale = 2 * (case.n / 512) ** power(3)  # kappa = 3 scale = 6 at n = 512
    yield exact(se.expected_softmax_entropy(math.log(case.n), "sphere", d=3, scale=scale).H)


@claim(
    id="jl_entropy.sphere-entropy-and-the-024.positive",
    title="Where the annealed entropy reaches zero, the true one is two to four nats",
    statement=r"\lambda = 1,\ d = 4.156 \log n: \quad \mathbb E H = 1.836,\ 2.682,\ 3.683 \qquad ((n, d) = (512, 26), "
    r"(131072, 49), (10^9, 86))",
    source=JL_WORD_DIMENSION.at("the entropy reaches zero"),
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.EXACT,
    region=within(1.8, 3.7, because="three values from 1.8356 to 3.6828; the annealed ones lie between -0.1 and 0"),
    cases=grid(at=((512, 26), (131072, 49), (10**9, 86))),
    quantity="E H at the threshold, nats",
    refutes="At n > 8.33 log N the entropy is zero and the words are told apart without loss.",
)
def entropy_is_positive(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, d = case.at
    yield exact(oracle(math.log(n), "sphere", d=d, scale=1.0).H)


@claim(
    id="jl_entropy.sphere-entropy-and-the-024.pairs",
    title="All pairs of N words, though dependent, have the entropy of N² independent scores",
    statement=r"H\big(\operatorname{softmax}(d \cos(u_i, v_j))_{i, j \le N}\big) \approx \mathbb E H\big|_{n = N^2}",
    source=JL_WORD_DIMENSION.at("the model of pairs"),
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.STATISTICAL,
    region=within(
        -0.5,
        0.5,
        because="a quarter of the two nats by which the annealed value is off; one draw is one whole set of pairs",
    ),
    cases=grid(words=(50,), d=(32,)).full(words=(50, 200), d=(32,)),
    quantity="mean of sampled entropies − oracle, nats",
)
def pair_model(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    N, d = case.words, case.d
    stated = float(oracle(2 * math.log(N), "sphere", d=d, scale=1.0).H)

    def unit(generator: np.random.Generator) -> Any:
        u = generator.normal(size=(N, d))
        return u / np.linalg.norm(u, axis=1, keepdims=True)

    def draw(generator: np.random.Generator, size: int) -> Any:
        found = [se.softmax_entropy((d * unit(generator) @ unit(generator).T).ravel()) for _ in range(size)]
        return np.array(found) - stated

    yield from bounded_mean(draw, -stated, 2 * math.log(N) - stated + 1e-9, rng, case.risk, first=512)


@figure(of="jl_entropy.sphere-entropy-and-the-024.derived")
def entropy_of_heads() -> Figure:
    lengths = LENGTHS[::2] + LENGTHS[-1:]

    def curve(d: int, kind: str) -> list[float]:
        return entropies(se.attention_scale, se.expected_softmax_entropy, d, kind, lengths)

    return Figure(
        "Mean entropy of attention under the two laws",
        "The derived scale keeps the entropy for heads of 48 to 64 and loses it elsewhere; the published one, for "
        "heads of 64, lets it "
        "grow almost as if there were no factor.",
        "number of keys n",
        "mean entropy, nats",
        (
            *(series(f"derived, d = {d}", lengths, curve(d, "derived")) for d in (8, 16, 48, 64, 128, 256)),
            series("published, d = 64", lengths, curve(64, "log_ratio"), kind="dashed"),
            series("standard, d = 64", lengths, curve(64, "standard"), kind="dashed"),
        ),
        x_log=True,
    )
