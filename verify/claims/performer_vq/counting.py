"""Arrays that count what is done with them, and memory as a share of what is allowed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from verify.evidence import CountingArray, Enclosure, exact


class CellCounting(CountingArray):
    """Also counts the additions of `np.add.reduceat`, by which values are summed over the cells of a codebook."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc is np.add and method == "reduceat":
            self.counts["multiply_adds"] += np.asarray(inputs[0]).size
        return super().__array_ufunc__(ufunc, method, *inputs, **kwargs)

    def _child(self, result: Any) -> Any:
        if type(result) in (tuple, list):
            return type(result)(map(self._child, result))
        return CellCounting.of(result, self.counts) if isinstance(result, np.ndarray) else result


def share(bytes_used: int, allowed: int) -> Enclosure:
    return exact(Fraction(bytes_used, allowed))
