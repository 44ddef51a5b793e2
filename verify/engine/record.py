"""A run as data: frozen records, one versioned schema, JSON with sorted keys and the same bytes for the same run.

Schema 1: the first.
Schema 2: figures may hold a field over the plane and equal axes; a run has tables; a mutant has a reach.

Infinite ends are the words "inf" and "-inf", because JSON has none. Times and everything else that differs between
machines stand under `environment` and nowhere else.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, Literal

import msgspec

SCHEMA = 2
MOST_BYTES = 64 * 2**20

Real = float | Literal["inf", "-inf"]


class BadRun(ValueError):
    """A file that is not a run of this schema; the message is one line."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Base of every record: immutable, fields by name."""


def real(x: float) -> Real:
    """A float as it stands in JSON. ValueError: NaN, which is no result."""
    if math.isnan(x):
        raise ValueError("NaN is no result")
    return float(x) if math.isfinite(x) else ("inf" if x > 0 else "-inf")


class Interval(Record, frozen=True, kw_only=True):
    """An enclosure."""

    low: Real
    high: Real
    risk: float = 0.0


class Allowed(Record, frozen=True, kw_only=True):
    """A region with its reason."""

    least: Real
    most: Real
    because: str


class Cited(Record, frozen=True, kw_only=True):
    """A place in a source."""

    key: str
    place: str


class SourceRecord(Record, frozen=True, kw_only=True):
    """An entry of the bibliography."""

    key: str
    authors: str
    title: str
    where: str


class SystemRecord(Record, frozen=True, kw_only=True):
    """A chapter; `picture` is the id of the claim whose figure and table open it."""

    name: str
    title: str
    finding: str
    picture: str = ""


class RoleRecord(Record, frozen=True, kw_only=True):
    """A role: signature, what its numbers are, and the mathematics of its reference."""

    id: str
    signature: str
    numbers: str
    doc: str


class ClaimRecord(Record, frozen=True, kw_only=True):
    """A claim with the verdict over its trials. `worst` is the key of the case nearest to the edge, or beyond it."""

    id: str
    system: str
    title: str
    statement: str
    source: Cited
    evidence: str
    role: str
    roles: tuple[str, ...]
    quantity: str
    refutes: str | None
    region: Allowed
    verdict: str
    worst: str | None
    risk: float


class TrialRecord(Record, frozen=True, kw_only=True):
    """One trial: claim, case and subject are its address; `trail` holds [low, high] of every look."""

    claim: str
    case: str
    subject: str
    verdict: str
    enclosure: Interval | None
    looks: int
    trail: tuple[tuple[Real, Real], ...]
    basis: str
    effort: int
    margin: Real
    room: Real
    digest: str
    reason: str


class MutantRecord(Record, frozen=True, kw_only=True):
    """A mutant: the claim and case that caught it with which margin, and the claims that it passed on the way.

    The margin is what its enclosure guarantees, the reach the most that the enclosure leaves possible.
    """

    role: str
    name: str
    slip: str
    caught_by: str | None
    case: str | None
    margin: Real | None
    passed: tuple[str, ...]
    reach: Real | None = None
    also_caught_by: tuple[str, ...] = ()


class EquivalentRecord(Record, frozen=True, kw_only=True):
    """A harmless variant and the claims that rejected it all the same."""

    role: str
    name: str
    because: str
    rejected_by: tuple[str, ...]


class SeriesRecord(Record, frozen=True, kw_only=True):
    """A curve of a figure."""

    label: str
    kind: str
    x: tuple[Real, ...]
    y: tuple[Real, ...]
    y2: tuple[Real, ...] = ()


class FieldRecord(Record, frozen=True, kw_only=True):
    """A quantity over the plane of a figure: z[i][j] at x[j], y[i], null where it is not defined."""

    label: str
    x: tuple[Real, ...]
    y: tuple[Real, ...]
    z: tuple[tuple[Real | None, ...], ...]
    levels: tuple[Real, ...] = ()


class FigureRecord(Record, frozen=True, kw_only=True):
    """The figure of a claim."""

    claim: str
    title: str
    says: str
    x: str
    y: str
    x_log: bool
    y_log: bool
    series: tuple[SeriesRecord, ...]
    field: FieldRecord | None = None
    equal: bool = False


class TableRecord(Record, frozen=True, kw_only=True):
    """The table of a claim; cells are words or numbers."""

    claim: str
    title: str
    says: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float, ...], ...]


class Counts(Record, frozen=True, kw_only=True):
    """The counts, in the order in which they are always said."""

    claims: int
    planned: int
    settled: int
    skipped: int
    errors: int
    mutants: int
    caught: int


class Run(Record, frozen=True, kw_only=True):
    """Everything that a run concluded; a report needs nothing else."""

    schema: int = SCHEMA
    profile: str
    seed: int
    selection: tuple[str, ...]
    subjects: dict[str, str]
    counts: Counts
    risk: float
    systems: tuple[SystemRecord, ...]
    sources: tuple[SourceRecord, ...]
    roles: tuple[RoleRecord, ...]
    claims: tuple[ClaimRecord, ...]
    trials: tuple[TrialRecord, ...]
    figures: tuple[FigureRecord, ...]
    tables: tuple[TableRecord, ...]
    mutants: tuple[MutantRecord, ...]
    equivalents: tuple[EquivalentRecord, ...]
    survivors: tuple[str, ...]
    idle_claims: tuple[str, ...]
    mutants_tried: bool
    fingerprint: str
    environment: dict[str, Any]

    @property
    def summary(self) -> str:
        """The counts line, the same in terminal, Markdown and page."""
        c = self.counts
        return ", ".join(
            (
                plural(c.claims, "claim"),
                f"{plural(c.planned, 'trial')} planned",
                f"{c.settled} settled",
                f"{c.skipped} skipped",
                plural(c.errors, "error"),
                plural(c.mutants, "mutant") + self._fate(),
                f"risk {self.risk:.1e}",
            )
        )

    def _fate(self) -> str:
        c = self.counts
        if not self.mutants_tried:
            return " tried"
        if not c.mutants:
            return ""
        return ", all caught" if c.caught == c.mutants else f", {c.caught} caught, {c.mutants - c.caught} survive"

    @property
    def exit_code(self) -> int:
        """1 for a failure, survivor, idle claim or rejected equivalent; 3 for an error or nothing selected; 1 for undecided."""
        verdicts = {claim.verdict for claim in self.claims}
        trials = {trial.verdict for trial in self.trials}
        rejected = any(variant.rejected_by for variant in self.equivalents)
        if "fails" in trials or self.survivors or self.idle_claims or rejected:
            return 1
        if "error" in trials | verdicts or not self.trials:
            return 3
        return 1 if "undecided" in trials else 0

    def encode(self) -> bytes:
        """The run as JSON: keys sorted, a trial a line, floats that round-trip."""
        return spell(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run as JSON, whole or not at all."""
        write_whole(self.encode(), path)


def spell(record: Record) -> bytes:
    """A record as JSON: keys sorted, a line for each item of a list, floats that round-trip."""
    plain = msgspec.to_builtins(record)
    parts = []
    for key in sorted(plain):
        value = plain[key]
        if isinstance(value, (list, tuple)) and value:
            rows = ",\n ".join(_line(row) for row in value)
            parts.append(f'"{key}":[\n {rows}]')
        else:
            parts.append(f'"{key}":{_line(value)}')
    return ("{" + ",\n".join(parts) + "}\n").encode()


def write_whole(data: bytes, path: str | os.PathLike[str]) -> None:
    """Write a file whole or not at all."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    partial.write_bytes(data)
    partial.replace(target)


def plural(n: int, noun: str) -> str:
    """`1 claim`, `2 claims`."""
    return f"{n} {noun}" + ("" if n == 1 else "s")


def _line(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def load(path: str | os.PathLike[str]) -> Run:
    """Read a saved run. BadRun: too large (refused unread), not JSON, not of this schema. OSError: cannot be read."""
    return decode(read(path), str(path))


def read(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a file from others. BadRun: too large, refused unread. OSError: cannot be read."""
    size = os.stat(path).st_size
    if size > MOST_BYTES:
        raise BadRun(f"{path}: {size} bytes, but a run has at most {MOST_BYTES}; it was not read")
    with open(path, "rb") as file:
        return file.read(MOST_BYTES + 1)


def decode(data: bytes, name: str) -> Run:
    """The run that `data` spells. BadRun: it spells none."""
    number = schema_of(data, name)
    if number != SCHEMA:
        raise BadRun(f"{name}: schema {str(number)[:40]}, but this version reads schema {SCHEMA}")
    run: Run = parse(data, Run, name)
    return run


def schema_of(data: bytes, name: str) -> Any:
    """What `data` says that its schema is; None: nothing. BadRun: no JSON object."""
    schema = parse(data, dict[str, msgspec.Raw], name).get("schema")
    return None if schema is None else parse(bytes(schema), Any, name)


def parse(data: bytes, kind: Any, name: str) -> Any:
    """`data` as JSON of a kind. BadRun, in one line: it is not."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRun(f"{name}: not a saved run: {str(error)[:200]}") from None


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a run."""
    return msgspec.json.schema(Run)
