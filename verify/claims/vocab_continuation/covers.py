"""The cover, the mass of a prompt and its next character as subjects, and how each of them goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from verify.claims import equivalent, mutant, role
from verify.methods import continuation
from verify.methods.continuation import END

role(
    "vocab_continuation.cover_prefix_mass",
    numbers="a token model, its tokeniser, a text x; (P(X starts with x) as a Fraction, contexts asked for)",
)(continuation.cover_prefix_mass)
role(
    "vocab_continuation.exact_next_char", numbers="a token model, its tokeniser, a text x; {character or END: Fraction}"
)(continuation.exact_next_char)
role("vocab_continuation.cover", numbers="a text x, a vocabulary; an iterator of tuples of tokens")(continuation.cover)


def summed(lm: Any, contexts: list[tuple[tuple[Any, ...], Any]]) -> tuple[Fraction, int]:
    """(sum over (context, piece) of the mass of the context followed by a token that starts with the piece, contexts)."""
    total = Fraction(0)
    for context, piece in contexts:
        if mass := lm.prefix_mass(context):
            law = lm.next_token(context)
            total += mass * sum(p for token, p in law.items() if token is not END and token.startswith(piece))
    return total, len(contexts)


@mutant("vocab_continuation.cover_prefix_mass", slip="a window of m − 1 characters: the longest tokens are missed")
def short_window(lm: Any, tok: Any, x: Any) -> Any:
    first = max(0, len(x) - tok.max_len + 1)
    return summed(lm, [(tok.encode(x[:i]), x[i:]) for i in range(first, len(x))])


@mutant(
    "vocab_continuation.cover_prefix_mass", slip="the cover is not strict: sequences that end at the prompt count twice"
)
def not_strict(lm: Any, tok: Any, x: Any) -> Any:
    first = max(0, len(x) - tok.max_len)
    return summed(lm, [(tok.encode(x[:i]), x[i:]) for i in range(first, len(x) + 1)])


@mutant(
    "vocab_continuation.cover_prefix_mass",
    slip="starts of the prompt's tokens as contexts, in place of shorter prompts",
)
def truncated_contexts(lm: Any, tok: Any, x: Any) -> Any:
    tokens = tok.encode(x)
    starts = [sum(map(len, tokens[:j])) for j in range(len(tokens))]
    return summed(lm, [(tokens[:j], x[s:]) for j, s in enumerate(starts) if len(x) - s <= tok.max_len])


@mutant("vocab_continuation.cover_prefix_mass", slip="every position is asked for, however far back")
def every_position(lm: Any, tok: Any, x: Any) -> Any:
    return summed(lm, [(tok.encode(x[:i]), x[i:]) for i in range(len(x))])


@equivalent("vocab_continuation.cover_prefix_mass", because="positions inside which no token starts add nothing")
def whole_window(lm: Any, tok: Any, x: Any) -> Any:
    if not x:
        return continuation.cover_prefix_mass(lm, tok, x)
    return summed(lm, [(tok.encode(x[:i]), x[i:]) for i in range(max(0, len(x) - tok.max_len), len(x))])


@mutant("vocab_continuation.exact_next_char", slip="the end of the document is left out of the law")
def without_end(lm: Any, tok: Any, x: Any) -> Any:
    law = continuation.exact_next_char(lm, tok, x)
    kept = {c: p for c, p in law.items() if c is not END}
    return {c: p / sum(kept.values()) for c, p in kept.items()}


@mutant("vocab_continuation.exact_next_char", slip="the naive law, taken for the truth")
def naive_for_exact(lm: Any, tok: Any, x: Any) -> Any:
    return continuation.naive_law(lm, tok, x)


@mutant("vocab_continuation.exact_next_char", slip="one token is healed, and that is called exact")
def one_token_healed(lm: Any, tok: Any, x: Any) -> Any:
    return continuation.backoff_law(lm, tok, x, min(1, len(tok.encode(x))))


@equivalent("vocab_continuation.exact_next_char", because="backing off to the start conditions on the prompt alone")
def from_the_start(lm: Any, tok: Any, x: Any) -> Any:
    return continuation.exact_next_char(lm, tok, x) and continuation.backoff_law(lm, tok, x, len(tok.encode(x)))


@mutant(
    "vocab_continuation.cover",
    slip="not strict: a sequence that ends at the prompt also counts with each token after it",
)
def open_ended(x: Any, vocab: Any) -> Iterator[Any]:
    for tokens in continuation.cover(x, vocab):
        yield tokens
        if sum(map(len, tokens)) == len(x):
            yield from ((*tokens, token) for token in sorted(vocab))


@mutant("vocab_continuation.cover", slip="the segmentations of the prompt alone: no token reaches beyond its end")
def segmentations_only(x: Any, vocab: Any) -> Iterator[Any]:
    return (tokens for tokens in continuation.cover(x, vocab) if sum(map(len, tokens)) == len(x))


@mutant("vocab_continuation.exact_next_char", slip="0/0 becomes the uniform law")
def uniform_for_impossible(lm: Any, tok: Any, x: Any) -> Any:
    try:
        return continuation.exact_next_char(lm, tok, x)
    except (ValueError, TypeError):
        return {c: Fraction(1, len(tok.vocab)) for c in tok.vocab}
