"""`verify mutants`: the kill matrix as a list."""

from __future__ import annotations

import json
import sys

import click

from verify.cli.files import write
from verify.cli.options import JOBS, PROFILE, SEED, SELECT
from verify.cli.terminal import conclude, progress


@click.command()
@SELECT
@PROFILE
@JOBS
@SEED
@click.option(
    "--json", "json_to", metavar="FILE", help="Write mutants, survivors and idle claims; - is standard output."
)
def mutants(select: tuple[str, ...], profile: str, jobs: int | None, seed: int, json_to: str | None) -> None:
    """Try every mutant: which claim catches it, and by what margin."""
    import msgspec

    from verify.engine.run import run as judge

    with progress() as show_progress:
        result = judge(select, profile=profile, jobs=jobs, seed=seed, progress=show_progress)
    plain = msgspec.to_builtins({name: getattr(result, name) for name in ("mutants", "survivors", "idle_claims")})
    if json_to is not None:
        write(json_to, json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
    if json_to != "-":
        for m in result.mutants:
            margin = f"margin {float(m.margin):.2g}" if m.margin is not None else ""
            click.echo(f"{'caught  ' if m.caught_by else 'SURVIVES'} {m.role}/{m.name}  {m.caught_by or ''}  {margin}")
            click.echo(f"         {m.slip}")
    conclude(result, err=json_to == "-")
    sys.exit(result.exit_code)
