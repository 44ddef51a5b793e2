"""Writing: files of a run, each rendered as it was asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from verify.engine.record import Run
    from verify.report.change import Changes

SCRATCH = Path(".verify")  # the journal of a run without --out


def scratch() -> Path:
    """The folder for the journal of a run without --out; it hides itself from git."""
    SCRATCH.mkdir(exist_ok=True)
    (SCRATCH / ".gitignore").write_text("*\n")
    return SCRATCH


def need_report() -> None:
    """Fail at the door if a page is asked for that cannot be made. MissingExtra."""
    import importlib.util

    from verify.report import MissingExtra

    if not all(importlib.util.find_spec(name) for name in ("jinja2", "matplotlib")):
        raise MissingExtra("the page needs the extra 'report': pip install 'kexue-verify[report]'")


def page(result: Run, changes: Changes | None = None) -> str:
    """The HTML page, with the benchmarks that were written last, if any, and what changed since another run."""
    from verify.report.html import render

    timed = Path("reports/benchmarks.json")
    benchmarks = json.loads(timed.read_text()) if timed.is_file() else None
    return render(result, benchmarks=benchmarks, changes=changes, jobs=len(os.sched_getaffinity(0)))


def junit(result: Run) -> str:
    """JUnit XML."""
    from verify.report.junit import junit

    return junit(result)


def markdown(result: Run) -> str:
    """The Markdown summary."""
    from verify.report.markdown import summary

    return summary(result)


RENDERED: dict[str, Callable[[Run], str]] = {
    "json": lambda result: result.encode().decode(),
    "html": page,
    "junit": junit,
    "markdown": markdown,
}


def write_folder(result: Run, out: Path) -> None:
    """run.json, junit.xml, summary.md and, with the extra, index.html."""
    from verify.report import MissingExtra

    write(str(out / "run.json"), RENDERED["json"](result))
    write(str(out / "junit.xml"), RENDERED["junit"](result))
    write(str(out / "summary.md"), RENDERED["markdown"](result))
    try:
        need_report()
    except MissingExtra as missing:
        click.echo(f"verify: {missing}", err=True)
    else:
        write(str(out / "index.html"), RENDERED["html"](result))


def write(target: str, text: str) -> None:
    """Write a file as a whole, or to standard output."""
    if target == "-":
        click.echo(text, nl=False)
        return
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
