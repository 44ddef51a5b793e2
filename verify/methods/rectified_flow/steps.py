"""Fixed-step integrators on [0, 1]: Euler, Heun, and the classical method of Runge and Kutta."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from verify.methods.guards import Array, real_array, refuse, whole_number
from verify.methods.rectified_flow.coupling import choice

Field = Callable[[Array, float], Array]

METHODS = ("rk4", "heun", "euler")


def integrate(field: Field, x0: Array, n_steps: int, method: str = "rk4") -> Array:
    """x(1) of x'(t) = field(x, t), x(0) = x0, by `n_steps` equal steps; the shape of x0, any but empty, float64.

    "euler", "heun" (the explicit trapezoid) and "rk4" have order 1, 2 and 4. The field is called at times in [0, 1],
    the last one exactly 1, and must not change its argument.

    TypeError: x0 of integers (give floats), complex numbers there or from the field. ValueError: nan or infinite
    entries, n_steps < 1, an unknown method, a field of another shape. RuntimeError: the solution leaves the finite numbers.

    Source: Kutta 1901; Heun 1900.

    >>> round(float(integrate(lambda x, t: x, np.array([1.0]), 100)[0]), 7)
    2.7182818
    """
    x = np.asarray(x0)
    if x.dtype.kind != "f":
        refuse(f"x0 has dtype {x.dtype}", "particles are real floats", "convert x0 to float64", TypeError)
    x = x.astype(np.float64, copy=False)
    if not x.size or not np.isfinite(x).all():
        refuse("x0 is empty or not finite", "every coordinate must be finite", "mask or repair it before the call")
    *_, last = trajectory(field, x, n_steps, method)
    return last


def trajectory(field: Field, x0: Array, n_steps: int, method: str) -> Iterator[Array]:
    """The states after each step."""
    n, step = whole_number("n_steps", n_steps, 1), STEPS[choice("method", method, METHODS)]

    def velocity(x: Array, t: float) -> Array:
        v = real_array("the field", field(x, t))
        if v.shape != x0.shape:
            refuse(
                f"the field has shape {v.shape}", f"that of x0, {x0.shape}, is needed", "return one velocity a particle"
            )
        return v

    x = x0
    for i in range(n):
        x = step(velocity, x, i / n, (i + 0.5) / n, (i + 1) / n)
        if not np.isfinite(x).all():
            raise RuntimeError(
                f"the solution leaves the finite numbers at t = {(i + 1) / n:.6g}: take more steps, or check the field"
            )
        yield x


def euler_step(field: Field, x: Array, start: float, middle: float, end: float) -> Array:
    """x + h v."""
    return np.asarray(x + (end - start) * field(x, start))


def heun_step(field: Field, x: Array, start: float, middle: float, end: float) -> Array:
    """The mean of the slopes at both ends, the second one at Euler's point."""
    h = end - start
    first = field(x, start)
    return np.asarray(x + h / 2 * (first + field(x + h * first, end)))


def rk4_step(field: Field, x: Array, start: float, middle: float, end: float) -> Array:
    """Simpson's weights on four slopes, two of them in the middle."""
    h = end - start
    k1 = field(x, start)
    k2 = field(x + h / 2 * k1, middle)
    k3 = field(x + h / 2 * k2, middle)
    k4 = field(x + h * k3, end)
    return np.asarray(x + h / 6 * (k1 + 2 * (k2 + k3) + k4))


STEPS = {"euler": euler_step, "heun": heun_step, "rk4": rk4_step}
