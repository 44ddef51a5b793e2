"""Word vectors: the real rows, generated ones, and files that are refused."""

import numpy as np
import pytest
import safetensors.numpy

from verify.data import vocabulary, word_vectors, write_stand_ins
from verify.data.generated import made_up_vectors, safetensors_bytes
from verify.data.locate import WEIGHTS, locate
from verify.data.vectors import TENSOR


def write_vectors(folder, array, name=TENSOR):
    write_stand_ins(folder)
    (folder / WEIGHTS.name).write_bytes(safetensors_bytes({name: array}))


@pytest.fixture
def good(tmp_path):
    """Vectors that fit the tokens which `write_stand_ins` writes."""
    write_stand_ins(tmp_path)
    return made_up_vectors(len(vocabulary(folder=tmp_path).tokens), 8)


def test_the_real_vectors_are_what_their_docstring_says():
    tokens, vectors = word_vectors()
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
    assert (vectors.shape, vectors.dtype) == ((32_000, 256), np.float32)
    assert np.isfinite(vectors).all()
    assert 0.38 < norms.min() < norms.max() < 38.52
    assert (tokens[norms.argmin()], tokens[norms.argmax()]) == ("ª", "prototype")
    assert len(np.unique(vectors, axis=0)) == len(vectors)


def test_the_real_vectors_are_those_that_the_package_safetensors_reads():
    assert np.array_equal(safetensors.numpy.load_file(locate(WEIGHTS))[TENSOR], word_vectors().vectors)


def test_tokens_stand_in_the_order_of_the_rows():
    tokens, vectors = word_vectors()
    assert tokens is vocabulary().tokens
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    row = {token: unit[i] for i, token in enumerate(tokens)}
    # were the rows in another order, these would be pairs of random words, with cosines near 0
    for one, other in [("▁king", "▁queen"), ("▁January", "▁February"), ("▁brother", "▁sister"), ("▁three", "▁four")]:
        assert row[one] @ row[other] > np.quantile(unit @ row[one], 0.99)


def test_the_vectors_are_read_once_and_cannot_be_written_to():
    assert word_vectors() is word_vectors()
    with pytest.raises(ValueError, match="read-only"):
        word_vectors().vectors[0, 0] = 1


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_generated_vectors_are_read_as_they_were_written(tmp_path, good, dtype):
    write_vectors(tmp_path, good.astype(dtype))
    tokens, vectors = word_vectors(folder=tmp_path)
    assert np.array_equal(vectors, good)
    assert vectors.dtype == np.float32
    assert not vectors.flags.writeable
    assert tokens == vocabulary(folder=tmp_path).tokens


@pytest.mark.parametrize(
    ("spoil", "defect"),
    [
        (lambda good: good[:-1], "but one row for each of"),
        (lambda good: good[0], "but one row for each of"),
        (lambda good: good[:, :, None], "but one row for each of"),
        (lambda good: np.where(np.arange(len(good))[:, None] == 4, 0, good), "row 4, of the token '<0x01>', is zero"),
        (lambda good: np.where(good == good[7, 2], np.nan, good), "row 7, of the token '<0x04>', is zero or not"),
        (lambda good: np.where(good == good[7, 2], np.inf, good), "row 7, of the token '<0x04>', is zero or not"),
        (lambda good: np.where(good == good[7, 2], 1e300, good.astype(np.float64)), "row 7"),
    ],
)
def test_rows_that_cannot_be_vectors_of_these_tokens_are_refused(tmp_path, good, spoil, defect):
    write_vectors(tmp_path, spoil(good))
    with pytest.raises(ValueError, match=WEIGHTS.name) as refusal:
        word_vectors(folder=tmp_path)
    assert defect in str(refusal.value)


def test_an_array_of_another_name_is_refused(tmp_path, good):
    write_vectors(tmp_path, good, name="weights")
    with pytest.raises(ValueError, match=r"no array is called 'embedding\.weight'"):
        word_vectors(folder=tmp_path)


def test_the_same_arguments_generate_the_same_bytes(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write_stand_ins(tmp_path / name)
    ones = sorted((tmp_path / "one").iterdir())
    assert len(ones) == 3
    for one in ones:
        assert one.read_bytes() == (tmp_path / "other" / one.name).read_bytes()
