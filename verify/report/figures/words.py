"""Words in a figure: how wide they are, and where they cover nothing."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from html import escape
from itertools import product

import numpy as np

from verify.report.figures.paths import Points

UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
LINE = 130  # from one line of words to the next, in tenths of a point
LONGEST = 80  # characters of a label; a longer one would squeeze the axes away
NARROW, WIDE = frozenset("iIjltfr.,:;'|!()[]{} ·⁻⁰¹²³⁴⁵⁶⁷⁸⁹"), frozenset("mwMW@%—")


def short(label: str, most: int = LONGEST) -> str:
    """A label on one line, of a length that leaves room for the curves; without characters that XML cannot write."""
    label = UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", " ".join(label.split()))
    return label if len(label) <= most else label[: most - 1] + "…"


def text(x: float, y: float, words: str) -> str:
    """Words at a place."""
    return f'<text x="{x:.0f}" y="{y:.0f}">{escape(words)}</text>'


def width(words: str, size: float) -> float:
    """About how wide the words are in a sans serif; which one, only the reader's machine knows."""
    return size * sum(map(_advance, words))


def _advance(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in NARROW:
        return 0.37
    return 0.92 if letter in WIDE else 0.68 if letter.isupper() else 0.58


@dataclass(frozen=True)
class Box:
    """A rectangle; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """True where the two overlap."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def inside(self, other: Box) -> bool:
        """True where it lies in the other."""
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.top <= self.top
            and self.bottom <= other.bottom
        )


@dataclass
class Ground:
    """What of a figure is taken: the words that stand, and points of curves, which words cover only if they must."""

    frame: Box
    taken: list[Box]
    drawn: list[Points]

    def cost(self, box: Box) -> float:
        """How much a box would cover; words count more than any curve, and leaving the figure even more."""
        points = np.concatenate(self.drawn) if self.drawn else np.empty((0, 2))
        x, y = points[:, 0], points[:, 1]
        hit = np.count_nonzero((x > box.left) & (x < box.right) & (y > box.top) & (y < box.bottom))
        return hit + 1e4 * sum(map(box.meets, self.taken)) + (0 if box.inside(self.frame) else 1e6)

    def beside(self, x: float, y: float, words: str, size: float) -> Box:
        """The box for words beside a point, where they cover least, and nearest to the upper right; it is taken then."""
        wide, high = width(words, size), 1.1 * size
        best, least = Box(x, y - high, x + wide, y), np.inf
        for rank, (gap, (dx, dy)) in enumerate(product((40, 110, 200), SIDES)):
            left = x + dx * gap - wide * (1 - dx) / 2
            top = y - dy * gap * 0.75 - high * (1 + dy) / 2
            box = Box(left, top, left + wide, top + high)
            cost = self.cost(box) + 0.5 * rank
            if cost < least:
                best, least = box, cost
        self.taken.append(best)
        return best


SIDES = ((1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1), (1, 0), (-1, 0))  # right and left, above and below
