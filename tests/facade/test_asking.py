"""``get_client(ask=True)`` where a person can answer, and where nobody can."""

import os
import pty
import select
import subprocess
import sys
import time

import pytest
from jupyter_client.manager import start_new_kernel
from process_helpers import processes_of, wait_until

WARNING = "nobody can be asked whether to start some"


class Notebook:
    """A kernel and what a front end does with it."""

    def __init__(self):
        self.manager, self.client = start_new_kernel(kernel_name="python3")
        self.asked = []

    def run(self, code, answer=None):
        """Run a cell and return all its text; a question is answered, or not allowed at all."""
        texts = []

        def hear(message):
            content = message["content"]
            texts.append(content.get("text") or content.get("data", {}).get("text/plain", ""))

        def ask(message):
            self.asked.append(message["content"]["prompt"])
            self.client.input(answer)

        reply = self.client.execute_interactive(
            code,
            allow_stdin=answer is not None,
            output_hook=hear,
            stdin_hook=ask,
            timeout=60,
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(texts)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)


@pytest.fixture
def notebook(isolated_home):
    opened = Notebook()
    yield opened
    opened.close()
    assert wait_until(lambda: not processes_of(isolated_home), 15)


def test_in_a_notebook_a_person_is_asked(notebook):
    """'no' gives None without a warning; 'yes' starts engines, and is asked once."""
    assert notebook.run("import parflow_jupyter as pf\npf.get_client() is None", "n") == "True"
    assert notebook.run("len(pf.direct_view()) > 0", "y") == "True"
    assert len(notebook.asked) == 2
    assert "Start one per core?" in notebook.asked[0]
    assert notebook.run("pf.load_balanced_view().apply_sync(abs, -3)", "n") == "3"
    assert len(notebook.asked) == 2


def test_where_the_front_end_allows_no_question(notebook):
    """As under nbconvert and papermill: None, with a warning."""
    told = notebook.run("import parflow_jupyter as pf\nprint(pf.get_client())")
    assert "None" in told
    assert WARNING in told


CALLBACKS = """
import asyncio, threading, time, warnings
import parflow_jupyter as pf
found = []

def ask(where):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found.append((where, pf.get_client(), [str(item.message)[-70:] for item in told]))

thread = threading.Thread(target=ask, args=("thread",))
thread.start(); thread.join(20)
asyncio.get_running_loop().call_later(0.2, ask, "callback")
"""


def test_in_a_callback_nobody_is_asked(notebook):
    """Neither in a thread nor in the event loop after the cell: there, nobody would see it."""
    notebook.run(CALLBACKS, "y")
    deadline = time.monotonic() + 20
    while notebook.run("len(found)", "y") != "2":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert notebook.run("[client for where, client, told in found]", "y") == "[None, None]"
    assert notebook.run("[len(told) for where, client, told in found]", "y") == "[1, 1]"
    assert notebook.asked == []


def _in_a_terminal(code, answer):
    """Run a script in a terminal of its own, answer its first question, return what it shows."""
    ours, theirs = pty.openpty()
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    script = subprocess.Popen([sys.executable, "-c", code], **streams)
    os.close(theirs)
    shown, deadline = b"", time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], 1)[0]:
                continue
            try:
                shown += os.read(ours, 4096)
            except OSError:  # how a terminal ends on Linux
                break
            if answer is not None and b"[Y/n]" in shown:
                os.write(ours, answer)
                answer = None
        return shown.decode(), script.wait(20)
    finally:
        script.kill()
        script.wait(10)
        os.close(ours)


@pytest.mark.parametrize(("answer", "engines"), [(b"n\n", "NO"), (b"\n", "SOME")])
def test_in_a_terminal_a_person_is_asked(isolated_home, answer, engines):
    """Enter means yes; what was started ends with the script."""
    code = (
        "import parflow_jupyter as pf\n"
        "client = pf.get_client()\n"
        "print('NO' if client is None else 'SOME' if client.ids else 'NONE', 'engines')"
    )
    shown, returned = _in_a_terminal(code, answer)
    assert f"{engines} engines" in shown
    assert returned == 0
    assert wait_until(lambda: not processes_of(isolated_home), 15)


def test_without_a_terminal_nobody_is_asked(isolated_home):
    """A script in a pipe or a batch job gets None and a warning, and does not wait."""
    code = "import parflow_jupyter as pf\nprint(pf.get_client(), pf.get_client(ask=False))"
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, capture_output=True, timeout=60
    )
    assert done.stdout.decode().strip() == "None None"
    assert done.stderr.decode().count(WARNING) == 1
