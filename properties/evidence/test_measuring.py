"""Small measures: a wrong answer is far away, a refusal is counted, memory and work are seen."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from verify.evidence import CountingArray, NotANumber, accepted, answered, gap, peak_bytes, slope

numbers = st.floats(allow_nan=False)
integers = st.integers(-(2**63), 2**63 - 1)


@given(numbers, numbers)
def test_the_gap_of_two_floats_is_their_distance_and_zero_only_if_they_are_equal(a, b):
    assert gap(a, b) == gap([0.0, b], [0.0, a]) == (0.0 if a == b else abs(a - b))
    assert (gap(a, b) == 0) == (a == b)


@given(integers, integers)
@example(2**62 + 1, 2**62)
def test_the_gap_of_two_integers_loses_no_digit(a, b):
    assert gap(np.int64(a), np.int64(b)) == gap([a, 0], [b, 0]) == float(abs(a - b))
    assert gap(np.uint64(2**64 - 1), np.int64(-1)) == 2.0**64


@pytest.mark.parametrize(
    ("a", "b", "far"), [(True, False, 1), (True, 1, 0), (True, 0.5, 0.5), (3 + 4j, 0, 5), ([], [], 0)]
)
def test_truth_values_and_complex_numbers_have_distances(a, b, far):
    assert gap(a, b) == far


@pytest.mark.parametrize(
    ("a", "b"), [(math.nan, math.nan), ([1, math.nan], [1, 2]), (math.inf, -math.inf), (complex(0, math.nan), 0)]
)
def test_a_nan_and_a_lone_infinity_are_infinitely_far(a, b):
    assert gap(a, b) == gap(b, a) == math.inf
    assert gap([-math.inf, 1.0], [-math.inf, 3.0]) == 2.0  # equal infinities are not


@pytest.mark.parametrize(("x", "y"), [((3,), (2,)), ((3,), (1, 3)), ((3, 1), (3,)), ((0,), (3,)), ((0,), ())])
def test_another_shape_is_infinitely_far_and_so_is_an_empty_answer(x, y):
    assert gap(np.ones(x), np.ones(y)) == gap(np.ones(y), np.ones(x)) == math.inf


def test_only_the_promised_error_is_a_refusal():
    def half_strict(x):
        if x < 0:
            raise ValueError
        if x == 0:
            raise ZeroDivisionError

    assert accepted(half_strict, [(-1,), (-2,), (0,), (1,)], ValueError) == 2


@pytest.mark.parametrize("megabytes", [1, 5, 20])
def test_the_peak_is_the_allocation_and_little_more(megabytes):
    size = megabytes * 2**20
    assert size <= peak_bytes(np.ones, size, dtype=np.uint8) <= size + 2**16  # the frame and the array's head


@given(st.integers(-(2**20), 2**20), st.integers(-(2**20), 2**20))
def test_the_slope_of_a_line_in_small_integers_is_exact(a, b):
    x = np.array([0, 1, 3, 4])  # mean 2, squares 10: all sums are integers under 2^53
    assert slope(x, a * x + b) == a


@pytest.mark.parametrize("x", [[1.0, 1.0], [0.1, 0.1, 0.1], [2.0], [], [1.0, math.nan], [1.0, math.inf]])
def test_a_slope_needs_two_points_and_a_broken_curve_has_none(x):
    with pytest.raises(ValueError, match="two distinct"):
        slope(x, np.arange(len(x)))
    assert slope([1.0, 2.0], [1.0, math.nan]) == math.inf


@pytest.fixture
def x():
    return CountingArray.of(np.ones((2, 3)))


def test_products_count_with_either_operand_and_in_batches(x):
    for a, b, work in ((x, np.ones((3, 4)), 24), (np.ones((7, 4, 2)), x, 168), ([[1, 1]], x, 6), (x[0], x[1], 3)):
        before = x.counts["multiply_adds"]
        _ = a @ b
        assert x.counts["multiply_adds"] - before == work


@pytest.mark.parametrize(
    "child",
    [
        lambda x: x[:, :2], lambda x: x.T, lambda x: x.copy(), lambda x: x + 1, lambda x: np.modf(x)[0],
        lambda x: x.sum(axis=0), lambda x: np.concatenate([x, x]), lambda x: np.where(x > 0, x, 1),
        lambda x: np.split(x, 2)[0],
    ],
)  # fmt: skip
def test_children_of_every_kind_count_into_the_same_book(x, child):
    y = child(x)
    np.exp(y)
    assert x.counts["exps"] == y.size


def test_work_into_a_given_place_counts(x):
    y = x[:, :2] @ np.ones((2, 4))
    np.exp(y, out=y)
    np.exp(np.zeros((2, 3)), out=x)
    np.matmul(y, np.ones((4, 1)), out=x[:, :1])
    assert x.counts == {"multiply_adds": 16 + 8, "exps": 8 + 6}


@pytest.mark.parametrize("product", [np.dot, np.inner, lambda a, b: a.dot(b), lambda a, b: np.einsum("ij,jk", a, b)])
def test_a_product_that_would_go_by_uncounted_is_refused(x, product):
    with pytest.raises(TypeError, match="with @, which is counted"):
        product(x, np.ones((3, 2)))


def test_an_answer_is_let_through_unless_it_is_nan():
    assert answered([1, math.inf]).tolist() == [1.0, math.inf]
    assert float(answered(2)) == 2.0
    for answer in (math.nan, [1.0, math.nan], np.full((2, 2), np.nan)):
        with pytest.raises(NotANumber):
            answered(answer)
