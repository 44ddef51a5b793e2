"""`verify schema`: the shape of a saved run."""

from __future__ import annotations

import json

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of a run."""
    from verify.engine.record import json_schema

    click.echo(json.dumps(json_schema(), indent=1, sort_keys=True))
