"""Timing side by side: the calls of a row take turns in one process, CPU seconds, medians, and memory by tracemalloc."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from verify.evidence import gap, peak_bytes

Call = Callable[[], Any]


class Missing(Exception):
    """A peer that is not installed; the message says which."""


def optional(package: str) -> Any:
    """The package, or Missing. Call it inside the peer: ours is then measured without it."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise Missing(f"{package} is not installed") from error


def every_row() -> list[Row]:
    """The rows of all modules here that have a list ROWS, in the order of their names."""
    import benchmarks

    found = (
        importlib.import_module(f"benchmarks.{m.name}")
        for m in pkgutil.iter_modules(benchmarks.__path__)
        if m.name[0] != "_"
    )
    return [row for module in found for row in getattr(module, "ROWS", ())]


@dataclass(frozen=True)
class Goal:
    """Peer over ours is at least a ratio, or ours over limit at most one."""

    ratio: float
    of: Literal["peer", "limit"]

    def verdict(self, timed: Timed) -> str:
        """`met` or `missed`, in the units of this run; a ratio nobody measured is neither."""
        measured = timed.ratio_peer if self.of == "peer" else timed.ratio_limit
        if measured is None:
            return "not measured"
        return "met" if (measured >= self.ratio if self.of == "peer" else measured <= self.ratio) else "missed"

    def __str__(self) -> str:
        return f"{'at least' if self.of == 'peer' else 'at most'} {self.ratio:g}x the {self.of}"


@dataclass
class Work:
    """What one row compares: three calls on the same inputs, and how far ours may lie from the peer.

    `check` is another way to the same answer, called once and not timed: for rows whose peer is missing or absent.
    """

    ours: Call
    peer: Call | None = None
    limit: Call | None = None
    check: Call | None = None
    tolerance: float = 0.0
    note: str | None = None


@dataclass(frozen=True)
class Row:
    """A line of the table; `build(scale)` makes the inputs, scale 1 being the size that `work` and `goal` speak of."""

    work: str
    goal: Goal | None
    peer: str | None
    limit: str | None
    build: Callable[[float], Work]


@dataclass
class Timed:
    """A measured row; what is absent is None. Ratios: peer over ours, ours over limit."""

    work: str
    goal: str | None
    peer: str | None
    limit: str | None
    ours_s: float | None = None
    peer_s: float | None = None
    limit_s: float | None = None
    ratio_peer: float | None = None
    ratio_limit: float | None = None
    peak_bytes: int | None = None
    note: str | None = None


@dataclass
class Table:
    """All rows of a run and the machine they were measured on."""

    environment: dict[str, Any]
    rows: list[Timed] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write the JSON that the page shows."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")

    def text(self) -> str:
        """The table for a terminal."""
        head = ", ".join(f"{name} {value}" for name, value in self.environment.items())
        lines = [head, f"{'work':52s} {'ours':>10s} {'peer/ours':>10s} {'ours/limit':>10s} {'peak MB':>8s}  goal"]
        for r in self.rows:
            cells = [_cell(r.ours_s, ".4g"), _cell(r.ratio_peer, ".3g"), _cell(r.ratio_limit, ".3g")]
            memory = _cell(None if r.peak_bytes is None else r.peak_bytes / 2**20, ".1f")
            lines.append(
                f"{r.work:52s} {' '.join(f'{c:>10s}' for c in cells)} {memory:>8s}  {r.goal or ''}  {r.note or ''}".rstrip()
            )
        return "\n".join(lines)


def measure(row: Row, *, scale: float = 1.0, seconds: float = 4.0) -> Timed:
    """Time a row: calls take turns until each has had its share of `seconds`, at least three times.

    A goal speaks of scale 1, so only there is it said to be met or missed.
    """
    timed = Timed(row.work, None if row.goal is None else str(row.goal), row.peer, row.limit)
    try:
        work = row.build(scale)
    except Missing as missing:
        timed.note = str(missing)
        return timed
    calls = {name: call for name in ("ours", "peer", "limit") if (call := getattr(work, name)) is not None}
    notes = [work.note] if work.note else []
    results = {}
    for name in list(calls):  # also the warm-up
        try:
            results[name] = calls[name]()
        except Missing as missing:
            del calls[name]
            notes.append(str(missing))
    if work.check is not None:
        results["check"] = work.check()
    for other in {"peer", "check"} & results.keys():
        if (apart := gap(results["ours"], results[other])) > work.tolerance:
            raise AssertionError(
                f"{row.work}: ours and the {other} differ by {apart:.3g}, allowed {work.tolerance:.3g}"
            )
    spent: dict[str, list[float]] = {name: [] for name in calls}
    order = list(calls)
    while min(map(len, spent.values())) < 3 or (sum(map(sum, spent.values())) < seconds and len(spent["ours"]) < 1000):
        for name in order:
            start = time.process_time()
            calls[name]()
            spent[name].append(time.process_time() - start)
        order.append(order.pop(0))  # nobody always goes first
    median = {name: statistics.median(times) for name, times in spent.items()}
    timed.ours_s, timed.peer_s, timed.limit_s = (median.get(name) for name in ("ours", "peer", "limit"))
    if timed.ours_s:
        timed.ratio_peer = timed.peer_s / timed.ours_s if timed.peer_s is not None else None
        timed.ratio_limit = timed.ours_s / timed.limit_s if timed.limit_s else None
    timed.peak_bytes = peak_bytes(work.ours)
    if row.goal is not None and scale == 1:
        timed.goal = f"{row.goal}: {row.goal.verdict(timed)}"
    timed.note = "; ".join(notes) or None
    return timed


def environment(scale: float = 1.0) -> dict[str, Any]:
    """BLAS, its architecture and threads: kernels differ by 1.8x between settings, so every table says them."""
    import numpy as np

    found: dict[str, Any] = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "scale": scale,
    }
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        asked = os.environ.get("OPENBLAS_NUM_THREADS", "unknown")
        missing = "unknown (threadpoolctl is not installed)"
        return found | {"blas": missing, "architecture": "unknown", "threads": asked}
    blas: dict[str, Any] = next((pool for pool in threadpool_info() if pool.get("user_api") == "blas"), {})
    return found | {
        "blas": f"{blas.get('internal_api', 'unknown')} {blas.get('version', '')}".strip(),
        "architecture": str(blas.get("architecture", "")),
        "threads": blas.get("num_threads", "unknown"),
    }


def _cell(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
