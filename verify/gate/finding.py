"""A finding: one thing that is not as it was, in one of eight words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from verify.engine.record import Record
from verify.evidence import Verdict

THE_RUN = "the run"
T = TypeVar("T")


class Word(StrEnum):
    """What became of something; worst first, and the first three fail the gate."""

    WORSE = "worse"
    GONE = "gone"
    LOOSENED = "loosened"
    NOT_COMPARABLE = "not comparable"
    MOVED = "moved"
    NEW = "new"
    BETTER = "better"
    SAME = "same"


SIGN = {
    Word.WORSE: "▼",
    Word.GONE: "−",
    Word.LOOSENED: "↔",
    Word.NOT_COMPARABLE: "?",
    Word.MOVED: "→",
    Word.NEW: "+",
    Word.BETTER: "▲",
    Word.SAME: "=",
}
FAILING = frozenset({Word.WORSE, Word.GONE, Word.LOOSENED})

# Within a word, what weighs more comes first. The words are those of the JSON.
KINDS = (
    "schema", "profile", "seed", "selection", "subjects", "mutants", "streams", "inputs", "kernels",
    "verdict", "survivor", "rejected", "idle", "enclosure", "edge", "catcher", "margin",
    "claim", "case", "mutant", "equivalent", "counts",
    "region", "evidence", "risk", "waiver", "budget", "basis", "digest",
)  # fmt: skip


class Finding(Record, frozen=True, kw_only=True):
    """`where` is a claim, a mutant or variant `role/name`, or the run; `then` and `now` are words or numbers to compare.

    `says` is the rest of the sentence; `weight` sorts findings of one kind, the heaviest first.
    """

    word: Word
    kind: str
    where: str
    case: str = ""
    then: str = ""
    now: str = ""
    says: str = ""
    weight: float = 0.0

    @property
    def fails(self) -> bool:
        """True if it fails the gate."""
        return self.word in FAILING

    @property
    def change(self) -> str:
        """`holds -> fails`, or what there is of it."""
        return " -> ".join(part for part in (self.then, self.now) if part)

    @property
    def order(self) -> tuple[int, int, float, str, str]:
        """Sorts worst first."""
        return list(Word).index(self.word), KINDS.index(self.kind), -self.weight, self.where, self.case


BADNESS = {Verdict.FAILS: 4, Verdict.ERROR: 3, Verdict.UNDECIDED: 2, Verdict.SKIPPED: 1, Verdict.HOLDS: 0}


def pairs(a: Sequence[T], b: Sequence[T], key: Callable[[T], Any]) -> Iterator[tuple[T | None, T | None]]:
    """Items that have the same key, then those that only one side has."""
    left, right = {key(x): x for x in a}, {key(x): x for x in b}
    for name in sorted(left.keys() | right.keys()):
        yield left.get(name), right.get(name)
