"""What is claimed. One file or folder a system, its roles and mutants beside it; importing this imports none of them."""

from verify.claims.catalogue import Catalogue, UnknownName, catalogue
from verify.claims.declare import Claim, Evidence, Role, claim, equivalent, figure, mutant, role, system
from verify.claims.figures import Figure, series
from verify.claims.grid import Case, grid, stream

__all__ = [
    "Case",
    "Catalogue",
    "Claim",
    "Evidence",
    "Figure",
    "Role",
    "UnknownName",
    "catalogue",
    "claim",
    "equivalent",
    "figure",
    "grid",
    "mutant",
    "role",
    "series",
    "stream",
    "system",
]
