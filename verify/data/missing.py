"""What a loader raises where its files are not installed."""


class NotInstalled(Exception):
    """A real input is absent; the message, one line, names it and says what to type.

    The engine skips the trial with these words.
    """
