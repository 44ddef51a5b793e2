"""Two runs compared by what they mean: findings, worst first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from verify.evidence import Verdict
from verify.gate.baseline import REFERENCE, Baseline, TrialLine
from verify.gate.claims import compare_claims
from verify.gate.finding import THE_RUN, Finding, Word, pairs
from verify.gate.lenience import active, compare_waivers, excused
from verify.gate.mutants import compare_mutants, compare_variants
from verify.gate.surroundings import foreign, surroundings, totals
from verify.gate.trials import Alike, compare_trial


@dataclass(frozen=True)
class Comparison:
    """A baseline, a run, and what became of it. `then` is None where the baseline could not be compared at all."""

    then: Baseline | None
    now: Baseline
    findings: tuple[Finding, ...]
    same: int
    today: date
    waived: frozenset[str] = field(default_factory=frozenset)

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings that fail the gate, worst first."""
        return tuple(finding for finding in self.findings if finding.fails)

    @property
    def refused(self) -> tuple[Finding, ...]:
        """Why the two cannot be compared; empty where they can."""
        kinds = ("schema", "profile", "seed", "selection", "subjects", "mutants")
        return tuple(f for f in self.findings if f.word is Word.NOT_COMPARABLE and f.kind in kinds)

    @property
    def tally(self) -> dict[str, int]:
        """How many of each word, worst first."""
        words = [finding.word for finding in self.findings]
        return {word.value: self.same if word is Word.SAME else words.count(word) for word in Word}

    @property
    def unsettled(self) -> tuple[TrialLine, ...]:
        """The trials of the run that do not hold and are not waived: they fail whatever the baseline says."""
        bad = (Verdict.FAILS, Verdict.ERROR, Verdict.UNDECIDED)
        return tuple(t for t in self.now.trials if t.verdict in bad and t.claim not in self.waived)

    @property
    def exit_code(self) -> int:
        """1 for a finding or a failure; else 3 for an error, no trials or not comparable; else 1 for undecided; else 0."""
        verdicts = {trial.verdict for trial in self.unsettled}
        broken = any(m.caught_by is None for m in self.now.mutants) or any(v.rejected_by for v in self.now.equivalents)
        if self.failing or Verdict.FAILS in verdicts or broken or self.now.idle_claims:
            return 1
        if self.refused or Verdict.ERROR in verdicts or not self.now.trials:
            return 3
        return 1 if Verdict.UNDECIDED in verdicts else 0


def compare(then: Baseline, now: Baseline, *, today: date, strict: bool = True) -> Comparison:
    """The findings of a run `now` against a baseline `then`; waivers of `now` count up to `today`.

    strict: runs of another profile, seed, selection or subject are refused, and nothing else is said. Otherwise what
    they have in common is compared all the same.
    """
    waived = active(now, today)
    refused = list(foreign(then, now))
    if refused and strict:
        return Comparison(then, now, tuple(sorted(refused, key=_order)), 0, today, frozenset(waived))
    alike = Alike.of(then, now)
    trials = list(_trials(then, now, alike))
    findings = [*(finding for finding in trials if finding is not None), *compare_claims(then, now)]
    findings = [excused(finding, waived.get(finding.where)) for finding in findings]
    if then.mutants_tried and now.mutants_tried:
        findings += compare_mutants(then, now)
        findings += compare_variants(then, now)
    findings += compare_waivers(then, now, today)
    findings += totals(then, now)
    findings += surroundings(then, now)
    findings = sorted(refused + findings, key=_order)
    return Comparison(then, now, tuple(findings), trials.count(None), today, frozenset(waived))


def incomparable(now: Baseline, why: str, *, today: date) -> Comparison:
    """A run against a baseline that cannot be read as one of this version."""
    finding = Finding(word=Word.NOT_COMPARABLE, kind="schema", where=THE_RUN, says=why)
    return Comparison(None, now, (finding,), 0, today, frozenset(active(now, today)))


def _order(finding: Finding) -> Any:
    return finding.order


def _trials(then: Baseline, now: Baseline, alike: Alike) -> Iterator[Finding | None]:
    before, after = ({claim.id: claim for claim in side.claims} for side in (then, now))
    if then.subjects != now.subjects:  # side by side, one subject against another
        then, now = (_nameless(side) for side in (then, now))
    for old, new in pairs(then.trials, now.trials, lambda trial: trial.address):
        if old and new:
            yield compare_trial(old, new, before[new.claim], after[new.claim], alike)
        elif old and old.claim in after:
            yield Finding(
                word=Word.GONE,
                kind="case",
                where=old.claim,
                case=old.case,
                says=f"was planned in the baseline{_by(old)}, is not planned now",
            )
        elif new and new.claim in before:
            yield _new_case(new)


def _nameless(side: Baseline) -> Baseline:
    """The trials without the names of their subjects."""
    trials = tuple(msgspec.structs.replace(trial, subject=REFERENCE) for trial in side.trials)
    return msgspec.structs.replace(side, trials=trials)


def _by(trial: TrialLine) -> str:
    """The subject, where it is not ours."""
    return "" if trial.subject == REFERENCE else f" for {trial.subject}"


def _new_case(trial: TrialLine) -> Finding:
    holds = trial.verdict in (Verdict.HOLDS, Verdict.SKIPPED)
    word, kind, says = (
        (Word.NEW, "case", f"a new case{_by(trial)}") if holds else (Word.WORSE, "verdict", "a new case does not hold")
    )
    says += f": {trial.reason}" if trial.reason else ""
    return Finding(word=word, kind=kind, where=trial.claim, case=trial.case, now=trial.verdict, says=says)
