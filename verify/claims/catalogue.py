"""The catalogue: the declared systems, in order, and the selection of claims by name."""

from __future__ import annotations

import difflib
import fnmatch
import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from verify.claims import declare
from verify.claims.declare import Claim, Drawing, Implementation, Role, System

# Machinery beside the systems in this package; every other module or folder here is a system.
MACHINERY = frozenset({"catalogue", "declare", "figures", "grid", "sources"})


class UnknownName(ValueError):
    """A name that nothing has; the message suggests the nearest."""


@dataclass(frozen=True)
class Catalogue:
    """Claims, roles and systems of some modules."""

    modules: tuple[str, ...]
    systems: dict[str, System]
    roles: dict[str, Role]
    claims: dict[str, Claim]
    drawings: dict[str, Drawing]
    tables: dict[str, Drawing]

    def select(self, selections: Sequence[str]) -> list[Claim]:
        """The claims that any of the words names, in declared order: an id with its parts, a glob, or a system.

        UnknownName: a word that is no glob and names nothing.
        """
        if not selections:
            return list(self.claims.values())
        chosen: set[str] = set()
        for word in selections:
            if any(c in word for c in "*?["):
                found = fnmatch.filter(self.claims, word)
            else:
                found = [id for id in self.claims if id == word or id.startswith(word + ".")]
                if not found:
                    raise UnknownName(self._unknown(word))
            chosen.update(found)
        return [claim for id, claim in self.claims.items() if id in chosen]

    def of_role(self, role: str) -> list[Claim]:
        """The claims that judge a role."""
        return [claim for claim in self.claims.values() if role in claim.roles]

    def role(self, id: str) -> Role:
        """The role of that id. UnknownName: there is none."""
        if id not in self.roles:
            raise UnknownName(unknown("role", id, self.roles, "verify list --json names the roles of every claim"))
        return self.roles[id]

    def mutants(self) -> list[Implementation]:
        """Every mutant of every role."""
        return [mutant for role in self.roles.values() for mutant in role.mutants.values()]

    def equivalents(self) -> list[Implementation]:
        """Every equivalent of every role."""
        return [variant for role in self.roles.values() for variant in role.equivalents.values()]

    def _unknown(self, word: str) -> str:
        return unknown("claim", word, [*self.claims, *self.systems], f"verify list --all shows all {len(self.claims)}")


def unknown(kind: str, word: str, known: Iterable[str], rest: str) -> str:
    """`no claim is called 'x'; did you mean 'y'? verify list --all shows all 83`."""
    near = difflib.get_close_matches(word[:200], list(known), n=1, cutoff=0.4)
    guess = f"; did you mean {near[0]!r}?" if near else "."
    return f"no {kind} is called {word[:200]!r}{guess} {rest}"


def system_modules() -> tuple[str, ...]:
    """The modules of this package that declare systems."""
    import verify.claims

    return tuple(
        f"verify.claims.{found.name}"
        for found in pkgutil.iter_modules(verify.claims.__path__)
        if found.name not in MACHINERY
    )


def catalogue(modules: Sequence[str] | None = None) -> Catalogue:
    """Import the modules (by default every system of the suite) and gather what they declare."""
    names = system_modules() if modules is None else tuple(modules)
    for name in names:
        importlib.import_module(name)

    def ours(module: str) -> bool:
        return any(module == name or module.startswith(name + ".") for name in names)

    declared = declare.DECLARED
    return Catalogue(
        names,
        {key: value for key, value in declared.systems.items() if ours(value.module)},
        {key: value for key, value in declared.roles.items() if ours(value.module)},
        {key: value for key, value in declared.claims.items() if ours(value.module)},
        {key: value for key, value in declared.drawings.items() if ours(value.module)},
        {key: value for key, value in declared.tables.items() if ours(value.module)},
    )


def signature(role: Role) -> str:
    """`emo_loss(logits, targets, ...)` as text, without the quotes of deferred annotations."""
    try:
        return f"{role.reference.__name__}{inspect.signature(role.reference)}".replace("'", "")
    except (TypeError, ValueError):
        return role.reference.__name__
