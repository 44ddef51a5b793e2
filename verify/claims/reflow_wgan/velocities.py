"""The velocities, flows and integrators that many entries judge, and the mistakes that are made with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from verify.claims import equivalent, mutant, role
from verify.claims.reflow_wgan.instances import Floats, symmetrised
from verify.methods import rectified_flow as rf
from verify.methods.rectified_flow.steps import trajectory

Pair = tuple[Floats, Floats]

role(
    "reflow_wgan.gaussian_velocity",
    numbers="t, S0, S1, K = Cov(x1, x0) (d, d), m0, m1 (d,), field: arrays; (slope (d, d), offset (d,))",
)(rf.gaussian_velocity)
role(
    "reflow_wgan.gaussian_flow",
    numbers="S0, S1, K (d, d), n_steps, method, field: arrays; maps (n_steps + 1, d, d)",
)(rf.gaussian_flow)
role("reflow_wgan.mixture_velocity", numbers="x (N, d), t, two Mixtures; velocities of the shape of x")(
    rf.mixture_velocity
)
role("reflow_wgan.integrate", numbers="field(x, t), x0, n_steps, method; x(1), of the shape of x0")(rf.integrate)


def covariance(t: Any, S0: Floats, S1: Floats, K: Floats) -> Floats:
    """S_t, for one time or an array of them."""
    s = np.asarray(t)[..., None, None]
    return np.asarray((1 - s) ** 2 * S0 + s**2 * S1 + s * (1 - s) * (K + K.T))


def slope(t: Any, S0: Floats, S1: Floats, K: Floats, field: str = "conditional") -> Floats:
    """The slope of either field, from explicit inverses and Kronecker products."""
    S, s = covariance(t, S0, S1, K), np.asarray(t)[..., None, None]
    cross = (1 - s) * K + s * S1 - (1 - s) * S0 - s * K.T
    if field == "conditional":
        return np.asarray(cross @ np.linalg.inv(S))
    d = len(S0)
    eye = np.eye(d)
    both = np.einsum("...ij,kl->...ikjl", S, eye) + np.einsum("ij,...kl->...ikjl", eye, S)
    flat = np.linalg.solve(
        both.reshape(*S.shape[:-2], d * d, d * d), (cross + cross.mT).reshape(*S.shape[:-2], d * d, 1)
    )
    return np.asarray(flat.reshape(S.shape))


def velocity(A: Floats, t: float, m0: Floats, m1: Floats) -> Pair:
    """Slope and offset of m1 - m0 + A (x - m_t)."""
    return A, np.asarray(m1 - m0 - A @ ((1 - t) * m0 + t * m1))


def steps(slopes: Callable[[Floats], Floats], S0: Floats, n_steps: int, method: str) -> Floats:
    """The maps of M' = A(t) M, where `slopes` gives A at an array of times."""
    eye, A = np.eye(len(S0)), slopes(np.linspace(0, 1, 2 * n_steps + 1))
    return np.stack([eye, *trajectory(lambda M, t: A[round(2 * n_steps * t)] @ M, eye, n_steps, method)])


@equivalent(
    "reflow_wgan.gaussian_velocity", because="an explicit inverse loses digits only where S_t is ill conditioned"
)
def by_inverses(t: Any, S0: Floats, S1: Floats, K: Floats, m0: Floats, m1: Floats, field: str = "conditional") -> Pair:
    rf.gaussian_velocity(t, S0, S1, K, m0, m1, field)  # refuses what the reference refuses
    return velocity(slope(t, S0, S1, np.asarray(K), field), t, m0, m1)


@mutant("reflow_wgan.gaussian_velocity", slip="the coupling forgotten: every pair taken as independent")
def cross_forgotten(
    t: Any, S0: Floats, S1: Floats, K: Floats, m0: Floats, m1: Floats, field: str = "conditional"
) -> Pair:
    return rf.gaussian_velocity(t, S0, S1, 0 * K, m0, m1, field)


@mutant("reflow_wgan.gaussian_velocity", slip="K transposed, Cov(x0, x1): all marginals stay right, the field does not")
def cross_transposed(
    t: Any, S0: Floats, S1: Floats, K: Floats, m0: Floats, m1: Floats, field: str = "conditional"
) -> Pair:
    return rf.gaussian_velocity(t, S0, S1, K.T, m0, m1, field)


@mutant("reflow_wgan.gaussian_velocity", slip="the score-based formula with the wrong sign of the score")
def score_sign(t: Any, S0: Floats, S1: Floats, K: Floats, m0: Floats, m1: Floats, field: str = "conditional") -> Pair:
    # E[x0 | x] = m0 + Cov(x0, x_t) S_t^-1 (x - m_t), and S_t^-1 (x - m_t) is minus the score
    to_start = (1 - t) * S0 + t * K.T
    return velocity((np.eye(len(S0)) + to_start @ np.linalg.inv(covariance(t, S0, S1, K))) / t, t, m0, m1)


@mutant("reflow_wgan.gaussian_velocity", slip="the field made symmetric by averaging it with its transpose")
def averaged_with_transpose(
    t: Any, S0: Floats, S1: Floats, K: Floats, m0: Floats, m1: Floats, field: str = "conditional"
) -> Pair:
    A, _ = rf.gaussian_velocity(t, S0, S1, K, m0, m1)
    return velocity(symmetrised(A), t, m0, m1)


@mutant("reflow_wgan.gaussian_velocity", slip="v at t = 1/2 passed off as v at t")
def half_time(t: Any, S0: Floats, S1: Floats, K: Floats, m0: Floats, m1: Floats, field: str = "conditional") -> Pair:
    return rf.gaussian_velocity(0.5, S0, S1, K, m0, m1, field)


@equivalent("reflow_wgan.gaussian_flow", because="velocities from explicit inverses: the same steps")
def flow_by_inverses(
    S0: Floats, S1: Floats, K: Floats, n_steps: int, method: str = "rk4", field: str = "conditional"
) -> Floats:
    rf.gaussian_flow(S0, S1, K, 1)  # refuses what the reference refuses
    K = np.asarray(K)
    return steps(lambda t: slope(t, S0, S1, K, field), S0, n_steps, method)


@mutant("reflow_wgan.gaussian_flow", slip="the coupling forgotten: the independent one in its place, each time anew")
def independent_again(
    S0: Floats, S1: Floats, K: Floats, n_steps: int, method: str = "rk4", field: str = "conditional"
) -> Floats:
    return rf.gaussian_flow(S0, S1, 0 * np.asarray(K), n_steps, method, field)


@mutant("reflow_wgan.gaussian_flow", slip="K transposed, Cov(x0, x1)")
def transposed_flow(
    S0: Floats, S1: Floats, K: Floats, n_steps: int, method: str = "rk4", field: str = "conditional"
) -> Floats:
    return rf.gaussian_flow(S0, S1, np.transpose(K), n_steps, method, field)


@mutant("reflow_wgan.gaussian_flow", slip="the slope term dropped: every particle keeps the mean displacement")
def slope_dropped(
    S0: Floats, S1: Floats, K: Floats, n_steps: int, method: str = "rk4", field: str = "conditional"
) -> Floats:
    return np.tile(np.eye(len(S0)), (n_steps + 1, 1, 1))


@mutant("reflow_wgan.gaussian_flow", slip="the plain field where a gradient is asked for: B S = S'/2 without symmetry")
def not_a_gradient(
    S0: Floats, S1: Floats, K: Floats, n_steps: int, method: str = "rk4", field: str = "conditional"
) -> Floats:
    def half_change(t: Floats) -> Floats:
        s = t[:, None, None]
        change = 2 * (s * S1 - (1 - s) * S0) + (1 - 2 * s) * (K + K.T)
        return np.asarray(change @ np.linalg.inv(covariance(t, S0, S1, K)) / 2)

    return (
        rf.gaussian_flow(S0, S1, K, n_steps, method) if field != "gradient" else steps(half_change, S0, n_steps, method)
    )


@mutant(
    "reflow_wgan.gaussian_flow", slip="the gradient taken as the mean of the field and its transpose: marginals break"
)
def averaged_flow(
    S0: Floats, S1: Floats, K: Floats, n_steps: int, method: str = "rk4", field: str = "conditional"
) -> Floats:
    def averaged(t: Floats) -> Floats:
        return symmetrised(slope(t, S0, S1, np.asarray(K)))

    return rf.gaussian_flow(S0, S1, K, n_steps, method) if field != "gradient" else steps(averaged, S0, n_steps, method)


@mutant("reflow_wgan.gaussian_flow", slip="the method ignored: Euler steps always")
def always_euler(
    S0: Floats, S1: Floats, K: Floats, n_steps: int, method: str = "rk4", field: str = "conditional"
) -> Floats:
    return rf.gaussian_flow(S0, S1, K, n_steps, "euler", field)


@mutant("reflow_wgan.gaussian_flow", slip="no look at the coupling: where lines all meet it integrates into garbage")
def unchecked(
    S0: Floats, S1: Floats, K: Floats, n_steps: int, method: str = "rk4", field: str = "conditional"
) -> Floats:
    K = np.asarray(K)
    return steps(lambda t: slope(t, S0, S1, K, field), S0, n_steps, method)


def mixed(
    x: Floats,
    t: float,
    mix0: rf.Mixture,
    mix1: rf.Mixture,
    *,
    determinant: float = 1,
    prior: bool = False,
    slope: str = "",
) -> Floats:
    """The velocity of mixtures from plain densities, with switches for what goes wrong."""
    S, R = (mix.covs[:1] if (mix.covs == mix.covs[0]).all() else mix.covs for mix in (mix0, mix1))
    S, R = S[:, None], R[None]  # axes: component of mix0, component of mix1
    a, b, m, n = mix0.weights[:, None], mix1.weights, mix0.means[:, None], mix1.means
    C = (1 - t) ** 2 * S + t**2 * R
    change = {"": t * R - (1 - t) * S, "dropped": 0 * C, "swapped": (1 - t) * R - t * S}[slope]
    r = np.reshape(x, (-1, 1, 1, mix0.d)) - (1 - t) * m - t * n
    if len(S) == R.shape[1] == 1:  # one matrix for all pairs: a plain product is much faster
        solved = r @ np.linalg.inv(C[0, 0])
        moved = solved @ change[0, 0]
    else:
        solved = (r[..., None, :] @ np.linalg.inv(C))[..., 0, :]
        moved = (solved[..., None, :] @ change)[..., 0, :]
    weight = np.broadcast_to(a * b, r.shape[:-1])
    if not prior:
        weight = weight * np.exp(-np.sum(solved * r, axis=-1) / 2) / np.linalg.det(C) ** (determinant / 2)
    velocity = np.sum(weight[..., None] * (n - m + moved), axis=(1, 2)) / np.sum(weight, axis=(1, 2))[:, None]
    return np.asarray(velocity.reshape(np.shape(x)))


@equivalent(
    "reflow_wgan.mixture_velocity", because="plain densities underflow only far outside; the claims stay inside"
)
def plain_densities(x: Floats, t: float, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return mixed(x, t, mix0, mix1)


@mutant("reflow_wgan.mixture_velocity", slip="responsibilities without the determinant of the covariance")
def without_determinant(x: Floats, t: float, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return mixed(x, t, mix0, mix1, determinant=0)


@mutant("reflow_wgan.mixture_velocity", slip="prior weights in place of responsibilities")
def prior_weights(x: Floats, t: float, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return mixed(x, t, mix0, mix1, prior=True)


@mutant("reflow_wgan.mixture_velocity", slip="the slope term dropped: components move rigidly")
def rigid_components(x: Floats, t: float, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return mixed(x, t, mix0, mix1, slope="dropped")


@mutant("reflow_wgan.mixture_velocity", slip="t and 1 - t exchanged in the slope")
def exchanged_times(x: Floats, t: float, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return mixed(x, t, mix0, mix1, slope="swapped")


@mutant("reflow_wgan.mixture_velocity", slip="v at t = 1/2 passed off as v at t")
def mixture_half_time(x: Floats, t: float, mix0: rf.Mixture, mix1: rf.Mixture) -> Floats:
    return mixed(x, 0.5, mix0, mix1)


Field = Callable[[Floats, float], Floats]


@mutant("reflow_wgan.integrate", slip="the third slope starts from the first one, not from the second")
def third_from_first(field: Field, x0: Floats, n_steps: int, method: str = "rk4") -> Floats:
    if method != "rk4":
        return rf.integrate(field, x0, n_steps, method)
    x, h = x0, 1 / n_steps
    for i in range(n_steps):
        k1 = field(x, i * h)
        k2 = field(x + h / 2 * k1, i * h + h / 2)
        k4 = field(x + h * k2, i * h + h)
        x = x + h / 6 * (k1 + 4 * k2 + k4)
    return x


@mutant("reflow_wgan.integrate", slip="the time stays at the left end within a step")
def time_at_left_end(field: Field, x0: Floats, n_steps: int, method: str = "rk4") -> Floats:
    x = np.asarray(x0)
    for i in range(n_steps):
        # one step of length 1 of the field divided by n, its time frozen
        x = rf.integrate(lambda y, _t, at=i / n_steps: field(y, at) / n_steps, x, 1, method)  # type: ignore[misc]
    return x


@mutant("reflow_wgan.integrate", slip="the time never advances: the field of t = 0 throughout")
def time_never_advances(field: Field, x0: Floats, n_steps: int, method: str = "rk4") -> Floats:
    return rf.integrate(lambda y, _t: field(y, 0.0), x0, n_steps, method)


@mutant("reflow_wgan.integrate", slip="Heun without its second slope: Euler under another name")
def heun_as_euler(field: Field, x0: Floats, n_steps: int, method: str = "rk4") -> Floats:
    return rf.integrate(field, x0, n_steps, "euler" if method == "heun" else method)


@mutant("reflow_wgan.integrate", slip="no look at the numbers: infinities are returned as positions")
def runs_away(field: Field, x0: Floats, n_steps: int, method: str = "rk4") -> Floats:
    try:
        return rf.integrate(field, x0, n_steps, method)
    except RuntimeError:
        return np.full(np.shape(x0), np.inf)
