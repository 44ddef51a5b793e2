"""A subject that answers NaN is wrong: no claim that looks at its floats may hold, or hang."""

import numpy as np
import pytest

from verify.claims import Evidence
from verify.claims.catalogue import catalogue
from verify.engine.trial import measure
from verify.evidence import Verdict

# these judge bytes, counts of operations or iterations, paths, or the models that come with the floats
NO_FLOATS = {
    "emo.pooled-form-cost",
    "emo.pooled-form-cost.real",
    "jl_entropy.softmax-entropy-kernel.memory",
    "jl_entropy.sphere-entropy-and-the-024.power",  # its first case has 1 to the power of the answer
    "parallel_rnn.lyapunov-conditioning.chaotic",
    "parallel_rnn.lyapunov-conditioning.predictable",
    "parallel_rnn.quasi-newton-diagonal",
    "parallel_rnn.subtracting-ax-can-hurt.matrices",
    "performer_vq.linear-cost.codes-linear",
    "performer_vq.linear-cost.exact-memory",
    "performer_vq.linear-cost.features-linear",
    "performer_vq.linear-cost.memory",
    "self_consuming.fresh-loop-limit",  # fractions in, fractions out
    "self_consuming.knn-precision-recall.memory",
    "viterbi_sampling.em-ascent",
    "viterbi_sampling.em-ascent.gain",
    "viterbi_sampling.viterbi-map.path",
    "viterbi_sampling.viterbi-map.substrings",
}

CLAIMS = [
    claim
    for claim in catalogue().claims.values()
    if claim.evidence is not Evidence.CERTIFIED and claim.id not in NO_FLOATS  # certified ones judge exact numbers
]


class Spoilt:
    """A function whose floats all come out as NaN, inside tuples and behind callables too; `made` says if there were any."""

    def __init__(self, function):
        self.function = function
        self.made = False

    def __call__(self, *args, **kwargs):
        return self.spoil(self.function(*args, **kwargs))

    def spoil(self, answer):
        if hasattr(answer, "_make"):
            return answer._make(map(self.spoil, answer))
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
            assert outcome.verdict is not Verdict.HOLDS, f"holds, though {wrong} answers NaN"
            if claim.id.startswith("reflow_wgan."):
                assert outcome.verdict is Verdict.FAILS, outcome.reason
