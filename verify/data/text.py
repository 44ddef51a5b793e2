"""Real English text: the topics of Python's own manual, which `help("...")` shows.

It is part of Python (module `pydoc_data.topics`) and comes under Python's licence. It changes with the Python version,
so a run stores its SHA-256.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib import import_module

from verify.data.missing import NotInstalled


@cache
def english_text() -> str:
    """All topics in the order of their names, with an empty line between them: about 460 kB of English and of code.

    NotInstalled: this Python came without `pydoc_data`, as some slimmed ones do.
    """
    try:
        topics: dict[str, str] = import_module("pydoc_data.topics").topics
    except ModuleNotFoundError:
        raise NotInstalled(
            "the English text (pydoc_data, a part of Python) is not installed: "
            "run verify with a Python that has its whole standard library, such as one from python.org"
        ) from None
    return "\n".join(text for _, text in sorted(topics.items()))


@cache
def english_text_sha256() -> str:
    """The SHA-256 of `english_text()` in UTF-8, as 64 hexadecimal digits."""
    return sha256(english_text().encode()).hexdigest()
