"""`verify show`: one claim, or one role."""

from __future__ import annotations

import click


@click.command()
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
        raise UnknownName(unknown("claim or role", name, everything, "verify list --all shows every claim"))
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
