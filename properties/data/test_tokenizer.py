"""Tokens and merges: the real file, generated ones, and files that are refused."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from verify.data import bpe_merges, vocabulary, write_stand_ins
from verify.data.generated import SPECIAL, TEXT, learn_merges, tokenizer_content
from verify.data.locate import TOKENIZER, locate
from verify.data.tokenizer import BYTES, read_tokenizer

CONTENT = tokenizer_content(TEXT, 8)


def read_content(content):
    return read_raw(json.dumps(content).encode())


def read_raw(raw):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "some.json"
        path.write_bytes(raw)
        return read_tokenizer(path)


def with_model(**fields):
    return CONTENT | {"model": CONTENT["model"] | fields}


def with_tokens(**tokens):
    return with_model(vocab=CONTENT["model"]["vocab"] | tokens)


def with_merge(merge):
    return with_model(merges=[*CONTENT["model"]["merges"], merge])


def with_added(**fields):
    return CONTENT | {"added_tokens": [CONTENT["added_tokens"][0] | fields]}


def test_the_real_vocabulary_has_the_counts_that_its_docstring_names():
    tokens, merges, added = vocabulary()
    assert (len(tokens), len(merges), added) == (32_000, 61_249, ("<unk>", "<s>", "</s>"))
    assert len({left + right for left, right in merges}) == 29_612
    assert tokens[:259] == (*added, *BYTES)
    assert bpe_merges() is merges
    assert merges[:3] == (("▁", "t"), ("e", "r"), ("i", "n"))


def test_the_real_tokens_have_the_ids_that_the_package_gives_them():
    peer = Tokenizer.from_file(str(locate(TOKENIZER)))
    assert {token: i for i, token in enumerate(vocabulary().tokens)} == peer.get_vocab()


def test_no_real_token_reaches_across_a_space():
    assert not any("▁" in token.lstrip("▁") for token in vocabulary().tokens)


def test_a_vocabulary_is_read_once():
    assert vocabulary() is vocabulary()


def test_a_folder_is_read_anew(tmp_path):
    write_stand_ins(tmp_path, merges=3)
    assert len(bpe_merges(folder=tmp_path)) == 3
    write_stand_ins(tmp_path, merges=5)
    assert len(bpe_merges(folder=tmp_path)) == 5


@settings(max_examples=60, deadline=None)
@given(text=st.text("ab é▁", max_size=30), count=st.integers(0, 20))
def test_a_generated_vocabulary_is_read_as_it_was_written(text, count):
    found = read_content(tokenizer_content(text, count))
    assert found.merges == learn_merges(text, count)
    assert found.added == SPECIAL
    assert {left + right for left, right in found.merges} <= set(found.tokens)


def test_merges_may_be_spelt_as_lists():
    lists = with_model(merges=[merge.split(" ") for merge in CONTENT["model"]["merges"]])
    assert read_content(lists) == read_content(CONTENT)


@pytest.mark.parametrize(
    ("content", "defect"),
    [
        ([], "a JSON object is needed, not list"),
        ({}, "there is no model"),
        (CONTENT | {"normalizer": None}, "the file has normalizer=None"),
        (CONTENT | {"normalizer": {"type": "NFC"}}, "the file has normalizer={'type': 'NFC'}"),
        (CONTENT | {"pre_tokenizer": {"type": "Whitespace"}}, "the file has pre_tokenizer="),
        (CONTENT | {"truncation": {"max_length": 5}}, "the file has truncation="),
        (CONTENT | {"padding": {"strategy": "BatchLongest"}}, "the file has padding="),
        (with_model(type="Unigram"), "the model has type='Unigram', but only type='BPE' is implemented"),
        (with_model(dropout=0.1), "the model has dropout=0.1"),
        (with_model(byte_fallback=False), "the model has byte_fallback=False"),
        (with_model(ignore_merges=True), "the model has ignore_merges=True"),
        (with_model(continuing_subword_prefix="##"), "the model has continuing_subword_prefix='##'"),
        (with_model(end_of_word_suffix="</w>"), "the model has end_of_word_suffix='</w>'"),
        (with_model(vocab=[]), "does not map tokens to ids"),
        (with_tokens(x="7"), "does not map tokens to ids"),
        (with_tokens(x=True), "does not map tokens to ids"),
        (with_tokens(x=0), "ids count up from 0"),
        (with_tokens(x=10**6), "ids count up from 0, but 'x' is number"),
        (with_tokens(**{"": len(CONTENT["model"]["vocab"])}), "the token '' is empty or not text"),
        (with_tokens(**{"\ud800": len(CONTENT["model"]["vocab"])}), r"the token '\ud800' is empty or not text"),
        (with_model(vocab={"a": 0}), "no token <0x00>"),
        (with_model(merges=None), "the merges are not a list"),
        (with_merge("t"), "merge 8 is 't', not a pair of tokens"),
        (with_merge("t h e"), "merge 8 is 't h e', not a pair of tokens"),
        (with_merge(["t", 1]), "merge 8 is ['t', 1], not a pair of tokens"),
        (with_merge("t z"), "merge 8 needs the token 'z', which the vocabulary lacks"),
        (with_merge("t t"), "merge 8 needs the token 'tt', which the vocabulary lacks"),
        (with_merge(CONTENT["model"]["merges"][0]), "merge 8 repeats merge 0"),
        (CONTENT | {"added_tokens": None}, "the added tokens are not a list"),
        (with_added(id=1), "the added token '<unk>' has id 1, but not in the vocabulary"),
        (with_added(content="<pad>"), "the added token '<pad>' has id 0"),
        (with_added(lstrip=True), "the added token '<unk>' has lstrip=True"),
        (with_added(normalized=True), "the added token '<unk>' has normalized=True"),
    ],
)
def test_a_file_that_says_something_else_is_refused(content, defect):
    with pytest.raises(ValueError, match=r"some\.json: ") as refusal:
        read_content(content)
    assert defect in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_merging_bytes_is_refused():
    joined = with_tokens(**{"t<0x00>": len(CONTENT["model"]["vocab"])})
    joined["model"]["merges"] = ["t <0x00>"]
    with pytest.raises(ValueError, match="merging byte tokens is not implemented"):
        read_content(joined)


def test_a_token_that_stands_twice_is_refused():
    raw = json.dumps(CONTENT).replace('"vocab": {', '"vocab": {"t": 5, ')
    with pytest.raises(ValueError, match="the key 't' stands twice"):
        read_raw(raw.encode())


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_in_one_line(data):
    raw = bytearray(json.dumps(CONTENT, ensure_ascii=False).encode())
    for _ in range(data.draw(st.integers(1, 3), label="damages")):
        raw[data.draw(st.integers(0, len(raw) - 1), label="place")] = data.draw(st.integers(0, 255), label="byte")
    refusal = ""
    try:
        read_raw(bytes(raw))
    except ValueError as error:
        refusal = str(error)
    assert not refusal or ("some.json: " in refusal and "\n" not in refusal)


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(2**40)  # sparse: it takes no room
    with pytest.raises(ValueError, match=r"huge\.json: 1099511627776 bytes, but files above 67108864 bytes"):
        read_tokenizer(path)
