"""Executors: where work is done. Any object with `submit` as in concurrent.futures will do.

The local one keeps processes alive with the heavy modules loaded and BLAS on one thread. A unit that hangs, or that kills
its process, costs that one unit.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Protocol

PRELOADED = ("numpy", "scipy.special", "scipy.optimize", "scipy.linalg", "ot", "flint", "verify.engine.work")
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Executor(Protocol):
    """As in concurrent.futures."""

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Start a call."""
        ...


class Inline:
    """Does the work at once, in this process: for debugging, and for subjects that have no name elsewhere."""

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Call it; its exception waits in the future."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class Local:
    """`jobs` persistent processes; each call may take `limit` seconds of wall time."""

    def __init__(self, jobs: int, *, limit: float) -> None:
        from pebble import ProcessPool

        if jobs < 1:
            raise ValueError(f"jobs={jobs}, but at least one process does the work")
        for name in THREADS:
            os.environ.setdefault(name, "1")
        # not fork: the parent may hold threads. forkserver starts workers from a process that has loaded everything.
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload(list(PRELOADED))
        self._pool = ProcessPool(max_workers=jobs, context=context)
        self._limit = limit

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Send it to a process."""
        return self._pool.schedule(function, args=args, timeout=self._limit)

    def close(self, *, at_once: bool = False) -> None:
        """End the processes, after their work or in the middle of it."""
        pool: Any = self._pool
        (pool.stop if at_once else pool.close)()
        pool.join()


def why_lost(error: BaseException, limit: float) -> str:
    """In words, why a unit came back without a result."""
    if isinstance(error, FutureTimeout):
        return f"took longer than the limit of {limit:g} s"
    code = getattr(error, "exitcode", None)
    if code is not None:
        return f"its process died with {'signal' if code < 0 else 'exit code'} {abs(code)}"
    return f"{type(error).__name__}: {error}"[:500]
