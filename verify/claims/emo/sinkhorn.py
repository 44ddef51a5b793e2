"""Entry 12: what entropic regularisation adds to the transport cost, and how fast that vanishes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.emo.instances import Floats, cost_matrix, distribution, onehot
from verify.claims.sources import CUTURI, WEED
from verify.evidence import Enclosure, answered, at_most, exact, gap, slope, within, worst
from verify.methods import earth_mover

HALVES = np.array([0.5, 0.5])
SWAP = np.array([[0.0, 1.0], [1.0, 0.0]])

role(
    "emo.sinkhorn_log", numbers="p (n,), q (m,), cost (n, m), reg: arrays; SinkhornResult(cost, plan, iterations, ...)"
)(earth_mover.sinkhorn_log)


@mutant("emo.sinkhorn_log", slip="the regularised objective reported in place of the transport cost")
def regularised_objective(p: Floats, q: Floats, cost: Floats, reg: float, **how: Any) -> earth_mover.SinkhornResult:
    found = earth_mover.sinkhorn_log(p, q, cost, reg, **how)
    plan = found.plan[found.plan > 0]
    return found._replace(cost=found.cost + reg * float(np.sum(plan * (np.log(plan) - 1))))


@mutant("emo.sinkhorn_log", slip="half of the regularisation that was asked for")
def halved_reg(p: Floats, q: Floats, cost: Floats, reg: float, **how: Any) -> earth_mover.SinkhornResult:
    return earth_mover.sinkhorn_log(p, q, cost, reg / 2, **how)


@mutant("emo.sinkhorn_log", slip="the kernel exp(−C/ε) without logarithms: it underflows for small ε")
def linear_domain(p: Floats, q: Floats, cost: Floats, reg: float, **how: Any) -> earth_mover.SinkhornResult:
    kernel = np.exp(-cost / reg)
    v = np.ones(len(q))
    sweep = 0
    while sweep < 1000:
        sweep += 1
        u = p / (kernel @ v)
        before, v = v, q / (kernel.T @ u)
        if np.allclose(v, before, rtol=1e-14, atol=0):
            break
    plan = u[:, None] * kernel * v
    return earth_mover.SinkhornResult(float(np.sum(plan * cost)), plan, sweep, gap(plan.sum(axis=1), p))


@mutant("emo.sinkhorn_log", slip="stopped after one projection onto a marginal")
def one_projection(p: Floats, q: Floats, cost: Floats, reg: float, **how: Any) -> earth_mover.SinkhornResult:
    kernel = np.exp(-(cost - cost.min()) / reg)
    plan = p[:, None] * kernel / kernel.sum(axis=1, keepdims=True)
    return earth_mover.SinkhornResult(float(np.sum(plan * cost)), plan, 1, 0.0)


@equivalent("emo.sinkhorn_log", because="transport back costs as much as transport there")
def transposed(p: Floats, q: Floats, cost: Floats, reg: float, **how: Any) -> earth_mover.SinkhornResult:
    found = earth_mover.sinkhorn_log(q, p, cost.T, reg, **how)
    return found._replace(plan=found.plan.T)


@claim(
    id="emo.sinkhorn-bias.onehot",
    title="With a one-hot target Sinkhorn is exact at every temperature",
    statement=r"P_\varepsilon = p\,\delta_t^\top \quad \forall\, \varepsilon > 0",
    source=CUTURI.at("algorithm 1, on a polytope of one point"),
    role="emo.sinkhorn_log",
    evidence=Evidence.EXACT,
    region=at_most(1, because="potentials have size c_max / ε, so each of the plan's exponents rounds by that many eps; in units "
                   "of 1e-14 (1 + c_max / ε) that is 0.02, and 50 times as much for the sums of n = 20"),
    cases=grid(reg=(1e-3, 1e-2, 0.1, 1.0, 100.0), n=(2, 5, 20)).full(
        reg=(1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0), n=(2, 5, 20, 100)
    ),
    quantity="|cost − dot product| in units of 1e-14 (1 + c_max / ε)",
)  # fmt: skip
def onehot_unbiased(sinkhorn: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference() -> Enclosure:
        p, cost, t = distribution(rng, case.n), cost_matrix(rng, case.n, "asymmetric"), int(rng.integers(case.n))
        error = gap(sinkhorn(p, onehot(case.n, t), cost, case.reg).cost, p @ cost[:, t])
        return exact(error / (1e-14 * (1 + cost.max() / case.reg)))

    yield worst(difference() for _ in range(5))


@claim(
    id="emo.sinkhorn-bias",
    title="On two points the entropic bias is a logistic function of 1/ε",
    statement=r"p = q = (\tfrac12, \tfrac12),\; C = 1 - I: \quad \langle C, P_\varepsilon\rangle - \operatorname{EMD} "
    r"= \frac{1}{1 + e^{1/\varepsilon}}",
    source=CUTURI.at("the regularised plan diag(u) K diag(v)"),
    role="emo.sinkhorn_log",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="one exponential of 1/ε ≤ 20 carries 20 eps = 4.4e-15 relative; marginals are met to 1e-14; a "
                   "factor 50"),
    cases=grid(reg=(1.0, 0.5, 0.2, 0.1, 0.05)),
    quantity="relative error of the bias",
)  # fmt: skip
def two_point_bias(sinkhorn: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    truth = 1 / (1 + np.exp(1 / case.reg))
    yield exact(gap(sinkhorn(HALVES, HALVES, SWAP, case.reg, tol=1e-14).cost / truth, 1.0))


@claim(
    id="emo.sinkhorn-bias.rate",
    title="The entropic bias decays exponentially in 1/ε",
    statement=r"\frac{d \log\big(\langle C, P_\varepsilon\rangle - \operatorname{EMD}\big)}{d(1/\varepsilon)} \to -1",
    source=WEED.at("theorem 5"),
    role="emo.sinkhorn_log",
    evidence=Evidence.RATE,
    region=within(-1.001, -0.999, because="the next term, −log(1 + e^−1/ε), is at most 4.6e-5 for ε ≤ 0.1: over 10 units of 1/ε a "
                  "slope of 5e-6; 1e-3 leaves room for 1e-12 of the marginals relative to a bias of 2e-9"),
    quantity="slope of log bias against 1/ε",
)  # fmt: skip
def bias_rate(sinkhorn: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    inverse = np.linspace(10, 20, 6)
    bias = [sinkhorn(HALVES, HALVES, SWAP, 1 / x, tol=1e-14).cost for x in inverse]
    yield exact(slope(inverse, np.log(np.maximum(bias, 1e-300)).tolist()))


@cache
def spanning_trees() -> list[tuple[tuple[int, int], ...]]:
    """The 81 bases of the 3 x 3 transport polytope: sets of five cells whose marginal system has full rank."""
    cells = list(itertools.product(range(3), range(3)))
    rows = {(i, j): np.concatenate([np.eye(3)[i], np.eye(3)[j]]) for i, j in cells}
    return [
        basis
        for basis in itertools.combinations(cells, 5)
        if np.linalg.matrix_rank(np.array([rows[cell] for cell in basis])) == 5
    ]


def vertex_values(p: Floats, q: Floats, cost: Floats) -> Floats:
    """The transport cost at every vertex, sorted: each spanning tree holds one basic solution, kept if nonnegative."""
    values = []
    for basis in spanning_trees():
        system = np.array([np.concatenate([np.eye(3)[i], np.eye(3)[j]]) for i, j in basis]).T
        mass = np.linalg.lstsq(system, np.concatenate([p, q]), rcond=None)[0]
        if mass.min() > -1e-12:
            values.append(sum(m * cost[cell] for m, cell in zip(mass, basis, strict=True)))
    return np.sort(values)


@role("emo.entropic_bias_bound", numbers="ε, entropy H, gap Δ to the second-best vertex: floats; a bound on the bias")
def entropic_bias_bound(reg: float, entropy: float, vertex_gap: float) -> float:
    """min(ε H, Δ exp(−Δ/ε + 1 + H)), the second where ε ≤ Δ / (1 + H)."""
    slow = reg * entropy
    if reg > vertex_gap / (1 + entropy):
        return slow
    return float(min(slow, vertex_gap * np.exp(-vertex_gap / reg + 1 + entropy)))


@mutant("emo.entropic_bias_bound", slip="the constant 1 + H left out of the exponent")
def without_constant(reg: float, entropy: float, vertex_gap: float) -> float:
    return float(min(reg * entropy, 0.1 * vertex_gap * np.exp(-vertex_gap / reg)))


@claim(
    id="emo.sinkhorn-bias.bounds",
    title="For any instance the bias obeys a slow bound and a fast one",
    statement=r"0 \le \langle C, P_\varepsilon\rangle - \operatorname{EMD} \le \varepsilon H, \qquad "
    r"\le \Delta\, e^{-\Delta/\varepsilon + 1 + H} \;\text{ if }\; \varepsilon \le \frac{\Delta}{1+H}, "
    r"\quad H = \min(H(p), H(q))",
    source=WEED.at("theorem 5"),
    role=("emo.entropic_bias_bound", "emo.sinkhorn_log"),
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="marginals are met to 1e-13 and costs are at most 2; both ends round below 1e-13"),
    cases=grid(reg=(0.5, 0.2, 0.1, 0.05, "threshold", "half"), seeds=(5,)).full(seeds=(50,)),
    quantity="largest violation of either end",
)
def bias_bounds(bound: Any, sinkhorn: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def violation() -> Enclosure:
        p, q, cost = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3)), rng.uniform(0, 1, (3, 3))
        best, second = vertex_values(p, q, cost)[:2]
        entropy = min(float(-np.sum(x * np.log(x))) for x in (p, q))
        threshold = (second - best) / (1 + entropy)
        reg = {"threshold": threshold, "half": threshold / 2}.get(case.reg, case.reg)
        if isinstance(case.reg, str):
            reg = max(reg, 0.003)  # below, the iteration needs too many sweeps; the bound used follows the ε used
        bias = sinkhorn(p, q, cost, float(reg), tol=1e-13, max_iter=200_000).cost - best
        return exact(max(-bias, bias - float(answered(bound(float(reg), entropy, float(second - best)))), 0.0))

    yield worst(violation() for _ in range(case.seeds))


@role("emo.hilbert_contraction", numbers="cost (n, n), ε: array and float; a factor in (0, 1)")
def birkhoff_factor(cost: Floats, reg: float) -> float:
    """tanh²(D / 4), D = max (C_il + C_kj − C_ij − C_kl) / ε: two half-sweeps, each a contraction by tanh(D / 4)."""
    second = cost[:, None, None, :] + cost.T[None, :, :, None].transpose(0, 2, 1, 3)
    diameter = np.max(second - cost[:, None, :, None] - cost[None, :, None, :]) / reg
    return float(np.tanh(diameter / 4) ** 2)


@mutant("emo.hilbert_contraction", slip="D / 8 in place of D / 4")
def half_diameter(cost: Floats, reg: float) -> float:
    return birkhoff_factor(cost, 2 * reg)


@claim(
    id="emo.sinkhorn-bias.contraction",
    title="Each sweep contracts Hilbert's metric by Birkhoff's factor",
    statement=r"d_H(v^{(k+1)}, v^{(k)}) \le \tanh^2(D/4)\; d_H(v^{(k)}, v^{(k-1)})",
    source=CUTURI.at("linear convergence, after Franklin and Lorenz"),
    role="emo.hilbert_contraction",
    evidence=Evidence.EXACT,
    region=at_most(
        1 + 1e-6, because="the factor is a theorem; distances above 1e-9 with errors of 1e-15 have ratios good to 1e-6"
    ),
    cases=grid(n=(2, 3, 5), reg=(0.5, 0.2, 0.1)).full(n=(2, 3, 5, 20)),
    quantity="largest measured ratio over the factor",
)
def sweeps_contract(factor: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def ratio() -> Enclosure:
        # two antipodal kernels of size 2 attain the factor; larger ones come near it
        cost = np.kron(SWAP, np.ones((1, 1))) if case.n == 2 else rng.uniform(0, 1, (case.n, case.n))
        p, q = rng.dirichlet(np.ones(case.n), 2)
        if case.n == 2:
            p, q = HALVES, HALVES
        logk, g = -cost / case.reg, 1e-3 * rng.normal(size=case.n)
        distances = []
        for _ in range(30):
            f = np.log(p) - np.log(np.sum(np.exp(logk + g), axis=1))
            new = np.log(q) - np.log(np.sum(np.exp(logk + f[:, None]), axis=0))
            distances.append(np.ptp(new - g))
            g = new
        pairs = [(a, b) for a, b in itertools.pairwise(distances) if a > 1e-9]
        return exact(gap(max(b / a for a, b in pairs) / factor(cost, case.reg), 0.0))

    yield worst(ratio() for _ in range(5))


@figure(of="emo.sinkhorn-bias")
def bias_against_temperature() -> Figure:
    x = np.linspace(1, 20, 39)
    measured = [earth_mover.sinkhorn_log(HALVES, HALVES, SWAP, 1 / v, tol=1e-14).cost for v in x]
    entropy, fast = np.log(2), x[x >= 1 + np.log(2)]
    return Figure(
        "Entropic bias on two points",
        "The bias falls like e to the minus 1/ε; the general bound ε H falls only like ε, the fast bound runs parallel to the "
        "truth.",
        "1/ε",
        "transport cost − EMD",
        (
            series("measured", x, measured, kind="dots"),
            series("1 / (1 + e^(1/ε))", x, 1 / (1 + np.exp(x))),
            series("slow bound ε H", x, entropy / x, kind="dashed"),
            series("fast bound", fast, np.exp(-fast + 1 + entropy), kind="dashed"),
        ),
        y_log=True,
    )
