"""Results and progress in a real kernel: the button, and front ends that come and go."""

import os
import time

import pytest

HTML, TEXT = "text/html", "text/plain"
WIDGET = "application/vnd.jupyter.widget-view+json"

FLAKY = """
import os
import parflow_jupyter as pf

def flaky(x):
    if x % 2 and not os.path.exists(FLAG):
        raise ValueError(f"not yet: {x}")
    return x * 10

result = pf.parallel_map(flaky, range(5), scheme="serial", on_error="collect", progress=False)
"""


class Front:
    """A front end: sends requests to a kernel and hears what it shows."""

    def __init__(self, manager):
        self.client = manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code, **options):
        """Run a cell and return what it showed, as (type, content)."""
        asked = self.client.execute(code, **options)
        return self.until(
            lambda kind, content, parent: (
                kind == "status" and content["execution_state"] == "idle" and parent == asked
            )
        )

    def until(self, found):
        """Return what is shown up to a message, which must come within a minute."""
        shown = []
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            message = self.client.get_iopub_msg(timeout=60)
            kind, content = message["header"]["msg_type"], message["content"]
            shown.append((kind, content))
            assert kind != "error", content
            if found(kind, content, message["parent_header"].get("msg_id")):
                return shown
        raise AssertionError(f"it did not come; last: {shown[-1:]}")

    def press(self, comm):
        """Press a widget's button."""
        data = {"method": "custom", "content": {"type": "press"}}
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        self.client.shell_channel.send(message)

    def close(self):
        self.client.stop_channels()


def of_type(shown, kind):
    return [content for found, content in shown if found == kind]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A kernel in a folder of its own."""
    from jupyter_client import KernelManager

    folder = tmp_path_factory.mktemp("kernel")
    own = {name: str(folder / name.lower()) for name in ("IPYTHONDIR", "PARFLOW_DATA_DIR")}
    own["PARFLOW_RUNTIME_DIR"] = str(folder / "run")
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env={**os.environ, **own}, cwd=str(folder))
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.fixture
def front(kernel):
    """A front end on the kernel."""
    front = Front(kernel)
    yield front
    front.close()


def test_the_button_runs_the_failed_items_and_changes_the_table_in_place(front, tmp_path):
    """The table is plain HTML; the button is a widget below it, and is gone when nothing failed."""
    flag = tmp_path / "flag"
    front.run(f"FLAG = {str(flag)!r}\n{FLAKY}")
    shown = front.run("result", allow_stdin=True)
    table, button = of_type(shown, "display_data")
    assert set(table["data"]) == {TEXT, HTML}
    assert table["data"][HTML].count("not yet: ") >= 2
    assert WIDGET in button["data"]
    assert button["data"][TEXT] == "Retry failed (2): .retry_failed()"
    comm = button["data"][WIDGET]["model_id"]
    (state,) = [c["data"]["state"] for c in of_type(shown, "comm_open") if c["comm_id"] == comm]
    assert state["label"] == "Retry failed (2)"

    flag.touch()
    front.press(comm)
    shown = front.until(lambda kind, *_: kind == "update_display_data")
    (changed,) = of_type(shown, "update_display_data")
    assert changed["transient"]["display_id"] == table["transient"]["display_id"]
    assert "failed" not in changed["data"][TEXT]
    labels = [c["data"].get("state", {}).get("label") for c in of_type(shown, "comm_msg")]
    assert [label for label in labels if label is not None] == ["Stop", ""]
    checked = front.run("print(result == [0, 10, 20, 30, 40], result.errors)")
    assert of_type(checked, "stream")[0]["text"] == "True []\n"


def test_where_nobody_can_press_there_is_no_button(front, tmp_path):
    """As in nbconvert and papermill, which allow no input: one output, HTML and text."""
    front.run(f"FLAG = {str(tmp_path / 'flag')!r}\n{FLAKY}")
    shown = front.run("result", allow_stdin=False)
    assert of_type(shown, "display_data") == []
    (found,) = of_type(shown, "execute_result")
    assert set(found["data"]) == {TEXT, HTML}
    assert "2 failed" in found["data"][TEXT]


def test_a_clean_result_is_an_ordinary_output(front):
    """With its number, and without a button."""
    front.run("import parflow_jupyter as pf")
    code = "pf.parallel_map(abs, [-1], scheme='serial', progress=False)"
    shown = front.run(code, allow_stdin=True)
    assert of_type(shown, "display_data") == []
    assert "1 item, " in of_type(shown, "execute_result")[0]["data"][TEXT]


SLOW = """
import time, pathlib
import parflow_jupyter as pf
gate = pathlib.Path(GATE)

def waits(x):
    while x == 3 and not gate.exists():
        time.sleep(0.01)
    return x

waited = pf.parallel_map(waits, range(6), scheme="serial", batch=1)
print(waited == list(range(6)))
"""


def test_a_front_that_goes_in_the_middle_does_not_stop_a_map(kernel, tmp_path):
    """It is closed while the map runs; another one comes, and all is as if nothing had been."""
    gate = tmp_path / "gate"
    first = Front(kernel)
    first.client.execute(f"GATE = {str(gate)!r}\n{SLOW}")
    first.until(lambda kind, content, _: "3 of 6" in content.get("data", {}).get(TEXT, ""))
    first.close()
    gate.touch()
    second = Front(kernel)
    shown = second.run("print(waited == list(range(6)), pf.last_result() is waited)")
    assert of_type(shown, "stream")[0]["text"] == "True True\n"
    second.close()


def test_a_cell_that_clears_its_output_still_ends_right(front):
    """The last update carries the final counts, whether or not its place is still there."""
    code = (
        "from IPython.display import clear_output\n"
        "import time\n"
        "import parflow_jupyter as pf\n"
        "running = pf.parallel_map(lambda x: time.sleep(0.02) or x, range(30), scheme='serial',\n"
        "                          block=False)\n"
        "time.sleep(0.1)\n"
        "clear_output()\n"
        "running.wait(30)\n"
    )
    shown = front.run(code)
    updates = [content["data"] for content in of_type(shown, "update_display_data")]
    assert updates[-1][TEXT].startswith("<lambda>: 30 of 30 items, ")
    assert 'aria-valuenow="30"' in updates[-1][HTML]


def test_an_exported_page_shows_the_table_without_scripts():
    """nbconvert writes HTML: the failures are there, folded, and no dead button."""
    import nbformat.v4 as form
    from nbconvert import HTMLExporter

    from parflow_jupyter.maps import MapOptions, run_map

    options = MapOptions(on_error="collect", progress=False, label="inverse")
    result = run_map(lambda x: 1 / x, [[0, 1]], options=options)
    data = {TEXT: repr(result), HTML: result._repr_html_()}
    cell = form.new_code_cell("result", outputs=[form.new_output("execute_result", data)])
    page, _ = HTMLExporter().from_notebook_node(form.new_notebook(cells=[cell]))
    body = page[page.index("<main") :]
    assert "inverse: 2 items, 1 failed" in body
    assert "<details><summary>division by zero</summary>" in body
    assert "<button" not in body
