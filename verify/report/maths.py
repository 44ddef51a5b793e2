"""LaTeX as MathML, and prose with `$...$` inside. Everything that is not mathematics is escaped."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import Any

from markupsafe import Markup


@cache
def _converter() -> Any:
    from math_core import LatexToMathML

    return LatexToMathML()


@cache
def maths(latex: str, *, display: bool = True) -> Markup:
    """A formula; one that does not convert is shown as it was written."""
    try:
        # the converter escapes what stands in text and operators, and refuses what it does not know
        return Markup(_converter().convert_with_local_state(latex, displaystyle=display))
    except Exception:
        return Markup("<code>{}</code>").format(latex)


def prose(text: str) -> Markup:
    """Words with formulas between dollar signs."""
    parts = re.split(r"\$([^$]+)\$", text)
    return Markup("").join(
        maths(part, display=False) if k % 2 else Markup(escape(part)) for k, part in enumerate(parts)
    )
