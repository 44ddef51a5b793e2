"""Entry 9: the diagonal of the Jacobian is enough for gated cells, and next to nothing for a dense tanh network."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.grid import stream
from verify.claims.parallel_rnn import jacobi, newton, subtracting
from verify.claims.parallel_rnn.instances import Floats, Instance, gated, gaussian_tanh
from verify.claims.parallel_rnn.mistakes import iterate
from verify.claims.sources import RNN_ARTICLE, RNN_ELK
from verify.evidence import Enclosure, at_least, at_most, exact, exactly, least, probability, worst
from verify.methods import recurrence
from verify.methods.recurrence import TanhCell

SOURCE = RNN_ELK.at("quasi-DEER")


@role(
    "parallel_rnn.quasi_states",
    numbers="cell, U (T, m), x0 (d,), options of fixed_point_states by name: arrays; a result with states and "
    "iterations",
)
def quasi_states(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    """`fixed_point_states` with the diagonal of the Jacobians."""
    return recurrence.fixed_point_states(cell, U, x0, "quasi", **options)


@mutant("parallel_rnn.quasi_states", slip="the full Jacobian labelled diagonal")
def full_jacobian(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return recurrence.fixed_point_states(cell, U, x0, "newton", **options)


@mutant("parallel_rnn.quasi_states", slip="plain iteration labelled quasi-Newton")
def no_jacobian(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    return recurrence.fixed_point_states(cell, U, x0, "jacobi", **options)


@mutant("parallel_rnn.quasi_states", slip="the row sums put on the diagonal")
def lumped(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    def sums(cell: Any, before: Floats, U: Floats, transition: Any) -> Floats:
        return np.asarray(cell.jacobian(before, U).sum(axis=2)[:, :, None] * np.eye(before.shape[1]))

    return iterate(cell, U, x0, "quasi", matrices=sums, **options)


def count(solver: Any, instance: Instance) -> int:
    """Iterations to residuals of 1e-10."""
    return int(solver(*instance, tol=1e-10).iterations)


@claim(
    id="parallel_rnn.quasi-newton-diagonal",
    title="In a dense tanh network the diagonal does about as much as no Jacobian at all",
    statement=r"A \sim 0.8\, N(0,1)/\sqrt d: \qquad P\Big(0.7 \le \frac{N_{\mathrm{quasi}}}{N_{\mathrm{jacobi}}} "
    r"\le 1.4\Big) \ge \frac12",
    source=SOURCE,
    role="parallel_rnn.quasi_states",
    evidence=Evidence.STATISTICAL,
    region=at_least(
        0.5,
        because="typically: more than half of all instances; the ratio is 1 with a standard deviation of 0.15, and "
        "0.1 for the full Jacobian",
    ),
    quantity="P(ratio of iterations between 0.7 and 1.4)",
    refutes="Quasi-Newton with the diagonal converges comparably to Newton.",
)
def diagonal_is_like_nothing(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def typical(rng: np.random.Generator, size: int) -> Any:
        return np.array([_ratio(subject, gaussian_tanh(rng, 16, 80, 0.8, 0.3)) for _ in range(size)])

    yield from probability(typical, rng, case.risk, first=40)


def _ratio(subject: Any, instance: Instance) -> bool:
    return 0.7 <= count(subject, instance) / count(jacobi.jacobi_states, instance) <= 1.4


@cache
def dense_instance(seed: int) -> Instance:
    """d = 32, T = 200, gain 0.8."""
    return gaussian_tanh(stream("instances", "quasi", seed), 32, 200, 0.8, 0.3)


@claim(
    id="parallel_rnn.quasi-newton-diagonal.against-newton",
    title="In a dense tanh network the diagonal needs at least five times Newton's iterations",
    statement=r"d = 32,\; T = 200,\; g = 0.8: \qquad N_{\mathrm{quasi}} \ge 5\, N_{\mathrm{newton}}",
    source=SOURCE,
    role="parallel_rnn.quasi_states",
    evidence=Evidence.CERTIFIED,
    region=at_least(
        5,
        because="the diagonal leaves an error that shrinks by e^λ, about 0.7, an iteration: 60 for ten digits against"
        " six quadratic steps; the full Jacobian labelled diagonal has the ratio 1",
    ),
    cases=grid(seeds=(3,)).full(seeds=(8,)),
    quantity="least ratio of iterations",
    refutes="Quasi-Newton with the diagonal converges comparably to Newton.",
)
def diagonal_is_slow(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instances = [dense_instance(seed) for seed in range(case.seeds)]
    yield least(exact(Fraction(count(subject, i), count(newton.newton_states, i))) for i in instances)


@cache
def gru_instance(d: int, seed: int) -> Instance:
    """A GRU as usually initialised, ±1/√d, driven by four normal inputs."""
    rng = stream("instances", "quasi gru", d, seed)
    return Instance(gated(rng, "gru", d, 4), rng.normal(size=(400, 4)), np.zeros(d))


GRU = {"d": (4, 8, 16), "seeds": (2,)}


def gru_ratios(over: Any, under: Any, d: int, seeds: int) -> list[Enclosure]:
    """Iterations of one over those of another."""
    instances = [gru_instance(d, seed) for seed in range(seeds)]
    return [exact(Fraction(count(over, i), count(under, i))) for i in instances]


@claim(
    id="parallel_rnn.quasi-newton-diagonal.gru",
    title="In a GRU the diagonal saves more than half of the plain iterations",
    statement=r"N_{\mathrm{quasi}} \le 0.45\, N_{\mathrm{jacobi}} \qquad \text{for a GRU of weights } \pm 1/\sqrt d",
    source=SOURCE,
    role="parallel_rnn.quasi_states",
    evidence=Evidence.CERTIFIED,
    region=at_most(
        0.45,
        because="the gate 1 − z, near 1/2, is on the diagonal: what is left contracts by about 1/3 where plain "
        "iteration contracts by 2/3, and log(2/3)/log(1/3) = 0.37; plain iteration itself has the ratio 1",
    ),
    cases=grid(**GRU).full(seeds=(8,)),
    quantity="largest ratio of iterations",
)
def diagonal_helps_a_gru(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield worst(gru_ratios(subject, jacobi.jacobi_states, case.d, case.seeds))


@claim(
    id="parallel_rnn.quasi-newton-diagonal.gru-newton",
    title="In a GRU the diagonal still needs twice Newton's iterations",
    statement=r"N_{\mathrm{quasi}} \ge 2\, N_{\mathrm{newton}} \qquad \text{for the same GRU}",
    source=SOURCE,
    role="parallel_rnn.quasi_states",
    evidence=Evidence.CERTIFIED,
    region=at_least(
        2,
        because="linear against quadratic: ten digits by a factor 1/3 take twenty iterations, quadratic steps four or"
        " five",
    ),
    cases=grid(**GRU).full(seeds=(8,)),
    quantity="least ratio of iterations",
)
def newton_beats_the_diagonal(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield least(gru_ratios(subject, newton.newton_states, case.d, case.seeds))


@claim(
    id="parallel_rnn.quasi-newton-diagonal.gru-constant",
    title="The article's one constant matrix does as well as the diagonal",
    statement=r"A = \tfrac12 (I + \tfrac12 U_h): \qquad N_{\mathrm{fixed}} \le 0.55\, N_{\mathrm{jacobi}}",
    source=RNN_ARTICLE.at("the GRU"),
    role="parallel_rnn.subtracting_states",
    evidence=Evidence.CERTIFIED,
    region=at_most(
        0.55,
        because="it holds the mean gate 1/2 and half of the candidate's part; what is left contracts by less than "
        "0.45 against 2/3; plain iteration has the ratio 1",
    ),
    cases=grid(**GRU).full(seeds=(8,)),
    quantity="largest ratio of iterations",
)
def constant_helps_a_gru(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield worst(gru_ratios(subject, jacobi.jacobi_states, case.d, case.seeds))


@claim(
    id="parallel_rnn.quasi-newton-diagonal.gru-six",
    title="Newton needs at most six iterations on such a GRU",
    statement=r"N_{\mathrm{newton}} \le 6",
    source=SOURCE,
    role="parallel_rnn.newton_states",
    evidence=Evidence.CERTIFIED,
    region=at_most(
        6, because="from errors below 1, quadratic steps with constants below 1 give 1e-10 after four; two to spare"
    ),
    cases=grid(**GRU).full(seeds=(8,)),
    quantity="largest number of iterations",
)
def newton_needs_six(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield worst(exact(count(subject, gru_instance(case.d, seed))) for seed in range(case.seeds))


@claim(
    id="parallel_rnn.quasi-newton-diagonal.diagonal",
    title="With a diagonal A it is Newton's iteration, in every bit",
    statement=r"A = \mathrm{diag}(a): \qquad x^{(n)}_{\mathrm{quasi}} = x^{(n)}_{\mathrm{newton}}",
    source=SOURCE,
    role="parallel_rnn.quasi_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0,
        because="a count of floats that differ: products with zeros and sums with them are exact, so both round the "
        "same",
    ),
    cases=grid(d=(1, 4), solver=("loop", "blocked")),
    quantity="entries that differ",
)
def diagonal_is_newton(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cell = TanhCell(np.diag(rng.uniform(-1.5, 1.5, case.d)))
    U, x0 = 0.3 * rng.normal(size=(50, case.d)), rng.uniform(-1, 1, case.d)
    options: dict[str, Any] = {"tol": 0.0, "max_iter": 6, "solver": case.solver}
    quasi, full = (f(cell, U, x0, **options).states for f in (subject, newton.newton_states))
    yield exact(int(np.count_nonzero(quasi != full)))


@figure(of="parallel_rnn.quasi-newton-diagonal")
def iterations_by_cell() -> Figure:
    instances = {"dense tanh, d = 32": dense_instance(0)}
    instances |= {f"GRU, d = {d}": gru_instance(d, 0) for d in (4, 8, 16)}
    solvers = {
        "newton": newton.newton_states, "quasi": quasi_states, "fixed": subtracting.subtracting_states,
        "jacobi": jacobi.jacobi_states,
    }  # fmt: skip
    curves = [
        series(name, range(len(instances)), [count(solver, i) for i in instances.values()], kind="dots")
        for name, solver in solvers.items()
    ]
    return Figure(
        "Iterations to 1e-10",
        "For the dense network the diagonal is worth nothing; for the GRU it lies between plain iteration and Newton.",
        "cell: " + ", ".join(f"{i} {name}" for i, name in enumerate(instances)),
        "iterations",
        tuple(curves),
        y_log=True,
    )
