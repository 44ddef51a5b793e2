"""One array of a safetensors file, with NumPy alone.

A safetensors file is a length (unsigned, 64 bits, little-endian), a JSON header of that length, and the data. The
header maps each name to a dtype, a shape, and the two offsets, counted from its end, between which that array lies.

Source: https://github.com/huggingface/safetensors, "Format".
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.data.reading import malformed, parse_object, read

DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
AXES = 32  # what every version of NumPy can hold


def read_tensor(path: Path, name: str) -> NDArray[Any]:
    """The array called `name`, read-only, in the dtype and shape of the file.

    ValueError: a file that is no such file, that holds no such array, or whose array is not of real numbers.
    """
    raw = read(path)
    length = int.from_bytes(raw[:8], "little")
    if len(raw) < 8 or length > len(raw) - 8:
        malformed(path, f"the header should have {length} bytes, but the whole file has {len(raw)}")
    header, start = parse_object(raw[8 : 8 + length], path), 8 + length
    if name not in header:
        malformed(path, f"no array is called {name!r}")
    match header[name]:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [begin, end]} if _whole([*shape, begin, end]):
            pass
        case _:
            malformed(path, f"{name} needs a dtype, a shape and two data_offsets, in whole numbers")
    if dtype not in DTYPES:
        malformed(path, f"{name} has dtype {dtype!r:.80}, but one of {', '.join(DTYPES)} is needed")
    if prod(shape) == 0 or len(shape) > AXES:
        malformed(path, f"{name} is empty or has more than {AXES} axes")
    kind = np.dtype(DTYPES[dtype])
    if end - begin != prod(shape) * kind.itemsize:
        malformed(path, f"{name} has shape {shape!r:.80} and dtype {dtype}, but {end - begin} bytes of data")
    if end > len(raw) - start:
        malformed(path, f"{name} ends {end} bytes after the header, but only {len(raw) - start} bytes follow it")
    return np.frombuffer(raw, kind, prod(shape), start + begin).reshape(shape)


def _whole(numbers: list[Any]) -> bool:
    # not isinstance: to that, JSON's true is an int; a number beyond any file is refused before it is printed
    return all(type(number) is int and 0 <= number < 2**63 for number in numbers)
