"""Reading files that others wrote: bounded, decoded strictly, and refused in one line that names file and defect."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

LIMIT = 64 * 2**20  # bytes; the largest real input has 16 MB


def malformed(path: Path, defect: str) -> NoReturn:
    """Raise the ValueError that every refused file ends in."""
    raise ValueError(f"{path}: {defect}")


def read(path: Path) -> bytes:
    """The bytes of a file. ValueError, unread, above 64 MiB."""
    size = path.stat().st_size
    if size > LIMIT:
        malformed(path, f"{size} bytes, but files above {LIMIT} bytes are not read")
    return path.read_bytes()


def decode(raw: bytes, path: Path) -> str:
    """`raw` as UTF-8 text. ValueError with the place of the first byte that is none."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        malformed(path, f"not UTF-8: byte {raw[error.start]:#04x} in line {line}")


def parse_object(raw: bytes, path: Path) -> dict[str, Any]:
    """`raw` as one JSON object. ValueError: anything else, or a key that stands twice in one object."""
    repeated: list[str] = []

    def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):  # parsers keep the last one in silence
            repeated.append(Counter(key for key, _ in pairs).most_common(1)[0][0])
        return found

    text = decode(raw, path)
    try:
        value = json.loads(text, object_pairs_hook=once_each)
    except (ValueError, RecursionError) as error:
        malformed(path, f"not JSON: {error}")
    if repeated:
        malformed(path, f"the key {repeated[0]!r:.80} stands twice in one object")
    if not isinstance(value, dict):
        malformed(path, f"a JSON object is needed, not {type(value).__name__}")
    return value
