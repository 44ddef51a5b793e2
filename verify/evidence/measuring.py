"""Small measures that claims share: distances that survive NaN, refusals, memory, rates."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from verify.evidence.enclosure import NotANumber


def gap(a: ArrayLike, b: ArrayLike) -> float:
    """The largest |a - b| over all entries; an entry that is NaN, or a shape that differs, is infinitely far.

    What a subject returns is its answer: a NaN is a wrong one, not a failure of the measurement.
    """
    x, y = np.asarray(a), np.asarray(b)
    if x.shape != y.shape and ((x.ndim and y.ndim) or not (x.size and y.size)):
        return math.inf
    if x.dtype.kind in "biu" and y.dtype.kind in "biu":  # as floats, large integers lose their last digits
        return float(max(map(abs, np.ravel(np.subtract(x.astype(object), y.astype(object)))), default=0))
    with np.errstate(all="ignore"):
        distance = np.where(x == y, 0.0, np.abs(np.subtract(x, y, dtype=np.result_type(x, y, float))))
    return float(np.where(np.isnan(distance), np.inf, distance).max(initial=0.0))


def answered(answer: ArrayLike) -> NDArray[np.float64]:
    """The answer as floats, none of which is NaN. NotANumber: one is.

    For claims that a quantity is small, or that two things differ, by comparisons that a NaN would slip through.
    """
    x = np.asarray(answer, float)
    if np.isnan(x).any():
        raise NotANumber("an answer of the subject is NaN")
    return x


def accepted(
    f: Callable[..., Any], calls: Iterable[tuple[Any, ...]], error: type[Exception] | tuple[type[Exception], ...]
) -> int:
    """How many of the bad inputs `f` takes without raising `error`: "must raise" is this number against exactly(0)."""
    count = 0
    for call in calls:
        try:
            f(*call)
        except error:
            continue
        except Exception:
            pass  # another error than the promised one helps the caller as little as none
        count += 1
    return count


def peak_bytes(f: Callable[..., Any], *args: Any, **kwargs: Any) -> int:
    """The peak of memory that Python and NumPy allocate while f runs, beyond what stood before, in bytes."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        f(*args, **kwargs)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not running:
            tracemalloc.stop()


def slope(x: ArrayLike, y: ArrayLike) -> float:
    """The least-squares slope of y against x; of logarithms, it is a rate.

    ValueError: fewer than two distinct x, or one that is not finite. A y that is not finite makes the slope
    infinite, so that it fails.
    """
    a, b = np.asarray(x, float), np.asarray(y, float)
    if len(np.unique(a)) < 2 or not np.isfinite(a).all():  # not by a - mean, which may round away from 0
        raise ValueError(f"x={a}, but a slope needs two distinct points, all finite")
    a = a - a.mean()
    if not np.isfinite(b).all():
        return math.inf
    return float(a @ b / (a @ a))


UNCOUNTED = (np.dot, np.vdot, np.inner, np.tensordot, np.einsum)


class CountingArray(np.ndarray):
    """An array that counts the multiply-adds and exponentials done with it, in a dictionary shared by all its children.

    Counted are `@` and exp, expm1, exp2 of arrays. TypeError: a product that would go by uncounted (`dot`, `einsum`).

    >>> x = CountingArray.of(np.ones((2, 3)))
    >>> _ = np.exp(x @ np.ones((3, 4)))
    >>> x.counts
    {'multiply_adds': 24, 'exps': 8}
    """

    counts: dict[str, int]

    @classmethod
    def of(cls, array: ArrayLike, counts: dict[str, int] | None = None) -> CountingArray:
        """View `array` as a counting one; arrays with the same `counts` count together."""
        view = np.asarray(array).view(cls)
        view.counts = {"multiply_adds": 0, "exps": 0} if counts is None else counts
        return view

    def __array_finalize__(self, parent: Any) -> None:
        self.counts = getattr(parent, "counts", None) or {"multiply_adds": 0, "exps": 0}

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [np.asarray(x) if isinstance(x, CountingArray) else x for x in inputs]
        if "out" in kwargs:
            kwargs["out"] = tuple(np.asarray(x) if isinstance(x, CountingArray) else x for x in kwargs["out"])
        result = getattr(ufunc, method)(*plain, **kwargs)
        if ufunc is np.matmul:
            self.counts["multiply_adds"] += np.asarray(result).size * np.shape(plain[0])[-1]
        elif ufunc in (np.exp, np.expm1, np.exp2):
            self.counts["exps"] += np.asarray(result).size
        return self._child(result)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in UNCOUNTED:
            raise TypeError(f"np.{func.__name__} hides its multiply-adds: write the product with @, which is counted")
        return self._child(super().__array_function__(func, types, args, kwargs))

    def dot(self, *args: Any, **kwargs: Any) -> Any:
        return np.dot(self, *args, **kwargs)

    def _child(self, result: Any) -> Any:
        if type(result) in (tuple, list):
            return type(result)(map(self._child, result))
        return CountingArray.of(result, self.counts) if isinstance(result, np.ndarray) else result
