"""Numbers as people read them."""

from __future__ import annotations

import math

from verify.engine.record import Real

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(x: Real, digits: int = 4) -> str:
    """`0.0181`, `2.0·10⁻¹⁵`, `10⁻¹³`, `−1.5`, `∞`."""
    value = float(x)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        text = f"{value:.{digits}g}"
        return (f"{value:.0f}" if "e" in text else text).replace("-", "−")  # 940, not 9.4e+02
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    power = "10" + str(int(exponent)).translate(SUPERSCRIPT)
    mantissa = mantissa.replace("-", "−")
    return {"1.0": power, "−1.0": "−" + power}.get(mantissa, f"{mantissa}·{power}")


def interval(low: Real, high: Real) -> str:
    """A point as one number, else `[low, high]`; ends that nine digits do not tell apart are one number, too."""
    if low == high:
        return number(low, 6)
    digits = 4
    while digits < 9 and number(low, digits) == number(high, digits):
        digits += 1
    ends = (number(low, digits), number(high, digits))
    return ends[0] if ends[0] == ends[1] else f"[{', '.join(ends)}]"


def region(least: Real, most: Real) -> str:
    """`at most 10⁻¹³`, `exactly 0`, `at least 0.01`, `within [a, b]`."""
    if least == most:
        return f"exactly {number(least)}"
    if most == "inf":
        return f"at least {number(least)}"
    if least in (0, "-inf"):
        return f"at most {number(most, 7)}"
    return f"within [{number(least, 7)}, {number(most, 7)}]"


def count(n: int, noun: str) -> str:
    """`One claim`, `12 claims`: small numbers as words."""
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
    return f"{words[n] if n < len(words) else n} {noun}" + ("" if n == 1 else "s")
