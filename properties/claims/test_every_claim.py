"""Every claim and case is a test, every mutant is caught, every harmless variant is spared."""

import pytest

from verify.claims.catalogue import catalogue
from verify.engine.trial import measure
from verify.evidence import Verdict
from verify.pytest_plugin import (
    Confrontation,
    Trial,
    parametrize_with_claims,
    parametrize_with_equivalents,
    parametrize_with_mutants,
)


@parametrize_with_claims()
def test_holds(trial: Trial) -> None:
    trial.check()


@parametrize_with_mutants()
def test_some_claim_catches(mutant: Confrontation) -> None:
    found = mutant.hunt()
    assert found.caught_by is not None, f"{mutant.id} survives {', '.join(found.passed)}: {found.slip}"
    assert float(found.margin) > 0


@parametrize_with_equivalents()
def test_no_claim_rejects(equivalent: Confrontation) -> None:
    assert equivalent.spare().rejected_by == ()


CLAIMS = list(catalogue().claims.values())


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_subject_that_raises_fails_every_claim_of_its_role(claim) -> None:
    known = catalogue()

    def raises(*args, **kwargs):
        raise ArithmeticError("deliberately broken")

    for broken in claim.roles:
        functions = tuple(raises if role == broken else known.roles[role].reference for role in claim.roles)
        outcome = measure(claim, claim.case_list("quick")[0], functions, seed=0, looks=4)
        assert outcome.verdict is Verdict.FAILS, (
            f"{claim.id} with a broken {broken}: {outcome.verdict} {outcome.reason}"
        )
