"""Warnings of listeners, also where warnings are errors: the caller's, and never the run's."""

import warnings
from dataclasses import replace

import pytest

from parflow_jupyter.events import MapFinished, MapStarted
from parflow_jupyter.maps import MapOptions, run_map


class Warns:
    """A listener that warns at an event, like one that has something to tell the caller."""

    def __init__(self, at):
        self.at = at

    def __call__(self, event):
        if isinstance(event, self.at):
            warnings.warn("told by a listener", UserWarning, stacklevel=2)


def test_a_warning_of_a_listener_is_the_callers():
    """Where warnings are errors: before anything runs, or with the whole result."""
    ran = []
    options = MapOptions(progress=False)
    for block in (True, False):
        with pytest.raises(UserWarning, match="told by a listener"):
            run_map(
                ran.append, [[1]], options=replace(options, block=block), listener=Warns(MapStarted)
            )
    assert ran == []
    with pytest.raises(UserWarning, match="told by a listener") as caught:
        run_map(abs, [[-1, -2]], options=options, listener=Warns(MapFinished))
    assert caught.value.map_result == [1, 2]
    assert caught.value.map_result.state == "done"
    assert run_map(abs, [[-1]], options=options) == [1]


def test_a_warning_stays_a_warning_elsewhere():
    """The map goes on, and warns in its caller's thread."""
    with pytest.warns(UserWarning, match="told by a listener"):
        result = run_map(
            abs, [[-1]], options=MapOptions(progress=False), listener=Warns(MapStarted)
        )
    assert result == [1]
