"""What decides the last bits is told in words, and results of other packages are not resumed."""

from verify.engine import journal, machine
from verify.engine.machine import arithmetic, packages


def test_every_part_of_the_arithmetic_is_told(monkeypatch, tmp_path):
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    told = arithmetic()
    assert set(told) == {"packages", "blas", "cpu", "machine", "system"}
    assert all(told.values())
    assert told["packages"]["numpy"][0].isdigit()
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    assert arithmetic()["blas"] == told["blas"] + " Nehalem"


def test_a_processor_has_a_name_where_the_system_tells_none(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "absent")
    assert machine.processor()
    (tmp_path / "cpuinfo").write_text("model name\t: A processor\ncpu family\t: 6\nmodel\t\t: 7\n")
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    assert machine.processor() == "A processor 6 7"


def test_the_fingerprint_of_the_code_follows_the_packages(monkeypatch):
    before = journal.code_fingerprint([])
    monkeypatch.setattr(journal, "packages", lambda: packages() | {"numpy": "0.0"})
    assert journal.code_fingerprint([]) != before
