"""One trial: a claim, a case and a subject; what is measured, and whose fault it is when that goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from verify.claims.declare import Claim, Evidence
from verify.claims.grid import Case, stream
from verify.data import NotInstalled
from verify.engine.record import Interval, TrialRecord, real
from verify.engine.subject import Watched
from verify.evidence import CERTIFYING, Basis, Enclosure, NotANumber, Outcome, Vacuous, Verdict, settle

REFERENCE = "reference"


def measure(claim: Claim, case: Case, functions: tuple[Callable[..., Any], ...], *, seed: int, looks: int) -> Outcome:
    """Settle one trial. Never raises an Exception: whatever happens is a verdict with a reason.

    Only samples follow the seed of the run; every other claim meets the same instances in every run.
    """
    subjects = tuple(Watched(function) for function in functions)
    follows = seed if claim.evidence is Evidence.STATISTICAL else "fixed"
    rng = stream("trial", follows, claim.id, case.key)
    seen: list[Enclosure] = []

    def remembered() -> Iterator[Enclosure]:
        for look in claim.measure(*subjects, case, rng):
            seen.append(look)
            yield look

    try:
        with np.errstate(all="ignore"):
            outcome = settle(remembered(), claim.region, most=looks)
    except NotInstalled as error:
        return Outcome(Verdict.SKIPPED, tuple(seen), str(error))
    except NotANumber as error:
        return Outcome(Verdict.FAILS, (), str(error))
    except Vacuous as error:
        return Outcome(Verdict.ERROR, tuple(seen), f"vacuous: {error}")
    except Exception as error:
        words = f"{type(error).__name__}: {error}"[:500]
        if any(subject.is_to_blame_for(error) for subject in subjects):
            return Outcome(Verdict.FAILS, (), f"the subject raised {words}")
        return Outcome(Verdict.ERROR, tuple(seen), words)
    return _checked(claim, case, subjects, outcome)


def _checked(claim: Claim, case: Case, subjects: tuple[Watched, ...], outcome: Outcome) -> Outcome:
    """An outcome that breaks the rules of its own claim is an ERROR, however it was judged."""
    if outcome.verdict is Verdict.ERROR:
        return outcome
    bases = {look.basis for look in outcome.looks}
    fault = ""
    idle = [role for role, subject in zip(claim.roles, subjects, strict=True) if not subject.calls]
    if idle:
        fault = f"never called its subject for {', '.join(idle)}"
    elif claim.evidence is Evidence.CERTIFIED and bases - CERTIFYING:
        fault = f"says certified, but rests on {', '.join(sorted(bases - CERTIFYING))}"
    elif claim.evidence is not Evidence.STATISTICAL and Basis.SAMPLE in bases:
        fault = f"says {claim.evidence}, but rests on samples"
    elif outcome.spent > case.risk * (1 + 1e-9):
        fault = f"spent risk {outcome.spent:.3g} of {case.risk:.3g}"
    return Outcome(Verdict.ERROR, outcome.looks, fault) if fault else outcome


def record(claim: Claim, case: Case, subject: str, outcome: Outcome) -> TrialRecord:
    """An outcome under its address."""
    last = outcome.enclosure
    raised = last is None and outcome.verdict is Verdict.FAILS  # infinitely far from every region
    return TrialRecord(
        claim=claim.id,
        case=case.key,
        subject=subject,
        verdict=outcome.verdict.value,
        enclosure=None if last is None else Interval(low=real(last.low), high=real(last.high), risk=outcome.spent),
        looks=len(outcome.looks),
        trail=tuple((real(look.low), real(look.high)) for look in outcome.looks),
        basis="" if last is None else last.basis.value,
        effort=outcome.effort,
        margin="inf" if raised else 0.0 if last is None else real(claim.region.margin(last)),
        room="-inf" if raised else 0.0 if last is None else real(claim.region.room(last)),
        digest=outcome.digest,
        reason=outcome.reason,
    )


def broken(claim: str, case: str, subject: str, reason: str) -> TrialRecord:
    """The record of a trial whose process did not live to tell."""
    return TrialRecord(
        claim=claim, case=case, subject=subject, verdict=Verdict.ERROR.value, enclosure=None, looks=0, trail=(),
        basis="", effort=0, margin=0.0, room=0.0, digest="", reason=reason,
    )  # fmt: skip
