"""Transport losses against second ways that share no code with them: balls, fractions, linear programs, enumeration."""

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
from scipy.optimize import linear_sum_assignment, linprog, minimize

from verify.methods.earth_mover import (
    certify_plan,
    cosine_cost,
    demd,
    demd_gap_terms,
    emd_exact,
    emd_rational,
    emo_grad,
    emo_loss,
    entropic,
    exact,
    mixture_minimizer,
    onehot_potentials,
    pooled_loss,
    rational,
    sinkhorn_log,
    symmetric_noise_cost,
    wasserstein_line,
)
from verify.methods.numerics import softmax

EPS = np.finfo(float).eps
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 8)
few = settings(max_examples=100, deadline=None)

FORMS = ("pooled", "columns", "stable")
PYTHAGOREAN = np.array([[1.0, 0.0], [4.0, 3.0], [7.0, 24.0]])  # angles with rational cosines: 4/5, 7/25, 4/5


def batch(seed, B=5, V=12, d=4, scale=3.0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    z, E = scale * rng.normal(size=(B, V)), rng.normal(size=(V, d))
    return z.astype(dtype), rng.integers(0, V, B), E.astype(dtype)


def masses(rng, n, sparse=False):
    p = rng.dirichlet(np.full(n, 0.7))
    if sparse:
        p *= rng.random(n) < 0.6
        p[rng.integers(n)] += 1
    return p / p.sum()


def cost_matrix(rng, n, m, symmetric=False):
    """Asymmetric and of both signs, unless it is the cosine cost."""
    return cosine_cost(rng.normal(size=(n, 3))) if symmetric else rng.uniform(-1, 2, (n, m))


def loss_by_balls(logits, target, E):
    """The loss of one row from its definition, 300 bits throughout."""
    with ctx.workprec(300):
        p = [arb(x).exp() for x in logits.tolist()]
        total = sum(p, arb(0))
        rows = [[arb(x) for x in row] for row in E.tolist()]
        norm = [sum((x * x for x in row), arb(0)).sqrt() for row in rows]
        loss = arb(0)
        for i, row in enumerate(rows):
            if i != target:
                inner = sum((x * y for x, y in zip(row, rows[target], strict=True)), arb(0))
                loss += p[i] / total * (1 - inner / (norm[i] * norm[target]))
        return float(loss)


def logit_error(z):
    """Relative error of every probability: z - max z rounds once, exp errs by 4 ulps, the sum rounds once a class."""
    return EPS * (np.ptp(z) + 4 + z.size)


# --- the loss -----------------------------------------------------------------------------------------------


@few
@given(seed=SEEDS, V=st.integers(1, 30), d=st.integers(1, 6), scale=st.sampled_from([0.3, 3.0, 20.0]))
def test_every_form_is_the_expected_cosine_cost(seed, V, d, scale):
    z, t, E = batch(seed, B=3, V=V, d=d, scale=scale)
    expected = [loss_by_balls(z[b], t[b], E) for b in range(3)]
    # Costs are at most 2; norms and products of d terms round d times each, sums over V classes V times.
    allowed = 2 * (logit_error(z) + EPS * (V + 4 * d + 8))
    for form in FORMS:
        np.testing.assert_allclose(emo_loss(z, t, E, form=form), expected, rtol=0, atol=allowed, err_msg=form)


@few
@given(seed=SEEDS, lead=st.floats(0, 40), d=st.integers(3, 10))
def test_the_stable_form_keeps_its_digits_however_certain_the_prediction(seed, lead, d):
    z, t, E = batch(seed, B=2, V=10, d=d)
    z[np.arange(2), t] += lead
    for b in range(2):
        u = E / np.linalg.norm(E, axis=1, keepdims=True)
        nearest = np.sqrt(np.delete(((u - u[t[b]]) ** 2).sum(axis=1), t[b]).min())
        # Unit vectors err by (d / 2 + 2) eps; half a squared chord by 4 (d + 4) eps over the chord, relatively.
        allowed = 2 * logit_error(z) + EPS * (10 + 4 * (d + 4) / min(nearest, 1))
        expected = loss_by_balls(z[b], t[b], E)
        assert abs(emo_loss(z[b : b + 1], t[b : b + 1], E, form="stable")[0] - expected) <= allowed * expected


def test_the_pooled_form_has_no_digits_left_where_the_stable_one_has_them_all():
    z, t, E = batch(0, B=64, V=200, d=16, scale=1.0)
    z[np.arange(64), t] += 32  # 1 - p_t of about 1e-12
    stable, pooled = emo_loss(z, t, E, form="stable"), emo_loss(z, t, E)
    lost = np.abs(pooled - stable) / stable
    assert lost.max() > 1e-5
    assert lost.max() <= EPS * (200 + 4 * 16) / stable.min()
    single = emo_loss(z.astype(np.float32), t, E.astype(np.float32))
    noise = (200 + 4 * 16) * np.finfo(np.float32).eps  # around 0, and seven orders above the loss
    assert np.all(np.abs(single) <= noise)


def test_the_stable_form_sees_a_near_synonym():
    E = np.array([[1.0, 0.0], [1.0, 1e-6], [0.0, 1.0]])
    z = np.array([[0.0, 5.0, -60.0]])
    expected = loss_by_balls(z[0], 0, E)
    chord = 1e-6
    assert abs(emo_loss(z, [0], E, form="stable")[0] / expected - 1) <= 4 * 6 * EPS / chord + logit_error(z)
    assert abs(emo_loss(z, [0], E)[0] / expected - 1) > 1e-5


@few
@given(seed=SEEDS, V=st.integers(1, 40), d=st.integers(1, 8))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_loss_of_probabilities_is_the_expected_cosine_cost(dtype, seed, V, d):
    z, t, E = batch(seed, V=V, d=d)
    p, units = softmax(z).astype(dtype), (E / np.linalg.norm(E, axis=1, keepdims=True)).astype(dtype)
    loss = pooled_loss(p, t, units)
    expected = np.einsum("bv,vb->b", p.astype(float), 1 - units.astype(float) @ units[t].astype(float).T)
    # V products and sums to pool, d for the last product, of numbers at most 1; the rows of p sum to 1 but for V eps
    np.testing.assert_allclose(loss, expected, rtol=0, atol=2 * (2 * V + d + 4) * np.finfo(dtype).eps)
    assert loss.dtype == dtype


def test_with_one_class_there_is_nothing_to_move():
    for form in ("columns", "stable"):
        assert emo_loss([[3.0]], [0], [[2.0, 1.0]], form=form).tolist() == [0.0]
    assert abs(emo_loss([[3.0]], [0], [[2.0, 1.0]])[0]) <= 6 * EPS


@few
@given(seed=SEEDS, n=st.integers(1, 12))
def test_the_loss_is_the_transport_cost_to_a_one_hot_target(seed, n):
    z, t, E = batch(seed, B=1, V=n)
    p, target = softmax(z)[0], np.eye(n)[t[0]]
    loss, cost = emo_loss(z, t, E)[0], cosine_cost(E)
    assert abs(loss - emd_exact(p, target, cost).cost) <= 2 * EPS * (3 * n + 30)
    assert abs(loss - by_linear_program(p, target, cost)) <= HIGHS * 4 * n
    assert emd_exact(p, target, cost).plan == pytest.approx(np.outer(p, target), abs=4 * EPS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("logits", "embeddings", "result"),
    [
        (np.float32, np.float32, np.float32),
        (np.float64, np.float64, np.float64),
        (np.float32, np.float64, np.float64),
        (np.float64, np.float32, np.float64),
        (np.int64, np.float32, np.float64),
    ],
)
def test_precision_is_single_where_both_inputs_are(form, logits, embeddings, result):
    z, t, E = batch(1)
    z = np.round(z)
    E = np.round(4 * E) + 0.5
    reference = emo_loss(z, t, E, form="stable")
    for reduction in ("none", "mean", "sum"):
        loss = emo_loss(z.astype(logits), t, E.astype(embeddings), form=form, reduction=reduction)
        assert loss.dtype == result
    loss = emo_loss(z.astype(logits), t, E.astype(embeddings), form=form)
    allowed = 2 * np.finfo(result).eps * (np.ptp(z) + 2 * 12 + 4 * 4 + 12)  # as in the first test, in this precision
    np.testing.assert_allclose(loss, reference, rtol=0, atol=allowed)


@pytest.mark.parametrize("form", FORMS)
def test_a_mask_drops_rows_without_looking_at_them(form):
    z, t, E = batch(2)
    keep = np.array([True, False, True, False, True])
    kept = emo_loss(z[keep], t[keep], E, form=form)
    z[1], t[1], t[3] = np.nan, -100, 999
    masked = emo_loss(z, t, E, form=form, mask=keep)
    rounding = 2 * EPS * (12 + 4 * 4)  # a product of other rows may add up in another order
    np.testing.assert_allclose(masked[keep], kept, rtol=0, atol=rounding)
    assert masked[~keep].tolist() == [0.0, 0.0]
    assert emo_loss(z, t, E, form=form, mask=keep, reduction="sum") == pytest.approx(kept.sum(), abs=3 * rounding)
    assert emo_loss(z, t, E, form=form, mask=keep, reduction="mean") == pytest.approx(kept.mean(), abs=rounding)


@pytest.mark.parametrize("form", FORMS)
def test_a_batch_of_which_nothing_is_kept_has_a_sum_but_no_mean(form):
    z, t, E = batch(3)
    none = np.zeros(5, bool)
    assert emo_loss(z, t, E, form=form, mask=none).tolist() == [0.0] * 5
    assert emo_loss(z, t, E, form=form, mask=none, reduction="sum") == 0
    with pytest.raises(ValueError, match="mean of no losses"):
        emo_loss(z, t, E, form=form, mask=none, reduction="mean")


@pytest.mark.parametrize("form", FORMS)
def test_blocks_meet_without_gaps_where_the_vocabulary_is_no_multiple_of_them(form):
    z, t, E = batch(4, B=3, V=2500, d=8)
    expected = np.einsum("bv,vb->b", softmax(z), 1 - np.array([[_cosine(e, E[i]) for i in t] for e in E]))
    allowed = 2 * (logit_error(z[0]) + EPS * (2500 + 4 * 8))
    np.testing.assert_allclose(emo_loss(z, t, E, form=form), expected, rtol=0, atol=allowed)


def _cosine(a, b):
    return a @ b / math.sqrt((a @ a) * (b @ b))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("power", [-1000, -600, 600, 1000])
def test_the_length_of_an_embedding_does_not_count_even_where_its_square_leaves_the_range(form, power):
    z, t, E = batch(5)
    scaled = E * np.where(np.arange(12) % 2, 2.0**power, 1.0)[:, None]
    # A rescaled norm is computed in another order: 2 (d + 4) roundings a vector.
    rounding = 2 * EPS * (12 + 8 * 4 + 8)
    np.testing.assert_allclose(emo_loss(z, t, scaled, form=form), emo_loss(z, t, E, form=form), rtol=0, atol=rounding)


@pytest.mark.parametrize("form", FORMS)
def test_logits_at_the_ends_of_the_range_are_certain_predictions(form):
    loss = emo_loss([[1.7e308, -1.7e308], [-1.7e308, 1.7e308]], [0, 0], np.eye(2), form=form)
    assert loss.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(("V", "d", "B"), [(2000, 64, 256), (16000, 128, 64), (32000, 256, 128), (32000, 64, 1)])
def test_the_pooled_form_needs_memory_for_pooled_vectors_only(V, d, B):
    rng = np.random.default_rng(0)
    z, E = rng.random((B, V)), rng.random((V, d))
    t = rng.integers(0, V, B)
    assert peak_memory(lambda: emo_loss(z, t, E)) <= 6 * 8 * B * d + 2**16


def test_the_columns_form_needs_memory_for_the_whole_batch():
    z, t, E = batch(0, B=64, V=2000, d=16)
    assert peak_memory(lambda: emo_loss(z, t, E, form="columns")) >= 8 * 64 * 2000


def peak_memory(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# --- costs and gradient -------------------------------------------------------------------------------------


def test_the_cosine_cost_breaks_the_triangle_inequality_at_three_rational_directions():
    expected = np.array([[0, 1 / 5, 18 / 25], [1 / 5, 0, 1 / 5], [18 / 25, 1 / 5, 0]])
    cost = cosine_cost(PYTHAGOREAN)
    np.testing.assert_allclose(cost, expected, rtol=0, atol=8 * EPS)  # two norms, a product of two terms, a difference
    assert cost[0, 2] > cost[0, 1] + cost[1, 2] + 0.3


@few
@given(seed=SEEDS, n=SIZES, d=SIZES)
def test_cosine_costs_lie_in_range_vanish_on_the_diagonal_and_come_in_columns(seed, n, d):
    rng = np.random.default_rng(seed)
    E, t = rng.normal(size=(n, d)), rng.integers(0, n, 3)
    cost = cosine_cost(E)
    assert cost.min() >= 0
    assert cost.max() <= 2
    assert np.all(np.diag(cost) == 0)
    np.testing.assert_allclose(cosine_cost(E, t), cost[:, t], rtol=0, atol=2 * d * EPS)


@few
@given(seed=SEEDS, n=st.integers(1, 30), scale=st.sampled_from([0.1, 1.0, 5.0, 20.0]))
def test_the_gradient_agrees_with_ball_arithmetic_relative_to_its_largest_entry(seed, n, scale):
    rng = np.random.default_rng(seed)
    z, c, t = scale * rng.normal(size=n), rng.random(n) * 2, int(rng.integers(n))
    c[t] = 0
    with ctx.workprec(300):
        p = [arb(x).exp() for x in z.tolist()]
        total = sum(p, arb(0))
        loss = sum((x * arb(y) for x, y in zip(p, c.tolist(), strict=True)), arb(0)) / total
        g = np.array([float(x / total * (arb(y) - loss)) for x, y in zip(p, c.tolist(), strict=True)])
    found = emo_grad(z[None], [t], c[:, None])[0]
    # After centring at the most probable class every entry is a product of factors with the error of a probability,
    # except the most probable class's own: a sum of terms of one size with the largest other entries.
    largest = np.abs(g).max()
    assert np.abs(found - g).max() <= 8 * n * logit_error(z) * largest
    assert abs(found.sum()) <= 8 * n * logit_error(z) * largest


@few
@given(seed=SEEDS, n=st.integers(2, 20))
def test_the_gradient_is_the_complex_step_of_the_loss(seed, n):
    rng = np.random.default_rng(seed)
    z, c, step = 3 * rng.normal(size=n), cost_matrix(rng, n, n)[:, 0], 1e-30
    by_step = (softmax(z + 1j * step * np.eye(n)) @ c).imag / step
    np.testing.assert_allclose(emo_grad(z[None], [0], c[:, None])[0], by_step, rtol=0, atol=8 * logit_error(z))


# --- the independent coupling -------------------------------------------------------------------------------


@few
@given(seed=SEEDS, n=SIZES, m=SIZES)
def test_the_independent_cost_is_a_double_sum(seed, n, m):
    rng = np.random.default_rng(seed)
    p, q, C = masses(rng, n), masses(rng, m), cost_matrix(rng, n, m)
    assert abs(demd(p, q, C) - math.fsum((p[:, None] * C * q).ravel())) <= 2 * EPS * (n + m + 2)
    assert type(demd(p, q, C)) is float


@few
@given(seed=SEEDS, n=st.integers(2, 12), d=st.integers(2, 8), kind=st.sampled_from(["both", "equal", "one-hot"]))
def test_the_gap_of_the_independent_cost_lies_between_nothing_and_the_fidelity(seed, n, d, kind):
    rng = np.random.default_rng(seed)
    E = rng.normal(size=(n, d))
    p = masses(rng, n)
    q = {"both": masses(rng, n), "equal": p, "one-hot": np.eye(n)[0]}[kind]
    terms, C = demd_gap_terms(p, q, E), cosine_cost(E)
    rounding = 2 * EPS * (4 * n + 8 * d + 20)
    independent, optimal = demd(p, q, C), emd_exact(p, q, C).cost
    assert abs(terms.mean_part + terms.spread_p + terms.spread_q - independent) <= rounding
    assert -rounding <= independent - optimal <= terms.fidelity + rounding * d
    u = E / np.linalg.norm(E, axis=1, keepdims=True)
    assert abs(terms.spread_p - (1 - np.sum((p @ u) ** 2)) / 2) <= rounding
    assert terms.fidelity**2 <= 4 * terms.spread_p * terms.spread_q + rounding  # Cauchy-Schwarz
    assert all(type(x) is float for x in terms)


def test_supports_in_orthogonal_planes_leave_no_gap():
    angles = np.arange(5) * 2 * np.pi / 5 + 0.3
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    E = np.block([[circle, np.zeros((5, 2))], [np.zeros((5, 2)), circle]])
    rng = np.random.default_rng(0)
    p, q = np.r_[masses(rng, 5), np.zeros(5)], np.r_[np.zeros(5), masses(rng, 5)]
    # Singular values of a product that is exactly zero: rounding only, where roots of covariances would leave 1e-8.
    assert demd_gap_terms(p, q, E).fidelity <= 8 * 4 * EPS
    assert abs(demd(p, q, cosine_cost(E)) - emd_exact(p, q, cosine_cost(E)).cost) <= 2 * EPS * 30


# --- exact transport ----------------------------------------------------------------------------------------

HIGHS = 1e-7  # the solver's default feasibility tolerance, for every one of the constraints


def by_linear_program(p, q, C):
    n, m = C.shape
    rows = np.kron(np.eye(n), np.ones(m))
    columns = np.kron(np.ones(n), np.eye(m))
    return linprog(C.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.r_[p, q], method="highs").fun


@few
@given(seed=SEEDS, n=SIZES, m=SIZES, sparse=st.booleans())
def test_the_distance_is_the_linear_program_s_and_proves_itself(seed, n, m, sparse):
    rng = np.random.default_rng(seed)
    p, q, C = masses(rng, n, sparse), masses(rng, m, sparse), cost_matrix(rng, n, m)
    result = emd_exact(p, q, C)
    assert abs(result.cost - by_linear_program(p, q, C)) <= HIGHS * 2 * (n + m)
    # Primal feasible, dual feasible, equal values: optimal by weak duality, whatever found them.
    rounding = 4 * EPS * (n + m)
    assert result.plan.min() >= 0
    np.testing.assert_allclose(result.plan.sum(axis=1), p, rtol=0, atol=rounding)
    np.testing.assert_allclose(result.plan.sum(axis=0), q, rtol=0, atol=rounding)
    assert (result.f[:, None] + result.g - C).max() <= rounding
    assert abs(result.cost - p @ result.f - q @ result.g - result.gap) <= rounding
    assert abs(result.gap) <= (n + m) * rounding


@few
@given(seed=SEEDS, n=st.integers(1, 20))
def test_equal_masses_are_an_assignment(seed, n):
    C = cost_matrix(np.random.default_rng(seed), n, n)
    p = np.full(n, 1 / n)
    expected = C[linear_sum_assignment(C)].mean()
    assert abs(emd_exact(p, p, C).cost - expected) <= 2 * EPS * (4 * n + 4)


@few
@given(seed=SEEDS, n=st.integers(1, 30), sparse=st.booleans())
def test_the_zero_one_cost_gives_total_variation(seed, n, sparse):
    rng = np.random.default_rng(seed)
    p, q = masses(rng, n, sparse), masses(rng, n, sparse)
    assert abs(emd_exact(p, q, 1 - np.eye(n)).cost - np.abs(p - q).sum() / 2) <= EPS * (4 * n + 4)


@few
@given(seed=SEEDS, n=SIZES, shift=st.sampled_from([-10, -3, 0, 1000]), power=st.sampled_from([-900, -60, 0, 60, 900]))
def test_neither_the_sign_nor_the_unit_of_the_cost_matters(seed, n, shift, power):
    """The solver alone calls negative costs infeasible, and returns an arbitrary plan for costs below 1e-14."""
    rng = np.random.default_rng(seed)
    p, q, C = masses(rng, n), masses(rng, n), rng.random((n, n))
    moved = emd_exact(p, q, np.ldexp(C + shift, power))
    rounding = 4 * EPS * (2 * n) ** 2 * (abs(shift) + 1)
    assert abs(np.ldexp(moved.cost, -power) - shift - emd_exact(p, q, C).cost) <= rounding


def test_an_iteration_limit_is_an_error_not_a_value(monkeypatch):
    rng = np.random.default_rng(0)
    monkeypatch.setattr(exact, "PIVOTS", 3)
    with pytest.raises(RuntimeError, match="no optimal plan"):
        emd_exact(masses(rng, 50), masses(rng, 50), rng.random((50, 50)))


@pytest.mark.parametrize(
    ("plan", "warning", "message"),
    [
        (np.zeros((2, 2)), "Problem infeasible", "infeasible"),
        (np.zeros((2, 2)), None, "misses the masses"),
        (np.full((2, 2), 0.25), None, "duality gap"),
        (np.full((2, 2), np.nan), None, "misses the masses"),
    ],
)
def test_nothing_wrong_that_the_solver_returns_gets_out(monkeypatch, plan, warning, message):
    import ot

    monkeypatch.setattr(ot, "emd", lambda *_, **__: (plan, {"warning": warning, "u": np.zeros(2)}))
    with pytest.raises(RuntimeError, match=message):
        emd_exact([0.5, 0.5], [0.5, 0.5], [[0, 1], [1, 0]])


def test_sums_that_differ_within_the_tolerance_are_balanced():
    p, q = np.array([0.5, 0.5]), np.array([0.5, 0.5 + 9e-9])
    assert emd_exact(p, q, 1 - np.eye(2)).cost == pytest.approx(4.5e-9, rel=1e-6)  # 0.5 * 9e-9 to first order
    assert sinkhorn_log(p, q, 1 - np.eye(2), 0.5).marginal_error <= 1e-12


@few
@given(seed=SEEDS, n=SIZES, m=SIZES)
def test_one_hot_potentials_are_feasible_and_attain_the_loss_in_fractions(seed, n, m):
    rng = np.random.default_rng(seed)
    C = random_fractions(rng, n, m)
    p, t = [Q(int(x), 7) for x in rng.integers(0, 9, n)], int(rng.integers(m))
    f, g = onehot_potentials(C, t)
    assert all(f[i] + g[j] <= C[i][j] for i in range(n) for j in range(m))
    assert g[t] == 0
    assert sum(x * y for x, y in zip(p, f, strict=True)) == sum(x * row[t] for x, row in zip(p, C, strict=True))
    floats = onehot_potentials(np.array(C, float), t)
    np.testing.assert_allclose(floats[1], np.array(g, float), rtol=0, atol=60 * EPS)  # costs below 30, three roundings


# --- rational transport -------------------------------------------------------------------------------------


def random_fractions(rng, n, m):
    return [
        [Q(int(a), int(b)) for a, b in zip(*pair, strict=True)]
        for pair in zip(rng.integers(-9, 20, (n, m)), rng.integers(1, 7, (n, m)), strict=True)
    ]


def random_masses(rng, n, m):
    p, q = rng.integers(0, 6, n), rng.integers(0, 6, m)
    p[0] += 1
    q[-1] += 1
    return [Q(int(x), int(p.sum())) for x in p], [Q(int(x), int(q.sum())) for x in q]


def proves_itself(result, p, q, C):
    """Marginals, feasibility and equality of primal and dual, all exactly: optimal by weak duality."""
    rows = [Q(sum(row), result.scale) for row in result.plan]
    columns = [Q(sum(column), result.scale) for column in zip(*result.plan, strict=True)]
    moved = sum(c * x for costs, row in zip(C, result.plan, strict=True) for c, x in zip(costs, row, strict=True))
    dual = sum(x * y for x, y in zip(p, result.f, strict=True)) + sum(x * y for x, y in zip(q, result.g, strict=True))
    return (
        rows == list(p)
        and columns == list(q)
        and min(x for row in result.plan for x in row) >= 0
        and all(f + g <= c for f, row in zip(result.f, C, strict=True) for g, c in zip(result.g, row, strict=True))
        and Q(moved) / result.scale == dual == result.cost
    )


@few
@given(seed=SEEDS, n=st.integers(1, 6), m=st.integers(1, 6))
def test_rational_transport_proves_itself_and_agrees_with_floats(seed, n, m):
    rng = np.random.default_rng(seed)
    (p, q), C = random_masses(rng, n, m), random_fractions(rng, n, m)
    result = emd_rational(p, q, C)
    assert proves_itself(result, p, q, C)
    floats = emd_exact(np.array(p, float), np.array(q, float), np.array(C, float))
    assert abs(floats.cost - float(result.cost)) <= 20 * EPS * (n + m + 2) ** 2


def cheapest_vertex(p, q, C):
    """The least cost over all vertices: every n + m - 1 cells that determine a nonnegative plan, by elimination."""
    n, m = len(p), len(q)
    best = None
    cells = list(itertools.product(range(n), range(m)))
    for basis in itertools.combinations(cells, n + m - 1):
        left, wanted, todo, cost = list(p), list(q), set(basis), Q(0)
        while todo:  # a leaf of the spanning tree determines its cell
            leaf = next(
                (c for c in todo if sum(c[0] == d[0] for d in todo) == 1 or sum(c[1] == d[1] for d in todo) == 1), None
            )
            if leaf is None:
                break  # a cycle: no vertex
            i, j = leaf
            x = left[i] if sum(i == d[0] for d in todo) == 1 else wanted[j]
            left[i], wanted[j], cost = left[i] - x, wanted[j] - x, cost + x * C[i][j]
            todo.remove(leaf)
            if x < 0:
                break
        else:
            if not any(left) and not any(wanted) and (best is None or cost < best):
                best = cost
    return best


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, n=st.integers(1, 3), m=st.integers(1, 3))
def test_rational_transport_is_the_cheapest_vertex(seed, n, m):
    rng = np.random.default_rng(seed)
    (p, q), C = random_masses(rng, n, m), random_fractions(rng, n, m)
    assert emd_rational(p, q, C).cost == cheapest_vertex(p, q, C)


@few
@given(seed=SEEDS, n=st.integers(1, 5), m=st.integers(1, 5))
def test_any_proposal_ends_at_the_optimum(seed, n, m):
    rng = np.random.default_rng(seed)
    (p, q), C = random_masses(rng, n, m), random_fractions(rng, n, m)
    cost = emd_rational(p, q, C).cost
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rational, "_proposed", lambda supply, demand, _: rational._northwest(supply, demand))
        worse = emd_rational(p, q, C)
    assert worse.cost == cost
    assert proves_itself(worse, p, q, C)


def test_a_solver_that_fails_does_not_matter(monkeypatch):
    def fails(*_):
        raise RuntimeError

    monkeypatch.setattr(rational, "solve", fails)
    p, q, C = [Q(1, 2), Q(1, 2)], [Q(1, 3), Q(2, 3)], [[1, 0], [0, 1]]
    assert proves_itself(emd_rational(p, q, C), p, q, C)


def test_masses_beyond_the_integers_of_floats_and_costs_beyond_their_digits_stay_exact():
    large = 2**61 - 1
    p, q = [Q(1, large), Q(large - 1, large)], [Q(2, 3), Q(1, 3)]
    C = [[Q(1), 1 + Q(1, 10**30)], [1 + Q(1, 10**30), Q(1)]]
    result = emd_rational(p, q, C)
    assert proves_itself(result, p, q, C)
    assert result.cost == 1 + (Q(2, 3) - Q(1, large)) / 10**30


def test_integer_masses_need_not_be_probabilities():
    result = emd_rational(np.array([2, 3]), np.array([4, 1]), np.array([[0, 1], [1, 0]]))
    assert (result.cost, result.scale) == (2, 1)
    assert all(type(x) is int for row in result.plan for x in row)


@few
@given(seed=SEEDS, n=st.integers(2, 5))
def test_a_plan_is_certified_iff_it_is_optimal(seed, n):
    rng = np.random.default_rng(seed)
    (p, q), C = random_masses(rng, n, n), random_fractions(rng, n, n)
    optimal = emd_rational(p, q, C)
    assert certify_plan(optimal.plan, C) is not None
    corner = rational._northwest([int(x * optimal.scale) for x in p], [int(x * optimal.scale) for x in q])
    cost = sum(C[i][j] * corner[i][j] for i in range(n) for j in range(n)) / optimal.scale
    certificate = certify_plan(corner, C)
    assert (certificate is not None) == (cost == optimal.cost)
    if certificate is not None:
        f, g = certificate
        assert all(f[i] + g[j] <= C[i][j] for i in range(n) for j in range(n))
        assert all(f[i] + g[j] == C[i][j] for i in range(n) for j in range(n) if corner[i][j])


# --- the line -----------------------------------------------------------------------------------------------


@few
@given(seed=SEEDS, n=SIZES, m=SIZES, ties=st.booleans())
def test_on_the_line_the_distance_is_the_area_between_the_distribution_functions(seed, n, m, ties):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(-3, 4, n) if ties else 3 * rng.normal(size=n), 3 * rng.normal(size=m)
    p, q = masses(rng, n, sparse=True), masses(rng, m)
    C = np.abs(np.subtract.outer(x, y))
    rounding = EPS * (n + m + 2) * 2 * max(np.abs(x).max(), np.abs(y).max())
    assert abs(wasserstein_line(x, p, y, q) - emd_exact(p, q, C).cost) <= 2 * (n + m) * rounding
    assert wasserstein_line(x, p, x, p) <= rounding
    assert type(wasserstein_line(x, p, y, q)) is float


def test_on_the_line_sums_that_differ_within_the_tolerance_are_balanced():
    p, q, C = [0.5, 0.5], [0.5, 0.5 + 9e-9], [[0, 1], [1, 0]]
    assert wasserstein_line([0, 1], p, [0, 1], q) == pytest.approx(emd_exact(p, q, C).cost, rel=1e-6)


@few
@given(seed=SEEDS, n=st.integers(1, 50))
def test_equal_masses_on_the_line_match_in_order(seed, n):
    x, y = np.random.default_rng(seed).normal(size=(2, n))
    p = np.full(n, 1 / n)
    expected = np.abs(np.sort(x) - np.sort(y)).mean()
    assert abs(wasserstein_line(x, p, y, p) - expected) <= EPS * 2 * n * (np.ptp(np.r_[x, y]) + 1)


# --- entropic transport -------------------------------------------------------------------------------------


def entropy(p):
    return -sum(x * math.log(x) for x in p if x > 0)


@few
@given(seed=SEEDS, n=SIZES, m=SIZES, sparse=st.booleans(), reg=st.sampled_from([0.1, 0.5, 3.0]))
def test_the_entropic_plan_has_its_marginals_its_product_form_and_a_bounded_bias(seed, n, m, sparse, reg):
    rng = np.random.default_rng(seed)
    p, q, C = masses(rng, n, sparse), masses(rng, m, sparse), cost_matrix(rng, n, m)
    result = sinkhorn_log(p, q, C, reg)
    assert result.marginal_error <= 1e-12
    assert np.abs(result.plan.sum(axis=1) - p).sum() <= 1e-12 + 4 * EPS * (n + m)
    assert np.abs(result.plan.sum(axis=0) - q).sum() <= 4 * EPS * (n + m)
    # Strictly convex: the plan with these marginals and with log P + C / reg of the form a_i + b_j is the minimiser.
    inside = np.ix_(p > 0, q > 0)
    logs = np.log(result.plan[inside]) + C[inside] / reg
    split = logs - logs[:1] - logs[:, :1] + logs[0, 0]
    assert np.abs(split).max() <= 16 * EPS * (np.abs(logs).max() + np.abs(C).max() / reg + 1)
    bias = result.cost - emd_exact(p, q, C).cost
    slack = 4 * (1e-12 + EPS * (n + m) ** 2)  # the marginal error at |C| <= 2, and roundings
    assert -slack <= bias <= reg * min(entropy(p), entropy(q)) + slack


@few
@given(seed=SEEDS, n=st.integers(1, 6), m=st.integers(1, 6), reg=st.sampled_from([0.1, 0.5, 3.0]))
def test_scalings_and_logarithms_make_the_same_sweeps(seed, n, m, reg):
    rng = np.random.default_rng(seed)
    p, q, C = masses(rng, n), masses(rng, m), cost_matrix(rng, n, m)
    fast = entropic._scalings(p, q, C / -reg, 0.0, 5)
    slow = entropic._logarithms(p, q, C / -reg, 0.0, 5)
    # Exponents of 2 / reg + log masses round at most 4 times a sweep in the logarithms.
    rounding = 8 * 5 * EPS * (2 / reg - np.log(min(p.min(), q.min())) + n + m)
    np.testing.assert_allclose(fast[0], slow[0], rtol=rounding)


@pytest.mark.parametrize("reg", [1.0, 0.1, 0.02, 0.004, 0.002])
def test_two_points_have_the_bias_of_a_logistic_function(reg):
    result = sinkhorn_log([0.5, 0.5], [0.5, 0.5], [[0, 1], [1, 0]], reg)
    assert result.cost == pytest.approx(1 / (1 + math.exp(1 / reg)), rel=4 * EPS * (1 / reg + 2))


@pytest.mark.parametrize("reg", [1e-300, 1e-3, 0.1, 100.0, 1e300])
@few
@given(seed=SEEDS, n=st.integers(1, 20))
def test_a_one_hot_side_needs_one_sweep_and_has_no_bias(reg, seed, n):
    rng = np.random.default_rng(seed)
    p, C, t = masses(rng, n, sparse=True), cost_matrix(rng, n, n), int(rng.integers(n))
    for plan, expected in (
        (sinkhorn_log(p, np.eye(n)[t], C, reg), np.outer(p, np.eye(n)[t])),
        (sinkhorn_log(np.eye(n)[t], p, C, reg), np.outer(np.eye(n)[t], p)),
    ):
        assert plan.iterations == 1
        np.testing.assert_allclose(plan.plan, expected, rtol=0, atol=4 * EPS)
        assert abs(plan.cost - np.sum(C * expected)) <= 2 * EPS * (n + 4)


def test_a_kernel_that_underflows_is_swept_in_logarithms():
    rng = np.random.default_rng(0)
    x = np.sort(rng.random(20))
    C = np.abs(np.subtract.outer(x, x[::-1]))
    p, q = masses(rng, 20), masses(rng, 20)
    reg = 1e-3
    assert np.any(np.exp(-C / reg) == 0)
    result = sinkhorn_log(p, q, C, reg, tol=1e-6, max_iter=200_000)
    value = emd_exact(p, q, C).cost
    assert -1e-6 <= result.cost - value <= reg * min(entropy(p), entropy(q)) + 1e-6


def test_the_range_test_holds_where_it_is_sharp():
    """At the limit of what is called safe no number leaves the range, even at the worst masses."""
    tiny, spread = 1e-80, 0.5 * (entropic.LARGEST_EXPONENT + math.log(1e-80))
    p, C = np.array([1 - tiny, tiny]), np.array([[0.0, spread], [spread, 0.0]])
    assert entropic._stays_in_range(p, p, spread)
    assert not entropic._stays_in_range(p, p, spread * 1.01)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        plan, _, error = entropic._scalings(p, p[::-1].copy(), -C, 1e-12, 100)
    assert error <= 1e-12
    assert np.isfinite(plan).all()


def test_too_few_sweeps_are_an_error():
    rng = np.random.default_rng(0)
    with pytest.raises(RuntimeError, match="after 3 sweeps"):
        sinkhorn_log(masses(rng, 5), masses(rng, 5), rng.random((5, 5)), 0.05, max_iter=3)


# --- what the risk prefers ----------------------------------------------------------------------------------


def convex_optimality(q, c, weight, p):
    """How far p is from optimal in a convex program: equal gradients on its support, none smaller off it."""
    seen = p > 0
    gradient = weight * c - np.divide(q, p, out=np.zeros_like(q), where=seen)
    level = gradient[seen].min()
    return max(np.ptp(gradient[seen]), level - gradient.min(), abs(p.sum() - 1))


@few
@given(seed=SEEDS, n=st.integers(1, 10), sparse=st.booleans(), weight=st.sampled_from([0.0, 0.01, 1.0, 10.0, 1e4]))
def test_the_minimiser_satisfies_the_conditions_of_a_convex_program(seed, n, sparse, weight):
    rng = np.random.default_rng(seed)
    q, c = masses(rng, n, sparse), rng.random(n)
    p = mixture_minimizer(q, c, weight)
    assert p.min() >= 0
    # Gradients of size weight + 1 round a few times; the sum, n times.
    assert convex_optimality(q, c, weight, p) <= EPS * (16 * (weight + 1) + 4 * n)


def test_the_minimiser_is_where_a_numerical_search_ends():
    rng = np.random.default_rng(0)
    q, c = masses(rng, 5), rng.random(5)
    for weight in (0.1, 1.0, 10.0):
        found = minimize(
            lambda z, w=weight: -q @ np.log(softmax(z)) + w * softmax(z) @ c,
            np.zeros(5),
            method="BFGS",
            options={"gtol": 1e-9},
        )
        # Gradient 1e-9 (or where the differences' noise stops it), curvature at least min p: some 1e-7 in p.
        np.testing.assert_allclose(mixture_minimizer(q, c, weight), softmax(found.x), rtol=0, atol=1e-6)


def test_a_class_that_never_occurs_gets_mass_once_the_weight_is_large_enough():
    q, c = [0.5, 0.5, 0.0], [9 / 25, 9 / 25, 1 / 5]
    for weight in (6.0, 6.25, 10.0, 1e3):  # 1 - 25 / (4 weight), from 25/4 on
        assert mixture_minimizer(q, c, weight)[2] == pytest.approx(max(0, 1 - 25 / (4 * weight)), abs=16 * EPS)


@pytest.mark.parametrize("seldom", [1e-10, 1e-100, 1e-300, 5e-324])
def test_a_cheapest_class_that_hardly_occurs_is_found_by_newton_s_slow_start(seldom):
    q, c = np.array([1.0, seldom]), np.array([1.0, 0.0])
    p = mixture_minimizer(q, c, 1.0)
    # mu^2 = seldom (1 + mu): p_0 = 1 / (1 + mu), p_1 = 1 - p_0 up to the excess of sum q over 1.
    mu = math.sqrt(seldom)
    assert p[1] == pytest.approx(mu, rel=2 * mu + 16 * EPS)
    assert p.sum() == pytest.approx(1, abs=8 * EPS)


def test_a_cost_difference_too_small_to_divide_by_is_no_difference():
    assert mixture_minimizer([0.7, 0.3, 0.0], [1e-320, 1e-320, 0.0], 1.0) == pytest.approx([0.7, 0.3, 0.0], abs=4 * EPS)


def test_the_largest_weight_leaves_only_the_cheapest_class():
    p = mixture_minimizer([0.5, 0.5, 0.0], [10.0, 1.0, 0.0], 1.7e308)
    assert p == pytest.approx([0, 0, 1], abs=4 * EPS)


def test_without_weight_the_minimiser_is_the_law_itself():
    q = masses(np.random.default_rng(0), 6, sparse=True)
    np.testing.assert_allclose(mixture_minimizer(q, np.arange(6.0), 0.0), q, rtol=8 * EPS)


@few
@given(seed=SEEDS, n=st.integers(2, 6), flips=st.integers(0, 9))
def test_the_noisy_cost_is_the_expected_cost_over_the_flipped_labels(seed, n, flips):
    rng = np.random.default_rng(seed)
    C, rate = random_fractions(rng, n, n), Q(flips, 10)
    expected = [
        [sum((1 - rate if j == t else rate / (n - 1)) * C[i][j] for j in range(n)) for t in range(n)] for i in range(n)
    ]
    assert symmetric_noise_cost(C, rate).tolist() == expected
    floats = symmetric_noise_cost(np.array(C, float), float(rate))
    np.testing.assert_allclose(floats, np.array(expected, float), rtol=0, atol=20 * EPS * (2 * n + 6))


def test_label_noise_makes_the_middle_class_the_cheapest_for_the_first_label():
    C = [[Q(0), Q(18, 25), Q(1, 5)], [Q(18, 25), Q(0), Q(1, 5)], [Q(1, 5), Q(1, 5), Q(0)]]
    assert symmetric_noise_cost(C, Q(2, 5))[:, 0].tolist() == [Q(23, 125), Q(59, 125), Q(4, 25)]
    tie = symmetric_noise_cost(C, Q(5, 14))[:, 0]
    assert tie[0] == tie[2] < tie[1]


# --- bad input ----------------------------------------------------------------------------------------------

Z, T, E3, C3, P3 = np.zeros((2, 3)), np.array([0, 1]), np.eye(3), 1 - np.eye(3), np.array([0.2, 0.3, 0.5])
NAN_ROW = np.array([[0.0, np.nan, 1.0], [0.0, 0.0, 0.0]])
NEGATIVE, SHORT, LONG = [1.5, -0.5, 0.0], [0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25]
NOT_FINITE = [[0, 1, 1], [1, np.inf, 1], [1, 1, 0]]
TOO_LARGE = 1.7e308 * (1 - 2 * np.eye(3))  # finite, but differences are not


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("arguments", "options", "kind"),
    [
        ((NAN_ROW, T, E3), {}, ValueError),
        ((NAN_ROW - np.inf, T, E3), {}, ValueError),
        ((np.where(Z == 0, [0, -np.inf, 0], 0), T, E3), {}, ValueError),
        ((Z, T, np.diag([1.0, 0.0, 1.0])), {}, ValueError),
        ((Z, T, np.diag([1.0, np.nan, 1.0])), {}, ValueError),
        ((Z, T, np.diag([1.0, np.inf, 1.0])), {}, ValueError),
        ((Z, T, np.eye(4)), {}, ValueError),
        ((Z, T, np.ones(3)), {}, ValueError),
        ((Z[0], T, E3), {}, ValueError),
        ((Z, [0], E3), {}, ValueError),
        ((Z, 0, E3), {}, ValueError),
        ((np.zeros((2, 0)), T, np.zeros((0, 3))), {}, ValueError),
        ((np.zeros((0, 3)), np.zeros(0, int), E3), {}, ValueError),
        ((Z, [0, 3], E3), {}, IndexError),
        ((Z, [0, -1], E3), {}, IndexError),
        ((Z, [0, -100], E3), {}, IndexError),
        ((Z, [0, -100], E3), {"mask": [True, True]}, IndexError),
        ((Z, [0.0, 1.0], E3), {}, TypeError),
        ((Z, [True, False], E3), {}, TypeError),
        ((Z + 0j, T, E3), {}, TypeError),
        ((Z, T, E3 + 0j), {}, TypeError),
        ((Z, T, E3), {"mask": [1, 0]}, TypeError),
        ((Z, T, E3), {"mask": [True]}, ValueError),
        ((Z, T, E3), {"mask": [False, False], "reduction": "mean"}, ValueError),
        ((Z, T, E3), {"reduction": "median"}, ValueError),
    ],
)
def test_bad_batches_are_refused_by_every_form(form, arguments, options, kind):
    with pytest.raises(kind):
        emo_loss(*arguments, form=form, **options)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: emo_loss(Z, T, E3, form="dense"), ValueError),
        (lambda: pooled_loss(Z, T, E3), ValueError),  # logits, not probabilities
        (lambda: pooled_loss(-np.eye(3)[:2], T, np.eye(3)), ValueError),
        (lambda: pooled_loss(np.array([[np.nan, 1, 0]] * 2), T, np.eye(3)), ValueError),
        (lambda: pooled_loss(np.array([[np.inf, 0, 0]] * 2), T, np.eye(3)), ValueError),
        (lambda: pooled_loss(np.full((2, 3), 1e308), T, np.eye(3)), ValueError),
        (lambda: pooled_loss(np.eye(3)[:2], T, 2 * np.eye(3)), ValueError),
        (lambda: pooled_loss(np.eye(3)[:2], T, 1e200 * np.eye(3)), ValueError),
        (lambda: pooled_loss(np.eye(3)[:2], T, np.full((3, 3), np.nan)), ValueError),
        (lambda: pooled_loss(np.eye(3)[:2], T, np.eye(4)), ValueError),
        (lambda: pooled_loss(np.eye(3)[:2], [0], np.eye(3)), ValueError),
        (lambda: pooled_loss(np.eye(3)[:2], [0, 3], np.eye(3)), IndexError),
        (lambda: pooled_loss(np.eye(3)[:2], [0.0, 1.0], np.eye(3)), TypeError),
        (lambda: pooled_loss(np.eye(3)[:2] + 0j, T, np.eye(3)), TypeError),
        (lambda: emo_grad(NAN_ROW, T, np.zeros((3, 2))), ValueError),
        (lambda: emo_grad(Z, T, np.full((3, 2), np.nan)), ValueError),
        (lambda: emo_grad(Z, T, np.zeros((2, 3))), ValueError),
        (lambda: emo_grad(Z, [0], np.zeros((3, 2))), ValueError),
        (lambda: emo_grad(Z, [0, 3], np.zeros((3, 2))), IndexError),
        (lambda: emo_grad(Z, [0.0, 1.0], np.zeros((3, 2))), TypeError),
        (lambda: emo_grad(Z, T, np.zeros((3, 2)) + 0j), TypeError),
        (lambda: cosine_cost(np.zeros((2, 2))), ValueError),
        (lambda: cosine_cost([[1.0, np.inf]]), ValueError),
        (lambda: cosine_cost(np.zeros((0, 2))), ValueError),
        (lambda: cosine_cost([1.0, 2.0]), ValueError),
        (lambda: cosine_cost(E3, [[0]]), ValueError),
        (lambda: cosine_cost(E3, [3]), IndexError),
        (lambda: cosine_cost(E3, [0.0]), TypeError),
        (lambda: cosine_cost(E3 + 0j), TypeError),
        (lambda: demd_gap_terms(P3, P3, np.zeros((3, 2))), ValueError),
        (lambda: demd_gap_terms(P3, LONG, E3), ValueError),
        (lambda: demd_gap_terms(NEGATIVE, P3, E3), ValueError),
        (lambda: demd_gap_terms(P3, SHORT, E3), ValueError),
        (lambda: onehot_potentials(C3, 3), IndexError),
        (lambda: onehot_potentials(C3, -1), IndexError),
        (lambda: onehot_potentials(C3, 0.0), TypeError),
        (lambda: onehot_potentials(C3, [0, 1]), ValueError),
        (lambda: onehot_potentials(NOT_FINITE, 0), ValueError),
        (lambda: onehot_potentials(C3 + 0j, 0), TypeError),
        (lambda: wasserstein_line([0, 1], P3, [0, 1, 2], P3), ValueError),
        (lambda: wasserstein_line([0, 1, np.nan], P3, [0, 1, 2], P3), ValueError),
        (lambda: wasserstein_line([0, 1, 2], SHORT, [0, 1, 2], P3), ValueError),
        (lambda: wasserstein_line([0, 1, 2], P3, [0, 1, 2], NEGATIVE), ValueError),
        (lambda: wasserstein_line([], [], [], []), ValueError),
        (lambda: wasserstein_line(TOO_LARGE[0], P3, TOO_LARGE[1], P3), ValueError),
        (lambda: emo_grad(Z, T, TOO_LARGE[:, :2]), ValueError),
        (lambda: symmetric_noise_cost(TOO_LARGE, 0.1), ValueError),
        (lambda: onehot_potentials(TOO_LARGE, 0), ValueError),
        (lambda: sinkhorn_log(P3, P3, C3, 0.0), ValueError),
        (lambda: sinkhorn_log(P3, P3, C3, -1.0), ValueError),
        (lambda: sinkhorn_log(P3, P3, C3, np.nan), ValueError),
        (lambda: sinkhorn_log(P3, P3, C3, np.inf), ValueError),
        (lambda: sinkhorn_log(P3, P3, C3, 1.0, max_iter=0), ValueError),
        (lambda: sinkhorn_log(P3, P3, C3, 1.0, max_iter=2.5), TypeError),
        (lambda: sinkhorn_log(P3, P3, C3, 1.0, tol=np.nan), ValueError),
        (lambda: sinkhorn_log(P3, P3, C3, 1.0, tol=-1.0), ValueError),
        (lambda: mixture_minimizer(P3, [1, 2, 3], -0.1), ValueError),
        (lambda: mixture_minimizer(P3, [1, 2, 3], np.nan), ValueError),
        (lambda: mixture_minimizer(P3, [1, 2, np.inf], 1.0), ValueError),
        (lambda: mixture_minimizer(P3, TOO_LARGE[0], 0.0), ValueError),
        (lambda: emd_exact(P3, P3, TOO_LARGE), ValueError),
        (lambda: sinkhorn_log(P3, P3, TOO_LARGE, 1.0), ValueError),
        (lambda: mixture_minimizer(P3, [1, 2], 1.0), ValueError),
        (lambda: mixture_minimizer(SHORT, [1, 2, 3], 1.0), ValueError),
        (lambda: mixture_minimizer([], [], 1.0), ValueError),
        (lambda: mixture_minimizer(P3, [1j, 2, 3], 1.0), TypeError),
        (lambda: symmetric_noise_cost(C3, 1.0), ValueError),
        (lambda: symmetric_noise_cost(C3, -0.1), ValueError),
        (lambda: symmetric_noise_cost(C3, np.nan), ValueError),
        (lambda: symmetric_noise_cost(C3[:2], 0.1), ValueError),
        (lambda: symmetric_noise_cost([[0.0]], 0.1), ValueError),
        (lambda: symmetric_noise_cost(NOT_FINITE, 0.1), ValueError),
        (lambda: symmetric_noise_cost(C3 + 0j, 0.1), TypeError),
        (lambda: emd_rational([Q(1), -Q(1)], [Q(1), Q(1)], [[0, 1], [1, 0]]), ValueError),
        (lambda: emd_rational([Q(1), Q(1)], [Q(1), Q(2)], [[0, 1], [1, 0]]), ValueError),
        (lambda: emd_rational([0, 0], [0, 0], [[0, 1], [1, 0]]), ValueError),
        (lambda: emd_rational([1, 1], [1, 1], [[0, 1]]), ValueError),
        (lambda: emd_rational([1, 1], [1, 1], [[0, 1], [1]]), ValueError),
        (lambda: emd_rational([], [], []), ValueError),
        (lambda: emd_rational([0.5, 0.5], [1, 0], [[0, 1], [1, 0]]), TypeError),
        (lambda: emd_rational([1, 1], [1, 1], [[0.0, 1], [1, 0]]), TypeError),
        (lambda: emd_rational([1, 1], [1, 1], [[1j, 1], [1, 0]]), TypeError),
        (lambda: certify_plan([[1, 0]], [[0, 1], [1, 0]]), ValueError),
        (lambda: certify_plan([[1, -1], [0, 1]], [[0, 1], [1, 0]]), ValueError),
        (lambda: certify_plan([[1, np.nan], [0, 1]], [[0, 1], [1, 0]]), ValueError),
        (lambda: certify_plan([[1, 0], [0, 1]], [[0.5, 1], [1, 0]]), TypeError),
        (lambda: certify_plan([], []), ValueError),
    ],
)
def test_bad_input_is_refused(call, kind):
    with pytest.raises(kind):
        call()


@pytest.mark.parametrize("transport", [demd, emd_exact, lambda p, q, C: sinkhorn_log(p, q, C, 1.0)])
@pytest.mark.parametrize(
    ("p", "q", "C", "kind"),
    [
        (NEGATIVE, P3, C3, ValueError),
        (P3, NEGATIVE, C3, ValueError),
        ([np.nan, 0.5, 0.5], P3, C3, ValueError),
        ([np.inf, 0.5, 0.5], P3, C3, ValueError),
        (SHORT, P3, C3, ValueError),
        (P3, SHORT, C3, ValueError),
        (P3, P3 * (1 + 1e-7), C3, ValueError),
        (P3, P3, NOT_FINITE, ValueError),
        (P3, P3, np.full((3, 3), np.nan), ValueError),
        (P3, LONG, C3, ValueError),
        (P3, P3, C3[:2], ValueError),
        (P3, P3, C3.ravel(), ValueError),
        ([], [], np.zeros((0, 0)), ValueError),
        ([[0.5, 0.5]], P3, C3, ValueError),
        (P3, P3, C3 + 0j, TypeError),
        (P3 + 0j, P3, C3, TypeError),
        (P3, ["a", "b", "c"], C3, TypeError),
    ],
)
def test_bad_transport_problems_are_refused(transport, p, q, C, kind):
    with pytest.raises(kind):
        transport(p, q, C)


# --- the package --------------------------------------------------------------------------------------------


def test_no_input_is_modified():
    z, t, E = batch(6)
    p, q, C = softmax(z)[0], softmax(z)[1], cosine_cost(E)
    inputs = z, t, E, p, q, C
    before = [x.copy() for x in inputs]
    for form in FORMS:
        emo_loss(z, t, E, form=form)
    pooled_loss(softmax(z), t, E / np.linalg.norm(E, axis=1, keepdims=True))
    emo_grad(z, t, C[:, t]), demd(p, q, C), demd_gap_terms(p, q, E), emd_exact(p, q, C), onehot_potentials(C, 1)
    sinkhorn_log(p, q, C, 0.5), mixture_minimizer(q, C @ q, 2.0), symmetric_noise_cost(C, 0.1)
    wasserstein_line(E[:, 0], p, E[:, 1], q), cosine_cost(E, t)
    f, _ = onehot_potentials(C, 1)
    f += 1  # a result is not a view of an input either
    assert all(np.array_equal(x, y) for x, y in zip(inputs, before, strict=True))


def test_the_import_needs_numpy_alone():
    code = (
        "import sys, verify.methods.earth_mover, verify.methods.numerics; "
        "assert not {'ot', 'flint', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
