"""Annealed entropies, freezing scales, and the scales that attention layers use."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, finite_array, first_bad, one_of, real_number, refuse, whole_number
from verify.methods.softmax_entropy.laws import check_law, nodes
from verify.methods.softmax_entropy.oracle import LARGEST_LOG_N

LOG_GOLDEN = math.log((1 + math.sqrt(5)) / 2)
KINDS = ("standard", "log_ratio", "log_natural", "derived", "kappa", "sqrt_log", "freezing")


def annealed_entropy(law: str, *, log_n: float, **params: Any) -> float:
    """log n + log E e^x - E[x e^x] / E e^x: the entropy of a softmax whose sums are replaced by their means.

    log n minus the Kullback-Leibler divergence of the tilted law from the law of a score. It is exact as n grows at a
    fixed scale, too large in general, and negative beyond freezing, where no softmax is.

    ValueError: as `expected_softmax_entropy`.

    >>> annealed_entropy("gaussian", log_n=6.0, sigma=2.0)
    4.0
    """
    L = real_number("log_n", log_n, least=0, below=LARGEST_LOG_N)
    checked = check_law(law, params)
    if law == "gaussian":
        return float(L - checked["sigma"] ** 2 / 2)
    x, log_weight = nodes(law, checked, 0.0, tilt=True)
    tilted = log_weight + x
    top = tilted.max()
    mass = np.exp(tilted - top)
    mean = float(mass @ x / mass.sum())
    # -KL as a sum of small terms about the mean: log E e^(x - mean)
    return L + float(top - mean + math.log(mass.sum()))


def freezing_scale(log_n: float, law: str, **params: Any) -> float:
    """The scale at which the annealed entropy reaches 0 in the limit of many scores: beyond it a few scores hold all.

    gaussian: sigma = sqrt(2 log n). sphere (d): n^(2/d) sqrt(1 - n^(-2/d)). generalised_normal (p):
    p (log n)^(1 - 1/p). The law's other parameter, its scale, is not given.

    ValueError: log_n outside [0, 700), an unknown law (measured scores have a largest one, and no freezing scale),
    missing or other parameters, d < 2, p <= 1.

    Source: Derrida 1981 for the Gaussian case.

    >>> freezing_scale(8.0, "gaussian")
    4.0
    """
    L = real_number("log_n", log_n, least=0, below=LARGEST_LOG_N)
    allowed: dict[str, set[str]] = {"gaussian": set(), "sphere": {"d"}, "generalised_normal": {"p"}}
    one_of("law", law, allowed)
    if set(params) != allowed[law]:
        wanted = " and ".join(allowed[law]) or "no parameter"
        refuse(f"law={law!r} with {', '.join(params) or 'no parameters'}", f"it takes {wanted}", "leave the scale out")
    if law == "gaussian":
        return math.sqrt(2 * L)
    if law == "sphere":
        d = whole_number("d", params["d"], 2)
        return float(_sphere_freezing(L, d))
    p = real_number("p", params["p"], above=1)
    return float(p * L ** (1 - 1 / p))


def attention_scale(
    n: ArrayLike,
    d: int,
    kind: Literal["standard", "log_ratio", "log_natural", "derived", "kappa", "sqrt_log", "freezing"],
    n_ref: float = 512,
    *,
    kappa: float | None = None,
    clamp: bool = False,
) -> Any:
    """The number that multiplies q.k for a query that sees n keys in d dimensions; a number, or an array like n.

    - `"standard"`: 1 / sqrt(d).
    - `"log_ratio"`: log n / (log n_ref sqrt(d)), the published entropy-invariant scale.
    - `"log_natural"`: log n / sqrt(d).
    - `"derived"`: log n / ((log phi / 2) d), phi the golden ratio: what its derivation gives.
    - `"kappa"`: kappa log n / d.
    - `"sqrt_log"`: sqrt(log n / log n_ref) / sqrt(d).
    - `"freezing"`: `freezing_scale` of keys on a sphere.

    In causal attention query i sees n = i + 1 keys, so n is an array: one constant for all rows is another method.
    `clamp` keeps the ratio log n / log n_ref from falling below 1, as some models do ("log_ratio" and "sqrt_log").

    ValueError: n < 1, d < 1 (d < 2 for "freezing"), n_ref <= 1, an unknown kind, kappa missing, negative, or given for
    another kind, clamp for a kind without n_ref.

    Source: Su 2021, archive 8823.

    >>> attention_scale(512, 64, "log_ratio")
    0.125
    """
    one_of("kind", kind, KINDS)
    keys = finite_array("n", n)
    first_bad("n", keys, keys < 1, "a query sees at least one key", "count the keys of each row")
    d = whole_number("d", d, 2 if kind == "freezing" else 1)
    reference = math.log(real_number("n_ref", n_ref, above=1))
    if clamp and kind not in ("log_ratio", "sqrt_log"):
        refuse(f"clamp with kind={kind!r}", "only log_ratio and sqrt_log compare with n_ref", "leave clamp out")
    if (kappa is None) == (kind == "kappa"):
        refuse(f"kappa={kappa} with kind={kind!r}", "'kappa' takes kappa, and no other kind does", "correct the call")
    factor = 0.0 if kappa is None else real_number("kappa", kappa, least=0)
    scale = _scale(np.log(keys), d, kind, reference, factor, clamp)
    return scale if np.ndim(n) else float(scale)


def _scale(L: Array, d: int, kind: str, reference: float, kappa: float, clamp: bool) -> Array:
    ratio = np.maximum(L / reference, 1.0) if clamp else L / reference
    if kind == "standard":
        return np.full_like(L, d**-0.5)
    if kind == "log_ratio":
        return ratio / math.sqrt(d)
    if kind == "log_natural":
        return L / math.sqrt(d)
    if kind == "derived":
        return L / (LOG_GOLDEN / 2 * d)
    if kind == "kappa":
        return kappa * L / d
    if kind == "sqrt_log":
        return np.sqrt(ratio / d)
    return _sphere_freezing(L, d)


def _sphere_freezing(L: float | Array, d: int) -> Array:
    """n^(2/d) sqrt(1 - n^(-2/d)) at L = log n."""
    return np.asarray(np.exp(2 * L / d) * np.sqrt(-np.expm1(-2 * L / d)))
