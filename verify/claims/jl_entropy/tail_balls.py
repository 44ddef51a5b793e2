"""Entry 1, second part: the tail of a projected length as a ball, against a finite sum, and the bits that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, equivalent, grid, mutant, role
from verify.claims.jl_entropy.balls import arb, bits_for, gaussian_tail
from verify.claims.sources import JL_THEORY
from verify.evidence import Enclosure, at_most, exact, sharper, within

SOURCE = JL_THEORY.at("the tail of a projected length")


@role("jl_entropy.norm_tail_ball", numbers="d: int, eps: Fraction; P(|chi2_d / d - 1| >= eps) as a ball (flint.arb)")
def norm_tail_ball(d: int, eps: Fraction) -> Any:
    """Regularised upper incomplete gamma functions at the working precision."""
    return gaussian_tail(d, eps)


@mutant("jl_entropy.norm_tail_ball", slip="gamma_upper with argument and order exchanged")
def swapped_arguments(d: int, eps: Fraction) -> Any:
    below, above, order = arb(d * (1 - eps) / 2), arb(d * (1 + eps) / 2), arb(Fraction(d, 2))
    return 1 - order.gamma_upper(below, regularized=1) + order.gamma_upper(above, regularized=1)


@mutant("jl_entropy.norm_tail_ball", slip="53 bits: the complement of the lower tail has no digit left")
def fifty_three_bits(d: int, eps: Fraction) -> Any:
    import flint

    with flint.ctx.workprec(53):
        return gaussian_tail(d, eps)


@equivalent("jl_entropy.norm_tail_ball", because="for even d the tail is a finite Poisson sum")
def poisson_sum(d: int, eps: Fraction) -> Any:
    if d % 2 or d > 600:  # long sums say nothing that short ones do not
        return gaussian_tail(d, eps)
    return 1 - poisson_below(d, arb(d * (1 - eps) / 2)) + poisson_below(d, arb(d * (1 + eps) / 2))


def poisson_below(d: int, x: Any) -> Any:
    """P(chi2_d >= 2 x) = e^-x sum over j < d/2 of x^j / j!, for even d: by Horner's rule, from the last term."""
    total = arb(1)
    for j in range(d // 2 - 1, 0, -1):
        total = 1 + total * x / j
    return (-x).exp() * total


@claim(
    id="jl_entropy.norm-tail-certified.ball",
    title="The ball of the tail holds a finite sum",
    statement=r"P(\chi^2_d \ge 2x) = e^{-x} \sum_{j < d/2} \frac{x^j}{j!} \qquad (d \text{ even})",
    source=SOURCE,
    role="jl_entropy.norm_tail_ball",
    evidence=Evidence.CERTIFIED,
    region=within("-1e-30", "1e-30", because="equality of two real numbers, to thirty digits relative to the tail"),
    cases=grid(d=(2, 8, 64, 512), eps=("1/10", "1/2", "9/10")),
    quantity="relative difference of the two",
)
def ball_against_sum(tail: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    eps = Fraction(case.eps)

    def difference() -> Any:
        return tail(case.d, eps) / poisson_sum(case.d, eps) - 1

    yield from sharper(difference, bits=2 * bits_for(case.d, eps))


@claim(
    id="jl_entropy.norm-tail-certified.precision",
    title="Bits in the order of the tail's logarithm are what its ball needs",
    statement=r"\text{bits} \ge 96 - \tfrac d2 \big(\epsilon + \log(1 - \epsilon)\big)/\log 2 "
    r"\implies \text{radius} \le 10^{-10}\, T",
    source=SOURCE,
    role="jl_entropy.norm_tail_ball",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10, because="96 bits beyond the size of the lower tail are 28 digits; at 53 bits nothing is left"
    ),
    cases=grid(d=(64, 4096), eps=("3/10", "9/10")),
    quantity="radius of the ball over its middle",
)
def ball_is_narrow(tail: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    eps = Fraction(case.eps)
    with flint.ctx.workprec(bits_for(case.d, eps)):
        found = tail(case.d, eps)
        decides = found.is_finite() and not found.contains(0)
        yield exact(float(found.rad() / abs(found.mid())) if decides else np.inf)
