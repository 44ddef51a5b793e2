"""Three deterministic tokenisers: maximal munch, byte pair merges, and the most probable unigram segmentation.

Each is prefix-closed: every start of a canonical token sequence is canonical. Texts are str or bytes, as the vocabulary
is; tokens come out as slices of the text, so that they join to it again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NoReturn, Protocol

from verify.methods.continuation.texts import Text, check_kind, exact_masses, kind_of, kind_of_tokens, no_duplicates
from verify.methods.guards import refuse

REMEMBERED = 2**16  # texts; a source is encoded once, however often it is asked about


class Tokeniser(Protocol):
    """What the laws of a continuation ask of a tokeniser, ours or somebody else's."""

    vocab: frozenset[Text]
    max_len: int

    def encode(self, text: Text, /) -> tuple[Text, ...]:
        """The tokens of a text, which join to it again."""


class _Vocabulary(ABC):
    """A vocabulary, the length `max_len` of its longest token, and `encode`, which remembers what it has encoded."""

    def __init__(self, vocab: Iterable[Text]) -> None:
        self.vocab = frozenset(vocab)
        self.kind = kind_of_tokens("vocab", self.vocab)
        self.max_len = max(map(len, self.vocab))
        self._remembered = lru_cache(REMEMBERED)(self._tokens)

    def encode(self, text: Text) -> tuple[Text, ...]:
        """The tokens of `text`; none for the empty text.

        ValueError: a character that no token reaches. TypeError: str where the vocabulary is bytes, or the reverse.
        """
        check_kind("text", text, self.kind)
        return self._remembered(text)

    @abstractmethod
    def _tokens(self, text: Text) -> tuple[Text, ...]: ...

    def _stuck(self, text: Text, place: int) -> NoReturn:
        remedy = "add the character to the vocabulary or leave the text out"
        refuse(f"text[{place}]={text[place : place + 1]!r}", "the vocabulary must reach every character", remedy)


class MaximalMunch(_Vocabulary):
    """From left to right, always the longest token that fits.

    ValueError: no tokens, an empty one, a token given twice; in `encode`, a place where none fits.

    >>> MaximalMunch(["a", "b", "c", "ab", "abb"]).encode("abbabc")
    ('abb', 'ab', 'c')
    """

    def __init__(self, vocab: Iterable[Text]) -> None:
        tokens = list(vocab)
        no_duplicates("vocab", tokens)
        super().__init__(tokens)

    def _tokens(self, text: Text) -> tuple[Text, ...]:
        tokens, place = [], 0
        while place < len(text):
            for end in range(min(len(text), place + self.max_len), place, -1):
                if text[place:end] in self.vocab:
                    break
            else:
                self._stuck(text, place)
            tokens.append(text[place:end])
            place = end
        return tuple(tokens)


class BytePairMerges(_Vocabulary):
    """Byte pair encoding: of all neighbours that a merge joins, the pair of lowest rank, the leftmost first.

    merges: pairs of tokens in the order of their ranks. alphabet: the characters that are tokens, by default those that
    occur in the merges. A part may also be made by a merge of higher rank, as in the files of real vocabularies.

    O(n^2) in the length of a text, with a small constant: made for lines, not for books.

    ValueError: a merge given twice, an empty part, a part that is neither a character of the alphabet nor made by some
    merge; in `encode`, a character outside the alphabet.

    Source: Sennrich, Haddow, Birch 2016, algorithm 1; Berglund and van der Merwe 2023.

    >>> BytePairMerges([("c", "d"), ("b", "c"), ("a", "b")]).encode("abcd")
    ('ab', 'cd')
    """

    def __init__(self, merges: Sequence[tuple[Text, Text]], alphabet: Iterable[Text] | None = None) -> None:
        pairs = [(left, right) for left, right in merges]
        no_duplicates("merges", pairs)
        parts = [part for pair in pairs for part in pair]
        if parts:
            kind_of("merges", parts)
        letters = [part[i : i + 1] for part in parts for i in range(len(part))] if alphabet is None else list(alphabet)
        if isinstance(alphabet, bytes):
            letters = [alphabet[i : i + 1] for i in range(len(alphabet))]
        made = frozenset(letters).union(left + right for left, right in pairs)
        if (wrong := next((part for part in parts if not part or part not in made), None)) is not None:
            remedy = "put it into the alphabet, or add the merge that makes it"
            refuse(f"a merge has the part {wrong!r}", "parts are characters or made by a merge", remedy)
        if (long := next((letter for letter in letters if len(letter) != 1), None)) is not None:
            refuse(f"alphabet holds {long!r}", "an alphabet is made of single characters", "name tokens in merges")
        super().__init__(made)
        self._rank = {pair: rank for rank, pair in enumerate(pairs)}
        self._alphabet = frozenset(letters)

    def _tokens(self, text: Text) -> tuple[Text, ...]:
        symbols = [text[i : i + 1] for i in range(len(text))]
        if not self._alphabet.issuperset(symbols):
            self._stuck(text, next(i for i, symbol in enumerate(symbols) if symbol not in self._alphabet))
        never, rank = len(self._rank), self._rank.get
        ranks = [rank(pair, never) for pair in pairwise(symbols)]
        while ranks and (lowest := min(ranks)) < never:
            i = ranks.index(lowest)
            symbols[i : i + 2] = [symbols[i] + symbols[i + 1]]
            del ranks[i]
            if i:
                ranks[i - 1] = rank((symbols[i - 1], symbols[i]), never)
            if i < len(ranks):
                ranks[i] = rank((symbols[i], symbols[i + 1]), never)
        return tuple(symbols)


class UnigramViterbi(_Vocabulary):
    """The segmentation with the largest product of token probabilities, of equals the one that ends in longer tokens.

    probs: token -> positive int or Fraction; they sum to 1 (a factor on all of them would change the segmentation).
    Products are compared exactly, and a tie is broken by what stands before it alone: were it broken by the rest of the
    text, starts of canonical sequences would not be canonical.

    Errors: as for `MaximalMunch`; TypeError for probabilities in floating point.

    >>> p = {"a": Fraction("0.3"), "b": Fraction("0.1"), "ab": Fraction("0.3"), "bb": Fraction("0.3")}
    >>> UnigramViterbi(p).encode("abb"), UnigramViterbi(p).encode("abbb")
    (('a', 'bb'), ('ab', 'bb'))
    """

    def __init__(self, probs: Mapping[Text, Fraction]) -> None:
        self.probs = token_probabilities(probs)
        super().__init__(self.probs)

    def _tokens(self, text: Text) -> tuple[Text, ...]:
        best: list[Fraction] = [Fraction(1)]  # the largest product up to each place, 0 where there is none
        start = [0]
        furthest = 0
        for end in range(1, len(text) + 1):
            value, where = Fraction(0), end
            for begin in range(max(0, end - self.max_len), end):  # longest first: a later equal does not replace it
                weight = self.probs.get(text[begin:end])
                if weight is not None and best[begin] and best[begin] * weight > value:
                    value, where = best[begin] * weight, begin
            best.append(value)
            start.append(where)
            furthest = end if value else furthest
        if not best[-1]:
            self._stuck(text, furthest)
        ends = [len(text)]
        while ends[-1]:
            ends.append(start[ends[-1]])
        return tuple(text[begin:end] for begin, end in pairwise(reversed(ends)))


def token_probabilities(probs: Mapping[Text, Fraction]) -> dict[Text, Fraction]:
    """The probabilities of tokens as positive Fractions with sum 1, or an error that says what is wrong with them."""
    checked = exact_masses("probs", probs)
    kind_of_tokens("probs", checked)
    if (zero := next((token for token, p in checked.items() if not p), None)) is not None:
        refuse(f"probs[{zero!r}]=0", "a token has a positive probability", "leave it out")
    return checked
