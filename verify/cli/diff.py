"""`verify diff`: two saved runs side by side."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from verify.cli.files import need_report
from verify.cli.findings import Output, page_of, say_findings


@click.command()
@click.argument("before", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("after", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "json_to", metavar="FILE", help="Write all findings.")
@click.option("--markdown", "markdown_to", metavar="FILE", help="Write them as Markdown.")
@click.option("--html", "html_to", metavar="FILE", help="Write the page of the second with what changed.")
def diff(before: Path, after: Path, json_to: str | None, markdown_to: str | None, html_to: str | None) -> None:
    """Show two saved runs, or a baseline and a run, side by side. The exit code says only whether they could be read."""
    from datetime import date

    from verify.engine.record import load, plural
    from verify.gate import files
    from verify.gate.baseline import OtherSchema, load_baseline
    from verify.gate.compare import compare

    if html_to is not None:
        need_report()
    try:
        then, now = load_baseline(before), load_baseline(after)
    except OtherSchema as error:
        click.echo(f"verify: not comparable: {error}", err=True)
        sys.exit(3)
    found = compare(then, now, today=date.today(), strict=False)
    wanted: list[Output] = [
        (json_to, lambda: files.as_json(found, str(before))),
        (markdown_to, lambda: files.as_markdown(found, None, str(before))),
        (html_to, lambda: page_of(found, load(after))),
    ]
    say = say_findings(found, None, str(before), wanted, name="diff")
    for name, side in (("then", then), ("now", now)):
        c = side.counts
        words = f"{plural(c.claims, 'claim')}, {c.settled} of {plural(c.planned, 'trial')} settled"
        say(f"{name:4s}  {words}, {c.caught} of {plural(c.mutants, 'mutant')} caught")
