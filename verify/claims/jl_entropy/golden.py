"""The golden ratio, which stands behind 8.33 and 0.24: in floating point and as a ball."""

from __future__ import annotations

import math
from typing import Any

from verify.claims.jl_entropy.balls import arb

PHI = (1 + math.sqrt(5)) / 2
LOG_PHI = math.log(PHI)


def golden() -> Any:
    """(1 + sqrt 5) / 2 at the working precision."""
    return (1 + arb(5).sqrt()) / 2
