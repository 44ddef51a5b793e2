"""Real inputs and small generated ones."""

from verify.data.missing import NotInstalled

__all__ = ["NotInstalled"]
