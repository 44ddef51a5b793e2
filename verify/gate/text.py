"""Findings as lines: worst first and at most ten, then what else is to know, then the tally."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import msgspec

from verify.engine.message import again
from verify.engine.record import Run, plural
from verify.gate.baseline import Baseline
from verify.gate.compare import Comparison
from verify.gate.finding import FAILING, THE_RUN, Finding, Word

SHOWN = 10
MEASURED = ("verdict", "enclosure", "edge")  # kinds that a run of the case shows again
Paint = Callable[[str, str], str]  # a line, and the word that it begins with


def unpainted(line: str, word: str) -> str:
    """The line as it is."""
    return line


def lines(
    found: Comparison, run: Run | None, against: str, paint: Paint = unpainted, *, name: str = "gate"
) -> list[str]:
    """What the terminal shows: the first line is the worst finding, or that there is none."""
    said: list[str] = []
    worst = list(by_place(finding for finding in found.findings if finding.fails))
    for first, more in worst[:SHOWN]:
        said.append(paint(headline(first, more), first.word))
        also = (first.says if first.change else "", repeat(first, run))
        said += [f"    {clean(text)}" for text in also if text]
    if len(worst) > SHOWN:
        said.append(f"... and {len(worst) - SHOWN} more findings that fail the gate")
    rest = [paint(line, Word.WORSE) for line in standing(found)], quiet(found.findings)
    said += [line for block in (reversed(rest) if found.refused else rest) for line in block]
    said += [clean(f"waived  {claim}  as pyproject.toml says") for claim in sorted(found.waived)]
    return [*said, verdict(found, against, name=name)]


def headline(finding: Finding, more: int = 0) -> str:
    """`worse  emo.onehot  n=5  holds -> fails`, and how many cases besides."""
    where = "" if finding.where == THE_RUN else finding.where
    parts = [finding.word.value, where, finding.case.replace(",", " "), finding.change or finding.says]
    line = "  ".join(clean(part) for part in parts if part)
    return line + (f"  (and {plural(more, 'more case')})" if more else "")


def repeat(finding: Finding, run: Run | None) -> str:
    """The command that repeats the case of a finding, where the run has it."""
    claim = next((c for c in run.claims if c.id == finding.where), None) if run else None
    if run is None or claim is None or finding.kind not in MEASURED:
        return ""
    return f"again  {again(claim, finding.case, profile=run.profile, given=run.subjects)}"


def by_place(findings: Iterable[Finding]) -> list[tuple[Finding, int]]:
    """(the worst, how many besides) of the findings of one kind at one place, in the order of the worst."""
    places: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        places.setdefault((finding.word, finding.kind, finding.where), []).append(finding)
    return [(same[0], len(same) - 1) for same in places.values()]


def quiet(findings: Sequence[Finding]) -> list[str]:
    """A line for each kind of finding that does not fail the gate: an example and how many besides."""
    said = []
    harmless = [finding for finding in findings if not finding.fails]
    for _, group in groupby(harmless, key=lambda finding: (finding.word, finding.kind)):
        same = list(group)
        places = len({finding.where for finding in same})
        more = f"  (and {len(same) - 1} more, {plural(places, 'place')} in all)" if len(same) > 1 else ""
        says = f"  {same[0].says}" if same[0].says and same[0].change else ""
        said.append(clean(headline(same[0]) + says) + more)
    return said


def standing(found: Comparison) -> list[str]:
    """What fails the run although the baseline had it too: the gate keeps nothing out of sight."""
    told = {(finding.where, finding.case) for finding in found.findings if finding.kind == "verdict"}
    told |= {(finding.where, "") for finding in found.findings if finding.kind in ("survivor", "rejected", "idle")}
    bad = [(f"{t.verdict}  {t.claim}  {t.case.replace(',', ' ')}", (t.claim, t.case)) for t in found.unsettled]
    bad += [(f"survives  {m.id}", (m.id, "")) for m in found.now.mutants if m.caught_by is None]
    bad += [(f"rejected  {v.id}", (v.id, "")) for v in found.now.equivalents if v.rejected_by]
    bad += [(f"catches nothing  {claim}", (claim, "")) for claim in found.now.idle_claims]
    left = [line for line, place in bad if place not in told and (place[0], "") not in told]
    since = "" if found.refused else "  as in the baseline"
    said = [clean(line.strip() + since) for line in left[:SHOWN]]
    return said + ([f"... and {len(left) - SHOWN} more"] if len(left) > SHOWN else [])


def verdict(found: Comparison, against: str, *, name: str = "gate") -> str:
    """The tally: `gate: 1 worse, 1194 same, against reports/baseline.json`."""
    counted = ", ".join(f"{n} {word}" for word, n in found.tally.items() if n)
    fine = "" if found.failing or found.refused else "nothing worse, gone or loosened; "
    return f"{name}: {fine}{counted or 'nothing was compared'}, against {clean(against)}"


def accepted(found: Comparison) -> list[str]:
    """What an update accepts, a line for each finding, nothing left out."""
    return [clean(f"accept  {headline(finding)}" + (f"  {finding.says}" if finding.change else ""))
            for finding in found.findings]  # fmt: skip


def nothing(now: Baseline) -> Baseline:
    """The baseline of a repository that has none: everything is new."""
    zero = dict.fromkeys(now.counts.__struct_fields__, 0)
    return msgspec.structs.replace(
        now, claims=(), trials=(), mutants=(), equivalents=(), idle_claims=(), waivers=(), risk=0.0,
        counts=type(now.counts)(**zero),
    )  # fmt: skip


def clean(text: str, most: int = 500) -> str:
    """Text from a file on one line that is not endless, without the characters that steer a terminal."""
    text = text if len(text) <= most else text[:most] + " ..."
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def painter(*, colour: bool) -> Paint:
    """Red for what fails the gate, where colour is welcome."""
    import click

    def paint(line: str, word: str) -> str:
        return click.style(line, fg="red") if word in FAILING else line

    return paint if colour else unpainted
