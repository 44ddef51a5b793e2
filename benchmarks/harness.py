"""Timing side by side: the calls of a row take turns in one process, CPU seconds, medians, and memory by tracemalloc."""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from verify.evidence import gap, peak_bytes

Call = Callable[[], Any]


class Missing(Exception):
    """A peer that is not installed; the message says which."""


@dataclass
class Work:
    """What one row compares: three calls on the same inputs, and how far ours may lie from the peer."""

    ours: Call
    peer: Call | None = None
    limit: Call | None = None
    tolerance: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Row:
    """A line of the table. `goal` is in words; `build(scale)` makes the inputs, scale 1 being the stated size."""

    work: str
    goal: str
    peer: str
    limit: str
    build: Callable[[float], Work]


@dataclass
class Timed:
    """A measured row; what is absent is None. Ratios: peer over ours, ours over limit."""

    work: str
    goal: str
    peer: str
    limit: str
    ours_s: float | None = None
    peer_s: float | None = None
    limit_s: float | None = None
    ratio_peer: float | None = None
    ratio_limit: float | None = None
    peak_bytes: int | None = None
    note: str = ""


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
                f"{r.work:52s} {' '.join(f'{c:>10s}' for c in cells)} {memory:>8s}  {r.goal}  {r.note}".rstrip()
            )
        return "\n".join(lines)


def measure(row: Row, *, scale: float = 1.0, seconds: float = 4.0) -> Timed:
    """Time a row: calls take turns until each has had its share of `seconds`, at least three times."""
    timed = Timed(row.work, row.goal, row.peer, row.limit)
    try:
        work = row.build(scale)
    except Missing as missing:
        timed.note = str(missing)
        return timed
    calls = {name: call for name in ("ours", "peer", "limit") if (call := getattr(work, name)) is not None}
    results = {name: call() for name, call in calls.items()}  # also the warm-up
    if work.peer is not None and (apart := gap(results["ours"], results["peer"])) > work.tolerance:
        raise AssertionError(f"{row.work}: ours and the peer differ by {apart:.3g}, allowed {work.tolerance:.3g}")
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
    timed.note = work.note
    return timed


def environment() -> dict[str, Any]:
    """BLAS, its architecture and threads: kernels differ by 1.8x between settings, so every table says them."""
    import numpy as np

    found: dict[str, Any] = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return found | {"blas": "unknown (threadpoolctl is not installed)", "architecture": "", "threads": "unknown"}
    blas = next((pool for pool in threadpool_info() if pool.get("user_api") == "blas"), {})
    return found | {
        "blas": f"{blas.get('internal_api', 'unknown')} {blas.get('version', '')}".strip(),
        "architecture": str(blas.get("architecture", "")),
        "threads": blas.get("num_threads", "unknown"),
    }


def _cell(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
