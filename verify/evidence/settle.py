"""Settling: pull ever sharper enclosures until the region decides."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from verify.evidence.enclosure import Basis, Enclosure
from verify.evidence.region import Region, Verdict


class Vacuous(Exception):
    """The test set misses the cases that the claim is about: an ERROR, never a pass."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict, the enclosures that led to it, and the risk spent on all of them."""

    verdict: Verdict
    looks: tuple[Enclosure, ...] = ()
    reason: str = ""

    @property
    def enclosure(self) -> Enclosure | None:
        """The last look, which decided."""
        return self.looks[-1] if self.looks else None

    @property
    def spent(self) -> float:
        """The risk of all looks: stopping at the one that decides is paid for by every earlier one."""
        return math.fsum(look.risk for look in self.looks)

    @property
    def effort(self) -> int:
        """Draws, bits or 0: what the last look cost in all."""
        return self.looks[-1].effort if self.looks else 0

    @property
    def digest(self) -> str:
        """A hash of every yielded enclosure, bit for bit."""
        digest = hashlib.sha256()
        for look in self.looks:
            digest.update(struct.pack("<3d", look.low, look.high, look.risk))
        return digest.hexdigest()[:16]


def settle(looks: Iterable[Any], region: Region, *, most: int = 64) -> Outcome:
    """Judge one look after the other, at most `most`, until the verdict is no longer UNDECIDED.

    A measurement that yields nothing is an ERROR: nothing was measured, so nothing holds.
    """
    seen: list[Enclosure] = []
    verdict = Verdict.UNDECIDED
    for look in islice(looks, most):
        if not isinstance(look, Enclosure):
            return Outcome(Verdict.ERROR, tuple(seen), f"yielded {type(look).__name__}, but only enclosures are judged")
        seen.append(look)
        verdict = region.judge(look)
        if verdict is not Verdict.UNDECIDED:
            break
    if not seen:
        return Outcome(Verdict.ERROR, (), "measured nothing")
    return Outcome(verdict, tuple(seen))


def uncertified(outcome: Outcome) -> Basis | None:
    """The basis of a look that certifies nothing, if there is one."""
    from verify.evidence.enclosure import CERTIFYING

    return next((look.basis for look in outcome.looks if look.basis not in CERTIFYING), None)
