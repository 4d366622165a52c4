"""However a run ends, it ends, and whoever waits learns how, whatever the exception refuses."""

import contextlib
import signal
import sqlite3
import threading
import time
from dataclasses import dataclass

import pandas
import pytest
from map_helpers import mapped, quiet

import parflow_jupyter as pf
from parflow_jupyter.maps import last_result, run_map
from parflow_jupyter.maps.lazy import run_imap
from parflow_jupyter.maps.schemes import load, names
from parflow_jupyter.maps.schemes.serial import SerialScheme


@pytest.fixture(params=names())
def scheme(request, make_scheme):
    return make_scheme(request.param)


@dataclass(frozen=True)
class FrozenError(Exception):
    """As people write errors with fields."""

    code: int = 3


class SlottedError(Exception):
    """Takes only what it knows."""

    __slots__ = ("code",)

    def __setattr__(self, name, value):
        if name != "code":
            raise AttributeError(f"{name} can't be set")
        super().__setattr__(name, value)


class NotedError(Exception):
    """Uses the name for something else."""

    __notes__ = "none"
    map_result = property(lambda self: "my own")


TABLE = pandas.DataFrame({"x": [1, 2, 3]})
KINDS = [FrozenError, SlottedError, NotedError]


def raises(kind):
    def fails(x):
        if x == 2:
            raise kind
        return x

    return fails


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(60)
def test_a_map_ends_with_what_was_raised(scheme, kind):
    """Where the class makes the round trip, it is the class itself; else its text."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of either class
        mapped(scheme, raises(kind), range(6), batch=2)
    assert kind.__name__ in f"{type(caught.value).__name__}: {caught.value}"
    assert last_result().done()
    assert isinstance(last_result().errors[0].index, int)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(60)
def test_imap_gives_what_came_before_and_then_raises(scheme, kind):
    """It does not just end."""
    found = []
    options = quiet(scheme=scheme.name, batch=1)
    results = run_imap(raises(kind), [range(6)], options=options, schemes=[scheme])
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of either class
        found.extend(results)
    assert kind.__name__ in f"{type(caught.value).__name__}: {caught.value}"
    assert set(found) <= {0, 1, 3, 4, 5}


@pytest.mark.parametrize("kind", KINDS)
def test_pipelines_and_apply_let_them_through(kind):
    """With their own class, as they run here."""
    from parflow_jupyter.pipelines import Pipeline

    pipeline = Pipeline("p")
    pipeline.add(raises(kind), x=2)
    with pytest.raises(kind):
        pipeline.run()
    with pytest.raises(kind):
        pf.parallel_apply(raises(kind), TABLE["x"], scheme="serial", progress=False)


class SlowlyShown:
    """An item that takes its time to say what it is."""

    def __repr__(self):
        time.sleep(4)
        return "slowly shown"


def test_imap_waits_for_an_end_that_takes_long():
    """The error needs the item's text, which takes longer than a caller is kept waiting."""

    def fails(_):
        raise ValueError("told")

    with pytest.raises(ValueError, match="told"):
        list(run_imap(fails, [[SlowlyShown()]], options=quiet(), schemes=[load("processes")(1)]))


class AlarmError(Exception):
    """What a handler of a signal raises."""


@contextlib.contextmanager
def alarm_after(seconds):
    def handler(*_):
        raise AlarmError

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", ["threads", "processes"])
def test_an_exception_of_a_signals_handler_stops_the_map(name):
    """It goes through, and nothing runs on."""
    with alarm_after(1.0), pytest.raises(AlarmError) as caught:
        mapped(load(name)(2), lambda x: time.sleep(0.05) or x, range(2_000), batch=1)
    result = last_result()
    assert caught.value.map_result is result
    assert result.wait(20)
    assert 0 < len(result.finished_items) < 2_000
    assert "AlarmError ended its cell" in result._token.why
    assert mapped(load(name)(2), abs, [-1]) == [1]


class LockedHistory:
    """A history that another process holds: nothing can be written at the end."""

    def begin(self, *_, **__):
        return self

    def __getattr__(self, name):
        def locked(*_, **__):
            raise sqlite3.OperationalError("database is locked")

        return locked


def test_a_history_that_fails_at_the_end_costs_nothing():
    """The results are there, and the failure of the one that counts is told."""
    result = run_map(
        abs, [[-1, -2]], options=quiet(), schemes=[SerialScheme()], history=LockedHistory()
    )
    assert result == [1, 2]


def test_a_listener_that_fails_costs_nothing():
    """Neither does a callback."""

    def listener(event):
        raise RuntimeError("mine")

    with contextlib.suppress(RuntimeError):
        run_map(abs, [[-1, -2]], options=quiet(), schemes=[SerialScheme()], listener=listener)
    assert last_result().wait(5)
    assert last_result() == [1, 2]


def test_a_thread_that_can_not_be_started_ends_the_run(monkeypatch):
    """With the system's words; nobody waits for a run that never began."""

    def start(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError, match="can't start new"):
        run_map(abs, [[-1, -2]], options=quiet(), schemes=[SerialScheme()])
    monkeypatch.undo()
    assert last_result().done()
