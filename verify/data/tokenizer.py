"""The vocabulary of Llama 2 and the merges that make its tokens, from the tokenizer file in the wheel of wordllama.

The file is a `tokenizer.json` of the package tokenizers. What it says about the pipeline, and what is implemented here:

- three added tokens, `<unk>`, `<s>` and `</s>`, are cut out of the text before anything else;
- the normaliser puts "▁" in front of each remaining stretch of text and replaces each space by "▁";
- there is no pre-tokenizer;
- the model is byte pair encoding: a character outside the vocabulary becomes the tokens of its UTF-8 bytes ("<0xE2>"),
  then the pair of neighbours with the lowest rank is merged, the leftmost first, until no pair has a rank.

A file that says anything else is refused, not approximated.

Licence: the wheel of wordllama, the file included, is published under the MIT licence (Copyright (c) 2024 Lee Miller).
Its description calls the vocabulary that of Llama 2; it states no other terms for it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from verify.data.locate import TOKENIZER, Folder, locate
from verify.data.reading import malformed, parse_object, read

LONE = re.compile("[\ud800-\udfff]")  # a surrogate on its own, which is no character and has no UTF-8 bytes
SPACE = "▁"  # U+2581, which stands for a space inside tokens
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
Pair = tuple[str, str]

PIPELINE: dict[str, Any] = {
    "truncation": None,
    "padding": None,
    "normalizer": {
        "type": "Sequence",
        "normalizers": [
            {"type": "Prepend", "prepend": SPACE},
            {"type": "Replace", "pattern": {"String": " "}, "content": SPACE},
        ],
    },
    "pre_tokenizer": None,
}
MODEL: dict[str, Any] = {
    "type": "BPE",
    "dropout": None,
    "continuing_subword_prefix": None,
    "end_of_word_suffix": None,
    "byte_fallback": True,
    "ignore_merges": False,
}
ADDED: dict[str, Any] = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}


class Vocabulary(NamedTuple):
    """Tokens by id, merges by rank, and the added tokens, which are found in raw text and never made by merging."""

    tokens: tuple[str, ...]
    merges: tuple[Pair, ...]
    added: tuple[str, ...]


def bpe_merges(*, folder: Folder | None = None) -> tuple[Pair, ...]:
    """The merges in rank order, the first to apply first: 61,249 pairs of tokens.

    They make only 29,612 different tokens: a token is listed once for each pair of tokens it can be put together from.

    Errors: as for `vocabulary`.
    """
    return vocabulary(folder=folder).merges


def vocabulary(*, folder: Folder | None = None) -> Vocabulary:
    """The tokens in the order of their ids (32,000), the merges in rank order (61,249), the added tokens (3).

    NotInstalled: wordllama is absent. ValueError: a malformed file, or one with a pipeline that is not implemented.
    """
    path = locate(TOKENIZER, folder)
    return remembered_tokenizer(path) if folder is None else read_tokenizer(path)


def read_tokenizer(path: Path) -> Vocabulary:
    """What `vocabulary` returns, from any file of this kind."""
    content = parse_object(read(path), path)
    model = content.get("model")
    if not isinstance(model, dict):
        malformed(path, "there is no model")
    _agree(content, PIPELINE, "the file", path)
    _agree(model, MODEL, "the model", path)
    tokens = _tokens(model.get("vocab"), path)
    known = frozenset(tokens)
    return Vocabulary(
        tokens, _merges(model.get("merges"), known, path), _added(content.get("added_tokens"), tokens, path)
    )


remembered_tokenizer = cache(read_tokenizer)


def _agree(found: dict[str, Any], implemented: dict[str, Any], where: str, path: Path) -> None:
    for field, value in implemented.items():
        given = found.get(field)
        if (given or None) != (value or None):  # an absent field, null, false and "" all mean "nothing of the kind"
            malformed(path, f"{where} has {field}={given!r:.80}, but only {field}={value!r:.80} is implemented")


def _tokens(vocab: Any, path: Path) -> tuple[str, ...]:
    if not isinstance(vocab, dict) or not all(type(number) is int for number in vocab.values()):
        malformed(path, "the vocabulary does not map tokens to ids")
    tokens = tuple(sorted(vocab, key=vocab.__getitem__))
    wrong = next((i for i, token in enumerate(tokens) if vocab[token] != i), None)
    if wrong is not None:
        malformed(path, f"ids count up from 0, but {tokens[wrong]!r:.80} is number {wrong} with another id")
    bad = next((token for token in tokens if not token or LONE.search(token)), None)
    if bad is not None:
        malformed(path, f"the token {bad!r:.80} is empty or not text")
    missing = next((byte for byte in BYTES if byte not in vocab), None)
    if missing is not None:
        malformed(path, f"the vocabulary has no token {missing}, but unknown characters become bytes")
    return tokens


def _merges(merges: Any, known: frozenset[str], path: Path) -> tuple[Pair, ...]:
    if not isinstance(merges, list):
        malformed(path, "the merges are not a list")
    atoms = frozenset(BYTES)
    found: dict[Pair, int] = {}
    for rank, merge in enumerate(merges):
        parts = merge.split(" ") if isinstance(merge, str) else merge  # both spellings are in use
        if not (isinstance(parts, list) and len(parts) == 2 and all(isinstance(part, str) for part in parts)):
            malformed(path, f"merge {rank} is {merge!r:.80}, not a pair of tokens")
        left, right = parts
        absent = next((token for token in (left, right, left + right) if token not in known), None)
        if absent is not None:
            malformed(path, f"merge {rank} needs the token {absent!r:.80}, which the vocabulary lacks")
        if left in atoms or right in atoms:
            malformed(path, f"merge {rank} is {merge!r:.80}, but merging byte tokens is not implemented")
        if (left, right) in found:
            malformed(path, f"merge {rank} repeats merge {found[left, right]}, {merge!r:.80}")
        found[left, right] = rank
    return tuple(found)


def _added(added: Any, tokens: tuple[str, ...], path: Path) -> tuple[str, ...]:
    if not isinstance(added, list) or not all(isinstance(entry, dict) for entry in added):
        malformed(path, "the added tokens are not a list of objects")
    for entry in added:
        token, number = entry.get("content"), entry.get("id")
        if type(number) is not int or not 0 <= number < len(tokens) or tokens[number] != token:
            malformed(path, f"the added token {token!r:.80} has id {number!r:.80}, but not in the vocabulary")
        _agree(entry, ADDED, f"the added token {token!r:.80}", path)
    return tuple(entry["content"] for entry in added)
