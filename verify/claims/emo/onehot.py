"""Entry 1: with a one-hot target there is one plan only, so the transport cost is a dot product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.emo.instances import Floats, cost_matrix, distribution, linear_programme, onehot, rational_instance
from verify.claims.sources import EMO_ARTICLE
from verify.evidence import Enclosure, at_most, exact, exactly, gap, worst
from verify.methods import earth_mover

SOURCE = EMO_ARTICLE.at("the one-hot target")


@role(
    "emo.onehot_cost",
    numbers="p (n,), cost (n, n), class t: lists of fractions, or float arrays; a number of that kind",
)
def onehot_cost(p: Any, cost: Any, t: int) -> Any:
    """sum_i p_i C[i][t]: everything that is predicted moves to the target."""
    return sum(mass * row[t] for mass, row in zip(p, cost, strict=True))


@mutant("emo.onehot_cost", slip="the target's row of the cost in place of its column")
def row_for_column(p: Any, cost: Any, t: int) -> Any:
    return sum(mass * c for mass, c in zip(p, cost[t], strict=True))


@mutant("emo.onehot_cost", slip="the most probable class in place of the target")
def argmax_class(p: Any, cost: Any, t: int) -> Any:
    return onehot_cost(p, cost, max(range(len(p)), key=lambda i: p[i]))


role("emo.emd_exact", numbers="p (n,), q (m,), cost (n, m): arrays; TransportResult(cost, plan, f, g, gap)")(
    earth_mover.emd_exact
)


@mutant("emo.emd_exact", slip="weights in single precision")
def single_precision(p: Floats, q: Floats, cost: Floats) -> earth_mover.TransportResult:
    def rounded(x: Floats) -> Floats:
        y = np.asarray(x, np.float32).astype(float)
        return np.asarray(y / y.sum())

    return earth_mover.emd_exact(rounded(p), rounded(q), cost)


@mutant("emo.emd_exact", slip="the north-west corner plan, feasible but not optimal")
def corner_plan(p: Floats, q: Floats, cost: Floats) -> earth_mover.TransportResult:
    plan, left, wanted = np.zeros((len(p), len(q))), p.copy(), q.copy()
    for i in range(len(p)):
        for j in range(len(q)):
            plan[i, j] = moved = min(left[i], wanted[j])
            left[i] -= moved
            wanted[j] -= moved
    return earth_mover.emd_exact(p, q, cost)._replace(plan=plan, cost=float(np.sum(plan * cost)))


@mutant("emo.emd_exact", slip="prediction and target exchanged")
def exchanged(p: Floats, q: Floats, cost: Floats) -> earth_mover.TransportResult:
    return earth_mover.emd_exact(q, p, cost)


STATEMENT = r"\operatorname{EMD}_C(p, \delta_t) = \sum_i p_i\, C_{it}"


@claim(
    id="emo.onehot-closed-form",
    title="With a one-hot target, earth mover distance is a dot product",
    statement=STATEMENT + r" = \max_{f_i + g_j \le C_{ij}} \langle p, f\rangle + g_t",
    source=SOURCE,
    role="emo.onehot_cost",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="primal and dual are fractions: they are equal or they are not"),
    cases=grid(n=(1, 2, 3, 5, 10), draws=(10,)).full(draws=(100,)),
    quantity="closed form − dual value, largest size over the draws",
)
def onehot_duality(cost_of: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference() -> Enclosure:
        p, cost, t = rational_instance(rng, case.n)
        f = [row[t] for row in cost]
        g_t = min(row[t] - f_i for row, f_i in zip(cost, f, strict=True))  # the largest that is feasible in column t
        dual = sum(mass * f_i for mass, f_i in zip(p, f, strict=True)) + g_t
        return exact(abs(cost_of(p, cost, t) - dual))

    yield worst(difference() for _ in range(case.draws))


@claim(
    id="emo.onehot-closed-form.pot",
    title="The dot product agrees with a network simplex",
    statement=STATEMENT,
    source=SOURCE,
    role="emo.onehot_cost",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because="each of the two sums rounds by at most n eps / 2: 1.1e-14 together at n = 50, up to 4.4e-13 at "
                   "n = 2000, where 1e-13 asks for the √n of independent roundings (1e-14) with a factor 10"),
    cases=grid(n=(1, 2, 3, 5, 10, 50), cost=("cosine", "asymmetric"), draws=(10,)).full(
        n=(1, 2, 3, 5, 10, 50, 200, 1000, 2000)
    ),
    quantity="|closed form − POT| over max(1, largest cost)",
)  # fmt: skip
def onehot_pot(cost_of: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference() -> Enclosure:
        p, cost, t = distribution(rng, case.n), cost_matrix(rng, case.n, case.cost), int(rng.integers(case.n))
        return exact(gap(cost_of(p, cost, t), pot_cost(p, t, cost)) / max(1.0, cost.max()))

    yield worst(difference() for _ in range(case.draws))


def pot_cost(p: Floats, t: int, cost: Floats) -> float:
    """POT's value by the strict front door, which lets none of its silent zeros through."""
    return earth_mover.emd_exact(p, onehot(len(p), t), cost).cost


@claim(
    id="emo.onehot-closed-form.highs",
    title="The dot product agrees with a general linear programme",
    statement=STATEMENT,
    source=SOURCE,
    role="emo.onehot_cost",
    evidence=Evidence.EXACT,
    region=at_most(1e-8, because="HiGHS lets each of 2n = 40 marginals be wrong by 1e-10, at a price of at most max C = 2: 8e-9; the "
                   "weakest mutant is off by more than 1e-2"),
    cases=grid(n=(2, 5, 20), cost=("cosine", "asymmetric"), draws=(3,)).full(draws=(100,)),
    quantity="|closed form − HiGHS|",
)  # fmt: skip
def onehot_highs(cost_of: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference() -> Enclosure:
        p, cost, t = distribution(rng, case.n), cost_matrix(rng, case.n, case.cost), int(rng.integers(case.n))
        return exact(gap(cost_of(p, cost, t), linear_programme(p, onehot(case.n, t), cost)))

    yield worst(difference() for _ in range(case.draws))


@claim(
    id="emo.onehot-closed-form.plan",
    title="There is one plan only: all mass moves to the target",
    statement=r"\Pi(p, \delta_t) = \{p\,\delta_t^\top\}",
    source=SOURCE,
    role="emo.emd_exact",
    evidence=Evidence.EXACT,
    region=at_most(1e-14, because="masses are at most 1 and are moved, not computed: 45 eps"),
    cases=grid(n=(1, 2, 5, 50), draws=(10,)).full(n=(1, 2, 5, 50, 200, 1000)),
    quantity="largest |plan − p δᵀ|",
)
def onehot_plan(emd: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference() -> Enclosure:
        p, cost, t = distribution(rng, case.n), cost_matrix(rng, case.n, "asymmetric"), int(rng.integers(case.n))
        target = onehot(case.n, t)
        return exact(gap(emd(p, target, cost).plan, np.outer(p, target)))

    yield worst(difference() for _ in range(case.draws))


@figure(of="emo.onehot-closed-form.pot")
def error_against_size() -> Figure:
    rng = np.random.default_rng(9797)
    sizes = (2, 3, 5, 10, 20, 50, 100, 200, 500)

    def errors(kind: str, n: int) -> float:
        return max(
            gap(onehot_cost(p, cost, t), pot_cost(p, t, cost))
            for p, cost, t in (
                (distribution(rng, n), cost_matrix(rng, n, kind), int(rng.integers(n))) for _ in range(5)
            )
        )

    curves = [
        series(f"{kind} cost", sizes, [max(errors(kind, n), 1e-17) for n in sizes], kind="dots")
        for kind in ("cosine", "asymmetric")
    ]
    return Figure(
        "Closed form against a network simplex",
        "The two ways differ by a few roundings at every size; points at the lower edge are exact agreements.",
        "classes n",
        "largest difference of 5 draws",
        (*curves, series("eps", y=(float(np.finfo(float).eps),), kind="hline")),
        x_log=True,
        y_log=True,
    )
