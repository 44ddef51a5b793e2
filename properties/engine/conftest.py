"""The toy systems live in modules of their own, because worker processes import them by name."""

import sys
from pathlib import Path

import pytest

TOYS = Path(__file__).parent / "toys"
sys.path.insert(0, str(TOYS))


@pytest.fixture
def toys():
    return ("toy_claims",)


@pytest.fixture
def broken():
    return ("toy_broken",)


@pytest.fixture
def settled():
    """The part of a run that must be the same bytes on every machine state: all but the environment."""

    def without_environment(run):
        import msgspec

        plain = msgspec.to_builtins(run)
        del plain["environment"]
        return msgspec.json.encode(plain, order="sorted")

    return without_environment
