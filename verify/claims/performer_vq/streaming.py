"""Entry 9, the stream: a state that is updated key by key, whose denominators never vanish."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.performer_vq.forms import SOURCE
from verify.claims.performer_vq.instances import Floats
from verify.claims.performer_vq.log_features import ROUNDINGS, by_pairs, log_features, roundings
from verify.evidence import Enclosure, at_least, at_most, exact, gap
from verify.methods import attention as methods

role("performer_vq.linear_attention_state", numbers="a class: update(log_k, V), query(log_q), mass (m,)")(
    methods.LinearAttentionState
)


class _Rescaled:
    """A state written out with sums, so that its mutants can forget one of them."""

    def __init__(self) -> None:
        self.mass: Any = None

    def update(self, log_k: Floats, V: Floats) -> None:
        top = self.pivots(log_k)
        if self.mass is None:
            self.pivot, self.mass, self.sums = top, np.zeros(len(top)), np.zeros((len(top), V.shape[1]))
        pivot = np.maximum(self.pivot, top)
        self.rescale(np.exp(self.pivot - pivot))
        self.pivot = pivot
        B = np.exp(log_k - pivot)
        self.mass = self.mass + B.sum(axis=0)
        self.sums = self.sums + B.T @ V

    def pivots(self, log_k: Floats) -> Floats:
        return np.asarray(log_k.max(axis=0))

    def rescale(self, factor: Floats) -> None:
        self.mass, self.sums = self.mass * factor, self.sums * factor[:, None]

    def query(self, log_q: Floats) -> Floats:
        shifted = log_q + self.pivot
        A = np.exp(shifted - shifted.max(axis=1, keepdims=True))
        return np.asarray(A @ self.sums / (A @ self.mass)[:, None])


class _MassForgotten(_Rescaled):
    def rescale(self, factor: Floats) -> None:
        self.sums = self.sums * factor[:, None]


class _OnePivot(_Rescaled):
    def pivots(self, log_k: Floats) -> Floats:
        return np.full(log_k.shape[1], log_k.max())


@equivalent("performer_vq.linear_attention_state", because="sums and means hold the same state")
def sums_for_means() -> Any:
    return _Rescaled()


@mutant("performer_vq.linear_attention_state", slip="when the pivot moves the sums are rescaled, the masses forgotten")
def mass_not_rescaled() -> Any:
    return _MassForgotten()


@mutant("performer_vq.linear_attention_state", slip="one pivot for all features: masses may vanish")
def one_pivot() -> Any:
    return _OnePivot()


def streamed(state_class: Any, lk: Floats, V: Floats) -> Any:
    """A state that has absorbed all keys, five at a time."""
    state = state_class()
    for start in range(0, len(V), 5):
        state.update(lk[start : start + 5], V[start : start + 5])
    return state


@claim(
    id="performer_vq.linear-attention-forms.streaming",
    title="So does the streaming form, with a pivot that moves",
    statement=r"(U, u) \leftarrow e^{a_{\mathrm{old}} - a_{\mathrm{new}}} (U, u) + (B^\top V, B^\top \mathbf 1)",
    source=SOURCE,
    role="performer_vq.linear_attention_state",
    evidence=Evidence.EXACT,
    region=at_most(32, because=ROUNDINGS),
    cases=grid(n=(7, 64), m=(24,), scale=(1, 30, 1000)).full(
        n=(1, 7, 64, 257), m=(1, 24), scale=(1, 10, 30, 100, 1000)
    ),
    quantity="largest error in the same units",
)
def streaming_agrees(state_class: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk, V = log_features(rng, case)
    state = streamed(state_class, lk, V)
    yield exact(gap(state.query(lq), by_pairs(lq, lk, V, False)) / roundings(lq, lk, V, float))


@claim(
    id="performer_vq.linear-attention-forms.denominators",
    title="With a pivot per feature every denominator is at least 1",
    statement=r"u_i = \sum_j e^{\ell_i(k_j) - \max_j \ell_i(k_j)} \ge 1",
    source=SOURCE,
    role="performer_vq.linear_attention_state",
    evidence=Evidence.EXACT,
    region=at_least(1, because="the largest term is e⁰ = 1, exactly, and the others are not negative"),
    cases=grid(n=(7, 64), m=(24,), scale=(1, 30, 1000)),
    quantity="least mass of a feature",
)
def masses_at_least_one(state_class: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    _, lk, V = log_features(rng, case)
    state = streamed(state_class, lk, V)
    yield exact(float(np.nan_to_num(np.min(state.mass), nan=0.0)))


@figure(of="performer_vq.linear-attention-forms.denominators")
def denominators_against_scale() -> Figure:
    scales = (1, 2, 3, 5, 7, 10, 15, 20)
    least: dict[str, list[float]] = {"naive": [], "global maximum": [], "pivot per feature": []}
    for scale in scales:
        _, lk, _ = log_features(np.random.default_rng(9862), Case({"n": 64, "m": 24, "scale": scale}))
        for name, pivot in (("naive", 0.0), ("global maximum", lk.max()), ("pivot per feature", lk.max(axis=0))):
            with np.errstate(over="ignore"):
                least[name].append(max(float(np.exp(lk - pivot).sum(axis=0).min()), 1e-300))
    return Figure(
        "Least mass of a feature",
        "Only the pivot per feature keeps every denominator at 1 or more; the others fall without bound (cut at 1e-300).",
        "scale",
        "least sum over keys",
        tuple(series(name, scales, values) for name, values in least.items()),
        y_log=True,
    )
