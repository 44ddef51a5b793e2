"""Entry 3: a region where Newton's iteration provably converges from anywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.grid import stream
from verify.claims.parallel_rnn import newton  # noqa: F401  declares the role parallel_rnn.newton_states
from verify.claims.parallel_rnn.balls import BITS, GAINS, contracting, error_ball, exact_path, row_sum_ball
from verify.claims.parallel_rnn.instances import Instance
from verify.claims.sources import RNN_ARTICLE
from verify.evidence import Enclosure, at_most, ball, exact, exactly, gap, within, worst
from verify.methods import recurrence
from verify.methods.recurrence import TanhCell

SOURCE = RNN_ARTICLE.at("(iter-plus2), convergence")


@role("parallel_rnn.newton_constant", numbers="a, T: a ball and an int; a ball")
def newton_constant(a: Any, T: int) -> Any:
    """C = K a² (1 − a^T) / (1 − a), K = 2 / (3 √3): |e⁽ⁿ⁾| ≤ C |e⁽ⁿ⁻¹⁾|² in the maximum norm."""
    import flint

    return 2 / (3 * flint.arb(3).sqrt()) * a * a * (1 - a**T) / (1 - a)


@mutant("parallel_rnn.newton_constant", slip="the error of one step alone: no geometric sum")
def without_sum(a: Any, T: int) -> Any:
    return newton_constant(a, 1)


@mutant("parallel_rnn.newton_constant", slip="half of tanh'' counted twice: K = 1 / (3 √3)")
def half_curvature(a: Any, T: int) -> Any:
    return newton_constant(a, T) / 2


@claim(
    id="parallel_rnn.newton-certificate",
    title="Below a bound on A, each of Newton's steps squares the error, wherever it starts",
    statement=r"a = \|A\|_\infty < 1: \qquad \|e^{(n)}\|_\infty \le C_a \|e^{(n-1)}\|_\infty^2, \qquad "
    r"C_a = \frac{2}{3\sqrt3}\,\frac{a^2 (1 - a^T)}{1 - a}",
    source=SOURCE,
    role=("parallel_rnn.newton_states", "parallel_rnn.newton_constant"),
    evidence=Evidence.CERTIFIED,
    region=at_most(
        1.04,
        because="a theorem, by |tanh''| ≤ 4/(3√3), |J| ≤ a and a geometric sum; 4 %: a step in floats errs by some "
        "2e-15 at most, and C e_0² > 5e-14 as only e_0 > 1e-6 count",
    ),
    cases=grid(a=GAINS, draws=(4,)).full(draws=(24,)),
    quantity="largest e₁ / (C e₀²)",
)
def errors_are_squared(subject: Any, constant: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    ratios = []
    with flint.ctx.workprec(BITS):
        for _ in range(case.draws):
            instance = contracting(rng, case.a)
            path = exact_path(instance)
            C = constant(row_sum_ball(instance.cell.A), len(path))
            history = subject(*instance, tol=0.0, max_iter=4, history=True).history
            errors = [error_ball(X, path) for X in history]
            ratios += [e1 / (C * e0 * e0) for e0, e1 in pairwise(errors) if e0 > 1e-6]
        yield worst(map(ball, ratios))


@claim(
    id="parallel_rnn.newton-certificate.sharp",
    title="The constant of Newton's certificate is nearly attained: half of it would be wrong",
    statement=r"\frac{\|e^{(1)}\|_\infty}{C_a \|e^{(0)}\|_\infty^2} \ge \frac12 \qquad (d = 1,\; a = 0.77,\; u = "
    r"0.15,\; e^{(0)} = -0.3)",
    source=SOURCE,
    role="parallel_rnn.newton_constant",
    evidence=Evidence.CERTIFIED,
    region=within(0.5, 1, because="1 is the theorem; with half of the constant, or no sum, the ratio would exceed 1"),
    quantity="largest e₁ / (C e₀²)",
)
def constant_is_sharp(constant: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    with flint.ctx.workprec(BITS):
        instance = Instance(TanhCell(np.array([[0.77]])), np.full((40, 1), 0.15), np.zeros(1))
        path = exact_path(instance)
        start = recurrence.sequential_states(*instance) - 0.3
        history = recurrence.fixed_point_states(*instance, init=start, tol=0.0, max_iter=1, history=True).history
        e0, e1 = (error_ball(X, path) for X in history)
        yield ball(e1 / (constant(row_sum_ball(instance.cell.A), len(path)) * e0 * e0))


@claim(
    id="parallel_rnn.newton-certificate.iterations",
    title="Below the critical gain Newton converges from zero in a number of iterations free of T",
    statement=r"a < a_c = 0.7711\ldots: \qquad N \le \min\{n : C_a^{2^n - 1} < \mathrm{tol}\}",
    source=SOURCE,
    role=("parallel_rnn.newton_states", "parallel_rnn.newton_constant"),
    evidence=Evidence.CERTIFIED,
    region=within(
        -math.inf,
        1,
        because="e_0 < 1 and e_n ≤ C^(2^n − 1) by induction; one more, as the residual that stops the iteration may "
        "be up to (1 + a) times the error",
    ),
    cases=grid(a=GAINS, T=(40, 640)).full(T=(40, 640, 10_240)),
    quantity="largest N − bound, to residuals of 1e-13",
)
def iterations_are_bounded(subject: Any, constant: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    parts = []
    for _ in range(6):
        instance = contracting(rng, case.a, case.T)
        C = float(constant(flint.arb(case.a), case.T))
        bound = next((n for n in range(1, 64) if C ** (2.0**n - 1) < 1e-13), 64)
        parts.append(exact(int(subject(*instance, tol=1e-13).iterations) - bound))
    yield worst(parts)


@role("parallel_rnn.critical_gain", numbers="nothing in; a ball")
def critical_gain() -> Any:
    """a_c, the root of K a² = 1 − a in (0, 1), K = 2 / (3 √3): below it C_a < 1 for every T."""
    import flint

    K = 2 / (3 * flint.arb(3).sqrt())
    return ((1 + 4 * K).sqrt() - 1) / (2 * K)


@mutant("parallel_rnn.critical_gain", slip="contraction alone: a < 1")
def contraction_alone() -> Any:
    import flint

    return flint.arb(1)


@claim(
    id="parallel_rnn.newton-certificate.critical-gain",
    title="The region of global quadratic convergence ends at a = 0.7711",
    statement=r"K a_c^2 = 1 - a_c, \qquad a_c = 0.7711252\ldots",
    source=SOURCE,
    role="parallel_rnn.critical_gain",
    evidence=Evidence.CERTIFIED,
    region=within(-1e-30, 1e-30, because="an identity of balls of 200 bits"),
    quantity="K a² − (1 − a)",
)
def gain_is_a_root(gain: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    with flint.ctx.workprec(BITS):
        a = gain()
        yield ball(2 / (3 * flint.arb(3).sqrt()) * a * a - (1 - a))


@role("parallel_rnn.curvature_factors", numbers="s: a fraction; a fraction")
def curvature_factors(s: Fraction) -> Fraction:
    """(1 − 3 s)² (4 − 3 s), which is 4 − 27 s (1 − s)² and not negative on [0, 1]."""
    return (1 - 3 * s) ** 2 * (4 - 3 * s)


@mutant("parallel_rnn.curvature_factors", slip="the square put on the other factor")
def squared_elsewhere(s: Fraction) -> Fraction:
    return (1 - 3 * s) * (4 - 3 * s) ** 2


@claim(
    id="parallel_rnn.newton-certificate.curvature",
    title="tanh bends by 4/(3√3) at most",
    statement=r"s = \tanh^2: \qquad \tfrac{16}{27} - (\tanh'')^2 = \tfrac{4}{27}\big(4 - 27 s (1 - s)^2\big) "
    r"= \tfrac{4}{27} (1 - 3s)^2 (4 - 3s) \ge 0",
    source=SOURCE,
    role="parallel_rnn.curvature_factors",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="an identity of fractions at more points than its degree, and a count of signs"),
    quantity="rationals where the identity or the sign fails",
)
def factors_agree(factors: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    points = [Fraction(k, 1000) for k in range(1001)]
    yield exact(sum(factors(s) != 4 - 27 * s * (1 - s) ** 2 or factors(s) < 0 for s in points))


@figure(of="parallel_rnn.newton-certificate")
def error_against_error() -> Figure:
    rng = stream("figure", "certificate")
    a, x, y = 0.77, [], []
    for _ in range(20):
        instance = contracting(rng, a)
        truth = recurrence.sequential_states(*instance)
        history = recurrence.fixed_point_states(*instance, tol=0.0, max_iter=4, history=True).history
        errors = [gap(X, truth) for X in history]
        x += [e0 for e0, e1 in pairwise(errors) if e1 > 1e-14]
        y += [e1 for e0, e1 in pairwise(errors) if e1 > 1e-14]
    C = float(newton_constant_float(a, 40))
    line = np.logspace(np.log10(min(x)), 0, 20)
    return Figure(
        "One Newton step at a = 0.77",
        "Every step lies below the parabola that the theorem draws.",
        "error before, e₀",
        "error after, e₁",
        (series("steps of 20 instances", x, y, kind="dots"), series("C e₀²", line, C * line**2)),
        x_log=True,
        y_log=True,
    )


def newton_constant_float(a: float, T: float) -> float:
    """C_a in floating point, for pictures."""
    return 2 / (3 * math.sqrt(3)) * a * a * (1 - math.pow(a, T)) / (1 - a)


@figure(of="parallel_rnn.newton-certificate.critical-gain")
def constant_against_gain() -> Figure:
    a = np.linspace(0.02, 0.95, 94)
    return Figure(
        "The constant of quadratic convergence",
        "It passes 1 at a = 0.7711; below, Newton's iteration converges from anywhere, for every length and input.",
        "a = ‖A‖_∞",
        "C",
        (
            series("C, T = ∞", a, [newton_constant_float(v, math.inf) for v in a]),
            series("1", y=(1.0,), kind="hline"),
            series("a_c", x=(float(critical_gain()),), kind="vline"),
        ),
        y_log=True,
    )
