"""Entry 10: the mean entropy of a softmax of n random scores, for every n, against direct integrals and samples."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.jl_entropy.differences import derivative
from verify.claims.jl_entropy.gauss_rules import LAWS, gauss_rule
from verify.claims.sources import JL_REM, JL_SCALE
from verify.evidence import Enclosure, accepted, at_most, bounded_mean, exact, exactly, gap, within, worst
from verify.methods import softmax_entropy as se
from verify.methods.softmax_entropy import ExpectedSoftmax

SOURCE = JL_REM.at("the partition function of independent levels")
EULER = 0.5772156649015329

role("jl_entropy.expected_softmax_entropy", numbers="log_n: float, law and its parameters; ExpectedSoftmax")(
    se.expected_softmax_entropy
)


@mutant("jl_entropy.expected_softmax_entropy", slip="Euler's constant is dropped")
def euler_dropped(log_n: float, law: str, **params: Any) -> ExpectedSoftmax:
    found = se.expected_softmax_entropy(log_n, law, **params)
    return found._replace(H=found.H + EULER, logZ=found.logZ + EULER)


@mutant("jl_entropy.expected_softmax_entropy", slip="G^n in place of G^(n - 1)")
def one_factor_more(log_n: float, law: str, **params: Any) -> ExpectedSoftmax:
    found = se.expected_softmax_entropy(
        float(np.logaddexp(log_n, 0.0)), law, **params
    )  # n + 1 scores, n G^n for (n + 1) G^n
    share = 1 / (1 + math.exp(-log_n))
    H, log_z = (share * (value + EULER) - EULER for value in (found.H, found.logZ))
    return ExpectedSoftmax(H, log_z, share * found.mean_score, share * found.S2, share * found.mass)


@mutant("jl_entropy.expected_softmax_entropy", slip="the annealed value, with the mean of Z for Z")
def annealed(log_n: float, law: str, **params: Any) -> ExpectedSoftmax:
    found = se.expected_softmax_entropy(log_n, law, **params)
    H = se.annealed_entropy(law, log_n=log_n, **params)
    return found._replace(H=H, logZ=H + found.mean_score)


@mutant("jl_entropy.expected_softmax_entropy", slip="scores of variance 1 whatever sigma is")
def unit_variance(log_n: float, law: str, **params: Any) -> ExpectedSoftmax:
    return se.expected_softmax_entropy(log_n, law, **(params | {"sigma": 1.0} if law == "gaussian" else params))


@mutant("jl_entropy.expected_softmax_entropy", slip="the weight (1 - c^2)^((d - 2)/2) on the sphere")
def next_sphere(log_n: float, law: str, **params: Any) -> ExpectedSoftmax:
    if law == "sphere":
        d, scale = params["d"], params["scale"]
        params = {"d": d + 1, "scale": scale * d / (d + 1)}  # the same kappa on a sphere of one dimension more
    return se.expected_softmax_entropy(log_n, law, **params)


@mutant("jl_entropy.expected_softmax_entropy", slip="the logarithm of n is taken for one to base 2")
def binary_size(log_n: float, law: str, **params: Any) -> ExpectedSoftmax:
    return se.expected_softmax_entropy(log_n * math.log(2), law, **params)


@mutant("jl_entropy.expected_softmax_entropy", slip="laws and numbers that are none are answered")
def any_law(log_n: float, law: str, **params: Any) -> ExpectedSoftmax:
    try:
        return se.expected_softmax_entropy(log_n, law, **params)
    except (ValueError, TypeError):
        return ExpectedSoftmax(math.nan, math.nan, math.nan, math.nan, math.nan)


@claim(
    id="jl_entropy.finite-n-oracle",
    title="Two and three scores: the single integral equals a product of Gauss rules",
    statement=r"\mathbb E H = n \int G(u)^{n-1}\, \mathbb E\big[(u - x)\, e^{x-u} e^{-e^{x-u}}\big]\, du - \gamma, "
    r"\qquad "
    r"G(u) = \mathbb E\, e^{-e^{x-u}}",
    source=SOURCE,
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10,
        because="the Gauss rules of 300 nodes (n = 2) and 50 (n = 3) are converged to 1e-12 for "
        "these scales, the oracle to 1e-13",
    ),
    cases=grid(law=tuple(law for law in LAWS if law != "gaussian_3"), n=(2, 3)) + grid(law=("gaussian_3",), n=(2,)),
    quantity="largest |difference| of E H and E Σp²",
)
def few_scores(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    law, params = LAWS[case.law]
    x, w = gauss_rule(law, params, 300 if case.n == 2 else 50)
    axes = np.meshgrid(*([x] * case.n), indexing="ij")
    weight = np.einsum("i,j->ij", w, w) if case.n == 2 else np.einsum("i,j,k->ijk", w, w, w)
    rows = np.stack([axis.ravel() for axis in axes], axis=1)
    top = rows.max(axis=1, keepdims=True)
    p = np.exp(rows - top)
    p /= p.sum(axis=1, keepdims=True)
    H, S2 = weight.ravel() @ se.softmax_entropy(rows), weight.ravel() @ (p * p).sum(axis=1)
    found = oracle(math.log(case.n), law, **params)
    yield worst([exact(gap(found.H, H)), exact(gap(found.S2, S2))])


@claim(
    id="jl_entropy.finite-n-oracle.one",
    title="One score has no entropy",
    statement=r"n = 1: \quad \mathbb E H = 0, \quad \mathbb E\, \Sigma p^2 = 1",
    source=SOURCE,
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="two integrals of size 1 over a hundred nodes, 100 eps = 2e-14, with a factor 50"),
    cases=grid(law=tuple(LAWS)),
    quantity="largest error of the two",
)
def one_score(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    law, params = LAWS[case.law]
    found = oracle(0.0, law, **params)
    yield exact(max(gap(found.H, 0.0), gap(found.S2, 1.0)))


@claim(
    id="jl_entropy.finite-n-oracle.identity",
    title="Its parts fit together, up to n = e⁶⁰⁰",
    statement=r"\mathbb E H = \mathbb E \log Z - \mathbb E\, \Sigma p\, x, \qquad \text{total mass } = 1",
    source=SOURCE,
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10,
        because="the parts are as large as log Z, 2400 at L = 600, each with some 50 roundings: "
        "2400 · 50 eps = 2.7e-11",
    ),
    cases=grid(L=(6.24, 50.0, 600.0), r=(0.5, 1.0, 2.0)),
    quantity="largest of the two errors",
)
def parts_fit(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = oracle(case.L, "gaussian", sigma=case.r * math.sqrt(2 * case.L))
    yield exact(max(gap(found.H, found.logZ - found.mean_score), gap(found.mass, 1.0)))


@claim(
    id="jl_entropy.finite-n-oracle.stein",
    title="Gaussian scores satisfy Stein's identity exactly",
    statement=r"\mathbb E\, \Sigma p\, x = \sigma^2 \big(1 - \mathbb E\, \Sigma p^2\big)",
    source=SOURCE,
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.EXACT,
    region=at_most(1e-11, because="relative to either side, from integrals good to 1e-13 of their largest part"),
    cases=grid(L=(0.7, 6.24, 50.0, 600.0), sigma=(0.5, 2.5, 30.0)),
    quantity="relative difference of the two sides",
)
def stein(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = oracle(case.L, "gaussian", sigma=case.sigma)
    yield exact(gap(found.mean_score / (case.sigma**2 * (1 - found.S2)), 1.0))


@claim(
    id="jl_entropy.finite-n-oracle.derivative",
    title="Its derivative in the scale is minus the mean varentropy",
    statement=r"\frac{d\, \mathbb E H}{d \log \sigma} = -\mathbb E V",
    source=SOURCE,
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-8,
        because="the fourth-order difference of step 5e-3 errs by 6e-10/30 of a fifth derivative "
        "below 100; rounding is 1e-14 over the step",
    ),
    cases=grid(sigma=(0.5, 1.0, 3.0)),
    quantity="|difference| at n = 2",
)
def derivative_in_scale(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def H(step: float) -> float:
        return float(oracle(math.log(2), "gaussian", sigma=case.sigma * math.exp(step)).H)

    z, w = gauss_rule("gaussian", {"sigma": math.sqrt(2) * case.sigma}, 400)  # the difference of the two scores
    V = w @ se.softmax_varentropy(np.stack([z, np.zeros_like(z)], axis=1))
    yield exact(gap(derivative(H, 5e-3), -float(V)))


@claim(
    id="jl_entropy.finite-n-oracle.sampled",
    title="Samples of rows agree with it, and not with the annealed value",
    statement=r"\mathbb E\, H\big(\operatorname{softmax}(\sigma z_1, \ldots, \sigma z_n)\big), \qquad n = 512,\ "
    r"\sigma = 2.5",
    source=SOURCE,
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.STATISTICAL,
    region=within(-0.2, 0.2, because="less than half of the 0.52 between the mean entropy and its annealed value"),
    cases=grid(n=(512,), sigma=(2.5,)).full(n=(64, 512), sigma=(2.5,)),
    quantity="mean of sampled entropies − oracle, nats",
)
def sampled_rows(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    stated = float(oracle(math.log(case.n), "gaussian", sigma=case.sigma).H)

    def draw(generator: np.random.Generator, size: int) -> Any:
        return se.softmax_entropy(case.sigma * generator.normal(size=(size, case.n))) - stated

    yield from bounded_mean(draw, -stated, math.log(case.n) - stated + 1e-9, rng, case.risk, first=1024)


@claim(
    id="jl_entropy.finite-n-oracle.attention",
    title="Rows of random attention do so too, one row for each draw of the keys",
    statement=r"q, k_j \sim \mathcal N(0, I_d): \quad x_j \mid q \sim \mathcal N(0, \lambda^2 |q|^2), \quad "
    r"\mathbb E H = \mathbb E_{|q|^2 \sim \chi^2_d}\, \mathbb E H\big(\sigma = \lambda |q|\big)",
    source=JL_SCALE.at("the scale of attention"),
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.STATISTICAL,
    region=within(
        -0.3,
        0.3,
        because="less than half of what the annealed value, and a variance of 1, are off at a scale of 3/sqrt d",
    ),
    cases=grid(n=(128,), d=(16,)).full(n=(512,), d=(64,)),
    quantity="mean of sampled entropies − oracle, nats",
)
def rows_of_attention(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import roots_genlaguerre

    n, d = case.n, case.d
    at, w = roots_genlaguerre(24, d / 2 - 1)  # |q|^2 / 2 has the law Gamma(d/2)
    scale = 3 / math.sqrt(d)
    stated = float(
        sum(
            v * oracle(math.log(n), "gaussian", sigma=scale * math.sqrt(2 * t)).H
            for t, v in zip(at, w / w.sum(), strict=True)
        )
    )

    def draw(generator: np.random.Generator, size: int) -> Any:
        found = [
            se.attention_entropy(generator.normal(size=(1, d)), generator.normal(size=(n, d)), scale)[0]
            for _ in range(size)
        ]  # rows that share their keys would be dependent
        return np.array(found) - stated

    yield from bounded_mean(draw, -stated, math.log(n) - stated + 1e-9, rng, case.risk, first=1024)


@claim(
    id="jl_entropy.finite-n-oracle.door",
    title="Laws and numbers that are none are refused",
    statement=r"\log n \ge 0,\ \sigma \ge 0,\ d \ge 2,\ p > 1",
    source=SOURCE,
    role="jl_entropy.expected_softmax_entropy",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def oracle_door(oracle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    bad: list[tuple[float, str, dict[str, Any]]] = [
        (-1.0, "gaussian", {"sigma": 1.0}),
        (2.0, "gaussian", {"sigma": -1.0}),
        (2.0, "cauchy", {"sigma": 1.0}),
        (2.0, "gaussian", {}),
        (2.0, "gaussian", {"sigma": 1.0, "d": 3}),
        (2.0, "sphere", {"d": 1, "scale": 1.0}),
        (2.0, "generalised_normal", {"p": 1.0, "beta": 1.0}),
        (2.0, "empirical", {"scores": [], "beta": 1.0}),
        (math.nan, "gaussian", {"sigma": 1.0}),
        (2.0, "empirical", {"scores": [math.inf], "beta": 1.0}),
    ]
    yield exact(accepted(lambda log_n, law, params: oracle(log_n, law, **params), bad, ValueError))


@figure(of="jl_entropy.finite-n-oracle.sampled")
def oracle_and_samples() -> Figure:
    rng = np.random.default_rng(9588)
    sigmas = np.linspace(0, 7, 36)
    curves = []
    for n in (32, 512, 8192):
        L = math.log(n)
        curves.append(
            series(f"n = {n}", sigmas, [se.expected_softmax_entropy(L, "gaussian", sigma=float(s)).H for s in sigmas])
        )
    places = np.arange(0.5, 7, 1.0)
    drawn = [float(se.softmax_entropy(s * rng.normal(size=(100, 512))).mean()) for s in places]
    below = sigmas[sigmas <= math.sqrt(2 * math.log(512))]
    return Figure(
        "Mean entropy of a softmax of normal scores",
        "The oracle's curves pass through the means of 100 sampled rows; the annealed parabola leaves them long "
        "before it "
        "becomes negative.",
        "standard deviation σ of the scores",
        "mean entropy, nats",
        (
            *curves,
            series("means of 100 rows, n = 512", places, drawn, kind="dots"),
            series("annealed, n = 512", below, math.log(512) - below**2 / 2, kind="dashed"),
        ),
    )
