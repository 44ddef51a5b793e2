"""Ball arithmetic that several entries share: rationals as balls, exact chi-square tails, looks at several at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

from verify.evidence import Enclosure, sharper, worst_looks


def arb(x: Any) -> Any:
    """An int, Fraction or decimal string as a ball of the working precision."""
    import flint

    q = Fraction(x)
    return flint.arb(flint.fmpq(q.numerator, q.denominator))


def gaussian_tail(d: int, eps: Fraction) -> Any:
    """P(|chi2_d / d - 1| >= eps): the lower tail as a complement, as flint's own lower function loses its digits."""
    below, above, order = arb(d * (1 - eps) / 2), arb(d * (1 + eps) / 2), arb(Fraction(d, 2))
    return 1 - below.gamma_upper(order, regularized=1) + above.gamma_upper(order, regularized=1)


def bits_for(d: int, eps: Fraction) -> int:
    """Bits at which the complement of the lower tail, about exp(-d eps^2 / 2) or less, still has digits."""
    shrink = -math.log1p(-float(eps)) - float(eps)
    return 96 + math.ceil(d * shrink / 2 / math.log(2))


def worst_ball(parts: Iterable[Callable[[], Any]], bits: Iterable[int]) -> Iterator[Enclosure]:
    """The largest of several balls, look by look; each starts at a precision of its own."""
    return worst_looks(*(sharper(part, bits=b) for part, b in zip(parts, bits, strict=True)))
