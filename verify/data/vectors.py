"""Real word vectors: one row for each token of the Llama 2 vocabulary.

The rows lie in the wheel of the package wordllama, as half precision floats in `weights/l2_supercat_256.safetensors`.
By its description, they were trained from the concatenated token embeddings of several language models that share this
vocabulary, to be usable at several lengths; these have 256 dimensions. One vector a token, whatever stands around it.

Licence: MIT (Copyright (c) 2024 Lee Miller), as the package states; see `verify.data.tokenizer` on the vocabulary.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from verify.data.locate import WEIGHTS, Folder, locate
from verify.data.reading import malformed
from verify.data.safetensors import read_tensor
from verify.data.tokenizer import vocabulary

TENSOR = "embedding.weight"


class WordVectors(NamedTuple):
    """Tokens and their vectors, row i of `vectors` being that of `tokens[i]`."""

    tokens: tuple[str, ...]
    vectors: NDArray[np.float32]


def word_vectors(*, folder: Folder | None = None) -> WordVectors:
    """32,000 tokens and a read-only float32 array (32000, 256), without units and not normalised.

    The half precision floats of the file are widened, which is exact. All are finite; norms lie between 0.38 ("ª") and
    38.52 ("prototype"). No row is zero and no two are equal, so none was dropped or mended. The first 259 tokens are no
    words: three added ones and the 256 bytes.

    NotInstalled: wordllama is absent. ValueError: a malformed file, rows that do not match the tokens, a row that is
    zero or not finite.
    """
    weights = locate(WEIGHTS, folder)
    return _remembered(weights) if folder is None else _matched(vocabulary(folder=folder).tokens, weights)


@cache
def _remembered(weights: Path) -> WordVectors:
    return _matched(vocabulary().tokens, weights)


def _matched(tokens: tuple[str, ...], path: Path) -> WordVectors:
    stored = read_tensor(path, TENSOR)
    if stored.ndim != 2 or len(stored) != len(tokens):
        malformed(path, f"{TENSOR} has shape {stored.shape}, but one row for each of {len(tokens)} tokens is needed")
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite, and is refused as that
        vectors = stored.astype(np.float32)
    usable = np.isfinite(vectors).all(axis=1) & vectors.any(axis=1)  # a zero vector has no direction
    if not usable.all():
        row = int(np.argmin(usable))
        malformed(path, f"row {row}, of the token {tokens[row]!r}, is zero or not finite")
    vectors.setflags(write=False)
    return WordVectors(tokens, vectors)
