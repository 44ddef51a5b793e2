"""The key: samples with their words, above the axes, where they cover no curve."""

from __future__ import annotations

from collections.abc import Sequence

from verify.report.figures.series import SAMPLE
from verify.report.figures.words import LINE, LONGEST, short, text, width

SIZE = 90  # of letters
APART = 60  # a sample and its words
BETWEEN = 120  # two columns


class Key:
    """As many columns of equal width as there is room for; it is planned before anything is drawn."""

    def __init__(self, labels: Sequence[str], room: int) -> None:
        words = [short(label, LONGEST // 2) for label in labels if label]
        self.step = SAMPLE + APART + max((width(label, SIZE) for label in words), default=0.0) + BETWEEN
        self.columns = max(1, min(len(words), int((room + BETWEEN) // self.step)))
        self.height = -(-len(words) // self.columns) * LINE

    def drawn(self, samples: Sequence[tuple[str, str]]) -> str:
        """The (label, sample) pairs in reading order; what has no label is left out."""
        if not self.height:
            return ""
        named = [(short(label, LONGEST // 2), sample) for label, sample in samples if label]
        parts = []
        for k, (label, sample) in enumerate(named):
            row, column = divmod(k, self.columns)
            place = f"translate({column * self.step:.0f} {row * LINE + 70})"
            parts.append(f'<g transform="{place}">{sample}{text(SAMPLE + APART, 30, label)}</g>')
        return f'<g font-size="{SIZE}">{"".join(parts)}</g>'
