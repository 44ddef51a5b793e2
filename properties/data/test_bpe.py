"""Byte pair encoding against the package tokenizers, which shares no code with it."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from verify.data import BytePairEncoder, byte_pair_encoder, english_text, vocabulary, word_counts, write_stand_ins
from verify.data.generated import tokenizer_content
from verify.data.locate import TOKENIZER, locate
from verify.data.tokenizer import read_tokenizer

PEER = Tokenizer.from_file(str(locate(TOKENIZER)))
FRAGMENTS = [
    "<s>",
    "</s>",
    "<unk>",
    "<",
    "s>",
    "</",
    " ",
    "  ",
    "▁",
    "\n",
    "\t",
    "\0",
    "<0x0A>",
    "é",
    "語",
    "🦙",
    "aaaa",
]


@st.composite
def mixed_texts(draw):
    """Real tokens, what the pipeline treats specially, and any characters, in any order."""
    real = st.sampled_from(vocabulary().tokens)
    return "".join(draw(st.lists(st.one_of(real, st.sampled_from(FRAGMENTS), st.text(max_size=4)), max_size=25)))


def agree(text, encoder=None, peer=PEER):
    encoder = encoder or byte_pair_encoder()
    theirs = peer.encode(text, add_special_tokens=False)
    return encoder.encode(text) == theirs.ids and encoder.tokens(text) == theirs.tokens


def test_the_english_text_has_the_tokens_that_the_package_finds():
    assert agree(english_text())


def test_the_chinese_words_in_one_piece_have_the_tokens_that_the_package_finds():
    assert agree("".join(word_counts())[:100_000])


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_has_the_tokens_that_the_package_finds(text):
    assert agree(text)


@settings(max_examples=300, deadline=None)
@given(text=mixed_texts())
def test_text_that_looks_like_tokens_has_the_tokens_that_the_package_finds(text):
    assert agree(text)


@settings(max_examples=100, deadline=None)
@given(text=st.text("ab ▁", max_size=200))
def test_runs_that_merge_in_many_ways_have_the_tokens_that_the_package_finds(text):
    assert agree(text)


LETTERS = st.text("ab <s>é▁", max_size=60)


@settings(max_examples=150, deadline=None)
@given(learnt_from=LETTERS, merges=st.integers(0, 30), text=LETTERS, order=st.randoms(use_true_random=False))
def test_tokens_that_cross_spaces_and_ranks_in_any_order_agree_with_the_package(learnt_from, merges, text, order):
    vocabulary_and_merges = tokenizer_content(learnt_from, merges)
    order.shuffle(vocabulary_and_merges["model"]["merges"])
    content = json.dumps(vocabulary_and_merges)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        path.write_text(content, encoding="utf-8")
        encoder = BytePairEncoder(read_tokenizer(path))
    peer = Tokenizer.from_str(content)
    assert agree(text, encoder, peer)
    assert agree(learnt_from, encoder, peer)


def test_the_comparison_notices_ranks_in_another_order():
    real = vocabulary()
    late = BytePairEncoder(real._replace(merges=real.merges[::-1]))
    assert not agree(english_text()[:1000], late)


def test_the_comparison_notices_that_one_token_is_never_made():
    real = vocabulary()
    poorer = BytePairEncoder(real._replace(merges=tuple(pair for pair in real.merges if "".join(pair) != "▁the")))
    assert not agree(english_text()[:1000], poorer)


def test_tokens_of_text_without_special_tokens_spell_the_text():
    text = english_text()[:20_000]
    raw = b"".join(
        bytes([int(token[3:5], 16)]) if token.startswith("<0x") else token.encode()
        for token in byte_pair_encoder().tokens(text)
    )
    assert raw.decode() == "▁" + text.replace(" ", "▁")


def test_the_empty_text_has_no_tokens():
    assert byte_pair_encoder().encode("") == []


def test_each_stretch_between_added_tokens_begins_like_a_word():
    assert byte_pair_encoder().tokens("a<s>a") == ["▁a", "<s>", "▁a"]


def test_a_lone_surrogate_is_refused_by_its_place():
    with pytest.raises(ValueError, match="text has a lone surrogate at 3"):
        byte_pair_encoder().encode("abc\ud800")


def test_one_long_run_takes_no_quadratic_time():
    assert agree("a" * 100_000)  # a scan for the best pair after each merge would need 10^10 steps


def test_the_encoder_is_built_once_but_anew_from_a_folder(tmp_path):
    write_stand_ins(tmp_path)
    assert byte_pair_encoder() is byte_pair_encoder()
    assert byte_pair_encoder(folder=tmp_path).tokens("the thin thing") == ["▁the▁thin", "▁thing"]
