"""The journal: every finished unit of work, written at once, so that nothing finished is lost."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

import msgspec

from verify.engine.machine import packages
from verify.engine.record import SCHEMA, Record
from verify.engine.work import Done


class ForeignJournal(ValueError):
    """A journal of another run; the message says what differs and what to type."""


class Header(Record, frozen=True, kw_only=True):
    """What must agree before the work of an earlier run counts for this one."""

    schema: int = SCHEMA
    profile: str
    seed: int
    subjects: dict[str, str]
    code: str


class Entry(Record, frozen=True, kw_only=True):
    """One finished unit."""

    address: str
    done: Done


class Journal:
    """Append-only lines of JSON: a header, then an entry for each finished unit."""

    def __init__(self, path: Path | None, header: Header, *, resume: bool) -> None:
        """Open for appending; with `resume`, what an earlier run of the same header finished is `found`.

        A path of None keeps nothing. ForeignJournal: resume, but the header differs or there is no journal.
        """
        self.found: dict[str, Done] = {}
        self._file: BinaryIO | None = None
        if path is None:
            return
        keep = 0
        if resume:
            keep = self._read(path, header)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("r+b" if keep else "wb")
        self._file.truncate(keep)
        self._file.seek(keep)
        if not keep:
            self._write(header)

    def _read(self, path: Path, header: Header) -> int:
        """Fill `found` and return how many bytes of the file are whole lines: a killed run may leave half of one."""
        if not path.is_file():
            raise ForeignJournal(f"{path}: no journal to resume from; run without --resume first")
        data = path.read_bytes()
        keep = data.rfind(b"\n") + 1
        lines = data[:keep].splitlines()
        if not lines:
            return 0
        try:
            old = msgspec.json.decode(lines[0], type=Header)
            entries = [msgspec.json.decode(line, type=Entry) for line in lines[1:]]
        except msgspec.MsgspecError as error:
            raise ForeignJournal(f"{path}: not a journal of this version ({error}); run without --resume") from None
        differing = [name for name in Header.__struct_fields__ if getattr(old, name) != getattr(header, name)]
        if differing:
            raise ForeignJournal(f"{path}: the journal has another {' and '.join(differing)}; run without --resume")
        self.found = {entry.address: entry.done for entry in entries}
        return keep

    def add(self, address: str, done: Done) -> None:
        """Write one entry and hand it to the system at once."""
        self._write(Entry(address=address, done=done))

    def _write(self, record: Record) -> None:
        if self._file is not None:
            self._file.write(msgspec.json.encode(record, order="sorted") + b"\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file; further entries are dropped."""
        if self._file is not None:
            self._file.close()
            self._file = None


def code_fingerprint(files: list[Path]) -> str:
    """A hash of this package's sources, of the given files and of the versions of the packages that it computes with.

    Results of other code are not resumed.
    """
    import verify

    root = Path(verify.__file__).parent
    digest = hashlib.sha256(repr(sorted(packages().items())).encode())
    for path in sorted(root.rglob("*.py")) + sorted(files):
        digest.update(str(path.relative_to(root) if path.is_relative_to(root) else path.name).encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
