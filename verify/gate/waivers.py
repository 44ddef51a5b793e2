"""Waivers: claims of which a repository knows that they do not hold, with a reason and an end."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

from verify.engine.record import Record


class BadWaiver(ValueError):
    """A waiver that cannot be read; the message is one line and says how one is spelled."""


class Waiver(Record, frozen=True, kw_only=True):
    """A claim, the verdict that it is known to have, why that is accepted, and until when (the last day)."""

    claim: str
    verdict: Literal["fails", "undecided", "error"]
    reason: str
    until: date


SPELLED = '[[tool.verify.waivers]] claim = "...", verdict = "fails", reason = "...", until = 2027-01-31'


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a pyproject.toml, sorted by claim; none where there is no such file.

    BadWaiver: not TOML, or a waiver lacks something, has something else, or is there twice.
    """
    if not path.is_file():
        return ()
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("verify", {}).get("waivers", [])
        waivers = [_waiver(table) for table in tables]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, AttributeError, TypeError) as error:
        raise BadWaiver(f"{path}: {error}; a waiver is spelled {SPELLED}") from None
    except (msgspec.ValidationError, ValueError) as error:
        raise BadWaiver(f"{path}: a waiver: {error}; it is spelled {SPELLED}") from None
    claims = [waiver.claim for waiver in waivers]
    twice = sorted({claim for claim in claims if claims.count(claim) > 1})
    if twice:
        raise BadWaiver(f"{path}: {twice[0]} is waived twice")
    return tuple(sorted(waivers, key=lambda waiver: waiver.claim))


def _waiver(table: Any) -> Waiver:
    if not isinstance(table, dict):
        raise ValueError(f"{table!r:.40} is no table")
    other = sorted(set(table) - set(Waiver.__struct_fields__))
    if other:
        raise ValueError(f"no field is called {other[0]!r}")
    waiver = msgspec.convert(table, Waiver)
    if not waiver.claim.strip() or not waiver.reason.strip():
        raise ValueError("claim and reason may not be empty")
    return waiver
