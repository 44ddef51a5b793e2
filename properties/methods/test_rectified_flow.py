"""Rectified flow against second ways that share no code: SciPy, POT, brute-force quadrature, samples of the definition."""

from fractions import Fraction as Q

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate as quadrature
from scipy import linalg, stats

from verify.methods.rectified_flow import (
    Mixture,
    averaged_velocity_1d,
    conditional_variance,
    critic_objective,
    dual_sobolev_1d,
    gaussian_flow,
    gaussian_trajectory,
    gaussian_velocity,
    geometric_mean,
    integrate,
    mixture_cdf,
    mixture_pdf,
    mixture_velocity,
    ot_map_gaussian,
    penalized_critic_1d,
    rectified_map_gaussian,
    straightness_defect,
    transport_cost,
)

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 5)
few = settings(max_examples=40, deadline=None)


def spd(rng, d):
    G = rng.normal(size=(d, 3 * d + 1))
    return G @ G.T / (3 * d + 1) + 0.05 * np.eye(d)


def coupling(rng, d):
    joint = spd(rng, 2 * d)
    return joint[:d, :d], joint[d:, d:], joint[d:, :d]


def mixture(rng, k, d):
    return Mixture(
        rng.dirichlet(np.full(k, 2.0)), 2 * rng.normal(size=(k, d)), np.stack([spd(rng, d) for _ in range(k)])
    )


# --- Gaussian couplings ---------------------------------------------------------------------------------------------


@few
@given(seed=SEEDS, d=SIZES, t=st.floats(0, 1))
def test_the_velocity_is_the_regression_of_the_joint_law(seed, d, t):
    rng = np.random.default_rng(seed)
    S0, S1, K = coupling(rng, d)
    m0, m1 = rng.normal(size=(2, d))
    joint = np.block([[S0, K.T], [K, S1]])
    at, move = np.hstack([(1 - t) * np.eye(d), t * np.eye(d)]), np.hstack([-np.eye(d), np.eye(d)])
    slope, offset = gaussian_velocity(t, S0, S1, K, m0, m1)
    wanted = move @ joint @ at.T @ np.linalg.inv(at @ joint @ at.T)
    np.testing.assert_allclose(slope, wanted, atol=1e-10 * max(1, np.abs(wanted).max()))
    centre = (1 - t) * m0 + t * m1
    np.testing.assert_allclose(slope @ centre + offset, m1 - m0, atol=1e-10 * max(1, np.abs(wanted).max()))


@few
@given(seed=SEEDS, d=SIZES, t=st.floats(0, 1))
def test_the_gradient_field_is_symmetric_and_solves_the_lyapunov_equation(seed, d, t):
    rng = np.random.default_rng(seed)
    S0, S1, K = coupling(rng, d)
    zero = np.zeros(d)
    B, _ = gaussian_velocity(t, S0, S1, K, zero, zero, "gradient")
    S = (1 - t) ** 2 * S0 + t**2 * S1 + t * (1 - t) * (K + K.T)
    change = 2 * (t * S1 - (1 - t) * S0) + (1 - 2 * t) * (K + K.T)
    np.testing.assert_allclose(B, B.T, atol=1e-12)
    np.testing.assert_allclose(B, linalg.solve_continuous_lyapunov(S, change), atol=1e-9)


@few
@given(seed=SEEDS, d=st.integers(1, 3), field=st.sampled_from(["conditional", "gradient"]))
def test_the_flow_agrees_with_an_adaptive_integrator(seed, d, field):
    rng = np.random.default_rng(seed)
    S0, S1, K = coupling(rng, d)
    zero = np.zeros(d)

    def moving(t, M):
        return (gaussian_velocity(min(t, 1.0), S0, S1, K, zero, zero, field)[0] @ M.reshape(d, d)).ravel()

    wanted = quadrature.solve_ivp(moving, (0, 1), np.eye(d).ravel(), method="DOP853", rtol=1e-10, atol=1e-12).y[:, -1]
    np.testing.assert_allclose(gaussian_flow(S0, S1, K, 300, field=field)[-1], wanted.reshape(d, d), atol=2e-7)


def test_the_flow_of_stacked_matrices_is_the_stack_of_flows():
    rng = np.random.default_rng(0)
    parts = [coupling(rng, 3) for _ in range(4)]
    stacked = [np.stack(matrices) for matrices in zip(*parts, strict=True)]
    for field in ("conditional", "gradient"):
        whole = gaussian_flow(*stacked, 10, "heun", field)
        assert whole.shape == (11, 4, 3, 3)
        for k, part in enumerate(parts):
            np.testing.assert_allclose(whole[:, k], gaussian_flow(*part, 10, "heun", field), atol=1e-13)
    zero = np.zeros(3)
    for function in (transport_cost, straightness_defect, conditional_variance):
        found = function(*stacked, zero, zero)
        np.testing.assert_allclose(found, [function(*part, zero, zero) for part in parts], atol=1e-12)
        assert type(function(*parts[0], zero, zero)) is float


@few
@given(seed=SEEDS, d=SIZES)
def test_closed_forms_against_scipys_roots(seed, d):
    rng = np.random.default_rng(seed)
    S0, S1 = spd(rng, d), spd(rng, d)
    root = linalg.sqrtm(S0).real
    inverse = np.linalg.inv(root)
    np.testing.assert_allclose(rectified_map_gaussian(S0, S1), linalg.sqrtm(S1 @ np.linalg.inv(S0)).real, atol=1e-8)
    np.testing.assert_allclose(
        ot_map_gaussian(S0, S1), inverse @ linalg.sqrtm(root @ S1 @ root).real @ inverse, atol=1e-8
    )
    np.testing.assert_allclose(
        geometric_mean(S0, S1), root @ linalg.sqrtm(inverse @ S1 @ inverse).real @ root, atol=1e-8
    )
    np.testing.assert_allclose(geometric_mean(S0, S1), geometric_mean(S1, S0), atol=1e-10)


@few
@given(seed=SEEDS, d=SIZES)
def test_no_map_costs_less_than_pots(seed, d):
    rng = np.random.default_rng(seed)
    S0, S1, K = coupling(rng, d)
    m0, m1 = rng.normal(size=(2, d))
    optimum = float(ot.gaussian.bures_wasserstein_distance(m0, m1, S0, S1)) ** 2
    assert abs(transport_cost(S0, S1, ot_map_gaussian(S0, S1) @ S0, m0, m1) - optimum) < 1e-7
    assert transport_cost(S0, S1, rectified_map_gaussian(S0, S1) @ S0, m0, m1) >= optimum - 1e-7
    assert transport_cost(S0, S1, K, m0, m1) >= optimum - 1e-7


def test_a_trajectory_takes_times_of_any_shape():
    rng = np.random.default_rng(0)
    S0, S1 = np.stack([spd(rng, 2), spd(rng, 2)]), spd(rng, 2)
    assert gaussian_trajectory(0.5, S0, S1).shape == (2, 2, 2)
    whole = gaussian_trajectory([[0.0, 0.5, 1.0]], S0, S1)
    assert whole.shape == (1, 3, 2, 2, 2)
    np.testing.assert_allclose(whole[0, 2], rectified_map_gaussian(S0, S1), atol=1e-14)
    np.testing.assert_allclose(whole[0, 0], np.broadcast_to(np.eye(2), (2, 2, 2)), atol=1e-13)


@few
@given(seed=SEEDS, d=st.integers(1, 3))
def test_what_rectifying_saves_is_bends_and_crossings(seed, d):
    rng = np.random.default_rng(seed)
    S0, S1, K = coupling(rng, d)
    zero = np.zeros(d)
    after = gaussian_flow(S0, S1, K, 1000)[-1] @ S0
    saved = np.trace(2 * (after - K))
    parts = straightness_defect(S0, S1, K, zero, zero), conditional_variance(S0, S1, K, zero, zero)
    assert min(parts) >= -1e-9
    assert abs(saved - sum(parts)) < 1e-6


@few
@given(seed=SEEDS, d=st.integers(2, 4))
def test_a_linear_coupling_with_a_negative_eigenvalue_is_refused_wherever_its_lines_meet(seed, d):
    rng = np.random.default_rng(seed)
    S0, V = spd(rng, d), rng.normal(size=(d, d)) + 3 * np.eye(d)
    eigenvalues = rng.uniform(0.2, 2, d)
    eigenvalues[0] *= -1
    T = V @ np.diag(eigenvalues) @ np.linalg.inv(V)
    S1 = T @ S0 @ T.T
    S1 = (S1 + S1.T) / 2
    with pytest.raises(ValueError, match=r"singular at t = "):
        gaussian_flow(S0, S1, T @ S0, 10)
    positive = V @ np.diag(np.abs(eigenvalues)) @ np.linalg.inv(V)
    S1 = positive @ S0 @ positive.T
    np.testing.assert_allclose(gaussian_flow(S0, (S1 + S1.T) / 2, positive @ S0, 10)[-1], positive, atol=1e-6)


@few
@given(s=st.floats(1e-3, 1e3), variance=st.floats(0.1, 10), d=st.integers(1, 3))
def test_pairs_that_all_meet_in_one_point_are_refused_however_it_is_rounded(s, variance, d):
    S0, zero, meeting = variance * np.eye(d), np.zeros(d), 1 / (1 + s)
    with pytest.raises(ValueError, match=r"singular at t = "):
        gaussian_flow(S0, s**2 * S0, -s * S0, 10)  # x1 = -s x0
    for field in ("conditional", "gradient"):
        with pytest.raises(ValueError, match=r"singular at t = "):
            gaussian_velocity(meeting, S0, s**2 * S0, -s * S0, zero, zero, field)


def test_nearly_opposite_pairs_are_still_rectifiable():
    maps = gaussian_flow([[1.0]], [[1.0]], [[-0.999]], 4000)
    np.testing.assert_allclose(maps[-1], [[1.0]], atol=1e-6)


# --- mixtures -------------------------------------------------------------------------------------------------------


@few
@given(seed=SEEDS, k0=st.integers(1, 3), k1=st.integers(1, 3), d=st.integers(1, 3), t=st.floats(0, 1))
def test_density_and_velocity_by_scipys_densities(seed, k0, k1, d, t):
    rng = np.random.default_rng(seed)
    mix0, mix1 = mixture(rng, k0, d), mixture(rng, k1, d)
    x = 2 * rng.normal(size=(7, d))
    density, flux = np.zeros(7), np.zeros((7, d))
    for a, m, S in zip(mix0.weights, mix0.means, mix0.covs, strict=True):
        for b, n, R in zip(mix1.weights, mix1.means, mix1.covs, strict=True):
            law = stats.multivariate_normal((1 - t) * m + t * n, (1 - t) ** 2 * S + t**2 * R)
            slope, offset = gaussian_velocity(t, S, R, 0 * S, m, n)
            weight = a * b * np.atleast_1d(law.pdf(x))
            density += weight
            flux += weight[:, None] * (x @ slope.T + offset)
    np.testing.assert_allclose(mixture_pdf(x, t, mix0, mix1), density, rtol=1e-9, atol=1e-300)
    known = density > 1e-200
    np.testing.assert_allclose(
        mixture_velocity(x, t, mix0, mix1)[known], (flux / density[:, None])[known], rtol=1e-7, atol=1e-8
    )


@few
@given(seed=SEEDS, t=st.floats(0, 1))
def test_the_distribution_function_integrates_the_density(seed, t):
    rng = np.random.default_rng(seed)
    mix0, mix1 = mixture(rng, 2, 1), mixture(rng, 2, 1)
    a, b = -1.0, 1.5
    mass, _ = quadrature.quad(lambda s: mixture_pdf([s], t, mix0, mix1)[0], a, b, limit=200)
    ends = mixture_cdf([a, b], t, mix0, mix1)
    assert abs(ends[1] - ends[0] - mass) < 1e-8


def test_far_from_every_component_the_velocity_is_finite_and_that_of_the_nearest_pair():
    mix0, mix1 = Mixture([0.5, 0.5], [[-1.0], [1.0]], [[[0.1]], [[0.1]]]), Mixture([1.0], [[0.0]], [[[1.0]]])
    far = mixture_velocity([300.0], 0.25, mix0, mix1)
    slope, offset = gaussian_velocity(0.25, [[0.1]], [[1.0]], [[0.0]], [1.0], [0.0])
    np.testing.assert_allclose(far, slope[0] * 300 + offset, rtol=1e-12)


def test_a_pair_too_rare_for_a_float_still_rules_where_it_is_nearest():
    def rare(mean):
        return Mixture([1e-200, 1.0], [[mean], [0.0]], [[[1.0]], [[1.0]]])

    # at t = 1/2 the pair of means 100 and 200, of weight 1e-400, is at 150, the others 50 and more away
    assert mixture_velocity([150.0], 0.5, rare(100.0), rare(200.0)).tolist() == [100.0]


def test_components_of_one_shape_share_a_factor_and_nothing_changes():
    rng = np.random.default_rng(0)
    S, means = spd(rng, 2), rng.normal(size=(2, 3, 2))
    same = [Mixture(np.full(3, 1 / 3), m, np.tile(S, (3, 1, 1))) for m in means]
    other = Mixture(np.full(3, 1 / 3), means[0], np.stack([S, S, S * (1 + 1e-12)]))
    x = rng.normal(size=(50, 2))
    np.testing.assert_allclose(mixture_velocity(x, 0.4, *same), mixture_velocity(x, 0.4, other, same[1]), atol=1e-9)
    np.testing.assert_allclose(
        mixture_velocity(x, 0.4, same[1], same[0]), mixture_velocity(x, 0.4, same[1], other), atol=1e-9
    )


def test_shapes_of_points_are_kept():
    mix = Mixture([1.0], [[0.0]], [[[1.0]]])
    assert mixture_velocity([1.0, 2.0], 0.5, mix, mix).shape == (2,)
    assert mixture_velocity([[1.0], [2.0]], 0.5, mix, mix).shape == (2, 1)
    assert mixture_pdf([[1.0], [2.0]], 0.5, mix, mix).shape == (2,)
    assert mixture_cdf([1.0], 0.5, mix, mix).shape == (1,)


# --- steps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "exact_degree"), [("euler", 0), ("heun", 1), ("rk4", 3)])
def test_polynomials_in_time_are_integrated_exactly_up_to_the_order(method, exact_degree):
    for degree in range(exact_degree + 2):
        end = integrate(lambda x, t, p=degree: np.full_like(x, (p + 1) * t**p), np.zeros(1), 3, method)
        assert (abs(end[0] - 1) < 1e-14) == (degree <= exact_degree)


@few
@given(seed=SEEDS, n=st.integers(1, 9), method=st.sampled_from(["euler", "heun", "rk4"]))
def test_the_exponential_is_the_power_of_its_taylor_polynomial(seed, n, method):
    rate = np.random.default_rng(seed).uniform(-2, 2)
    h = rate / n
    terms = {"euler": 2, "heun": 3, "rk4": 5}[method]
    factor = sum(h**k / np.prod(np.arange(1, k + 1)) for k in range(terms))
    end = integrate(lambda x, t: rate * x, np.ones(2), n, method)
    np.testing.assert_allclose(end, factor**n, rtol=1e-13)


def test_the_field_is_called_at_times_that_end_at_exactly_one():
    seen = []
    integrate(lambda x, t: seen.append(t) or 0 * x, np.zeros(1), 7)
    assert min(seen) == 0.0
    assert max(seen) == 1.0
    assert seen == sorted(seen)


def test_a_solution_that_runs_away_is_an_error():
    with np.errstate(over="ignore", invalid="ignore"), pytest.raises(RuntimeError, match="leaves the finite numbers"):
        integrate(lambda x, t: x**2, np.array([1e9]), 50)


# --- critics --------------------------------------------------------------------------------------------------------


@few
@given(seed=SEEDS, n=SIZES, centre=st.sampled_from([0, 0.5, 1]), weight=st.sampled_from([0.5, 10.0]))
def test_the_critics_loss_by_adaptive_quadrature(seed, n, centre, weight):
    rng = np.random.default_rng(seed)
    x0, x1, w = rng.normal(size=(n, 2)), rng.normal(size=(n, 2)) + 3, rng.dirichlet(np.ones(n))

    def D(x):
        return np.exp(x[:, 0] / 4) + x[:, 1] ** 2

    def grad(x):
        return np.stack([np.exp(x[:, 0] / 4) / 4, 2 * x[:, 1] + 0.0], axis=1)

    def penalty(t):
        return w @ (np.linalg.norm(grad(x0 + t * (x1 - x0)), axis=1) - centre) ** 2

    wanted = w @ (D(x0) - D(x1)) + weight * quadrature.quad(penalty, 0, 1, epsabs=1e-11, limit=200)[0]
    found = critic_objective(D, grad, (x0, x1), w, centre, weight, 200)
    # for centres above 0 the norm has a kink where the gradient comes near 0: Gauss-Legendre then is good to 1e-3 only
    assert abs(found - wanted) <= (1e-9 if centre == 0 else 1e-3) * weight


@few
@given(seed=SEEDS, degree=st.integers(1, 4))
def test_on_fractions_the_loss_is_a_fraction_and_agrees_with_floats(seed, degree):
    rng = np.random.default_rng(seed)
    points = [[[Q(int(k), 3)] for k in rng.integers(-9, 9, 3)] for _ in range(2)]
    weights = [Q(1, 6), Q(1, 3), Q(1, 2)]

    def D(x):
        return x[:, 0] ** degree

    def grad(x):
        return degree * x ** (degree - 1)

    found = critic_objective(D, grad, tuple(points), weights, 0, Q(1, 2), 2 * degree)
    assert isinstance(found, Q)
    floats = critic_objective(D, grad, tuple(np.array(p, float) for p in points), np.array(weights, float))
    assert abs(float(found) - floats) <= 1e-12 * max(1, abs(float(found)), 3.0 ** (2 * degree))


# --- the line -------------------------------------------------------------------------------------------------------


def ramp(x):
    return np.clip(x, 0, 1)


def late_ramp(x):
    return np.clip(x - 1, 0, 1)


def test_uniform_laws_that_are_shifted_have_a_critic_in_closed_form():
    def tent(x):  # density of U + t, U and t uniform
        return np.maximum(1 - np.abs(x - 1), 0)

    v = averaged_velocity_1d([0.5, 1.0, 1.5], ramp, late_ramp, tent)
    np.testing.assert_allclose(v, 1.0)
    assert averaged_velocity_1d([-1.0, 3.0], ramp, late_ramp, tent).tolist() == [0.0, 0.0]
    assert abs(dual_sobolev_1d(ramp, late_ramp, tent, low=0, high=2) - 1) < 1e-12  # H = W1² = W2² = 1
    slope, value = penalized_critic_1d(ramp, late_ramp, tent, 1.0, 10.0, low=0, high=2)
    assert abs(value - (1 + 1 / 40)) < 1e-12
    np.testing.assert_allclose(slope(np.array([0.5, 1.5])), 1.05)


def test_the_average_is_exact_on_fractions():
    def step(at):
        return lambda x: np.array([Q(s >= at) for s in x], object)

    found = averaged_velocity_1d(np.array([Q(1, 2)], object), step(0), step(1), lambda x: np.array([Q(1, 3)], object))
    assert found.tolist() == [Q(3)]
    still = averaged_velocity_1d(np.array([Q(2)], object), step(0), step(1), lambda x: 0 * x)  # nothing passes here
    assert [(v, type(v)) for v in still] == [(Q(0), Q)]


# --- bad input ------------------------------------------------------------------------------------------------------

ONE, Z = np.eye(2), np.zeros((2, 2))
MEAN = np.zeros(2)
LINE = Mixture([1.0], [[0.0]], [[[1.0]]])
PLANE = Mixture([1.0], [[0.0, 0.0]], [np.eye(2)])
ASYMMETRIC = np.array([[1.0, 1e-6], [0.0, 1.0]])


@pytest.mark.parametrize(
    "call",
    [
        lambda: gaussian_velocity(-0.1, ONE, ONE, Z, MEAN, MEAN),
        lambda: gaussian_velocity(np.nan, ONE, ONE, Z, MEAN, MEAN),
        lambda: gaussian_velocity(0.5, ONE, ONE, -ONE, MEAN, MEAN),
        lambda: gaussian_velocity(0.5, ONE, ONE, -ONE, MEAN, MEAN, "gradient"),
        lambda: gaussian_velocity(0.5, ONE, ONE, Z, np.zeros(3), MEAN),
        lambda: gaussian_velocity(0.5, ONE, ONE, Z, MEAN, MEAN, "curl"),
        lambda: gaussian_velocity(0.5, ONE, ONE, Z, np.zeros((3, 2)), np.zeros((4, 2))),
        lambda: gaussian_velocity(np.zeros(3), np.stack([ONE, ONE]), ONE, Z, MEAN, MEAN),
        lambda: gaussian_flow(ONE, np.stack([ONE, ONE]), np.stack([Z, Z, Z]), 10),
        lambda: transport_cost(np.stack([ONE, ONE]), ONE, Z, np.zeros((3, 2)), MEAN),
        lambda: gaussian_flow(ONE, ONE, -ONE, 10),
        lambda: gaussian_flow(ASYMMETRIC, ONE, Z, 10),
        lambda: gaussian_flow(ONE, ONE, 1.1 * ONE, 10),
        lambda: gaussian_flow(ONE, ONE, Z, 0),
        lambda: gaussian_flow(ONE, ONE, Z, 10, "midpoint"),
        lambda: gaussian_trajectory(1.5, ONE, ONE),
        lambda: rectified_map_gaussian(ONE, Z),
        lambda: rectified_map_gaussian(ONE, np.eye(3)),
        lambda: ot_map_gaussian(ONE, -ONE),
        lambda: geometric_mean(ONE, np.full((2, 2), np.nan)),
        lambda: geometric_mean(ONE, np.ones(2)),
        lambda: transport_cost(ONE, ONE, 2 * ONE, MEAN, MEAN),
        lambda: straightness_defect(ONE, ONE, -ONE, MEAN, MEAN),
        lambda: conditional_variance(ONE, ONE, Z, MEAN, MEAN, n_steps=0),
        lambda: Mixture([0.5, 0.4], [[0.0], [1.0]], [[[1.0]], [[1.0]]]),
        lambda: Mixture([1.0], [[0.0]], [[[0.0]]]),  # an atom
        lambda: Mixture([1.0, 0.0], [[0.0], [1.0]], [[[1.0]], [[1.0]]]),
        lambda: Mixture([1.0], [[0.0]], [np.eye(2)]),
        lambda: mixture_velocity([0.0], 1.1, LINE, LINE),
        lambda: mixture_velocity([[0.0, 0.0]], 0.5, LINE, PLANE),
        lambda: mixture_velocity([[np.inf, 0.0]], 0.5, PLANE, PLANE),
        lambda: mixture_velocity([0.0], [0.5], LINE, LINE),
        lambda: mixture_cdf([[0.0, 0.0]], 0.5, PLANE, PLANE),
        lambda: integrate(lambda x, t: x, np.array([np.nan]), 3),
        lambda: integrate(lambda x, t: x, np.ones(2), 0),
        lambda: integrate(lambda x, t: x[:1], np.ones(2), 1),
        lambda: critic_objective(len, len, ([[0.0]], [[1.0]]), [0.9]),
        lambda: critic_objective(len, len, ([[0.0]], [[1.0]]), [1.0], penalty_weight=0),
        lambda: critic_objective(len, len, ([[0.0]], [[1.0], [2.0]]), [1.0]),
        lambda: critic_objective(len, len, ([[Q(0)]], [[Q(1)]]), [Q(1)], penalty_center=1),
        lambda: critic_objective(lambda x: x, lambda x: x, ([[0.0]], [[1.0]]), [1.0]),
        lambda: critic_objective(lambda x: x[:, 0], lambda x: x[:, :1], ([[0.0, 0.0]], [[1.0, 1.0]]), [1.0]),
        lambda: averaged_velocity_1d([0.5], ramp, late_ramp, lambda x: 0 * x),
        lambda: dual_sobolev_1d(ramp, late_ramp, lambda x: 1 + 0 * x, low=2, high=0),
        lambda: penalized_critic_1d(ramp, late_ramp, lambda x: 1 + 0 * x, 1.0, -1.0, low=0, high=2),
        lambda: penalized_critic_1d(ramp, late_ramp, lambda x: 1 + 0 * x, -1.0, 1.0, low=0, high=2),
    ],
)
def test_bad_values_are_refused_in_words(call):
    with pytest.raises(ValueError, match=r", but |; "):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: gaussian_flow(ONE + 0j, ONE, Z, 10),
        lambda: geometric_mean(ONE + 0j, ONE),
        lambda: gaussian_flow(ONE, ONE, Z, 2.0),
        lambda: integrate(lambda x, t: x, np.array([1, 2]), 3),
        lambda: integrate(lambda x, t: x, np.array([1j]), 3),
        lambda: integrate(lambda x, t: 1j * x, np.ones(2), 3),
        lambda: mixture_velocity([0.0], 0.5, (1, 0, 1), LINE),
        lambda: critic_objective(len, len, ([[0.0]], [[1.0]]), [1.0], nodes=16.0),
        lambda: critic_objective(len, len, ([[0.0]], [[1.0]]), [1.0], penalty_weight=1j),
        lambda: penalized_critic_1d(ramp, late_ramp, lambda x: 1 + 0 * x, 1j, 1.0, low=0, high=2),
    ],
)
def test_bad_types_are_refused(call):
    with pytest.raises(TypeError):
        call()


def test_no_input_is_modified_and_results_are_float64():
    rng = np.random.default_rng(0)
    S0, S1, K = coupling(rng, 2)
    m = rng.normal(size=2)
    x = rng.normal(size=(5, 2))
    mix = mixture(rng, 2, 2)
    kept = [a.copy() for a in (S0, S1, K, m, x, mix.means)]
    gaussian_flow(S0, S1, K, 5)
    gaussian_velocity(0.3, S0, S1, K, m, m)
    straightness_defect(S0, S1, K, m, m, n_steps=5)
    mixture_velocity(x, 0.5, mix, mix)
    integrate(lambda y, t: mixture_velocity(y, t, mix, mix), x, 3)
    for before, after in zip(kept, (S0, S1, K, m, x, mix.means), strict=True):
        np.testing.assert_array_equal(before, after)
    single = np.ones((3, 2), np.float32)
    assert integrate(lambda y, t: y, single, 2).dtype == np.float64
    assert mixture_velocity(single, 0.5, mix, mix).dtype == np.float64
    assert not mix.means.flags.writeable
