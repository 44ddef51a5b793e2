"""A small system that behaves: one claim of each evidence kind, with mutants and a harmless variant."""

from fractions import Fraction

import numpy as np

from verify.claims import (
    Evidence,
    Field,
    Figure,
    Table,
    claim,
    equivalent,
    figure,
    grid,
    mutant,
    role,
    series,
    system,
    table,
)
from verify.claims.sources import Source
from verify.evidence import at_most, exact, exactly, gap, probability, slope, within

system("toy", title="Toys", finding="Squares are what they are.")
NOTES = Source("toy", "Nobody", "Notes on toys", "2026")


@role("toy.square", numbers="a float or a fraction")
def square(x):
    """x times x."""
    return x * x


@mutant("toy.square", slip="twice the number")
def twice(x):
    return 2 * x


@mutant("toy.square", slip="the sign is lost on the way")
def minus(x):
    return -x * x


@equivalent("toy.square", because="a power of two is a square")
def power(x):
    return x**2


@claim(
    id="toy.square-of-a-fraction", title="A half squared", statement=r"(\tfrac12)^2 = \tfrac14", source=NOTES.at("1"),
    role="toy.square", evidence=Evidence.CERTIFIED, region=exactly(0, because="fractions are equal or they are not"),
    cases=grid(n=(3, 5)).full(n=(3, 5, 7)), quantity="difference",
)  # fmt: skip
def of_a_fraction(square, case, rng):
    yield exact(abs(square(Fraction(1, case.n)) - Fraction(1, case.n**2)))


@claim(
    id="toy.square-of-a-float", title="Squares round once", statement="x^2 = x x", source=NOTES.at("2"),
    role="toy.square", evidence=Evidence.EXACT, region=at_most(1e-15, because="one rounding of a number below 1"),
    cases=grid(draws=(10,)), quantity="difference",
)  # fmt: skip
def of_a_float(square, case, rng):
    x = rng.uniform(-1, 1, case.draws)
    yield exact(gap(square(x), x * x))


@claim(
    id="toy.square-hits", title="A square is below a quarter half of the time", statement=r"P(U^2 < 1/4) = 1/2",
    source=NOTES.at("3"), role="toy.square", evidence=Evidence.STATISTICAL, risk=1e-9,
    region=within(0.4, 0.6, because="the law is exact; a tenth is less than half of what doubling does"), quantity="probability",
)  # fmt: skip
def hits(square, case, rng):
    yield from probability(lambda rng, n: np.abs(square(rng.random(n)) - 0.125) < 0.125, rng, case.risk)


@claim(
    id="toy.square-rate", title="Squares grow with exponent two", statement=r"\log x^2 = 2 \log x", source=NOTES.at("4"),
    role="toy.square", evidence=Evidence.RATE, region=within(1.99, 2.01, because="a power law has no next term"),
    quantity="slope",
)  # fmt: skip
def rate(square, case, rng):
    x = np.array([1.0, 2.0, 4.0])
    yield exact(slope(np.log(x), np.log(np.maximum(square(x), 1e-300))))


@figure(of="toy.square-rate")
def curve():
    x = np.linspace(0, 1, 5)
    hole = Field(x, x, [[np.nan if a == b else a + b for a in x] for b in x], "sum")
    return Figure("Squares", "They bend upwards.", "x", "x²", (series("x²", x, square(x)),), field=hole)


@table(of="toy.square-rate")
def small_squares():
    return Table("Squares", "They are never negative.", ("x", "x²"), [(n, square(np.float64(n))) for n in (1, 2)])
