"""A certified minimal dimension: the union bound in ball arithmetic, at the dimension and just below it."""

from __future__ import annotations

import math
import sys
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, NamedTuple

from verify.methods.guards import as_fraction, is_exact, refuse, whole_number
from verify.methods.johnson_lindenstrauss.dimension import SMALLEST_EPS, least, union_dimension

SMALLEST_EXPONENT = -4000  # of a share written as a decimal: its balls take seconds


class Certificate(NamedTuple):
    """`dim`, an interval that holds C(N, 2) T(dim, eps), and whether dim - 1 provably breaks the bound."""

    dim: int
    ball: tuple[float, float]
    minimal: bool


def certify_union_dimension(n_points: int, eps: Any, failure_prob: Any, prec: int = 256) -> Certificate:
    """The least k with C(N, 2) T(k, eps) <= failure_prob, with a proof by interval arithmetic.

    T(k, eps) = P(|chi2_k / k - 1| >= eps) is enclosed in balls of `prec` bits, doubled until they decide. A Gaussian
    projection to `dim` dimensions therefore keeps all squared distances of any N points within (1 - eps, 1 + eps),
    except with probability at most ball[1] <= failure_prob. `minimal` says that the same bound is provably broken at
    dim - 1; as T decreases in k, it then is at every smaller dimension.

    eps and failure_prob in (0, 1) are ints, Fractions or decimal strings: a float such as 0.1 is not a tenth.

    TypeError: a float. ValueError: n_points < 2, outside (0, 1), eps < 1e-6, text that is no decimal or below 1e-4000,
    prec < 64.

    >>> certify_union_dimension(512, "0.5", Fraction(1, 512))[::2]
    (322, True)
    """
    n = whole_number("n_points", n_points, 2)
    eps, allowed = exact_share("eps", eps), exact_share("failure_prob", failure_prob)
    if eps < SMALLEST_EPS:
        refuse(
            f"eps={float(eps):.3g}", f"eps is at least {SMALLEST_EPS:g}", "no projection has the dimensions for less"
        )
    prec = whole_number("prec", prec, 64)
    pairs = math.comb(n, 2)

    def holds(k: int) -> bool:
        return _decide(pairs, k, eps, allowed, prec)[0]

    dim = _guess(n, eps, allowed)
    if not holds(dim) or (dim > 1 and holds(dim - 1)):  # no float answer, or one that rounding moved
        dim = least(holds)
    return Certificate(dim, _ends(_decide(pairs, dim, eps, allowed, prec)[1]), dim == 1 or not holds(dim - 1))


def _guess(n: int, eps: Fraction, allowed: Fraction) -> int:
    """The floating point answer, which balls then confirm; 1 where floats do not reach."""
    try:
        return union_dimension(n, float(eps), float(allowed))
    except ValueError:
        return 1


def exact_share(name: str, value: Any) -> Fraction:
    """An int, Fraction or decimal string in (0, 1) as a Fraction."""
    if isinstance(value, str):
        try:
            decimal = Decimal(value)
        except InvalidOperation:
            decimal = Decimal("nan")
        if not decimal.is_finite():
            refuse(f"{name}={value!r}", "a decimal is needed", "write it like '0.1'")
        if decimal and not SMALLEST_EXPONENT <= decimal.adjusted() <= 0:
            refuse(f"{name}={value!r}", f"{name} lies between 1e{SMALLEST_EXPONENT} and 1", "check the unit")
        number = Fraction(decimal)
    elif is_exact(value) and not isinstance(value, bool):
        number = as_fraction(value)
    else:
        remedy = "give a Fraction or a decimal string such as '0.1'"
        refuse(f"{name}={value!r}", "certificates are about exact numbers", remedy, TypeError)
    if not 0 < number < 1:
        refuse(f"{name}={value}", f"{name} lies in (0, 1)", "check the unit and the order of the arguments")
    return number


def union_ball(pairs: int, k: int, eps: Fraction, bits: int) -> Any:
    """pairs * T(k, eps) as a ball (flint.arb) of `bits` bits.

    The lower tail is 1 - Gamma(k/2, x) / Gamma(k/2): flint's own lower function sums an alternating series, whose ball
    is useless for large arguments. The argument is the object and the order the parameter; the other way round the
    answer is silently another one.
    """
    import flint

    with flint.ctx.workprec(bits):
        order = _arb(Fraction(k, 2))
        below, above = _arb(k * (1 - eps) / 2), _arb(k * (1 + eps) / 2)
        tail = 1 - below.gamma_upper(order, regularized=1) + above.gamma_upper(order, regularized=1)
        return tail * pairs


def _arb(x: Fraction) -> Any:
    import flint

    return flint.arb(flint.fmpq(x.numerator, x.denominator))


def _decide(pairs: int, k: int, eps: Fraction, allowed: Fraction, bits: int) -> tuple[bool, Any]:
    """Whether pairs * T(k) <= allowed, and the ball that says so: T is transcendental, so it never ties."""
    import flint

    bits = max(bits, 128 + pairs.bit_length() + allowed.denominator.bit_length())
    bound = flint.fmpq(allowed.numerator, allowed.denominator)
    while True:
        value = union_ball(pairs, k, eps, bits)
        with flint.ctx.workprec(bits):
            excess = value - flint.arb(bound)
        if excess < 0 or excess > 0:
            return bool(excess < 0), value
        bits *= 2


def _ends(value: Any) -> tuple[float, float]:
    """Outward float ends of a nonnegative ball that is below 1."""
    import flint

    with flint.ctx.workprec(53):  # the ends are rounded outward to numbers of 53 bits, which normal floats hold
        low, high = float(value.lower()), float(value.upper())
    smallest = sys.float_info.min
    return low if low >= smallest else 0.0, max(high, smallest)
