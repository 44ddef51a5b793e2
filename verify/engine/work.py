"""Units of work as text, so that any process or machine that has the package can do them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

from verify.claims.catalogue import Catalogue, catalogue
from verify.claims.figures import Field, Figure, Table
from verify.data import NotInstalled
from verify.engine.record import FieldRecord, FigureRecord, Record, SeriesRecord, TableRecord, TrialRecord, real
from verify.engine.subject import implementation, load_subject
from verify.engine.trial import REFERENCE, measure, record


class Work(Record, frozen=True, kw_only=True):
    """A trial (or, where `shows` is set, the figure or the table of a claim), addressed by text.

    `variant` is a mutant or equivalent `role/name`; `given` are (role, MODULE:NAME) of a user's subjects.
    """

    modules: tuple[str, ...]
    claim: str
    case: str
    profile: str
    seed: int
    looks: int
    variant: str = ""
    given: tuple[tuple[str, str], ...] = ()
    shows: Literal["", "figure", "table"] = ""

    @property
    def subject(self) -> str:
        """The name of the subject as records show it."""
        return self.variant or " ".join(spec for _, spec in self.given) or REFERENCE

    @property
    def address(self) -> str:
        """Unique within a run."""
        kind = self.shows or f"trial {self.looks}"
        return f"{kind} {self.claim} [{self.case}] {self.subject}"


class Done(Record, frozen=True, kw_only=True):
    """What came back, and the CPU seconds it took."""

    trial: TrialRecord | None = None
    figure: FigureRecord | None = None
    table: TableRecord | None = None
    seconds: float = 0.0


@cache
def _catalogue(modules: tuple[str, ...]) -> Catalogue:
    return catalogue(modules)


def execute(work: Work, callables: dict[str, Callable[..., Any]] | None = None) -> Done:
    """Do it here. `callables` are subjects of this process that have no name elsewhere."""
    start = time.process_time()
    known = _catalogue(work.modules)
    claim = known.claims[work.claim]
    if work.shows == "figure":
        return Done(figure=draw(known, work.claim), seconds=time.process_time() - start)
    if work.shows == "table":
        return Done(table=tabulate(known, work.claim), seconds=time.process_time() - start)
    case = next(case for case in claim.case_list(work.profile) if case.key == work.case)
    functions = {role: known.roles[role].reference for role in claim.roles}
    if work.variant:
        role, function = implementation(known, work.variant)
        functions[role] = function
    for role, spec in work.given:
        functions[role] = (callables or {}).get(role) or load_subject(spec)
    outcome = measure(claim, case, tuple(functions[role] for role in claim.roles), seed=work.seed, looks=work.looks)
    return Done(trial=record(claim, case, work.subject, outcome), seconds=time.process_time() - start)


def draw(known: Catalogue, claim: str) -> FigureRecord:
    """The series of a claim's figure; one that cannot be computed says why in place of its finding."""
    made: Figure = _made(known.drawings[claim].draw, lambda why: Figure(known.claims[claim].title, why, "", "", ()))
    return FigureRecord(
        claim=claim, title=made.title, says=made.says, x=made.x, y=made.y, x_log=made.x_log, y_log=made.y_log,
        series=tuple(
            SeriesRecord(
                label=s.label, kind=s.kind, x=tuple(map(real, s.x)), y=tuple(map(real, s.y)), y2=tuple(map(real, s.y2))
            )
            for s in made.series
        ),
        field=None if made.field is None else _field(made.field), equal=made.equal,
    )  # fmt: skip


def tabulate(known: Catalogue, claim: str) -> TableRecord:
    """The rows of a claim's table; one that cannot be computed says why in place of its finding."""
    made: Table = _made(known.tables[claim].draw, lambda why: Table(known.claims[claim].title, why, (), ()))
    rows = tuple(tuple(_cell(value) for value in row) for row in made.rows)
    return TableRecord(claim=claim, title=made.title, says=made.says, columns=tuple(made.columns), rows=rows)


def _made(make: Callable[[], Any], instead: Callable[[str], Any]) -> Any:
    try:
        return make()
    except NotInstalled as error:
        return instead(f"Not drawn: {error}")
    except Exception as error:
        return instead(f"Not drawn: {type(error).__name__}: {error}")


def _field(field: Field) -> FieldRecord:
    return FieldRecord(
        label=field.label,
        x=tuple(map(real, field.x)),
        y=tuple(map(real, field.y)),
        z=tuple(tuple(None if value != value else real(value) for value in row) for row in field.z),
        levels=tuple(map(real, field.levels)),
    )


def _cell(value: Any) -> str | int | float:
    """A word or a number as JSON has it: NumPy's become Python's, infinities and fractions become words."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else str(value)
