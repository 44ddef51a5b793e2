"""One trial, then and now: verdicts first, then the quantity itself, then the bits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from verify.engine.message import interval
from verify.engine.record import Allowed, Interval
from verify.evidence import Basis, Enclosure, Region, Verdict
from verify.gate.baseline import Baseline, ClaimLine, TrialLine
from verify.gate.finding import BADNESS, Finding, Word

TENTH = 0.1  # of the allowed bound: so much nearer to the edge is worse
# Another kernel rounds otherwise. Unless a quantity loses half of the digits of a double, that stays below this.
ROUNDING = 2.0**-26
STRENGTH = (Basis.RATIONAL, Basis.BALL, Basis.FLOAT, Basis.SAMPLE)


@dataclass(frozen=True)
class Alike:
    """What two runs share: the same instances (streams, real inputs), the same kernels, the same draws.

    Digests are compared where all is shared. Enclosures are always compared; where something is not shared, what that
    alone explains is `moved`.
    """

    instances: bool
    kernels: bool
    draws: bool

    @classmethod
    def of(cls, then: Baseline, now: Baseline) -> Alike:
        """How far two runs are alike."""
        common = then.inputs.keys() & now.inputs.keys()
        inputs = all(then.inputs[name] == now.inputs[name] for name in common)
        return cls(
            then.fingerprint == now.fingerprint and inputs,
            then.arithmetic == now.arithmetic,
            (then.seed, then.profile) == (now.seed, now.profile),
        )


def compare_trial(then: TrialLine, now: TrialLine, before: ClaimLine, after: ClaimLine, alike: Alike) -> Finding | None:
    """What became of a trial, in one finding; None: it is the same."""
    if then.verdict != now.verdict:
        return _verdict(then, now, after)
    if now.risk > max(then.risk, before.risk, after.risk):
        says = f"its claim may spend {after.risk:.3g}"
        risks = (f"risk {then.risk:.3g}", f"{now.risk:.3g}")
        return _finding(now, Word.LOOSENED, "risk", then=risks[0], now=risks[1], says=says)
    settled = now.verdict in (Verdict.HOLDS, Verdict.UNDECIDED)
    if settled and then.low is not None and now.low is not None:
        found = _quantity(then, now, before, after, alike)
        if found:
            return found
    return _bits(then, now, after, alike)


def _verdict(then: TrialLine, now: TrialLine, claim: ClaimLine) -> Finding:
    # what is skipped now has not become better, whatever it was: nobody sees any more what it would say
    worse = now.verdict == "skipped" or BADNESS[Verdict(now.verdict)] > BADNESS[Verdict(then.verdict)]
    parts = [f"now {shown(now)}, allowed {allowed(claim)}"] if now.low is not None else []
    says = "; ".join([*parts, now.reason] if now.reason else parts)
    weight = BADNESS[Verdict(now.verdict)]
    word = Word.WORSE if worse else Word.BETTER
    return _finding(now, word, "verdict", then=then.verdict, now=now.verdict, says=says, weight=weight)


def _quantity(then: TrialLine, now: TrialLine, before: ClaimLine, after: ClaimLine, alike: Alike) -> Finding | None:
    """The quantity on the yardstick of the earlier region: beyond chance, or by more than a tenth of the bound."""
    region = Region(float(before.least), float(before.most), "as it was")
    rooms = (region.room(_enclosure(then)), region.room(_enclosure(now)))
    nearer = 0.0 if rooms[0] == rooms[1] else rooms[0] - rooms[1]
    if after.evidence in ("certified", "statistical"):
        if not _disjoint(then, now):
            return None
        kind, says = "enclosure", "the enclosures do not meet" + (", beyond chance" if now.risk or then.risk else "")
        # a law is the same under other draws; a certified number belongs to its instance
        excused = not alike.instances and after.evidence == "certified"
    else:
        if abs(nearer) <= TENTH:
            return None
        kind, by = "edge", f"by {abs(nearer):.2g} of the allowed bound"
        says = f"{'nearer to' if nearer > 0 else 'farther from'} the edge {by}"
        shift = max(
            abs(float(now.low or 0.0) - float(then.low or 0.0)), abs(float(now.high or 0.0) - float(then.high or 0.0))
        )
        excused = not alike.instances or (not alike.kernels and after.evidence == "exact" and shift <= ROUNDING)
    word = Word.WORSE if nearer > 0 else Word.BETTER if nearer < 0 else Word.MOVED
    if excused and word is Word.WORSE:
        word, says = (
            Word.MOVED,
            says + (", on other instances" if not alike.instances else ", as another kernel rounds"),
        )
    says += f"; allowed {allowed(after)}"
    weight = nearer if math.isfinite(nearer) else math.inf
    return _finding(now, word, kind, then=shown(then), now=shown(now), says=says, weight=weight)


def _bits(then: TrialLine, now: TrialLine, claim: ClaimLine, alike: Alike) -> Finding | None:
    if then.basis != now.basis and then.basis and now.basis:
        says = "another source of the numbers" + (", a weaker one" if _strength(now) > _strength(then) else "")
        return _finding(now, Word.MOVED, "basis", then=then.basis, now=now.basis, says=says)
    if not (alike.instances and alike.kernels) or (claim.evidence == "statistical" and not alike.draws):
        return None
    if (then.digest, then.low, then.high, then.risk) == (now.digest, now.low, now.high, now.risk):
        return None
    ends = (shown(then), shown(now))
    if ends[0] == ends[1]:
        ends = (f"digest {then.digest or 'none'}", now.digest or "none")
    return _finding(now, Word.MOVED, "digest", then=ends[0], now=ends[1], says="same verdict, other bits")


def _finding(trial: TrialLine, word: Word, kind: str, **rest: object) -> Finding:
    return Finding(word=word, kind=kind, where=trial.claim, case=trial.case, **rest)  # type: ignore[arg-type]


def _enclosure(trial: TrialLine) -> Enclosure:
    return Enclosure(float(trial.low or 0.0), float(trial.high or 0.0))


def _disjoint(then: TrialLine, now: TrialLine) -> bool:
    a, b = _enclosure(then), _enclosure(now)
    return a.high < b.low or b.high < a.low


def _strength(trial: TrialLine) -> int:
    """The weaker the basis, the larger."""
    return STRENGTH.index(Basis(trial.basis)) if trial.basis in set(Basis) else len(STRENGTH)


def shown(trial: TrialLine) -> str:
    """`[low, high]`, a point as one number, or that there is none."""
    if trial.low is None or trial.high is None:
        return "no number"
    if trial.low == trial.high:
        return f"{float(trial.low):.6g}"
    return interval(Interval(low=trial.low, high=trial.high))


def allowed(claim: ClaimLine) -> str:
    """`[least, most]`."""
    return interval(Allowed(least=claim.least, most=claim.most, because=""))
