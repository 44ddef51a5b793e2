"""Entry 6: where the mean ends: a Student law with two degrees of freedom, whatever n."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Field, Figure, claim, figure, grid, mutant, role, series
from verify.claims.self_consuming.instances import Floats
from verify.claims.sources import LOOP_DUFRESNE, LOOP_GOLDIE, LOOP_MAD
from verify.evidence import Enclosure, at_most, exact, gap, probability, sup_distance, within
from verify.methods import self_consuming
from verify.methods.self_consuming import drift_limit_cdf, drift_tail_constant, gaussian_loop

SOURCE = LOOP_DUFRESNE.at("the law of the exponential functional of Brownian motion")

role("self_consuming.drift_limit_cdf", numbers="r: floats, dim, c; P(|μ_∞ − μ_0| <= r σ_0), floats")(
    self_consuming.drift_limit_cdf
)


def student(r: Any, dim: int, degrees: float, scale: float = 1.0) -> Any:
    """P(|X| <= r) for scale times a multivariate t."""
    from scipy.special import betainc

    squared = np.square(np.asarray(r) / scale)
    return betainc(dim / 2, degrees / 2, squared / (squared + degrees))


@mutant("self_consuming.drift_limit_cdf", slip="one degree of freedom: a Cauchy law")
def cauchy(r: Any, *, dim: int = 1, c: float = 0.0) -> Any:
    return student(r, dim, 1 + 2 * c, math.sqrt(1 / (1 + c)))


@mutant("self_consuming.drift_limit_cdf", slip="three degrees of freedom: the last mean would have a variance")
def three_degrees(r: Any, *, dim: int = 1, c: float = 0.0) -> Any:
    return student(r, dim, 3 + 2 * c, math.sqrt(1 / (1 + c)))


@mutant("self_consuming.drift_limit_cdf", slip="a normal law, by a central limit theorem that does not apply")
def normal_limit(r: Any, *, dim: int = 1, c: float = 0.0) -> Any:
    from scipy.special import gammainc

    return gammainc(dim / 2, np.square(r) / 2)


@mutant("self_consuming.drift_limit_cdf", slip="√2 times the Student law")
def stretched(r: Any, *, dim: int = 1, c: float = 0.0) -> Any:
    return drift_limit_cdf(np.asarray(r) / math.sqrt(2), dim=dim, c=c)


@mutant("self_consuming.drift_limit_cdf", slip="the law of one coordinate in every dimension")
def one_coordinate(r: Any, *, dim: int = 1, c: float = 0.0) -> Any:
    return drift_limit_cdf(r, c=c)


def final_radius(loop: Any, n: int, T: int, rng: np.random.Generator, size: int, **how: Any) -> Floats:
    """|μ_T| of `size` loops."""
    return np.asarray(np.linalg.norm(loop(n, T, size, keep="last", rng=rng, **how).mean[-1], axis=-1))


@claim(
    id="self_consuming.student-limit",
    title="The last mean has a Student law with two degrees of freedom",
    statement=r"P(|\mu_\infty - \mu_0| > r \sigma_0) \to 1 - \frac{r}{\sqrt{r^2 + 2}} \quad (n \to \infty,\ \lambda = 1)",
    source=SOURCE,
    role=("self_consuming.drift_limit_cdf", "self_consuming.gaussian_loop"),
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.03,
        because="at n = 5 the law is 0.01 from its limit, 65536 draws enclose within 0.014; the limit is a fact for n "
        "→ ∞, its distance at finite n an empirical 0.05/n; in |μ| a normal law is 0.14 away, √2 t₂ 0.13",
    ),
    cases=grid(n=(5,)).full(n=(5, 10, 20, 50)),
    quantity="distance of |μ_T| to the limit law, T = 20 n",
)
def student_law(cdf: Any, loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield from sup_distance(
        lambda rng, size: final_radius(loop, case.n, 20 * case.n, rng, size), cdf, rng, case.risk, first=65536
    )


@claim(
    id="self_consuming.student-limit.tail",
    title="One loop in a hundred ends ten standard deviations away",
    statement=r"P(|\mu_\infty - \mu_0| > r_{0.01}) \approx 0.01, \qquad r_{0.01} = 9.92\,\sigma_0",
    source=LOOP_GOLDIE.at("theorem 4.1"),
    role=("self_consuming.drift_limit_cdf", "self_consuming.gaussian_loop"),
    evidence=Evidence.STATISTICAL,
    region=within(
        0.005,
        0.02,
        because="a factor 2 either way: C_5 = 0.87 moves it by 13 %, three degrees of freedom by a factor 2.8, one "
        "degree by 40",
    ),
    cases=grid(n=(5,)).full(n=(5, 20)),
    quantity="P(the loop ends beyond the 99 % point of the law)",
)
def tail_weight(cdf: Any, loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    low, high = 0.0, 1e6
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if float(cdf(middle)) < 0.99 else (low, middle)

    def beyond(rng: np.random.Generator, size: int) -> Any:
        return final_radius(loop, case.n, 20 * case.n, rng, size) > high

    yield from probability(beyond, rng, case.risk, first=16384)


@claim(
    id="self_consuming.student-limit.radial",
    title="In every dimension the last mean is multivariate Student",
    statement=r"P\big(\|\Sigma_0^{-1/2} (\mu_\infty - \mu_0)\| \le r\big) \to \Big(\frac{r^2}{r^2 + 2}\Big)^{d/2}",
    source=SOURCE,
    role="self_consuming.drift_limit_cdf",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.06, because="at n = 5 the law is about 0.01 from its limit, 16384 draws enclose within 0.0273; the law of one "
                   "coordinate is 0.25 away"),
    cases=grid(n=(5,), d=(2,)).full(n=(8, 20), d=(2, 5)),
    quantity="distance of |μ_T| to the limit law, T = 20 n",
)  # fmt: skip
def radial_law(cdf: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield from sup_distance(
        lambda rng, size: final_radius(gaussian_loop, case.n, 20 * case.n, rng, size, dim=case.d),
        lambda r: cdf(r, dim=case.d), rng, case.risk, first=16384,
    )  # fmt: skip


@claim(
    id="self_consuming.student-limit.biased",
    title="A bias of e^{−c/n} adds 2c degrees of freedom; the maximum likelihood fit adds two",
    statement=r"\lambda = e^{-c/n}: \ \mu_\infty \Rightarrow \frac{t_{2 + 2c}}{\sqrt{1 + c}}; \qquad \text{MLE},\ \lambda = 1: \ "
    r"\mu_\infty \Rightarrow \frac{t_4}{\sqrt2}",
    source=SOURCE,
    role="self_consuming.drift_limit_cdf",
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.05,
        because="at n = 20 the law is at most 0.015 from its limit, 16384 draws enclose within 0.0273; √2 times the "
        "law is 0.15 away",
    ),
    cases=grid(n=(20,), loop=("c1", "c4", "mle")).full(n=(20, 50)),
    quantity="distance of |μ_T| to the limit law",
)
def biased_law(cdf: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    c, ddof = {"c1": (1.0, 1), "c4": (4.0, 1), "mle": (1.0, 0)}[case.loop]
    lam = math.exp(-c / case.n) if ddof else 1.0
    T = math.ceil(20 * case.n / (1 + c))
    yield from sup_distance(
        lambda rng, size: final_radius(gaussian_loop, case.n, T, rng, size, bias=lam, ddof=ddof),
        lambda r: cdf(r, c=c), rng, case.risk, first=16384,
    )  # fmt: skip


@claim(
    id="self_consuming.student-limit.typical-radius",
    title="In high dimension the final mean leaves the typical set with probability 1 − 1/e",
    statement=r"\lim_{d \to \infty} P\big( \|\Sigma_0^{-1/2} (\mu_\infty - \mu_0)\| \le \sqrt d \big) = e^{-1}",
    source=LOOP_MAD.at("section 3, high dimension"),
    role="self_consuming.drift_limit_cdf",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-5,
        because="(1 + 2/d)^{−d/2} = e^{-1} (1 + 1/d + …): 4e-7 at d = 10⁶, and 1e-10 for rounding a power of 5·10⁵; a factor 25",
    ),
    cases=grid(d=(10**6,)),
    quantity="|P − 1/e|",
)
def outside_the_typical_set(cdf: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(cdf(math.sqrt(case.d), dim=case.d), math.exp(-1)))


role("self_consuming.drift_tail_constant", numbers="n: an integer or an array; C_n, floats")(
    self_consuming.drift_tail_constant
)


@mutant("self_consuming.drift_tail_constant", slip="one, the constant of the limit law, for every n")
def limit_constant(n: Any) -> Any:
    return 0.0 * np.asarray(n) + 1.0


@mutant("self_consuming.drift_tail_constant", slip="the drift of the law itself, not of the size-biased one")
def not_size_biased(n: Any) -> Any:
    return -1 / (np.asarray(n) * self_consuming.log_variance_drift(n))


@claim(
    id="self_consuming.student-limit.tail-constant",
    title="The tail index is two for every n, with Goldie's constant",
    statement=r"x^2 P(|\mu_\infty - \mu_0| > x \sigma_0) \to C_n = \frac1{n\, \mathbb{E}[w \ln w]} = "
    r"\frac1{n (\psi(\nu/2 + 1) - \ln(\nu/2))}, \quad w \sim \chi^2_\nu / \nu",
    source=LOOP_GOLDIE.at("theorem 4.1"),
    role="self_consuming.drift_tail_constant",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="a trapezoidal sum of an analytic function: rounding of some 100 eps, times ν ≤ 49 as E w ln w is about 1/ν",
    ),
    cases=grid(n=(2, 5, 20, 50)),
    quantity="relative difference to quadrature",
)
def goldie(constant: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    nu = case.n - 1
    y = np.arange(-12000, 600) * 0.01  # ln w
    weight = np.exp(nu / 2 * (y - np.expm1(y)))
    size_biased = weight @ (np.exp(y) * y) / (weight @ np.exp(y))
    yield exact(gap(constant(case.n) * case.n * size_biased, 1.0))


@figure(of="self_consuming.student-limit")
def survival_of_the_mean() -> Figure:
    r = np.geomspace(0.1, 60, 60)
    drawn = {n: final_radius(gaussian_loop, n, 40 * n, np.random.default_rng(n), 10_000) for n in (3, 10)}
    curves = []
    for n, radius in drawn.items():
        seen = r[r < np.sort(radius)[-10]]
        curves.append(series(f"10,000 loops, n = {n}", seen, [(radius > v).mean() for v in seen], kind="dots"))
        curves.append(series(f"C_n / r², n = {n}", r[r > 4], drift_tail_constant(n) / r[r > 4] ** 2, kind="dashed"))
    return Figure(
        "How far the mean has wandered when the model has collapsed",
        "The survival function follows the Student law with two degrees of freedom, with a power law of index 2 in the tail.",
        "distance r from the first mean, in σ₀",
        "P(|μ∞ − μ₀| > r σ₀)",
        (*curves, series("limit law 1 − r / √(r² + 2)", r, 1 - drift_limit_cdf(r))),
        x_log=True,
        y_log=True,
    )


@figure(of="self_consuming.student-limit.tail")
def half_plane() -> Figure:
    """(μ, √2 σ) moves like a hyperbolic Brownian motion with drift; where it ends is a Student law about where it is."""
    x, y = np.linspace(-3, 3, 61), np.linspace(0.02, 2.5, 40)

    def below(place: Floats, height: float) -> Floats:
        distance = place / (height / math.sqrt(2))
        return np.asarray(0.5 + 0.5 * np.sign(distance) * drift_limit_cdf(np.abs(distance)))

    field = [below(1 - x, h) - below(-1 - x, h) for h in y]
    path = gaussian_loop(100, 1200, 12, rng=np.random.default_rng(12))
    mean, height = path.mean[::8, :, 0], np.exp(path.log_det[::8] / 2) * math.sqrt(2)
    staying = np.flatnonzero((np.abs(mean).max(axis=0) < 3) & (height.max(axis=0) < 2.5))
    curves = [series("loops, n = 100" if not k else "", mean[:, r], height[:, r]) for k, r in enumerate(staying)]
    return Figure(
        "The loop as a random walk in the half-plane",
        "Loops (those of twelve that stay in the picture) fall towards the boundary, where they stop; from each point the law of "
        "the stop is Student's, centred below it and as wide as the point is high.",
        "mean μ",
        "height √2 σ",
        (*curves, series("start", (0.0,), (math.sqrt(2),), kind="dots")),
        field=Field(
            tuple(x),
            tuple(y),
            tuple(map(tuple, field)),
            "P(end within σ₀ of μ₀)",
            (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        ),
        equal=True,
    )
