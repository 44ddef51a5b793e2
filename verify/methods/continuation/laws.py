"""What a token model makes of a prompt: the naive law, the back-off ladder, step-by-step masking, and the bias of each."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from verify.methods.continuation.branches import Branch, Tokens, branches, first_characters, paths, whole_texts
from verify.methods.continuation.models import FiniteSource, TokenModel, impossible
from verify.methods.continuation.texts import END, Law, Number, Text, check_kind, collected, normalised
from verify.methods.continuation.tokenisers import Tokeniser
from verify.methods.guards import refuse, whole_number


def naive_law(lm: TokenModel, tok: Tokeniser, x: Text, *, whole: bool = False) -> Law | None:
    """Tokenise the prompt and continue: the law of the next character (END included), given the tokens of x.

    whole=True: the law of everything up to the end of the document. None: the tokens of x have mass 0, although x has
    not. It is the true law conditioned on a token boundary at the end of the prompt (for a canonical model).

    ValueError: x has probability zero.

    Source: Su 2023 (archive 9762), the problem; Phan et al. 2024 (2406.16829).
    """
    return backoff_law(lm, tok, x, 0, whole=whole)


def backoff_law(lm: TokenModel, tok: Tokeniser, x: Text, k: int, *, whole: bool = False) -> Law | None:
    """Drop the last k tokens of the prompt and condition what is left on the text starting with x, exactly.

    The dropped characters may be covered by one token or by several; every way counts with its mass under the model.
    The law of the next character, or with whole=True of the whole continuation. None: the shortened context never leads
    to x, although x has positive probability.

    ValueError: k outside 0..K, where x has K tokens; x has probability zero. TypeError: k is no integer.

    >>> from verify.methods.continuation import FiniteSource, IdealTokenLM, MaximalMunch
    >>> tok = MaximalMunch(["a", "b", "c", "ab"])
    >>> lm = IdealTokenLM.canonical(FiniteSource({"ab": Fraction(1, 4), "ac": Fraction(3, 4)}), tok)
    >>> naive_law(lm, tok, "a"), backoff_law(lm, tok, "a", 1)
    ({'c': Fraction(1, 1)}, {'c': Fraction(3, 4), 'b': Fraction(1, 4)})
    """
    context, rest = shortened(tok, x, k)
    mass = lm.prefix_mass(context)
    found = list(paths(lm, context, mass, rest)) if mass else []
    if not found:
        _check_possible(lm, tok, x)
        return None
    return normalised(collected(whole_texts(lm, found) if whole else first_characters(lm, found)))


def local_mask_law(lm: TokenModel, tok: Tokeniser, x: Text, k: int, *, whole: bool = False) -> tuple[Law, Number]:
    """Drop k tokens, then at each step mask the tokens that contradict the prompt and renormalise the rest.

    (law of what follows among the draws that get past x, probability of a dead end). This is not conditioning: a branch
    is chosen before it is known how much mass it leaves, and a token may pass the mask although what remains has none.
    The law is empty, and the dead mass 1, where nothing gets past x.

    ValueError: k outside 0..K; x has probability zero.
    """
    context, rest = shortened(tok, x, k)
    found, dead = _masked(lm, context, rest) if lm.prefix_mass(context) else ([], Fraction(1))
    if not found:
        _check_possible(lm, tok, x)
    law = normalised(collected(whole_texts(lm, found) if whole else first_characters(lm, found)))
    return law or {}, dead


def boundary_mass(source: FiniteSource, tok: Tokeniser, x: Text, i: int) -> Fraction:
    """P(position i is a token boundary of the document | the document starts with x), 0 <= i <= len(x).

    At i = len(x) it decides the bias of naive continuation: the total variation from the truth is 1 - boundary_mass.

    ValueError: i outside 0..len(x); x has probability zero.
    """
    check_kind("x", x, source.kind)
    if whole_number("i", i, 0) > len(x):
        refuse(f"i={i}", f"a position in the prompt lies in 0..{len(x)}", "count characters, not tokens")
    found = source.starting_with(x)
    if not found:
        impossible(x)
    hits = sum(weight for text, weight in found if _is_boundary(tok.encode(text), i))
    return Fraction(hits, sum(weight for _, weight in found))


def _is_boundary(tokens: Iterable[Text], i: int) -> bool:
    """Whether the tokens up to some one have i characters."""
    place = 0
    for token in tokens:
        if place >= i:
            break
        place += len(token)
    return place == i


def shortened(tok: Tokeniser, x: Text, k: int) -> tuple[Tokens, Text]:
    """(the tokens of x without the last k, the characters of the dropped ones)."""
    tokens = tok.encode(x)
    if whole_number("k", k, 0) > len(tokens):
        refuse(f"k={k}", f"the prompt has {len(tokens)} tokens to drop", f"choose k in 0..{len(tokens)}")
    kept = tokens[: len(tokens) - k]
    return kept, x[sum(map(len, kept)) :]


def _masked(lm: TokenModel, context: Tokens, rest: Text) -> tuple[list[Branch], Number]:
    """(the branches that decoding under the mask reaches, with their probabilities under it; that of a dead end)."""
    mass: Number = Fraction(1)
    if not rest:
        return [(context, rest, mass)], Fraction(0)
    found: list[Branch] = []
    dead: Number = Fraction(0)
    waiting = [(context, mass, rest)]
    while waiting:
        context, mass, rest = waiting.pop()
        allowed: list[tuple[Any, Number]] = [
            (token, p)
            for token, p in lm.next_token(context).items()
            if token is not END and p and (token.startswith(rest) or rest.startswith(token))
        ]
        if not allowed:
            dead += mass
        total = sum(p for _, p in allowed)
        for token, p in allowed:
            if len(token) >= len(rest):
                found.append(((*context, token), token[len(rest) :], mass * p / total))
            else:
                waiting.append(((*context, token), mass * p / total, rest[len(token) :]))
    return found, dead


def _check_possible(lm: TokenModel, tok: Tokeniser, x: Text) -> None:
    if not branches(lm, tok, x):
        impossible(x)
