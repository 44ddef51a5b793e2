"""`verify run`: judge claims."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from verify.cli.files import RENDERED, need_report, scratch, write, write_folder
from verify.cli.options import JOBS, PROFILE, SEED, SELECT, pairs
from verify.cli.terminal import conclude, progress


@click.command()
@SELECT
@PROFILE
@JOBS
@SEED
@click.option("--case", metavar="K=V,...", help="Only the cases that have these values.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for page, JSON, JUnit, Markdown.")
@click.option("--json", "json_to", metavar="FILE", help="Write the run; - is standard output.")
@click.option("--html", "html_to", metavar="FILE", help="Write the page.")
@click.option("--junit", "junit_to", metavar="FILE", help="Write JUnit XML.")
@click.option("--markdown", "markdown_to", metavar="FILE", help="Write a Markdown summary.")
@click.option("--resume", is_flag=True, help="Go on where a run that was cut off stopped.")
@click.option("--subject", "subjects", metavar="ROLE=MODULE:NAME", multiple=True, help="Judge this in place of ours.")
@click.option("--no-mutants", is_flag=True, help="Leave the kill matrix out.")
def run(
    select: tuple[str, ...],
    profile: str,
    jobs: int | None,
    seed: int,
    case: str | None,
    out: Path | None,
    json_to: str | None,
    html_to: str | None,
    junit_to: str | None,
    markdown_to: str | None,
    resume: bool,
    subjects: tuple[str, ...],
    no_mutants: bool,
) -> None:
    """Judge claims: all, or those that ids, globs or systems SELECT."""
    from verify.engine.run import run as judge

    wanted = dict(pairs("--case", case.split(","))) if case is not None else {}
    given = dict(pairs("--subject", subjects))
    wanted_files = {"json": json_to, "html": html_to, "junit": junit_to, "markdown": markdown_to}
    if html_to is not None:
        need_report()
    journal = (out or scratch()) / "journal.jsonl"
    with progress() as show_progress:
        try:
            result = judge(
                select, profile=profile, jobs=jobs, seed=seed, case=wanted, subjects=given,
                mutants=not no_mutants, journal=journal, resume=resume, progress=show_progress,
            )  # fmt: skip
        except KeyboardInterrupt:
            words = "every finished trial is kept; the same command with --resume goes on"
            click.echo(f"verify: interrupted; {words}", err=True)
            sys.exit(130)
    if out is not None:
        write_folder(result, out)
    for kind, target in wanted_files.items():
        if target is not None:
            write(target, RENDERED[kind](result))
    conclude(result, err="-" in wanted_files.values())
    sys.exit(result.exit_code)
