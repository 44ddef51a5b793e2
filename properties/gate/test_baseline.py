"""The baseline file: small, sorted, one trial a line; a hostile one is one line, in seconds and bounded memory."""

import json
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.engine.record import MOST_BYTES, SCHEMA, BadRun
from verify.gate.baseline import OtherSchema, baseline_of, load_baseline

replace = msgspec.structs.replace


@pytest.fixture
def write(tmp_path):
    def written(data):
        path = tmp_path / "baseline.json"
        path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
        return path

    return written


def test_it_survives_saving_and_loading_byte_by_byte(baseline, waiver, tmp_path):
    full = replace(baseline, waivers=(waiver(),))
    full.save(tmp_path / "b.json")
    assert load_baseline(tmp_path / "b.json") == full
    assert load_baseline(tmp_path / "b.json").encode() == full.encode()


def test_a_saved_run_is_a_baseline_too(toys, baseline, tmp_path):
    toys.save(tmp_path / "run.json")
    assert load_baseline(tmp_path / "run.json") == baseline


def test_it_has_a_line_for_each_trial_claim_and_mutant_in_their_order(baseline):
    text = baseline.encode().decode()
    assert len(text) < 4_000
    lines = text.splitlines()
    trials = [line for line in lines if '"digest"' in line]
    assert len(trials) == len(baseline.trials)
    assert trials == sorted(trials, key=lambda line: tuple(json.loads(line.strip(" ,]"))[k] for k in ("claim", "case")))
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_one_change_is_one_line_of_its_diff(baseline, change):
    other = change(baseline, "trials", ("toy.square-rate", "", "reference"), low=1.995, digest="0")
    a, b = baseline.encode().splitlines(), other.encode().splitlines()
    assert sum(x != y for x, y in zip(a, b, strict=True)) == 1


def test_times_and_dates_are_none_of_its_business(toys, baseline):
    later = replace(toys, environment=toys.environment | {"date": "2030-01-01", "wall_seconds": 1e9, "workers": 99})
    assert baseline_of(later).encode() == baseline.encode()


def test_a_run_says_what_decides_its_bits(baseline):
    assert {"numpy", "scipy", "blas", "cpu", "machine", "system"} <= set(baseline.arithmetic)
    assert all(baseline.arithmetic.values())


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["schema", "kind", "trials", "claims"]), inner), max_leaves=10,
).map(lambda plain: json.dumps(plain).encode()))  # fmt: skip
def test_bytes_that_are_no_baseline_are_refused_in_one_line(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "hostile.json"
    path.write_bytes(data)
    with pytest.raises((BadRun, OtherSchema)) as refused:
        load_baseline(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.999])
def test_a_truncated_baseline_is_refused(baseline, write, share):
    data = baseline.encode()
    with pytest.raises(BadRun):
        load_baseline(write(data[: int(share * len(data))]))


HUGE = b"9" * 10_000


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", HUGE, b"NaN", b"Infinity"])
@pytest.mark.parametrize("field", [b'"risk":', b'"seed":', b'"low":', b'"least":', b'"claims":'])
def test_a_number_beyond_all_floats_is_refused(baseline, write, field, number):
    head, tail = baseline.encode().split(field, 1)
    end = min(k for k in (tail.find(b","), tail.find(b"}")) if k >= 0)
    with pytest.raises(BadRun):
        load_baseline(write(head + field + number + tail[end:]))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trials", 3), ("trials", [3]), ("trials", [{}]), ("seed", "zero"), ("seed", 1.5), ("claims", None),
        ("risk", "inf"), ("risk", -1.0), ("counts", {}), ("kind", "run"), ("waivers", [{"claim": "x"}]),
        ("fingerprint", ["deep"]), ("arithmetic", {"numpy": {"deep": {}}}), ("mutants_tried", "yes"),
    ],
)  # fmt: skip
def test_a_field_of_another_kind_is_refused(baseline, write, field, value):
    plain = msgspec.to_builtins(baseline) | {field: value}
    with pytest.raises(BadRun):
        load_baseline(write(plain))


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        ("trials", {"low": 2.0, "high": 1.0}), ("trials", {"low": None}), ("trials", {"verdict": "fine"}),
        ("trials", {"claim": "toy.other"}), ("trials", {"risk": 1.0}), ("trials", {"risk": -1.0}),
        ("trials", {"low": "infinite"}), ("claims", {"least": 5.0}),
        ("claims", {"risk": 2.0}), ("claims", {"id": 7}), ("mutants", {"margin": []}),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_is_refused(baseline, write, part, fields):
    plain = msgspec.to_builtins(baseline)
    plain[part] = [dict(plain[part][0]) | fields, *plain[part][1:]]
    with pytest.raises(BadRun):
        load_baseline(write(plain))


@pytest.mark.parametrize("part", ["claims", "trials", "mutants", "equivalents"])
def test_what_stands_there_twice_is_refused(baseline, write, part):
    plain = msgspec.to_builtins(baseline)
    plain[part] = [*plain[part], plain[part][0]]
    with pytest.raises(BadRun, match="twice"):
        load_baseline(write(plain))


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 1_000_000,
        b'{"schema":' * 200_000,
        b'{"schema":%d,"kind":"baseline","trials":' % SCHEMA + b"[" * 1_000_000,
        b'{"schema":' + HUGE + b"}",
        b'{"schema":1e400}',
        b'{"schema":true}',
        b'{"schema":null}',
        b"{}",
        b"",
        b"\xff\xfe{",
    ],
)
def test_deep_and_huge_values_are_refused_at_once(write, data):
    start = time.process_time()
    with pytest.raises(BadRun):
        load_baseline(write(data))
    assert time.process_time() - start < 2.0


def test_a_baseline_of_another_schema_is_told_from_a_broken_one(write):
    with pytest.raises(OtherSchema, match="schema 99"):
        load_baseline(write({"schema": 99}))


def test_a_file_above_64_mib_is_refused_unread(tmp_path):
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(BadRun, match="not read"):
        load_baseline(path)
