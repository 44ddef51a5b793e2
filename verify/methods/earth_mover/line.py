"""Transport on the real line, where distribution functions say everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from verify.methods.earth_mover.exact import balanced
from verify.methods.guards import probabilities, summable_costs


def wasserstein_line(x: ArrayLike, p: ArrayLike, y: ArrayLike, q: ArrayLike) -> float:
    """W_1 = integral |F(s) - G(s)| ds of p on the points x and q on the points y, in the unit of x.

    Shapes: x, p (n,); y, q (m,). Points may be unsorted and repeated. If the sums of p and q differ, by 2e-8 at most,
    q is scaled to that of p.

    ValueError: points not finite or beyond 1e300, p or q not probabilities, shapes.

    Source: Vallender 1974.

    >>> wasserstein_line([0.0, 1.0], [0.5, 0.5], [3.0], [1.0])
    2.5
    """
    x, y = summable_costs("x", x, ("n",)), summable_costs("y", y, ("m",))  # their distances are costs
    p, q = probabilities("p", p, x.shape), probabilities("q", q, y.shape)
    q = balanced(q, p)
    points = np.concatenate([x, y])
    order = np.argsort(points)
    difference = np.cumsum(np.concatenate([p, -q])[order])[:-1]  # F - G between neighbouring points
    return float(np.abs(difference) @ np.diff(points[order]))
