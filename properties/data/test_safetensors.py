"""Reading one array of a safetensors file: against the package safetensors, and against files that are none."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from verify.data.generated import safetensors_bytes
from verify.data.safetensors import read_tensor

SHORT = settings(max_examples=60, deadline=None)
FLOATS = st.sampled_from([np.float16, np.float32, np.float64])
ARRAYS = FLOATS.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, max_side=5)))
GOOD = {"w": np.arange(6, dtype=np.float32).reshape(2, 3)}
ENTRY = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}


def read_bytes(raw, name="w"):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "some.safetensors"
        path.write_bytes(raw)
        return read_tensor(path, name)


def file_of(header, data=bytes(24)):
    front = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(front).to_bytes(8, "little") + front + data


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@SHORT
@given(first=ARRAYS, second=ARRAYS)
def test_what_the_package_wrote_is_read_bit_for_bit(first, second):
    raw = safetensors.numpy.save({"first": first, "w": second}, metadata={"format": "np"})
    assert same(read_bytes(raw), second)
    assert same(read_bytes(raw, "first"), first)


@SHORT
@given(first=ARRAYS, second=ARRAYS)
def test_what_the_stand_in_wrote_is_read_alike_here_and_by_the_package(first, second):
    raw = safetensors_bytes({"first": first, "w": second})
    assert same(read_bytes(raw), second)
    assert same(safetensors.numpy.load(raw)["first"], first)


def test_the_array_cannot_be_written_to():
    assert not read_bytes(safetensors_bytes(GOOD)).flags.writeable


@pytest.mark.parametrize("length", range(len(safetensors_bytes(GOOD))))
def test_a_file_cut_short_anywhere_is_refused(length):
    with pytest.raises(ValueError, match=r"some\.safetensors: ") as refusal:
        read_bytes(safetensors_bytes(GOOD)[:length])
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("raw", "defect"),
    [
        (b"", "the whole file has 0"),
        ((2**63).to_bytes(8, "little") + b"{}", f"should have {2**63} bytes"),
        (file_of(b"{"), "not JSON"),
        (file_of(b"[" * 100_000), "not JSON"),
        (file_of(b'{"w":' + b"9" * 5000 + b"}"), "not JSON"),
        (file_of(b"\xff\xfe"), "not UTF-8: byte 0xff in line 1"),
        (file_of([]), "a JSON object is needed, not list"),
        (file_of(b'{"w":1,"w":2}'), "the key 'w' stands twice"),
        (file_of({"v": ENTRY}), "no array is called 'w'"),
        (file_of({"w": None}), "needs a dtype, a shape"),
        (file_of({"w": ENTRY | {"shape": [2, -3]}}), "needs a dtype, a shape"),
        (file_of({"w": ENTRY | {"shape": [True, 6]}}), "needs a dtype, a shape"),
        (file_of({"w": ENTRY | {"shape": [2, 3.0]}}), "needs a dtype, a shape"),
        (file_of({"w": ENTRY | {"data_offsets": [0]}}), "needs a dtype, a shape"),
        (file_of({"w": ENTRY | {"data_offsets": [0, 10**4000]}}), "needs a dtype, a shape"),
        (file_of({"w": ENTRY | {"dtype": "BF16"}}), "dtype 'BF16', but one of F16, F32, F64"),
        (file_of({"w": ENTRY | {"dtype": "I32"}}), "dtype 'I32'"),
        (file_of({"w": ENTRY | {"shape": [2, 4]}}), "has shape [2, 4] and dtype F32, but 24 bytes"),
        (file_of({"w": ENTRY | {"data_offsets": [24, 0]}}), "but -24 bytes"),
        (file_of({"w": ENTRY | {"data_offsets": [8, 32]}}), "ends 32 bytes after the header, but only 24"),
        (file_of({"w": ENTRY | {"shape": [0, 3], "data_offsets": [0, 0]}}), "is empty"),
        (file_of({"w": ENTRY | {"shape": [2, 3] + [1] * 100}}), "more than 32 axes"),
    ],
)
def test_a_file_that_lies_is_refused_by_name_and_defect(raw, defect):
    with pytest.raises(ValueError, match=r"some\.safetensors: ") as refusal:
        read_bytes(raw)
    assert defect in str(refusal.value)
    assert "\n" not in str(refusal.value)


@SHORT
@given(raw=st.binary(max_size=60))
def test_noise_is_refused(raw):
    with pytest.raises(ValueError, match="some"):
        read_bytes(raw)
