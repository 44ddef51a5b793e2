"""`python -m benchmarks [--scale X] [--only WORDS] [--json FILE]`: print the table and write it for the page."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy is imported: one core against one core


def main() -> None:
    """Measure the rows; a goal that is missed is said, not asserted."""
    from benchmarks.emo import ROWS
    from benchmarks.harness import Table, environment, measure

    parser = argparse.ArgumentParser(prog="benchmarks", description=main.__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the inputs, 1 being the stated one")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--json", type=Path, default=Path("reports/benchmarks.json"))
    options = parser.parse_args()
    table = Table(environment())
    for row in ROWS:
        if options.only.lower() in row.work.lower():
            table.rows.append(measure(row, scale=options.scale))
            table.save(options.json)  # a run that is cut off keeps what it has
    print(table.text())


if __name__ == "__main__":
    main()
