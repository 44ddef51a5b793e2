"""Self-consuming loops against second ways that share no code: balls, fractions, enumeration, quadrature, brute force."""

import importlib
import itertools
import math
import subprocess
import sys
import tracemalloc
from fractions import Fraction as Q

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, special, stats

from verify.methods.self_consuming import (
    absorption_time,
    accumulate_variance_factor,
    ancestor_matrix,
    c4,
    critical_bias,
    drift_limit_cdf,
    drift_tail_constant,
    effective_sample_size,
    expected_w2_squared,
    frechet_distance,
    gaussian_loop,
    knn_metrics,
    log_variance_cdf,
    log_variance_drift,
    lyapunov_spectrum,
    mixed_loop,
    mixed_loop_moments,
    regression_excess_error,
    synthetic_threshold,
    wright_fisher_matrix,
)
from verify.methods.self_consuming.neighbours import squared_radii
from verify.methods.self_consuming.worth import baseline_error, stationary_error

EPS = np.finfo(float).eps
SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=60, deadline=None)


def rng(seed=0):
    return np.random.default_rng(seed)


def half_degrees(n):
    return arb(n - 1) / 2


# --- constants of one generation ----------------------------------------------------------------------------


@few
@given(n=st.one_of(st.integers(2, 300), st.integers(2, 10**9)))
def test_the_constants_agree_with_balls(n):
    with ctx.workprec(300):
        half = half_degrees(n)
        drift = half.digamma() - half.log()
        mean_deviation = ((half + arb(1) / 2).lgamma() - half.lgamma()).exp() / half.sqrt()
        tail = 1 / (n * (drift + 1 / half))
        known = [float(x) for x in (drift, mean_deviation, (-drift).exp(), tail)]
    found = [log_variance_drift(n), c4(n), critical_bias(n), drift_tail_constant(n)]
    # ψ - ln: two numbers of size ln 40 at most, 1/80 apart at least; the tail adds 2/ν to it
    np.testing.assert_allclose(found, known, rtol=1e-13)


def test_arrays_in_arrays_out_and_numbers_in_numbers_out():
    n = np.array([2, 5, 1000])
    for f in (log_variance_drift, c4, critical_bias, drift_tail_constant):
        assert f(n).shape == (3,)
        assert f(n).tolist() == [f(int(k)) for k in n]
        assert type(f(5)) is float
    assert type(log_variance_cdf(0.0, [4])) is float
    assert type(drift_limit_cdf(1)) is float
    assert type(expected_w2_squared(5, 3)) is float
    assert type(frechet_distance([0.0], [[1.0]], [0.0], [[2.0]])) is float


@few
@given(n=st.integers(2, 400), x=st.floats(-40, 4))
def test_one_generation_is_a_chi_square(n, x):
    half = (n - 1) / 2
    assert abs(log_variance_cdf(x, [n]) - special.gammainc(half, half * math.exp(x))) < 1e-12


@few
@given(n=st.integers(400, 10**12), z=st.floats(-5, 5), times=st.integers(1, 3))
def test_the_law_keeps_its_digits_for_many_samples(n, z, times):
    half = (n - 1) / 2
    x = z / math.sqrt(half)
    # the other way rounds its argument: half e^x by eps, which is sqrt(half) eps deviations
    known = special.gammainc(half, half * math.exp(x))
    assert abs(log_variance_cdf(x, [n]) - known) < 1e-12 + 4 * EPS * math.sqrt(half)
    # and a sum of equal halves: the law of T generations is symmetric to O(1/√n) about its mean
    middle = log_variance_cdf(times * log_variance_drift(n), [n] * times)
    assert abs(middle - 0.5) < 1 / math.sqrt(n)


@few
@given(sizes=st.lists(st.integers(2, 30), min_size=1, max_size=6), bias=st.sampled_from([0.3, 1.0, 1.2]), seed=SEEDS)
def test_the_log_variance_law_is_a_distribution_of_the_right_mean(sizes, bias, seed):
    x = np.linspace(-150, 40, 4001)
    cdf = log_variance_cdf(x, sizes, bias)
    assert (np.diff(cdf) > -1e-12).all()
    assert cdf[-1] > 1 - 1e-12
    # E X = 40 - ∫ F over the range, as no mass to speak of lies outside
    mean = 40 - np.trapezoid(cdf, x)
    assert abs(mean - sum(math.log(bias) + log_variance_drift(n) for n in sizes)) < 1e-3
    moved = rng(seed).permutation(sizes).tolist()
    assert np.abs(log_variance_cdf(x, moved, bias) - cdf).max() < 1e-12


def test_the_law_far_out_is_zero_or_one():
    assert log_variance_cdf([-np.inf, -1e300, 1e300, np.inf], [3, 9]).tolist() == [0.0, 0.0, 1.0, 1.0]


# --- the loop -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["sufficient", "raw"])
@pytest.mark.parametrize(("n", "d"), [(5, 1), (6, 3), (3, 4)])
def test_a_trajectory_is_consistent(method, n, d):
    path = gaussian_loop(n, 7, 9, dim=d, bias=0.8, method=method, rng=rng())
    assert path.mean.shape == (8, 9, d)
    assert path.chol.shape == (8, 9, d, d)
    assert path.log_det.shape == (8, 9)
    assert not np.triu(path.chol, 1).any()
    if n > d:
        np.testing.assert_allclose(np.linalg.slogdet(path.chol)[1] * 2, path.log_det, atol=1e-10)
    else:
        assert np.isneginf(path.log_det[1:]).all()
        assert (np.linalg.matrix_rank(path.chol[1:]) == n - 1).all()
    last = gaussian_loop(n, 7, 9, dim=d, bias=0.8, method=method, keep="last", rng=rng())
    for whole, end in zip(path, last, strict=True):
        assert np.array_equal(whole[-1:], end)


@pytest.mark.parametrize("d", [1, 2])
def test_both_samplers_have_one_law(d):
    draws = {}
    for method in ("sufficient", "raw"):
        path = gaussian_loop([4, 9, 5], 3, 20_000, dim=d, bias=0.9, ddof=0, method=method, keep="last", rng=rng(1))
        draws[method] = path.log_det[0], path.mean[0, :, 0], path.chol[0, :, -1, 0]
    for a, b in zip(*draws.values(), strict=True):
        # P(a correct pair of samplers fails) is below 1e-6 at this distance
        assert stats.ks_2samp(a, b).statistic < math.sqrt(math.log(2e6) / 20_000)


def test_no_generation_is_the_start():
    mean0, chol0 = [1.0, 2.0], [[2.0, 0.0], [1.0, 3.0]]
    for keep in ("all", "last"):
        path = gaussian_loop(5, 0, 3, dim=2, mean0=mean0, chol0=chol0, keep=keep, rng=rng())
        assert path.mean.tolist() == [[mean0] * 3]
        assert path.chol.tolist() == [[chol0] * 3]
        np.testing.assert_allclose(path.log_det, 2 * math.log(6))


@few
@given(seed=SEEDS, scale=st.floats(0.01, 100), method=st.sampled_from(["sufficient", "raw"]))
def test_the_loop_is_affine_in_its_start(seed, scale, method):
    how = {"dim": 2, "method": method}
    unit = gaussian_loop(6, 4, 3, **how, rng=rng(seed))
    moved = gaussian_loop(6, 4, 3, **how, mean0=[5.0, -1.0], chol0=scale * np.eye(2), rng=rng(seed))
    np.testing.assert_allclose(moved.mean, scale * unit.mean + [5.0, -1.0], rtol=1e-12, atol=1e-12 * (5 + scale))
    np.testing.assert_allclose(moved.chol, scale * unit.chol, rtol=1e-12, atol=1e-13 * scale)


@pytest.mark.parametrize("d", [1, 3])
def test_states_stay_finite_where_covariances_are_below_every_float(d):
    path = gaussian_loop(d + 1, 2000, 5, dim=d, rng=rng())
    assert np.isfinite(path.log_det).all()
    assert np.isfinite(path.mean).all()
    assert path.log_det[-1].max() < -1500
    assert (path.mean[-1] == path.mean[-2]).all()


def test_the_number_of_samples_costs_nothing():
    path = gaussian_loop(10**12, 3, 4, rng=rng())
    assert np.abs(path.log_det).max() < 1e-4


# --- distances ----------------------------------------------------------------------------------------------


@few
@given(seed=SEEDS, d=st.integers(1, 6))
def test_the_distance_agrees_with_matrix_roots(seed, d):
    draw = rng(seed)
    means = draw.normal(size=(2, d))
    factors = np.tril(draw.normal(size=(2, d, d)), -1) + np.eye(d) * draw.uniform(0.5, 2, size=(2, 1, d))
    a, b = factors @ factors.mT
    root = linalg.sqrtm(a)
    cross = np.trace(linalg.sqrtm(root @ b @ root)).real
    known = np.square(means[0] - means[1]).sum() + np.trace(a) + np.trace(b) - 2 * cross
    found = frechet_distance(means[0], factors[0], means[1], factors[1])
    assert abs(found - known) < 1e-9 * (1 + known)
    assert frechet_distance(means[0], factors[0], means[0], factors[0]) < 1e-12 * np.trace(a)


def test_distances_are_batched():
    path = gaussian_loop(9, 4, 5, dim=3, rng=rng())
    found = frechet_distance(path.mean, path.chol, np.zeros(3), np.eye(3))
    assert found.shape == (5, 5)
    one = frechet_distance(path.mean[2, 3], path.chol[2, 3], np.zeros(3), np.eye(3))
    assert abs(found[2, 3] - one) < 1e-13


@few
@given(n=st.integers(2, 60), t=st.integers(0, 40), bias=st.floats(0.05, 1), ddof=st.sampled_from([0, 1]))
def test_the_mean_distance_adds_up(n, t, bias, ddof):
    with ctx.workprec(200):
        lam, half = arb(bias), half_degrees(n)
        shrink = arb(1) if ddof else 1 - 1 / arb(n)
        deviation = (half + arb(1) / 2).gamma() / (half.gamma() * half.sqrt()) * (lam * shrink).sqrt()
        wander = sum((lam / n * (lam * shrink) ** s for s in range(t)), arb(0))
        known = float(9 * (wander + 1 + (lam * shrink) ** t - 2 * deviation**t))
    found = expected_w2_squared(n, t, bias=bias, sigma0=3.0, ddof=ddof)
    assert abs(found - known) < 1e-12 * 9 * (1 + t)


@few
@given(n=st.integers(2, 30), extra=st.integers(0, 20), bias=st.floats(0.1, 1))
def test_exponents_fall_and_their_sum_is_that_of_the_determinant(n, extra, bias):
    d = n - 1
    n += extra
    gamma = lyapunov_spectrum(n, d, bias)
    assert (np.diff(gamma) < 0).all()
    with ctx.workprec(200):
        known = sum(((arb(n - i) / 2).digamma() for i in range(1, d + 1)), arb(0))
        known = float(known + d * (arb(bias).log() - half_degrees(n).log()))
    assert abs(gamma.sum() - known) < 1e-12 * d * 5


@few
@given(r=st.floats(0, 1e6), d=st.integers(1, 50), c=st.floats(-0.5, 20))
def test_the_limit_law_is_the_f_law_of_a_multivariate_student(r, d, c):
    known = stats.f.cdf(r * r * (1 + c) / d, d, 2 + 2 * c)
    assert abs(drift_limit_cdf(r, dim=d, c=c) - known) < 1e-11


def test_the_limit_law_at_its_ends():
    assert drift_limit_cdf([-1.0, 0.0, np.inf]).tolist() == [0.0, 0.0, 1.0]
    assert drift_limit_cdf(1e-150) == pytest.approx(1e-150 / math.sqrt(2))
    assert drift_limit_cdf([1e-200, 1e200]).tolist() == [0.0, 1.0]  # squares beyond the floats at either end


# --- loops with real data -----------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("ddof", [0, 1])
def test_without_synthetic_samples_each_model_is_a_fit_to_real_ones(d, ddof):
    path = mixed_loop(7, 0, 3, 20_000, dim=d, ddof=ddof, rng=rng(2))
    scatter = (7 - ddof) * np.square(path.chol[2]).sum(axis=(1, 2))
    assert stats.kstest(scatter, stats.chi2(6 * d).cdf).statistic < math.sqrt(math.log(2e6) / 40_000)
    assert stats.kstest(path.mean[3, :, 0] * math.sqrt(7), "norm").statistic < math.sqrt(math.log(2e6) / 40_000)


@pytest.mark.parametrize("refresh", [True, False])
@pytest.mark.parametrize("start", [None, 3])
@pytest.mark.parametrize(("n_synth", "d"), [(0, 5), (1, 5), (2, 5), (20, 5), (20, 2)])
def test_mixed_models_have_the_rank_of_their_samples(refresh, start, n_synth, d):
    path = mixed_loop(3, n_synth, 4, 6, dim=d, refresh=refresh, n_initial=start, bias=0.9, rng=rng(3))
    assert np.isfinite(path.mean).all()
    assert not np.triu(path.chol, 1).any()
    ranks = np.linalg.matrix_rank(path.chol, rtol=1e-9)
    assert (ranks[0] == (d if start is None else min(2, d))).all()
    hull = 2 if not refresh and start else 2 + n_synth
    assert (ranks[1:] <= min(d, hull)).all()
    full = ranks == d
    np.testing.assert_allclose(path.log_det[full], 2 * np.linalg.slogdet(path.chol[full])[1], atol=1e-8)
    assert np.isneginf(path.log_det[~full]).all()


def test_fixed_samples_are_the_start_of_their_loop():
    path = mixed_loop(6, 0, 2, 4, dim=2, refresh=False, n_initial=6, rng=rng())
    for part in path:
        assert np.array_equal(part[0], part[1])


@pytest.mark.parametrize(("n_real", "n_synth", "d"), [(2, 3, 3), (1, 4, 2), (3, 6, 5)])
def test_beside_fixed_samples_that_span_less_the_model_dies_out(n_real, n_synth, d):
    path = mixed_loop(n_real, n_synth, 300, 20, dim=d, refresh=False, rng=rng(6))
    assert np.isfinite(path.mean).all()
    assert np.isfinite(path.chol).all()
    assert not np.triu(path.chol, 1).any()
    sizes = np.linalg.svd(path.chol[-1], compute_uv=False)
    assert (sizes[:, n_real - 1 :] < 1e-13).all()
    if n_real > 1:
        assert (sizes[:, n_real - 2] > 1e-3).all()


def sign_moments(n_real, n_synth, mean_sq, var, bias):
    """E μ'² and E S' of one generation over all signs, in fractions, for a mean of ±√mean_sq: cross terms cancel."""
    n, total_mean, total_var = n_real + n_synth, Q(0), Q(0)
    # x = a + b √var √bias: with b = 0 for real samples; products of the root alone survive the average over signs
    for pattern in itertools.product((-1, 1), repeat=n):
        real, noise = pattern[:n_real], pattern[n_real:]
        sums = Q(sum(real)), Q(sum(noise)), Q(n_synth)  # of the parts 1, √(bias var), √mean_sq
        weights = Q(1), bias * var, mean_sq
        squared_sum = sum(s * s * w for s, w in zip(sums, weights, strict=True))
        squares = n_real + n_synth * bias * var + n_synth * mean_sq
        total_mean += squared_sum / n**2
        total_var += (squares - squared_sum / n) / (n - 1)
    return total_mean / 2**n, total_var / 2**n


@few
@given(n_real=st.integers(1, 4), n_synth=st.integers(1, 4), bias=st.sampled_from([Q(1), Q(4, 5), Q(1, 7)]))
def test_stationary_moments_come_back_after_a_generation(n_real, n_synth, bias):
    found = mixed_loop_moments(n_real, n_synth, bias)
    assert sign_moments(n_real, n_synth, found.mean_sq, found.var, bias) == (found.mean_sq, found.var)
    assert isinstance(found.var, Q)
    assert found.spectral_radius < 1
    floats = mixed_loop_moments(n_real, n_synth, float(bias))
    np.testing.assert_allclose(floats[:2], [float(x) for x in found[:2]], rtol=1e-13)
    assert type(floats.var) is float


@few
@given(n_real=st.integers(1, 10**6), n_synth=st.integers(0, 10**18), bias=st.floats(0.1, 1), refresh=st.booleans())
def test_stationary_moments_in_floats_are_the_exact_ones_rounded(n_real, n_synth, bias, refresh):
    if n_real + n_synth < 2:
        return
    floats = mixed_loop_moments(n_real, n_synth, bias, refresh=refresh)
    exact = mixed_loop_moments(n_real, n_synth, Q(bias), refresh=refresh)
    assert floats[:2] == (float(exact.mean_sq), float(exact.var))
    if refresh:
        assert effective_sample_size(n_real, n_synth, 1.0) < 2 * n_real + 1e-9 * n_real


@pytest.mark.parametrize("d", [1, 3, 10])
def test_without_synthetic_samples_fourth_moments_are_those_of_a_wishart_matrix(d):
    k = 6
    found = mixed_loop_moments(k + 1, 0, Q(1), dim=d, order=4).fourth
    assert found.trace_of_square == Q(k * (k + 1) * d + k * d * d, k * k)
    assert found.square_of_trace == Q(k * k * d * d + 2 * k * d, k * k)
    assert found.mean_fourth == Q(d * (d + 2), (k + 1) ** 2)
    assert found.mean_cov_mean == Q(d, k + 1)
    assert found.mean_sq_trace == Q(d * d, k + 1)


def test_fourth_moments_agree_with_a_simulation():
    path = mixed_loop(8, 20, 40, 20_000, dim=2, bias=0.8, keep="last", rng=rng(5))
    S, mean = path.chol[0] @ path.chol[0].mT, path.mean[0]
    trace = np.trace(S, axis1=1, axis2=2)
    u = np.square(mean).sum(axis=1)
    drawn = u * u, np.einsum("ri,rij,rj->r", mean, S, mean), u * trace, np.square(S).sum(axis=(1, 2)), trace**2
    exact = mixed_loop_moments(8, 20, 0.8, dim=2, order=4).fourth
    for x, known in zip(drawn, exact, strict=True):
        assert abs(x.mean() - known) < 6 * x.std() / math.sqrt(len(x))


def test_missing_fourth_moments_are_refused_with_their_radius():
    with pytest.raises(ValueError, match=r"radius of 1\.3197"):
        mixed_loop_moments(1, 2, 1.0, order=4)
    with pytest.raises(ValueError, match="fresh loop"):
        mixed_loop_moments(5, 2, 1.0, order=4, refresh=False)


@few
@given(n_real=st.integers(2, 200), n_synth=st.integers(0, 500), bias=st.floats(0.1, 1), d=st.integers(1, 20))
def test_the_effective_size_has_the_error_of_the_mix(n_real, n_synth, bias, d):
    size = effective_sample_size(n_real, n_synth, bias, dim=d, metric="quadratic")
    error = float(stationary_error(n_real, n_synth, bias, d))
    assert abs(baseline_error_of(size, d) / error - 1) < 1e-8
    if n_synth == 0:
        assert size == pytest.approx(n_real, rel=1e-10)
        assert effective_sample_size(n_real, 0, bias) == pytest.approx(n_real)


def baseline_error_of(n, d):
    return d / n + d * (d + 1) / (4 * (n - 1))


@pytest.mark.parametrize("metric", ["quadratic", "w2"])
@pytest.mark.parametrize(("n_real", "bias", "d"), [(12, 0.5, 1), (100, 0.7, 1), (1000, 0.85, 10), (10**5, 0.95, 100)])
def test_at_the_threshold_the_mix_is_as_good_as_its_real_samples(metric, n_real, bias, d):
    threshold = synthetic_threshold(n_real, bias, d, metric)
    assert threshold > 1
    baseline = baseline_error(n_real, d)
    assert float(stationary_error(n_real, threshold, bias, d, metric)) == pytest.approx(baseline, rel=1e-9)
    assert float(stationary_error(n_real, threshold * 0.9, bias, d, metric)) < baseline
    assert float(stationary_error(n_real, threshold * 1.1, bias, d, metric)) > baseline


@pytest.mark.parametrize(("metric", "limit"), [("quadratic", 274 / 3), ("w2", 244 / 3)])
def test_the_threshold_is_resolved_up_to_ten_million_real_samples(metric, limit):
    for n_real in (10**6, 10**7):  # n_s* / n_r is the distance to the limit, up to a factor
        assert synthetic_threshold(n_real, 0.7, 1, metric) == pytest.approx(limit, rel=2 * limit / n_real + 2e-5)


def test_there_is_no_threshold_without_bias_or_where_collapse_beats_a_fit():
    assert math.isnan(synthetic_threshold(100, 1.0))
    assert math.isnan(synthetic_threshold(3, 0.7, 10))
    assert type(synthetic_threshold(100, 0.7)) is float


# --- accumulation -------------------------------------------------------------------------------------------


def subsample_by_moments(n, t, ddof):
    """E V_t from the second moments of pool and fit, generation by generation, in fractions."""
    pooled, wander = 1 - Q(1, n), Q(1, n)  # mean variance of the pool, and mean square of its mean
    second = Q(1)
    for k in range(2, t + 1):
        spread = pooled if ddof else (1 - Q(1, n)) * pooled  # of the fit to n draws from the pool
        offset = wander + pooled / n  # mean square of the fit's mean
        second = ((k - 1) * second + offset + spread) / k
        wander += (pooled / n + spread / n) / k**2
        pooled = second - wander
    return pooled if ddof else (1 - Q(1, n)) * pooled


@few
@given(n=st.integers(2, 20), t=st.integers(1, 12), ddof=st.sampled_from([0, 1]))
def test_variance_factors_are_those_of_the_second_moments(n, t, ddof):
    assert accumulate_variance_factor(n, t, "subsample", ddof) == pytest.approx(float(subsample_by_moments(n, t, ddof)))
    assert accumulate_variance_factor(n, t, "replace", ddof) == pytest.approx(1.0 if ddof else (1 - 1 / n) ** t)
    kept = Q(1)
    for k in range(1, t + 1):
        kept *= (1 - Q(1, k * (k * n - 1)) if k > 1 else Q(1)) if ddof else 1 - Q(1, n * k * k)
    assert accumulate_variance_factor(n, t, "accumulate", ddof) == pytest.approx(float(kept), rel=1e-13)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_variance_factors_begin_and_end(n):
    for workflow in ("replace", "accumulate", "subsample"):
        assert accumulate_variance_factor(n, 0, workflow) == 1.0
        if n == 1:
            assert (
                accumulate_variance_factor(n, 3, workflow) == accumulate_variance_factor(n, math.inf, workflow) == 0.0
            )
        else:
            late = accumulate_variance_factor(n, 10**6, workflow)
            assert accumulate_variance_factor(n, math.inf, workflow) == pytest.approx(late, rel=1e-5, abs=1e-300)
    if n > 1:
        assert accumulate_variance_factor(n, math.inf, "subsample", 1) == math.inf
        assert accumulate_variance_factor(n, math.inf, "replace", 1) == 1.0


def test_regression_errors_agree_with_a_simulation():
    d, n, t, runs = 2, 8, 3, 1000
    for workflow, design in (("replace", "fresh"), ("accumulate", "fresh"), ("accumulate", "fixed")):
        draw, errors = rng(7), []
        for _ in range(runs):
            weights, rows, labels = np.zeros(d), np.empty((0, d)), np.empty(0)
            X = draw.normal(size=(n, d))
            for _ in range(t):
                X = draw.normal(size=(n, d)) if design == "fresh" else X
                y = X @ weights + draw.normal(size=n)
                rows = X if workflow == "replace" else np.vstack([rows, X])
                labels = y if workflow == "replace" else np.append(labels, y)
                weights = np.linalg.lstsq(rows, labels, rcond=None)[0]
            errors.append(weights @ weights)
        known = regression_excess_error(d, n, t, workflow, design)
        assert abs(np.mean(errors) - known) < 6 * np.std(errors) / math.sqrt(runs)


def test_regression_errors_in_the_limit():
    assert regression_excess_error(4, 20, math.inf) == math.inf
    assert regression_excess_error(4, 20, math.inf, "accumulate", "fixed") == pytest.approx(4 / 15 * math.pi**2 / 6)
    late = regression_excess_error(4, 20, 10**6, "accumulate")
    assert regression_excess_error(4, 20, math.inf, "accumulate") == pytest.approx(late, rel=1e-5)
    assert regression_excess_error(4, 20, 0, "accumulate") == 0.0


@few
@given(d=st.integers(1, 50), spare=st.one_of(st.integers(1, 50), st.integers(1, 10**15)))
def test_the_limit_of_regression_keeps_its_digits(d, spare):
    n = d + 1 + spare
    with ctx.workprec(300):
        x = arb(d + 1) / n
        known = float(-d / (x * n) * ((1 - x).digamma() + arb.const_euler()))
    assert regression_excess_error(d, n, math.inf, "accumulate") == pytest.approx(known, rel=1e-14)


# --- categories ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 7, 30])
def test_chains_in_floats_are_the_chains_in_fractions(n):
    for f in (wright_fisher_matrix, ancestor_matrix, absorption_time):
        exact = f(n, exact=True)
        assert all(isinstance(x, Q) for x in exact.ravel())
        np.testing.assert_allclose(f(n), exact.astype(float), rtol=1e-12, atol=1e-300)
    assert all(sum(row) == 1 for row in wright_fisher_matrix(n, exact=True))
    assert all(sum(row) == 1 for row in ancestor_matrix(n, exact=True))


@pytest.mark.parametrize("n", [2, 40, 300])
def test_rows_are_binomial_laws(n):
    P = wright_fisher_matrix(n)
    for i in (0, 1, n // 2, n):
        np.testing.assert_allclose(P[i], stats.binom.pmf(np.arange(n + 1), n, i / n), rtol=1e-10, atol=1e-290)


@few
@given(n=st.integers(1, 9), data=st.data())
def test_ancestors_are_counted_by_stirling_numbers(n, data):
    k = data.draw(st.integers(1, n), label="values")
    j = data.draw(st.integers(1, k), label="ancestors")
    stirling = sum((-1) ** (j - m) * math.comb(j, m) * m**k for m in range(j + 1)) // math.factorial(j)
    assert ancestor_matrix(n, exact=True)[k - 1, j - 1] == Q(stirling * math.perm(n, j), n**k)


# --- nearest neighbours -------------------------------------------------------------------------------------


def definitions(x, y, k):
    """By loops over sorted lists of exact differences."""

    def d2(a, b):
        return float(np.square(a - b).sum())

    def radii(z):
        return [sorted(d2(a, b) for j, b in enumerate(z) if j != i)[k - 1] for i, a in enumerate(z)]

    rx, ry = radii(x), radii(y)
    inside = [[d2(a, b) <= r for b in y] for a, r in zip(x, rx, strict=True)]
    recalled = [any(d2(a, b) <= r for b, r in zip(y, ry, strict=True)) for a in x]
    return (
        sum(map(any, zip(*inside, strict=True))) / len(y), sum(recalled) / len(x),
        sum(map(sum, inside)) / (k * len(y)), sum(map(any, inside)) / len(x),
    )  # fmt: skip


@few
@given(
    seed=SEEDS, N=st.integers(3, 25), M=st.integers(3, 25), d=st.integers(1, 5), k=st.integers(1, 2),
    kind=st.sampled_from(["normal", "lattice", "collapsed", "far", "copies"]),
)  # fmt: skip
def test_metrics_are_those_of_the_definitions(seed, N, M, d, k, kind):
    draw = rng(seed)
    x, y = draw.normal(size=(N, d)), 0.7 * draw.normal(size=(M, d))
    if kind == "lattice":  # ties everywhere
        x, y = np.round(x), np.round(y)
    elif kind == "collapsed":
        y = 1 + 1e-9 * y
    elif kind == "far":
        x, y = x + 1e6, y + 1e6
    elif kind == "copies":
        y = x[draw.integers(N, size=M)]
    np.testing.assert_allclose(knn_metrics(x, y, k), definitions(x, y, k), rtol=1e-14)


def test_blocks_do_not_show(monkeypatch):
    draw = rng(3)
    x, y = draw.normal(size=(70, 3)), np.round(draw.normal(size=(50, 3)), 1)
    whole = knn_metrics(x, y, 3)
    monkeypatch.setattr("verify.methods.self_consuming.neighbours.ENTRIES", 200)
    monkeypatch.setattr("verify.methods.self_consuming.neighbours.PAIRS", 30)
    assert knn_metrics(x, y, 3) == whole


@pytest.mark.parametrize("unit", [1e300, 1e200, 1e90, 1e-90, 1e-170, 1e-290])
def test_the_unit_of_the_coordinates_does_not_matter(unit):
    x, y = rng(5).normal(size=(2, 60, 3))
    assert knn_metrics(unit * x, 0.9 * unit * y, 4) == knn_metrics(x, 0.9 * y, 4)


def test_points_that_all_coincide():
    same = np.ones((40, 2))
    assert knn_metrics(same, same, 3)[:2] == (1.0, 1.0)
    assert not squared_radii(same, 3).any()


@pytest.mark.peer("prdc")
def test_metrics_agree_with_prdc():
    prdc = importlib.import_module("prdc")
    x, y = rng(4).normal(size=(2, 200, 8))
    y = 0.8 * y + 0.1
    theirs = prdc.compute_prdc(x, y, 5)
    for name, value in knn_metrics(x, y, 5)._asdict().items():
        assert abs(theirs[name] - value) < 1e-12


def test_memory_does_not_grow_with_the_square():
    x, y = rng().normal(size=(2, 3000, 2))
    knn_metrics(x[:10], y[:10], 2)
    tracemalloc.start()
    knn_metrics(x, y, 5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 3000 * 8 / 3


# --- what is refused ----------------------------------------------------------------------------------------

R = rng()
X = np.zeros((5, 2))
NAN = np.full((5, 2), np.nan)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: gaussian_loop(5, 3, 2), TypeError),
        (lambda: gaussian_loop(5, 3, 2, rng=0), TypeError),
        (lambda: gaussian_loop(5.0, 3, 2, rng=R), TypeError),
        (lambda: gaussian_loop(True, 3, 2, rng=R), TypeError),
        (lambda: gaussian_loop(5, 3.0, 2, rng=R), TypeError),
        (lambda: gaussian_loop(5, 3, True, rng=R), TypeError),
        (lambda: gaussian_loop(1, 3, 2, rng=R), ValueError),
        (lambda: gaussian_loop(0, 3, 2, ddof=0, rng=R), ValueError),
        (lambda: gaussian_loop([], 0, 2, rng=R), ValueError),
        (lambda: gaussian_loop([5, 5], 3, 2, rng=R), ValueError),
        (lambda: gaussian_loop([5, 2.5, 5], 3, 2, rng=R), TypeError),
        (lambda: gaussian_loop(5, -1, 2, rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 0, rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 2, dim=0, rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 2, bias=0.0, rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 2, bias=-1.0, rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 2, bias=math.inf, rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 2, bias=math.nan, rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 2, bias="1", rng=R), TypeError),
        (lambda: gaussian_loop(5, 3, 2, ddof=2, rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 2, method="exact", rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 2, keep="none", rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 2, dim=2, mean0=[0.0], rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 2, dim=2, chol0=[[1.0, 0.5], [0.0, 1.0]], rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 2, dim=2, chol0=[[1.0, 0.0], [0.0, -1.0]], rng=R), ValueError),
        (lambda: gaussian_loop(5, 3, 2, dim=2, chol0=[[1.0]], rng=R), ValueError),
        (lambda: log_variance_drift(1), ValueError),
        (lambda: log_variance_drift(2.0), TypeError),
        (lambda: log_variance_drift(np.uint64(2**63)), ValueError),
        (lambda: drift_tail_constant(np.array([3, 2**63 + 2], np.uint64)), ValueError),
        (lambda: c4(True), TypeError),
        (lambda: critical_bias([3, 1]), ValueError),
        (lambda: log_variance_cdf(math.nan, [3]), ValueError),
        (lambda: log_variance_cdf(0.0, []), ValueError),
        (lambda: log_variance_cdf(0.0, [3], -1.0), ValueError),
        (lambda: log_variance_cdf("0", [3]), ValueError),
        (lambda: expected_w2_squared(5, 3, bias=1.1), ValueError),
        (lambda: expected_w2_squared(5, -3), ValueError),
        (lambda: expected_w2_squared(5, 3.0), TypeError),
        (lambda: expected_w2_squared(1, 3), ValueError),
        (lambda: expected_w2_squared(5, 3, sigma0=-1.0), ValueError),
        (lambda: expected_w2_squared(5, 3, sigma0=True), TypeError),
        (lambda: frechet_distance([0.0, 0.0], [[1.0]], [0.0], [[1.0]]), ValueError),
        (lambda: frechet_distance([0.0], [[1.0]], [0.0], np.eye(2)), ValueError),
        (lambda: frechet_distance(X[0], np.ones((2, 2)), X[0], np.eye(2)), ValueError),
        (lambda: frechet_distance(X[0], np.eye(2), [0.0, math.inf], np.eye(2)), ValueError),
        (lambda: frechet_distance(X[0], 1e200 * np.eye(2), X[0], 1e200 * np.eye(2)), ValueError),
        (lambda: frechet_distance([1e200, 0.0], np.eye(2), X[0], np.eye(2)), ValueError),
        (lambda: lyapunov_spectrum(4, 4), ValueError),
        (lambda: lyapunov_spectrum(4, 2, 1.5), ValueError),
        (lambda: lyapunov_spectrum(4, 2, Q(10**20 + 1, 10**20)), ValueError),
        (lambda: lyapunov_spectrum(4, 2, Q(1, 10**400)), ValueError),
        (lambda: drift_limit_cdf(math.nan), ValueError),
        (lambda: drift_limit_cdf(1.0, dim=0), ValueError),
        (lambda: drift_limit_cdf(1.0, c=-1.0), ValueError),
        (lambda: drift_tail_constant(1), ValueError),
        (lambda: mixed_loop(0, 3, 2, 2, rng=R), ValueError),
        (lambda: mixed_loop(3, -1, 2, 2, rng=R), ValueError),
        (lambda: mixed_loop(1, 0, 2, 2, rng=R), ValueError),
        (lambda: mixed_loop(3, 3, 2, 2), TypeError),
        (lambda: mixed_loop(3, 3, 2, 2, bias=1.2, rng=R), ValueError),
        (lambda: mixed_loop(3, 3, 2, 2, n_initial=1, rng=R), ValueError),
        (lambda: mixed_loop(3, 3, 2, 2, n_initial=4, refresh=False, rng=R), ValueError),
        (lambda: mixed_loop_moments(1, 0, 1.0), ValueError),
        (lambda: mixed_loop_moments(3, 3, 1.0, order=3), ValueError),
        (lambda: mixed_loop_moments(3, 3, Q(3, 2)), ValueError),
        (lambda: mixed_loop_moments(3.0, 3, 1.0), TypeError),
        (lambda: effective_sample_size(1, 5, 1.0, metric="quadratic"), ValueError),
        (lambda: effective_sample_size(3, 5, 1.0, metric="w2"), ValueError),
        (lambda: synthetic_threshold(1, 0.7), ValueError),
        (lambda: synthetic_threshold(10**9, 0.99), ValueError),
        (lambda: synthetic_threshold(10, 0.7, 1, "mean"), ValueError),
        (lambda: accumulate_variance_factor(1, 3, "accumulate", 1), ValueError),
        (lambda: accumulate_variance_factor(0, 3), ValueError),
        (lambda: accumulate_variance_factor(3, -1), ValueError),
        (lambda: accumulate_variance_factor(3, 2.5), TypeError),
        (lambda: accumulate_variance_factor(3, 2, "keep"), ValueError),
        (lambda: regression_excess_error(4, 5, 3), ValueError),
        (lambda: regression_excess_error(4, 20, 3, "subsample"), ValueError),
        (lambda: regression_excess_error(4, 20, 3, design="random"), ValueError),
        (lambda: wright_fisher_matrix(0), ValueError),
        (lambda: ancestor_matrix(2.0), TypeError),
        (lambda: absorption_time(-1), ValueError),
        (lambda: knn_metrics(X, X, 0), ValueError),
        (lambda: knn_metrics(X, X, 5), ValueError),
        (lambda: knn_metrics(X, X[:3], 3), ValueError),
        (lambda: knn_metrics(X, X, 1.0), TypeError),
        (lambda: knn_metrics(X, X[:, :1], 1), ValueError),
        (lambda: knn_metrics(X, NAN, 1), ValueError),
        (lambda: knn_metrics(X, X[:0], 1), ValueError),
        (lambda: knn_metrics(X[0], X[0], 1), ValueError),
        (lambda: knn_metrics(X + 0j, X, 1), TypeError),
    ],
)
def test_bad_input_is_refused(call, kind):
    with pytest.raises(kind):
        call()


def test_a_refusal_says_what_was_found_and_what_to_do():
    with pytest.raises(ValueError, match=r"bias=1\.5, but λ lies in \(0, 1\]; λ multiplies the variance"):
        lyapunov_spectrum(5, 2, 1.5)


# --- the package --------------------------------------------------------------------------------------------


def test_no_input_is_modified():
    x, y = rng().normal(size=(2, 30, 3))
    mean, chol, n = np.ones(3), np.eye(3), np.array([5, 6])
    inputs = x, y, mean, chol, n
    before = [a.copy() for a in inputs]
    knn_metrics(x, y, 2)
    gaussian_loop(n, 2, 4, dim=3, mean0=mean, chol0=chol, rng=rng()).mean[:] = 7
    frechet_distance(mean, chol, mean, 2 * chol)
    log_variance_cdf(mean, n.tolist()), log_variance_drift(n), drift_limit_cdf(mean), expected_w2_squared(5, n)
    assert all(np.array_equal(a, b) for a, b in zip(inputs, before, strict=True))


def test_single_precision_points_are_measured_in_double():
    x, y = rng().normal(size=(2, 30, 3)).astype(np.float32)
    assert knn_metrics(x, y, 2) == knn_metrics(x.astype(float), y.astype(float), 2)


def test_the_import_needs_numpy_alone():
    code = "import sys, verify.methods.self_consuming; assert not {'flint', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
