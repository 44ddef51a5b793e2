"""The group of all commands."""

from __future__ import annotations

import difflib
from typing import Any

import click


class Commands(click.Group):
    """A group that suggests the nearest command."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in self.commands:
            near = difflib.get_close_matches(name, self.commands, n=1)
            guess = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(sorted(self.commands))}"
            raise click.UsageError(f"no command is called {name[:200]!r}{guess}")
        return super().resolve_command(ctx, args)
