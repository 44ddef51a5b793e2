"""The findings as JUnit XML: one testcase a claim, with its numbers then and now."""

from __future__ import annotations

from xml.etree import ElementTree as xml

from verify.engine.record import Run
from verify.gate.baseline import ClaimLine, TrialLine, by_claim
from verify.gate.compare import Comparison
from verify.gate.finding import Finding
from verify.gate.text import headline, repeat
from verify.report.junit import legal, say


def as_junit(found: Comparison, run: Run) -> str:
    """JUnit XML: one testcase a claim with its numbers then and now; what concerns no claim has one of its own."""
    suite = xml.Element("testsuite", name="verify gate")
    then = found.then
    sides = {"": found.now, "then_": then}
    claims = sorted({claim.id for side in sides.values() if side for claim in side.claims})
    tables = {prefix: by_claim(side) for prefix, side in sides.items() if side}
    failing: dict[str, list[Finding]] = {}
    for finding in found.refused or found.failing:
        failing.setdefault(finding.where, []).append(finding)
    unsettled = {trial.claim for trial in found.unsettled}
    failures = 0
    for id in claims:
        case = xml.SubElement(suite, "testcase", classname=legal(id.partition(".")[0]), name=legal(id))
        about = xml.SubElement(case, "properties")
        for prefix, table in tables.items():
            for name, value in _numbers(*table[id]).items() if id in table else ():
                xml.SubElement(about, "property", name=prefix + name, value=legal(value))
        failures += _failure(case, failing.pop(id, []), run, "does not hold" if id in unsettled else "")
    for id in [*_broken(found), *failing]:
        case = xml.SubElement(suite, "testcase", classname="gate", name=legal(id))
        failures += _failure(case, failing.pop(id, []), run, "survives, is rejected, or catches nothing")
    suite.attrib.update(tests=str(len(suite)), failures=str(failures), errors="0", skipped="0")
    xml.indent(suite)
    return xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _broken(found: Comparison) -> list[str]:
    """Mutants, variants and claims of the kill matrix that fail whatever the baseline says."""
    now = found.now
    survivors = [mutant.id for mutant in now.mutants if mutant.caught_by is None]
    return [*survivors, *(v.id for v in now.equivalents if v.rejected_by), *(f"idle {c}" for c in now.idle_claims)]


def _failure(case: xml.Element, findings: list[Finding], run: Run, otherwise: str) -> bool:
    if not findings and not otherwise:
        return False
    text = "\n".join(" ".join(part for part in (headline(f), f.says, repeat(f, run)) if part) for f in findings)
    say(case, "failure", headline(findings[0]) if findings else f"{case.get('name')} {otherwise}", text or otherwise)
    return True


def _numbers(claim: ClaimLine, trials: list[TrialLine]) -> dict[str, str]:
    """The terms of a claim and the hull of its enclosures."""
    lows = [float(trial.low) for trial in trials if trial.low is not None]
    highs = [float(trial.high) for trial in trials if trial.high is not None]
    values = {"least": claim.least, "most": claim.most, "risk": claim.risk, "cases": len(trials)}
    values |= {"low": min(lows), "high": max(highs)} if lows and highs else {}
    return {"evidence": claim.evidence} | {name: str(value) for name, value in values.items()}
