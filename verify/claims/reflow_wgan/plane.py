"""Entry 7, the example: straight is not optimal. In the plane both costs are known to any number of digits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, mutant, role
from verify.claims.reflow_wgan.instances import EXAMPLE, Integers
from verify.claims.sources import FLOW_AND_TRANSPORT
from verify.evidence import Enclosure, exact, exactly, sharper, within

SOURCE = FLOW_AND_TRANSPORT.at("the counterexamples to convergence to optimal transport")
FALSE = "Rectifying again and again converges to optimal transport."


@role("reflow_wgan.plane_costs", numbers="S0, S1: 2 × 2 integers; (rectified cost, optimal cost): balls")
def plane_costs(S0: Integers, S1: Integers) -> tuple[Any, Any]:
    """Both costs in the plane, where det and tr say everything.

    With a² = det S0, b² = det S1: S0 # S1 = sqrt(ab / det(S0/a + S1/b)) (S0/a + S1/b), and the trace of the root
    of S0^1/2 S1 S0^1/2 is sqrt(tr S0 S1 + 2ab).
    """
    import flint

    A, B = flint.arb_mat(S0), flint.arb_mat(S1)
    a, b = A.det().sqrt(), B.det().sqrt()
    mixed = A * (1 / a) + B * (1 / b)
    mean = (a * b / mixed.det()).sqrt() * mixed.trace()
    return A.trace() + B.trace() - 2 * mean, A.trace() + B.trace() - 2 * ((A * B).trace() + 2 * a * b).sqrt()


@mutant("reflow_wgan.plane_costs", slip="the optimal map used as the rectified one")
def optimal_twice(S0: Integers, S1: Integers) -> tuple[Any, Any]:
    _, optimal = plane_costs(S0, S1)
    return optimal, optimal


@mutant("reflow_wgan.plane_costs", slip="rectified and optimal exchanged")
def costs_exchanged(S0: Integers, S1: Integers) -> tuple[Any, Any]:
    return plane_costs(S0, S1)[::-1]


@mutant(
    "reflow_wgan.plane_costs", slip="the cost of the independent coupling, tr(S0 + S1), taken for the rectified one"
)
def independent_cost(S0: Integers, S1: Integers) -> tuple[Any, Any]:
    import flint

    return flint.arb_mat(S0).trace() + flint.arb_mat(S1).trace(), plane_costs(S0, S1)[1]


@role("reflow_wgan.example_excess", numbers="no argument; (128, 97): integers p, q of the excess p / √q")
def example_excess() -> tuple[int, int]:
    """The excess of diag(1, 25) -> [[13, 12], [12, 13]] is 128 / sqrt(97)."""
    return 128, 97


@mutant("reflow_wgan.example_excess", slip="a commuting pair put in its place: nothing in excess")
def commuting_pair() -> tuple[int, int]:
    return 0, 97


@mutant("reflow_wgan.example_excess", slip="half of it: the factor 2 in front of the bracket forgotten")
def factor_two_dropped() -> tuple[int, int]:
    return 64, 97


@claim(
    id="reflow_wgan.straight-is-not-optimal",
    title="A rectified coupling may cost more than twice the optimum, for ever",
    statement=r"\Sigma_0=\begin{pmatrix}1&0\\0&25\end{pmatrix},\;\Sigma_1=\begin{pmatrix}13&12\\12&13\end{pmatrix}:\qquad"
    r" \mathbb E\|Z_1-Z_0\|^2-W_2^2 = \frac{128}{\sqrt{97}} \in (12.99,\,13)",
    source=SOURCE,
    role="reflow_wgan.plane_costs",
    evidence=Evidence.CERTIFIED,
    region=within(
        "12.99", "13", because="97 · 1299² < 128² · 10⁴ < 97 · 1300² in integers; the optimum itself is 12.60"
    ),
    quantity="rectified cost − optimal cost",
    refutes=FALSE,
)
def excess_of_the_example(costs: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference() -> Any:
        rectified, optimal = costs(*EXAMPLE)
        return rectified - optimal

    yield from sharper(difference)


@claim(
    id="reflow_wgan.straight-is-not-optimal.closed-form",
    title="The excess of the example is 128 / √97",
    statement=r"\Big(52-\frac{260}{\sqrt{97}}\Big)-\big(52-4\sqrt{97}\big)=\frac{128}{\sqrt{97}}",
    source=SOURCE,
    role=("reflow_wgan.plane_costs", "reflow_wgan.example_excess"),
    evidence=Evidence.CERTIFIED,
    region=within("-1e-30", "1e-30", because="equality of reals, stated to 30 digits"),
    quantity="difference of the costs − 128 / √97",
)
def excess_in_closed_form(costs: Any, example: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    def apart() -> Any:
        rectified, optimal = costs(*EXAMPLE)
        p, q = example()
        return rectified - optimal - p / flint.arb(q).sqrt()

    yield from sharper(apart)


@claim(
    id="reflow_wgan.straight-is-not-optimal.integers",
    title="It lies between 12.99 and 13 by integer arithmetic",
    statement=r"97\cdot1299^2 < 128^2\cdot10^4 < 97\cdot1300^2",
    source=SOURCE,
    role="reflow_wgan.example_excess",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of violated inequalities between integers"),
    quantity="violated inequalities",
)
def excess_by_integers(example: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    p, q = example()
    yield exact(int(q * 1299**2 >= p**2 * 10**4) + int(p**2 * 10**4 >= q * 1300**2))
