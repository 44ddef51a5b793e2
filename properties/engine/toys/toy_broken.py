"""Claims whose measurement goes wrong in every way that there is."""

import os
import signal
import time

from verify.claims import Evidence, claim, grid, mutant, role, system
from verify.claims.sources import Source
from verify.data import NotInstalled
from verify.evidence import Enclosure, Vacuous, at_most, exact, within

system("broken", title="Broken", finding="Nothing here can be measured.")
NOTES = Source("broken", "Nobody", "Notes on failure", "2026")


@role("broken.identity", numbers="a number")
def identity(x):
    """x."""
    return x


@mutant("broken.identity", slip="one too many")
def off_by_one(x):
    return x + 1


def declare(name, evidence=Evidence.EXACT):
    return claim(
        id=f"broken.{name}", title=name, statement="x = x", source=NOTES.at("1"), role="broken.identity",
        evidence=evidence, region=at_most(0.5, because="half of the mutant's effect"), cases=grid(n=(1,)), quantity="x",
    )  # fmt: skip


@declare("raises")
def raises(identity, case, rng):
    identity(0)
    raise RuntimeError("the measurement broke")
    yield


@declare("hangs")
def hangs(identity, case, rng):
    identity(0)
    time.sleep(600)
    yield


@declare("exits")
def exits(identity, case, rng):
    os._exit(7)
    yield


@declare("segfaults")
def segfaults(identity, case, rng):
    os.kill(os.getpid(), signal.SIGSEGV)
    yield


@declare("vacuous")
def vacuous(identity, case, rng):
    identity(0)
    raise Vacuous("no instance is interesting")
    yield


@declare("skipped")
def skipped(identity, case, rng):
    identity(0)
    raise NotInstalled("the words that install it")
    yield


@declare("ignores-its-subject")
def ignores(identity, case, rng):
    yield exact(0.0)


@declare("float-made", Evidence.CERTIFIED)
def float_made(identity, case, rng):
    yield exact(identity(0.0))


@declare("overspends", Evidence.STATISTICAL)
def overspends(identity, case, rng):
    identity(0)
    yield Enclosure(0.0, 0.1, risk=1e-3)


@declare("measures-nothing")
def nothing(identity, case, rng):
    identity(0)
    yield from ()


@declare("holds")
def holds(identity, case, rng):
    yield exact(abs(identity(0.0)))


@claim(
    id="broken.undecided", title="undecided", statement="x = x", source=NOTES.at("1"), role="broken.identity",
    evidence=Evidence.EXACT, region=within(0, 1, because="an interval that the enclosure straddles"), quantity="x",
)  # fmt: skip
def undecided(identity, case, rng):
    identity(0)
    while True:
        yield Enclosure(0.5, 1.5)
