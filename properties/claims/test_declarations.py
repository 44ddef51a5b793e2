"""What must be true of every declaration: ids, statements, regions, sources, figures, the list of the sheets."""

import importlib
import pkgutil
import re

import pytest
from math_core import LatexToMathML

import verify.methods
from verify.claims.catalogue import catalogue, signature
from verify.claims.declare import CLAIM_ID, Evidence
from verify.engine.work import draw, tabulate
from verify.evidence import Region

KNOWN = catalogue()
CLAIMS = list(KNOWN.claims.values())
ROLES = list(KNOWN.roles.values())

by_id = {"ids": lambda thing: thing.id}


@pytest.mark.parametrize("claim", CLAIMS, **by_id)
def test_a_claim_is_well_formed(claim) -> None:
    assert CLAIM_ID.fullmatch(claim.id)
    assert claim.system in KNOWN.systems
    assert claim.title
    assert not claim.title.endswith(".")
    assert claim.quantity, "a claim names the number that it measures"
    assert isinstance(claim.region, Region)
    assert len(claim.region.because) > 15
    assert claim.source.place
    quick, full = ([case.key for case in claim.case_list(profile)] for profile in ("quick", "full"))
    assert len(set(quick)) == len(quick) <= len(set(full)) == len(full)
    assert claim.evidence is Evidence.STATISTICAL or claim.risk == 1e-10


@pytest.mark.parametrize("claim", CLAIMS, **by_id)
def test_a_statement_converts_to_mathml(claim) -> None:
    mathml = LatexToMathML().convert_with_local_state(claim.statement, displaystyle=True)
    assert mathml.startswith("<math")
    assert "merror" not in mathml


@pytest.mark.parametrize("claim", [c for c in CLAIMS if "." in c.id.partition(".")[2]], **by_id)
def test_a_part_belongs_to_an_entry_that_exists(claim) -> None:
    assert claim.id.rpartition(".")[0] in KNOWN.claims


@pytest.mark.parametrize("role", ROLES, **by_id)
def test_a_role_has_mutants_claims_and_a_documented_signature(role) -> None:
    assert role.mutants, "a check that cannot fail proves nothing"
    assert KNOWN.of_role(role.id)
    assert role.numbers
    assert role.reference.__doc__
    assert signature(role).startswith(role.reference.__name__)
    for variant in (*role.mutants.values(), *role.equivalents.values()):
        assert len(variant.why) > 10
        assert re.fullmatch(r"[a-z][a-z0-9_]*", variant.name)


PUBLIC = {
    name: getattr(module, name)
    for module in (
        importlib.import_module(f"verify.methods.{found.name}")
        for found in pkgutil.iter_modules(verify.methods.__path__)
    )
    for name in dir(module)
    if callable(getattr(module, name)) and not name.startswith("_")
}


@pytest.mark.parametrize("id", [role.id for role in ROLES if role.id.partition(".")[2] in PUBLIC])
def test_the_reference_of_a_public_role_is_the_public_function(id: str) -> None:
    assert KNOWN.roles[id].reference is PUBLIC[id.partition(".")[2]]


@pytest.mark.parametrize("system", list(KNOWN.systems))
def test_a_chapter_opens_with_a_picture_of_its_own(system: str) -> None:
    picture = KNOWN.systems[system].picture
    assert picture in KNOWN.drawings
    assert KNOWN.claims[picture].system == system


@pytest.mark.parametrize("claim", list(KNOWN.tables))
def test_a_table_has_rows_and_says_what_it_shows(claim: str) -> None:
    made = tabulate(KNOWN, claim)
    assert made.rows, made.says
    assert made.says.endswith(".")


@pytest.mark.parametrize("claim", list(KNOWN.drawings))
def test_a_figure_is_drawn_from_finite_series_and_says_what_it_shows(claim: str) -> None:
    made = draw(KNOWN, claim)
    assert made.series, made.says
    assert made.says.endswith(".")
    assert made.y
    for series in made.series:
        values = (*series.x, *series.y, *series.y2)
        assert all(isinstance(value, float) or value == "inf" for value in values)  # "inf" is a gap in the curve
        assert any(isinstance(value, float) for value in values)
        if made.y_log:
            assert all(value > 0 for value in series.y)
