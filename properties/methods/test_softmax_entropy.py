"""Softmax entropy against second ways: SciPy, multiple precision, dense rows, direct quadratures, samples."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import gammaln, softmax
from scipy.stats import entropy as scipy_entropy

from verify.methods import softmax_entropy as se
from verify.methods.softmax_entropy.laws import nodes

seeds = st.integers(0, 2**32 - 1)
scales = st.sampled_from([1e-3, 0.3, 1.0, 10.0, 1e3])
few = settings(max_examples=30, deadline=None)


@given(seed=seeds, shape=st.lists(st.integers(1, 6), min_size=1, max_size=3), scale=scales)
def test_entropies_are_scipys_where_those_are_right(seed, shape, scale):
    x = scale * np.random.default_rng(seed).normal(size=shape)
    for axis in range(len(shape)):
        found = se.softmax_entropy(x, axis=axis)
        assert np.shape(found) == tuple(np.delete(shape, axis))
        # p log p of rounded p: absolute accuracy only
        assert np.allclose(found, scipy_entropy(softmax(x, axis=axis), axis=axis), rtol=0, atol=1e-13)


@given(seed=seeds, n=st.integers(2, 30), height=st.floats(1, 600))
@few
def test_a_nearly_certain_row_keeps_its_digits(seed, n, height):
    import flint

    row = np.append(np.random.default_rng(seed).normal(size=n), height)
    flint.ctx.prec = 2048
    x = [flint.arb(float(v)) - height for v in row]
    e = [v.exp() for v in x]
    total = sum(e, flint.arb(0))
    truth = float(total.log() - sum((a * b for a, b in zip(e, x, strict=True)), flint.arb(0)) / total)
    flint.ctx.prec = 53
    assert math.isclose(se.softmax_entropy(row), truth, rel_tol=1e-12)


@given(seed=seeds, rows=st.integers(1, 5), n=st.integers(1, 40), scale=scales)
def test_varentropy_is_the_variance_of_the_scores(seed, rows, n, scale):
    x = scale * np.random.default_rng(seed).normal(size=(rows, n))
    p = softmax(x, axis=1)
    mean = (p * x).sum(axis=1, keepdims=True)
    truth = (p * (x - mean) ** 2).sum(axis=1)
    assert np.allclose(se.softmax_varentropy(x), truth, rtol=1e-9, atol=1e-12 * scale**2)


@given(seed=seeds, n=st.integers(1, 60), kept=st.floats(0.05, 1))
def test_masks_of_both_kinds_leave_the_others(seed, n, kept):
    rng = np.random.default_rng(seed)
    x, mask = rng.normal(size=(3, n)), rng.random((3, n)) < kept
    mask[:, 0] = True
    x_bad = np.where(mask, x, np.nan)  # what is masked is not looked at
    for f in (se.softmax_entropy, se.softmax_varentropy):
        truth = [f(row[m]) for row, m in zip(x, mask, strict=True)]
        assert np.allclose(f(x_bad, where=mask), truth, atol=1e-14)
        assert np.allclose(f(np.where(mask, x, -np.inf)), truth, atol=1e-14)


def test_long_rows_short_rows_and_lists():
    x = np.random.default_rng(0).normal(size=(3, 40_000))
    rows = [se.softmax_entropy(row) for row in x]
    assert np.allclose(se.softmax_entropy(x), rows, rtol=1e-14)
    assert se.softmax_entropy([0, 0]) == math.log(2)
    assert isinstance(se.softmax_entropy([1.0, 2.0]), float)
    assert se.softmax_entropy([5.0]) == 0.0
    assert se.softmax_entropy(np.zeros((4, 1))).tolist() == [0.0] * 4


def test_single_precision_is_summed_in_double():
    x = np.random.default_rng(0).normal(size=100_000).astype(np.float32)
    assert math.isclose(se.softmax_entropy(x), se.softmax_entropy(x.astype(float)), rel_tol=1e-15)


@given(seed=seeds, n=st.integers(1, 300), blocks=st.integers(1, 20), scale=scales)
@few
def test_a_stream_in_any_order_is_one_row(seed, n, blocks, scale):
    rng = np.random.default_rng(seed)
    x = scale * rng.normal(size=(2, n))
    parts = np.array_split(x, blocks, axis=1)
    rng.shuffle(parts)
    states = [se.SoftmaxEntropyState.empty((2,)).update(part) for part in parts]
    left = states[0]
    for state in states[1:]:
        left = left.merge(state) if rng.random() < 0.5 else state.merge(left)
    assert np.allclose(left.entropy(), se.softmax_entropy(x), rtol=1e-12, atol=1e-300)
    assert np.allclose(left.logsumexp(), np.logaddexp.reduce(x, axis=1), rtol=1e-13)


def test_states_are_values():
    empty = se.SoftmaxEntropyState.empty()
    full = empty.update([1.0, 2.0])
    assert empty.m == -np.inf
    assert empty.logsumexp() == -np.inf
    assert full.update(np.empty(0)) is full
    assert full.update([-np.inf]).entropy() == full.entropy()
    with pytest.raises(ValueError, match="no score"):
        empty.entropy()
    with pytest.raises(ValueError, match="shape"):
        full.merge(se.SoftmaxEntropyState.empty(2))


@given(seed=seeds, m=st.integers(1, 30), extra=st.integers(0, 40), block=st.integers(1, 50), causal=st.booleans())
@few
def test_attention_in_blocks_is_dense_attention(seed, m, extra, block, causal):
    rng = np.random.default_rng(seed)
    n, d = m + extra, int(rng.integers(1, 6))
    Q, K, scale = rng.normal(size=(m, d)), rng.normal(size=(n, d)), rng.uniform(0, 3, m)
    scores = scale[:, None] * (Q @ K.T)
    if causal:
        scores[np.arange(n) > np.arange(m)[:, None]] = -np.inf
    found = se.attention_entropy(Q, K, scale, block=block, causal=causal)
    assert np.allclose(found, se.softmax_entropy(scores), atol=1e-12)


@given(seed=seeds, n=st.integers(2, 200), share=st.floats(0.001, 0.999), scale=scales)
@few
def test_the_matching_scale_matches(seed, n, share, scale):
    s = scale * np.random.default_rng(seed).standard_cauchy(size=(3, n))
    target = share * math.log(n)
    beta = se.entropy_matching_scale(s, target)
    assert np.allclose(se.softmax_entropy(beta[:, None] * s), target, rtol=1e-9, atol=0)
    assert math.isclose(se.entropy_matching_scale(s[0], target), beta[0], rel_tol=1e-6)


def test_matching_ignores_masked_scores():
    s = np.array([0.3, -np.inf, 1.0, -0.5])
    assert math.isclose(
        se.entropy_matching_scale(s, 0.9), se.entropy_matching_scale(s[np.isfinite(s)], 0.9), rel_tol=1e-12
    )


LAWS = [
    ("gaussian", {"sigma": 1.7}),
    ("sphere", {"d": 5, "scale": 0.8}),
    ("sphere", {"d": 2, "scale": 1.5}),
    ("generalised_normal", {"p": 1.5, "beta": 1.2}),
    ("empirical", {"scores": [0.0, 1.0, 2.5, -1.0, 0.3], "beta": 1.3}),
]


def draws(law, params, rng, shape):
    if law == "gaussian":
        return params["sigma"] * rng.normal(size=shape)
    if law == "sphere":
        g = rng.normal(size=(*shape, params["d"]))
        return params["scale"] * params["d"] * g[..., 0] / np.linalg.norm(g, axis=-1)
    if law == "generalised_normal":
        size = rng.gamma(1 / params["p"], size=shape) ** (1 / params["p"])
        return params["beta"] * size * rng.choice([-1, 1], size=shape)
    return params["beta"] * rng.choice(params["scores"], size=shape)


@pytest.mark.parametrize(("law", "params"), LAWS)
@pytest.mark.parametrize("n", [3, 100])
def test_the_oracle_is_the_mean_of_samples(law, params, n):
    x = draws(law, params, np.random.default_rng(7), (20_000, n))
    found = se.expected_softmax_entropy(math.log(n), law, **params)
    p = softmax(x, axis=1)
    for stated, sample in ((found.H, se.softmax_entropy(x)), (found.S2, (p * p).sum(axis=1)),
                           (found.mean_score, (p * x).sum(axis=1))):  # fmt: skip
        assert abs(sample.mean() - stated) < 6 * sample.std() / math.sqrt(len(sample)) + 1e-12
    assert math.isclose(found.mass, 1, abs_tol=1e-12)


def test_two_scores_of_a_finite_law_are_a_double_sum():
    s = np.array([0.0, 1.0, 2.5, 2.5, -1.0])
    pairs = 0.7 * np.stack(np.meshgrid(s, s), axis=-1).reshape(-1, 2)
    found = se.expected_softmax_entropy(math.log(2), "empirical", scores=s, beta=0.7)
    assert math.isclose(found.H, se.softmax_entropy(pairs).mean(), rel_tol=1e-13)


@given(L=st.floats(0, 600), sigma=st.floats(0, 60))
@few
def test_the_oracle_is_consistent_everywhere(L, sigma):
    found = se.expected_softmax_entropy(L, "gaussian", sigma=sigma)
    assert math.isclose(found.mass, 1, abs_tol=1e-11)
    assert abs(found.H - (found.logZ - found.mean_score)) <= 1e-12 * (1 + abs(found.logZ))
    assert -1e-12 <= found.H <= L + 1e-9
    assert se.annealed_entropy("gaussian", log_n=L, sigma=sigma) - 1e-9 <= found.H
    assert math.isclose(found.mean_score, sigma**2 * (1 - found.S2), rel_tol=1e-9, abs_tol=1e-11)


def test_a_quadratic_tail_is_gaussian():
    for L in (0.7, 6.0, 30.0):
        gaussian = se.expected_softmax_entropy(L, "gaussian", sigma=1.5)
        other = se.expected_softmax_entropy(L, "generalised_normal", p=2.0, beta=1.5 * math.sqrt(2))
        assert np.allclose(gaussian, other, rtol=1e-11)
        annealed = se.annealed_entropy("generalised_normal", log_n=L, p=2.0, beta=1.5 * math.sqrt(2))
        assert math.isclose(annealed, se.annealed_entropy("gaussian", log_n=L, sigma=1.5), rel_tol=1e-12)


@given(log_p=st.floats(math.log(1.1), math.log(1e6)), k=st.integers(0, 12))
@few
def test_the_nodes_of_a_generalised_normal_law_have_its_moments(log_p, k):
    """E |s|^k = Gamma((k + 1)/p) / Gamma(1/p); for large p the law ends within 1/p of 1, which nodes must resolve."""
    p = math.exp(log_p)
    s, log_weight = nodes("generalised_normal", {"p": p, "beta": 1.0}, 2.0)
    moment = math.exp(gammaln((k + 1) / p) - gammaln(1 / p))
    assert math.isclose(np.exp(log_weight) @ np.abs(s) ** k, moment, rel_tol=1e-11)
    assert math.isclose(se.expected_softmax_entropy(2.0, "generalised_normal", p=p, beta=1.0).mass, 1, abs_tol=1e-11)


def test_a_scale_that_no_quadrature_reaches_is_refused_at_once():
    far = {"scores": [0.0, 1e16], "beta": 1.0}  # u would have no float between two of its nodes
    for call in (
        lambda: se.expected_softmax_entropy(2.0, "empirical", **far),
        lambda: se.expected_softmax_entropy(2.0, "empirical", scores=[0.0, 1e305], beta=1e5),
        lambda: se.expected_softmax_entropy(2.0, "gaussian", sigma=1e5),
        lambda: se.expected_softmax_entropy(2.0, "sphere", d=64, scale=1e5),
    ):
        with pytest.raises(ValueError, match="but"):
            call()
    with pytest.raises(ValueError, match="choose a larger p or a smaller beta"):
        se.annealed_entropy("generalised_normal", log_n=6.0, p=1.01, beta=2.0)


@pytest.mark.parametrize("d", [3, 20, 400])
def test_annealed_entropy_on_the_sphere_is_bessels(d):
    from scipy.special import gammaln, ive

    for scale in (0.3, 1.0, 2.5):
        nu, kappa = d / 2 - 1, scale * d
        log_i = np.log(ive(nu, kappa)) + kappa
        truth = gammaln(d / 2) + nu * np.log(2 / kappa) + log_i - kappa * ive(nu + 1, kappa) / ive(nu, kappa)
        assert math.isclose(se.annealed_entropy("sphere", log_n=0.0, d=d, scale=scale), truth, rel_tol=1e-9)


def test_freezing_is_where_the_annealed_entropy_ends():
    L, d = 60.0, 500  # wide enough for the leading term
    scale = brentq(lambda s: se.annealed_entropy("sphere", log_n=L, d=d, scale=s), 0.01, 5)
    assert math.isclose(scale, se.freezing_scale(L, "sphere", d=d), rel_tol=0.01)
    assert se.freezing_scale(8.0, "gaussian") == 4.0
    assert math.isclose(se.freezing_scale(9.0, "generalised_normal", p=2.0), 2 * 3.0)


def test_scales_of_attention():
    n = np.array([1, 512, 4096])
    assert se.attention_scale(n, 64, "standard").tolist() == [0.125] * 3
    assert np.allclose(se.attention_scale(n, 64, "log_ratio"), np.log(n) / math.log(512) / 8)
    assert np.allclose(
        se.attention_scale(n, 64, "log_ratio", clamp=True), [0.125, 0.125, math.log(4096) / math.log(512) / 8]
    )
    assert np.allclose(se.attention_scale(n, 64, "log_natural"), np.log(n) / 8)
    assert np.allclose(se.attention_scale(n, 64, "kappa", kappa=2.0), 2 * np.log(n) / 64)
    assert np.allclose(se.attention_scale(n, 64, "sqrt_log"), np.sqrt(np.log(n) / math.log(512)) / 8)
    assert math.isclose(se.attention_scale(512, 64, "derived"), math.log(512) / (0.24060591252980174 * 64))
    assert math.isclose(se.attention_scale(512, 64, "freezing"), se.freezing_scale(math.log(512), "sphere", d=64))
    assert isinstance(se.attention_scale(512, 64, "standard"), float)


@pytest.mark.parametrize(("law", "params"), LAWS[:4])
def test_the_exponent_is_a_ratio_of_derivatives(law, params):
    L, h = 5.0, 1e-5
    name = {"gaussian": "sigma", "sphere": "scale"}.get(law, "beta")

    def H(log_n, scale):
        return se.expected_softmax_entropy(log_n, law, **params | {name: scale}).H

    s = params[name]
    in_n = (H(L + h, s) - H(L - h, s)) / (2 * h)
    in_scale = (H(L, s * (1 + h)) - H(L, s * (1 - h))) / (2 * h)
    assert math.isclose(se.scale_exponent(L, law, **params), -L * in_n / in_scale, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: se.softmax_entropy([]), ValueError),
        (lambda: se.softmax_entropy(3.0), ValueError),
        (lambda: se.softmax_entropy([1.0, math.nan]), ValueError),
        (lambda: se.softmax_entropy([[1.0, 2.0], [math.nan, 0.0]]), ValueError),
        (lambda: se.softmax_entropy([1.0, math.inf]), ValueError),
        (lambda: se.softmax_entropy([-math.inf, -math.inf]), ValueError),
        (lambda: se.softmax_entropy([[0.0], [-math.inf]]), ValueError),
        (lambda: se.softmax_entropy([1.0], axis=1), ValueError),
        (lambda: se.softmax_entropy([True, False]), TypeError),
        (lambda: se.softmax_entropy([1j]), TypeError),
        (lambda: se.softmax_entropy([1.0], where=[1]), TypeError),
        (lambda: se.softmax_varentropy([]), ValueError),
        (lambda: se.SoftmaxEntropyState.empty(2).update([1.0]), ValueError),
        (lambda: se.SoftmaxEntropyState.empty().update([math.nan]), ValueError),
        (lambda: se.attention_entropy(np.ones((2, 3)), np.ones((4, 2)), 1.0), ValueError),
        (lambda: se.attention_entropy(np.ones((2, 3)), np.ones((4, 3)), [1.0] * 3), ValueError),
        (lambda: se.attention_entropy(np.ones((2, 3)), np.ones((4, 3)), 1.0, block=0), ValueError),
        (lambda: se.attention_entropy(np.ones((5, 3)), np.ones((4, 3)), 1.0, causal=True), ValueError),
        (lambda: se.attention_entropy(np.ones((1, 1)), [[0.0], [math.inf]], 1.0), ValueError),
        (lambda: se.attention_entropy(np.ones((1, 1)), [[0.0], [-math.inf]], 1.0), ValueError),
        (lambda: se.attention_entropy(np.ones((1, 1)), [[0.0], [math.nan]], 1.0), ValueError),
        (lambda: se.entropy_matching_scale([0.0, 1.0], 0.7), ValueError),
        (lambda: se.entropy_matching_scale([1.0, 1.0], 0.5), ValueError),
        (lambda: se.entropy_matching_scale([0.0, 1.0], 0.5, rtol=0.0), ValueError),
        (lambda: se.entropy_matching_scale([[0.0, 1.0]], [0.5, 0.5]), ValueError),
        (lambda: se.expected_softmax_entropy(-1, "gaussian", sigma=1.0), ValueError),
        (lambda: se.expected_softmax_entropy(800, "gaussian", sigma=1.0), ValueError),
        (lambda: se.expected_softmax_entropy(1, "sphere", d=2.5, scale=1.0), TypeError),
        (lambda: se.expected_softmax_entropy(1, "generalised_normal", p=0.9, beta=1.0), ValueError),
        (lambda: se.annealed_entropy("gaussian", log_n=1.0), ValueError),
        (lambda: se.freezing_scale(1.0, "empirical"), ValueError),
        (lambda: se.attention_scale(0, 64, "standard"), ValueError),
        (lambda: se.attention_scale(5, 64, "cosine"), ValueError),
        (lambda: se.attention_scale(5, 64, "kappa"), ValueError),
        (lambda: se.attention_scale(5, 1, "freezing"), ValueError),
        (lambda: se.scale_exponent(0.0, "gaussian", sigma=1.0), ValueError),
        (lambda: se.scale_exponent(1.0, "gaussian"), ValueError),
        (lambda: se.scale_exponent(1.0, "gaussian", sigma=1e-7), ValueError),
        (lambda: se.scale_exponent(1.0, "empirical", scores=[3.0, 3.0], beta=1.0), ValueError),
    ],
)
def test_bad_input_is_met_at_the_door(call, error):
    with pytest.raises(error):
        call()


def test_nothing_is_modified():
    rng = np.random.default_rng(0)
    x, K, mask = rng.normal(size=(4, 30)), rng.normal(size=(50, 30)), rng.random((4, 30)) < 0.9
    before = x.copy(), K.copy(), mask.copy()
    se.softmax_entropy(x, where=mask)
    se.softmax_entropy(x[0])
    se.softmax_varentropy(x)
    se.entropy_matching_scale(x, 1.0)
    se.attention_entropy(x, K, 0.3)
    se.SoftmaxEntropyState.empty((4,)).update(x)
    se.expected_softmax_entropy(2.0, "empirical", scores=x[0], beta=1.0)
    assert all((a == b).all() for a, b in zip((x, K, mask), before, strict=True))


def test_gaps_beyond_the_floats_weigh_nothing():
    far = np.array([1e308, -1e308, 1e308])
    assert se.softmax_entropy(far) == pytest.approx(math.log(2), rel=1e-15)
    assert se.softmax_entropy(np.stack([far, far])).tolist() == pytest.approx([math.log(2)] * 2, rel=1e-15)
    halves = se.SoftmaxEntropyState.empty().update(far[:1]).merge(se.SoftmaxEntropyState.empty().update(far[1:]))
    assert halves.entropy() == pytest.approx(math.log(2), rel=1e-15)
    Q, K = np.array([[1.0, 1.0]]), np.array([[1e308, 0.0], [-1e308, 0.0], [0.0, 1e308]])
    assert se.attention_entropy(Q, K, 1.0)[0] == pytest.approx(math.log(2), rel=1e-15)
