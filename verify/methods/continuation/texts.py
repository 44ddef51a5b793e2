"""What texts, tokens and laws are here, and the index that finds all sequences with a common start."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from typing import Any, Literal, TypeAlias

from verify.methods.guards import as_fraction, is_exact, refuse

Text: TypeAlias = Any  # str or bytes, one kind at a time: slices of length 1 are the characters of either
Number: TypeAlias = Any  # Fraction, or float where the model is one of floats
Law: TypeAlias = dict[Any, Any]  # outcome -> probability


class _End(Enum):
    """A class of one value, which stays one under copying and pickling, and equals no text."""

    END = "end of the document"

    def __repr__(self) -> str:
        return "END"


END: Literal[_End.END] = _End.END
"""The end of a document, as an outcome of a law beside the characters or tokens."""


def kind_of(name: str, texts: Iterable[Text]) -> type:
    """`str` or `bytes`, whichever all `texts` are. TypeError: another type, or both. ValueError: there are none."""
    kinds = {type(text) for text in texts}
    if not kinds:
        refuse(f"{name} is empty", "at least one entry is needed", "give some")
    if len(kinds) > 1 or not kinds <= {str, bytes}:
        names = " and ".join(sorted(kind.__name__ for kind in kinds))
        refuse(f"{name} holds {names}", "texts are all str or all bytes", "encode or decode them first", TypeError)
    return kinds.pop()


def kind_of_tokens(name: str, tokens: Collection[Text]) -> type:
    """As `kind_of`, and ValueError for an empty token."""
    kind = kind_of(name, tokens)
    if not all(tokens):
        refuse(f"{name} holds an empty token", "tokens have at least one character", "leave it out")
    return kind


def no_duplicates(name: str, entries: Iterable[object]) -> None:
    """ValueError where an entry comes a second time."""
    seen = set()
    for entry in entries:
        if entry in seen:
            refuse(f"{name} holds {entry!r} twice", "each may occur once", "leave one out")
        seen.add(entry)


def check_kind(name: str, text: Any, kind: type) -> None:
    """TypeError unless `text` is of `kind`."""
    if type(text) is not kind:
        remedy = "encode or decode it first"
        refuse(f"{name} is {type(text).__name__}", f"{kind.__name__} is needed here", remedy, TypeError)


def normalised(weights: Mapping[Any, Number]) -> Law | None:
    """The law proportional to `weights`, or None where their sum is 0: nothing is ever made out of 0/0."""
    total = sum(weights.values())
    return {outcome: weight / total for outcome, weight in weights.items()} if total else None


def collected(pairs: Iterable[tuple[Any, Number]]) -> dict[Any, Number]:
    """The sums of the weights of equal outcomes."""
    sums: dict[Any, Number] = {}
    for outcome, weight in pairs:
        sums[outcome] = sums[outcome] + weight if outcome in sums else weight
    return sums


@lru_cache(maxsize=256)
def proper_starts(vocab: frozenset[Text]) -> frozenset[Text]:
    """Every start of a token that is shorter than the token, the empty one included."""
    return frozenset(token[:i] for token in vocab for i in range(len(token)))


class Prefixes:
    """Sequences (texts, or tuples of tokens) with integer weights, sorted: those with a common start lie side by side.

    The weight of all sequences with a given start is then a difference of two partial sums: O(log N) comparisons.

    >>> table = Prefixes({"ab": 2, "abc": 3, "b": 5})
    >>> table.weight("ab"), dict(table.steps("ab"))
    (5, {END: 2, 'c': 3})
    """

    def __init__(self, weights: Mapping[Any, int]) -> None:
        self.items = sorted(weights)
        self._sums = [0, *accumulate(weights[item] for item in self.items)]

    def span(self, start: Any) -> tuple[int, int]:
        """The half-open range of the places in `items` that begin with `start`."""
        size, low = len(start), bisect_left(self.items, start)
        if low == len(self.items) or self.items[low][:size] != start:
            return low, low
        return low, bisect_right(self.items, start, low, key=lambda item: item[:size])

    def between(self, low: int, high: int) -> int:
        """The weight of a range of places."""
        return self._sums[high] - self._sums[low]

    def weight(self, start: Any) -> int:
        """The weight of all sequences that begin with `start`."""
        return self.between(*self.span(start))

    def within(self, start: Any) -> Iterator[tuple[Any, int]]:
        """(sequence, weight) for all sequences that begin with `start`."""
        low, high = self.span(start)
        return ((self.items[i], self.between(i, i + 1)) for i in range(low, high))

    def steps(self, start: Any) -> Iterator[tuple[Any, int]]:
        """(what comes next, weight): an element of the sequences (a slice of length 1 of a text), or END."""
        size, (low, high) = len(start), self.span(start)
        if low < high and len(self.items[low]) == size:
            yield END, self.between(low, low + 1)
            low += 1
        while low < high:
            longer = self.items[low][: size + 1]
            end = bisect_right(self.items, longer, low, high, key=lambda item: item[: size + 1])
            yield (longer[-1] if isinstance(longer, tuple) else longer[size:]), self.between(low, end)
            low = end


def exact_masses(name: str, masses: Any) -> dict[Text, Fraction]:
    """A mapping from texts to masses that sum to 1, as Fractions.

    TypeError: no mapping; str beside bytes; a float, which would make every equality approximate.
    ValueError: no texts, a negative mass, another sum.
    """
    if not isinstance(masses, Mapping):
        refuse(f"{name} is a {type(masses).__name__}", "it maps texts to Fractions", "give a dict", TypeError)
    kind_of(name, masses)
    exact: dict[Text, Fraction] = {}
    for text, mass in masses.items():
        if not is_exact(mass):
            remedy = "write Fraction(2, 5), or Fraction('0.4')"
            refuse(f"{name}[{text!r}]={mass!r}", "masses here are ints or Fractions", remedy, TypeError)
        if mass < 0:
            refuse(f"{name}[{text!r}]={mass}", "masses are not negative", "check the sign")
        exact[text] = as_fraction(mass)
    if (total := sum(exact.values())) != 1:
        refuse(f"{name} sum to {total}", "masses sum to exactly 1", "divide each by the sum")
    return exact
