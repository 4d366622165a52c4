"""The history of runs as a person reads it: with code, engines, errors and times."""

import json
import os
import sqlite3
import sys
from contextlib import closing

import pytest
from map_helpers import quiet

import parflow_jupyter as pf
from parflow_jupyter.maps import run_map
from parflow_jupyter.maps.monitor import run_record
from parflow_jupyter.maps.monitor.run_record import code_of
from parflow_jupyter.stores.runs import history as module
from parflow_jupyter.stores.runs.history import History
from parflow_jupyter.stores.runs.listing import RunList, run_list
from parflow_jupyter.wiring import runs


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """A history of the test's own."""
    monkeypatch.setenv("PARFLOW_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


def odd_ones_fail(x):
    if x % 2:
        raise ValueError(f"odd: {x}")
    return x


def test_a_run_tells_what_who_when_where_and_how():
    """Everything that is needed to understand it later, and to get its numbers again."""
    with pytest.raises(ValueError, match="odd"):
        pf.parallel_map(odd_ones_fail, [2, 1], scheme="serial", seed=7, progress=False, retries=1)
    (run,) = pf.runs()
    assert "raise ValueError" in run["code"]
    assert run["options"]["retries"] == 1
    assert (run["scheme"], run["state"]) == ("serial", "failed")
    assert "asked for" in run["reason"]
    assert (run["entropy"], run["retries"], run["retried"], run["kept"]) == (7, 1, 1, 0)
    assert run["user"]
    assert run["started"] <= run["finished"]
    (engine,) = run["engines"]
    assert engine["python"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")
    assert engine["host"] == run["host"]
    assert [(e["index"], e["error"], e["message"], e["attempts"]) for e in run["errors"]] == [
        (1, "ValueError", "odd: 1", 2)
    ]
    assert [item["index"] for item in run["items"]] == [0, 1, 1]
    assert [item.get("failed", False) for item in run["items"]] == [False, True, True]


def test_the_list_shows_as_a_table_and_exports_as_json(tmp_path):
    """The file holds all that the list does."""
    pf.parallel_map(abs, [-1, 2], scheme="serial", progress=False, label="<distance>")
    found = pf.runs()
    lines = repr(found).splitlines()
    assert lines[0].split()[:4] == ["run", "started", "label", "notebook"]
    assert "<distance>" in lines[1]
    assert "2 of 2" in lines[1]
    assert "&lt;distance&gt;" in found._repr_html_()
    found.to_json(tmp_path / "runs.json")
    assert json.loads((tmp_path / "runs.json").read_text()) == list(found)
    assert json.loads(found.to_json()) == list(found)


def test_no_runs_are_told_so():
    """In words."""
    assert repr(pf.runs()) == RunList()._repr_html_() == "There are no runs yet."


@pytest.mark.parametrize("limit", [0, "all"])
def test_a_limit_that_cannot_be_used_is_refused(limit):
    """As in the store."""
    with pytest.raises(pf.errors.InvalidInputError, match="limit="):
        pf.runs(limit)


def test_a_run_belongs_to_its_notebook(monkeypatch):
    """By the name that Jupyter gives the kernel."""
    monkeypatch.setenv("JPY_SESSION_NAME", "work/galaxies.ipynb")
    pf.parallel_map(abs, [-1], scheme="serial", progress=False)
    assert pf.runs()[0]["notebook"] == "work/galaxies.ipynb"


def test_vs_code_names_the_notebook_in_the_kernel(monkeypatch):
    """In a variable of its own."""
    from types import SimpleNamespace

    found = SimpleNamespace(user_ns={"__vsc_ipynb_file__": "/home/ada/trees.ipynb"})
    fake = SimpleNamespace(get_ipython=lambda: found)
    monkeypatch.setitem(sys.modules, "IPython.core.getipython", fake)
    assert runs.notebook() == "/home/ada/trees.ipynb"


def test_without_a_notebook_there_is_no_name(monkeypatch):
    """In a script."""
    monkeypatch.delitem(sys.modules, "IPython.core.getipython", raising=False)
    assert runs.notebook() is None


def test_errors_are_bounded_in_number_and_length(tmp_path):
    """A million failures with a page of text each must not fill the disk."""

    def fails(x):
        raise ValueError("x" * 5000)

    history = History(tmp_path / "runs.sqlite")
    run_map(fails, [range(100)], options=quiet(on_error="skip"), history=history)
    (run,) = run_list(history, 1)
    assert len(run["errors"]) == 20
    assert run["errors_left_out"] == 80
    assert max(len(error["message"]) for error in run["errors"]) <= 300
    assert len(json.dumps(run)) < 60_000


def test_times_of_a_long_run_are_those_of_the_slowest(tmp_path, monkeypatch):
    """In bounded number."""
    import time

    def item(x):
        if x in (77, 1234):
            time.sleep(0.03)

    monkeypatch.setattr(run_record, "ITEMS", 2)
    history = History(tmp_path / "runs.sqlite")
    run_map(item, [range(2000)], options=quiet(), history=history)
    (run,) = run_list(history, 1)
    assert {found["index"] for found in run["items"]} == {77, 1234}
    assert run["items_left_out"] == 1998


def test_values_are_not_in_the_history(tmp_path):
    """Neither inputs nor results."""
    history = History(tmp_path / "runs.sqlite")
    run_map(str.upper, [["sekrit"]], options=quiet(), history=history)
    history.begin({"run": "flush", "total": 0})
    assert "sekrit" not in run_list(history, 5).to_json().lower()


def test_details_go_with_their_run(tmp_path, monkeypatch):
    """The oldest first."""
    monkeypatch.setattr(module, "KEPT", 2)
    history = History(tmp_path / "runs.sqlite")
    for number in range(4):
        history.begin({"run": str(number), "total": 1, "started": float(number)})
        history.describe(str(number), {"code": "c"})
    assert history.details("0") == {}
    assert history.details("3") == {"code": "c"}
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as connection:
        assert connection.execute("SELECT COUNT(*) FROM details").fetchone() == (2,)


def test_a_history_of_an_older_version_gets_what_it_lacks(tmp_path):
    """Rows stay, and show without what was not written then."""
    path = tmp_path / "runs.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE runs (run TEXT PRIMARY KEY, state TEXT, started REAL, label TEXT)"
        )
        connection.execute("INSERT INTO runs VALUES ('old', 'done', 1.0, 'before')")
    history = History(path)
    run_map(abs, [[-1]], options=quiet(), history=history)
    new, old = run_list(history, 5)
    assert (old["run"], old["retried"], old["engines"], old["code"]) == ("old", 0, [], None)
    assert new["engines"]
    assert "before" in repr(run_list(history, 5))


def test_details_that_cannot_be_read_are_left_out(tmp_path):
    """The row is still shown."""
    path = tmp_path / "runs.sqlite"
    history = History(path)
    run_map(abs, [[-1]], options=quiet(), history=history)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE details SET details = '{broken'")
    assert run_list(history, 1)[0]["engines"] == []


def test_code_is_the_source_or_the_name():
    """Of functions, partials, and objects that can be called; bounded."""
    from functools import partial

    assert "odd: " in code_of(partial(odd_ones_fail, 3))
    assert code_of(max) == "max"
    assert "class RunList" in code_of(RunList())
    assert len(code_of(pf.parallel_map)) < 4100


def test_a_run_that_ends_with_its_process_keeps_its_code(tmp_path):
    """kill -9 in the middle: the run is lost, and tells what it was."""
    import subprocess

    script = (
        "import os\n"
        "from parflow_jupyter.maps import MapOptions, run_map\n"
        "from parflow_jupyter.stores.runs.history import History\n"
        "run_map(lambda x: os.kill(os.getpid(), 9), [[1]], options=MapOptions(progress=False),\n"
        "        history=History())\n"
    )
    path = tmp_path / "killed.py"
    path.write_text(script)
    subprocess.run([sys.executable, str(path)], timeout=60, env={**os.environ})
    (run,) = pf.runs()
    assert run["state"] == "lost"
    assert "os.kill" in run["code"]
