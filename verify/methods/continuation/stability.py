"""How far back an extension of the prompt can change its tokens, for maximal munch."""

from __future__ import annotations

from collections.abc import Iterable

from verify.methods.continuation.texts import Text, proper_starts
from verify.methods.continuation.tokenisers import MaximalMunch


def unstable_start(x: Text, vocab: Iterable[Text]) -> int:
    """The start of the first token of x, under maximal munch, that some extension of x can change; len(x) if none can.

    A token that starts at s can change only if some token of the vocabulary begins with x[s:] and is longer, or an
    earlier one can. So at most max_len - 1 characters are unstable, and dropping the tokens from here on is an exact
    back-off.

    ValueError: x cannot be encoded; an empty token, no tokens.

    >>> unstable_start("cab", ["a", "b", "c", "abc"]), unstable_start("ba", ["a", "b", "ab"])
    (1, 1)
    """
    tokens = frozenset(vocab)
    starts, place = proper_starts(tokens), 0
    for token in MaximalMunch(tokens).encode(x):
        if x[place:] in starts:
            return place
        place += len(token)
    return place
