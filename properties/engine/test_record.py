"""A saved run: floats round-trip, infinities are words, and a hostile file is one line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.engine.record import MOST_BYTES, BadRun, Interval, decode, json_schema, load, real
from verify.engine.run import run


@pytest.fixture(scope="module")
def saved():
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parent / "toys"))
    return run(modules=("toy_claims",), jobs=0)


def test_a_run_survives_saving_and_loading(saved, tmp_path):
    saved.save(tmp_path / "run.json")
    assert load(tmp_path / "run.json") == saved
    assert load(tmp_path / "run.json").encode() == saved.encode()


def test_the_json_contract(saved):
    plain = json.loads(saved.encode())
    assert {
        "schema",
        "counts",
        "risk",
        "claims",
        "trials",
        "mutants",
        "survivors",
        "idle_claims",
        "environment",
    } <= set(plain)
    assert set(plain["counts"]) == {"claims", "planned", "settled", "skipped", "errors", "mutants", "caught"}
    trial = plain["trials"][0]
    assert {"claim", "case", "subject", "verdict", "enclosure", "looks", "digest", "reason"} <= set(trial)
    assert set(trial["enclosure"]) == {"low", "high", "risk"}
    assert trial["subject"] == "reference"
    assert {"role", "name", "slip", "caught_by", "margin"} <= set(plain["mutants"][0])
    assert list(plain) == sorted(plain)


@given(st.floats(allow_nan=False))
def test_ends_round_trip_and_infinities_are_words(x):
    import msgspec

    text = msgspec.json.encode(Interval(low=real(x), high="inf"))
    assert b"null" not in text
    assert float(msgspec.json.decode(text, type=Interval).low) == x


def test_nan_is_no_result():
    with pytest.raises(ValueError, match="NaN"):
        real(float("nan"))


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_bytes_that_are_no_run_are_refused_in_one_line(data):
    with pytest.raises(BadRun) as refused:
        decode(data, "f.json")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "data", [b'{"schema": 2}', b'{"schema": 1}', b"[" * 100_000, b'{"schema":' + b"9" * 5000 + b"}"]
)
def test_hostile_files_are_refused(data):
    with pytest.raises(BadRun):
        decode(data, "f.json")


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(BadRun, match="not read"):
        load(path)


def test_the_schema_names_every_field(saved):
    assert "properties" in json.dumps(json_schema())
    assert "trials" in json.dumps(json_schema())
