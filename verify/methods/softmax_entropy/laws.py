"""Laws of one score as nodes and weights: Gaussian, cosines on a sphere, generalised normal, or measured scores.

The nodes of the first three are those of quadratures that converge exponentially for the oracle's integrands: the
trapezoid rule for the first, Gauss-Legendre panels elsewhere.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from verify.methods.guards import Array, finite_array, one_of, real_number, refuse, whole_number

NODES_A_PANEL = 16
LARGEST_SCALE = 1e4  # of the laws whose scores have no bound
LARGEST_SCORE = 1e6  # of the others; the work grows with the square of the spread
PARAMETERS = {
    "gaussian": ("sigma",),
    "sphere": ("d", "scale"),
    "generalised_normal": ("p", "beta"),
    "empirical": ("scores", "beta"),
}
UNBOUNDED = ("gaussian", "generalised_normal")
SCALE = {"gaussian": "sigma", "sphere": "scale", "generalised_normal": "beta", "empirical": "beta"}


class Nodes(NamedTuple):
    """Scores x, in increasing order, and the logarithms of their probabilities."""

    x: Array
    log_weight: Array


def check_law(law: str, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a law, checked. ValueError: an unknown law, missing or other parameters, bad values."""
    one_of("law", law, PARAMETERS)
    if set(params) != set(PARAMETERS[law]):
        wanted = " and ".join(PARAMETERS[law])
        refuse(f"law={law!r} with {', '.join(params) or 'no parameters'}", f"it takes {wanted}", "name them")
    checked: dict[str, Any] = {}
    for name, value in params.items():
        if name == "d":
            checked[name] = whole_number("d", value, 2)
        elif name == "p":
            checked[name] = real_number("p", value, above=1)
        elif name == "scores":
            checked[name] = finite_array("scores", value, ("n",))
        else:
            checked[name] = real_number(name, value, least=0, below=LARGEST_SCALE if law in UNBOUNDED else None)
    if law == "sphere":
        _check_reach(f"d={checked['d']} with scale={checked['scale']}", checked["d"] * checked["scale"])
    if law == "empirical":
        largest = float(np.abs(checked["scores"]).max())
        _check_reach(f"scores up to {largest:.3g} with beta={checked['beta']}", largest * checked["beta"])
    return checked


def _check_reach(found: str, largest: float) -> None:
    if not largest <= LARGEST_SCORE:
        refuse(found, f"scaled scores lie within +-{LARGEST_SCORE:.0e}", "choose a smaller scale")


def nodes(law: str, params: dict[str, Any], log_n: float, *, tilt: bool = False) -> Nodes:
    """Nodes that reach every score which one of n = e^log_n draws could take with probability above e^-120.

    `tilt`: far enough also for E e^x, whose mass lies where few draws do.
    """
    reach = log_n + 120
    if law == "gaussian":  # its E e^x has a closed form, so that it is never tilted
        return _gaussian(params["sigma"], reach)
    if law == "sphere":
        kappa = params["scale"] * params["d"]
        return _sphere(params["d"], kappa, reach + 2 * kappa if tilt else reach)
    if law == "generalised_normal":
        p, beta = params["p"], params["beta"]
        return _generalised_normal(p, beta, _tilted_reach(p, beta, reach) if tilt else (reach + 4) ** (1 / p))
    x, counts = np.unique(params["scores"] * params["beta"], return_counts=True)
    return Nodes(x, np.log(counts / counts.sum()))


def _tilted_reach(p: float, beta: float, reach: float) -> float:
    """Where s^p exceeds beta s + reach: each half of s^p is as large as one of the two."""
    log_farthest = max(math.log(2 * reach) / p, math.log(max(2 * beta, 1.0)) / (p - 1))
    if log_farthest + math.log(max(beta, 1.0)) > math.log(LARGEST_SCORE):
        allowed = f"the scores that make E e^x lie within +-{LARGEST_SCORE:.0e}"
        refuse(f"p={p} with beta={beta}", allowed, "choose a larger p or a smaller beta")
    return math.exp(log_farthest)


def _gaussian(sigma: float, reach: float) -> Nodes:
    step = 0.25 / max(sigma, 1.0)
    edge = math.ceil(math.sqrt(2 * reach) / step)
    z = step * np.arange(-edge, edge + 1)
    return Nodes(sigma * z, math.log(step / math.sqrt(2 * math.pi)) - z * z / 2)


def _sphere(d: int, kappa: float, reach: float) -> Nodes:
    """x = kappa c for c = tanh v, which turns (1 - c^2)^((d - 3)/2) dc into sech(v)^(d - 1) dv, smooth for d = 2 too.

    A panel is at most 4 wide in x and 2/sqrt(d) in v, where the weight falls by a few e-folds.
    """
    from scipy.special import betaln

    end = reach / (d - 1) + math.log(2)  # log cosh v >= |v| - log 2
    evenly = np.linspace(-end, end, 2 + math.ceil(end * math.sqrt(d)))
    fine = np.arctanh(np.linspace(-1, 1, 3 + math.ceil(kappa / 2))[1:-1])
    v, weight = _panels(np.unique(np.concatenate([evenly, fine[np.abs(fine) < end]])))
    log_cosh = np.abs(v) + np.log1p(np.exp(-2 * np.abs(v))) - math.log(2)
    return Nodes(kappa * np.tanh(v), np.log(weight) - (d - 1) * log_cosh - float(betaln((d - 1) / 2, 0.5)))


def _panels(edges: Array) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights between neighbouring edges."""
    at, weight = np.polynomial.legendre.leggauss(NODES_A_PANEL)
    half = np.diff(edges)[:, None] / 2
    return ((edges[:-1, None] + half) + half * at).ravel(), (half * weight).ravel()


def _generalised_normal(p: float, beta: float, farthest: float) -> Nodes:
    """Density exp(-|s|^p) / (2 Gamma(1 + 1/p)): panels shrink towards 0, where |s|^p is not analytic.

    For large p the density falls from 1 to nothing within a few 1/p around |s| = 1, which takes panels of 2/p there.
    """
    from scipy.special import gammaln

    width = min(0.5, 2 / beta if beta else 0.5, farthest / 2)
    near = width * 2.0 ** -np.arange(40, 0, -1)
    edges = np.concatenate([[0.0], near, np.linspace(width, farthest, math.ceil((farthest - width) / width) + 1)])
    if p > 8:  # below, the panels above are as narrow
        edges = np.unique(np.concatenate([edges, np.linspace(max(0.0, 1 - 40 / p), farthest, 24)]))
    s, weight = _panels(edges)
    log_weight = np.log(weight) - s**p - math.log(2) - float(gammaln(1 + 1 / p))
    return Nodes(beta * np.concatenate([-s[::-1], s]), np.concatenate([log_weight[::-1], log_weight]))
