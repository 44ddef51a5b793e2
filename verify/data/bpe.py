"""Byte pair encoding as Llama 2 does it: text to tokens.

Source: Sennrich, Haddow, Birch 2016, algorithm 1; the pipeline around it is the one that `verify.data.tokenizer` lists.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from heapq import heapify, heappop, heappush
from itertools import pairwise
from pathlib import Path

from verify.data.locate import TOKENIZER, Folder, locate
from verify.data.tokenizer import BYTES, LONE, SPACE, Vocabulary, remembered_tokenizer, vocabulary

REMEMBERED = 2**16  # pieces of text, most of them words; English prose repeats each many times
GONE = -1  # what stands where a symbol was merged into its left neighbour


def byte_pair_encoder(*, folder: Folder | None = None) -> BytePairEncoder:
    """The encoder of the real vocabulary, or of the one in `folder`.

    NotInstalled: wordllama is absent. ValueError: a malformed file, or one with a pipeline that is not implemented.
    """
    return _remembered(locate(TOKENIZER)) if folder is None else BytePairEncoder(vocabulary(folder=folder))


class BytePairEncoder:
    """Text to tokens, equal to `Tokenizer.encode(text, add_special_tokens=False)` of the package tokenizers.

    `encode` gives ids, `tokens` gives the same tokens as text. O(n log n) in the length of the text.

    There is no pre-tokenizer, so in principle a token could reach across any two characters. But symbols x and y merge
    across the seam between two characters only if some merge (a, b) has a ending with the first and b beginning with
    the second. Where none has, nothing ever crosses, and what happens on one side does not depend on the other: cut
    there, the text has the same tokens. The pieces are short and many occur often, so they are remembered. In the real
    vocabulary no token has a "▁" after another character, so no piece holds more than one word.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        ids = {token: i for i, token in enumerate(vocabulary.tokens)}
        self._names, self._ids = vocabulary.tokens, ids
        self._bytes = tuple(ids[byte] for byte in BYTES)
        self._merged = {(ids[a], ids[b]): (rank, ids[a + b]) for rank, (a, b) in enumerate(vocabulary.merges)}
        self._seams = frozenset(a[-1] + b[0] for a, b in vocabulary.merges)
        # of added tokens that begin at one place the longest counts
        added = "|".join(map(re.escape, sorted(vocabulary.added, key=len, reverse=True)))
        self._added = re.compile(f"({added})") if added else re.compile("(?!)()")
        self._piece = lru_cache(REMEMBERED)(self._merge)

    def encode(self, text: str) -> list[int]:
        """The ids of the tokens of `text`; none for the empty text.

        ValueError: a lone surrogate in the text.
        """
        lone = LONE.search(text)
        if lone is not None:
            raise ValueError(f"text has a lone surrogate at {lone.start()}, but only characters have tokens")
        found: list[int] = []
        for i, part in enumerate(self._added.split(text)):
            if i % 2:  # split puts what the group matched at the odd places
                found.append(self._ids[part])
            elif part:
                for piece in self._pieces(SPACE + part.replace(" ", SPACE)):
                    found.extend(self._piece(piece))
        return found

    def tokens(self, text: str) -> list[str]:
        """The tokens of `text`, bytes as "<0xE2>", spaces as "▁"."""
        return [self._names[i] for i in self.encode(text)]

    def _pieces(self, text: str) -> list[str]:
        """`text`, cut wherever no merge has a seam between the two neighbouring characters."""
        cuts = [i for i in range(1, len(text)) if text[i - 1 : i + 1] not in self._seams]
        return [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]

    def _symbols(self, piece: str) -> list[int]:
        """The characters as ids, each unknown one as its bytes."""
        symbols: list[int] = []
        for character in piece:
            if character in self._ids:
                symbols.append(self._ids[character])
            else:
                symbols.extend(self._bytes[byte] for byte in character.encode())
        return symbols

    def _merge(self, piece: str) -> tuple[int, ...]:
        """The tokens of one piece: a heap of ranked pairs over a doubly linked list of symbols."""
        symbols = self._symbols(piece)
        size, merged = len(symbols), self._merged
        after, before = list(range(1, size + 1)), list(range(-1, size - 1))
        heap = []
        for i, pair in enumerate(pairwise(symbols)):
            if pair in merged:
                heap.append((merged[pair][0], i, pair))
        heapify(heap)
        while heap:
            _, i, pair = heappop(heap)
            j = after[i]
            if j == size or (symbols[i], symbols[j]) != pair:
                continue  # one of the two was merged with something else in the meantime
            symbols[i], symbols[j] = merged[pair][1], GONE
            after[i] = k = after[j]
            if k < size:
                before[k] = i
            for left, right in ((before[i], i), (i, k)):
                if left >= 0 and right < size and (new := (symbols[left], symbols[right])) in merged:
                    heappush(heap, (merged[new][0], left, new))
        return tuple(symbol for symbol in symbols if symbol != GONE)


@cache
def _remembered(path: Path) -> BytePairEncoder:
    return BytePairEncoder(remembered_tokenizer(path))
