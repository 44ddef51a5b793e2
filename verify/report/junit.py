"""A run as JUnit XML: one testcase a claim, with its numbers as properties."""

from __future__ import annotations

import re
from xml.etree import ElementTree as xml

from verify.engine.message import message
from verify.engine.record import Run, TrialRecord

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(run: Run) -> str:
    """JUnit XML. A claim that fails or is undecided is a failure; survivors, idle claims and false alarms fail too."""
    suite = xml.Element("testsuite", name="verify")
    about = xml.SubElement(suite, "properties")
    for name, text in (("summary", run.summary), ("profile", run.profile), ("seed", str(run.seed))):
        xml.SubElement(about, "property", name=name, value=legal(text))
    failures = errors = skipped = 0
    by_claim: dict[str, list[TrialRecord]] = {}
    for trial in run.trials:
        by_claim.setdefault(trial.claim, []).append(trial)
    for claim in run.claims:
        trials = by_claim.get(claim.id, [])
        case = xml.SubElement(suite, "testcase", classname=legal(claim.system), name=legal(claim.id))
        worst = next((trial for trial in trials if trial.case == claim.worst), None)
        values = {"verdict": claim.verdict, "least": claim.region.least, "most": claim.region.most, "risk": claim.risk}
        if worst and worst.enclosure:
            values |= {"case": worst.case, "low": worst.enclosure.low, "high": worst.enclosure.high}
        properties = xml.SubElement(case, "properties")
        for name, value in values.items():
            xml.SubElement(properties, "property", name=name, value=legal(str(value)))
        bad = [trial for trial in trials if trial.verdict == claim.verdict]
        text = "\n".join(message(claim, trial, profile=run.profile, given=run.subjects) for trial in bad[:10])
        if claim.verdict in ("fails", "undecided"):
            failures += 1
            say(case, "failure", f"{claim.id} {claim.verdict}", text)
        elif claim.verdict == "error":
            errors += 1
            say(case, "error", f"{claim.id} could not be measured", text)
        elif claim.verdict == "skipped":
            skipped += 1
            say(case, "skipped", bad[0].reason if bad else "", "")
    for kind, names in (("survivor", run.survivors), ("idle claim", run.idle_claims)):
        for name in names:
            failures += 1
            case = xml.SubElement(suite, "testcase", classname=kind.replace(" ", "_"), name=legal(name))
            say(case, "failure", f"{kind}: {name}", "")
    for variant in run.equivalents:
        for claim_id in variant.rejected_by:
            failures += 1
            case = xml.SubElement(
                suite, "testcase", classname="false_alarm", name=legal(f"{variant.role}/{variant.name}")
            )
            say(case, "failure", f"{claim_id} rejects a harmless variant", variant.because)
    counts = {"tests": len(suite.findall("testcase")), "failures": failures, "errors": errors, "skipped": skipped}
    suite.attrib.update({name: str(n) for name, n in counts.items()})
    xml.indent(suite)
    return xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def say(case: xml.Element, kind: str, message: str, text: str) -> None:
    """Give a testcase its failure, error or reason to be skipped."""
    element = xml.SubElement(case, kind, message=legal(message))
    element.text = legal(text)


def legal(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
