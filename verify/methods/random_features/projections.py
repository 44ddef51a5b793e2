"""Random projections: independent rows, orthogonal or simplex blocks, and four laws for the lengths of the rows."""

from __future__ import annotations

from typing import Literal

import numpy as np

from verify.methods.guards import Array, generator, one_of, refuse, whole_number

COUPLINGS = ("iid", "orthogonal", "simplex")
NORMS = ("chi", "sqrt_d", "stratified", "quantile")


def draw_projections(
    m: int,
    d: int,
    rng: np.random.Generator,
    *,
    coupling: Literal["iid", "orthogonal", "simplex"] = "iid",
    norms: Literal["chi", "sqrt_d", "stratified", "quantile"] = "chi",
) -> Array:
    """m rows in R^d, each a uniform direction times a length, shape (m, d), float64.

    Couplings of the directions: "iid"; "orthogonal", blocks of d rows of a Haar matrix; "simplex", blocks of d rows
    that point to the corners of a simplex (cosine -1/(d - 1)), turned by a Haar matrix. Blocks are independent and the
    last one is cut short. Haar matrices come from QR with the signs of R's diagonal made positive: without that, LAPACK's
    convention makes the first row's first coordinate negative in every draw.

    Lengths: "chi", independent with the law of |N(0, I_d)|, so that every row is N(0, I_d); "sqrt_d", all sqrt(d);
    "stratified", where F(|row i|^2) is uniform in ((i - 1)/m, i/m) for the chi-square law F, so that rows are N(0, I_d)
    on average over i; "quantile", where it is i/(m + 1), which is biased.

    ValueError: m or d below 1, an unknown name, "simplex" with d < 2. TypeError: sizes that are not integers.

    Source: Mezzadri 2006 (the signs); Choromanski et al. 2020; Reid et al. 2023, arXiv 2301.13856 (simplex).

    >>> W = draw_projections(4, 2, np.random.default_rng(0), coupling="orthogonal", norms="sqrt_d")
    >>> np.round(np.abs(W @ W.T), 12)[:2, :2].tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    m, d = whole_number("m", m, 1), whole_number("d", d, 1)
    generator(rng)
    check_coupling(coupling, d)
    one_of("norms", norms, NORMS)
    if coupling == "iid" and norms == "chi":
        return rng.normal(size=(m, d))
    directions = _directions(m, d, rng, coupling)
    directions *= _lengths(m, d, rng, norms)[:, None]
    return directions


def check_coupling(coupling: str, d: int) -> None:
    """ValueError unless `coupling` is the name of one that exists in d dimensions."""
    one_of("coupling", coupling, COUPLINGS)
    if coupling == "simplex" and d < 2:
        refuse(f"d={d}", "a simplex needs two dimensions", "use another coupling")


def _directions(m: int, d: int, rng: np.random.Generator, coupling: str) -> Array:
    if coupling == "iid":
        rows = rng.normal(size=(m, d))
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    blocks = haar(-(-m // d), d, rng)
    if coupling == "simplex":
        # a row of I - 11'/d has length sqrt(1 - 1/d); turned by H, it is the row of H minus the mean row
        blocks = (blocks - blocks.mean(axis=1, keepdims=True)) / (1 - 1 / d) ** 0.5
    return np.asarray(blocks.reshape(-1, d)[:m])


def haar(size: int, d: int, rng: np.random.Generator) -> Array:
    """Independent orthogonal matrices (size, d, d) of the uniform law.

    >>> H = haar(1, 3, np.random.default_rng(0))[0]
    >>> bool(abs(H @ H.T - np.eye(3)).max() < 1e-15)
    True
    """
    basis, triangle = np.linalg.qr(rng.normal(size=(size, d, d)))
    signs = np.where(np.diagonal(triangle, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
    return np.asarray(basis * signs[:, None, :])


def _lengths(m: int, d: int, rng: np.random.Generator, norms: str) -> Array:
    if norms == "sqrt_d":
        return np.full(m, d**0.5)
    if norms == "chi":
        return np.asarray(np.sqrt(rng.chisquare(d, m)))
    from scipy.special import gammaincinv  # the chi-square law is a gamma law of half its argument

    ranks = (np.arange(m) + rng.random(m)) / m if norms == "stratified" else np.arange(1, m + 1) / (m + 1)
    return np.asarray(np.sqrt(2 * gammaincinv(d / 2, ranks)))
