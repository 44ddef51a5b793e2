"""Attention against second ways that share no code with it: loops over pairs, quadrature, counts by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.methods.attention import (
    LinearAttentionState,
    attention_op_count,
    features_needed,
    linear_attention,
    output_error_constants,
    softmax_attention,
    softmax_tv_bound,
)

EPS = np.finfo(float).eps
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 12)
few = settings(max_examples=60, deadline=None)


def mean_under(logits, V):
    """One softmax mean, key by key, in extended sums."""
    top = max(logits)
    weights = [math.exp(x - top) for x in logits]
    return [math.fsum(w * v for w, v in zip(weights, column, strict=True)) / math.fsum(weights) for column in V.T]


def log_sum(values):
    top = max(values)
    return top + math.log(math.fsum(math.exp(x - top) for x in values))


def pair_by_pair(log_q, log_k, V, causal):
    rows = []
    for a, row in enumerate(np.asarray(log_q, float)):
        seen = a + 1 if causal else len(V)
        logits = [log_sum((row + key).tolist()) for key in np.asarray(log_k, float)[:seen]]
        rows.append(mean_under(logits, np.asarray(V, float)[:seen]))
    return np.array(rows)


def instance(seed, n, m, scale, dtype=np.float64, n_q=None):
    rng = np.random.default_rng(seed)
    log_q, log_k = scale * rng.normal(size=(n_q or n, m)), scale * rng.normal(size=(n, m))
    return log_q.astype(dtype), log_k.astype(dtype), rng.normal(size=(n, 3)).astype(dtype)


def allowed(log_q, log_k, V):
    """eps (1 + max |l|) max |V|, 32 of them: what the claim on forms counts."""
    size = 1 + max(np.abs(log_q).max(), np.abs(log_k).max())
    return 32 * np.finfo(V.dtype).eps * size * np.abs(V).max()


@few
@given(seed=SEEDS, n=SIZES, m=SIZES, scale=st.sampled_from([0.1, 1.0, 50.0, 1000.0]), size=st.integers(1, 15),
       causal=st.booleans(), dtype=st.sampled_from([np.float64, np.float32]))  # fmt: skip
def test_linear_attention_is_attention_over_pairs(seed, n, m, scale, size, causal, dtype):
    log_q, log_k, V = instance(seed, n, m, scale, dtype)
    found = linear_attention(log_q, log_k, V, causal=causal, block_size=size)
    assert found.dtype == dtype
    assert np.abs(found - pair_by_pair(log_q, log_k, V, causal)).max() <= allowed(log_q, log_k, V)


@few
@given(seed=SEEDS, n=st.integers(2, 20), size=st.integers(1, 20), exponent=st.sampled_from([-1e4, -500.0, 500.0, 1e4]))
def test_a_later_key_of_any_size_moves_no_earlier_output(seed, n, size, exponent):
    log_q, log_k, V = instance(seed, n, 4, 3.0)
    moved = log_k.copy()
    moved[-1, 1:] += exponent
    before, after = (linear_attention(log_q, k, V, causal=True, block_size=size) for k in (log_k, moved))
    assert np.isfinite(after).all()
    assert np.abs(before[:-1] - after[:-1]).max() <= 2 * allowed(log_q, moved, V)
    exact = [linear_attention(log_q, k, V, causal=True, block_size=1)[:-1] for k in (log_k, moved)]
    assert (exact[0] == exact[1]).all()


@few
@given(seed=SEEDS, n=SIZES, m=SIZES, scale=st.sampled_from([1.0, 1000.0]), step=st.integers(1, 5))
def test_the_state_in_any_steps_is_the_whole(seed, n, m, scale, step):
    log_q, log_k, V = instance(seed, n, m, scale, n_q=3)
    state = LinearAttentionState()
    assert state.mass is state.pivot is state.mean is None
    for start in range(0, n, step):
        state.update(log_k[start : start + step], V[start : start + step])
        assert state.mass.min() >= 1
    assert (state.pivot == log_k.max(axis=0)).all()
    assert np.abs(state.query(log_q) - pair_by_pair(log_q, log_k, V, False)).max() <= allowed(log_q, log_k, V)


def test_what_the_state_shows_cannot_change_it():
    state = LinearAttentionState()
    state.update([[0.0]], [[1.0]])
    state.mass[:] = 5
    state.mean[:] = 5
    assert state.query([[0.0]]).tolist() == [[1.0]]


@few
@given(seed=SEEDS, n=SIZES, causal=st.booleans())
def test_outputs_are_convex_combinations(seed, n, causal):
    log_q, log_k, V = instance(seed, n, 3, 300.0)
    out = linear_attention(log_q, log_k, V, causal=causal)
    assert (out <= V.max(axis=0) + 8 * EPS * np.abs(V).max()).all()
    assert (out >= V.min(axis=0) - 8 * EPS * np.abs(V).max()).all()


@pytest.mark.parametrize(("n_q", "n"), [(1, 1), (3, 700), (300, 5), (257, 1030)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_softmax_attention_across_its_tiles(n_q, n, dtype):
    rng = np.random.default_rng(0)
    Q, K, V = (rng.normal(size=shape).astype(dtype) for shape in ((n_q, 4), (n, 4), (n, 2)))
    bias = rng.normal(size=(n_q, n)).astype(dtype)
    bias[rng.random(bias.shape) < 0.4] = -np.inf
    bias[:, -1] = 0
    for b in (None, bias):
        logits = Q.astype(float) @ K.T.astype(float) + (0 if b is None else b)
        expected = np.array([mean_under(row, V.astype(float)) for row in logits.tolist()])
        found = softmax_attention(Q, K, V, bias=b)
        assert found.dtype == dtype
        assert np.abs(found - expected).max() <= 64 * np.finfo(dtype).eps * np.abs(logits[np.isfinite(logits)]).max()


@few
@given(seed=SEEDS, n=st.integers(1, 40), scale=st.sampled_from([1.0, 30.0]))
def test_causal_softmax_attention_sees_the_past_alone(seed, n, scale):
    rng = np.random.default_rng(seed)
    Q, K, V = scale * rng.normal(size=(n, 3)), rng.normal(size=(n, 3)), rng.normal(size=(n, 2))
    found = softmax_attention(Q, K, V, causal=True)
    for i in range(n):
        assert np.abs(found[i] - mean_under((K[: i + 1] @ Q[i]).tolist(), V[: i + 1])).max() <= 1e-13 * scale


def test_logits_of_any_finite_size_are_no_problem_and_infinite_ones_are_refused():
    out = softmax_attention([[1e200], [-1e200]], [[1e100], [-1e100]], [[1.0], [2.0]])
    assert out.tolist() == [[1.0], [2.0]]
    with pytest.raises(ValueError, match="overflows"):
        softmax_attention([[1e200]], [[1e200]], [[1.0]])


@few
@given(seed=SEEDS, n=st.integers(1, 6))
def test_the_error_constants_by_their_definition(seed, n):
    rng = np.random.default_rng(seed)
    Q, K, V = 0.5 * rng.normal(size=(2, 2)), 0.5 * rng.normal(size=(n, 2)), rng.normal(size=(n, 2))
    mse, bias = output_error_constants(Q, K, V)
    for a, q in enumerate(Q):
        p = np.exp(K @ q) / np.exp(K @ q).sum()
        centred = V - p @ V
        expected_mse, expected_bias = 0.0, np.zeros(2)
        for i in range(n):
            for j in range(n):
                weight = p[i] * p[j] * math.exp((q + K[i]) @ (q + K[j]))
                expected_mse += weight * (centred[i] @ centred[j])
                expected_bias -= weight * centred[i]
        assert abs(mse[a] - expected_mse) <= 1e-11 * (1 + expected_mse)
        assert np.abs(bias[a] - expected_bias).max() <= 1e-11 * (1 + np.abs(expected_bias).max())


def test_constants_beyond_the_floats_are_infinite_and_no_forecast_is_made():
    Q, K, V = [[20.0]], [[20.0], [21.0]], [[0.0], [1.0]]
    assert output_error_constants(Q, K, V)[0][0] == np.inf
    with pytest.raises(ValueError, match="features would be needed"):
        features_needed(Q, K, V, 0.1)


def test_features_needed_is_the_forecast_rounded_up():
    rng = np.random.default_rng(3)
    Q, K, V = 0.3 * rng.normal(size=(4, 5)), 0.3 * rng.normal(size=(9, 5)), rng.normal(size=(9, 2))
    mse, _ = output_error_constants(Q, K, V)
    power = np.mean(np.sum(softmax_attention(Q, K, V) ** 2, axis=1))
    for error in (0.01, 0.1, 10.0):
        assert features_needed(Q, K, V, error) == max(1, math.ceil(np.mean(mse) / error**2 / power))
    assert isinstance(features_needed(Q, K, V, 0.1), int)


@few
@given(seed=SEEDS, exponent=st.integers(-900, 900), dtype=st.sampled_from([np.float64, np.float32]))
def test_features_needed_ignores_the_unit_of_values(seed, exponent, dtype):
    rng = np.random.default_rng(seed)
    Q, K, V = 0.3 * rng.normal(size=(3, 2)), 0.3 * rng.normal(size=(4, 2)), rng.normal(size=(4, 2))
    V = V.astype(dtype)
    scaled = np.ldexp(V, exponent if dtype == np.float64 else exponent // 10)
    assert features_needed(Q, K, scaled, 0.1) == features_needed(Q, K, V, 0.1)


@few
@given(seed=SEEDS, n=st.integers(1, 8), scale=st.sampled_from([0.1, 1.0, 10.0]))
def test_total_variation_stays_below_its_bound(seed, n, scale):
    rng = np.random.default_rng(seed)
    z, delta = rng.normal(size=n), scale * rng.normal(size=n)
    p, q = (np.exp(x - x.max()) / np.exp(x - x.max()).sum() for x in (z, z + delta))
    assert np.abs(p - q).sum() / 2 <= softmax_tv_bound(delta) + 8 * EPS
    assert softmax_tv_bound(delta + 5.0) == pytest.approx(softmax_tv_bound(delta), abs=1e-14)


def test_the_bound_keeps_axes_and_precision():
    assert softmax_tv_bound(np.zeros((2, 3, 4), np.float32)).shape == (2, 3)
    assert softmax_tv_bound(np.ones((2, 4), np.float32)).dtype == np.float32
    assert softmax_tv_bound([1e308, -1e308]) == 1.0


@pytest.mark.parametrize("n", [1, 100, 128, 129])
def test_counts_of_blocks_by_hand(n):
    lengths = [min(128, n - start) for start in range(0, n, 128)]
    pairs = sum(length**2 for length in lengths)
    prf, vq = (attention_op_count(kind, n, 3, 5, 7, 128) for kind in ("prf_causal", "vq_causal"))
    assert prf == {"multiply_adds": 2 * n * 7 * 8 + pairs * 12, "exps": 14 * n + 7 * len(lengths)}
    assert vq == {"multiply_adds": 2 * n * 7 * 3 + n * 7 * 5 + n * 5 + pairs * 8, "exps": 7 * n + pairs}


GOOD = np.ones((3, 2))
BAD_VALUES = [np.full((3, 2), np.nan), np.full((3, 2), np.inf), GOOD[:, 0], GOOD[:0], GOOD[:, :0], GOOD[None]]


@pytest.mark.parametrize("function", [softmax_attention, linear_attention, output_error_constants])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_bad_arrays_are_refused_by_name(function, place):
    names = (("Q", "log_q"), ("K", "log_k"), ("V",))[place]
    for bad in BAD_VALUES:
        arguments = [GOOD, GOOD, GOOD]
        arguments[place] = bad
        with pytest.raises(ValueError, match="|".join(("|".join(names), "Q|K|V|log_"))):
            function(*arguments)
    for bad in (GOOD * 1j, np.array([[None, 1], [2, 3], [4, 5]], object), GOOD.astype(str)):
        arguments = [GOOD, GOOD, GOOD]
        arguments[place] = bad
        with pytest.raises(TypeError):
            function(*arguments)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: softmax_attention(GOOD[:2], GOOD, GOOD, causal=True), ValueError, "causal"),
        (lambda: softmax_attention(GOOD, GOOD, GOOD[:2]), ValueError, "V has shape"),
        (lambda: softmax_attention(GOOD, GOOD, GOOD, bias=np.zeros((3, 2))), ValueError, "bias has shape"),
        (lambda: softmax_attention(GOOD, GOOD, GOOD, bias=np.full((3, 3), np.nan)), ValueError, "bias"),
        (lambda: softmax_attention(GOOD, GOOD, GOOD, bias=np.full((3, 3), np.inf)), ValueError, "bias"),
        (lambda: softmax_attention(GOOD, GOOD, GOOD, bias=np.full((3, 3), -np.inf)), ValueError, "no key"),
        (
            lambda: softmax_attention(GOOD, GOOD, GOOD, causal=True, bias=np.tri(3) * 0 - np.tri(3) * np.inf),
            ValueError,
            "bias",
        ),
        (lambda: linear_attention(GOOD[:2], GOOD, GOOD, causal=True), ValueError, "causal"),
        (lambda: linear_attention(GOOD, GOOD, GOOD, block_size=0), ValueError, "block_size=0"),
        (lambda: linear_attention(GOOD, GOOD, GOOD, block_size=2.0), TypeError, "block_size"),
        (lambda: linear_attention(GOOD[:, :1], GOOD, GOOD), ValueError, "log_q has shape"),
        (lambda: LinearAttentionState().query(GOOD), ValueError, "no keys"),
        (lambda: features_needed(GOOD, GOOD, GOOD, 0.0), ValueError, "error=0.0"),
        (lambda: features_needed(GOOD, GOOD, 0 * GOOD, 0.1), ValueError, "outputs are 0"),
        (lambda: features_needed(GOOD, GOOD, GOOD, "x"), TypeError, "error"),
        (lambda: features_needed([[1e160]], [[1.0]], [[1.0]], 0.1), ValueError, "overflows"),
        (lambda: output_error_constants([[1.0]], [[1e160], [0.0]], [[1.0], [2.0]]), ValueError, "overflows"),
        (lambda: softmax_tv_bound([]), ValueError, "delta"),
        (lambda: softmax_tv_bound([1.0, np.nan]), ValueError, "delta"),
        (lambda: attention_op_count("sparse", 1, 1, 1, 1), ValueError, "kind is one of"),
        (lambda: attention_op_count("vq_causal", 1, 1, 1, 1), ValueError, "block"),
        (lambda: attention_op_count("prf", 0, 1, 1, 1), ValueError, "n=0"),
        (lambda: attention_op_count("prf", 1, 1, 1.5, 1), TypeError, "dv"),
    ],
)
def test_wrong_arguments_are_met_at_the_door(call, error, words):
    with pytest.raises(error, match=words), np.errstate(invalid="ignore"):
        call()


def test_a_state_holds_one_shape():
    state = LinearAttentionState()
    state.update(GOOD, GOOD)
    with pytest.raises(ValueError, match="another state"):
        state.update(np.ones((3, 4)), GOOD)
    with pytest.raises(ValueError, match="log_q has shape"):
        state.query(np.ones((3, 4)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("causal", [False, True])
def test_log_features_up_to_the_edge_of_the_floats(dtype, causal):
    large = float(np.finfo(dtype).max) / 8
    logs, V = np.array([[large, 0.0], [-large, 1.0]], dtype), np.eye(2, dtype=dtype)
    assert np.isfinite(linear_attention(logs, logs, V, causal=causal)).all()
    with pytest.raises(ValueError, match="sums of log-features"):
        linear_attention(logs, logs * dtype(2), V, causal=causal)


def test_integers_become_doubles_and_nothing_is_modified():
    whole = np.arange(6).reshape(3, 2)
    arrays = [whole, whole.astype(float), whole.astype(np.float32)]
    for array in arrays:
        kept = array.copy()
        for call in (
            lambda x: softmax_attention(x, x, x, causal=True),
            lambda x: linear_attention(x, x, x),
            lambda x: linear_attention(x, x, x, causal=True, block_size=2),
            lambda x: output_error_constants(x, x, x)[0],
            softmax_tv_bound,
        ):
            found = call(array)
            assert np.isfinite(found).all() or call is not softmax_attention
            assert (array == kept).all()
        assert softmax_attention(array, array, array).dtype == (np.float32 if array.dtype == np.float32 else float)
        assert output_error_constants(array, array, array)[1].dtype == softmax_attention(array, array, array).dtype
        assert linear_attention(array, array, array).dtype == (np.float32 if array.dtype == np.float32 else float)
    array.setflags(write=False)
    linear_attention(array, array, array, causal=True)


def test_logits_that_overflow_downwards_are_refused_only_where_nothing_else_is_left():
    with pytest.raises(ValueError, match="finite logit"):
        softmax_attention([[1e200]], [[-1e200]], [[1.0]])
    one = np.ones((1, 1), np.float32)
    with pytest.raises(ValueError, match="finite logit"):
        softmax_attention(one, one, one, bias=[[-1e300]])  # -inf as a float32
    keys = np.full((600, 1), -1e200)  # all of the first tile overflow
    keys[550] = 1.0
    assert softmax_attention([[1e200]], keys, np.arange(600.0)[:, None]).tolist() == [[550.0]]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_outputs_are_means_of_values_of_any_size(dtype):
    size = dtype(1e300 if dtype is np.float64 else 1e36)
    rise = 599 if dtype is np.float64 else 59
    log_k, V = np.array([[0], [rise], [0]], dtype), np.array([[1], [3], [1]], dtype)
    plain = linear_attention(np.zeros((3, 1), dtype), log_k, V, causal=True)
    assert np.allclose(linear_attention(np.zeros((3, 1), dtype), log_k, size * V, causal=True) / size, plain, rtol=1e-6)
    many = np.full((5, 1), 1.5, dtype) * size * 100
    assert np.allclose(linear_attention(np.zeros((1, 1), dtype), np.zeros((5, 1), dtype), many), many[0], rtol=1e-6)
    state = LinearAttentionState()
    for value in ([[1]], many[:1], many[:3]):
        state.update(np.zeros((len(value), 1), dtype), np.array(value, dtype))
    assert np.allclose(state.query(np.zeros((1, 1), dtype)), 0.8 * many[0], rtol=1e-6)
