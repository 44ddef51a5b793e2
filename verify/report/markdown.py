"""A run as a Markdown summary of less than 60 kB, for pull requests."""

from __future__ import annotations

import re

from verify.engine.message import message
from verify.engine.record import Run, TrialRecord

MOST_BYTES = 60_000
SHOWN = 20
ROOM = MOST_BYTES - 2_000  # what a block may fill; the rest is for the lines that say what was left out


def summary(run: Run) -> str:
    """Counts first, then the worst, then a line a system. What finds no room is counted, never dropped in silence."""
    lines = ["# Verification report", "", run.summary, ""]
    for role, spec in sorted(run.subjects.items())[:SHOWN]:
        lines += [f"In place of {cell(role, 100)} stands {cell(spec, 100)}.", ""]
    lines += _section("What failed first", _failures(run), left(lines) - 20_000)
    harm = [f"{v.role}/{v.name}, rejected by {', '.join(v.rejected_by)}" for v in run.equivalents if v.rejected_by]
    for title, names in (
        ("Survivors", run.survivors),
        ("Claims that catch nothing", run.idle_claims),
        ("False alarms", harm),
    ):
        lines += _section(title, [[f"- {cell(name, 200)}"] for name in names], 5_000)
    head = ["| system | claims | hold | mutants caught |", "|---|---|---|---|"]
    return "\n".join([*lines, *head, *fit([[row] for row in _systems(run)], left(lines))]) + "\n"


def _failures(run: Run) -> list[list[str]]:
    """A fenced message for each trial that did not hold, the worst verdicts first."""
    claims = {claim.id: claim for claim in run.claims}
    bad: list[TrialRecord] = []
    for verdict in ("fails", "error", "undecided"):
        bad += [trial for trial in run.trials if trial.verdict == verdict and trial.claim in claims]
    blocks: list[list[str]] = []
    for k, trial in enumerate(bad):
        if k >= SHOWN:
            blocks.append([])  # counted, not shown
            continue
        text = short(message(claims[trial.claim], trial, profile=run.profile, given=run.subjects), 2500)
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
        blocks.append([fence, text, fence, ""])
    return blocks


def _systems(run: Run) -> list[str]:
    rows = []
    for system in run.systems:
        claims = [claim for claim in run.claims if claim.system == system.name]
        roles = {role for claim in claims for role in claim.roles}
        mutants = [m for m in run.mutants if m.role in roles or m.role.partition(".")[0] == system.name]
        caught = sum(m.caught_by is not None for m in mutants)
        holding = sum(claim.verdict == "holds" for claim in claims)
        rows.append(f"| {cell(system.title, 100)} | {len(claims)} | {holding} | {caught} of {len(mutants)} |")
    return rows


def _section(title: str, blocks: list[list[str]], room: int) -> list[str]:
    return [f"## {title}", "", *fit(blocks, room), ""] if blocks else []


def fit(blocks: list[list[str]], room: int) -> list[str]:
    """As many blocks as there is room for, then how many there was none for."""
    lines: list[str] = []
    for k, block in enumerate(blocks):
        room -= sum(len(line.encode()) + 1 for line in block)
        if not block or room < 0:
            return [*lines, f"\nand {len(blocks) - k} more."]
        lines += block
    return lines


def left(lines: list[str]) -> int:
    """The room that is left after some lines, in bytes."""
    return ROOM - sum(len(line.encode()) + 1 for line in lines)


def plain(text: str) -> str:
    """Text in which nothing is markup, on one line."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|>~@$-])", r"\\\1", text)


def cell(text: str, most: int) -> str:
    """Text of others as a cell of a table, shortened."""
    return plain(short(text, most))


def short(text: str, most: int) -> str:
    """The text, or its beginning."""
    return text if len(text) <= most else text[:most] + " …"
