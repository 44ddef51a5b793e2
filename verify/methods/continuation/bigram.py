"""The probability of a character string under a token-bigram model with mass on all segmentations, by one forward table.

A table position holds one weight for each token that ends there, of which there is at most one a length: the sum over
exponentially many segmentations costs O(n m |V|) multiply-adds, n = len(x), m the longest token.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.continuation.texts import Text, check_kind, kind_of_tokens, no_duplicates
from verify.methods.guards import Array, as_given, finite_array, first_bad, refuse

ROW_TOLERANCE = 1e-9
RESCALED = 1e-10  # weights below it are scaled up: products with entries down to 1e-297 then stay floats


def bigram_prefix_mass(A: ArrayLike, vocab: Sequence[Text], x: Text, *, log: bool = False) -> float:
    """P(the text starts with x), or its natural logarithm; -inf for 0.

    The logarithm does not underflow where the mass does, but for ways that are alive beside others 1e300 times likelier.

    A (|V| + 1, |V| + 1): row i is the law of the token after vocab[i], the last row that of the first token; the last
    column is the end of the text. vocab: the tokens in the order of the rows.

    The text starts with x if the token that covers the last character of x starts at some boundary i < len(x): each
    sequence is counted at its last boundary inside x, once.

    ValueError: shape, negative entries, rows that do not sum to 1 within 1e-9, an empty token or one given twice, x
    with a character that no token has. TypeError: str and bytes mixed.

    >>> A = [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]
    >>> bigram_prefix_mass(A, ["a", "ab"], "aa")
    0.25
    """
    return _answer(_forward(A, vocab, x), log, lambda found: found.prefix)


def bigram_string_mass(A: ArrayLike, vocab: Sequence[Text], x: Text, *, log: bool = False) -> float:
    """P(the text is x), or its natural logarithm. Arguments and errors as for `bigram_prefix_mass`.

    >>> A = [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]
    >>> bigram_string_mass(A, ["a", "ab"], "a")
    0.25
    """
    return _answer(_forward(A, vocab, x), log, lambda found: found.string)


class _Table(NamedTuple):
    """The two masses over exp(log_scale)."""

    prefix: float
    string: float
    log_scale: float


def _answer(found: _Table, log: bool, part: Any) -> float:
    mass = float(part(found))
    if log:
        return math.log(mass) + found.log_scale if mass > 0 else -math.inf
    return mass * math.exp(found.log_scale)


def _forward(A: ArrayLike, vocab: Sequence[Text], x: Text) -> _Table:
    matrix, tokens = _checked(A, vocab, x)
    number = {token: i for i, token in enumerate(tokens)}
    n, longest, end = len(x), max(map(len, tokens)), len(tokens)
    # ending[i]: (token, weight of all ways to reach position i by it), over one common exp(log_scale)
    ending: dict[int, list[tuple[int, float]]] = {0: [(end, 1.0)]}
    prefix, log_scale = 0.0, 0.0
    for i in range(n):
        reached = ending.pop(i, None)
        if reached is None:
            continue
        rows = np.array([[row] for row, _ in reached])
        weights = np.array([weight for _, weight in reached])
        inside = [(j, number[x[i:j]]) for j in range(i + 1, min(n, i + longest) + 1) if x[i:j] in number]
        if inside:
            arriving = weights @ matrix[rows, [v for _, v in inside]]
            for (j, v), weight in zip(inside, arriving.tolist(), strict=True):
                ending.setdefault(j, []).append((v, weight))
        if n - i <= longest:
            reaching = [v for v, token in enumerate(tokens) if token.startswith(x[i:])]
            if reaching:
                prefix += float((weights @ matrix[rows, reaching]).sum())
        largest = max((weight for found in ending.values() for _, weight in found), default=0.0)
        if 0.0 < largest < RESCALED:
            log_scale += math.log(largest)
            prefix /= largest
            ending = {j: [(v, weight / largest) for v, weight in found] for j, found in ending.items()}
    whole = sum(weight * float(matrix[v, end]) for v, weight in ending.get(n, []))
    return _Table(prefix if n else 1.0, whole, log_scale)


def _checked(A: ArrayLike, vocab: Sequence[Text], x: Text) -> tuple[Array, list[Text]]:
    tokens = list(vocab)
    check_kind("x", x, kind_of_tokens("vocab", tokens))
    no_duplicates("vocab", tokens)
    size = len(tokens) + 1
    array = finite_array("A", A, (size, size))
    first_bad("A", array, array < 0, "probabilities are not negative", "clip rounding errors, then divide by the sum")
    sums = array.sum(axis=1)
    if (off := np.abs(sums - 1)).max() > ROW_TOLERANCE:
        row = int(off.argmax())
        refuse(f"row {row} of A sums to {sums[row]}", f"rows sum to 1 within {ROW_TOLERANCE}", "divide each by its sum")
    letters = {token[i : i + 1] for token in tokens for i in range(len(token))}
    if (place := next((i for i in range(len(x)) if x[i : i + 1] not in letters), None)) is not None:
        refuse(
            f"x[{place}]={x[place : place + 1]!r}", "the vocabulary must reach every character", "leave the text out"
        )
    return as_given(A, array), tokens
