"""Random features against second ways that share no code with them: balls, quadrature, sampled blocks, searches."""

import math

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad
from scipy.optimize import minimize_scalar
from scipy.special import hyp0f1
from scipy.stats import chi2, kstest, norm

from verify.methods.random_features import (
    draw_projections,
    kernel_estimate,
    kernel_mse,
    log_oprf_features,
    log_prf_features,
    log_relative_second_moment,
    optimal_A,
    optimal_gauge,
    optimal_rho,
    orthogonality_gap,
    smreg_ratio,
    trig_features,
)

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 9)
few = settings(max_examples=60, deadline=None)
KINDS = ("positive", "hyperbolic", "trigonometric")
COUPLINGS = ("iid", "orthogonal", "simplex")


@few
@given(seed=SEEDS, n=SIZES, m=SIZES, d=SIZES, A=st.sampled_from([-3.0, -0.1, 0.2]))
def test_features_entry_by_entry(seed, n, m, d, A):
    rng = np.random.default_rng(seed)
    X, W = rng.normal(size=(n, d)), rng.normal(size=(m, d))
    plain, bounded, trig = log_prf_features(X, W), log_oprf_features(X, W, A), trig_features(X, W)
    assert plain.shape == bounded.shape == (n, m)
    assert trig.shape == (n, 2 * m)
    i, j = int(rng.integers(n)), int(rng.integers(m))
    dot = math.fsum(a * b for a, b in zip(X[i], W[j], strict=True))
    half = math.fsum(a * a for a in X[i]) / 2
    length2 = math.fsum(a * a for a in W[j])
    assert plain[i, j] == pytest.approx(dot - half, abs=1e-12)
    expected = d / 4 * math.log(1 - 4 * A) + A * length2 + math.sqrt(1 - 4 * A) * dot - half
    assert bounded[i, j] == pytest.approx(expected, abs=1e-11)
    assert trig[i, j] == pytest.approx(math.exp(half) * math.cos(dot), rel=1e-11, abs=1e-11)
    assert trig[i, m + j] == pytest.approx(math.exp(half) * math.sin(dot), rel=1e-11, abs=1e-11)


@few
@given(seed=SEEDS, m=SIZES, d=SIZES)
def test_estimates_are_means_of_products_of_features(seed, m, d):
    rng = np.random.default_rng(seed)
    q, k, W = rng.normal(size=d), rng.normal(size=d), rng.normal(size=(m, d))
    both = np.stack([q, k])
    plain, mirrored = log_prf_features(both, W), log_prf_features(both, np.concatenate([W, -W]))
    trig, bounded = trig_features(both, W), log_oprf_features(both, W, -0.3)
    expected = {
        "positive": np.mean(np.exp(plain[0] + plain[1])),
        "hyperbolic": np.mean(np.exp(mirrored[0] + mirrored[1])),
        "trigonometric": trig[0] @ trig[1] / m,
        "oprf": np.mean(np.exp(bounded[0] + bounded[1])),
    }
    for kind, value in expected.items():
        found = kernel_estimate(q, k, W, features=kind, A=-0.3 if kind == "oprf" else None)
        assert isinstance(found, float)
        assert found == pytest.approx(value, rel=1e-10, abs=1e-9 * math.exp((q @ q + k @ k) / 2))


def test_estimates_broadcast():
    rng = np.random.default_rng(0)
    q, k, W = rng.normal(size=(4, 1, 3)), rng.normal(size=(5, 3)), rng.normal(size=(7, 3))
    for kind in KINDS:
        table = kernel_estimate(q, k, W, features=kind)
        assert table.shape == (4, 5)
        assert table[2, 3] == pytest.approx(kernel_estimate(q[2, 0], k[3], W, features=kind), rel=1e-13)


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize(("m", "d"), [(1, 2), (3, 3), (10, 4), (7, 7), (2, 9)])
def test_rows_of_a_block(coupling, m, d):
    W = draw_projections(m, d, np.random.default_rng(1), coupling=coupling)
    assert W.shape == (m, d)
    block = W[: min(m, d)]
    block = block / np.linalg.norm(block, axis=1, keepdims=True)
    cosines = (block @ block.T)[np.triu_indices(len(block), 1)]
    if coupling == "orthogonal":
        assert np.abs(cosines).max(initial=0) < 1e-14
    if coupling == "simplex":
        assert np.abs(cosines + 1 / (d - 1)).max(initial=0) < 1e-14


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("row", [0, 2])
def test_each_row_of_each_coupling_is_normal(coupling, row):
    """At a chance of 1e-6 a test, for one fixed seed."""
    W = draw_projections(3 * 20_000, 3, np.random.default_rng(5), coupling=coupling)[row::3]
    for u in (np.eye(3)[0], np.array([1.0, -2.0, 2.0]) / 3):
        assert kstest(W @ u, norm.cdf).pvalue > 1e-6


def test_stratified_lengths_lie_in_their_strata_and_quantiles_at_their_places():
    rng = np.random.default_rng(2)
    for coupling in COUPLINGS:
        stratified, quantile, fixed = (
            np.sum(draw_projections(50, 4, rng, coupling=coupling, norms=norms) ** 2, axis=1)
            for norms in ("stratified", "quantile", "sqrt_d")
        )
        assert (np.floor(50 * chi2.cdf(stratified, 4)) == np.arange(50)).all()
        assert np.abs(chi2.cdf(quantile, 4) - np.arange(1, 51) / 51).max() < 1e-12
        assert np.abs(fixed - 4).max() < 1e-13


def test_draws_follow_their_generator_alone():
    draws = [draw_projections(5, 3, np.random.default_rng(7), coupling="orthogonal") for _ in range(2)]
    assert (draws[0] == draws[1]).all()


def pair_moment(d, x, cosine):
    """E 0F1(; d/2; x |w1 + w2|²/4) for chi lengths at a fixed angle, by adaptive integration over both lengths."""
    constant = 2 ** (1 - d / 2) / math.gamma(d / 2)

    def integrand(a, b):
        density = constant**2 * (a * b) ** (d - 1) * math.exp(-(a * a + b * b) / 2)
        return density * float(hyp0f1(d / 2, x * (a * a + b * b + 2 * a * b * cosine) / 4))

    return dblquad(integrand, 0, 14, 0, 14, epsabs=1e-11, epsrel=1e-11)[0]


@pytest.mark.parametrize(("d", "t"), [(4, 1.0), (3, 0.5), (5, 3.0)])
@pytest.mark.parametrize("coupling", ["orthogonal", "simplex"])
@pytest.mark.parametrize("features", KINDS)
def test_errors_of_blocks_by_integration_over_both_lengths(d, t, coupling, features):
    q, k = np.zeros(d), np.eye(d)[0] * math.sqrt(t)
    cosine = 0.0 if coupling == "orthogonal" else -1 / (d - 1)
    if features == "positive":
        single, both = math.expm1(t), math.exp(-t) * pair_moment(d, t, cosine)
    elif features == "hyperbolic":
        single = math.expm1(t) * -math.expm1(-t) / 2
        both = math.exp(-t) * (pair_moment(d, t, cosine) + pair_moment(d, t, -cosine)) / 2
    else:
        single = math.exp(t) * math.expm1(-t) ** 2 / 2
        both = math.exp(t) * (pair_moment(d, -t, cosine) + pair_moment(d, -t, -cosine)) / 2
    m = 2 * d + 2
    pairs = 2 * d * (d - 1) + 2
    expected = (m * single + pairs * (both - 1)) / m**2
    assert kernel_mse(q, k, m, features=features, coupling=coupling) == pytest.approx(expected, abs=1e-9)


@few
@given(seed=SEEDS, d=st.integers(2, 9), m=st.integers(1, 30), coupling=st.sampled_from(COUPLINGS))
def test_errors_are_never_negative_and_depend_on_lengths_alone(seed, d, m, coupling):
    rng = np.random.default_rng(seed)
    q, k = rng.normal(size=(2, d))
    turned = np.linalg.qr(rng.normal(size=(d, d)))[0]
    for features in KINDS:
        value = kernel_mse(q, k, m, features=features, coupling=coupling)
        assert value >= 0
        assert kernel_mse(turned @ q, turned @ k, m, features=features, coupling=coupling) == pytest.approx(
            value, rel=1e-9
        )
        opposite = q if features == "trigonometric" else -q
        assert kernel_mse(q, opposite, m, features=features, coupling=coupling) == 0.0


def test_errors_may_leave_the_floats_only_where_they_must():
    q = np.full(4, 20.0)
    assert kernel_mse(q, q, 1, features="positive") == np.inf
    # e^(2q.k) is 0 and e^t is infinite, and yet the error is a number
    k = np.array([-20.0, 3.0, 0.0, 0.0])
    direct = kernel_mse(20 * np.eye(4)[0], k, 1, features="positive")
    assert direct == pytest.approx(math.exp(9 - 800) * (1 - math.exp(-9)), rel=1e-12) or direct == 0.0
    assert kernel_mse(6 * np.eye(2)[0], -30 * np.eye(2)[0], 1, features="positive") == pytest.approx(
        math.exp(576 - 360), rel=1e-11
    )


@pytest.mark.parametrize("coupling", ["orthogonal", "simplex"])
@pytest.mark.parametrize("features", KINDS)
@pytest.mark.parametrize("size", [18.5, 25.0, 60.0, 1e5, 1e150])
def test_errors_of_blocks_far_out_are_numbers_or_infinite(coupling, features, size):
    q = size * np.eye(3)[0]
    k = -q if features == "trigonometric" else q
    coupled, single = (kernel_mse(q, k, 6, features=features, coupling=c) for c in (coupling, "iid"))
    assert coupled == pytest.approx(single, rel=1e-5)


@pytest.mark.parametrize("u", [5.0, 40.0, 700.0, 1400.0])
@pytest.mark.parametrize("d", [2, 3, 8, 33])
def test_trigonometric_blocks_by_balls(d, u):
    q = math.sqrt(u) / 2 * np.eye(d)[0]
    with ctx.workprec(2500):
        covariance = (-arb(u) / 2).hypgeom_1f1(arb(d), arb(d) / 2) - (-arb(u)).exp()
        relative = ((1 - (-arb(u)).exp()) ** 2 / 2 + (d - 1) * covariance) / d
        expected = float(relative * (arb(u) / 2).exp())
    found = kernel_mse(q, -q, d, features="trigonometric", coupling="orthogonal")
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("d", [2, 16, 5000, 10**6])
def test_simplex_blocks_in_any_dimension(d):
    """As t -> 0 the error of a block is (1 - mu^2/d) t/d, where mu is the mean length of a row."""
    mu2 = 2 * math.exp(2 * (math.lgamma((d + 1) / 2) - math.lgamma(d / 2))) if d < 1000 else d - 0.5 + 1 / (8 * d)
    q = math.sqrt(1e-9) * np.eye(1, d)[0]
    found = kernel_mse(q, 0 * q, d, features="positive", coupling="simplex")
    assert found * d / 1e-9 == pytest.approx(1 - mu2 / d, abs=1e-8)


@pytest.mark.parametrize("d", [1, 2, 5, 64, 1000])
@pytest.mark.parametrize("t", [1e-8, 0.3, 20.0, 500.0])
def test_gap_and_ratio_by_balls(d, t):
    with ctx.workprec(3000):
        x, half = arb(t), arb(d) / 2
        gap = 1 - (-x).exp() * (x / 2).hypgeom_1f1(arb(d), half)
        ratio = (-x / 2).exp() * (x * d / 4).hypgeom_0f1(half)
        assert abs(orthogonality_gap(d, t) / float(gap) - 1) < 2e-13 if d > 0 and gap > 1e-290 else True
        assert abs(smreg_ratio(d, t) / float(ratio) - 1) < 5e-13


def test_gap_and_ratio_are_plain_numbers_at_zero():
    assert orthogonality_gap(7, 0) == 0.0
    assert smreg_ratio(7, 0) == 1.0
    assert type(orthogonality_gap(3, 1.0)) is type(smreg_ratio(3, 1.0)) is float


@few
@given(d=st.integers(1, 200), t=st.floats(1e-9, 1e4))
def test_the_best_rho_by_search(d, t):
    found = minimize_scalar(
        lambda x: log_relative_second_moment(math.exp(x), d, t),
        bounds=(-25, 0.5),
        method="bounded",
        options={"xatol": 1e-10},
    )
    least = log_relative_second_moment(optimal_rho(d, t), d, t)
    assert least <= found.fun + 1e-12 * (1 + abs(least))
    assert least <= t * (1 + 1e-14)
    assert optimal_A(d, t) <= 0
    assert 1 / (1 - 8 * optimal_A(d, t)) == pytest.approx(optimal_rho(d, t), rel=1e-12)


@pytest.mark.parametrize("t", [1e-12, 1.0, 1e12])
def test_the_best_parameter_keeps_its_digits(t):
    with ctx.workprec(400):
        f = arb(t) / 7
        expected = (1 - 2 * f - ((2 * f + 1) ** 2 + 8 * f).sqrt()) / 16
        assert abs(optimal_A(7, t) / float(expected) - 1) < 1e-14


@pytest.mark.parametrize("t", [1e155, 1e200, 1e300])
def test_the_best_rho_is_d_over_2t_far_out(t):
    assert optimal_rho(5, t) == pytest.approx(2.5 / t, rel=1e-14)
    assert optimal_A(5, t) == pytest.approx(-t / 20, rel=1e-14)
    assert log_relative_second_moment(2.5 / t, 5, t) == pytest.approx(2.5 * math.log(t / 10) + 2.5, rel=1e-14)
    assert log_relative_second_moment(t, 5, 1.0) == pytest.approx(t, rel=1e-14)


@few
@given(seed=SEEDS, d=st.integers(1, 6), n=st.integers(12, 40))
def test_the_gauge_solves_its_equation(seed, d, n):
    rng = np.random.default_rng(seed)
    Q, K = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 0.1 * np.eye(n, d), 3 + rng.normal(size=(n, d))
    M, b = optimal_gauge(Q, K)
    assert (M == M.T).all() or np.abs(M - M.T).max() < 1e-12 * np.abs(M).max()
    assert np.linalg.eigvalsh(M).min() > 0
    assert np.abs(b - Q.mean(axis=0) - K.mean(axis=0)).max() < 1e-14 * n
    S_Q, S_K = Q.T @ Q / n, (K - b).T @ (K - b) / n
    G = M @ M
    assert np.abs(G @ S_K @ G - S_Q).max() <= 1e-12 * np.linalg.cond(S_Q) * np.linalg.cond(S_K) * np.abs(S_Q).max()


def test_a_ridge_is_asked_for_by_name():
    flat = np.random.default_rng(0).normal(size=(20, 3)) * [1.0, 1.0, 0.0]
    with pytest.raises(ValueError, match="ridge"):
        optimal_gauge(flat, flat)
    M, _ = optimal_gauge(flat, flat, ridge=1e-3)
    assert np.isfinite(M).all()


GOOD, RNG = np.ones((3, 2)), np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: draw_projections(0, 2, RNG), ValueError, "m=0"),
        (lambda: draw_projections(2, 0, RNG), ValueError, "d=0"),
        (lambda: draw_projections(2.0, 2, RNG), TypeError, "m=2.0"),
        (lambda: draw_projections(True, 2, RNG), TypeError, "m=True"),
        (lambda: draw_projections(2, 1, RNG, coupling="simplex"), ValueError, "two dimensions"),
        (lambda: draw_projections(2, 2, RNG, coupling="haar"), ValueError, "coupling is one of"),
        (lambda: draw_projections(2, 2, RNG, norms="one"), ValueError, "norms is one of"),
        (lambda: log_prf_features(GOOD, np.ones((3, 3))), ValueError, "W has shape"),
        (lambda: log_prf_features(GOOD * np.nan, GOOD), ValueError, "X"),
        (lambda: log_prf_features(GOOD, GOOD * np.inf), ValueError, "W"),
        (lambda: log_prf_features(GOOD * 1j, GOOD), TypeError, "X"),
        (lambda: log_prf_features(GOOD[:0], GOOD), ValueError, "X"),
        (lambda: log_oprf_features(GOOD, GOOD, 0.25), ValueError, "A=0.25"),
        (lambda: log_oprf_features(GOOD, GOOD, np.nan), ValueError, "A=nan"),
        (lambda: log_oprf_features(GOOD, GOOD, "x"), TypeError, "A="),
        (lambda: trig_features(1e3 * GOOD, GOOD), ValueError, "overflows"),
        (lambda: kernel_estimate(GOOD[0], GOOD[0], GOOD, features="sine"), ValueError, "features is one of"),
        (lambda: kernel_estimate(GOOD[0], GOOD[0], GOOD, features="oprf"), ValueError, "needs it"),
        (lambda: kernel_estimate(GOOD[0], GOOD[0], GOOD, features="positive", A=0.1), ValueError, "give it there"),
        (lambda: kernel_estimate(GOOD[0], np.ones(3), GOOD, features="positive"), ValueError, "last axes"),
        (lambda: kernel_estimate(1.0, 1.0, GOOD, features="positive"), ValueError, "last axes"),
        (lambda: kernel_mse(GOOD[0], GOOD[0], 0, features="positive"), ValueError, "m=0"),
        (lambda: kernel_mse(GOOD[0], np.ones(3), 1, features="positive"), ValueError, "k has shape"),
        (lambda: kernel_mse(GOOD[0], GOOD[0], 1, features="oprf"), ValueError, "features is one of"),
        (lambda: kernel_mse(GOOD[0], GOOD[0], 1, features="positive", coupling="x"), ValueError, "coupling is one of"),
        (lambda: kernel_mse([1.0], [1.0], 1, features="positive", coupling="simplex"), ValueError, "two dimensions"),
        (lambda: kernel_mse([1e200], [-2e200], 1, features="positive"), ValueError, "overflows"),
        (lambda: orthogonality_gap(2, 1e9), ValueError, "t=1000000000.0"),
        (lambda: smreg_ratio(2, 1e9), ValueError, "t=1000000000.0"),
        (lambda: orthogonality_gap(0, 1.0), ValueError, "d=0"),
        (lambda: orthogonality_gap(2, -1.0), ValueError, "t=-1.0"),
        (lambda: smreg_ratio(2, np.inf), ValueError, "t=inf"),
        (lambda: optimal_rho(2, -1.0), ValueError, "t=-1.0"),
        (lambda: optimal_A(1.5, 1.0), TypeError, "d=1.5"),
        (lambda: log_relative_second_moment(0.0, 2, 1.0), ValueError, "rho=0.0"),
        (lambda: log_relative_second_moment(-1.0, 2, 1.0), ValueError, "rho=-1.0"),
        (lambda: optimal_gauge(GOOD, np.ones((3, 3))), ValueError, "K has shape"),
        (lambda: optimal_gauge(GOOD, GOOD, ridge=-1.0), ValueError, "ridge=-1.0"),
        (lambda: optimal_gauge([[1e200], [2e200]], [[1.0], [2.0]]), ValueError, "of Q overflows"),
    ],
)
def test_wrong_arguments_are_met_at_the_door(call, error, words):
    with pytest.raises(error, match=words), np.errstate(invalid="ignore"):
        call()


def test_precision_is_kept_and_nothing_is_modified():
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=(5, 3))
    kept = X.copy(), W.copy()
    for function in (log_prf_features, trig_features, lambda x, w: log_oprf_features(x, w, -0.2)):
        assert function(X, W).dtype == np.float32
        assert function(X.astype(float), W).dtype == float
        assert function(X.astype(int), W).dtype == float
        assert np.abs(function(X, W) - function(X.astype(float), W)).max() < 1e-4
    for kind in KINDS:
        assert kernel_estimate(X, X, W, features=kind).dtype == np.float32
        kernel_mse(X[0], X[1], 3, features=kind)
    assert all(part.dtype == np.float32 for part in optimal_gauge(np.tile(X, (3, 1)) + W[:1].astype(np.float32), X))
    assert all(part.dtype == float for part in optimal_gauge(X, W))
    assert (kept[0] == X).all()
    assert (kept[1] == W).all()
