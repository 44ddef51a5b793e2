"""The command `verify`: list, show, run, report, gate, diff, mutants, schema. A module a command.

Exit codes: 0 all holds; 1 something fails, survives, idles, stays undecided or is a finding of the gate; 2 a bad request,
in one line; 3 an error, not comparable, or nothing was selected. Files are written before the code is decided.
"""

from __future__ import annotations

import sys

import click

from verify import __version__
from verify.cli import diff, gate, group, listing, mutants, report, run, schema, show


@click.group(cls=group.Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="verify %(version)s")
def cli() -> None:
    """Judge implementations against what the theory of language models claims."""


for command in (listing.list_, show.show, run.run, report.report, gate.gate, diff.diff, mutants.mutants, schema.schema):
    cli.add_command(command)


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
