"""Random log-features, attention over them pair by pair, and the unit in which its roundings are counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.claims import Case
from verify.claims.performer_vq.instances import Floats, causal_mask, softmax_rows
from verify.methods.random_features import log_prf_features


def log_features(rng: np.random.Generator, case: Case) -> tuple[Floats, Floats, Floats]:
    """(log_q, log_k, V): features of vectors whose entries are `scale` times normal ones."""
    W = rng.normal(size=(case.m, 4))
    Q, K = case.scale * rng.normal(size=(2, case.n, 4))
    return log_prf_features(Q, W), log_prf_features(K, W), rng.normal(size=(case.n, 3))


def by_pairs(lq: Floats, lk: Floats, V: Floats, causal: bool) -> Floats:
    """The quadratic form: log-sum-exp over features for each pair, one softmax a row, in double precision."""
    logits = np.logaddexp.reduce(lq[:, None].astype(float) + lk.astype(float), axis=2)
    return np.asarray(softmax_rows(causal_mask(logits) if causal else logits) @ V.astype(float))


def roundings(lq: Floats, lk: Floats, V: Floats, dtype: Any) -> float:
    """The unit: eps (1 + largest |log-feature|) max |V|."""
    return float(np.finfo(dtype).eps * (1 + max(np.abs(lq).max(), np.abs(lk).max())) * np.abs(V).max())


ROUNDINGS = (
    "each exponent is made of three numbers of size max |l| and rounds by 3 eps max |l|, twice; the sums of at most 257 and 24 "
    "positive terms add their own 16 eps if roundings are independent: below 32 units"
)
