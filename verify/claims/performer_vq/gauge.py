"""Entry 7: changes of variables that attention does not see, and random features do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.performer_vq.instances import Floats, attention
from verify.claims.sources import GELBRICH, PVQ_DARK
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap
from verify.methods import random_features
from verify.methods.attention import softmax_attention
from verify.methods.numerics import fidelity, spd_sqrt

SOURCE = PVQ_DARK.at("the kernel's geometry")
Pair = tuple[Floats, Floats]

role("performer_vq.optimal_gauge", numbers="Q (n_q, d), K (n, d): arrays; (M (d, d), b (d,))")(
    random_features.optimal_gauge
)


@mutant("performer_vq.optimal_gauge", slip="b is the mean key alone")
def mean_key_only(Q: Floats, K: Floats, *, ridge: float = 0.0) -> Pair:
    b = K.mean(axis=0)
    return random_features.optimal_gauge(Q - Q.mean(axis=0), K, ridge=ridge)[0], b


@mutant("performer_vq.optimal_gauge", slip="M = S_Q^1/2 S_K^−1/2 to the half, without the geometric mean")
def naive_ratio(Q: Floats, K: Floats, *, ridge: float = 0.0) -> Pair:
    b = Q.mean(axis=0) + K.mean(axis=0)
    S_Q, S_K = Q.T @ Q / len(Q), (K - b).T @ (K - b) / len(K)
    values, vectors = np.linalg.eig(spd_sqrt(S_Q) @ np.linalg.inv(spd_sqrt(S_K)))
    return np.asarray(np.real(vectors @ np.diag(np.sqrt(values)) @ np.linalg.inv(vectors))), b


@mutant("performer_vq.optimal_gauge", slip="singular second moments are inverted anyway")
def pseudo_inverse(Q: Floats, K: Floats, *, ridge: float = 0.0) -> Pair:
    try:
        return random_features.optimal_gauge(Q, K, ridge=ridge)
    except ValueError:
        return random_features.optimal_gauge(Q, K, ridge=1e-9)


@role("performer_vq.apply_gauge", numbers="Q (n_q, d), K (n, d), M (d, d), b (d,): arrays; the new (Q, K)")
def apply_gauge(Q: Floats, K: Floats, M: Floats, b: Floats) -> Pair:
    """Q M⁻¹ and (K − b) Mᵀ."""
    return np.asarray(np.linalg.solve(M.T, Q.T).T), (K - b) @ M.T


@mutant("performer_vq.apply_gauge", slip="queries are shifted as well")
def queries_shifted(Q: Floats, K: Floats, M: Floats, b: Floats) -> Pair:
    return apply_gauge(Q - b, K, M, b)


@mutant("performer_vq.apply_gauge", slip="a shift that depends on the key")
def shift_by_key(Q: Floats, K: Floats, M: Floats, b: Floats) -> Pair:
    return apply_gauge(Q, K - np.linalg.norm(K, axis=1, keepdims=True) * b, M, 0 * b)


@mutant("performer_vq.apply_gauge", slip="both sides are multiplied by M")
def same_side(Q: Floats, K: Floats, M: Floats, b: Floats) -> Pair:
    return Q @ M, (K - b) @ M.T


@role("performer_vq.optimal_scale", numbers="Q (n_q, d), K (n, d): arrays; lambda for Q/lambda, lambda K")
def optimal_scale(Q: Floats, K: Floats) -> float:
    """λ² = √(mean |q|² / mean |k|²): the best gauge among the multiples of the identity."""
    return float((np.mean(np.sum(Q**2, axis=1)) / np.mean(np.sum(K**2, axis=1))) ** 0.25)


@mutant("performer_vq.optimal_scale", slip="the ratio of norms, not its root: keys get the queries' whole size")
def whole_ratio(Q: Floats, K: Floats) -> float:
    return optimal_scale(Q, K) ** 2


GRID = grid(d=(2, 5), n=(64,), shift=("none", "common")).full(d=(2, 5, 16), n=(64, 400))


def instance(case: Case, rng: np.random.Generator) -> Pair:
    """Queries and keys with different covariances that do not commute, and a mean or not."""
    mixing = rng.normal(size=(2, case.d, case.d)) * 0.6
    Q, K = (rng.normal(size=(case.n, case.d)) @ m for m in mixing)
    return (Q + 0.5, K - 1.0) if case.shift == "common" else (Q, K)


def size(Q: Floats, K: Floats) -> float:
    """mean |q|² + mean |k|²: the mean of t, up to the product of the means."""
    return float(np.mean(np.sum(Q**2, axis=1)) + np.mean(np.sum(K**2, axis=1)))


def mean_t(Q: Floats, K: Floats) -> float:
    """The mean of |q + k|² over all pairs."""
    return float(size(Q, K) + 2 * Q.mean(axis=0) @ K.mean(axis=0))


@claim(
    id="performer_vq.gauge-invariance",
    title="Attention does not see the gauge",
    statement=r"\mathrm{softmax}\big(QM^{-1} (M (K - \mathbf 1 b^\top)^\top)\big)V = \mathrm{softmax}(QK^\top)V",
    source=SOURCE,
    role="performer_vq.apply_gauge",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="logits round by d eps (1 + max |QKᵀ|) times the condition of M, below 100 here: 16 · 100 · 2e-16 = 4e-13",
    ),
    cases=GRID,
    quantity="largest change of an output over 1 + max |QKᵀ|",
)
def attention_unchanged(apply: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K = instance(case, rng)
    V = rng.normal(size=(case.n, 3))
    M = np.eye(case.d) + 0.2 * rng.normal(size=(case.d, case.d)) / case.d**0.5
    new_Q, new_K = apply(Q, K, M, np.full(case.d, 0.3))
    changed = softmax_attention(new_Q, new_K, V)
    yield exact(gap(changed, attention(Q, K, V)) / (1 + np.abs(Q @ K.T).max()))


@claim(
    id="performer_vq.gauge-invariance.shift",
    title="The best shift takes exactly |b|² off the mean of t",
    statement=r"\min_b \overline{|q + k - b|^2} = \overline{|q + k|^2} - |b|^2, \qquad b = \bar q + \bar k",
    source=SOURCE,
    role="performer_vq.optimal_gauge",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="means of at most 400 terms of size at most 100: 400 eps relative, 1e-13, times 10"),
    cases=GRID,
    quantity="relative difference of mean t to its value after the best shift",
)
def shift_identity(gauge: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K = instance(case, rng)
    _, b = gauge(Q, K)
    best = mean_t(Q, K) - np.sum((Q.mean(axis=0) + K.mean(axis=0)) ** 2)
    sums = (Q[:, None] + K - np.asarray(b)).reshape(-1, case.d)
    yield exact(gap(np.mean(np.sum(sums**2, axis=1)), best) / mean_t(Q, K))


@claim(
    id="performer_vq.gauge-invariance.value",
    title="The best gauge is an optimal transport map, and its value a fidelity",
    statement=r"\min_M \overline{|qM^{-1}|^2} + \overline{|Mk|^2} = 2\, \mathrm{tr}\big(\Sigma_K^{1/2} \Sigma_Q "
    r"\Sigma_K^{1/2}\big)^{1/2}",
    source=GELBRICH.at("the transport map"),
    role="performer_vq.optimal_gauge",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="roots of matrices of condition up to 1e6 in double precision; the naive ratio is off by more than 1e-3",
    ),
    cases=GRID,
    quantity="relative distance to the fidelity",
)
def value_is_fidelity(gauge: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K = instance(case, rng)
    M, b = gauge(Q, K)
    shifted = K - (Q.mean(axis=0) + K.mean(axis=0))
    truth = 2 * float(fidelity(Q.T @ Q / len(Q), shifted.T @ shifted / len(K)))
    yield exact(gap(size(*apply_gauge(Q, K, np.asarray(M), np.asarray(b))) / truth, 1.0))


@claim(
    id="performer_vq.gauge-invariance.search",
    title="No search finds a better one",
    statement=r"\overline{|qM^{-1}|^2} + \overline{|Mk|^2} \ge \overline{|qM_*^{-1}|^2} + \overline{|M_*k|^2} \quad \forall M",
    source=GELBRICH.at("the transport map"),
    role="performer_vq.optimal_gauge",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-6,
        because="a quasi-Newton search from four starts ends within its gradient tolerance, 1e-8 of the value or less",
    ),
    cases=grid(d=(2, 5), n=(64,), shift=("none",)).full(d=(2, 5, 8)),
    quantity="|value − best found| over the value",
)
def no_better_gauge(gauge: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.optimize import minimize

    Q, K = instance(case, rng)
    M, b = map(np.asarray, gauge(Q, K))
    shifted = K - b
    S_Q, S_K = Q.T @ Q / len(Q), shifted.T @ shifted / len(K)

    def objective(entries: Floats) -> tuple[float, Floats]:
        A = entries.reshape(case.d, case.d)
        inverse = np.linalg.inv(A)
        value = np.trace(inverse.T @ S_Q @ inverse) + np.trace(A @ S_K @ A.T)
        slope = -2 * (inverse @ inverse.T @ S_Q @ inverse).T
        return float(value), np.ravel(slope + 2 * A @ S_K)

    starts = [np.eye(case.d) + 0.1 * rng.normal(size=(case.d, case.d)) for _ in range(4)]
    found = min(minimize(objective, s.ravel(), jac=True, method="BFGS", options={"gtol": 1e-10}).fun for s in starts)
    candidates = [objective((M + 0.3 * rng.normal(size=M.shape)).ravel())[0] for _ in range(1000)]
    value = objective(M.ravel())[0]
    yield exact(gap(value, min(found, *candidates)) / value)


@claim(
    id="performer_vq.gauge-invariance.scale",
    title="Among the multiples of the identity, the fourth root of the ratio of sizes is best",
    statement=r"\min_\lambda \overline{|q|^2}/\lambda^2 + \lambda^2\, \overline{|k|^2}: \qquad \lambda^2 = "
    r"\sqrt{\overline{|q|^2} / \overline{|k|^2}}",
    source=SOURCE,
    role="performer_vq.optimal_scale",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="the least value is 2√(ab) by the inequality of means, with equality at λ alone: a dozen roundings",
    ),
    cases=GRID,
    quantity="relative distance to 2 √(mean |q|² mean |k|²)",
)
def best_scale(scale: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K = instance(case, rng)
    K = 3 * K
    factor = float(scale(Q, K))
    a, b = np.mean(np.sum(Q**2, axis=1)), np.mean(np.sum(K**2, axis=1))
    yield exact(gap(size(Q / factor, K * factor) / (2 * np.sqrt(a * b)), 1.0))


@claim(
    id="performer_vq.gauge-invariance.product",
    title="The gauge preserves the product up to a constant a query",
    statement=r"QM^{-1} M (K - \mathbf 1 b^\top)^\top = QK^\top - (Qb)\mathbf 1^\top",
    source=SOURCE,
    role="performer_vq.apply_gauge",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10, because="products of d ≤ 16 terms through a matrix of condition below 1e3: 16 · 1e3 eps = 4e-12"
    ),
    cases=GRID,
    quantity="largest difference over 1 + max |QKᵀ|",
)
def product_preserved(apply: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, K = instance(case, rng)
    M, b = random_features.optimal_gauge(Q, K)
    new_Q, new_K = apply(Q, K, M, b)
    yield exact(gap(new_Q @ np.transpose(new_K), Q @ K.T - (Q @ b)[:, None]) / (1 + np.abs(Q @ K.T).max()))


@claim(
    id="performer_vq.gauge-invariance.singular",
    title="Singular second moments are refused unless a ridge is asked for",
    statement=r"\det \Sigma_Q = 0 \text{ or } \det \Sigma_K = 0 \implies \text{no gauge without a ridge}",
    source=SOURCE,
    role="performer_vq.optimal_gauge",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="in each of these the map needs the inverse of a singular matrix"),
    quantity="singular inputs that were taken",
)
def singular_is_refused(gauge: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    X = rng.normal(size=(20, 3))
    X -= X.mean(axis=0)  # a mean query would shift flat keys out of their plane
    flat = X * np.array([1.0, 1.0, 0.0])
    few = rng.normal(size=(2, 3))
    yield exact(accepted(gauge, [(flat, X), (X, flat), (few, X), (np.zeros((5, 3)), X)], ValueError))


@figure(of="performer_vq.gauge-invariance")
def variance_before_and_after() -> Figure:
    rng = np.random.default_rng(9862)
    d = 8
    levels: dict[str, list[float]] = {
        "as given": [],
        "after the shift": [],
        "after scale and shift": [],
        "after the best gauge": [],
    }
    spreads = (0.0, 0.25, 0.5, 0.75, 1.0)
    for spread in spreads:
        widths = np.exp(spread * rng.permutation(np.linspace(-1, 1, d)))
        Q = 0.2 * rng.normal(size=(200, d)) * widths + 0.2
        K = 0.2 * rng.normal(size=(200, d)) / widths + 0.2
        M, b = random_features.optimal_gauge(Q, K)
        factor = optimal_scale(Q, K - b)
        variants = [(Q, K), (Q, K - b), (Q / factor, (K - b) * factor), apply_gauge(Q, K, M, b)]
        for name, (q, k) in zip(levels, variants, strict=True):
            t = np.sum((q[:, None] + k) ** 2, axis=2)
            levels[name].append(float(np.mean(np.expm1(t))))
    curves = [series(name, spreads, values) for name, values in levels.items()]
    return Figure(
        "Mean relative variance of one random feature",
        "The more queries and keys differ in shape, the more the gauge saves; attention is the same throughout.",
        "log spread of the widths",
        "mean of eᵗ − 1",
        tuple(curves),
        y_log=True,
    )
