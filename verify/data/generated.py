"""Small stand-ins for the real inputs: files of the same names and formats, the same bytes for the same arguments.

They are made for tests of the loaders, so that every branch runs on small files. They say nothing about language.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.data.locate import DICTIONARY, TOKENIZER, WEIGHTS, Folder
from verify.data.safetensors import DTYPES
from verify.data.tokenizer import ADDED, BYTES, MODEL, PIPELINE, SPACE, Pair
from verify.data.vectors import TENSOR

TEXT = "the thin thing in the inn thinks it is the thinnest thing there"
WORDS = {"的": 9, "中": 5, "中国": 4, "国": 3, "国人": 2, "人": 6, "AT&T": 2}
SPECIAL = ("<unk>", "<s>", "</s>")


def write_stand_ins(
    folder: Folder, *, text: str = TEXT, merges: int = 40, dimensions: int = 8, words: dict[str, int] = WORDS
) -> None:
    """Write the three files that the loaders read into `folder`, which exists.

    The vocabulary is that of `text`: the added tokens, the 256 bytes, and what at most `merges` merges learnt from it
    need.
    """
    tokenizer = tokenizer_content(text, merges)
    vectors = made_up_vectors(len(tokenizer["model"]["vocab"]), dimensions)
    (Path(folder) / TOKENIZER.name).write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    (Path(folder) / WEIGHTS.name).write_bytes(safetensors_bytes({TENSOR: vectors}))
    lines = "".join(f"{word} {count} n\n" for word, count in words.items())
    (Path(folder) / DICTIONARY.name).write_bytes(lines.encode())


def made_up_vectors(rows: int, dimensions: int) -> NDArray[np.float16]:
    """Finite rows, none of them zero: a sine a column, each with a frequency of its own."""
    frequencies = np.sqrt(np.arange(2, dimensions + 2))
    vectors: NDArray[np.float16] = np.sin(np.outer(np.arange(1, rows + 1), frequencies)).astype(np.float16)
    return vectors


def safetensors_bytes(arrays: dict[str, NDArray[Any]]) -> bytes:
    """The bytes of a safetensors file that holds `arrays` of floats."""
    names = {dtype: name for name, dtype in DTYPES.items()}
    header: dict[str, Any] = {}
    data = b""
    for name, array in arrays.items():
        little = array.astype(array.dtype.newbyteorder("<"))
        end = len(data) + little.nbytes
        dtype = names[f"<f{little.itemsize}"]
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [len(data), end]}
        data += little.tobytes()
    front = json.dumps(header).encode()
    return len(front).to_bytes(8, "little") + front + data


def tokenizer_content(text: str, merges: int) -> dict[str, Any]:
    """The content of a `tokenizer.json` with the pipeline of Llama 2 and merges learnt from `text`."""
    learnt = learn_merges(text, merges)
    tokens = dict.fromkeys([*SPECIAL, *BYTES, SPACE, *sorted(set(text) - {" "})])
    tokens |= dict.fromkeys(left + right for left, right in learnt)
    return {
        "version": "1.0",
        **PIPELINE,
        "added_tokens": [{"id": i, "content": token, "special": True, **ADDED} for i, token in enumerate(SPECIAL)],
        "post_processor": None,
        "decoder": None,
        "model": {
            **MODEL,
            "unk_token": SPECIAL[0],
            "fuse_unk": True,
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [f"{left} {right}" for left, right in learnt],
        },
    }


def learn_merges(text: str, count: int) -> tuple[Pair, ...]:
    """The first `count` merges of byte pair encoding trained on `text` as one piece, spaces included.

    The most frequent pair of neighbours comes first, of equally frequent ones the smallest. There are fewer if no pair
    occurs twice any more. Tokens can reach across spaces, which those of Llama 2 never do.

    >>> learn_merges("ab abc", 5)
    (('a', 'b'), ('▁', 'ab'))
    """
    symbols = list(SPACE + text.replace(" ", SPACE))
    learnt: list[Pair] = []
    while len(learnt) < count:
        pairs = Counter(pairwise(symbols))
        best = min(pairs, key=lambda pair: (-pairs[pair], pair), default=None)
        if best is None or pairs[best] == 1:
            break
        learnt.append(best)
        symbols = _apply(best, symbols)
    return tuple(learnt)


def _apply(pair: Pair, symbols: list[str]) -> list[str]:
    merged: list[str] = []
    i = 0
    while i < len(symbols):
        found = tuple(symbols[i : i + 2]) == pair
        merged.append("".join(pair) if found else symbols[i])
        i += 2 if found else 1
    return merged
