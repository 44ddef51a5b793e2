"""Entry 4: diversity dies direction by direction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.self_consuming.instances import Floats, log_chi2_nodes
from verify.claims.sources import LOOP_MAD
from verify.evidence import Enclosure, at_most, exact, exactly, gap, median, sup_distance, within
from verify.methods import self_consuming
from verify.methods.self_consuming import LoopTrajectory, gaussian_loop, log_variance_drift, lyapunov_spectrum

SOURCE = LOOP_MAD.at("equation 2, iterated in d dimensions")

role("self_consuming.lyapunov_spectrum", numbers="n, dim: integers, bias; γ (dim,), descending")(
    self_consuming.lyapunov_spectrum
)


@mutant("self_consuming.lyapunov_spectrum", slip="isotropic collapse: every direction at the rate of the first")
def isotropic(n: int, dim: int, bias: float = 1.0) -> Floats:
    return np.full(dim, lyapunov_spectrum(n, 1, bias)[0])


@mutant("self_consuming.lyapunov_spectrum", slip="ν is off by one")
def one_degree_less(n: int, dim: int, bias: float = 1.0) -> Floats:
    return lyapunov_spectrum(n - 1, dim, bias)


@mutant("self_consuming.lyapunov_spectrum", slip="the exponents of Σ^{1/2} reported for Σ")
def of_the_root(n: int, dim: int, bias: float = 1.0) -> Floats:
    return lyapunov_spectrum(n, dim, bias) / 2


@mutant("self_consuming.gaussian_loop", slip="Σ is multiplied out and factored again in every generation")
def refactored(n: Any, generations: int, replicates: int, *, dim: int = 1, **how: Any) -> LoopTrajectory:
    path = gaussian_loop(n, generations, replicates, dim=dim, **how)
    if dim == 1:
        return path
    chol = np.linalg.cholesky(path.chol @ path.chol.mT)
    return path._replace(chol=chol, log_det=2 * np.log(np.diagonal(chol, axis1=-2, axis2=-1)).sum(axis=-1))


@mutant("self_consuming.gaussian_loop", slip="every diagonal entry of the Bartlett factor has ν degrees of freedom")
def equal_degrees(
    n: int, generations: int, replicates: int, *, dim: int = 1, rng: np.random.Generator, **how: Any
) -> LoopTrajectory:
    path = gaussian_loop(n, generations, replicates, dim=dim, rng=rng, **how)
    if dim == 1 or n <= dim:
        return path
    for i in range(1, dim):  # a χ² of ν − i degrees becomes one of ν by another of i
        ratio = 1 / np.sqrt(rng.beta((n - 1 - i) / 2, i / 2, (generations, replicates)))
        if len(path.mean) == 1:
            ratio = ratio.prod(axis=0, keepdims=True)
        else:
            ratio = np.concatenate([np.ones((1, replicates)), np.cumprod(ratio, axis=0)])
        path.chol[..., i, i] *= ratio
        path.log_det[:] += 2 * np.log(ratio)
    return path


@mutant("self_consuming.gaussian_loop", slip="a ridge of 1e-6 is added to the covariance, so its rank is always full")
def ridge(n: Any, generations: int, replicates: int, *, dim: int = 1, **how: Any) -> LoopTrajectory:
    path = gaussian_loop(n, generations, replicates, dim=dim, **how)
    return path._replace(chol=np.linalg.cholesky(path.chol @ path.chol.mT + 1e-6 * np.eye(dim)))


@claim(
    id="self_consuming.lyapunov-spectrum",
    title="The eigenvalues of the covariance fall at rates of their own",
    statement=r"\tfrac1t \ln \operatorname{eig}_i(\Sigma_t) \to \gamma_i = "
    r"\ln\lambda + \psi\big(\tfrac{\nu - i + 1}2\big) - \ln\tfrac\nu2 \quad \text{a.s.}",
    source=SOURCE,
    role=("self_consuming.lyapunov_spectrum", "self_consuming.gaussian_loop"),
    evidence=Evidence.STATISTICAL,
    region=within(
        -4,
        4,
        because="ordering the eigenvalues moves them by a bounded amount, ±2.6 in an earlier run of ours; isotropic "
        "collapse is off by 42 at i = 4, T = 120",
    ),
    cases=grid(n=(12,), d=(4,), T=(120,), i=(1, 2, 3, 4)).full(T=(30, 60, 120)),
    quantity="median of ln eig_i(Σ_T) − T γ_i",
)
def eigenvalues_fall(spectrum: Any, loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    expected = case.T * float(np.asarray(spectrum(case.n, case.d))[case.i - 1])

    def offset(rng: np.random.Generator, size: int) -> Floats:
        chol = loop(case.n, case.T, size, dim=case.d, keep="last", rng=rng).chol[-1]
        return np.asarray(2 * np.log(np.linalg.svd(chol, compute_uv=False)[:, case.i - 1]) - expected)

    yield from median(offset, rng, case.risk, first=1024)


@claim(
    id="self_consuming.lyapunov-spectrum.exponents",
    title="Each exponent is the mean of a log-χ²",
    statement=r"\gamma_i = \ln\lambda + \mathbb{E} \ln \frac{\chi^2_{\nu - i + 1}}{\nu}",
    source=SOURCE,
    role="self_consuming.lyapunov_spectrum",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="trapezoidal sums of smooth, fast falling functions: rounding only, some 100 eps of numbers of size 4",
    ),
    cases=grid(size=((12, 4), (6, 5)), bias=(1.0, 0.9)).full(size=((12, 4), (6, 5), (8, 3), (50, 10))),
    quantity="largest |exponent − quadrature|",
)
def exponents_by_quadrature(spectrum: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, d = case.size
    means = []
    for i in range(1, d + 1):
        y, weight = log_chi2_nodes(n - i, -9000, 800)
        means.append(np.log(case.bias) + weight @ y / weight.sum() - np.log(n - 1))
    yield exact(gap(spectrum(n, d, case.bias), means))


@claim(
    id="self_consuming.lyapunov-spectrum.pivots",
    title="The diagonal of the triangular state has an exact law",
    statement=r"\ln (C_T)_{ii}^2 \overset{d}{=} \sum_{t \le T} \ln \frac{\chi^2_{\nu - i + 1}}{\nu}",
    source=SOURCE,
    role="self_consuming.gaussian_loop",
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.04,
        because="ν degrees in every place move the last entry by 2.6 deviations, a distance of 0.8; 16384 draws "
        "enclose within 0.0273",
    ),
    cases=grid(n=(12,), d=(4,), T=(15,), i=(1, 4)).full(T=(60,), i=(1, 2, 3, 4)),
    quantity="distance of ln (C_T)_ii² to its law",
)
def diagonal_law(gaussian_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    nu, degrees, i = case.n - 1, case.n - case.i, case.i - 1

    def diagonal(rng: np.random.Generator, size: int) -> Floats:
        path = gaussian_loop(case.n, case.T, size, dim=case.d, keep="last", rng=rng)
        return np.asarray(2 * np.log(path.chol[-1, :, i, i]))

    def cdf(x: Floats) -> Any:  # χ²/ν is χ²/degrees times a constant
        return self_consuming.log_variance_cdf(x - case.T * np.log(degrees / nu), [degrees + 1] * case.T)

    yield from sup_distance(diagonal, cdf, rng, case.risk, first=16384)


@claim(
    id="self_consuming.lyapunov-spectrum.log-det",
    title="The log-determinant is a sum of independent log-χ² variables",
    statement=r"\ln \frac{\det \Sigma_T}{\det \Sigma_0} \overset{d}{=} "
    r"T d \ln\lambda + \sum_{t \le T} \sum_{i \le d} \ln \frac{\chi^2_{\nu - i + 1}}{\nu}",
    source=SOURCE,
    role="self_consuming.gaussian_loop",
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.04,
        because="one degree of freedom in one direction moves the sum by a distance of 0.16 or more at n = 12; 16384 draws enclose "
        "within 0.0273",
    ),
    cases=grid(size=((12, 4),), T=(15,), bias=(0.9,)).full(size=((12, 4), (8, 3), (50, 10), (6, 5)), T=(60,)),
    quantity="distance of ln det Σ_T to its law",
)
def determinant_law(gaussian_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, d = case.size
    degrees = [n - i for i in range(1, d + 1)]
    shift = case.T * sum(np.log(k / (n - 1)) + np.log(case.bias) for k in degrees)

    def log_det(rng: np.random.Generator, size: int) -> Floats:
        return np.asarray(gaussian_loop(n, case.T, size, dim=d, bias=case.bias, keep="last", rng=rng).log_det[-1])

    def cdf(x: Floats) -> Any:
        return self_consuming.log_variance_cdf(x - shift, [k + 1 for k in degrees] * case.T)

    yield from sup_distance(log_det, cdf, rng, case.risk, first=16384)


@claim(
    id="self_consuming.lyapunov-spectrum.rank",
    title="With no more samples than dimensions, the rank is n − 1 from the first generation on",
    statement=r"n \le d: \quad \operatorname{rank} \Sigma_t = n - 1 \quad \forall t \ge 1",
    source=SOURCE,
    role="self_consuming.gaussian_loop",
    evidence=Evidence.EXACT,
    region=exactly(
        0, because="ranks are counts; singular values below 1e-12 of the largest count as 0, a ridge leaves 1e-3"
    ),
    cases=grid(size=((4, 6), (2, 3)), method=("sufficient", "raw")),
    quantity="models of another rank",
)
def rank_is_lost(gaussian_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, d = case.size
    path = gaussian_loop(n, 6, 50, dim=d, method=case.method, rng=rng)
    ranks = np.linalg.matrix_rank(path.chol[1:], rtol=1e-12)
    yield exact(int(np.count_nonzero(ranks != n - 1)))


@figure(of="self_consuming.lyapunov-spectrum")
def every_direction() -> Figure:
    n, d, T = 12, 4, 120
    path = gaussian_loop(n, T, 1, dim=d, rng=np.random.default_rng(4))
    logs = 2 * np.log(np.linalg.svd(path.chol[:, 0], compute_uv=False))
    t = np.arange(T + 1)
    slopes = lyapunov_spectrum(n, d)
    return Figure(
        "Eigenvalues of the covariance of one loop, n = 12, d = 4",
        "Each eigenvalue follows its own line: after 120 generations the last one is e⁻⁴² times the first.",
        "generation t",
        "ln eigᵢ(Σₜ)",
        (
            *(series(f"eigenvalue {i + 1}", t, logs[:, i]) for i in range(d)),
            *(series("slopes γ_i" if not i else "", t, t * slopes[i], kind="dashed") for i in range(d)),
        ),
    )


@figure(of="self_consuming.lyapunov-spectrum.exponents")
def three_clocks() -> Figure:
    n = np.arange(6, 201)
    first = -log_variance_drift(n)
    last = [-lyapunov_spectrum(int(k), 5)[-1] for k in n]
    deviation = -np.log(self_consuming.c4(n))
    return Figure(
        "Three clocks of collapse: generations to lose a factor e",
        "A typical variance halves in about n ln 2 generations, the mean deviation lasts four times as long, the last of five "
        "directions goes first.",
        "samples n",
        "generations",
        (
            series("mean of σ: −1 / ln c₄, about 4n", n, 1 / deviation),
            series("typical σ²: 1 / |δ_n|, about n", n, 1 / first),
            series("flattest of five directions: 1 / |γ₅|", n, 1 / np.array(last)),
        ),
        x_log=True,
        y_log=True,
    )
