"""`python -m benchmarks [--scale X] [--only WORDS] [--json FILE]`: print the table and write it for the page."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy is imported: one core against one core

PAGE = Path("reports/benchmarks.json")  # where `verify` looks for it


def main() -> None:
    """Measure the rows; a goal that is missed is said, not asserted."""
    from benchmarks.harness import Table, environment, every_row, measure

    parser = argparse.ArgumentParser(prog="benchmarks", description=main.__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the inputs, 1 being the stated one")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--json", type=Path, help="default: reports/benchmarks.json, for all rows at scale 1 only")
    options = parser.parse_args()
    if not 0 < options.scale <= 1:
        parser.error(f"--scale {options.scale}, but a scale lies in (0, 1]")
    every = every_row()
    rows = [row for row in every if options.only.lower() in row.work.lower()]
    if not rows:
        parser.error(f"no row contains {options.only!r}; the rows are: " + "; ".join(row.work for row in every))
    path = options.json
    if path is None and len(rows) == len(every) and options.scale == 1:
        path = PAGE  # a part of the rows, or small ones, would pass for the whole on the page
    table = Table(environment(options.scale))
    for row in rows:
        table.rows.append(measure(row, scale=options.scale))
        if path is not None:
            table.save(path)  # a run that is cut off keeps what it has
    print(table.text())


if __name__ == "__main__":
    main()
