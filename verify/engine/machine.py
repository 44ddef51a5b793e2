"""What decides the last bits of a run besides the code: packages, BLAS, processor, C library."""

from __future__ import annotations

import os
import platform
import re
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("kexue-verify", "numpy", "scipy", "POT", "python-flint")
CPUINFO = Path("/proc/cpuinfo")


def arithmetic() -> dict[str, Any]:
    """The installed packages and the machine, in words: equal words, equal bits."""
    import numpy as np

    about: Any = np.show_config(mode="dicts")
    blas = about.get("Build Dependencies", {}).get("blas", {})
    kernel = os.environ.get("OPENBLAS_CORETYPE", "")
    return {
        "packages": packages(),
        "blas": " ".join(str(word) for word in (blas.get("name", "unknown"), blas.get("version", ""), kernel) if word),
        "cpu": " ".join([processor(), *about.get("SIMD Extensions", {}).get("found", [])]),
        "machine": platform.machine(),
        "system": " ".join(word for word in (platform.system(), *platform.libc_ver()) if word),
    }


@cache
def packages() -> dict[str, str]:
    """The versions of this package and of those that it computes with."""
    return {name: _installed(name) for name in PACKAGES}


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def processor() -> str:
    """The processor as its maker calls it, with family and model where they are told."""
    with suppress(OSError):
        text = CPUINFO.read_text(errors="replace")
        found = [re.search(rf"^{key}\s*:\s*(.+)$", text, re.M) for key in ("model name", "cpu family", "model")]
        words = [match[1].strip() for match in found if match]
        if words:
            return " ".join(words)
    return platform.processor() or platform.machine()
