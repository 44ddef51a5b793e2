"""Every entry and every mutant of a claim sheet, by name, with what carries it. A list that is complete, not a promise.

A sheet is a file in `sheets/`, called after its system: `ENTRIES` is how many entries the sheet has, and `MISTAKES` maps
the id of each entry to {mistake of the sheet: role/mutant that makes it, or why there is none}.
"""

import runpy
from pathlib import Path

import pytest

from verify.claims.catalogue import catalogue

SHEETS = {path.stem: runpy.run_path(str(path)) for path in sorted((Path(__file__).parent / "sheets").glob("*.py"))}
REASONS = ("a case or a guard, not a mutant: ", "stated otherwise: ", "true, not a mistake: ")


def test_every_system_has_a_sheet():
    assert set(SHEETS) == set(catalogue().systems)


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_entry_is_a_claim_with_a_figure(sheet):
    entries = SHEETS[sheet]["MISTAKES"]
    known = catalogue()
    assert len(entries) == SHEETS[sheet]["ENTRIES"]
    for entry in entries:
        assert entry in known.claims
        assert any(drawn == entry or drawn.startswith(entry + ".") for drawn in known.drawings), (
            f"{entry} has no figure"
        )


@pytest.mark.parametrize(
    "carrier",
    [carrier for sheet in SHEETS.values() for mistakes in sheet["MISTAKES"].values() for carrier in mistakes.values()],
)
def test_every_mistake_of_a_sheet_is_a_mutant_or_has_a_reason(carrier):
    if not carrier.startswith(REASONS):
        role, _, name = carrier.partition("/")
        assert name in catalogue().roles[role].mutants
