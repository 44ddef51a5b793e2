"""Declarations: what is claimed, of which role, and which mistakes a claim must catch.

A claim reads like a line of a paper. Its statement, region and cases are data; the function below the decorator is the
measurement: it receives the subject (one for each role), a case and a generator, and yields enclosures.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from verify.claims.figures import Figure, Table
from verify.claims.grid import Case, Grid, grid
from verify.claims.sources import Place
from verify.evidence import Enclosure, Region

F = TypeVar("F", bound=Callable[..., Any])
Measure = Callable[..., Iterator[Enclosure]]


class Evidence(StrEnum):
    """On what kind of numbers a claim rests, strongest first."""

    CERTIFIED = "certified"  # balls and rationals: nothing else is let through
    EXACT = "exact"  # floating point against a second way, with a counted allowance for rounding
    STATISTICAL = "statistical"  # samples, with a stated risk
    RATE = "rate"  # a slope over a stated range


@dataclass(frozen=True, slots=True)
class Implementation:
    """A mutant (`why` is the slip) or an equivalent (`why` is why it must pass) of a role."""

    role: str
    name: str
    why: str
    function: Callable[..., Any]
    module: str


@dataclass(frozen=True, slots=True)
class Role:
    """Anything that can be implemented in another way."""

    id: str
    reference: Callable[..., Any]
    numbers: str
    module: str
    mutants: dict[str, Implementation] = field(default_factory=dict)
    equivalents: dict[str, Implementation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement about roles: a region, cases, and the measurement that decides each."""

    id: str
    title: str
    statement: str
    source: Place
    roles: tuple[str, ...]
    evidence: Evidence
    region: Region
    cases: Grid
    measure: Measure
    module: str
    quantity: str = ""
    refutes: str | None = None
    risk: float = 1e-10

    @property
    def system(self) -> str:
        """The part of the id before the first dot."""
        return self.id.partition(".")[0]

    def case_list(self, profile: str) -> list[Case]:
        """Its cases in a profile."""
        return list(self.cases.cases(profile, risk=self.risk))


@dataclass(frozen=True, slots=True)
class System:
    """A chapter: its title, in one sentence what was found, and the claim whose picture stands at its head."""

    name: str
    title: str
    finding: str
    module: str
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The figure or the table of a claim: a function that computes it."""

    claim: str
    draw: Callable[[], Any]
    module: str


class Registry:
    """Everything that has been declared in this process; declarations are made by importing their modules."""

    def __init__(self) -> None:
        self.systems: dict[str, System] = {}
        self.roles: dict[str, Role] = {}
        self.claims: dict[str, Claim] = {}
        self.drawings: dict[str, Drawing] = {}
        self.tables: dict[str, Drawing] = {}


DECLARED = Registry()

ROLE_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
CLAIM_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)?")


def system(name: str, *, title: str, finding: str, picture: str = "") -> None:
    """Declare a chapter of the catalogue. `picture` is the claim whose figure and table open the chapter."""
    import sys

    module = sys._getframe(1).f_globals["__name__"]
    _enter(DECLARED.systems, name, System(name, title, finding, module, picture), "system")


def role(id: str, *, numbers: str) -> Callable[[F], F]:
    """Declare a role; the decorated function is its reference and stays as it is.

    `numbers` says what goes in and out: arrays with shapes, fractions, balls. For a public function of
    `verify.methods`: `role("emo.demd", numbers="...")(earth_mover.demd)`.
    """
    import sys

    module = sys._getframe(1).f_globals["__name__"]

    def declare(reference: F) -> F:
        if not ROLE_ID.fullmatch(id):
            raise ValueError(f"role {id!r}, but a role is called system.function_name")
        _enter(DECLARED.roles, id, Role(id, reference, numbers, module), "role")
        return reference

    return declare


def mutant(of: str, *, slip: str) -> Callable[[F], F]:
    """Declare a wrong implementation of a role: a mistake that somebody makes, said in `slip`."""

    def declare(function: F) -> F:
        made = Implementation(of, function.__name__, slip, function, function.__module__)
        _enter(_role(of).mutants, function.__name__, made, f"mutant of {of}")
        return function

    return declare


def equivalent(of: str, *, because: str) -> Callable[[F], F]:
    """Declare a harmless variant of a role, which every claim must pass."""

    def declare(function: F) -> F:
        made = Implementation(of, function.__name__, because, function, function.__module__)
        _enter(_role(of).equivalents, function.__name__, made, f"equivalent of {of}")
        return function

    return declare


def claim(
    *,
    id: str,
    title: str,
    statement: str,
    source: Place,
    role: str | tuple[str, ...],
    evidence: Evidence,
    region: Region,
    cases: Grid | None = None,
    quantity: str = "",
    refutes: str | None = None,
    risk: float = 1e-10,
) -> Callable[[Measure], Claim]:
    """Declare a claim; the decorated generator measures it.

    `quantity` names the measured number for the axis of its picture. `refutes` quotes, in our words, the false
    statement whose gap is measured. `risk` is what each sampled trial may spend.
    """

    def declare(measure: Measure) -> Claim:
        if not CLAIM_ID.fullmatch(id):
            raise ValueError(f"claim {id!r}, but a claim is called system.what-is-said or system.what-is-said.part")
        if not title.strip() or not statement.strip():
            raise ValueError(f"claim {id} has no title or no statement, but it needs both")
        if not 0 < risk <= 1e-6 or math.isnan(risk):
            raise ValueError(
                f"claim {id}: risk={risk}, but a trial's risk lies in (0, 1e-6], the suite's whole allowance"
            )
        roles = (role,) if isinstance(role, str) else tuple(role)
        for name in roles:
            _role(name)
        made = Claim(
            id, title, statement, source, roles, Evidence(evidence), region, cases or grid(), measure,
            measure.__module__, quantity, refutes, risk,
        )  # fmt: skip
        keys = [case.key for case in made.case_list("quick")]
        if len(set(keys)) != len(keys):
            raise ValueError(f"claim {id}: two cases have the same key")
        _enter(DECLARED.claims, id, made, "claim")
        return made

    return declare


def figure(of: str) -> Callable[[Callable[[], Figure]], Callable[[], Figure]]:
    """Declare the figure of a claim: the function computes its series, which travel with the run."""
    return _shown(DECLARED.drawings, of, "figure of")


def table(of: str) -> Callable[[Callable[[], Table]], Callable[[], Table]]:
    """Declare the table of a claim: the function computes its rows, which travel with the run."""
    return _shown(DECLARED.tables, of, "table of")


def _shown(place: dict[str, Drawing], of: str, kind: str) -> Callable[[F], F]:
    def declare(draw: F) -> F:
        if of not in DECLARED.claims:
            raise ValueError(f"{kind} {of!r}, but no claim of that id is declared above it")
        _enter(place, of, Drawing(of, draw, draw.__module__), kind)
        return draw

    return declare


def _role(id: str) -> Role:
    if id not in DECLARED.roles:
        raise ValueError(f"no role is called {id!r}; declare it before its mutants and claims")
    return DECLARED.roles[id]


def _enter(table: dict[str, Any], key: str, value: Any, kind: str) -> None:
    """Ids are addresses, so they are unique; a module that is run twice declares the same thing again."""
    if key in table and table[key].module != value.module:
        raise ValueError(f"{kind} {key!r} is declared twice: in {table[key].module} and in {value.module}")
    if key in table and value.module != "__main__":
        raise ValueError(f"{kind} {key!r} is declared twice in {value.module}")
    table[key] = value
