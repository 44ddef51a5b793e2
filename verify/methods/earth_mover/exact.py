"""Exact optimal transport in floating point: network simplex behind strict guards, with its duality gap."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import (
    MASS_TOLERANCE,
    Array,
    class_indices,
    exact_or_finite,
    probabilities,
    refuse,
    summable_costs,
)
from verify.methods.numerics import rescaled

PIVOTS = 100_000_000  # a limit against cycling, not against large instances


class TransportResult(NamedTuple):
    """A transport plan (n, m), its cost, potentials f (n,), g (m,), and gap = cost - <p, f> - <q, g>."""

    cost: float
    plan: Array
    f: Array
    g: Array
    gap: float


def emd_exact(p: ArrayLike, q: ArrayLike, cost: ArrayLike) -> TransportResult:
    """The earth mover distance min <C, P> over nonnegative P with row sums p and column sums q.

    Shapes: p (n,), q (m,), cost (n, m), of any sign, symmetric or not. The potentials satisfy f_i + g_j <= C[i, j]
    for all pairs, up to rounding, also where a mass is 0; so the result carries its own proof: cost - gap bounds the
    distance from below. If the sums of p and q differ, by 2e-8 at most, q is scaled to that of p.

    ValueError: p or q not probabilities, cost not finite or beyond 1e300, shapes. RuntimeError: the solver gave up, or its plan is
    not a plan from p to q, or is further from optimal than rounding explains.

    Source: Bonneel, van de Panne, Paris, Heidrich 2011 (the network simplex of POT).

    >>> emd_exact([0.5, 0.5], [0.25, 0.75], [[0, 1], [1, 0]]).cost
    0.25
    """
    p, q = probabilities("p", p), probabilities("q", q)
    C = summable_costs("cost", cost, (len(p), len(q)))
    q = balanced(q, p)
    plan, f = solve(p, q, C)
    # For empty rows and columns the solver guesses; two c-transforms make the pair feasible everywhere.
    g = (C - f[:, None])[p > 0].min(axis=0)
    f = (C - g).min(axis=1)
    value = float(np.vdot(plan, C))
    gap = value - float(p @ f + q @ g)
    # Every potential is a sum along a path of at most n + m arcs, each rounded by eps of at most (n + m) max |C|.
    if not gap <= (len(p) + len(q)) ** 2 * np.finfo(float).eps * np.abs(C).max():
        raise RuntimeError(f"POT's plan has the duality gap {gap}, more than rounding explains; rescale the cost")
    return TransportResult(value, plan, f, g, gap)


def balanced(q: Array, p: Array) -> Array:
    """q with the total mass of p; the guards have seen to it that this changes no more than 2e-8."""
    return np.asarray(q * (p.sum() / q.sum()))


def solve(p: Array, q: Array, C: Array) -> tuple[Array, Array]:
    """POT's plan and row potentials; what POT says in a warning, or not at all, is a RuntimeError here."""
    import ot

    # The artificial arcs of POT cost n (max C + 1): cheap where all costs are negative (it then finds the problem
    # infeasible), and swamp costs below 1e-14 (it then returns any plan). A shift and a power of two avoid both.
    low = C.min()
    (shifted,), exponent = rescaled(C - low, least=0.5, most=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the same words are in the log, which no filter can hide
        plan, log = ot.emd(p, q, shifted, numItermax=PIVOTS, log=True)
    if log["warning"] is not None:
        raise RuntimeError(f"POT found no optimal plan: {log['warning']}")
    plan = np.maximum(plan, 0.0)
    lost = max(np.abs(plan.sum(axis=1) - p).max(), np.abs(plan.sum(axis=0) - q).max())
    if not lost <= MASS_TOLERANCE * p.sum():
        raise RuntimeError(f"POT's plan misses the masses by {lost}; it is no plan from p to q")
    return plan, np.asarray(np.ldexp(log["u"], exponent) + low)


def onehot_potentials(cost: ArrayLike, t: int) -> tuple[Array, Array]:
    """The optimal potentials of transport to the one class t: f_i = C[i, t] and g_j = min_i (C[i, j] - C[i, t]).

    For every p they are feasible, g_t = 0, and <p, f> = sum_i p_i C[i, t] is the distance itself.
    Shapes: cost (n, m); f (n,), g (m,). Exact for arrays of Fractions.

    ValueError: cost not finite or beyond 1e300, shape. IndexError, TypeError: t is no class.

    >>> f, g = onehot_potentials([[0, 3], [1, 0]], 0)
    >>> f.tolist(), g.tolist()
    ([0.0, 1.0], [0.0, -1.0])
    """
    C = exact_or_finite("cost", cost, ("n", "m"))
    C = C if C.dtype == object else summable_costs("cost", C, ("n", "m"))
    index = class_indices("t", t, C.shape[1])
    if index.ndim:
        refuse(f"t has shape {index.shape}", "one class is needed", "call once a class")
    f = C[:, int(index)].copy()
    return f, np.asarray((C - f[:, None]).min(axis=0))
