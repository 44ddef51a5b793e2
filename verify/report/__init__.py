"""A run as HTML, JUnit XML and Markdown. A report needs nothing but the run; it imports no claim."""


class MissingExtra(Exception):
    """A page was asked for, but what draws it is not installed; the message says what to type."""
