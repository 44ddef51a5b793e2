"""A trie that all positions of a text walk at once, one byte a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Small = NDArray[np.int32]

BLOCK = 1 << 16  # start positions that walk together: larger arrays leave the cache, smaller ones cost more calls
DENSE = 1 << 16  # rows of 1 kB at most
MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: the top bits of a product spread over all slots


class Trie:
    """Prefixes of tokens as nodes, the empty one being node 0, numbered by their length; as a child, 0 means "none".

    A step from a node by a byte is one look into a table: for short prefixes, of which there are few and from which
    most steps are made, a dense one with 256 entries a node; for longer ones a hash table with open addressing, which
    is at most an eighth full.
    """

    def __init__(self, tokens: Sequence[bytes]) -> None:
        data = np.frombuffer(b"".join(tokens), np.uint8)
        lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
        offsets = np.cumsum(lengths) - lengths
        at = np.zeros(len(tokens), np.int64)  # the node that each token has come to
        live = np.arange(len(tokens))
        keys: list[Ints] = []
        ends: list[tuple[Ints, Ints]] = []
        counts = [1]  # nodes of each depth
        nodes = 1
        depth = 0
        while len(live):
            found, which = np.unique(at[live] * 256 + data[offsets[live] + depth], return_inverse=True)
            keys.append(found)
            at[live] = nodes + which
            counts.append(len(found))
            nodes += len(found)
            depth += 1
            done = lengths[live] == depth
            ends.append((at[live[done]], live[done]))
            live = live[~done]
        self.depth = depth
        self.token = np.full(nodes, -1, np.int32)
        for node, token in ends:
            self.token[node] = token
        # nodes of a depth have neighbouring numbers: the first ones are those of the first depths
        self._dense_depths = int(np.searchsorted(np.cumsum(counts), DENSE, side="right"))
        rows = sum(counts[: self._dense_depths])
        key = np.concatenate(keys)
        child = np.arange(1, len(key) + 1, dtype=np.int32)
        short = int(np.searchsorted(key, rows * 256))
        self._dense = np.zeros(rows * 256, np.int32)
        self._dense[key[:short]] = child[:short]
        self._fill(key[short:], child[short:])

    def _fill(self, keys: Ints, children: Small) -> None:
        """Enter keys, parent * 256 + byte, into the hash table."""
        bits = int(8 * len(keys)).bit_length()
        self._shift, self._mask = np.uint64(64 - bits), (1 << bits) - 1
        self._keys = np.full(1 << bits, -1, np.int64)
        self._children = np.zeros(1 << bits, np.int32)
        waiting, slot = np.arange(len(keys)), self._slot(keys)
        while len(waiting):
            free = self._keys[slot] < 0
            # of several keys that want the same free slot, the last written has it
            self._keys[slot[free]] = keys[waiting[free]]
            self._children[slot[free]] = children[waiting[free]]
            left = self._keys[slot] != keys[waiting]
            waiting, slot = waiting[left], (slot[left] + 1) & self._mask

    def _slot(self, keys: Ints) -> Ints:
        return ((keys.astype(np.uint64) * MIX) >> self._shift).astype(np.int64)

    def _look_up(self, keys: Ints) -> Small:
        slot = self._slot(keys)
        found = self._keys[slot]
        hit = found == keys
        children = self._children[slot] * hit
        other = np.flatnonzero(~hit & (found >= 0))
        while len(other):  # slots that hold another key: the wanted one may stand further on
            slot[other] = (slot[other] + 1) & self._mask
            found = self._keys[slot[other]]
            hit = found == keys[other]
            children[other[hit]] = self._children[slot[other[hit]]]
            other = other[~hit & (found >= 0)]
        return np.asarray(children, np.int32)

    def matches(self, text: bytes) -> Iterator[tuple[int, list[tuple[int, Ints, Small]]]]:
        """(first position of the block, [(length, starts, token numbers), ...]) of all occurrences, block by block."""
        x = np.frombuffer(text, np.uint8)
        for low in range(0, len(x), BLOCK):
            yield low, list(self._walk(x, np.arange(low, min(low + BLOCK, len(x)))))

    def _walk(self, x: NDArray[np.uint8], at: Ints) -> Iterator[tuple[int, Ints, Small]]:
        """All tokens that start at the ascending positions `at`, by length."""
        node = self._dense[x[at]]
        length = 1
        while True:
            alive = np.flatnonzero(node)
            at, node = at[alive], node[alive]
            token = self.token[node]
            got = np.flatnonzero(token >= 0)
            if len(got):
                yield length, at[got], token[got]
            length += 1
            inside = int(np.searchsorted(at, len(x) - length, side="right"))
            at, node = at[:inside], node[:inside]
            if length > self.depth or not inside:
                return
            key = node.astype(np.int64)
            key <<= 8
            key += x[at + (length - 1)]
            node = self._dense[key] if length <= self._dense_depths else self._look_up(key)
