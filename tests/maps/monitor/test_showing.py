"""What a person sees: progress in a terminal and a notebook, and a result's repr."""

import io
import re
import sys
import types

import pytest

from parflow_jupyter.events import MapFinished, MapProgress, MapStarted
from parflow_jupyter.maps import MapOptions, run_map
from parflow_jupyter.maps.monitor.progress_bar import (
    Shown,
    after,
    as_html,
    as_text,
    progress_listener,
)


def events(total=10, failed=1, state="done", elapsed=2.0):
    yield MapStarted(run="r", label="f<x>", scheme="ipyparallel", reason="", total=total, slots=2)
    for done in range(1, total + 1):
        yield MapProgress(
            run="r",
            total=total,
            done=done,
            failed=failed,
            retried=2,
            running=1,
            elapsed=elapsed * done / total,
        )
    yield MapFinished(run="r", state=state, total=total, done=total, failed=failed, elapsed=elapsed)


def last_shown(**given):
    shown = Shown()
    for event in events(**given):
        shown = after(shown, event)
    return shown


def test_the_display_is_right_at_the_end():
    """Done, failed, retried, rate, time, scheme and engines."""
    text = as_text(last_shown())
    expected = "f<x>: 10 of 10 items, 1 failed, 2 retried, 5.0 items/s, 2.0 s, "
    assert text == expected + "ipyparallel on 2 engines"


def test_a_stopped_map_says_so():
    """Not only by its counts."""
    assert "stopped" in as_text(last_shown(state="cancelled"))


def test_the_bar_is_accessible_and_follows_the_theme():
    """Role, values and label for screen readers; only theme colours; text is escaped."""
    html = as_html(last_shown())
    assert 'role="progressbar"' in html
    assert 'aria-valuenow="10"' in html
    assert 'aria-valuemax="10"' in html
    assert 'aria-label="f&lt;x&gt;"' in html
    assert not re.search(r"(color|background): #", html)


def test_a_terminal_gets_one_line_that_ends_complete():
    """Rewritten in place, and ended with a line break."""
    stream = io.StringIO()
    listener = progress_listener(stream, force=True)
    for event in events():
        listener(event)
    assert stream.getvalue().count("\n") == 1
    final = stream.getvalue().rsplit("\r", 1)[1]
    assert "100%" in final
    assert "10/10" in final
    assert "1 failed" in final


def test_short_maps_leave_no_trace_in_a_terminal():
    """Nothing is written before the display's delay."""
    stream = io.StringIO()
    listener = progress_listener(stream, force=True)
    for event in events(elapsed=0.1):
        listener(event)
    assert stream.getvalue() == ""


def test_a_file_gets_no_progress():
    """Only a terminal does, unless forced."""
    assert progress_listener(io.StringIO()) is None


class _Handle:
    def __init__(self, shown):
        self.shown = shown

    def update(self, data, raw):
        self.shown.append((data, raw))


@pytest.fixture
def notebook(monkeypatch):
    """A shell with a kernel, as far as the display looks at it."""
    shown = []

    def display(data, raw, display_id):
        assert display_id
        shown.append((data, raw))
        return _Handle(shown)

    shell = types.SimpleNamespace(kernel=object(), display_pub=object())
    fake = types.ModuleType("IPython")
    fake.get_ipython = lambda: shell
    fake.display = types.ModuleType("IPython.display")
    fake.display.display = display
    monkeypatch.setitem(sys.modules, "IPython", fake)
    monkeypatch.setitem(sys.modules, "IPython.core.getipython", fake)
    monkeypatch.setitem(sys.modules, "IPython.display", fake.display)
    return shown


def test_a_notebook_gets_one_output_as_text_and_html(notebook):
    """Updated in place, last with the final state; a saved notebook shows how it ended."""
    result = run_map(abs, [range(-50, 0)], options=MapOptions(label="distance"))
    assert len(result) == 50
    data, raw = notebook[-1]
    assert raw
    assert set(data) == {"text/plain", "text/html"}
    assert data["text/plain"].startswith("distance: 50 of 50 items")


def test_progress_can_be_turned_off(notebook):
    """Nothing is displayed."""
    run_map(abs, [[-1]], options=MapOptions(progress=False))
    assert notebook == []


def _fails(x):
    if x % 2:
        raise ValueError(f"<odd> {x}")
    return x


def test_a_result_shows_a_summary_and_its_failures():
    """As text and HTML of the same content; bounded, escaped, tracebacks folded away."""
    options = MapOptions(progress=False, on_error="collect", label="halves")
    result = run_map(_fails, [range(60)], options=options)
    text, html = repr(result), result._repr_html_()
    assert text.startswith("<MapResult halves: 60 items, 30 failed")
    assert "item 1 (1): ValueError: <odd> 1" in text
    assert "and 20 more in .errors" in text
    assert html.count("<tr>") == 11
    assert "&lt;odd&gt; 1" in html
    assert "<details><summary>" in html
    assert "<odd>" not in html


def test_a_huge_input_and_a_broken_repr_do_not_spoil_the_repr():
    """Inputs are shown bounded."""

    class Broken:
        def __repr__(self):
            raise RuntimeError("no")

    def fails(x):
        raise ValueError("v")

    options = MapOptions(progress=False, on_error="collect")
    result = run_map(fails, [["x" * 10_000, Broken()]], options=options)
    assert len(repr(result)) < 600


def test_a_listener_that_fails_does_not_fail_the_map(caplog):
    """It is logged."""

    def listener(event):
        raise RuntimeError("listener")

    assert run_map(abs, [[-1]], options=MapOptions(progress=False), listener=listener) == [1]
    assert "listener" in caplog.text


def test_events_tell_counts_and_end():
    """Started once, finished once, the last progress complete."""
    heard = []
    run_map(abs, [range(500)], options=MapOptions(progress=False), listener=heard.append)
    assert isinstance(heard[0], MapStarted)
    assert isinstance(heard[-1], MapFinished)
    assert heard[-1].done == 500
    assert heard[-2].done == 500
