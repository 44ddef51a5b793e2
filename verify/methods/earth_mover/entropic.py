"""Entropic transport by Sinkhorn's iteration: on scalings where they stay in the float range, else on logarithms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.earth_mover.exact import balanced
from verify.methods.guards import Array, probabilities, real_number, refuse, summable_costs, whole_number

LARGEST_EXPONENT = 690.0  # floats hold all their digits within e^+-708; the rest is for sums over up to e^18 entries
STRIP = 2**14  # entries of a strip of the kernel: 128 kB, which a core's own cache holds


class SinkhornResult(NamedTuple):
    """The plan (n, m), its transport cost <C, P>, the number of sweeps, and sum_i |sum_j P_ij - p_i|."""

    cost: float
    plan: Array
    iterations: int
    marginal_error: float


def sinkhorn_log(
    p: ArrayLike, q: ArrayLike, cost: ArrayLike, reg: float, tol: float = 1e-12, max_iter: int = 10_000
) -> SinkhornResult:
    """The plan that minimises <C, P> + reg * sum P log P between p and q, and its *transport* cost <C, P>.

    Shapes: p (n,), q (m,), cost (n, m); reg > 0 is in the unit of the cost. The plan is
    P_ij = exp(f_i + g_j - C_ij / reg); one sweep fits f to the rows, then g to the columns. Sweeps end when the rows,
    unfitted by the second half, are off by at most tol in total; the columns then match to rounding. A one-hot p or q
    needs a single sweep. Rows and columns without mass take no part. If the sums of p and q differ, by 2e-8 at most,
    q is scaled to that of p.

    Small reg needs many sweeps, and rounding limits the rows to about 1e-16 * max |C| / reg: choose tol above that.

    ValueError: p or q not probabilities, cost not finite or beyond 1e300, reg not positive, tol negative, max_iter < 1, shapes.
    TypeError: max_iter is no integer. RuntimeError: max_iter sweeps were not enough.

    Source: Cuturi 2013, arXiv 1306.0895.

    >>> result = sinkhorn_log([0.5, 0.5], [0.5, 0.5], [[0, 1], [1, 0]], reg=0.5)
    >>> bool(abs(result.cost - 1 / (1 + np.exp(2.0))) < 1e-15)
    True
    """
    p, q = probabilities("p", p), probabilities("q", q)
    C = summable_costs("cost", cost, (len(p), len(q)))
    reg = real_number("reg", reg, above=0)  # emd_exact is the limit reg -> 0
    max_iter = whole_number("max_iter", max_iter, 1)
    tol = real_number("tol", tol, least=0)
    q = balanced(q, p)
    massive = None if p.all() and q.all() else np.ix_(p > 0, q > 0)
    p_in, q_in, C_in = p[p > 0], q[q > 0], C if massive is None else C[massive]

    # Parts of the cost that depend on the row or the column only go into the scalings: the kernel is flatter without.
    # This array becomes the exponents, the kernel and the plan: for few sweeps, new memory would cost more than they do.
    exponents = C_in - C_in.min(axis=1, keepdims=True)
    exponents -= exponents.min(axis=0)
    with np.errstate(over="ignore"):
        exponents /= -reg
    iterate = _scalings if _stays_in_range(p_in, q_in, -exponents.min()) else _logarithms
    plan, iterations, error = iterate(p_in, q_in, exponents, tol, max_iter)
    if not error <= tol:
        found = f"after {iterations} sweeps the rows are off by {error}"
        refuse(found, f"tol={tol} was asked for", "raise max_iter, tol or reg", RuntimeError)
    if massive is not None:
        whole = np.zeros_like(C)
        whole[massive] = plan
        plan = whole
    return SinkhornResult(float(np.vdot(plan, C)), plan, iterations, error)


def _stays_in_range(p: Array, q: Array, spread: float) -> bool:
    """Whether no scaling, kernel entry or product of the two can leave the float range in any sweep.

    The kernel K lies in [e^-R, 1] with R = `spread`. Write u = p / (K v), v = q / (K^T u). A fixed point v* has
    log(v* / q) within a band of width R; up to its free factor it lies within R/2 of the start v = q. A sweep brings
    no v further from v* in the largest |log(v / v*)|, so log(v / q) stays within +-R, K v within [e^-2R, e^R], and
    u / p within [e^-R, e^2R]. (An entry of the plan, a product of three, may underflow: mass below every tolerance.)
    """
    return bool(2 * spread - np.log(min(p.min(), q.min())) <= LARGEST_EXPONENT)


def _scalings(p: Array, q: Array, exponents: Array, tol: float, max_iter: int) -> tuple[Array, int, float]:
    """Sweeps on u, v with the plan u_i K_ij v_j: two matrix-vector products each. The exponents are overwritten."""
    K = np.exp(exponents, out=exponents)
    row_sums = K @ q
    sweep, error = 0, np.inf
    while not error <= tol and sweep < max_iter:
        sweep += 1
        u = p / row_sums
        v = q / (u @ K)
        row_sums = K @ v
        error = float(np.abs(u * row_sums - p).sum())  # the product is the next sweep's, so the test costs nothing
    K *= u[:, None]
    K *= v
    return K, sweep, error


def _logarithms(p: Array, q: Array, exponents: Array, tol: float, max_iter: int) -> tuple[Array, int, float]:
    """The same sweeps on f = log u and g = log v. The exponents are overwritten."""
    transposed = np.ascontiguousarray(exponents.T)  # both reductions run along memory
    log_p, log_q = np.log(p), np.log(q)
    row_logs = _logsumexp_shifted(exponents, log_q)
    sweep, error = 0, np.inf
    while not error <= tol and sweep < max_iter:
        sweep += 1
        f = log_p - row_logs
        g = log_q - _logsumexp_shifted(transposed, f)
        row_logs = _logsumexp_shifted(exponents, g)
        error = float(np.abs(np.exp(f + row_logs) - p).sum())
    exponents += f[:, None]
    exponents += g
    return np.exp(exponents, out=exponents), sweep, error


def _logsumexp_shifted(matrix: Array, shift: Array) -> Array:
    """log sum_j exp(matrix[i, j] + shift[j]), by strips of rows that stay in cache."""
    result = np.empty(len(matrix))
    height = max(1, STRIP // matrix.shape[1])
    buffer = np.empty((height, matrix.shape[1]))
    for start in range(0, len(matrix), height):
        strip = matrix[start : start + height]
        weights = np.add(strip, shift, out=buffer[: len(strip)])
        top = weights.max(axis=1)
        weights -= top[:, None]
        np.exp(weights, out=weights)
        result[start : start + height] = np.log(weights.sum(axis=1)) + top
    return result
