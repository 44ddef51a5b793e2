"""The loss of a critic, the mistakes that are made with it, and a critic that is no polynomial."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import equivalent, mutant, role
from verify.methods import rectified_flow as rf

role(
    "reflow_wgan.critic_objective",
    numbers="D, grad_D callables, pairs ((N, d), (N, d)), weights (N,), centre, weight, nodes; a float, on fractions a Fraction",
)(rf.critic_objective)


def penalty(at: Any, grad_D: Any, pairs: Any, weights: Any) -> Any:
    """E |grad D|^2 at one time."""
    gradient = grad_D(pairs[0] + at * (pairs[1] - pairs[0]))
    return weights @ np.sum(gradient * gradient, axis=1)


@equivalent("reflow_wgan.critic_objective", because="the pairs in another order")
def backwards(D: Any, grad_D: Any, pairs: Any, weights: Any, *rest: Any, **named: Any) -> Any:
    return rf.critic_objective(D, grad_D, (pairs[0][::-1], pairs[1][::-1]), np.asarray(weights)[::-1], *rest, **named)


@mutant("reflow_wgan.critic_objective", slip="real and generated samples exchanged: the sign of D(x0) - D(x1)")
def real_and_fake_exchanged(D: Any, grad_D: Any, pairs: Any, weights: Any, *rest: Any, **named: Any) -> Any:
    value = rf.critic_objective(D, grad_D, pairs, weights, *rest, **named)
    return value + 2 * (np.asarray(weights) @ (D(pairs[1]) - D(pairs[0])))


@mutant("reflow_wgan.critic_objective", slip="penalty weight 1 in place of 1/2")
def whole_penalty(
    D: Any, grad_D: Any, pairs: Any, weights: Any, center: Any = 0, weight: Any = 0.5, nodes: int = 16
) -> Any:
    return rf.critic_objective(D, grad_D, pairs, weights, center, 2 * weight, nodes)


@mutant("reflow_wgan.critic_objective", slip="the penalty taken at both ends in place of along the line")
def penalty_at_ends(
    D: Any, grad_D: Any, pairs: Any, weights: Any, center: Any = 0, weight: Any = 0.5, nodes: int = 16
) -> Any:
    both = [penalty(t, grad_D, pairs, weights) for t in (0, 1)]
    return weights @ (D(pairs[0]) - D(pairs[1])) + weight * sum(both) / 2


@mutant("reflow_wgan.critic_objective", slip="the penalty taken at t = 1/2 only")
def penalty_in_the_middle(
    D: Any, grad_D: Any, pairs: Any, weights: Any, center: Any = 0, weight: Any = 0.5, nodes: int = 16
) -> Any:
    return weights @ (D(pairs[0]) - D(pairs[1])) + weight * penalty(Fraction(1, 2), grad_D, pairs, weights)


@mutant("reflow_wgan.critic_objective", slip="masses are never looked at: any weights will do")
def any_weights(D: Any, grad_D: Any, pairs: Any, weights: Any, *rest: Any, **named: Any) -> Any:
    weights = np.nan_to_num(np.asarray(weights))
    total = weights.sum()
    return total * rf.critic_objective(D, grad_D, pairs, np.abs(weights) / np.abs(weights).sum(), *rest, **named)


def smooth(x: Any) -> Any:
    """A critic that is no polynomial: sin(x + 2 y) + exp(-y^2 / 2)."""
    return np.sin(x[:, 0] + 2 * x[:, 1]) + np.exp(-(x[:, 1] ** 2) / 2)


def smooth_gradient(x: Any) -> Any:
    """Its gradient."""
    c = np.cos(x[:, 0] + 2 * x[:, 1])
    return np.stack([c, 2 * c - x[:, 1] * np.exp(-(x[:, 1] ** 2) / 2)], axis=1)
