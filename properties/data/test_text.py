"""The English text: Python's own topics, in a fixed order."""

import hashlib
import sys
from pydoc_data.topics import topics

import pytest

from verify.data import NotInstalled, english_text, english_text_sha256


def test_every_topic_stands_in_the_text_once_in_the_order_of_names():
    text, place = english_text(), 0
    for name in sorted(topics):
        assert text.startswith(topics[name], place)
        place += len(topics[name]) + 1
    assert place == len(text) + 1


def test_the_text_is_about_as_long_as_its_docstring_says():
    assert 300_000 < len(english_text().encode()) < 1_000_000


def test_the_digest_is_that_of_the_text():
    assert english_text_sha256() == hashlib.sha256(english_text().encode()).hexdigest()


def test_a_python_without_its_topics_is_told_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(NotInstalled, match=r"pydoc_data.* is not installed: run verify with a Python that has"):
        english_text.__wrapped__()
