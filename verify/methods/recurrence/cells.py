"""Cells: one step of a recurrent network, its derivatives, and its Jacobian at the origin.

`step` and its derivatives work on stacks of states (..., d) and inputs (..., m) of any kind of array. They do not check
what they are given: the functions on whole sequences do. Complex arrays are allowed there, for complex steps, and
arrays of balls, for proofs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from verify.methods.guards import refuse
from verify.methods.recurrence.arrays import floats, like, matvec, namespace, row_scaled, rows_product


class Cell(Protocol):
    """What the functions on sequences need of a cell: d numbers of state, m of input, and derivatives of the step."""

    @property
    def state_size(self) -> int: ...

    @property
    def input_size(self) -> int: ...

    def step(self, h: Any, u: Any) -> Any: ...

    def jacobian(self, h: Any, u: Any) -> Any: ...

    def input_jacobian(self, h: Any, u: Any) -> Any: ...

    def origin_jacobian(self) -> Any: ...


Product = Callable[[Any, Any], Any]  # a matrix (d, m) times a vector (m,), or times each of a stack of vectors


class TanhCell:
    """x' = tanh(A x + u); A (d, d), and the input u has d numbers.

    TypeError: A is not of floats. ValueError: not square, empty, not finite.

    Source: Su 9783, eq. (1).
    """

    def __init__(self, A: Any) -> None:
        xp = namespace(A)
        self.A = _matrix(xp, "A", A, ("d", "d"))

    @property
    def state_size(self) -> int:
        """d."""
        return int(self.A.shape[0])

    input_size = state_size

    def step(self, h: Any, u: Any) -> Any:
        """The next state (..., d)."""
        return _tanh(matvec(self.A, h) + u)

    def advance(self, h: Any, u: Any, out: Any) -> None:
        """`step`, written into `out`: NumPy arrays only, the same bits, and nothing allocated."""
        self._advance(np.matvec, h, u, out)

    def advance_rows(self, h: Any, u: Any, out: Any) -> None:
        """`advance` for many states (n, d) by one matrix product, which may round in another order."""
        self._advance(rows_product, h, u, out)

    def _advance(self, times: Callable[..., Any], h: Any, u: Any, out: Any) -> None:
        if self.A.shape == (1, 1):
            np.multiply(h, self.A[0], out=out)
        else:
            times(self.A, h, out=out)
        np.add(out, u, out=out)
        np.tanh(out, out=out)

    def jacobian(self, h: Any, u: Any) -> Any:
        """d step / d h = diag(1 - x'^2) A, shape (..., d, d): no cosh, which would overflow."""
        return row_scaled(self._slope(h, u), self.A)

    def input_jacobian(self, h: Any, u: Any) -> Any:
        """d step / d u = diag(1 - x'^2)."""
        slope = self._slope(h, u)
        return row_scaled(slope, _eye(slope))

    def origin_jacobian(self) -> Any:
        """The Jacobian at zero state and input: A."""
        return self.A

    def _slope(self, h: Any, u: Any) -> Any:
        x = self.step(h, u)
        return 1 - x * x


class GRUCell:
    """z, r = sigmoid(W u + U h + b); g = tanh(W_h u + U_h (r h) + b_h); h' = (1 - z) h + z g.

    Shapes: W (d, m), U (d, d), b (d,), zero by default.

    TypeError: not of floats. ValueError: shapes that do not fit, not finite.

    Sources: Cho et al. 2014; in this form Su 9783, last section.
    """

    def __init__(
        self, Wz: Any, Wr: Any, Wh: Any, Uz: Any, Ur: Any, Uh: Any, bz: Any = None, br: Any = None, bh: Any = None
    ) -> None:
        xp = namespace(Wz, Wr, Wh, Uz, Ur, Uh)
        self.Wz = _matrix(xp, "Wz", Wz, ("d", "m"))
        d, m = self.Wz.shape
        self.Wr, self.Wh = _matrix(xp, "Wr", Wr, (d, m)), _matrix(xp, "Wh", Wh, (d, m))
        self.Uz, self.Ur, self.Uh = (_matrix(xp, name, U, (d, d)) for name, U in (("Uz", Uz), ("Ur", Ur), ("Uh", Uh)))
        self.bz, self.br, self.bh = (_bias(xp, n, b, self.Wz) for n, b in (("bz", bz), ("br", br), ("bh", bh)))

    @property
    def state_size(self) -> int:
        """d."""
        return int(self.Wz.shape[0])

    @property
    def input_size(self) -> int:
        """m."""
        return int(self.Wz.shape[1])

    def step(self, h: Any, u: Any) -> Any:
        """The next state (..., d)."""
        return self._next(h, u, matvec)

    def advance_rows(self, h: Any, u: Any, out: Any) -> None:
        """`step` for many states (n, d), written into `out`, by products that may round in another order."""
        out[...] = self._next(h, u, rows_product)

    def _next(self, h: Any, u: Any, times: Product) -> Any:
        z, _, g = self._gates(h, u, times)
        return (1 - z) * h + z * g

    def jacobian(self, h: Any, u: Any) -> Any:
        """d step / d h, shape (..., d, d)."""
        z, r, g = self._gates(h, u)
        reset = row_scaled(h * r * (1 - r), self.Ur) + row_scaled(r, _eye(h))
        through_gates = row_scaled((g - h) * z * (1 - z), self.Uz)
        return row_scaled(1 - z, _eye(h)) + through_gates + row_scaled(z * (1 - g * g), self.Uh @ reset)

    def input_jacobian(self, h: Any, u: Any) -> Any:
        """d step / d u, shape (..., d, m)."""
        z, r, g = self._gates(h, u)
        candidate = self.Wh + self.Uh @ row_scaled(h * r * (1 - r), self.Wr)
        return row_scaled((g - h) * z * (1 - z), self.Wz) + row_scaled(z * (1 - g * g), candidate)

    def origin_jacobian(self) -> Any:
        """The Jacobian at zero state, input and biases: (I + U_h / 2) / 2."""
        return 0.5 * (_eye(self.bz) + 0.5 * self.Uh)

    def _gates(self, h: Any, u: Any, times: Product = matvec) -> tuple[Any, Any, Any]:
        z = sigmoid(times(self.Wz, u) + times(self.Uz, h) + self.bz)
        r = sigmoid(times(self.Wr, u) + times(self.Ur, h) + self.br)
        return z, r, _tanh(times(self.Wh, u) + times(self.Uh, r * h) + self.bh)


class LSTMCell:
    """i, f, o = sigmoid(W u + U h + b); g = tanh(W_g u + U_g h + b_g); c' = f c + i g; h' = o tanh c'.

    The state is [h, c], 2 d numbers. Shapes: W (d, m), U (d, d), b (d,), zero by default.

    TypeError: not of floats. ValueError: shapes that do not fit, not finite.

    Sources: Hochreiter and Schmidhuber 1997; Gers et al. 2000 for the forget gate.
    """

    def __init__(
        self,
        Wi: Any, Wf: Any, Wg: Any, Wo: Any, Ui: Any, Uf: Any, Ug: Any, Uo: Any,
        bi: Any = None, bf: Any = None, bg: Any = None, bo: Any = None,
    ) -> None:  # fmt: skip
        xp = namespace(Wi, Wf, Wg, Wo, Ui, Uf, Ug, Uo)
        self.Wi = _matrix(xp, "Wi", Wi, ("d", "m"))
        d, m = self.Wi.shape
        self.Wf, self.Wg, self.Wo = (_matrix(xp, n, W, (d, m)) for n, W in (("Wf", Wf), ("Wg", Wg), ("Wo", Wo)))
        self.Ui, self.Uf, self.Ug, self.Uo = (
            _matrix(xp, name, U, (d, d)) for name, U in (("Ui", Ui), ("Uf", Uf), ("Ug", Ug), ("Uo", Uo))
        )
        self.bi, self.bf, self.bg, self.bo = (
            _bias(xp, name, b, self.Wi) for name, b in (("bi", bi), ("bf", bf), ("bg", bg), ("bo", bo))
        )

    @property
    def state_size(self) -> int:
        """2 d."""
        return 2 * int(self.Wi.shape[0])

    @property
    def input_size(self) -> int:
        """m."""
        return int(self.Wi.shape[1])

    def step(self, h: Any, u: Any) -> Any:
        """The next state [h', c'], shape (..., 2 d)."""
        return self._next(h, u, matvec)

    def advance_rows(self, h: Any, u: Any, out: Any) -> None:
        """`step` for many states (n, 2 d), written into `out`, by products that may round in another order."""
        out[...] = self._next(h, u, rows_product)

    def _next(self, h: Any, u: Any, times: Product) -> Any:
        _, c, i, f, g, o = self._gates(h, u, times)
        c = f * c + i * g
        return namespace(h).concat([o * _tanh(c), c], axis=-1)

    def jacobian(self, h: Any, u: Any) -> Any:
        """d step / d [h, c], shape (..., 2 d, 2 d)."""
        _, c, i, f, g, o = self._gates(h, u)
        t = _tanh(f * c + i * g)
        c_of_h = (
            row_scaled(c * f * (1 - f), self.Uf)
            + row_scaled(g * i * (1 - i), self.Ui)
            + row_scaled(i * (1 - g * g), self.Ug)
        )
        h_of_h = row_scaled(t * o * (1 - o), self.Uo) + row_scaled(o * (1 - t * t), c_of_h)
        h_of_c, c_of_c = row_scaled(o * (1 - t * t) * f, _eye(c)), row_scaled(f, _eye(c))
        xp = namespace(h)
        return xp.concat([xp.concat([h_of_h, h_of_c], axis=-1), xp.concat([c_of_h, c_of_c], axis=-1)], axis=-2)

    def input_jacobian(self, h: Any, u: Any) -> Any:
        """d step / d u, shape (..., 2 d, m)."""
        _, c, i, f, g, o = self._gates(h, u)
        t = _tanh(f * c + i * g)
        c_of_u = (
            row_scaled(c * f * (1 - f), self.Wf)
            + row_scaled(g * i * (1 - i), self.Wi)
            + row_scaled(i * (1 - g * g), self.Wg)
        )
        h_of_u = row_scaled(t * o * (1 - o), self.Wo) + row_scaled(o * (1 - t * t), c_of_u)
        return namespace(h).concat([h_of_u, c_of_u], axis=-2)

    def origin_jacobian(self) -> Any:
        """The Jacobian at zero state, input and biases: h depends on h by U_g / 4 and on c by 1/4, c by twice that."""
        xp, eye = namespace(self.Ug), _eye(self.bi)
        h, c = xp.concat([0.25 * self.Ug, 0.25 * eye], axis=-1), xp.concat([0.5 * self.Ug, 0.5 * eye], axis=-1)
        return xp.concat([h, c], axis=-2)

    def _gates(self, state: Any, u: Any, times: Product = matvec) -> tuple[Any, ...]:
        d = self.state_size // 2
        h, c = state[..., :d], state[..., d:]
        i = sigmoid(times(self.Wi, u) + times(self.Ui, h) + self.bi)
        f = sigmoid(times(self.Wf, u) + times(self.Uf, h) + self.bf)
        g = _tanh(times(self.Wg, u) + times(self.Ug, h) + self.bg)
        o = sigmoid(times(self.Wo, u) + times(self.Uo, h) + self.bo)
        return h, c, i, f, g, o


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x) as (1 + tanh(x / 2)) / 2, which does not overflow and is analytic."""
    return 0.5 * (1 + _tanh(0.5 * x))


def _tanh(x: Any) -> Any:
    return namespace(x).tanh(x)


def _eye(vector: Any) -> Any:
    """The identity on the last axis of `vector`, in its dtype."""
    xp = namespace(vector)
    return like(xp, xp.eye(int(vector.shape[-1])), vector)


def _matrix(xp: Any, name: str, value: Any, shape: tuple[int | str, ...]) -> Any:
    matrix = floats(xp, name, value, shape)
    if 0 in matrix.shape:
        refuse(f"{name} has shape {tuple(matrix.shape)}", "a cell has at least one unit and input", "check the sizes")
    return matrix


def _bias(xp: Any, name: str, value: Any, W: Any) -> Any:
    return xp.zeros_like(W[:, 0]) if value is None else floats(xp, name, value, (int(W.shape[0]),))
