"""Block Jacobi as a role of its own, with the mistakes that change what it computes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from verify.claims import mutant, role
from verify.methods import recurrence
from verify.methods.recurrence import FixedPointResult

role(
    "parallel_rnn.block_jacobi_states",
    numbers="cell, U (T, m), x0 (d,), chunk, tol, max_sweeps, history: arrays; a result with states, iterations, history",
)(recurrence.block_jacobi_states)


def sweeping(
    cell: Any, U: Any, x0: Any, chunk: int | None = None, tol: float = 0.0, *,
    max_sweeps: int | None = None, history: bool = False, early: int = 0, first: float = 1.0, loose: float = 0.0,
) -> Any:  # fmt: skip
    """Block Jacobi chunk by chunk, with places for three mistakes."""
    recurrence.block_jacobi_states(cell, U[:1], x0, chunk, tol, max_sweeps=max_sweeps)  # the same checks
    T, length = len(U), chunk or max(1, math.isqrt(len(U)))
    places = range(0, T, length)
    starts = [first * x0, *(np.zeros_like(x0) for _ in places[1:])]
    kept = [np.zeros((T, len(x0)))]
    limit = len(places) if max_sweeps is None else max_sweeps
    sweep, moved = 0, 0.0
    while sweep < limit:
        sweep += 1
        pieces = [recurrence.sequential_states(cell, U[p : p + length], s) for p, s in zip(places, starts, strict=True)]
        kept.append(np.concatenate(pieces))
        ends = [piece[-1 - early] if len(piece) > early else piece[-1] for piece in pieces[:-1]]
        moved = max((float(np.abs(e - s).max()) for e, s in zip(ends, starts[1:], strict=True)), default=0.0)
        starts = [first * x0, *ends]
        if moved <= max(tol, loose):
            break
    stacked = np.stack(kept) if history else None
    settled = moved <= max(tol, loose)
    return FixedPointResult(kept[-1], sweep, settled, moved, stacked, "converged" if settled else "max_iter")


@mutant("parallel_rnn.block_jacobi_states", slip="the state handed on is the one before the end of the chunk")
def one_before_the_end(cell: Any, U: Any, x0: Any, *args: Any, **options: Any) -> Any:
    return sweeping(cell, U, x0, *args, early=1, **options)


@mutant("parallel_rnn.block_jacobi_states", slip="the first chunk starts from 0 as all others do")
def first_from_zero(cell: Any, U: Any, x0: Any, *args: Any, **options: Any) -> Any:
    return sweeping(cell, U, x0, *args, first=0.0, **options)


@mutant("parallel_rnn.block_jacobi_states", slip="stops while the starts still change by up to 3: after one sweep")
def loose_carry(cell: Any, U: Any, x0: Any, *args: Any, **options: Any) -> Any:
    return sweeping(cell, U, x0, *args, loose=3.0, **options)


@mutant("parallel_rnn.block_jacobi_states", slip="plain iteration with the chunks as names only: one step a sweep")
def one_step_a_sweep(
    cell: Any, U: Any, x0: Any, chunk: int | None = None, tol: float = 0.0, *,
    max_sweeps: int | None = None, history: bool = False,
) -> Any:  # fmt: skip
    recurrence.block_jacobi_states(cell, U[:1], x0, chunk, tol, max_sweeps=max_sweeps)
    return recurrence.fixed_point_states(cell, U, x0, "jacobi", tol=tol, max_iter=max_sweeps, history=history)


@mutant(
    "parallel_rnn.block_jacobi_states",
    slip="every length of a chunk is accepted, and read as 1 where it makes no sense",
)
def any_chunk(cell: Any, U: Any, x0: Any, chunk: Any = None, tol: float = 0.0, **options: Any) -> Any:
    length = None if chunk is None else max(1, int(chunk))
    return recurrence.block_jacobi_states(cell, U, x0, length, abs(tol), **options)
