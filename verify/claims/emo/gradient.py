"""Entry 6: the gradient in the logits, its bounds, and the digits it loses when it is written down plainly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.emo.instances import Floats
from verify.claims.sources import EMO_ARTICLE
from verify.evidence import Enclosure, at_least, at_most, exact, exactly, gap, worst
from verify.methods import earth_mover
from verify.methods.numerics import softmax

SOURCE = EMO_ARTICLE.at("the gradient")

role("emo.emo_grad", numbers="logits (B, n), targets (B,), cost_columns (n, B): arrays; gradient (B, n)")(
    earth_mover.emo_grad
)


def parts(logits: Floats, cost_columns: Floats) -> tuple[Floats, Floats, Floats]:
    """(p, costs as rows, loss): what a plain implementation starts from."""
    p, cost = softmax(logits), np.asarray(cost_columns).T
    return p, cost, np.sum(p * cost, axis=-1, keepdims=True)


@mutant("emo.emo_grad", slip="minus L dropped: the mean cost is not subtracted")
def without_mean(logits: Floats, targets: Any, cost_columns: Floats) -> Floats:
    p, cost, _ = parts(logits, cost_columns)
    return p * cost


@mutant("emo.emo_grad", slip="times 1 − p as in a sigmoid")
def sigmoid_like(logits: Floats, targets: Any, cost_columns: Floats) -> Floats:
    p, cost, loss = parts(logits, cost_columns)
    return p * (1 - p) * (cost - loss)


@mutant("emo.emo_grad", slip="ascent for descent")
def sign_flipped(logits: Floats, targets: Any, cost_columns: Floats) -> Floats:
    return -earth_mover.emo_grad(logits, targets, cost_columns)


@mutant("emo.emo_grad", slip="the cost is not centred first: digits are lost where the prediction is nearly certain")
def uncentred(logits: Floats, targets: Any, cost_columns: Floats) -> Floats:
    p, cost, loss = parts(logits, cost_columns)
    return p * (cost - loss)


@mutant("emo.emo_grad", slip="central differences with h = 1e-5 passed off as exact")
def differences(logits: Floats, targets: Any, cost_columns: Floats) -> Floats:
    step, n = 1e-5, np.shape(logits)[1]
    columns = [
        (parts(logits + step * e, cost_columns)[2] - parts(logits - step * e, cost_columns)[2])[:, 0] / (2 * step)
        for e in np.eye(n)
    ]
    return np.stack(columns, axis=1)


def instance(rng: np.random.Generator, n: int, scale: float, size: int) -> tuple[Floats, Any, Floats]:
    """(logits (B, n), targets (B,), cost columns (n, B)); costs in [0, 2], exactly 0 at the target."""
    targets = rng.integers(n, size=size)
    cost = rng.uniform(0, 2, (n, size))
    cost[targets, np.arange(size)] = 0
    return scale * rng.normal(size=(size, n)), targets, cost


def by_balls(logits: Floats, cost: Floats) -> Floats:
    """p_j (c_j − L) of one row in 200-bit ball arithmetic, rounded once at the end."""
    import flint

    with flint.ctx.workprec(200):
        z, c = [flint.arb(float(x)) for x in logits], [flint.arb(float(x)) for x in cost]
        top = max(float(x) for x in logits)
        weights = [(x - top).exp() for x in z]
        total = sum(weights, flint.arb(0))
        loss = sum((w * x for w, x in zip(weights, c, strict=True)), flint.arb(0)) / total
        return np.array([float(w / total * (x - loss)) for w, x in zip(weights, c, strict=True)])


GRADIENT = (
    r"\frac{\partial L}{\partial z_j} = p_j\,(c_j - L), \qquad p = \operatorname{softmax}(z),\; L = \langle p, c\rangle"
)


@claim(
    id="emo.logit-gradient",
    title="The gradient keeps its digits however certain the prediction is",
    statement=GRADIENT,
    source=SOURCE,
    role="emo.emo_grad",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="relative to the largest entry: softmax has some n eps, logits of size 60 enter exp with "
                   "60 eps = 1.3e-14, and centring at the likeliest class leaves no cancellation; a factor 10 over all"),
    cases=grid(n=(2, 7, 60), scale=(0.1, 1.0, 5.0, 20.0), draws=(12,)).full(draws=(250,)),
    quantity="|gradient − 200-bit value| over its largest entry",
)  # fmt: skip
def gradient_in_balls(emo_grad: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    logits, targets, cost = instance(rng, case.n, case.scale, case.draws)
    found = emo_grad(logits, targets, cost)
    truth = [by_balls(logits[b], cost[:, b]) for b in range(case.draws)]
    yield worst(exact(gap(g / np.abs(t).max(), t / np.abs(t).max())) for g, t in zip(found, truth, strict=True))


@claim(
    id="emo.logit-gradient.complex-step",
    title="It is the derivative of the loss",
    statement=GRADIENT,
    source=SOURCE,
    role="emo.emo_grad",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because="a complex step of 1e-30 has no truncation and no cancellation; both sides round like n eps "
                   "times costs of at most 2: 2.7e-14 at n = 60, and a factor 4"),
    cases=grid(n=(2, 7, 60), scale=(0.1, 1.0, 5.0), draws=(12,)).full(draws=(250,)),
    quantity="largest |gradient − complex step|",
)  # fmt: skip
def gradient_by_complex_step(emo_grad: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    logits, targets, cost = instance(rng, case.n, case.scale, case.draws)
    h = 1e-30
    shifted = logits[:, None, :] + 1j * h * np.eye(case.n)
    loss = np.sum(softmax(shifted) * cost.T[:, None, :], axis=-1)
    yield exact(gap(emo_grad(logits, targets, cost), loss.imag / h))


@claim(
    id="emo.logit-gradient.bounds",
    title="The whole gradient is small only where the loss is",
    statement=r"2\,p_t L \;\le\; \|g\|_1 \;\le\; \frac{2 L\,(c_{\max} - L)}{c_{\max}} \;\le\; \frac{c_{\max}}2",
    source=SOURCE,
    role="emo.emo_grad",
    evidence=Evidence.EXACT,
    region=at_least(
        -1e-13, because="the inequalities are sharp at n = 2, so rounding shows: n eps times costs of at most 2"
    ),
    cases=grid(draws=(500,), scale=(0.1, 1.0, 5.0, 20.0)).full(draws=(12_500,)),
    quantity="least slack of the three inequalities",
)
def gradient_bounds(emo_grad: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    slacks = []
    for n in (2, 3, 10, 60):
        logits, targets, cost = instance(rng, n, case.scale, case.draws // 4)
        p, rows, loss = parts(logits, cost)
        size = np.abs(emo_grad(logits, targets, cost)).sum(axis=1)
        target_p, most, loss = p[np.arange(len(p)), targets], rows.max(axis=1), loss[:, 0]
        upper = 2 * loss * (most - loss) / most
        slacks += [size - 2 * target_p * loss, upper - size, most / 2 - upper]
    yield exact(-gap(np.minimum(np.concatenate(slacks), 0), 0 * np.concatenate(slacks)))


@claim(
    id="emo.logit-gradient.signs",
    title="Classes that are closer than average are encouraged",
    statement=r"g_j < 0 \iff c_j < L",
    source=SOURCE,
    role="emo.emo_grad",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0, because="a count of signs; entries within 1e-9 of the mean cost are left out, rounding is below 1e-13"
    ),
    cases=grid(n=(2, 7, 60), draws=(50,)).full(draws=(1000,)),
    quantity="entries with the wrong sign",
)
def gradient_signs(emo_grad: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    logits, targets, cost = instance(rng, case.n, 1.0, case.draws)
    _, rows, loss = parts(logits, cost)
    clear = np.abs(rows - loss) > 1e-9
    wrong = np.sign(emo_grad(logits, targets, cost)) != np.sign(rows - loss)
    yield exact(int(np.count_nonzero(wrong & clear)))


@role("emo.logit_curvature", numbers="logits (n,), costs (n,): arrays; Hessian (n, n)")
def logit_hessian(logits: Floats, cost: Floats) -> Floats:
    """H_jk = p_j δ_jk (c_j − L) − p_j p_k (c_j + c_k − 2 L)."""
    p = softmax(logits)
    centred = cost - p @ cost
    return np.asarray(np.diag(p * centred) - np.outer(p, p) * (centred[:, None] + centred))


@mutant("emo.logit_curvature", slip="Gauss-Newton: the softmax covariance scaled by the loss, always convex")
def gauss_newton(logits: Floats, cost: Floats) -> Floats:
    p = softmax(logits)
    return np.asarray((np.diag(p) - np.outer(p, p)) * (p @ cost))


@claim(
    id="emo.logit-gradient.hessian",
    title="The Hessian in closed form",
    statement=r"H_{jk} = p_j \delta_{jk} (c_j - L) - p_j p_k (c_j + c_k - 2L)",
    source=SOURCE,
    role="emo.logit_curvature",
    evidence=Evidence.EXACT,
    region=at_most(1e-13, because="a complex step through the gradient rounds like n eps times costs of at most 2"),
    cases=grid(n=(2, 5, 20), draws=(10,)).full(draws=(100,)),
    quantity="largest |Hessian − complex step|",
)
def hessian_by_complex_step(hessian: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference() -> Enclosure:
        logits, _, cost = instance(rng, case.n, 2.0, 1)
        h, c = 1e-30, cost[:, 0]
        p = softmax(logits + 1j * h * np.eye(case.n))
        gradient = p * (c - (p @ c)[:, None])
        return exact(gap(hessian(logits[0], c), gradient.imag / h))

    yield worst(difference() for _ in range(case.draws))


@claim(
    id="emo.logit-gradient.convexity",
    title="The loss is linear in the probabilities but not convex in the logits",
    statement=r"n = 2:\quad \operatorname{tr} H = 2\,c\,p_t\,p_w\,(p_t - p_w) < 0 \iff p_t < \tfrac12",
    source=SOURCE,
    role="emo.logit_curvature",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of signs at 100 logits, none of them 0"),
    quantity="logits where the sign of the curvature is not that of p_t − 1/2",
)
def curvature_changes_sign(hessian: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    gaps = np.delete(np.linspace(-5, 5, 101), 50)
    traces = [np.trace(hessian(np.array([s, 0.0]), np.array([0.0, 1.3]))) for s in gaps]
    yield exact(int(np.count_nonzero(np.sign(traces) != np.sign(gaps))))


@figure(of="emo.logit-gradient.bounds")
def gradient_sizes() -> Figure:
    rng = np.random.default_rng(9797)
    logits, targets, cost = instance(rng, 5, 3.0, 250)
    p, _, _ = parts(logits, cost)
    at = p[np.arange(250), targets]
    grid_p = np.linspace(0, 1, 101)
    return Figure(
        "Size of the gradient against the probability of the label",
        "Cross-entropy pulls hardest where it is most wrong; the transport loss never exceeds half the largest cost, and may "
        "vanish at both ends.",
        "probability of the label",
        "‖gradient‖₁",
        (
            series("EMO", at, np.abs(earth_mover.emo_grad(logits, targets, cost)).sum(axis=1), kind="dots"),
            series("cross-entropy: 2(1 − p)", grid_p, 2 * (1 - grid_p)),
            series("largest cost / 2", y=(1.0,), kind="hline"),
        ),
    )
