"""Tab in a line of %parflow, as IPython asks: words of the grammar, names of what there is."""

from types import SimpleNamespace

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import parflow_jupyter.kernel.magics.magics as magics
from parflow_jupyter.clusters.launchers import launcher_names

COMMANDS = [
    *("adopt", "cleanup", "info", "logs", "profile", "profiles", "runs", "scheme"),
    *("schemes", "shutdown", "start"),
]
MAP_OPTIONS = [
    *("--checkpoint", "--no-progress", "--on-error", "--retries"),
    *("--scheme", "--seed", "--timeout"),
]


class FacadeWithNames:
    """What the names come from."""

    def profiles(self):
        return [SimpleNamespace(name="default"), SimpleNamespace(name="my-lab")]

    def schemes(self):
        return {"ipyparallel": {}, "processes": {}, "serial": {}}

    def cluster_info(self):
        return SimpleNamespace(engines=[SimpleNamespace(id=0), SimpleNamespace(id=12)])

    def checkpoints(self):
        return [SimpleNamespace(name="galaxies"), SimpleNamespace(name="words")]


class FacadeThatFails:
    """Whatever it is asked."""

    def __getattr__(self, name):
        raise OSError(f"no {name} here")


@pytest.fixture
def tab(tmp_path, monkeypatch):
    """What IPython offers where '|' stands in a cell; without it, at the end."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(magics, "_api", FacadeWithNames)
    shell = InteractiveShell(user_ns={"words": ["a"], "wordy": 1}, ipython_dir=str(tmp_path))
    shell.history_manager.enabled = False
    magics.load_ipython_extension(shell)

    def tab(cell):
        cursor = cell.index("|") if "|" in cell else len(cell)
        text = cell.replace("|", "")
        with provisionalcompleter():
            found = list(shell.Completer.completions(text, cursor))
        return [completion.text for completion in found]

    yield tab
    magics.unload_ipython_extension(shell)
    shell.history_manager.end_session()


@pytest.mark.parametrize(
    ("cell", "offered"),
    [
        ("%parflow ", COMMANDS),
        ("%parflow s", ["scheme", "schemes", "shutdown", "start"]),
        ("%parflow sc|emes", ["scheme", "schemes"]),
        ("%%parflow ", ["map"]),
        ("%%parflow m", ["map"]),
        # options: those left, those of the group that is spent are not
        ("%parflow cleanup --", ["--detach", "--terminate"]),
        ("%parflow cleanup ", ["--detach", "--terminate"]),
        ("%parflow start 2 --launcher local --", ["--profile", "--restart"]),
        ("%parflow scheme serial --enable ", ["--position", "--workers"]),
        ("%parflow shutdown --y", ["--yes"]),
        # names
        ("%parflow start --profile ", ["default", "my-lab"]),
        ("%parflow start --profile my-", ["my-lab"]),
        ("%parflow start --profile=d", ["default"]),
        ("%parflow start --launcher lo", [n for n in launcher_names() if n.startswith("lo")]),
        ("%parflow profile ", ["default", "my-lab", "--detach", "--terminate"]),
        ("%parflow profile my-lab ", ["--detach", "--terminate"]),
        ("%parflow logs ", ["0", "12", "--tail"]),
        ("%parflow logs 1", ["12"]),
        ("%parflow scheme p", ["processes"]),
        # the line of a map, also with a body below
        ("%%parflow map x ", ["in"]),
        ("%%parflow map (a, b) i|", ["in"]),
        ("%%parflow map x in words ", ["->", *MAP_OPTIONS]),
        ("%%parflow map x in zip(words, words) --re", ["--retries"]),
        ("%%parflow map x in words -> ys ", MAP_OPTIONS),
        ("%%parflow map x in words -> ys --seed 1 --s|\nx", ["--scheme"]),
        ("%%parflow map x in words --on-error ", ["raise", "skip", "collect"]),
        ("%%parflow map x in words --on-error=c", ["collect"]),
        ("%%parflow map x in words --scheme ", ["auto", "ipyparallel", "processes", "serial"]),
        ("%%parflow map x in words --checkpoint g", ["galaxies"]),
        # Python is IPython's own business
        ("%%parflow map x in wo", ["wordy", "words"]),
        ("%%parflow map x in zip(words, wor", ["wordy", "words"]),
        ("%%parflow map x in words\nwor", ["wordy", "words"]),
        ("%%parflow map x in words -> wor", ["wordy", "words"]),
        ("%%parflow map x in words -", ["->", *MAP_OPTIONS]),
        ("%%parflow map x in words ->", ["->"]),
        ("x = %parflow prof", ["profile", "profiles"]),
        ("x = 1\n%parflow shut|\ny = 2", ["shutdown"]),
    ],
)
def test_tab_offers_what_can_stand_there(tab, cell, offered):
    """In order where order means something, and nothing else."""
    found = tab(cell)
    own = offered == ["wordy", "words"]
    assert (sorted(found, key=offered.index) if own else found) == offered


def test_after_in_come_the_names_of_the_notebook(tab):
    """With nothing typed yet, too; and attributes of what was typed."""
    assert {"words", "wordy", "range"} <= set(tab("%%parflow map x in "))
    assert "--scheme" not in tab("%%parflow map x in ")
    assert "append" in "".join(tab("%%parflow map x in words.app"))


@pytest.mark.parametrize(
    "cell",
    [
        *("%parflow nonsense --", "%parflow map x in words --", "%parflow start --profile zz"),
        *("%parflow logs 1 --tail ", "%parflow", "x = 'a %parflow ", "y = 1\n%%parflow "),
    ],
)
def test_where_there_is_nothing_to_say_ipython_goes_on(tab, cell):
    """With names of its own."""
    assert not set(tab(cell)) & {*COMMANDS, *MAP_OPTIONS, "default", "--tail"}


def test_loading_twice_and_unloading(tab, tmp_path):
    """The completion is there once, and goes with the magics."""
    shell = InteractiveShell(user_ns={}, ipython_dir=str(tmp_path))
    shell.history_manager.enabled = False
    for _ in range(2):
        magics.load_ipython_extension(shell)
    assert shell.Completer.custom_matchers == [magics._matcher]
    magics.unload_ipython_extension(shell)
    assert shell.Completer.custom_matchers == []
    magics.unload_ipython_extension(shell)
    shell.history_manager.end_session()


def test_trouble_with_names_offers_the_words_alone(tab, monkeypatch, capsys):
    """And prints nothing into what is being typed."""
    monkeypatch.setattr(magics, "_api", FacadeThatFails)
    assert tab("%parflow logs ") == ["--tail"]
    assert tab("%parflow profile ") == ["--detach", "--terminate"]
    assert capsys.readouterr() == ("", "")
