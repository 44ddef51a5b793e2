"""Entry 2, second part: certificates of a dimension, which hold what they say and take exact numbers only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.jl_entropy.balls import arb, gaussian_tail
from verify.claims.jl_entropy.dimension import INSTANCES, failure
from verify.claims.sources import JL_SHARP
from verify.evidence import Enclosure, accepted, exact, exactly
from verify.methods import johnson_lindenstrauss as jl

SOURCE = JL_SHARP.at("the exact law of one pair and a union over pairs")

role("jl_entropy.certify_union_dimension", numbers="n_points: int, eps, failure_prob: Fractions; Certificate")(
    jl.certify_union_dimension
)


@mutant("jl_entropy.certify_union_dimension", slip="a proof of sufficiency sold as a proof of minimality")
def not_minimal(n_points: int, eps: Any, failure_prob: Any) -> jl.Certificate:
    found = jl.certify_union_dimension(n_points, eps, failure_prob)
    return found._replace(dim=found.dim + 1)


@mutant("jl_entropy.certify_union_dimension", slip="floats are taken for the decimals they print as")
def takes_floats(n_points: int, eps: Any, failure_prob: Any) -> jl.Certificate:
    return jl.certify_union_dimension(n_points, Fraction(eps), Fraction(failure_prob))


@claim(
    id="jl_entropy.union-dimension-exact.certificate",
    title="A certificate holds what it says, and floating point agrees with it",
    statement=r"\tbinom N2\, T(k^*, \epsilon) \in [a, b], \quad b \le \delta, \quad \tbinom N2\, T(k^* - 1, \epsilon) "
    r"> \delta",
    source=SOURCE,
    role="jl_entropy.certify_union_dimension",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="five facts, each true or false"),
    cases=INSTANCES + grid(n=("10^200",), eps=("1/2",), delta=("1/2",)),
    quantity="facts that are wrong",
)
def certificate_is_true(certify: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    huge = case.n == "10^200"  # beyond the floats
    n = 10**200 if huge else case.n
    eps, delta, pairs = Fraction(case.eps), failure(case), math.comb(n, 2)
    dim, (low, high), minimal = certify(n, eps, delta)
    with flint.ctx.workprec(2048):
        here, below = (gaussian_tail(k, eps) * pairs for k in (dim, dim - 1))
        facts = [here > arb(Fraction(low)) - 1e-300, here < arb(Fraction(high)), here <= arb(delta), below > arb(delta)]
    facts.append(minimal and (huge or dim == jl.union_dimension(n, float(eps), float(delta))))
    yield exact([bool(fact) for fact in facts].count(False))


@claim(
    id="jl_entropy.union-dimension-exact.door",
    title="A certificate is about exact numbers, and refuses floats",
    statement=r"\epsilon, \delta \in \mathbb Q \cap (0, 1), \qquad 0.1 \ne \tfrac1{10}",
    source=SOURCE,
    role="jl_entropy.certify_union_dimension",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def certificate_door(certify: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    half = Fraction(1, 2)
    floats = [(512, 0.1, half), (512, half, 0.1), (512.0, half, half), (512, True, half)]
    numbers = [(1, half, half), (512, 1, half), (512, half, 0), (512, "1.5", half), (512, "a tenth", half)]
    yield exact(accepted(certify, floats, TypeError) + accepted(certify, numbers, ValueError))
