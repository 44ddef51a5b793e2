"""Entry 7: from a confidently wrong start, the transport loss needs exponential time, cross-entropy linear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import EMO_ARTICLE
from verify.evidence import Enclosure, at_most, exact, gap, slope, within

SOURCE = EMO_ARTICLE.at("training from scratch")


@role("emo.escape_time", numbers="initial logit gap s0 < 0, off-target cost c: floats; a time")
def escape_time(s0: float, cost: float) -> float:
    """(|s0| + sinh |s0|) / c: gradient flow s' = 2 c p (1 − p) on the two logits, until s = 0."""
    return float((abs(s0) + np.sinh(abs(s0))) / cost)


@mutant("emo.escape_time", slip="the leading term e^|s| / c only")
def leading_term(s0: float, cost: float) -> float:
    return float(np.exp(abs(s0)) / cost)


@mutant("emo.escape_time", slip="one logit moves, not two: the factor 2 is missing")
def one_logit(s0: float, cost: float) -> float:
    return 2 * escape_time(s0, cost)


@mutant("emo.escape_time", slip="linear time, as for cross-entropy")
def linear_time(s0: float, cost: float) -> float:
    return cross_entropy_escape_time(s0) / cost


@role("emo.cross_entropy_escape_time", numbers="initial logit gap s0 < 0: a float; a time")
def cross_entropy_escape_time(s0: float) -> float:
    """(|s0| + 1 − e^s0) / 2: gradient flow s' = 2 (1 − p)."""
    return float((abs(s0) - np.expm1(s0)) / 2)


@mutant("emo.cross_entropy_escape_time", slip="the field of the transport loss, with its factor p (1 − p)")
def transport_field(s0: float) -> float:
    return escape_time(s0, 1.0)


def integrated(rate: Any, s0: float) -> float:
    """The time at which s' = rate(s) from s0 < 0 reaches 0, by an adaptive integrator of order 8."""
    from scipy.integrate import solve_ivp

    def arrived(_t: float, s: Any) -> float:
        return float(s[0])

    arrived.terminal = True  # type: ignore[attr-defined]
    found = solve_ivp(lambda _t, s: rate(s), (0, 1e9), [s0], method="DOP853", rtol=1e-11, atol=1e-13, events=arrived)
    return float(found.t_events[0][0])


def probability_of_label(s: Any) -> Any:
    """p_t of two classes whose logits differ by s."""
    return 1 / (1 + np.exp(-s))


INTEGRATOR = "a local tolerance of 1e-11 over some hundred steps of a stable field, times 10 for the event's location"
GAPS = (-2.0, -5.0, -8.0, -11.0, -14.0)
ALL_GAPS = tuple(-float(k) for k in range(1, 15))


@claim(
    id="emo.escape-time",
    title="From a wrong start the transport loss escapes in exponential time",
    statement=r"T_{\mathrm{EMO}} = \frac{|s_0| + \sinh|s_0|}{c}",
    source=SOURCE,
    role="emo.escape_time",
    evidence=Evidence.EXACT,
    region=at_most(1e-8, because=INTEGRATOR),
    cases=grid(s0=GAPS, c=(1.3,)).full(s0=ALL_GAPS, c=(0.2, 1.0, 1.3, 2.0)),
    quantity="relative difference to the integrated flow",
)
def transport_escapes(time: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def rate(s: Any) -> Any:
        p = probability_of_label(s)
        return 2 * case.c * p * (1 - p)

    truth = integrated(rate, case.s0)
    yield exact(gap(time(case.s0, case.c) / truth, 1.0))


@claim(
    id="emo.escape-time.cross-entropy",
    title="Cross-entropy escapes in linear time",
    statement=r"T_{\mathrm{CE}} = \frac{|s_0| + 1 - e^{s_0}}{2}",
    source=SOURCE,
    role="emo.cross_entropy_escape_time",
    evidence=Evidence.EXACT,
    region=at_most(1e-8, because=INTEGRATOR),
    cases=grid(s0=GAPS).full(s0=ALL_GAPS),
    quantity="relative difference to the integrated flow",
)
def cross_entropy_escapes(time: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    truth = integrated(lambda s: 2 * (1 - probability_of_label(s)), case.s0)
    yield exact(gap(time(case.s0) / truth, 1.0))


RANGE = np.linspace(8, 14, 7)


@claim(
    id="emo.escape-time.rate",
    title="Each nat of initial error multiplies the time by e",
    statement=r"\frac{d \log T_{\mathrm{EMO}}}{d|s_0|} = 1 + O(|s_0| e^{-|s_0|})",
    source=SOURCE,
    role="emo.escape_time",
    evidence=Evidence.RATE,
    region=within(0.995, 1.005, because="over 8 ≤ |s| ≤ 14 the next term, log(1 + 2|s| e^−|s|), falls by 5.4e-3 over 6 nats: a "
                  "slope less by about 1e-3, and five times that"),
    quantity="slope of log T against |s₀|",
)  # fmt: skip
def exponential_rate(time: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(slope(RANGE, [np.log(time(-s, 1.3)) for s in RANGE]))


@claim(
    id="emo.escape-time.linear-rate",
    title="For cross-entropy it adds half a unit of time",
    statement=r"\frac{d T_{\mathrm{CE}}}{d|s_0|} = \tfrac12 + O(e^{-|s_0|})",
    source=SOURCE,
    role="emo.cross_entropy_escape_time",
    evidence=Evidence.RATE,
    region=within(
        0.4995,
        0.5005,
        because="the next term e^−|s| / 2 falls by 1.7e-4 over 6 nats, a slope more by 3e-5; ten times that",
    ),
    quantity="slope of T against |s₀|",
)
def linear_rate(time: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(slope(RANGE, [time(-s) for s in RANGE]))


@figure(of="emo.escape-time")
def both_times() -> Figure:
    s = np.linspace(0.2, 14, 70)
    return Figure(
        "Time to leave a confidently wrong prediction",
        "The transport loss needs time exponential in the initial error, cross-entropy linear: 1153 against 4.5 at 8 nats.",
        "initial logit gap |s₀|",
        "time to s = 0",
        (
            series("EMO, c = 1.3", s, [escape_time(-x, 1.3) for x in s]),
            series("cross-entropy", s, [cross_entropy_escape_time(-x) for x in s], kind="dashed"),
        ),
        y_log=True,
    )
