"""Entry 4: how fast plain fixed-point iteration is, and that mixing its iterates does not help."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.grid import stream
from verify.claims.parallel_rnn.instances import Floats, Instance, gaussian_tanh, previous, reading
from verify.claims.parallel_rnn.mistakes import iterate
from verify.claims.sources import RNN_ARTICLE, RNN_PREDICTABILITY
from verify.evidence import Enclosure, at_least, at_most, exact, gap, slope
from verify.methods import recurrence
from verify.methods.recurrence import TanhCell

SOURCE = RNN_ARTICLE.at("fixed-point iteration")


@role(
    "parallel_rnn.jacobi_states",
    numbers="cell, U (T, m), x0 (d,), options of fixed_point_states by name: arrays; a result with history and "
    "iterations",
)
def jacobi_states(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    """`fixed_point_states` without any transition matrix: x_t ← f(x_{t−1}, u_t) for all t at once."""
    return recurrence.fixed_point_states(cell, U, x0, "jacobi", **options)


@mutant("parallel_rnn.jacobi_states", slip="under-relaxed by 0.8")
def under_relaxed(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, "jacobi", update=lambda F, M, d, start, X: X + 0.8 * (F - X), **options)


@mutant("parallel_rnn.jacobi_states", slip="not shifted: each state is fed to its own update")
def not_shifted(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return iterate(cell, U, x0, "jacobi", before=lambda x0, X: X, **options)


@mutant("parallel_rnn.jacobi_states", slip="Newton's iteration passed off as plain")
def newton_as_jacobi(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return recurrence.fixed_point_states(cell, U, x0, "newton", **options)


def of_norm(rng: np.random.Generator, d: int, T: int, a: float) -> Instance:
    """‖A‖₂ = a, moderate inputs."""
    A = rng.normal(size=(d, d))
    return Instance(TanhCell(a * A / np.linalg.norm(A, 2)), 0.3 * rng.normal(size=(T, d)), rng.uniform(-1, 1, d))


@claim(
    id="parallel_rnn.jacobi-rate",
    title="Plain iteration moves every error one step on and shrinks it by the norm of A",
    statement=r"\|e_t^{(n)}\| \le a^n \|e_{t-n}^{(0)}\|, \quad a = \|A\|; \qquad e_t^{(n)} = 0 \text{ for } t \le n",
    source=SOURCE,
    role="parallel_rnn.jacobi_states",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-14,
        because="|tanh'| ≤ 1 gives the bound; either side rounds a step by √d u ≤ 6e-16, d ≤ 32, and independent roundings add "
        "up to 1/√(1 − a²) ≤ 2.3 times that: 3e-15 for both, and a factor 3",
    ),
    cases=grid(a=(0.3, 0.6, 0.9), d=(6,), T=(100,)).full(d=(1, 6, 32), T=(100, 1000)),
    quantity="largest violation over n < 60",
)
def errors_shrink(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = of_norm(rng, case.d, case.T, case.a)
    truth = recurrence.sequential_states(*instance)
    history = np.asarray(subject(*instance, tol=0.0, max_iter=60, history=True).history)
    errors = np.linalg.norm(history - truth, axis=2)
    violation = 0.0
    for n in range(1, len(errors)):
        allowed = np.zeros(case.T)
        allowed[n:] = case.a**n * errors[0, : max(case.T - n, 0)]
        violation = max(violation, gap(np.maximum(errors[n] - allowed, 0), np.zeros(case.T)))
    yield exact(violation)


role("parallel_rnn.largest_lyapunov", numbers="cell, U (T, m), x0 (d,), burn: arrays; a float, nats a step")(
    recurrence.largest_lyapunov
)


@mutant("parallel_rnn.largest_lyapunov", slip="the mean log norm of single Jacobians, an upper bound only")
def mean_log_norm(cell: Any, U: Any, x0: Any, burn: int = 0) -> float:
    states = recurrence.sequential_states(cell, U, x0)
    J = cell.jacobian(previous(x0, states), U)
    return float(np.log(np.linalg.norm(J, 2, axis=(1, 2)))[burn:].mean())


@mutant("parallel_rnn.largest_lyapunov", slip="logarithms to base 2")
def in_bits(cell: Any, U: Any, x0: Any, burn: int = 0) -> float:
    return recurrence.largest_lyapunov(cell, U, x0, burn) / math.log(2)


@mutant("parallel_rnn.largest_lyapunov", slip="the Jacobians at zero state in place of those on the path")
def off_the_path(cell: Any, U: Any, x0: Any, burn: int = 0) -> float:
    J, v = cell.jacobian(np.zeros((len(U), len(x0))), U), np.cos(np.arange(len(x0)))
    logs = []
    for matrix in J:
        new = matrix @ v
        logs.append(math.log(float(np.linalg.norm(new) / np.linalg.norm(v))))
        v = new / np.linalg.norm(new)
    return float(np.mean(logs[burn:]))


BURN = 300
REGIMES = ((16, 0.8, 0.5), (32, 1.0, 0.5), (32, 1.5, 2.0), (64, 2.0, 3.0))


def decay(subject: Any, instance: Instance) -> tuple[Floats, float]:
    """Mean over t > 300 of log |e_t| after each iteration, and its slope where the mean error is in 1e-11 … 1e-2."""
    truth = recurrence.sequential_states(*instance)
    history = np.asarray(subject(*instance, tol=1e-14, max_iter=250, history=True).history)
    with np.errstate(divide="ignore"):
        logs = np.log(np.linalg.norm(history - truth, axis=2)[:, BURN:]).mean(axis=1)
    window = (logs < math.log(1e-2)) & (logs > math.log(1e-11))
    if np.count_nonzero(window) < 2:
        return logs, math.nan
    return logs, slope(np.flatnonzero(window), logs[window])


@claim(
    id="parallel_rnn.jacobi-rate.lyapunov",
    title="On a long sequence the error decays like the Lyapunov exponent, also where the norm of A exceeds 1",
    statement=r"\exp\Big(\tfrac1T \sum_t \log \|e_t^{(n)}\|\Big) \sim e^{\lambda n}",
    source=RNN_PREDICTABILITY.at("rates of fixed-point iterations"),
    role=("parallel_rnn.jacobi_states", "parallel_rnn.largest_lyapunov"),
    evidence=Evidence.RATE,
    region=at_most(
        0.05,
        because="half the effect of the weakest mistake, under-relaxation by 0.8, is 10 %; paths of 1000 steps leave "
        "some 2 %",
    ),
    cases=grid(regime=REGIMES[:3], T=(1000,)).full(regime=REGIMES, T=(1500, 3000)),
    quantity="|slope − λ| / |λ|",
)
def decays_by_lyapunov(subject: Any, lyapunov: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d, gain, drive = case.regime
    instance = gaussian_tanh(rng, d, case.T, gain, drive)
    exponent = lyapunov(*instance, BURN)
    yield exact(gap(decay(subject, instance)[1] / exponent, 1.0))


@claim(
    id="parallel_rnn.jacobi-rate.real",
    title="On a real text, too, the error decays like the Lyapunov exponent",
    statement=r"\exp\Big(\tfrac1T \sum_t \log \|e_t^{(n)}\|\Big) \sim e^{\lambda n}",
    source=RNN_PREDICTABILITY.at("rates of fixed-point iterations"),
    role=("parallel_rnn.jacobi_states", "parallel_rnn.largest_lyapunov"),
    evidence=Evidence.RATE,
    region=at_most(0.05, because="as above, half the effect of the weakest mistake"),
    cases=grid(cell=("tanh",), T=(2000,)).full(cell=("tanh", "gru"), T=(2000, 10_000)),
    quantity="|slope − λ| / |λ|",
)
def decays_on_text(subject: Any, lyapunov: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cell, U, x0 = reading(case.cell)
    instance = Instance(cell, U[: case.T], x0)
    yield exact(gap(decay(subject, instance)[1] / lyapunov(*instance, BURN), 1.0))


@role(
    "parallel_rnn.anderson_iterations",
    numbers="cell, U (T, m), x0 (d,), tol: arrays; evaluations of the sequence's map",
)
def anderson_iterations(cell: Any, U: Any, x0: Any, tol: float) -> int:
    """Evaluations of x ← f(shift x) until max |R| ≤ tol, with Anderson's mixing over a window of five."""
    X = np.zeros((len(U), len(x0)))
    steps: list[Floats] = []
    images: list[Floats] = []
    for n in range(4 * len(U)):
        F = cell.step(previous(x0, X), U)
        R = F - X
        if np.abs(R).max() <= tol:
            return n
        steps, images = [*steps[-5:], R.ravel()], [*images[-5:], F.ravel()]
        X = F
        if len(steps) > 1:
            differences = np.diff(steps, axis=0).T
            weights = np.linalg.lstsq(differences, steps[-1], rcond=1e-12)[0]
            X = (images[-1] - np.diff(images, axis=0).T @ weights).reshape(F.shape)
    return 4 * len(U)


@mutant("parallel_rnn.anderson_iterations", slip="a window of five evaluations counted as one")
def windows_counted(cell: Any, U: Any, x0: Any, tol: float) -> int:
    return anderson_iterations(cell, U, x0, tol) // 5


@mutant("parallel_rnn.anderson_iterations", slip="Jacobians used inside: Newton's iteration under another name")
def newton_inside(cell: Any, U: Any, x0: Any, tol: float) -> int:
    return recurrence.fixed_point_states(cell, U, x0, "newton", tol=tol).iterations


@cache
def mixing_instance(name: str) -> Instance:
    """Three contracting recurrences, the last one scalar and slow."""
    rng = stream("instances", "anderson", name)
    if name == "scalar":
        return Instance(TanhCell(np.array([[0.95]])), 0.05 * rng.normal(size=(400, 1)), np.zeros(1))
    d, gain = {"small": (4, 0.5), "large": (8, 0.9)}[name]
    return gaussian_tanh(rng, d, 300, gain, 0.3)


@claim(
    id="parallel_rnn.jacobi-rate.anderson",
    title="Anderson acceleration does not help",
    statement=r"N_{\mathrm{Anderson}} \ge 0.9\, N_{\mathrm{Jacobi}}: \quad \text{the error operator is a weighted "
    r"shift, "
    r"on whose disc of values } z^n \text{ is the best polynomial}",
    source=SOURCE,
    role="parallel_rnn.anderson_iterations",
    evidence=Evidence.EXACT,
    region=at_least(
        0.9,
        because="the plain power is the best polynomial on a disc, so the ratio is near 1; a tenth for the ends of "
        "the shift, and a real acceleration would at least halve the count",
    ),
    cases=grid(instance=("small", "large", "scalar")),
    quantity="iterations with mixing over iterations without",
    refutes="Anderson acceleration speeds up fixed-point iterations over a sequence.",
)
def mixing_does_not_help(anderson: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = mixing_instance(case.instance)
    yield exact(gap(anderson(*instance, 1e-10) / jacobi_states(*instance, tol=1e-10).iterations, 0.0))


@figure(of="parallel_rnn.jacobi-rate.lyapunov")
def decay_against_iterations() -> Figure:
    curves = []
    for d, gain, drive in REGIMES[:3]:
        instance = gaussian_tanh(stream("figure", "jacobi", d, gain), d, 800, gain, drive)
        logs, _ = decay(jacobi_states, instance)
        exponent = recurrence.largest_lyapunov(*instance, BURN)
        n = np.flatnonzero(logs > math.log(1e-14))
        curves += [
            series(f"d = {d}, gain {gain:g}, inputs {drive:g}: λ = {exponent:.2f}", n, np.exp(logs[n]), kind="dots"),
            series(f"slope {exponent:.2f}", n, np.exp(logs[n[0]] + exponent * n), kind="dashed"),
        ]
    return Figure(
        "Decay of the mean error of plain iteration",
        "Each iteration shrinks the geometric mean of the errors by the Lyapunov exponent of the path.",
        "iterations",
        "geometric mean of |e_t|",
        tuple(curves),
        y_log=True,
    )
