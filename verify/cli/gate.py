"""`verify gate`: a run against the baseline."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verify.cli.files import need_report, scratch
from verify.cli.findings import Output, page_of, say_findings
from verify.cli.options import JOBS
from verify.cli.terminal import progress

if TYPE_CHECKING:
    from verify.engine.record import Run
    from verify.gate.baseline import Baseline

BASELINE = Path("reports/baseline.json")


@click.command()
@click.argument("run_json", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--baseline", type=click.Path(dir_okay=False, path_type=Path), default=BASELINE, show_default=True)
@click.option("--update", is_flag=True, help="Accept the run as the baseline, and say line by line what that accepts.")
@click.option(
    "--reuse", type=click.Path(file_okay=False, path_type=Path), help="Take what a run --out this folder did."
)
@JOBS
@click.option("--json", "json_to", metavar="FILE", help="Write all findings.")
@click.option("--markdown", "markdown_to", metavar="FILE", help="Write a Markdown summary.")
@click.option("--junit", "junit_to", metavar="FILE", help="Write JUnit XML, one testcase a claim.")
@click.option("--html", "html_to", metavar="FILE", help="Write the page with what changed.")
@click.option("--github", is_flag=True, help="Print annotations for GitHub, worst first, at most ten.")
def gate(
    run_json: Path | None,
    baseline: Path,
    update: bool,
    reuse: Path | None,
    jobs: int | None,
    json_to: str | None,
    markdown_to: str | None,
    junit_to: str | None,
    html_to: str | None,
    github: bool,
) -> None:
    """Compare a run with the baseline: what got worse, was loosened or vanished.

    RUN_JSON is a saved run, of which nothing is computed again; without it the quick profile runs.
    """
    from datetime import date

    from verify.engine.record import load
    from verify.gate import files
    from verify.gate.baseline import OtherSchema, baseline_of, load_baseline
    from verify.gate.compare import compare, incomparable
    from verify.gate.junit import as_junit
    from verify.gate.waivers import read_waivers

    if update and os.environ.get("CI", "").lower() not in ("", "0", "false"):
        raise click.UsageError("--update, but CI is set: accept a change where somebody reads what is accepted")
    if html_to is not None:
        need_report()
    if not update and not baseline.is_file():
        raise click.UsageError(f"{baseline}: no baseline; verify gate --update makes one")
    then: Baseline | None = None
    other = "there was none"
    if baseline.is_file():
        try:
            then = load_baseline(baseline)
        except OtherSchema as error:
            other = str(error)
    waivers = read_waivers(Path("pyproject.toml"))
    result = load(run_json) if run_json else quick_run(jobs, reuse)
    now, today = baseline_of(result, waivers), date.today()
    if update:
        accept(then, now, baseline, other)
        return
    found = compare(then, now, today=today) if then else incomparable(now, other, today=today)
    wanted: list[Output] = [
        (json_to, lambda: files.as_json(found, str(baseline))),
        (markdown_to, lambda: files.as_markdown(found, result, str(baseline))),
        (junit_to, lambda: as_junit(found, result)),
        (html_to, lambda: page_of(found, result)),
    ]
    say = say_findings(found, result, str(baseline), wanted)
    say(result.summary)
    for annotation in files.github(found, result) if github else ():
        say(annotation)
    sys.exit(found.exit_code)


def quick_run(jobs: int | None, reuse: Path | None) -> Run:
    """The run to gate. What the journal in `reuse` finished is taken over if it is of this very code, else not at all."""
    from verify.engine.journal import ForeignJournal
    from verify.engine.run import run as judge

    with progress() as show_progress:
        if reuse is not None:
            try:
                return judge(jobs=jobs, journal=reuse / "journal.jsonl", resume=True, progress=show_progress)
            except ForeignJournal as foreign:
                click.echo(f"verify: everything runs anew: {foreign}", err=True)
        return judge(jobs=jobs, journal=scratch() / "gate.jsonl", progress=show_progress)


def accept(then: Baseline | None, now: Baseline, path: Path, other: str) -> None:
    """Make a run the baseline, after every line of what that accepts."""
    from datetime import date

    from verify.gate.compare import compare
    from verify.gate.text import accepted, nothing

    if then is None:
        click.echo(f"accept  everything anew: {other}")
    for line in accepted(compare(then or nothing(now), now, today=date.today(), strict=False)):
        click.echo(line)
    now.save(path)
    click.echo(f"{path}: written; commit it, so that its diff shows what was accepted")
