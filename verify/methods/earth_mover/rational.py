"""Exact optimal transport in rational numbers, with a proof of optimality."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from verify.methods.earth_mover.exact import solve
from verify.methods.guards import as_fraction, is_exact, refuse

Plan = list[list[int]]


class RationalTransport(NamedTuple):
    """plan / scale is an optimal transport plan, cost its exact cost, f and g potentials that prove it."""

    cost: Fraction
    plan: Plan
    scale: int
    f: list[Fraction]
    g: list[Fraction]


def emd_rational(p: Sequence[Any], q: Sequence[Any], cost: Sequence[Sequence[Any]]) -> RationalTransport:
    """The earth mover distance of rational masses under a rational cost, exactly.

    p (n,), q (m,) and cost (n, m) hold ints or Fractions; the masses have one total, which need not be 1. The masses
    times `scale` are integers, and so is the plan. f_i + g_j <= C[i][j], with equality where the plan is positive:
    the cost is <p, f> + <q, g>, which no plan can beat.

    The floating-point solver only proposes a plan. Bellman-Ford proves it optimal or finds a negative cycle, along
    which mass is moved until none is left. Meant for small instances: one proof takes O((n + m) n m) operations.

    TypeError: floats and other inexact numbers. ValueError: negative masses, unequal or zero totals, shapes.

    >>> emd_rational([Fraction(1, 2), Fraction(1, 2)], [Fraction(1, 3), Fraction(2, 3)], [[0, 1], [1, 0]]).cost
    Fraction(1, 6)
    """
    P, Q = _masses("p", p), _masses("q", q)
    C = _costs(cost)
    if (len(C), len(C[0])) != (len(P), len(Q)):
        refuse(f"cost has shape {(len(C), len(C[0]))}", f"{(len(P), len(Q))} is needed", "check the order of arguments")
    if sum(P) != sum(Q):
        refuse(f"p has the total {sum(P)} and q {sum(Q)}", "both need one total", "divide each by its sum")
    scale = math.lcm(*(x.denominator for x in P + Q))
    supply, demand = ([int(x * scale) for x in masses] for masses in (P, Q))

    plan = _proposed(supply, demand, C)
    while isinstance(found := _labels(plan, C), list):
        _cancel(plan, found)
    value = sum(
        (c * x for costs, row in zip(C, plan, strict=True) for c, x in zip(costs, row, strict=True)), Fraction(0)
    )
    return RationalTransport(value / scale, plan, scale, *found)


def certify_plan(
    plan: Sequence[Sequence[Any]], cost: Sequence[Sequence[Any]]
) -> tuple[list[Fraction], list[Fraction]] | None:
    """Potentials f (n,), g (m,) that prove a plan optimal between its own marginals, or None if it is not.

    f_i + g_j <= cost[i][j] for all pairs, with equality where plan[i][j] > 0. Of the plan (n, m), nonnegative, only
    the support counts. The cost (n, m) holds ints or Fractions.

    Bellman-Ford on the residual graph (row i -> column j at C[i][j]; back at -C[i][j] where the plan is positive)
    settles iff there is no negative cycle, that is, iff the plan is optimal.

    TypeError: an inexact cost. ValueError: negative or nan entries in the plan, shapes.

    >>> certify_plan([[0, 1], [1, 0]], [[0, 1], [1, 0]]) is None
    True
    >>> certify_plan([[1, 0], [0, 1]], [[0, 1], [1, 0]])
    ([Fraction(0, 1), Fraction(0, 1)], [Fraction(0, 1), Fraction(0, 1)])
    """
    C = _costs(cost)
    rows = [list(row) for row in plan]
    if len(rows) != len(C) or any(len(row) != len(C[0]) for row in rows):
        refuse("plan has another shape than cost", "one entry for each pair is needed", "check the order of arguments")
    if not all(x >= 0 for row in rows for x in row):
        refuse("plan has a negative or nan entry", "masses are not negative", "round the solver's noise away")
    found = _labels(rows, C)
    return None if isinstance(found, list) else found


Arc = tuple[int, int]  # (row, column), forwards; (~row, column) is the same pair backwards


def _labels(
    plan: Sequence[Sequence[Any]], C: list[list[Fraction]]
) -> list[Arc] | tuple[list[Fraction], list[Fraction]]:
    """Potentials from shortest paths in the residual graph, or else the arcs of a negative cycle."""
    n, m = len(C), len(C[0])
    common = math.lcm(*(c.denominator for row in C for c in row))
    weights = [[int(c * common) for c in row] for row in C]  # integers: a comparison then needs no common denominator
    arcs = [(i, n + j, w) for i, row in enumerate(weights) for j, w in enumerate(row)]
    arcs += [(n + j, i, -weights[i][j]) for i in range(n) for j in range(m) if plan[i][j] > 0]
    distance, parent = [0] * (n + m), [-1] * (n + m)
    for _ in range(n + m):
        last = -1
        for tail, head, weight in arcs:
            if distance[tail] + weight < distance[head]:
                distance[head], parent[head], last = distance[tail] + weight, tail, head
        if last < 0:
            return [Fraction(-d, common) for d in distance[:n]], [Fraction(d, common) for d in distance[n:]]
    for _ in range(n + m):  # no end after n + m rounds: walking back far enough from the last change leads onto a cycle
        last = parent[last]
    cycle, head = [], last
    while True:
        tail = parent[head]
        cycle.append((tail, head - n) if tail < n else (~head, tail - n))
        head = tail
        if head == last:
            return cycle


def _cancel(plan: Plan, cycle: list[Arc]) -> None:
    """Move as much mass along the cycle as its backward arcs carry."""
    amount = min(plan[~i][j] for i, j in cycle if i < 0)
    for i, j in cycle:
        if i < 0:
            plan[~i][j] -= amount
        else:
            plan[i][j] += amount


def _proposed(supply: list[int], demand: list[int], C: list[list[Fraction]]) -> Plan:
    """POT's plan if it is an integer plan, as it is while all sums are integers below 2^53; else the corner plan."""
    if sum(supply) < 2**53:
        largest = max(abs(c) for row in C for c in row) or 1  # the quotients are floats, whatever the costs
        relative = np.array([[float(c / largest) for c in row] for row in C])
        try:
            found, _ = solve(np.array(supply, float), np.array(demand, float), relative)
        except RuntimeError:  # exactness does not depend on the proposal
            return _northwest(supply, demand)
        plan = [[round(x) for x in row] for row in found.tolist()]
        if [sum(row) for row in plan] == supply and [sum(column) for column in zip(*plan, strict=True)] == demand:
            return plan
    return _northwest(supply, demand)


def _northwest(supply: list[int], demand: list[int]) -> Plan:
    """The plan that fills cells from the first corner on."""
    plan = [[0] * len(demand) for _ in supply]
    left, wanted = list(supply), list(demand)
    for i in range(len(left)):
        for j in range(len(wanted)):
            plan[i][j] = moved = min(left[i], wanted[j])
            left[i] -= moved
            wanted[j] -= moved
    return plan


def _masses(name: str, values: Sequence[Any]) -> list[Fraction]:
    masses = _exact(name, values)
    for i, mass in enumerate(masses):
        if mass < 0:
            refuse(f"{name}[{i}]={mass}", "masses are not negative", "check the sign")
    if not any(masses):
        refuse(f"{name} has no mass", "a positive total is needed", "leave the instance out")
    return masses


def _costs(cost: Sequence[Sequence[Any]]) -> list[list[Fraction]]:
    C = [_exact(f"cost[{i}]", row) for i, row in enumerate(cost)]
    if not C or not C[0] or any(len(row) != len(C[0]) for row in C):
        refuse("cost is empty or ragged", "rows of one length are needed", "give an n x m matrix")
    return C


def _exact(name: str, values: Sequence[Any]) -> list[Fraction]:
    for i, x in enumerate(values):
        if not is_exact(x):
            remedy = "convert with Fraction, which takes a float at its exact binary value"
            refuse(f"{name}[{i}]={x!r}", "exact transport needs ints or Fractions", remedy, TypeError)
    return [as_fraction(x) for x in values]
