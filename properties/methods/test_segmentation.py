"""Segmentation against second ways that share no code: subsets of boundaries, plain loops, big integers, draws."""

import dataclasses
import itertools
import math
import subprocess
import sys
import tracemalloc
from fractions import Fraction as Q

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.methods.segmentation import (
    UnigramModel,
    backward_log,
    band,
    boundary_posteriors,
    build_lattice,
    count_segmentations,
    edge_posteriors,
    em_step,
    enumerate_segmentations,
    expected_counts,
    forward_log,
    lazy_nbest,
    log_partition,
    nbest_segmentations,
    partition,
    pieces,
    sample_segmentations,
    sample_streaming,
    sampling,
    segmentation_moments,
    streaming_law,
    streaming_laws,
    viterbi,
)

SEEDS = st.integers(0, 2**32 - 1)
ALPHAS = st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0, 40.0])
RULES = ("reservoir", "duel", "half", "nested")
few = settings(max_examples=60, deadline=None)


def drawn(seed, n=9, alphabet=b"ab", longest=4, share=0.6, singles=True):
    """(text, {token: log-weight}): random tokens over a small alphabet; without all single bytes some texts fail."""
    rng = np.random.default_rng(seed)
    words = [bytes(w) for k in range(1, longest + 1) for w in itertools.product(alphabet, repeat=k)]
    chosen = [w for w in words if rng.random() < share or (singles and len(w) == 1)] or words[:1]
    return bytes(rng.choice(list(alphabet), n).tolist()), dict(
        zip(chosen, rng.normal(-3, 2, len(chosen)).tolist(), strict=True)
    )


def by_subsets(text, logp):
    """{ends: score} of all segmentations, from all sets of inner boundaries."""
    found = {}
    for inner in itertools.product((False, True), repeat=max(len(text) - 1, 0)):
        ends = (*(i + 1 for i, on in enumerate(inner) if on), len(text)) if text else ()
        tokens = [text[a:b] for a, b in itertools.pairwise((0, *ends))]
        if all(token in logp for token in tokens):
            found[ends] = math.fsum(logp[token] for token in tokens)
    return found


def gibbs(scores, alpha):
    top = max(scores.values())
    weights = {w: math.exp(alpha * (s - top)) for w, s in scores.items()}
    total = math.fsum(weights.values())
    return {w: x / total for w, x in weights.items()}


def plain_forward(text, logp, alpha, longest):
    """The recursion in a loop over a dictionary of substrings, in logarithms."""
    f = [0.0] + [-math.inf] * len(text)
    for e in range(1, len(text) + 1):
        terms = [f[s] + alpha * logp[text[s:e]] for s in range(max(0, e - longest), e) if text[s:e] in logp]
        top = max(terms, default=-math.inf)
        f[e] = top if top == -math.inf else top + math.log(math.fsum(math.exp(t - top) for t in terms))
    return np.array(f)


def prose(n, seed=0, spaces=True):
    """Words of a small language, and a vocabulary of their pieces: with spaces there are cuts, without there are none."""
    rng = np.random.default_rng(seed)
    words = [bytes(rng.choice(list(b"aeinst"), rng.integers(2, 8)).tolist()) for _ in range(50)]
    text = (b" " if spaces else b"").join(words[i] for i in rng.integers(0, 50, n))[:n]
    tokens = {w[i:j] for w in words for i in range(len(w)) for j in range(i + 1, len(w) + 1)} | {b" "}
    if not spaces:
        tokens |= {bytes(pair) for pair in itertools.product(b"aeinst", repeat=2)}
    return text, {t: float(-1 - len(t) ** 0.7 + 0.2 * rng.normal()) for t in sorted(tokens)}


# --- model --------------------------------------------------------------------------------------------------


def test_a_model_copies_what_it_is_given():
    logp = {b"a": -1, b"ab": np.float64(-2.5)}
    model = UnigramModel(logp)
    logp[b"c"] = 0.0
    assert dict(model.logp) == {b"a": -1.0, b"ab": -2.5}
    assert (model.m, model.probs) == (2, None)
    with pytest.raises(TypeError):
        model.logp[b"c"] = 0.0


def test_exact_weights_of_any_size_keep_their_logarithm():
    tiny = Q(1, 10**400)
    model = UnigramModel.from_probabilities({b"a": tiny, b"b": 10**400, b"c": Q(1, 3), b"d": 1})
    assert model.probs[b"a"] == tiny
    assert model.logp[b"a"] == pytest.approx(-400 * math.log(10), rel=1e-15)
    assert model.logp[b"b"] == pytest.approx(400 * math.log(10), rel=1e-15)
    assert (model.logp[b"c"], model.logp[b"d"]) == (math.log(1 / 3), 0.0)


# --- lattice ------------------------------------------------------------------------------------------------


@few
@given(SEEDS, st.integers(0, 40), st.sampled_from([b"ab", b"\x00\xff", bytes(range(0, 256, 37))]))
def test_edges_are_all_occurrences_in_the_stated_order(seed, n, alphabet):
    text, logp = drawn(seed, n, alphabet, longest=3)
    lattice = build_lattice(text, UnigramModel(logp))
    expected = [(s, e) for e in range(n + 1) for s in range(max(0, e - 3), e) if text[s:e] in logp]
    assert list(zip(lattice.start.tolist(), lattice.end.tolist(), strict=True)) == expected
    assert [lattice.model.tokens[k] for k in lattice.token] == [text[s:e] for s, e in expected]
    assert lattice.logw.tolist() == [logp[text[s:e]] for s, e in expected]
    assert lattice.indptr.tolist() == [sum(e < node for _, e in expected) for node in range(n + 2)]
    assert lattice.cuts.tolist() == [c for c in range(n + 1) if not any(s < c < e for s, e in expected)]
    assert (lattice.start.dtype, lattice.end.dtype) == (np.int32, np.int32)
    assert (lattice.indptr.dtype, lattice.cuts.dtype, lattice.logw.dtype) == (np.int64, np.int64, np.float64)
    assert lattice.n == n


@few
@given(SEEDS, st.integers(1, 12))
def test_a_text_is_refused_at_the_first_byte_that_no_path_crosses(seed, n):
    text, logp = drawn(seed, n, b"abc", longest=3, share=0.25, singles=False)
    reached = {0}
    for e in range(1, n + 1):
        if any(s in reached and text[s:e] in logp for s in range(max(0, e - 3), e)):
            reached.add(e)
    if n in reached:
        lattice = build_lattice(text, UnigramModel(logp))
        assert set(np.flatnonzero(lattice.reachable)) == reached
        assert len(enumerate_segmentations(lattice)) == len(by_subsets(text, logp))
    else:
        with pytest.raises(ValueError, match=rf"text\[{max(reached)}\]"):
            build_lattice(text, UnigramModel(logp))


def test_blocks_of_the_walk_join(monkeypatch):
    text, logp = prose(3000)
    whole = build_lattice(text, UnigramModel(logp))
    for size in (16, 257):
        monkeypatch.setattr("verify.methods.segmentation.trie.BLOCK", size)
        monkeypatch.setattr("verify.methods.segmentation.lattice.BLOCK", size)
        parts = build_lattice(text, UnigramModel(logp))
        for name in ("start", "end", "token", "logw", "indptr", "cuts", "reachable"):
            assert np.array_equal(getattr(whole, name), getattr(parts, name))


def test_long_tokens_and_a_large_vocabulary():
    rng = np.random.default_rng(0)
    long = rng.integers(0, 256, 5000, dtype=np.uint8).tobytes()
    tokens = (
        {bytes([b]) for b in range(256)}
        | {rng.integers(0, 256, 3, dtype=np.uint8).tobytes() for _ in range(20_000)}
        | {long}
    )
    lattice = build_lattice(long + long[:100], UnigramModel(dict.fromkeys(tokens, -1.0)))
    edges = set(zip(lattice.start.tolist(), lattice.end.tolist(), strict=True))
    text = lattice.text
    expected = {
        (i, i + k) for i in range(len(text)) for k in (1, 3) if text[i : i + k] in tokens and i + k <= len(text)
    }
    assert edges == expected | {(0, 5000)}
    assert viterbi(lattice)[0].tolist()[0] == 5000


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_come_back(kind):
    rng = np.random.default_rng(1)
    model = UnigramModel({bytes([b]): -5.0 for b in range(256)} | {"天气".encode(): -4.0, b"\xff\xfe": -3.0})
    for text in (rng.integers(0, 256, 300, dtype=np.uint8).tobytes(), "今天天气不错".encode(), b"\xff\xfe\xff", b""):
        lattice = build_lattice(kind(text), model)
        assert b"".join(pieces(text, viterbi(lattice)[0])) == text
        for row in sample_segmentations(lattice, 0.3, 3, rng):
            assert b"".join(pieces(kind(text), row)) == text


# --- sums, counts, best -------------------------------------------------------------------------------------


@few
@given(SEEDS, st.integers(0, 10), ALPHAS)
def test_sums_moments_and_posteriors_equal_enumeration(seed, n, alpha):
    text, logp = drawn(seed, n)
    scores = by_subsets(text, logp)
    lattice = build_lattice(text, UnigramModel(logp))
    listed = dict(enumerate_segmentations(lattice))
    assert listed == scores
    assert count_segmentations(lattice) == len(scores)
    s = np.array(list(scores.values()))
    p = np.array(list(gibbs(scores, alpha).values()))
    log_z = alpha * s.max() + math.log(math.fsum(np.exp(alpha * (s - s.max()))))
    tolerance = 1e-12 * (1 + alpha) * (1 + np.abs(s).max()) ** 2
    found = segmentation_moments(lattice, alpha)
    mean = float(p @ s)
    entropy = -math.fsum(x * math.log(x) for x in p if x > 0)
    assert np.allclose(found, (log_z, entropy, mean, p @ (s - mean) ** 2), rtol=0, atol=tolerance)
    assert log_partition(lattice, alpha) == found.log_z
    assert np.allclose(forward_log(lattice, alpha), plain_forward(text, logp, alpha, 4), rtol=0, atol=tolerance)
    mirrored = {token[::-1]: x for token, x in logp.items()}
    assert np.allclose(
        backward_log(lattice, alpha), plain_forward(text[::-1], mirrored, alpha, 4)[::-1], rtol=0, atol=tolerance
    )
    boundary, edges = (
        np.zeros(n + 1),
        dict.fromkeys(zip(lattice.start.tolist(), lattice.end.tolist(), strict=True), 0.0),
    )
    for (ends, _), q in zip(scores.items(), p, strict=True):
        boundary[[0, *ends]] += q
        for edge in itertools.pairwise((0, *ends)):
            edges[edge] += q
    assert np.allclose(boundary_posteriors(lattice, alpha), boundary, rtol=0, atol=tolerance)
    assert np.allclose(edge_posteriors(lattice, alpha), list(edges.values()), rtol=0, atol=tolerance)


@few
@given(SEEDS, st.integers(1, 9), st.integers(0, 3))
def test_the_exact_partition_is_a_sum_of_fractions(seed, n, alpha):
    text, logp = drawn(seed, n)
    rng = np.random.default_rng(seed)
    probs = {token: Q(int(rng.integers(1, 50)), int(rng.integers(1, 50))) for token in logp}
    lattice = build_lattice(text, UnigramModel.from_probabilities(probs))
    expected = sum(math.prod(probs[t] for t in pieces(text, ends)) ** alpha for ends in by_subsets(text, logp))
    assert partition(lattice, alpha) == expected
    assert log_partition(lattice, alpha) == pytest.approx(math.log(expected), abs=1e-12)


@few
@given(SEEDS, st.integers(1, 10), st.integers(1, 40))
def test_the_best_are_the_best(seed, n, k):
    text, logp = drawn(seed, n)
    scores = by_subsets(text, logp)
    ranked = sorted(scores.values(), reverse=True)
    lattice = build_lattice(text, UnigramModel(logp))
    ends, score = viterbi(lattice)
    assert score == scores[tuple(ends.tolist())]
    assert score == pytest.approx(ranked[0], abs=1e-12)
    assert ends.dtype == np.int32
    found = nbest_segmentations(lattice, k)
    assert [s for _, s in found] == pytest.approx(ranked[:k], abs=1e-12)
    assert all(scores[w] == s for w, s in found)
    assert len(dict(found)) == min(k, len(scores))
    assert lazy_nbest(lattice, k).evaluated <= len(lattice.start) + k * n


def test_ties_go_to_the_longest_last_token():
    model = UnigramModel({b"a": -1.0, b"aa": -2.0, b"aaa": -3.0})
    assert viterbi(build_lattice(b"aaaa", model))[0].tolist() == [1, 4]
    assert [s for _, s in nbest_segmentations(build_lattice(b"aaaa", model), 99)] == [-4.0] * 7


@pytest.mark.parametrize("n", [1, 7, 300])
def test_counts_without_cuts_are_fibonacci_numbers(n):
    a, b = 1, 1
    for _ in range(n - 1):
        a, b = b, a + b
    assert count_segmentations(build_lattice(b"a" * n, UnigramModel({b"a": 0.0, b"aa": 0.0}))) == b


def test_too_many_to_list_says_how_many():
    lattice = build_lattice(b"a" * 100, UnigramModel({b"a": 0.0, b"aa": 0.0}))
    with pytest.raises(ValueError, match=str(count_segmentations(lattice))):
        enumerate_segmentations(lattice)
    assert len(enumerate_segmentations(build_lattice(b"aaaa", lattice.model), limit=5)) == 5


# --- long texts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spaces", [True, False])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0, 25.0])
def test_long_texts_agree_with_a_plain_loop(spaces, alpha):
    text, logp = prose(6000, spaces=spaces)
    lattice = build_lattice(text, UnigramModel(logp))
    assert (len(lattice.cuts) > 1000) == spaces
    plain = plain_forward(text, logp, alpha, lattice.model.m)
    assert np.allclose(forward_log(lattice, alpha), plain, rtol=1e-13, atol=1e-9)
    assert backward_log(lattice, alpha)[0] == pytest.approx(plain[-1], rel=1e-13)
    covered = np.zeros(lattice.n + 1)
    posterior = edge_posteriors(lattice, alpha)
    np.add.at(covered, lattice.start, posterior)
    np.subtract.at(covered, lattice.end, posterior)
    assert np.allclose(np.cumsum(covered)[:-1], 1, rtol=0, atol=1e-10)
    by_sums = np.exp(plain + backward_log(lattice, alpha) - plain[-1])
    assert np.allclose(boundary_posteriors(lattice, alpha), by_sums, rtol=0, atol=1e-8)
    found = segmentation_moments(lattice, alpha)
    assert found.mean_score == pytest.approx(posterior @ lattice.logw, rel=1e-10)
    assert found.entropy == pytest.approx(found.log_z - alpha * found.mean_score, abs=1e-8 * (1 + alpha) * 6000)


@pytest.mark.parametrize("spaces", [True, False])
def test_the_best_path_of_a_long_text(spaces):
    text, logp = prose(5000, seed=3, spaces=spaces)
    lattice = build_lattice(text, UnigramModel(logp))
    best = [0.0] + [-math.inf] * len(text)
    for e in range(1, len(text) + 1):
        best[e] = max(
            best[s] + logp[text[s:e]]
            for s in range(max(0, e - lattice.model.m), e)
            if text[s:e] in logp and best[s] > -math.inf
        )
    ends, score = viterbi(lattice)
    assert score == pytest.approx(best[-1], rel=1e-13)
    assert math.fsum(logp[piece] for piece in pieces(text, ends)) == score
    assert nbest_segmentations(lattice, 3)[0][1] == pytest.approx(score, rel=1e-13)


@pytest.mark.parametrize("weight", [-500.0, 500.0, -1e6])
def test_weights_beyond_the_floats_are_summed_in_logarithms(weight):
    logp = {b"a": weight, b"aa": 2 * weight + 0.5, b"b": -weight}
    text = b"aab" * 400
    assert log_partition(build_lattice(text, UnigramModel(logp)), 1.0) == pytest.approx(
        400 * (weight + math.log1p(math.exp(0.5))), rel=1e-12
    )


def test_small_blocks_and_logarithms_give_the_same(monkeypatch):
    text, logp = prose(500, spaces=False)
    model = UnigramModel(logp)
    whole = forward_log(build_lattice(text, model), 0.7)
    monkeypatch.setattr(band, "BLOCK", 7)
    assert np.allclose(forward_log(build_lattice(text, model), 0.7), whole, rtol=1e-13)
    monkeypatch.setattr(band, "_by_band", lambda *a: False)
    assert np.allclose(forward_log(build_lattice(text, model), 0.7), whole, rtol=1e-13)


def test_thousands_of_tokens_need_no_recursion():
    lattice = build_lattice(b"ab" * 20_000, UnigramModel({b"a": -1.0, b"b": -1.0, b"ab": -2.5}))
    assert count_segmentations(lattice) == 2**20_000
    found = nbest_segmentations(lattice, 3)
    assert [len(ends) for ends, _ in found] == [40_000, 39_999, 39_999]


@few
@given(SEEDS, st.integers(1, 10), ALPHAS)
def test_edge_by_edge_and_by_band_are_the_same_sums(seed, n, alpha):
    text, logp = drawn(seed, n)
    whole = build_lattice(text, UnigramModel(logp))
    functions = (forward_log, edge_posteriors, boundary_posteriors, segmentation_moments)
    by_band = [function(whole, alpha) for function in functions]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(band, "LARGEST", 0)
        by_edge = [function(build_lattice(text, whole.model), alpha) for function in functions]
    for one, other in zip(by_band, by_edge, strict=True):
        assert np.allclose(one, other, rtol=1e-13, atol=1e-12)


def test_one_very_long_token_does_not_fill_the_memory():
    k = 20_000  # a band of k^2 floats would take 3.2 GB
    lattice = build_lattice(b"a" * (k + 100), UnigramModel({b"a": -1.0, b"a" * k: -1.0 * k}))
    tracemalloc.start()
    try:
        moments, posterior = segmentation_moments(lattice, 1.0), boundary_posteriors(lattice, 1.0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**26 + 1000 * k
    # one segmentation into bytes, and 101 places for the long token, all of one score
    assert moments.log_z == pytest.approx(math.log(102) - (k + 100), rel=1e-13)
    assert moments.entropy == pytest.approx(math.log(102), rel=1e-9)
    assert posterior[k // 2] == pytest.approx(1 / 102, rel=1e-9)


def test_a_megabyte_stays_within_a_gibibyte():
    text, logp = prose(200_000)
    model = UnigramModel(logp)
    sample_segmentations(build_lattice(text[:1000], model), 0.3, 1, np.random.default_rng(0))
    tracemalloc.start()
    try:
        sample_segmentations(build_lattice(text, model), 0.3, 1, np.random.default_rng(0))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**30 * len(text) / 10**6


# --- sampling -----------------------------------------------------------------------------------------------


def histogram(rows):
    """{ends: share} of boundary bits."""
    patterns, counts = np.unique(rows, axis=0, return_counts=True)
    return {tuple(np.flatnonzero(bits)[1:].tolist()): c / len(rows) for bits, c in zip(patterns, counts, strict=True)}


def tv(a, b):
    return sum(abs(a.get(w, 0) - b.get(w, 0)) for w in a.keys() | b.keys()) / 2


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_samples_follow_the_enumerated_law(seed, alpha):
    text, logp = drawn(seed, 8)
    scores = by_subsets(text, logp)
    lattice = build_lattice(text, UnigramModel(logp))
    rows = sample_segmentations(lattice, alpha, 40_000, np.random.default_rng(seed))
    assert rows.shape == (40_000, 9)
    assert rows.dtype == bool
    found = histogram(rows)
    assert found.keys() <= scores.keys()
    # the mean of TV is at most sqrt(K / n) / 2, and it is above that by 0.02 with probability exp(-2 n 0.02^2) = 1e-14
    assert tv(found, gibbs(scores, alpha)) < math.sqrt(len(scores) / 40_000) / 2 + 0.02


def test_walkers_alone_and_together_have_the_same_law(monkeypatch):
    text, logp = prose(300, seed=5, spaces=False)
    lattice = build_lattice(text, UnigramModel(logp))
    assert len(lattice.cuts) < 20
    expected = boundary_posteriors(lattice, 0.5)
    rng = np.random.default_rng(7)
    together = sample_segmentations(lattice, 0.5, 20_000, rng).mean(axis=0)
    monkeypatch.setattr(sampling, "LONG", 10)
    monkeypatch.setattr(sampling, "FEW", 10**9)
    alone = sample_segmentations(lattice, 0.5, 4000, rng)
    for row in alone[:50]:
        assert all(piece in logp for piece in pieces(text, row))
    # six standard deviations at 301 nodes: 6e-7
    assert np.abs(together - expected).max() < 6 * 0.5 / math.sqrt(20_000)
    assert np.abs(alone.mean(axis=0) - expected).max() < 6 * 0.5 / math.sqrt(4000)


def test_many_samples_go_in_portions(monkeypatch):
    text, logp = drawn(3, 8)
    scores = by_subsets(text, logp)
    monkeypatch.setattr(sampling, "WALKERS", 64)
    rows = sample_segmentations(build_lattice(text, UnigramModel(logp)), 0.5, 5000, np.random.default_rng(0))
    assert tv(histogram(rows), gibbs(scores, 0.5)) < math.sqrt(len(scores) / 5000) / 2 + 0.06


def test_a_second_call_uses_the_tables_and_another_alpha_does_not():
    text, logp = drawn(1, 9)
    lattice = build_lattice(text, UnigramModel(logp))
    first = sampling.conditional_sums(lattice, 0.5)
    assert sampling.conditional_sums(lattice, 0.5) is first
    other = sampling.conditional_sums(lattice, 1.0)
    assert not np.array_equal(first, other)
    assert np.array_equal(sampling.conditional_sums(lattice, 0.5), first)


def test_a_lattice_with_other_weights_has_its_own_tables():
    lattice = build_lattice(b"abab", MODEL)
    once = log_partition(lattice, 2.0)
    log_partition(lattice, 1.0)
    assert log_partition(dataclasses.replace(lattice, logw=2 * lattice.logw), 1.0) == once


class Constant(np.random.Generator):
    """Always the same uniform."""

    def __init__(self, value):
        super().__init__(np.random.PCG64(0))
        self.value = value

    def random(self, size=None):
        return self.value if size is None else np.full(size, self.value)


@few
@given(SEEDS, st.integers(1, 9), ALPHAS, st.sampled_from([0.0, 1 - 2.0**-53]))
def test_extreme_uniforms_give_segmentations(seed, n, alpha, u):
    text, logp = drawn(seed, n, share=0.4, singles=False)
    scores = by_subsets(text, logp)
    if not scores:
        return
    lattice = build_lattice(text, UnigramModel(logp))
    for row in sample_segmentations(lattice, alpha, 2, Constant(u)):
        assert tuple(np.flatnonzero(row)[1:].tolist()) in scores
    for rule in RULES:
        for order in ("longest", "shortest"):
            assert tuple(sample_streaming(lattice, alpha, Constant(u), rule, order).tolist()) in scores


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("order", ["longest", "shortest"])
def test_streaming_samples_follow_their_law(rule, order):
    text, logp = drawn(11, 5)
    lattice = build_lattice(text, UnigramModel(logp))
    rng = np.random.default_rng(0)
    n = 6000
    found = {}
    for _ in range(n):
        ends = sample_streaming(lattice, 0.4, rng, rule, order)
        assert ends.dtype == np.int32
        found[tuple(ends.tolist())] = found.get(tuple(ends.tolist()), 0) + 1 / n
    law = streaming_law(lattice, 0.4, rule, order)
    assert tv(found, law) < math.sqrt(len(law) / n) / 2 + 0.045  # above its mean by 0.045: exp(-2 n 0.045^2) = 3e-11


@few
@given(SEEDS, st.integers(0, 7), st.sampled_from([0, 1, 2]), st.sampled_from(["longest", "shortest"]))
def test_laws_in_fractions_and_in_floats_agree(seed, n, alpha, order):
    text, logp = drawn(seed, n)
    rng = np.random.default_rng(seed)
    probs = {token: Q(int(rng.integers(1, 20)), 20) for token in logp}
    lattice = build_lattice(text, UnigramModel.from_probabilities(probs))
    for rule in RULES:
        exact = streaming_law(lattice, alpha, rule, order, exact=True)
        assert sum(exact.values()) == 1
        floats = streaming_law(lattice, float(alpha), rule, order)
        assert floats.keys() == exact.keys()
        assert all(floats[w] == pytest.approx(float(p), rel=1e-11) for w, p in exact.items())
    weights = {ends: math.prod(probs[t] for t in pieces(text, ends)) ** alpha for ends in by_subsets(text, logp)}
    target = {ends: Q(x) / sum(weights.values()) for ends, x in weights.items()}
    assert streaming_law(lattice, alpha, "reservoir", order, exact=True) == target


@pytest.mark.parametrize("rule", ["reservoir", "nested"])
def test_rules_that_hand_on_sums_have_independent_nodes(rule, monkeypatch):
    text, logp = drawn(5, 8)
    lattice = build_lattice(text, UnigramModel(logp))
    apart = streaming_law(lattice, 0.4, rule)
    monkeypatch.setattr(streaming_laws, "_follow_nodes", streaming_laws._follow_states)
    jointly = streaming_law(lattice, 0.4, rule)
    assert jointly.keys() == apart.keys()
    assert all(apart[w] == pytest.approx(p, rel=1e-12) for w, p in jointly.items())


def test_the_example_of_the_articles():
    tokens = (b"watch", b"ing", b"wat", b"ching", b"w", b"atching")
    lattice = build_lattice(b"watching", UnigramModel.from_probabilities(dict.fromkeys(tokens, Q(1, 6))))
    assert streaming_law(lattice, 1, "duel", exact=True) == {(5, 8): Q(1, 2), (3, 8): Q(1, 4), (1, 8): Q(1, 4)}
    assert streaming_law(lattice, 1, exact=True) == dict.fromkeys([(5, 8), (3, 8), (1, 8)], Q(1, 3))


# --- EM -----------------------------------------------------------------------------------------------------


@few
@given(SEEDS)
def test_an_em_step_by_enumeration(seed):
    rng = np.random.default_rng(seed)
    _, logp = drawn(seed, 1)
    corpus = [bytes(rng.choice(list(b"ab"), rng.integers(0, 7)).tolist()) for _ in range(3)] + [b"ab"]
    counts, total = dict.fromkeys(logp, 0.0), 0.0
    for text in corpus:
        scores = by_subsets(text, logp)
        total += math.log(math.fsum(map(math.exp, scores.values())))
        for ends, p in gibbs(scores, 1.0).items():
            for piece in pieces(text, ends):
                counts[piece] += p
    model, value = em_step(corpus, UnigramModel(logp))
    assert value == pytest.approx(total, abs=1e-10)
    assert math.fsum(map(math.exp, model.logp.values())) == pytest.approx(1, abs=1e-12)
    whole = sum(counts.values())
    assert model.logp.keys() == {token for token, c in counts.items() if c > 0}
    assert all(math.exp(x) == pytest.approx(counts[token] / whole, abs=1e-12) for token, x in model.logp.items())
    assert np.allclose(expected_counts(corpus, UnigramModel(logp))[0], list(counts.values()), rtol=0, atol=1e-10)


# --- the door -----------------------------------------------------------------------------------------------

LATTICE = build_lattice(b"abab", UnigramModel({b"a": -1.0, b"b": -1.0, b"ab": -1.5}))
RNG = np.random.default_rng(0)
MODEL = LATTICE.model


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: UnigramModel({}), ValueError),
        (lambda: UnigramModel({b"": 0.0}), ValueError),
        (lambda: UnigramModel({b"a": math.nan}), ValueError),
        (lambda: UnigramModel({b"a": -math.inf}), ValueError),
        (lambda: UnigramModel({"a": 0.0}), TypeError),
        (lambda: UnigramModel({1: 0.0}), TypeError),
        (lambda: UnigramModel({b"a": "x"}), TypeError),
        (lambda: UnigramModel({b"a": 1j}), TypeError),
        (lambda: UnigramModel({b"a": True}), TypeError),
        (lambda: UnigramModel({b"a": 10**400}), ValueError),
        (lambda: UnigramModel([(b"a", 0.0)]), TypeError),
        (lambda: UnigramModel.from_probabilities({b"a": 0.5}), TypeError),
        (lambda: UnigramModel.from_probabilities({b"a": Q(0)}), ValueError),
        (lambda: UnigramModel.from_probabilities({b"a": Q(-1, 2)}), ValueError),
        (lambda: UnigramModel.from_probabilities([(b"a", Q(1))]), TypeError),
        (lambda: UnigramModel.from_probabilities({}), ValueError),
        (lambda: build_lattice("ab", MODEL), TypeError),
        (lambda: build_lattice(97, MODEL), TypeError),
        (lambda: build_lattice(b"ab", {b"a": 0.0}), TypeError),
        (lambda: build_lattice(b"abc", MODEL), ValueError),
        (lambda: pieces("ab", [2]), TypeError),
        (lambda: pieces(b"ab", [1]), ValueError),
        (lambda: pieces(b"ab", [2, 1]), ValueError),
        (lambda: pieces(b"ab", [0, 2]), ValueError),
        (lambda: pieces(b"ab", [1.0, 2.0]), TypeError),
        (lambda: pieces(b"ab", np.array([[1, 2]])), ValueError),
        (lambda: pieces(b"ab", np.array([True, False])), ValueError),
        (lambda: pieces(b"ab", np.array([False, True, True])), ValueError),
        (lambda: viterbi(b"ab"), TypeError),
        (lambda: count_segmentations(None), TypeError),
        (lambda: enumerate_segmentations(LATTICE, limit=2), ValueError),
        (lambda: enumerate_segmentations(LATTICE, limit=2.5), TypeError),
        (lambda: nbest_segmentations(LATTICE, 0), ValueError),
        (lambda: nbest_segmentations(LATTICE, 1.5), TypeError),
        (lambda: nbest_segmentations(LATTICE, True), TypeError),
        (lambda: partition(LATTICE, 1), ValueError),
        (lambda: streaming_law(LATTICE, 1, exact=True), ValueError),
        (lambda: streaming_law(LATTICE, 1.0, "duels"), ValueError),
        (lambda: streaming_law(LATTICE, 1.0, "duel", "alphabetical"), ValueError),
        (lambda: sample_segmentations(LATTICE, 1.0, -1, RNG), ValueError),
        (lambda: sample_segmentations(LATTICE, 1.0, 2.0, RNG), TypeError),
        (lambda: sample_segmentations(LATTICE, 1.0, 1, 0), TypeError),
        (lambda: sample_segmentations(LATTICE, 1.0, 1, np.random.RandomState(0)), TypeError),
        (lambda: sample_streaming(LATTICE, 1.0, None), TypeError),
        (lambda: sample_streaming(LATTICE, 1.0, RNG, "best"), ValueError),
        (lambda: sample_streaming(LATTICE, 1.0, RNG, "duel", "random"), ValueError),
        (lambda: em_step(b"ab", MODEL), TypeError),
        (lambda: em_step([b"ab"], {b"a": 0.0, b"b": 0.0}), TypeError),
        (lambda: em_step(["ab"], MODEL), TypeError),
        (lambda: em_step([b""], MODEL), ValueError),
        (lambda: em_step([], MODEL), ValueError),
        (lambda: em_step([b"abc"], MODEL), ValueError),
    ],
)
def test_bad_input_is_refused(call, kind):
    with pytest.raises(kind):
        call()


@pytest.mark.parametrize("alpha", [-0.1, math.nan, math.inf, -math.inf, 1e308, "1", 1j, None, True])
@pytest.mark.parametrize(
    "function",
    [
        forward_log,
        backward_log,
        log_partition,
        segmentation_moments,
        edge_posteriors,
        boundary_posteriors,
        streaming_law,
        lambda lattice, alpha: sample_segmentations(lattice, alpha, 1, RNG),
        lambda lattice, alpha: sample_streaming(lattice, alpha, RNG),
    ],
)
def test_no_temperature_but_a_finite_one(function, alpha):
    with pytest.raises(TypeError if not isinstance(alpha, float) else ValueError):
        function(LATTICE, alpha)


@pytest.mark.parametrize("rule", RULES)
def test_no_sampler_waits_for_scores_that_no_float_holds(rule):
    lattice = build_lattice(b"ab" * 1000, MODEL)
    if rule == "nested":  # its sums go like alpha^K
        with pytest.raises(ValueError, match=r"alpha=3\.0, but scores are floats"):
            sample_streaming(lattice, 3.0, RNG, rule)
        with pytest.raises(ValueError, match=r"alpha=1e\+200, but scores are floats"):
            streaming_law(build_lattice(b"abab", MODEL), 1e200, rule)
    else:
        assert sample_streaming(lattice, 3.0, RNG, rule)[-1] == 2000


@pytest.mark.parametrize("alpha", [-1, 1.0, True, Q(1, 2)])
def test_exact_powers_are_whole(alpha):
    lattice = build_lattice(b"a", UnigramModel.from_probabilities({b"a": Q(1, 2)}))
    with pytest.raises((TypeError, ValueError)):
        partition(lattice, alpha)


def test_the_empty_text_is_one_empty_segmentation():
    lattice = build_lattice(b"", UnigramModel.from_probabilities({b"a": Q(1, 2)}))
    assert (lattice.n, lattice.cuts.tolist(), lattice.indptr.tolist()) == (0, [0], [0, 0])
    assert segmentation_moments(lattice, 0.5) == (0.0, 0.0, 0.0, 0.0)
    assert (count_segmentations(lattice), partition(lattice, 2)) == (1, 1)
    assert enumerate_segmentations(lattice) == nbest_segmentations(lattice, 3) == [((), 0.0)]
    assert viterbi(lattice)[0].tolist() == []
    assert viterbi(lattice)[1] == 0.0
    assert sample_segmentations(lattice, 1.0, 2, RNG).tolist() == [[True], [True]]
    assert sample_streaming(lattice, 1.0, RNG).tolist() == []
    assert streaming_law(lattice, 1, "duel", exact=True) == {(): 1}
    assert (boundary_posteriors(lattice, 1.0).tolist(), forward_log(lattice).tolist()) == ([1.0], [0.0])
    assert pieces(b"", []) == []


# --- the package --------------------------------------------------------------------------------------------


def test_results_are_no_views_of_what_a_lattice_remembers():
    lattice = build_lattice(b"abab", MODEL)
    for function in (forward_log, backward_log, edge_posteriors, boundary_posteriors):
        first = function(lattice, 0.5)
        kept = first.copy()
        first += 1
        assert np.array_equal(function(lattice, 0.5), kept)
    for array in (lattice.start, lattice.logw, lattice.indptr, lattice.cuts):
        assert not array.flags.writeable


def test_no_input_is_modified():
    text, logp = bytearray(b"abab"), {b"a": -1.0, b"b": -1.0, b"ab": -1.5}
    model = UnigramModel(logp)
    lattice = build_lattice(text, model)
    text[0] = 0
    sample_segmentations(lattice, 0.5, 3, RNG), streaming_law(lattice, 0.5, "duel"), em_step([b"abab"], model)
    assert lattice.text == b"abab"
    assert logp == {b"a": -1.0, b"b": -1.0, b"ab": -1.5} == dict(model.logp)


def test_the_import_needs_numpy_alone():
    code = "import sys, verify.methods.segmentation; assert not {'ot', 'flint', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
