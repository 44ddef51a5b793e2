"""Runs to draw: one that really ran, one in which everything stands under a hostile name, and one made by hand."""

import msgspec
import pytest

import verify
from verify.engine import record as r

HOSTILE = "<script>alert(\"x\")</script> & 'quotes' `ticks` | " + "long" * 500
KINDS = ("line", "dashed", "dots", "band", "steps", "bars", "vline", "hline", "note")
REGIONS = ((0.0, 1e-13), (0.03, "inf"), ("-inf", 2.0), (0.4, 0.6), (1.0, 1.0), ("-inf", "inf"))


@pytest.fixture(scope="session")
def good():
    return verify.run(["emo.escape-time", "emo.cosine-cost-not-a-metric"], jobs=0)


@pytest.fixture(scope="session")
def bad(good):
    """Every verdict, a survivor, an idle claim, a rejected variant, and hostile text in every field that is shown."""
    replace = msgspec.structs.replace
    verdicts = ("fails", "error", "undecided", "skipped", "holds")
    claims = tuple(
        replace(c, title=HOSTILE, refutes=HOSTILE, quantity=HOSTILE, verdict=verdicts[k % 5], worst=None,
                region=replace(c.region, because=HOSTILE), source=replace(c.source, place=HOSTILE))
        for k, c in enumerate(good.claims)
    )  # fmt: skip
    of = {c.id: c.verdict for c in claims}
    trials = tuple(
        replace(t, verdict=of[t.claim], reason=HOSTILE, subject=HOSTILE,
                enclosure=None if of[t.claim] == "error" else t.enclosure, trail=() if of[t.claim] == "error" else t.trail)
        for t in good.trials
    )  # fmt: skip
    return replace(
        good,
        claims=claims,
        trials=trials,
        mutants=tuple(replace(m, slip=HOSTILE) for m in good.mutants),
        survivors=(HOSTILE,),
        idle_claims=(HOSTILE,),
        equivalents=tuple(replace(e, because=HOSTILE, rejected_by=(good.claims[0].id,)) for e in good.equivalents),
        systems=tuple(replace(s, title=HOSTILE, finding=HOSTILE, picture=good.claims[0].id) for s in good.systems),
        sources=tuple(replace(s, title=HOSTILE, authors=HOSTILE, where=HOSTILE) for s in good.sources),
        figures=tuple(replace(f, title=HOSTILE, says=HOSTILE, x=HOSTILE, y=HOSTILE) for f in good.figures),
        tables=(
            r.TableRecord(claim=good.claims[0].id, title=HOSTILE, says=HOSTILE, columns=(HOSTILE,), rows=((HOSTILE,),)),
        ),
        subjects={HOSTILE: HOSTILE},
        environment={"python": HOSTILE, "packages": {HOSTILE: HOSTILE}, "date": HOSTILE},
    )


def trial(claim, case, verdict, trail, *, subject="reference", risk=0.0, reason="", room=0.5):
    """A trial whose enclosure is the last look of its trail."""
    last = trail[-1] if trail else None
    return r.TrialRecord(
        claim=claim, case=case, subject=subject, verdict=verdict, looks=len(trail), trail=tuple(trail),
        enclosure=last and r.Interval(low=last[0], high=last[1], risk=risk), basis="samples" if risk else "rounding",
        effort=4000 * len(trail), margin=0.0, room=room, digest="d", reason=reason,
    )  # fmt: skip


def claim(id, verdict, region, *, refutes=None, evidence="exact", risk=0.0, worst=None):
    """A claim of system `toy` or `other`, as its id says."""
    system = id.partition(".")[0]
    return r.ClaimRecord(
        id=id, system=system, title=f"What {id.partition('.')[2].replace('-', ' ')} says of $x^2$",
        statement=r"\sum_{i=1}^n x_i^2 \le \varepsilon", source=r.Cited(key="toy", place="prop. 2"), evidence=evidence,
        role=f"{system}.role", roles=(f"{system}.role",), quantity="largest $|a - b|$", refutes=refutes,
        region=r.Allowed(least=region[0], most=region[1], because="one rounding, of $n$ terms"), verdict=verdict,
        worst=worst, risk=risk,
    )  # fmt: skip


def figure(id):
    """A figure with a series of every kind, on a field with a hole."""
    x = (1.0, 2.0, 4.0, 8.0)
    places = {"vline": ((3.0,), ()), "hline": ((), (2.0,))}
    series = tuple(
        r.SeriesRecord(label=kind, kind=kind, x=places.get(kind, (x,))[0] if kind in places else x,
                       y=places[kind][1] if kind in places else tuple(k + v / 4 for v in x),
                       y2=tuple(k + v / 2 for v in x) if kind == "band" else ())
        for k, kind in enumerate(KINDS, 1)
    )  # fmt: skip
    return r.FigureRecord(
        claim=id, title="Every kind", says="All kinds of series on one axis.", x="n", y="error", x_log=True,
        y_log=False, series=series, equal=True,
        field=r.FieldRecord(label="height", x=x, y=(0.0, 5.0, 9.0),
                            z=((0.0, 1.0, 2.0, None), (1.0, "inf", 3.0, 4.0), (2.0, 3.0, 4.0, 5.0))),
    )  # fmt: skip


def table(id):
    """A table of words and of numbers of every size."""
    return r.TableRecord(
        claim=id, title="Cells", says="Numbers are rounded by the page.", columns=("name", "$n$", "size"),
        rows=(("<i>", 1234567, 1 / 3), ("many", 2, 1e-12)),
    )  # fmt: skip


@pytest.fixture(scope="session")
def sample():
    """A run by hand: all verdicts, looks that shrink, many cases, open regions, another subject, figures of every kind."""
    shrinking = [(0.0, 0.06), (0.008, 0.052), (0.014, 0.046), (0.0181, 0.0402)]
    claims = (
        claim("toy.many-cases", "holds", REGIONS[0], worst="n=15"),
        claim("toy.at-least", "holds", REGIONS[1], refutes="All of $x$ is small, they say."),
        claim("toy.below-two", "holds", REGIONS[2]),
        claim("toy.looks", "undecided", (0.0, 0.03), evidence="statistical", risk=1e-9, worst="n=10"),
        claim("toy.slope", "fails", (-1.001, -0.999), evidence="rate", worst="reg=0.1"),
        claim("toy.wide-failure", "fails", REGIONS[3], evidence="certified"),
        claim("toy.broken", "error", REGIONS[4]),
        claim("toy.no-data", "skipped", REGIONS[5]),
        claim("other.sampled", "holds", (0.0, 0.5), evidence="statistical", risk=1e-10, worst="n=2"),
        claim("other.exact", "holds", (0.0, 0.0)),
    )
    many = [trial("toy.many-cases", f"n={n}", "holds", [(0.0 if n == 3 else n * 1e-15,) * 2], room=1 / n)
            for n in range(1, 16)]  # fmt: skip
    trials = (
        *many,
        trial("toy.at-least", "n=2,shift=0.5", "holds", [(0.07, 0.07)]),
        trial("toy.at-least", "n=2,shift=0.5", "holds", [(0.08, 0.11)], subject="mylib:entropy"),
        trial("toy.below-two", "", "holds", [(-3.0, 1.0)]),
        trial("toy.looks", "n=10", "undecided", shrinking, risk=1e-9),
        trial("toy.slope", "reg=0.1", "fails", [(-1.0042, -1.0042)], reason="Lies below."),
        trial("toy.wide-failure", "n=4", "fails", [(0.7, 0.9)]),
        trial("toy.broken", "n=1", "error", [], reason="ValueError: no <number> came out"),
        trial("toy.no-data", "n=1", "skipped", [], reason="the vectors are not installed"),
        *(
            trial("other.sampled", f"n={n}", "holds", [(0.1, 0.45), (0.2 * n, 0.2 * n + 0.05)], risk=1e-10)
            for n in (1, 2)
        ),
        trial("other.exact", "", "holds", [(0.0, 0.0)]),
    )
    mutants = [
        r.MutantRecord(role="toy.role", name="unscaled", slip="no $1/\\sqrt{m}$", caught_by="toy.many-cases", case="n=1",
                       margin="inf", passed=("toy.at-least",), also_caught_by=("toy.slope",)),
        r.MutantRecord(role="toy.role", name="shifted", slip="one index too far", caught_by="toy.many-cases", case="n=2",
                       margin=2.5, passed=()),
        r.MutantRecord(role="shared.role", name="lost", slip="belongs to no system", caught_by=None, case=None,
                       margin=None, passed=("toy.many-cases",)),
    ]  # fmt: skip
    return r.Run(
        profile="full", seed=7, selection=("toy",), subjects={"toy.role": "mylib:entropy"}, risk=1.2e-9,
        counts=r.Counts(claims=10, planned=len(trials), settled=len(trials) - 2, skipped=1, errors=1, mutants=3, caught=2),
        systems=(r.SystemRecord(name="toy", title="A toy system", finding="Of $n$ toys, one breaks.", picture="toy.looks"),
                 r.SystemRecord(name="other", title="Another", finding="All of it holds.")),
        sources=(r.SourceRecord(key="unread", authors="Nobody", title="Never cited", where="1900"),
                 r.SourceRecord(key="toy", authors="A. Toymaker", title="On toys", where="2023")),
        roles=(r.RoleRecord(id="toy.role", signature="(x)", numbers="floats", doc="A toy."),), claims=claims,
        trials=trials, figures=(figure("toy.many-cases"), figure("toy.looks")), tables=(table("toy.looks"),), mutants=tuple(mutants),
        equivalents=(r.EquivalentRecord(role="toy.role", name="reordered", because="addition commutes", rejected_by=()),
                     r.EquivalentRecord(role="toy.role", name="fused", because="a fused product rounds once",
                                        rejected_by=("toy.slope",))),
        survivors=("shared.role/lost",), idle_claims=("toy.below-two",), mutants_tried=True, fingerprint="0123abcd",
        environment={"python": "3.12.1", "packages": {"numpy": "2.2.0"}, "date": "24 November 2026"},
    )  # fmt: skip


@pytest.fixture(scope="session")
def timings():
    """A saved table of benchmarks: timed, without a peer, and not timed at all."""
    row = {"work": "Row entropy", "ours_s": 0.0017, "peer": "scipy", "peer_s": 0.0097, "limit": "np.exp alone",
           "limit_s": 0.0009, "goal": "4×", "note": ""}  # fmt: skip
    absent = {"peer_s": None, "limit_s": None}
    return {
        "environment": {"blas": "openblas 0.3", "threads": 1},
        "rows": [
            row,
            row | absent | {"work": "Alone"},
            row | absent | {"work": "Missing", "ours_s": None, "note": "<b>"},
        ],
    }
