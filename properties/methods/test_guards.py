"""The doors of verify.methods: what they let in, what they refuse, and what they say."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.methods.guards import (
    as_fraction,
    class_indices,
    exact_or_finite,
    finite_array,
    probabilities,
    real_array,
    real_number,
    refuse,
    whole_number,
)


def test_a_refusal_says_what_was_found_what_is_allowed_and_what_to_do():
    with pytest.raises(ValueError, match=r"^reg=-1, but reg is positive; raise it$"):
        refuse("reg=-1", "reg is positive", "raise it")


@pytest.mark.parametrize("kind", [int, np.float32, np.float64, bool])
def test_real_arrays_become_float64(kind):
    assert real_array("x", np.ones(2, kind)).dtype == np.float64


def test_single_precision_stays_where_it_is_allowed():
    assert real_array("x", np.ones(2, np.float32), single=True).dtype == np.float32
    assert real_array("x", np.ones(2, np.float16), single=True).dtype == np.float64


@pytest.mark.parametrize("value", [[1j], ["a"], [Fraction(1, 2)], [None]])
def test_what_is_not_real_is_a_type_error(value):
    with pytest.raises(TypeError, match="x has dtype"):
        finite_array("x", value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_entry_that_is_not_finite_is_named(bad):
    with pytest.raises(ValueError, match=r"^x\[1, 0\]=.*finite"):
        finite_array("x", [[0.0, 1.0], [bad, bad]])


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ([1.0], ("n", "n")),
        ([[1.0, 2.0]], ("n", "n")),
        ([1.0], (2,)),
        ([], ("n",)),
        (1.0, ("n",)),
        ([[], []], ("n", "d")),
    ],
)
def test_shapes_that_do_not_fit_are_refused(value, shape):
    with pytest.raises(ValueError, match="x has shape"):
        finite_array("x", value, shape)


def test_the_input_is_passed_through_not_copied():
    x = np.ones((2, 3))
    assert finite_array("x", x, ("n", "m")) is x


@given(size=st.integers(1, 50), rows=st.integers(1, 4), seed=st.integers(0, 2**32))
def test_normalised_rows_are_probabilities(size, rows, seed):
    p = np.random.default_rng(seed).random((rows, size)) + 1e-3
    p /= p.sum(axis=1, keepdims=True)
    assert probabilities("p", p, ("B", "n")) is p


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1.5, -0.5], r"p\[1\]=-0.5.*not negative"),
        ([0.5, 0.5 + 2**-25], r"p sums to 1.00000002.*within 1e-08"),
        ([0.5, 0.4], r"divide by the sum"),
        ([np.nan, 1.0], r"finite"),
        ([], r"shape"),
        ([[1.0]], r"shape"),
    ],
)
def test_what_is_no_probability_vector_is_refused(value, message):
    with pytest.raises(ValueError, match=message):
        probabilities("p", value)


def test_a_single_bad_row_is_found():
    with pytest.raises(ValueError, match=r"p sums to 0.75"):
        probabilities("p", [[0.5, 0.5], [0.5, 0.25]], ("B", "n"))


@pytest.mark.parametrize("value", [[0.0], [True], ["0"], [1j], [None]])
def test_classes_that_are_not_integers_are_a_type_error(value):
    with pytest.raises(TypeError, match="integers"):
        class_indices("targets", value, 3)


@pytest.mark.parametrize("value", [[0, 3], [-1, 0], [2, -100]])
def test_classes_outside_the_range_are_an_index_error(value):
    with pytest.raises(IndexError, match=r"targets\[\d\]=.*0 to 2"):
        class_indices("targets", value, 3)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.uint64])
def test_all_integer_types_number_classes(kind):
    assert class_indices("t", np.array([0, 2], kind), 3).tolist() == [0, 2]


def test_fractions_of_numpy_integers_do_not_overflow():
    big = as_fraction(np.int64(2**62))
    assert big * 4 == 2**64


def test_exact_arrays_stay_exact_and_others_become_floats():
    exact = exact_or_finite("c", [[Fraction(1, 3), 1]], ("n", "m"))
    assert exact.tolist() == [[Fraction(1, 3), Fraction(1)]]
    assert exact_or_finite("c", [[1, 2]], ("n", "m")).dtype == np.float64
    with pytest.raises(TypeError):
        exact_or_finite("c", [[Fraction(1, 3), 0.5]], ("n", "m"))


@pytest.mark.parametrize("kind", [int, np.int8, np.uint64])
def test_a_whole_number_of_any_integer_type_becomes_an_int(kind):
    assert type(whole_number("k", kind(3), 3)) is int
    with pytest.raises(ValueError, match="k=3, but k is at least 4"):
        whole_number("k", kind(3), 4)


@pytest.mark.parametrize("value", [2.0, True, np.True_, "2", None, [2]])
def test_what_is_no_integer_is_a_type_error(value):
    with pytest.raises(TypeError, match="an integer is needed"):
        whole_number("k", value, 0)


@pytest.mark.parametrize("value", [1, 0.5, Fraction(1, 3), np.float32(0.5), np.int64(1)])
def test_a_real_number_of_any_type_becomes_a_float(value):
    assert type(real_number("x", value)) is float
    assert real_number("x", value, least=float(value)) == real_number("x", value, above=0, below=2) == float(value)


@pytest.mark.parametrize(
    ("bounds", "allowed"),
    [
        ({}, "finite;"),
        ({"least": 0}, "finite and at least 0"),
        ({"above": 0, "below": 1}, "finite, above 0 and below 1"),
    ],
)
def test_a_number_outside_its_bounds_is_refused_with_all_of_them(bounds, allowed):
    for value in [np.nan, np.inf, *([-1.0] if bounds else [])]:
        with pytest.raises(ValueError, match=f"x={value}, but x is {allowed}"):
            real_number("x", value, **bounds)


@pytest.mark.parametrize("value", [True, "1", 1j, None, [1.0], np.ones(1)])
def test_what_is_no_real_number_is_a_type_error(value):
    with pytest.raises(TypeError, match="a real number is needed"):
        real_number("x", value)
