"""The page: what a run concluded, as one file that needs nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verify.engine.message import again
from verify.engine.record import (
    ClaimRecord,
    FigureRecord,
    MutantRecord,
    Run,
    SourceRecord,
    SystemRecord,
    TableRecord,
    TrialRecord,
)
from verify.report import MissingExtra
from verify.report.change import Changes
from verify.report.numbers import count, number, region
from verify.report.speed import speed
from verify.report.strip import Strip, margins, strip

TEMPLATES = Path(__file__).parent / "templates"
KINDS = ("certified", "exact", "statistical", "rate")
BAD = ("fails", "error", "undecided", "skipped")


@dataclass(frozen=True)
class Entry:
    """A claim with all that its article shows. `place` keeps its ids apart from those of others."""

    place: int
    claim: ClaimRecord
    trials: tuple[TrialRecord, ...]
    strip: Strip
    region: str
    source: int
    completeness: str
    numbers: str
    reliability: str
    worst: str
    command: str
    mutants: tuple[MutantRecord, ...]
    margins: Any
    figure: Any
    figure_title: str
    says: str
    table: TableRecord | None
    open: bool


@dataclass(frozen=True)
class Group:
    """The mutants of a role, and the claims that judge it with their numbers in the chapter."""

    role: str
    mutants: tuple[MutantRecord, ...]
    judges: tuple[tuple[int, Entry], ...]


@dataclass(frozen=True)
class Chapter:
    """A system with its entries and its part of the kill matrix."""

    system: SystemRecord
    entries: tuple[Entry, ...]
    lead: Entry | None
    marks: tuple[tuple[str, tuple[str, ...]], ...]
    roles: tuple[Group, ...]
    caught: int
    mutants: int


def render(
    run: Run, *, benchmarks: Mapping[str, Any] | None = None, changes: Changes | None = None, jobs: int = 1
) -> str:
    """The page of a run, and what changed since another; `jobs` processes draw the figures.

    MissingExtra: Jinja2 or matplotlib is not installed.
    """
    try:
        import jinja2

        from verify.report.figures import svgs
        from verify.report.maths import maths, prose
    except ImportError as error:
        raise MissingExtra("the page needs the extra 'report': pip install 'kexue-verify[report]'") from error

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"maths": maths, "prose": prose, "number": number}
    pictures = {f.claim: (drawn, f) for f, drawn in zip(run.figures, svgs(run.figures, jobs), strict=True)}
    chapters = _chapters(run, pictures, changes.margins if changes else {})
    entries = [entry for chapter in chapters for entry in chapter.entries]
    ledger = _ledger(run)
    template = environment.get_template("page.html.j2")
    return template.render(
        run=run,
        inline={name: (TEMPLATES / name).read_text() for name in ("style.css", "filter.js", "marks.svg")},
        sentence=sentence(run),
        chapters=chapters,
        bad=[e for verdict in ("fails", "error", "undecided") for e in entries if e.claim.verdict == verdict],
        refuted=[(chapter.system.title, found) for chapter in chapters if (found := _refuted(chapter.entries))],
        skipped=sorted({t.reason for t in run.trials if t.verdict == "skipped"}),
        ledger=ledger,
        rejected=[(v, claim) for v in run.equivalents for claim in v.rejected_by],
        speed=speed(benchmarks),
        changes=changes,
        sources=_cited(run),
        rest=sum(risk for _, risk, _, _ in ledger[5:]),
        harmless=[variant for variant in run.equivalents if not variant.rejected_by],
        date=run.environment.get("date", ""),
        machine=_flat({name: value for name, value in run.environment.items() if name not in ("date", "cpu_seconds")}),
    )


def sentence(run: Run) -> list[tuple[str, str]]:
    """How the run went, in (verdict, words) pieces: `8 of 9 claims hold. One fails.`"""
    verdicts = [claim.verdict for claim in run.claims]
    if not verdicts:
        return [("error", "Nothing was selected.")]
    n, holding = len(verdicts), verdicts.count("holds")
    pieces = [
        (
            "",
            f"All {n} claims hold."
            if holding == n > 1
            else f"{holding} of {n} {'claim holds' if n == 1 else 'claims hold'}.",
        )
    ]
    words = {"fails": "fail", "error": "could not be measured", "undecided": "undecided", "skipped": "skipped"}
    for verdict in BAD:
        k = verdicts.count(verdict)
        if k:
            verb = (
                ("fails" if k == 1 else "fail")
                if verdict == "fails"
                else f"{'is' if k == 1 else 'are'} {words[verdict]}"
            )
            if verdict == "error":
                verb = words[verdict]
            pieces.append((verdict, f"{count(k, '').split()[0]} {verb}."))
    if run.survivors:
        pieces.append(
            ("fails", f"{count(len(run.survivors), 'mutant')} survive{'s' if len(run.survivors) == 1 else ''}.")
        )
    if run.idle_claims:
        pieces.append(
            (
                "fails",
                f"{count(len(run.idle_claims), 'claim')} catch{'es' if len(run.idle_claims) == 1 else ''} nothing.",
            )
        )
    rejected = sum(bool(variant.rejected_by) for variant in run.equivalents)
    if rejected:
        pieces.append(("fails", f"{count(rejected, 'harmless variant')} {'is' if rejected == 1 else 'are'} rejected."))
    return pieces


def _chapters(
    run: Run, pictures: dict[str, tuple[Any, FigureRecord]], before: Mapping[tuple[str, str], float]
) -> list[Chapter]:
    source_number = {source.key: k for k, source in enumerate(_cited(run), 1)}
    place = {claim.id: k for k, claim in enumerate(run.claims, 1)}
    by_claim: dict[str, list[TrialRecord]] = {}
    for trial in run.trials:
        by_claim.setdefault(trial.claim, []).append(trial)
    chapters = []
    known = {system.name for system in run.systems}
    home = {role: claim.system for claim in reversed(run.claims) for role in claim.roles}
    homes = [home.get(mutant.role, mutant.role.partition(".")[0]) for mutant in run.mutants]
    orphans = dict.fromkeys(name for name in (*(claim.system for claim in run.claims), *homes) if name not in known)
    for system in (*run.systems, *(SystemRecord(name=name, title=name, finding="") for name in orphans)):
        claims = [claim for claim in run.claims if claim.system == system.name]
        entries = tuple(
            _entry(
                run,
                claim,
                place[claim.id],
                by_claim.get(claim.id, []),
                source_number,
                pictures,
                before,
                opened=claim is claims[0],
            )
            for claim in claims
        )
        mine = [mutant for mutant, name in zip(run.mutants, homes, strict=True) if name == system.name]
        chapters.append(
            Chapter(
                system,
                entries,
                next((e for e in entries if e.claim.id == system.picture and (e.says or e.table)), None),
                tuple((kind, tuple(c.verdict for c in claims if c.evidence == kind)) for kind in _kinds(claims)),
                _groups(mine, entries),
                sum(m.caught_by is not None for m in mine),
                len(mine),
            )
        )
    return chapters


def _groups(mutants: Sequence[MutantRecord], entries: Sequence[Entry]) -> tuple[Group, ...]:
    """A mutant is tried by the claims of its role alone, so a chapter falls into small tables."""
    groups = []
    for role in dict.fromkeys(mutant.role for mutant in mutants):
        mine = tuple(mutant for mutant in mutants if mutant.role == role)
        met = {id for mutant in mine for id in (mutant.caught_by, *mutant.passed, *mutant.also_caught_by)}
        judges = [(n, e) for n, e in enumerate(entries, 1) if role in e.claim.roles or e.claim.id in met]
        groups.append(Group(role, mine, tuple(judges)))
    return tuple(groups)


def _entry(
    run: Run,
    claim: ClaimRecord,
    place: int,
    trials: list[TrialRecord],
    source_number: dict[str, int],
    pictures: dict[str, tuple[Any, FigureRecord]],
    before: Mapping[tuple[str, str], float],
    *,
    opened: bool,
) -> Entry:
    settled = sum(trial.verdict in ("holds", "fails", "undecided") for trial in trials)
    bases = sorted({trial.basis for trial in trials if trial.basis})
    draws = max((trial.effort for trial in trials if trial.basis == "samples"), default=0)
    spent = sum(trial.enclosure.risk for trial in trials if trial.enclosure)
    caught = tuple(m for m in run.mutants if m.caught_by == claim.id or claim.id in m.also_caught_by)
    mine = [m for m in caught if m.caught_by == claim.id]
    dots = [(m.name, m.slip, float(m.margin or 0)) for m in mine]
    rings = [before.get((f"{m.role}/{m.name}", claim.id)) for m in mine]
    drawn = strip(claim, trials)
    picture, figure = pictures.get(claim.id, (None, None))
    worst = drawn.worst
    subject = f" by {worst.subject}" if worst.subject else ""
    return Entry(
        place,
        claim,
        tuple(trials),
        drawn,
        region(claim.region.least, claim.region.most),
        source_number.get(claim.source.key, 0),
        f"{settled} of {len(trials)} {'case' if len(trials) == 1 else 'cases'} settled",
        (", ".join(bases) or "none") + (f"; up to {draws:,} draws a case" if draws else ""),
        f"risk {number(spent)} of {number(claim.risk * len(trials))} spent"
        if spent
        else ("risk 0: nothing is left to chance" if settled else "nothing was measured, so nothing is said"),
        f"{worst.key}{subject}: {worst.value}{'; ' + claim.quantity if worst.bars or worst.mark else ''}",
        again(claim, worst.case, profile=run.profile, given=run.subjects),
        caught,
        margins(dots, rings) if dots else None,
        picture,
        figure.title if figure else "",
        figure.says if figure else "",
        next((table for table in run.tables if table.claim == claim.id), None),
        opened or claim.verdict in ("fails", "error", "undecided"),
    )


def _refuted(entries: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    """(false statement, the claims that hold against it), each statement once."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.claim.refutes and entry.claim.verdict == "holds":
            found.setdefault(entry.claim.refutes, []).append(entry)
    return list(found.items())


def _ledger(run: Run) -> list[tuple[str, float, int, float]]:
    """(claim, its risk, trials, share of the largest), the largest spenders first."""
    spenders = Counter(trial.claim for trial in run.trials if trial.enclosure is not None and trial.enclosure.risk > 0)
    spent = []
    for claim in run.claims:
        n = spenders[claim.id]
        if n and claim.risk:
            spent.append((claim.id, claim.risk * n, n))
    spent.sort(key=lambda row: (-row[1], row[0]))
    return [(id, risk, n, round(100 * risk / spent[0][1], 1)) for id, risk, n in spent]


def _cited(run: Run) -> list[SourceRecord]:
    """The sources that a claim of this run cites."""
    keys = {claim.source.key for claim in run.claims}
    return [source for source in run.sources if source.key in keys]


def _kinds(claims: Sequence[ClaimRecord]) -> list[str]:
    """The known kinds of evidence in their order, then any other, so that no claim goes without its mark."""
    return [*KINDS, *sorted({claim.evidence for claim in claims} - set(KINDS))]


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """The environment as (name, value), whatever its shape."""
    return list(_leaves(values, prefix))


def _leaves(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in sorted(values.items()):
        if isinstance(value, Mapping):
            yield from _leaves(value, "" if name == "packages" else f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
