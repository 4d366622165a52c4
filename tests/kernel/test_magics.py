"""%parflow and %%parflow map in a real shell: what they call, what they show, what they ask."""

import re
import subprocess
import sys
import textwrap
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import parflow_jupyter.kernel.magics.magics as magics
from parflow_jupyter.clusters import CleanupReport, ClusterInfo, ProfileInfo
from parflow_jupyter.clusters.protocol.model import ControllerInfo, EngineInfo
from parflow_jupyter.errors import (
    CleanupNeededError,
    EngineCountError,
    ItemError,
    ShutdownRefusedError,
)
from parflow_jupyter.kernel.magics.parsers import words
from parflow_jupyter.kernel.magics.texts import Text
from parflow_jupyter.stores.runs.listing import RunList
from parflow_jupyter.wiring import prompts

ROW = {
    "run": "r1",
    "label": "squares",
    "scheme": "serial",
    "state": "running",
    "total": 4,
    "done": 2,
    "failed": 0,
    "started": 0.0,
}


class FacadeThatNotes:
    """Stands for ``parflow_jupyter.api``: notes every call; maps run here, one after the other."""

    def __init__(self):
        self.calls = []
        self.info = ClusterInfo.stopped("default")
        self.error = None

    def _note(self, *call):
        self.calls.append(call)
        if self.error is not None:
            raise self.error

    def start_engines(self, n=None, *, launcher=None, profile=None, **more):
        self._note("start", n, launcher, profile, *more.values())
        return self.info

    def cluster_info(self):
        return self.info

    def profiles(self):
        return [ProfileInfo("default", "/p", True, True), ProfileInfo("lab", "/q", False, False)]

    def change_profile(self, name, *, cleanup=None):
        self._note("profile", name, cleanup)
        if self.info.engines_started_here and cleanup is None:
            raise CleanupNeededError("2 engines were started here.")
        return ClusterInfo.stopped(name)

    def cleanup(self, *, terminate):
        self._note("cleanup", terminate)
        return CleanupReport("terminate" if terminate else "detach")

    def adopt(self):
        self._note("adopt")
        return self.info

    def logs(self, engine, *, tail):
        self._note("logs", engine, tail)
        name = "controller" if engine is None else f"engine {engine}"
        return Text(name)

    def shutdown_cluster(self):
        self._note("shutdown")

    def schemes(self):
        return {
            "ipyparallel": {"enabled": True, "workers": None},
            "threads": {"enabled": False, "workers": 4},
        }

    def configure_scheme(self, name, *, enabled=None, workers=None, position=None):
        self._note("scheme", name, enabled, workers, position)
        return {"enabled": enabled is not False, "workers": workers}

    def runs(self):
        return RunList([ROW, {**ROW, "run": "r2", "total": None}])

    def parallel_map(self, function, iterable, **options):
        items = list(iterable)
        self._note("map", items, options)
        return [function(item) for item in items]


@pytest.fixture
def api(monkeypatch):
    facade = FacadeThatNotes()
    monkeypatch.setattr(magics, "_api", lambda: facade)
    return facade


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A shell with the magics and a namespace of its own, and no history on disk."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell(user_ns={}, ipython_dir=str(tmp_path))
    shell.history_manager.enabled = False
    magics.load_ipython_extension(shell)
    yield shell
    magics.unload_ipython_extension(shell)
    shell.history_manager.end_session()


@pytest.fixture
def run(shell):
    """Run a cell; return what it shows, or raise what it raises."""

    def run(source):
        done = shell.run_cell(source)
        done.raise_error()
        return done.result

    return run


@pytest.fixture
def say(monkeypatch):
    """Answer every question; None means that nobody is there."""
    asked = []

    def say(answer):
        monkeypatch.setattr(prompts, "ask", lambda question: asked.append(question) or answer)
        return asked

    return say


def running(started_here=2):
    controller = ControllerInfo(bool(started_here), 1, "here")
    info = ClusterInfo.stopped("default")
    return replace(
        info,
        state="running",
        connected=True,
        controller=controller,
        engines_total=2,
        engines_started_here=started_here,
    )


# --- %parflow --------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "calls"),
    [
        ("start", [("start", None, None, None)]),
        ("start 2", [("start", 2, None, None)]),
        ("start --launcher local --profile 'my lab' 3", [("start", 3, "local", "my lab")]),
        ("start {1 + 1}", [("start", 2, None, None)]),
        ("start -1", [("start", -1, None, None)]),
        ("start two", [("start", "two", None, None)]),
        ("start 1 --restart on-failure:2", [("start", 1, None, None, "on-failure:2")]),
        ("start 1.5", [("start", "1.5", None, None)]),
        ("profile lab", [("profile", "lab", None)]),
        ("profile lab --detach", [("profile", "lab", "detach")]),
        ("profile --terminate lab", [("profile", "lab", "terminate")]),
        ("cleanup", [("cleanup", True)]),
        ("cleanup --terminate", [("cleanup", True)]),
        ("cleanup --detach", [("cleanup", False)]),
        ("shutdown --yes", [("shutdown",)]),
        ("scheme threads --enable", [("scheme", "threads", True, None, None)]),
        ("scheme --disable threads", [("scheme", "threads", False, None, None)]),
        ("scheme processes --workers 3", [("scheme", "processes", None, 3, None)]),
        ("scheme threads --enable --workers 0", [("scheme", "threads", True, 0, None)]),
        ("scheme threads --position 0", [("scheme", "threads", None, None, 0)]),
        ("scheme threads", []),
        ("schemes", []),
    ],
)
def test_each_command_is_one_call(run, api, line, calls):
    """The words reach the façade as they are."""
    run(f"%parflow {line}")
    assert api.calls == calls


@pytest.mark.parametrize(
    ("info", "line"),
    [
        (ClusterInfo.stopped("p"), "Profile 'p': stopped. Start engines with %parflow start."),
        (running(), "Profile 'default': running, 2 engines, 2 started here."),
        (
            replace(running(), engines_total=1, problems=[object()]),
            "Profile 'default': running, 1 engine, 2 started here. 1 problem: see %parflow info.",
        ),
    ],
)
def test_without_a_command_the_state_is_shown_in_one_line(run, api, info, line):
    """And nothing starts."""
    api.info = info
    assert repr(run("%parflow")) == line
    assert api.calls == []


def test_what_there_is_is_shown_in_tables(run, api):
    """As text and as HTML."""
    profiles = run("%parflow profiles")
    assert repr(profiles).splitlines() == [
        "profile  current  running  folder",
        "default  yes      yes      /p",
        "lab                        /q",
    ]
    assert "<td" in profiles._repr_html_()
    runs = repr(run("%parflow runs")).splitlines()
    assert "2 of 4" in runs[1]
    assert "2       0" in runs[2]
    assert repr(run("%parflow schemes")).splitlines() == [
        "scheme       enabled  workers",
        "ipyparallel  yes",
        "threads               4",
    ]
    assert repr(run("%parflow scheme threads")).splitlines()[1:] == ["threads           4"]
    assert repr(run("%parflow profile")) == "Profile 'default'"
    assert run("%parflow info") is api.info


def test_help_names_every_command_and_option(run, api, shell):
    """It is the parser's own, in the docstring, too."""
    shown = repr(run("%parflow --help"))
    for word in ("start", "--launcher", "--detach", "--yes", "runs", "map TARGET", "--checkpoint"):
        assert word in shown
    assert shown in shell.find_line_magic("parflow").__doc__
    assert shown in shell.find_cell_magic("parflow").__doc__


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("start --help", ["usage: %parflow start", "--launcher L", "Start engines"]),
        ("-h cleanup", ["COMMAND", "%parflow cleanup", "%%parflow map TARGET"]),
        ("map --help", ["usage: %%parflow map TARGET in EXPRESSION", "--on-error {raise,"]),
        ("nonsense -h", ["COMMAND"]),
    ],
)
def test_help_of_one_command(run, api, line, words):
    """Wherever the option stands; nothing is done."""
    for cell in (f"%parflow {line}", "%%parflow map --help\nx", "%%parflow map -h\nx"):
        shown = repr(run(cell))
        assert [word for word in words if word not in shown] == [] or "map" in cell
    assert "usage: %%parflow map TARGET" in shown
    assert api.calls == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("strat", "'strat'"),
        ("strat", "start"),
        ("start 2 3", "unrecognized arguments: 3"),
        ("start --engines 2", "--engines"),
        ("start --launcher", "expected one argument"),
        ("cleanup --terminate --detach", "not allowed with argument"),
        ("profile --detach", "--detach needs the profile"),
        ("scheme", "the following arguments are required: NAME"),
        ("scheme fast", "There is no scheme 'fast': choose one of 'ipyparallel', 'threads'"),
        ("scheme threads --enable --disable", "not allowed with argument"),
        ("scheme threads --workers many", "invalid int value: 'many'"),
        ("logs 'x", "No closing quotation"),
        ("map x in xs", "begin it with '%%parflow map x in xs'"),
    ],
)
def test_a_bad_line_is_a_short_message(run, api, line, message):
    """No page of traceback, and nothing is done."""
    with pytest.raises(UsageError) as caught:
        run(f"%parflow {line}")
    assert message in str(caught.value)
    assert api.calls == []


@pytest.mark.parametrize(
    "error", [EngineCountError("two", 16), ShutdownRefusedError("It does not answer.")]
)
def test_errors_of_the_facade_are_short_messages(run, api, capsys, error):
    """They say themselves what to do."""
    api.error = error
    with pytest.raises(UsageError) as caught:
        run("%parflow shutdown --yes")
    assert str(caught.value) == error.message
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(("answer", "choice"), [(True, "terminate"), (False, "detach")])
def test_what_becomes_of_processes_is_asked(run, api, say, answer, choice):
    """By cleanup and by a change of profile, if any were started here."""
    api.info = running()
    asked = say(answer)
    run("%parflow cleanup")
    run("%parflow profile lab")
    assert api.calls == [
        ("cleanup", choice == "terminate"),
        ("profile", "lab", None),
        ("profile", "lab", choice),
    ]
    assert asked == ["2 engines were started here. End them? 'n' leaves them running."] * 2


@pytest.mark.parametrize(("count", "what"), [(1, "1 engine"), (0, "The controller")])
def test_the_question_counts_what_was_started_here(run, api, say, count, what):
    """In words that fit one engine, and a controller alone."""
    api.info = replace(running(), engines_started_here=count)
    asked = say(True)
    run("%parflow cleanup")
    assert asked[0].startswith(f"{what} was started here.")


@pytest.mark.parametrize("line", ["cleanup", "profile lab"])
def test_where_nobody_can_answer_the_options_are_named(run, api, say, line):
    """Nothing is guessed."""
    api.info = running()
    say(None)
    with pytest.raises(UsageError, match="--terminate to end them, or --detach"):
        run(f"%parflow {line}")
    assert [call for call in api.calls if call[0] == "cleanup" or call[-1] is not None] == []


def test_nothing_is_asked_where_nothing_was_started_here(run, api, say):
    """There is nothing to choose."""
    api.info = running(started_here=0)
    asked = say(None)
    run("%parflow cleanup")
    assert (asked, api.calls) == ([], [("cleanup", True)])


def test_the_questions_count_the_engines_of_others(run, api, say):
    """Before anything is done: those that lose the controller, and whose a shutdown ends."""
    info = running(started_here=1)
    theirs = EngineInfo(
        *(1, 8, "h", "Linux", "3.11", "local", False, "idle"), owner="Jupyter server, pid 12"
    )
    api.info = replace(info, lost_by_cleanup=1, engines=[theirs])
    asked = say(True)
    run("%parflow cleanup")
    run("%parflow shutdown")
    assert "1 engine that others started would lose its controller. End them?" in asked[0]
    assert "ends, too: 1 of Jupyter server, pid 12." in asked[1]
    say(None)
    with pytest.raises(UsageError, match="1 of Jupyter server, pid 12"):
        run("%parflow shutdown")


def test_leaving_running_is_not_offered_where_it_is_impossible(run, api, say):
    """The reason is told; 'no' then does nothing at all."""
    api.info = replace(running(), detach_refused="the container ends with pid 1")
    asked = say(True)
    run("%parflow cleanup")
    assert asked[0].endswith("can't be left running: the container ends with pid 1. End them?")
    assert api.calls == [("cleanup", True)]
    for answer, message in ((False, "Nothing was ended"), (None, "Say --terminate")):
        say(answer)
        with pytest.raises(UsageError, match=message):
            run("%parflow cleanup")
    assert api.calls == [("cleanup", True)]


def test_logs_and_adoption_reach_the_facade(run, api):
    """An engine by its id, a number of lines, or neither."""
    assert "engine 3" in repr(run("%parflow logs 3 --tail 5"))
    assert "controller" in repr(run("%parflow logs"))
    with pytest.raises(UsageError, match="no engine id"):
        run("%parflow logs ../x")
    run("%parflow adopt")
    assert api.calls == [("logs", 3, 5), ("logs", None, 40), ("adopt",)]


def test_shutdown_asks_first(run, api, say):
    """It is for everybody; 'no' stops nothing, and without a person it takes --yes."""
    say(False)
    assert repr(run("%parflow shutdown")) == "Nothing was stopped."
    say(None)
    with pytest.raises(UsageError, match="--yes"):
        run("%parflow shutdown")
    assert api.calls == []
    say(True)
    assert repr(run("%parflow shutdown")) == "The cluster of profile 'default' is stopped."
    assert api.calls == [("shutdown",)]


# --- %%parflow map ---------------------------------------------------------


def test_a_map_is_the_cells_output(run, api):
    """Its items, label and options reach the façade."""
    run("xs = [1, 2]\nscale = 10")
    assert run("%%parflow map x in xs --scheme serial --retries 2\nscale * x") == [10, 20]
    options = {"label": "x in xs", "ask": True, "scheme": "serial", "retries": 2}
    assert api.calls == [("map", [1, 2], options)]


def test_a_map_can_go_to_a_name(run, api, shell):
    """Then the cell shows nothing, and x is not left behind."""
    assert run("%%parflow map x in range(3) -> squares\nx * x") is None
    assert shell.user_ns["squares"] == [0, 1, 4]
    assert "x" not in shell.user_ns
    assert api.calls[0][2]["label"] == "squares: x in range(3)"


def test_the_line_is_not_expanded(run, api):
    """Braces and dollars are Python's."""
    run("k = 1")
    assert run("%%parflow map x in [{'k': '$k {k}'}['k']]\nx") == ["$k {k}"]


def test_every_option_reaches_the_map(run, api):
    """Under the names of parallel_map, and only those that were given."""
    options = "--scheme serial --retries 1 --timeout 2 --on-error skip --seed 3 --checkpoint 'a b'"
    run(f"%%parflow map x in [1] {options} --no-progress\nx")
    ((_, _, given),) = api.calls
    assert given == {
        "label": "x in [1]",
        "ask": True,
        "scheme": "serial",
        "retries": 1,
        "timeout": 2.0,
        "on_error": "skip",
        "seed": 3,
        "checkpoint": "a b",
        "progress": False,
    }


def test_a_long_label_is_cut(run, api):
    """It has one line in displays."""
    run(f"%%parflow map x in [{', '.join('1' * 90)}]\nx")
    assert len(api.calls[0][2]["label"]) == 60


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("map x in xs if x\nx", "an 'if' clause can't follow"),
        ("map x in xs\ny = x", "the last statement has no value"),
        ("map x in xs\ntotal += x\nx", "'total' of the notebook can't be updated"),
        ("start 2\nx", "a cell can only be a map"),
        ("\nx", "a cell can only be a map"),
    ],
)
def test_a_bad_cell_runs_nothing(run, api, cell, message):
    """The problem is a short message."""
    run("xs = [1, 2]\ntotal = 0")
    with pytest.raises(UsageError) as caught:
        run(f"%%parflow {cell}")
    assert message in str(caught.value)
    assert api.calls == []


def test_a_change_of_the_notebook_is_told_each_time(run, api):
    """With the name and the line of the cell."""
    run("found = []\n_ = 0\nIn2 = In")
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            run("%%parflow map x in [1]\n_ = x\nIn = x\nfound.append(x)\nx")
        assert [(str(told.message).split()[0], told.lineno) for told in caught] == [("'found'", 4)]


def test_an_items_own_error_is_shown_with_the_cells_lines(run, api, capsys):
    """As if the cell had been written as a loop."""
    with pytest.raises(ZeroDivisionError):
        run("%%parflow map x in [0]\ny = 1\ny / x")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "parflow_jupyter" not in shown
    assert re.search(r"(?:, line |:)3\n.*\n.*\n----> 3 y / x\n", shown)


def test_an_error_that_stands_for_an_item_keeps_its_traceback(run, api):
    """It is not cut to one line."""
    api.error = ItemError("boom", index=1)
    with pytest.raises(ItemError):
        run("%%parflow map x in [0]\nx")


def test_an_error_of_the_expression_is_the_notebooks_own(run, api):
    """It is ordinary Python of the notebook."""
    with pytest.raises(NameError, match="nowhere"):
        run("%%parflow map x in nowhere\nx")


def test_unloading_takes_the_magics_back(shell):
    """And loading again works."""
    magics.unload_ipython_extension(shell)
    assert shell.find_line_magic("parflow") is None
    magics.load_ipython_extension(shell)
    assert shell.find_cell_magic("parflow") is not None


# --- with everything real --------------------------------------------------


def test_a_notebook_on_two_real_engines(isolated_home):
    """Start, map names of the notebook over the engines, look, and clean up."""
    source = textwrap.dedent(
        """
        from IPython.core.interactiveshell import InteractiveShell

        shell = InteractiveShell.instance()

        def run(cell):
            done = shell.run_cell(cell)
            done.raise_error()
            return done.result

        run("%load_ext parflow_jupyter")
        assert "stopped" in repr(run("%parflow"))
        assert run("%parflow start 2").engines_total == 2
        run("import os\\nscale = 10\\ndef f(n):\\n    return scale * n")
        cell = "%%parflow map (i, x) in enumerate('abc') -> found --scheme ipyparallel\\n"
        run(cell + "import time\\ntime.sleep(0.1)\\nf(i), x * 2, os.getpid()")
        found = run("found")
        assert [(number, text) for number, text, _ in found] == [(0, "aa"), (10, "bb"), (20, "cc")]
        pids = {engine.pid for engine in run("%parflow info").engines}
        assert {pid for _, _, pid in found} <= pids
        try:
            run("%%parflow map x in [1, 0] --scheme ipyparallel\\ny = 1\\ny / x")
        except ZeroDivisionError as error:
            print("ITEM", error)
        assert "found: (i, x) in enumerate('abc')" in repr(run("%parflow runs"))
        report = run("%parflow cleanup --terminate")
        assert {done["outcome"] for done in report.processes} == {"terminated"}
        print("ALL GOOD")
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=100, check=False
    )
    assert "ALL GOOD" in done.stdout, done.stdout + done.stderr
    assert "ITEM division by zero" in done.stdout


def test_the_page_on_magics_names_every_command_and_option():
    """What the parsers know, the reader finds."""
    page = (Path(__file__).parents[2] / "docs" / "magics.md").read_text("utf-8")
    for command, options in words().items():
        assert f"parflow {command}" in page
        assert [option for option in options if option not in page] == []
