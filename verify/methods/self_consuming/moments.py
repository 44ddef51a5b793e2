"""Stationary moments of loops with real data: exact linear recursions of second and fourth order."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from verify.methods.guards import Array, refuse, whole_number
from verify.methods.self_consuming.arguments import sampling_bias


class FourthMoments(NamedTuple):
    """E |μ|⁴, E μᵀSμ, E |μ|² tr S, E tr S², E (tr S)²: every rotation-invariant moment of order four."""

    mean_fourth: Any
    mean_cov_mean: Any
    mean_sq_trace: Any
    trace_of_square: Any
    square_of_trace: Any


class MixedMoments(NamedTuple):
    """Stationary E μ_i² and E S_ii of a coordinate, the spectral radius of their recursion, and the fourth moments.

    With order=4 the radius is that of the five fourth moments. Fractions if the bias was one, except the radius; floats
    otherwise: the exact values rounded once, and fourth moments to a share of about eps n_synth / n_real.
    """

    mean_sq: Any
    var: Any
    spectral_radius: float
    fourth: FourthMoments | None = None


def mixed_loop_moments(
    n_real: int, n_synth: int, bias: Any, *, dim: int = 1, refresh: bool = True, order: int = 2
) -> MixedMoments:
    """Stationary moments of `mixed_loop` (real law N(0, I), ddof = 1); the first two hold for any real law of unit variance.

    (E μ², E S) obeys an affine recursion with a matrix of spectral radius below 1, so the first model is forgotten.
    Without `refresh` the same matrix acts on (E (μ - x̄)², E S), x̄ the mean of the fixed real samples.

    ValueError: order=4 where the fourth moments do not exist, because the radius of their recursion is 1 or more (the
    message says it), or for the fixed loop, for which no closed recursion is known.

    Source: Alemohammad et al. 2023, equation 3, for the statement that the limit forgets the first model.

    >>> mixed_loop_moments(5, 20, Fraction(1))[:2]
    (Fraction(3, 25), Fraction(11, 10))
    """
    n_real, n_synth = whole_number("n_real", n_real, 1), whole_number("n_synth", n_synth, 0)
    d, lam = whole_number("dim", dim, 1), sampling_bias(bias)
    if n_real + n_synth < 2:
        refuse(f"n_real + n_synth = {n_real + n_synth}", "a variance needs two samples", "draw more of either kind")
    if whole_number("order", order, 2) not in (2, 4):
        refuse(f"order={order}", "moments of order 2 and 4 are known", "give 2 or 4")
    given: Any = Fraction if isinstance(bias, Fraction) else float
    nr, ns, exact = Fraction(n_real), Fraction(n_synth), bias if given is Fraction else Fraction(lam)
    matrix, constant = second_moment_recursion(nr, ns, exact, refresh=refresh)
    first, var = fixed_point(matrix, constant)  # in floats, 1 - β² would lose all digits for many synthetic samples
    mean_sq, var = given(first if refresh else first + 1 / nr), given(var)
    if order == 2:
        return MixedMoments(mean_sq, var, spectral_radius(matrix))
    if not refresh:
        refuse("order=4 with refresh=False", "fourth moments are known for the fresh loop", "use order=2")
    linear, rest = fourth_moment_recursion(given(nr), given(ns), given(exact), d)
    radius = spectral_radius(linear)
    if radius >= 1:
        refuse(
            f"n_real={n_real}, n_synth={n_synth}, bias={bias} give a spectral radius of {radius:.6g}",
            "fourth moments exist only where it is below 1",
            "use order=2, or more real samples",
        )
    fourth = fixed_point(linear, forced_by(rest, d * mean_sq, d * var))
    return MixedMoments(mean_sq, var, radius, FourthMoments(*fourth))


def forced_by(rest: list[list[Any]], mean_sq: Any, trace: Any) -> list[Any]:
    """What E |μ|², E tr S and 1 add to each of the five fourth moments."""
    return [u * mean_sq + T * trace + one for u, T, one in rest]


def second_moment_recursion(nr: Any, ns: Any, bias: Any, *, refresh: bool = True) -> tuple[Any, Any]:
    """(matrix, constant) with x' = matrix x + constant for x = (E μ², E S), or (E (μ - x̄)², E S) if not `refresh`.

    The numbers of samples are Fractions, floats or arrays of them.
    """
    n = nr + ns
    beta = ns / n
    matrix = ((beta**2, beta * bias / n), (beta * (1 - beta) * n / (n - 1), beta * bias))
    return matrix, (nr / n**2, nr / n) if refresh else (0 * n, (nr - 1) / (n - 1))


def fourth_moment_recursion(nr: Any, ns: Any, bias: Any, d: int) -> tuple[list[list[Any]], list[list[Any]]]:
    """(linear (5 x 5), rest (5 x 3)): the next five fourth moments from these five and from (E |μ|², E tr S, 1).

    With V = λ S, β = n_s / n and c = n_r n_s / n: the new mean is N(β μ, P), P = (n_r I + n_s V) / n²; the difference
    δ of the group means is N(-μ, K), c K = (n_s I + n_r V) / n; their covariance is (I - V) / n; and (n - 1) S' is
    W(I, n_r - 1) + W(V, n_s - 1) + c δ δᵀ, independent of each other. Every entry is made of the four operations, so
    Fractions, floats and arrays of them all pass.
    """
    n = nr + ns
    b, c, m = ns / n, nr * ns / n, n - 1
    kr, ks = nr - 1, ns - 1
    u, q, T, Q, one = (_Form({key: 1 + 0 * n}) for key in ("u", "q", "T", "Q", "1"))
    v, v2, vq = bias * T, bias**2 * Q, bias * q  # tr V, tr V², μᵀVμ
    trP = (nr * d * one + ns * v) * (1 / n**2)
    trP2 = (nr**2 * d * one + 2 * nr * ns * v + ns**2 * v2) * (1 / n**4)
    cK = (ns * d * one + nr * v) * (1 / n)  # traces of cK, (cK)², P cK, V cK
    cK2 = (ns**2 * d * one + 2 * nr * ns * v + nr**2 * v2) * (1 / n**2)
    PcK = (nr * ns * d * one + (nr**2 + ns**2) * v + nr * ns * v2) * (1 / n**3)
    VcK = (ns * v + nr * v2) * (1 / n)
    PV = (nr * v + ns * v2) * (1 / n**2)
    G = (d * one - v) * (1 / n)  # the covariance of mean and difference: its trace, that of its square
    G2 = (d * one - 2 * v + v2) * (1 / n**2)
    uP, ucK, uG = (nr * u + ns * vq) * (1 / n**2), (ns * u + nr * vq) * (1 / n), (u - vq) * (1 / n)
    size2, gap2 = b**2 * u + trP, c * u + cK  # E |μ'|², c E |δ|²
    gap4 = gap2 * gap2 + 2 * cK2 + 4 * c * ucK  # c² E |δ|⁴
    inner = (G - b * u) * (c * (G - b * u)) + PcK + c * G2 + b**2 * ucK + c * uP - 2 * b * c * uG  # c E (μ'ᵀδ)²
    both = size2 * gap2 + 2 * c * G2 - 4 * b * c * uG  # c E |μ'|² |δ|²
    forms = [
        size2 * size2 + 2 * trP2 + 4 * b**2 * uP,
        (kr * size2 + ks * (b**2 * vq + PV) + inner) * (1 / m),
        (kr * d * size2 + ks * (size2 * v) + both) * (1 / m),
        (
            (kr * (kr + 1) * d + kr * d**2) * one + ks * (ks + 1) * v2 + ks * (v * v) + 2 * kr * ks * v
            + 2 * kr * gap2 + 2 * ks * (c * vq + VcK) + gap4
        ) * (1 / m**2),
        (
            (kr**2 * d**2 + 2 * kr * d) * one + ks**2 * (v * v) + 2 * ks * v2 + 2 * kr * ks * d * v
            + 2 * kr * d * gap2 + 2 * ks * (v * gap2) + gap4
        ) * (1 / m**2),
    ]  # fmt: skip
    pick = [[[form.get(key, 0 * n) for key in keys] for form in forms] for keys in (FOURTH, LOWER)]
    return pick[0], pick[1]


FOURTH, LOWER = ("uu", "q", "uT", "Q", "TT"), ("u", "T", "1")
PRODUCTS = {
    ("u", "u"): "uu", ("u", "T"): "uT", ("T", "u"): "uT", ("T", "T"): "TT", ("u", "1"): "u", ("1", "u"): "u",
    ("T", "1"): "T", ("1", "T"): "T", ("1", "1"): "1",
}  # fmt: skip


class _Form(dict[str, Any]):
    """A polynomial in u = |μ|², T = tr S, q = μᵀSμ and Q = tr S²: its coefficients by monomial."""

    def __add__(self, other: _Form) -> _Form:
        return _Form({key: self.get(key, 0) + other.get(key, 0) for key in {**self, **other}})

    def __sub__(self, other: _Form) -> _Form:
        return self + (-1) * other

    def __mul__(self, other: Any) -> _Form:
        if not isinstance(other, _Form):
            return _Form({key: other * value for key, value in self.items()})
        product = _Form()
        for a, x in self.items():
            for b, y in other.items():
                product = product + _Form({PRODUCTS[a, b]: x * y})
        return product

    __array_ufunc__ = None  # an array times a form is a form
    __rmul__ = __mul__


def spectral_radius(matrix: Any) -> float:
    """The largest modulus of an eigenvalue."""
    return float(np.abs(np.linalg.eigvals(np.array(matrix, float))).max())


def fixed_point(matrix: Any, constant: Any) -> list[Any]:
    """The solution of x = matrix x + constant: by elimination in Fractions, else by LAPACK, batched over arrays."""
    right = list(constant)
    system = [[(i == j) - x for j, x in enumerate(row)] for i, row in enumerate(matrix)]
    if not any(isinstance(x, Fraction) for row in system for x in row):
        A = np.moveaxis(np.array(np.broadcast_arrays(*(x for row in system for x in row)), float), 0, -1)
        b = np.moveaxis(np.array(np.broadcast_arrays(*right), float), 0, -1)[..., None]
        size = len(right)
        found: Array = np.linalg.solve(A.reshape(*A.shape[:-1], size, size), b)[..., 0]
        return [x.item() if x.ndim == 0 else x for x in np.moveaxis(found, -1, 0)]
    rows = [[*row, value] for row, value in zip(system, right, strict=True)]
    for i in range(len(rows)):
        pivot = next(k for k in range(i, len(rows)) if rows[k][i] != 0)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for k in range(len(rows)):
            if k != i and rows[k][i] != 0:
                rows[k] = [x - rows[k][i] * y for x, y in zip(rows[k], rows[i], strict=True)]
    return [row[-1] for row in rows]
