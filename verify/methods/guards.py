"""Wrong arguments, met at the door: by name and value, with what is allowed and what to do instead."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from numbers import Rational
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]

LARGEST_COST = 1e300  # sums and differences of a million such costs are still floats
MASS_TOLERANCE = 1e-8  # how far a probability vector may sum from 1; beyond it the caller rescales, never we


def refuse(found: str, allowed: str, remedy: str, kind: type[Exception] = ValueError) -> NoReturn:
    """Raise `kind`, saying what was found, what is allowed and what to do.

    >>> refuse("rate=1.5", "a rate lies in [0, 1)", "give the share of flipped labels")
    Traceback (most recent call last):
        ...
    ValueError: rate=1.5, but a rate lies in [0, 1); give the share of flipped labels
    """
    raise kind(f"{found}, but {allowed}; {remedy}")


def real_array(
    name: str, value: ArrayLike, shape: tuple[int | str, ...] | None = None, *, single: bool = False
) -> Array:
    """`value` as an array of real numbers: float64, or float32 where it came so and `single` allows it.

    `shape` names the axes: an int is a size that is needed, a word stands for any size but zero. Entries are not
    looked at. Input that already has the right type is returned itself, not a copy.

    TypeError: complex, text, or objects. ValueError: another shape, or no entries.

    >>> real_array("cost", [[0, 1], [1, 0]], ("n", "n")).dtype
    dtype('float64')
    """
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        refuse(f"{name} has dtype {array.dtype}", "real numbers are needed", f"convert {name} to float64", TypeError)
    if shape is not None:
        check_shape(name, array, shape)
    return array.astype(np.float32 if single and array.dtype == np.float32 else np.float64, copy=False)


def check_shape(name: str, array: Array, shape: tuple[int | str, ...]) -> None:
    """ValueError unless `array` has the axes of `shape`; a word that occurs twice must have one size."""
    sizes: dict[str, int] = {}
    fits = array.ndim == len(shape) and all(
        size == (axis if isinstance(axis, int) else sizes.setdefault(axis, size))
        for axis, size in zip(shape, array.shape, strict=True)
    )
    if not fits or array.size == 0:
        wanted = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
        refuse(
            f"{name} has shape {array.shape}", f"{wanted} is needed, not empty", "check the order of axes and arguments"
        )


def finite_array(
    name: str, value: ArrayLike, shape: tuple[int | str, ...] | None = None, *, single: bool = False
) -> Array:
    """Like `real_array`, and ValueError for nan or infinite entries.

    >>> finite_array("cost", [0.0, float("nan")])
    Traceback (most recent call last):
        ...
    ValueError: cost[1]=nan, but every entry must be finite; mask or repair it before the call
    """
    array = real_array(name, value, shape, single=single)
    # Extremes instead of isfinite(array).all(): nan and inf show in them, and no mask as large as the input is built.
    if array.size and not (np.isfinite(array.min()) and np.isfinite(array.max())):
        first_bad(name, array, ~np.isfinite(array), "every entry must be finite", "mask or repair it before the call")
    return array


def first_bad(
    name: str, array: Array, bad: Array, allowed: str, remedy: str, kind: type[Exception] = ValueError
) -> None:
    """Refuse the first entry of `array` where `bad` is true, if there is one."""
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        where = f"{name}[{', '.join(map(str, index))}]" if index else name
        refuse(f"{where}={array[index]}", allowed, remedy, kind)


def summable_costs(name: str, value: ArrayLike, shape: tuple[int | str, ...]) -> Array:
    """Like `finite_array`, and ValueError beyond +-1e300, where differences of costs may leave the float range.

    >>> summable_costs("cost", [1e301], ("n",))
    Traceback (most recent call last):
        ...
    ValueError: cost reaches 1e+301, but costs lie within +-1e+300; choose a larger unit
    """
    costs = finite_array(name, value, shape)
    extreme = max(costs.max(), costs.min(), key=abs)
    if abs(extreme) > LARGEST_COST:
        refuse(f"{name} reaches {extreme}", f"costs lie within +-{LARGEST_COST}", "choose a larger unit")
    return costs


def probabilities(name: str, value: ArrayLike, shape: tuple[int | str, ...] = ("n",)) -> Array:
    """Probability vectors along the last axis, float64: nonnegative, each sum within 1e-8 of 1.

    >>> probabilities("p", [0.5, 0.6])
    Traceback (most recent call last):
        ...
    ValueError: p sums to 1.1, but probabilities sum to 1 within 1e-08; divide by the sum, in float64
    """
    p = finite_array(name, value, shape)
    first_bad(name, p, p < 0, "probabilities are not negative", "clip rounding errors, then divide by the sum")
    total = p.sum(axis=-1)
    off = np.abs(total - 1)
    if (off > MASS_TOLERANCE).any():
        worst = np.ravel(total)[off.argmax()]
        remedy = "divide by the sum, in float64"
        refuse(f"{name} sums to {worst}", f"probabilities sum to 1 within {MASS_TOLERANCE}", remedy)
    return p


def class_indices(name: str, value: ArrayLike, n: int) -> NDArray[np.intp]:
    """Integers in [0, n). TypeError for anything but integers, IndexError outside the range.

    >>> class_indices("targets", [0, 3], 3)
    Traceback (most recent call last):
        ...
    IndexError: targets[1]=3, but classes are numbered 0 to 2; leave ignored positions out, by a mask if there is one
    """
    index = np.asarray(value)
    if index.dtype.kind not in "iu":
        refuse(f"{name} has dtype {index.dtype}", "class numbers are integers", "convert with astype(int)", TypeError)
    allowed = f"classes are numbered 0 to {n - 1}"
    remedy = "leave ignored positions out, by a mask if there is one"
    first_bad(name, index, (index < 0) | (index >= n), allowed, remedy, IndexError)
    return index.astype(np.intp)


def is_exact(value: Any) -> bool:
    """Whether `value` is an int or Fraction, NumPy's integers included; bool counts as an int."""
    return isinstance(value, Rational)


def as_fraction(value: Any) -> Fraction:
    """An int or Fraction, NumPy's integers included, as a Fraction of Python's own unbounded integers."""
    return Fraction(int(value.numerator), int(value.denominator))


def exact_or_finite(name: str, value: ArrayLike, shape: tuple[int | str, ...]) -> Array:
    """An array of ints and Fractions (dtype object) as Fractions, anything else through `finite_array`.

    For formulas made of the four operations, which are then exact on exact input.
    """
    array = np.asarray(value)
    if array.dtype == object and all(map(is_exact, array.flat)):
        check_shape(name, array, shape)
        return np.asarray(np.vectorize(as_fraction, otypes=[object])(array))
    return finite_array(name, value, shape)


def whole_number(name: str, value: Any, least: int) -> int:
    """`value` as an int of at least `least`; NumPy's integers are welcome.

    TypeError: a bool, or anything but an integer. ValueError: below `least`.

    >>> whole_number("k", 0, 1)
    Traceback (most recent call last):
        ...
    ValueError: k=0, but k is at least 1; check the order of the arguments
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        refuse(f"{name}={value!r}", "an integer is needed", f"give {name} as an int", TypeError)
    if value < least:
        refuse(f"{name}={value}", f"{name} is at least {least}", "check the order of the arguments")
    return int(value)


def real_number(
    name: str, value: Any, *, least: float | None = None, above: float | None = None, below: float | None = None
) -> float:
    """`value` as a finite float that obeys the bounds which are given; fractions and NumPy's numbers are welcome.

    TypeError: a bool, a complex number, text, an array. ValueError: nan, infinite, or outside the bounds.

    >>> real_number("eps", 1.0, above=0, below=1)
    Traceback (most recent call last):
        ...
    ValueError: eps=1.0, but eps is finite, above 0 and below 1; check its unit and the order of the arguments
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, Rational, np.integer, np.floating)):
        refuse(f"{name}={value!r}", "a real number is needed", f"give {name} as a float", TypeError)
    try:
        number = float(value)
    except OverflowError:
        refuse(f"{name} is beyond the largest float", f"{name} is finite", "check its unit")
    kept = (
        (least is None or number >= least) and (above is None or number > above) and (below is None or number < below)
    )
    if not (np.isfinite(number) and kept):
        given = {"at least": least, "above": above, "below": below}
        stated = ["finite", *(f"{words} {bound:g}" for words, bound in given.items() if bound is not None)]
        allowed = f"{name} is {', '.join(stated[:-1])}{' and ' * (len(stated) > 1)}{stated[-1]}"
        refuse(f"{name}={value}", allowed, "check its unit and the order of the arguments")
    return number


def as_given(value: ArrayLike, checked: Array) -> Array:
    """`checked` as the subclass of ndarray that `value` came as, if it did: so an array that counts goes on counting.

    >>> as_given([1, 2], np.array([1.0, 2.0])).tolist()
    [1.0, 2.0]
    """
    foreign = (np.matrix, np.ma.MaskedArray)  # their arithmetic means something else
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray and not isinstance(value, foreign):
        return value.astype(checked.dtype, copy=False)
    return checked


def generator(rng: Any) -> np.random.Generator:
    """TypeError unless `rng` is a numpy.random.Generator: seeds, RandomState and the global state are not taken."""
    if not isinstance(rng, np.random.Generator):
        found = f"rng is a {type(rng).__name__}"
        refuse(found, "a numpy.random.Generator is needed", "make one with numpy.random.default_rng(seed)", TypeError)
    return rng


def one_of(name: str, value: Any, allowed: Collection[str]) -> str:
    """ValueError unless `value` is one of the words that are allowed."""
    if value not in allowed:
        refuse(f"{name}={value!r}", f"{name} is one of {', '.join(allowed)}", "check the spelling")
    return str(value)
