"""The magics as a notebook has them: a real kernel with real engines, over its own messages."""

import re

import pytest
from home import Home
from jupyter_client import KernelManager

LIMIT = 60


class Notebook:
    """A kernel and what its cells show, without colours."""

    def __init__(self):
        self._manager = KernelManager()
        # Its log says only that TCP is not encrypted.
        self._manager.start_kernel(extra_arguments=["--log-level=ERROR"])
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=LIMIT)

    def run(self, code):
        shown = []

        def hear(message):
            content = message["content"]
            kind = message["msg_type"]
            if kind == "stream":
                shown.append(content["text"])
            elif kind == "error":
                shown.append("\n".join(content["traceback"]))
            elif kind in ("execute_result", "display_data"):
                shown.append(content["data"]["text/plain"])

        answer = self._client.execute_interactive(
            code, timeout=LIMIT, output_hook=hear, allow_stdin=False
        )
        self.payload = [p["data"]["text/plain"] for p in answer["content"].get("payload", [])]
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(shown))

    def tab(self, code):
        cursor = code.index("|") if "|" in code else len(code)
        text = code.replace("|", "")
        content = self._client.complete(text, cursor, reply=True, timeout=LIMIT)["content"]
        return text[content["cursor_start"] : content["cursor_end"]], content["matches"]

    def help(self, code):
        found = self._client.inspect(code, reply=True, timeout=LIMIT)["content"]["data"]
        return found["text/plain"]

    def close(self):
        self._client.stop_channels()
        self._manager.shutdown_kernel()


@pytest.fixture(scope="module")
def notebook():
    home = Home()
    home.enter()
    notebook = Notebook()
    try:
        notebook.run("%load_ext parflow_jupyter\n%parflow start 2")
        notebook.run("xs = [1, 2, 0]\nfound = []\ndef half(x):\n    return x / 2")
        yield notebook
    finally:
        notebook.run("%parflow cleanup --terminate")
        notebook.close()
        home.leave()


@pytest.mark.parametrize(
    ("code", "typed", "offered"),
    [
        ("%parflow cl", "cl", ["cleanup"]),
        ("%parflow logs ", "", ["0", "1", "--tail"]),
        ("%parflow start --profile=d", "d", ["default"]),
        ("%parflow scheme thr|", "thr", ["threads"]),
        ("%%parflow map x in xs -|\nhalf(x)", "-", None),
        ("%%parflow map x in xs --on-error |\nhalf(x)", "", ["raise", "skip", "collect"]),
    ],
)
def test_tab_in_a_kernel(notebook, code, typed, offered):
    """What a front end is told to put in, and in place of what."""
    found = notebook.tab(code)
    assert found[0] == typed
    assert found[1] == offered or (offered is None and found[1][:2] == ["->", "--checkpoint"])


def test_names_come_after_in(notebook):
    """Those of the notebook, and no words of ours."""
    notebook.run("%config IPCompleter.use_jedi = False")  # it takes seconds to start
    typed, offered = notebook.tab("%%parflow map x in x")
    assert typed == "x"
    assert "xs" in offered
    assert not [word for word in offered if word.startswith("--")]


def test_help_comes_from_the_one_parser(notebook):
    """With a question mark, by inspection (Shift+Tab), and by the option."""
    usage = "usage: %%parflow map TARGET in EXPRESSION [-> NAME] [options]"
    notebook.run("%parflow?")
    assert usage in notebook.payload[0]
    assert usage in notebook.help("%parflow")
    assert usage in notebook.run("%parflow --help")
    assert notebook.run("%parflow map --help").startswith(usage)
    assert notebook.run("%parflow scheme --help").startswith("usage: %parflow scheme")


def test_an_item_that_failed_on_an_engine_points_at_its_line(notebook):
    """As if the cell had run here: its number, the line, the arrow, and none of our frames."""
    for scheme in ("ipyparallel", "serial"):
        shown = notebook.run(f"%%parflow map x in xs --scheme {scheme}\ny = 1\n\ny / x")
        assert re.search(r"Cell In\[(\d+)\], line 1\n[^~]*Cell In\[\1\], line 4\n", shown), shown
        assert "----> 4 y / x" in shown
        assert "Item at index 2 of 3, 0, failed" in shown
        assert "parflow_jupyter/" not in shown
    shown = notebook.run("%%parflow map x in ['a'] --scheme ipyparallel\nhalf(x)")
    assert "----> 2 half(x)" in shown
    assert "return x / 2" in shown


def test_problems_point_at_their_line(notebook):
    """Before anything runs: syntax, checks, the line itself, the iterable, the warning."""
    for cell, place, marked in (
        ("%%parflow map x in xs\ny = 1\ny = (x\ny", "Line 3, column 5: '(' was never", "y = (x"),
        ("%%parflow map x in xs\n\n%time x\nx", "Line 3, column 1: magics and shell", "%time x"),
        ("%%parflow map x in xs\ny = x", "Line 2, column 1: the last statement", "y = x"),
        ("%%parflow map x in xs if x\nx", "Line 1, column 23: an 'if' clause", "in xs if x"),
        ("%%parflow map x in nowhere\nx", "NameError: name 'nowhere'", "----> 1 %%parflow map x"),
        ("%%parflow map x in (1 / n for n in xs)\nx", "ZeroDivisionError", "----> 1 %%parflow map"),
        ("%%parflow map x in xs\n\nfound.append(x)\nx", ".py:3: UserWarning: 'found' of", "found"),
    ):
        shown = notebook.run(cell)
        assert place in shown
        assert marked in shown


def test_any_target_and_any_iterable_on_engines(notebook):
    """Results go to the name; braces and dollars are Python's."""
    notebook.run("import itertools\nk = 'no'")
    cells = (
        "itertools.product('ab', (1, 2)) -> pairs --scheme ipyparallel\nletter * round(half(2 * n))"
    )
    notebook.run(f"%%parflow map letter, n in {cells}")
    assert notebook.run("list(pairs)") == "['a', 'aa', 'b', 'bb']"
    notebook.run("%%parflow map first, *rest in ['a{k}', '$k'] -> kept\nrest")
    assert notebook.run("list(kept)") == "[['{', 'k', '}'], ['k']]"
    assert "NameError" in notebook.run("letter")


def test_the_toolbox_is_changed_and_kept(notebook):
    """What one line says, the next shows, and maps heed."""
    shown = notebook.run("%parflow scheme ipyparallel --disable")
    assert shown.splitlines()[1].split() == ["ipyparallel"]
    assert "ipyparallel skipped: it is disabled" in notebook.run(
        "%%parflow map x in xs -> ys --no-progress\nx"
    ) + notebook.run("ys.report.reason")
    notebook.run("%parflow scheme ipyparallel --enable")
    notebook.run("%parflow scheme processes --workers 2")
    rows = [row.split() for row in notebook.run("%parflow schemes").splitlines()]
    assert rows[0] == ["scheme", "enabled", "workers"]
    assert ["ipyparallel", "yes"] in rows
    assert ["processes", "yes", "2"] in rows
    assert "There is no scheme 'fast'" in notebook.run("%parflow scheme fast --enable")
    assert "takes no number of its own" in notebook.run("%parflow scheme serial --workers 2")
