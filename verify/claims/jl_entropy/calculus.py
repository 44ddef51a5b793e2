"""Entry 9: how the entropy falls with the inverse temperature: its derivative, its bounds, its inverse."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import JL_ENTROPY, JL_FAST, JL_VARENTROPY
from verify.evidence import Enclosure, Vacuous, accepted, at_least, at_most, exact, exactly, gap, within
from verify.methods import softmax_entropy as se
from verify.methods.numerics import softmax

SOURCE = JL_ENTROPY.at("the entropy as a function of the scale")

role("jl_entropy.softmax_varentropy", numbers="x (..., n): floats; Var_p(x) of p = softmax(x)")(se.softmax_varentropy)


@mutant("jl_entropy.softmax_varentropy", slip="the second moment, not centred")
def not_centred(x: Any) -> Any:
    return (softmax(x) * np.square(x)).sum(axis=-1)


@mutant("jl_entropy.softmax_varentropy", slip="centred at the uniform mean, not at the mean under p")
def uniform_mean(x: Any) -> Any:
    x = np.asarray(x)
    return (softmax(x) * np.square(x - x.mean(axis=-1, keepdims=True))).sum(axis=-1)


@mutant("jl_entropy.softmax_varentropy", slip="the uniform variance of the scores")
def plain_variance(x: Any) -> Any:
    return np.var(x, axis=-1)


def scores(rng: np.random.Generator, kind: str, rows: int = 50, n: int = 40) -> Any:
    """Rows of scores: normal, two levels, a ramp with ties, or heavy tails."""
    if kind == "normal":
        return rng.normal(size=(rows, n))
    if kind == "two":
        return (rng.random((rows, n)) < rng.uniform(0.02, 0.5, (rows, 1))) * rng.uniform(0.1, 3, (rows, 1))
    if kind == "ties":
        return np.sort(rng.integers(0, 5, (rows, n)).astype(float), axis=1)
    return np.clip(rng.standard_cauchy((rows, n)), -20, 20)


KINDS = ("normal", "two", "ties", "heavy")
BETAS = (0.01, 0.3, 1.0, 3.0, 20.0)


@claim(
    id="jl_entropy.entropy-calculus",
    title="The entropy falls with the logarithm of the scale at the rate of the varentropy",
    statement=r"\frac{dH(\beta s)}{d\log\beta} = -V(\beta s)",
    source=SOURCE,
    role="jl_entropy.softmax_varentropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-6,
        because="the fourth-order difference of step h = 1e-3 errs by h^4 times a fifth derivative, "
        "below 1e6 V for gaps of 6; "
        "rounding of H over V > 1e-3 and the step is 2e-12",
    ),
    cases=grid(scores=KINDS, beta=(0.3, 1.0, 2.0)),
    quantity="largest relative error where V > 1e-3",
)
def derivative_is_varentropy(varentropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    s = scores(rng, case.scores)
    s = s / np.maximum(1, s.max(axis=1, keepdims=True) - s.min(axis=1, keepdims=True)) * 3
    h = 1e-3

    def H(step: float) -> Any:
        return se.softmax_entropy(case.beta * math.exp(step) * s)

    slope = (8 * (H(h) - H(-h)) - (H(2 * h) - H(-2 * h))) / (12 * h)
    V = varentropy(case.beta * s)
    large = -slope > 1e-3
    if not large.any():
        raise Vacuous("no row has a varentropy above 1e-3")
    yield exact(gap(-slope[large] / np.where(V[large] == 0, np.nan, V[large]), 1.0))


@claim(
    id="jl_entropy.entropy-calculus.integral",
    title="What the entropy has lost is the integral of the varentropy",
    statement=r"\log n - H(\beta s) = \int_0^\beta \frac{V(ts)}{t}\, dt",
    source=SOURCE,
    role="jl_entropy.softmax_varentropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="64 Gauss-Legendre nodes over twenty e-folds of t, in eight panels, for a smooth "
        "integrand; below e^-20 V/t^2 is constant",
    ),
    cases=grid(scores=("normal", "two"), beta=(0.3, 3.0)),
    quantity="largest |difference|",
)
def integral_of_varentropy(varentropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    s = scores(rng, case.scores, rows=5)
    at, weight = np.polynomial.legendre.leggauss(64)
    edges = math.log(case.beta) + np.linspace(-20, 0, 9)
    total = np.zeros(len(s))
    for a, b in itertools.pairwise(edges):
        for x, w in zip(at, weight, strict=True):
            total += (b - a) / 2 * w * varentropy(math.exp((a + b) / 2 + (b - a) / 2 * x) * s)
    yield exact(gap(total, math.log(s.shape[1]) - se.softmax_entropy(case.beta * s)))


@role("jl_entropy.mean_field_entropy", numbers="s (..., n), beta: float; the quick estimate of H(beta s)")
def mean_field_entropy(s: Any, beta: float) -> Any:
    """log n - beta (max s - mean s)."""
    s = np.asarray(s)
    return math.log(s.shape[-1]) - beta * (s.max(axis=-1) - s.mean(axis=-1))


@mutant("jl_entropy.mean_field_entropy", slip="the annealed log n - beta^2 Var / 2 in its place")
def annealed_estimate(s: Any, beta: float) -> Any:
    return math.log(np.shape(s)[-1]) - beta**2 * np.var(s, axis=-1) / 2


@mutant("jl_entropy.mean_field_entropy", slip="half of the gap")
def half_gap(s: Any, beta: float) -> Any:
    s = np.asarray(s)
    return math.log(s.shape[-1]) - beta * (s.max(axis=-1) - s.mean(axis=-1)) / 2


@role("jl_entropy.range_bound", numbers="s (..., n), beta: float; a lower bound of H(beta s)")
def range_bound(s: Any, beta: float) -> Any:
    """log n - beta^2 R^2 / 8 with the range R: Hoeffding's lemma."""
    s = np.asarray(s)
    return math.log(s.shape[-1]) - (beta * np.ptp(s, axis=-1)) ** 2 / 8


@mutant("jl_entropy.range_bound", slip="1/12, the variance of a uniform variable, in place of 1/8")
def twelfth(s: Any, beta: float) -> Any:
    return math.log(np.shape(s)[-1]) - (beta * np.ptp(s, axis=-1)) ** 2 / 12


@mutant("jl_entropy.range_bound", slip="the standard deviation in place of the range")
def deviation_for_range(s: Any, beta: float) -> Any:
    return math.log(np.shape(s)[-1]) - (beta * np.std(s, axis=-1)) ** 2 / 8


def violations(bound: Any, rng: np.random.Generator, rows: int) -> int:
    """How often H(beta s) falls below a bound, by more than rounding."""
    count = 0
    for kind in KINDS:
        for n in (2, 3, 40):
            s = scores(rng, kind, rows, n)
            for beta in BETAS:
                count += int((~(se.softmax_entropy(beta * s) >= bound(s, beta) - 1e-12)).sum())
    # one pair of scores, half a unit apart: here a constant below 1/8 shows
    pair = np.array([[0.0, 0.5]])
    return count + int(not se.softmax_entropy(pair)[0] >= bound(pair, 1.0)[0] - 1e-12)


@claim(
    id="jl_entropy.entropy-calculus.lower",
    title="The quick estimate is a rigorous lower bound",
    statement=r"\log n - \beta\,(\max s - \bar s) \le H(\beta s) \le \log n",
    source=JL_FAST.at("the two approximations"),
    role="jl_entropy.mean_field_entropy",
    evidence=Evidence.EXACT,
    region=exactly(0, because="a count of violations beyond the rounding 1e-12"),
    cases=grid(rows=(30,)).full(rows=(1000,)),
    quantity="violations",
)
def mean_field_is_lower(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(violations(bound, rng, case.rows))


@claim(
    id="jl_entropy.entropy-calculus.estimate",
    title="But it is no estimate: for 512 normal scores it is off by two and a half nats",
    statement=r"s_i = \Phi^{-1}\big(\tfrac{i - 1/2}{n}\big): \quad H(s) - \big(\log n - (\max s - \bar s)\big) > 2",
    source=JL_FAST.at("the two approximations"),
    role="jl_entropy.mean_field_entropy",
    evidence=Evidence.EXACT,
    region=at_least(
        2,
        because="H is log n - 1/2 up to a tenth, and the estimate log n - 3.1; the annealed form is "
        "off by less than 0.1",
    ),
    cases=grid(n=(512, 8192)),
    quantity="entropy − estimate",
    refutes="H is about log n − β (max s − mean s).",
)
def mean_field_is_far(estimate: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import ndtri

    s = ndtri((np.arange(case.n) + 0.5) / case.n)
    yield exact(float(se.softmax_entropy(s) - estimate(s, 1.0)))


@claim(
    id="jl_entropy.entropy-calculus.range",
    title="The range of the scores bounds the loss, with 1/8 and no less",
    statement=r"H(\beta s) \ge \log n - \tfrac18 \beta^2 (\max s - \min s)^2",
    source=SOURCE,
    role="jl_entropy.range_bound",
    evidence=Evidence.EXACT,
    region=exactly(0, because="a count of violations beyond the rounding 1e-12; 1/12 is broken at n = 2, gap 1/2"),
    cases=grid(rows=(30,)).full(rows=(1000,)),
    quantity="violations",
)
def range_bounds(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(violations(bound, rng, case.rows))


@role("jl_entropy.varentropy_bound", numbers="n: int; the largest varentropy of n outcomes, bounded, a float")
def varentropy_bound(n: int) -> float:
    """log(n - 1)^2 / 4 + 1."""
    return math.log(n - 1) ** 2 / 4 + 1


@mutant("jl_entropy.varentropy_bound", slip="the 1 is dropped")
def without_one(n: int) -> float:
    return math.log(n - 1) ** 2 / 4


@mutant("jl_entropy.varentropy_bound", slip="log(n)^2 / 2, twice what is needed")
def twice_the_leading_term(n: int) -> float:
    return math.log(n) ** 2 / 2


@claim(
    id="jl_entropy.entropy-calculus.varentropy",
    title="A varentropy is at most log²(n − 1)/4 + 1, and that is nearly reached",
    statement=r"V \le \tfrac14 \log^2(n - 1) + 1, \qquad \max V = 48.7103 \text{ against } 48.7171 \quad (n = 10^6)",
    source=JL_VARENTROPY.at("the maximum of the varentropy"),
    role="jl_entropy.varentropy_bound",
    evidence=Evidence.EXACT,
    region=within(
        0.97,
        1,
        because="one high score above n - 1 equal ones comes within a relative 2e-4 at n = 10^6, "
        "and within 3 % at n = 100",
    ),
    cases=grid(n=(100, 10**4, 10**6)),
    quantity="largest varentropy over the bound",
)
def varentropy_is_bounded(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    # weight w on one outcome, 1 - w on n - 1 equal ones: V = w (1 - w) log^2(w (n - 1) / (1 - w))
    w = np.linspace(1e-4, 1 - 1e-4, 20001)
    two_levels = (w * (1 - w) * np.log(w * (case.n - 1) / (1 - w)) ** 2).max()
    drawn = max(float(se.softmax_varentropy(beta * rng.normal(size=100)).max()) for beta in BETAS)
    yield exact(max(float(two_levels), drawn if case.n >= 100 else 0.0) / bound(case.n))


@role("jl_entropy.grouped_entropy", numbers="H_a, H_b, w: floats, w the weight of group a; a float")
def grouped_entropy(H_a: Any, H_b: Any, w: Any) -> Any:
    """h(w) + w H_a + (1 - w) H_b, h the entropy of the choice of a group."""
    return -w * np.log(w) - (1 - w) * np.log1p(-w) + w * H_a + (1 - w) * H_b


@mutant("jl_entropy.grouped_entropy", slip="the entropy of the choice is left out")
def no_choice(H_a: Any, H_b: Any, w: Any) -> Any:
    return w * H_a + (1 - w) * H_b


@mutant("jl_entropy.grouped_entropy", slip="weights exchanged")
def exchanged_weights(H_a: Any, H_b: Any, w: Any) -> Any:
    return grouped_entropy(H_b, H_a, w)


@claim(
    id="jl_entropy.entropy-calculus.grouping",
    title="The entropy of two groups is that of the choice plus the mean of theirs",
    statement=r"H = h(w) + w H_a + (1 - w) H_b",
    source=SOURCE,
    role="jl_entropy.grouped_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="entropies below log 40 = 3.7, with some 60 roundings of it on either side: 2 · 60 · 3.7 u = 5e-14",
    ),
    cases=grid(scores=KINDS),
    quantity="largest |difference|",
)
def grouping_rule(grouped: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    x = scores(rng, case.scores)
    a, b = x[:, :15], x[:, 15:]
    w = softmax(x)[:, :15].sum(axis=1)
    found = grouped(se.softmax_entropy(a), se.softmax_entropy(b), w)
    yield exact(gap(found, se.softmax_entropy(x)))


role("jl_entropy.entropy_matching_scale", numbers="scores (n,) or (m, n), target: nats; beta > 0")(
    se.entropy_matching_scale
)


@mutant("jl_entropy.entropy_matching_scale", slip="Newton without a bracket, ten steps")
def no_bracket(s: Any, target: Any) -> Any:
    s = np.atleast_2d(s)
    log_beta = np.zeros(len(s))
    for _ in range(10):
        x = np.exp(log_beta)[:, None] * s
        log_beta += (se.softmax_entropy(x) - target) / np.maximum(se.softmax_varentropy(x), 1e-300)
        log_beta = np.clip(log_beta, -300, 300)
    return np.exp(log_beta)


@mutant("jl_entropy.entropy_matching_scale", slip="the Gaussian start sqrt(2 (log n - H)) / std for the solution")
def start_only(s: Any, target: Any) -> Any:
    s = np.atleast_2d(s)
    spread = s.std(axis=1) if s.size else np.ones(len(s))
    return np.sqrt(2 * np.maximum(np.log(max(s.shape[1], 1)) - target, 0)) / np.maximum(spread, 1e-12)


@mutant("jl_entropy.entropy_matching_scale", slip="the target read as a perplexity")
def perplexity(s: Any, target: Any) -> Any:
    ceiling = np.log(np.shape(s)[-1]) * (1 - 1e-6)
    return se.entropy_matching_scale(s, np.minimum(np.exp(target), ceiling))


@mutant("jl_entropy.entropy_matching_scale", slip="targets that no scale reaches are answered")
def clipped_targets(s: Any, target: Any) -> Any:
    try:
        return se.entropy_matching_scale(s, target)
    except ValueError:
        return 1.0


@claim(
    id="jl_entropy.entropy-calculus.matching",
    title="One scale matches every entropy between that of the ties and log n",
    statement=r"H(\beta s) = H^* \quad \text{has one solution for } \log(\text{number of maxima}) < H^* < \log n",
    source=SOURCE,
    role="jl_entropy.entropy_matching_scale",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="the residual is at most 1e-10 of the target by construction, and the target at most log 1000 = 6.9",
    ),
    cases=grid(scores=("normal", "two", "heavy", "spike"), share=(0.02, 0.5, 0.98)),
    quantity="largest residual, nats",
)
def scale_matches(matching: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    if case.scores == "spike":
        s = np.concatenate([np.full((4, 1), 50.0), rng.normal(size=(4, 999))], axis=1)
    else:
        s = scores(rng, case.scores, rows=20, n=60)
        s[:, 0] += 1e-3 * (s.max(axis=1) == s.min(axis=1))  # a row of equal scores has one entropy only
    lowest = np.log((s == s.max(axis=1, keepdims=True)).sum(axis=1))
    target = lowest + case.share * (math.log(s.shape[1]) - lowest)
    beta = matching(s, target)
    yield exact(gap(se.softmax_entropy(np.asarray(beta)[:, None] * s), target))


@claim(
    id="jl_entropy.entropy-calculus.sines",
    title="An example that others can repeat: a thousand sines",
    statement=r"s_j = \sin j,\ j \le 1000: \quad \beta(H = 4) = 145.52227420753, \quad \beta(6.5) = 1.5343854258",
    source=SOURCE,
    role="jl_entropy.entropy_matching_scale",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="a residual of 1e-10 H over the varentropy, at least 0.25, is 1.6e-9 at worst, and "
        "Newton's last step squares it",
    ),
    cases=grid(target=(4.0, 6.5)),
    quantity="relative difference to the printed number",
)
def thousand_sines(matching: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    printed = {4.0: 145.52227420753, 6.5: 1.5343854258}[case.target]
    yield exact(gap(np.ravel(matching(np.sin(np.arange(1.0, 1001.0)), case.target))[0] / printed, 1.0))


@claim(
    id="jl_entropy.entropy-calculus.door",
    title="A target that no scale reaches is refused",
    statement=r"\log(\text{number of maxima}) < H^* < \log n",
    source=SOURCE,
    role="jl_entropy.entropy_matching_scale",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def matching_door(matching: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    ties = [1.0, 1.0, 0.0]
    bad = [
        ([0.0, 1.0], math.log(2)),
        ([0.0, 1.0], 0.0),
        (ties, math.log(2)),
        ([1.0, 1.0], 0.5),
        ([], 0.5),
        ([math.nan, 1.0], 0.5),
        ([0.0, 1.0], math.nan),
    ]
    yield exact(accepted(matching, bad, ValueError))


@figure(of="jl_entropy.entropy-calculus")
def entropy_and_bounds() -> Figure:
    from scipy.special import ndtri

    s = ndtri((np.arange(512) + 0.5) / 512)
    beta = np.geomspace(0.05, 12, 60)
    H = [float(se.softmax_entropy(b * s)) for b in beta]
    V = [float(se.softmax_varentropy(b * s)) for b in beta]
    return Figure(
        "Entropy of 512 normal scores against their scale",
        "The entropy falls from log n to 0, fastest where the varentropy peaks; the quick estimate is a bound, and a "
        "poor one.",
        "scale β",
        "nats",
        (
            series("entropy H", beta, H),
            series("varentropy V", beta, V, kind="dashed"),
            series("log n − β (max − mean)", beta, [max(0.0, float(mean_field_entropy(s, b))) for b in beta]),
            series("log n − β² R²/8", beta, [max(0.0, float(range_bound(s, b))) for b in beta], kind="dashed"),
            series("log n − β²/2", beta, [max(0.0, math.log(512) - b * b / 2) for b in beta], kind="dashed"),
        ),
        x_log=True,
    )
