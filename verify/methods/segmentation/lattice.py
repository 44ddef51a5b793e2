"""All tokens that occur in a text, as the edges of a graph whose paths are the segmentations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.methods.guards import Array, refuse
from verify.methods.segmentation.model import UnigramModel, check_model
from verify.methods.segmentation.trie import BLOCK

LONGEST = 2**31 - 2  # nodes are numbered by int32
ROUNDS = 32


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """Nodes 0..n are the gaps between bytes; edge k is the token text[start[k]:end[k]] with log-weight logw[k].

    Edges are grouped by their end, those of node e at indptr[e]:indptr[e + 1], the longest first: the order in which
    an Aho-Corasick scan reports them. `cuts` are the nodes that no edge crosses, 0 and n among them: every
    segmentation has a boundary there, so the lattice factorises. `token` numbers `model.tokens`; `reachable` marks the
    nodes that some path from 0 comes to. All arrays are read-only.
    """

    text: bytes
    model: UnigramModel
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    token: NDArray[np.int32]
    logw: Array
    indptr: NDArray[np.int64]
    cuts: NDArray[np.int64]
    reachable: NDArray[np.bool_]
    # What was computed last, for one alpha: tables of a text of a megabyte are worth keeping, but not twice. It is no
    # argument, so that dataclasses.replace leaves it behind.
    memo: dict[str, tuple[float, Any]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for array in (self.start, self.end, self.token, self.logw, self.indptr, self.cuts, self.reachable):
            array.setflags(write=False)

    @property
    def n(self) -> int:
        """Bytes of the text; the nodes are 0 to n."""
        return len(self.text)


def build_lattice(text: bytes, model: UnigramModel) -> Lattice:
    """The lattice of a text: E edges, E <= n m - m (m - 1) / 2 for n >= m bytes and tokens of at most m.

    Any bytes are text, whatever they encode. The empty text is valid: one node and no edge.

    TypeError: text that is not bytes-like, a model that is no UnigramModel. ValueError: text that no segmentation
    covers, with the offset of the first byte that no sequence of tokens from the start gets across.

    >>> lattice = build_lattice(b"aba", UnigramModel({b"a": -1.0, b"b": -1.0, b"ab": -1.0}))
    >>> list(zip(lattice.start.tolist(), lattice.end.tolist())), lattice.cuts.tolist()
    ([(0, 1), (0, 2), (1, 2), (2, 3)], [0, 2, 3])
    """
    text = _bytes(text)
    check_model(model)
    if len(text) > LONGEST:
        refuse(f"text has {len(text)} bytes", f"at most {LONGEST} fit", "split it")
    start, end, token, indptr = _edges(text, model)
    reachable = _reachable(start, end, len(text))
    if not reachable[-1]:
        stuck = int(np.flatnonzero(reachable)[-1])
        refuse(
            f"text[{stuck}]={text[stuck : stuck + 1]!r} is crossed by no sequence of tokens",
            "every byte must be covered",
            "add the single bytes to the vocabulary",
        )
    return Lattice(
        text, model, start, end, token, model.scores[token], indptr, _cuts(start, end, len(text)), reachable
    )  # fmt: skip


def build_reversed(lattice: Lattice) -> Lattice:
    """The lattice of the reversed text and reversed tokens: node e becomes n - e, and paths run the other way."""
    n = lattice.n
    order = np.lexsort((-lattice.end, -lattice.start))  # grouped by the new end n - start, the longest first
    start, end = (n - lattice.end)[order], (n - lattice.start)[order]
    indptr = np.zeros(n + 2, np.int64)
    np.cumsum(np.bincount(end, minlength=n + 1), out=indptr[1:])
    logw, cuts = lattice.logw[order], n - lattice.cuts[::-1]
    reachable = _reachable(start, end, n)
    return Lattice(lattice.text[::-1], lattice.model, start, end, lattice.token[order], logw, indptr, cuts, reachable)


def pieces(text: bytes, ends: Iterable[int]) -> list[bytes]:
    """The tokens of a segmentation, which concatenate to the text byte for byte.

    `ends` are the end positions of the tokens, or boundary bits (n + 1,) as `sample_segmentations` returns them.
    ValueError: ends that do not increase from above 0 to n, or bits of another length.

    >>> pieces(b"watching", [5, 8])
    [b'watch', b'ing']
    """
    whole = _bytes(text)
    places = np.asarray(list(ends) if not isinstance(ends, np.ndarray) else ends)
    if places.dtype == bool:
        if places.shape != (len(whole) + 1,) or not (places[0] and places[-1]):
            refuse(
                f"boundary bits of shape {places.shape}",
                f"({len(whole) + 1},) with both ends set is needed",
                "give one row",
            )
        places = np.flatnonzero(places)[1:]
    if places.size and places.dtype.kind not in "iu":
        refuse(f"ends have dtype {places.dtype}", "end positions are integers", "convert with astype(int)", TypeError)
    if places.ndim != 1:
        refuse(f"ends have shape {places.shape}", "one segmentation is needed", "give one row")
    bounds = [0, *map(int, places)]
    if bounds[-1] != len(whole) or any(a >= b for a, b in pairwise(bounds)):
        refuse(f"ends={bounds[1:6]}...", f"they increase from above 0 to {len(whole)}", "give the ends of all tokens")
    return [whole[a:b] for a, b in pairwise(bounds)]


def _bytes(text: Any) -> bytes:
    if not isinstance(text, (bytes, bytearray, memoryview)):
        remedy = "encode it yourself, by the encoding you mean"
        refuse(f"text is a {type(text).__name__}", "it is bytes", remedy, TypeError)
    return bytes(text)


def _edges(text: bytes, model: UnigramModel) -> tuple[Any, Any, Any, Any]:
    """start, end, token and indptr, in the order of the lattice.

    The walk finds edges by their start. An edge is packed into one integer (end, m - length, token), and integers sort
    fast; edges that end behind the block wait for the next one.
    """
    n, m = len(text), model.m
    token_bits, length_bits = len(model.tokens).bit_length(), m.bit_length()
    end_bits = (BLOCK + m).bit_length()
    if token_bits + length_bits + end_bits > 63:
        refuse(
            f"the vocabulary has {len(model.tokens)} tokens of up to {m} bytes",
            "2^63 > 2^15 m^2 tokens is needed",
            "split it",
        )
    degree = np.zeros(n + 1, np.int64)
    starts, ends, tokens = [], [], []
    waiting = np.empty(0, np.int64)
    for low, found in model.trie.matches(text):
        keys = [waiting]
        for length, at, token in found:
            packed = at - (low - length)
            packed <<= length_bits
            packed += m - length
            packed <<= token_bits
            packed += token
            keys.append(packed)
        key = np.sort(np.concatenate(keys))
        high = min(low + BLOCK, n)
        split = int(np.searchsorted(key, (high - low + 1) << (token_bits + length_bits)))
        key, waiting = key[:split], key[split:] - ((high - low) << (token_bits + length_bits))
        tokens.append((key & ((1 << token_bits) - 1)).astype(np.int32))
        key >>= token_bits
        long = m - (key & ((1 << length_bits) - 1))
        key >>= length_bits
        key += low
        degree[low : high + 1] += np.bincount(key - low, minlength=high - low + 1)
        ends.append(key.astype(np.int32))
        starts.append((key - long).astype(np.int32))
    indptr = np.zeros(n + 2, np.int64)
    np.cumsum(degree, out=indptr[1:])
    none = [np.empty(0, np.int32)]
    return np.concatenate(starts or none), np.concatenate(ends or none), np.concatenate(tokens or none), indptr


def _cuts(start: Any, end: Any, n: int) -> Any:
    """Node c is a cut if no edge starts before it and ends behind it."""
    reach = np.arange(n + 1, dtype=np.int32)
    # edges are sorted by their end: of those that leave one node, the last written is the longest
    reach[start] = end
    before = np.zeros(n + 1, np.int32)
    np.maximum.accumulate(reach[:-1], out=before[1:])
    return np.flatnonzero(before <= np.arange(n + 1, dtype=np.int32))


def _reachable(start: Any, end: Any, n: int) -> Any:
    """Which nodes some path from node 0 comes to.

    Edges that start where none ends are dropped, again and again: what is left hangs together. Natural texts need a
    few rounds; what is not done by then is walked node by node.
    """
    for _ in range(ROUNDS):
        reached = np.zeros(n + 1, bool)
        reached[end] = True
        reached[0] = True
        alive = reached[start]
        if alive.all():
            return reached
        start, end = start[alive], end[alive]
    # the edges that are left are still grouped by their end
    marked = bytearray(n + 1)
    marked[0] = 1
    for s, e in zip(start.tolist(), end.tolist(), strict=True):
        if marked[s]:
            marked[e] = 1
    return np.frombuffer(bytes(marked), np.uint8).astype(bool)
