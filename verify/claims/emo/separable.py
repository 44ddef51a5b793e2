"""Entry 2: the independent coupling bounds the distance, and is optimal only where the cost separates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import EMO_PAPER
from verify.evidence import Enclosure, Vacuous, exact, exactly
from verify.methods import earth_mover

Ints = NDArray[np.int64]


@role("emo.tightness_criterion", numbers="integer masses p, q (n,), integer cost (n, n); a truth value")
def separable_on_supports(p: Ints, q: Ints, cost: Ints) -> bool:
    """C is a_i + b_j on supp p x supp q: all second differences there vanish."""
    block = cost[np.ix_(np.flatnonzero(p), np.flatnonzero(q))]
    return bool((block - block[:1] - block[:, :1] + block[0, 0] == 0).all())


@mutant("emo.tightness_criterion", slip="tight if and only if one side is one-hot")
def onehot_only(p: Ints, q: Ints, cost: Ints) -> bool:
    return bool(np.count_nonzero(p) == 1 or np.count_nonzero(q) == 1)


@mutant("emo.tightness_criterion", slip="separability on all classes, not on the supports")
def separable_everywhere(p: Ints, q: Ints, cost: Ints) -> bool:
    return separable_on_supports(np.ones_like(p), np.ones_like(q), cost)


@role("emo.cheap_bound", numbers="integer masses p, q (n,) of one total N, integer cost (n, n); N times an upper bound")
def independent_cost(p: Ints, q: Ints, cost: Ints) -> int:
    """N DEMD = p' C q / N times N: the cost of the independent coupling, in units of 1/N."""
    return int(p @ cost @ q)


@mutant("emo.cheap_bound", slip="the bound reversed: the cheapest pair for all mass, which is a lower bound")
def cheapest_pair(p: Ints, q: Ints, cost: Ints) -> int:
    return int(p.sum() * q.sum() * cost[np.ix_(p > 0, q > 0)].min())


role("emo.certify_plan", numbers="integer plan (n, m), integer or Fraction cost (n, m); potentials (f, g) or None")(
    earth_mover.certify_plan
)


@mutant("emo.certify_plan", slip="feasibility is checked on the support of the plan only")
def support_only(plan: list[list[int]], cost: list[list[int]]) -> Any:
    """Labels that fit the support, found by walking along it; pairs without mass are never looked at."""
    n, m = len(cost), len(cost[0])
    f: dict[int, int] = {}
    g: dict[int, int] = {}
    for start in range(n):
        if start not in f:
            f[start] = 0
        for _ in range(n + m):
            for i in range(n):
                for j in range(m):
                    if plan[i][j] and i in f and j not in g:
                        g[j] = cost[i][j] - f[i]
                    elif plan[i][j] and j in g and i not in f:
                        f[i] = cost[i][j] - g[j]
    consistent = all(f[i] + g[j] == cost[i][j] for i in range(n) for j in range(m) if plan[i][j])
    return ([f[i] for i in range(n)], [g.get(j, 0) for j in range(m)]) if consistent else None


def instance(rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """(p, q, C) in integers, p and q of one total, some masses zero; a third of the costs separate, more on supports."""
    n = int(rng.integers(2, 6))
    p, q = rng.integers(0, 6, n), rng.integers(0, 6, n)
    p[rng.integers(n)] += 1
    q[rng.integers(n)] += 1
    cost = (
        rng.integers(0, 9, (n, 1)) + rng.integers(0, 9, (1, n)) if rng.random() < 1 / 3 else rng.integers(0, 9, (n, n))
    )
    if rng.random() < 0.3:  # separability is then lost off the support only
        cost = np.where((p == 0)[:, None], rng.integers(0, 9, (n, n)), cost)
    return p * q.sum(), q * p.sum(), cost


def instances(rng: np.random.Generator, size: int) -> list[tuple[Ints, Ints, Ints]]:
    """Random ones, and the ten points whose supports lie in orthogonal planes: tight, with neither side one-hot."""
    u = [(3, 4, 0, 0), (4, 3, 0, 0), (5, 0, 0, 0), (0, 5, 0, 0), (-3, 4, 0, 0)]
    v = [(0, 0, a, b) for a, b, _, _ in u]
    points = np.array(u + v)
    cost = 25 - points @ points.T  # 25 (1 - cos)
    p = np.array([1, 2, 3, 1, 1] + [0] * 5)
    q = np.array([0] * 5 + [2, 2, 2, 1, 1])
    return [(p, q, cost), *(instance(rng) for _ in range(size))]


def least_cost(p: Ints, q: Ints, cost: Ints) -> Any:
    """The exact distance between the integer masses, with a proof."""
    return earth_mover.emd_rational(p.tolist(), q.tolist(), cost.tolist()).cost


SOURCE = EMO_PAPER.at("DEMD, the bound by the independent coupling")


@claim(
    id="emo.demd-tight-iff-separable",
    title="The independent coupling is optimal only for costs that separate on the supports",
    statement=r"\operatorname{EMD}(p,q) = p^\top C q \iff "
    r"C_{ij} + C_{kl} = C_{il} + C_{kj} \;\; \forall\, i,k \in \operatorname{supp} p,\; j,l \in \operatorname{supp} q",
    source=SOURCE,
    role="emo.tightness_criterion",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both sides are decided in integers; one disagreement refutes the equivalence"),
    cases=grid(instances=(60,)).full(instances=(600,)),
    quantity="instances where criterion and equality disagree",
)
def criterion_decides_tightness(criterion: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    drawn = instances(rng, case.instances)
    tight = [least_cost(p, q, cost) * int(p.sum()) == independent_cost(p, q, cost) for p, q, cost in drawn]
    if not 0.2 <= sum(tight) / len(tight) <= 0.8:
        raise Vacuous(f"{sum(tight)} of {len(tight)} instances are tight, but each side needs a fifth")
    yield exact(sum(criterion(*one) != answer for one, answer in zip(drawn, tight, strict=True)))


@claim(
    id="emo.demd-tight-iff-separable.bound",
    title="The independent coupling never beats the best plan",
    statement=r"\operatorname{EMD}(p,q) \le p^\top C q",
    source=SOURCE,
    role="emo.cheap_bound",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both sides are integers; one instance below the distance refutes the bound"),
    cases=grid(instances=(60,)).full(instances=(600,)),
    quantity="instances where the bound lies below the distance",
)
def bound_holds(bound: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    drawn = instances(rng, case.instances)
    yield exact(sum(bound(p, q, cost) < least_cost(p, q, cost) * int(p.sum()) for p, q, cost in drawn))


@claim(
    id="emo.demd-tight-iff-separable.certificate",
    title="Potentials certify exactly the optimal plans",
    statement=r"\gamma \text{ optimal} \iff \exists f, g:\; f_i + g_j \le C_{ij},\; "
    r"\gamma_{ij} > 0 \Rightarrow f_i + g_j = C_{ij}",
    source=SOURCE,
    role="emo.certify_plan",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="feasibility and complementary slackness are checked in integers, pair by pair"),
    cases=grid(instances=(40,)).full(instances=(400,)),
    quantity="plans that are certified wrongly, or wrongly not",
)
def certificate_is_right(certify: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    wrong = 0
    for p, q, cost in instances(rng, case.instances):
        best = earth_mover.emd_rational(p.tolist(), q.tolist(), cost.tolist())
        independent = np.outer(p, q).tolist()  # in units of 1/N: only its support matters
        tight = best.cost * int(p.sum()) == independent_cost(p, q, cost)
        for plan, optimal in ((best.plan, True), (independent, tight)):
            wrong += proves(certify(plan, cost.tolist()), plan, cost) != optimal
    yield exact(wrong)


def proves(potentials: Any, plan: Any, cost: Ints) -> bool:
    """True if the answer is a pair that is feasible everywhere and tight on the plan; a false proof proves nothing."""
    if potentials is None:
        return False
    f, g = potentials
    slack = [[int(cost[i, j]) - f[i] - g[j] for j in range(cost.shape[1])] for i in range(cost.shape[0])]
    return all(s >= 0 and (s == 0 or not plan[i][j]) for i, row in enumerate(slack) for j, s in enumerate(row))


@figure(of="emo.demd-tight-iff-separable")
def gaps_by_criterion() -> Figure:
    rng = np.random.default_rng(9797)
    drawn = instances(rng, 300)
    gaps = np.array([(independent_cost(*x) / float(x[0].sum()) - float(least_cost(*x))) / x[0].sum() for x in drawn])
    separable = np.array([separable_on_supports(*x) for x in drawn])
    edges = np.linspace(0, max(gaps.max(), 1e-9), 21)
    counts = [np.histogram(gaps[chosen], edges)[0] for chosen in (separable, ~separable)]
    return Figure(
        "What the independent coupling adds",
        "Nothing, to the last digit, where the cost separates on the supports; something everywhere else.",
        "DEMD − EMD",
        "instances",
        (
            series("separable on the supports", edges[:-1], counts[0], kind="bars"),
            series("not separable", edges[:-1], counts[1], kind="steps"),
        ),
    )
