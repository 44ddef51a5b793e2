"""Entry 1: what one generation does, exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.self_consuming.instances import LAW, Floats, chi2_cdf, last, steps
from verify.claims.sources import LOOP_MAD
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, sup_distance, worst
from verify.methods import self_consuming
from verify.methods.self_consuming import LoopTrajectory, gaussian_loop

SOURCE = LOOP_MAD.at("equations 1 and 2")

role(
    "self_consuming.gaussian_loop",
    numbers="n or a schedule, generations T, replicates R, dim, bias, ddof, method, keep, rng; LoopTrajectory(mean "
    "(T+1, R, d), chol (T+1, R, d, d), log_det (T+1, R))",
)(self_consuming.gaussian_loop)


@mutant("self_consuming.gaussian_loop", slip="the scatter is divided by n, not by n − 1")
def mle_fit(n: Any, generations: int, replicates: int, *, ddof: int = 1, **how: Any) -> LoopTrajectory:
    return gaussian_loop(n, generations, replicates, ddof=0, **how)


@mutant("self_consuming.gaussian_loop", slip="the bias multiplies the standard deviation in place of the variance")
def bias_on_deviation(n: Any, generations: int, replicates: int, *, bias: float = 1.0, **how: Any) -> LoopTrajectory:
    return gaussian_loop(n, generations, replicates, bias=bias**2, **how)


@mutant("self_consuming.gaussian_loop", slip="the bias shrinks the fit, not the samples: the mean moves too far")
def bias_after_fit(n: Any, generations: int, replicates: int, *, bias: float = 1.0, **how: Any) -> LoopTrajectory:
    path = gaussian_loop(n, generations, replicates, bias=bias, **how)
    return path._replace(mean=path.mean / bias**0.5)


@mutant("self_consuming.gaussian_loop", slip="the mean moves by the variance of after the fit")
def post_fit_variance(
    n: Any, generations: int, replicates: int, *, keep: str = "all", rng: np.random.Generator, **how: Any
) -> LoopTrajectory:
    path = gaussian_loop(n, generations, replicates, rng=rng, **how)
    size = np.broadcast_to(n, (generations,))[:, None, None]
    noise = rng.standard_normal((generations, *path.mean.shape[1:])) / np.sqrt(size)
    moves = np.einsum("trij,trj->tri", path.chol[1:], noise)
    path.mean[1:] = path.mean[:1] + np.cumsum(moves, axis=0)
    return path if keep == "all" else last(path)


@mutant("self_consuming.gaussian_loop", slip="replicates in mirrored pairs: half of the noise is drawn")
def mirrored_pairs(n: Any, generations: int, replicates: int, **how: Any) -> LoopTrajectory:
    path = gaussian_loop(n, generations, (replicates + 1) // 2, **how)
    mean, chol, log_det = (np.repeat(part, 2, axis=1)[:, :replicates] for part in path)
    mean[:, 1::2] *= -1
    return LoopTrajectory(mean, chol, log_det)


@equivalent("self_consuming.gaussian_loop", because="the law knows no order of the replicates")
def backwards(n: Any, generations: int, replicates: int, **how: Any) -> LoopTrajectory:
    path = gaussian_loop(n, generations, replicates, **how)
    return LoopTrajectory(*(part[:, ::-1] for part in path))


T = 5
EVERY_LOOP = tuple((n, d, lam) for n in (3, 5, 20, 100) for d in (1, 2, 5, 10) if d < n for lam in (1.0, 0.95, 0.7))
LOOPS = grid(loop=((20, 1, 1.0), (20, 3, 0.9), (6, 4, 1.0)), method=("sufficient",)).full(loop=EVERY_LOOP) + grid(
    loop=((6, 2, 0.9),), method=("raw",)
).full(loop=((6, 2, 0.9), (3, 1, 0.7), (20, 5, 1.0)))


def noise_of(gaussian_loop: Any, case: Case, rng: np.random.Generator, size: int) -> tuple[Floats, Floats]:
    """The pivots of `size` loops of five generations."""
    n, d, lam = case.loop
    path = gaussian_loop(n, T, size, dim=d, bias=lam, method=case.method, rng=rng)
    return steps(path, n, lam)


@claim(
    id="self_consuming.one-step-law",
    title="The mean takes a normal step, scaled by the model before",
    statement=r"\sum_{t \le T} \big\| \sqrt{n/\lambda}\; C_{t-1}^{-1} (\mu_t - \mu_{t-1}) \big\|^2 \sim \chi^2_{dT}",
    source=SOURCE,
    role="self_consuming.gaussian_loop",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.04, because="half of what a mutant moves the law by: a bias of 0.9 applied after the fit moves χ² by a "
                   "distance of 0.1; " + LAW),
    cases=LOOPS,
    quantity="distance of the pivot to its χ² law",
)  # fmt: skip
def mean_step(gaussian_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def pivot(rng: np.random.Generator, size: int) -> Floats:
        z, _ = noise_of(gaussian_loop, case, rng, size)
        return np.asarray(np.square(z).sum(axis=(0, 2)))

    yield from sup_distance(pivot, chi2_cdf(case.loop[1] * T), rng, case.risk, first=16384)


@claim(
    id="self_consuming.one-step-law.scatter",
    title="The scatter is a Wishart matrix in the coordinates of the model before",
    statement=r"\sum_{t \le T} \big\| \sqrt{\nu/\lambda}\; C_{t-1}^{-1} C_t \big\|_F^2 \sim \chi^2_{\nu d T}, \qquad \nu = n - 1",
    source=SOURCE,
    role="self_consuming.gaussian_loop",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.04, because="less than half of the weakest mutant: a divisor n in place of n − 1 scales a χ² of 95 degrees by "
                   "0.95 and moves it by 0.13; " + LAW),
    cases=LOOPS,
    quantity="distance of the pivot to its χ² law",
)  # fmt: skip
def scatter_size(gaussian_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def pivot(rng: np.random.Generator, size: int) -> Floats:
        _, factor = noise_of(gaussian_loop, case, rng, size)
        return np.asarray(np.square(factor).sum(axis=(0, 2, 3)))

    n, d, _ = case.loop
    yield from sup_distance(pivot, chi2_cdf((n - 1) * d * T), rng, case.risk, first=16384)


@claim(
    id="self_consuming.one-step-law.diagonal",
    title="Each direction loses one degree of freedom to the ones before it",
    statement=r"\sum_{t \le T} (L_t)_{ii}^2 \sim \chi^2_{(\nu - i + 1) T}, \qquad L_t = \sqrt{\nu/\lambda}\; C_{t-1}^{-1} C_t",
    source=SOURCE,
    role="self_consuming.gaussian_loop",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.04, because="one degree more or less in five moves a χ² of 25 degrees by 0.26; " + LAW),
    cases=grid(n=(6,), d=(3,), i=(1, 2, 3), method=("sufficient",)) + grid(n=(6,), d=(3,), i=(3,), method=("raw",)),
    quantity="distance of the pivot to its χ² law",
)
def scatter_directions(gaussian_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def pivot(rng: np.random.Generator, size: int) -> Floats:
        path = gaussian_loop(case.n, T, size, dim=case.d, method=case.method, rng=rng)
        _, factor = steps(path, case.n, 1.0)
        return np.asarray(np.square(factor[..., case.i - 1, case.i - 1]).sum(axis=0))

    yield from sup_distance(pivot, chi2_cdf((case.n - case.i) * T), rng, case.risk, first=16384)


@claim(
    id="self_consuming.one-step-law.independence",
    title="Step and scatter of one generation are independent",
    statement=r"Z_t^2 \Big/ \frac{\nu}{\lambda} \frac{\sigma_t^2}{\sigma_{t-1}^2 \nu} \sim F_{1, \nu}",
    source=SOURCE,
    role="self_consuming.gaussian_loop",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.04, because="a mean that moves by the new variance makes the ratio a χ² of one degree, 0.1 away from F at "
                   "ν = 3; " + LAW),
    cases=grid(n=(4,), method=("sufficient", "raw")),
    quantity="distance of the ratio to its F law",
)  # fmt: skip
def step_and_scatter(gaussian_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import fdtr

    nu = case.n - 1

    def ratio(rng: np.random.Generator, size: int) -> Floats:
        z, factor = steps(gaussian_loop(case.n, 2, size, method=case.method, rng=rng), case.n, 1.0)
        return np.asarray(z[1, :, 0] ** 2 / (factor[1, :, 0, 0] ** 2 / nu))

    yield from sup_distance(ratio, lambda x: fdtr(1, nu, x), rng, case.risk, first=16384)


@claim(
    id="self_consuming.one-step-law.replicates",
    title="Replicates are independent of their neighbours",
    statement=r"\Phi(Z_r) + \Phi(Z_{r+1}) \bmod 1 \sim U(0, 1)",
    source=SOURCE,
    role="self_consuming.gaussian_loop",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.04, because="mirrored pairs have the sum 1 always, at distance 1; " + LAW),
    cases=grid(method=("sufficient", "raw")),
    quantity="distance of the sum of neighbours to the uniform law",
)
def neighbours_are_strangers(gaussian_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.special import ndtr

    def sums(rng: np.random.Generator, size: int) -> Floats:
        z, _ = steps(gaussian_loop(5, 1, 2 * size, method=case.method, rng=rng), 5, 1.0)
        uniform = ndtr(z[0, :, 0])
        return np.asarray((uniform[::2] + uniform[1::2]) % 1.0)

    yield from sup_distance(sums, lambda x: np.clip(x, 0, 1), rng, case.risk, first=16384)


@mutant("self_consuming.gaussian_loop", slip="whatever is asked for is made to fit: counts are rounded, biases clipped")
def lenient(n: Any, generations: int, replicates: int, *, bias: float = 1.0, **how: Any) -> LoopTrajectory:
    sizes = [max(int(k), 2) for k in np.atleast_1d(n)] or [2]
    bias = abs(bias) if math.isfinite(bias) and bias else 1.0
    return gaussian_loop(
        sizes[0] if len(sizes) != int(generations) else sizes, int(generations), int(replicates), bias=bias, **how
    )


@claim(
    id="self_consuming.one-step-law.bad-input",
    title="The loop refuses what it cannot mean",
    statement=r"n \in \{2, 3, \ldots\},\quad 0 < \lambda < \infty,\quad T \ge 0,\quad R \ge 1",
    source=SOURCE,
    role="self_consuming.gaussian_loop",
    evidence=Evidence.EXACT,
    region=exactly(0, because="a count of calls that are taken without a TypeError or ValueError"),
    quantity="bad calls accepted",
)
def loop_refuses(gaussian_loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def call(n: Any, generations: Any, replicates: Any, how: dict[str, Any]) -> Any:
        return gaussian_loop(n, generations, replicates, rng=rng, **how)

    bad: list[tuple[Any, ...]] = [
        (1, 3, 2, {}), (2.5, 3, 2, {}), (True, 3, 2, {}), ([], 0, 2, {}), ([5, 5], 3, 2, {}), (5, -1, 2, {}), (5, 3, 0, {}),
        (5, 3.0, 2, {}), (5, 3, 2, {"bias": 0.0}), (5, 3, 2, {"bias": -1.0}), (5, 3, 2, {"bias": math.nan}),
        (5, 3, 2, {"bias": math.inf}), (5, 3, 2, {"ddof": 2}), (5, 3, 2, {"dim": 0}), (5, 3, 2, {"method": "exact"}),
    ]  # fmt: skip
    yield exact(accepted(call, bad, (TypeError, ValueError)))


@role(
    "self_consuming.loop_moments",
    numbers="n, t: integers, bias: a Fraction; (E Σ_t / Σ_0, Cov μ_t / Σ_0) as Fractions",
)
def loop_moments(n: int, t: int, bias: Fraction) -> tuple[Fraction, Fraction]:
    """λ^t, and λ (1 − λ^t) / (n (1 − λ)), which is t / n at λ = 1."""
    wander = Fraction(t, n) if bias == 1 else bias * (1 - bias**t) / (n * (1 - bias))
    return bias**t, wander


@mutant("self_consuming.loop_moments", slip="the mean drifts by t/n whatever the bias")
def drift_without_bias(n: int, t: int, bias: Fraction) -> tuple[Fraction, Fraction]:
    return bias**t, Fraction(t, n)


@mutant("self_consuming.loop_moments", slip="the variance shrinks by the bias squared")
def squared_bias(n: int, t: int, bias: Fraction) -> tuple[Fraction, Fraction]:
    return loop_moments(n, t, bias**2)


@claim(
    id="self_consuming.one-step-law.moments",
    title="The mean covariance shrinks by λ a generation, and the mean wanders",
    statement=r"\mathbb{E}\,\Sigma_t = \lambda^t \Sigma_0, \qquad "
    r"\operatorname{Cov} \mu_t = \frac{\lambda (1 - \lambda^t)}{n (1 - \lambda)}\, \Sigma_0",
    source=SOURCE,
    role="self_consuming.loop_moments",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0, because="fractions on both sides: the recursion of the one-step law, t times, against the closed form"
    ),
    cases=grid(n=(2, 10), bias=("1", "9/10", "1/2")).full(n=(2, 3, 10, 50)),
    quantity="closed form − recursion, largest over t ≤ 20",
)
def moments_recur(loop_moments: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lam, spread, wander = Fraction(case.bias), Fraction(1), Fraction(0)
    parts = []
    for t in range(1, 21):
        wander, spread = wander + lam * spread / case.n, lam * spread
        found = loop_moments(case.n, t, lam)
        parts += [exact(abs(found[0] - spread)), exact(abs(found[1] - wander))]
    yield worst(parts)


@figure(of="self_consuming.one-step-law")
def cloud_of_paths() -> Figure:
    path = gaussian_loop(20, 120, 12, rng=np.random.default_rng(9687))
    curves = [
        series("paths of 12 loops" if not r else "", path.mean[:, r, 0], np.exp(path.log_det[:, r] / 2))
        for r in range(12)
    ]
    ends = series("after 120 generations", path.mean[-1, :, 0], np.exp(path.log_det[-1] / 2), kind="dots")
    return Figure(
        "Mean and standard deviation of twelve loops, n = 20",
        "All paths start at (0, 1); they wander sideways while they fall, and stop moving as they fall.",
        "mean μₜ",
        "standard deviation σₜ",
        (*curves, ends),
    )
