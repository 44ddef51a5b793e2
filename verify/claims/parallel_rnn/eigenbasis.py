"""Entry 12: working in the eigenbasis of A costs the condition number of the eigenvectors, and fails without a basis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.grid import stream
from verify.claims.parallel_rnn.instances import Floats
from verify.claims.sources import RNN_ARTICLE
from verify.evidence import Enclosure, accepted, answered, at_least, at_most, exact, exactly, gap, slope, within
from verify.methods import recurrence
from verify.methods.recurrence import TanhCell

SOURCE = RNN_ARTICLE.at("simplified form, in the eigenbasis")
UNIT = 2.0**-53
ITERATIONS = 8

role(
    "parallel_rnn.diagonal_fixed_point_states",
    numbers="A (d, d), U (T, d), x0 (d,), tol, max_iter, limit: arrays; a result with states",
)(recurrence.diagonal_fixed_point_states)


def in_basis(
    A: Any, U: Any, x0: Any, tol: float = 1e-10, max_iter: int | None = None, *,
    inverse: bool = False, real_modes: bool = False, limit: float = 1e12,
) -> Any:  # fmt: skip
    """The iteration in the eigenbasis, step by step, with places for two mistakes."""
    form = recurrence.diagonalise(A, limit=limit)
    P, back = (form.inverse, form.P) if inverse else (form.P, form.inverse)
    Y = np.zeros(U.shape, complex)
    most, n = len(U) if max_iter is None else max_iter, 0
    while True:
        X = ((Y.real if real_modes else Y) @ P.T).real
        shifted = np.concatenate([(back @ x0)[None], Y[:-1]])
        G = np.tanh(((shifted.real if real_modes else shifted) * form.values @ P.T).real + U) @ back.T
        size = float(np.abs(G - Y).max())
        if size <= tol or n == most:
            status = "converged" if size <= tol else "max_iter"
            return recurrence.FixedPointResult(X, n, size <= tol, size, None, status)
        new, before = np.empty_like(Y), 0 * Y[0]
        for t in range(len(U)):
            new[t] = G[t] + form.values * before
            before = new[t] - Y[t]
        Y, n = new, n + 1


@mutant("parallel_rnn.diagonal_fixed_point_states", slip="P and its inverse exchanged")
def inverse_exchanged(A: Any, U: Any, x0: Any, tol: float = 1e-10, max_iter: int | None = None, **options: Any) -> Any:
    return in_basis(A, U, x0, tol, max_iter, inverse=True, **options)


@mutant("parallel_rnn.diagonal_fixed_point_states", slip="the imaginary part of the modes dropped before P is applied")
def real_part_first(A: Any, U: Any, x0: Any, tol: float = 1e-10, max_iter: int | None = None, **options: Any) -> Any:
    return in_basis(A, U, x0, tol, max_iter, real_modes=True, **options)


@mutant(
    "parallel_rnn.diagonal_fixed_point_states", slip="the matrix form passed off as the diagonal one: no limit, no loss"
)
def not_diagonal(A: Any, U: Any, x0: Any, tol: float = 1e-10, max_iter: int | None = None, **options: Any) -> Any:
    return recurrence.fixed_point_states(TanhCell(A), U, x0, "fixed", tol=tol, max_iter=max_iter)


@equivalent("parallel_rnn.diagonal_fixed_point_states", because="the same modes, one step after the other")
def mode_by_mode(A: Any, U: Any, x0: Any, tol: float = 1e-10, max_iter: int | None = None, **options: Any) -> Any:
    recurrence.diagonal_fixed_point_states(A, U, x0, tol, 0, **options)  # the same checks
    return in_basis(A, U, x0, tol, max_iter, **options)


def coupled(epsilon: float) -> Floats:
    """Eigenvalues 0.5 ± √(0.4 ε), eigenvectors that become one as ε → 0."""
    return np.array([[0.5, 0.4], [epsilon, 0.5]])


def driven(A: Floats, T: int = 200) -> tuple[Floats, Floats]:
    """Inputs and a start for A, the same for every A of its size."""
    rng = stream("instances", "eigenbasis", len(A))
    return 0.5 * rng.normal(size=(T, len(A))), rng.uniform(-1, 1, len(A))


def lost(subject: Any, A: Floats) -> float:
    """The largest difference to the matrix form after one to eight iterations."""
    U, x0 = driven(A)
    worst = 0.0
    for n in range(1, ITERATIONS + 1):
        matrix_form = recurrence.fixed_point_states(TanhCell(A), U, x0, "fixed", tol=0.0, max_iter=n).states
        worst = max(worst, gap(answered(subject(A, U, x0, 0.0, n, limit=math.inf).states), matrix_form))
    return worst


EPSILONS = (1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)


@claim(
    id="parallel_rnn.diagonalisation",
    title="In the eigenbasis the iteration loses as many digits as the eigenvectors' condition number has",
    statement=r"\|x_{\text{diagonal}} - x_{\text{matrix}}\|_\infty \approx \kappa(P)\, u, \qquad "
    r"A = \begin{pmatrix} 0.5 & 0.4 \\ \epsilon & 0.5 \end{pmatrix}",
    source=SOURCE,
    role="parallel_rnn.diagonal_fixed_point_states",
    evidence=Evidence.EXACT,
    region=within(
        1e-3,
        100,
        because="each of some 10 products with P and its inverse errs by κ u up to factors of d and the memory of "
        "1/(1 − 0.5); what is not done in that basis loses nothing",
    ),
    cases=grid(epsilon=EPSILONS),
    quantity="largest difference over κ u",
)
def loses_the_condition(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    A = coupled(case.epsilon)
    yield exact(gap(lost(subject, A) / (recurrence.diagonalise(A, limit=math.inf).condition * UNIT), 0.0))


@claim(
    id="parallel_rnn.diagonalisation.rate",
    title="The loss is in proportion to the condition number, over five orders of magnitude",
    statement=r"\frac{d \log \text{difference}}{d \log \kappa(P)} \approx 1",
    source=SOURCE,
    role="parallel_rnn.diagonal_fixed_point_states",
    evidence=Evidence.RATE,
    region=within(
        0.7,
        1.3,
        because="1 in theory; rounding errors are random by a factor of some 3 either way over 5 decades: 2 log 3 / "
        "log 1e5 = 0.2",
    ),
    quantity="log-log slope of the difference over κ",
)
def loss_is_proportional(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    matrices = [coupled(epsilon) for epsilon in EPSILONS]
    kappa = [recurrence.diagonalise(A, limit=math.inf).condition for A in matrices]
    yield exact(slope(np.log(kappa), np.log([max(lost(subject, A), 1e-300) for A in matrices])))


@claim(
    id="parallel_rnn.diagonalisation.complex",
    title="With complex eigenvalues the eigenbasis gives the same iteration",
    statement=r"\lambda = \rho e^{\pm i\theta}: \qquad \|x_{\text{diagonal}} - x_{\text{matrix}}\|_\infty \le 10^{-12}",
    source=SOURCE,
    role="parallel_rnn.diagonal_fixed_point_states",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="κ u of 20 · 1e-16 with a factor of some hundred for d, eight iterations and the memory"
    ),
    cases=grid(seed=(0, 1, 2)).full(seed=tuple(range(20))),
    quantity="largest difference",
)
def complex_modes_agree(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    angle = rng.uniform(0.5, 2.5)
    turn = 0.7 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    basis = np.array([[1.0, 0.3], [-0.2, 1.0]])
    yield exact(lost(subject, basis @ turn @ np.linalg.inv(basis)))


@claim(
    id="parallel_rnn.diagonalisation.defective",
    title="Without a basis of eigenvectors the diagonal form fails outright",
    statement=r"A = \begin{pmatrix} 0.5 & 0.4 \\ 0 & 0.5 \end{pmatrix}: \qquad \|x_{\text{diagonal}} - "
    r"x_{\text{matrix}}\|_\infty \ge 0.1",
    source=SOURCE,
    role="parallel_rnn.diagonal_fixed_point_states",
    evidence=Evidence.EXACT,
    region=at_least(
        0.1, because="κ u ≥ 1: no digit is left of states of size 1, whose shear the computed basis does not have"
    ),
    cases=grid(size=(2,)),
    quantity="largest difference",
    refutes="Every matrix can be taken as diagonal over the complex numbers.",
)
def defective_matrices_fail(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(lost(subject, coupled(0.0)))


@claim(
    id="parallel_rnn.diagonalisation.distinct",
    title="Distinct eigenvalues are no help if there are many of them close together",
    statement=r"a_{ii} = 0.3, \ldots, 0.6,\; a_{ij} = \tfrac12\; (j > i),\; d = 16: \qquad \text{difference} \ge "
    r"10^{-6}",
    source=SOURCE,
    role="parallel_rnn.diagonal_fixed_point_states",
    evidence=Evidence.EXACT,
    region=at_least(
        1e-6,
        because="κ(P) is some 4e13, so that κ u is 4e-3; a thousandth of it as errors are random; what keeps to the "
        "matrix form has 0",
    ),
    quantity="largest difference",
)
def distinct_is_not_enough(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    A = np.diag(np.linspace(0.3, 0.6, 16)) + np.triu(np.full((16, 16), 0.5), 1)
    yield exact(lost(subject, A))


@claim(
    id="parallel_rnn.diagonalisation.refusal",
    title="A hopeless basis is refused, by its condition number",
    statement=r"\kappa(P) > 10^{12}: \qquad \text{an error that names } \kappa(P)",
    source=SOURCE,
    role="parallel_rnn.diagonal_fixed_point_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of matrices accepted that should not be"),
    quantity="bad matrices accepted",
)
def hopeless_bases_are_refused(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    U, x0 = driven(coupled(0.0))
    subject(coupled(0.01), U, x0, 0.0, 1)
    close = np.diag(np.linspace(0.3, 0.6, 16)) + np.triu(np.full((16, 16), 0.5), 1)
    calls = [(coupled(0.0), U, x0, 0.0, 1), (close, *driven(close), 0.0, 1)]
    yield exact(accepted(subject, calls, ValueError))


@figure(of="parallel_rnn.diagonalisation")
def loss_against_condition() -> Figure:
    matrices = [coupled(10.0**-k) for k in np.arange(1, 13, 1.0)]
    kappa = np.array([recurrence.diagonalise(A, limit=math.inf).condition for A in matrices])
    return Figure(
        "What the eigenbasis loses",
        "The difference to the matrix form follows the condition number of the eigenvectors over all its range.",
        "κ(P)",
        "largest difference",
        (
            series("measured", kappa, [lost(recurrence.diagonal_fixed_point_states, A) for A in matrices], kind="dots"),
            series("κ u", kappa, kappa * UNIT, kind="dashed"),
        ),
        x_log=True,
        y_log=True,
    )
