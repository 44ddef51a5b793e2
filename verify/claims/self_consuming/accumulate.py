"""Entry 10: keep the old data, and a share of the variance stays for ever."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, mutant, role, series, table
from verify.claims.self_consuming.instances import Floats, signs
from verify.claims.sources import LOOP_INEVITABLE, LOOP_THRIVE
from verify.evidence import Enclosure, at_most, exact, gap, within
from verify.methods import self_consuming
from verify.methods.self_consuming import accumulate_variance_factor

SOURCE = LOOP_INEVITABLE.at("section 3, accumulating data")

role(
    "self_consuming.accumulate_variance_factor",
    numbers='n, t: integers, t = inf for the limit, workflow "replace", "accumulate" or "subsample", ddof; a float',
)(self_consuming.accumulate_variance_factor)


@mutant("self_consuming.accumulate_variance_factor", slip="the first-order value 1 − π²/6n as the limit")
def first_order(n: int, t: Any, workflow: str = "replace", ddof: int = 0) -> float:
    if workflow == "accumulate" and not ddof:
        return 1 - sum(1 / (n * k * k) for k in range(1, int(min(t, 100_000)) + 1))
    return accumulate_variance_factor(n, t, workflow, ddof)


@mutant("self_consuming.accumulate_variance_factor", slip="the product for unbiased fits used for maximum likelihood")
def unbiased_product(n: int, t: Any, workflow: str = "replace", ddof: int = 0) -> float:
    return accumulate_variance_factor(n, t, workflow, 1)


@mutant(
    "self_consuming.accumulate_variance_factor", slip="accumulated data counted as if each generation replaced the last"
)
def always_replaced(n: int, t: Any, workflow: str = "replace", ddof: int = 0) -> float:
    return accumulate_variance_factor(n, t, "replace", ddof)


def refit(noise: Floats, ddof: int, fitted: Callable[[int, Floats, Floats], Floats]) -> tuple[Floats, Floats]:
    """Variance and mean after all generations, where `fitted(t, new, pool)` are the samples that the next fit is to."""
    mean, variance = np.zeros(len(noise)), np.ones(len(noise))
    pool = np.empty((len(noise), 0))
    for t in range(noise.shape[1]):
        new = mean[:, None] + np.sqrt(variance)[:, None] * noise[:, t]
        pool = np.hstack([pool, new])
        samples = fitted(t, new, pool)
        mean, variance = samples.mean(axis=1), samples.var(axis=1, ddof=ddof)
    return variance, mean


@role(
    "self_consuming.accumulate_loop",
    numbers='noise (R, T, n), workflow "replace" or "accumulate", ddof; (V (R,), M (R,)) after T generations',
)
def accumulate_loop(noise: Floats, workflow: str, ddof: int = 0) -> tuple[Floats, Floats]:
    """Variance and mean of a fit to the newest n samples, or to all so far; the first generation is the noise itself."""
    return refit(noise, ddof, lambda t, new, pool: new if workflow == "replace" else pool)


@mutant("self_consuming.accumulate_loop", slip="the pooled variance has no part between generations")
def no_between_group_term(noise: Floats, workflow: str, ddof: int = 0) -> tuple[Floats, Floats]:
    mean, variance = np.zeros(len(noise)), np.ones(len(noise))
    means: list[Floats] = []
    spreads: list[Floats] = []
    for t in range(noise.shape[1]):
        new = mean[:, None] + np.sqrt(variance)[:, None] * noise[:, t]
        means, spreads = ([], []) if workflow == "replace" else (means, spreads)
        means.append(new.mean(axis=1))
        spreads.append(new.var(axis=1, ddof=ddof))
        mean, variance = np.mean(means, axis=0, dtype=float), np.mean(spreads, axis=0, dtype=float)
    return variance, mean


@mutant(
    "self_consuming.accumulate_loop",
    slip="the mean is that of the newest samples, not pooled: invisible in the variance",
)
def mean_not_pooled(noise: Floats, workflow: str, ddof: int = 0) -> tuple[Floats, Floats]:
    variance, _ = accumulate_loop(noise, workflow, ddof)
    spread, mean = accumulate_loop(noise[:, :-1], workflow, ddof)  # of the model that was sampled
    return variance, np.asarray(mean + np.sqrt(spread) * noise[:, -1].mean(axis=1), float)


SIZES = ((2, 1), (2, 4), (3, 3), (4, 2))


@claim(
    id="self_consuming.accumulate",
    title="The mean variance of three workflows, exactly",
    statement=r"\mathbb{E}\, V_t = \Big( 1 - \frac1n \Big)^t \ \text{(replace)}, \qquad "
    r"\prod_{k \le t} \Big( 1 - \frac1{n k^2} \Big) \ \text{(accumulate)}",
    source=SOURCE,
    role=("self_consuming.accumulate_loop", "self_consuming.accumulate_variance_factor"),
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because="a fit is quadratic in the noise, so all sign patterns are the whole law; "
    "means of 512 numbers below 4"),
    cases=grid(size=SIZES, workflow=("replace", "accumulate"), ddof=(0, 1)).full(size=(*SIZES, (2, 8), (4, 4), (3, 5), (8, 2))),
    quantity="|mean over all sign patterns − formula|",
)  # fmt: skip
def variance_by_enumeration(loop: Any, factor: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, t = case.size
    variance, _ = loop(signs(n * t).reshape(-1, t, n), case.workflow, case.ddof)
    yield exact(gap(variance.mean(), factor(n, t, case.workflow, case.ddof)))


@claim(
    id="self_consuming.accumulate.conserved",
    title="Lost spread becomes wander: their sum is conserved",
    statement=r"\mathbb{E}[V_t + M_t^2] = 1",
    source=SOURCE,
    role="self_consuming.accumulate_loop",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because="all sign patterns are the whole law; means of 512 numbers below 4"),
    cases=grid(size=SIZES, workflow=("replace", "accumulate")),
    quantity="|E[V + M²] − 1|",
)
def spread_becomes_wander(loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, t = case.size
    variance, mean = loop(signs(n * t).reshape(-1, t, n), case.workflow)
    yield exact(gap((variance + mean**2).mean(), 1.0))


@role(
    "self_consuming.subsample_loop",
    numbers="noise (R, T, n), picks: T arrays (R, n) of places in the pool, ddof; (V (R,), M (R,))",
)
def subsample_loop(noise: Floats, picks: Any, ddof: int = 0) -> tuple[Floats, Floats]:
    """Fits to n draws with replacement from the pool of all samples so far."""
    return refit(noise, ddof, lambda t, new, pool: np.take_along_axis(pool, picks[t], axis=1))


def every_subsample(n: int, t: int) -> tuple[Floats, list[Any]]:
    """All pairs of a sign pattern (t, n) and picks from the pools, as noise (R, t, n) and t arrays (R, n)."""
    choices = [list(itertools.product(range(n * (k + 1)), repeat=n)) for k in range(t)]
    every = list(itertools.product(*choices))
    patterns = signs(n * t).reshape(-1, t, n)
    picks = [np.tile(np.array([path[k] for path in every]), (len(patterns), 1)) for k in range(t)]
    return np.repeat(patterns, len(every), axis=0), picks


@mutant("self_consuming.subsample_loop", slip="the fit is to the whole pool, not to the draws from it")
def whole_pool(noise: Floats, picks: Any, ddof: int = 0) -> tuple[Floats, Floats]:
    return accumulate_loop(noise, "accumulate", ddof)


@mutant("self_consuming.subsample_loop", slip="draws from the newest samples only")
def newest_only(noise: Floats, picks: Any, ddof: int = 0) -> tuple[Floats, Floats]:
    return refit(noise, ddof, lambda t, new, pool: np.take_along_axis(new, picks[t] % noise.shape[2], axis=1))


@mutant(
    "self_consuming.subsample_loop", slip="the mean is that of the newest samples, only the variance that of the draws"
)
def mean_of_the_newest(noise: Floats, picks: Any, ddof: int = 0) -> tuple[Floats, Floats]:
    newest: list[Floats] = []

    def fitted(t: int, new: Floats, pool: Floats) -> Floats:
        newest.append(new.mean(axis=1))
        return np.take_along_axis(pool, picks[t], axis=1)

    variance, _ = refit(noise, ddof, fitted)
    return variance, newest[-1]


@claim(
    id="self_consuming.accumulate.subsample-conserved",
    title="Nor does fitting a sample of the pool lose any: spread becomes wander",
    statement=r"\mathbb{E}[V_t + M_t^2] = 1",
    source=LOOP_THRIVE.at("section 3, accumulate-subsample"),
    role="self_consuming.subsample_loop",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="all sign patterns and all picks are the whole law; means of 147,456 numbers "
    "below 4, pairwise sums"),
    cases=grid(t=(1, 2)).full(t=(1, 2, 3)),
    quantity="|E[V + M²] − 1|, n = 2",
)  # fmt: skip
def subsamples_lose_nothing(loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    noise, picks = every_subsample(2, case.t)
    variance, mean = loop(noise, picks)
    yield exact(gap((variance + mean**2).mean(), 1.0))


@claim(
    id="self_consuming.accumulate.subsample",
    title="Fitting a sample of the pool costs about twice the loss, no more",
    statement=r"\mathbb{E}\, V_t = \prod_{k \le t} \Big( 1 - \frac{a^2}{k^2} \Big), \quad a^2 = \frac2n - \frac1{n^2}, \qquad "
    r"\text{unbiased: } \prod_{k \le t} \Big( 1 + \frac1{nk} - \frac2{n k^2} \Big)",
    source=LOOP_THRIVE.at("section 3, accumulate-subsample"),
    role=("self_consuming.subsample_loop", "self_consuming.accumulate_variance_factor"),
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="all sign patterns and all picks are the whole law; means of 147,456 numbers "
    "below 4, pairwise sums"),
    cases=grid(t=(1, 2), ddof=(0, 1)).full(t=(1, 2, 3)),
    quantity="|mean over all signs and picks − formula|, n = 2",
)  # fmt: skip
def subsample_by_enumeration(loop: Any, factor: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    variance, _ = loop(*every_subsample(2, case.t), case.ddof)
    yield exact(gap(variance.mean(), factor(2, case.t, "subsample", case.ddof)))


@claim(
    id="self_consuming.accumulate.limit",
    title="The limits are sines and Gamma functions",
    statement=r"\prod_{k} \Big( 1 - \frac1{nk^2} \Big) = \frac{\sin(\pi / \sqrt n)}{\pi / \sqrt n}, \qquad "
    r"\prod_{k} \Big( 1 - \frac{a^2}{k^2} \Big) = \frac{\sin \pi a}{\pi a}",
    source=SOURCE,
    role="self_consuming.accumulate_variance_factor",
    evidence=Evidence.EXACT,
    region=within(
        0.999,
        1.001,
        because="the tail Σ_{k>t} 1/k² lies between 1/(t + 1) and 1/t, and −ln(1 − x) is between x and x + x²: 1 ± "
        "1e-4 at t = 10⁴; for unbiased fits 1/(k(kn − 1)) is 1/(nk²) up to a share 1/(kn)",
    ),
    cases=grid(n=(2, 4, 10), workflow=("accumulate", "subsample", "unbiased")),
    quantity="t ln(V_t / V_∞) over a², t = 10⁴",
)
def tail_of_the_product(factor: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    t, n = 10_000, case.n
    workflow, ddof = ("accumulate", 1) if case.workflow == "unbiased" else (case.workflow, 0)
    a2 = 2 / n - 1 / n**2 if workflow == "subsample" else 1 / n
    ratio = factor(n, t, workflow, ddof) / max(factor(n, math.inf, workflow, ddof), 1e-300)
    yield exact(t * math.log(max(ratio, 1e-300)) / a2)


@claim(
    id="self_consuming.accumulate.values",
    title="The limits to fourteen digits",
    statement=r"n = 4: \ 0.636620,\ 0.836338\ \text{(unbiased)},\ 0.420662\ \text{(subsample)}; \qquad n = 10: "
    r"\ 0.843436,\ 0.935141,\ 0.715492",
    source=SOURCE,
    role="self_consuming.accumulate_variance_factor",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13, because="a sine of numbers at most π near 1, three Gamma functions: some 40 eps, against balls"
    ),
    cases=grid(n=(2, 4, 10, 1000), workflow=("accumulate", "subsample", "unbiased")),
    quantity="|limit − ball|",
)
def limits_by_balls(factor: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint
    from flint import arb, fmpq

    n = case.n
    with flint.ctx.workprec(200):
        if case.workflow == "unbiased":
            root = (1 + 4 * arb(n)).sqrt()
            plus, minus = (1 + root) / (2 * n), (1 - root) / (2 * n)
            known = (2 - arb(fmpq(1, n))).gamma() / ((2 - plus).gamma() * (2 - minus).gamma())
        else:
            a = arb(fmpq(1, n) if case.workflow == "accumulate" else fmpq(2 * n - 1, n * n)).sqrt()
            known = (arb.pi() * a).sin() / (arb.pi() * a)
    workflow, ddof = ("accumulate", 1) if case.workflow == "unbiased" else (case.workflow, 0)
    yield exact(gap(factor(n, math.inf, workflow, ddof), float(known)))


@figure(of="self_consuming.accumulate")
def three_workflows() -> Figure:
    t = np.unique(np.geomspace(1, 200, 30).astype(int))
    curves = [
        series(name, t, [accumulate_variance_factor(10, int(k), workflow) for k in t])
        for name, workflow in (
            ("replace", "replace"),
            ("accumulate", "accumulate"),
            ("accumulate, fit n of the pool", "subsample"),
        )
    ]
    limits = [accumulate_variance_factor(10, math.inf, w) for w in ("accumulate", "subsample")]
    return Figure(
        "What is left of the variance on average, n = 10, maximum likelihood",
        "Replacing loses everything; keeping the old data levels off, at 0.84, or at 0.72 where only n of the pool are fitted.",
        "generation t",
        "E V_t",
        (*curves, series("limits", y=limits, kind="hline")),
        x_log=True,
    )


@table(of="self_consuming.accumulate.values")
def limits_of_the_workflows() -> Table:
    rows = [
        (
            n,
            *(accumulate_variance_factor(n, math.inf, w, d) for w, d in (("accumulate", 0), ("accumulate", 1), ("subsample", 0))),
            1 - math.pi**2 / (6 * n),
            1 - math.pi**2 / (3 * n),
        )
        for n in (2, 4, 10, 100, 1000)
    ]  # fmt: skip
    return Table(
        "What is left of the variance after infinitely many generations",
        "Accumulation keeps all but about π²/6n of the variance, fitting a sample of the pool all but about twice that.",
        ("n", "accumulate", "accumulate, unbiased", "sample of the pool", "1 − π²/6n", "1 − π²/3n"),
        rows,
    )
