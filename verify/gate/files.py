"""The findings for programs, for a pull request, and as annotations of its checks."""

from __future__ import annotations

import msgspec

from verify.engine.record import Run, plural
from verify.gate.compare import Comparison
from verify.gate.finding import SIGN, Finding
from verify.gate.text import SHOWN, by_place, clean, repeat, standing, verdict
from verify.report.markdown import cell, fit, left


def as_json(found: Comparison, against: str) -> str:
    """All findings with the tally and the exit code, for programs."""
    plain = {
        "against": against,
        "exit_code": found.exit_code,
        "findings": [_public(finding) for finding in found.findings],
        "tally": found.tally,
        "waived": sorted(found.waived),
    }
    return msgspec.json.format(msgspec.json.encode(plain, order="sorted"), indent=1).decode() + "\n"


def _public(finding: Finding) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(finding)
    del plain["weight"]  # it sorts, and may be infinite
    return plain | {"fails": finding.fails}


def as_markdown(found: Comparison, run: Run | None, against: str) -> str:
    """The findings as a table of less than 60 kB; what finds no room is counted."""
    failing = plural(len(by_place(found.failing)), "finding")
    title = (
        "Not comparable" if found.refused else f"{failing} since the baseline" if found.failing else "Nothing got worse"
    )
    text = ["# " + title, "", cell(verdict(found, against), 1000), ""]
    if run is not None:
        text += [run.summary, ""]
    still = standing(found)
    text += [*(f"- {cell(line, 300)}" for line in still), ""] if still else []
    groups = by_place(found.findings)
    if groups:
        text += ["| | where | what | then → now |", "|---|---|---|---|"]
        rows = [
            (
                f"{SIGN[f.word]} {f.word}",
                cell(f"{f.where} {f.case}", 400),
                cell(says(f, more), 400),
                cell(arrow(f), 300),
            )
            for f, more in groups
        ]
        text += fit([[f"| {' | '.join(row)} |"] for row in rows], left(text) - 2_000)
    return "\n".join(text).rstrip() + "\n"


def says(finding: Finding, more: int) -> str:
    """What a finding says, and for how many cases besides."""
    return finding.says + (f" (and {plural(more, 'more case')})" if more else "")


def arrow(finding: Finding) -> str:
    """`holds → fails`."""
    return finding.change.replace(" -> ", " → ")


def github(found: Comparison, run: Run | None) -> list[str]:
    """Workflow commands `::error`, worst first, at most ten: more are cut off by those who read them."""
    said = [
        (
            f"{f.word} {f.where} {f.case}".strip(),
            "; ".join(part for part in (f.change, says(f, more), repeat(f, run)) if part),
        )
        for f, more in by_place(found.refused or found.failing)
    ]
    said += [(line, "it fails whatever the baseline says") for line in standing(found)]
    return [f"::error title={_escaped(title, ':,')}::{_escaped(clean(text, 2000))}" for title, text in said[:SHOWN]]


def _escaped(text: str, also: str = "") -> str:
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
