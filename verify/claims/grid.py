"""Cases: the points at which a claim is tried, and the random streams that belong to their addresses."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

PROFILES = ("quick", "full")


def stream(*address: object) -> np.random.Generator:
    """The generator that belongs to an address: a fixed hash of its text, so nothing else that runs can shift it."""
    text = "/".join(map(str, address)).encode()
    seed = int.from_bytes(hashlib.sha256(text).digest()[:16], "little")
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed)))


class Case:
    """One point of a grid: its values as attributes, its `key` as text, and the `risk` a sampled trial may spend."""

    def __init__(self, values: Mapping[str, Any], *, risk: float = 0.0) -> None:
        self.values = dict(values)
        self.risk = risk

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["values"][name]
        except KeyError:
            raise AttributeError(f"case has no value {name!r}; it has {', '.join(self.values) or 'none'}") from None

    @property
    def key(self) -> str:
        """`n=5,cost=cosine`: the address of the case inside its claim; empty for a claim of one case."""
        return ",".join(f"{name}={spell(value)}" for name, value in self.values.items())

    def stream(self, name: str) -> np.random.Generator:
        """The fixed stream of random instances that every claim with this case shares, whatever the run's seed."""
        return stream("instances", name, self.key)

    def __repr__(self) -> str:
        return f"Case({self.key})"


def spell(value: Any) -> str:
    """A value as it stands in a key: no comma, no space; tuples are joined by x."""
    if isinstance(value, (tuple, list)):
        return "x".join(map(spell, value))
    text = format(value, "g") if isinstance(value, float) and float(format(value, "g")) == value else str(value)
    if not re.fullmatch(r"[\w.+/*^-]+", text):
        raise ValueError(f"case value {value!r}, but a value is spelled with letters, digits and . + - / * ^ _ only")
    return text


class Grid:
    """Cases of the quick profile and of the full one; a sum of grids is their union."""

    def __init__(self, quick: tuple[Mapping[str, Any], ...], full: tuple[Mapping[str, Any], ...] | None = None) -> None:
        self._cases = {"quick": quick, "full": quick if full is None else full}

    def full(self, **axes: tuple[Any, ...]) -> Grid:
        """The same grid with other values on some axes for the full profile."""
        quick = self._cases["quick"]
        names = list(quick[0])
        unknown = set(axes) - set(names)
        if unknown:
            raise ValueError(f"full({', '.join(unknown)}=...), but the grid's axes are {', '.join(names)}")
        kept = {name: tuple(dict.fromkeys(case[name] for case in quick)) for name in names}
        return Grid(quick, _product(kept | axes))

    def __add__(self, other: Grid) -> Grid:
        return Grid(*(self._cases[profile] + other._cases[profile] for profile in PROFILES))

    def cases(self, profile: str, *, risk: float = 0.0) -> Iterator[Case]:
        """The cases of a profile, in declared order."""
        return (Case(values, risk=risk) for values in self._cases[profile])

    def size(self, profile: str) -> int:
        """How many cases a profile has."""
        return len(self._cases[profile])


def grid(**axes: Any) -> Grid:
    """The product of the axes; without axes, the one case of a claim that has no parameter."""
    for name, values in axes.items():
        if isinstance(values, (str, bytes)) or not len(tuple(values)):
            raise ValueError(f"{name}={values!r}, but an axis is a tuple of at least one value")
    return Grid(_product({name: tuple(values) for name, values in axes.items()}))


def _product(axes: Mapping[str, tuple[Any, ...]]) -> tuple[Mapping[str, Any], ...]:
    return tuple(dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values()))


__all__ = ["Case", "Grid", "grid", "spell", "stream"]
