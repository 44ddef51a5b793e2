"""A run as a Markdown summary of less than 60 kB, for pull requests."""

from __future__ import annotations

import re

from verify.engine.message import message_of
from verify.engine.record import Run

MOST_BYTES = 60_000
SHOWN = 20


def summary(run: Run) -> str:
    """Counts first, then the worst, then a line a system."""
    lines = ["# Verification report", "", run.summary, ""]
    bad = [t for verdict in ("fails", "error", "undecided") for t in run.trials if t.verdict == verdict]
    if bad:
        lines += ["## What failed first", ""]
        for trial in bad[:SHOWN]:
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", message_of(run, trial))), default=0))
            lines += [fence, _short(message_of(run, trial), 1500), fence, ""]
        if len(bad) > SHOWN:
            lines += [f"and {len(bad) - SHOWN} more.", ""]
    for title, names in (("Survivors", run.survivors), ("Claims that catch nothing", run.idle_claims)):
        if names:
            lines += [f"## {title}", "", *(f"- {plain(_short(name, 200))}" for name in names[:SHOWN]), ""]
    lines += ["| system | claims | hold | mutants caught |", "|---|---|---|---|"]
    for system in run.systems[:50]:
        claims = [claim for claim in run.claims if claim.system == system.name]
        mutants = [m for m in run.mutants if m.role.partition(".")[0] == system.name]
        caught = sum(m.caught_by is not None for m in mutants)
        holding = sum(claim.verdict == "holds" for claim in claims)
        lines.append(f"| {plain(_short(system.title, 100))} | {len(claims)} | {holding} | {caught} of {len(mutants)} |")
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """Text in which nothing is markup."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")
    return re.sub(r"([\\`*_{}\[\]()#+!|>~-])", r"\\\1", text)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + " …"
