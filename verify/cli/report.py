"""`verify report`: the page of a saved run."""

from __future__ import annotations

import click

from verify.cli.files import need_report, page, write


@click.command()
@click.argument("run_json", type=click.Path(exists=True, dir_okay=False))
@click.option("--html", "html_to", metavar="FILE", required=True, help="Write the page; - is standard output.")
def report(run_json: str, html_to: str) -> None:
    """Make the page of a saved run."""
    from verify.engine.record import load

    need_report()
    write(html_to, page(load(run_json)))
