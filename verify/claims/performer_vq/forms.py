"""Entry 9: the forms of linear attention are one function, at any scale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.performer_vq.instances import Floats
from verify.claims.performer_vq.log_features import ROUNDINGS, by_pairs, log_features, roundings
from verify.claims.sources import PVQ_PERFORMER
from verify.evidence import Enclosure, at_most, exact, gap
from verify.methods import attention as methods

SOURCE = PVQ_PERFORMER.at("section 2.2")
role(
    "performer_vq.linear_attention",
    numbers="log_q (n_q, m), log_k (n, m), V (n, d_v): arrays; causal=, block_size=; (n_q, d_v)",
)(methods.linear_attention)


def by_features(lq: Floats, lk: Floats, V: Floats, causal: bool) -> Floats:
    """A(B'V)/A(B'1) with plain products; what A and B are scaled by is the caller's mistake."""
    A, B = np.exp(lq), np.exp(lk)
    weights = A @ B.T
    if causal:
        weights = np.tril(weights)
    return np.asarray(weights @ V / weights.sum(axis=1, keepdims=True))


@mutant("performer_vq.linear_attention", slip="a maximum per key is subtracted: keys are reweighted")
def pivot_per_key(lq: Floats, lk: Floats, V: Floats, *, causal: bool = False, block_size: int = 256) -> Floats:
    lk = lk - lk.max(axis=1, keepdims=True)
    return methods.linear_attention(lq, lk, V, causal=causal, block_size=block_size)


@mutant("performer_vq.linear_attention", slip="the prefix sum is exclusive: a token does not see itself")
def exclusive_prefix(lq: Floats, lk: Floats, V: Floats, *, causal: bool = False, block_size: int = 256) -> Floats:
    out = methods.linear_attention(lq, lk, V, causal=causal, block_size=block_size)
    if causal and len(V) > 1:
        out[1:] = np.stack([methods.linear_attention(lq[i : i + 1], lk[:i], V[:i])[0] for i in range(1, len(V))])
    return out


@mutant(
    "performer_vq.linear_attention",
    slip="the pivot of a block reaches over its later keys, which may underflow earlier rows",
)
def pivot_over_the_future(lq: Floats, lk: Floats, V: Floats, *, causal: bool = False, block_size: int = 256) -> Floats:
    pivot = lk.max(axis=0)
    shifted = lq + pivot
    return by_features(shifted - shifted.max(axis=1, keepdims=True), lk - pivot, V, causal)


@mutant("performer_vq.linear_attention", slip="naive exponentials, which overflow")
def naive_exponentials(lq: Floats, lk: Floats, V: Floats, *, causal: bool = False, block_size: int = 256) -> Floats:
    return by_features(lq, lk, V, causal)


@mutant("performer_vq.linear_attention", slip="one global maximum for keys, and ε against 0/0")
def epsilon_and_global_maximum(
    lq: Floats, lk: Floats, V: Floats, *, causal: bool = False, block_size: int = 256
) -> Floats:
    A = np.exp(lq - lq.max(axis=1, keepdims=True)) + 1e-4
    B = np.exp(lk - lk.max()) + 1e-4
    return by_features(np.log(A), np.log(B), V, causal)


@mutant("performer_vq.linear_attention", slip="causal is ignored, or taken where it was not asked for")
def causal_confused(lq: Floats, lk: Floats, V: Floats, *, causal: bool = False, block_size: int = 256) -> Floats:
    return methods.linear_attention(lq, lk, V, causal=not causal, block_size=block_size)


@equivalent(
    "performer_vq.linear_attention", because="a factor per feature on one side and its inverse on the other cancel"
)
def feature_rescaled(lq: Floats, lk: Floats, V: Floats, *, causal: bool = False, block_size: int = 256) -> Floats:
    factor = np.arange(lq.shape[1]).astype(lq.dtype) / 8
    return methods.linear_attention(lq + factor, lk - factor, V, causal=causal, block_size=block_size)


@claim(
    id="performer_vq.linear-attention-forms",
    title="Quadratic, associative and block-causal forms agree at every scale",
    statement=r"\frac{\sum_i \phi_i(q_a) \sum_j \phi_i(k_j) v_j}{\sum_i \phi_i(q_a) \sum_j \phi_i(k_j)} = "
    r"\sum_j \mathrm{softmax}_j\Big(\log \sum_i e^{\ell_i(q_a) + \ell_i(k_j)}\Big) v_j",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=at_most(32, because=ROUNDINGS),
    cases=grid(n=(7, 64), m=(24,), scale=(1, 30, 1000), form=("all", "causal-1", "causal-16"), dtype=("float64", "float32")).full(
        n=(1, 7, 64, 257), m=(1, 24), scale=(1, 10, 30, 100, 1000), form=("all", "causal-1", "causal-16", "causal-300")
    ),
    quantity="largest error in units of eps (1 + max |log-feature|) max |V|",
)  # fmt: skip
def forms_agree(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk, V = (x.astype(case.dtype) for x in log_features(rng, case))
    form, _, size = case.form.partition("-")
    how = {"causal": True, "block_size": int(size)} if size else {}
    found = linear_attention(lq, lk, V, **how)
    unit = roundings(lq, lk, V, case.dtype) if np.asarray(found).dtype == case.dtype else 0.0
    error = gap(found, by_pairs(lq, lk, V, form == "causal"))
    yield exact(error / unit if unit else np.inf)  # an answer in another precision is no answer


@figure(of="performer_vq.linear-attention-forms")
def error_against_scale() -> Figure:
    scales = (1, 3, 10, 30, 100, 300, 1000)
    forms = {
        "pivot per feature": methods.linear_attention,
        "ε and a global maximum": epsilon_and_global_maximum,
        "naive": naive_exponentials,
    }
    errors: dict[str, list[tuple[float, float]]] = {name: [] for name in forms}
    for scale in scales:
        lq, lk, V = log_features(np.random.default_rng(9862), Case({"n": 64, "m": 24, "scale": scale}))
        truth = by_pairs(lq, lk, V, False)
        for name, form in forms.items():
            with np.errstate(all="ignore"):
                error = gap(form(lq, lk, V), truth)
            if np.isfinite(error):
                errors[name].append((scale, max(error, 1e-17)))
    curves = [series(name, *zip(*points, strict=True)) for name, points in errors.items() if points]
    return Figure(
        "Error of linear attention against the scale of queries and keys",
        "The pivot per feature stays at rounding; naive exponentials end in NaN beyond a scale of 10, ε in uniform pooling.",
        "scale",
        "largest error",
        tuple(curves),
        x_log=True,
        y_log=True,
    )
