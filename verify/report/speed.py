"""The speed table: ours is one, a peer stands right of it, the limit of the machine left of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verify.report.axis import Axis, Tick, axis
from verify.report.numbers import number

UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))


@dataclass(frozen=True)
class Timing:
    """A row. `bars` are (x, width, ink), `one` is where ours stands; both are empty where nothing was timed."""

    work: str
    ours: str
    peer: str
    peer_name: str
    limit: str
    limit_name: str
    goal: str
    note: str
    bars: tuple[tuple[float, float, str], ...]
    words: str


@dataclass(frozen=True)
class Speed:
    """The table, its axis, and the machine in words."""

    rows: tuple[Timing, ...]
    ticks: tuple[Tick, ...]
    one: float
    machine: str


def speed(benchmarks: Mapping[str, Any] | None) -> Speed | None:
    """The table of saved benchmarks; None: there are none."""
    rows = (benchmarks or {}).get("rows") or []
    if not rows:
        return None
    pairs = [
        (_over(row.get("peer_s"), row.get("ours_s")), _over(row.get("limit_s"), row.get("ours_s"))) for row in rows
    ]
    ratios = [ratio for pair in pairs for ratio in pair if ratio is not None]
    # beyond 1 on both sides, so that ours never stands on the rim; three decades make the axis logarithmic
    scale = axis([*ratios, 1.0, 0.11, max([20.0, *ratios])], ())
    machine = ", ".join(f"{name} {value}" for name, value in (benchmarks or {}).get("environment", {}).items())
    return Speed(
        tuple(_timing(row, peer, limit, scale) for row, (peer, limit) in zip(rows, pairs, strict=True)),
        scale.ticks,
        scale.at(1.0),
        machine,
    )


def _timing(row: Mapping[str, Any], peer: float | None, limit: float | None, scale: Axis) -> Timing:
    one = scale.at(1.0)
    bars = []
    for ratio, ink in ((limit, "limit"), (peer, "peer")):
        if ratio is not None:
            x = scale.at(ratio)
            bars.append((min(x, one), round(abs(x - one), 2), ink))
    peer_name, limit_name = str(row.get("peer") or ""), str(row.get("limit") or "")
    parts = [f"{name} takes {number(r, 2)} times ours" for r, name in ((limit, limit_name), (peer, peer_name)) if r]
    return Timing(
        str(row.get("work") or ""),
        seconds(row.get("ours_s")),
        f"{number(peer, 2)}×" if peer is not None else "",
        peer_name,
        f"{number(100 * limit, 2)}%" if limit is not None else "",
        limit_name,
        str(row.get("goal") or ""),
        str(row.get("note") or ""),
        tuple(bars),
        "; ".join(parts) or "not timed",
    )


def _over(a: Any, b: Any) -> float | None:
    """a / b, where both were timed and the clock saw them."""
    if not isinstance(a, int | float) or not isinstance(b, int | float) or not a > 0 or not b > 0:
        return None
    ratio = a / b
    return ratio if 0 < ratio < math.inf else None


def seconds(value: Any) -> str:
    """`0.94 s`, `41 ms`, `620 µs`; a dash where nothing was timed."""
    if not isinstance(value, int | float) or not 0 < value < math.inf:
        return "–"
    unit, size = next(((u, s) for u, s in UNITS if value >= 0.5 * s), UNITS[-1])
    return f"{number(value / size, 2)} {unit}"
