"""The button that starts engines where nobody can be asked, in a real kernel."""

import time

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbconvert import HTMLExporter
from process_helpers import assert_nothing_left

from parflow_jupyter.kernel.buttons.start import MIME, TARGET, TEXT, show

DEADLINE = 60


def test_without_a_notebook_there_is_no_button():
    """A terminal and a script only get the warning."""
    assert show() is False


def test_nbconvert_shows_the_text():
    """What no front end draws says what to do."""
    output = nbformat.v4.new_output("display_data", {MIME: {"version": 1}, "text/plain": TEXT})
    cell = nbformat.v4.new_code_cell("pf.get_client()", outputs=[output])
    html, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert TEXT in html


@pytest.fixture
def client(isolated_home):
    """A client of a kernel where nobody can be asked."""
    manager = KernelManager(connection_file=str(isolated_home / "kernel.json"))
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=DEADLINE)
    yield client
    client.stop_channels()
    manager.shutdown_kernel()
    assert_nothing_left(isolated_home)


def run(client, code):
    """Run code without stdin; return what it displayed, and the text of its output."""
    shown, text = [], []

    def hear(message):
        if message["msg_type"] == "display_data":
            shown.append(message["content"]["data"])
        elif message["msg_type"] == "stream":
            text.append(message["content"]["text"])

    reply = client.execute_interactive(
        code, allow_stdin=False, timeout=DEADLINE, output_hook=hear, stop_on_error=True
    )
    assert reply["content"]["status"] == "ok", reply["content"]
    return shown, "".join(text)


def press(client):
    """Open the button's comm; return what the kernel tells until it closes it."""
    content = {"comm_id": "button", "target_name": TARGET, "data": {}}
    client.shell_channel.send(client.session.msg("comm_open", content))
    told, deadline = [], time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        message = client.get_iopub_msg(timeout=DEADLINE)
        if message["msg_type"] == "comm_msg":
            told.append(message["content"]["data"])
        elif message["msg_type"] == "comm_close":
            return told
    raise AssertionError(f"the kernel did not close the comm: {told}")


BUTTON = [{MIME: {"version": 1}, "text/plain": TEXT}]


def test_the_button_starts_engines_in_the_kernel(client):
    """For a client, for views, for a map that runs here; and once there are engines, no more."""
    run(client, "import parflow_jupyter as pf, threading")
    shown, text = run(client, "print(pf.get_client())")
    assert shown == BUTTON
    assert "None" in text
    assert run(client, "pf.direct_view()")[0] == BUTTON
    shown, _ = run(client, "t = threading.Thread(target=pf.get_client); t.start(); t.join()")
    assert shown == BUTTON
    run(client, "pf.configure_scheme('processes', enabled=False)")
    shown, _ = run(client, "pf.parallel_map(abs, [-1], ask=True, progress=False)")
    assert shown == BUTTON
    assert run(client, "pf.get_client(ask=False)")[0] == []

    told = press(client)
    assert told[-1]["state"] == "done"
    assert [step["state"] for step in told[:-1]] == ["running"] * (len(told) - 1)
    assert told[0]["total"] == told[-1]["engines"]

    shown, text = run(
        client, "import os; print(pf.get_client()[0].apply_sync(os.getcwd) == os.getcwd())"
    )
    assert (shown, text.strip()) == ([], "True")
    # Pressed again, it adds none.
    assert press(client) == [{"state": "done", "engines": told[-1]["engines"]}]
    assert "terminated" in run(client, "print(pf.cleanup())")[1]
