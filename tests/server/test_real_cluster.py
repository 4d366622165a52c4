"""The whole way: a real server, the real extension, real engines."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from asker import asker
from ports import next_port
from process_helpers import processes_of, wait_until

import parflow_jupyter
from parflow_jupyter.stores.runs.history import History

PACKAGE = Path(parflow_jupyter.__file__).parent


@pytest.fixture
def extension(isolated_home, jp_serverapp):
    """Give the extension with nothing faked."""
    return jp_serverapp.extension_manager.extension_points["parflow_jupyter"].app


@pytest.fixture
def ask(extension, jp_fetch):
    return asker(jp_fetch)


async def finished(ask, begun):
    """Poll an operation as the sidebar does."""
    deadline = time.monotonic() + 60
    while True:
        operation = (await ask("GET", f"operations/{begun.body['id']}")).body
        if operation["state"] != "running":
            return operation
        assert time.monotonic() < deadline, operation
        await asyncio.sleep(0.1)


@pytest.mark.timeout(180)
async def test_the_five_actions_on_a_real_cluster(ask, extension, jp_serverapp):
    """Start, information, profile, cleanup and shutdown; every answer fits the document."""
    told = []

    async def listener(logger, schema_id, data):
        told.append((schema_id.split("/")[-2], data))

    await extension._start_jupyter_server_extension(jp_serverapp)
    for schema_id in ("cluster_changed", "operation_changed"):
        full = f"https://parflow-jupyter.github.io/events/{schema_id}/v1"
        jp_serverapp.event_logger.add_listener(schema_id=full, listener=listener)

    assert (await ask("GET", "cluster")).body["state"] == "stopped"
    refused = await ask("POST", "cluster/engines", {"n": 10000})
    assert (refused.code, refused.body["reason"]) == (400, "invalid-engine-count")

    begun = await ask("POST", "cluster/engines", {"n": 2})
    operation = await finished(ask, begun)
    assert (operation["state"], operation["done"], operation["total"]) == ("done", 2, 2)
    info = (await ask("GET", "cluster")).body
    assert (info["state"], info["engines_total"], info["engines_started_here"]) == ("running", 2, 2)

    # Events that follow one another quickly are merged: give this one its time.
    deadline = time.monotonic() + 5
    while 2 not in [data.get("engines_total") for _, data in told]:
        assert time.monotonic() < deadline, told
        await asyncio.sleep(0.05)

    victim = info["engines"][0]["id"]
    assert (await ask("POST", f"cluster/engines/{victim}/interrupt")).code == 204
    assert (await ask("POST", "cluster/engines/77/interrupt")).code == 404
    pids = {engine["pid"] for engine in info["engines"]}
    assert (await ask("POST", f"cluster/engines/{victim}/restart")).code == 204
    restarted = (await ask("GET", "cluster")).body
    assert restarted["engines_total"] == 2
    assert len(pids & {engine["pid"] for engine in restarted["engines"]}) == 1

    assert (await ask("POST", "profiles", {"name": "lab"})).code == 201
    assert (await ask("PUT", "profile", {"name": "lab"})).code == 409
    report = await ask("POST", "cluster/cleanup", {"mode": "terminate"})
    assert {process["kind"] for process in report.body["processes"]} >= {"engine"}
    assert (await ask("PUT", "profile", {"name": "lab"})).body["profile"] == "lab"

    await finished(ask, await ask("POST", "cluster/engines", {"n": 1}))
    stopped = await finished(ask, await ask("POST", "cluster/shutdown"))
    assert stopped["state"] == "done"
    assert (await ask("GET", "cluster")).body["engines_total"] == 0

    totals = [data["engines_total"] for name, data in told if name == "cluster_changed"]
    assert 2 in totals
    assert {data["state"] for name, data in told if name == "operation_changed"} >= {"done"}


@pytest.mark.timeout(60)
async def test_names_that_leave_the_profile_folder_are_refused(ask):
    """By the real core, too."""
    for path, body in (("profiles", {"name": "../x"}), ("profiles", {"name": ""})):
        assert (await ask("POST", path, body)).body["reason"] == "invalid-profile-name"
    assert (await ask("PUT", "profile", {"name": "unknown"})).code == 404
    assert (await ask("GET", "cluster", profile="unknown")).code == 404
    assert (await ask("GET", "operations/unknown")).code == 404
    assert (await ask("POST", "cluster/engines/0/interrupt")).code in (404, 409)
    assert (await ask("GET", "runs")).body == {"runs": []}
    assert (await ask("DELETE", "runs/unknown")).code == 404


@pytest.mark.timeout(60)
async def test_a_run_of_another_process_is_seen_and_stopped(ask):
    """The history is the way between them."""
    history = History()
    history.begin({"run": "r1", "label": "squares", "scheme": "serial", "total": 3})
    history.update("r1", done=2)
    listed = (await ask("GET", "runs")).body["runs"]
    assert [(run["run"], run["state"], run["done"]) for run in listed] == [("r1", "running", 2)]
    stopped = await ask("DELETE", "runs/r1")
    assert (stopped.code, stopped.body["state"]) == (202, "stopping")
    assert history.cancel_wanted("r1")


# --- a server in a process of its own --------------------------------------


@pytest.fixture
def server(isolated_home):
    """Start ``jupyter server`` as a user does, with our own config file; yield URL and process."""
    enabled = isolated_home / "jupyter/config/jupyter_server_config.d"
    enabled.mkdir()
    shutil.copy(PACKAGE.parent / "jupyter-config/server-config/parflow_jupyter.json", enabled)
    port = next_port()
    command = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", f"--ServerApp.port={port}"),
        *("--IdentityProvider.token=secret", "--ServerApp.allow_root=True"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    url = f"http://127.0.0.1:{port}/parflow/"
    log = isolated_home / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=isolated_home, env=environment, stdout=output, stderr=output
        )
    try:
        assert wait_until(lambda: answers(url), 30), log.read_text()
        yield url, process
    finally:
        process.kill()
        process.wait()


def send(url, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Authorization": "token secret"}, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def answers(url):
    try:
        return send(url + "cluster")
    except (urllib.error.URLError, ConnectionError):
        return None


@pytest.mark.timeout(120)
def test_what_a_server_started_ends_with_it(server, isolated_home):
    """Start runs no process; SIGTERM ends the engines and the controller."""
    url, process = server
    # Other extensions may start short helpers.
    wait_until(lambda: len(processes_of(isolated_home)) == 1, 5)
    assert set(processes_of(isolated_home)) == {process.pid}, processes_of(isolated_home)
    operation = send(url + "cluster/engines", "POST", {"n": 2})["id"]
    assert wait_until(lambda: send(url + f"operations/{operation}")["state"] != "running", 60)
    assert send(url + f"operations/{operation}")["error"] is None
    assert send(url + "cluster")["engines_total"] == 2
    assert len(processes_of(isolated_home)) > 3
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) is not None
    assert wait_until(lambda: not processes_of(isolated_home), 15), processes_of(isolated_home)
