"""Hypothesis draws the same examples in every run, and a slow machine is no failure; peers are compared where they are."""

from importlib.util import find_spec

from hypothesis import HealthCheck, settings

settings.register_profile("fixed", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fixed")


def pytest_collection_modifyitems(config, items):
    """Leave out comparisons with packages that are not installed; `tox run -e peers` installs them all."""

    def wanting(item):
        return any(find_spec(mark.args[0]) is None for mark in item.iter_markers("peer"))

    absent = [item for item in items if wanting(item)]
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in set(absent)]
