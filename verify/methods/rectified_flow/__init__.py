"""Rectified flow: velocities, flows and costs of couplings, and the penalised critics that they lead to."""

from verify.methods.rectified_flow.closed import (
    gaussian_trajectory,
    geometric_mean,
    ot_map_gaussian,
    rectified_map_gaussian,
)
from verify.methods.rectified_flow.cost import conditional_variance, straightness_defect, transport_cost
from verify.methods.rectified_flow.critic import critic_objective
from verify.methods.rectified_flow.gaussian import gaussian_flow, gaussian_velocity
from verify.methods.rectified_flow.line import averaged_velocity_1d, dual_sobolev_1d, penalized_critic_1d
from verify.methods.rectified_flow.mixture import Mixture, mixture_cdf, mixture_pdf, mixture_velocity
from verify.methods.rectified_flow.steps import integrate

__all__ = [
    "Mixture",
    "averaged_velocity_1d",
    "conditional_variance",
    "critic_objective",
    "dual_sobolev_1d",
    "gaussian_flow",
    "gaussian_trajectory",
    "gaussian_velocity",
    "geometric_mean",
    "integrate",
    "mixture_cdf",
    "mixture_pdf",
    "mixture_velocity",
    "ot_map_gaussian",
    "penalized_critic_1d",
    "rectified_map_gaussian",
    "straightness_defect",
    "transport_cost",
]
