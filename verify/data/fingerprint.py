"""Which data a run has read: the SHA-256 of each real input."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from hashlib import file_digest
from pathlib import Path

from verify.data.locate import DICTIONARY, TOKENIZER, WEIGHTS, locate
from verify.data.missing import NotInstalled
from verify.data.text import english_text_sha256

FILES = {"bpe_merges": TOKENIZER, "word_counts": DICTIONARY, "word_vectors": WEIGHTS}


def fingerprints() -> dict[str, str]:
    """The SHA-256 of each real input that is installed, by the name of its loader, in the order of the names.

    Of files, the digest is that of the file, 23 MB in all; `word_vectors` takes its tokens from the file of
    `bpe_merges`. An input that is absent is left out.
    """
    found: dict[str, str] = {}
    for name, file in FILES.items():
        with suppress(NotInstalled):
            found[name] = _sha256(locate(file))
    with suppress(NotInstalled):
        found["english_text"] = english_text_sha256()
    return dict(sorted(found.items()))


@cache
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
