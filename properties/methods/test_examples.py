"""The examples in the docstrings of all methods."""

import doctest
import importlib
import math
import pkgutil
from fractions import Fraction

import numpy as np
import pytest

import verify.methods
from verify.methods.segmentation import UnigramModel, build_lattice

FOUND = list(pkgutil.walk_packages(verify.methods.__path__, "verify.methods."))
NAMES = {"np": np, "math": math, "Fraction": Fraction, "build_lattice": build_lattice, "UnigramModel": UnigramModel}
WITHOUT = {f"verify.methods.{name}" for name in (
    "continuation.branches", "johnson_lindenstrauss.screen", "rectified_flow.coupling", "recurrence.arrays",
    "recurrence.cells", "recurrence.damped", "recurrence.gradient", "segmentation.band", "segmentation.checks",
    "segmentation.competition", "segmentation.trie", "softmax_entropy.laws",
)}  # fmt: skip


@pytest.mark.parametrize("module", FOUND, ids=lambda module: module.name)
def test_the_examples_in_the_docstrings_run(module):
    outcome = doctest.testmod(importlib.import_module(module.name), extraglobs=NAMES)
    assert outcome.attempted or module.ispkg or module.name in WITHOUT
    assert outcome.failed == 0
