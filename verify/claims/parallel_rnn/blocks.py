"""Entry 14: chunks side by side, each started from where its neighbour ended: exact chunk by chunk, and fast on a CPU."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, mutant, role, series, table
from verify.claims.grid import stream
from verify.claims.parallel_rnn import sweeping  # noqa: F401  declares the role parallel_rnn.block_jacobi_states
from verify.claims.parallel_rnn.instances import Floats, Instance, any_cell, gaussian_tanh, reading
from verify.claims.parallel_rnn.jacobi import of_norm
from verify.claims.sources import RNN_ARTICLE
from verify.evidence import Enclosure, accepted, at_least, at_most, exact, exactly, within
from verify.methods import recurrence

SOURCE = RNN_ARTICLE.at("parallel computation of the iteration")
WITNESSES = ((0.9, 8, 100), (2.5, 8, 100), (2.5, 16, 256), (3.0, 7, 64))


@claim(
    id="parallel_rnn.block-jacobi",
    title="After n sweeps the first n chunks are those of the loop, in every bit",
    statement=r"x_t^{(n)} = x_t \text{ as floats} \quad (t \le nC)",
    source=SOURCE,
    role=("parallel_rnn.block_jacobi_states", "parallel_rnn.sequential_states"),
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0,
        because="a count of floats that differ: the first n chunks start from the loop's own states and use its "
        "kernel for every product",
    ),
    cases=grid(witness=WITNESSES, cell=("tanh",)).full(cell=("tanh", "gru", "lstm")),
    quantity="finished states that differ from the loop's",
)
def chunks_are_the_loops(subject: Any, loop: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance, chunk = _witness(case.witness, case.cell)
    T = len(instance.U)
    found = subject(*instance, chunk, max_sweeps=-(-T // chunk), history=True)
    truth = np.asarray(loop(*instance))
    wrong = sum(int(np.count_nonzero(X[: n * chunk] != truth[: n * chunk])) for n, X in enumerate(found.history))
    yield exact(wrong + int(np.count_nonzero(found.states != truth)))


def _witness(witness: tuple[float, int, int], cell: str) -> tuple[Instance, int]:
    gain, chunk, T = witness
    rng = stream("instances", "block jacobi", *witness, cell)
    if cell == "tanh":
        return gaussian_tanh(rng, 6, T, gain, 0.3), chunk
    return any_cell(rng, cell, 6, T, gain), chunk


@claim(
    id="parallel_rnn.block-jacobi.sweeps",
    title="At most as many sweeps as chunks are needed",
    statement=r"N \le \lceil T / C \rceil, \text{ also for chaotic networks}",
    source=SOURCE,
    role="parallel_rnn.block_jacobi_states",
    evidence=Evidence.CERTIFIED,
    region=at_most(
        0, because="each sweep finishes a chunk; the start of the last one repeats in the last sweep at the latest"
    ),
    cases=grid(witness=WITNESSES),
    quantity="sweeps beyond ⌈T/C⌉, or chunks if it did not settle",
)
def no_more_sweeps_than_chunks(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance, chunk = _witness(case.witness, "tanh")
    chunks = -(-len(instance.U) // chunk)
    found = subject(*instance, chunk, max_sweeps=10 * chunks)
    yield exact(max(int(found.iterations) - chunks, 0) if found.converged else chunks)


@role("parallel_rnn.sweep_bound", numbers="‖A‖₂ = a < 1, chunk C, tolerance, d: floats and ints; an int")
def sweep_bound(a: float, chunk: int, tol: float, d: int) -> int:
    """1 + ⌈log(tol / √d) / (C log a)⌉: a start errs by √d at most, and each sweep shrinks that by a^C."""
    return 1 + math.ceil(math.log(tol / math.sqrt(d)) / (chunk * math.log(a)))


@mutant("parallel_rnn.sweep_bound", slip="a step in place of a chunk: a where a^C is meant, and upside down")
def upside_down(a: float, chunk: int, tol: float, d: int) -> int:
    return 1 + math.ceil(math.log(a) * chunk / math.log(tol / math.sqrt(d)))


@claim(
    id="parallel_rnn.block-jacobi.contraction",
    title="Where A contracts the number of sweeps is bounded, whatever the length",
    statement=r"\|A\|_2 = a < 1: \qquad N \le 1 + \Big\lceil \frac{\log(\mathrm{tol} / \sqrt d)}{C \log a} \Big\rceil",
    source=SOURCE,
    role=("parallel_rnn.block_jacobi_states", "parallel_rnn.sweep_bound"),
    evidence=Evidence.CERTIFIED,
    region=within(-math.inf, 0, because="the paths of two starts approach each other by a a step"),
    cases=grid(setting=((0.5, 8), (0.8, 16), (0.95, 32)), T=(1024,)).full(T=(1024, 16_384)),
    quantity="sweeps − bound, to starts within 1e-12",
)
def sweeps_are_bounded(subject: Any, bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    a, chunk = case.setting
    instance = of_norm(rng, 4, case.T, a)
    sweeps = int(subject(*instance, chunk, 1e-12, max_sweeps=case.T).iterations)
    yield exact(sweeps - bound(a, chunk, 1e-12, 4))


@claim(
    id="parallel_rnn.block-jacobi.gives-up",
    title="On a chaotic network block Jacobi turns to the loop in time, and returns what the loop returns",
    statement=r"g = 3: \qquad x = x_{\text{loop}} \text{ as floats}, \quad N \le 3",
    source=SOURCE,
    role="parallel_rnn.block_jacobi_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of floats that differ, and of sweeps beyond three"),
    cases=grid(gain=(3.0,), T=(400,)).full(T=(400, 2500)),
    quantity="states that differ from the loop's, plus sweeps beyond three",
)
def gives_up_in_time(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, 6, case.T, case.gain, 0.3)
    found = subject(*instance)
    wrong = int(np.count_nonzero(found.states != recurrence.sequential_states(*instance)))
    yield exact(wrong + max(0, int(found.iterations) - 3))


@claim(
    id="parallel_rnn.block-jacobi.real",
    title="A network that reads 10,000 tokens of a real text is done after three sweeps at most",
    statement=r"T = 10\,000,\; C = 100: \qquad x = x_{\text{loop}} \text{ as floats}, \quad N \le 3",
    source=SOURCE,
    role="parallel_rnn.block_jacobi_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0,
        because="a count of floats that differ, and of sweeps beyond three: λ ≈ −0.5 forgets 1e-16 within 75 of the "
        "100 steps of a chunk, so that the starts repeat in every bit",
    ),
    cases=grid(cell=("tanh", "gru")),
    quantity="states that differ from the loop's, plus sweeps beyond three",
)
def reads_a_text(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = reading(case.cell)
    found = subject(*instance, 100)
    wrong = int(np.count_nonzero(found.states != recurrence.sequential_states(*instance)))
    yield exact(wrong + max(0, int(found.iterations) - 3))


@claim(
    id="parallel_rnn.block-jacobi.calls",
    title="A sweep calls the cell C times, where the loop calls it T times",
    statement=r"\text{calls of the cell} \le N C + 1,\; N \le 4 \text{ sweeps}, \qquad T = 2500,\; C = 50",
    source=SOURCE,
    role="parallel_rnn.block_jacobi_states",
    evidence=Evidence.CERTIFIED,
    region=at_least(
        10,
        because="λ = −0.37 leaves 8e-9 of an error of a start at the end of a chunk, and nothing after two: the fourth sweep "
        "repeats all starts, 201 calls with one for the residual, 2500 / 201 = 12.4; a fifth would make it 9.96, and the loop 1",
    ),
    quantity="calls of the loop over calls of block Jacobi",
)
def calls_are_few(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(stream("instances", "calls"), 4, 2500, 0.8, 0.3)
    counted = Counted(instance.cell)
    subject(counted, instance.U, instance.x0, 50)
    yield exact(Fraction(2500, counted.calls))


class Counted:
    """A cell that counts how often it is stepped, on however many states at once."""

    def __init__(self, cell: Any) -> None:
        self._cell = cell
        self.calls = 0

    def step(self, h: Floats, u: Floats) -> Floats:
        self.calls += 1
        return np.asarray(self._cell.step(h, u))

    def advance(self, h: Floats, u: Floats, out: Floats) -> None:
        self.calls += 1
        self._cell.advance(h, u, out)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cell, name)


@claim(
    id="parallel_rnn.block-jacobi.refusals",
    title="Chunks and tolerances that make no sense are refused",
    statement=r"C < 1,\; \mathrm{tol} < 0: \quad \text{an error}",
    source=SOURCE,
    role="parallel_rnn.block_jacobi_states",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of calls that should raise and do not"),
    quantity="bad inputs accepted",
)
def bad_chunks_are_refused(subject: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    instance = gaussian_tanh(rng, 3, 8, 0.9, 0.3)
    subject(*instance, 2)
    calls = [(*instance, 0), (*instance, -3), (*instance, 2, -1e-9), (*instance, 2, math.nan)]
    yield exact(accepted(subject, calls, ValueError))


@table(of="parallel_rnn.block-jacobi.calls")
def published_speeds() -> Table:
    return Table(
        "Published speeds of parallel evaluation over a loop, quoted and not measured here",
        "All are on GPUs, where a sequential step leaves nearly all of the machine idle; on one core of a CPU block Jacobi wins "
        "and Newton with a scan mostly loses, as the table of speeds of this page shows.",
        ("source", "setting", "factor"),
        (
            ("DEER, arXiv 2309.12252", "evaluation of a GRU of one unit, V100, batch 16, T = 1,000", "18"),
            ("DEER", "the same, T = 10,000", "138"),
            ("DEER", "the same, T = 100,000", "1122"),
            ("DEER", "the same, T = 300,000", "2029"),
            ("DEER", "training, series of 17,000 samples", "over 10"),
            ("DeepPCR, arXiv 2309.16318", "forward and backward passes of a multilayer perceptron", "30 and 200"),
            ("DeepPCR", "training of a ResNet of 1024 layers; diffusion sampling", "7; 11"),
            ("ParaRNN, arXiv 2510.21450", "GRU and LSTM with diagonal Jacobians, three Newton iterations", "up to 665"),
        ),
    )


@figure(of="parallel_rnn.block-jacobi")
def sweeps_against_chunk() -> Figure:
    chunks = (4, 8, 16, 32, 64, 128)
    curves = []
    for gain in (0.7, 0.9, 1.5, 2.5):
        instance = gaussian_tanh(stream("figure", "blocks", gain), 8, 512, gain, 0.3)
        rate = recurrence.largest_lyapunov(*instance)
        sweeps = [recurrence.block_jacobi_states(*instance, c, max_sweeps=512).iterations for c in chunks]
        curves.append(series(f"g = {gain:g}, λ = {rate:+.2f}", chunks, sweeps))
    return Figure(
        "Sweeps against the length of a chunk, T = 512",
        "A network that forgets within a chunk is done after two or three sweeps; a chaotic one needs as many as "
        "there are chunks.",
        "steps C of a chunk",
        "sweeps",
        (*curves, series("T / C", chunks, [512 / c for c in chunks], kind="dashed")),
        x_log=True,
        y_log=True,
    )
