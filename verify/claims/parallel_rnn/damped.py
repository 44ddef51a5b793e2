"""Entry 8: Levenberg-Marquardt's step is bounded whatever the Jacobians; finite termination and quadratic order are the price."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.grid import stream
from verify.claims.parallel_rnn.conditioning import global_jacobian
from verify.claims.parallel_rnn.instances import Floats, Instance, gaussian_tanh, previous, residual
from verify.claims.sources import RNN_ELK, RNN_SMOOTHER
from verify.evidence import Enclosure, answered, at_least, at_most, exact, gap, slope, within
from verify.methods import recurrence

SOURCE = RNN_ELK.at("Levenberg-Marquardt by a Kalman smoother")
METHODS = ("banded", "smoother")

role(
    "parallel_rnn.levenberg_marquardt_states",
    numbers="cell, U (T, m), x0 (d,), damping, options by name: arrays; a result with states and iterations",
)(recurrence.levenberg_marquardt_states)


def dense_step(J: Floats, R: Floats, damping: float) -> Floats:
    """The least-squares problem as one dense matrix over all steps."""
    full = global_jacobian(J)
    stacked = np.concatenate([full, np.sqrt(damping) * np.eye(len(full))])
    right = np.concatenate([R.ravel(), np.zeros(R.size)])
    return np.asarray(np.linalg.lstsq(stacked, right, rcond=None)[0]).reshape(R.shape)


def filtered_step(J: Floats, R: Floats, damping: float) -> Floats:
    """Forwards only: what a Kalman filter knows at each step."""
    d = R.shape[1]
    mean, spread, found = np.zeros(d), np.zeros((d, d)), []
    for transition, offset in zip(J, R, strict=True):
        spread = transition @ spread @ transition.T + np.eye(d)
        mean = transition @ mean + offset
        gain = spread @ np.linalg.inv(spread + np.eye(d) / damping)
        mean, spread = mean - gain @ mean, spread - gain @ spread
        found.append(mean)
    return np.array(found)


def damped_iteration(
    step: Callable[[Floats, Floats, float], Floats],
    cell: Any, U: Any, x0: Any, damping: float, *,
    init: Any = None, tol: float = 1e-10, max_iter: int | None = None, method: str = "banded",
) -> Any:  # fmt: skip
    """`levenberg_marquardt_states` around another step."""
    X = np.zeros((len(U), len(x0))) if init is None else init
    limit = len(U) if max_iter is None else max_iter
    n = 0
    while True:
        R = residual(Instance(cell, U, x0), X)
        size = float(np.abs(R).max())
        if size <= tol or n == limit or not np.isfinite(size):
            status = "converged" if size <= tol else "max_iter" if np.isfinite(size) else "nonfinite"
            return recurrence.FixedPointResult(X, n, size <= tol, size, None, status)
        X = X + step(cell.jacobian(previous(x0, X), U), R, damping)
        n += 1


@equivalent("parallel_rnn.levenberg_marquardt_states", because="the same least-squares problem, as one dense matrix")
def dense(cell: Any, U: Any, x0: Any, damping: float, **options: Any) -> Any:
    return damped_iteration(dense_step, cell, U, x0, damping, **options)


@mutant("parallel_rnn.levenberg_marquardt_states", slip="the filtered mean in place of the smoothed one")
def filter_only(cell: Any, U: Any, x0: Any, damping: float, **options: Any) -> Any:
    return damped_iteration(filtered_step, cell, U, x0, damping, **options)


@mutant("parallel_rnn.levenberg_marquardt_states", slip="the sign of the Jacobians turned")
def sign_turned(cell: Any, U: Any, x0: Any, damping: float, **options: Any) -> Any:
    return damped_iteration(lambda J, R, p: dense_step(-J, R, p), cell, U, x0, damping, **options)


@mutant("parallel_rnn.levenberg_marquardt_states", slip="the root of the damping in place of the damping")
def root_of_damping(cell: Any, U: Any, x0: Any, damping: float, **options: Any) -> Any:
    return damped_iteration(lambda J, R, p: dense_step(J, R, p**0.5), cell, U, x0, damping, **options)


@mutant("parallel_rnn.levenberg_marquardt_states", slip="no damping at all: Newton's step")
def undamped(cell: Any, U: Any, x0: Any, damping: float, **options: Any) -> Any:
    return damped_iteration(lambda J, R, p: dense_step(J, R, 0.0), cell, U, x0, damping, **options)


def one_step(subject: Any, instance: Instance, damping: float, method: str = "banded") -> Floats:
    """δ from zeros."""
    return np.asarray(subject(*instance, damping, tol=0.0, max_iter=1, method=method).states)


GAINS = (0.5, 1.2, 2.5)


@claim(
    id="parallel_rnn.levenberg-marquardt",
    title="A banded solve, a Kalman smoother and dense least squares give the same step",
    statement=r"\delta = \arg\min \sum_t \|\delta_t - J_t \delta_{t-1} - R_t\|^2 + \lambda \sum_t \|\delta_t\|^2",
    source=RNN_SMOOTHER.at("the smoother as least squares"),
    role="parallel_rnn.levenberg_marquardt_states",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-11, because="normal equations of condition (1 + |J|)²/λ ≤ 25/0.01 with some 20 roundings of eps: 1e-11"
    ),
    cases=grid(gain=GAINS, damping=(0.01, 0.1, 1.0, 10.0), method=METHODS, T=(40,)).full(T=(1, 2, 40)),
    quantity="|step − dense step| over its largest entry",
)
def steps_agree(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, 3, case.T, case.gain, 0.3)
    X = np.zeros((case.T, 3))
    J = instance.cell.jacobian(previous(instance.x0, X), instance.U)
    truth = dense_step(J, residual(instance, X), case.damping)
    yield exact(
        gap(one_step(subject, instance, case.damping, case.method) / np.abs(truth).max(), truth / np.abs(truth).max())
    )


@claim(
    id="parallel_rnn.levenberg-marquardt.bounded-step",
    title="The step cannot overflow: it is at most the residual over twice the root of the damping",
    statement=r"\|\delta\|_2 \le \frac{\|R\|_2}{2 \sqrt\lambda} \qquad \text{whatever } J",
    source=SOURCE,
    role="parallel_rnn.levenberg_marquardt_states",
    evidence=Evidence.EXACT,
    region=at_most(
        1 + 1e-9, because="singular values s of the step's matrix are s/(s² + λ) ≤ 1/(2√λ); rounding as above"
    ),
    cases=grid(gain=(0.9, 2.5, 6.0), damping=(0.01, 1.0), method=METHODS),
    quantity="|δ| · 2√λ / |R|",
)
def step_is_bounded(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, 3, 80, case.gain, 0.1)
    R = residual(instance, np.zeros((80, 3)))
    step = one_step(subject, instance, case.damping, case.method)
    yield exact(gap(np.linalg.norm(step) * 2 * case.damping**0.5 / np.linalg.norm(R), 0.0))


@role("parallel_rnn.damped_rate", numbers="damping, least singular value σ: floats; a float")
def damped_rate(damping: float, sigma: float) -> float:
    """λ / (σ² + λ): the factor by which an error along the worst singular vector shrinks."""
    return damping / (sigma**2 + damping)


@mutant("parallel_rnn.damped_rate", slip="σ in place of σ²")
def without_square(damping: float, sigma: float) -> float:
    return damping / (sigma + damping)


@mutant("parallel_rnn.damped_rate", slip="quadratic convergence, as without damping")
def quadratic(damping: float, sigma: float) -> float:
    return 0.0


def worst_direction(instance: Instance, truth: Floats) -> tuple[float, Floats]:
    """The least singular value of the global Jacobian on the true path, and its right singular vector (T, d)."""
    J = instance.cell.jacobian(previous(instance.x0, truth), instance.U)
    _, sizes, vectors = np.linalg.svd(global_jacobian(J))
    return float(sizes[-1]), vectors[-1].reshape(truth.shape)


def damped_errors(instance: Instance, damping: float, truth: Floats, along: Floats, most: int = 400) -> Floats:
    """|⟨v, x⁽ⁿ⁾ − x*⟩| from zeros, down to 1e-11."""
    X, errors = np.zeros_like(truth), []
    for _ in range(most):
        errors.append(abs(float(np.sum(along * (X - truth)))))
        if errors[-1] < 1e-11:
            break
        X = recurrence.levenberg_marquardt_states(*instance, damping, init=X, tol=0.0, max_iter=1).states
    return np.array(errors)


@claim(
    id="parallel_rnn.levenberg-marquardt.rate",
    title="It converges linearly, with a factor that the least singular value gives",
    statement=r"\frac{\langle v, e^{(n+1)} \rangle}{\langle v, e^{(n)} \rangle} \to "
    r"\frac{\lambda}{\sigma_{\min}(\mathcal J)^2 + \lambda} "
    r"\qquad \text{along the worst direction } v",
    source=SOURCE,
    role="parallel_rnn.damped_rate",
    evidence=Evidence.RATE,
    region=within(
        0.98,
        1.02,
        because="singular vectors of the global Jacobian are eigenvectors of the step, so that other directions do "
        "not disturb; what does are squares of errors below 1e-5",
    ),
    cases=grid(damping=(0.1, 0.3, 1.0)),
    quantity="fitted factor / predicted factor",
)
def factor_is_predicted(rate: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(stream("instances", "damped rate"), 3, 30, 0.5, 0.3)
    truth = recurrence.sequential_states(*instance)
    sigma, vector = worst_direction(instance, truth)
    errors = damped_errors(instance, case.damping, truth, vector)
    window = np.flatnonzero((errors < 1e-5) & (errors > 1e-10))
    fitted = np.exp(slope(window, np.log(errors[window])))
    predicted = rate(case.damping, sigma)
    yield exact(gap(fitted / predicted if predicted else np.inf, 0.0))


@claim(
    id="parallel_rnn.levenberg-marquardt.no-termination",
    title="Finite termination is lost: after one step not even the first state is right",
    statement=r"|x_1^{(1)} - x_1| \ge 10^{-3}",
    source=SOURCE,
    role="parallel_rnn.levenberg_marquardt_states",
    evidence=Evidence.EXACT,
    region=at_least(
        1e-3,
        because="the damping takes λ/(1 + λ + …) of every correction away, a hundredth of a state of order 1 at "
        "least; Newton's step leaves 1e-16",
    ),
    cases=grid(damping=(0.01, 0.1, 1.0), method=METHODS),
    quantity="error of the first state",
    refutes="A damped Newton iteration still finishes one state after the other.",
)
def first_state_is_wrong(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, 3, 40, 1.2, 0.3)
    truth = recurrence.sequential_states(*instance)
    yield exact(gap(answered(one_step(subject, instance, case.damping, case.method)[0]), truth[0]))


@claim(
    id="parallel_rnn.levenberg-marquardt.vanishing-damping",
    title="As the damping vanishes the step becomes Newton's",
    statement=r"\lambda \to 0: \qquad \delta \to \mathcal J^{-1} R",
    source=SOURCE,
    role="parallel_rnn.levenberg_marquardt_states",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-8, because="the difference is λ / σ² of the step, 1e-12 · 100 here; its root in place of it would leave 1e-4"
    ),
    cases=grid(method=METHODS),
    quantity="|step − Newton's step|",
)
def newton_is_the_limit(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, 3, 40, 0.5, 0.3)
    newton = recurrence.fixed_point_states(*instance, tol=0.0, max_iter=1).states
    yield exact(gap(one_step(subject, instance, 1e-12, case.method), newton))


@figure(of="parallel_rnn.levenberg-marquardt.rate")
def linear_convergence() -> Figure:
    instance = gaussian_tanh(stream("instances", "damped rate"), 3, 30, 0.5, 0.3)
    truth = recurrence.sequential_states(*instance)
    sigma, vector = worst_direction(instance, truth)
    curves = []
    for damping in (0.1, 0.3, 1.0):
        errors = damped_errors(instance, damping, truth, vector, 100)
        n = np.arange(len(errors))
        line = errors[-1] * damped_rate(damping, sigma) ** (n - n[-1])
        curves.append(series(f"λ = {damping:g}", n, errors, kind="dots"))
        curves.append(series(f"slope {damped_rate(damping, sigma):.3f}", n[line < 1], line[line < 1], kind="dashed"))
    return Figure(
        "Error of damped Newton iterations",
        "Straight lines, not parabolas: damping buys bounded steps with quadratic convergence.",
        "iterations",
        "error along the worst direction",
        tuple(curves),
        y_log=True,
    )
