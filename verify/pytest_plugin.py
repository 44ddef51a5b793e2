"""Claims as tests: for our own tests, and for other people's who judge their implementation by the same claims.

from verify.pytest_plugin import parametrize_with_claims

@parametrize_with_claims("emo", subject={"emo.demd": my_demd})
def test_my_demd(trial):
    trial.check()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from verify.claims.catalogue import Catalogue, catalogue
from verify.claims.declare import Claim, Implementation
from verify.claims.grid import Case
from verify.engine.kill import KillMatrix
from verify.engine.message import message
from verify.engine.record import EquivalentRecord, MutantRecord, TrialRecord
from verify.engine.run import PROFILE, claim_record
from verify.engine.subject import load_subject
from verify.engine.trial import REFERENCE, measure, record
from verify.engine.work import Work, execute
from verify.evidence import Verdict

Subjects = Mapping[str, Callable[..., Any] | str]


@dataclass(frozen=True)
class Trial:
    """One claim on one case; `check` fails with what was measured, what was allowed, and what to type."""

    known: Catalogue
    claim: Claim
    case: Case
    profile: str
    subjects: tuple[tuple[str, Callable[..., Any]], ...] = ()

    @property
    def id(self) -> str:
        """The id of the test."""
        return f"{self.claim.id}[{self.case.key}]" if self.case.key else self.claim.id

    def record(self) -> TrialRecord:
        """Settle it here and now."""
        functions = {role: self.known.roles[role].reference for role in self.claim.roles} | dict(self.subjects)
        looks = PROFILE[self.profile].looks
        outcome = measure(self.claim, self.case, tuple(functions[r] for r in self.claim.roles), seed=0, looks=looks)
        names = " ".join(f"{f.__module__}:{f.__qualname__}" for _, f in self.subjects)
        return record(self.claim, self.case, names or REFERENCE, outcome)

    def check(self) -> None:
        """Fail unless the claim HOLDS; skip where real data is not installed."""
        found = self.record()
        if found.verdict == Verdict.SKIPPED:
            pytest.skip(found.reason)
        if found.verdict != Verdict.HOLDS:
            given = {role: f"{f.__module__}:{f.__qualname__}" for role, f in self.subjects}
            text = message(claim_record(self.claim, [found]), found, profile=self.profile, given=given)
            pytest.fail(text, pytrace=False)


@dataclass(frozen=True)
class Confrontation:
    """A mutant that some claim of its role must catch, or an equivalent that all must spare."""

    known: Catalogue
    variant: Implementation

    @property
    def id(self) -> str:
        """The id of the test."""
        return f"{self.variant.role}/{self.variant.name}"

    def hunt(self) -> MutantRecord:
        """Claims of the role, cheapest first, until one fails the mutant."""
        return _drive(_matrix(self.known, self.variant.role).hunt(self.variant))  # type: ignore[no-any-return]

    def spare(self) -> EquivalentRecord:
        """Every claim of the role, looking for one that rejects the harmless variant."""
        return _drive(_matrix(self.known, self.variant.role).spare(self.variant))  # type: ignore[no-any-return]


def parametrize_with_claims(
    select: str | Sequence[str] = (), subject: Subjects | None = None, *, profile: str = "quick", modules: Any = None
) -> pytest.MarkDecorator:
    """Parametrise a test with `trial`, one for each case of each selected claim.

    subject: role -> function or "MODULE:NAME"; then only claims of these roles are taken.
    """
    known = catalogue(modules)
    given = {role: load_subject(f) if isinstance(f, str) else f for role, f in (subject or {}).items()}
    for role in given:
        known.role(role)  # an unknown role says what the nearest is called
    claims = known.select((select,) if isinstance(select, str) else select)
    trials = [
        Trial(known, claim, case, profile, tuple((r, given[r]) for r in claim.roles if r in given))
        for claim in claims
        if not given or set(claim.roles) & set(given)
        for case in claim.case_list(profile)
    ]
    return pytest.mark.parametrize("trial", [pytest.param(trial, id=trial.id) for trial in trials])


def parametrize_with_mutants(select: str | Sequence[str] = (), *, modules: Any = None) -> pytest.MarkDecorator:
    """Parametrise a test with `mutant`, one for each mutant of the roles that the selected claims judge."""
    return _variants("mutant", select, modules)


def parametrize_with_equivalents(select: str | Sequence[str] = (), *, modules: Any = None) -> pytest.MarkDecorator:
    """Parametrise a test with `equivalent`, likewise."""
    return _variants("equivalent", select, modules)


def _variants(kind: str, select: str | Sequence[str], modules: Any) -> pytest.MarkDecorator:
    known = catalogue(modules)
    roles = {role for claim in known.select((select,) if isinstance(select, str) else select) for role in claim.roles}
    everything = known.mutants() if kind == "mutant" else known.equivalents()
    tests = [Confrontation(known, variant) for variant in everything if variant.role in roles]
    return pytest.mark.parametrize(kind, [pytest.param(test, id=test.id) for test in tests])


@cache
def _reference(modules: tuple[str, ...], claim: str) -> list[TrialRecord]:
    """The reference trials of a claim, computed once a process: hunts need their looks and their cost."""
    known = catalogue(modules)
    return [Trial(known, known.claims[claim], c, "quick").record() for c in known.claims[claim].case_list("quick")]


def _matrix(known: Catalogue, role: str) -> KillMatrix:
    claims = known.of_role(role)
    trials = [trial for claim in claims for trial in _reference(known.modules, claim.id)]

    def make(claim: Claim, case: str, name: str, looks: int) -> Work:
        return Work(
            modules=known.modules, claim=claim.id, case=case, profile="quick", seed=0, looks=looks, variant=name
        )

    return KillMatrix(known, claims, trials, make)


def _drive(hunt: Any) -> Any:
    """Run a hunt in this process."""
    sent = None
    while True:
        try:
            work = hunt.send(sent)
        except StopIteration as end:
            return end.value
        sent = execute(work).trial


__all__ = [
    "Confrontation",
    "Trial",
    "parametrize_with_claims",
    "parametrize_with_equivalents",
    "parametrize_with_mutants",
]
