"""A numerical methods and verification suite for the theory behind language models.

>>> import verify                                                               # doctest: +SKIP
>>> run = verify.run("emo", subjects={"emo.demd": my_demd})                     # doctest: +SKIP
>>> run.save("run.json")                                                        # doctest: +SKIP

`catalogue()` lists what is claimed, `run()` judges it, `load()` reads a saved run. Nothing heavy is imported before it
is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Run", "catalogue", "load", "run"]

if TYPE_CHECKING:
    from verify.claims.catalogue import catalogue
    from verify.engine.record import Run, load
    from verify.engine.run import run

HOME = {
    "Run": "verify.engine.record",
    "catalogue": "verify.claims.catalogue",
    "load": "verify.engine.record",
    "run": "verify.engine.run",
}


def __getattr__(name: str) -> Any:
    if name not in HOME:
        raise AttributeError(f"module 'verify' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(HOME[name]), name)
