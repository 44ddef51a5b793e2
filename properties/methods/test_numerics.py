"""The shared numerics against ball arithmetic, closed forms and the equations that define them."""

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.methods.numerics import (
    bures_distance2,
    factor_fidelity,
    fidelity,
    geometric_mean,
    logsumexp,
    softmax,
    spd_sqrt,
)

EPS = np.finfo(float).eps
SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=100, deadline=None)


def logits(seed, n, scale):
    return scale * np.random.default_rng(seed).normal(size=n)


def covariance(rng, d, rank=None, batch=()):
    X = rng.normal(size=(*batch, rank or d, d))
    return X.mT @ X


def exp_error(z):
    """Relative error of sums of exp(z - max z): differences round once, exp errs by 4 ulps, sums once a term."""
    return EPS * (np.ptp(z) + 4 + z.size)


@few
@given(seed=SEEDS, n=st.integers(1, 40), scale=st.sampled_from([0.1, 3.0, 60.0]))
def test_softmax_and_logsumexp_agree_with_ball_arithmetic(seed, n, scale):
    z = logits(seed, n, scale)
    with ctx.workprec(200):
        exps = [arb(x).exp() for x in z.tolist()]
        total = sum(exps, arb(0))
        p = np.array([float(e / total) for e in exps])
        lse = float(total.log())
    np.testing.assert_allclose(softmax(z), p, rtol=2 * exp_error(z), atol=0)
    assert abs(logsumexp(z) - lse) <= exp_error(z) + 2 * EPS * max(abs(lse), np.abs(z).max())


@few
@given(seed=SEEDS, n=st.integers(1, 20))
def test_the_complex_step_of_logsumexp_is_softmax(seed, n):
    z, step = logits(seed, n, 5.0), 1e-30
    derivative = logsumexp(z + 1j * step * np.eye(n)).imag / step
    np.testing.assert_allclose(derivative, softmax(z), rtol=2 * exp_error(z), atol=0)


@few
@given(seed=SEEDS, n=st.integers(2, 20))
def test_the_complex_step_of_softmax_is_its_jacobian(seed, n):
    z, step = logits(seed, n, 5.0), 1e-30
    p = softmax(z)
    jacobian = softmax(z + 1j * step * np.eye(n)).imag.T / step
    np.testing.assert_allclose(jacobian, np.diag(p) - np.outer(p, p), rtol=0, atol=4 * exp_error(z))


@few
@given(seed=SEEDS, shift=st.sampled_from([-(2.0**40), 0.5, 1e300]))
def test_a_common_shift_that_adds_exactly_changes_nothing(seed, shift):
    z = np.zeros(5) if shift == 1e300 else np.random.default_rng(seed).integers(-8, 8, 5).astype(float)
    assert np.array_equal(softmax(z + shift), softmax(z))
    assert logsumexp(z + shift) == pytest.approx(logsumexp(z) + shift, rel=2 * EPS)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.complex64, np.complex128])
def test_the_precision_of_logits_is_kept(kind):
    z = np.arange(6, dtype=kind).reshape(2, 3)
    assert softmax(z).dtype == kind
    assert logsumexp(z).dtype == kind
    assert logsumexp(z, axis=0, keepdims=True).shape == (1, 3)


def test_integer_logits_give_float64():
    assert softmax([0, 0]).dtype == logsumexp([0, 0]).dtype == np.float64


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_the_axis_is_the_one_that_is_named(axis):
    z = np.random.default_rng(0).normal(size=(2, 3, 4))
    np.testing.assert_array_max_ulp(softmax(z, axis), np.moveaxis(softmax(np.moveaxis(z, axis, -1)), -1, axis), 4)
    np.testing.assert_allclose(softmax(z, axis).sum(axis), 1, rtol=8 * EPS)  # 4 terms and 4 quotients round
    assert logsumexp(z, axis).shape == softmax(z, axis).sum(axis).shape


def test_infinite_logits_have_their_limits():
    assert softmax([-np.inf, 0.0, 0.0]).tolist() == [0, 0.5, 0.5]
    assert logsumexp([-np.inf, 2.0]) == 2.0
    assert logsumexp([-np.inf, -np.inf]) == -np.inf
    assert logsumexp([np.inf, 0.0]) == np.inf
    assert np.isnan(softmax([-np.inf, -np.inf])).all()


def test_logits_at_the_ends_of_the_range_neither_overflow_nor_warn():
    assert softmax([1.7e308, -1.7e308]).tolist() == [1, 0]
    assert logsumexp([1.7e308, -1.7e308]) == 1.7e308


def test_inputs_are_left_alone():
    z, A = np.arange(4.0), np.diag([1.0, 4.0])
    before = z.copy(), A.copy()
    softmax(z), logsumexp(z), spd_sqrt(A), geometric_mean(A, A), bures_distance2(A, A)
    assert np.array_equal(z, before[0])
    assert np.array_equal(A, before[1])


def eigen_error(A):
    """Backward error of a symmetric eigensolver and the two products after it: some 10 d roundings of |A|."""
    return 10 * A.shape[-1] * EPS * np.linalg.norm(A, 2, axis=(-2, -1)).max()


@few
@given(seed=SEEDS, d=st.integers(1, 8), rank=st.integers(1, 8), batch=st.sampled_from([(), (3,), (2, 1)]))
def test_the_square_root_is_the_nonnegative_one_and_squares_to_its_argument(seed, d, rank, batch):
    A = covariance(np.random.default_rng(seed), d, rank, batch)
    R = spd_sqrt(A)
    assert R.shape == A.shape
    assert np.abs(R @ R - A).max() <= 2 * eigen_error(A)
    assert np.abs(R - R.mT).max() <= eigen_error(R)
    assert np.linalg.eigvalsh(R).min() >= -eigen_error(R)


@few
@given(seed=SEEDS, d=st.integers(1, 6))
def test_the_geometric_mean_solves_its_riccati_equation(seed, d):
    rng = np.random.default_rng(seed)
    A, B = covariance(rng, d) + np.eye(d), covariance(rng, d)
    G = geometric_mean(A, B)
    # |A^-1| <= 1, so the errors of G enter twice, each a multiple of the eigensolver's on A and B.
    allowed = 20 * eigen_error(A) * max(1, np.linalg.norm(B, 2)) * max(1, np.linalg.norm(G, 2)) ** 2
    assert np.abs(G @ np.linalg.solve(A, G) - B).max() <= allowed
    assert np.array_equal(G, G.T)
    assert np.abs(geometric_mean(B + np.eye(d), A) - geometric_mean(A, B + np.eye(d))).max() <= allowed


@few
@given(seed=SEEDS)
def test_for_two_by_two_matrices_the_geometric_mean_is_a_scaled_sum(seed):
    rng = np.random.default_rng(seed)
    A, B = covariance(rng, 2, 4) + np.eye(2), covariance(rng, 2, 4) + np.eye(2)
    a, b = np.sqrt(np.linalg.det(A)), np.sqrt(np.linalg.det(B))
    mixed = A / a + B / b  # Bhatia 2007, exercise 4.1.12
    expected = np.sqrt(a * b / np.linalg.det(mixed)) * mixed
    condition = np.linalg.cond(A) * np.linalg.cond(B)
    np.testing.assert_allclose(
        geometric_mean(A, B), expected, rtol=0, atol=100 * EPS * condition * np.abs(expected).max()
    )


@few
@given(seed=SEEDS, batch=st.sampled_from([(), (4,), (2, 3)]))
def test_for_two_by_two_matrices_the_fidelity_has_a_closed_form(seed, batch):
    rng = np.random.default_rng(seed)
    A, B = covariance(rng, 2, 4, batch) + np.eye(2), covariance(rng, 2, 4, batch) + np.eye(2)
    trace, det = np.trace(A @ B, axis1=-2, axis2=-1), np.linalg.det(A) * np.linalg.det(B)
    # (sum of two roots)^2 = trace + 2 root of the determinant; eigenvalues are >= 1, so norms bound all conditions.
    np.testing.assert_allclose(
        fidelity(A, B), np.sqrt(trace + 2 * np.sqrt(det)), rtol=eigen_error(A) * eigen_error(B) / EPS
    )


@few
@given(seed=SEEDS, d=st.integers(1, 6))
def test_fidelity_is_the_sum_of_the_roots_of_the_eigenvalues_of_the_product(seed, d):
    rng = np.random.default_rng(seed)
    A, B = covariance(rng, d) + np.eye(d), covariance(rng, d) + np.eye(d)
    product = np.sqrt(np.linalg.eigvals(A @ B).real).sum()
    assert abs(fidelity(A, B) - product) <= 10 * EPS * d**2 * np.linalg.cond(A) * np.linalg.cond(B) * product


@few
@given(seed=SEEDS, d=st.integers(2, 6))
def test_factors_keep_the_digits_that_square_roots_of_singular_matrices_lose(seed, d):
    x, y = np.random.default_rng(seed).normal(size=(2, 1, d))
    scale = np.linalg.norm(x) * np.linalg.norm(y)
    exact = abs(float(x[0] @ y[0]))
    assert abs(factor_fidelity(x, y) - exact) <= 4 * d * EPS * scale
    # Rounding puts eigenvalues up to d eps |A| where A has none; their roots spoil half the digits, in d directions.
    half_the_digits = 4 * d * np.sqrt(d * EPS) * scale
    assert abs(fidelity(x.T @ x, y.T @ y) - exact) <= half_the_digits


@few
@given(seed=SEEDS, d=st.integers(1, 6))
def test_the_bures_distance_of_centred_normals_on_one_axis_is_the_difference_of_deviations(seed, d):
    s, t = np.random.default_rng(seed).random((2, d)) * 3
    expected = np.sum((s - t) ** 2)
    allowed = 40 * d * EPS * (s @ s + t @ t)  # the traces cancel: d roundings of their size, and the eigensolver's
    assert abs(bures_distance2(np.diag(s**2), np.diag(t**2)) - expected) <= allowed


@few
@given(seed=SEEDS, d=st.integers(1, 6), batch=st.sampled_from([(), (3,)]))
def test_the_bures_distance_is_a_squared_distance(seed, d, batch):
    rng = np.random.default_rng(seed)
    A, B, C = (covariance(rng, d, batch=batch) + np.eye(d) for _ in range(3))
    ab, ba, bc, ac = bures_distance2(A, B), bures_distance2(B, A), bures_distance2(B, C), bures_distance2(A, C)
    rounding = 10 * (eigen_error(A) + eigen_error(B) + eigen_error(C)) * d
    assert np.all(np.abs(ab - ba) <= rounding)
    assert np.all(bures_distance2(A, A) <= rounding)
    assert np.all(ab >= 0)
    assert np.all(np.sqrt(ac) <= np.sqrt(ab) + np.sqrt(bc) + np.sqrt(rounding))


@pytest.mark.parametrize("function", [spd_sqrt, lambda A: geometric_mean(A, A), lambda A: fidelity(A, A)])
@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([1.0], "square"),
        ([[1.0, 2.0]], "square"),
        (np.zeros((0, 0)), "empty"),
        ([[1.0, 2.0], [0.0, 1.0]], "not symmetric"),
        ([[1.0, np.nan], [np.nan, 1.0]], "finite"),
        ([[1.0, 0.0], [0.0, -1.0]], "negative|[Pp]ositive"),
    ],
)
def test_what_is_no_covariance_is_refused(function, matrix, message):
    with pytest.raises(ValueError, match=message):
        function(matrix)


def test_a_geometric_mean_needs_an_invertible_first_matrix():
    with pytest.raises(np.linalg.LinAlgError):
        geometric_mean(np.diag([1.0, 0.0]), np.eye(2))
