"""Samplers that decide at once, as candidates arrive, in one pass over the lattice."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from verify.methods.guards import generator, one_of, refuse
from verify.methods.segmentation.checks import check_alpha, check_lattice
from verify.methods.segmentation.competition import ORDERS, RULES, log_add, log_share
from verify.methods.segmentation.lattice import Lattice


def sample_streaming(
    lattice: Lattice, alpha: float, rng: np.random.Generator, rule: str = "reservoir", order: str = "longest"
) -> NDArray[np.int32]:
    """The ends (K,) of one segmentation from one pass over the E edges.

    rule: "reservoir", which draws from p(w)^alpha / Z, or "duel", "half", "nested", which do not; the module
    `competition` says what each decides. order: whether the "longest" or the "shortest" candidate of a node is the
    first to arrive. One uniform an edge; the first candidate is accepted surely, since a uniform is below 1.

    TypeError: rng is no numpy.random.Generator. ValueError: alpha < 0, nan or infinite; an unknown rule or order;
    scores that leave the range of floats, as those of the nested rule do like alpha^K.

    >>> lattice = build_lattice(b"ab", UnigramModel({b"a": 0.0, b"b": 0.0}))
    >>> sample_streaming(lattice, 1.0, np.random.default_rng(0)).tolist()
    [1, 2]
    """
    alpha, rng = check_alpha(alpha, check_lattice(lattice)), generator(rng)
    one_of("rule", rule, tuple(RULES))
    step = -1 if one_of("order", order, ORDERS) == "shortest" else 1
    starts, indptr = lattice.start.tolist(), lattice.indptr.tolist()
    logw, uniforms = lattice.logw.tolist(), rng.random(len(starts)).tolist()
    value = [0.0] + [-math.inf] * lattice.n  # what a node hands on: the score of its path, or the log of a sum
    pointer = [-1] * (lattice.n + 1)
    for e in np.flatnonzero(lattice.reachable)[1:].tolist():
        total = kept = -math.inf
        for k in range(indptr[e], indptr[e + 1])[::step]:
            if (before := value[starts[k]]) == -math.inf:
                continue
            if rule == "reservoir":
                x = share = before + alpha * logw[k]
            else:
                x = before + logw[k]
                share = alpha * x
            if rule == "duel":
                held = alpha * kept if pointer[e] >= 0 else -math.inf
                accepted = uniforms[k] < log_share(share, log_add(share, held))
            else:
                total = log_add(total, share)
                accepted = uniforms[k] < log_share(share, total)
            if accepted:
                pointer[e], kept = starts[k], x
        value[e] = kept if rule in ("duel", "half") else total
        if not math.isfinite(value[e]):
            refuse(f"alpha={alpha}", f"scores are floats; by the rule {rule} that of byte {e} is none", "lower alpha")
    ends = []
    node = lattice.n
    while node:
        ends.append(node)
        node = pointer[node]
    return np.array(ends[::-1], np.int32)
