"""Token probabilities from texts by expectation and maximisation, the vocabulary being fixed."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from verify.methods.guards import Array, refuse
from verify.methods.segmentation.lattice import build_lattice
from verify.methods.segmentation.model import UnigramModel, check_model
from verify.methods.segmentation.sums import edge_posteriors, log_partition


def em_step(corpus: Iterable[bytes], model: UnigramModel) -> tuple[UnigramModel, float]:
    """(the next model, sum over texts of log Z under the one given): p' ~ expected counts of tokens at alpha = 1.

    The new probabilities sum to 1, and sum log Z never falls. A token whose expected count is 0, because it occurs
    nowhere or below the least float, has probability 0 and leaves the vocabulary.

    TypeError: a corpus that is itself bytes, or holds anything else than bytes. ValueError: no text with a byte in it,
    a text that the model does not cover.

    Source: Dempster, Laird and Rubin 1977; Kudo 2018 (arXiv 1804.10959), section 3.2.

    >>> model, before = em_step([b"ab"], UnigramModel({b"a": 0.0, b"b": 0.0, b"ab": math.log(3)}))
    >>> {token: round(math.exp(logp), 12) for token, logp in model.logp.items()}
    {b'a': 0.2, b'b': 0.2, b'ab': 0.6}
    """
    counts, log_likelihood = expected_counts(corpus, model)
    total = counts.sum()
    if total == 0:
        refuse("corpus has no bytes", "at least one text is not empty", "give some text")
    probs = counts / total
    kept = np.flatnonzero(probs)
    logp = np.log(probs[kept]).tolist()
    return UnigramModel({model.tokens[k]: x for k, x in zip(kept.tolist(), logp, strict=True)}), log_likelihood


def expected_counts(corpus: Iterable[bytes], model: UnigramModel, alpha: float = 1.0) -> tuple[Array, float]:
    """(expected number of occurrences of every token, in the order of `model.tokens`; sum over texts of log Z).

    TypeError: a corpus that is itself bytes, or holds anything else than bytes; a model that is no UnigramModel.
    ValueError: a text that the model does not cover; alpha as for `edge_posteriors`.
    """
    if isinstance(corpus, (str, bytes, bytearray, memoryview)):
        refuse(
            f"corpus is a {type(corpus).__name__}", "it is a sequence of texts", "put the text into a list", TypeError
        )
    counts = np.zeros(len(check_model(model).tokens))
    log_likelihood = []
    for text in corpus:
        lattice = build_lattice(text, model)
        counts += np.bincount(lattice.token, edge_posteriors(lattice, alpha), len(counts))
        log_likelihood.append(log_partition(lattice, alpha))
    return counts, math.fsum(log_likelihood)
