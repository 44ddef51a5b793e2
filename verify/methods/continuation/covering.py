"""The exact remedy: the probability of a prompt, its next character and its continuation, through its cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from verify.methods.continuation.branches import Tokens, branches, first_characters, paths, window
from verify.methods.continuation.models import TokenModel, impossible
from verify.methods.continuation.texts import END, Law, Number, Text, check_kind, collected, kind_of_tokens, normalised
from verify.methods.continuation.tokenisers import Tokeniser
from verify.methods.guards import generator, whole_number


def cover(x: Text, vocab: Iterable[Text]) -> Iterator[Tokens]:
    """All (t_1, ..., t_k) whose last token reaches the end of x or goes beyond it, while the others do not.

    The joined t_1 ... t_(k-1) is a proper start of x, and x is a start of the joined t_1 ... t_k. No sequence of the
    cover begins with another, so the events "the tokens begin with t" are disjoint, and together they are "the text
    starts with x". Exponentially many in the length of x. The empty x is covered by the empty sequence.

    ValueError: no tokens, an empty one. TypeError: str and bytes mixed.

    >>> sorted(cover("ab", ["a", "b", "ab", "ba"]))
    [('a', 'b'), ('a', 'ba'), ('ab',)]
    """
    tokens = frozenset(vocab)
    check_kind("x", x, kind_of_tokens("vocab", tokens))
    starting: dict[Text, list[Text]] = {}
    for token in sorted(tokens):
        starting.setdefault(token[:1], []).append(token)

    def walk() -> Iterator[Tokens]:
        if not x:
            yield ()
        waiting: list[tuple[Tokens, Text]] = [((), x)] if x else []
        while waiting:
            taken, rest = waiting.pop()
            for token in starting.get(rest[:1], ()):
                if token.startswith(rest):
                    yield (*taken, token)
                elif rest.startswith(token):
                    waiting.append(((*taken, token), rest[len(token) :]))

    return walk()


def cover_prefix_mass(lm: TokenModel, tok: Tokeniser, x: Text) -> tuple[Number, int]:
    """(P(the text starts with x), how many contexts the model was asked for).

    For a canonical model P(x...) is the sum over i, from len(x) - max_len on, and over the tokens v that start with
    x[i:], of P(the tokens begin with tok.encode(x[:i]), v): at most min(len(x), max_len) contexts, however many
    segmentations there are. For other models it is the sum over `cover`, the branches without mass left out.

    ValueError: a character that no token reaches. TypeError: str for bytes, or the reverse.

    Source: Phan et al. 2024 (2410.09303); Vieira et al. 2024.
    """
    tok.encode(x)  # refuses what cannot be encoded, by name
    if not x:
        return lm.prefix_mass(()), 0
    if lm.is_canonical:
        groups = list(window(lm, tok, x))
        masses = [mass for group in groups for *_, mass in group]
        return sum(masses, Fraction(0)), len(groups)
    found = list(paths(lm, (), lm.prefix_mass(()), x))
    return sum((mass for *_, mass in found), Fraction(0)), len({tokens[:-1] for tokens, *_ in found})


def exact_next_char(lm: TokenModel, tok: Tokeniser, x: Text) -> Law:
    """The exact law of the character after x, END included, from a token model.

    ValueError: x has probability zero.
    """
    law = normalised(collected(first_characters(lm, branches(lm, tok, x))))
    if law is None:
        impossible(x)
    return law


def sample_text(
    lm: TokenModel, tok: Tokeniser, x: Text, n_chars: int, size: int, rng: np.random.Generator
) -> list[Text]:
    """`size` independent continuations of x, each cut to `n_chars` characters or ended by the end of its document.

    A branch of the cover is drawn in proportion to its mass, then the model runs on. Draws that share a context are
    made together, as counts (the cost grows with the number of different texts, not of draws), and put into random
    order at the end, which makes them independent again.

    ValueError: x has probability zero; n_chars or size negative. TypeError: they are no integers.
    """
    n_chars, size = whole_number("n_chars", n_chars, 0), whole_number("size", size, 0)
    generator(rng)
    found = branches(lm, tok, x)
    if not found:
        impossible(x)
    texts: list[Text] = []
    shares = _split(size, [mass for *_, mass in found], rng)
    waiting = [(tokens, rest, count) for (tokens, rest, _), count in zip(found, shares, strict=True)]
    while waiting:
        tokens, text, count = waiting.pop()
        if len(text) >= n_chars:
            texts += [text[:n_chars]] * count
        elif count:
            law = lm.next_token(tokens)
            for (token, _), share in zip(law.items(), _split(count, list(law.values()), rng), strict=True):
                if token is END:
                    texts += [text] * share
                elif share:
                    waiting.append(((*tokens, token), text + token, share))
    return [texts[i] for i in rng.permutation(len(texts))]


def _split(count: int, weights: list[Number], rng: np.random.Generator) -> list[int]:
    """How many of `count` independent draws fall to each weight."""
    total = sum(weights)
    p = np.array([float(weight / total) for weight in weights])
    return [int(n) for n in rng.multinomial(count, p / p.sum())]
