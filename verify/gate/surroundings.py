"""What a comparison of two runs rests on: whether they speak of the same, and what they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from verify.evidence import Verdict
from verify.gate.baseline import Baseline
from verify.gate.finding import THE_RUN, Finding, Word

COUNTS = ("claims", "planned", "settled", "mutants", "caught")


def foreign(then: Baseline, now: Baseline) -> Iterator[Finding]:
    """Why a run is none that the baseline speaks about."""
    words: tuple[tuple[str, Any, Any, str], ...] = (
        ("schema", then.schema, now.schema, "make a baseline of this version"),
        ("profile", then.profile, now.profile, "run the profile of the baseline"),
        ("seed", then.seed, now.seed, "run with the seed of the baseline"),
        ("selection", _all(then.selection), _all(now.selection), "select what the baseline selects"),
        ("subjects", _given(then.subjects), _given(now.subjects), "judge the subjects of the baseline"),
        ("mutants", then.mutants_tried, now.mutants_tried, "try the mutants in both or in neither"),
    )
    for kind, a, b, advice in words:
        if a != b:
            told = {True: "mutants tried", False: "no mutants tried"} if kind == "mutants" else {}
            a, b = told.get(a, f"{kind} {a}"), told.get(b, b)
            yield Finding(word=Word.NOT_COMPARABLE, kind=kind, where=THE_RUN, then=str(a), now=str(b), says=advice)


def _all(selection: Sequence[str]) -> str:
    return " ".join(selection) or "everything"


def _given(subjects: dict[str, str]) -> str:
    return " ".join(f"{role}={spec}" for role, spec in sorted(subjects.items())) or "reference"


def totals(then: Baseline, now: Baseline) -> Iterator[Finding]:
    """Counts that shrank and risk that grew by more than single findings account for."""
    for name, was, left in zip(COUNTS, _listed(then), _listed(now), strict=True):
        counted, counts = getattr(then.counts, name), getattr(now.counts, name)
        short = (counted - counts) - (was - left)
        if counts < counted and short > 0:
            says = f"{short} fewer than the lists account for"
            yield Finding(
                word=Word.GONE, kind="counts", where=THE_RUN, then=f"{name} {counted}", now=str(counts), says=says
            )
    before = {claim.id: claim.risk for claim in then.claims}
    raised = {c.id: c.risk - before[c.id] for c in now.claims if c.risk > before.get(c.id, c.risk)}
    told = sum(raised.get(trial.claim, 0.0) for trial in now.trials if trial.basis == "samples")
    if now.risk > (then.risk + told) * (1 + 1e-9):
        risks = (f"risk budget {then.risk:.3g}", f"{now.risk:.3g}")
        says = "the chance that any enclosure of the run misses grew"
        yield Finding(word=Word.LOOSENED, kind="budget", where=THE_RUN, then=risks[0], now=risks[1], says=says)


def _listed(side: Baseline) -> tuple[int, ...]:
    """The counts as the lists have them."""
    verdicts = [trial.verdict for trial in side.trials]
    settled = sum(v not in (Verdict.SKIPPED, Verdict.ERROR) for v in verdicts)
    caught = sum(mutant.caught_by is not None for mutant in side.mutants)
    return len(side.claims), len(verdicts), settled, len(side.mutants), caught


def surroundings(then: Baseline, now: Baseline) -> Iterator[Finding]:
    """Where digests say nothing, because draws, inputs or kernels are others."""
    if then.fingerprint != now.fingerprint:
        says = "the random streams differ, so instances and draws do: enclosures are compared, digests are not"
        yield Finding(
            word=Word.NOT_COMPARABLE, kind="streams", where=THE_RUN, then=f"streams {then.fingerprint}",
            now=now.fingerprint, says=says,
        )  # fmt: skip
    for kind, a, b, says in (
        ("inputs", then.inputs, now.inputs, "real inputs differ: enclosures are compared, digests are not"),
        ("kernels", then.arithmetic, now.arithmetic, "kernels differ: enclosures are compared, digests are not"),
    ):
        names = sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))
        if kind == "inputs":
            names = [name for name in names if name in a and name in b]
        if names:
            then_words = ", ".join(f"{name} {a.get(name, 'absent')[:60]}" for name in names)
            now_words = ", ".join(b.get(name, "absent")[:60] for name in names)
            yield Finding(word=Word.NOT_COMPARABLE, kind=kind, where=THE_RUN, then=then_words, now=now_words, says=says)
