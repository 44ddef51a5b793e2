"""What a Gaussian coupling must be before anything is computed with it: covariances, a joint law, a flow that exists."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.guards import Array, finite_array, refuse

SYMMETRY = 1e-12  # relative; rounding of a covariance that was computed as one stays below it
JOINT = 1e-8  # how far below 0 the joint covariance may reach, relative: half of the digits, as in `spd_sqrt`
SINGULAR = 1e-13  # an eigenvalue below this share of the largest one is rounding


class Coupling(NamedTuple):
    """Checked covariances of a pair: S0, S1 and K = Cov(x1, x0), all (..., d, d)."""

    S0: Array
    S1: Array
    K: Array


def covariance(name: str, value: ArrayLike) -> Array:
    """`value` as symmetric positive definite matrices (..., d, d), float64.

    ValueError: not square, not finite, not symmetric up to 1e-12 of the largest entry, or not positive definite.
    TypeError: complex.
    """
    S = square(name, value)
    if np.abs(S - S.mT).max() > SYMMETRY * np.abs(S).max():
        refuse(
            f"{name} is not symmetric",
            f"covariances are, to {SYMMETRY} of the largest entry",
            f"use ({name} + {name}.T) / 2",
        )
    values = np.linalg.eigvalsh(S)
    if not (values[..., 0] > SINGULAR * values[..., -1]).all():
        refuse(
            f"{name} has an eigenvalue {values.min():.3g}",
            "a covariance here is positive definite, as a law with atoms or without a density has no unique flow",
            "smooth the law, for instance by adding a small multiple of the identity",
        )
    return S


def square(name: str, value: ArrayLike) -> Array:
    """`value` as finite square matrices (..., d, d), float64."""
    A = finite_array(name, value)
    if A.ndim < 2 or A.shape[-1] != A.shape[-2] or not A.size:
        refuse(f"{name} has shape {A.shape}", "(..., d, d) is needed, not empty", "give square matrices")
    return A


def pair(S0: ArrayLike, S1: ArrayLike, names: tuple[str, str] = ("S0", "S1")) -> tuple[Array, Array]:
    """Two covariances of one size."""
    A, B = covariance(names[0], S0), covariance(names[1], S1)
    _one_size({names[0]: A, names[1]: B})
    return A, B


def coupling(S0: ArrayLike, S1: ArrayLike, K: ArrayLike) -> Coupling:
    """A coupling whose joint covariance is positive semi-definite.

    ValueError: what `covariance` refuses, sizes that differ, a joint covariance with an eigenvalue clearly below 0.
    """
    A, B, C = covariance("S0", S0), covariance("S1", S1), square("K", K)
    _one_size({"S0": A, "S1": B, "K": C})
    A, B, C = np.broadcast_arrays(A, B, C)
    joint = np.concatenate([np.concatenate([A, C.mT], axis=-1), np.concatenate([C, B], axis=-1)], axis=-2)
    values = np.linalg.eigvalsh(joint)
    if (values[..., 0] < -JOINT * values[..., -1]).any():
        refuse(
            f"the joint covariance [[S0, K'], [K, S1]] has an eigenvalue {values.min():.3g}",
            "none may be negative",
            "K is Cov(x1, x0): check its size, and that it is not transposed",
        )
    return Coupling(A, B, C)


def rectifiable(S0: ArrayLike, S1: ArrayLike, K: ArrayLike) -> Coupling:
    """A coupling whose interpolation has a positive definite covariance at every time in [0, 1].

    S_t / (1 - t)^2 = S0 + s (K + K') + s^2 S1 with s = t / (1 - t), so S_t is singular exactly at the real positive
    eigenvalues s of a quadratic eigenvalue problem. A double one may leave the real axis by rounding; the covariance is
    looked at there all the same, so that no singular time is missed, as it would be between the times of a grid.

    ValueError: what `coupling` refuses; a singular S_t, as for x1 = -x0.
    """
    found = coupling(S0, S1, K)
    d = found.S0.shape[-1]
    L = np.linalg.cholesky(found.S1)

    def whitened(A: Array) -> Array:
        return np.asarray(np.linalg.solve(L, np.linalg.solve(L, A).mT))

    zero, one = np.zeros_like(found.S0), np.broadcast_to(np.eye(d), found.S0.shape)
    lower = np.concatenate([-whitened(found.S0), -whitened(found.K + found.K.mT)], axis=-1)
    companion = np.concatenate([np.concatenate([zero, one], axis=-1), lower], axis=-2)
    s = np.maximum(np.linalg.eigvals(companion).real, 0.0)
    refuse_singular(np.moveaxis(s / (1 + s), -1, 0), found)
    return found


def refuse_singular(t: Array, c: Coupling) -> None:
    """ValueError if S_t is singular at one of the times t, which broadcast against the stack.

    An eigenvalue counts as 0 where it is rounding beside the largest entry of (1 - t)^2 S0 + t^2 S1, from which K may
    take all away: beside S_t itself nothing is small where x1 = -s x0 and every direction vanishes at once.
    """
    s = t[..., None, None]
    size = np.abs((1 - s) ** 2 * c.S0 + s**2 * c.S1).max(axis=(-2, -1))
    bad = np.linalg.eigvalsh(covariance_at(t, c))[..., 0] <= SINGULAR * size
    if bad.any():
        refuse(
            f"the covariance of (1 - t) x0 + t x1 is singular at t = {np.broadcast_to(t, bad.shape)[bad][0]:.6g}",
            "a velocity exists only where it is positive definite",
            "choose a coupling whose lines do not all meet, such as the independent one, K = 0",
        )


def covariance_at(t: ArrayLike, c: Coupling) -> Array:
    """S_t = (1 - t)^2 S0 + t^2 S1 + t (1 - t) (K + K'); t broadcasts against the stack."""
    s = np.asarray(t)[..., None, None]
    return np.asarray((1 - s) ** 2 * c.S0 + s**2 * c.S1 + s * (1 - s) * (c.K + c.K.mT))


def times(t: ArrayLike) -> Array:
    """Times in [0, 1]."""
    array = finite_array("t", t)
    if ((array < 0) | (array > 1)).any():
        refuse(f"t reaches {array.flat[np.argmax(np.abs(array - 0.5))]}", "times lie in [0, 1]", "rescale the time")
    return array


def choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """One of a few words."""
    if value not in allowed:
        refuse(f"{name}={value!r}", f"it is one of {', '.join(map(repr, allowed))}", "check its spelling")
    return value


def _one_size(matrices: dict[str, Array]) -> None:
    """Matrices of one size, whose leading axes broadcast."""
    if len({A.shape[-1] for A in matrices.values()}) > 1:
        shapes = [f"{name} {A.shape}" for name, A in matrices.items()]
        refuse(f"the shapes are {', '.join(shapes)}", "(..., d, d) of one d is needed", "give matrices of one size")
    stackable({name: A.shape[:-2] for name, A in matrices.items()})


def stackable(leading: dict[str, tuple[int, ...]]) -> None:
    """Leading axes that broadcast against each other."""
    try:
        np.broadcast_shapes(*leading.values())
    except ValueError:
        shapes = [f"{name} {shape}" for name, shape in leading.items()]
        refuse(f"the leading axes are {', '.join(shapes)}", "they must broadcast", "stack all of them alike, or none")
