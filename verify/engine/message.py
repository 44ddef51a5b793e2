"""A trial in four lines: what was measured, what was allowed, where, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from verify.engine.record import Allowed, ClaimRecord, Interval, Real, Run, TrialRecord


def message(claim: ClaimRecord, trial: TrialRecord, *, profile: str = "quick", given: Mapping[str, str] = {}) -> str:
    """The lines for one trial; `given` are the run's subjects, role -> MODULE:NAME."""
    case = trial.case.replace(",", " ")
    lines = [f"{trial.claim}  {trial.verdict.upper()}   {case}   subject {trial.subject}".replace("      ", "   ")]
    if trial.enclosure is not None:
        quantity = f"  {claim.quantity}" if claim.quantity else ""
        lines.append(f"    measured  {interval(trial.enclosure)}{quantity}    (risk {trial.enclosure.risk:g})")
    lines.append(f"    allowed   {interval(claim.region)}")
    if trial.reason:
        lines.append(f"    because   {trial.reason}")
    lines.append(f"    again     {again(claim, trial.case, profile=profile, given=given)}")
    return "\n".join(lines)


def message_of(run: Run, trial: TrialRecord) -> str:
    """The lines for a trial of a run."""
    claim = next(claim for claim in run.claims if claim.id == trial.claim)
    return message(claim, trial, profile=run.profile, given=run.subjects)


def again(claim: ClaimRecord, case: str, *, profile: str = "quick", given: Mapping[str, str] = {}) -> str:
    """The command that repeats one case, quoted for a shell."""
    words = ["verify", "run", claim.id]
    if case:
        words += ["--case", case]
    if profile != "quick":
        words += ["--profile", profile]
    for role in claim.roles:
        if role in given:
            words += ["--subject", f"{role}={given[role]}"]
    return shlex.join(words)


def interval(ends: Interval | Allowed) -> str:
    """`[low, high]` with as many digits as tell the ends apart."""
    low, high = (ends.low, ends.high) if isinstance(ends, Interval) else (ends.least, ends.most)
    return f"[{_end(low)}, {_end(high)}]"


def _end(x: Real) -> str:
    return f"{float(x):.6g}"
