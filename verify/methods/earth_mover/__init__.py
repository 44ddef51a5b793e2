"""Optimal transport as a classification loss: the loss, exact and entropic transport, and what its risk prefers."""

from verify.methods.earth_mover.cost import cosine_cost
from verify.methods.earth_mover.entropic import SinkhornResult, sinkhorn_log
from verify.methods.earth_mover.exact import TransportResult, emd_exact, onehot_potentials
from verify.methods.earth_mover.independent import GapTerms, demd, demd_gap_terms
from verify.methods.earth_mover.line import wasserstein_line
from verify.methods.earth_mover.loss import emo_grad, emo_loss, pooled_loss
from verify.methods.earth_mover.rational import RationalTransport, certify_plan, emd_rational
from verify.methods.earth_mover.risk import mixture_minimizer, symmetric_noise_cost

__all__ = [
    "GapTerms",
    "RationalTransport",
    "SinkhornResult",
    "TransportResult",
    "certify_plan",
    "cosine_cost",
    "demd",
    "demd_gap_terms",
    "emd_exact",
    "emd_rational",
    "emo_grad",
    "emo_loss",
    "mixture_minimizer",
    "onehot_potentials",
    "pooled_loss",
    "sinkhorn_log",
    "symmetric_noise_cost",
    "wasserstein_line",
]
