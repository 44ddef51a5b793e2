"""`verify list`: what is claimed."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from verify.cli.options import SELECT

if TYPE_CHECKING:
    from verify.claims.catalogue import Catalogue
    from verify.claims.declare import Claim


@click.command("list")
@SELECT
@click.option("--all", "every", is_flag=True, help="Every claim, not only the systems.")
@click.option("--json", "as_json", is_flag=True, help="An array of records, for programs.")
def list_(select: tuple[str, ...], every: bool, as_json: bool) -> None:
    """List the systems, or the claims that ids, globs or systems SELECT."""
    from verify.claims.catalogue import catalogue

    known = catalogue()
    claims = known.select(select)
    if as_json:
        click.echo(json.dumps([described(known, claim) for claim in claims], indent=1, ensure_ascii=False))
        return
    for line in claims_in_words(known, claims) if select or every else systems_in_words(known):
        click.echo(line)
    if not claims:
        sys.exit(3)


def systems_in_words(known: Catalogue) -> list[str]:
    """A table of the systems, and how to see more."""
    from verify.engine.record import plural

    rows = [("system", "claims", "cases", "(full)", "mutants", "")]
    for name, system in known.systems.items():
        claims = known.select([name])
        quick, full = (sum(claim.cases.size(profile) for claim in claims) for profile in ("quick", "full"))
        rows.append((name, str(len(claims)), str(quick), str(full), str(mutants(known, claims)), system.title))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *numbers, title in rows:
        cells = [number.rjust(width) for number, width in zip(numbers, widths[1:], strict=False)]
        lines.append("  ".join([name.ljust(widths[0]), *cells, title]).rstrip())
    every = list(known.claims.values())
    counts = [(len(known.systems), "system"), (len(every), "claim"), (mutants(known, every), "mutant")]
    example = next(iter(known.systems), "SYSTEM")
    lines.append(", ".join(plural(n, noun) for n, noun in counts))
    lines.append(f"verify list {example} lists the claims of one system, verify list --all every claim")
    return lines


def claims_in_words(known: Catalogue, claims: list[Claim]) -> list[str]:
    """Two lines a claim, by system, then the counts."""
    from verify.engine.record import plural

    lines = []
    for system in dict.fromkeys(claim.system for claim in claims):
        chapter = known.systems.get(system)
        lines.append(f"{system}  {chapter.title if chapter else ''}".rstrip())
        for claim in (claim for claim in claims if claim.system == system):
            refutes = ", refutes a statement" if claim.refutes else ""
            lines.append(f"  {claim.id}  ({claim.evidence}{refutes}, {plural(claim.cases.size('quick'), 'case')})")
            lines.append(f"      {claim.title}")
    return [*lines, f"{plural(len(claims), 'claim')}, {plural(mutants(known, claims), 'mutant')}"]


def mutants(known: Catalogue, claims: list[Claim]) -> int:
    """How many mutants the roles of these claims have."""
    roles = {role for claim in claims for role in claim.roles}
    return sum(len(known.roles[role].mutants) for role in roles)


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
