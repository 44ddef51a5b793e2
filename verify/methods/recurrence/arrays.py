"""Arrays of any kind: the namespace they belong to, products that every kind can do, and what is let in at the door.

NumPy arrays take NumPy's own path. Others (torch, JAX, array-api-strict) go through the array API standard, without
assignment into arrays, which some kinds do not have.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.methods.guards import is_exact, refuse

CAST = "convert it to floats first"


def namespace(*arrays: Any) -> Any:
    """The array API namespace of the arrays; NumPy itself for NumPy arrays and for lists.

    TypeError: arrays of two kinds.
    """
    foreign = [a for a in arrays if hasattr(a, "__array_namespace__") or hasattr(a, "__dlpack__")]
    if all(isinstance(a, np.ndarray | np.generic) for a in foreign):
        return np
    from array_api_compat import array_namespace

    return array_namespace(*foreign)


Shape = tuple[int | str, ...] | None  # of axes: a word is any size, 0 too; None allows any axes


def floats(xp: Any, name: str, value: Any, shape: Shape = None, *, complex_too: bool = False) -> Any:
    """`value` as a finite array of floating point numbers with the axes of `shape`.

    TypeError: integers, objects, complex numbers unless `complex_too`. ValueError: another shape, nan, infinity.
    """
    array = as_array(xp, value)
    kinds = ("real floating", "complex floating")[: 1 + complex_too]
    if not (array.dtype.kind in "fc"[: 1 + complex_too] if xp is np else xp.isdtype(array.dtype, kinds)):
        needed = f"{'' if complex_too else 'real '}floating point numbers are needed"
        refuse(f"{name} has dtype {array.dtype}", needed, CAST, TypeError)
    check_axes(name, array, shape)
    if not all_finite(xp, array):
        refuse(
            f"{name} has entries that are nan or infinite", "every entry must be finite", "repair it before the call"
        )
    return array


def numbers(xp: Any, name: str, value: Any, shape: Shape = None, *, complex_too: bool = False) -> Any:
    """Like `floats`, and NumPy arrays of ints and fractions (dtype object) as they are."""
    array = as_array(xp, value)
    if xp is np and array.dtype == object and all(map(is_exact, array.flat)):
        check_axes(name, array, shape)
        return array
    return floats(xp, name, array, shape, complex_too=complex_too)


def as_array(xp: Any, value: Any) -> Any:
    """`value` as an array of `xp`; what is one already is returned itself, with all that hangs on it (torch's graph)."""
    return np.asarray(value) if xp is np else value if hasattr(value, "dtype") else xp.asarray(value)


def check_axes(name: str, array: Any, shape: Shape) -> None:
    """ValueError unless `array` has the axes of `shape`; a word that occurs twice stands for one size."""
    if shape is None:
        return
    sizes: dict[str, int] = {}
    found = tuple(array.shape)
    fits = len(found) == len(shape) and all(
        size == (axis if isinstance(axis, int) else sizes.setdefault(axis, size))
        for axis, size in zip(shape, found, strict=True)
    )
    if not fits:
        wanted = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
        refuse(f"{name} has shape {found}", f"{wanted} is needed", "check the order of axes and arguments")


def all_finite(xp: Any, array: Any) -> bool:
    """Whether no entry is nan or infinite."""
    return bool(xp.all(xp.isfinite(array)))


def largest(xp: Any, array: Any) -> float:
    """max |entry|, inf where an entry is not finite, 0 of nothing."""
    if 0 in array.shape:
        return 0.0
    return float(xp.max(xp.abs(array))) if all_finite(xp, array) else float("inf")


def matvec(matrix: Any, vector: Any) -> Any:
    """matrix (..., n, m) times vector (..., m), stacks broadcasting.

    On NumPy arrays every product of a stack is done by the same kernel as a single one, so that a sequence evaluated at
    once agrees in every bit with one that is evaluated step by step; a matrix product of the stack would not.
    """
    if isinstance(vector, np.ndarray):
        if vector.dtype == object:
            return _exact_matvec(matrix, vector)
        if matrix.shape[-2:] == (1, 1):
            return matrix[..., 0] * vector
        return np.matvec(matrix, vector)
    return (matrix @ vector[..., None])[..., 0]


def rows_product(matrix: Any, vectors: Any, out: Any = None) -> Any:
    """`matvec` for NumPy vectors (n, m) by one matrix product, faster and rounded in another order."""
    return np.matmul(vectors, matrix.T, out=out)


def _exact_matvec(matrix: Any, vector: Any) -> Any:
    """Fractions and balls; one matrix on a stack of vectors of balls goes through FLINT's product."""
    if matrix.ndim == 2 and vector.ndim == 2 and vector.size and hasattr(vector.flat[0], "rad"):
        import flint

        product = flint.arb_mat(matrix.tolist()) * flint.arb_mat(vector.T.tolist())
        return np.array(product.tolist(), dtype=object).T
    return (matrix @ vector[..., None])[..., 0]


def row_scaled(scale: Any, matrix: Any) -> Any:
    """diag(scale) @ matrix."""
    return scale[..., :, None] * matrix


def column_scaled(matrix: Any, scale: Any) -> Any:
    """matrix @ diag(scale)."""
    return matrix * scale[..., None, :]


def shifted(xp: Any, first: Any, states: Any) -> Any:
    """What stands one step earlier: `first` (d,), then all rows of `states` (T, d) but the last."""
    return xp.concat([first[None, ...], states[:-1, ...]])


def like(xp: Any, made: Any, model: Any) -> Any:
    """`made` in the dtype of `model` and on its device."""
    if xp is np:
        return np.asarray(made, dtype=model.dtype)
    from array_api_compat import device

    return xp.asarray(made, dtype=model.dtype, device=device(model))


__all__ = [
    "all_finite",
    "as_array",
    "check_axes",
    "column_scaled",
    "floats",
    "largest",
    "like",
    "matvec",
    "namespace",
    "numbers",
    "row_scaled",
    "rows_product",
    "shifted",
]
