"""The history of runs: written by maps, read and stopped by others."""

import os
import stat
import subprocess
import sys
import threading
import time
import warnings

import psutil
import pytest
from map_helpers import quiet

from parflow_jupyter.errors import InvalidInputError, RunNotFoundError
from parflow_jupyter.maps import run_map
from parflow_jupyter.stores.runs import history as module
from parflow_jupyter.stores.runs.history import History


@pytest.fixture
def history(tmp_path, monkeypatch):
    """A history of the test's own, also for another handle on it."""
    monkeypatch.setenv("PARFLOW_DATA_DIR", str(tmp_path / "data"))
    return History()


def test_a_map_leaves_a_row(history):
    """With its label, scheme, counts, state and times."""
    run_map(abs, [[-1, 2, -3]], options=quiet(label="distance"), history=history)
    (row,) = History().runs()
    assert row["label"] == "distance"
    assert (row["scheme"], row["state"]) == ("serial", "done")
    assert (row["done"], row["failed"], row["total"]) == (3, 0, 3)
    assert row["pid"] == os.getpid()
    assert row["started"] <= row["finished"] <= time.time()
    assert History().run(row["run"]) == row


def test_a_failed_map_is_told_so(history):
    """State failed, with the number of failures."""
    with pytest.raises(ZeroDivisionError):
        run_map(lambda x: 1 / x, [[1, 0]], options=quiet(), history=history)
    (row,) = history.runs()
    assert (row["state"], row["failed"]) == ("failed", 1)


def test_anyone_can_stop_a_run(history):
    """By its cancel flag; the run sees it within a second."""

    def item(x):
        for _ in range(100):
            time.sleep(0.01)
        return x

    result = run_map(item, [range(100)], options=quiet(block=False), history=history)
    deadline = time.monotonic() + 5
    while not history.runs() and time.monotonic() < deadline:
        time.sleep(0.02)
    (row,) = history.runs()
    History().request_cancel(row["run"])
    assert history.run(row["run"])["state"] in ("stopping", "cancelled")
    assert result.wait(4)
    assert result.state == "cancelled"
    assert history.run(row["run"])["state"] == "cancelled"


def test_a_run_whose_process_died_is_lost(history):
    """Told by pid and start time, so that another process with its pid is not taken for it."""
    history.begin({"run": "ours", "total": 1})
    history.begin({"run": "dead", "total": 1, "pid": _ended_pid(), "pid_started": 1.0})
    history.begin({"run": "other", "total": 1, "pid_started": 1.0})
    states = {row["run"]: row["state"] for row in history.runs()}
    assert states == {"ours": "running", "dead": "lost", "other": "lost"}


def _ended_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(20)
    assert not psutil.pid_exists(process.pid)
    return process.pid


def test_only_the_last_runs_are_kept(history, monkeypatch):
    """The oldest go first."""
    monkeypatch.setattr(module, "KEPT", 5)
    for number in range(9):
        history.begin({"run": str(number), "total": 1, "started": float(number)})
    assert [row["run"] for row in history.runs()] == ["8", "7", "6", "5", "4"]
    assert [row["run"] for row in history.runs(limit=2)] == ["8", "7"]


def test_unknown_runs_and_limits_are_refused(history):
    """With what to do."""
    with pytest.raises(RunNotFoundError, match=r"parflow_jupyter\.runs"):
        history.run("nothing")
    with pytest.raises(RunNotFoundError):
        history.request_cancel("nothing")
    for limit in (0, True, "all"):
        with pytest.raises(InvalidInputError, match="limit="):
            history.runs(limit)


def test_the_file_is_the_users_own(history, tmp_path):
    """Nobody else can read it."""
    history.begin({"run": "r", "total": 1})
    mode = stat.S_IMODE((tmp_path / "data" / "runs.sqlite").stat().st_mode)
    assert mode == 0o600


def test_a_history_that_cannot_be_written_warns_once_and_fails_no_map(tmp_path):
    """A folder in place of the file stands for any disk trouble."""
    broken = History(tmp_path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert run_map(abs, [[-1]], options=quiet(), history=broken) == [1]
    assert [w.category for w in caught] == [RuntimeWarning]
    assert "PARFLOW_DATA_DIR" in str(caught[0].message)


def test_columns_of_a_newer_version_are_added_to_an_older_file(tmp_path):
    """A file without a column gets it, and keeps its rows."""
    import sqlite3
    from contextlib import closing

    path = tmp_path / "runs.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE runs (run TEXT PRIMARY KEY, state TEXT, started REAL)")
        connection.execute("INSERT INTO runs VALUES ('old', 'done', 1.0)")
    history = History(path)
    history.begin({"run": "new", "total": 2})
    assert [row["run"] for row in history.runs()] == ["new", "old"]


def test_many_writers_at_once(history):
    """Threads and processes do not lose each other's rows."""

    def write(name):
        for number in range(20):
            history.begin({"run": f"{name}-{number}", "total": 1})
            history.update(f"{name}-{number}", done=1, state="done")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    rows = history.runs(limit=100)
    assert len(rows) == 60
    assert {row["state"] for row in rows} == {"done"}
