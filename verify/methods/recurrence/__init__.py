"""Nonlinear recurrences, evaluated over a whole sequence at once: cells, affine scans, iterations, bounds, gradients."""

from verify.methods.recurrence.affine import affine_compose, affine_scan
from verify.methods.recurrence.blocks import block_jacobi_states
from verify.methods.recurrence.bound import error_bound
from verify.methods.recurrence.cells import Cell, GRUCell, LSTMCell, TanhCell
from verify.methods.recurrence.damped import levenberg_marquardt_states
from verify.methods.recurrence.diagonal import Eigenform, diagonal_fixed_point_states, diagonalise
from verify.methods.recurrence.doubling import doubling_scan
from verify.methods.recurrence.fixed_point import fixed_point_states
from verify.methods.recurrence.gradient import adjoint_gradient
from verify.methods.recurrence.lyapunov import largest_lyapunov
from verify.methods.recurrence.sequential import FixedPointResult, sequential_states
from verify.methods.recurrence.trees import ScanCost, scan_cost

__all__ = [
    "Cell",
    "Eigenform",
    "FixedPointResult",
    "GRUCell",
    "LSTMCell",
    "ScanCost",
    "TanhCell",
    "adjoint_gradient",
    "affine_compose",
    "affine_scan",
    "block_jacobi_states",
    "diagonal_fixed_point_states",
    "diagonalise",
    "doubling_scan",
    "error_bound",
    "fixed_point_states",
    "largest_lyapunov",
    "levenberg_marquardt_states",
    "scan_cost",
    "sequential_states",
]
