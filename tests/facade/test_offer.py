"""The offer to start engines: when it is put, and what is said where nobody can answer."""

import itertools
import warnings

import pytest

import parflow_jupyter as pf
from parflow_jupyter.errors import SchemeUnavailableError, UnequalLengthsError
from parflow_jupyter.wiring import process, prompts


@pytest.fixture(autouse=True)
def _no_engines(isolated_home, monkeypatch):
    fresh = process.Process()
    monkeypatch.setattr(process, "current", fresh)
    yield
    fresh.close()


@pytest.fixture
def say(monkeypatch):
    """Answer every question; None means that nobody is there."""
    asked = []

    def say(answer):
        monkeypatch.setattr(prompts, "ask", lambda question: asked.append(question) or answer)
        return asked

    return say


@pytest.mark.parametrize("get", [pf.get_client, pf.direct_view, pf.load_balanced_view])
def test_without_engines_and_a_person_there_is_no_client(say, get):
    """The warning is told each time, at the line of the caller."""
    say(None)
    with pytest.warns(UserWarning, match=r"start_engines\(\) first") as told:
        assert [get() for _ in range(2)] == [None, None]
    assert [warning.filename for warning in told] == [__file__] * 2


def test_a_map_tells_once_that_it_runs_here(say):
    """With its own words, at the line of the caller."""
    asked = say(None)
    pf.configure_scheme("processes", enabled=False)
    with pytest.warns(UserWarning, match="this map runs here, one item after the other") as told:
        assert pf.parallel_map(abs, range(-9, 0), ask=True) == list(range(9, 0, -1))
    assert [warning.filename for warning in told] == [__file__]
    assert len(asked) == 1


@pytest.mark.parametrize("answer", [None, False])
def test_a_map_that_needs_no_engines_asks_nothing(say, answer):
    """Nor does one that can't run."""
    asked = say(answer)
    assert pf.parallel_map(abs, [], ask=True) == []
    assert pf.parallel_map(abs, [-1], ask=True, scheme="serial") == [1]
    with pytest.raises(UnequalLengthsError):
        pf.parallel_map(pow, [1, 2], itertools.count(), ask=True)
    pf.configure_scheme("ipyparallel", enabled=False)
    assert pf.parallel_map(abs, [-1], ask=True) == [1]
    assert asked == []


def test_a_map_that_can_use_processes_says_nothing(say):
    """It runs in parallel, and its report says how and why."""
    say(None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = pf.parallel_map(abs, [-1], ask=True)
    assert result.report.scheme == "processes"
    assert "ipyparallel skipped" in result.report.reason


def test_no_means_here_without_a_warning(say):
    """And where engines are asked for by name, the error says it all."""
    asked = say(False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pf.parallel_map(abs, [-1], ask=True) == [1]
        say(None)
        with pytest.raises(SchemeUnavailableError, match="Start engines"):
            pf.parallel_map(abs, [-1], ask=True, scheme="ipyparallel")
    assert len(asked) == 2
