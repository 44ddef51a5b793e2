"""Word counts: the real dictionary, generated ones, and files that are refused."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.data import word_counts, write_stand_ins
from verify.data.generated import WORDS
from verify.data.words import read_counts

VISIBLE = st.text(st.characters(exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"]), min_size=1, max_size=5)


def read_raw(raw):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "some.txt"
        path.write_bytes(raw)
        return read_counts(path)


def test_the_real_counts_are_what_their_docstring_says():
    counts = word_counts()
    assert len(counts) == 349_045
    assert sum(counts.values()) == 60_101_964
    assert min(counts.values()) == 2
    assert max(counts, key=counts.__getitem__) == "了"
    assert (counts["了"], counts["B超"]) == (883_634, 3)


def test_the_counts_are_read_once_and_cannot_be_written_to():
    assert word_counts() is word_counts()
    with pytest.raises(TypeError, match="does not support item assignment"):
        word_counts()["了"] = 1


def test_generated_counts_are_read_from_their_folder(tmp_path):
    write_stand_ins(tmp_path)
    assert word_counts(folder=tmp_path) == WORDS


@settings(max_examples=100, deadline=None)
@given(counts=st.dictionaries(VISIBLE, st.integers(1, 10**17), min_size=1), end=st.sampled_from(["", "\n"]))
def test_counts_are_read_as_they_were_written_in_their_order(counts, end):
    text = "\n".join(f"{word} {count} n" for word, count in counts.items()) + end
    assert list(read_raw(text.encode()).items()) == list(counts.items())


@pytest.mark.parametrize(
    ("raw", "defect"),
    [
        ("中 5 n\n国 3\n", "line 2 is '国 3', not a word, a count and a part of speech"),
        ("中 5 n\n\n国 3 n\n", "line 2 is ''"),
        ("中 5 n\n国 3 n x\n", "line 2 is '国 3 n x'"),
        ("中  5 n\n", "line 1 is '中  5 n'"),
        ("中\t5\tn\n", "line 1 is "),
        ("中 5 n\r\n", "line 1 is "),
        ("中 0 n\n", "line 1 is "),
        ("中 -5 n\n", "line 1 is "),
        ("中 5.0 n\n", "line 1 is "),
        ("中 ٥ n\n", "line 1 is "),
        ("中 " + "9" * 5000 + " n\n", "line 1 is "),
        ("中 5 n\n国 3 n\n中 6 n\n", "line 3 counts '中' 6 times, but an earlier one 5 times"),
        ("", "there are no words"),
        ("\n", "line 1 is ''"),
    ],
)
def test_a_malformed_line_is_refused_by_its_number(raw, defect):
    with pytest.raises(ValueError, match=r"some\.txt: ") as refusal:
        read_raw(raw.encode())
    assert defect in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


def test_bytes_that_are_no_text_are_refused_by_their_line():
    with pytest.raises(ValueError, match=r"some\.txt: not UTF-8: byte 0xff in line 2"):
        read_raw("中 5 n\n".encode() + b"\xff 3 n\n")


def test_a_word_that_stands_twice_with_one_count_is_one_word():
    assert read_raw("中 5 n\n国 3 n\n中 5 v\n".encode()) == {"中": 5, "国": 3}
