"""Arguments that the functions of this package share, met at the door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from verify.methods.guards import Array, finite_array, first_bad, real_number, refuse, whole_number

Counts = NDArray[np.int64]
LARGEST_COUNT = np.iinfo(np.int64).max


def counts(name: str, value: ArrayLike, least: int) -> Counts:
    """An array of integers of at least `least` and below 2^63, of any shape. TypeError for floats and truth values."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        refuse(
            f"{name} has dtype {array.dtype}", f"{name} is made of integers", "convert it with astype(int)", TypeError
        )
    first_bad(name, array, array < least, f"{name} is at least {least}", "give a larger count")
    first_bad(name, array, array > LARGEST_COUNT, f"{name} is below 2^63", "give a smaller count")
    return array.astype(np.int64)


def schedule(n: Any, least: int, generations: int | None = None) -> list[int]:
    """Sample sizes of all generations from one integer or a sequence of them.

    ValueError: an empty sequence, or one that does not have `generations` entries.

    >>> schedule(5, 2, 3)
    [5, 5, 5]
    """
    if not isinstance(n, (Sequence, np.ndarray)) or isinstance(n, (str, bytes)) or np.ndim(n) == 0:
        return [whole_number("n", n, least)] * (1 if generations is None else generations)
    sizes = [whole_number("n", size, least) for size in n]
    if not sizes:
        refuse("n has no entries", "a schedule has a size for each generation", "give at least one")
    if generations is not None and len(sizes) != generations:
        refuse(f"n has {len(sizes)} entries", f"generations={generations} need as many", "give one size a generation")
    return sizes


def sampling_bias(bias: Any, *, explosive: bool = False) -> float:
    """λ as a float: positive and finite, at most 1 unless `explosive`."""
    lam = real_number("bias", bias, above=0)
    if bias > 1 and not explosive:
        refuse(f"bias={bias}", "λ lies in (0, 1]", "λ multiplies the variance of what is sampled")
    return lam


def degrees_lost(ddof: Any) -> int:
    """`ddof`: 1 divides by n - 1, 0 by n."""
    if whole_number("ddof", ddof, 0) > 1:
        refuse(f"ddof={ddof}", "ddof is 0 or 1", "0 is the maximum likelihood fit, 1 the unbiased one")
    return int(ddof)


def lower_factors(name: str, value: ArrayLike) -> Array:
    """Lower-triangular factors (..., d, d), finite. ValueError: an entry above the diagonal that is not 0."""
    factor = finite_array(name, value)
    if factor.ndim < 2 or factor.shape[-1] != factor.shape[-2] or factor.size == 0:
        refuse(f"{name} has shape {factor.shape}", "(..., d, d) is needed, not empty", "give the Cholesky factor")
    if np.triu(factor, 1).any():
        refuse(
            f"{name} has entries above the diagonal", "a lower-triangular factor is needed", "use numpy.linalg.cholesky"
        )
    return factor


def like(value: Any, result: ArrayLike) -> Any:
    """Scalars in, Python numbers out; arrays in, arrays out."""
    return np.asarray(result) if np.ndim(value) else np.asarray(result).item()
