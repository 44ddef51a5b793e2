"""Quantised keys against second ways that share no code with them: all distances, attention token by token."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.methods.vector_quantization import VQCache, lloyd, soft_vq_attention, vq_assign, vq_attention

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 12)
few = settings(max_examples=60, deadline=None)


@few
@given(
    seed=SEEDS,
    n=st.integers(1, 700),
    c=st.integers(1, 40),
    d=st.integers(1, 4),
    dtype=st.sampled_from([float, np.float32]),
)
def test_nearest_codes_with_many_ties(seed, n, c, d, dtype):
    rng = np.random.default_rng(seed)
    K, C = rng.integers(-2, 3, (n, d)).astype(dtype), rng.integers(-2, 3, (c, d)).astype(dtype)
    codes, dist2 = vq_assign(K, C)
    distances = ((K[:, None] - C) ** 2).sum(axis=2)
    assert codes.dtype == np.int64
    assert dist2.dtype == dtype
    assert (codes == distances.argmin(axis=1)).all()
    assert (dist2 == distances.min(axis=1)).all()


@few
@given(seed=SEEDS, n=SIZES, c=SIZES, offset=st.sampled_from([0.0, 1e4]))
def test_nearest_codes_of_real_numbers(seed, n, c, offset):
    rng = np.random.default_rng(seed)
    K, C = offset + rng.normal(size=(n, 3)), offset + rng.normal(size=(c, 3))
    codes, dist2 = vq_assign(K, C)
    for key, code, found in zip(K, codes, dist2, strict=True):
        distances = [math.fsum((a - b) ** 2 for a, b in zip(key, word, strict=True)) for word in C]
        assert distances[code] == min(distances)
        assert found == pytest.approx(min(distances), rel=1e-13)


def test_equal_codewords_tie_exactly_wherever_they_stand():
    rng = np.random.default_rng(0)
    word = rng.normal(size=37)
    C = np.concatenate([rng.normal(size=(5, 37)) + 9, np.tile(word, (60, 1))])
    K = word + 0.1 * rng.normal(size=(300, 37))
    assert (vq_assign(K, C)[0] == 5).all()


@few
@given(seed=SEEDS, n=st.integers(2, 60), init=st.sampled_from(["sample", "kmeans++", "array"]))
def test_lloyd_step_by_step(seed, n, init):
    rng = np.random.default_rng(seed)
    K, c = rng.normal(size=(n, 2)), int(rng.integers(1, n + 1))
    start = 100 + rng.normal(size=(c, 2)) if init == "array" else init
    if init == "array":
        start[0] = K[0]  # the others are empty at first
    streams = [np.random.default_rng(seed) for _ in range(4)]
    codebooks, histories = zip(*(lloyd(K, c, s, iters=i, init=start) for i, s in enumerate(streams)), strict=True)
    assert [len(h) for h in histories] == [1, 2, 3, 4]
    assert (np.diff(histories[-1]) <= 1e-12 * histories[-1][0]).all()
    for before, after in itertools.pairwise(codebooks):
        codes = ((K[:, None] - before) ** 2).sum(axis=2).argmin(axis=1)
        for y in range(c):
            mean = K[codes == y].mean(axis=0) if (codes == y).any() else before[y]
            assert np.abs(after[y] - mean).max() <= 1e-12
    final = ((K[:, None] - codebooks[-1]) ** 2).sum(axis=2).min(axis=1).mean()
    assert histories[-1][-1] == pytest.approx(final, rel=1e-12, abs=1e-14)


def test_a_codeword_beyond_the_floats_is_near_no_key():
    codes, dist2 = vq_assign([[1.0], [3.0]], [[1e200], [2.0]])
    assert codes.tolist() == [1, 1]
    assert dist2.tolist() == [1.0, 1.0]


def test_starts_are_keys_and_fit_what_they_are_asked_for():
    K = np.random.default_rng(0).normal(size=(9, 2))
    for init in ("sample", "kmeans++"):
        C, history = lloyd(K, 9, np.random.default_rng(1), iters=0, init=init)
        assert history.tolist() == [0.0]
        assert sorted(map(tuple, C)) == sorted(map(tuple, K))
    C, _ = lloyd(np.zeros((3, 2)), 5, np.random.default_rng(1), iters=2, init="kmeans++")
    assert (C == 0).all()


def token_by_token(Q, codes, C, V, causal, bias):
    """Softmax attention over C[codes], one query and key at a time."""
    out = []
    for i, q in enumerate(np.asarray(Q, float)):
        seen = i + 1 if causal else len(V)
        logits = [float(q @ C[codes[j]].astype(float)) for j in range(seen)]
        if bias is not None:
            logits = [x + (float(bias[i - j]) if i - j < len(bias) else 0.0) for j, x in enumerate(logits)]
        top = max(logits)
        weights = [math.exp(x - top) for x in logits]
        out.append(
            [math.fsum(w * float(v) for w, v in zip(weights, col, strict=False)) / math.fsum(weights) for col in V.T]
        )
    return np.array(out)


@few
@given(seed=SEEDS, n=SIZES, c=st.integers(1, 20), size=st.integers(1, 14), scale=st.sampled_from([1.0, 100.0]),
       form=st.sampled_from(["all", "causal", "bias"]), dtype=st.sampled_from([np.float64, np.float32]))  # fmt: skip
def test_attention_over_codes_token_by_token(seed, n, c, size, scale, form, dtype):
    rng = np.random.default_rng(seed)
    Q, C, V = (rng.normal(size=shape).astype(dtype) for shape in ((n, 3), (c, 3), (n, 2)))
    C *= dtype(scale)
    codes = rng.integers(0, c, n)
    bias = rng.normal(size=size + 1).astype(dtype) if form == "bias" else None
    found = vq_attention(Q, codes, C, V, causal=form != "all", block_size=size, bias=bias)
    assert found.dtype == dtype
    expected = token_by_token(Q, codes, C, V, form != "all", bias)
    assert np.abs(found - expected).max() <= 32 * np.finfo(dtype).eps * (4 + np.abs(Q @ C.T).max()) * np.abs(V).max()


def test_queries_may_be_more_or_fewer_than_keys():
    rng = np.random.default_rng(0)
    Q, C, V, codes = rng.normal(size=(300, 3)), rng.normal(size=(4, 3)), rng.normal(size=(7, 2)), rng.integers(0, 4, 7)
    assert np.abs(vq_attention(Q, codes, C, V) - token_by_token(Q, codes, C, V, False, None)).max() < 1e-14


@few
@given(seed=SEEDS, n=st.integers(1, 50), step=st.integers(1, 9), c=SIZES)
def test_the_cache_in_any_steps(seed, n, step, c):
    rng = np.random.default_rng(seed)
    codes, V = rng.integers(0, c, n), rng.normal(size=(n, 2))
    cache = VQCache(c, 2)
    for start in range(0, n, step):
        cache.absorb(codes[start : start + step], V[start : start + step])
        assert cache.counts.sum() == min(start + step, n)
    for y in range(c):
        assert cache.counts[y] == (codes == y).sum()
        mean = V[codes == y].mean(axis=0) if cache.counts[y] else np.zeros(2)
        assert np.abs(cache.means[y] - mean).max() < 1e-13
    assert cache.counts.size + cache.means.size == c * 3
    assert (
        cache.log_counts == np.log(np.where(cache.counts, cache.counts, 1)) + np.where(cache.counts, 0, -np.inf)
    ).all()


@few
@given(
    seed=SEEDS, n=SIZES, c=SIZES, tau=st.sampled_from([0.1, 1.0, 30.0]), normalise=st.booleans(), prior=st.booleans()
)
def test_soft_codes_pair_by_pair(seed, n, c, tau, normalise, prior):
    rng = np.random.default_rng(seed)
    Q, K, C, V = rng.normal(size=(4, 2)), rng.normal(size=(n, 2)), rng.normal(size=(c, 2)), rng.normal(size=(n, 3))
    log_prior = rng.normal(size=c) if prior else None
    found = soft_vq_attention(Q, K, V, C, tau=tau, log_prior=log_prior, normalise_keys=normalise, query_scale=1.7)
    for q, row in zip(Q, found, strict=True):
        weights = []
        for k in K:
            p = [math.exp(-((k - w) @ (k - w)) / (2 * tau) + (log_prior[y] if prior else 0)) for y, w in enumerate(C)]
            total = math.fsum(p) if normalise else 1.0
            weights.append(math.fsum(a / total * math.exp(1.7 * (q @ w)) for a, w in zip(p, C, strict=True)))
        assert np.abs(row - np.array(weights) @ V / math.fsum(weights)).max() < 1e-10


def test_soft_codes_become_hard_ones():
    rng = np.random.default_rng(0)
    Q, C, V = rng.normal(size=(5, 2)), 3 * rng.normal(size=(6, 2)), rng.normal(size=(20, 2))
    K = C[rng.integers(0, 6, 20)] + 0.01 * rng.normal(size=(20, 2))
    codes, _ = vq_assign(K, C)
    assert np.abs(soft_vq_attention(Q, K, V, C, tau=1e-3) - vq_attention(Q, codes, C, V)).max() < 1e-12


GOOD, CODES, RNG = np.ones((3, 2)), np.array([0, 1, 2]), np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: vq_assign(GOOD, np.ones((3, 3))), ValueError, "C has shape"),
        (lambda: vq_assign(GOOD, GOOD * np.nan), ValueError, "C"),
        (lambda: vq_assign(GOOD[:0], GOOD), ValueError, "K"),
        (lambda: vq_assign(GOOD * 1j, GOOD), TypeError, "K"),
        (lambda: vq_assign([[1e200]], [[0.0], [1e200]]), ValueError, "overflows"),
        (lambda: lloyd(GOOD, 0, RNG), ValueError, "c=0"),
        (lambda: lloyd(GOOD, 1.0, RNG), TypeError, "c=1.0"),
        (lambda: lloyd(GOOD, 1, RNG, iters=-1), ValueError, "iters=-1"),
        (lambda: lloyd(GOOD, 4, RNG), ValueError, "no key twice"),
        (lambda: lloyd(GOOD, 2, RNG, init="random"), ValueError, "init="),
        (lambda: lloyd(GOOD, 2, RNG, init=GOOD), ValueError, "init has shape"),
        (lambda: lloyd(GOOD * np.inf, 2, RNG), ValueError, "K"),
        (lambda: vq_attention(GOOD, CODES + 1, GOOD, GOOD), ValueError, "0 to 2"),
        (lambda: vq_attention(GOOD, CODES - 1, GOOD, GOOD), ValueError, "0 to 2"),
        (lambda: vq_attention(GOOD, CODES * 1.0, GOOD, GOOD), TypeError, "codes are integers"),
        (lambda: vq_attention(GOOD, CODES > 0, GOOD, GOOD), TypeError, "codes are integers"),
        (lambda: vq_attention(GOOD, CODES[None], GOOD, GOOD), ValueError, "codes have shape"),
        (lambda: vq_attention(GOOD, CODES[:2], GOOD, GOOD), ValueError, "V has shape"),
        (lambda: vq_attention(GOOD, CODES, GOOD * np.nan, GOOD), ValueError, "C"),
        (lambda: vq_attention(GOOD, CODES, np.ones((3, 3)), GOOD), ValueError, "C has shape"),
        (lambda: vq_attention([[1e200]], [0], [[1e200]], [[1.0]]), ValueError, "overflows"),
        (lambda: vq_attention([[1e200]], [0], [[-1e200]], [[1.0]]), ValueError, "overflows"),
        (lambda: vq_attention([[1e200]], [0], [[-1e200]], [[1.0]], causal=True), ValueError, "overflows"),
        (lambda: vq_attention(GOOD[:2], CODES, GOOD, GOOD, causal=True), ValueError, "causal"),
        (lambda: vq_attention(GOOD, CODES, GOOD, GOOD, causal=True, block_size=0), ValueError, "block_size=0"),
        (
            lambda: vq_attention(GOOD, CODES, GOOD, GOOD, causal=True, block_size=2, bias=[0.0]),
            ValueError,
            "bias has shape",
        ),
        (lambda: vq_attention(GOOD, CODES, GOOD, GOOD, block_size=2, bias=np.zeros(3)), ValueError, "causal=True"),
        (lambda: VQCache(0, 1), ValueError, "c=0"),
        (lambda: VQCache(1, 0), ValueError, "d_v=0"),
        (lambda: VQCache(2, 2).absorb([2], [[1.0, 1.0]]), ValueError, "0 to 1"),
        (lambda: VQCache(2, 2).absorb([1], [[1.0]]), ValueError, "V has shape"),
        (lambda: soft_vq_attention(GOOD, GOOD, GOOD, GOOD, tau=0.0), ValueError, "tau=0.0"),
        (lambda: soft_vq_attention(GOOD, GOOD, GOOD, 3 * GOOD, tau=1e-308), ValueError, "overflows at tau=1e-308"),
        (lambda: soft_vq_attention(GOOD, GOOD, GOOD, GOOD, tau=1.0, log_prior=np.zeros(2)), ValueError, "log_prior"),
        (lambda: soft_vq_attention(GOOD, GOOD, GOOD[:2], GOOD, tau=1.0), ValueError, "V has shape"),
        (lambda: soft_vq_attention(GOOD, GOOD, GOOD, GOOD, tau=1.0, query_scale=np.nan), ValueError, "query_scale"),
    ],
)
def test_wrong_arguments_are_met_at_the_door(call, error, words):
    with pytest.raises(error, match=words), np.errstate(invalid="ignore"):
        call()


def test_views_and_read_only_arrays_are_welcome():
    rng = np.random.default_rng(0)
    plain = [rng.normal(size=(20, 3)) for _ in range(4)]
    views = [np.repeat(array, 2, axis=1)[:, ::2] for array in plain]
    for view in views:
        view.setflags(write=False)
    codes, dist2 = vq_assign(plain[1], plain[3])
    assert (vq_assign(views[1], views[3])[0] == codes).all()
    assert np.abs(vq_assign(views[1], views[3])[1] - dist2).max() < 1e-14
    codes.setflags(write=False)
    for call in (
        lambda Q, K, V, C: vq_attention(Q, codes, C, V, causal=True, block_size=3, bias=np.arange(4.0)),
        lambda Q, K, V, C: soft_vq_attention(Q, K, V, C, tau=0.5),
        lambda Q, K, V, C: lloyd(K, 20, np.random.default_rng(1), iters=2, init=C)[0],
    ):
        assert np.abs(call(*plain) - call(*views)).max() < 1e-13


def test_precision_is_kept_and_nothing_is_modified():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(20, 3)).astype(np.float32) for _ in range(4)]
    kept = [array.copy() for array in arrays]
    Q, K, V, C = arrays
    codes, dist2 = vq_assign(K, C)
    assert dist2.dtype == np.float32
    assert lloyd(K, 4, rng)[0].dtype == np.float32
    lloyd(K, 20, rng, init=C)
    assert soft_vq_attention(Q, K, V, C, tau=1.0).dtype == np.float32
    assert vq_attention(Q, codes, C, V, causal=True, block_size=3).dtype == np.float32
    assert vq_attention(Q, codes, C.astype(float), V).dtype == float
    assert vq_attention(np.ones((2, 1), int), [0, 0], [[1]], [[1], [2]]).tolist() == [[1.5], [1.5]]
    for array, before in zip(arrays, kept, strict=True):
        assert (array == before).all()
