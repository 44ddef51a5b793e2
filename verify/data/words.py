"""Real word counts: the dictionary that the package jieba segments Chinese with.

`dict.txt` has one word a line: the word, how often its authors counted it, and a part of speech, which is left unread.

Licence: MIT, as the package states.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from verify.data.locate import DICTIONARY, Folder, locate
from verify.data.reading import decode, malformed, read

LINE = re.compile(r"(\S+) ([1-9][0-9]{0,17}) \S+")


def word_counts(*, folder: Folder | None = None) -> Mapping[str, int]:
    """349,045 words with their counts, in the order of the file; read-only.

    Counts lie between 2 and 883,634 ("了") and sum to 60,101,964. The file has one line more than there are words, as
    "B超 3 n" stands in it twice. jieba itself adds both to its total, 60,101,967, so probabilities made from these
    counts differ from its own in the eighth digit.

    NotInstalled: jieba is absent. ValueError: a malformed line, by its number; a word with two different counts.
    """
    path = locate(DICTIONARY, folder)
    return _remembered(path) if folder is None else read_counts(path)


def read_counts(path: Path) -> Mapping[str, int]:
    """What `word_counts` returns, from any file of this kind."""
    counts: dict[str, int] = {}
    lines = decode(read(path), path).split("\n")  # not splitlines: it also splits at characters a word may hold
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, 1):
        entry = LINE.fullmatch(line)
        if entry is None:
            malformed(path, f"line {number} is {line!r:.80}, not a word, a count and a part of speech")
        word, count = entry[1], int(entry[2])
        if counts.setdefault(word, count) != count:
            malformed(path, f"line {number} counts {word!r:.80} {count} times, but an earlier one {counts[word]} times")
    if not counts:
        malformed(path, "there are no words")
    return MappingProxyType(counts)


_remembered = cache(read_counts)
