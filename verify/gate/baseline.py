"""A baseline: of a run, only what the gate compares, sorted, one trial a line, so that its git diff reads well."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from verify.engine.record import (
    SCHEMA,
    BadRun,
    ClaimRecord,
    Counts,
    MutantRecord,
    Real,
    Record,
    Run,
    TrialRecord,
    parse,
    read,
    schema_of,
    spell,
    write_whole,
)
from verify.evidence import Verdict, worst_verdict
from verify.gate.waivers import Waiver

Said = Literal["holds", "fails", "undecided", "error", "skipped"]
REFERENCE, NO_RISK = "reference", 0.0  # a line leaves out what is the very default
# besides the packages, what decides the bits of a run: names in its environment
ARITHMETIC = ("blas", "cpu", "machine", "system")


class ClaimLine(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A claim: what is allowed, by what kind of evidence, at what risk."""

    id: str
    evidence: str
    least: Real
    most: Real
    risk: float = NO_RISK


class TrialLine(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A trial: its address, its verdict, and the enclosure that decided. `reason` is why there is none."""

    claim: str
    case: str
    subject: str = REFERENCE
    verdict: Said
    low: Real | None = None
    high: Real | None = None
    risk: float = NO_RISK
    basis: str = ""
    digest: str = ""
    reason: str = ""

    @property
    def address(self) -> tuple[str, str, str]:
        """Unique within a run."""
        return self.claim, self.case, self.subject


class MutantLine(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A mutant `role/name`: what caught it, with which margin and reach, and what it passed before.

    A reach of None is the margin.
    """

    id: str
    caught_by: str | None = None
    margin: Real | None = None
    reach: Real | None = None
    passed: tuple[str, ...] = ()


class VariantLine(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A harmless variant `role/name`, and the claims that rejected it all the same."""

    id: str
    rejected_by: tuple[str, ...] = ()


class Baseline(Record, frozen=True, kw_only=True):
    """What the gate compares of a run."""

    kind: Literal["baseline"] = "baseline"
    schema: int = SCHEMA
    profile: str
    seed: int
    selection: tuple[str, ...]
    subjects: dict[str, str]
    mutants_tried: bool
    counts: Counts
    risk: float
    fingerprint: str
    arithmetic: dict[str, str]
    inputs: dict[str, str]
    claims: tuple[ClaimLine, ...]
    trials: tuple[TrialLine, ...]
    mutants: tuple[MutantLine, ...]
    equivalents: tuple[VariantLine, ...]
    idle_claims: tuple[str, ...]
    waivers: tuple[Waiver, ...] = ()

    def encode(self) -> bytes:
        """As JSON: keys sorted, a trial a line."""
        return spell(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it, whole or not at all."""
        write_whole(self.encode(), path)

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """Claim -> the verdict of its trials."""
        of: dict[str, list[Verdict]] = {claim.id: [] for claim in self.claims}
        for trial in self.trials:
            of[trial.claim].append(Verdict(trial.verdict))
        return {claim: worst_verdict(verdicts) for claim, verdicts in of.items()}


def baseline_of(run: Run, waivers: Sequence[Waiver] = ()) -> Baseline:
    """What the gate compares of a run, and the waivers that it is judged under. BadRun: the run contradicts itself."""
    about = run.environment
    packages = {name: version for name, version in _words(about.get("packages")).items() if name != "kexue-verify"}
    machine = {name: value for name, value in _words(about).items() if name in ARITHMETIC}
    made = Baseline(
        profile=run.profile,
        seed=run.seed,
        selection=run.selection,
        subjects=run.subjects,
        mutants_tried=run.mutants_tried,
        counts=run.counts,
        risk=run.risk,
        fingerprint=run.fingerprint,
        arithmetic=packages | machine,
        inputs=_words(about.get("inputs")),
        claims=_sorted(map(_claim_line, run.claims)),
        trials=tuple(sorted(map(_trial_line, run.trials), key=lambda trial: trial.address)),
        mutants=_sorted(map(_mutant_line, run.mutants)),
        equivalents=_sorted(VariantLine(id=f"{v.role}/{v.name}", rejected_by=v.rejected_by) for v in run.equivalents),
        idle_claims=tuple(sorted(run.idle_claims)),
        waivers=tuple(sorted(waivers, key=lambda waiver: waiver.claim)),
    )
    return checked(made, "the run")


def _sorted(lines: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(lines, key=lambda line: line.id))


def _claim_line(c: ClaimRecord) -> ClaimLine:
    return ClaimLine(id=c.id, evidence=c.evidence, least=c.region.least, most=c.region.most, risk=c.risk or NO_RISK)


def _trial_line(t: TrialRecord) -> TrialLine:
    e = t.enclosure
    return TrialLine(
        claim=t.claim, case=t.case, subject=REFERENCE if t.subject == REFERENCE else t.subject,
        verdict=t.verdict, basis=t.basis, digest=t.digest, reason=t.reason,  # type: ignore[arg-type]  # checked below
        low=e.low if e else None, high=e.high if e else None, risk=e.risk if e and e.risk else NO_RISK,
    )  # fmt: skip


def _mutant_line(m: MutantRecord) -> MutantLine:
    reach = None if m.reach == m.margin else m.reach
    return MutantLine(id=f"{m.role}/{m.name}", caught_by=m.caught_by, margin=m.margin, reach=reach, passed=m.passed)


def _words(values: Any) -> dict[str, str]:
    """The entries of a mapping that are words; a run's environment may hold anything."""
    return {k: v for k, v in values.items() if isinstance(v, str)} if isinstance(values, dict) else {}


class OtherSchema(ValueError):
    """A baseline of another schema: no defect, but nothing to compare with either. The message is one line."""


def load_baseline(path: str | os.PathLike[str]) -> Baseline:
    """Read a baseline, or a saved run as one.

    BadRun: too large (refused unread), or not what it should be. OtherSchema: another schema. OSError: cannot be read.
    """
    name, data = str(path), read(path)
    schema = schema_of(data, name)
    if isinstance(schema, bool) or not isinstance(schema, int) or not 0 < schema < 10_000:
        raise BadRun(f"{name}: neither a baseline nor a saved run")
    if schema != SCHEMA:
        raise OtherSchema(f"schema {schema}, but this version compares schema {SCHEMA}")
    if "kind" in parse(data, dict[str, msgspec.Raw], name):
        found: Baseline = parse(data, Baseline, name)
        return checked(found, name)
    return baseline_of(parse(data, Run, name))


def checked(found: Baseline, name: str) -> Baseline:
    """The same baseline. BadRun: what it says cannot be, so that no comparison with it means anything."""
    claims = _unique((claim.id for claim in found.claims), "claim", name)
    _unique((trial.address for trial in found.trials), "trial", name)
    _unique((mutant.id for mutant in found.mutants), "mutant", name)
    _unique((variant.id for variant in found.equivalents), "variant", name)
    for claim in found.claims:
        if float(claim.least) > float(claim.most) or not 0 <= claim.risk < 1:
            raise BadRun(f"{name}: claim {claim.id[:100]} allows [{claim.least}, {claim.most}] at risk {claim.risk}")
    for trial in found.trials:
        if trial.claim not in claims:
            raise BadRun(f"{name}: a trial of {trial.claim[:100]!r}, which is no claim of it")
        if trial.verdict not in set(Verdict):
            raise BadRun(f"{name}: {trial.claim[:100]} has the verdict {trial.verdict[:40]!r}")
        half = (trial.low is None) != (trial.high is None)
        if half or float(trial.low or 0.0) > float(trial.high or 0.0) or not 0 <= trial.risk < 1:
            raise BadRun(f"{name}: {trial.claim[:100]} [{trial.case[:100]}] lies in [{trial.low}, {trial.high}]")
    if min(msgspec.structs.astuple(found.counts)) < 0 or not found.risk >= 0:
        raise BadRun(f"{name}: a count or the risk is negative")
    return found


def _unique(names: Iterable[Any], what: str, name: str) -> set[Any]:
    seen: set[Any] = set()
    for each in names:
        if each in seen:
            raise BadRun(f"{name}: {what} {str(each)[:200]} stands there twice")
        seen.add(each)
    return seen


def by_claim(side: Baseline) -> dict[str, tuple[ClaimLine, list[TrialLine]]]:
    """Claim -> its line and those of its trials."""
    table: dict[str, tuple[ClaimLine, list[TrialLine]]] = {claim.id: (claim, []) for claim in side.claims}
    for trial in side.trials:
        table[trial.claim][1].append(trial)
    return table
