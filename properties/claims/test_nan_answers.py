"""A subject that answers NaN is wrong: a claim says so, and neither holds, nor hangs, nor calls it an error of its own."""

import numpy as np
import pytest

from verify.claims import Evidence
from verify.claims.catalogue import catalogue
from verify.engine.trial import measure
from verify.evidence import Verdict

CLAIMS = [
    claim
    for claim in catalogue().claims.values()
    if claim.id.startswith("reflow_wgan.") and claim.evidence is not Evidence.CERTIFIED  # those judge exact numbers
]


class Spoilt:
    """A function whose floats all come out as NaN, inside tuples and behind callables too; `made` says if there were any."""

    def __init__(self, function):
        self.function = function
        self.made = False

    def __call__(self, *args, **kwargs):
        return self.spoil(self.function(*args, **kwargs))

    def spoil(self, answer):
        if isinstance(answer, tuple):
            return tuple(map(self.spoil, answer))
        if callable(answer):
            return lambda *args: self.spoil(answer(*args))
        if not isinstance(answer, float) and np.asarray(answer).dtype.kind != "f":
            return answer
        self.made = True
        return np.nan * answer


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_nan_is_a_wrong_answer(claim):
    known = catalogue()
    for wrong in claim.roles:
        spoilt = Spoilt(known.roles[wrong].reference)
        functions = tuple(spoilt if role == wrong else known.roles[role].reference for role in claim.roles)
        with np.errstate(all="ignore"):
            outcome = measure(claim, claim.case_list("quick")[0], functions, seed=0, looks=3)
        if spoilt.made:
            assert outcome.verdict is Verdict.FAILS, f"NaN from {wrong}: {outcome.verdict} {outcome.reason}"
