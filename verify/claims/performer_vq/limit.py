"""Entry 3: a kernel that tends to zero does not bring the error of positive features to zero."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series, table
from verify.claims.figures import Table
from verify.claims.performer_vq.instances import Floats, at_angle, pair_with
from verify.claims.performer_vq.variance import crossing
from verify.claims.sources import PVQ_PERFORMER
from verify.evidence import Enclosure, at_least, at_most, exact, exactly, gap, worst
from verify.methods import random_features

SOURCE = PVQ_PERFORMER.at("the remark after lemma 2")
ANGLES = (95.0, 100.0, 110.0, 119.0, 121.0, 130.0, 150.0)


@role("performer_vq.vanishing_criterion", numbers="cosine of the angle between q and k, |q| = |k|; a boolean")
def vanishing_criterion(cosine: float) -> bool:
    """Whether the error of positive features vanishes as both vectors grow: s + 4 q.k → −∞, so 1 + 2 cos < 0."""
    return 1 + 2 * cosine < 0


@mutant("performer_vq.vanishing_criterion", slip="only the kernel is looked at: it vanishes beyond a right angle")
def kernel_alone(cosine: float) -> bool:
    return cosine < 0


@mutant("performer_vq.vanishing_criterion", slip="1 + cos in place of 1 + 2 cos")
def one_cosine(cosine: float) -> bool:
    return 1 + cosine < 0


@mutant("performer_vq.kernel_mse", slip="the error over the squared kernel, reported as the error itself")
def relative_error(q: Floats, k: Floats, m: int, *, features: str, coupling: str = "iid") -> float:
    value = random_features.kernel_mse(q, k, m, features=features, coupling=coupling)  # type: ignore[arg-type]
    return float(value * np.exp(-2 * q @ k))


@mutant("performer_vq.kernel_mse", slip="1 + cos in place of 1 + 2 cos in the exponent")
def one_cosine_short(q: Floats, k: Floats, m: int, *, features: str, coupling: str = "iid") -> float:
    value = random_features.kernel_mse(q, k, m, features=features, coupling=coupling)  # type: ignore[arg-type]
    return float(value * np.exp(-2 * q @ k)) if features == "positive" else value


@claim(
    id="performer_vq.small-kernel-limit",
    title="The error of positive features vanishes with the kernel beyond 120 degrees only",
    statement=r"\mathrm{MSE}^{+} \to 0 \iff |q|^2 + |k|^2 + 4\,q\cdot k \to -\infty \iff \theta > 120^\circ \quad "
              r"(|q| = |k| \to \infty)",
    source=SOURCE,
    role="performer_vq.vanishing_criterion",
    evidence=Evidence.EXACT,
    region=exactly(0, because="a trend over four doublings of the radius is one direction or the other, and one wrong angle refutes"),
    quantity="angles where criterion and trend disagree",
)  # fmt: skip
def criterion_matches_trend(criterion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    wrong = 0
    for angle in ANGLES:
        errors = [log_error(radius, angle) for radius in (2, 4, 8, 16, 32)]
        wrong += bool(criterion(np.cos(np.radians(angle)))) != bool(np.all(np.diff(errors) < 0))
    yield exact(wrong)


def log_error(radius: float, degrees: float) -> float:
    """log m MSE of positive features from the two exponents, in a form that cannot overflow."""
    cosine = np.cos(np.radians(degrees))
    return float(2 * radius**2 * (1 + 2 * cosine) + np.log(-np.expm1(-2 * radius**2 * (1 + cosine))))


@claim(
    id="performer_vq.small-kernel-limit.witness",
    title="At 100 degrees the kernel falls to 0.06 while the error grows beyond a billion",
    statement=r"\theta = 100^\circ,\; |q| = |k| = 4: \qquad SM = 0.0621, \quad m\,\mathrm{MSE}^{+} = 1.18 \cdot 10^{9}",
    source=SOURCE,
    role="performer_vq.kernel_mse",
    evidence=Evidence.EXACT,
    region=at_least(
        1e8,
        because="the false statement asks for an error that falls with the kernel, a ratio below 1; the closed form gives "
        "1.18e9/2.98 = 4e8, four times as much",
    ),
    quantity="m MSE at |q| = |k| = 4 over that at 1",
    refutes="as the kernel tends to zero, so does the error of its positive estimate",
)
def error_grows(mse: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    small, large = (mse(*at_angle(radius, 100.0), 1, features="positive") for radius in (1.0, 4.0))
    yield exact(_number(large) / _number(small))


def _number(x: Any) -> float:
    """What a subject returned as a float; a NaN as 1, which grows nowhere."""
    return float(x) if np.isfinite(x) else 1.0


@claim(
    id="performer_vq.small-kernel-limit.values",
    title="The error at an angle, for every length",
    statement=r"m\,\mathrm{MSE}^{+} = e^{2R^2(1 + 2\cos\theta)} - e^{2R^2\cos\theta}",
    source=SOURCE,
    role="performer_vq.kernel_mse",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="exponents of at most 64 round by 64 eps = 1.4e-14 each, on both sides; a factor 35"),
    cases=grid(angle=(95.0, 100.0, 110.0, 119.0, 120.0, 121.0, 130.0, 180.0)),
    quantity="largest relative error over |q| = 1, 2, 3, 4",
)
def error_at_an_angle(mse: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference(radius: float) -> Enclosure:
        value = mse(*at_angle(radius, case.angle), 1, features="positive")
        if case.angle == 180.0:  # cos rounds near −1: t is some eps, no relative error is meant there
            return exact(gap(value, 0.0))
        return exact(gap(value / np.exp(log_error(radius, case.angle)), 1.0))

    yield worst(difference(radius) for radius in (1.0, 2.0, 3.0, 4.0))


@claim(
    id="performer_vq.small-kernel-limit.crossover",
    title="Where positive and trigonometric features err equally",
    statement=r"e^{2\cos\theta}(e^{2 + 2\cos\theta} - 1) = \tfrac{c}{2}\,e^{2}\,(1 - e^{-2 + 2\cos\theta})^2, \quad c = 1, 2",
    source=PVQ_PERFORMER.at("figure 2"),
    role="performer_vq.kernel_mse",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-6,
        because="two exact roots: the solver stops at 1e-10 degrees; counting features as draws moves the root by 8",
    ),
    cases=grid(features=("equal-draws", "equal-features")),
    quantity="degrees between the two roots",
)
def crossover(mse: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.optimize import brentq

    draws = 1 if case.features == "equal-draws" else 2  # m draws make m positive or 2m trigonometric features

    def difference(angle: float) -> float:
        q, k = at_angle(1.0, angle)
        value = mse(q, k, 1, features="trigonometric") - mse(q, k, draws, features="positive")
        return float(value) if np.isfinite(value) else 1.0

    ends = difference(60.0), difference(150.0)
    root = brentq(difference, 60.0, 150.0, xtol=1e-10) if ends[0] * ends[1] < 0 else np.inf
    yield exact(gap(root, root_by_balls(draws)))


def root_by_balls(draws: int) -> float:
    """The root of the closed forms by bisection in 200-bit balls."""
    import flint

    with flint.ctx.workprec(200):
        low, high = flint.arb(60), flint.arb(150)
        for _ in range(60):
            middle = ((low + high) / 2).mid()
            cosine = (middle * flint.arb.pi() / 180).cos()
            trig = flint.arb(2).exp() * (1 - (2 * cosine - 2).exp()) ** 2 / 2
            positive = (2 * cosine).exp() * (2 + 2 * cosine).expm1() / draws
            low, high = (middle, high) if trig < positive else (low, middle)
        return float(low)


@figure(of="performer_vq.small-kernel-limit")
def error_against_length() -> Figure:
    radii = np.linspace(0.25, 4, 61)
    angles = (95.0, 100.0, 110.0, 120.0, 130.0, 150.0)
    curves = [series(f"{a:g}°", radii, [np.exp(log_error(r, a)) for r in radii]) for a in angles]
    kernel = [np.exp(r * r * np.cos(np.radians(100.0))) for r in radii]
    return Figure(
        "Error of positive features against the length of q and k",
        "Between 90 and 120 degrees the error grows without bound while the kernel (dashed: 100°) vanishes; at 120 it tends to 1.",
        "|q| = |k|",
        "m MSE",
        (*curves, series("kernel at 100°", radii, kernel, kind="dashed")),
        y_log=True,
    )


@table(of="performer_vq.small-kernel-limit.witness")
def numbers_of_the_refutation() -> Table:
    rows: list[tuple[str, float, float, str]] = []
    for radius in (1, 2, 3, 4):
        error = float(np.exp(log_error(radius, 100.0)))
        rows.append(
            (
                f"100°, |q| = {radius}",
                float(np.exp(radius**2 * np.cos(np.radians(100.0)))),
                error,
                "kernel falls, error grows",
            )
        )
    for draws, name in ((1, "equal draws"), (2, "equal feature count")):
        angle = crossing(1.0, draws=draws)
        kernel, error = np.exp(np.cos(np.radians(angle))), np.exp(log_error(1.0, angle))
        rows.append((f"{angle:.8f}°, |q| = 1", float(kernel), float(error), f"errors of both kinds are equal, {name}"))
    q, k = pair_with(64, 16.0)
    needed = random_features.kernel_mse(q, k, 1, features="positive") / 0.1**2
    rows.append(("t = 16 (d = 64, unit variance)", 1.0, float(needed), "features for 10 % relative error"))
    return Table(
        "Kernel and error of positive features",
        "The kernel says nothing about the error; t = |q + k|² does, and asks for 890 million features at d = 64.",
        ("pair", "kernel", "m MSE, or m", "what it shows"),
        rows,
    )
