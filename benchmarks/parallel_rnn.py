"""The rows of recurrences: block Jacobi and Newton against a loop, and the scan of a scalar recurrence.

The loop is what one writes in NumPy with care: three calls a step, nothing allocated. Rows without a goal show where
going parallel in time loses.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Goal, Row, Work, optional
from verify.methods.recurrence import (
    TanhCell,
    affine_scan,
    block_jacobi_states,
    fixed_point_states,
    sequential_states,
)

STARTS = 1e-14  # starts of chunks that agree up to this count as settled


def network(scale: float, d: int, T: int, gain: float = 0.9) -> tuple[TanhCell, Any, Any]:
    """||A||_2 = gain, inputs 0.5 N(0, 1)."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(d, d))
    return TanhCell(gain * A / np.linalg.norm(A, 2)), 0.5 * rng.normal(size=(max(64, int(T * scale)), d)), np.zeros(d)


def numpy_loop(cell: TanhCell, U: Any, x0: Any) -> Any:
    """x' = tanh(A x + u), written for speed."""
    A, states = cell.A, np.empty_like(U)
    dot, add, tanh, x = np.dot, np.add, np.tanh, x0
    for row, u in zip(states, U, strict=True):
        dot(A, x, out=row)
        add(row, u, out=row)
        tanh(row, out=row)
        x = row
    return states


def jax_scan(cell: TanhCell, U: Any, x0: Any) -> Any:
    """jax.lax.scan, compiled, in float64, its result as a NumPy array."""
    jax = optional("jax")
    jax.config.update("jax_enable_x64", True)
    run = _compiled_scan(jax)
    return np.asarray(run(cell.A, U, x0))


_COMPILED: dict[str, Any] = {}


def _compiled_scan(jax: Any) -> Any:
    if "scan" not in _COMPILED:

        @jax.jit  # type: ignore[untyped-decorator]
        def scan(A: Any, U: Any, x0: Any) -> Any:
            def step(x: Any, u: Any) -> Any:
                x = jax.numpy.tanh(A @ x + u)
                return x, x

            return jax.lax.scan(step, x0, U)[1]

        _COMPILED["scan"] = scan
    return _COMPILED["scan"]


def torch_rnn(cell: TanhCell, U: Any, x0: Any) -> Any:
    """torch.nn.RNN on one thread, without gradients."""
    torch = optional("torch")
    torch.set_num_threads(1)
    d = len(x0)
    module = torch.nn.RNN(d, d, bias=False, dtype=torch.float64)
    with torch.no_grad():
        module.weight_hh_l0.copy_(torch.from_numpy(cell.A))
        module.weight_ih_l0.copy_(torch.eye(d, dtype=torch.float64))
        return module(torch.from_numpy(U)[:, None])[0][:, 0].numpy()


def blocks(scale: float, *, d: int, peer: Any, chunk: int | None = None, T: int = 100_000) -> Work:
    """Block Jacobi on a contracting network; the limit is one tanh of each number."""
    instance = network(scale, d, T)
    length = None if chunk is None else max(2, int(chunk * scale))
    found = block_jacobi_states(*instance, length, STARTS)

    def ours() -> Any:
        return block_jacobi_states(*instance, length, STARTS).states

    def limit() -> Any:
        return np.tanh(instance[1])  # nothing but this for every state

    # errors of a step, of the starts and of the peer's other order of sums, over 1 - 0.9
    return Work(ours, partial(peer, *instance), limit, tolerance=10 * (STARTS + 1e-15 * (d + 4)),
                note=f"{found.iterations} sweeps")  # fmt: skip


def hopeless(scale: float) -> Work:
    """Block Jacobi on a chaotic network, where it gives up; the peer starts from the same inputs."""
    instance = network(scale, 16, 20_000, gain=6.0)
    found = block_jacobi_states(*instance)
    loop = partial(sequential_states, *instance)  # a chaotic path is the same only by the same kernel
    return Work(
        lambda: block_jacobi_states(*instance).states, loop, tolerance=1e-300, note=f"{found.iterations} sweeps"
    )


def newton(scale: float, *, d: int, T: int, peer: Any, solver: str) -> Work:
    """Newton's iteration to residuals of 1e-12."""
    instance = network(scale, d, T)
    found = fixed_point_states(*instance, tol=1e-12, solver=solver)
    return Work(lambda: fixed_point_states(*instance, tol=1e-12, solver=solver).states, partial(peer, *instance),
                tolerance=1e-10, note=f"{found.iterations} iterations")  # fmt: skip


def scalar_scan(scale: float, *, peer: bool) -> Work:
    """s_t = a_t s_{t-1} + b_t: against SciPy, or against a bare call of LAPACK on a band that is built already.

    Not both at once: SciPy gives back so much memory that the system takes it from the process, and whoever comes next
    pays for fetching it again, half as much as for the scan itself.
    """
    from scipy.linalg import lapack, solve_banded

    T = max(64, int(100_000 * scale))
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, T), rng.normal(size=T)
    band = np.ones((2, T), order="F")
    band[1, :-1] = -a[1:]
    right = b.reshape(-1, 1)

    def lapacks() -> Any:
        return lapack.dtbtrs(band, right, uplo="L", diag="U")[0]

    def scipys() -> Any:
        return solve_banded((1, 0), band, b)

    A, B, start = a.reshape(T, 1, 1), b.reshape(T, 1), np.zeros(1)

    def ours() -> Any:
        return affine_scan(A, B, start)[:, 0]

    if peer:
        return Work(ours, scipys, tolerance=1e-12)
    return Work(ours, limit=lapacks, check=scipys, tolerance=1e-12)


LOOP = "NumPy loop"

ROWS = [
    *(
        Row(f"tanh RNN, T = 1e5, d = {d}: block Jacobi", Goal(goal, "peer"), LOOP, "np.tanh",
            partial(blocks, d=d, peer=numpy_loop, chunk=chunk))
        for d, goal, chunk in ((1, 100, 250), (4, 12, 500), (16, 6, 400), (64, 1.8, 1000))
    ),
    Row("tanh RNN, T = 1e5, d = 1: block Jacobi", Goal(1, "peer"), "jax.lax.scan", "np.tanh",
        partial(blocks, d=1, peer=jax_scan, chunk=250)),
    *(
        Row(f"tanh RNN, T = 1e5, d = {d}: block Jacobi", None, "jax.lax.scan", "np.tanh",
            partial(blocks, d=d, peer=jax_scan, chunk=500))
        for d in (4, 16)
    ),
    *(
        Row(f"tanh RNN, T = 1e4, d = {d}: block Jacobi", None, "torch.nn.RNN", "np.tanh",
            partial(blocks, d=d, T=10_000, peer=torch_rnn, chunk=100))
        for d in (1, 16)
    ),
    Row("tanh RNN, T = 2e4, d = 16, chaotic: gives up", Goal(0.83, "peer"), "sequential_states", None, hopeless),
    Row("tanh RNN, T = 1e5, d = 1: Newton, banded", None, LOOP, None,
        partial(newton, d=1, T=100_000, peer=numpy_loop, solver="banded")),
    Row("tanh RNN, T = 1e4, d = 4: Newton, banded", None, LOOP, None,
        partial(newton, d=4, T=10_000, peer=numpy_loop, solver="banded")),
    Row("tanh RNN, T = 1e4, d = 16: Newton, blocked", None, LOOP, None,
        partial(newton, d=16, T=10_000, peer=numpy_loop, solver="blocked")),
    Row("tanh RNN, T = 1e4, d = 4: Newton, odd/even", None, LOOP, None,
        partial(newton, d=4, T=10_000, peer=numpy_loop, solver="odd_even")),
    Row("scalar affine scan, T = 1e5", Goal(1.3, "limit"), None, "LAPACK dtbtrs", partial(scalar_scan, peer=False)),
    Row("scalar affine scan, T = 1e5", None, "scipy solve_banded", None, partial(scalar_scan, peer=True)),
]  # fmt: skip
