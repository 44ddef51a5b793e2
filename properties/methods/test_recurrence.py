"""Recurrences against second ways that share no code with them: scalar loops, fractions, dense linear algebra, torch, JAX."""

import importlib
import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.methods.recurrence import (
    GRUCell,
    LSTMCell,
    TanhCell,
    adjoint_gradient,
    affine_compose,
    affine_scan,
    block_jacobi_states,
    diagonal_fixed_point_states,
    diagonalise,
    doubling_scan,
    error_bound,
    fixed_point_states,
    largest_lyapunov,
    levenberg_marquardt_states,
    scan_cost,
    sequential_states,
)
from verify.methods.recurrence.trees import tree_plan

EPS = np.finfo(float).eps
SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=30, deadline=None)
METHODS = ("auto", "loop", "banded", "blocked", "sklansky", "kogge_stone", "odd_even")
TREES = ("sklansky", "kogge_stone", "odd_even")
TRANSITIONS = ("newton", "chord", "fixed", "quasi", "jacobi", "picard")
KINDS = ("tanh", "gru", "lstm")


def network(seed, kind="tanh", d=3, T=20, m=2, gain=0.9, dtype=np.float64):
    rng = np.random.default_rng(seed)
    if kind == "tanh":
        cell, m = TanhCell((gain * rng.normal(size=(d, d)) / d**0.5).astype(dtype)), d
    else:
        gates = 3 if kind == "gru" else 4
        shapes = [(d, m)] * gates + [(d, d)] * gates + [(d,)] * gates
        cell = {"gru": GRUCell, "lstm": LSTMCell}[kind](
            *((gain * rng.uniform(-1, 1, s) / d**0.5).astype(dtype) for s in shapes)
        )
    U = rng.normal(size=(T, m)).astype(dtype)
    return cell, U, rng.uniform(-1, 1, cell.state_size).astype(dtype)


def by_scalars(cell, U, x0):
    """The recurrence in Python's own floats, one number after the other, with the textbook sigmoid."""

    def times(M, v):
        return [math.fsum(a * b for a, b in zip(row, v, strict=True)) for row in M.tolist()]

    def add(*vectors):
        return [math.fsum(parts) for parts in zip(*vectors, strict=True)]

    def logistic(x):
        return 1 / (1 + math.exp(-x))

    h, states = x0.tolist(), []
    for u in U.tolist():
        if isinstance(cell, TanhCell):
            h = [math.tanh(v) for v in add(times(cell.A, h), u)]
        elif isinstance(cell, GRUCell):
            z = [logistic(v) for v in add(times(cell.Wz, u), times(cell.Uz, h), cell.bz.tolist())]
            r = [logistic(v) for v in add(times(cell.Wr, u), times(cell.Ur, h), cell.br.tolist())]
            reset = [a * b for a, b in zip(r, h, strict=True)]
            g = [math.tanh(v) for v in add(times(cell.Wh, u), times(cell.Uh, reset), cell.bh.tolist())]
            h = [(1 - a) * x + a * y for a, x, y in zip(z, h, g, strict=True)]
        else:
            d = len(h) // 2
            hidden, memory = h[:d], h[d:]
            gate = {}
            for name, squash in (("i", logistic), ("f", logistic), ("g", math.tanh), ("o", logistic)):
                W, R, b = (getattr(cell, letter + name) for letter in "WUb")
                gate[name] = [squash(v) for v in add(times(W, u), times(R, hidden), b.tolist())]
            memory = [f * c + i * g for f, c, i, g in zip(gate["f"], memory, gate["i"], gate["g"], strict=True)]
            h = [o * math.tanh(c) for o, c in zip(gate["o"], memory, strict=True)] + memory
        states.append(h)
    return np.array(states).reshape(len(U), len(x0))


def numerical_jacobian(f, x, step=1e-6):
    """Central differences: good to some 1e-9, and of no code in common with complex steps."""
    return np.stack([(f(x + step * e) - f(x - step * e)) / (2 * step) for e in np.eye(len(x))], axis=-1)


# --- affine maps and scans ----------------------------------------------------------------------------------


@few
@given(seed=SEEDS, d=st.integers(1, 4), T=st.integers(1, 40), diagonal=st.booleans(), method=st.sampled_from(METHODS))
def test_every_scan_is_the_recurrence(seed, d, T, diagonal, method):
    rng = np.random.default_rng(seed)
    A = rng.uniform(-1, 1, (T, d) if diagonal else (T, d, d)) / d
    b, s0 = rng.normal(size=(T, d)), rng.normal(size=d)
    s, expected = s0, []
    for t in range(T):
        s = [math.fsum([b[t, i], *([A[t, i] * s[i]] if diagonal else A[t, i] * s)]) for i in range(d)]
        expected.append(s)
    # |A| has row sums below 1, so |s| stays below T max|b|, and errors below T (d + log T) eps of that
    allowed = EPS * (d + 8) * T * (T * np.abs(b).max() + np.abs(s0).max())
    np.testing.assert_allclose(affine_scan(A, b, s0, method), expected, rtol=0, atol=allowed)


def fractions(rng, *shape):
    made = np.empty(shape, dtype=object)
    made.flat = [Fraction(int(rng.integers(-9, 10)), int(rng.integers(1, 8))) for _ in range(made.size)]
    return made


@few
@given(seed=SEEDS, T=st.integers(1, 17), method=st.sampled_from(("loop", "blocked", *TREES)))
def test_fractions_are_scanned_exactly(seed, T, method):
    rng = np.random.default_rng(seed)
    A, b, s0 = fractions(rng, T, 2, 2), fractions(rng, T, 2), fractions(rng, 2)
    s = s0
    for t, found in enumerate(affine_scan(A, b, s0, method)):
        s = [b[t, i] + A[t, i, 0] * s[0] + A[t, i, 1] * s[1] for i in range(2)]
        assert list(found) == s


@few
@given(seed=SEEDS, d=st.integers(1, 4), T=st.integers(1, 40), diagonal=st.booleans())
def test_doubling_is_the_recurrence_of_one_matrix(seed, d, T, diagonal):
    rng = np.random.default_rng(seed)
    A = rng.uniform(-1, 1, d if diagonal else (d, d)) / d
    b, s0 = rng.normal(size=(T, d)), rng.normal(size=d)
    full = np.diag(A) if diagonal else A
    s, expected = s0, []
    for t in range(T):
        s = [math.fsum([b[t, i], *(full[i] * s)]) for i in range(d)]
        expected.append(s)
    allowed = EPS * (d + 8) * T * (T * np.abs(b).max() + np.abs(s0).max())  # as for every scan
    np.testing.assert_allclose(doubling_scan(A, b, s0), expected, rtol=0, atol=allowed)


@few
@given(seed=SEEDS, T=st.integers(1, 17))
def test_doubling_of_fractions_is_exact(seed, T):
    rng = np.random.default_rng(seed)
    A, b, s0 = fractions(rng, 2, 2), fractions(rng, T, 2), fractions(rng, 2)
    s = s0
    for t, found in enumerate(doubling_scan(A, b, s0)):
        s = [b[t, i] + A[i, 0] * s[0] + A[i, 1] * s[1] for i in range(2)]
        assert list(found) == s


def test_doubling_of_a_complex_mode_is_that_of_its_rotation():
    rng = np.random.default_rng(0)
    mode, b, s0 = 0.9 * np.exp(0.7j), rng.normal(size=(50, 2)), rng.normal(size=2)
    turn = np.array([[mode.real, -mode.imag], [mode.imag, mode.real]])
    found = doubling_scan(np.array([mode]), b[:, :1] + 1j * b[:, 1:], s0[:1] + 1j * s0[1:])
    np.testing.assert_allclose(found[:, 0].view(float).reshape(50, 2), doubling_scan(turn, b, s0), rtol=0, atol=1e-13)


def test_doubling_loses_what_a_tree_loses():
    found = doubling_scan(np.array([2.0]), np.full((2048, 1), -1.0), np.ones(1))[:, 0]
    tree = affine_scan(np.full((2048, 1), 2.0), np.full((2048, 1), -1.0), np.ones(1), "kogge_stone")[:, 0]
    np.testing.assert_array_equal(found, tree)
    assert found[:64].tolist() == [1.0] * 64
    assert found[64] == 0


@few
@given(seed=SEEDS, d=st.integers(1, 4))
def test_composition_is_that_of_the_maps(seed, d):
    rng = np.random.default_rng(seed)
    later, earlier = ((fractions(rng, d, d), fractions(rng, d)) for _ in range(2))
    s = fractions(rng, d)
    A, b = affine_compose(later, earlier)
    assert list(A @ s + b) == list(later[0] @ (earlier[0] @ s + earlier[1]) + later[1])


def test_diagonal_maps_compose_entry_by_entry_and_stacks_broadcast():
    rng = np.random.default_rng(0)
    later, earlier = ((rng.normal(size=(5, 3)), rng.normal(size=(5, 3))) for _ in range(2))
    A, b = affine_compose(later, earlier)
    full_A, full_b = affine_compose(*((np.eye(3) * a[:, None, :], c) for a, c in (later, earlier)))
    np.testing.assert_allclose(np.eye(3) * A[:, None, :], full_A, rtol=4 * EPS)
    np.testing.assert_allclose(b, full_b, rtol=1e-13)


@pytest.mark.parametrize("method", TREES)
def test_a_plan_gathers_every_prefix_once_and_never_reads_what_it_writes_in_one_level(method):
    for T in range(1, 70):
        spans = [(t, t) for t in range(T)]  # what each place holds: the elements from .. to
        applications = 0
        for later, earlier in tree_plan(T, method):
            read = list(spans)
            assert len(set(later.tolist())) == len(later)
            for i, j in zip(later.tolist(), earlier.tolist(), strict=True):
                assert read[j][1] + 1 == read[i][0]
                spans[i] = (read[j][0], read[i][1])
            applications += len(later)
        assert spans == [(0, t) for t in range(T)]
        assert scan_cost(T, method).applications == applications


def test_costs_of_the_smallest_scans():
    assert [tuple(scan_cost(4, m)) for m in ("loop", *TREES)] == [(3, 3), (4, 2), (5, 2), (4, 2)]
    assert [tuple(scan_cost(1, m)) for m in ("loop", *TREES)] == [(0, 0)] * 4


def test_an_empty_scan_has_no_rows():
    assert affine_scan(np.zeros((0, 2, 2)), np.zeros((0, 2)), np.zeros(2)).shape == (0, 2)
    assert doubling_scan(np.zeros((2, 2)), np.zeros((0, 2)), np.zeros(2)).shape == (0, 2)


# --- cells --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@few
@given(seed=SEEDS, d=st.integers(1, 5), T=st.integers(0, 12))
def test_the_loop_is_the_recurrence_number_by_number(kind, seed, d, T):
    cell, U, x0 = network(seed, kind, d, T)
    np.testing.assert_allclose(sequential_states(cell, U, x0), by_scalars(cell, U, x0), rtol=0, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
@few
@given(seed=SEEDS, d=st.integers(1, 4))
def test_jacobians_are_derivatives(kind, seed, d):
    cell, U, x0 = network(seed, kind, d, 1)
    found = cell.jacobian(x0, U[0]), cell.input_jacobian(x0, U[0])
    assert found[0].shape == (cell.state_size, cell.state_size)
    assert found[1].shape == (cell.state_size, cell.input_size)
    np.testing.assert_allclose(found[0], numerical_jacobian(lambda h: cell.step(h, U[0]), x0), rtol=0, atol=1e-8)
    np.testing.assert_allclose(found[1], numerical_jacobian(lambda u: cell.step(x0, u), U[0]), rtol=0, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_jacobians_at_the_origin_are_those_at_zero_without_biases(kind):
    cell, _, x0 = network(1, kind)
    weights = {name: value for name, value in vars(cell).items() if name[0] != "b"}
    bare = type(cell)(**weights)
    expected = bare.jacobian(0 * x0, np.zeros(cell.input_size))
    np.testing.assert_allclose(cell.origin_jacobian(), expected, rtol=0, atol=4 * EPS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stack_is_its_members(kind):
    cell, U, _ = network(2, kind, d=4, T=6)
    h = np.random.default_rng(3).normal(size=(6, cell.state_size))
    for function in (cell.step, cell.jacobian, cell.input_jacobian):
        np.testing.assert_allclose(
            function(h, U), [function(a, b) for a, b in zip(h, U, strict=True)], rtol=0, atol=1e-15
        )


def test_saturated_cells_stay_finite_and_silent():
    cell = TanhCell(np.array([[1e300]]))
    with np.errstate(all="raise"):
        assert cell.jacobian(np.ones(1), np.zeros(1)).tolist() == [[0.0]]
    gru = network(0, "gru", d=2)[0]
    assert np.isfinite(gru.step(np.ones(2), np.full(2, 1e4))).all()


@pytest.mark.peer("torch")
def test_cells_agree_with_torch():
    torch = importlib.import_module("torch")
    torch.manual_seed(0)
    U = torch.randn(15, 1, 3, dtype=torch.float64)
    rnn = torch.nn.RNN(3, 4, bias=False, dtype=torch.float64)
    weights = {name: p.detach().numpy() for name, p in rnn.named_parameters()}
    drive = U[:, 0].numpy() @ weights["weight_ih_l0"].T
    ours = sequential_states(TanhCell(weights["weight_hh_l0"]), drive, np.zeros(4))
    np.testing.assert_allclose(ours, rnn(U)[0][:, 0].detach().numpy(), rtol=0, atol=1e-14)
    lstm = torch.nn.LSTM(3, 4, dtype=torch.float64)
    parts = {n: np.split(p.detach().numpy(), 4) for n, p in lstm.named_parameters()}
    biases = [a + b for a, b in zip(parts["bias_ih_l0"], parts["bias_hh_l0"], strict=True)]
    cell = LSTMCell(*parts["weight_ih_l0"], *parts["weight_hh_l0"], *biases)
    ours = sequential_states(cell, U[:, 0].numpy(), np.zeros(8))[:, :4]
    np.testing.assert_allclose(ours, lstm(U)[0][:, 0].detach().numpy(), rtol=0, atol=1e-14)


# --- iterations ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", METHODS[1:])
@few
@given(seed=SEEDS, kind=st.sampled_from(KINDS), transition=st.sampled_from(TRANSITIONS), T=st.integers(1, 14))
def test_the_first_n_states_are_the_loops_in_every_bit(solver, seed, kind, transition, T):
    instance = network(seed, kind, 2, T, gain=1.5)
    found = fixed_point_states(*instance, transition, solver=solver, tol=0, history=True)
    truth = sequential_states(*instance)
    for n, X in enumerate(found.history):
        assert np.array_equal(X[:n], truth[:n])
    assert np.array_equal(found.states, truth)
    assert found.iterations <= T
    assert (found.converged, found.status, found.residual_norm) == (True, "converged", 0.0)


@few
@given(seed=SEEDS, T=st.integers(1, 14))
def test_any_matrices_and_any_start_terminate(seed, T):
    rng = np.random.default_rng(seed)
    instance = network(seed, T=T)
    M, start = 3 * rng.normal(size=(T, 3, 3)), rng.normal(size=(T, 3))
    found = fixed_point_states(*instance, M, start, tol=0)
    assert np.array_equal(found.states, sequential_states(*instance))


def test_newton_is_the_dense_newton_step():
    cell, U, x0 = network(5, T=12)
    X = np.random.default_rng(6).normal(size=(12, 3))
    before = np.concatenate([x0[None], X[:-1]])
    R, J = cell.step(before, U) - X, cell.jacobian(before, U)
    system = np.eye(36)
    for t in range(1, 12):
        system[3 * t : 3 * t + 3, 3 * t - 3 : 3 * t] = -J[t]
    dense = X + np.linalg.solve(system, R.ravel()).reshape(12, 3)
    found = fixed_point_states(cell, U, x0, init=X, tol=0, max_iter=1)
    np.testing.assert_allclose(found.states, dense, rtol=0, atol=1e-12)


def test_limits_statuses_and_histories():
    instance = network(7, T=40)
    stopped = fixed_point_states(*instance, "jacobi", max_iter=3, history=True)
    assert (stopped.iterations, stopped.converged, stopped.status) == (3, False, "max_iter")
    assert stopped.history.shape == (4, 40, 3)
    assert not stopped.history[0].any()
    assert fixed_point_states(*instance).history is None
    assert fixed_point_states(*instance, max_iter=0).iterations == 0
    settled = fixed_point_states(*instance, init=sequential_states(*instance))
    assert (settled.iterations, settled.residual_norm) == (0, 0.0)
    empty = fixed_point_states(instance[0], instance[1][:0], instance[2])
    assert (empty.states.shape, empty.status) == ((0, 3), "converged")
    overflow = fixed_point_states(TanhCell(np.array([[1.0]])), np.zeros((30, 1)) + 0.1, np.zeros(1),
                                  np.full((30, 1, 1), 1e200), max_iter=1)  # fmt: skip
    assert (overflow.status, overflow.converged, overflow.residual_norm) == ("nonfinite", False, math.inf)


@pytest.mark.parametrize("method", ["banded", "smoother"])
@pytest.mark.parametrize("size", [1e8, 1e12])
def test_equations_that_are_singular_to_rounding_end_a_damped_iteration_without_an_exception(method, size):
    rng = np.random.default_rng(0)
    for pattern in (np.ones((2, 2)), np.array([[1.0, -1.0], [-1.0, 1.0]])):
        instance = TanhCell(size * pattern), np.zeros((6, 2)), np.zeros(2)
        start = 1e-3 / size * rng.normal(size=(6, 2))
        found = levenberg_marquardt_states(*instance, 1e-6, init=start, tol=0, max_iter=3, method=method)
        assert found.status in ("max_iter", "nonfinite")
        assert (found.residual_norm == math.inf) == (found.status == "nonfinite")


@pytest.mark.parametrize("chunk", [1, 14, 200])
def test_block_jacobi_does_not_call_nan_converged(chunk):
    cell = TanhCell(1.5e308 * np.tile([1.0, -1.0, 1.0, -1.0], (4, 1)))
    found = block_jacobi_states(cell, np.zeros((200, 4)), np.ones(4), chunk)
    assert (found.status, found.converged, found.residual_norm) == ("nonfinite", False, math.inf)


def test_nothing_warns_where_numbers_overflow():
    cell, U, x0 = TanhCell(np.full((2, 2), 1e308)), np.full((5, 2), 1e308), np.ones(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sequential_states(cell, U, x0).tolist() == [[1.0, 1.0]] * 5
        assert largest_lyapunov(cell, U, x0) == -math.inf
        assert error_bound(cell, U, x0, np.ones((5, 2))) == math.inf
        assert error_bound(TanhCell(np.full((2, 2), 1e200)), 0 * U, 0 * x0, np.zeros((5, 2))) == math.inf


def test_a_bound_is_not_claimed_for_numbers_that_would_be_rounded_first():
    cell, U, x0 = network(0)
    X = sequential_states(cell, U, x0)
    with pytest.raises(TypeError, match="wider than float64"):
        error_bound(cell, U, x0, X.astype(np.longdouble))
    with pytest.raises(TypeError, match="wider than float64"):
        error_bound(TanhCell(cell.A.astype(np.longdouble)), U, x0, X)


@few
@given(seed=SEEDS, gain=st.sampled_from([0.5, 1.5, 3.0]))
def test_projected_states_stay_in_the_box(seed, gain):
    instance = network(seed, T=30, gain=gain)
    found = fixed_point_states(*instance, project=(-1.0, 1.0), tol=0, history=True)
    assert np.abs(found.history).max() <= 1
    assert np.array_equal(found.states, sequential_states(*instance))


@pytest.mark.parametrize("method", ["banded", "smoother"])
@few
@given(seed=SEEDS, damping=st.sampled_from([0.05, 1.0, 20.0]), T=st.integers(1, 15))
def test_a_damped_step_is_the_least_squares_solution(method, seed, damping, T):
    cell, U, x0 = network(seed, T=T, gain=1.5)
    R, J = (
        cell.step(np.concatenate([x0[None], np.zeros((T - 1, 3))]), U),
        cell.jacobian(np.concatenate([x0[None], np.zeros((T - 1, 3))]), U),
    )
    system = np.eye(3 * T)
    for t in range(1, T):
        system[3 * t : 3 * t + 3, 3 * t - 3 : 3 * t] = -J[t]
    dense = np.linalg.solve(system.T @ system + damping * np.eye(3 * T), system.T @ R.ravel()).reshape(T, 3)
    found = levenberg_marquardt_states(cell, U, x0, damping, tol=0, max_iter=1, method=method)
    np.testing.assert_allclose(found.states, dense, rtol=0, atol=1e-11)


def test_damped_iterations_converge_to_the_loop():
    instance = network(8, T=30, gain=0.5)
    for method in ("banded", "smoother"):
        found = levenberg_marquardt_states(*instance, 0.01, max_iter=200, method=method)
        assert found.converged
        np.testing.assert_allclose(found.states, sequential_states(*instance), rtol=0, atol=1e-9)


@few
@given(
    seed=SEEDS,
    kind=st.sampled_from(KINDS),
    T=st.integers(0, 90),
    chunk=st.integers(1, 30),
    gain=st.sampled_from([0.5, 3.0]),
    d=st.sampled_from([1, 2, 9]),
)
def test_block_jacobi_is_the_loop_in_every_bit(seed, kind, T, chunk, gain, d):
    instance = network(seed, kind, d, T, gain=gain)
    truth = sequential_states(*instance)
    swept = block_jacobi_states(*instance, chunk, max_sweeps=max(1, -(-T // chunk)), history=True)
    for n, X in enumerate(swept.history):
        assert np.array_equal(X[: n * chunk], truth[: n * chunk])
    for found in (swept, block_jacobi_states(*instance, chunk), block_jacobi_states(*instance)):
        assert np.array_equal(found.states, truth)
        assert found.converged


@few
@given(seed=SEEDS, kind=st.sampled_from(KINDS), d=st.sampled_from([1, 2, 9]), tol=st.sampled_from([0.0, 1e-9]))
def test_the_history_of_block_jacobi_holds_what_each_sweep_left(seed, kind, d, tol):
    instance = network(seed, kind, d, 50, gain=1.5)
    history = block_jacobi_states(*instance, 10, tol, max_sweeps=5, history=True).history
    assert not history[0].any()
    for n, X in enumerate(history[1:], start=1):
        assert np.array_equal(X, block_jacobi_states(*instance, 10, tol, max_sweeps=n).states)


@few
@given(
    seed=SEEDS,
    kind=st.sampled_from(KINDS),
    d=st.sampled_from([1, 2, 9]),
    T=st.integers(1, 90),
    chunk=st.integers(1, 30),
)
def test_with_a_tolerance_block_jacobi_is_the_loop_up_to_it(seed, kind, d, T, chunk):
    instance = network(seed, kind, d, T, gain=0.5)
    found = block_jacobi_states(*instance, chunk, 1e-12)
    assert found.converged
    np.testing.assert_allclose(found.states, sequential_states(*instance), rtol=0, atol=1e-11)


def test_block_jacobi_with_a_limit_says_that_it_did_not_settle():
    instance = network(9, T=100, gain=3.0)
    found = block_jacobi_states(*instance, 5, max_sweeps=2)
    assert (found.iterations, found.converged, found.status) == (2, False, "max_iter")
    assert found.residual_norm > 0.1


def test_a_tolerance_stops_the_sweeps_early():
    instance = network(10, T=400, gain=0.9)
    exact, loose = (block_jacobi_states(*instance, 10, tol, max_sweeps=40) for tol in (0.0, 1e-3))
    assert loose.iterations < exact.iterations
    assert loose.residual_norm <= 1e-3 * 2


@few
@given(seed=SEEDS)
def test_the_diagonal_form_gives_the_same_states(seed):
    cell, U, x0 = network(seed, d=3, T=20, gain=0.6)
    try:
        condition = diagonalise(cell.A, limit=1e6).condition
    except ValueError:
        return  # close to a matrix without a basis
    found = diagonal_fixed_point_states(cell.A, U, x0, tol=1e-9, max_iter=200)
    np.testing.assert_allclose(found.states, sequential_states(cell, U, x0), rtol=0, atol=1e-8 + 1e-13 * condition)


# --- what is known about states ------------------------------------------------------------------------------


@few
@given(
    seed=SEEDS,
    kind=st.sampled_from(KINDS),
    gain=st.sampled_from([0.3, 0.9, 2.0]),
    size=st.sampled_from([0.0, 1e-9, 1e-3]),
)
def test_the_error_bound_holds(seed, kind, gain, size):
    cell, U, x0 = network(seed, kind, T=40, gain=gain)
    wide = type(cell)(**{name: value.astype(np.longdouble) for name, value in vars(cell).items()})
    truth = sequential_states(wide, U.astype(np.longdouble), x0.astype(np.longdouble))
    X = truth.astype(float) + size * np.random.default_rng(seed).uniform(-1, 1, truth.shape)
    if np.finfo(np.longdouble).eps < EPS:
        assert np.abs(X - truth).max() <= error_bound(cell, U, x0, X) * (1 + 1e-3)


def test_the_error_bound_is_infinite_where_nothing_is_proven():
    cell, U, x0 = network(0, d=8, T=200, gain=4.0)
    assert error_bound(cell, U, x0, sequential_states(cell, U, x0) + 1e-3) == math.inf

    class Own(TanhCell.__mro__[1]):
        state_size = input_size = 1

        def step(self, h, u):
            return h + u

    assert error_bound(Own(), np.zeros((3, 1)), np.zeros(1), np.zeros((3, 1))) == math.inf


def test_the_lyapunov_exponent_of_a_line_is_its_slope():
    for a in (0.5, -0.25, 1.0):
        cell = TanhCell(np.array([[a]]))
        assert largest_lyapunov(cell, np.zeros((50, 1)), np.zeros(1), 10) == pytest.approx(math.log(abs(a)), abs=1e-12)
    assert largest_lyapunov(TanhCell(np.zeros((2, 2))), np.zeros((5, 2)), np.zeros(2)) == -math.inf
    A = np.diag([0.9, 0.1])
    assert largest_lyapunov(TanhCell(A), np.zeros((500, 2)), np.zeros(2), 100) == pytest.approx(math.log(0.9), abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@few
@given(seed=SEEDS, T=st.integers(1, 10))
def test_the_adjoint_is_the_gradient(kind, seed, T):
    cell, U, x0 = network(seed, kind, 2, T)
    c = np.random.default_rng(seed).normal(size=(T, cell.state_size))
    grad_A, grad_U, grad_x0 = adjoint_gradient(cell, U, x0, sequential_states(cell, U, x0), c)

    def loss(cell, U, x0):
        return np.sum(c * sequential_states(cell, U, x0))

    by_input = numerical_jacobian(lambda v: np.atleast_1d(loss(cell, v.reshape(U.shape), x0)), U.ravel())
    by_start = numerical_jacobian(lambda v: np.atleast_1d(loss(cell, U, v)), x0)
    np.testing.assert_allclose(grad_U, by_input.reshape(U.shape), rtol=0, atol=1e-7)
    np.testing.assert_allclose(grad_x0, by_start.ravel(), rtol=0, atol=1e-7)
    if kind == "tanh":
        by_matrix = numerical_jacobian(lambda v: np.atleast_1d(loss(TanhCell(v.reshape(2, 2)), U, x0)), cell.A.ravel())
        np.testing.assert_allclose(grad_A, by_matrix.reshape(2, 2), rtol=0, atol=1e-7)
    else:
        assert grad_A is None


# --- precision, inputs, other kinds of arrays -----------------------------------------------------------------


def every_function(cell, U, x0):
    """Name and a call of every function on sequences."""
    T, d = len(U), len(x0)
    states = sequential_states(cell, U, x0)
    M, b = cell.jacobian(states, U), states
    return {
        "sequential": lambda: states,
        **{f"fixed point, {t}": (lambda t=t: fixed_point_states(cell, U, x0, t, tol=1e-5).states) for t in TRANSITIONS},
        **{f"scan, {m}": (lambda m=m: affine_scan(M, b, x0, m)) for m in METHODS},
        **{f"diagonal scan, {m}": (lambda m=m: affine_scan(M[:, 0], b, x0, m)) for m in METHODS},
        "doubling": lambda: doubling_scan(M[0], b, x0),
        "diagonal doubling": lambda: doubling_scan(M[0, 0], b, x0),
        "banded": lambda: levenberg_marquardt_states(cell, U, x0, 0.5, max_iter=2).states,
        "smoother": lambda: levenberg_marquardt_states(cell, U, x0, 0.5, max_iter=2, method="smoother").states,
        "blocks": lambda: block_jacobi_states(cell, U, x0).states,
        "gradient": lambda: adjoint_gradient(cell, U, x0, states, states)[1],
        "compose": lambda: affine_compose((M[:1], b[:1]), (M[1:2], b[1:2]))[1],
        "shapes": lambda: np.zeros((T, d), x0.dtype),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_single_precision_stays_single(kind):
    double = every_function(*network(11, kind, T=30))
    for name, call in every_function(*network(11, kind, T=30, dtype=np.float32)).items():
        assert call().dtype == np.float32, name
        np.testing.assert_allclose(call(), double[name](), rtol=0, atol=2e-4, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_no_input_is_modified(kind):
    cell, U, x0 = network(12, kind, T=30)
    for array in (U, x0, *vars(cell).values()):
        array.setflags(write=False)
    for call in every_function(cell, U, x0).values():
        call()
    error_bound(cell, U, x0, sequential_states(cell, U, x0))
    largest_lyapunov(cell, U, x0)


BLIND = ("banded",)  # LAPACK


def converted(xp, cell, *arrays):
    weights = {name: xp.asarray(value) for name, value in vars(cell).items()}
    return type(cell)(**weights), *(xp.asarray(a) for a in arrays)


def judge_other_arrays(xp, to_numpy, kind):
    """Every function but the LAPACK ones on arrays of `xp`, against the NumPy path."""
    cell, U, x0 = network(13, kind, T=21)
    plain = every_function(cell, U, x0)
    theirs, U2, x2 = converted(xp, cell, U, x0)
    states = sequential_states(theirs, U2, x2)
    assert type(states) is type(U2)
    M = theirs.jacobian(states, U2)
    found = {
        "sequential": states,
        **{
            f"fixed point, {t}": fixed_point_states(theirs, U2, x2, t, tol=1e-5, history=True).states
            for t in TRANSITIONS
        },
        **{f"scan, {m}": affine_scan(M, states, x2, m) for m in METHODS if m not in BLIND},
        **{f"diagonal scan, {m}": affine_scan(M[:, 0, :], states, x2, m) for m in METHODS if m not in BLIND},
        "doubling": doubling_scan(M[0, ...], states, x2),
        "diagonal doubling": doubling_scan(M[0, 0, :], states, x2),
        "smoother": levenberg_marquardt_states(theirs, U2, x2, 0.5, max_iter=2, method="smoother").states,
        "blocks": block_jacobi_states(theirs, U2, x2, history=True).states,
        "gradient": adjoint_gradient(theirs, U2, x2, states, states)[1],
    }
    for name, value in found.items():
        np.testing.assert_allclose(to_numpy(value), plain[name](), rtol=0, atol=1e-12, err_msg=name)
    expected = largest_lyapunov(cell, U, x0)
    assert largest_lyapunov(theirs, U2, x2) == pytest.approx(expected, abs=1e-12)
    projected = fixed_point_states(theirs, U2, x2, project=(-5.0, 5.0), damping=0.5)
    assert projected.converged
    with pytest.raises(TypeError, match="LAPACK"):
        affine_scan(M, states, x2, "banded")
    with pytest.raises(TypeError, match="LAPACK"):
        levenberg_marquardt_states(theirs, U2, x2, 0.5)
    empty = sequential_states(theirs, U2[:0, :], x2)
    assert tuple(empty.shape) == (0, len(x0))


@pytest.mark.parametrize("kind", KINDS)
def test_strict_arrays_run_the_same_code(kind):
    xp = importlib.import_module("array_api_strict")
    judge_other_arrays(xp, lambda a: np.from_dlpack(a), kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.peer("torch")
def test_torch_tensors_run_the_same_code(kind):
    torch = importlib.import_module("torch")
    judge_other_arrays(torch, lambda a: a.numpy(), kind)


@pytest.mark.peer("torch")
def test_torch_gradients_flow_through_the_loop():
    torch = importlib.import_module("torch")
    cell, U, x0 = network(14, "tanh", T=8)
    theirs, U2, x2 = converted(torch, cell, U, x0)
    U2.requires_grad_()
    sequential_states(theirs, U2, x2).sum().backward()
    ours = adjoint_gradient(cell, U, x0, sequential_states(cell, U, x0), np.ones((8, 3)))[1]
    np.testing.assert_allclose(U2.grad.numpy(), ours, rtol=0, atol=1e-13)


@pytest.mark.peer("jax")
def test_jax_arrays_run_the_same_code():
    jax = importlib.import_module("jax")
    with jax.enable_x64(True):
        judge_other_arrays(jax.numpy, np.asarray, "gru")


def bad_sequences():
    cell, U, x0 = network(15, T=6)
    nan = np.where(U[2, 1] == U, np.nan, U)
    return [
        (ValueError, (cell, U[:, :2], x0)), (ValueError, (cell, U[0], x0)), (ValueError, (cell, nan, x0)),
        (ValueError, (cell, U, x0[:2])), (ValueError, (cell, U, x0 + np.inf)),
        (TypeError, (cell, np.ones((6, 3), int), x0)), (TypeError, (cell, U, np.zeros(3, object))),
        (TypeError, (cell, U + 0j, x0)),
    ]  # fmt: skip


@pytest.mark.parametrize(("error", "arguments"), bad_sequences())
def test_bad_sequences_are_refused_by_every_function(error, arguments):
    cell, U, x0 = arguments
    states = np.zeros((6, 3))
    for call in (
        lambda: sequential_states(cell, U, x0),
        lambda: fixed_point_states(cell, U, x0),
        lambda: levenberg_marquardt_states(cell, U, x0, 1.0),
        lambda: block_jacobi_states(cell, U, x0),
        lambda: adjoint_gradient(cell, U, x0, states, states),
        lambda: largest_lyapunov(cell, U, x0),
        lambda: error_bound(cell, U, x0, states),
        lambda: diagonal_fixed_point_states(cell.A, U, x0),
    ):
        with pytest.raises(error):
            call()


SQUARE = np.eye(3)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (ValueError, "A has shape", lambda c, U, x: TanhCell(np.ones((2, 3)))),
        (ValueError, "A has shape", lambda c, U, x: TanhCell(np.ones(3))),
        (ValueError, "at least one unit", lambda c, U, x: TanhCell(np.ones((0, 0)))),
        (ValueError, "nan or infinite", lambda c, U, x: TanhCell(np.full((2, 2), np.nan))),
        (TypeError, "floating point", lambda c, U, x: TanhCell(np.eye(2, dtype=int))),
        (TypeError, "floating point", lambda c, U, x: TanhCell(np.eye(2) * 1j)),
        (ValueError, "Ur has shape", lambda c, U, x: GRUCell(*[SQUARE] * 4, np.eye(2), SQUARE)),
        (ValueError, "bz has shape", lambda c, U, x: GRUCell(*[SQUARE] * 6, np.zeros(2))),
        (ValueError, "Wo has shape", lambda c, U, x: LSTMCell(*[SQUARE] * 3, np.eye(2), *[SQUARE] * 4)),
        (ValueError, "init has shape", lambda c, U, x: fixed_point_states(c, U, x, init=U[:3])),
        (ValueError, "init has entries", lambda c, U, x: fixed_point_states(c, U, x, init=U * np.inf)),
        (ValueError, "transition='secant'", lambda c, U, x: fixed_point_states(c, U, x, "secant")),
        (ValueError, "transition has shape", lambda c, U, x: fixed_point_states(c, U, x, np.ones((6, 3, 2)))),
        (ValueError, "method='cyclic'", lambda c, U, x: fixed_point_states(c, U, x, solver="cyclic")),
        (ValueError, "damping=1.5", lambda c, U, x: fixed_point_states(c, U, x, damping=1.5)),
        (ValueError, "damping=-0.1", lambda c, U, x: fixed_point_states(c, U, x, damping=-0.1)),
        (ValueError, "project=", lambda c, U, x: fixed_point_states(c, U, x, project=(1.0, 1.0))),
        (ValueError, "project=", lambda c, U, x: fixed_point_states(c, U, x, project=(-1.0, 0.0, 1.0))),
        (ValueError, "project=", lambda c, U, x: fixed_point_states(c, U, x, project=1.0)),
        (ValueError, "tol=-1", lambda c, U, x: fixed_point_states(c, U, x, tol=-1)),
        (ValueError, "tol=nan", lambda c, U, x: fixed_point_states(c, U, x, tol=math.nan)),
        (ValueError, "max_iter=-1", lambda c, U, x: fixed_point_states(c, U, x, max_iter=-1)),
        (TypeError, "max_iter=2.5", lambda c, U, x: fixed_point_states(c, U, x, max_iter=2.5)),
        (TypeError, "max_iter=nan", lambda c, U, x: levenberg_marquardt_states(c, U, x, 1.0, max_iter=math.nan)),
        (ValueError, "damping=0", lambda c, U, x: levenberg_marquardt_states(c, U, x, 0)),
        (ValueError, "damping=inf", lambda c, U, x: levenberg_marquardt_states(c, U, x, math.inf)),
        (ValueError, "method='dense'", lambda c, U, x: levenberg_marquardt_states(c, U, x, 1, method="dense")),
        (ValueError, "chunk=0", lambda c, U, x: block_jacobi_states(c, U, x, 0)),
        (ValueError, "tol=-1", lambda c, U, x: block_jacobi_states(c, U, x, 2, -1)),
        (ValueError, "max_sweeps=0", lambda c, U, x: block_jacobi_states(c, U, x, max_sweeps=0)),
        (TypeError, "max_sweeps=1.5", lambda c, U, x: block_jacobi_states(c, U, x, max_sweeps=1.5)),
        (TypeError, "chunk=2.5", lambda c, U, x: block_jacobi_states(c, U, x, 2.5)),
        (ValueError, "at least one step", lambda c, U, x: largest_lyapunov(c, U[:0], x)),
        (ValueError, "burn=6", lambda c, U, x: largest_lyapunov(c, U, x, 6)),
        (ValueError, "burn=-1", lambda c, U, x: largest_lyapunov(c, U, x, -1)),
        (TypeError, "burn=2.5", lambda c, U, x: largest_lyapunov(c, U, x, 2.5)),
        (ValueError, "at least one step", lambda c, U, x: adjoint_gradient(c, U[:0], x, U[:0], U[:0])),
        (ValueError, "cotangents has shape", lambda c, U, x: adjoint_gradient(c, U, x, U, U[:2])),
        (ValueError, "states has shape", lambda c, U, x: error_bound(c, U, x, U[:2])),
        (ValueError, "condition number", lambda c, U, x: diagonalise(np.array([[0.5, 0.4], [0.0, 0.5]]))),
        (ValueError, "T=0", lambda c, U, x: scan_cost(0, "loop")),
        (TypeError, "T=2.5", lambda c, U, x: scan_cost(2.5, "loop")),
        (ValueError, "method='banded'", lambda c, U, x: scan_cost(4, "banded")),
        (ValueError, "T and d must agree", lambda c, U, x: affine_scan(np.ones((5, 3, 3)), U, x)),
        (ValueError, "A has shape", lambda c, U, x: affine_scan(np.ones((6, 3, 2)), U, x)),
        (TypeError, "A has dtype int", lambda c, U, x: affine_scan(np.ones((6, 3), int), U, x)),
        (TypeError, "dtype object", lambda c, U, x: affine_scan(np.full((6, 3), "a", dtype=object), U, x)),
        (TypeError, "LAPACK", lambda c, U, x: affine_scan(*(fractions(np.random.default_rng(0), *s)
                                                           for s in ((2, 1), (2, 1), (1,))), "banded")),
        (ValueError, "A has shape", lambda c, U, x: doubling_scan(np.ones((3, 2)), U, x)),
        (ValueError, "b has shape", lambda c, U, x: doubling_scan(SQUARE, U[:, :2], x)),
        (ValueError, "s0 has shape", lambda c, U, x: doubling_scan(SQUARE, U, x[:2])),
        (ValueError, "nan or infinite", lambda c, U, x: doubling_scan(SQUARE, U * np.nan, x)),
        (TypeError, "A has dtype int", lambda c, U, x: doubling_scan(np.ones(3, int), U, x)),
        (TypeError, "A has dtype complex", lambda c, U, x: doubling_scan(SQUARE + 0j, U, x)),
        (TypeError, "b has dtype complex", lambda c, U, x: doubling_scan(SQUARE, U + 0j, x)),
        (TypeError, "b has dtype object", lambda c, U, x: doubling_scan(SQUARE, np.full((6, 3), "a", object), x)),
        (ValueError, "both are diagonal", lambda c, U, x: affine_compose((SQUARE, x), (x, x))),
        (ValueError, "A of shape", lambda c, U, x: affine_compose((np.eye(2), x), (SQUARE, x))),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused_by_name(error, words, call):
    with pytest.raises(error, match=words):
        call(*network(16, T=6))


@pytest.mark.peer("torch")
def test_arrays_of_two_kinds_are_refused():
    torch = importlib.import_module("torch")
    cell, U, x0 = network(17, T=4)
    with pytest.raises(TypeError):
        sequential_states(cell, torch.asarray(U), x0)
