"""What is claimed. One file or folder a system, its roles and mutants beside it; importing this imports none of them."""

from verify.claims.catalogue import Catalogue, UnknownName, catalogue
from verify.claims.declare import Claim, Evidence, Role, claim, equivalent, figure, mutant, role, system, table
from verify.claims.figures import Field, Figure, Table, series
from verify.claims.grid import Case, grid, stream

__all__ = [
    "Case",
    "Catalogue",
    "Claim",
    "Evidence",
    "Field",
    "Figure",
    "Role",
    "Table",
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
    "table",
]
