"""The kill matrix: every mutant must fail some claim of its role, and every claim must fail some mutant.

Each hunt is a generator: it yields the next trial and is sent its record. What it does depends on records alone, never on
times or on other hunts, so the matrix is the same for any number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from verify.claims.catalogue import Catalogue
from verify.claims.declare import Claim, Implementation
from verify.engine.record import EquivalentRecord, MutantRecord, Real, TrialRecord, real
from verify.engine.work import Work
from verify.evidence import Basis, Enclosure, Verdict

Hunt = Generator[Work, TrialRecord, TrialRecord | None]
MORE_LOOKS = 2  # than the reference needed: a mutant that is as hard to tell as that is no clear mistake


class KillMatrix:
    """Hunts for the mutants of a catalogue, given the reference trials of the claims that take part."""

    def __init__(
        self,
        known: Catalogue,
        claims: list[Claim],
        trials: list[TrialRecord],
        make: Callable[[Claim, str, str, int], Work],
    ) -> None:
        self._known = known
        self._make = make
        self._trials: dict[str, list[TrialRecord]] = {claim.id: [] for claim in claims}
        for trial in trials:
            self._trials[trial.claim].append(trial)
        # cheapest first, by what was drawn and by how many cases there are: seconds would not repeat
        self._claims = sorted(claims, key=self._cost)

    def _cost(self, claim: Claim) -> tuple[int, int]:
        trials = self._trials[claim.id]
        return sum(t.effort for t in trials if t.basis == Basis.SAMPLE), len(trials)

    def of_role(self, role: str) -> list[Claim]:
        """The claims that judge a role, cheapest first."""
        return [claim for claim in self._claims if role in claim.roles]

    def confront(self, claim: Claim, variant: Implementation) -> Hunt:
        """Try a variant on the cases of one claim, up to the first that FAILS, which is returned."""
        name = f"{variant.role}/{variant.name}"
        for reference in self._trials[claim.id]:
            if reference.verdict == Verdict.SKIPPED:
                continue
            trial = yield self._make(claim, reference.case, name, max(reference.looks, 1) + MORE_LOOKS)
            if trial.verdict == Verdict.FAILS:
                return trial
        return None

    def hunt(self, mutant: Implementation) -> Generator[Work, TrialRecord, MutantRecord]:
        """Claims of the mutant's role, cheapest first, up to the first that it fails."""
        passed: list[str] = []
        for claim in self.of_role(mutant.role):
            trial = yield from self.confront(claim, mutant)
            if trial is not None:
                return MutantRecord(
                    role=mutant.role, name=mutant.name, slip=mutant.why, caught_by=claim.id, case=trial.case,
                    margin=trial.margin, reach=_reach(claim, trial), passed=tuple(passed),
                )  # fmt: skip
            passed.append(claim.id)
        return MutantRecord(
            role=mutant.role,
            name=mutant.name,
            slip=mutant.why,
            caught_by=None,
            case=None,
            margin=None,
            passed=tuple(passed),
        )

    def idle(self, claim: Claim, hunted: list[MutantRecord]) -> Generator[Work, TrialRecord, tuple[str, str] | None]:
        """A claim that has failed no mutant meets those it has not met; the first that it fails is returned."""
        for met in hunted:
            if met.role in claim.roles and claim.id not in met.passed:
                mutant = self._known.roles[met.role].mutants[met.name]
                if (yield from self.confront(claim, mutant)) is not None:
                    return met.role, met.name
        return None

    def spare(self, variant: Implementation) -> Generator[Work, TrialRecord, EquivalentRecord]:
        """A harmless variant must be failed by no claim of its role."""
        rejected = []
        for claim in self.of_role(variant.role):
            trial = yield from self.confront(claim, variant)
            if trial is not None:
                rejected.append(claim.id)
        return EquivalentRecord(role=variant.role, name=variant.name, because=variant.why, rejected_by=tuple(rejected))


def _reach(claim: Claim, trial: TrialRecord) -> Real:
    """The largest margin that the enclosure of a failure leaves possible: that of its far end."""
    if trial.enclosure is None:
        return trial.margin
    ends = (float(trial.enclosure.low), float(trial.enclosure.high))
    return real(max(claim.region.margin(Enclosure(end, end)) for end in ends))
