"""Johnson-Lindenstrauss against second ways: quadratures, enumerations, balls, SciPy's distances."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.spatial.distance import pdist
from scipy.stats import beta as beta_law
from scipy.stats import chi2

from verify.methods import johnson_lindenstrauss as jl

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=30, deadline=None)


def close(a, b, rel):
    return math.isclose(a, b, rel_tol=rel, abs_tol=1e-300)


@given(d=st.integers(1, 5000), eps=st.floats(0.01, 2.0))
def test_tails_are_those_of_chi_square(d, eps):
    upper, lower = jl.norm_distortion_tail(d, eps)
    # SciPy's own distribution rounds its argument d (1 +- eps) differently: d eps relative
    assert close(upper, chi2.sf(d * (1 + eps), d), 1e-9)
    assert close(lower, chi2.cdf(d * (1 - eps), d) if eps < 1 else 0.0, 1e-9)


def test_tails_of_two_dimensions_are_exponentials():
    upper, lower = jl.norm_distortion_tail(2, 0.25)
    assert close(upper, math.exp(-1.25), 1e-14)
    assert close(lower, -math.expm1(-0.75), 1e-14)


@given(d=st.integers(50_001, 10**8), z=st.floats(0.5, 12))
@few
def test_both_forms_of_the_lower_tail_agree_where_the_library_is_right(d, z):
    import flint

    eps = z * math.sqrt(2 / d)
    flint.ctx.prec = 256
    x = flint.arb(d) * (1 - flint.arb(eps)) / 2
    truth = 1 - x.gamma_upper(flint.arb(d) / 2, regularized=1)
    flint.ctx.prec = 53
    assert close(jl.norm_distortion_tail(d, eps)[1], float(truth), 1e-10)


@given(d=st.integers(1, 3000), eps=st.floats(0.001, 0.999))
def test_the_chernoff_bound_holds_and_the_two_sided_tail_falls(d, eps):
    here, next_one = (sum(jl.norm_distortion_tail(k, eps)) for k in (d, d + 1))
    assert here <= jl.chernoff_distortion_bound(d, eps) * (1 + 1e-12)
    assert next_one < here * (1 + 1e-12)


@given(k=st.integers(1, 200), extra=st.integers(1, 300), eps=st.floats(0.01, 0.99))
@few
def test_planes_have_the_beta_law(k, extra, eps):
    D = k + extra
    upper, lower = jl.haar_distortion_tail(k, D, eps)
    law = beta_law(k / 2, (D - k) / 2)
    assert close(upper, law.sf(min(1.0, (1 + eps) * k / D)), 1e-8)
    assert close(lower, law.cdf((1 - eps) * k / D), 1e-8)


@given(k=st.integers(1, 60), eps=st.floats(0.05, 1.5))
@few
def test_inner_products_by_a_quadrature_over_the_length(k, eps):
    def integrand(x):
        return chi2.pdf(x, k) * math.erfc(eps * k / math.sqrt(2 * x))

    peak = k * (1 + math.sqrt(1 + 4 * eps * eps)) / 2
    edges = [0, peak / 8, peak / 2, peak, 2 * peak, 8 * peak, 8 * peak + 400]
    truth = sum(integrate.quad(integrand, a, b, limit=200)[0] for a, b in itertools.pairwise(edges))
    assert math.isclose(jl.inner_product_tail(k, eps), truth, rel_tol=1e-6, abs_tol=1e-13)


@given(n=st.integers(2, 10**9), eps=st.floats(0.05, 0.95), delta=st.floats(1e-9, 0.99))
def test_the_union_dimension_is_the_least_that_suffices(n, eps, delta):
    k, pairs = jl.union_dimension(n, eps, delta), math.comb(n, 2)
    assert pairs * sum(jl.norm_distortion_tail(k, eps)) <= delta
    assert k == 1 or pairs * sum(jl.norm_distortion_tail(k - 1, eps)) > delta


@given(n=st.integers(2, 10**6), D=st.integers(2, 2000), eps=st.floats(0.1, 0.9))
@few
def test_a_plane_needs_no_more_than_its_space_nor_than_a_gaussian_matrix(n, D, eps):
    k = jl.union_dimension(n, eps, 0.01, "haar", D)
    assert 1 <= k <= D
    assert k <= jl.union_dimension(n, eps, 0.01)


@given(n=st.integers(2, 10**12), eps=st.sampled_from(["0.1", "0.25", "0.5", "0.9"]))
@few
def test_certificates_agree_with_floats(n, eps):
    certificate = jl.certify_union_dimension(n, eps, Fraction(1, n))
    assert certificate.dim == jl.union_dimension(n, float(eps), 1 / n)
    assert certificate.minimal
    low, high = certificate.ball
    bound = math.comb(n, 2) * sum(jl.norm_distortion_tail(certificate.dim, float(eps)))
    assert low * (1 - 1e-9) <= bound <= high * (1 + 1e-9)
    assert Fraction(high) <= Fraction(1, n)


def test_a_certificate_reaches_where_floats_do_not():
    found = jl.certify_union_dimension(10**200, "0.5", "0.5")
    assert found.minimal
    assert 0.4 < found.ball[0] < found.ball[1] <= 0.5
    with pytest.raises(ValueError, match="use certify_union_dimension"):
        jl.union_dimension(10**200, 0.5, 0.5)


@given(exponent=st.integers(300, 420))
@few
def test_the_ends_of_a_certificate_are_outward_where_floats_end(exponent):
    import flint

    from verify.methods.johnson_lindenstrauss.certificate import union_ball

    found = jl.certify_union_dimension(512, "0.5", f"1e-{exponent}")
    with flint.ctx.workprec(64):  # exact: the ends are floats
        low, high = map(flint.arb, found.ball)
    truth = union_ball(math.comb(512, 2), found.dim, Fraction(1, 2), 4096)
    assert low <= truth
    assert truth <= high


def test_table_of_the_sheet():
    assert [jl.union_dimension(512, e, 1 / 512) for e in (0.1, 0.3, 0.5)] == [6580, 812, 322]
    assert [jl.dasgupta_gupta_dimension(512, e) for e in (0.1, 0.3, 0.5)] == [5348, 694, 300]
    assert [jl.article_dimension(512, e) for e in (0.1, 0.3, 0.5)] == [14972, 1664, 599]
    assert [jl.coherence_dimension(512, mu) for mu in (0.1, 0.3, 0.5)] == [1994, 214, 72]
    assert [jl.welch_dimension_lower_bound(512, mu) for mu in (0.1, 0.3, 0.5)] == [84, 14, 7]


@given(n=st.integers(2, 2000), mu=st.floats(0.05, 0.95))
@few
def test_welch_lies_below_coherence(n, mu):
    lower, upper = jl.welch_dimension_lower_bound(n, mu), jl.coherence_dimension(n, mu)
    assert lower >= 1
    assert n == 2 or lower <= upper


@given(s=st.integers(1, 6), seed=seeds, D=st.integers(1, 4))
@few
def test_the_variance_is_that_of_all_sign_patterns(s, seed, D):
    rng = np.random.default_rng(seed)
    x = [Fraction(int(v), 7) for v in rng.integers(-5, 6, D)]
    step = {-1: Fraction(1, 2 * s), 0: 1 - Fraction(1, s), 1: Fraction(1, 2 * s)}
    law = {Fraction(0): Fraction(1)}
    for v in x:
        following = {}
        for total, p in law.items():
            for r, q in step.items():
                following[total + r * v] = following.get(total + r * v, 0) + p * q
        law = following
    second, fourth = (sum(p * (s * total * total) ** m for total, p in law.items()) for m in (1, 2))
    array = np.empty(D, object)
    array[:] = x
    assert second == sum(v * v for v in x)
    assert jl.distortion_variance(array, 3, s) == (fourth - second**2) / 3
    assert close(jl.distortion_variance(np.array(x, float), 3, s), float((fourth - second**2) / 3), 1e-12)


@pytest.mark.parametrize("kind", ["gaussian", "rademacher", "sparse", "haar"])
def test_projections_keep_lengths_on_the_average(kind):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, 12))
    ratios = []
    for _ in range(2000):
        y = jl.project(jl.sample_projection(kind, 6, 12, rng), x)
        ratios.append(float((y * y).sum() / (x * x).sum()))
    assert abs(np.mean(ratios) - 1) < 6 * np.std(ratios) / math.sqrt(2000)


@given(k=st.integers(1, 40), D=st.integers(1, 40), s=st.floats(1, 30), seed=seeds)
@few
def test_sparse_entries_have_their_size_and_their_places(k, D, s, seed):
    A = jl.sample_projection("sparse", k, D, np.random.default_rng(seed), s)
    assert A.shape == (k, D)
    assert A.has_sorted_indices
    assert A.has_canonical_format
    assert np.allclose(np.abs(A.data), math.sqrt(s / k))
    dense = A.toarray()
    assert np.count_nonzero(dense) == A.nnz
    X = np.random.default_rng(seed).normal(size=(5, D))
    assert np.allclose(jl.project(A, X), X @ dense.T)


def test_every_cell_of_a_sparse_matrix_is_as_likely_as_any_other():
    rng = np.random.default_rng(1)
    counts = sum((jl.sample_projection("sparse", 4, 7, rng, 5.0).toarray() != 0).astype(int) for _ in range(4000))
    assert np.abs(counts / 4000 - 0.2).max() < 6 * math.sqrt(0.16 / 4000)


@given(seed=seeds, n=st.integers(2, 60), D=st.integers(1, 9), tile=st.integers(1, 70))
@few
def test_distortions_are_those_of_all_pairs(seed, n, D, tile):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(n, D)) + 1000, rng.normal(size=(n, 3))
    ratios = pdist(Y, "sqeuclidean") / pdist(X, "sqeuclidean")
    assert np.allclose(jl.pairwise_distortion(X, Y, tile=tile), (ratios.min(), ratios.max()), rtol=1e-9)


def _clouds(kind, n, D, rng):
    """Points and images on which a screen in single precision could go wrong."""
    X = rng.normal(size=(n, D))
    if kind == "isometry":
        return X, X @ np.linalg.qr(rng.normal(size=(D, D)))[0]
    if kind == "near twins":
        X[1] = X[0] + 1e-9 * rng.normal(size=D)
        return X, X + 0.1 * rng.normal(size=(n, D))
    if kind == "one far away":
        X[0] *= 1e6
        return X, X[:, ::-1] * (1 + rng.uniform(size=D))
    if kind == "sizes":
        return 2.0**-600 * X, 2.0**-500 * X * (1 + rng.uniform(size=D))
    if kind == "tiny":
        return 1e-50 * X, 1e50 * X * (1 + rng.uniform(size=D))
    return X, X * (1 + 1e-7 * rng.uniform(size=D))  # "nearly the same": all distortions within single precision


CLOUDS = ("isometry", "near twins", "one far away", "sizes", "tiny", "nearly the same")


@given(
    seed=seeds, kind=st.sampled_from(CLOUDS), n=st.integers(2, 80), D=st.integers(2, 9), tile=st.sampled_from([7, 512])
)
@few
def test_the_screen_loses_no_extreme_pair(seed, kind, n, D, tile):
    X, Y = _clouds(kind, n, D, np.random.default_rng(seed))
    i, j = np.triu_indices(n, 1)
    size = 2.0**600 if kind == "sizes" else 1.0  # exact: squares that would vanish do not
    ratios = ((size * (Y[i] - Y[j])) ** 2).sum(axis=1) / ((size * (X[i] - X[j])) ** 2).sum(axis=1)
    assert np.allclose(jl.pairwise_distortion(X, Y, tile=tile), (ratios.min(), ratios.max()), rtol=1e-11, atol=0)


@given(seed=seeds, kind=st.sampled_from(CLOUDS), D=st.integers(2, 300))
@few
def test_squared_distances_in_single_precision_are_within_their_bound(seed, kind, D):
    from verify.methods.johnson_lindenstrauss import screen

    copy = screen._copy(_clouds(kind, 20, D, np.random.default_rng(seed))[0])
    if copy is None:
        assert kind == "sizes"  # 2^-600: the caller rescales
        return
    Z = _clouds(kind, 20, D, np.random.default_rng(seed))[0] * copy.scale
    d2, bound = screen._distances(copy, slice(0, 10), slice(10, 20))
    true = ((Z[:10, None] - Z[None, 10:]) ** 2).sum(axis=-1)
    assert np.abs(d2 - true).max() <= bound


def test_distortions_of_coordinates_near_the_ends_of_the_floats():
    X = np.random.default_rng(0).normal(size=(9, 4))
    plain = jl.pairwise_distortion(X, X[:, :2])
    for size in (2.0**-1000, 2.0**1000):
        assert jl.pairwise_distortion(size * X, size * X[:, :2]) == plain
    assert jl.pairwise_distortion(2.0**-1000 * X, 2.0**1000 * X) == (math.inf, math.inf)


def test_points_that_coincide():
    X = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    assert jl.pairwise_distortion(X, 2 * X) == (4.0, 4.0)
    assert jl.pairwise_distortion(X, [[0.0], [1.0], [2.0]])[1] == math.inf
    with pytest.raises(ValueError, match="no two that differ"):
        jl.pairwise_distortion(X[:2], X[:2])


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: jl.norm_distortion_tail(0, 0.5), ValueError),
        (lambda: jl.norm_distortion_tail(2.0, 0.5), TypeError),
        (lambda: jl.norm_distortion_tail(True, 0.5), TypeError),
        (lambda: jl.chernoff_distortion_bound(3, 1.0), ValueError),
        (lambda: jl.union_dimension(1, 0.5, 0.5), ValueError),
        (lambda: jl.union_dimension(5, 1.0, 0.5), ValueError),
        (lambda: jl.union_dimension(5, 0.5, 1.0), ValueError),
        (lambda: jl.union_dimension(5, 0.5, 0.5, "haar"), ValueError),
        (lambda: jl.union_dimension(5, 0.5, 0.5, "haar", 1), ValueError),
        (lambda: jl.union_dimension(5, 0.5, 0.5, "cauchy"), ValueError),
        (lambda: jl.certify_union_dimension(5, 0.1, "0.5"), TypeError),
        (lambda: jl.certify_union_dimension(5, "0.1", "2"), ValueError),
        (lambda: jl.certify_union_dimension(5, "nan", "0.5"), ValueError),
        (lambda: jl.certify_union_dimension(5, "0.1", "1e-999999999"), ValueError),
        (lambda: jl.certify_union_dimension(5, "0.1", "1e999999999"), ValueError),
        (lambda: jl.certify_union_dimension(5, "1e-30", "0.5"), ValueError),
        (lambda: jl.union_dimension(5, 1e-200, 0.5), ValueError),
        (lambda: jl.dasgupta_gupta_dimension(5, 1e-200), ValueError),
        (lambda: jl.coherence_dimension(5, 1e-200), ValueError),
        (lambda: jl.sample_projection("sparse", 5, 4, np.random.default_rng(), 1e30), ValueError),
        (lambda: jl.certify_union_dimension(5, "0.1", "0.5", prec=8), ValueError),
        (lambda: jl.coherence_dimension(5, 1.0), ValueError),
        (lambda: jl.coherence_dimension(10**155, 0.5), ValueError),
        (lambda: jl.welch_dimension_lower_bound(1, 0.5), ValueError),
        (lambda: jl.welch_dimension_lower_bound(10**400, 0.5), ValueError),
        (lambda: jl.haar_distortion_tail(5, 4, 0.5), ValueError),
        (lambda: jl.inner_product_tail(5, -0.5), ValueError),
        (lambda: jl.sample_projection("haar", 5, 4, np.random.default_rng()), ValueError),
        (lambda: jl.sample_projection("sparse", 5, 4, np.random.default_rng(), 0.5), ValueError),
        (lambda: jl.sample_projection("gaussian", 5, 4, np.random.default_rng(), 3), ValueError),
        (lambda: jl.distortion_variance([1.0], 1, 0.5), ValueError),
        (lambda: jl.distortion_variance([[1.0]], 1, 3), ValueError),
        (lambda: jl.project(np.eye(3), np.ones((2, 4))), ValueError),
        (lambda: jl.pairwise_distortion(np.ones((3, 2)), np.ones((2, 2))), ValueError),
        (lambda: jl.pairwise_distortion([[0.0], [math.nan]], [[0.0], [1.0]]), ValueError),
    ],
)
def test_bad_input_is_met_at_the_door(call, error):
    with pytest.raises(error):
        call()


def test_nothing_is_modified():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(30, 4)), rng.normal(size=(30, 2))
    before = X.copy(), Y.copy()
    jl.pairwise_distortion(X, Y)
    jl.project(jl.sample_projection("sparse", 2, 4, rng), X)
    jl.distortion_variance(X[0], 2, 3)
    assert (before[0] == X).all()
    assert (before[1] == Y).all()
