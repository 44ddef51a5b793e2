"""What a person at a terminal sees: progress while it lasts, and the conclusion."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from verify.engine.record import Run


def conclude(result: Run, *, err: bool) -> None:
    """Say what did not hold, worst first and at most ten, then the counts line."""
    from verify.engine.message import message_of

    bad = [t for verdict in ("fails", "error", "undecided") for t in result.trials if t.verdict == verdict]
    for trial in bad[:10]:
        click.echo(message_of(result, trial), err=err)
    if len(bad) > 10:
        click.echo(f"... and {len(bad) - 10} more trials that do not hold", err=err)
    for skipped in sorted({t.reason for t in result.trials if t.verdict == "skipped"}):
        click.echo(f"skipped: {skipped}", err=err)
    for survivor in result.survivors:
        click.echo(f"survivor: no claim catches {survivor}", err=err)
    for idle in result.idle_claims:
        click.echo(f"idle: {idle} fails no mutant", err=err)
    for variant in result.equivalents:
        for claim in variant.rejected_by:
            click.echo(f"false alarm: {claim} fails the harmless {variant.role}/{variant.name}", err=err)
    click.echo(result.summary, err=err)


@contextmanager
def progress() -> Iterator[Callable[[int, int, str], None] | None]:
    """A progress line on standard error where a terminal looks on."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda finished, planned, what: bar.update(
            task, completed=finished, total=planned, description=what[:60].replace("[", "(")
        )
