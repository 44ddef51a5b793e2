"""A run from beginning to end: plan the trials, execute them, hunt the mutants, and put everything on record."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from verify.claims.catalogue import Catalogue, UnknownName, catalogue, signature, unknown
from verify.claims.declare import Claim, Evidence
from verify.claims.grid import PROFILES, Case, stream
from verify.engine.drive import Driver, once
from verify.engine.journal import Header, Journal, code_fingerprint
from verify.engine.kill import KillMatrix
from verify.engine.machine import arithmetic
from verify.engine.pool import Inline, Local
from verify.engine.record import (
    Allowed,
    Cited,
    ClaimRecord,
    Counts,
    EquivalentRecord,
    FigureRecord,
    MutantRecord,
    RoleRecord,
    Run,
    SourceRecord,
    SystemRecord,
    TableRecord,
    TrialRecord,
    real,
)
from verify.engine.subject import load_subject, spec_of
from verify.engine.work import Work, execute
from verify.evidence import Basis, Verdict, worst_verdict


@dataclass(frozen=True)
class Profile:
    """How long to look: looks at most, and wall seconds after which a trial is an ERROR."""

    looks: int
    limit: float


PROFILE = {"quick": Profile(looks=10, limit=60.0), "full": Profile(looks=14, limit=600.0)}


class BadRequest(ValueError):
    """A request that cannot be carried out; the message says what to type instead."""


Progress = Callable[[int, int, str], None]  # finished, planned so far, what finished


def run(
    select: Sequence[str] | str = (),
    *,
    profile: str = "quick",
    jobs: int | None = None,
    seed: int = 0,
    subjects: Mapping[str, str | Callable[..., Any]] | None = None,
    case: Mapping[str, str] | None = None,
    mutants: bool = True,
    journal: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    modules: Sequence[str] | None = None,
    limit: float | None = None,
) -> Run:
    """Judge the selected claims and return the run.

    select: claim ids (their parts too), globs or systems; nothing means all.
    profile: "quick" or "full". jobs: worker processes, by default one a core; 0 works in this process.
    subjects: role -> a function or "MODULE:NAME"; then only claims of those roles run, without mutants. A function
    that other processes cannot find by its name runs in this process, without a time limit.
    case: axis -> value as text; only the cases that have them. journal: file that takes every finished trial;
    resume: do not repeat what it holds. modules: where claims are declared, by default the whole suite.
    A script that calls this with jobs needs the usual `if __name__ == "__main__":`, as its workers import it.
    BadRequest, UnknownName, BadSubject, ForeignJournal (all ValueError): the request is wrong.
    """
    if profile not in PROFILE:
        raise BadRequest(f"profile={profile!r}, but a profile is {' or '.join(PROFILES)}")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise BadRequest(f"seed={seed!r}, but a seed is an integer of at least 0")
    known = catalogue(modules)
    given, callables = _subjects(known, subjects or {})
    words = (select,) if isinstance(select, str) else tuple(select)
    claims = known.select(words)
    if given:
        claims = [claim for claim in claims if set(claim.roles) & set(given)]
    cases = _cases(claims, profile, case or {})
    planner = Planner(known, profile, seed, given)
    settings = PROFILE[profile] if limit is None else Profile(PROFILE[profile].looks, limit)
    header = Header(profile=profile, seed=seed, subjects=given, code=code_fingerprint(_files(given)))
    book = Journal(None if journal is None else Path(journal), header, resume=resume)
    workers = 0 if callables else (len(os.sched_getaffinity(0)) if jobs is None else jobs)
    pool = Local(workers, limit=settings.limit) if workers else None
    start, finished, planned = time.time(), 0, 0

    def on_finish(work: Work) -> None:
        nonlocal finished
        finished += 1
        if progress:
            progress(finished, max(planned, finished), f"{work.claim} {work.subject}")

    driver = Driver(
        pool or Inline(),
        partial(execute, callables=callables) if callables else execute,
        book,
        width=max(1, 2 * workers),
        limit=settings.limit,
        finished=on_finish,
    )
    at_once = True
    try:
        works = [planner.trial(claim, c) for claim in claims for c in cases[claim.id]]
        shown = [work for claim in claims for work in planner.exhibits(claim)] if not given and not case else []
        planned = len(works) + len(shown)
        results = driver.drive(map(once, works + shown))
        trials = [r for r in results if isinstance(r, TrialRecord)]
        figures = [r for r in results if isinstance(r, FigureRecord)]
        tables = [r for r in results if isinstance(r, TableRecord)]
        hunting = mutants and not given and not case
        matrix = _kill(known, claims, trials, planner, driver) if hunting else ([], [], [], [])
        at_once = False
    finally:
        book.close()
        if pool:
            pool.close(at_once=at_once)
    environment = _environment(header.code, start, driver.seconds, workers)
    return _assemble(known, claims, trials, figures, tables, matrix, hunting, planner, words, environment)


class Planner:
    """Makes work for one run."""

    def __init__(self, known: Catalogue, profile: str, seed: int, given: dict[str, str]) -> None:
        self.known, self.profile, self.seed, self.given = known, profile, seed, given

    def trial(self, claim: Claim, case: Case) -> Work:
        """A trial of the reference, or of the user's subjects."""
        given = tuple((role, self.given[role]) for role in claim.roles if role in self.given)
        return self._work(claim, case.key, looks=PROFILE[self.profile].looks, given=given)

    def variant(self, claim: Claim, case: str, name: str, looks: int) -> Work:
        """A trial of a mutant or equivalent."""
        return self._work(claim, case, looks=looks, variant=name)

    def exhibits(self, claim: Claim) -> list[Work]:
        """The figure and the table of a claim, if it has them."""
        kinds = {"figure": self.known.drawings, "table": self.known.tables}
        return [self._work(claim, "", looks=0, shows=kind) for kind, made in kinds.items() if claim.id in made]

    def _work(self, claim: Claim, case: str, **how: Any) -> Work:
        return Work(modules=self.known.modules, claim=claim.id, case=case, profile=self.profile, seed=self.seed, **how)


Matrix = tuple[list[MutantRecord], list[EquivalentRecord], list[str], list[str]]


def _kill(known: Catalogue, claims: list[Claim], trials: list[TrialRecord], planner: Planner, driver: Driver) -> Matrix:
    """(mutants, equivalents, survivors, idle claims).

    Where a selection leaves out claims of a role, its mutants may be caught by those: one that the selected claims do
    not catch is then no survivor and is left out.
    """
    matrix = KillMatrix(known, claims, trials, planner.variant)
    chosen = {claim.id for claim in claims}
    roles = {role for claim in claims for role in claim.roles}
    whole = {role for role in roles if all(claim.id in chosen for claim in known.of_role(role))}
    hunted = driver.drive(matrix.hunt(mutant) for mutant in known.mutants() if mutant.role in roles)
    killers = {found.caught_by for found in hunted}
    idle = [claim for claim in claims if claim.id not in killers and not _skipped(claim.id, trials)]
    second = driver.drive(matrix.idle(claim, hunted) for claim in idle)
    also: dict[tuple[str, str], list[str]] = {}
    for claim, met in zip(idle, second, strict=True):
        if met is not None:
            also.setdefault(met, []).append(claim.id)
    spared = driver.drive(matrix.spare(variant) for variant in known.equivalents() if variant.role in roles)
    mutants = [
        MutantRecord(
            role=m.role, name=m.name, slip=m.slip, caught_by=m.caught_by, case=m.case, margin=m.margin, passed=m.passed,
            reach=m.reach, also_caught_by=tuple(also.get((m.role, m.name), ())),
        )
        for m in hunted
        if m.caught_by or m.role in whole
    ]  # fmt: skip
    survivors = [f"{m.role}/{m.name}" for m in mutants if m.caught_by is None]
    return mutants, spared, survivors, [c.id for c, met in zip(idle, second, strict=True) if met is None]


def _skipped(claim: str, trials: list[TrialRecord]) -> bool:
    return all(trial.verdict == Verdict.SKIPPED for trial in trials if trial.claim == claim)


def _subjects(
    known: Catalogue, subjects: Mapping[str, str | Callable[..., Any]]
) -> tuple[dict[str, str], dict[str, Callable[..., Any]]]:
    """(role -> name of the subject, role -> function where only this process has it), all of them loaded once."""
    names: dict[str, str] = {}
    callables: dict[str, Callable[..., Any]] = {}
    for role, subject in subjects.items():
        if role not in known.roles:
            raise UnknownName(
                unknown("role", role, list(known.roles), "verify list --json names the roles of every claim")
            )
        if isinstance(subject, str):
            load_subject(subject)
            names[role] = subject
        elif callable(subject):
            spec = spec_of(subject)
            names[role] = spec or f"{getattr(subject, '__module__', '?')}:{getattr(subject, '__qualname__', 'subject')}"
            if spec is None:
                callables[role] = subject
        else:
            raise BadRequest(f"subjects[{role!r}]={subject!r}, but a subject is a function or 'MODULE:NAME'")
    return names, callables


def _files(given: Mapping[str, str]) -> list[Path]:
    """The source files of subjects that are named by path: their results are not resumed after an edit."""
    paths = (Path(spec.rpartition(":")[0]) for spec in given.values())
    return [path for path in paths if path.suffix == ".py" and path.is_file()]


def _cases(claims: list[Claim], profile: str, wanted: Mapping[str, str]) -> dict[str, list[Case]]:
    """Claim -> its cases in the profile that have the wanted values. BadRequest: no case of any claim has them."""
    parts = {f"{name}={value}" for name, value in wanted.items()}
    cases = {
        claim.id: [case for case in claim.case_list(profile) if parts <= set(case.key.split(","))] for claim in claims
    }
    if parts and claims and not any(cases.values()):
        some = next(iter(claims))
        have = "; ".join(case.key or "(one case without values)" for case in some.case_list(profile)[:6])
        raise BadRequest(f"no {profile} case has {','.join(sorted(parts))}; {some.id} has {have}")
    return cases


def fingerprint() -> str:
    """A hash of the first raw words and normals of a stream: runs under equal ones met the same draws."""
    rng = stream("fingerprint")
    raw = rng.bit_generator.random_raw(64).tobytes()
    return hashlib.sha256(raw + rng.normal(size=64).tobytes()).hexdigest()[:16]


def _environment(code: str, start: float, seconds: dict[str, float], workers: int) -> dict[str, Any]:
    from verify.data import fingerprints

    return {
        "inputs": fingerprints(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "wall_seconds": round(time.time() - start, 3),
        "cpu_seconds": {claim: round(s, 4) for claim, s in sorted(seconds.items())},
        "workers": workers,
        "python": platform.python_version(),
        "code": code,
        **arithmetic(),
    }


def _assemble(
    known: Catalogue,
    claims: list[Claim],
    trials: list[TrialRecord],
    figures: list[FigureRecord],
    tables: list[TableRecord],
    matrix: Matrix,
    hunted: bool,
    planner: Planner,
    selection: tuple[str, ...],
    environment: dict[str, Any],
) -> Run:
    by_claim: dict[str, list[TrialRecord]] = {claim.id: [] for claim in claims}
    for trial in trials:
        by_claim[trial.claim].append(trial)
    claims = [claim for claim in claims if by_claim[claim.id]]  # --case may leave a claim without any
    sampled = [trial for trial in trials if trial.basis == Basis.SAMPLE]
    mutants, equivalents, survivors, idle = matrix
    verdicts = [trial.verdict for trial in trials]
    counts = Counts(
        claims=len(claims),
        planned=len(trials),
        settled=sum(v not in (Verdict.SKIPPED, Verdict.ERROR) for v in verdicts),
        skipped=verdicts.count(Verdict.SKIPPED),
        errors=verdicts.count(Verdict.ERROR),
        mutants=len(mutants),
        caught=len(mutants) - len(survivors),
    )
    cited = {claim.source.source.key: claim.source.source for claim in claims}
    roles = dict.fromkeys(role for claim in claims for role in claim.roles)
    names = {claim.system for claim in claims}
    return Run(
        profile=planner.profile,
        seed=planner.seed,
        selection=selection,
        subjects=planner.given,
        counts=counts,
        risk=sum(known.claims[trial.claim].risk for trial in sampled),
        systems=tuple(
            SystemRecord(name=s.name, title=s.title, finding=s.finding, picture=s.picture)
            for s in known.systems.values()
            if s.name in names
        ),
        sources=tuple(SourceRecord(key=s.key, authors=s.authors, title=s.title, where=s.where) for s in cited.values()),
        roles=tuple(_role_record(known, role) for role in roles),
        claims=tuple(claim_record(claim, by_claim[claim.id]) for claim in claims),
        trials=tuple(trials),
        figures=tuple(figures),
        tables=tuple(tables),
        mutants=tuple(mutants),
        equivalents=tuple(equivalents),
        survivors=tuple(survivors),
        idle_claims=tuple(idle),
        mutants_tried=hunted,
        fingerprint=fingerprint(),
        environment=environment,
    )


def _role_record(known: Catalogue, id: str) -> RoleRecord:
    role = known.roles[id]
    return RoleRecord(
        id=id, signature=signature(role), numbers=role.numbers, doc=(role.reference.__doc__ or "").strip()
    )


def claim_record(claim: Claim, trials: list[TrialRecord]) -> ClaimRecord:
    """A claim with the verdict of its trials and the case nearest to the edge."""
    verdict = worst_verdict([Verdict(trial.verdict) for trial in trials])
    blamed = [trial for trial in trials if trial.verdict == verdict]
    worst = min(blamed, key=lambda trial: float(trial.room), default=None)
    return ClaimRecord(
        id=claim.id,
        system=claim.system,
        title=claim.title,
        statement=claim.statement,
        source=Cited(key=claim.source.source.key, place=claim.source.place),
        evidence=claim.evidence.value,
        role=", ".join(claim.roles),
        roles=claim.roles,
        quantity=claim.quantity,
        refutes=claim.refutes,
        region=Allowed(least=real(claim.region.least), most=real(claim.region.most), because=claim.region.because),
        verdict=verdict.value,
        worst=worst.case if worst else None,
        risk=claim.risk if claim.evidence is Evidence.STATISTICAL else 0.0,
    )
