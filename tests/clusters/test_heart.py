"""The heart monitor that hurries while engines register."""

from types import SimpleNamespace

import pytest
from ipyparallel.controller import heartmonitor

from parflow_jupyter.clusters.processes.heart_monitor import QUICK, be_attentive


class Hub:
    """Where engines register."""

    def __init__(self):
        self.incoming_registrations = {}
        self.query_handlers = {"registration_request": self.register}

    def register(self, ident, message):
        self.incoming_registrations[ident] = message
        return 7


class Loop:
    """Keeps what it is to do later."""

    def __init__(self):
        self.calls = []

    def add_callback(self, call):
        self.calls.append((0, call))

    def call_later(self, seconds, call):
        self.calls.append((seconds, call))

    def run(self):
        calls, self.calls = self.calls, []
        for _, call in calls:
            call()
        return [seconds for seconds, _ in calls]


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setattr(heartmonitor, "HeartMonitor", heartmonitor.HeartMonitor)
    hub = Hub()
    be_attentive(hub)
    return hub


@pytest.fixture
def monitor(hub, monkeypatch):
    """One that has been started, on a loop that stands still."""
    kind = heartmonitor.HeartMonitor
    monkeypatch.setattr(kind.__mro__[1], "start", lambda self: None)
    found = kind()
    loop = Loop()
    monkeypatch.setattr(kind, "loop", loop)
    beats = []
    monkeypatch.setattr(kind, "beat", lambda self: beats.append(self._counts))
    found.start()
    return SimpleNamespace(it=found, loop=loop, beats=beats)


def test_it_beats_often_while_engines_register(hub, monitor):
    """From a registration to the end of the last one, and only once at a time."""
    assert hub.query_handlers["registration_request"]("a", {}) == 7
    hub.query_handlers["registration_request"]("b", {})
    assert monitor.loop.run() == [0, 0]
    assert len(monitor.beats) == 1
    assert monitor.loop.run() == [QUICK]
    hub.incoming_registrations.clear()
    assert monitor.loop.run() == [QUICK]
    assert monitor.loop.run() == []
    # None of these beats counts as missed, so that a frozen engine is kept as long as ever.
    assert monitor.beats == [False, False]


def test_misses_are_counted_by_time(monitor):
    """A beat in between changes nothing; one of the period does."""
    monitor.it._counts = False
    assert monitor.it._check_missed({b"a"}, {b"a": 3}, {b"a"}) == ([], {b"a": 3})
    monitor.it._counts = True
    assert monitor.it._check_missed({b"a"}, {b"a": 3}, {b"a"}) == ([], {b"a": 4})
    most = monitor.it.max_heartmonitor_misses
    assert monitor.it._check_missed({b"a"}, {b"a": most}, {b"a"}) == ([b"a"], {})
