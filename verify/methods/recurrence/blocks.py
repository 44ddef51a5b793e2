"""Block Jacobi: chunks of the sequence side by side, each started from where the one before it ended last time."""

from __future__ import annotations

from math import isqrt, log
from typing import Any

import numpy as np

from verify.methods.guards import refuse, whole_number
from verify.methods.recurrence.arrays import all_finite, largest, shifted
from verify.methods.recurrence.cells import Cell
from verify.methods.recurrence.sequential import FixedPointResult, finished, in_place, run, sequence

PATIENCE = 8  # sweeps, each of which costs a small part of the loop; more than so many are not worth it
LOOK_EVERY = 8  # steps between two looks whether all chunks have rejoined the paths of the sweep before
APART = 1e-6  # states that differ by less may differ by rounding alone


def block_jacobi_states(
    cell: Cell,
    U: Any,
    x0: Any,
    chunk: int | None = None,
    tol: float = 0.0,
    *,
    max_sweeps: int | None = None,
    history: bool = False,
) -> FixedPointResult:
    """States by sweeps: all chunks of `chunk` steps advance side by side, then each passes its end to the next one.

    The first chunk starts from x0, the others first from 0. After n sweeps the first n chunks are those of
    `sequential_states`. It stops when the starts repeat up to `tol`; `iterations` counts sweeps. A sweep is left early
    where all chunks have rejoined the paths of the sweep before, up to `tol`. By default a chunk has about sqrt(T)
    steps; powers of two are slower, as all chunks then compete for the same lines of the cache. Without `max_sweeps`,
    what is left is done one step after the other as soon as the starts approach each other too slowly to settle within
    eight sweeps.

    On NumPy arrays and with tol = 0 every bit is that of `sequential_states`. A positive tol allows a cell that has
    `advance_rows` one matrix product for all chunks, two to four times as fast; it rounds in another order.

    `history` keeps the states after every sweep (sweeps + 1, T, d), from zeros.

    TypeError, ValueError: as `sequential_states`; chunk or max_sweeps no integer or < 1, tol < 0.

    >>> from verify.methods.recurrence import TanhCell
    >>> cell, U = TanhCell(np.array([[0.5]])), np.full((1000, 1), 0.3)
    >>> found = block_jacobi_states(cell, U, np.zeros(1))
    >>> found.iterations, found.residual_norm
    (3, 0.0)
    """
    xp, U, x0 = sequence(cell, U, x0)
    T, d = int(U.shape[0]), cell.state_size
    length = max(1, isqrt(T)) if chunk is None else whole_number("chunk", chunk, 1)
    if not tol >= 0:
        refuse(f"tol={tol}", "a tolerance is not negative", "0 waits until the starts repeat in every bit")
    if max_sweeps is not None:
        whole_number("max_sweeps", max_sweeps, 1)
    kept = [xp.zeros((T, d), dtype=x0.dtype)] if history else None
    if T == 0:
        return finished(xp, xp.zeros((0, d), dtype=x0.dtype), 0, 0.0, tol, kept)
    chunks = -(-T // length)
    drive = _side_by_side(xp, U, length, chunks)
    starts = xp.concat([x0[None, :], xp.zeros((chunks - 1, d), dtype=x0.dtype)])
    sweep = _in_place_sweep if xp is np else _sweep
    paths: Any = None
    patient = max_sweeps is not None or chunks <= PATIENCE
    sweeps, distance = 0, 0.0
    with np.errstate(all="ignore"):
        while True:
            paths, seam = sweep(xp, cell, drive, starts, paths, tol, patient)
            if seam is None:
                break
            sweeps += 1
            last, distance = distance, largest(xp, paths[-1][:-1, :] - starts[1:, :])
            starts = shifted(xp, x0, paths[-1])
            settled = distance <= tol
            if not settled and not patient and _hopeless(sweeps, last, distance, tol):
                break
            if kept is not None:
                kept.append(xp.asarray(_in_a_row(xp, paths, T), copy=True))  # the next sweep writes over it
            if settled or sweeps == max_sweeps:
                # within a chunk the states are the cell's own steps; what may not fit are the first ones, and the seam
                residual = max(seam, largest(xp, cell.step(starts, drive[0, ...]) - paths[0]))
                return _result(xp, _in_a_row(xp, paths, T), sweeps, settled, residual, kept)
        done = sweeps * length
        states = _in_a_row(xp, paths, T)[:done, :]
        states = xp.concat([states, run(xp, cell, U[done:, :], states[-1, :])])
        if kept is not None:
            kept.append(states)
    return _result(xp, states, sweeps, True, 0.0, kept)


def _result(xp: Any, states: Any, sweeps: int, settled: bool, residual: float, kept: Any) -> FixedPointResult:
    finite = all_finite(xp, states)
    residual = residual if finite else float("inf")
    status = "converged" if settled and finite else "max_iter" if residual < float("inf") else "nonfinite"
    return FixedPointResult(states, sweeps, status == "converged", residual, _stacked(xp, kept), status)


def _hopeless(sweeps: int, last: float, distance: float, tol: float) -> bool:
    """Whether the starts, `last` and then `distance` apart, take more than `PATIENCE` sweeps at that rate."""
    if sweeps < 2:
        return False
    end = max(tol, 1e-16)
    return not distance < last or sweeps + log(max(distance / end, 1.0)) / log(last / distance) > PATIENCE


def _side_by_side(xp: Any, U: Any, length: int, chunks: int) -> Any:
    """(length, chunks, m): the inputs of all first steps, of all second steps, and so on; zeros after the end."""
    pad = length * chunks - U.shape[0]
    if pad:
        U = xp.concat([U, xp.zeros((pad, U.shape[1]), dtype=U.dtype)])
    return xp.permute_dims(xp.reshape(U, (chunks, length, U.shape[1])), (1, 0, 2))


def _sweep(
    xp: Any, cell: Cell, drive: Any, starts: Any, before: Any, tol: float, patient: bool
) -> tuple[Any, float | None]:
    """The states after each step, a list of (chunks, d), and by how much they miss those of `before` at the seam.

    From the step where all have rejoined `before`, up to `tol`, they are those of before. Unless `patient`, None in
    place of the seam says that they do not come nearer: see `_Look`.
    """
    look = _Look(drive.shape[0], tol, patient)
    states: Any = starts
    paths: list[Any] = []
    for step in range(drive.shape[0]):
        states = cell.step(states, drive[step, ...])
        if before is not None and step % LOOK_EVERY == LOOK_EVERY - 1:
            difference = largest(xp, states - before[step])
            if look.rejoined(difference):
                return paths + before[step:], difference
            if look.hopeless(step, difference):
                return before, None
        paths.append(states)
    return paths, 0.0


def _in_place_sweep(
    xp: Any, cell: Cell, drive: Any, starts: Any, paths: Any, tol: float, patient: bool
) -> tuple[Any, float | None]:
    """The same in one array (length, chunks, d), which is overwritten up to the seam.

    It is a view of the states in the order of time, so that nothing is copied at the end; the step itself works on two
    small arrays without strides.
    """
    advance, look = in_place(cell, rows=tol > 0), _Look(len(drive), tol, patient)
    first = paths is None
    if first:
        length, (chunks, d) = len(drive), starts.shape
        paths = _side_by_side(np, np.empty((length * chunks, d), starts.dtype), length, chunks)
    states, following, spare = starts, np.empty_like(starts), np.empty_like(starts)
    for step, (inputs, path) in enumerate(zip(drive, paths, strict=True)):
        advance(states, inputs, following)
        if not first and step % LOOK_EVERY == LOOK_EVERY - 1:
            difference = float(np.abs(following - path).max())
            if look.rejoined(difference):
                return paths, difference
            if look.hopeless(step, difference):
                return paths, None
        path[...] = following
        states, following, spare = following, spare, following
    return paths, 0.0


class _Look:
    """What the distance between the paths of a sweep and those of the one before says; nan is neither near nor far.

    They have rejoined if it is at most `tol`. Without patience it is hopeless if after a quarter of the chunk they are not
    twice as near as at the first look: to settle within eight sweeps they would have to be three times as near.
    """

    def __init__(self, length: int, tol: float, patient: bool) -> None:
        self.length, self.tol, self.patient = length, tol, patient
        self.first: float | None = None

    def rejoined(self, difference: float) -> bool:
        return difference <= self.tol

    def hopeless(self, step: int, difference: float) -> bool:
        if self.first is None:
            self.first = difference
        return not self.patient and 4 * step > self.length and not difference < max(self.first / 2, APART)


def _in_a_row(xp: Any, paths: Any, T: int) -> Any:
    """The states (T, d) in the order of time: on NumPy arrays those of `paths` themselves."""
    stacked = paths.swapaxes(0, 1) if xp is np else xp.stack(paths, axis=1)
    return xp.reshape(stacked, (stacked.shape[0] * stacked.shape[1], stacked.shape[2]))[:T, ...]


def _stacked(xp: Any, kept: Any) -> Any:
    return None if kept is None else xp.stack(kept)
