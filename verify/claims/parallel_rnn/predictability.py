"""Entry 6, continued: what the Lyapunov exponent says about the number of Newton's iterations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, mutant, series, table
from verify.claims.figures import Cell
from verify.claims.grid import stream
from verify.claims.parallel_rnn import newton
from verify.claims.parallel_rnn.conditioning import SOURCE
from verify.claims.parallel_rnn.instances import gaussian_tanh, reading
from verify.evidence import Enclosure, at_least, at_most, exact, gap, slope, worst
from verify.methods import recurrence


def counts(
    subject: Any, d: int, gain: float, lengths: tuple[int, ...], seed: int, most: int | None = None
) -> list[int]:
    """Iterations of projected Newton to residuals of 1e-10, `most` at most, on the first steps of one sequence."""
    cell, U, x0 = gaussian_tanh(stream("instances", "predictability", gain, seed), d, max(lengths), gain, 0.3)
    options = {"project": (-1.0, 1.0), "tol": 1e-10, "max_iter": most}
    return [int(subject(cell, U[:T], x0, **options).iterations) for T in lengths]


def exponent(found: list[int], lengths: tuple[int, ...]) -> float:
    """β of N ∝ T^β."""
    return slope(np.log(lengths), np.log(found))


@claim(
    id="parallel_rnn.lyapunov-conditioning.predictable",
    title="Where the Lyapunov exponent is negative, Newton's count does not grow with the length",
    statement=r"g = 0.9,\; \lambda < 0: \qquad N \propto T^\beta, \quad \beta \le 0.15",
    source=SOURCE,
    role="parallel_rnn.newton_states",
    evidence=Evidence.RATE,
    region=at_most(
        0.15,
        because="0 in theory; one iteration more out of 6 over a factor 4 in length is 0.11; a count that grows with "
        "T has 1",
    ),
    cases=grid(d=(16,), seed=(0, 1), T=((64, 256),)).full(d=(16, 32), seed=(0, 1, 2, 3), T=((128, 512, 2048),)),
    quantity="β",
)
def count_is_flat(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(gap(exponent(counts(subject, case.d, 0.9, case.T, case.seed), case.T), 0.0))


@claim(
    id="parallel_rnn.lyapunov-conditioning.few",
    title="Where the Lyapunov exponent is negative, ten Newton iterations are enough",
    statement=r"g = 0.9: \qquad N \le 10",
    source=SOURCE,
    role="parallel_rnn.newton_states",
    evidence=Evidence.CERTIFIED,
    region=at_most(
        10,
        because="quadratic steps, 1e-10 within four or five of them; the plain iteration, whose error shrinks by e^λ,"
        " needs 100",
    ),
    cases=grid(d=(16,), seeds=(2,), T=(256,)).full(d=(16, 32), seeds=(8,), T=(128, 512, 2048)),
    quantity="largest N, counted up to 50",
)
def count_is_small(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield worst(exact(counts(subject, case.d, 0.9, (case.T,), seed, most=50)[0]) for seed in range(case.seeds))


@claim(
    id="parallel_rnn.lyapunov-conditioning.chaotic",
    title="Where the Lyapunov exponent is positive, Newton's count grows in proportion to the length",
    statement=r"g = 2.5,\; \lambda > 0: \qquad N \propto T^\beta, \quad \beta \ge 0.7",
    source=SOURCE,
    role="parallel_rnn.newton_states",
    evidence=Evidence.RATE,
    region=at_least(
        0.7,
        because="1 in theory, less about a quarter on lengths of one hundred, where the start counts; a flat count "
        "has 0",
    ),
    cases=grid(d=(16,), seeds=(2,), T=((48, 96),)).full(d=(16, 32), seeds=(4,), T=((64, 128, 256),)),
    quantity="least β",
)
def count_grows(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = [exponent(counts(subject, case.d, 2.5, case.T, seed), case.T) for seed in range(case.seeds)]
    yield exact(min(found))


@mutant("parallel_rnn.newton_states", slip="given up after thirty iterations and called converged")
def gives_up(cell: Any, U: Any, x0: Any, **options: Any) -> Any:
    limit = min(30, options.pop("max_iter", None) or 30)
    found = newton.newton_states(cell, U, x0, max_iter=limit, **options)
    return found._replace(converged=True, status="converged", residual_norm=0.0)


@mutant("parallel_rnn.newton_states", slip="starts from the states themselves, which are what is wanted")
def starts_from_the_answer(cell: Any, U: Any, x0: Any, init: Any = None, **options: Any) -> Any:
    start = recurrence.sequential_states(cell, U, x0) if init is None else init
    return newton.newton_states(cell, U, x0, init=start, **options)


@claim(
    id="parallel_rnn.lyapunov-conditioning.real",
    title="A network that reads 10,000 tokens of a real text is predictable: a few iterations do",
    statement=r"\lambda < 0: \qquad N \le 12 \text{ for } T = 10\,000",
    source=SOURCE,
    role="parallel_rnn.newton_states",
    evidence=Evidence.CERTIFIED,
    region=at_most(
        12,
        because="quadratic steps once the error is small, however long the text; the plain iteration needs more than "
        "50",
    ),
    cases=grid(cell=("tanh",)).full(cell=("tanh", "gru")),
    quantity="iterations to residuals of 1e-12",
)
def few_iterations_read_a_text(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield exact(int(subject(*reading(case.cell), tol=1e-12, max_iter=50).iterations))  # more than 12 is decided by then


@table(of="parallel_rnn.lyapunov-conditioning.real")
def what_reading_takes() -> Table:
    rows: list[list[Cell]] = []
    for kind in ("tanh", "gru"):
        instance = reading(kind)
        passes = [recurrence.fixed_point_states(*instance, name, tol=1e-12).iterations for name in ("newton", "jacobi")]
        sweeps = recurrence.block_jacobi_states(*instance).iterations
        rows.append([kind, len(instance.U), recurrence.largest_lyapunov(*instance), *passes, sweeps])
    return Table(
        "Reading Python's manual at once, d = 8",
        "Both cells forget within tens of tokens, so that every method needs few passes, whatever the length of the text.",
        ("cell", "tokens", "Lyapunov exponent", "Newton iterations", "plain iterations", "block Jacobi sweeps"),
        rows,
    )


@figure(of="parallel_rnn.lyapunov-conditioning.chaotic")
def counts_against_length() -> Figure:
    lengths = (16, 32, 64, 128)
    curves = []
    for gain in (0.6, 0.9, 1.5, 2.5):
        cell, U, x0 = gaussian_tanh(stream("figure", "counts", gain), 16, 512, gain, 0.3)
        rate = recurrence.largest_lyapunov(cell, U, x0, 100)
        found = counts(newton.newton_states, 16, gain, lengths, 0)
        curves.append(series(f"g = {gain:g}, λ = {rate:+.2f}", lengths, found))
    return Figure(
        "Newton's iterations against the length, d = 16",
        "Flat below a Lyapunov exponent of 0, proportional to the length above: the published picture in small.",
        "steps T",
        "iterations to 1e-10",
        tuple(curves),
        x_log=True,
        y_log=True,
    )
