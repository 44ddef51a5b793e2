"""Ways to reach a prompt: token sequences that cover it, and what a model says after them.

A branch is (tokens, rest, mass): a token sequence that covers the prompt, the characters by which it goes beyond it, and
the probability that a document's tokens begin with the sequence. Laws of continuations are sums over branches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from verify.methods.continuation.models import IdealTokenLM, TokenModel
from verify.methods.continuation.texts import END, Number, Text, proper_starts
from verify.methods.continuation.tokenisers import Tokeniser

Tokens: TypeAlias = tuple[Text, ...]
Branch: TypeAlias = tuple[Tokens, Text, Number]


def paths(lm: TokenModel, context: Tokens, mass: Number, rest: Text) -> Iterator[Branch]:
    """All ways of positive mass from a context over the characters `rest`, by as many tokens as it takes.

    Only the last token may go beyond. For the empty `rest`, the context itself.
    """
    if not rest:
        yield context, rest, mass
        return
    waiting = [(context, mass, rest)]  # not by recursion: a prompt may have more tokens than Python has stack
    while waiting:
        context, mass, rest = waiting.pop()
        for token, p in lm.next_token(context).items():
            if token is END or not p:
                continue
            if token.startswith(rest):
                yield (*context, token), token[len(rest) :], mass * p
            elif rest.startswith(token):
                waiting.append(((*context, token), mass * p, rest[len(token) :]))


def window(lm: TokenModel, tok: Tokeniser, x: Text) -> Iterator[list[Branch]]:
    """The canonical cover of a prompt that is not empty: for each context the model is asked for, its branches.

    A canonical sequence covers position len(x) - 1 by a token v that starts at some i, at most max_len back, and what
    stands before it is the canonical sequence of x[:i]: one context for each i, which is the prompt shortened and
    tokenised anew, not a start of tok.encode(x).
    """
    vocab = frozenset(tok.vocab)
    starts = proper_starts(vocab)
    for i in range(max(0, len(x) - tok.max_len), len(x)):
        piece = x[i:]
        if piece not in starts and piece not in vocab:
            continue
        context = tok.encode(x[:i])
        if mass := lm.prefix_mass(context):
            yield [
                ((*context, token), token[len(piece) :], mass * p)
                for token, p in lm.next_token(context).items()
                if token is not END and p and token.startswith(piece)
            ]


def branches(lm: TokenModel, tok: Tokeniser, x: Text) -> list[Branch]:
    """All branches of a prompt: by the canonical cover where the model is canonical, else all sequences that cover it."""
    tok.encode(x)  # refuses characters that no token reaches, and bytes for str, by name
    if not x or not lm.is_canonical:
        return list(paths(lm, (), lm.prefix_mass(()), x))
    return [branch for found in window(lm, tok, x) for branch in found]


def first_characters(lm: TokenModel, found: Iterable[Branch]) -> Iterator[tuple[Any, Number]]:
    """(next character or END, mass) of all branches."""
    for tokens, rest, mass in found:
        if rest:
            yield rest[:1], mass
        else:
            for token, p in lm.next_token(tokens).items():
                yield (token if token is END else token[:1]), mass * p


def whole_texts(lm: TokenModel, found: Iterable[Branch]) -> Iterator[tuple[Text, Number]]:
    """(everything up to the end of the document, mass) of all branches; for models of finitely many sequences.

    An ideal model knows its documents; any other is followed token by token.
    """
    waiting = list(found)
    while waiting:
        tokens, rest, mass = waiting.pop()
        if isinstance(lm, IdealTokenLM):
            yield from ((rest + text, mass * p) for text, p in lm.continuations(tokens).items())
            continue
        for token, p in lm.next_token(tokens).items():
            if token is END:
                yield rest, mass * p
            elif p:
                waiting.append(((*tokens, token), rest + token, mass * p))
