"""The court in which makers of enclosures stand: many independent runs, and a verdict by the machinery on trial itself."""

from itertools import islice

import numpy as np
import pytest

from verify.evidence import clopper_pearson


@pytest.fixture(scope="session")
def miss_rate():
    """An enclosure of P(any of the first `looks` looks misses the truth), itself wrong in one case of 10^9."""

    def over_many_runs(maker, truth, risk, *, looks, runs=500, seed=20231013):
        rng = np.random.default_rng(seed)
        misses = sum(any(not e.low <= truth <= e.high for e in islice(maker(rng, risk), looks)) for _ in range(runs))
        return clopper_pearson(misses, runs, 1e-9)

    return over_many_runs
