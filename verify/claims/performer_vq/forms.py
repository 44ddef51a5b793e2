"""Entry 9: the forms of linear attention are one function, at any scale; two shortcuts are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.performer_vq.instances import Floats, causal_mask, softmax_rows
from verify.claims.sources import PVQ_ARTICLE, PVQ_PERFORMER
from verify.evidence import Enclosure, accepted, at_least, at_most, exact, exactly, gap
from verify.methods import attention as methods
from verify.methods.random_features import draw_projections, log_prf_features

SOURCE = PVQ_PERFORMER.at("section 2.2")

role(
    "performer_vq.linear_attention",
    numbers="log_q (n_q, m), log_k (n, m), V (n, d_v): arrays; causal=, block_size=; (n_q, d_v)",
)(methods.linear_attention)
role("performer_vq.linear_attention_state", numbers="a class: update(log_k, V), query(log_q), mass (m,)")(
    methods.LinearAttentionState
)


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


def log_features(rng: np.random.Generator, case: Case) -> tuple[Floats, Floats, Floats]:
    """(log_q, log_k, V): features of vectors whose entries are `scale` times normal ones."""
    W = rng.normal(size=(case.m, 4))
    Q, K = case.scale * rng.normal(size=(2, case.n, 4))
    return log_prf_features(Q, W), log_prf_features(K, W), rng.normal(size=(case.n, 3))


def by_pairs(lq: Floats, lk: Floats, V: Floats, causal: bool) -> Floats:
    """The quadratic form: log-sum-exp over features for each pair, one softmax a row, in double precision."""
    logits = np.logaddexp.reduce(lq[:, None].astype(float) + lk.astype(float), axis=2)
    return np.asarray(softmax_rows(causal_mask(logits) if causal else logits) @ V.astype(float))


def roundings(lq: Floats, lk: Floats, V: Floats, dtype: Any) -> float:
    """The unit: eps (1 + largest |log-feature|) max |V|."""
    return float(np.finfo(dtype).eps * (1 + max(np.abs(lq).max(), np.abs(lk).max())) * np.abs(V).max())


ROUNDINGS = (
    "each exponent is made of three numbers of size max |l| and rounds by 3 eps max |l|, twice; the sums of at most 257 and 24 "
    "positive terms add their own 16 eps if roundings are independent: below 32 units"
)


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
    state = state_class()
    for start in range(0, case.n, 5):
        state.update(lk[start : start + 5], V[start : start + 5])
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
    state = state_class()
    for start in range(0, case.n, 5):
        state.update(lk[start : start + 5], V[start : start + 5])
    yield exact(float(np.nan_to_num(np.min(state.mass), nan=0.0)))


@claim(
    id="performer_vq.linear-attention-forms.causal",
    title="The recurrence knows nothing of later tokens, to the last bit",
    statement=r"\frac{\partial o_i}{\partial (k_j, v_j)} = 0, \qquad j > i",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=exactly(0, because="block_size = 1 computes output i before it reads token i + 1"),
    cases=grid(n=(7, 40), m=(24,), scale=(1, 30)),
    quantity="largest change of an earlier output",
)
def later_tokens_do_not_matter(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk, V = log_features(rng, case)
    moved_k, moved_V = lk.copy(), V.copy()
    moved_k[-1] *= 1000
    moved_V[-1] += 7
    before, after = (linear_attention(lq, k, v, causal=True, block_size=1) for k, v in ((lk, V), (moved_k, moved_V)))
    yield exact(gap(np.asarray(before)[:-1], np.asarray(after)[:-1]))


@claim(
    id="performer_vq.linear-attention-forms.causal-blocks",
    title="Nor do blocks, beyond rounding, even if the last key is a thousand times larger",
    statement=r"o_i \text{ unchanged for } i < n \text{ as } \ell(k_n) \to 1000\, \ell(k_n)",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=at_most(64, because="two results, each within 32 units of the exact one"),
    cases=grid(n=(64,), m=(24,), scale=(1, 30), block=(16, 300), sign=(1, -1)),
    quantity="largest change of an earlier output in the same units",
)
def blocks_do_not_leak(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk, V = log_features(rng, case)
    moved = lk.copy()
    moved[-1] = case.sign * 1000 * np.abs(lk[-1])
    before, after = (linear_attention(lq, k, V, causal=True, block_size=case.block) for k in (lk, moved))
    yield exact(gap(np.asarray(before)[:-1], np.asarray(after)[:-1]) / roundings(lq, moved, V, float))


@claim(
    id="performer_vq.linear-attention-forms.convex",
    title="Outputs are convex combinations of the values",
    statement=r"\min_j v_j \le o_i \le \max_j v_j",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13, because="weights are quotients of one sum of at most 64 · 24 positive terms: 300 eps of max |V| < 4"
    ),
    cases=grid(n=(7, 64), m=(24,), scale=(1, 30, 1000), causal=(False, True)),
    quantity="how far an output leaves the range of the values",
)
def outputs_are_convex(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk, V = log_features(rng, case)
    out = np.asarray(linear_attention(lq, lk, V, causal=case.causal))
    yield exact(gap(np.clip(out, V.min(axis=0), V.max(axis=0)), out))


@claim(
    id="performer_vq.linear-attention-forms.rescalings",
    title="A factor per query, per feature or for all keys changes nothing",
    statement=r"\ell(q_a) + c_a + f, \;\; \ell(k_j) - f + c \;\text{ give the same outputs}",
    source=PVQ_ARTICLE.at("normalising the key's features"),
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=at_most(64, because="two results, each within 32 units of the exact one"),
    cases=grid(n=(30,), m=(24,), scale=(1, 30)),
    quantity="largest change in the same units",
)
def allowed_rescalings(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk, V = log_features(rng, case)
    feature, query = 50 * rng.normal(size=case.m), 50 * rng.normal(size=(case.n, 1))
    scaled = lq + query + feature, lk - feature + 17.0
    unit = max(roundings(lq, lk, V, float), roundings(*scaled, V, float))
    yield exact(gap(linear_attention(lq, lk, V), linear_attention(*scaled, V)) / unit)


@claim(
    id="performer_vq.linear-attention-forms.rank",
    title="Features bound the rank of attention",
    statement=r"\mathrm{rank}\, A \le m",
    source=PVQ_ARTICLE.at("the remark on rank"),
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=at_most(
        1,
        because="a product of n × m and m × n factors; singular values below 1e-12 of the largest are rounding, of size n eps",
    ),
    cases=grid(m=(4, 16, 32)),
    quantity="rank of the 64 × 64 attention matrix over m",
)
def rank_is_bounded(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk = (log_prf_features(rng.normal(size=(64, 8)), W) for W in [draw_projections(case.m, 8, rng)] * 2)
    values = np.linalg.svd(np.nan_to_num(linear_attention(lq, lk, np.eye(64)), nan=1e9), compute_uv=False)
    yield exact(int(np.sum(values > 1e-12 * values[0])) / case.m)


@claim(
    id="performer_vq.linear-attention-forms.causal-rank",
    title="Masking removes the bottleneck: the causal matrix has full rank",
    statement=r"\mathrm{rank}\, \mathrm{tril}(A) = n",
    source=PVQ_ARTICLE.at("the remark on rank"),
    role="performer_vq.linear_attention",
    evidence=Evidence.EXACT,
    region=exactly(0, because="a triangular matrix has full rank if and only if its diagonal has no zero"),
    cases=grid(m=(4, 32)),
    quantity="zeros on the diagonal and entries above it",
)
def causal_rank_is_full(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lq, lk = (log_prf_features(rng.normal(size=(64, 8)), W) for W in [draw_projections(case.m, 8, rng)] * 2)
    A = np.asarray(linear_attention(lq, lk, np.eye(64), causal=True, block_size=16))
    yield exact(int(np.sum(~(np.diagonal(A) > 0))) + int(np.sum(np.triu(A, 1) != 0)))


@claim(
    id="performer_vq.linear-attention-forms.refusals",
    title="Inputs that do not fit together are refused",
    statement=r"\ell^Q \in \mathbb R^{n_q \times m},\; \ell^K \in \mathbb R^{n \times m},\; V \in \mathbb R^{n \times d_v}",
    source=SOURCE,
    role="performer_vq.linear_attention",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="none of these has an answer"),
    quantity="bad inputs that were taken",
)
def bad_input_is_refused(linear_attention: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    a, nan = np.zeros((3, 2)), np.full((3, 2), np.nan)

    def asked(lq: Floats, lk: Floats, V: Floats, causal: bool, size: int) -> Any:
        return linear_attention(lq, lk, V, causal=causal, block_size=size)

    bad = [
        (a, np.zeros((3, 4)), a, False, 2), (a, a, np.zeros((4, 2)), False, 2), (a, nan, a, False, 2), (nan, a, a, True, 2),
        (a, a, nan, False, 2), (a, a[:2], a[:2], True, 2), (a, a, a, True, 0), (a[:0], a, a, False, 2), (a, a[:0], a[:0], False, 2),
    ]  # fmt: skip
    yield exact(accepted(asked, bad, ValueError))


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
