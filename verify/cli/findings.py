"""What the gate and `diff` have in common: the findings as words and files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from verify.cli.files import page, write

if TYPE_CHECKING:
    from verify.engine.record import Run
    from verify.gate.compare import Comparison

Output = tuple[str | None, Callable[[], str]]  # where to, if anywhere, and what


def page_of(found: Comparison, result: Run) -> str:
    """The page of a run with the comparison."""
    from verify.gate.page import changes

    return page(result, changes(found, result))


def say_findings(
    found: Comparison, result: Run | None, against: str, wanted: Sequence[Output], *, name: str = "gate"
) -> Callable[[str], None]:
    """Write the files that were asked for, then say the findings.

    What it returns says further lines in the same place: standard output belongs to a file that asked for it.
    """
    from verify.gate.text import lines, painter

    for target, render in wanted:
        if target is not None:
            write(target, render())
    err = any(target == "-" for target, _ in wanted)
    stream = sys.stderr if err else sys.stdout
    paint = painter(colour=stream.isatty() and not os.environ.get("NO_COLOR"))
    for line in lines(found, result, against, paint, name=name):
        click.echo(line, err=err)
    return lambda line: click.echo(line, err=err)
