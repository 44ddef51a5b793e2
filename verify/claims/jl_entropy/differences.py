"""Derivatives by differences, where a claim is about one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def derivative(f: Callable[[float], Any], step: float) -> Any:
    """f'(0) by the central difference of fourth order; it errs by step^4 / 30 of the fifth derivative."""
    return (8 * (f(step) - f(-step)) - (f(2 * step) - f(-2 * step))) / (12 * step)
