"""The command `verify`: list, show, run, report, gate, diff, mutants, schema.

Exit codes: 0 all holds; 1 something fails, survives, idles, stays undecided or is a finding of the gate; 2 a bad request,
in one line; 3 an error, not comparable, or nothing was selected. Files are written before the code is decided.
"""

from __future__ import annotations

import difflib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from verify import __version__

if TYPE_CHECKING:
    from verify.claims.catalogue import Catalogue
    from verify.claims.declare import Claim
    from verify.engine.record import Run
    from verify.gate.baseline import Baseline
    from verify.gate.compare import Comparison
    from verify.report.change import Changes

Output = tuple[str | None, Callable[[], str]]  # where to, if anywhere, and what
BASELINE = Path("reports/baseline.json")
SCRATCH = Path(".verify")  # the journal of a run without --out


class Commands(click.Group):
    """A group that suggests the nearest command."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in self.commands:
            near = difflib.get_close_matches(name, self.commands, n=1)
            guess = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(sorted(self.commands))}"
            raise click.UsageError(f"no command is called {name[:200]!r}{guess}")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="verify %(version)s")
def cli() -> None:
    """Judge implementations against what the theory of language models claims."""


SELECT = click.argument("select", nargs=-1)
PROFILE = click.option("--profile", type=click.Choice(["quick", "full"]), default="quick", show_default=True)
JOBS = click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; by default one a core.")
SEED = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Root of all samples.")


@cli.command("list")
@SELECT
@click.option("--json", "as_json", is_flag=True, help="An array of records, for programs.")
def list_(select: tuple[str, ...], as_json: bool) -> None:
    """List claims: all, or those that ids, globs or systems SELECT."""
    from verify.claims.catalogue import catalogue

    known = catalogue()
    claims = known.select(select)
    if as_json:
        click.echo(json.dumps([described(known, claim) for claim in claims], indent=1, ensure_ascii=False))
        return
    for system in dict.fromkeys(claim.system for claim in claims):
        mine = [claim for claim in claims if claim.system == system]
        chapter = known.systems.get(system)
        click.echo(f"{system}  {chapter.title if chapter else ''}".rstrip())
        for claim in mine:
            refutes = ", refutes a statement" if claim.refutes else ""
            click.echo(f"  {claim.id}  ({claim.evidence}{refutes}, {plural(claim.cases.size('quick'), 'case')})")
            click.echo(f"      {claim.title}")
    click.echo(f"{plural(len(claims), 'claim')}, {plural(len(known.mutants()), 'mutant')}")
    if not claims:
        sys.exit(3)


def described(known: Catalogue, claim: Claim) -> dict[str, Any]:
    """A claim as `list --json` shows it."""
    from verify.engine.record import real

    return {
        "id": claim.id,
        "system": claim.system,
        "title": claim.title,
        "statement": claim.statement,
        "source": {"key": claim.source.source.key, "title": claim.source.source.title, "place": claim.source.place},
        "evidence": claim.evidence.value,
        "role": ", ".join(claim.roles),
        "roles": list(claim.roles),
        "refutes": claim.refutes,
        "quantity": claim.quantity,
        "region": {
            "least": real(claim.region.least),
            "most": real(claim.region.most),
            "because": claim.region.because,
        },
        "cases": {profile: claim.cases.size(profile) for profile in ("quick", "full")},
        "mutants": [f"{role}/{name}" for role in claim.roles for name in known.roles[role].mutants],
    }


@cli.command()
@click.argument("name", metavar="ID|ROLE")
def show(name: str) -> None:
    """Show one claim, or a role: its signature, what goes in and out, reference and mutants."""
    from verify.claims.catalogue import UnknownName, catalogue, signature, unknown

    known = catalogue()
    if name in known.roles:
        role = known.roles[name]
        click.echo(f"{role.id}\n  {signature(role)}\n  numbers    {role.numbers}")
        click.echo(f"  reference  {role.reference.__module__}:{role.reference.__qualname__}")
        click.echo(f"  claims     {', '.join(claim.id for claim in known.of_role(name)) or 'none'}")
        for kind, made in (("mutant", role.mutants), ("equivalent", role.equivalents)):
            for variant in made.values():
                click.echo(f"  {kind:10s} {variant.name}: {variant.why}")
        if role.reference.__doc__:
            click.echo("\n" + role.reference.__doc__.strip())
        return
    if name not in known.claims:
        everything = [*known.claims, *known.roles]
        raise UnknownName(unknown("claim or role", name, everything, "verify list shows every claim"))
    claim = known.claims[name]
    least, most = claim.region.least, claim.region.most
    click.echo(f"{claim.id}  {claim.title}")
    for label, text in (
        ("states", claim.statement),
        ("refutes", claim.refutes or ""),
        ("source", f"{claim.source.source.authors}, {claim.source.source.title}, {claim.source.place}"),
        ("evidence", claim.evidence.value),
        ("measures", claim.quantity),
        ("allowed", f"[{least:g}, {most:g}] because {claim.region.because}"),
        ("role", ", ".join(claim.roles)),
        ("cases", " ".join(case.key or "(one)" for case in claim.case_list("quick"))),
        ("full", f"{claim.cases.size('full')} cases"),
    ):
        if text:
            click.echo(f"  {label:9s} {text}")


@cli.command()
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


@cli.command()
@click.argument("run_json", type=click.Path(exists=True, dir_okay=False))
@click.option("--html", "html_to", metavar="FILE", required=True, help="Write the page; - is standard output.")
def report(run_json: str, html_to: str) -> None:
    """Make the page of a saved run."""
    from verify.engine.record import load

    need_report()
    write(html_to, RENDERED["html"](load(run_json)))


@cli.command()
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


@cli.command()
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
        (html_to, lambda: page(result, changes_of(found, result))),
    ]
    say = say_findings(found, result, str(baseline), wanted)
    say(result.summary)
    for annotation in files.github(found, result) if github else ():
        say(annotation)
    sys.exit(found.exit_code)


@cli.command()
@click.argument("before", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("after", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "json_to", metavar="FILE", help="Write all findings.")
@click.option("--markdown", "markdown_to", metavar="FILE", help="Write them as Markdown.")
@click.option("--html", "html_to", metavar="FILE", help="Write the page of the second with what changed.")
def diff(before: Path, after: Path, json_to: str | None, markdown_to: str | None, html_to: str | None) -> None:
    """Show two saved runs, or a baseline and a run, side by side. The exit code says only whether they could be read."""
    from datetime import date

    from verify.engine.record import load
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
        (html_to, lambda: page(load(after), changes_of(found, load(after)))),
    ]
    say = say_findings(found, None, str(before), wanted, name="diff")
    for name, side in (("then", then), ("now", now)):
        c = side.counts
        words = f"{plural(c.claims, 'claim')}, {c.settled} of {plural(c.planned, 'trial')} settled"
        say(f"{name:4s}  {words}, {c.caught} of {plural(c.mutants, 'mutant')} caught")


@cli.command()
def schema() -> None:
    """Print the JSON Schema of a run."""
    from verify.engine.record import json_schema

    click.echo(json.dumps(json_schema(), indent=1, sort_keys=True))


def pairs(option: str, words: tuple[str, ...] | list[str]) -> Iterator[tuple[str, str]]:
    """`name=value` words as pairs."""
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            raise click.UsageError(f"{option} {word!r}, but it is spelled NAME=VALUE")
        yield name, value


def plural(n: int, noun: str) -> str:
    """`1 claim`, `2 claims`."""
    return f"{n} {noun}" + ("" if n == 1 else "s")


def scratch() -> Path:
    """The folder for the journal of a run without --out; it hides itself from git."""
    SCRATCH.mkdir(exist_ok=True)
    (SCRATCH / ".gitignore").write_text("*\n")
    return SCRATCH


def need_report() -> None:
    """Fail at the door if a page is asked for that cannot be made. MissingExtra."""
    import importlib.util

    from verify.report import MissingExtra

    if not all(importlib.util.find_spec(name) for name in ("jinja2", "contourpy")):
        raise MissingExtra("the page needs the extra 'report': pip install 'kexue-verify[report]'")


def page(result: Run, changes: Changes | None = None) -> str:
    """The HTML page, with the benchmarks that were written last, if any, and what changed since another run."""
    from verify.report.html import render

    timed = Path("reports/benchmarks.json")
    return render(result, benchmarks=json.loads(timed.read_text()) if timed.is_file() else None, changes=changes)


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


def changes_of(found: Comparison, result: Run) -> Changes:
    """The comparison block of the page."""
    from verify.gate.page import changes

    return changes(found, result)


def say_findings(
    found: Comparison, result: Run | None, against: str, wanted: list[Output], *, name: str = "gate"
) -> Callable[[str], None]:
    """Write the files that were asked for, then say the findings.

    What it returns says further lines in the same place: standard output belongs to a file that asked for it.
    """
    from verify.gate.text import lines, painter

    for target, render in wanted:
        if target is not None:
            write(target, render())
    err = any(target == "-" for target, _ in wanted)
    stream = sys.stderr if err else sys.stdout
    paint = painter(colour=stream.isatty() and not os.environ.get("NO_COLOR"))
    for line in lines(found, result, against, paint, name=name):
        click.echo(line, err=err)
    return lambda line: click.echo(line, err=err)


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


def main(args: list[str] | None = None) -> None:
    """Run the command; every bad request is one line and exit code 2."""
    from verify.report import MissingExtra

    try:
        code = cli.main(args=args, prog_name="verify", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        refuse(error.format_message())
    except MissingExtra as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
    except ValueError as error:
        if not is_request(error):
            raise
        refuse(str(error))


def is_request(error: ValueError) -> bool:
    """True for the errors that say that the request was wrong, false for a defect of ours."""
    from verify.claims.catalogue import UnknownName
    from verify.engine.journal import ForeignJournal
    from verify.engine.record import BadRun
    from verify.engine.run import BadRequest
    from verify.engine.subject import BadSubject
    from verify.gate.waivers import BadWaiver

    return isinstance(error, (UnknownName, BadRequest, BadSubject, BadRun, ForeignJournal, BadWaiver))


def refuse(message: str) -> None:
    """One line, exit 2."""
    click.echo("verify: " + " ".join(message.split()), err=True)
    sys.exit(2)
