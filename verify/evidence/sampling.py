"""Sampled enclosures: five, each valid for any subject whose draws are independent.

Every maker is an endless iterator of looks. Look k uses all draws so far, twice as many as look k - 1, and spends
risk / 2^k, so that all looks together miss their quantity with probability at most `risk`, wherever one stops.
`draw(rng, size)` returns `size` independent values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from verify.evidence.enclosure import Basis, Enclosure, NotANumber, worst

Draw = Callable[[np.random.Generator, int], Any]
Floats = NDArray[np.float64]

# Inverse beta functions are good to some 1e-13 relative, and sums of floats to less than that of any width below;
# this much outward covers them many times over.
SLACK = 1e-10


def clopper_pearson(hits: int, n: int, risk: float) -> Enclosure:
    """The probability behind `hits` successes in n independent trials, two-sided, exact for every n.

    Not Wald: at zero hits that has no width. Source: Clopper and Pearson 1934.
    ValueError: n < 1, hits outside [0, n], risk outside (0, 1).
    """
    from scipy.special import betaincinv

    _check_risk(risk)
    if n < 1 or not 0 <= hits <= n:
        raise ValueError(f"hits={hits}, n={n}, but n is at least 1 and hits lies in [0, n]")
    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, risk / 2)) * (1 - SLACK)
    # the upper end through the misses: 1 - risk / 2 would round a small risk away
    high = 1.0
    if hits < n:
        high = math.nextafter(1.0 - float(betaincinv(n - hits, hits + 1, risk / 2)) * (1 - SLACK), 1.0)
    return Enclosure(low, high, float(risk), Basis.SAMPLE, int(n))


def probability(draw: Draw, rng: np.random.Generator, risk: float, *, first: int = 256) -> Iterator[Enclosure]:
    """P(hit), where draw returns booleans. ValueError: it returns anything else (a NaN would count as a hit)."""
    hits = n = 0
    for look_risk, batch in _batches(draw, rng, risk, first):
        if batch.dtype != bool:
            raise ValueError(f"draw returned {batch.dtype}, but a hit is a boolean")
        hits += int(np.count_nonzero(batch))
        n += len(batch)
        yield clopper_pearson(hits, n, look_risk)


def sup_distance(
    draw: Draw,
    cdf: Callable[[Floats], ArrayLike],
    rng: np.random.Generator,
    risk: float,
    *,
    before: Callable[[Floats], ArrayLike] | None = None,
    first: int = 1024,
) -> Iterator[Enclosure]:
    """sup_x |G(x) - F(x)|, where G is the law of the draws and F = `cdf` is the exact law.

    For a law with atoms `before` is x -> F(x-). The empirical law is within sqrt(ln(2 / r) / 2n) of G everywhere,
    except with probability r. A draw that is NaN has left every law: the distance is 1.
    Source: Dvoretzky, Kiefer and Wolfowitz 1956; the constant is Massart's, 1990.
    """
    for look_risk, x in _growing(draw, rng, risk, first):
        n = len(x)
        atoms, counts = np.unique(x, return_counts=True)
        step = np.cumsum(counts) / n
        law = np.asarray(cdf(atoms), float)
        left = law if before is None else np.asarray(before(atoms), float)
        # between draws the empirical law is flat and F is monotone: the supremum is at a draw or just before it
        gaps = np.concatenate([step - law, np.append(0.0, step[:-1]) - left, [0.0]])
        distance = float(np.abs(gaps).max())
        if np.isnan(x).any() or math.isnan(distance):  # a step function may well take NaN for a number
            yield Enclosure(1.0, 1.0, 0.0, Basis.SAMPLE, n)
            return
        width = math.sqrt(math.log(2 / look_risk) / (2 * n))
        yield _clipped(distance, width, 0.0, 1.0, look_risk, n)


def total_variation(
    draw: Draw, law: ArrayLike, rng: np.random.Generator, risk: float, *, first: int = 1024
) -> Iterator[Enclosure]:
    """Total variation between a sampler on cells 0..K-1 and `law` (K,); any other value is one more cell of mass 0.

    |TV(p^, law) - TV(p, law)| <= TV(p^, p), which has mean at most sqrt(K / n) / 2 (Cauchy-Schwarz over K + 1 cells)
    and moves by at most 1/n with a draw (McDiarmid 1989); for few cells the bound of Weissman et al. 2003 is less.
    """
    p = np.asarray(law, float)
    cells = p.size
    if p.ndim != 1 or not cells or not (p >= 0).all() or abs(p.sum() - 1) > 1e-9:
        raise ValueError(f"law of shape {p.shape} and sum {p.sum()}, but a law is a vector of probabilities")
    p = np.append(p, 0.0)
    tally = np.zeros(cells + 1, np.int64)
    for look_risk, batch in _batches(draw, rng, risk, first):
        known = (batch >= 0) & (batch < cells) & (batch == np.floor(batch))
        tally += np.bincount(np.where(known, batch, cells).astype(np.int64), minlength=cells + 1)
        n = int(tally.sum())
        mean_plus_bounded = math.sqrt(cells / n) / 2 + math.sqrt(math.log(1 / look_risk) / (2 * n))
        union = math.sqrt(((cells + 1) * math.log(2) + math.log(1 / look_risk)) / (2 * n))
        yield _clipped(0.5 * float(np.abs(tally / n - p).sum()), min(mean_plus_bounded, union), 0.0, 1.0, look_risk, n)


def median(draw: Draw, rng: np.random.Generator, risk: float, *, first: int = 256) -> Iterator[Enclosure]:
    """The median, between two order statistics, for any law; NaN counts as +infinity."""
    from scipy.special import bdtr

    for look_risk, x in _growing(draw, rng, risk, first):
        x = np.sort(np.where(np.isnan(x), np.inf, x))
        n = len(x)
        # the largest k with P(Bin(n, 1/2) < k) <= risk / 2, by bisection
        low, high = 0, n // 2 + 1
        while high - low > 1:
            k = (low + high) // 2
            low, high = (k, high) if bdtr(k - 1, n, 0.5) * (1 + SLACK) <= look_risk / 2 else (low, k)
        ends = (float(x[low - 1]), float(x[n - low])) if low else (-math.inf, math.inf)
        yield Enclosure(*ends, look_risk, Basis.SAMPLE, n)


def bounded_mean(
    draw: Draw, low: float, high: float, rng: np.random.Generator, risk: float, *, first: int = 256
) -> Iterator[Enclosure]:
    """The mean of a variable that lies in [low, high], by betting against every candidate.

    A gambler who bets lambda_i(m) >= 0 on x_i > m has capital prod(1 + lambda_i (x_i - m)), whose mean is at most 1
    if m is at least the true mean; capital above 2 / r rules m out, except with probability r / 2; likewise below.
    Bets are predictable (from earlier draws) and shrink with the variance seen so far.
    Source: Waudby-Smith and Ramdas 2024. ValueError: a draw outside [low, high].
    """
    if not low < high or not math.isfinite(high - low):
        raise ValueError(f"low={low}, high={high}, but a range is finite and not empty")
    for look_risk, x in _growing(draw, rng, risk, first):
        n = len(x)
        if np.isnan(x).any():
            raise NotANumber("a draw is NaN")
        if not ((x >= low) & (x <= high)).all():
            raise ValueError(f"a draw lies outside its stated range [{low}, {high}]")
        u = (x - low) / (high - low)
        i = np.arange(1, n + 1)
        mean_so_far = (0.5 + np.cumsum(u)) / (i + 1)
        variance = (0.25 + np.cumsum((u - mean_so_far) ** 2)) / (i + 1)
        bet = np.sqrt(2 * math.log(2 / look_risk) / (n * np.append(0.25, variance[:-1])))
        centre = float(u.mean())
        lower = _betting_end(u, bet, centre, look_risk)
        upper = 1.0 - _betting_end(1.0 - u, bet, 1.0 - centre, look_risk)
        span = high - low
        least = math.nextafter(low + span * (lower - SLACK), -math.inf)
        most = math.nextafter(low + span * (upper + SLACK), math.inf)
        yield Enclosure(max(float(low), least), min(float(high), most), look_risk, Basis.SAMPLE, n)


def _betting_end(u: Floats, bet: Floats, centre: float, risk: float) -> float:
    """The largest candidate below `centre` that bets on "the mean is more" rule out; capital falls as it grows."""

    def ruled_out(candidate: float) -> bool:
        stake = np.minimum(bet, 0.75 / max(candidate, 1e-300))
        return float(np.log1p(stake * (u - candidate)).sum()) > math.log(2 / risk)

    if not ruled_out(0.0):
        return 0.0
    low, high = 0.0, centre
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if ruled_out(middle) else (low, middle)
    return low


def worst_looks(*makers: Iterator[Enclosure]) -> Iterator[Enclosure]:
    """The worst of several sampled quantities, look by look; give each its share of the risk."""
    for looks in zip(*makers, strict=False):
        yield worst(looks)


def _batches(draw: Draw, rng: np.random.Generator, risk: float, first: int) -> Iterator[tuple[float, NDArray[Any]]]:
    """(risk of the look, its new draws): `first` draws, then as many again as there were before."""
    _check_risk(risk)
    if first < 1:
        raise ValueError(f"first={first}, but a look needs at least one draw")
    n, look_risk = 0, float(risk)
    while True:
        size = n or first
        batch = np.asarray(draw(rng, size))
        if batch.shape != (size,):
            raise ValueError(f"draw returned shape {batch.shape}, but {size} values were asked for")
        n += size
        look_risk /= 2
        yield look_risk, batch


def _growing(draw: Draw, rng: np.random.Generator, risk: float, first: int) -> Iterator[tuple[float, Floats]]:
    """(risk of the look, all draws so far)."""
    seen = np.empty(0)
    for look_risk, batch in _batches(draw, rng, risk, first):
        seen = np.concatenate([seen, batch.astype(float)])
        yield look_risk, seen


def _clipped(centre: float, width: float, low: float, high: float, risk: float, n: int) -> Enclosure:
    width *= 1 + SLACK
    return Enclosure(max(low, centre - width), min(high, centre + width), risk, Basis.SAMPLE, n)


def _check_risk(risk: float) -> None:
    if not 0.0 < risk < 1.0:
        raise ValueError(f"risk={risk}, but a risk lies between 0 and 1")
