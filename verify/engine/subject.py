"""Subjects: the implementations that claims judge, found by name and watched while they are called."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from verify.claims.catalogue import Catalogue


class BadSubject(ValueError):
    """A --subject that names nothing callable; the message is one line."""


class Watched:
    """A subject that remembers whether it was called and what it raised, so that its faults are told from ours."""

    def __init__(self, function: Any, log: Watched | None = None) -> None:
        self._function = function
        self._log = log or self
        self.calls = 0
        self.raised: list[BaseException] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._log.calls += 1
        try:
            return self._function(*args, **kwargs)
        except Exception as error:
            self._log.raised.append(error)
            raise

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._function, name)  # class methods of a class that is a subject, for one
        return Watched(value, self._log) if callable(value) else value

    def is_to_blame_for(self, error: BaseException) -> bool:
        """True if `error` left the subject, or was raised while one from it was handled."""
        seen: BaseException | None = error
        while seen is not None:
            if any(seen is raised for raised in self.raised):
                return True
            seen = seen.__cause__ or seen.__context__
        return False


def load_subject(spec: str) -> Callable[..., Any]:
    """The callable that `MODULE:NAME` names; MODULE is importable from the current folder or a path that ends in .py.

    BadSubject: the text has no colon, the module cannot be imported, or the name is not there or not callable.
    """
    module_name, colon, name = spec.rpartition(":")
    if not colon or not module_name or not name:
        raise BadSubject(
            f"subject {spec!r}, but a subject is spelled MODULE:NAME, such as mylib:entropy or my.py:entropy"
        )
    try:
        module = _from_path(Path(module_name)) if module_name.endswith(".py") else _from_name(module_name)
    except Exception as error:
        raise BadSubject(f"subject {spec!r}: cannot import {module_name}: {type(error).__name__}: {error}") from error
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise BadSubject(f"subject {spec!r}: {module_name} has no function {name!r}")
    return found  # type: ignore[no-any-return]


def _from_name(name: str) -> Any:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    return importlib.import_module(name)


def _from_path(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)  # dataclasses and pickles look their module up
    spec.loader.exec_module(module)
    return module


def spec_of(function: Callable[..., Any]) -> str | None:
    """`module:name` if another process finds this very function there, else None."""
    spec = f"{getattr(function, '__module__', None)}:{getattr(function, '__qualname__', '?')}"
    if spec.startswith("__main__:"):
        return None
    try:
        return spec if load_subject(spec) is function else None
    except BadSubject:
        return None


def implementation(catalogue: Catalogue, name: str) -> tuple[str, Callable[..., Any]]:
    """(role, function) of a mutant or equivalent called `role/name`."""
    role_id, _, short = name.partition("/")
    role = catalogue.role(role_id)
    made = role.mutants.get(short) or role.equivalents.get(short)
    if made is None:
        raise BadSubject(f"role {role_id} has no mutant or equivalent {short!r}")
    return role_id, made.function
