"""Options that several commands share, and what their words mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

SELECT = click.argument("select", nargs=-1)
PROFILE = click.option("--profile", type=click.Choice(["quick", "full"]), default="quick", show_default=True)
JOBS = click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; by default one a core.")
SEED = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Root of all samples.")


def pairs(option: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """`name=value` words as pairs."""
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            raise click.UsageError(f"{option} {word!r}, but it is spelled NAME=VALUE")
        yield name, value
