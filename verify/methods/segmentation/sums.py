"""Partition sums, their moments and posteriors: what the law P(w) ~ p(w)^alpha of segmentations gives on average."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from verify.methods.guards import Array
from verify.methods.segmentation.band import expectations, forward_pass, visits
from verify.methods.segmentation.checks import check_alpha, check_lattice, exact_weights
from verify.methods.segmentation.lattice import Lattice, build_reversed


class Moments(NamedTuple):
    """log Z, entropy in nats, mean and variance of the score s(w) = log p(w)."""

    log_z: float
    entropy: float
    mean_score: float
    var_score: float


def forward_log(lattice: Lattice, alpha: float = 1.0) -> Array:
    """F (n + 1,): F_e = log of the sum of p^alpha over all segmentations of the first e bytes, -inf where there are none.

    F_0 = 0, F_e = logsumexp over edges (s, e) of F_s + alpha logw. O(E) time, O(n) memory beside the lattice.

    >>> lattice = build_lattice(b"ab", UnigramModel({b"a": 0.0, b"b": 0.0, b"ab": 0.0}))
    >>> np.exp(forward_log(lattice)).round(12).tolist()
    [1.0, 1.0, 2.0]
    """
    return _forward(lattice, alpha)[0].copy()


def backward_log(lattice: Lattice, alpha: float = 1.0) -> Array:
    """B (n + 1,): B_s = log of the sum of p^alpha over all segmentations of the text from byte s on.

    The forward sums of the mirrored lattice. F_n = B_0 = log Z, and F_e + B_e = log Z at every cut e.
    """
    return _forward(build_reversed(check_lattice(lattice)), alpha)[0][::-1].copy()


def log_partition(lattice: Lattice, alpha: float = 1.0) -> float:
    """log Z = log of the sum over all segmentations w of p(w)^alpha.

    >>> round(log_partition(build_lattice(b"aa", UnigramModel({b"a": -1.0, b"aa": -2.0})), 0.0), 12) == round(math.log(2), 12)
    True
    """
    return float(_forward(lattice, alpha)[0][-1])


def partition(lattice: Lattice, alpha: int) -> Fraction:
    """Z as a fraction, for a model made by `UnigramModel.from_probabilities` and a whole alpha >= 0.

    TypeError: alpha is not an integer. ValueError: it is negative, or the model has no exact weights.
    """
    weights = exact_weights(check_lattice(lattice), alpha)
    z = [Fraction(0)] * (lattice.n + 1)
    z[0] = Fraction(1)
    for s, e, weight in zip(lattice.start.tolist(), lattice.end.tolist(), weights, strict=True):
        z[e] += z[s] * weight
    return z[-1]


def segmentation_moments(lattice: Lattice, alpha: float) -> Moments:
    """log Z, entropy, mean and variance of the score under P(w) ~ p(w)^alpha, without any enumeration.

    Recursions over nodes with q(s | e), the probability that the last token before e starts at s:
    mean_e = sum q (mean_s + logw), entropy_e = sum q (entropy_s - log q), and the variance as that within plus that
    between predecessors, which no difference of squares loses.

    Source: Li and Eisner 2009 (expectation semirings).
    """
    log_f, q = _forward(lattice, alpha)
    mean = expectations(lattice, q, lattice.logw)
    surprise = np.zeros(len(q))
    np.negative(np.log(q, out=surprise, where=q > 0), out=surprise)
    between = (mean[lattice.start] + lattice.logw - mean[lattice.end]) ** 2
    entropy, variance = expectations(lattice, q, surprise)[-1], expectations(lattice, q, between)[-1]
    return Moments(float(log_f[-1]), float(entropy), float(mean[-1]), float(variance))


def edge_posteriors(lattice: Lattice, alpha: float) -> Array:
    """P(token k of the lattice is used) (E,): exp(F_s + alpha logw + B_e - log Z).

    Computed as q(s | e) P(boundary at e), which needs no difference of large logarithms.
    """
    _, q = _forward(lattice, alpha)
    return np.asarray(q * visits(lattice, q)[lattice.end])


def boundary_posteriors(lattice: Lattice, alpha: float) -> Array:
    """P(a token ends or starts at node e) (n + 1,): exp(F_e + B_e - log Z); 1 at the cuts, 0 and n among them."""
    return visits(lattice, _forward(lattice, alpha)[1])


def _forward(lattice: Lattice, alpha: float) -> tuple[Array, Array]:
    """`forward_pass`, from arguments that are met here."""
    return forward_pass(lattice, check_alpha(alpha, check_lattice(lattice)))
