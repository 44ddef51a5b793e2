"""Entry 6: what the Lyapunov exponent says about the linear systems behind Newton's iteration, and about its length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.grid import stream
from verify.claims.parallel_rnn.instances import Floats, gaussian_tanh, previous
from verify.claims.sources import RNN_PREDICTABILITY
from verify.evidence import Enclosure, at_most, exact, gap, worst
from verify.methods import recurrence

SOURCE = RNN_PREDICTABILITY.at("conditioning and the largest Lyapunov exponent")


def growths(J: Floats, *, latest_on_left: bool = True) -> list[float]:
    """κ_0 = 1 and κ_k, k = 1, 2, ...: the largest norm of a product of k Jacobians in a row."""
    kappa, products = [1.0], J[1:]  # J_1 multiplies the start, which is known
    while len(products):
        kappa.append(float(np.linalg.norm(products, 2, axis=(1, 2)).max()))
        later, earlier = J[len(kappa) :], products[:-1]
        products = later @ earlier if latest_on_left else earlier @ later
    return kappa


@role("parallel_rnn.conditioning_bounds", numbers="Jacobians (T, d, d): an array; two floats")
def conditioning_bounds(J: Floats) -> tuple[float, float]:
    """1 / Σ κ_k ≤ σ_min ≤ 1 / max κ_k, where κ_k is the largest norm of a product of k Jacobians in a row, κ_0 = 1."""
    kappa = growths(J)
    return 1 / sum(kappa), 1 / max(kappa)


@mutant(
    "parallel_rnn.conditioning_bounds",
    slip="the Jacobians are multiplied in the order of time, the latest on the right",
)
def wrong_order(J: Floats) -> tuple[float, float]:
    kappa = growths(J, latest_on_left=False)
    return 1 / sum(kappa), 1 / max(kappa)


@mutant("parallel_rnn.conditioning_bounds", slip="products of norms in place of norms of products")
def norms_multiplied(J: Floats) -> tuple[float, float]:
    norms = np.linalg.norm(J, 2, axis=(1, 2))
    return conditioning_bounds(norms[:, None, None])


@mutant("parallel_rnn.conditioning_bounds", slip="κ_0 = 1, the identity on the diagonal, is forgotten")
def without_diagonal(J: Floats) -> tuple[float, float]:
    kappa = growths(J)[1:]
    return 1 / sum(kappa), 1 / max(kappa)


def global_jacobian(J: Floats) -> Floats:
    """The derivative of the whole residual with its sign turned: identities, and −J_t below the diagonal."""
    T, d = J.shape[:2]
    full = np.eye(T * d)
    for t in range(1, T):
        full[t * d : (t + 1) * d, (t - 1) * d : t * d] = -J[t]
    return full


def path_jacobians(instance: Any) -> Floats:
    """J_t on the true path."""
    cell, U, x0 = instance
    return np.asarray(cell.jacobian(previous(x0, recurrence.sequential_states(*instance)), U))


GAINS = (0.7, 1.2, 2.5, 4.0)


@claim(
    id="parallel_rnn.lyapunov-conditioning",
    title="The least singular value lies between two bounds by products of Jacobians",
    statement=r"\frac{1}{\sum_{k<T} \kappa_k} \le \sigma_{\min}(\mathcal J) \le \frac{1}{\max_{k<T} \kappa_k}, \qquad "
    r"\kappa_k = \max_t \|J_{t+k-1} \cdots J_t\|_2",
    source=SOURCE,
    role="parallel_rnn.conditioning_bounds",
    evidence=Evidence.EXACT,
    region=at_most(
        1 + 1e-6,
        because="both ends follow from the blocks of the inverse; singular values of 1e-10 have errors of some 1e-16 "
        "· 10",
    ),
    cases=grid(d=(4,), gain=GAINS, T=(16, 48), drive=(0.3,)).full(d=(4, 8), T=(16, 48, 96), drive=(0.3, 0.5)),
    quantity="larger of lower / σ and σ / upper",
)
def singular_value_is_enclosed(bounds: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    J = path_jacobians(gaussian_tanh(rng, case.d, case.T, case.gain, case.drive))
    sigma = np.linalg.svd(global_jacobian(J), compute_uv=False)[-1]
    low, high = bounds(J)
    yield worst([exact(gap(low / sigma, 0.0)), exact(gap(sigma / high, 0.0))])


@claim(
    id="parallel_rnn.lyapunov-conditioning.sharp",
    title="A scalar recurrence attains the lower bound, which therefore cannot be raised",
    statement=r"J_t = q < 1: \qquad \sigma_{\min} \to 1 - q = \frac{1}{\sum_k \kappa_k}",
    source=SOURCE,
    role="parallel_rnn.conditioning_bounds",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-3,
        because="σ_min² of the Toeplitz matrix exceeds its limit (1 − q)² by q π² / T²: σ_min by a part of 2.5e-4 at T = 200 "
        "and q = 0.5; and four times that",
    ),
    cases=grid(q=(0.3, 0.5)),
    quantity="σ_min / lower − 1",
)
def lower_end_is_sharp(bounds: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    J = np.full((200, 1, 1), case.q)
    sigma = np.linalg.svd(global_jacobian(J), compute_uv=False)[-1]
    yield exact(gap(sigma / bounds(J)[0], 1.0))


@figure(of="parallel_rnn.lyapunov-conditioning")
def singular_values() -> Figure:
    gains = np.linspace(0.5, 4, 15)
    low, sigma, high = [], [], []
    for gain in gains:
        J = path_jacobians(gaussian_tanh(stream("figure", "conditioning"), 4, 48, gain, 0.3))
        ends = conditioning_bounds(J)
        low.append(ends[0])
        high.append(ends[1])
        sigma.append(np.linalg.svd(global_jacobian(J), compute_uv=False)[-1])
    return Figure(
        "The least singular value between its bounds, d = 4, T = 48",
        "It keeps between its bounds, and is smaller by one to two orders of magnitude under strong recurrence, though not "
        "steadily so.",
        "gain g",
        "σ_min",
        (series("between the bounds", gains, low, high, kind="band"), series("σ_min", gains, sigma, kind="dots")),
        y_log=True,
    )
